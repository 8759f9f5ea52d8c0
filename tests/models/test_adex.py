"""AdEx: a plain Euler loop, located spikes of the exact flow, and the firing patterns of Naud et al. (2008)."""

import numpy as np
import pytest
from brian2 import ms, mV, nS, pA, pF
from support import zoo_truth

from bioplast.models import adex

# Naud, Marcille, Clopath and Gerstner (2008), Biol. Cybern. 99:335, doi:10.1007/s00422-008-0264-7, with the numbers and
# currents of Brian2's example Naud_et_al_2008_adex_firing_patterns.py, where P. Mueller has adapted some to match the
# paper's figures: C (pF), g_L (nS), E_L, V_T, Delta_T (mV), a (nS), tau_w (ms), b (pA), V_r (mV), I (pA)
PATTERNS = {
    "tonic spiking": (200, 10, -70, -50, 2, 2, 30, 0, -58, 500),
    "adaptation": (200, 12, -70, -50, 2, 2, 300, 60, -58, 500),
    "initial burst": (130, 18, -58, -50, 2, 4, 150, 120, -50, 400),
    "regular bursting": (200, 10, -58, -50, 2, 2, 120, 100, -46, 210),
    "delayed accelerating": (200, 12, -70, -50, 2, -10, 300, 0, -58, 300),
    "delayed regular bursting": (100, 10, -65, -50, 2, -10, 90, 30, -47, 110),
    "transient spiking": (100, 10, -65, -50, 2, 10, 90, 100, -47, 180),
    "irregular spiking": (100, 12, -60, -50, 2, -11, 130, 30, -48, 160),
}
NAMES = list(PATTERNS)
# Several cells of each pattern, which start at several potentials.
COPIES = 8
C, G_L, E_L, V_T, DELTA_T, A, TAU_W, B, V_R, DRIVE = np.tile(np.array(list(PATTERNS.values()), dtype=float).T, COPIES)
START = E_L + np.random.default_rng(9).uniform(-1, 1, E_L.shape)
PEAK = 20.0


def slope(t, state):
    v, w = state
    rise = G_L * DELTA_T * np.exp((np.minimum(v, PEAK) - V_T) / DELTA_T)
    return np.array([(-G_L * (v - E_L) + rise - w + DRIVE) / C, (A * (v - E_L) - w) / TAU_W])


def over(state):
    return state[0] > PEAK


def reset(state):
    return np.array([V_R, state[1] + B])


def simulate(duration, dt=None, variables=(), start=START):
    values = dict(C=C * pF, g_L=G_L * nS, E_L=E_L * mV, V_T=V_T * mV, Delta_T=DELTA_T * mV)
    values |= dict(a=A * nS, tau_w=TAU_W * ms, b=B * pA, V_r=V_R * mV, I=DRIVE * pA, v=start * mV)
    return zoo_truth.run(adex, len(C), duration, dt=dt, variables=variables, **values)


@pytest.fixture(scope="module")
def trains():
    return dict(zip(NAMES, simulate(500, start=E_L)[0][: len(NAMES)], strict=True))


@pytest.fixture(scope="module")
def intervals(trains):
    return {name: np.diff(train) for name, train in trains.items()}


def test_it_is_the_euler_step_of_the_equations(ledger):
    dt, steps = 0.05, 3000
    state, voltages, currents, spikes = np.array([START, 0 * START]), [], [], []
    for k in range(steps):
        voltages.append(state[0])
        currents.append(state[1])
        state = state + dt * slope(0, state)
        fired = over(state)
        spikes += [(k, cell) for cell in np.flatnonzero(fired)]
        state = np.where(fired, reset(state), state)
    trains, traces = simulate(dt * steps, dt=dt * ms, variables=("v", "w"))
    found = sorted((round(t / dt), cell) for cell, train in enumerate(trains) for t in train)
    assert len(spikes) > 40 * COPIES
    assert found == sorted(spikes)
    # A step rounds v by 1e-14 mV. The upstroke multiplies what there is by the ratio of v' at its two ends, 1e3 (70 mV
    # in a last step, 1 mV/ms before), and 3000 steps add up: 3e-8 mV. The irregular cells, which are chaotic, amplify
    # from spike to spike, too: their first 50 ms.
    told = dict(against="NumPy loop of the paper's Euler step", absolute=1e-6, dt=dt)
    irregular = np.tile([name == "irregular spiking" for name in NAMES], COPIES)
    for name, unit, scale, expected in (("v", "mV", 1e3, voltages), ("w", "pA", 1e12, currents)):
        found, expected = traces[name] * scale, np.array(expected)
        ledger(adex, quantity=f"{name} of seven patterns", found=found[:, ~irregular], expected=expected[:, ~irregular],
               unit=unit, duration=dt * steps, **told)  # fmt: skip
        ledger(adex, quantity=f"{name} of irregular spiking", found=found[:1000, irregular],
               expected=expected[:1000, irregular], unit=unit, duration=dt * 1000, **told)  # fmt: skip


def test_it_converges_to_the_exact_flow(ledger):
    """The mean error of the copies, in which the waits of the spikes for the end of their step average out."""
    step, duration = 0.02, 100
    exact = zoo_truth.spikes_of(slope, np.array([START, 0 * START]), over, reset, duration, step)
    runs = [simulate(duration, dt=h * ms)[0] for h in (step, step / 2, step / 4)]
    for k, name in enumerate(NAMES):
        cells = range(k, len(C), len(NAMES))
        spikes = min(len(trains[cell]) for trains in (exact, *runs) for cell in cells)
        if name == "irregular spiking":  # is chaotic: after five spikes a difference has grown beyond any order
            spikes = min(spikes, 5)
        assert spikes >= 1
        # (steps, copies, spikes); a spike is counted at the start of its step and happens at the end.
        errors = np.array([
            [trains[cell][:spikes] + h - exact[cell][:spikes] for cell in cells]
            for h, trains in zip((step, step / 2, step / 4), runs, strict=True)
        ])  # fmt: skip
        coarse, half, quarter = np.linalg.norm(errors.mean(axis=1), axis=1)
        told = dict(against="the exact flow, crossings located", dt=step, duration=duration)
        ledger(adex, quantity=f"ratio of the errors at a step and half of it, {name}", expected=[2, 2],
               found=[coarse / half, half / quarter], absolute=0.5, unit="1", **told)  # fmt: skip
        # As in first_order.py, and four standard errors of the mean of the copies.
        first, second = 2 * errors[1] - errors[0], 2 * errors[2] - errors[1]
        accepted = 2 * np.abs((second - first).mean(axis=0)) + 4 * second.std(axis=0) / np.sqrt(COPIES)
        ledger(adex, quantity=f"spike times, extrapolated from dt/2 and dt/4 to 0, {name}", found=second.mean(axis=0),
               expected=np.zeros(spikes), absolute=accepted.max(), unit="ms", **told)  # fmt: skip


def test_tonic_spiking(intervals):
    late = intervals["tonic spiking"][10:]
    assert len(late) > 30
    assert np.ptp(late) < 0.02 * late.mean()


def test_adaptation(intervals):
    found = intervals["adaptation"]
    assert (np.diff(found) > 0).all()
    assert found[-1] > 5 * found[0]


def test_initial_burst(intervals):
    found = intervals["initial burst"]
    assert (found[:2] < 10).all()
    assert (found[2:] > 50).all()
    assert np.ptp(found[3:]) < 0.02 * found[3:].mean()


@pytest.mark.parametrize("name", ["regular bursting", "delayed regular bursting"])
def test_bursts_recur_regularly(name, intervals):
    long = intervals[name] > 40
    assert long.sum() >= 3
    starts = np.flatnonzero(long)
    assert (np.diff(starts) >= 2).all()  # at least two spikes in each burst
    assert len(set(np.diff(starts))) == 1  # always as many
    assert (intervals[name][~long] < 10).all()
    pauses = intervals[name][long]
    assert np.ptp(pauses[1:]) < 0.02 * pauses.mean()


def test_the_delayed_patterns_start_late(trains):
    # Tonic spiking and adaptation, driven by constant current too, start within one membrane time constant (C/g_L).
    for name, tau_m in zip(NAMES, (C / G_L)[: len(NAMES)], strict=True):
        late = trains[name][0] > 1.5 * tau_m
        if name.startswith("delayed"):
            assert late, name
        if name in ("tonic spiking", "adaptation", "initial burst", "regular bursting"):
            assert not late, name


def test_delayed_accelerating(intervals):
    assert len(intervals["delayed accelerating"]) > 20
    assert (np.diff(intervals["delayed accelerating"]) <= 0.021).all()
    assert intervals["delayed accelerating"][-1] < 0.6 * intervals["delayed accelerating"][0]


def test_transient_spiking(trains):
    assert len(trains["transient spiking"]) == 1
    assert trains["transient spiking"][0] < 50


def test_irregular_spiking(intervals):
    late = intervals["irregular spiking"][8:]
    assert late.std() / late.mean() > 0.4
    assert len(set(np.round(late, 1))) > 0.8 * len(late)


def test_the_numbers_of_2005_rest_at_e_l_and_start_to_fire_at_the_rheobase():
    # The resting state has v' = w' = 0; at the rheobase it disappears or loses its stability (Touboul and Brette 2008,
    # Biol. Cybern. 99:319, doi:10.1007/s00422-008-0267-4): tau_m/tau_w < a/g_L here, which is a Hopf bifurcation.
    g, e, vt, dt_, a, tau_w, c = 30.0, -70.6, -50.4, 2.0, 4.0, 144.0, 281.0
    tau_m = c / g
    assert a / g > tau_m / tau_w
    v = vt + dt_ * np.log(1 + tau_m / tau_w)
    rheobase = (g + a) * (v - e) - g * dt_ * np.exp((v - vt) / dt_)
    trains, traces = zoo_truth.run(adex, 3, 600, I=np.array([0.0, 0.98, 1.02]) * rheobase * pA, variables=("v",))
    assert [len(train) > 1 for train in trains] == [False, False, True]
    np.testing.assert_allclose(traces["v"][-1, 0], e * 1e-3, atol=1e-6)
