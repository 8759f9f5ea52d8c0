"""Weights that are kept as sums of outer products: which are, which are not, and that both ways give the same."""

import numpy as np
import pytest
from brian2 import Network, NeuronGroup, SpikeGeneratorGroup, StateMonitor, Synapses, ms

import bioplast
from bioplast.program.jax import outer

DT, STEPS = 1 * ms, 10
RASTER = np.random.default_rng(3).random((STEPS, 7)) < 0.4


def network(on_pre="w += 0.1*v_post", release="v_post += w", p=1, watch=False, delay=0 * ms, equation="-w/(9*ms)"):
    """Seven neurons that drive five through weights that learn."""
    source = SpikeGeneratorGroup(7, [], [] * ms, dt=DT, name="source")
    cells = NeuronGroup(5, "dv/dt = (0.1 - v)/(4*ms) : 1", method="exact", dt=DT, name="cells")
    learning = Synapses(
        source, cells, f"dw/dt = {equation} : 1 (clock-driven)", on_pre={"pre": release, "learn": on_pre},
        method="euler", dt=DT, name="learning",
    )  # fmt: skip
    learning.connect(p=p)
    learning.w = "0.05*(i + 1) - 0.03*j"
    learning.pre.delay = delay
    objects = [source, cells, learning, StateMonitor(cells, "v", record=True, dt=DT, name="trace")]
    return Network(objects + [StateMonitor(learning, "w", record=True, dt=DT, name="weights")] * watch)


def compiled(**options):
    return bioplast.compile(network(**options), STEPS * DT, "jax", namespace={})


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"on_pre": "w -= (v_post - 0.3)*exp(-v_post)"},
        {"release": "v_post += 0.3*w - 0.01"},
    ],
)
def test_what_is_kept_as_products_is_what_brian2_makes_of_matrices(options, monkeypatch):
    monkeypatch.setattr(outer, "WORTH", np.inf)
    program = compiled(**options)
    assert set(program._simulation.products.arrays) == {"learning.w"}
    found = program(inputs={"source": RASTER})
    expected = bioplast.compile(network(**options), STEPS * DT, "numpy", namespace={})(inputs={"source": RASTER})
    np.testing.assert_allclose(found.states["trace"]["v"], expected.states["trace"]["v"], rtol=1e-11, atol=1e-12)
    np.testing.assert_allclose(found.final["learning.w"], expected.final["learning.w"], rtol=1e-11, atol=1e-12)
    assert np.ptp(expected.final["learning.w"]) > 0.1


@pytest.mark.parametrize(
    "options",
    [
        {"watch": True},
        {"p": 0.5},
        {"on_pre": "w += 0.1*w*v_post"},
        {"on_pre": "w = clip(w + 0.1*v_post, 0, 1)"},
        {"on_pre": "w += sin(w)"},
        {"release": "v_post += w**2"},
        {"equation": "(0.2 - w)/(9*ms)"},
    ],
    ids=str,
)
def test_what_does_anything_else_is_not(options):
    assert not compiled(**options)._simulation.products.arrays


def test_a_delay_or_a_long_run_keeps_matrices():
    plan = compiled()._simulation.products
    assert not plan.worth(STEPS, set()).arrays  # ten rows of 12 numbers are more than 35
    assert plan.worth(1, set()).arrays
    assert not plan.worth(1, {"learning_pre"}).arrays
