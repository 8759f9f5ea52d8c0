"""Expressions in TeX, with their terms in the order in which they were written: a reader has the paper beside them."""

from __future__ import annotations

from collections.abc import Sequence

from brian2.core.namespace import DEFAULT_UNITS
from sympy.core.alphabets import greeks

from .notation import Notation, written

_FUNCTIONS = {"exp", "log", "sin", "cos", "tan", "sinh", "cosh", "tanh"}
_COMPARISONS = {">": ">", ">=": r"\ge", "<": "<", "<=": r"\le", "==": "=", "!=": r"\ne"}


def expression(code: str) -> str:
    """An expression of Brian2, such as ``(E_L - v)/tau_m``, in TeX."""
    return written(code, _TeX())


def symbol(name: str) -> str:
    """A name in TeX: ``tau_m`` with a Greek letter and an index, ``linear`` upright, units upright."""
    if name in DEFAULT_UNITS:
        return rf"\,\mathrm{{{name}}}"
    head, *indices = [part for part in name.split("_") if part] or [name]
    if head.lower() in greeks:
        head = rf"\{head}"
    elif len(head) > 1:
        head = rf"\mathrm{{{head}}}"
    if not indices:
        return head
    index = ", ".join(part if len(part) == 1 else rf"\mathrm{{{part}}}" for part in indices)
    return f"{head}_{{{index}}}"


class _TeX(Notation):
    def name(self, name: str) -> str:
        return symbol(name)

    def number(self, mantissa: str, exponent: int | None) -> str:
        return mantissa if exponent is None else rf"{mantissa} \cdot 10^{{{exponent}}}"

    def minus(self, value: str) -> str:
        return f"-{value}"

    def negation(self, condition: str) -> str:
        return rf"\neg {condition}"

    def sum(self, left: str, sign: str, right: str) -> str:
        return f"{left} {sign} {right}"

    def product(self, left: str, right: str, dot: bool) -> str:
        return rf"{left} \cdot {right}" if dot else f"{left} {right}"

    def fraction(self, above: str, below: str) -> str:
        return rf"\frac{{{above}}}{{{below.removeprefix(chr(92) + ',')}}}"

    def power(self, base: str, exponent: str) -> str:
        return f"{base}^{{{exponent}}}"

    def modulo(self, left: str, right: str) -> str:
        return rf"{left} \bmod {right}"

    def root(self, value: str) -> str:
        return rf"\sqrt{{{value}}}"

    def call(self, function: str, arguments: Sequence[str]) -> str:
        head = rf"\{function}" if function in _FUNCTIONS else rf"\mathrm{{{function.replace('_', chr(92) + '_')}}}"
        return rf"{head}\left({', '.join(arguments)}\right)"

    def comparison(self, values: Sequence[str], operators: Sequence[str]) -> str:
        rest = zip(operators, values[1:], strict=True)
        return " ".join([values[0], *(f"{_COMPARISONS[operator]} {value}" for operator, value in rest)])

    def logic(self, operator: str, conditions: Sequence[str]) -> str:
        return (r" \wedge " if operator == "and" else r" \vee ").join(conditions)

    def brackets(self, value: str) -> str:
        return rf"\left({value}\right)"

    def code(self, text: str) -> str:
        return rf"\mathtt{{{text}}}"
