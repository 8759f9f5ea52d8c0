"""What a C++ function computes, as plain data: values in the order in which they are made, and what is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

#: Of what kind a value is: truth values, whole numbers of 32 and of 64 bits, real numbers.
KINDS = {"b": "bool", "i": "int32_t", "l": "int64_t", "f": "real"}

#: As what values lie in memory.
MEMORY = {**KINDS, "b": "uint8_t"}


@dataclass(frozen=True, eq=False)
class Value:
    """A number of an element, or of all elements.

    Attributes
    ----------
    operation : str
        How it is made: "constant", "load", "draw", an operator or a function.
    arguments : tuple of Value
    kind : str
        One of `KINDS`.
    common : bool
        Whether it is the same for all elements, so that it is made once.
    detail : object
        The number of a constant, the name that a load reads, the table or draw.
    weak : bool
        Whether it is a plain number of the equations, which takes the kind of what it meets.
    """

    operation: str
    arguments: tuple[Value, ...] = ()
    kind: str = "f"
    common: bool = True
    detail: Any = None
    weak: bool = False


@dataclass(frozen=True, eq=False)
class Store:
    """``array[element] operator value`` by the name of a place, where the condition holds."""

    name: str
    operator: str
    value: Value
    condition: Value | None = None


Instruction = Value | Store


def constant(number: bool | int | float) -> Value:
    """A plain number of the equations."""
    kind = "b" if isinstance(number, bool) else "l" if isinstance(number, int) else "f"
    return Value("constant", (), kind, True, number, weak=True)
