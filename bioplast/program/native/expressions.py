"""Expressions in Brian2's syntax, from their syntax trees to values."""

from __future__ import annotations

import ast
import functools
import math
from collections.abc import Callable

from ...errors import Unsupported
from .arithmetic import COMPARISONS, OPERATORS, Maker
from .values import Value, constant

Read = Callable[[str], Value]
Call = Callable[[str, list[Value]], Value]

_CONSTANTS = {"inf": math.inf, "pi": math.pi, "e": math.e}


@functools.cache
def parse(expression: str) -> ast.expr:
    """The syntax tree of an expression."""
    return ast.parse(expression.strip(), mode="eval").body


def evaluate(node: ast.expr, make: Maker, read: Read, call: Call) -> Value:
    """The value of an expression.

    Parameters
    ----------
    node : ast.expr
        Its syntax tree.
    make : Maker
    read : callable
        The value of a name.
    call : callable
        The value of a function, by its name and arguments.

    Raises
    ------
    Unsupported
        For an operator or construct that is not known.
    """

    def of(inner: ast.expr) -> Value:
        return evaluate(inner, make, read, call)

    match node:
        case ast.Constant(value=bool() | int() | float() as number):
            return constant(number)
        case ast.Name(id=identifier):
            return read(identifier)
        case ast.BinOp(left=left, op=operator, right=right) if type(operator).__name__ in OPERATORS:
            return make.binary(type(operator).__name__, of(left), of(right))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return make.negative(of(operand))
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return of(operand)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return make.negation(of(operand))
        case ast.BoolOp(op=operator, values=values):
            return make.logical("and" if isinstance(operator, ast.And) else "or", [of(value) for value in values])
        case ast.Compare(left=left, ops=[sign], comparators=[right]) if type(sign).__name__ in COMPARISONS:
            return make.compared(type(sign).__name__, of(left), of(right))
        case ast.Call(func=ast.Name(id=function), args=arguments, keywords=[]):
            return call(function, [of(argument) for argument in arguments])
    raise Unsupported(f"{ast.unparse(node)!r}: {type(node).__name__} is not translated")


def known(identifier: str) -> Value | None:
    """A number that Brian2 knows by name in every expression."""
    return constant(_CONSTANTS[identifier]) if identifier in _CONSTANTS else None
