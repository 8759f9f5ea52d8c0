"""Receptors and synapses without plasticity, each against a closed form or SciPy's integration of its equations."""

import pickle

import numpy as np
import pytest
from brian2 import (
    Mohm,
    Network,
    NeuronGroup,
    SpikeGeneratorGroup,
    StateMonitor,
    TimedArray,
    amp,
    mmolar,
    ms,
    mV,
    nA,
    nS,
    pA,
    siemens,
    volt,
)
from scipy.integrate import solve_ivp

from bioplast import Neuron, Parameter, Receptor, Synapse
from bioplast.errors import DefinitionError, UnknownName
from bioplast.models import (
    alpha_current,
    alpha_synapse,
    delta_synapse,
    depressing_synapse,
    exponential_current,
    firing_rate,
    gaba_b,
    gaba_b_synapse,
    gap_current,
    gap_junction,
    izhikevich_2003,
    lif,
    nmda,
    nmda_synapse,
    tsodyks_markram,
)

DT = 0.1 * ms
# A voltage clamp: v stays, and without a membrane the receptors are linear, so that Brian2 integrates them exactly.
CLAMP = Neuron("v : volt\nmeasured = I : amp", input="I", method="exact", name="clamp")


def clamped(cell, synapse, variables, times=(5, 8), duration=60 * ms, v=-60 * mV, **values):
    """Presynaptic spikes (ms) onto one clamped cell: the times (ms) of the steps and the variables at their start."""
    source = SpikeGeneratorGroup(1, np.zeros(len(times), int), times * ms, dt=DT)
    group = cell.group(1, dt=DT, v=v)
    synapses = synapse.connect(source, group, dt=DT, **values)
    trace = StateMonitor(group, variables, record=0, dt=DT)
    Network(source, group, synapses, trace).run(duration)
    return np.asarray(trace.t / ms), {name: np.asarray(getattr(trace, name)[0]) for name in variables}


# What every comparison with a closed form of `clamped` has.
CLOSED = dict(against="closed form", dt=0.1, duration=60)


def summed(kernel, t, times=(5, 8)):
    """A kernel of the time since the arrival of each spike, which acts at the end of the step in which it is sent."""
    since = t[:, None] - (np.asarray(times) + 0.1)
    return np.where(since > -0.05, kernel(np.clip(since, 0, None)), 0).sum(axis=1)


def test_the_delta_synapse_moves_the_potential_at_once(ledger):
    leak = Neuron("dv/dt = -v/tau : volt", method="exact", parameters={"tau": Parameter(10 * ms)})
    t, found = clamped(leak, delta_synapse, ["v"], v=0 * mV, w=0.3 * mV)
    ledger(delta_synapse, quantity="v after two spikes", found=found["v"],
           expected=0.3e-3 * summed(lambda s: np.exp(-s / 10), t), relative=1e-12, absolute=1e-18,
           **CLOSED)  # fmt: skip


def test_the_alpha_synapse_peaks_at_its_weight_after_its_time_constant(ledger):
    t, found = clamped(CLAMP + alpha_current, alpha_synapse, ["I_alpha", "measured"], w=0.2 * nA)
    expected = 0.2e-9 * summed(lambda s: s / 5 * np.exp(1 - s / 5), t)
    ledger(alpha_current, alpha_synapse, quantity="current after two spikes", found=found["I_alpha"],
           expected=expected, relative=1e-10, absolute=1e-22, **CLOSED)  # fmt: skip
    np.testing.assert_array_equal(found["measured"], found["I_alpha"])
    t, found = clamped(CLAMP + alpha_current, alpha_synapse, ["I_alpha"], times=(5,), w=0.2 * nA)
    assert found["I_alpha"].max() == pytest.approx(0.2e-9, rel=1e-10)
    assert t[found["I_alpha"].argmax()] == pytest.approx(5.1 + 5)


def test_nmda_rises_and_decays_as_a_difference_of_exponentials(ledger):
    t, found = clamped(CLAMP + nmda, nmda_synapse, ["g_nmda", "I_nmda"], w=2 * nS)
    expected = 2e-9 * summed(lambda s: 100 / 98 * (np.exp(-s / 100) - np.exp(-s / 2)), t)
    ledger(nmda, nmda_synapse, quantity="conductance after two spikes", found=found["g_nmda"], expected=expected,
           relative=1e-10, absolute=1e-22, **CLOSED)  # fmt: skip
    block = 1 / (1 + np.exp(0.062 * 60) / 3.57)
    ledger(nmda, quantity="current", found=found["I_nmda"], expected=expected * block * 60e-3, relative=1e-10,
           absolute=1e-22, **CLOSED)  # fmt: skip


# 1/(1 + [Mg]/3.57 mM * exp(-0.062 V/mV)), worked out by hand to four figures.
@pytest.mark.parametrize(
    ("v", "open_fraction"),
    [(-80, 0.02443), (-60, 0.07963), (-40, 0.2302), (-20, 0.5082), (0, 0.7812), (20, 0.9250), (40, 0.9771)],
)
def test_the_magnesium_block_of_jahr_and_stevens_at_1_mm(v, open_fraction, ledger):
    group = (CLAMP + nmda).group(1, v=v * mV, g_nmda=1 * nS)
    Network(group).run(DT)
    ledger(nmda, quantity=f"open fraction at {v} mV", against="Jahr and Stevens (1990), by hand",
           found=float(group.B_nmda[0]), expected=open_fraction, relative=5e-4)  # fmt: skip


def test_half_of_the_nmda_channels_are_blocked_at_minus_20_5_mv_and_none_without_magnesium():
    half = -np.log(3.57) / 0.062
    group = (CLAMP + nmda).group(3, v=[half, half - np.log(2) / 0.062, -80] * mV, Mg=[1, 0.5, 0] * mmolar)
    Network(group).run(DT)
    np.testing.assert_allclose(group.B_nmda, [0.5, 1 / (1 + 0.5 * np.exp(-0.062 * group.v[1] / mV) / 3.57), 1])
    assert half == pytest.approx(-20.5, abs=0.05)


def test_nmda_drives_a_leaky_neuron_and_opens_as_it_depolarises():
    group = (lif + nmda).group(1, dt=DT, v_th=0 * mV, I=0.05 * nA, g_nmda=20 * nS)
    trace = StateMonitor(group, ["v", "B_nmda"], record=0, dt=DT)
    Network(group, trace).run(50 * ms)
    assert trace.B_nmda[0][-1] > 1.5 * trace.B_nmda[0][1]


def gaba_b_truth(times, t):
    """R and G of Destexhe's scheme by SciPy, from spike to spike; G in uM, times in ms."""
    state, at, found = np.zeros(3), 0.0, []
    for end in [*(np.asarray(times) + 0.1), t[-1] + 1]:
        inside = t[(t >= at - 1e-9) & (t < end - 1e-9)]

        def slope(_, y):
            transmitter, bound, protein = y
            return [
                -transmitter / 0.3,
                0.52 * transmitter * (1 - bound) - 0.0013 * bound,
                0.098 * bound - 0.033 * protein,
            ]

        solved = solve_ivp(
            slope, (at, end), state, t_eval=[*np.clip(inside, at, end), end], rtol=1e-11, atol=1e-14, method="DOP853"
        )
        found.append(solved.y[:, :-1])
        state, at = solved.y[:, -1] + [0.5, 0, 0], end
    return np.concatenate(found, axis=1)


def test_gaba_b_follows_its_kinetic_scheme_and_needs_a_burst(ledger):
    peaks = {}
    for spikes in (1, 10):
        times = 5.0 + 5 * np.arange(spikes)
        cell = (CLAMP + gaba_b).replace(method="rk4")
        names = ["R_gaba_b", "G_gaba_b", "I_gaba_b"]
        t, found = clamped(cell, gaba_b_synapse, names, times=times, duration=400 * ms)
        _, bound, protein = gaba_b_truth(times, t)
        current = 60e-9 * protein**4 / (protein**4 + 100) * (-95e-3 + 60e-3)
        for name, expected, largest in zip(names, (bound, protein, current), (1e-4, 1e-4, 5e-4), strict=True):
            ledger(gaba_b, gaba_b_synapse, quantity=f"{name[0]} after {spikes} spikes", found=found[name],
                   against="Destexhe's scheme by SciPy's DOP853", expected=expected, of_largest=largest, dt=0.1,
                   duration=400)  # fmt: skip
        peaks[spikes] = np.abs(found["I_gaba_b"]).max()
    assert peaks[10] > 100 * peaks[1]


# ---- short-term plasticity -------------------------------------------------------------------------------------------


FREQUENCIES = (10, 20, 50, 100)


def amplitudes(synapse, duration=6000):
    """The jumps of the current (pA) at each spike of a regular train, for each frequency; times in ms."""
    step = 1.0
    trains = [np.arange(5, duration - 5, 1000 // frequency) for frequency in FREQUENCIES]
    indices = np.repeat(np.arange(len(trains)), [len(train) for train in trains])
    source = SpikeGeneratorGroup(len(trains), indices, np.concatenate(trains) * ms, dt=step * ms)
    cells = (CLAMP + exponential_current).group(len(trains), dt=step * ms, tau_syn=3 * ms)
    synapses = synapse.connect(source, cells, j="i", dt=step * ms)
    trace = StateMonitor(cells, "I_syn", record=True, dt=step * ms)
    Network(source, cells, synapses, trace).run(duration * ms)
    current = np.asarray(trace.I_syn) / 1e-12
    return [row[train + 1] - row[train] * np.exp(-step / 3) for row, train in zip(current, trains, strict=True)]


def test_facilitation_follows_the_recursion_and_reaches_its_steady_state(ledger):
    U, tau_f, tau_r, A = 0.03, 530, 130, 1540
    for frequency, found in zip(FREQUENCIES, amplitudes(tsodyks_markram), strict=True):
        decay_u, decay_x = np.exp(-1000 / frequency / tau_f), np.exp(-1000 / frequency / tau_r)
        u, x, expected = 0.0, 1.0, []
        for _ in found:
            u += U * (1 - u)
            expected.append(A * u * x)
            x -= u * x
            u, x = u * decay_u, 1 - (1 - x) * decay_x
        ledger(tsodyks_markram, quantity=f"current of each spike at {frequency} Hz", against="recursion of the paper",
               found=found, expected=np.array(expected), relative=1e-8, dt=1, duration=6000)  # fmt: skip
        assert found[0] == pytest.approx(A * U, rel=1e-10)
        u = U / (1 - (1 - U) * decay_u)
        steady = A * u * (1 - decay_x) / (1 - (1 - u) * decay_x)
        # exp(-6000/530) is 1.2e-5
        ledger(tsodyks_markram, quantity=f"steady state at {frequency} Hz", against="closed form", found=found[-1],
               expected=steady, relative=1e-4, dt=1, duration=6000)  # fmt: skip


def test_depression_reaches_its_steady_state_and_falls_as_one_over_the_rate(ledger):
    for frequency, found in zip(FREQUENCIES, amplitudes(depressing_synapse), strict=True):
        decay = np.exp(-1000 / frequency / 800)
        assert found[0] == pytest.approx(250 * 0.5, rel=1e-10)
        ledger(depressing_synapse, quantity=f"steady state at {frequency} Hz", against="closed form", found=found[-1],
               expected=250 * 0.5 * (1 - decay) / (1 - 0.5 * decay), relative=1e-8, dt=1, duration=6000)  # fmt: skip
    assert found[-1] == pytest.approx(250 / (0.8 * 100), rel=0.02)  # the limit A/(tau_rec*rate) of high rates


# ---- gap junctions ---------------------------------------------------------------------------------------------------


def test_a_gap_junction_carries_the_difference_of_the_potentials(ledger):
    group = (CLAMP + gap_current).group(3, dt=DT, v=[-70, -50, -40] * mV)
    junctions = gap_junction.connect(group, i=[0, 1, 1, 2], j=[1, 0, 2, 1], g_gap=[2, 2, 3, 3] * nS, dt=DT)
    Network(group, junctions).run(DT)
    ledger(gap_current, gap_junction, quantity="current of three cells", against="Ohm's law",
           found=np.asarray(group.I_gap) / 1e-12, expected=[2 * 20, -2 * 20 + 3 * 10, -3 * 10], relative=1e-12,
           dt=0.1, duration=0.1)  # fmt: skip


def test_two_coupled_cells_approach_each_other_and_keep_their_mean(ledger):
    passive = Neuron(
        "dv/dt = (-v + R*I)/tau : volt",
        input="I",
        method="euler",
        parameters={"R": Parameter(100 * Mohm), "tau": Parameter(20 * ms)},
    )
    pair = (passive + gap_current).group(2, dt=DT, v=[10, 0] * mV)
    trace = StateMonitor(pair, "v", record=True, dt=DT)
    Network(pair, gap_junction.connect(pair, condition="i != j", g_gap=2 * nS, dt=DT), trace).run(20 * ms)
    first, second = np.asarray(trace.v / mV)
    steps = np.arange(len(first))
    # tau d(v1 - v2)/dt = -(1 + 2 g R)(v1 - v2), with Euler's steps; the mean only leaks.
    told = dict(against="closed form of Euler's steps", relative=1e-9, dt=0.1, duration=20)
    ledger(gap_current, gap_junction, quantity="difference of two passive cells", found=first - second,
           expected=10 * (1 - 0.1 / 20 * (1 + 2 * 0.2)) ** steps, **told)  # fmt: skip
    ledger(gap_current, gap_junction, quantity="sum of two passive cells", found=first + second,
           expected=10 * (1 - 0.1 / 20) ** steps, **told)  # fmt: skip


# ---- receptors without a current -------------------------------------------------------------------------------------


def test_the_firing_rate_is_the_low_pass_filtered_spike_train(ledger):
    fires = np.zeros((300, 1))
    fires[[50, 80, 200]] = 1
    cell = Neuron(
        "x : 1", threshold="raster(t, i) > 0.5", reset="x += 1", namespace={"raster": TimedArray(fires, dt=DT)}
    )
    group = (cell + firing_rate).group(1, dt=DT, method="exact")
    trace = StateMonitor(group, "nu", record=0, dt=DT)
    Network(group, trace).run(30 * ms)
    expected = summed(lambda s: np.exp(-s / 100) / 0.1, np.asarray(trace.t / ms), times=(5, 8, 20))
    ledger(firing_rate, quantity="rate after three spikes", against="closed form", found=np.asarray(trace.nu[0]),
           expected=expected, relative=1e-10, dt=0.1, duration=30)  # fmt: skip
    assert float(group.x[0]) == 3  # the neuron's own reset is still there


def test_a_receptor_may_be_a_mere_trace_that_follows_the_spikes():
    both = izhikevich_2003 + firing_rate
    assert both.currents == ()
    assert both.reset == "v = c; u += d\nnu += 1/tau_nu"
    assert "nu += 1/tau_nu" in str(firing_rate)
    assert (CLAMP + Receptor("y : 1", name="y")).reset is None
    with pytest.raises(DefinitionError, match="firing_rate follows the spikes of clamp, which has no threshold"):
        CLAMP + firing_rate
    with pytest.raises(DefinitionError, match="tau is a parameter, which stays constant"):
        Receptor("dy/dt = -y/tau : 1", reset="tau += 1*ms", parameters={"tau": Parameter(1 * ms)})
    with pytest.raises(UnknownName, match="'yy': did you mean 'y'"):
        Receptor("y : 1", reset="yy += y")


def test_only_the_unit_of_what_is_required_counts():
    one, other = (Synapse("w : siemens", on_pre="g_post += w", requires_post={"g": unit}) for unit in (nS, siemens))
    assert one == other
    counting = Synapse("w : 1", on_pre="n_post += w", requires_post={"n": 1})
    assert pickle.loads(pickle.dumps(counting)) == counting


def test_numbers_are_set_before_the_initial_values_that_use_them():
    follower = Neuron("v : volt\ndu/dt = (v - u)/ms : volt", initial={"u": "v"})
    group = follower.group(2, v=[-70, -60] * mV)
    np.testing.assert_array_equal(np.asarray(group.u), np.asarray(group.v))


def test_synapses_take_the_method_of_the_one_that_is_integrated():
    stepped = Synapse("dx/dt = -x/ms : 1 (clock-driven)", method="euler")
    plain = Synapse("y : 1", on_pre="y += 1")
    assert (stepped + plain).method == (plain + stepped).method == "euler"
    with pytest.raises(DefinitionError, match="differ in method"):
        stepped + Synapse("dz/dt = -z/ms : 1 (clock-driven)", method="exact")


def test_what_a_synapse_needs_of_the_neuron_is_named():
    source = SpikeGeneratorGroup(1, [0], [1] * ms)
    with pytest.raises(DefinitionError, match=r"nmda_synapse requires x_nmda \(siemens\) of the postsynaptic neurons"):
        nmda_synapse.connect(source, NeuronGroup(1, "v : volt", name="bare"))
    with pytest.raises(DefinitionError, match=r"gap_junction requires v \(volt\) of the presynaptic neurons"):
        gap_junction.connect(source, (CLAMP + gap_current).group(1))
    assert (lif + gap_current).variables["I_gap"] is amp.dim
    assert gap_junction.requires_pre["v"].dim is volt.dim
    assert tsodyks_markram.parameters["A"].value == 1540 * pA
