"""Nodes of NIR without a state, as matrices: what leaves a node is the matrix times what comes in, plus the bias."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from ... import connection
from ...errors import BioplastError
from .graph import Node, size

__all__ = ["Step", "declared", "step"]

Shape = tuple[int, ...]
#: The most weights that one path from neurons to neurons may have.
_MOST = 200_000_000


@dataclass(frozen=True)
class Step:
    """What a node without a state does.

    Attributes
    ----------
    matrix : sparse matrix [after, before], or None
        None for one that passes everything on.
    bias : ndarray [after], or None
    shape : tuple of int
        Of what leaves it.
    """

    matrix: Any
    bias: np.ndarray | None
    shape: Shape


def step(name: str, node: Node, before: Shape | None) -> Step | None:
    """What a node does with a signal of the shape `before`; None if that has to be known and is not yet.

    Raises
    ------
    BioplastError
        If the shape does not fit the node, by its name.
    """
    if node.kind in ("Linear", "Affine"):
        return _dense(name, node, before)
    if before is None and node.kind != "Scale":
        return None
    if node.kind == "Scale":
        scale = np.atleast_1d(np.asarray(node.fields["scale"], dtype=float))
        shape = scale.shape if before is None or scale.size > 1 else before
        _fits(name, before, size(shape))
        return Step(sparse.diags_array(np.broadcast_to(scale, shape).reshape(-1), format="csr"), None, shape)
    assert before is not None
    if node.kind == "Identity":
        return Step(None, None, before)
    if node.kind == "Flatten":
        return Step(None, None, _flattened(name, node, before))
    before = image(before)
    if node.kind == "Conv2d":
        return _convolution(name, node, before)
    return _pooling(name, node, before)


def image(shape: Shape) -> Shape:
    """A shape without the batch of one that some tools write in front of an image."""
    return shape[1:] if len(shape) == 4 and shape[0] == 1 else shape


def _fits(name: str, before: Shape | None, expected: int) -> None:
    if before is not None and size(before) != expected:
        batch = len(before) > 1 and size(before[1:]) == expected
        hint = f"; was the network written with a batch of {before[0]} samples? give one, without that axis"
        raise BioplastError(
            f"{name!r} takes {expected} values, but {size(before)} come in (shape {before}){hint if batch else ''}"
        )


def _dense(name: str, node: Node, before: Shape | None) -> Step:
    weight = np.asarray(node.fields["weight"], dtype=float)
    if weight.ndim != 2:
        raise BioplastError(f"{name!r} has a weight of the shape {weight.shape}: [after, before] is accepted")
    _fits(name, before, weight.shape[1])
    bias = None
    if node.kind == "Affine":
        bias = np.asarray(node.fields["bias"], dtype=float).reshape(-1)
        if bias.size not in (1, weight.shape[0]):
            raise BioplastError(f"{name!r} has {bias.size} biases for {weight.shape[0]} rows of weights")
        bias = np.broadcast_to(bias, weight.shape[0]).copy()
    return Step(weight, bias, (weight.shape[0],))


def _flattened(name: str, node: Node, before: Shape) -> Shape:
    first, last = _whole(name, node, "start_dim"), _whole(name, node, "end_dim")
    rank = len(before)
    first, last = (first + rank if first < 0 else first), (last + rank if last < 0 else last)
    if not 0 <= first < rank or not first <= last < rank:
        # a signal that is flat already stays as it is, with the default start_dim=1 of NIR
        if rank == 1:
            return before
        raise BioplastError(f"{name!r} flattens dimensions {first} to {last} of a signal of the shape {before}")
    return (*before[:first], size(before[first : last + 1]), *before[last + 1 :])


def _convolution(name: str, node: Node, before: Shape) -> Step:
    weight = np.asarray(node.fields["weight"], dtype=float)
    if weight.ndim != 4 or len(before) != 3:
        raise BioplastError(
            f"{name!r} has a weight of the shape {weight.shape} and gets a signal of the shape {before}: (kernels, "
            "channels, height, width) and (channels, height, width) are accepted"
        )
    groups = _whole(name, node, "groups", 1)
    kernels, channels, *width = weight.shape
    if before[0] != channels * groups or kernels % groups:
        raise BioplastError(
            f"{name!r}: {kernels} kernels over {channels} channels in {groups} groups do not fit a signal of the shape "
            f"{before}"
        )
    given = node.fields["input_shape"]
    if given is not None and tuple(int(n) for n in np.atleast_1d(given)) != before[1:]:
        raise BioplastError(f"{name!r} is for images of {tuple(given)}, but gets a signal of the shape {before}")
    stride, dilation = _pair(name, node, "stride", 1), _pair(name, node, "dilation", 1)
    margin = _margin(name, node, (width[0], width[1]), stride, dilation)
    axes = [_axis(name, before[1 + n], width[n], stride[n], dilation[n], margin[n]) for n in (0, 1)]
    high, wide = axes[0][3], axes[1][3]
    bias = np.asarray(node.fields["bias"], dtype=float).reshape(-1)
    if bias.size not in (1, kernels):
        raise BioplastError(f"{name!r} has {bias.size} biases for {kernels} kernels")
    (row_in, row_at, row_out, _), (column_in, column_at, column_out, _) = axes
    if kernels * channels * len(row_in) * len(column_in) > _MOST:
        raise BioplastError(f"{name!r} makes more than {_MOST} synapses")
    # axes: kernel, channel, place along the height, place along the width
    kernel = np.arange(kernels).reshape(-1, 1, 1, 1)
    channel = np.arange(channels).reshape(1, -1, 1, 1)
    source = kernel // (kernels // groups) * channels + channel
    y_in, y_at, y_out = (each.reshape(1, 1, -1, 1) for each in (row_in, row_at, row_out))
    x_in, x_at, x_out = (each.reshape(1, 1, 1, -1) for each in (column_in, column_at, column_out))
    every = (kernels, channels, len(row_in), len(column_in))
    i = np.broadcast_to((source * before[1] + y_in) * before[2] + x_in, every).reshape(-1)
    j = np.broadcast_to((kernel * high + y_out) * wide + x_out, every).reshape(-1)
    values = np.broadcast_to(weight[kernel, channel, y_at, x_at], every).reshape(-1)
    matrix = sparse.csr_array((values, (j, i)), shape=(kernels * high * wide, size(before)))
    return Step(matrix, np.repeat(np.broadcast_to(bias, kernels), high * wide), (kernels, high, wide))


def _pooling(name: str, node: Node, before: Shape) -> Step:
    if len(before) != 3:
        raise BioplastError(f"{name!r} gets a signal of the shape {before}: (channels, height, width) is accepted")
    width, stride = _pair(name, node, "kernel_size", 1), _pair(name, node, "stride", 1)
    margin = _pair(name, node, "padding", 0)
    axes = [_axis(name, before[1 + n], width[n], stride[n], 1, (margin[n], margin[n])) for n in (0, 1)]
    (row_in, _, row_out, high), (column_in, _, column_out, wide) = axes
    channel = np.arange(before[0]).reshape(-1, 1, 1)
    every = (before[0], len(row_in), len(column_in))
    i = np.broadcast_to((channel * before[1] + row_in[:, None]) * before[2] + column_in, every).reshape(-1)
    j = np.broadcast_to((channel * high + row_out[:, None]) * wide + column_out, every).reshape(-1)
    share = 1.0 if node.kind == "SumPool2d" else 1 / (width[0] * width[1])
    shape = (before[0], high, wide)
    return Step(sparse.csr_array((np.full(i.size, share), (j, i)), shape=(size(shape), size(before))), None, shape)


def _axis(
    name: str, length: int, width: int, stride: int, dilation: int, margin: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
    """Pixel, place in the window and window of every pair along one axis, and how many windows there are."""
    windows = (length + sum(margin) - dilation * (width - 1) - 1) // stride + 1
    if windows < 1:
        raise BioplastError(f"{name!r}: a window of {width} with dilation {dilation} does not fit an image of {length}")
    window, place = (index.reshape(-1) for index in np.indices((windows, width)))
    pixel = window * stride + place * dilation - margin[0]
    inside = (pixel >= 0) & (pixel < length)
    return pixel[inside], place[inside], window[inside], windows


def _margin(
    name: str, node: Node, width: tuple[int, int], stride: tuple[int, int], dilation: tuple[int, int]
) -> list[tuple[int, int]]:
    """The margins before and after, by axis."""
    padding = node.fields["padding"]
    if not isinstance(padding, str):
        return [(n, n) for n in _pair(name, node, "padding", 0)]
    if padding == "valid":
        return [(0, 0), (0, 0)]
    if padding != "same":
        raise BioplastError(f"{name!r} has the padding {padding!r}: numbers, 'same' and 'valid' are accepted")
    if stride != (1, 1):
        raise BioplastError(f"{name!r} has the padding 'same' with the stride {stride}: a stride of 1 is accepted")
    total = [dilation[n] * (width[n] - 1) for n in (0, 1)]
    return [(n // 2, n - n // 2) for n in total]


def _pair(name: str, node: Node, field: str, least: int) -> tuple[int, int]:
    given = np.atleast_1d(node.fields[field])
    if given.size not in (1, 2) or (given != np.round(given)).any() or given.min() < least or given.max() > 1 << 20:
        raise BioplastError(
            f"{name!r} has {field} {given.tolist()}: one or two whole numbers from {least} on are accepted"
        )
    high, wide = np.broadcast_to(given.reshape(-1), 2)
    return int(high), int(wide)


def _whole(name: str, node: Node, field: str, least: int = -32) -> int:
    given = np.asarray(node.fields[field])
    if given.size != 1 or given.reshape(-1)[0] != int(given.reshape(-1)[0]) or int(given.reshape(-1)[0]) < least:
        raise BioplastError(f"{name!r} has {field} {given.tolist()}: one whole number is accepted")
    return int(given.reshape(-1)[0])


def declared(name: str, node: Node, before: Shape) -> tuple[connection.Connection, np.ndarray] | None:
    """The declared connection that a node is, and its weights; None for one that needs its synapses made."""
    before = image(before)
    if node.kind in ("SumPool2d", "AvgPool2d"):
        width, stride = _pair(name, node, "kernel_size", 1), _pair(name, node, "stride", 1)
        margin = _pair(name, node, "padding", 0)
        if any(m >= w for m, w in zip(margin, width, strict=True)):
            return None
        pool = connection.average_pooling(before, width, stride, margin)
        return pool, np.array([pool.share if node.kind == "AvgPool2d" else 1.0])
    if node.kind != "Conv2d":
        return None
    weight = np.asarray(node.fields["weight"], dtype=float)
    width, stride = (weight.shape[2], weight.shape[3]), _pair(name, node, "stride", 1)
    margins = _margin(name, node, width, stride, _pair(name, node, "dilation", 1))
    plain = _pair(name, node, "dilation", 1) == (1, 1) and _whole(name, node, "groups", 1) == 1
    if not plain or any(a != b or a >= w for (a, b), w in zip(margins, width, strict=True)):
        return None
    padding = (margins[0][0], margins[1][0])
    return connection.convolution(before, weight.shape[0], width, stride, padding), weight
