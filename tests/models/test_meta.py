"""Meta-neurons: the MDN against the paper's loop, and a meta-LIF that is exactly LIF until something couples to it."""

import numpy as np
import pytest
from brian2 import Network, SpikeGeneratorGroup, SpikeMonitor, StateMonitor, Synapses, TimedArray, ms, mV, nA, seed
from support import zoo_truth

from bioplast.models import lif, mdn, meta_lif, probabilistic_meta_lif

DRIVE = np.linspace(0.05, 0.8, 8) * nA


# ---- MDN ---------------------------------------------------------------------------------------------------------


def test_mdn_is_the_loop_of_the_paper(ledger):
    # Cheng et al. (2023): on a spike v <- c, u <- u + d; then v += v^2 - v - u + I; u += a*(b*v_old - u).
    rng = np.random.default_rng(0)
    steps, cells = 200, 12
    a, b = rng.uniform(0.01, 0.2, cells), rng.uniform(0, 0.5, cells)
    c, d = rng.uniform(-0.3, 0.2, cells), rng.uniform(0.0, 0.2, cells)
    drive = 1 / (1 + np.exp(-rng.normal(size=(steps, cells))))
    v, u, spiked = np.zeros(cells), np.full(cells, 0.08), np.zeros(cells, dtype=bool)
    voltages, recoveries, raster = [], [], []
    for k in range(steps):
        v, u = np.where(spiked, c, v), np.where(spiked, u + d, u)
        voltages.append(v)
        recoveries.append(u)
        v, u = v + v**2 - v - u + drive[k], u + a * (b * v - u)
        spiked = v > 0.5
        raster.append(spiked)
    assert 50 < np.sum(raster) < steps * cells / 2
    trains, traces = zoo_truth.run(
        mdn, cells, steps, variables=("v", "u"), a=a, b=b, c=c, d=d, I="drive(t, i)",
        namespace={"drive": TimedArray(drive, dt=1 * ms)},
    )  # fmt: skip
    for cell, train in enumerate(trains):
        np.testing.assert_array_equal(np.rint(train), np.flatnonzero(np.array(raster)[:, cell]))
    told = dict(against="NumPy loop of the paper", absolute=1e-9, unit="1", dt=1, duration=steps)
    ledger(mdn, quantity="v", found=traces["v"], expected=voltages, **told)
    ledger(mdn, quantity="u", found=traces["u"], expected=recoveries, **told)


def test_the_four_numbers_of_an_mdn_are_learned_for_each_neuron():
    for name, value in {"a": 0.02, "b": 0.2, "c": 0.0, "d": 0.08}.items():
        parameter = mdn.parameters[name]
        assert not parameter.shared
        assert float(parameter.value) == value
        assert parameter.low < value < parameter.high


# ---- meta-LIF ----------------------------------------------------------------------------------------------------


def test_without_couplings_it_is_exactly_lif():
    plain, plain_traces = zoo_truth.run(lif, 8, 300, dt=0.1 * ms, I=DRIVE, variables=("v",))
    meta, meta_traces = zoo_truth.run(meta_lif, 8, 300, dt=0.1 * ms, I=DRIVE, variables=("v",))
    assert sum(map(len, plain)) > 100
    for one, other in zip(plain, meta, strict=True):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(plain_traces["v"], meta_traces["v"])


def test_the_threshold_follows_its_own_activity(ledger):
    trains, traces = zoo_truth.run(
        meta_lif, 2, 400, I=0.4 * nA, alpha_theta=[0, 2] * mV, variables=("x", "theta")
    )  # fmt: skip
    fixed, adaptive = map(np.diff, trains)
    assert np.ptp(fixed) < 1e-9
    assert (np.diff(adaptive) >= -1e-9).all()
    assert adaptive[-1] > 1.2 * adaptive[0]
    # x is the sum of the exponentials that its spikes left; a spike counts from the end of its step.
    t = 0.1 * np.arange(4000)
    lags = t[:, None] - (trains[1] + 0.1)
    x = np.where(lags > -1e-9, np.exp(-lags / 100), 0).sum(axis=1)
    told = dict(against="closed form", relative=1e-9, dt=0.1, duration=400)
    ledger(meta_lif, quantity="activity x", found=traces["x"][:, 1], expected=x, absolute=1e-12, **told)
    ledger(meta_lif, quantity="threshold", found=traces["theta"][:, 1], expected=-0.05 + 0.002 * x, **told)


def test_the_time_constant_follows_the_feedback(ledger):
    # Below threshold the membrane relaxes with tau = tau_m*exp(beta_tau*F), held over each step.
    feedback = np.array([-1.0, 0.0, 0.5])
    _, traces = zoo_truth.run(
        meta_lif, 3, 50, F=feedback, beta_tau=0.8, v=-70 * mV, I=0.05 * nA, variables=("v",)
    )  # fmt: skip
    t = 0.1 * np.arange(500)
    tau = 20 * np.exp(0.8 * feedback)
    expected = -55 - 15 * np.exp(-t[:, None] / tau)
    ledger(meta_lif, quantity="v under feedback", against="closed form", found=traces["v"] * 1e3, expected=expected,
           relative=1e-9, dt=0.1, duration=50)  # fmt: skip


def test_the_feedback_may_come_through_synapses():
    cells = meta_lif.group(2, dt=0.1 * ms, I=0.3 * nA, beta_theta=30 * mV)
    error = SpikeGeneratorGroup(1, [0], [100] * ms, dt=0.1 * ms)
    back = Synapses(error, cells, on_pre="F_post += 1", dt=0.1 * ms)
    back.connect(i=0, j=1)
    spikes = SpikeMonitor(cells)
    Network(cells, error, back, spikes).run(200 * ms)
    trains = spikes.spike_trains()
    assert trains[0][-1] > 190 * ms
    assert 90 * ms < trains[1][-1] < 101 * ms  # a threshold 30 mV higher is out of reach


def test_the_users_own_update_function_takes_part():
    # A homeostatic rule of the user's: the threshold climbs until the trace of activity is where the user wants it.
    cells = meta_lif.group(2, dt=0.1 * ms, I=0.5 * nA)
    cells.run_regularly("U_theta += int(i == 1)*0.1*mV*(x - 2)", dt=5 * ms)
    trace = StateMonitor(cells, "x", record=True, dt=1 * ms)
    Network(cells, trace).run(3000 * ms)
    late = trace.x[:, -500:].mean(axis=1)
    assert late[0] > 5
    assert late[1] == pytest.approx(2, rel=0.1)


# ---- escape noise ------------------------------------------------------------------------------------------------


def test_escape_noise_fires_at_its_rate(ledger):
    # Held at a constant distance below threshold, the intervals are the refractory period and an exponential wait.
    seed(7)
    distance, width = 3.0, 2.0
    cells = 400
    trains, _ = zoo_truth.run(
        probabilistic_meta_lif, cells, 400, E_L=(-50 - distance) * mV, v_r=(-50 - distance) * mV,
        delta_u=width * mV, tau_esc=2 * ms,
    )  # fmt: skip
    rate = np.exp(-distance / width) / 2  # 1/ms
    # In steps of dt the wait is geometric: at least one step, with the mean dt/p.
    p = 1 - np.exp(-rate * 0.1)
    intervals = np.concatenate([np.diff(train) for train in trains])
    wait = intervals - 5
    assert len(wait) > 8000
    mean = 0.1 / p
    ledger(probabilistic_meta_lif, quantity="mean wait under escape noise", against="geometric distribution",
           found=wait.mean(), expected=mean, absolute=4 * mean / np.sqrt(len(wait)) + 0.05 * mean, unit="ms", dt=0.1,
           duration=400)  # fmt: skip
    np.testing.assert_allclose(wait.std(), wait.mean(), rtol=0.05)
    above = np.mean(wait > 2 * mean)
    assert above == pytest.approx(np.exp(-2), abs=4 * np.sqrt(np.exp(-2) / len(wait)) + 0.02)


def test_with_vanishing_escape_noise_it_is_meta_lif():
    values = dict(I=DRIVE, alpha_theta=1 * mV, alpha_tau=-0.1, variables=("v",))
    sharp, sharp_traces = zoo_truth.run(meta_lif, 8, 200, **values)
    with np.errstate(over="ignore"):
        noisy, noisy_traces = zoo_truth.run(probabilistic_meta_lif, 8, 200, delta_u=1e-7 * mV, **values)
    assert [list(train) for train in sharp] == [list(train) for train in noisy]
    np.testing.assert_array_equal(sharp_traces["v"], noisy_traces["v"])
