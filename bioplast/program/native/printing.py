"""Values and stores as lines of C++."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

from .values import KINDS, Instruction, Store, Value

_INFIX = {
    **{"add": "+", "sub": "-", "mul": "*", "div": "/", "lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "=="},
    **{"ne": "!=", "and": "&&", "or": "||"},
}
_FUNCTIONS = {
    **{name: f"std::{name}" for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh", "exp", "expm1", "log")},
    **{name: f"std::{name}" for name in ("log10", "log1p", "sqrt", "ceil", "floor", "pow")},
    **{"arcsin": "std::asin", "arccos": "std::acos", "arctan": "std::atan"},
    **{name: f"bp_{name}" for name in ("max", "min", "sign", "abs", "mod", "floor_div", "exprel", "timestep", "steps")},
}


class Printer:
    """Prints the instructions of a function; each value has a name of its own.

    Parameters
    ----------
    special : callable
        The expression of a load, a draw or a lookup, from the value and the names of its arguments.
    target : callable
        The element that a store writes, by the name of its place.
    """

    def __init__(self, special: Callable[[Value, list[str]], str], target: Callable[[str], str]):
        self.special = special
        self.target = target
        self.names: dict[int, str] = {}
        self.asked: list[Value] = []

    def lines(self, instructions: Iterable[Instruction]) -> list[str]:
        return [self.stored(one) if isinstance(one, Store) else self.made(one) for one in instructions]

    def made(self, value: Value) -> str:
        text = self.expression(value, [self.name(argument) for argument in value.arguments])
        self.names.setdefault(id(value), f"x{len(self.names)}")
        return f"const {KINDS[value.kind]} {self.names[id(value)]} = {text};"

    def name(self, value: Value) -> str:
        """What a value is called, or the text of a constant."""
        if value.operation == "constant":
            return literal(value.detail, value.kind)
        self.asked.append(value)
        return self.names.setdefault(id(value), f"x{len(self.names)}")

    def stored(self, store: Store) -> str:
        text = f"{self.target(store.name)} {store.operator} {self.name(store.value)};"
        return text if store.condition is None else f"if ({self.name(store.condition)}) {text}"

    def expression(self, value: Value, arguments: list[str]) -> str:
        operation = value.operation
        if operation in _INFIX:
            return f"{arguments[0]} {_INFIX[operation]} {arguments[1]}"
        if operation in _FUNCTIONS:
            return f"{_FUNCTIONS[operation]}({', '.join(arguments)})"
        match operation:
            case "neg":
                return f"-{arguments[0]}"
            case "not":
                return f"!{arguments[0]}"
            case "where":
                return "{} ? {} : {}".format(*arguments)
            case "cast":
                return f"{arguments[0]} != 0" if value.kind == "b" else f"({KINDS[value.kind]}){arguments[0]}"
            case "product_power":
                return product(arguments[0], value.detail, value.kind)
            case "spike":
                return arguments[0]
        return self.special(value, arguments)


def literal(number: Any, kind: str) -> str:
    """A constant of a kind."""
    if kind == "b":
        return "true" if number else "false"
    if kind != "f":
        return f"{KINDS[kind]}({int(number)})"
    number = float(number)
    if math.isnan(number):
        return "real(NAN)"
    if math.isinf(number):
        return f"real({'-' if number < 0 else ''}INFINITY)"
    return f"real({number!r})"


def product(base: str, exponent: int, kind: str) -> str:
    """A whole power as a product."""
    if exponent < 0:
        return f"real(1) / ({product(base, -exponent, kind)})"
    if exponent == 0:
        return f"{KINDS[kind]}(1)"
    if exponent == 1:
        return base
    half = product(base, exponent // 2, kind)
    if exponent > 3:
        return f"bp_square({half})" + (f" * {base}" if exponent % 2 else "")
    return " * ".join([base] * exponent)
