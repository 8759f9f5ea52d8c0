"""Expressions in MathML, which every browser typesets without a program of the page's own."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from html import escape

from brian2.core.namespace import DEFAULT_UNITS
from sympy.core.alphabets import greeks

from .notation import Notation, written

_COMPARISONS = {">": "&gt;", ">=": "≥", "<": "&lt;", "<=": "≤", "==": "=", "!=": "≠"}
_SPACE = "<mspace width='0.17em'></mspace>"
_APPLIED = "<mo>&#x2061;</mo>"  # the invisible operator between a function and its argument
# Names of letters whose Unicode name is another.
_LETTERS = {"lambda": "lamda"}


def expression(code: str) -> str:
    """An expression of Brian2, such as ``(E_L - v)/tau_m``, as the inside of a ``math`` element."""
    return written(code, _MathML())


def symbol(name: str) -> str:
    """A name: ``tau_m`` with a Greek letter and an index, ``linear`` and units upright."""
    if name in DEFAULT_UNITS:
        return _upright(name)
    head, *indices = [part for part in name.split("_") if part] or [name]
    if head.lower() in greeks:
        letter = _LETTERS.get(head.lower(), head.lower())
        size = "SMALL" if head.islower() else "CAPITAL"
        head = f"<mi>{unicodedata.lookup(f'GREEK {size} LETTER {letter}')}</mi>"
    else:
        head = f"<mi>{escape(head)}</mi>"  # one letter is italic, several are upright
    if not indices:
        return head
    parts = (f"<mi>{part}</mi>" if len(part) == 1 else f"<mtext>{escape(part)}</mtext>" for part in indices)
    return f"<msub>{head}<mrow>{'<mo>,</mo>'.join(parts)}</mrow></msub>"


def derivative(name: str) -> str:
    """The derivative of a variable by time."""
    d = "<mi mathvariant='normal'>d</mi>"
    return f"<mfrac><mrow>{d}{symbol(name)}</mrow><mrow>{d}<mi>t</mi></mrow></mfrac>"


def _upright(text: str) -> str:
    return f"<mi mathvariant='normal'>{escape(text)}</mi>"


class _MathML(Notation):
    def name(self, name: str) -> str:
        return symbol(name)

    def number(self, mantissa: str, exponent: int | None) -> str:
        number = f"<mn>{escape(mantissa)}</mn>"
        if exponent is None:
            return number
        ten = f"<msup><mn>10</mn><mn>{exponent}</mn></msup>".replace("<mn>-", "<mn>−")
        return f"<mrow>{number}<mo>·</mo>{ten}</mrow>"

    def minus(self, value: str) -> str:
        return f"<mrow><mo form='prefix'>−</mo>{value}</mrow>"

    def negation(self, condition: str) -> str:
        return f"<mrow><mo>¬</mo>{condition}</mrow>"

    def sum(self, left: str, sign: str, right: str) -> str:
        return f"<mrow>{left}<mo>{'+' if sign == '+' else '−'}</mo>{right}</mrow>"

    def product(self, left: str, right: str, dot: bool) -> str:
        return f"<mrow>{left}{'<mo>·</mo>' if dot else _SPACE}{right}</mrow>"

    def fraction(self, above: str, below: str) -> str:
        return f"<mfrac><mrow>{above}</mrow><mrow>{below}</mrow></mfrac>"

    def power(self, base: str, exponent: str) -> str:
        return f"<msup><mrow>{base}</mrow><mrow>{exponent}</mrow></msup>"

    def modulo(self, left: str, right: str) -> str:
        return f"<mrow>{left}<mo lspace='0.3em' rspace='0.3em'>mod</mo>{right}</mrow>"

    def root(self, value: str) -> str:
        return f"<msqrt>{value}</msqrt>"

    def call(self, function: str, arguments: Sequence[str]) -> str:
        return f"<mrow>{_upright(function)}{_APPLIED}{self.brackets('<mo>,</mo>'.join(arguments))}</mrow>"

    def comparison(self, values: Sequence[str], operators: Sequence[str]) -> str:
        rest = zip(operators, values[1:], strict=True)
        parts = [values[0], *(f"<mo>{_COMPARISONS[operator]}</mo>{value}" for operator, value in rest)]
        return f"<mrow>{''.join(parts)}</mrow>"

    def logic(self, operator: str, conditions: Sequence[str]) -> str:
        return f"<mrow>{('<mo>∧</mo>' if operator == 'and' else '<mo>∨</mo>').join(conditions)}</mrow>"

    def brackets(self, value: str) -> str:
        return f"<mrow><mo>(</mo>{value}<mo>)</mo></mrow>"

    def code(self, text: str) -> str:
        return f"<mtext>{escape(text)}</mtext>"
