"""Blocks of statements as values and stores, applied to each element as Brian2's NumPy code does it to all at once."""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from ...errors import Unsupported
from ..steps import steps
from .arithmetic import Maker
from .expressions import evaluate, known, parse
from .values import Instruction, Store, Value, constant

_OPERATORS = {"+=": "Add", "-=": "Sub", "*=": "Mult", "/=": "Div", "//=": "FloorDiv", "**=": "Pow", "%=": "Mod"}
_ACCUMULATED = ("+=", "-=", "*=", "/=")


@dataclass(frozen=True, eq=False)
class Code:
    """A block as instructions.

    Attributes
    ----------
    block : Block
    common : list of Instruction
        What is made once, for shared values.
    each : list of Instruction
        What is made for every element for which the block runs.
    made : mapping
        What names of the block stand for at its end.
    before : set of str
        The names of places that are read as they were before the block, though elements before may have written there.
    """

    block: steps.Block
    common: list[Instruction]
    each: list[Instruction]
    made: Mapping[str, Value]
    before: set[str]

    def value(self, name: str) -> Value:
        """What the block made of a name."""
        return self.made[name]

    def places(self) -> Iterator[tuple[str, steps.Place]]:
        """The places that are read or written, by their names."""
        seen = set()
        for instruction in (*self.common, *self.each):
            name = instruction.name if isinstance(instruction, Store) else instruction.detail
            loads = isinstance(instruction, Value) and instruction.operation == "load"
            if (loads or isinstance(instruction, Store)) and name not in seen:
                seen.add(name)
                yield name, _place(self.block, name)


def kind_of(array: np.ndarray) -> str:
    """The kind of the values of an array."""
    return {"b": "b", "f": "f"}.get(array.dtype.kind) or ("l" if array.dtype.itemsize == 8 else "i")


def _place(block: steps.Block, name: str) -> steps.Place:
    place = block.names[name]
    assert isinstance(place, steps.Place)
    return place


class Lowering:
    """Makes the `Code` of one block.

    Parameters
    ----------
    block : Block
    arrays : mapping
        Those of the network.
    operation : str
        Whose block it is. Its first random number is called ``"operation.0"``, its second ``"operation.1"``.
    """

    def __init__(self, block: steps.Block, arrays: Mapping[str, steps.Array], operation: str):
        self.block = block
        self.arrays = arrays
        self.operation = operation
        self.common: list[Instruction] = []
        self.each: list[Instruction] = []
        self.local: dict[str, Value] = {}
        self.loaded: dict[str, Value] = {}
        self.draws = 0
        self.scalar = True
        self.make = Maker(self.keep)
        self.together(block.scalar)
        self.scalar = False
        if block.repeated:
            for statement in block.vector:
                self.told(statement, self.one)
        else:
            self.together(block.vector)

    def code(self) -> Code:
        return Code(self.block, self.common, self.each, self.local, self.before())

    def keep(self, value: Value) -> Value:
        (self.common if value.common else self.each).append(value)
        return value

    def store(self, store: Store) -> None:
        (self.common if self.scalar else self.each).append(store)
        array = _place(self.block, store.name).array
        for name in [name for name in self.loaded if _place(self.block, name).array == array]:
            del self.loaded[name]
        place = _place(self.block, store.name)
        if store.operator == "=" and store.condition is None and (place.shared or place.index is None):
            self.loaded[store.name] = store.value  # what it would read there

    def before(self) -> set[str]:
        """The names of `Code.before`."""
        written = {s.name: _place(self.block, s.name) for s in self.each if isinstance(s, Store)}
        found = set()
        for value in self.each:
            if not isinstance(value, Value) or value.operation != "load":
                continue
            place = _place(self.block, value.detail)
            for other in written.values():
                one_each = not self.block.repeated or other.index is None
                if other.array == place.array and not (one_each and same_elements(place, other)):
                    found.add(value.detail)
        return found

    # Statements -------------------------------------------------------------------------------------------------------

    def told(self, statement: steps.Statement, carry_out: object) -> None:
        try:
            carry_out(statement)  # type: ignore[operator]
        except Unsupported as error:
            raise Unsupported(f"'{statement.name} {statement.operator} {statement.expression}': {error}") from None

    def together(self, statements: tuple[steps.Statement, ...]) -> None:
        """All is read first and written last; each element is written by one."""
        # Brian2 reads anew what the statements for shared values had read
        self.local = {n: v for n, v in self.local.items() if not isinstance(self.block.names.get(n), steps.Place)}
        places: dict[str, steps.Place] = {}

        def carry_out(statement: steps.Statement) -> None:
            value = self.result(statement)
            place = self.block.names.get(statement.name)
            if isinstance(place, steps.Place):
                places[statement.name] = place
                if place.shared != self.scalar:
                    raise Unsupported("shared and other variables are written together")
                if place.condition is not None:
                    current = self.read(statement.name)
                    value = self.make.where(self.read(place.condition), self.into(value, current), current)
            self.local[statement.name] = value

        for statement in statements:
            self.told(statement, carry_out)
        for name, place in places.items():
            self.store(Store(name, "=", self.make.cast(self.local[name], self.kind(place))))

    def one(self, statement: steps.Statement) -> None:
        """One statement by itself, where several elements may write one."""
        place = self.block.names.get(statement.name)
        if not isinstance(place, steps.Place):
            self.local[statement.name] = self.result(statement)
        elif place.shared:
            raise Unsupported("shared and other variables are written together")
        elif statement.inplace and place.index is not None:
            if statement.operator not in _ACCUMULATED:
                raise Unsupported("such an operator of several synapses")
            value = self.expression(statement)
            current = Value("load", (), self.kind(place), False, statement.name)
            joined = Maker(lambda made: made).binary(_OPERATORS[statement.operator], current, value)
            _refuse_other_types(joined, current)
            value = self.make.cast(value, current.kind)
            condition = None if place.condition is None else self.read(place.condition)
            self.store(Store(statement.name, statement.operator, value, condition))
        elif place.condition is not None:
            raise Unsupported(
                f"while {statement.name!r} is held back by (unless refractory): Brian2's own targets disagree about it"
            )
        else:
            self.store(Store(statement.name, "=", self.make.cast(self.result(statement), self.kind(place))))

    def result(self, statement: steps.Statement) -> Value:
        value = self.expression(statement)
        if not statement.inplace:
            return value
        current = self.read(statement.name)
        result = self.joined(statement, current, value)
        return self.into(result, current) if statement.name in self.block.names else result

    def joined(self, statement: steps.Statement, current: Value, value: Value) -> Value:
        return self.make.binary(_OPERATORS[statement.operator], current, value)

    def into(self, value: Value, current: Value) -> Value:
        """A value that is written into part of an array, in the array's type; what NumPy refuses is refused."""
        _refuse_other_types(value, current)
        return self.make.cast(value, current.kind)

    def expression(self, statement: steps.Statement) -> Value:
        if statement.branch is None:
            return self.text(statement.expression)
        condition, true, false = statement.branch
        return self.make.where(self.read(condition), self.text(true), self.text(false))

    def text(self, expression: str) -> Value:
        return evaluate(parse(expression), self.make, self.read, self.call)

    # Reading ----------------------------------------------------------------------------------------------------------

    def kind(self, place: steps.Place) -> str:
        return kind_of(self.arrays[place.array].value)

    def read(self, name: str) -> Value:
        if name in self.local:
            return self.local[name]
        found = self.block.names.get(name)
        match found:
            case steps.Number(value=value):
                return constant(value)
            case steps.Place() as place:
                if name not in self.loaded:
                    load = Value("load", (), self.kind(place), place.shared, name)
                    self.loaded[name] = self.keep(load)
                return self.loaded[name]
        number = known(name)
        if number is None:
            raise Unsupported(f"the name {name!r} is not known")
        return number

    def call(self, name: str, arguments: list[Value]) -> Value:
        match self.block.names.get(name):
            case steps.Function(implementation=own) if own is not None:
                raise Unsupported(f"the function {name!r} is the user's own, which has no implementation here")
            case steps.Function(name=function):
                return self.make.function(function, arguments)
            case steps.Draw() as draw:
                site = f"{self.operation}.{self.draws}"
                self.draws += 1
                kind = "i" if draw.kind == "poisson" else "f"
                parameters = tuple(self.make.real(argument) for argument in arguments)
                return self.keep(Value("draw", parameters, kind, self.scalar, (site, draw)))
            case steps.Table() as table:
                t, *column = arguments
                place = [self.make.real(t), *(self.make.cast(k, "l") for k in column)]
                return self.make.made("table", *place, detail=table)
        raise Unsupported(f"the function {name!r} has no implementation in C++")


def phases(block: steps.Block) -> list[steps.Block]:
    """A block as several that are carried out one after the other, each for all elements.

    Where several elements may write one, each statement reads what those before it have done to all elements.

    Raises
    ------
    Unsupported
        Where a name that is made within the block goes from one of these to another.
    """
    if not block.repeated:
        return [block]
    parts: list[list[steps.Statement]] = [[]]
    written: list[steps.Place] = []
    for statement in block.vector:
        named = (block.names.get(name) for name in names_in(statement))
        reads = [place for place in named if isinstance(place, steps.Place)]
        if any(
            one.array == other.array and not (other.index is None and same_elements(one, other))
            for one in reads
            for other in written
        ):
            parts.append([])
            written = []
        parts[-1].append(statement)
        place = block.names.get(statement.name)
        if isinstance(place, steps.Place):
            written.append(place)
    if len(parts) > 1:
        if any(isinstance(reference, steps.Draw) for reference in block.names.values()):
            raise Unsupported("random numbers in statements of which one reads what another has written")
        made: set[str] = set()
        for part in parts:
            for statement in part:
                if lost := sorted(made & names_in(statement)):
                    raise Unsupported(
                        f"{lost[0]!r} is made before synapses write what {statement.name!r} reads: write it out there"
                    )
            made |= {s.name for s in part if not isinstance(block.names.get(s.name), steps.Place)}
    return [dataclasses.replace(block, vector=tuple(part)) for part in parts]


def names_in(statement: steps.Statement) -> set[str]:
    """The names that a statement reads, but for the one that it changes in place."""
    texts = [statement.expression, *(statement.branch or ())]
    return {node.id for text in texts for node in ast.walk(parse(text)) if isinstance(node, ast.Name)}


_TYPES = {"b": np.dtype(bool), "i": np.dtype(np.int32), "l": np.dtype(np.int64), "f": np.dtype(float)}


def _refuse_other_types(value: Value, current: Value) -> None:
    if not np.can_cast(_TYPES[value.kind], _TYPES[current.kind], "same_kind"):
        raise Unsupported(f"makes {_TYPES[current.kind]} of {_TYPES[value.kind]}")


def same_elements(one: steps.Place, other: steps.Place) -> bool:
    """Whether two places of one array refer to the same element for each neuron or synapse."""
    if one.shared != other.shared or (one.index is None) != (other.index is None):
        return False
    return one.index is None or other.index is None or np.array_equal(one.index, other.index)
