"""What happens in a step to weights that are kept as sums of outer products, and what spikes release through them."""

from __future__ import annotations

import ast
import dataclasses
import functools
from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp
import numpy as np

from ..steps import steps
from . import functions as fn
from .blocks import Run
from .checkpoints import made_once
from .convolutions import arriving
from .expressions import evaluate, parse
from .functions import Value
from .outer import Layout, Products, arrays_of
from .separable import Separable, Term, ends_of, sum_of_products
from .spikes import held_back

__all__ = ["Changes", "decay"]


class Changes(Separable):
    """The statements of a pathway between layers whose weights are kept as products.

    Parameters
    ----------
    operation : DeclaredPathway
        One of `Plan.pathways`.
    run : Run
        Of the statements for shared values alone.
    events : array [before]
    moment : scalar
        Which step of the run this is.
    layouts : mapping
        `Plan.arrays`.
    starts : mapping
        The weights at the start, [synapses], by the name of the array.
    """

    def __init__(
        self,
        operation: steps.DeclaredPathway,
        run: Run,
        events: Value,
        moment: Value,
        layouts: Mapping[str, Layout],
        starts: Mapping[str, Value],
    ):
        self.moment = moment
        self.layouts = layouts
        self.starts = starts
        self.added: dict[str, int] = {}  # products of this step
        self.waiting: dict[str, list[Term]] = {}  # what is added to neurons, until one of them is read
        super().__init__(operation, run, events)
        self.deliver()

    def apart(self) -> set[str]:
        return arrays_of(self.operation.ends)

    def carry_out(self, statement: steps.Statement) -> None:
        node = parse(statement.expression)
        if any(isinstance(part, ast.Name) and part.id in self.waiting for part in ast.walk(node)):
            self.deliver()
        place = self.names.get(statement.name)
        if not isinstance(place, steps.Place):
            super().carry_out(statement)
            return
        terms = self.terms(node)
        if statement.operator == "-=":
            terms = [{**term, "": fn.BINARY["Mult"](-1.0, term.get("", 1.0))} for term in terms]
        if self.operation.ends[statement.name] == "after":
            self.waiting.setdefault(statement.name, []).extend(terms)
        else:
            self.grow(place.array, *terms)

    def deliver(self) -> None:
        """Add to the neurons what has been released."""
        for name, terms in self.waiting.items():
            place = self.names[name]
            assert isinstance(place, steps.Place)
            array = self.run.arrays[place.array]
            total = self.total(terms, array.dtype)
            if place.condition is not None:
                total = held_back(self.run.read(place.condition), total, 0)
            self.run.arrays[place.array] = made_once(_added(array, place.index, total))
        self.waiting = {}

    def total(self, terms: list[Term], dtype: Any) -> Value:
        """What arrives at each neuron after: one product with the sum of all matrices, and what has been learnt."""
        total: Value = 0.0
        groups: dict[tuple[int, int], list[Term]] = {}
        for term in terms:
            groups.setdefault((id(term.get("before")), id(term.get("after"))), []).append(term)
        for alike in groups.values():
            sent, spikes = self.sent(alike[0], dtype)
            weights: Value = 0.0
            learnt: Value = 0.0
            for term in alike:
                shared = jnp.asarray(fn.real(term.get("", 1.0)), dtype=dtype)
                kept = next(iter(self.apart() & set(term)), None)
                if kept is None:
                    weights = weights + shared * jnp.asarray(fn.real(term.get("weight", 1.0)), dtype=dtype)
                    continue
                products: Products = term[kept]
                weights = weights + shared * products.scale * self.starts[kept]
                with_each = products.before @ sent.astype(dtype)
                learnt = learnt + shared * ((with_each * products.factors) @ products.after)
            weights = jnp.broadcast_to(weights, self.size("weight"))
            arrived = arriving(self.operation.connection, sent, weights, spikes=spikes) + learnt
            if "after" in alike[0]:
                arrived = arrived * jnp.asarray(fn.real(alike[0]["after"]), dtype=dtype)
            total = total + arrived
        return total

    def sent(self, term: Term, dtype: Any) -> tuple[Value, bool]:
        """What each neuron before sends, and whether it is nothing but spikes."""
        if "before" not in term:
            return self.events, True
        value = jnp.broadcast_to(jnp.asarray(fn.real(term["before"]), dtype=dtype), self.size("before"))
        return held_back(self.events, value, 0), False

    def grow(self, array: str, term: Term) -> None:
        """Add a product to an array."""
        layout, products = self.layouts[array], self.run.arrays[array]
        dtype = products.before.dtype
        sent, _ = self.sent(term, dtype)
        after = jnp.asarray(fn.real(fn.BINARY["Mult"](term.get("", 1.0), term.get("after", 1.0))), dtype=dtype)
        row = self.moment * layout.each + self.added.get(array, 0)
        self.added[array] = self.added.get(array, 0) + 1
        self.run.arrays[array] = dataclasses.replace(
            products,
            factors=products.factors.at[row].set(1),  # which has decayed until now, though there was nothing yet
            before=products.before.at[row].set(sent.astype(dtype)),
            after=products.after.at[row].set(jnp.broadcast_to(after, (layout.after,))),
        )

    def read(self, name: str) -> Value:
        """Products as they are; all else as of Separable."""
        end = self.operation.ends.get(name)
        return self.run.arrays[end] if end in self.apart() else super().read(name)


def decay(run: Run, block: steps.Block, layouts: Mapping[str, Layout]) -> None:
    """Multiply arrays that are kept as products by a number; `run` is of the statements for shared values alone."""
    ends = {
        name: place.array
        for name, place in block.names.items()
        if isinstance(place, steps.Place) and place.array in layouts
    }
    made: dict[str, list[Term]] = {}

    def leaf(node: ast.expr) -> Value:
        if isinstance(node, ast.Name) and node.id in ends:
            return run.arrays[ends[node.id]]
        return evaluate(node, run.read, run.call)

    written = {}
    for statement in block.vector:
        terms = sum_of_products(
            parse(statement.expression), lambda n: ends_of(n, ends, made), made, leaf, set(ends.values())
        )
        if statement.name in ends:
            array = ends[statement.name]
            written[array] = functools.reduce(fn.BINARY["Add"], [term.get("", 1.0) for term in terms])
        else:
            made[statement.name] = terms
    for array, factor in written.items():
        products = run.arrays[array]
        factor = jnp.asarray(fn.real(factor), dtype=products.scale.dtype)
        run.arrays[array] = dataclasses.replace(
            products, scale=products.scale * factor, factors=products.factors * factor
        )


def _added(array: Value, index: np.ndarray | None, total: Value) -> Value:
    assert index is not None
    start, stop = int(index[0]), int(index[-1]) + 1
    if np.array_equal(index, np.arange(start, stop)):
        return array + total if (start, stop) == (0, len(array)) else array.at[start:stop].add(total)
    return array.at[index].add(total)
