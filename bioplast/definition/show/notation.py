"""Reading an expression of Brian2 for people: terms in the order written, brackets where the notation needs them."""

from __future__ import annotations

import abc
import ast
from collections.abc import Sequence

# How tightly an expression binds, from the loosest.
_LOGIC, _COMPARISON, _SUM, _PRODUCT, _POWER, _ATOM = range(6)


class Notation(abc.ABC):
    """How the parts of an expression are written. What comes in and goes out is text of the notation."""

    @abc.abstractmethod
    def name(self, name: str) -> str:
        """A variable, parameter or unit."""

    @abc.abstractmethod
    def number(self, mantissa: str, exponent: int | None) -> str:
        """A number, times a power of ten if there is an exponent."""

    @abc.abstractmethod
    def minus(self, value: str) -> str: ...

    @abc.abstractmethod
    def negation(self, condition: str) -> str: ...

    @abc.abstractmethod
    def sum(self, left: str, sign: str, right: str) -> str: ...

    @abc.abstractmethod
    def product(self, left: str, right: str, dot: bool) -> str:
        """A product; with a dot where two factors would read as one number."""

    @abc.abstractmethod
    def fraction(self, above: str, below: str) -> str: ...

    @abc.abstractmethod
    def power(self, base: str, exponent: str) -> str: ...

    @abc.abstractmethod
    def modulo(self, left: str, right: str) -> str: ...

    @abc.abstractmethod
    def root(self, value: str) -> str: ...

    @abc.abstractmethod
    def call(self, function: str, arguments: Sequence[str]) -> str: ...

    @abc.abstractmethod
    def comparison(self, values: Sequence[str], operators: Sequence[str]) -> str:
        """Values with the operators ``< <= > >= == !=`` between them."""

    @abc.abstractmethod
    def logic(self, operator: str, conditions: Sequence[str]) -> str:
        """Conditions joined by "and" or "or"."""

    @abc.abstractmethod
    def brackets(self, value: str) -> str: ...

    @abc.abstractmethod
    def code(self, text: str) -> str:
        """What the notation has no way to write, as code."""


def written(code: str, notation: Notation) -> str:
    """An expression of Brian2, such as ``(E_L - v)/tau_m``, in a notation."""
    return _Reader(notation).read(ast.parse(code.strip(), mode="eval").body)[0]


class _Reader:
    def __init__(self, notation: Notation):
        self.to = notation

    def read(self, node: ast.expr) -> tuple[str, int]:
        """The text of a node and how tightly it binds."""
        to = self.to
        match node:
            case ast.Name(id=name):
                return to.name(name), _ATOM
            case ast.Constant(value=value):
                mantissa, e, exponent = repr(value).partition("e")
                scientific = e and isinstance(value, float)
                return to.number(*((mantissa, int(exponent)) if scientific else (repr(value), None))), _ATOM
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return to.negation(self.at_least(operand, _ATOM)), _LOGIC
            case ast.UnaryOp(op=op, operand=operand):
                value = self.at_least(operand, _PRODUCT)
                return (to.minus(value) if isinstance(op, ast.USub) else value), _SUM
            case ast.BinOp(left=left, op=ast.Add() | ast.Sub() as op, right=right):
                sign = "+" if isinstance(op, ast.Add) else "-"
                return to.sum(self.at_least(left, _SUM), sign, self.at_least(right, _PRODUCT)), _SUM
            case ast.BinOp(left=left, op=ast.Mult(), right=right):
                # a sign in front of a product needs no brackets, one behind a factor does
                first = self.read(left)[0] if isinstance(left, ast.UnaryOp) else self.at_least(left, _PRODUCT)
                return to.product(first, self.at_least(right, _PRODUCT), _begins_with_number(right)), _PRODUCT
            case ast.BinOp(left=left, op=ast.Div() | ast.FloorDiv(), right=right):
                return to.fraction(self.read(left)[0], self.read(right)[0]), _PRODUCT
            case ast.BinOp(left=left, op=ast.Pow(), right=right):
                return to.power(self.at_least(left, _ATOM), self.read(right)[0]), _POWER
            case ast.BinOp(left=left, op=ast.Mod(), right=right):
                return to.modulo(self.at_least(left, _POWER), self.at_least(right, _POWER)), _PRODUCT
            case ast.Call(func=ast.Name(id="sqrt"), args=[argument]):
                return to.root(self.read(argument)[0]), _ATOM
            case ast.Call(func=ast.Name(id=name), args=arguments):
                return to.call(name, [self.read(argument)[0] for argument in arguments]), _ATOM
            case ast.Compare(left=left, ops=ops, comparators=rest) if all(type(op) in _COMPARISONS for op in ops):
                values = [self.at_least(value, _SUM) for value in (left, *rest)]
                return to.comparison(values, [_COMPARISONS[type(op)] for op in ops]), _COMPARISON
            case ast.BoolOp(op=op, values=conditions):
                word = "and" if isinstance(op, ast.And) else "or"
                return to.logic(word, [self.at_least(condition, _COMPARISON) for condition in conditions]), _LOGIC
        return to.code(ast.unparse(node)), _ATOM

    def at_least(self, node: ast.expr, binding: int) -> str:
        text, own = self.read(node)
        return text if own >= binding else self.to.brackets(text)


_COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Eq: "==",
    ast.NotEq: "!=",
}


def _begins_with_number(node: ast.expr) -> bool:
    while isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Pow):
        node = node.left
    return isinstance(node, ast.Constant)
