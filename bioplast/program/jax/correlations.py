"""Correlations of images with kernels that cost as much as there is in the images.

Within the loop over the steps XLA has no fast convolution on a processor, and most of an image of spikes is nothing. On
a processor the correlation and its two ways back are done by a small C++ library that skips zeros; a machine without
compiler takes one product with all windows side by side, an accelerator XLA's own convolution.
"""

from __future__ import annotations

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.extend.core import Primitive

from ...connection.windows import Windows
from .functions import Value
from .library import lower_on_processors
from .primitives import bilinear

# image [groups, rows, channels, height, width], kernels [groups, kernels, channels, high, wide]
#   -> after [groups, rows, kernels, windows down, windows across]
_forward = Primitive("correlation")
# after, kernels -> image
_to_image = Primitive("correlation_to_image")
# image, after -> kernels
_to_kernels = Primitive("correlation_to_kernels")


def correlation(windows: Windows, image: Value, kernels: Value) -> Value:
    """What each kernel makes of the windows of an image, linear in both.

    Parameters
    ----------
    windows : Windows
    image : array [channels, height, width]
    kernels : array [kernels, channels, high, wide]
        Of float32 or float64, which is the type of the image and of the result, too.

    Returns
    -------
    array [kernels, windows down, windows across]
    """
    return _forward.bind(image[None, None], kernels[None], windows=windows)[0, 0]


# Shapes --------------------------------------------------------------------------------------------------------------


@_forward.def_abstract_eval
def _forward_shape(image: Any, kernels: Any, *, windows: Windows) -> Any:
    return jax.core.ShapedArray((*image.shape[:2], kernels.shape[1], *windows.shape), kernels.dtype)


@_to_image.def_abstract_eval
def _image_shape(after: Any, kernels: Any, *, windows: Windows) -> Any:
    return jax.core.ShapedArray((*after.shape[:2], kernels.shape[2], *windows.image), kernels.dtype)


@_to_kernels.def_abstract_eval
def _kernels_shape(image: Any, after: Any, *, windows: Windows) -> Any:
    shape = (image.shape[0], after.shape[2], image.shape[2], *windows.size)
    return jax.core.ShapedArray(shape, after.dtype)


bilinear(_forward, _to_image, _to_kernels)


# Machines ------------------------------------------------------------------------------------------------------------


def _by_library(windows: Windows, image: Value, kernels: Value) -> Value:
    """The same by XLA, of one image."""
    way = as_product if jax.default_backend() == "cpu" else as_convolution
    return way(windows, image, kernels)


def as_convolution(windows: Windows, image: Value, kernels: Value) -> Value:
    """The correlation of an image with kernels, by XLA's own operation."""
    margins = [(margin, margin) for margin in windows.padding]
    precision = lax.Precision.HIGHEST
    return lax.conv_general_dilated(image[None], kernels, windows.stride, margins, precision=precision)[0]


def as_product(windows: Windows, image: Value, kernels: Value) -> Value:
    """The same as one product with all windows side by side, for the memory of the windows of one step."""
    (high, wide), (down, right) = windows.shape, windows.stride
    margin = jnp.pad(image, [(0, 0), *((m, m) for m in windows.padding)])
    seen = [
        margin[:, y : y + (high - 1) * down + 1 : down, x : x + (wide - 1) * right + 1 : right]
        for y in range(windows.size[0])
        for x in range(windows.size[1])
    ]
    columns = jnp.stack(seen, axis=1).reshape(-1, high * wide)
    return (kernels.reshape(len(kernels), -1) @ columns).reshape(-1, high, wide)


def _dense_forward(image: Value, kernels: Value, *, windows: Windows) -> Value:
    rows = jax.vmap(functools.partial(_by_library, windows), (0, None))
    return jax.vmap(rows)(image, kernels)


def _dense_to_image(after: Value, kernels: Value, *, windows: Windows) -> Value:
    image = jax.ShapeDtypeStruct((*after.shape[:2], kernels.shape[2], *windows.image), after.dtype)
    (found,) = jax.linear_transpose(lambda x: _dense_forward(x, kernels, windows=windows), image)(after)
    return found


def _dense_to_kernels(image: Value, after: Value, *, windows: Windows) -> Value:
    shape = (len(image), after.shape[2], image.shape[2], *windows.size)
    kernels = jax.ShapeDtypeStruct(shape, after.dtype)
    (found,) = jax.linear_transpose(lambda w: _dense_forward(image, w, windows=windows), kernels)(after)
    return found


def _skipping(name: str, shape: Any) -> Any:
    def call(one: Value, other: Value, *, windows: Windows) -> Value:
        out = shape(one, other, windows=windows)
        apart = np.array([*windows.stride, *windows.padding], dtype=np.int32)
        return jax.ffi.ffi_call(name, jax.ShapeDtypeStruct(out.shape, out.dtype))(one, other, apart)

    return call


lower_on_processors(_forward, "correlations", _dense_forward, _skipping("bioplast_correlation", _forward_shape))
lower_on_processors(
    _to_image, "correlations", _dense_to_image, _skipping("bioplast_correlation_to_image", _image_shape)
)
lower_on_processors(
    _to_kernels, "correlations", _dense_to_kernels, _skipping("bioplast_correlation_to_kernels", _kernels_shape)
)
