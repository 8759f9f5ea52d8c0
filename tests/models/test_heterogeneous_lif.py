"""The leaky integrate-and-fire neuron with four numbers of its own, against its closed forms."""

import numpy as np
import pytest
from brian2 import Mohm, Network, SpikeMonitor, StateMonitor, ms, mV, nA, prefs

from bioplast.models import heterogeneous_lif

TAU, REST, R = np.array([5.0, 20, 80]), np.array([-5.0, 0, 4]), np.array([50.0, 100, 200])
CELLS = dict(tau_m=TAU * ms, v_rest=REST * mV, R=R * Mohm)


@pytest.fixture(autouse=True)
def numpy_target():
    before = prefs.codegen.target
    prefs.codegen.target = "numpy"
    yield
    prefs.codegen.target = before


def test_each_membrane_relaxes_with_its_own_numbers(ledger):
    group = heterogeneous_lif.group(3, dt=1 * ms, I=0.02 * nA, v=8 * mV, **CELLS)
    trace = StateMonitor(group, "v", record=True, dt=1 * ms)
    Network(group, trace).run(100 * ms)
    steady = REST + 0.02 * R
    t = np.asarray(trace.t / ms)
    expected = steady[:, None] + (8 - steady)[:, None] * np.exp(-t / TAU[:, None])
    ledger(heterogeneous_lif, quantity="v below threshold", against="closed form", found=trace.v / mV,
           expected=expected, relative=1e-10, dt=1, duration=100)  # fmt: skip


def test_each_interval_is_that_of_the_closed_form(ledger):
    group = heterogeneous_lif.group(3, dt=1 * ms, I=0.5 * nA, v_th=[8, 10, 12] * mV, **CELLS)
    spikes = SpikeMonitor(group)
    Network(group, spikes).run(500 * ms)
    above, threshold = 0.5 * R, np.array([8, 10, 12]) - REST  # of rest, in mV
    to_threshold = TAU * np.log(above / (above - threshold))
    # reset to rest in the step of the spike, so that as many steps as lead to the threshold are between two spikes
    expected = np.ceil(to_threshold)
    found = [np.diff(train / ms) for train in spikes.spike_trains().values()]
    ledger(heterogeneous_lif, quantity="interval under constant current", against="closed form on the grid",
           found=found, expected=[np.full(len(f), e) for f, e in zip(found, expected, strict=True)], absolute=1e-9,
           unit="ms", dt=1, duration=500)  # fmt: skip
