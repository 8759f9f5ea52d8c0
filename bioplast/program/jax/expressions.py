"""Expressions in Brian2's syntax, evaluated with JAX from their syntax tree."""

from __future__ import annotations

import ast
import functools
import math
from collections.abc import Callable

from ...errors import Unsupported
from . import functions as fn
from .functions import Value

_CONSTANTS = {"inf": math.inf, "pi": math.pi, "e": math.e}

Call = Callable[[str, list[Value]], Value]


@functools.cache
def parse(expression: str) -> ast.expr:
    """The syntax tree of an expression."""
    return ast.parse(expression.strip(), mode="eval").body


def evaluate(node: ast.expr, name: Callable[[str], Value], call: Call) -> Value:
    """The value of an expression.

    Parameters
    ----------
    node : ast.expr
        Its syntax tree.
    name : callable
        The value of a name.
    call : callable
        The value of a function, by its name and arguments.

    Raises
    ------
    Unsupported
        For an operator or construct that is not known.
    """
    match node:
        case ast.Constant(value=bool() | int() | float() as value):
            return value
        case ast.Name(id=identifier):
            return name(identifier)
        case ast.BinOp(left=left, op=operator, right=right) if type(operator).__name__ in fn.BINARY:
            return fn.BINARY[type(operator).__name__](evaluate(left, name, call), evaluate(right, name, call))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -evaluate(operand, name, call)
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return evaluate(operand, name, call)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return fn.negation(evaluate(operand, name, call))
        case ast.BoolOp(op=operator, values=values):
            join = fn.both if isinstance(operator, ast.And) else fn.either
            return functools.reduce(join, [evaluate(value, name, call) for value in values])
        case ast.Compare(left=left, ops=[operator], comparators=[right]) if type(operator).__name__ in fn.COMPARISONS:
            return fn.COMPARISONS[type(operator).__name__](evaluate(left, name, call), evaluate(right, name, call))
        case ast.Call(func=ast.Name(id=function), args=arguments, keywords=[]):
            return call(function, [evaluate(argument, name, call) for argument in arguments])
    raise Unsupported(f"{ast.unparse(node)!r}: {type(node).__name__} is not translated")


def constant(identifier: str) -> Value | None:
    """A number that Brian2 knows by name in every expression."""
    return _CONSTANTS.get(identifier)
