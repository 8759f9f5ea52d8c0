"""Receptors, conductance and current synapses, and pair STDP, each against its closed form."""

import numpy as np
import pytest
from brian2 import (
    Network,
    NeuronGroup,
    SpikeGeneratorGroup,
    StateMonitor,
    Synapses,
    ms,
    mV,
    nA,
    nS,
    prefs,
    siemens,
)

from bioplast import Neuron
from bioplast.errors import DefinitionError
from bioplast.models import (
    ampa,
    ampa_synapse,
    exponential_current,
    exponential_synapse,
    gaba_a,
    gaba_a_synapse,
    lif,
    pair_stdp,
    pair_stdp_current,
)

DT = 0.1 * ms


@pytest.fixture(autouse=True)
def numpy_target():
    before = prefs.codegen.target
    prefs.codegen.target = "numpy"
    yield
    prefs.codegen.target = before


def response(cell, synapse, variables, weight, delay=0 * ms, duration=30 * ms):
    """Two presynaptic spikes, at 5 and 8 ms, onto one cell; the recorded variables of the cell, at the steps' start."""
    source = SpikeGeneratorGroup(1, [0, 0], [5, 8] * ms, dt=DT)
    group = cell.group(1, dt=DT)
    synapses = synapse.connect(source, group, w=weight, delay=delay, dt=DT)
    trace = StateMonitor(group, variables, record=0, dt=DT)
    Network(source, group, synapses, trace).run(duration)
    return np.asarray(trace.t / ms), {name: getattr(trace, name)[0] for name in variables}


def two_decays(t, tau, delay=0.0):
    """Two unit jumps; a spike at s arrives at the end of its step, so the step after it starts with the full jump."""
    arrivals = np.array([5.1, 8.1]) + delay
    return sum(np.where(t > s - 0.05, np.exp(-(t - s) / tau), 0) for s in arrivals)


@pytest.mark.parametrize(
    ("receptor", "synapse", "g", "current", "tau", "reversal", "weight"),
    [
        (ampa, ampa_synapse, "g_ampa", "I_ampa", 5, 0, 6),
        (gaba_a, gaba_a_synapse, "g_gaba_a", "I_gaba_a", 10, -80, 67),
    ],
    ids=["ampa", "gaba_a"],
)
def test_a_conductance_jumps_decays_and_drives_towards_its_reversal(
    receptor, synapse, g, current, tau, reversal, weight, ledger
):
    t, recorded = response(lif + receptor, synapse, [g, current, "v"], weight * nS)
    told = dict(against="closed form", relative=1e-9, dt=0.1, duration=30)
    ledger(receptor, synapse, quantity="conductance after two spikes", found=recorded[g] / nS,
           expected=weight * two_decays(t, tau), absolute=1e-12, **told)  # fmt: skip
    expected = (recorded[g] / nS) * 1e-9 * (reversal - recorded["v"] / mV) * 1e-3  # amp
    ledger(receptor, quantity="current", found=recorded[current], expected=expected, absolute=1e-24, **told)
    assert np.sign(recorded["v"][-1] / mV + 60) == np.sign(reversal + 60)


def test_the_default_weights_are_those_of_the_benchmark():
    assert ampa_synapse.parameters["w"].value == 6 * nS
    assert gaba_a_synapse.parameters["w"].value == 67 * nS


def test_the_exponential_synapse_is_a_current_that_decays(ledger):
    t, recorded = response(lif + exponential_current, exponential_synapse, ["I_syn", "v"], 0.01 * nA, delay=2 * ms)
    ledger(exponential_current, exponential_synapse, quantity="current after two spikes", against="closed form",
           found=recorded["I_syn"] / nA, expected=0.01 * two_decays(t, 5, delay=2), relative=1e-9, absolute=1e-12,
           dt=0.1, duration=30)  # fmt: skip


def test_the_exponential_synapse_makes_a_difference_of_exponentials(ledger):
    t, recorded = response(lif + exponential_current, exponential_synapse, ["v"], 0.01 * nA)
    since = [np.clip(t - s, 0, None) for s in (5.1, 8.1)]
    # tau dv/dt = -v + R I, tau = 20 ms, tau_s = 5 ms: v = R I0 tau_s/(tau - tau_s) (exp(-t/tau) - exp(-t/tau_s))
    exact = sum(100 * 0.01 * 5 / 15 * (np.exp(-x / 20) - np.exp(-x / 5)) for x in since)
    ledger(exponential_current, exponential_synapse, quantity="v after two spikes", against="closed form",
           found=recorded["v"] / mV + 60, expected=exact, absolute=0.01, unit="mV", dt=0.1, duration=30)  # fmt: skip


# ---- pair STDP -------------------------------------------------------------------------------------------------------


def weight_change(lags, pairs=1, apart=50, **parameters):
    """The change of w when each synapse sees `pairs` pairs of spikes, post - pre = lag (ms)."""
    lags = np.asarray(lags, dtype=float)
    centre = 100
    indices = np.repeat(np.arange(len(lags)), pairs)
    offsets = np.tile(np.arange(pairs) * apart, len(lags))
    before = SpikeGeneratorGroup(len(lags), indices, (centre + offsets) * ms, dt=DT)
    driver = SpikeGeneratorGroup(len(lags), indices, (centre + offsets + np.repeat(lags, pairs)) * ms, dt=DT)
    after = NeuronGroup(len(lags), "g_ampa : siemens\nx : 1", threshold="x > 0", reset="x = 0", dt=DT)
    # The driver's spike makes x positive at the end of its own step: the cell fires one step later.
    relay = Synapses(driver, after, on_pre="x_post = 1", dt=DT)
    relay.connect(j="i")
    synapses = pair_stdp.connect(before, after, j="i", dt=DT, **parameters)
    initial = np.array(synapses.w)
    Network(before, driver, after, relay, synapses).run((2 * centre + (pairs - 1) * apart) * ms)
    return np.array(synapses.w) - initial


def test_the_window_is_two_exponentials(ledger):
    lags = np.array([-60.0, -20.0, -5.0, -1.0, 1.0, 5.0, 20.0, 60.0])
    actual = lags + 0.1  # the relay's step
    expected = np.where(actual > 0, 0.005 * np.exp(-actual / 20), -0.00525 * np.exp(actual / 20))
    ledger(pair_stdp, quantity="window", against="closed form", found=weight_change(lags), expected=expected,
           relative=1e-9, dt=0.1, duration=200)  # fmt: skip


def test_other_constants_make_another_window(ledger):
    change = weight_change([10.0, -10.0], A_plus=0.02, A_minus=0.01, tau_plus=10 * ms, tau_minus=40 * ms, w=[0.2, 0.8])
    ledger(pair_stdp, quantity="window, other constants", against="closed form", found=change,
           expected=[0.02 * np.exp(-10.1 / 10), -0.01 * np.exp(-9.9 / 40)], relative=1e-9, dt=0.1,
           duration=200)  # fmt: skip


def test_all_pairs_count(ledger):
    pairs = 3
    lag, apart = 10.1, 50.0
    potentiation = sum(
        0.005 * np.exp(-(lag + apart * (post - pre)) / 20) for post in range(pairs) for pre in range(post + 1)
    )
    depression = sum(
        0.00525 * np.exp(-(apart * (pre - post) - lag) / 20) for pre in range(pairs) for post in range(pre)
    )
    ledger(pair_stdp, quantity="change by three pairs", against="sum over all pairs",
           found=weight_change([10.0], pairs, apart), expected=[potentiation - depression], relative=1e-9, dt=0.1,
           duration=300)  # fmt: skip


def test_weights_stay_between_0_and_1():
    change = weight_change([2.0, -2.0], pairs=8, apart=60, A_plus=0.1, A_minus=0.1)
    np.testing.assert_allclose(change, [0.5, -0.5])


def test_a_presynaptic_spike_opens_the_weighted_conductance():
    before = SpikeGeneratorGroup(3, [0, 1, 2], [1, 1, 1] * ms, dt=DT)
    after = Neuron("g_ampa : siemens", threshold="False", reset="").group(1, dt=DT)
    synapses = pair_stdp.connect(before, after, dt=DT, w=[0.1, 0.2, 0.3], g_max=1 * nS)
    Network(before, after, synapses).run(2 * ms)
    assert float(after.g_ampa[0] / nS) == pytest.approx(0.6)


def test_current_based_stdp_adds_the_weighted_current_before_the_spike_changes_the_weight(ledger):
    """A spike after 10 ms: the second of two presynaptic ones sees the first pair, and its own depression comes after.

    The current right after it: w_max*(w*exp(-20/tau_syn) + w + A_plus*exp(-10/tau_plus)).
    """
    before = SpikeGeneratorGroup(1, [0, 0], [10, 30] * ms, dt=DT)
    after = Neuron("dI_syn/dt = -I_syn/(5*ms) : amp", threshold="t == 20*ms", reset="", method="exact").group(1, dt=DT)
    synapses = pair_stdp_current.connect(before, after, dt=DT, w=0.4, w_max=2 * nA, A_plus=0.1, A_minus=0.2)
    network = Network(before, after, synapses)
    network.run(30.1 * ms)
    expected = 2 * (0.4 * np.exp(-20 / 5) + 0.4 + 0.1 * np.exp(-10 / 20))
    ledger(pair_stdp_current, quantity="current", against="closed form", found=after.I_syn / nA, expected=[expected],
           relative=1e-9, dt=0.1, duration=30.1)  # fmt: skip
    assert float(synapses.w[0]) == pytest.approx(0.4 + 0.1 * np.exp(-10 / 20) - 0.2 * np.exp(-10 / 20))


def test_stdp_says_what_the_postsynaptic_neuron_lacks():
    before = SpikeGeneratorGroup(1, [0], [1] * ms)
    with pytest.raises(
        DefinitionError, match=r"pair_stdp requires g_ampa \(siemens\) of the postsynaptic neurons, but 'cell'"
    ):
        pair_stdp.connect(before, lif.group(1, name="cell"))


def test_a_receptor_needs_a_current_in_amp_and_the_variable_it_names():
    assert (lif + ampa + gaba_a).currents == ("I_ampa", "I_gaba_a")
    assert (lif + ampa).variables["g_ampa"] is siemens.dim
