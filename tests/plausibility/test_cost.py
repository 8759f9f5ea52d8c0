"""What a model costs, against counts by hand and against the author's."""

from __future__ import annotations

import pytest
from brian2 import ms

from bioplast.definition import Neuron, Parameter
from bioplast.models import (
    adaptive_lif,
    integrate_and_fire,
    izhikevich_2003,
    quadratic_integrate_and_fire,
    resonate_and_fire,
)
from bioplast.plausibility.scorecard.cost import cost
from bioplast.plausibility.scorecard.published import published

TAU = {"tau": Parameter(10 * ms, low=1 * ms, high=20 * ms)}


def count(equation: str, **rest) -> int:
    return cost(Neuron(equation, method="euler", parameters=TAU, name="counted", **rest)).step


@pytest.mark.parametrize(
    ("equation", "operations"),
    [
        # dt/tau is computed once beforehand.
        ("dv/dt = -v/tau : 1", 2),  # *, +
        ("dv/dt = (v**2 - v)/tau : 1", 4),  # v*v, -, *, +
        ("dv/dt = exp(v)/tau : 1", 12),  # exp, *, +
        ("dv/dt = v**8/tau : 1", 5),  # three squarings, *, +
        ("dv/dt = 1/(v*tau) : 1", 2),  # (dt/tau)/v, +
    ],
)
def test_a_step_counted_by_hand(equation, operations):
    assert count(equation) == operations


def test_the_test_for_a_spike_is_one_comparison_and_what_happens_at_a_spike_is_free():
    equation = "dv/dt = -v/tau : 1"
    assert count(equation, threshold="v > 1", reset="v = exp(v)") == count(equation) + 1


def test_a_millisecond_has_as_many_steps_as_fit():
    counted = cost(integrate_and_fire)
    assert (counted.method, counted.dt) == ("rk4", 1e-4)
    assert counted.per_ms == pytest.approx(10 * counted.step)


@pytest.mark.parametrize(
    ("neuron", "products"),
    [
        (integrate_and_fire, 1),
        (adaptive_lif, 1),  # in g' = -g/tau the step is part of dt/tau
        (resonate_and_fire, 2),
        (quadratic_integrate_and_fire, 1),
        (izhikevich_2003, 1),  # in u' = a*(b*v - u) it is part of a*dt
    ],
)
def test_the_author_counts_the_same_for_a_step_of_1(neuron, products):
    """With a step of 1 the products with it fall away."""
    row = published(neuron.name)
    assert row is not None
    assert cost(neuron).euler - products == row.flops
