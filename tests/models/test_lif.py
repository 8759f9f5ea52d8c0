"""The leaky integrate-and-fire neuron against its closed forms."""

import numpy as np
import pytest
from brian2 import Mohm, Network, SpikeMonitor, StateMonitor, TimedArray, ms, mV, nA, prefs, second

from bioplast.models import lif

DT = 0.1 * ms


@pytest.fixture(autouse=True)
def numpy_target():
    before = prefs.codegen.target
    prefs.codegen.target = "numpy"
    yield
    prefs.codegen.target = before


def test_the_membrane_relaxes_exponentially(ledger):
    currents = np.array([-0.05, 0.0, 0.05]) * nA
    group = lif.group(3, dt=DT, I=currents, v=-70 * mV)
    trace = StateMonitor(group, "v", record=True, dt=DT)
    Network(group, trace).run(100 * ms)
    steady = -60 + 100 * np.array([-0.05, 0.0, 0.05])
    t = np.asarray(trace.t / ms)
    expected = steady[:, None] + (-70 - steady[:, None]) * np.exp(-t / 20)
    ledger(lif, quantity="v below threshold", against="closed form", found=trace.v / mV, expected=expected,
           relative=1e-10, dt=0.1, duration=100)  # fmt: skip


def test_the_rate_follows_the_closed_form(ledger):
    currents = np.linspace(0.05, 1, 20)
    group = lif.group(20, dt=DT, I=currents * nA)
    spikes = SpikeMonitor(group)
    Network(group, spikes).run(1 * second)
    trains = spikes.spike_trains()
    for index, current in enumerate(currents):
        above = 100 * current  # R_m*I in mV; the threshold is 10 mV above rest
        if above <= 10:
            assert len(trains[index]) == 0
            continue
        to_threshold = 20 * np.log(above / (above - 10))  # ms
        closed_form = 5 + to_threshold
        # v passes the threshold within a step and the spike is counted at its start: whole steps, rounded down.
        period = np.floor(closed_form / 0.1) * 0.1
        ledger(lif, quantity="interval under constant current", against="closed form on the grid",
               found=np.diff(trains[index] / ms), expected=np.full(len(trains[index]) - 1, period), absolute=1e-9,
               unit="ms", dt=0.1, duration=1000)  # fmt: skip


def test_the_rheobase():
    rheobase = 10 / 100  # (v_th - E_L)/R_m, in nA
    group = lif.group(2, dt=DT, I=np.array([0.999, 1.001]) * rheobase * nA)
    spikes = SpikeMonitor(group)
    Network(group, spikes).run(500 * ms)
    assert list(np.asarray(spikes.count) > 0) == [False, True]


def test_each_neuron_may_have_its_own_parameters():
    group = lif.group(3, dt=DT, R_m=[50, 100, 200] * Mohm, tau_ref="i*ms", I=0.3 * nA)
    spikes = SpikeMonitor(group)
    Network(group, spikes).run(200 * ms)
    intervals = [np.diff(train / ms).mean() for train in spikes.spike_trains().values()]
    expected = [k + 20 * np.log(r * 0.3 / (r * 0.3 - 10)) for k, r in enumerate((50, 100, 200))]
    np.testing.assert_allclose(intervals, expected, atol=0.11)


def test_an_input_that_changes_in_time():
    current = TimedArray([0.0, 0.05] * nA, dt=10 * ms)
    group = lif.group(1, dt=DT, I="current(t)", namespace={"current": current})
    Network(group).run(20 * ms)
    assert float(group.v[0] / mV) == pytest.approx(-60 + 5 * (1 - np.exp(-0.5)), rel=1e-10)
