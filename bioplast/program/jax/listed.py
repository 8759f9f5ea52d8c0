"""Products of what neurons send with the weights of listed synapses, which cost as much as there is sent.

XLA would make a number for each synapse and run, and add these up one after the other. On a processor the sums and
their two ways back are done by a small C++ library that skips the silent neurons; a machine without compiler and an
accelerator take XLA's way. All give the same numbers but for the order in which they are added.
"""

from __future__ import annotations

import hashlib
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import Primitive

from ...connection import Connection, Pairs
from .functions import Value
from .library import lower_on_processors
from .primitives import bilinear

# sent [groups, rows, before], weights [groups, synapses] -> [groups, rows, after]
_forward = Primitive("listed")
# back [groups, rows, after], weights [groups, synapses] -> [groups, rows, before]
_to_sent = Primitive("listed_to_sent")
# sent [groups, rows, before], back [groups, rows, after] -> [groups, synapses]
_to_weights = Primitive("listed_to_weights")


class Listed(Connection):
    """A connection by the list of its synapses, each with a weight of its own.

    Two are equal if their synapses are.

    Parameters
    ----------
    i, j : array of int [synapses]
        The neuron before and the neuron after, in any order.
    before, after : int
        How many neurons there are.
    """

    def __init__(self, i: np.ndarray, j: np.ndarray, before: int, after: int):
        self.before, self.shape, self.weights = (before,), (after,), (len(i),)
        self._i, self._j = i.astype(np.int32), j.astype(np.int32)
        order = np.argsort(self._i, kind="stable").astype(np.int32)
        begin = np.searchsorted(self._i[order], np.arange(before + 1)).astype(np.int32)
        self.wires = begin, self._j[order], order
        content = hashlib.sha256(self._i.tobytes() + self._j.tobytes()).digest()
        self._content = before, after, len(i), content

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Listed) and self._content == other._content

    def __hash__(self) -> int:
        return hash(self._content)

    def pairs(self) -> Pairs:
        order = self.wires[2]
        return Pairs(self._i[order], self._j[order], order)

    def outgoing(self) -> np.ndarray:
        return np.bincount(self._i, minlength=self.inputs)


def listed_product(connection: Listed, sent: Value, weights: Value) -> Value:
    """The sum over the synapses of each neuron after of what is sent times the weight, linear in both.

    Parameters
    ----------
    connection : Listed
    sent : array [before]
        Of the type of the weights.
    weights : array [synapses]
        Of float32 or float64, which is the type of the result.

    Returns
    -------
    array [after]
    """
    return _forward.bind(sent[None, None], weights[None], listed=connection)[0, 0]


# Shapes --------------------------------------------------------------------------------------------------------------


@_forward.def_abstract_eval
def _forward_shape(sent: Any, weights: Any, *, listed: Listed) -> Any:
    return jax.core.ShapedArray((*sent.shape[:2], listed.neurons), weights.dtype)


@_to_sent.def_abstract_eval
def _sent_shape(back: Any, weights: Any, *, listed: Listed) -> Any:
    return jax.core.ShapedArray((*back.shape[:2], listed.inputs), weights.dtype)


@_to_weights.def_abstract_eval
def _weights_shape(sent: Any, back: Any, *, listed: Listed) -> Any:
    return jax.core.ShapedArray((sent.shape[0], *listed.weights), back.dtype)


bilinear(_forward, _to_sent, _to_weights)


# Machines ------------------------------------------------------------------------------------------------------------


def _sums(values: Value, index: np.ndarray, size: int) -> Value:
    """Sums over the last axis by an index."""
    flat = jnp.moveaxis(values, -1, 0)
    return jnp.moveaxis(jax.ops.segment_sum(flat, index, size), 0, -1)


def _by_xla(sent: Value, weights: Value, *, listed: Listed) -> Value:
    each = sent[..., listed._i]
    # a neuron that sends nothing adds nothing, whatever the weight
    return _sums(jnp.where(each == 0, 0, each * weights[:, None]), listed._j, listed.neurons)


def _to_sent_by_xla(back: Value, weights: Value, *, listed: Listed) -> Value:
    return _sums(back[..., listed._j] * weights[:, None], listed._i, listed.inputs)


def _to_weights_by_xla(sent: Value, back: Value, *, listed: Listed) -> Value:
    each = sent[..., listed._i]
    return jnp.where(each == 0, 0, each * back[..., listed._j]).sum(axis=1)


def _skipping(name: str, shape: Any) -> Any:
    def call(one: Value, other: Value, *, listed: Listed) -> Value:
        out = shape(one, other, listed=listed)
        return jax.ffi.ffi_call(name, jax.ShapeDtypeStruct(out.shape, out.dtype))(one, other, *listed.wires)

    return call


lower_on_processors(_forward, "listed", _by_xla, _skipping("bioplast_listed", _forward_shape))
lower_on_processors(_to_sent, "listed", _to_sent_by_xla, _skipping("bioplast_listed_to_sent", _sent_shape))
lower_on_processors(_to_weights, "listed", _to_weights_by_xla, _skipping("bioplast_listed_to_weights", _weights_shape))
