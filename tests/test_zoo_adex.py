"""AdEx: a plain Euler loop, located spikes of the exact flow, and the firing patterns of Naud et al. (2008)."""

import numpy as np
import pytest
import zoo_truth
from brian2 import ms, mV, nS, pA, pF

from bioplast.models import adex

# Naud, Marcille, Clopath and Gerstner (2008), Biol. Cybern. 99:335, table 1, doi:10.1007/s00422-008-0264-7:
# C (pF), g_L (nS), E_L, V_T, Delta_T (mV), a (nS), tau_w (ms), b (pA), V_r (mV), I (pA)
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
C, G_L, E_L, V_T, DELTA_T, A, TAU_W, B, V_R, DRIVE = np.array(list(PATTERNS.values()), dtype=float).T
PEAK = 20.0


def slope(t, state):
    v, w = state
    rise = G_L * DELTA_T * np.exp((np.minimum(v, PEAK) - V_T) / DELTA_T)
    return np.array([(-G_L * (v - E_L) + rise - w + DRIVE) / C, (A * (v - E_L) - w) / TAU_W])


def simulate(duration, dt=None, variables=()):
    values = dict(C=C * pF, g_L=G_L * nS, E_L=E_L * mV, V_T=V_T * mV, Delta_T=DELTA_T * mV)
    values |= dict(a=A * nS, tau_w=TAU_W * ms, b=B * pA, V_r=V_R * mV, I=DRIVE * pA)
    return zoo_truth.run(adex, len(NAMES), duration, dt=dt, variables=variables, **values)


@pytest.fixture(scope="module")
def trains():
    return dict(zip(NAMES, simulate(500)[0], strict=True))


@pytest.fixture(scope="module")
def intervals(trains):
    return {name: np.diff(train) for name, train in trains.items()}


def test_it_is_the_euler_step_of_the_equations():
    dt, steps = 0.05, 3000
    state, voltages, currents, spikes = np.array([E_L, 0 * E_L]), [], [], []
    for k in range(steps):
        voltages.append(state[0])
        currents.append(state[1])
        state = state + dt * slope(0, state)
        fired = state[0] > PEAK
        spikes += [(k, cell) for cell in np.flatnonzero(fired)]
        state = np.array([np.where(fired, V_R, state[0]), np.where(fired, state[1] + B, state[1])])
    trains, traces = simulate(dt * steps, dt=dt * ms, variables=("v", "w"))
    found = sorted((round(t / dt), cell) for cell, train in enumerate(trains) for t in train)
    assert len(spikes) > 40
    assert found == sorted(spikes)
    # The upstroke and the irregular cell amplify a rounding error; everything else is the same to nine digits.
    regular = np.array([name != "irregular spiking" for name in NAMES])
    below = regular & (np.array(voltages) < -40)
    assert below.mean() > 0.8
    np.testing.assert_allclose(traces["v"][below] * 1e3, np.array(voltages)[below], rtol=1e-9)
    np.testing.assert_allclose(traces["w"][:, regular] * 1e12, np.array(currents)[:, regular], rtol=1e-9, atol=1e-6)


def test_it_converges_to_the_exact_flow():
    # The irregular cell amplifies every difference; all others must converge with the step.
    start = np.array([E_L, 0 * E_L])
    exact = zoo_truth.spikes_of(
        slope, start, lambda s: s[0] > PEAK, lambda s: np.array([V_R, s[1] + B]), duration=250, h=0.02
    )
    coarse, fine = simulate(250, dt=0.02 * ms)[0], simulate(250, dt=0.01 * ms)[0]
    for name, truth, one, half in zip(NAMES, exact, coarse, fine, strict=True):
        if name in ("irregular spiking", "transient spiking"):
            continue
        last = min(map(len, (truth, one, half))) - 1
        assert abs(half[last] - truth[last]) < 0.75 * abs(one[last] - truth[last]), name
        assert abs(one[last] - truth[last]) < 0.02 * truth[last], name


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
    for name, tau_m in zip(NAMES, C / G_L, strict=True):
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
