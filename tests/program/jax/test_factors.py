"""Products of factors by element: their values and derivatives against those of NumPy's product over each element."""

from __future__ import annotations

import jax
import numpy as np
import pytest
from brian2 import Network, NeuronGroup, SpikeGeneratorGroup, Synapses, ms

import bioplast
from bioplast.program.jax.factors import product_of

INDEX = np.array([3, 0, 3, 1, 3, 0])  # none is of element 2


@pytest.fixture(autouse=True)
def _double_precision():
    with jax.enable_x64(True):
        yield


@pytest.mark.parametrize("zeros", [[], [2], [0, 4], [1, 2, 3]])
def test_a_derivative_is_the_product_of_the_other_factors(zeros):
    factors = np.array([0.5, -2.0, 3.0, 1.5, 0.25, 4.0])
    factors[zeros] = 0
    np.testing.assert_allclose(
        product_of(factors, INDEX, 4), [np.prod(factors[j == INDEX]) for j in range(4)], rtol=1e-14
    )
    others = [np.prod([f for m, f in enumerate(factors) if INDEX[m] == INDEX[k] and m != k]) for k in range(6)]
    expected = np.zeros((4, 6))
    expected[INDEX, np.arange(6)] = others
    for jacobian in (jax.jacobian, jax.jacfwd):
        np.testing.assert_allclose(jacobian(lambda f: product_of(f, INDEX, 4))(factors), expected, rtol=1e-14)


def test_a_second_derivative_is_the_product_of_those_but_two():
    factors = np.array([0.5, 2.0, 3.0])
    second = jax.hessian(lambda f: product_of(f, np.zeros(3, int), 1)[0])(factors)
    np.testing.assert_allclose(second, [[0, 3, 2], [3, 0, 0.5], [2, 0.5, 0]], rtol=1e-14)


@pytest.mark.parametrize("operator", ["*=", "/="])
def test_synapses_that_share_a_neuron_multiply_it_with_a_derivative(operator):
    before = SpikeGeneratorGroup(3, [0, 1, 2], [0, 0, 1] * ms, dt=1 * ms, name="before")
    after = NeuronGroup(2, "x : 1", dt=1 * ms, name="after")
    after.x = [2, 3]
    synapses = Synapses(before, after, "w : 1", on_pre=f"x_post {operator} w", dt=1 * ms, name="synapses")
    synapses.connect(i=[0, 1, 1, 2], j=[0, 0, 1, 0])
    weights = np.array([0.5, 3.0, 1.5, 4.0])
    program = bioplast.compile(Network(before, after, synapses), 3 * ms, "jax", namespace={})

    def end(w):
        return program(values={"synapses.w": w}, seed=1).final["after.x"]

    sign = 1 if operator == "*=" else -1
    power = weights**sign
    reached = np.array([2 * power[0] * power[1] * power[3], 3 * power[2]])
    np.testing.assert_allclose(end(weights), reached, rtol=1e-14)
    expected = sign * reached[[0, 0, 1, 0]] / weights  # of x in each weight
    np.testing.assert_allclose(jax.jacobian(end)(weights)[[0, 0, 1, 0], np.arange(4)], expected, rtol=1e-12)
