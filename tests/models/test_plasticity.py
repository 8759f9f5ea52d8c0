"""Plasticity rules, each against its window, its closed form or a NumPy recursion of the paper's equations."""

import numpy as np
import pytest
from brian2 import Hz, Network, NeuronGroup, SpikeGeneratorGroup, StateMonitor, TimedArray, ms, mV, nA, nS, second

from bioplast import Neuron
from bioplast.models import (
    bcm,
    bcm_threshold,
    clopath_stdp,
    clopath_traces,
    dopamine,
    dopamine_synapse,
    firing_rate,
    guetig_stdp,
    hebbian_decay,
    oja,
    pair_stdp,
    pair_stdp_current,
    reward_stdp,
    sbp,
    sbp_sums,
    symmetric_stdp,
    synaptic_scaling,
    triplet_stdp,
    van_rossum_stdp,
    weight_normalisation,
    weight_sum,
)

STEP = 0.1  # ms
DT = STEP * ms
LAGS = np.array([-80.0, -30.0, -10.0, -1.0, 1.0, 10.0, 30.0, 80.0])


def raster(trains, steps, step=STEP):
    """Trains of times in ms as an array [steps, trains]."""
    fires = np.zeros((steps, len(trains)))
    for k, train in enumerate(trains):
        fires[np.round(np.asarray(train) / step).astype(int), k] = 1
    return fires


def firing(trains, equations, duration, step=STEP, **fields):
    """A neuron model whose neurons spike at the times given (ms)."""
    drive = TimedArray(raster(trains, round(duration / step) + 1, step), dt=step * ms)
    return Neuron(equations, threshold="drive(t, i) > 0.5", reset="", namespace={"drive": drive}, **fields)


def paired(rule, before, after, duration, equations="g_ampa : siemens", step=STEP, **values):
    """One synapse for each pair of trains (ms), after the simulation."""
    flat = np.concatenate([np.asarray(train, float) for train in before])
    indices = np.repeat(np.arange(len(before)), [len(train) for train in before])
    source = SpikeGeneratorGroup(len(before), indices, flat * ms, dt=step * ms)
    cells = firing(after, equations, duration, step).group(len(after), dt=step * ms)
    synapses = rule.connect(source, cells, j="i", dt=step * ms, **values)
    Network(source, cells, synapses).run(duration * ms)
    return synapses


# What every comparison with the window of `window` has.
WINDOW = dict(quantity="window", against="closed form", dt=STEP, duration=200)


def window(rule, equations="g_ampa : siemens", **values):
    """The weights after one pair of spikes at each of the lags, post - pre (ms)."""
    count = len(LAGS)
    synapses = paired(rule, [[100.0]] * count, (100 + LAGS)[:, None], 200, equations, **values)
    return np.asarray(synapses.w)


# ---- windows of pair STDP --------------------------------------------------------------------------------------------


def test_additive_stdp(ledger):
    expected = np.where(LAGS > 0, 0.005 * np.exp(-LAGS / 20), -0.00525 * np.exp(LAGS / 20))
    ledger(pair_stdp, found=window(pair_stdp) - 0.5, expected=expected, relative=1e-9, **WINDOW)
    of_current = window(pair_stdp_current, "I_syn : amp") - 0.5
    ledger(pair_stdp_current, found=of_current, expected=expected, relative=1e-9, **WINDOW)


@pytest.mark.parametrize("w", [0.1, 0.4])
def test_van_rossum_adds_a_constant_and_takes_a_fraction(w, ledger):
    found = window(van_rossum_stdp, w=w * nS) / 1e-9 - w
    expected = np.where(LAGS > 0, 0.007 * np.exp(-LAGS / 20), -0.003 * w * np.exp(LAGS / 20))
    ledger(van_rossum_stdp, found=found, expected=expected, relative=1e-8, **WINDOW)


@pytest.mark.parametrize("mu", [0, 0.5, 1])
@pytest.mark.parametrize("w", [0.2, 0.7])
def test_guetig_goes_from_additive_to_multiplicative(mu, w, ledger):
    found = window(guetig_stdp, mu=mu, w=w) - w
    up, down = 0.005 * (1 - w) ** mu, 0.005 * 1.05 * w**mu
    expected = np.where(LAGS > 0, up * np.exp(-LAGS / 20), -down * np.exp(LAGS / 20))
    ledger(guetig_stdp, found=found, expected=expected, relative=1e-8, **WINDOW)


def test_symmetric_stdp_potentiates_in_either_order_above_a_bias(ledger):
    found = window(symmetric_stdp, "g_gaba_a : siemens") - 0.5
    expected = 0.01 * (np.exp(-np.abs(LAGS) / 20) - 2 * 5 * 0.02)
    ledger(symmetric_stdp, found=found, expected=expected, relative=1e-9, **WINDOW)
    np.testing.assert_allclose(found, found[::-1], rtol=1e-9)


@pytest.mark.parametrize("rule", [guetig_stdp, symmetric_stdp, triplet_stdp])
def test_weights_stay_within_their_bounds(rule):
    equations = "g_ampa : siemens\ng_gaba_a : siemens"
    rates = {name: 0.9 for name in ("eta", "A3_plus", "A2_minus") if name in rule.parameters}
    trains = [[10, 40, 70, 100], [12, 42, 72, 102]]
    synapses = paired(rule, trains, trains[::-1], 150, equations, **rates)
    top = float(np.max(synapses.w_max)) if "w_max" in rule.parameters else 1
    assert np.all((synapses.w >= 0) & (synapses.w <= top))


# ---- triplets --------------------------------------------------------------------------------------------------------


def triplet_recursion(pre, post, w=1.0):
    """Equations 3 and 4 of Pfister and Gerstner (2006), event by event; times in ms, no two at once."""
    r_1 = r_2 = o_1 = o_2 = last = 0.0
    for time, is_pre in sorted([(t, True) for t in pre] + [(t, False) for t in post]):
        passed, last = time - last, time
        r_1, r_2 = r_1 * np.exp(-passed / 16.8), r_2 * np.exp(-passed / 101)
        o_1, o_2 = o_1 * np.exp(-passed / 33.7), o_2 * np.exp(-passed / 125)
        if is_pre:
            w -= o_1 * (7e-3 + 2.3e-4 * r_2)
            r_1, r_2 = r_1 + 1, r_2 + 1
        else:
            w += r_1 * (5e-10 + 6.2e-3 * o_2)
            o_1, o_2 = o_1 + 1, o_2 + 1
    return w


def test_triplet_stdp_follows_the_recursion_event_by_event(ledger):
    rng = np.random.default_rng(0)
    steps = [np.sort(rng.choice(4900, 30, replace=False) + 20) for _ in range(6)]
    pre, post = [s[::2] * STEP for s in steps], [s[1::3] * STEP for s in steps]  # disjoint where not both even and odd
    pre = [np.setdiff1d(a, b) for a, b in zip(pre, post, strict=True)]
    found = paired(triplet_stdp, pre, post, 500)
    expected = [triplet_recursion(a, b) for a, b in zip(pre, post, strict=True)]
    ledger(triplet_stdp, quantity="weight after 30 spikes at random", against="recursion of the paper", found=found.w,
           expected=expected, relative=1e-10, dt=STEP, duration=500)  # fmt: skip


def test_triplet_stdp_has_the_frequency_dependence_of_visual_cortex(ledger):
    frequencies = np.array([10, 20, 40, 50])
    pre = [20 + 1000 / f * np.arange(60) for f in frequencies]
    found = {}
    for lag in (10, -10):
        after = [train + lag for train in pre]
        found[lag] = np.asarray(paired(triplet_stdp, pre, after, 6100, step=1).w) - 1
        ledger(triplet_stdp, quantity=f"change by 60 pairs at 10 to 50 Hz, lag {lag} ms",
               against="recursion of the paper", found=found[lag],
               expected=[triplet_recursion(a, b) - 1 for a, b in zip(pre, after, strict=True)], relative=1e-7, dt=1,
               duration=6100)  # fmt: skip
    # Sjoestroem et al. (2001), as listed by Pfister and Gerstner: mean and standard error at 10, 20, 40 and 50 Hz.
    measured = {10: [0.14, 0.29, 0.53, 0.56], -10: [-0.41, -0.34, 0.56, 0.75]}
    error = {10: [0.10, 0.14, 0.11, 0.26], -10: [0.11, 0.10, 0.32, 0.19]}
    for lag in (10, -10):
        ledger(triplet_stdp, quantity=f"change by 60 pairs at 10 to 50 Hz, lag {lag} ms, in standard errors",
               against="Sjoestroem et al. (2001), measured", found=found[lag] / error[lag],
               expected=np.divide(measured[lag], error[lag]), absolute=2, unit="standard errors", dt=1,
               duration=6100)  # fmt: skip
    assert np.all(np.diff(found[10]) > 0)
    np.testing.assert_array_equal(np.sign(found[-10]), np.sign(measured[-10]))


# ---- reward ----------------------------------------------------------------------------------------------------------


def test_eligibility_waits_for_dopamine(ledger):
    lag, reward, duration = 10.0, 500.0, 1500.0
    cell = firing([[100 + lag], [100 - lag]], "g_ampa : siemens", duration, method="exact") + dopamine
    cells = cell.group(2, dt=DT)
    source = SpikeGeneratorGroup(2, [0, 1], [100, 100] * ms, dt=DT)
    midbrain = SpikeGeneratorGroup(1, [0], [reward] * ms, dt=DT)
    plastic = reward_stdp.connect(source, cells, j="i", dt=DT)
    release = dopamine_synapse.connect(midbrain, cells, dt=DT)
    trace = StateMonitor(plastic, ["c", "s"], record=True, dt=DT)
    Network(source, midbrain, cells, plastic, release, trace).run(duration * ms)
    t = np.asarray(trace.t / ms)
    start = np.array([100 + lag, 100])  # the later spike of each pair
    jump = np.array([0.1, -0.15]) * np.exp(-lag / 20)
    since = np.clip(t[None] - start[:, None] - STEP, 0, None)
    c = np.where(t[None] > start[:, None] + STEP / 2, jump[:, None] * np.exp(-since / 1000), 0)
    told = dict(against="closed form", dt=STEP, duration=duration)
    ledger(reward_stdp, quantity="eligibility c", found=trace.c, expected=c, relative=1e-9, absolute=1e-15, **told)
    # ds/dt = c (DA_0 + DA)/tau_s: the tonic and the phasic part of the integral, in ms.
    rest = np.clip(t - reward - STEP, 0, None)
    rate = 1 / 1000 + 1 / 200
    eligible = jump[:, None] * np.exp(-(reward + STEP - start[:, None] - STEP) / 1000)
    tonic = 0.002 * jump[:, None] * 1000 * (1 - np.exp(-since / 1000))
    phasic = 0.5 * eligible * (1 - np.exp(-rate * rest[None])) / rate
    s = 1 + (tonic + phasic) / 10
    # Euler: dt/tau_DA is 5e-4
    ledger(reward_stdp, dopamine, dopamine_synapse, quantity="change of the strength s", found=np.asarray(trace.s) - 1,
           expected=s - 1, of_largest=1e-3, **told)  # fmt: skip
    before = np.searchsorted(t, reward)
    assert s[0, -1] - 1 > 10 * (s[0, before] - 1) > 0
    assert s[1, -1] - 1 < 10 * (s[1, before] - 1) < 0


# ---- voltage ---------------------------------------------------------------------------------------------------------


def test_clopath_follows_a_numpy_integration_of_its_equations(ledger):
    rng = np.random.default_rng(1)
    steps = 2000
    noise = np.cumsum(rng.normal(0, 0.6, (steps, 3)), axis=0) * 0.3
    v = -68 + noise - noise.mean(axis=0) + [0, 6, 24]
    v[300::400] = 30  # spikes
    v[301::400] = 10
    pre = [np.arange(10, 190, 25.0), np.arange(12, 190, 13.0), np.arange(5, 190, 40.0)]
    wave = {"wave": TimedArray(v * mV, dt=DT)}
    cell = Neuron("v = wave(t, i) : volt\ng_ampa : siemens", namespace=wave, method="euler")
    group = (cell + clopath_traces).group(3, dt=DT, u_minus=-70 * mV, u_plus=-70 * mV, name="a_cells")
    indices = np.repeat(np.arange(3), [len(train) for train in pre])
    source = SpikeGeneratorGroup(3, indices, np.concatenate(pre) * ms, dt=DT)
    synapses = clopath_stdp.connect(
        source, group, j="i", dt=DT, name="b_clopath", namespace=wave
    )  # sorted: the cells go first
    trace = StateMonitor(synapses, ["w", "x"], record=True, dt=DT)
    Network(source, group, synapses, trace).run(steps * DT)

    fires = raster(pre, steps)
    w, x, u_minus, u_plus = np.ones(3), np.zeros(3), np.full(3, -70.0), np.full(3, -70.0)  # per ms, mV
    expected = np.empty((steps, 3))
    for n in range(steps):
        expected[n] = w
        u_minus, u_plus = u_minus + STEP * (v[n] - u_minus) / 10, u_plus + STEP * (v[n] - u_plus) / 7
        grows = 8e-5 * x * np.clip(v[n] + 45.3, 0, None) * np.clip(u_plus + 70.6, 0, None) * (w < 3)
        w, x = w + STEP * grows, x - STEP * x / 15
        spikes = fires[n] > 0
        w = np.where(spikes, np.clip(w - 14e-5 * np.clip(u_minus + 70.6, 0, None), 0, 3), w)
        x = x + spikes / 15
    ledger(clopath_stdp, clopath_traces, quantity="weight under a random potential",
           against="NumPy loop of the paper's equations", found=np.asarray(trace.w).T[1:], expected=expected[1:],
           relative=1e-10, dt=STEP, duration=steps * STEP)  # fmt: skip
    assert expected.max() > 1.01 and expected.min() < 0.999


def test_clopath_depresses_below_and_potentiates_above_its_thresholds(ledger):
    """A presynaptic train onto a clamped cell: closed forms of Methods, for a potential that does not change."""
    potentials = np.array([-75.0, -65.0, -50.0, -30.0])
    cell = Neuron("v : volt\ng_ampa : siemens", method="euler") + clopath_traces
    group = cell.group(4, dt=DT, v=potentials * mV)
    times = np.arange(10, 500, 50.0)
    source = SpikeGeneratorGroup(1, np.zeros(len(times), int), times * ms, dt=DT)
    synapses = clopath_stdp.connect(source, group, dt=DT)
    Network(source, group, synapses).run(700 * ms)
    above = np.clip(potentials + 70.6, 0, None)
    # each spike: depression A_LTD [u - theta_-]+, and a trace of area 1 that potentiates
    change = len(times) * (-14e-5 * above + 8e-5 * np.clip(potentials + 45.3, 0, None) * above)
    ledger(clopath_stdp, clopath_traces, quantity="change at four clamped potentials", against="closed form",
           found=np.asarray(synapses.w) - 1, expected=change, relative=1e-6, absolute=1e-15, dt=STEP,
           duration=700)  # fmt: skip


# ---- rates -----------------------------------------------------------------------------------------------------------


def linear_neurons(rule, patterns, w, duration, cells=1, **values):
    """Neurons whose rates are weighted sums of their inputs' (Hz, [steps, inputs]).

    Their weights [steps, inputs, cells] and rates [steps, cells] at each step; `values` are of each neuron or of all.
    """
    step = 1 * ms
    names = {"pattern": TimedArray(patterns, dt=step)}
    inputs = NeuronGroup(patterns.shape[1], "nu = pattern(t, i)*Hz : Hz", threshold="False", namespace=names, dt=step)
    cell = Neuron("nu : Hz\ng_ampa : siemens").group(cells, dt=step)
    summing = rule.replace(equations=rule.equations + "\nnu_post = w*nu_pre : Hz (summed)", requires_pre={"nu": Hz})
    values = {name: value if np.ndim(value) == 0 else np.tile(value, len(w)) for name, value in values.items()}
    synapses = summing.connect(inputs, cell, dt=step, w=np.repeat(w, cells), namespace=names, **values)
    trace = StateMonitor(synapses, "w", record=True, dt=step)
    rate = StateMonitor(cell, "nu", record=True, dt=step, when="end")
    Network(inputs, cell, synapses, trace, rate).run(duration * step)
    return np.asarray(trace.w).T.reshape(-1, len(w), cells), np.asarray(rate.nu).T


ALPHAS = [1.0, 4.0]


@pytest.fixture(scope="module")
def oja_weights():
    """The patterns, the weights at the start, and those that follow with each alpha."""
    rng = np.random.default_rng(2)
    covariance = np.array([[3.0, 1.2, 0.3], [1.2, 2.0, 0.2], [0.3, 0.2, 0.5]])
    x = rng.multivariate_normal(np.zeros(3), covariance, 20000)
    start = np.array([0.3, 0.1, 0.6])
    found, _ = linear_neurons(oja, x, start, 20000, len(ALPHAS), eta=1 * second, alpha=ALPHAS)
    return x, start, dict(zip(ALPHAS, np.moveaxis(found, 2, 0), strict=True))


@pytest.mark.parametrize("alpha", ALPHAS)
def test_oja_finds_the_principal_component_with_norm_one_over_root_alpha(alpha, oja_weights, ledger):
    x, start, weights = oja_weights
    found = weights[alpha]
    w, expected = start, np.empty_like(found)
    for n, now in enumerate(x):
        expected[n] = w
        y = w @ now
        w = w + 1e-3 * (y * now - alpha * y**2 * w)
    told = dict(dt=1, duration=20000)
    ledger(oja, quantity=f"weights, alpha = {alpha:g}", against="NumPy loop of the rule", found=found,
           expected=expected, relative=1e-8, **told)  # fmt: skip
    late = found[-5000:].mean(axis=0)
    principal = np.linalg.eigh(np.cov(x.T))[1][:, -1]
    ledger(oja, quantity=f"norm of the weights, alpha = {alpha:g}", against="1/sqrt(alpha)",
           found=np.linalg.norm(late), expected=1 / np.sqrt(alpha), relative=0.02, **told)  # fmt: skip
    assert abs(late @ principal) / np.linalg.norm(late) > 0.998


def test_bcm_changes_its_sign_at_a_threshold_that_slides(ledger):
    step, steps = 1.0, 4000
    rates = np.array([4.0, 9.0, 11.0, 25.0])
    cell = Neuron("nu : Hz\ng_ampa : siemens", method="euler", name="cell") + bcm_threshold
    group = cell.group(4, dt=step * ms, nu=rates * Hz, name="a_cells")
    inputs = NeuronGroup(1, "nu : Hz", threshold="False", dt=step * ms)
    inputs.nu = 8 * Hz
    synapses = bcm.connect(inputs, group, dt=step * ms, eta=1e-6 * second**2, name="b_bcm")
    weights = StateMonitor(synapses, "w", record=True, dt=step * ms)
    threshold = StateMonitor(group, "theta_M", record=True, dt=step * ms)
    Network(inputs, group, synapses, weights, threshold).run(steps * step * ms)
    theta, w = np.full(4, 10.0), np.ones(4)
    thetas, expected = [], []
    for _ in range(steps):
        thetas.append(theta)
        expected.append(w)
        theta = theta + step / 1000 * (rates**2 / 10 - theta)
        w = w + step / 1000 * 1e-6 * 8 * rates * (rates - theta)
    told = dict(dt=step, duration=steps * step)
    loop = dict(against="NumPy loop of the rule", relative=1e-9, **told)
    ledger(bcm_threshold, quantity="threshold", found=threshold.theta_M / Hz, expected=np.transpose(thetas), **loop)
    ledger(bcm, quantity="weight", found=weights.w, expected=np.transpose(expected), **loop)
    first = weights.w[:, 1] - weights.w[:, 0]
    np.testing.assert_array_equal(np.sign(first), [-1, -1, 1, 1])  # theta_M is still near 10 Hz
    last = weights.w[:, -1] - weights.w[:, -2]
    np.testing.assert_array_equal(np.sign(last), [1, 1, -1, -1])  # theta_M has slid to nu**2/nu_0
    # The solution of its equation, up to Euler's dt/tau_theta.
    goal = rates**2 / 10
    exact = goal + (10 - goal) * np.exp(-(steps - 1) * step / 1000)
    ledger(bcm_threshold, quantity="threshold at the end", against="closed form", found=threshold.theta_M[:, -1] / Hz,
           expected=exact, relative=2e-3, **told)  # fmt: skip


def test_rules_of_rates_work_on_spiking_neurons():
    trains = [np.arange(5, 400, 20.0), np.arange(9, 400, 31.0)]
    pre = (firing(trains, "x : 1", 400) + firing_rate).group(2, dt=DT)
    cell = firing([np.arange(15, 400, 25.0)], "g_ampa : siemens", 400, method="euler") + firing_rate + bcm_threshold
    post = cell.group(1, dt=DT)
    growing = [rule.connect(pre, post, dt=DT) for rule in (oja, bcm)]
    Network(pre, post, *growing).run(400 * ms)
    assert float(post.nu[0] / Hz) == pytest.approx(40, rel=0.2)
    for synapses in growing:
        assert abs(synapses.w[0] - synapses.w[1]) > 1e-6  # the busier input changes its weight more


# ---- Hebbian with decay ----------------------------------------------------------------------------------------------


def test_hebbian_decay_is_the_step_of_the_paper(ledger):
    rng = np.random.default_rng(3)
    steps, step = 300, 1.0
    v = rng.uniform(-70, -45, (steps, 4))
    x = rng.random((steps, 5)) < 0.3
    n, k = np.nonzero(x)
    source = SpikeGeneratorGroup(5, k, n * step * ms, dt=step * ms)
    wave = {"wave": TimedArray(v * mV, dt=step * ms)}
    cell = Neuron("v = wave(t, i) : volt\nI_syn : amp", namespace=wave)
    group = cell.group(4, dt=step * ms)
    tau = -step / np.log(0.95)
    constants = {"tau_H": tau * ms, "eta": 0.9, "beta": 0.2, "alpha": 0.5 * nA, "H_max": 1.5}
    synapses = hebbian_decay.connect(source, group, dt=step * ms, namespace=wave, **constants)
    Network(source, group, synapses).run(steps * step * ms)
    H, current, clipped = np.zeros((5, 4)), np.zeros(4), 0
    for t in range(steps):
        current += 0.5 * x[t] @ H
        step_up = 0.9 * x[t][:, None] * np.tanh((v[t] + 60) / 10 - 0.2)
        clipped += np.sum(np.abs(H + step_up) > 1.5)
        H = 0.95 * np.clip(H + step_up, -1.5, 1.5)
    # The synapse holds the value of its last spike; what has decayed since then is applied at the next one.
    last = np.array([np.nonzero(x[:, i])[0][-1] for i in range(5)])
    decayed = np.asarray(synapses.H).reshape(5, 4) * 0.95 ** (steps - last)[:, None]
    told = dict(against="NumPy loop of the paper", relative=1e-9, dt=step, duration=steps * step)
    ledger(hebbian_decay, quantity="weights", found=decayed, expected=H, absolute=1e-12, **told)
    ledger(hebbian_decay, quantity="current", found=group.I_syn / nA, expected=current, **told)
    assert clipped > 20
    assert hebbian_decay.parameters["tau_H"].value / ms == pytest.approx(-1 / np.log(0.95), abs=0.01)


# ---- SBP -------------------------------------------------------------------------------------------------------------


def spread(P, D, behind=None):
    """The change of weights of one layer [pre, post] and what it sends back, as the authors' snnplasticitysbp.m."""

    def n(x):
        return x / x.sum() if x.sum() != 0 else x

    f, pre, post, bp = 0.2, 1.0, 0.5, 1.0
    P_pre = np.diag(1 + pre * f * n(P.sum(1))) @ P
    D_pre = np.diag(1 + pre * f * n(np.abs(D.sum(1)))) @ D
    D_post = D @ np.diag(1 + post * f * n(np.abs(D.sum(0))))
    if behind is None:
        return P_pre + (D_pre + D_post) / 2, (P_pre, D_pre)
    P_bp = P @ np.diag(1 + bp * f * n(behind[0].sum(1)))
    D_bp = D @ np.diag(1 + bp * f * n(behind[1].sum(1)))
    return (P_pre + P_bp) / 2 + (D_pre + D_post + D_bp) / 3, (P_pre, D_pre)


def three_layers(trains, duration):
    """Input, hidden and output, with the trains (ms) of each layer; the output synapses' sums are taken first."""
    layers = [
        (firing(train, "I_syn : amp", duration) + sbp_sums).group(len(train), dt=DT, name=name)
        for train, name in zip(trains, ("layer_0", "layer_1", "layer_2"), strict=True)
    ]
    hidden = sbp.connect(layers[0], layers[1], dt=DT, name="b_hidden")
    output = sbp.connect(layers[1], layers[2], h=0, dt=DT, name="a_output")
    return layers, hidden, output


@pytest.mark.parametrize("silent", [False, True])
def test_sbp_spreads_changes_as_the_authors_code_does(silent, ledger):
    rng = np.random.default_rng(4)
    layers, hidden, output = three_layers([[[]] * n for n in (4, 5, 3)], 2)
    changes = [rng.normal(0, 0.1, (4, 5)), rng.normal(0, 0.1, (5, 3))]
    if silent:
        changes[1][:] = -np.abs(changes[1])  # no potentiation behind: n(0) = 0
        changes[0][:, 2] = 0
    for synapses, change in zip((hidden, output), changes, strict=True):
        synapses.P = np.clip(change, 0, None).ravel()
        synapses.D = np.clip(change, None, 0).ravel()
        synapses.w = 0
        synapses.tau_SBP = 1e9 * second
    net = Network(*layers, hidden, output)
    net.run(5 * DT)  # the sums have reached every layer
    before = [np.array(synapses.w) for synapses in (hidden, output)]
    net.run(DT)
    scale = 0.1 * STEP * 1e-3 / 1e9  # alpha*dt/tau_SBP
    found = [(np.array(s.w) - b) / scale for s, b in zip((hidden, output), before, strict=True)]
    P, D = [np.clip(c, 0, None) for c in changes], [np.clip(c, None, 0) for c in changes]
    expected_output, behind = spread(P[1], D[1])
    expected_hidden, _ = spread(P[0], D[0], behind)
    told = dict(against="the authors' snnplasticitysbp.m, in NumPy", relative=1e-8, absolute=1e-12, dt=STEP)
    ledger(sbp, sbp_sums, quantity="spread in the last layer", found=found[1].reshape(5, 3), expected=expected_output,
           **told)  # fmt: skip
    ledger(sbp, sbp_sums, quantity="spread in a hidden layer", found=found[0].reshape(4, 5), expected=expected_hidden,
           **told)  # fmt: skip


def test_sbp_on_spikes_is_the_recursion_step_by_step(ledger):
    rng = np.random.default_rng(5)
    duration = 200
    steps = round(duration / STEP)
    # Odd steps before, even steps behind: no pair of spikes falls into one step.
    trains = [
        [np.sort(rng.choice(np.arange(10 + layer % 2, steps - 10, 2), 8, replace=False)) * STEP for _ in range(size)]
        for layer, size in enumerate((4, 5, 3))
    ]
    layers, hidden, output = three_layers(trains, duration)
    Network(*layers, hidden, output).run(duration * ms)

    fires = [raster(train, steps) > 0 for train in trains]
    w = [np.full((4, 5), 0.5), np.full((5, 3), 0.5)]
    P, D = [np.zeros_like(x) for x in w], [np.zeros_like(x) for x in w]
    r, o = [np.zeros((4, 1)), np.zeros((5, 1))], [np.zeros((1, 5)), np.zeros((1, 3))]
    decay = np.exp(-STEP / 20)
    for step in range(steps):
        change, behind = spread(P[1], D[1])
        w[1] = w[1] + 0.1 * STEP / 50 * change
        w[0] = w[0] + 0.1 * STEP / 50 * spread(P[0], D[0], behind)[0]
        for layer in (0, 1):
            P[layer], D[layer] = P[layer] * (1 - STEP / 50), D[layer] * (1 - STEP / 50)
            r[layer], o[layer] = r[layer] * decay, o[layer] * decay
            pre, post = fires[layer][step][:, None], fires[layer + 1][step][None]
            D[layer] = D[layer] - pre * 0.00525 * o[layer]
            P[layer] = P[layer] + post * 0.005 * r[layer]
            r[layer], o[layer] = r[layer] + pre, o[layer] + post
    told = dict(against="NumPy loop of the paper's equations", relative=1e-9, dt=STEP, duration=duration)
    ledger(sbp, sbp_sums, quantity="output weights", found=np.asarray(output.w).reshape(5, 3), expected=w[1], **told)
    ledger(sbp, sbp_sums, quantity="hidden weights", found=np.asarray(hidden.w).reshape(4, 5), expected=w[0], **told)
    assert np.ptp(w[0]) > 1e-4
    # Without its backward spread the hidden layer would learn something else.
    assert np.abs(w[0] - 0.5).max() > 1e-4


# ---- homeostasis -----------------------------------------------------------------------------------------------------


def test_scaling_brings_the_rate_to_its_goal_and_keeps_the_ratios(ledger):
    start = np.array([0.5, 1.0, 2.5])
    x = np.tile([4.0, 2.0, 1.0], (10000, 1))
    found, nu = (values[..., 0] for values in linear_neurons(synaptic_scaling, x, start, 10000, beta=0.1, gamma=0 * Hz))
    assert nu[0] == pytest.approx(start @ x[0])
    assert nu[-1] == pytest.approx(20, rel=1e-6)
    np.testing.assert_allclose(found[-1] / found[-1].sum(), start / start.sum(), rtol=1e-9)
    # A linear neuron: dnu/dt = beta nu (goal - nu), the logistic equation.
    t = 1e-3 * np.arange(10000)
    logistic = 20 / (1 + (20 / nu[0] - 1) * np.exp(-0.1 * 20 * t))
    ledger(synaptic_scaling, quantity="rate of a linear neuron", against="logistic equation", found=nu,
           expected=logistic, relative=2e-3, dt=1, duration=10000)  # fmt: skip


def test_scaling_integrates_the_error_that_remains(ledger):
    x = np.tile([4.0, 2.0], (2000, 1))
    found = linear_neurons(synaptic_scaling, x, np.ones(2), 2000, beta=0.01, gamma=0.02 * Hz)[0][..., 0]
    w, q = np.ones(2), 0.0
    expected = []
    for _ in range(2000):
        expected.append(w)
        error = 20 - w @ x[0]
        w, q = w + 1e-3 * (0.01 * w * error + 0.02 * w * q), q + 1e-3 * error
    ledger(synaptic_scaling, quantity="weights", against="NumPy loop of the rule", found=found,
           expected=np.array(expected), relative=1e-9, dt=1, duration=2000)  # fmt: skip


def test_normalisation_keeps_the_sum_and_the_ratios(ledger):
    start = np.array([[10.0, 20.0], [1.0, 50.0], [2.0, 8.0]])
    inputs = NeuronGroup(3, "x : 1", threshold="False", dt=DT)
    cells = (Neuron("g_ampa : siemens") + weight_sum).group(2, dt=DT)
    synapses = weight_normalisation.connect(inputs, cells, dt=DT, w=start.ravel())
    Network(inputs, cells, synapses).run(3000 * ms)
    w = np.asarray(synapses.w).reshape(3, 2)
    ledger(weight_normalisation, weight_sum, quantity="weights, their sum and ratios kept", against="closed form",
           found=w, expected=78 * start / start.sum(0), relative=2e-9, dt=STEP, duration=3000)  # fmt: skip
