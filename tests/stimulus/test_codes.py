"""Codes of a binary word: what they are, and that they come back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bioplast import stimulus
from bioplast.errors import BioplastError, UnknownName


def test_symbols_are_numbers_with_the_first_bit_the_most_significant():
    word = [1, 0, 0, 1, 1, 1, 0, 0, 1, 0, 1, 1]
    text = "".join(map(str, word))
    for k in (1, 2, 3, 4, 6, 12):
        assert stimulus.symbols_of(word, k).tolist() == [int(text[i : i + k], 2) for i in range(0, 12, k)]


def test_the_codes_as_rasters():
    word = [1, 0, 0, 1, 1, 1]
    assert stimulus.encode(word, 2).tolist() == [[True, False], [False, True], [True, True]]
    assert stimulus.encode(word, 2, "one-hot").astype(int).tolist() == [[0, 0, 1, 0], [0, 1, 0, 0], [0, 0, 0, 1]]


@given(
    st.integers(1, 8),
    st.integers(1, 6),
    st.sampled_from([(), (1,), (3,), (2, 2)]),
    st.sampled_from(["parallel", "one-hot"]),
    st.integers(0, 1000),
)
def test_every_code_comes_back(k, steps, batch, code, seed):
    word = np.random.default_rng(seed).integers(0, 2, (*batch, steps * k))
    raster = stimulus.encode(word, k, code)
    assert raster.dtype == bool
    assert raster.shape == (*batch, steps, k if code == "parallel" else 2**k)
    assert stimulus.decode(raster, code).tolist() == word.tolist()
    assert stimulus.bits_of(stimulus.symbols_of(word, k), k).tolist() == word.tolist()
    assert raster.sum() == (word.sum() if code == "parallel" else word.size // k)


def test_symbols_of_many_bits_come_back():
    word = np.random.default_rng(1).integers(0, 2, 62 * 3)
    assert stimulus.bits_of(stimulus.symbols_of(word, 62), 62).tolist() == word.tolist()


@pytest.mark.parametrize(
    ("call", "line"),
    [
        (lambda: stimulus.encode([1, 0, 1], 2), "a word of 3 bits is no multiple of 2"),
        (lambda: stimulus.encode([1, 0, 2], 3), "a word is of truth values"),
        (lambda: stimulus.encode([1.0, 0.0], 2), "not float64"),
        (lambda: stimulus.encode([], 2), "a word is of truth values"),
        (lambda: stimulus.encode([1, 0], 0), "k is 0"),
        (lambda: stimulus.encode([1, 0], 63), "k is 63: 1 to 62"),
        (lambda: stimulus.encode([0] * 17, 17, "one-hot"), "k is 17: 1 to 16"),
        (lambda: stimulus.bits_of([4], 2), "whole numbers from 0 to 3"),
        (lambda: stimulus.bits_of([-1], 2), "whole numbers from 0 to 3"),
        (lambda: stimulus.decode([[1, 1]], "one-hot"), "exactly one"),
        (lambda: stimulus.decode([[0, 0]], "one-hot"), "exactly one"),
        (lambda: stimulus.decode([[0, 1, 0]], "one-hot"), "exactly one"),
        (lambda: stimulus.decode([1, 0]), "a raster is"),
    ],
)
def test_what_does_not_fit_is_one_line(call, line):
    with pytest.raises(BioplastError, match=line):
        call()


def test_an_unknown_code_names_those_that_there_are():
    for call in (lambda: stimulus.encode([1], 1, "rate"), lambda: stimulus.decode([[1]], "rate")):
        with pytest.raises(UnknownName, match="accepted: one-hot, parallel"):
            call()
