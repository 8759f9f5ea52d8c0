"""Sums over the synapses of a neuron between layers all to all, without a number for each synapse."""

from __future__ import annotations

import dataclasses
import functools
from typing import Any

import jax.numpy as jnp
import numpy as np

from ...errors import Unsupported
from ..steps import steps
from . import functions as fn
from .blocks import all_to_all
from .expressions import evaluate, parse
from .functions import Value
from .outer import terms_of
from .separable import Term, ends_of, sum_of_products

__all__ = ["summed"]


def _sides(operation: steps.Sum) -> tuple[dict[str, str], steps.Block, int, int] | None:
    """Of a summed variable between layers that are connected all to all: whose numbers each name stands for, the
    statements by neuron, and the sizes of the layers before and after; None for any other."""
    block = operation.block
    places: dict[str, Any] = {n: p for n, p in block.names.items() if isinstance(p, steps.Place) and not p.shared}
    if any(p.index is None for p in places.values()) or any(isinstance(p, steps.Draw) for p in block.names.values()):
        return None
    indices = [operation.index, *(p.index for p in places.values())]
    other = next((i for i in indices if not np.array_equal(i, operation.index)), None)
    if other is None or any(not np.array_equal(i, operation.index) and not np.array_equal(i, other) for i in indices):
        return None
    own, others = "before", "after"
    found = all_to_all(operation.index, other)
    if found is None:
        own, others = others, own
        found = all_to_all(other, operation.index)
    if found is None:
        return None
    chosen = dict(zip(("before", "after"), found, strict=True))
    if not np.array_equal(chosen[own], np.arange(operation.start, operation.stop)):
        return None
    ends = {n: own if np.array_equal(p.index, operation.index) else others for n, p in places.items()}
    names = {**block.names, **{n: dataclasses.replace(p, index=chosen[ends[n]]) for n, p in places.items()}}
    try:
        terms_of(dataclasses.replace(block, names=names), ends)
    except Unsupported:
        return None
    return {**ends, "": own}, dataclasses.replace(block, names=names), len(found[0]), len(found[1])


def summed(operation: steps.Sum, make_run: Any) -> Value | None:
    """The sums [neurons] of a summed variable between layers all to all, if it is a sum of products; else None.

    Parameters
    ----------
    operation : Sum
    make_run : callable
        Of a block, its `Run`.
    """
    found = _sides(operation)
    if found is None:
        return None
    ends, block, before, after = found
    own = ends[""]
    others = "after" if own == "before" else "before"
    sizes = {"before": before, "after": after}
    run = make_run(dataclasses.replace(block, vector=(), size=0))
    made: dict[str, list[Term]] = {}
    terms: list[Term] = []

    def read(name: str) -> Value:
        if name not in made:
            return run.read(name)
        products = [functools.reduce(fn.BINARY["Mult"], term.values()) for term in made[name]]
        return functools.reduce(fn.BINARY["Add"], products)

    for statement in block.vector:
        terms = sum_of_products(
            parse(statement.expression),
            lambda n: ends_of(n, ends, made),
            made,
            lambda n: evaluate(n, read, run.call),
        )
        made[statement.name] = terms
    total: Value = 0.0
    for term in made["_synaptic_var"]:
        behind = jnp.asarray(fn.real(term.get(others, 1.0)), dtype=float)
        sum_behind = behind.sum() if behind.ndim else behind * sizes[others]
        each = jnp.asarray(fn.real(fn.BINARY["Mult"](term.get("", 1.0), term.get(own, 1.0))), dtype=float)
        total = total + each * sum_behind
    return jnp.broadcast_to(total, (sizes[own],))
