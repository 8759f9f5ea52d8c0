"""Statements for all synapses of a declared connection at once, without a number for each synapse.

A synapse of a convolution has nothing of its own: what it adds to a neuron is made of numbers of the neuron before, of
the neuron after, of the weight, and of shared ones. Where that is a sum of products of those, such as
``w*(E - v_post)*x_pre``, the sum over all synapses is taken by the connection: the neurons after need to be multiplied
afterwards, the neurons before and the weights beforehand.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Callable, Mapping, Set

import jax.numpy as jnp

from ...errors import Unsupported
from ..steps import steps
from . import functions as fn
from .blocks import Run
from .checkpoints import made_once
from .convolutions import arriving
from .expressions import evaluate, parse
from .functions import Value
from .spikes import held_back

#: A product of numbers by whose they are: "before", "after", "weight", or "" for shared ones.
Term = Mapping[str, Value]


class Separable:
    """The statements of a declared pathway, carried out on the arrays of a run of its shared ones.

    Parameters
    ----------
    operation : DeclaredPathway
    run : Run
        Of the statements for shared values alone.
    events : array [before]
        Those that reach the synapses of each neuron before.
    """

    def __init__(self, operation: steps.DeclaredPathway, run: Run, events: Value):
        self.operation = operation
        self.names = operation.block.names
        self.run = run
        self.events = events
        self.made: dict[str, list[Term]] = {}
        for statement in operation.block.vector:
            try:
                self.carry_out(statement)
            except Unsupported as error:
                text = f"{statement.name} {statement.operator} {statement.expression}"
                raise Unsupported(f"{text!r}: {error}") from None

    def carry_out(self, statement: steps.Statement) -> None:
        place, terms = self.names.get(statement.name), self.terms(parse(statement.expression))
        if not isinstance(place, steps.Place):
            if statement.inplace:
                raise Unsupported("along a declared connection names are made anew, with =")
            self.made[statement.name] = terms
            return
        array = self.run.arrays[place.array]
        if statement.operator not in ("+=", "-=") or self.operation.ends.get(statement.name) != "after":
            raise Unsupported("along a declared connection synapses add to the neurons after, with += or -=")
        if fn.kind(array) != "f":
            raise Unsupported(f"{place.array!r} holds no real numbers, to which a declared connection adds")
        total = functools.reduce(fn.BINARY["Add"], [self.sum(term, array) for term in terms])
        if place.condition is not None:
            total = held_back(self.run.read(place.condition), total, 0)
        total = total if statement.operator == "+=" else -total
        assert place.index is not None
        start, stop = int(place.index[0]), int(place.index[-1]) + 1
        whole = array + total if (start, stop) == (0, len(array)) else array.at[start:stop].add(total)
        self.run.arrays[place.array] = made_once(whole)

    def sum(self, term: Term, array: Value) -> Value:
        """What all synapses with a spike add to each neuron after, of one product."""
        connection = self.operation.connection
        weights = jnp.asarray(fn.real(term.get("weight", 1.0)), dtype=array.dtype)
        weights = jnp.broadcast_to(weights, self.size("weight"))
        sent = self.events
        if "before" in term:
            value = jnp.asarray(fn.real(term["before"]), dtype=array.dtype)
            sent = held_back(sent, jnp.broadcast_to(value, self.size("before")), 0)
        arrived = arriving(connection, sent, weights, spikes="before" not in term)
        for other in ("after", ""):
            if other in term:
                arrived = arrived * jnp.asarray(fn.real(term[other]), dtype=array.dtype)
        return arrived

    def size(self, end: str) -> tuple[int, ...]:
        connection = self.operation.connection
        weights = 1
        for length in connection.weights:
            weights *= length
        return ({"before": connection.inputs, "after": connection.neurons, "weight": weights}[end],)

    # Expressions ------------------------------------------------------------------------------------------------------

    def terms(self, node: ast.expr) -> list[Term]:
        """An expression as a sum of products."""
        return sum_of_products(
            node, self.ends, self.made, lambda node: evaluate(node, self.read, self.run.call), self.apart()
        )

    def ends(self, node: ast.expr) -> set[str]:
        """Whose numbers an expression depends on, shared ones left out."""
        return ends_of(node, self.operation.ends, self.made)

    def apart(self) -> Set[str]:
        """The ends of which there is no array to compute with: those that are a factor of a product as they are."""
        return frozenset()

    def read(self, name: str) -> Value:
        if name not in self.made:
            return self.run.read(name)
        products = [functools.reduce(fn.BINARY["Mult"], term.values()) for term in self.made[name]]
        return functools.reduce(fn.BINARY["Add"], products)


def sum_of_products(
    node: ast.expr,
    ends: Callable[[ast.expr], set[str]],
    made: Mapping[str, list[Term]],
    leaf: Callable[[ast.expr], Value],
    apart: Set[str] = frozenset(),
) -> list[Term]:
    """An expression as a sum of products of numbers that each depend on one end, or on none.

    Parameters
    ----------
    node : ast.expr
    ends : callable
        Which ends an expression depends on.
    made : mapping
        The sums of products that names stand for.
    leaf : callable
        The value of an expression that depends on one end at most.
    apart : set of str
        Ends whose value is a name's, never an expression's.

    Raises
    ------
    Unsupported
        For anything else.
    """

    def terms(node: ast.expr) -> list[Term]:
        mine = ends(node)
        if isinstance(node, ast.Name) and node.id in made and (len(mine) > 1 or mine & apart):
            return made[node.id]
        if len(mine) < 2 and (not mine & apart or isinstance(node, ast.Name)):
            return [{next(iter(mine), ""): leaf(node)}]
        match node:
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return terms(operand)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return [_product({"": -1.0}, term, apart) for term in terms(operand)]
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return [*terms(left), *terms(right)]
            case ast.BinOp(left=left, op=ast.Sub(), right=right):
                return [*terms(left), *(_product({"": -1.0}, term, apart) for term in terms(right))]
            case ast.BinOp(left=left, op=ast.Mult(), right=right):
                return [_product(one, other, apart) for one in terms(left) for other in terms(right)]
            case ast.BinOp(left=left, op=ast.Div(), right=right) if not ends(right) & apart:
                if len(divisors := terms(right)) == 1:
                    inverse = {end: fn.BINARY["Div"](1.0, value) for end, value in divisors[0].items()}
                    return [_product(term, inverse, apart) for term in terms(left)]
        raise Unsupported(
            f"{ast.unparse(node)!r} depends on {' and '.join(sorted(_WORDS.get(end, end) for end in mine))} together "
            "and is no sum of products of each: a declared connection cannot add it up; connect explicit pairs"
        )

    return terms(node)


def ends_of(node: ast.expr, ends: Mapping[str, str], made: Mapping[str, list[Term]]) -> set[str]:
    """Whose numbers an expression depends on, by those of the names in it; shared ones left out."""
    found: set[str] = set()
    for part in ast.walk(node):
        if isinstance(part, ast.Name):
            found |= {ends[part.id]} if part.id in ends else set()
            found |= {end for term in made.get(part.id, ()) for end in term if end}
    return found


_WORDS = {"before": "the neuron before", "after": "the neuron after", "weight": "the weight"}


def _product(one: Term, other: Term, apart: Set[str]) -> Term:
    """Of two products one."""
    shared = one.keys() & other.keys()
    if shared & apart:
        raise Unsupported(f"{next(iter(shared & apart))!r} is multiplied with itself")
    return {**one, **other, **{end: fn.BINARY["Mult"](one[end], other[end]) for end in shared}}
