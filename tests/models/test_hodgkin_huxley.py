"""The squid axon against a plain Runge-Kutta integration of the 1952 equations in their own numbers."""

import numpy as np
import pytest
from brian2 import Network, StateMonitor, cm, ms, mV, prefs, uA
from support import zoo_truth
from support.first_order import assert_first_order

from bioplast.models import hodgkin_huxley

DT = 0.01  # ms


@pytest.fixture(autouse=True)
def numpy_target():
    before = prefs.codegen.target
    prefs.codegen.target = "numpy"
    yield
    prefs.codegen.target = before


def ratio(x):
    """x/(exp(x) - 1), which is 1 at x = 0."""
    x = np.asarray(x, dtype=float)
    return np.where(np.abs(x) < 1e-9, 1.0, x / np.where(np.abs(x) < 1e-9, 1.0, np.expm1(x)))


def rates(depolarisation):
    """alpha and beta of m, h, n (1/ms) as printed in 1952; V is the depolarisation from rest in mV."""
    V = depolarisation
    return (
        (ratio((25 - V) / 10), 4 * np.exp(-V / 18)),
        (0.07 * np.exp(-V / 20), 1 / (np.exp((30 - V) / 10) + 1)),
        (0.1 * ratio((10 - V) / 10), 0.125 * np.exp(-V / 80)),
    )


def slope(state, current):
    V, m, h, n = state
    (am, bm), (ah, bh), (an, bn) = rates(V)
    ionic = 120 * m**3 * h * (V - 115) + 36 * n**4 * (V + 12) + 0.3 * (V - 10.613)
    return np.array([current - ionic, am * (1 - m) - bm * m, ah * (1 - h) - bh * h, an * (1 - n) - bn * n])


def integrate(currents, duration, dt=DT):
    """Runge-Kutta of fourth order; the potentials (steps, cells) in mV from rest."""
    state = np.array([np.zeros(len(currents)), *(a / (a + b) * np.ones(len(currents)) for a, b in rates(0.0))])
    voltages = []
    for _ in range(round(duration / dt)):
        voltages.append(state[0])
        k1 = slope(state, currents)
        k2 = slope(state + dt / 2 * k1, currents)
        k3 = slope(state + dt / 2 * k2, currents)
        k4 = slope(state + dt * k3, currents)
        state = state + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    return np.array(voltages)


CURRENTS = np.array([0.0, 3.0, 10.0, 20.0])  # uA/cm^2, our own
DURATION = 30  # ms


def simulate(dt, **options):
    """The potentials (steps, cells) in mV."""
    group = hodgkin_huxley.group(4, dt=dt, I=CURRENTS * uA / cm**2, **options)
    trace = StateMonitor(group, "v", record=True, dt=dt)
    Network(group, trace).run(DURATION * ms)
    return np.asarray(trace.v / mV).T


@pytest.fixture(scope="module")
def reference():
    """Upward crossings of 0 mV (ms) and potentials (mV) of the four steps of current."""
    voltages = integrate(CURRENTS, DURATION) - 65
    return zoo_truth.crossings(voltages, 0.0, DT), voltages


def test_the_equations_are_those_of_1952(ledger):
    # The same integrator and step on both sides, so that nothing but the equations can differ.
    ours = simulate(dt=0.025 * ms, method="rk4")
    ledger(hodgkin_huxley, quantity="v, by the method rk4", against="Runge-Kutta of the equations of 1952", found=ours,
           expected=integrate(CURRENTS, DURATION, dt=0.025) - 65, absolute=1e-6, relative=1e-7, dt=0.025,
           duration=DURATION)  # fmt: skip


def test_its_own_method_converges_to_the_reference(reference, ledger):
    crossings, voltages = reference
    against = "Runge-Kutta of the equations of 1952"
    step = 0.04
    traces = {h: simulate(h * ms) for h in (step, step / 2, step / 4)}
    runs = [zoo_truth.crossings(trace, 0.0, h) for h, trace in traces.items()]
    # The membrane is never faster than C_m/(g_Na + g_K + g_L) = 1/156 ms.
    assert_first_order(ledger, hodgkin_huxley, runs, crossings, against=against, dt=step, duration=DURATION,
                       slack=zoo_truth.missed_by_a_line(156, step))  # fmt: skip
    ledger(hodgkin_huxley, quantity="v at rest", against=against, found=traces[step / 4][:, 0], expected=voltages[:, 0],
           absolute=1e-3, unit="mV", dt=DT, duration=DURATION)  # fmt: skip


def test_it_rests_near_minus_65_mv_and_fires_faster_with_more_current(reference):
    crossings, voltages = reference
    assert np.abs(voltages[:, 0] + 65).max() < 0.05
    counts = [len(train) for train in crossings]
    assert counts[0] == 0
    assert counts[1] <= 1
    assert 2 <= counts[2] < counts[3]


def test_the_rates_have_no_hole_where_the_formulas_are_0_over_0():
    group = hodgkin_huxley.group(2, v=np.array([-40.0, -55.0]) * mV)
    assert float(group.alpha_m[0] * ms) == pytest.approx(1)
    assert float(group.alpha_n[1] * ms) == pytest.approx(0.1)


def test_gates_start_at_their_steady_state(ledger):
    group = hodgkin_huxley.group(1)
    expected = [float(a / (a + b)) for a, b in rates(0.0)]
    found = [float(group.m[0]), float(group.h[0]), float(group.n[0])]
    ledger(hodgkin_huxley, quantity="m, h, n at rest", against="rates of 1952", found=found, expected=expected,
           relative=1e-12)  # fmt: skip
