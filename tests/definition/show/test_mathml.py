"""Equations in MathML: read back and worked out, they are the equations that were written."""

from __future__ import annotations

import ast
import math
import random
import xml.etree.ElementTree as ElementTree

import pytest
from brian2.core.namespace import DEFAULT_FUNCTIONS, DEFAULT_UNITS

from bioplast.definition.find import models
from bioplast.definition.show.mathml import expression, symbol

CASES = [
    "(E_L - v + R_m*I)/tau_m",
    "a - (b - c)",
    "a - (b + c)*d",
    "-g*(v - E)",
    "a*-b",
    "-(a + b)**2",
    "(-a)**2",
    "(a/b)**c",
    "(a*b)**c",
    "a/(b*c)*d",
    "a*b**c**d",
    "2*3*a",
    "5e-12*q - 3e4",
    "sqrt(a + b)*c",
    "exp(-t/tau_ampa)*(a - b)",
    "clip(a, b, c)",
    "arctan(a)*cos(b)",
    "a % b",
    "int(v >= 3e-3)*w",
    "int(v > v_th and not b < c or a != b)",
    "40*mV*a",
]
FUNCTIONS = {
    **{name: function.pyfunc for name, function in DEFAULT_FUNCTIONS.items()},
    "exp": math.exp,
    "log": math.log,
    "sqrt": math.sqrt,
    "tanh": math.tanh,
    "cosh": math.cosh,
    "exprel": lambda x: math.expm1(x) / x,
    "clip": lambda x, low, high: min(max(x, low), high),
    "int": int,
}
OPERATORS = {"−": "-", "·": "*", "≥": ">=", "≤": "<=", "=": "==", "≠": "!=", "∧": " and ", "∨": " or ", "¬": " not ",
             "mod": "%", "\u2061": ""}  # fmt: skip


def code(element: ElementTree.Element, names: dict[str, str]) -> str:
    """What a reader of the typeset expression computes; only what is drawn groups: bars, superscripts, brackets."""
    parts = [code(child, names) for child in element] if element.tag not in ("msub", "mi") else []
    match element.tag:
        case "mi" | "msub":
            return names[ElementTree.tostring(element, "unicode")]
        case "mn":
            return element.text.replace("−", "-")
        case "mo":
            return OPERATORS.get(element.text, element.text)
        case "mspace":
            return "*"
        case "mfrac":
            return f"(({parts[0]})/({parts[1]}))"
        case "msup":
            assert "mfrac" not in [part.tag for part in element[0]], "whose power is it?"
            return f"{parts[0]}**({parts[1]})"
        case "msqrt":
            return f"sqrt({''.join(parts)})"
        case "mrow" | "math":
            return "".join(parts)
    raise AssertionError(f"{element.tag} is not expected")


def normal(text: str) -> str:
    return ElementTree.tostring(ElementTree.fromstring(text), "unicode")


def assert_reads_as(written: str) -> None:
    words = sorted({node.id for node in ast.walk(ast.parse(written, mode="eval")) if isinstance(node, ast.Name)})
    names = {normal(symbol(word)): word for word in words}
    names |= {normal(f"<mi mathvariant='normal'>{word}</mi>"): word for word in words if word in FUNCTIONS}
    found = code(ElementTree.fromstring(f"<math>{expression(written)}</math>"), names)
    rng = random.Random(1)
    for _ in range(3):
        values = {word: rng.uniform(0.5, 2) for word in words if word not in FUNCTIONS}
        expected = eval(written, {**FUNCTIONS, **values})
        assert eval(found, {**FUNCTIONS, **values}) == pytest.approx(expected, rel=1e-12), found


@pytest.mark.parametrize("written", CASES)
def test_an_expression_means_what_was_written(written):
    assert_reads_as(written)


@pytest.mark.parametrize("name", models())
def test_the_equations_of_a_model_mean_what_was_written(name):
    for eq in models()[name]._parsed_model.values():
        if eq.expr is not None:
            assert_reads_as(eq.expr.code)


def test_every_definition_is_well_formed():
    for definition in models().values():
        ElementTree.fromstring(definition.to_html(mathml=True).replace("&nbsp;", " "))


def test_letters_and_units():
    assert symbol("tau_m") == "<msub><mi>τ</mi><mrow><mi>m</mi></mrow></msub>"
    assert "Δ" in symbol("Delta_T") and "λ" in symbol("lambda_fast")
    assert "mV" in DEFAULT_UNITS and symbol("mV") == "<mi mathvariant='normal'>mV</mi>"
