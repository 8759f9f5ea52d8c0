"""Operators and functions of Brian2's equations as values: of NumPy's types, with NumPy's results."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ...errors import Unsupported
from .values import Value, constant

#: By their kinds, from narrow to wide.
_WIDTH = "bilf"

#: The largest whole exponent for which a power is a product, as on target jax.
LARGEST_PRODUCT = 64


class Maker:
    """Makes values; `keep` takes each down in the order in which they are made."""

    def __init__(self, keep: Callable[[Value], Value]):
        self.keep = keep

    def made(self, operation: str, *arguments: Value, kind: str = "f", detail: Any = None) -> Value:
        return self.keep(Value(operation, arguments, kind, all(a.common for a in arguments), detail))

    # Kinds ------------------------------------------------------------------------------------------------------------

    def cast(self, value: Value, kind: str) -> Value:
        """A value as one of another kind, as NumPy's `astype`."""
        if value.kind == kind and not value.weak:
            return value
        if value.operation == "constant":
            number = value.detail
            turned = {"b": bool, "i": int, "l": int, "f": float}[kind](number)
            return Value("constant", (), kind, True, turned)
        return self.made("cast", value, kind=kind)

    def real(self, value: Value) -> Value:
        return self.cast(value, "f")

    def together(self, *values: Value) -> list[Value]:
        """Values as ones of the kind in which NumPy joins them."""
        kind = joined(*values)
        return [self.cast(value, kind) for value in values]

    # Operators --------------------------------------------------------------------------------------------------------

    def binary(self, operator: str, left: Value, right: Value) -> Value:
        """``left operator right`` by the name of the operator in Python's syntax trees."""
        if left.kind == right.kind == "b" and operator != "Pow":
            raise Unsupported("arithmetic with truth values only: write int(...) around them")
        if left.weak and right.weak and (folded := _folded(operator, left.detail, right.detail)) is not None:
            return constant(folded)
        match operator:
            case "Div":
                return self.made("div", self.real(left), self.real(right))
            case "Pow":
                return self.power(left, right)
        left, right = self.together(left, right)
        return self.made(_BINARY[operator], left, right, kind=left.kind)

    def power(self, base: Value, exponent: Value) -> Value:
        number = exponent.detail if exponent.operation == "constant" else None
        if number is not None and float(number).is_integer() and abs(number) <= LARGEST_PRODUCT:
            if base.kind == "f":
                return self.made("product_power", self.real(base), detail=int(number))
            if exponent.kind != "f" and number < 0:
                raise Unsupported(f"a whole number to the power {number}: write {float(number)}")
            if exponent.kind != "f":
                return self.made("product_power", base, kind="i" if base.kind == "b" else base.kind, detail=int(number))
        if base.kind != "f" and exponent.kind != "f":
            raise Unsupported("a whole number to the power of another that may be negative: make one of them real")
        if number == 0.5:
            return self.made("sqrt", self.real(base))
        return self.made("pow", self.real(base), self.real(exponent))

    def negative(self, value: Value) -> Value:
        if value.weak and value.kind != "b":
            return constant(-value.detail)
        if value.kind == "b":
            raise Unsupported("minus of a truth value: write int(...) around it")
        return self.made("neg", value, kind=value.kind)

    def compared(self, sign: str, left: Value, right: Value) -> Value:
        if left.operation == right.operation == "timestep":
            # as real numbers, of which a processor compares more at once
            left, right = (self.made("steps", *value.arguments) for value in (left, right))
        left, right = self.together(left, right)
        return self.made(COMPARISONS[sign], left, right, kind="b")

    def logical(self, operation: str, values: list[Value]) -> Value:
        """ "and" or "or" of truth values."""
        if any(value.kind != "b" for value in values):
            raise Unsupported("'and' and 'or' of numbers: compare them with something")
        result = values[0]
        for value in values[1:]:
            result = self.made(operation, result, value, kind="b")
        return result

    def negation(self, value: Value) -> Value:
        return self.made("not", self.cast(value, "b"), kind="b")

    def where(self, condition: Value, true: Value, false: Value) -> Value:
        if condition.operation == "constant":
            return true if condition.detail else false
        true, false = self.together(true, false)
        return self.made("where", self.cast(condition, "b"), true, false, kind=true.kind)

    # Functions --------------------------------------------------------------------------------------------------------

    def function(self, name: str, arguments: list[Value]) -> Value:
        """A function of Brian2's by its name.

        Raises
        ------
        Unsupported
            For one that is not known.
        """
        if name in _OF_REAL and len(arguments) == 1:
            return self.made(name, self.real(arguments[0]))
        match name, arguments:
            case (("abs" | "sign"), [value]):
                value = self.cast(value, "l") if value.weak and value.kind != "f" else self.cast(value, value.kind)
                return self.made(name, value, kind=value.kind)
            case "clip", [_, _, _]:
                value, low, high = self.together(*arguments)
                return self.made("min", self.made("max", value, low, kind=value.kind), high, kind=value.kind)
            case "int", [value]:
                return self.made("cast", self.cast(value, value.kind), kind="i")
            case (("ceil" | "floor"), [value]):
                return self.made("cast", self.made(name, self.real(value)), kind="i")
            case "timestep", [t, dt]:
                return self.made("timestep", self.real(t), self.real(dt), kind="l")
        raise Unsupported(f"the function {name!r} has no implementation in C++")


def joined(*values: Value) -> str:
    """The kind in which NumPy joins values; plain whole numbers take that of the others."""
    strong = [value.kind for value in values if not value.weak]
    weak = [value.kind for value in values if value.weak]
    kind = max(strong, key=_WIDTH.index, default="b")
    for other in weak:
        if other == "f" or (other == "l" and kind == "b"):
            kind = other
    return kind if strong else max(weak, key=_WIDTH.index)


_BINARY = {"Add": "add", "Sub": "sub", "Mult": "mul", "FloorDiv": "floor_div", "Mod": "mod"}

#: Operators by their names in Python's syntax trees, and comparisons by the operations that they become.
OPERATORS = frozenset((*_BINARY, "Div", "Pow"))
COMPARISONS = {"Lt": "lt", "LtE": "le", "Gt": "gt", "GtE": "ge", "Eq": "eq", "NotEq": "ne"}

_OF_REAL = frozenset(
    (
        *("sin", "cos", "tan", "sinh", "cosh", "tanh", "arcsin", "arccos", "arctan"),
        *("exp", "expm1", "log", "log10", "log1p", "sqrt", "exprel"),
    )
)


def _folded(operator: str, left: Any, right: Any) -> Any:
    """What plain numbers give; None where that is left to the run."""
    try:
        match operator:
            case "Add":
                found = left + right
            case "Sub":
                found = left - right
            case "Mult":
                found = left * right
            case "Div":
                found = left / right
            case "FloorDiv":
                found = left // right
            case "Mod":
                found = left % right
            case "Pow" if right >= 0 or isinstance(left, float) or isinstance(right, float):
                found = left**right
            case _:
                return None
    except (ArithmeticError, ValueError):
        return None
    if isinstance(found, complex) or (isinstance(found, float) and not math.isfinite(found)):
        return None
    return found if isinstance(found, float) or abs(found) < 2**63 else None
