"""Blocks of statements, applied to the arrays of a network as Brian2's NumPy code does it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import jax
import jax.numpy as jnp
import numpy as np

from ...errors import Unsupported
from ..steps import steps
from ..surrogate import Surrogate
from . import functions as fn
from .checkpoints import made_once
from .expressions import constant, evaluate, parse
from .factors import product_of
from .functions import Value
from .listed import Listed, listed_product
from .products import event_product
from .spikes import chosen, counted, held_back, spikes

Arrays = dict[str, Value]  # by name; changed in place while a step is traced
Random = Callable[[steps.Draw, tuple[int, ...], list[Value]], Value]

OPERATORS = {"+=": "Add", "-=": "Sub", "*=": "Mult", "/=": "Div", "//=": "FloorDiv", "**=": "Pow", "%=": "Mod"}


class Run:
    """One run of a block.

    Parameters
    ----------
    block : Block
        The statements.
    arrays : dict
        All arrays; those that the block writes are replaced.
    tables : mapping
        Values of the TimedArrays.
    random : callable
        Gives the numbers of a `Draw` for a shape.
    mask : array [size] or None
        The elements for which the block runs, as truth values or spikes; all when None.
    source : tuple or None
        Where the mask comes from, when that is one event for each neuron: the events, and which each element has.
    """

    def __init__(
        self,
        block: steps.Block,
        arrays: Arrays,
        tables: Mapping[str, Value],
        random: Random,
        mask: Value | None = None,
        source: tuple[Value, np.ndarray] | None = None,
    ):
        self.block = block
        self.arrays = arrays
        self.tables = tables
        self.random = random
        self.mask = mask
        self.source = source
        self.local: dict[str, Value] = {}
        # of arrays with a number for each element that single statements have written: what they were before, and what
        # they are where the block runs
        self.before: Arrays = {}
        self.after: Arrays = {}
        self.shape: tuple[int, ...] = ()
        self.together(block.scalar)
        self.shape = (block.size,)
        if block.repeated:
            for statement in block.vector:
                self.one(statement)
        else:
            self.together(block.vector)

    def value(self, name: str) -> Value:
        """What the block made of the name `name`, for each element."""
        return jnp.broadcast_to(self.local[name], (self.block.size,))

    def spikes(self, condition: str, surrogate: Surrogate) -> Value:
        """A condition on what the block made, as numbers 0 and 1 with a surrogate derivative."""
        made = {s.name: parse(s.expression) for s in (*self.block.scalar, *self.block.vector)}

        found = spikes(parse(condition), self.read, self.call, made.get, surrogate)
        return jnp.broadcast_to(found, (self.block.size,))

    # Statements -------------------------------------------------------------------------------------------------------

    def together(self, statements: tuple[steps.Statement, ...]) -> None:
        """All is read first and written last; each element is written by one."""
        places: dict[str, steps.Place] = {}
        added = {s.name for s in statements if self.adds(s)} - {s.name for s in statements if not self.adds(s)}
        # Brian2 reads anew what the statements for shared values had read
        self.local = {n: v for n, v in self.local.items() if not isinstance(self.block.names.get(n), steps.Place)}
        for statement in statements:
            value = self.sum(statement) if statement.name in added else self.result(statement)
            place = self.block.names.get(statement.name)
            if isinstance(place, steps.Place):
                places[statement.name] = place
                if place.condition is not None:
                    current = self.read(statement.name)
                    value = _where(self.read(place.condition), _as(value, current, statement), current)
            self.local[statement.name] = value
        for name, place in places.items():
            if name in added:
                self.arrays[place.array] = self.local[name]
            else:
                self.write(place, self.local[name])

    def adds(self, statement: steps.Statement) -> bool:
        """Whether a statement adds to each element's own number where a spike with a derivative says so."""
        place = self.block.names.get(statement.name)
        return (
            statement.operator in ("+=", "-=")
            and isinstance(place, steps.Place)
            and place.index is None
            and not place.shared
            and self.mask is not None
            and fn.kind(self.mask) == "f"
            and fn.kind(self.arrays[place.array]) == "f"
        )

    def sum(self, statement: steps.Statement) -> Value:
        """Where `adds`: the numbers of `write` with the derivative of a product, which has no difference to keep."""
        current, value = self.read(statement.name), self.expression(statement)
        _as(fn.BINARY[OPERATORS[statement.operator]](current, value), current, statement)
        value = held_back(self.mask, jnp.asarray(fn.real(value), dtype=current.dtype), 0)
        return current + value if statement.operator == "+=" else current - value

    def one(self, statement: steps.Statement) -> None:
        """One statement by itself, where several elements may write one."""
        place = self.block.names.get(statement.name)
        if not isinstance(place, steps.Place):
            self.local[statement.name] = self.result(statement)
        elif statement.inplace and place.index is not None:
            self.accumulate(statement, place)
        elif place.condition is not None:
            raise Unsupported(
                f"'{statement.name} {statement.operator} {statement.expression}' while {statement.name!r} is held back "
                "by (unless refractory): Brian2's own targets disagree about it"
            )
        else:
            self.write(place, self.result(statement))

    def result(self, statement: steps.Statement) -> Value:
        value = self.expression(statement)
        if not statement.inplace:
            return value
        current = self.read(statement.name)
        result = fn.BINARY[OPERATORS[statement.operator]](current, value)
        return _as(result, current, statement) if statement.name in self.block.names else result

    def expression(self, statement: steps.Statement) -> Value:
        def text(expression: str) -> Value:
            return evaluate(parse(expression), self.read, self.call)

        try:
            if statement.branch is None:
                return text(statement.expression)
            condition, true, false = statement.branch
            return _where(self.read(condition), text(true), text(false))
        except Unsupported as error:
            raise Unsupported(f"'{statement.name} {statement.operator} {statement.expression}': {error}") from None

    # Reading ----------------------------------------------------------------------------------------------------------

    def read(self, name: str) -> Value:
        if name in self.local:
            return self.local[name]
        found = self.block.names.get(name)
        match found:
            case steps.Number(value=value):
                return value
            case steps.Place(array=array, index=None) if array in self.after:
                return self.after[array]
            case steps.Place(array=array, index=index):
                whole = index is None or _is_all(index, self.arrays[array])
                return self.arrays[array] if whole else self.arrays[array][index]
        known = constant(name)
        if known is None:
            raise Unsupported(f"the name {name!r} is not known")
        return known

    def call(self, name: str, arguments: list[Value]) -> Value:
        match self.block.names.get(name):
            case steps.Function(implementation=own) if own is not None:
                return own(*arguments)
            case steps.Function(name=known) if known in fn.FUNCTIONS:
                return fn.FUNCTIONS[known](*arguments)
            case steps.Draw() as draw:
                return self.random(draw, self.shape, arguments)
            case steps.Table(name=table, epsilon=epsilon, factor=factor):
                values = self.tables[table]
                t, *column = arguments
                if values.shape[0] == 1:
                    return _held(values[0], column)
                row = fn.quotient(jnp.round(fn.quotient(t, epsilon)), factor).astype(jnp.int32)
                row = jnp.clip(row, 0, values.shape[0] - 1)
                # NaN outside its columns, as in Brian2's C++, also before the first, where its NumPy takes the last
                return values.at[(row, *column)].get(mode="fill", fill_value=jnp.nan, wrap_negative_indices=False)
        raise Unsupported(f"the function {name!r} has no implementation in JAX")

    # Writing ----------------------------------------------------------------------------------------------------------

    def write(self, place: steps.Place, value: Value) -> None:
        array = self.arrays[place.array]
        value = jnp.asarray(value).astype(array.dtype)
        if place.index is None:
            value = jnp.broadcast_to(value, array.shape)
            if self.mask is not None and self.block.repeated and not place.shared:
                # the next statement goes on with it whether the event happened or not: what it does counts if it did,
                # and so the derivative in the event is that of all statements together
                self.after[place.array] = value
                array = self.before.setdefault(place.array, array)
            self.arrays[place.array] = value if self.mask is None else chosen(self.mask, value, array)
            return
        self.after.pop(place.array, None)
        self.before.pop(place.array, None)
        index = jnp.asarray(place.index)
        value = jnp.broadcast_to(value, index.shape)
        if self.mask is not None:
            if fn.kind(self.mask) == "f":
                raise Unsupported("what an event assigns to a neuron has no derivative in it: use += or -=")
            index = jnp.where(counted(self.mask), index, array.shape[0])  # out of bounds: dropped
        self.arrays[place.array] = array.at[index].set(value, mode="drop")

    def accumulate(self, statement: steps.Statement, place: steps.Place) -> None:
        """An in-place operator that applies once for each element, whichever they share."""
        assert place.index is not None
        array = self.arrays[place.array]
        self.after.pop(place.array, None)
        self.before.pop(place.array, None)
        operator = statement.operator
        value = self.expression(statement)
        _as(fn.BINARY[OPERATORS[operator]](array[place.index], value), array, statement)
        value = jnp.broadcast_to(fn.real(value) if fn.kind(array) == "f" else value, place.index.shape)
        if operator in ("+=", "-="):
            total = self.total(value, place, array)
            self.arrays[place.array] = made_once(array + total if operator == "+=" else array - total)
        elif operator in ("*=", "/="):
            value = self.where_it_runs(value, place, 1)
            factor = product_of(value, place.index, array.shape[0]).astype(array.dtype)
            self.arrays[place.array] = array * factor if operator == "*=" else array / factor
        else:
            raise Unsupported(f"'{statement.name} {operator} {statement.expression}' of several synapses")

    def total(self, value: Value, place: steps.Place, array: Value) -> Value:
        """The sums of what the elements add to an array, of those with an event alone where neurons have several."""
        assert place.index is not None
        if self.source is not None and place.condition is None and fn.kind(array) == "f":
            events, sources = self.source
            if (dense := all_to_all(sources, place.index)) is not None:
                before, after = dense
                events = events if _is_all(before, events) else events[before]
                arrived = event_product(events, value.reshape(len(before), len(after)).astype(array.dtype))
                if _is_all(after, array):
                    return arrived
                return jnp.zeros_like(array).at[after].set(arrived, unique_indices=True)
            if self.several(place.index):
                listed = Listed(sources, place.index, len(events), len(array))
                return listed_product(listed, events.astype(array.dtype), value.astype(array.dtype))
        value = self.where_it_runs(value, place, 0).astype(array.dtype)
        if _is_all(place.index, array):
            return value
        return jax.ops.segment_sum(value, place.index, array.shape[0])

    @staticmethod
    def several(index: np.ndarray) -> bool:
        """Whether an element is named more than once."""
        return len(np.unique(index)) < len(index)

    def where_it_runs(self, value: Value, place: steps.Place, neutral: float) -> Value:
        """What elements do to others, `neutral` for those that do nothing."""
        if self.mask is not None:
            value = held_back(self.mask, value, neutral)
        if place.condition is not None:
            value = held_back(self.read(place.condition), value, neutral)
        return value


def _held(row: Value, column: list[Value]) -> Value:
    """The value of a table of one row, which no time changes: XLA then computes what is made of it once for all steps.

    Parameters
    ----------
    row : number or array [columns]
    column : list
        Empty, or which column; NaN is given outside of them.
    """
    if not column:
        return row
    if type(column[0]) is int and 0 <= column[0] < len(row):
        return row[column[0]]
    return row.at[column[0]].get(mode="fill", fill_value=jnp.nan, wrap_negative_indices=False)


def _is_all(index: np.ndarray, array: Value) -> bool:
    """Whether an index names every element of an array in order."""
    return np.array_equal(index, np.arange(array.shape[0]))


def all_to_all(sources: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """The neurons before and after synapses that connect all with all, in order; None for others."""
    width = int(np.argmax(sources != sources[0])) if len(sources) and (sources != sources[0]).any() else len(sources)
    if not width or len(sources) % width:
        return None
    before, after = sources[::width], targets[:width]
    same = np.array_equal(sources, np.repeat(before, width)) and np.array_equal(targets, np.tile(after, len(before)))
    return (before, after) if same and len(np.unique(after)) == width else None


def _where(condition: Value, true: Value, false: Value) -> Value:
    if isinstance(condition, bool):
        return true if condition else false
    return jnp.where(condition, true, false)


def _as(value: Value, current: Value, statement: steps.Statement) -> Value:
    """A value that is written into part of an array, in the array's type; what NumPy refuses is refused."""
    found, wanted = np.dtype(jnp.result_type(value)), np.dtype(jnp.result_type(current))
    if not np.can_cast(found, wanted, "same_kind"):
        raise Unsupported(f"'{statement.name} {statement.operator} {statement.expression}' makes {wanted} of {found}")
    return jnp.asarray(value).astype(wanted)
