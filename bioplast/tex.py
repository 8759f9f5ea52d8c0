"""Expressions in TeX, with their terms in the order in which they were written: a reader has the paper beside them."""

from __future__ import annotations

import ast

from brian2.core.namespace import DEFAULT_UNITS
from sympy.core.alphabets import greeks

_FUNCTIONS = {"exp", "log", "sin", "cos", "tan", "sinh", "cosh", "tanh"}
_COMPARISONS = {ast.Gt: ">", ast.GtE: r"\ge", ast.Lt: "<", ast.LtE: r"\le", ast.Eq: "=", ast.NotEq: r"\ne"}

# How tightly an expression binds, from the loosest.
_LOGIC, _COMPARISON, _SUM, _PRODUCT, _POWER, _ATOM = range(6)


def expression(code: str) -> str:
    """An expression of Brian2, such as ``(E_L - v)/tau_m``, in TeX."""
    return _tex(ast.parse(code.strip(), mode="eval").body)[0]


def symbol(name: str) -> str:
    """A name in TeX: ``tau_m`` with a Greek letter and an index, ``linear`` upright, units upright."""
    if name in DEFAULT_UNITS:
        return rf"\,\mathrm{{{name}}}"
    head, *indices = [part for part in name.split("_") if part] or [name]
    if head.lower() in greeks and head != "lamda":
        head = rf"\{head}"
    elif len(head) > 1:
        head = rf"\mathrm{{{head}}}"
    if not indices:
        return head
    index = ", ".join(part if len(part) == 1 else rf"\mathrm{{{part}}}" for part in indices)
    return f"{head}_{{{index}}}"


def _tex(node: ast.expr) -> tuple[str, int]:
    """The TeX of a node and how tightly it binds."""
    match node:
        case ast.Name(id=name):
            return symbol(name), _ATOM
        case ast.Constant(value=value):
            return _number(value), _ATOM
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return rf"\neg {_at_least(operand, _ATOM)}", _LOGIC
        case ast.UnaryOp(op=op, operand=operand):
            return ("-" if isinstance(op, ast.USub) else "") + _at_least(operand, _PRODUCT), _SUM
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return f"{_at_least(left, _SUM)} + {_at_least(right, _PRODUCT)}", _SUM
        case ast.BinOp(left=left, op=ast.Sub(), right=right):
            return f"{_at_least(left, _SUM)} - {_at_least(right, _PRODUCT)}", _SUM
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            return _product(left, right), _PRODUCT
        case ast.BinOp(left=left, op=ast.Div() | ast.FloorDiv(), right=right):
            return rf"\frac{{{_tex(left)[0]}}}{{{_tex(right)[0].removeprefix(chr(92) + ',')}}}", _PRODUCT
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            return f"{_at_least(left, _ATOM)}^{{{_tex(right)[0]}}}", _POWER
        case ast.BinOp(left=left, op=ast.Mod(), right=right):
            return rf"{_at_least(left, _POWER)} \bmod {_at_least(right, _POWER)}", _PRODUCT
        case ast.Call(func=ast.Name(id="sqrt"), args=[argument]):
            return rf"\sqrt{{{_tex(argument)[0]}}}", _ATOM
        case ast.Call(func=ast.Name(id=name), args=arguments):
            head = rf"\{name}" if name in _FUNCTIONS else rf"\mathrm{{{name.replace('_', chr(92) + '_')}}}"
            return rf"{head}\left({', '.join(_tex(a)[0] for a in arguments)}\right)", _ATOM
        case ast.Compare(left=left, ops=ops, comparators=comparators):
            parts = [_at_least(left, _SUM)]
            for comparison, right in zip(ops, comparators, strict=True):
                parts += [_COMPARISONS[type(comparison)], _at_least(right, _SUM)]
            return " ".join(parts), _COMPARISON
        case ast.BoolOp(op=op, values=values):
            sign = r" \wedge " if isinstance(op, ast.And) else r" \vee "
            return sign.join(_at_least(value, _COMPARISON) for value in values), _LOGIC
    return rf"\mathtt{{{ast.unparse(node)}}}", _ATOM


def _at_least(node: ast.expr, binding: int) -> str:
    text, own = _tex(node)
    return text if own >= binding else rf"\left({text}\right)"


def _product(left: ast.expr, right: ast.expr) -> str:
    # a sign in front of a product needs no brackets, one behind a factor does
    first = _tex(left)[0] if isinstance(left, ast.UnaryOp) else _at_least(left, _PRODUCT)
    second = _at_least(right, _PRODUCT)
    # a number after anything would read as one number
    dot = r" \cdot " if second[:1].isdigit() else " "
    return f"{first}{dot}{second}"


def _number(value: object) -> str:
    text = repr(value)
    mantissa, e, exponent = text.partition("e")
    return rf"{mantissa} \cdot 10^{{{int(exponent)}}}" if e and isinstance(value, float) else text
