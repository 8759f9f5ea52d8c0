"""Smooth random manifolds against their formula in plain Python, term by term."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bioplast.errors import BioplastError
from bioplast.stimulus import Manifold, manifold

# (terms, first frequency, weight of frequency k) for alpha = 2: what the paper and the authors' two programs have
SPECTRA = {
    "paper": (1, lambda k: k**-2.0),
    "numpy": (0, lambda k: 1 / (k + 1) ** 2),
    "torch": (0, lambda k: 1 / ((k + 1) ** 2 + 1)),
}


def formula(surface, x, frequencies, weights):
    """``prod_d sum_k A s_k sin(2 pi (k x_d B + C))`` for one point, all units."""
    found = []
    for a, b, c in zip(surface.amplitudes, surface.stretches, surface.phases, strict=True):
        product = 1.0
        for d, place in enumerate(x):
            product *= math.fsum(
                a[d, n] * s * math.sin(2 * math.pi * (k * place * b[d, n] + c[d, n]))
                for n, (k, s) in enumerate(zip(frequencies, weights, strict=True))
            )
        found.append(product)
    return found


@pytest.mark.parametrize("spectrum", SPECTRA)
@pytest.mark.parametrize("points", [7, 400])  # added up, and looked up in tables
def test_values_are_those_of_the_formula(spectrum, points):
    rng = np.random.default_rng(1)
    surface = manifold(35, 3, 2, spectrum, rng=rng)
    x = rng.random((points, 3))
    x[0], x[1] = 0, 1
    first, weight = SPECTRA[spectrum]
    frequencies = range(first, first + 32)
    expected = [formula(surface, row, frequencies, [weight(k) for k in frequencies]) for row in x[:7]]
    np.testing.assert_allclose(surface(x)[:7], expected, rtol=0, atol=1e-13)


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 40), st.integers(1, 4), st.floats(1.3, 8), st.sampled_from(list(SPECTRA)), st.integers(0, 99))
def test_tables_give_what_adding_up_gives(units, dimension, alpha, spectrum, seed):
    rng = np.random.default_rng(seed)
    surface = manifold(units, dimension, alpha, spectrum, rng=rng)
    x = rng.random((900, dimension))
    few = np.concatenate([surface(x[k : k + 1]) for k in range(0, 900, 300)])
    np.testing.assert_allclose(surface(x)[::300], few, rtol=0, atol=1e-12)


def test_rough_manifolds_have_a_thousand_terms_and_are_tabulated_as_exactly():
    surface = manifold(2, 1, 1, rng=np.random.default_rng(3))
    assert surface.frequencies.tolist() == list(range(1, 1001))
    x = np.linspace(0, 1, 4001)[:, None]
    np.testing.assert_allclose(surface(x)[::100], surface(x[::100]), rtol=0, atol=1e-12)


def test_whole_stretches_make_it_periodic():
    given = [np.ones((1, 1, 3)), np.full((1, 1, 3), 2.0), np.random.default_rng(0).random((1, 1, 3))]
    surface = Manifold(*given, frequencies=[1, 2, 3], weights=[1, 0.5, 0.25])
    x = np.linspace(0, 0.5, 50)[:, None]
    np.testing.assert_allclose(surface(x), surface(x + 0.5), rtol=0, atol=1e-13)


def test_a_larger_alpha_is_smoother():
    x = np.linspace(0, 1, 1001)[:, None]

    def roughness(alpha):
        values = manifold(10, 1, alpha, rng=np.random.default_rng(5))(x)
        return np.mean(np.std(np.diff(values, axis=0), axis=0) / np.std(values, axis=0))

    found = [roughness(alpha) for alpha in (1, 1.5, 2, 3)]
    assert found == sorted(found, reverse=True)
    assert found[0] > 3 * found[-1]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"units": 0}, "units is 0: a whole number from 1"),
        ({"dimension": 1.5}, "dimension is 1.5: a whole number from 1"),
        ({"alpha": 0}, "alpha is 0: a positive number"),
        ({"alpha": np.nan}, "alpha is nan"),
        ({"spectrum": "white"}, "paper"),
        ({"rng": 3}, "rng is 3: a generator"),
    ],
)
def test_what_does_not_fit_is_refused(options, message):
    with pytest.raises(BioplastError, match=message):
        manifold(**{"units": 2, "rng": np.random.default_rng(1), **options})


@pytest.mark.parametrize(
    ("points", "message"),
    [([0.5], "shape"), ([[0.5]], "shape"), ([[0.5, 1.1]], "0 to 1"), ([[np.nan, 0]], "0 to 1"), ([["a", "b"]], "numb")],
)
def test_points_outside_the_cube_are_refused(points, message):
    with pytest.raises(BioplastError, match=message):
        manifold(2, 2, rng=np.random.default_rng(1))(points)


def test_series_that_do_not_belong_together_are_refused():
    one = np.ones((1, 1, 2))
    with pytest.raises(BioplastError, match="the same for all three"):
        Manifold(one, one, np.ones((1, 2)), np.ones(2), np.ones(2))
    with pytest.raises(BioplastError, match="frequencies"):
        Manifold(one, one, one, np.ones(3), np.ones(2))
    with pytest.raises(BioplastError, match="phases are finite"):
        Manifold(one, one, one * np.nan, np.ones(2), np.ones(2))
