"""Settings of a preset as a user gives them on the command line."""

from __future__ import annotations

import pytest

from bioplast.errors import BioplastError
from bioplast.experiment.settings import changed

PRESET = {
    "samples": 300,
    "shift": 1,
    "offset": -2,
    "rate": 0.1,
    "arms": ["one", "two"],
    "mirror": False,
    "deep": {"a": 1},
}


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("samples", "20", 20),
        ("shift", "0", 0),
        ("offset", "-5", -5),
        ("rate", "1e-3", 1e-3),
        ("arms", "two, three", ["two", "three"]),
        ("mirror", "True", True),
    ],
)
def test_a_text_is_read_as_what_the_preset_has(name, text, value):
    assert changed("toy", PRESET, {name: text}) == {**PRESET, name: value}


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("samples", "-3", "--set samples=-3: a whole number that is not negative is accepted"),
        ("samples", "2.5", "--set samples=2.5: a whole number is accepted"),
        ("rate", "fast", "--set rate=fast: a number is accepted"),
        ("mirror", "maybe", "--set mirror=maybe: true or false is accepted"),
        ("deep", "1", "--set deep=1: this setting cannot be given as text"),
        ("sample", "1", "unknown setting of toy 'sample': did you mean 'samples'"),
        ("seeds", "1", "unknown setting of toy 'seeds'"),
    ],
)
def test_what_cannot_be_is_told_in_a_line(name, text, told):
    with pytest.raises(BioplastError) as raised:
        changed("toy", PRESET, {name: text})
    assert str(raised.value).startswith(told)
    assert "\n" not in str(raised.value)
