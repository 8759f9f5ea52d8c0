"""Weights that change by outer products, without a matrix of them for each run.

Hebbian plasticity adds to the weights between two layers, in each step, a product of something of the neurons before
and something of the neurons after, and lets what was added decay. In a batch every run has weights of its own then: of
784 x 512 synapses and 100 runs 160 MB, that are read and written in every step and kept for the gradient. But all that
a run needs of them is what spikes release, and of what T steps have added that is T x T inner products::

    W(t) = scale(t)*W(0) + sum over s < t of factor_s(t)*before_s after_s^T
    W(t)^T x = scale(t)*W(0)^T x + sum over s of factor_s(t)*(before_s . x)*after_s

W(0) is the same for all runs. The numbers are those of the matrices but for the order in which they are added; the
matrix itself is made once, at the end of a run, if anybody asks for it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ...connection import Connection, Dense, dense
from ...errors import Unsupported
from ..steps import steps
from .blocks import all_to_all
from .expressions import parse
from .functions import Value
from .listed import Listed
from .separable import Term, ends_of, sum_of_products

__all__ = ["Layout", "Plan", "Products", "arrays_of", "as_declared", "matrix", "plan", "released", "terms_of"]

#: Products are kept where all of them have at most so many times the numbers of the matrix.
WORTH = 0.5


@dataclass(frozen=True)
class Products:
    """What has become of the weights between two layers.

    Attributes
    ----------
    scale : scalar
        What the weights at the start are multiplied with.
    factors : array [products]
        What each product is multiplied with.
    before, after : array [products, neurons]
        The numbers of the products, 0 for those to come.
    """

    scale: Value
    factors: Value
    before: Value
    after: Value

    @classmethod
    def none_yet(cls, count: int, layout: Layout, dtype: Any) -> Products:
        """Before the first of `count` steps."""
        rows = count * layout.each
        return cls(
            jnp.ones((), dtype),
            jnp.ones(rows, dtype),
            jnp.zeros((rows, layout.before), dtype),
            jnp.zeros((rows, layout.after), dtype),
        )

    def weighted(self, start: Value, shares: Value) -> Value:
        """The weighted sum [synapses] of the matrices of a batch, without any of them.

        Parameters
        ----------
        start : array [synapses]
            The weights that all runs began with.
        shares : array [runs]
        """
        shares = shares.astype(self.before.dtype)
        before = self.before * (self.factors * shares[:, None])[..., None]
        grown = before.reshape(-1, before.shape[-1]).T @ self.after.reshape(-1, self.after.shape[-1])
        return (shares @ self.scale) * start + grown.reshape(-1)


jax.tree_util.register_dataclass(Products, ["scale", "factors", "before", "after"], [])


@dataclass(frozen=True)
class Layout:
    """Sizes of the layers of a matrix, and how many products a step adds to it."""

    before: int
    after: int
    each: int


@dataclass(frozen=True)
class Plan:
    """Which arrays of a network are kept as products, and the operations that go with them.

    Attributes
    ----------
    arrays : dict of Layout
        By the name of the array.
    pathways : dict of DeclaredPathway
        By the name of a pathway, the same with places for neurons before, neurons after and weights.
    updates : dict of set of str
        By the name of an update, the arrays that it lets decay.
    """

    arrays: dict[str, Layout]
    pathways: dict[str, steps.DeclaredPathway]
    updates: dict[str, set[str]]

    def worth(self, count: int, uncommon: set[str]) -> Plan:
        """What is worth it for a run of so many steps, in which the synapses of a neuron get events at once.

        Parameters
        ----------
        count : int
        uncommon : set of str
            The pathways in which they may not.
        """

        def small(layout: Layout) -> bool:
            return count * layout.each * (layout.before + layout.after) <= WORTH * layout.before * layout.after

        owners = {name: name.rpartition(".")[0] for name in self.arrays}
        dropped = {owners[name] for name, layout in self.arrays.items() if not small(layout)}
        dropped |= {o for o in owners.values() if any(p.startswith(f"{o}_") for p in uncommon)}
        arrays = {name: layout for name, layout in self.arrays.items() if owners[name] not in dropped}
        kept = set(arrays)
        return Plan(
            arrays,
            {name: p for name, p in self.pathways.items() if kept & set(p.ends.values())},
            {name: decaying for name, decaying in self.updates.items() if kept & decaying},
        )


# What is kept so -----------------------------------------------------------------------------------------------------


def plan(network: steps.Steps) -> Plan:
    """Find the arrays of synapses that decay, grow by products, and are only released.

    An array is left out as soon as one operation does anything else with it, a monitor that reads it for example, and
    with it all others of its synapses.
    """
    declared: dict[str, steps.DeclaredPathway] = {}
    candidates: dict[str, tuple[int, int]] = {}
    pathways = [operation for operation in network.operations if isinstance(operation, steps.Pathway)]
    grown = {operation.name: _written(operation) for operation in pathways}
    owners = {array.rpartition(".")[0] for arrays in grown.values() for array in arrays}
    for operation in pathways:
        places = [p.array for p in operation.block.names.values() if isinstance(p, steps.Place) and p.index is None]
        if not owners & {array.rpartition(".")[0] for array in places}:
            continue  # nothing in it learns
        if (found := as_declared(operation)) is not None and isinstance(found.connection, Dense):
            declared[operation.name] = found
            sizes = found.connection.inputs, found.connection.neurons
            candidates |= dict.fromkeys(grown[operation.name], sizes)
    while True:
        each, updates, refused = _used(network, candidates, declared)
        if not refused:
            break
        lost = {name.rpartition(".")[0] for name in refused}
        candidates = {name: sizes for name, sizes in candidates.items() if name.rpartition(".")[0] not in lost}
    arrays = {name: Layout(*sizes, each.get(name, 0)) for name, sizes in candidates.items()}
    kept = {name: dataclasses.replace(p, ends=_with_arrays(p, candidates)) for name, p in declared.items()}
    kept = {name: pathway for name, pathway in kept.items() if set(pathway.ends.values()) & set(candidates)}
    return Plan(arrays, kept, updates)


def _written(operation: steps.Pathway) -> list[str]:
    """The arrays with a number for each synapse that a pathway changes."""
    places = [operation.block.names.get(statement.name) for statement in operation.block.vector]
    return [p.array for p in places if isinstance(p, steps.Place) and p.index is None and not p.shared]


def _used(
    network: steps.Steps, candidates: Mapping[str, Any], declared: Mapping[str, steps.DeclaredPathway]
) -> tuple[dict[str, int], dict[str, set[str]], set[str]]:
    """How many products a step adds to each candidate, the updates in which they decay, and those that will not do."""
    each: dict[str, int] = {}
    updates: dict[str, set[str]] = {}
    for operation in network.operations:
        block = getattr(operation, "block", None)
        if not isinstance(block, steps.Block):
            continue
        touched = {p.array for p in block.names.values() if isinstance(p, steps.Place)} & set(candidates)
        if not touched:
            continue
        try:
            if isinstance(operation, steps.Update):
                _check_decay(operation.block, touched)
                updates[operation.name] = touched
            elif operation.name in declared:
                pathway = declared[operation.name]
                for name in _check_pathway(dataclasses.replace(pathway, ends=_with_arrays(pathway, candidates))):
                    each[name] = each.get(name, 0) + 1
            else:
                return each, updates, touched
        except Unsupported:
            return each, updates, touched
    return each, updates, set()


def released(network: steps.Steps) -> dict[str, steps.DeclaredPathway]:
    """The pathways that do nothing but add products to the neurons after.

    What all synapses add is then a product of vectors and the matrix of the weights, ``w*x_pre`` for example, without a
    number for each synapse and run.
    """
    found = {}
    for operation in network.operations:
        if not isinstance(operation, steps.Pathway) or (pathway := as_declared(operation)) is None:
            continue
        try:
            statements = terms_of(pathway.block, pathway.ends)
        except Unsupported:
            continue
        places = {s.name: p for s, _ in statements if isinstance(p := pathway.block.names.get(s.name), steps.Place)}
        added = all(s.operator in ("+=", "-=") for s, _ in statements if s.name in places)
        if added and all(pathway.ends.get(name) == "after" for name in places):
            found[operation.name] = pathway
    return found


def as_declared(operation: steps.Pathway) -> steps.DeclaredPathway | None:
    """A pathway with places for neurons and weights; None for one that goes from each neuron to another one."""
    places: list[Any] = [p for p in operation.block.names.values() if isinstance(p, steps.Place)]
    places = [place for place in places if place.index is not None]
    others = [
        p.index for p in places if p.index is not operation.sources and not np.array_equal(p.index, operation.sources)
    ]
    if not others or any(not np.array_equal(index, others[0]) for index in others):
        return None
    if any(isinstance(each, steps.Draw) for each in operation.block.names.values()):
        return None
    found = ends_and_connection(operation.sources, others[0])
    if found is None:
        return None
    before, after, connection = found
    names, ends = dict(operation.block.names), {}
    for name, place in operation.block.names.items():
        if not isinstance(place, steps.Place) or place.shared:
            continue
        if place.index is None:
            ends[name], index = "weight", None
        elif np.array_equal(place.index, operation.sources):
            ends[name], index = "before", before
        else:
            ends[name], index = "after", after
        names[name] = dataclasses.replace(place, index=index)
    # between neurons of one group Brian2 may hold back by the neuron before, which is then no sum for the one after
    if any(isinstance(p, steps.Place) and p.condition and ends.get(p.condition) != "after" for p in names.values()):
        return None
    return steps.DeclaredPathway(
        operation.name,
        operation.clock,
        dataclasses.replace(operation.block, names=names),
        ends,
        operation.events,
        before,
        operation.delay,
        connection,
    )


def ends_and_connection(sources: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray, Connection] | None:
    """The neurons before and after some synapses and which of them each joins; None where none has two synapses."""
    if (found := all_to_all(sources, targets)) is not None:
        before, after = found
        return before, after, dense(len(before), len(after))
    if not len(targets) or len(np.unique(targets)) == len(targets):
        return None
    before, after = (np.arange(index.min(), index.max() + 1) for index in (sources, targets))
    return before, after, Listed(sources - before[0], targets - after[0], len(before), len(after))


def _with_arrays(pathway: steps.DeclaredPathway, candidates: Mapping[str, Any]) -> dict[str, str]:
    """Whose numbers each name stands for: an array that is kept as products is an end of its own."""
    found = dict(pathway.ends)
    for name, end in pathway.ends.items():
        place = pathway.block.names[name]
        if end == "weight" and isinstance(place, steps.Place) and place.array in candidates:
            found[name] = place.array
    return found


def _check_decay(block: steps.Block, touched: set[str]) -> None:
    """Refuse an update that does anything but multiply these arrays by a number."""
    for statement, terms in terms_of(block, _ends_of_block(block, touched)):
        place = block.names.get(statement.name)
        if isinstance(place, steps.Place):
            if place.array not in touched or statement.inplace or place.condition is not None:
                raise Unsupported(statement.name)
            if any(set(term) - {""} != {place.array} for term in terms):
                raise Unsupported(statement.name)


def _check_pathway(pathway: steps.DeclaredPathway) -> list[str]:
    """The arrays to which a pathway adds a product, once for each; a pathway that does anything else is refused."""
    grown = []
    for statement, terms in terms_of(pathway.block, pathway.ends):
        place = pathway.block.names.get(statement.name)
        if not isinstance(place, steps.Place):
            continue
        end = pathway.ends.get(statement.name, "")
        if statement.operator not in ("+=", "-=") or end in ("", "before", "weight"):
            raise Unsupported(statement.name)
        kept = [set(term) - {"", "before", "after"} for term in terms]
        if end == "after":
            if any(len(others) > 1 for others in kept):
                raise Unsupported(statement.name)
        elif len(terms) > 1 or kept[0] or place.condition is not None:
            raise Unsupported(statement.name)
        else:
            grown.append(end)
    return grown


def _ends_of_block(block: steps.Block, touched: set[str]) -> dict[str, str]:
    ends = {}
    for name, place in block.names.items():
        if isinstance(place, steps.Place) and not place.shared:
            if place.array not in touched:
                raise Unsupported(name)
            ends[name] = place.array
    return ends


def terms_of(block: steps.Block, ends: Mapping[str, str]) -> list[tuple[steps.Statement, list[Term]]]:
    """Every statement for elements with whose numbers are multiplied in each of its terms, without any number."""
    made: dict[str, list[Term]] = {}
    found = []
    for statement in block.vector:
        if statement.branch is not None:
            raise Unsupported(statement.name)
        node = parse(statement.expression)
        terms = sum_of_products(node, lambda n: ends_of(n, ends, made), made, lambda _: 1.0, arrays_of(ends))
        if not isinstance(block.names.get(statement.name), steps.Place):
            if statement.inplace:
                raise Unsupported(statement.name)
            made[statement.name] = terms
        found.append((statement, terms))
    return found


def arrays_of(ends: Mapping[str, str]) -> set[str]:
    return set(ends.values()) - {"before", "after", "weight"}


def matrix(products: Products, start: Value) -> Value:
    """The weights [synapses] that products stand for."""
    grown = (products.before * products.factors[:, None]).T @ products.after
    return products.scale * start + grown.reshape(-1)
