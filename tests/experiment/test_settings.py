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
    "bound": None,
    "deep": {"a": 1, "seeds": 3, "deeper": {"b": [0.5]}},
    "seeds": 20,
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
        ("bound", "40", 40),
    ],
)
def test_a_text_is_read_as_what_the_preset_has(name, text, value):
    assert changed("toy", PRESET, {name: text}) == {**PRESET, name: value}


def test_a_setting_within_a_part_is_named_after_it():
    found = changed("toy", PRESET, {"deep.a": "2", "deep.deeper.b": "1, 2", "deep.seeds": "1"})
    assert found == {**PRESET, "deep": {"a": 2, "seeds": 1, "deeper": {"b": [1.0, 2.0]}}}
    assert PRESET["deep"] == {"a": 1, "seeds": 3, "deeper": {"b": [0.5]}}  # as it was


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("samples", "-3", "--set samples=-3: a whole number that is not negative is accepted"),
        ("samples", "2.5", "--set samples=2.5: a whole number is accepted"),
        ("rate", "fast", "--set rate=fast: a number is accepted"),
        ("rate", "nan", "--set rate=nan: a number is accepted"),
        ("rate", "-inf", "--set rate=-inf: a number is accepted"),
        ("mirror", "maybe", "--set mirror=maybe: true or false is accepted"),
        ("bound", "few", "--set bound=few: a whole number is accepted"),
        ("deep", "1", "--set deep=1: this is a part, whose settings are deep.a, deep.seeds, deep.deeper.b"),
        ("deep.a", "x", "--set deep.a=x: a whole number is accepted"),
        ("deep.deeper.c", "1", "unknown setting of toy.deep.deeper 'c': accepted: b"),
        ("deep.c", "1", "unknown setting of toy.deep 'c': accepted: a, deeper.b, seeds"),
        ("samples.a", "1", "unknown setting of toy 'samples.a'"),
        ("sample", "1", "unknown setting of toy 'sample': did you mean 'samples'"),
        ("seeds", "1", "--set seeds: the option --seeds N is for that"),
        ("targets", "cpp", "--set targets: the option --target NAME is for that"),
        ("arms", " , ", "--set arms= , : one value or several with commas between them are accepted"),
    ],
)
def test_what_cannot_be_is_told_in_a_line(name, text, told):
    with pytest.raises(BioplastError) as raised:
        changed("toy", PRESET, {name: text})
    assert str(raised.value).startswith(told)
    assert "\n" not in str(raised.value)
