"""The neurons without a reset: Runge-Kutta integrations of the papers' equations, published bifurcations."""

import numpy as np
import pytest
from brian2 import cm, ms, msiemens, mV, uA
from support import zoo_truth

from bioplast.models import fitzhugh_nagumo, hindmarsh_rose, morris_lecar, wang_buzsaki, wilson

MICROAMP = uA / cm**2
MILLISIEMENS = msiemens / cm**2


# ---- the equations in the papers' numbers: ms, mV, uF/cm^2, mS/cm^2, uA/cm^2 -------------------------------------


def fitzhugh_nagumo_slope(state, current):
    v, w = state
    return np.array([v - v**3 / 3 - w + current, 0.08 * (v + 0.7 - 0.8 * w)])


def hindmarsh_rose_slope(state, current):
    x, y, z = state
    return np.array([y - x**3 + 3 * x**2 - z + current, 1 - 5 * x**2 - y, 0.005 * (4 * (x + 1.6) - z)])


HOPF = (4.4, 2.0, 30.0, 0.04)  # g_Ca, V_3, V_4, phi
SNIC = (4.0, 12.0, 17.4, 1 / 15)


def morris_lecar_slope(state, current, regime=HOPF):
    v, w = state
    g_ca, v_3, v_4, phi = regime
    m_inf = (1 + np.tanh((v + 1.2) / 18)) / 2
    w_inf = (1 + np.tanh((v - v_3) / v_4)) / 2
    ionic = g_ca * m_inf * (v - 120) + 8 * w * (v + 84) + 2 * (v + 60)
    return np.array([(current - ionic) / 20, phi * (w_inf - w) * np.cosh((v - v_3) / (2 * v_4))])


def wilson_slope(state, current):
    # In the paper's own potential, V = v/(100 mV), so that a current of 1 is 100 uA/cm^2.
    v, r, t, h = state
    V = v / 100
    sodium = (17.8 + 47.6 * V + 33.8 * V**2) * (V - 0.5)
    dV = current / 100 - sodium - 26 * r * (V + 0.95) - 0.1 * t * (V - 1.2) - 5 * h * (V + 0.95)
    r_inf = 1.24 + 3.7 * V + 3.2 * V**2
    t_inf = 4.205 + 11.6 * V + 8 * V**2
    return np.array([100 * dV, (r_inf - r) / 4.2, (t_inf - t) / 14, (3 * t - h) / 45])


def wang_buzsaki_slope(state, current):
    v, h, n = state
    a_m, b_m = -0.1 * (v + 35) / (np.exp(-0.1 * (v + 35)) - 1), 4 * np.exp(-(v + 60) / 18)
    a_h, b_h = 0.07 * np.exp(-(v + 58) / 20), 1 / (np.exp(-0.1 * (v + 28)) + 1)
    a_n, b_n = -0.01 * (v + 34) / (np.exp(-0.1 * (v + 34)) - 1), 0.125 * np.exp(-(v + 44) / 80)
    m = a_m / (a_m + b_m)
    ionic = 35 * m**3 * h * (v - 55) + 9 * n**4 * (v + 90) + 0.1 * (v + 65)
    return np.array([current - ionic, 5 * (a_h * (1 - h) - b_h * h), 5 * (a_n * (1 - n) - b_n * n)])


# model, equations, variables, what a unit of v and of the input is, currents, duration (ms), level of a spike.
# The steps of current are our own, as are those below where no bifurcation or published current is named.
CASES = {
    "fitzhugh_nagumo": (fitzhugh_nagumo, fitzhugh_nagumo_slope, "vw", 1, 1, [0, 0.3, 0.5, 1.0], 150, 0.5),
    "hindmarsh_rose": (hindmarsh_rose, hindmarsh_rose_slope, "vyz", 1, 1, [0, 1.2, 2.0, 4.0], 300, 1.0),
    "morris_lecar": (morris_lecar, morris_lecar_slope, "vw", mV, MICROAMP, [0, 60, 100, 150], 250, 0.0),
    "wilson": (wilson, wilson_slope, "vRTH", mV, MICROAMP, [0, 60, 85, 120], 50, -20.0),
    "wang_buzsaki": (wang_buzsaki, wang_buzsaki_slope, "vhn", mV, MICROAMP, [0, 0.5, 1, 5], 50, 0.0),
}


@pytest.fixture(scope="module")
def simulated():
    return {
        name: zoo_truth.run(model, len(currents), duration, variables=tuple(variables), I=np.array(currents) * unit)
        for name, (model, _, variables, _, unit, currents, duration, _) in CASES.items()
    }


def reference(name, traces, h):
    """The states (steps, variables, cells) in the paper's numbers, from where the model started."""
    _, slope, variables, unit, _, currents, duration, _ = CASES[name]
    start = np.array([traces[variable][0] / (float(unit) if variable == "v" else 1) for variable in variables])
    return zoo_truth.integrate(lambda t, s: slope(s, np.array(currents)), start, duration, h)


@pytest.mark.parametrize("name", CASES)
def test_it_is_the_runge_kutta_step_of_the_equations(name, simulated, ledger):
    model, _, variables, unit, _, _, duration, _ = CASES[name]
    _, traces = simulated[name]
    states = reference(name, traces, float(model.dt / ms))
    for k, variable in enumerate(variables):
        ours = traces[variable] / (float(unit) if variable == "v" else 1)
        # What a spike amplifies of the rounding of one step stays below a millionth of the range.
        ledger(model, quantity=f"{variable}, in units of its range", against=zoo_truth.SAME_STEP,
               found=ours / np.ptp(states[:, k]), expected=states[:, k] / np.ptp(states[:, k]), absolute=1e-6, unit="1",
               dt=float(model.dt / ms), duration=duration)  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_its_spikes_are_those_of_a_finer_integration(name, simulated, ledger):
    model, *_, duration, level = CASES[name]
    trains, traces = simulated[name]
    dt = float(model.dt / ms)
    states = reference(name, traces, dt / 2)
    expected = zoo_truth.crossings(states[:, 0], level, dt / 2)
    assert [len(train) for train in trains] == [len(train) for train in expected]
    assert sum(map(len, expected)) > 5
    # A spike is counted at the start of its step.
    ledger(model, quantity="spike times", against="Runge-Kutta at half the step, crossings interpolated",
           found=[train + dt / 2 for train in trains], expected=expected, absolute=0.75 * dt, unit="ms", dt=dt,
           duration=duration)  # fmt: skip


# ---- what was published ------------------------------------------------------------------------------------------


def jacobian_trace(slope, state, step=1e-6):
    columns = [(slope(state + step * e) - slope(state - step * e)) / (2 * step) for e in np.eye(2)]
    return columns[0][0] + columns[1][1]


def bisect(function, low, high):
    sign = np.sign(function(low))
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if np.sign(function(middle)) == sign else (low, middle)
    return (low + high) / 2


def test_fitzhugh_nagumo_loses_and_regains_its_rest_at_the_hopf_bifurcations():
    # The trace of the Jacobian, 1 - v^2 - phi*b, vanishes at v = -+sqrt(1 - 0.064): I = 0.3313 and 1.4187.
    v = np.array([-1, 1]) * np.sqrt(1 - 0.08 * 0.8)
    w = (v + 0.7) / 0.8
    hopf = w - v + v**3 / 3
    np.testing.assert_allclose(hopf, [0.3313, 1.4187], atol=5e-5)
    trains, _ = zoo_truth.run(
        fitzhugh_nagumo, 4, 600, dt=0.1 * ms, I=np.array([0.97, 1.01, 0.99, 1.02]) * hopf[[0, 0, 1, 1]]
    )
    assert [(train > 400).any() for train in trains] == [False, True, True, False]


def test_fitzhugh_nagumo_rests_where_it_starts():
    _, traces = zoo_truth.run(fitzhugh_nagumo, 1, 100, dt=0.1 * ms, variables=("v", "w"))
    np.testing.assert_allclose(traces["v"], traces["v"][0, 0], atol=1e-7)
    np.testing.assert_allclose(traces["w"], traces["w"][0, 0], atol=1e-7)


def steady_morris_lecar(v, regime):
    """The input (uA/cm^2) that holds the potential at v (mV), with the potassium channels in equilibrium."""
    _, v_3, v_4, _ = regime
    w = (1 + np.tanh((v - v_3) / v_4)) / 2
    return -20 * morris_lecar_slope(np.array([v, w]), 0.0, regime)[0], w


def test_morris_lecar_has_the_published_hopf_bifurcations():
    # Rinzel and Ermentrout: the rest is unstable from 93.86 to 212.02 uA/cm^2.
    def trace(v):
        current, w = steady_morris_lecar(v, HOPF)
        return jacobian_trace(lambda s: morris_lecar_slope(s, current, HOPF), np.array([v, w]))

    found = [steady_morris_lecar(bisect(trace, low, high), HOPF)[0] for low, high in ((-45, -10), (0, 30))]
    np.testing.assert_allclose(found, [93.86, 212.02], atol=0.01)
    # Started next to the rest that belongs to its input, the model stays there or leaves it.
    drive = [92.0, 96.0, 210.0, 214.0]
    rests = [bisect(lambda v, i=i: steady_morris_lecar(v, HOPF)[0] - i, -60, 40) for i in drive]
    values = dict(I=drive * MICROAMP, v=(np.array(rests) + 0.1) * mV)
    _, traces = zoo_truth.run(morris_lecar, 4, 1500, dt=0.1 * ms, variables=("v",), **values)
    late = traces["v"][12000:] * 1e3
    assert list(np.ptp(late, axis=0) > 5) == [False, True, True, False]


def test_morris_lecar_is_bistable_below_the_hopf_bifurcation():
    rest = bisect(lambda v: steady_morris_lecar(v, HOPF)[0] - 90.0, -60, 40)
    values = dict(I=90 * MICROAMP, v=[rest, -60.0] * mV, w=[steady_morris_lecar(rest, HOPF)[1], 0.01])
    trains, _ = zoo_truth.run(morris_lecar, 2, 800, dt=0.1 * ms, **values)
    assert [(train > 500).any() for train in trains] == [False, True]


def test_morris_lecar_has_the_published_saddle_node_of_class_1():
    v = np.linspace(-40, -20, 20001)
    saddle_node = steady_morris_lecar(v, SNIC)[0].max()
    assert saddle_node == pytest.approx(39.96, abs=0.01)
    g_ca, v_3, v_4, phi = SNIC
    values = dict(I=[39.5, 40.5, 45.0] * MICROAMP, g_Ca=g_ca * MILLISIEMENS, V_3=v_3 * mV, V_4=v_4 * mV, phi=phi / ms)
    trains, _ = zoo_truth.run(morris_lecar, 3, 1000, dt=0.1 * ms, **values)
    assert [len(train) > 2 for train in trains] == [False, True, True]
    assert np.diff(trains[1])[-1] > 2 * np.diff(trains[2])[-1]  # as slow as one likes near the bifurcation


def test_hindmarsh_rose_rests_bursts_fires_irregularly_and_fires_regularly():
    trains, _ = zoo_truth.run(hindmarsh_rose, 4, 2000, dt=0.1 * ms, I=[0.0, 2.0, 3.25, 4.0])
    _, bursting, irregular, tonic = (np.diff(train[train > 500]) for train in trains)
    assert len(trains[0]) == 0
    pauses = bursting[bursting > 50]
    assert len(pauses) > 5
    assert np.ptp(pauses) < 0.31
    assert (bursting < 50).sum() >= len(pauses)
    assert len(set(np.round(irregular))) > 20  # chaos at the input 3.25 of the paper
    assert len(tonic) > 50
    assert np.ptp(tonic) < 0.21


def test_wilson_has_the_four_cortical_classes():
    g_t, g_h = np.array([0.1, 0.25, 1.2, 2.25]) * MILLISIEMENS, np.array([5, 0, 3.4, 9.5]) * MILLISIEMENS
    trains, _ = zoo_truth.run(
        wilson, 4, 250, dt=0.04 * ms, tau_R=np.array([4.2, 1.5, 4.2, 4.2]) * ms, g_T=g_t, g_H=g_h, I=85 * MICROAMP
    )
    regular, fast, bursting, continuous = map(np.diff, trains)
    assert 2 * regular[0] < regular[-1]  # adapts
    np.testing.assert_allclose(regular[-3:], regular[-1], rtol=0.01)
    assert 1000 / fast[-1] > 250  # Hz
    assert fast[-1] > 0.7 * fast[0]  # hardly any adaptation
    assert (bursting[:6] < 10).all()
    assert (bursting > 40).sum() >= 1
    assert 2 <= (continuous > 80).sum() < (continuous < 10).sum()


def test_wilson_rests_near_minus_75_mv(simulated):
    v = simulated["wilson"][1]["v"][:, 0] * 1e3
    assert v[-1] == pytest.approx(-75.0, abs=0.5)
    assert np.ptp(v) < 0.2


def test_wang_buzsaki_has_the_published_rheobase_and_rate():
    # The steady input has its maximum, a saddle-node, at 0.16 uA/cm^2.
    v = np.linspace(-66, -50, 16001)
    a_h, b_h = 0.07 * np.exp(-(v + 58) / 20), 1 / (np.exp(-0.1 * (v + 28)) + 1)
    a_n, b_n = -0.01 * (v + 34) / (np.exp(-0.1 * (v + 34)) - 1), 0.125 * np.exp(-(v + 44) / 80)
    rheobase = -wang_buzsaki_slope(np.array([v, a_h / (a_h + b_h), a_n / (a_n + b_n)]), 0.0)[0].min()
    assert rheobase == pytest.approx(0.16, abs=0.001)
    drive = np.array([0.95 * rheobase, 1.5 * rheobase, 1.0])
    trains, _ = zoo_truth.run(wang_buzsaki, 3, 220, dt=0.05 * ms, I=drive * MICROAMP)
    assert [len(train) > 1 for train in trains] == [False, True, True]
    assert 1000 / np.diff(trains[2])[-1] == pytest.approx(60, abs=1)  # Hz at 1 uA/cm^2


@pytest.mark.parametrize("name", CASES)
def test_it_starts_at_rest_without_input(name, simulated):
    trains, traces = simulated[name]
    assert len(trains[0]) == 0
    assert np.ptp(traces["v"][:, 0]) < 0.02 * np.ptp(traces["v"][:, -1])
