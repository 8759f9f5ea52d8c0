"""Expressions in TeX keep the order in which they were written."""

from __future__ import annotations

import pytest

from bioplast.definition.show.tex import expression, symbol

CASES = {
    "(E_L - v + R_m*I)/tau_m": r"\frac{E_{L} - v + R_{m} I}{\tau_{m}}",
    "a*(b*v - u)": r"a \left(b v - u\right)",
    "a - (b - c)": r"a - \left(b - c\right)",
    "-g*(v - E)": r"-g \left(v - E\right)",
    "a*-b": r"a \left(-b\right)",
    "0.04*v**2/mV": r"\frac{0.04 v^{2}}{\mathrm{mV}}",
    "linear*v": r"\mathrm{linear} v",
    "v*2": r"v \cdot 2",
    "(v + 1)**2": r"\left(v + 1\right)^{2}",
    "exp(-t/tau_ampa)": r"\exp\left(\frac{-t}{\tau_{\mathrm{ampa}}}\right)",
    "v > v_th and not b": r"v > v_{\mathrm{th}} \wedge \left(\neg b\right)",
    "int(v >= 3e-3)": r"\mathrm{int}\left(v \ge 0.003\right)",
    "5e-12*q": r"5 \cdot 10^{-12} q",
}


@pytest.mark.parametrize("code", CASES)
def test_an_expression_reads_as_in_a_paper(code):
    assert expression(code) == CASES[code]


def test_a_greek_letter_stands_for_its_name_and_a_word_is_upright():
    assert symbol("tau") == r"\tau"
    assert symbol("Delta_T") == r"\Delta_{T}"
    assert symbol("v_peak") == r"v_{\mathrm{peak}}"
