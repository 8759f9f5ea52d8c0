"""The searches against functions whose minimum is known, and the mapping between points and values."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from bioplast.errors import BioplastError
from bioplast.search import Axis, Minimum, cma, differential
from bioplast.search.space import points_of, values_at

METHODS = {"cma": cma.minimise, "de": differential.minimise}
CENTRE = np.array([0.3, 0.62, 0.81])


def sphere(points: np.ndarray) -> np.ndarray:
    """0 at CENTRE."""
    return ((points - CENTRE) ** 2).sum(axis=1)


def ellipsoid(points: np.ndarray) -> np.ndarray:
    """0 at CENTRE, its axes rotated, the longest a hundred times the shortest."""
    rotation = np.linalg.qr(np.array([[1.0, 2, 3], [0, 1, 4], [5, 6, 0]]))[0]
    return ((points - CENTRE) @ rotation) ** 2 @ np.array([1.0, 1e2, 1e4])


def rosenbrock(points: np.ndarray) -> np.ndarray:
    """0 at x = y = 1, which is (0.75, 0.75), at the end of a bent valley."""
    x, y = (points * 4 - 2).T
    return (1 - x) ** 2 + 100 * (y - x**2) ** 2


def search(method: str, loss: Callable, axes: int = 3, budget: int = 6000, seed: int = 1, **options) -> Minimum:
    return METHODS[method](loss, axes, budget=budget, rng=np.random.default_rng(seed), size=32, **options)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("loss", "minimum"), [(sphere, CENTRE), (ellipsoid, CENTRE), (rosenbrock, [0.75, 0.75])], ids=lambda x: str(x)[:12]
)
def test_the_minimum_is_found(method, loss, minimum):
    """The first two are at least the squared distance, so within 1e-5. Rosenbrock's has x within 1e-5/4, y thrice."""
    found = search(method, loss, len(minimum), budget=20_000, enough=1e-10)
    assert found.loss <= 1e-10
    assert found.loss == pytest.approx(loss(found.point[None])[0], rel=1e-9)
    np.testing.assert_allclose(found.point, minimum, atol=1.1e-5)


@pytest.mark.parametrize("method", METHODS)
def test_a_single_axis_is_searched_too(method):
    found = search(method, lambda points: (points[:, 0] - 0.3) ** 2, 1, enough=1e-12)
    assert found.point.shape == (1,)
    assert found.point[0] == pytest.approx(0.3, abs=1e-6)


@pytest.mark.parametrize("method", METHODS)
def test_the_best_of_all_points_is_returned_and_all_are_counted_and_within_the_bounds(method):
    """The loss falls towards a corner, so that a search that could would leave the cube."""
    seen = []

    def corner(points: np.ndarray) -> np.ndarray:
        seen.append(points.copy())
        return points @ np.array([1.0, -1.0])

    found = search(method, corner, 2, budget=1500)
    everything = np.concatenate(seen)
    assert found.evaluations == len(everything)
    assert ((everything >= 0) & (everything <= 1)).all()
    assert found.loss == (everything @ np.array([1.0, -1.0])).min()
    assert found.loss == pytest.approx(-1, abs=1e-6)


@pytest.mark.parametrize("method", METHODS)
def test_the_budget_is_kept_to_a_generation(method):
    found = search(method, sphere, budget=700)
    assert 700 - 48 <= found.evaluations < 700 + 32


@pytest.mark.parametrize("method", METHODS)
def test_a_search_ends_with_the_first_generation_that_is_good_enough(method):
    losses = []

    def kept(points: np.ndarray) -> np.ndarray:
        losses.append(sphere(points))
        return losses[-1]

    found = search(method, kept, enough=1e-3)
    best = [generation.min() for generation in losses]
    assert found.loss == best[-1] <= 1e-3
    assert min(best[:-1]) > 1e-3


@pytest.mark.parametrize("method", METHODS)
def test_a_loss_that_is_no_number_never_wins(method):
    """NaN in half of the cube, the half that has the minimum."""

    def broken(points: np.ndarray) -> np.ndarray:
        return np.where(points[:, 1] > 0.5, np.nan, sphere(points))

    found = search(method, broken)
    assert found.point[1] <= 0.5
    assert found.loss == pytest.approx(0.12**2, rel=1e-2)


@pytest.mark.parametrize("method", METHODS)
def test_without_a_single_number_the_loss_is_infinite(method):
    found = search(method, lambda points: np.full(len(points), np.nan), budget=500)
    assert found.loss == np.inf
    assert found.point.shape == (3,)


@pytest.mark.parametrize("method", METHODS)
def test_the_same_seed_finds_the_same_and_another_another(method):
    one, same, other = (search(method, sphere, budget=500, seed=seed) for seed in (1, 1, 2))
    assert (one.point == same.point).all()
    assert (one.loss, one.evaluations) == (same.loss, same.evaluations)
    assert (one.point != other.point).any()


@pytest.mark.parametrize("method", METHODS)
def test_the_global_state_of_numpy_neither_matters_nor_changes_the_result(method):
    np.random.seed(1)
    one = search(method, sphere, budget=500)
    np.random.seed(2)
    assert (search(method, sphere, budget=500).point == one.point).all()


@pytest.mark.parametrize("method", METHODS)
def test_a_loss_of_another_shape_and_no_axes_are_refused_in_one_line(method):
    with pytest.raises(BioplastError, match=r"the loss has shape \(\); one number for each of the \d+ points"):
        search(method, lambda points: np.float64(1))
    with pytest.raises(BioplastError, match="0 axes: at least one"):
        search(method, sphere, 0)


def test_strategies_without_points_are_refused():
    with pytest.raises(BioplastError, match="size 32: 20 strategies need at least 2 points each, 40 together"):
        search("cma", sphere, strategies=20)


def test_a_linear_axis_is_a_straight_line_and_a_logarithmic_one_a_geometric_sequence():
    x = np.array([0.0, 0.5, 1.0])
    np.testing.assert_allclose(Axis(-2, 6).at(x), [-2, 2, 6], rtol=1e-15)
    np.testing.assert_allclose(Axis(0.01, 100, "log").at(x), [0.01, 1, 100], rtol=1e-15)


@pytest.mark.parametrize("axis", [Axis(-2, 6), Axis(1e-12, 1e-3, "log")])
def test_a_value_is_placed_where_it_comes_from_and_one_beyond_the_bounds_at_the_nearer(axis):
    x = np.linspace(0, 1, 21)
    np.testing.assert_allclose(axis.place(axis.at(x)), x, atol=1e-12)
    assert axis.place(axis.low - 1) == 0
    assert axis.place(axis.high + 1) == 1


def test_points_and_values_are_inverse_to_each_other_by_name():
    axes = {"tau": Axis(1, 100, "log"), "w": Axis(-1, 1)}
    values = values_at(axes, np.array([[0.5, 0.75], [1.0, 0.0]]))
    np.testing.assert_allclose(values["tau"], [10, 100])
    np.testing.assert_allclose(values["w"], [0.5, -1])
    np.testing.assert_allclose(points_of(axes, dict(reversed(values.items()))), [[0.5, 0.75], [1.0, 0.0]])


@pytest.mark.parametrize(
    ("bounds", "message"),
    [
        ((1, 1), "bounds 1 and 1: two finite numbers in order"),
        ((2, 1), "in order"),
        ((0, np.inf), "finite"),
        ((np.nan, 1), "finite"),
        ((0, 1, "log"), "scale 'log' needs bounds above zero"),
        ((1, 2, "cubic"), "scale 'cubic' is not known; accepted: 'linear', 'log'"),
    ],
)
def test_bounds_that_cannot_be_searched_are_refused(bounds, message):
    with pytest.raises(BioplastError, match=message):
        Axis(*bounds)
