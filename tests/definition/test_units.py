"""Units as text: for equation lines, and for figures."""

from __future__ import annotations

import re

import numpy as np
import pytest
from brian2.equations.equations import dimensions_and_type_from_string
from brian2.units.fundamentalunits import get_or_create_dimension
from hypothesis import given
from hypothesis import strategies as st

from bioplast.definition.units import unit_symbols, unit_text

POWERS = st.lists(st.integers(-3, 3), min_size=7, max_size=7)
# The exponents of metre, kilogram, second, ampere, kelvin, mole and candela: BIPM, The International System of Units.
SI = {
    **{"m": (1, 0, 0, 0, 0, 0, 0), "kg": (0, 1, 0, 0, 0, 0, 0), "s": (0, 0, 1, 0, 0, 0, 0)},
    **{"A": (0, 0, 0, 1, 0, 0, 0), "K": (0, 0, 0, 0, 1, 0, 0), "mol": (0, 0, 0, 0, 0, 1, 0)},
    **{"cd": (0, 0, 0, 0, 0, 0, 1), "V": (2, 1, -3, -1, 0, 0, 0), "Hz": (0, 0, -1, 0, 0, 0, 0)},
    **{"S": (-2, -1, 3, 2, 0, 0, 0), "ohm": (2, 1, -3, -2, 0, 0, 0), "F": (-2, -1, 4, 2, 0, 0, 0)},
    **{"C": (0, 0, 1, 1, 0, 0, 0), "mM": (-3, 0, 0, 0, 0, 1, 0), "J": (2, 1, -2, 0, 0, 0, 0)},
    **{"W": (2, 1, -3, 0, 0, 0, 0), "N": (1, 1, -2, 0, 0, 0, 0), "Pa": (-1, 1, -2, 0, 0, 0, 0)},
}
RAISED = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")


@given(POWERS)
def test_every_unit_text_is_one_that_brian2_reads_back(powers):
    dimensions = get_or_create_dimension(powers)
    assert dimensions_and_type_from_string(unit_text(dimensions))[0] is dimensions


@given(POWERS)
def test_the_symbols_of_a_unit_have_its_dimensions(powers):
    over, _, under = unit_symbols(unit_text(get_or_create_dimension(powers))).partition("/")
    total = np.zeros(7, dtype=int)
    for sign, part in ((1, over), (-1, under)):
        for factor in ("" if part == "1" else part).split():
            name, power = re.fullmatch(r"([A-Za-z]+)([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]*)", factor).groups()
            total += sign * int(power.translate(RAISED) or 1) * np.array(SI[name])
    assert total.tolist() == powers


@pytest.mark.parametrize(
    ("unit", "symbols"),
    [("amp/metre**2", "A/m²"), ("volt/second", "V/s"), ("amp", "A"), ("metre**-2*second", "m⁻² s"), ("1", "")],
)
def test_units_are_shown_by_their_symbols(unit, symbols):
    assert unit_symbols(unit) == symbols
