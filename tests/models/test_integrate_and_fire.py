"""The integrate-and-fire family against closed forms and the exact flow of its equations, spikes located in a step."""

import numpy as np
import pytest
from brian2 import Network, SpikeGeneratorGroup, SpikeMonitor, Synapses, TimedArray, cm, kHz, ms, mV, nA, uA
from support import zoo_truth

from bioplast.models import (
    adaptive_lif,
    adaptive_threshold_lif,
    exponential_integrate_and_fire,
    integrate_and_fire,
    integrate_and_fire_or_burst,
    lif,
    quadratic_integrate_and_fire,
    resonate_and_fire,
)


def only_interval(train):
    """The interval of a cell that fires regularly (ms)."""
    found = np.diff(train)
    assert len(found) >= 2
    np.testing.assert_allclose(found, found[0], atol=1e-9)
    return found[0]


def on_grid(interval, dt):
    """What a grid makes of an exact interval: whole steps, rounded up, because the reset ends the step."""
    return np.ceil(interval / dt - 1e-9) * dt


# ---- integrate-and-fire ------------------------------------------------------------------------------------------


def test_the_leaky_integrator_has_the_closed_form_rate(ledger):
    drive = np.linspace(0.76, 3, 12)  # mV/ms; the rheobase is b*(v_thresh - a/b) = 0.75
    trains, _ = zoo_truth.run(integrate_and_fire, 12, 600, I=drive * mV / ms)
    steady = (drive - 3.25) / 0.05
    interval = np.log((steady + 65) / (steady + 50)) / 0.05
    ledger(integrate_and_fire, quantity="interval, leaky", against="closed form on the grid",
           found=[only_interval(train) for train in trains], expected=on_grid(interval, 0.1), absolute=1e-6, unit="ms",
           dt=0.1, duration=600)  # fmt: skip


def test_the_leaky_integrator_has_a_rheobase():
    trains, _ = zoo_truth.run(integrate_and_fire, 2, 500, I=np.array([0.7499, 0.7501]) * mV / ms)
    assert [len(train) > 0 for train in trains] == [False, True]


def test_the_perfect_integrator_counts_its_input(ledger):
    drive = np.array([0.1, 0.2, 0.7])
    trains, traces = zoo_truth.run(
        integrate_and_fire, 3, 500, I=drive * mV / ms, a=0 * mV / ms, b=0 / ms, variables=("v",)
    )
    # 15/drive is a whole number of steps: whether the last of them reaches the threshold is a matter of rounding.
    ledger(integrate_and_fire, quantity="interval, perfect", against="closed form on the grid",
           found=[only_interval(train) for train in trains], expected=on_grid(15 / drive, 0.1), absolute=0.1 + 1e-6,
           unit="ms", dt=0.1, duration=500)  # fmt: skip
    ledger(integrate_and_fire, quantity="v, perfect", against="closed form", found=traces["v"][100, 1],
           expected=-0.065 + 0.2 * 10 * 1e-3, relative=1e-12, dt=0.1, duration=10)  # fmt: skip


# ---- integrate-and-fire with adaptation --------------------------------------------------------------------------


def adaptation(v, g, d, drive):
    return np.array([drive - 3.25 - 0.05 * v + g * (d - v), -g / 100])


D = np.array([-120.0, -80.0, -65.0, -55.0, -30.0])
E_G = np.array([0.5, 1.0, 2.0, 2.0, 0.5])
DRIVE = np.array([1.5, 1.2, 1.5, 1.0, 0.8])


@pytest.fixture(scope="module")
def adapting():
    return zoo_truth.run(
        adaptive_lif, 5, 300, variables=("v", "g"), d=D * mV, e_g=E_G, I=DRIVE * mV / ms
    )  # fmt: skip


def exact_adaptation(run, **options):
    start = np.array([np.full(5, -65.0), np.zeros(5)])
    return run(
        lambda t, s: adaptation(s[0], s[1], D, DRIVE),
        start,
        lambda s: s[0] >= -50,
        lambda s: np.array([np.full(5, -65.0), s[1] + E_G / 100]),
        300,
        0.1,
        **options,
    )


def test_adaptation_is_the_runge_kutta_step_of_the_equations(adapting, ledger):
    trains, traces = adapting
    expected, states = exact_adaptation(zoo_truth.stepped)
    told = dict(against=zoo_truth.SAME_STEP, dt=0.1, duration=300)
    ledger(adaptive_lif, quantity="spike times", found=trains, expected=expected, absolute=1e-9, unit="ms", **told)
    ledger(adaptive_lif, quantity="v", found=traces["v"] * 1e3, expected=states[:, 0], relative=1e-9, **told)
    ledger(adaptive_lif, quantity="g", found=traces["g"] * 1e-3, expected=states[:, 1], relative=1e-9, absolute=1e-15,
           **told)  # fmt: skip


def test_adaptation_fires_where_the_exact_flow_does(adapting, ledger):
    def flow(wait):
        return exact_adaptation(zoo_truth.spikes_of, wait=wait)

    zoo_truth.assert_on_grid(ledger, adaptive_lif, adapting[0], flow, 0.1, 300)


def test_d_on_the_two_sides_of_rest_slows_down_or_speeds_up(adapting):
    slowing, _, _, _, hurrying = (np.diff(train) for train in adapting[0])
    assert (np.diff(slowing[:4]) > 0).all()
    assert hurrying[-1] < 0.7 * hurrying[0]


def test_a_depolarizing_conductance_keeps_it_firing_after_its_input():
    pulse = TimedArray(np.array([5.0, 0]) * mV / ms, dt=5 * ms)
    trains, _ = zoo_truth.run(
        adaptive_lif, 2, 100, d=[-20, -80] * mV, e_g=1, tau=10 * ms, I="pulse(t)", namespace={"pulse": pulse}
    )
    assert [len(train) > 0 for train in trains] == [True, True]
    assert [train[-1] > 90 for train in trains] == [True, False]


# ---- adaptive threshold ------------------------------------------------------------------------------------------


def test_the_adapted_interval_solves_its_equation(ledger):
    # In the steady state theta has decayed from theta* + delta_theta to theta* in one interval, and v has met it.
    drive = np.array([0.15, 0.2, 0.3, 0.5])  # nA
    dt = 0.05
    trains, _ = zoo_truth.run(adaptive_threshold_lif, 4, 800, dt=dt * ms, I=drive * nA)
    for current, train in zip(drive, trains, strict=True):
        steady = -60 + 100 * current

        def gap(interval, steady=steady):
            left = np.exp(-interval / 100)
            theta = -50 + 5 * left / (1 - left)
            return steady + (-60 - steady) * np.exp(-(interval - 2) / 20) - theta

        low, high = 2.0, 1000.0
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (low, middle) if gap(middle) > 0 else (middle, high)
        # Both the refractory period and the crossing are rounded to the grid, by less than a step each.
        ledger(adaptive_threshold_lif, quantity="adapted interval", against="root of the paper's equation",
               found=np.diff(train)[-1], expected=high, absolute=2 * dt, unit="ms", dt=dt, duration=800)  # fmt: skip
        assert (np.diff(np.diff(train)) > -1.5 * dt).all()  # adaptation is monotonic


def test_a_fixed_threshold_is_the_leaky_neuron():
    drive = np.linspace(0.05, 1, 6) * nA
    values = dict(variables=("v",), dt=0.1 * ms, I=drive, tau_ref=5 * ms)
    fixed, fixed_traces = zoo_truth.run(adaptive_threshold_lif, 6, 200, delta_theta=0 * mV, **values)
    plain, plain_traces = zoo_truth.run(lif, 6, 200, **values)
    assert [list(train) for train in fixed] == [list(train) for train in plain]
    np.testing.assert_array_equal(fixed_traces["v"], plain_traces["v"])


# ---- integrate-and-fire-or-burst ---------------------------------------------------------------------------------

# Smith et al. (2000), table 1: uF/cm^2, mS/cm^2, mV, ms
C, G_L, V_L, G_T, V_T, V_H, TAU_MINUS, TAU_PLUS, V_THETA, V_RESET = 2, 0.035, -65, 0.07, 120, -60, 20, 100, -35, -50


def burst_slope(t, state):
    v, h = state
    open_ = v > V_H
    dv = (burst_input(t) - G_L * (v - V_L) - np.where(open_, G_T * h * (v - V_T), 0.0)) / C
    return np.array([dv, np.where(open_, -h / TAU_MINUS, (1 - h) / TAU_PLUS)])


def burst_input(t):
    # uA/cm^2, our own: constant from rest; released from hyperpolarization at 300 ms, to above V_h or to rest.
    return np.where(np.asarray(t) < 300, BEFORE, AFTER)


BEFORE = np.array([0.0, 1.2, 2.0, -1.0, -0.5, 0.35])
AFTER = np.array([0.0, 1.2, 2.0, 0.35, 0.0, 0.35])


@pytest.fixture(scope="module")
def bursting():
    table = np.where(np.arange(600)[:, None] < 300, BEFORE, AFTER)
    return zoo_truth.run(
        integrate_and_fire_or_burst,
        6,
        600,
        variables=("v", "h"),
        held=TimedArray(table * uA / cm**2, dt=1 * ms),
    )


def exact_bursts(run, h):
    return run(
        burst_slope,
        np.array([np.full(6, float(V_L)), np.ones(6)]),
        lambda s: s[0] > V_THETA,
        lambda s: np.array([np.full(6, float(V_RESET)), s[1]]),
        600,
        h,
    )


def test_bursts_are_the_runge_kutta_step_of_the_equations(bursting, ledger):
    trains, traces = bursting
    expected, states = exact_bursts(zoo_truth.stepped, 0.05)
    assert sum(map(len, expected)) > 30
    told = dict(against=zoo_truth.SAME_STEP, dt=0.05, duration=600)
    model = integrate_and_fire_or_burst
    ledger(model, quantity="spike times", found=trains, expected=expected, absolute=1e-9, unit="ms", **told)
    ledger(model, quantity="v", found=traces["v"] * 1e3, expected=states[:, 0], relative=1e-9, **told)
    ledger(model, quantity="h", found=traces["h"], expected=states[:, 1], relative=1e-9, **told)


def test_tonic_firing_has_the_closed_form_rate(bursting, ledger):
    # Once h has decayed the cell is a leaky one from V_reset to V_theta.
    for cell in (1, 2):
        steady = V_L + AFTER[cell] / G_L
        tau = C / G_L
        expected = tau * np.log((steady - V_RESET) / (steady - V_THETA)) if steady > V_THETA else np.inf
        late = np.diff(bursting[0][cell][bursting[0][cell] > 400])
        if np.isinf(expected):
            assert len(late) == 0
        else:
            ledger(integrate_and_fire_or_burst, quantity="interval of tonic firing", against="closed form on the grid",
                   found=late, expected=np.full_like(late, on_grid(expected, 0.05)), absolute=0.05 + 1e-6, unit="ms",
                   dt=0.05, duration=600)  # fmt: skip


def test_it_bursts_on_release_from_hyperpolarization_and_only_then(bursting):
    trains, traces = bursting
    assert len(trains[0]) == 0  # at rest
    assert len(trains[4]) == 0  # released to a potential where the calcium current stays closed
    for cell, start in ((3, 300), (5, 0)):  # released above V_h, or stepped there from rest: one burst
        assert (trains[cell] > start).all()
        assert 2 <= len(trains[cell]) <= 10
        assert np.ptp(trains[cell]) < 60
        assert np.diff(trains[cell]).max() < 20
    ready = traces["h"][round(299 / 0.05)]
    assert ready[3] > 0.99
    assert ready[5] < 0.01


def test_the_calcium_current_recovers_with_its_time_constant(ledger):
    _, traces = zoo_truth.run(integrate_and_fire_or_burst, 2, 50, variables=("h",), v=[-65, -55] * mV, h=[0.2, 0.2],
                              g_T=0 * uA / cm**2 / mV, I=[0.0, 0.35] * uA / cm**2)  # fmt: skip
    t = np.arange(1000) * 0.05
    told = dict(against="closed form", dt=0.05, duration=50)
    ledger(integrate_and_fire_or_burst, quantity="h, recovering", found=traces["h"][:, 0],
           expected=1 - 0.8 * np.exp(-t / 100), relative=1e-9, **told)  # fmt: skip
    ledger(integrate_and_fire_or_burst, quantity="h, inactivating", found=traces["h"][:, 1],
           expected=0.2 * np.exp(-t / 20), relative=1e-6, **told)  # fmt: skip


# ---- resonate-and-fire -------------------------------------------------------------------------------------------


def test_the_resonator_rings_with_its_eigenfrequency(ledger):
    # z(t) = z_0*exp((b + i*omega)*t), the exact solution.
    _, traces = zoo_truth.run(resonate_and_fire, 1, 50, variables=("u", "v"), u=0.4, v=0.1)
    t = np.arange(1000) * 0.05
    z = (0.4 + 0.1j) * np.exp((-0.1 + 1j) * t)
    told = dict(against="closed form", absolute=1e-6, unit="1", dt=0.05, duration=50)
    ledger(resonate_and_fire, quantity="u, ringing", found=traces["u"][:, 0], expected=z.real, **told)
    ledger(resonate_and_fire, quantity="v, ringing", found=traces["v"][:, 0], expected=z.imag, **told)


def test_the_resonator_prefers_pulses_at_its_own_period():
    # What the paper is about: of two pulses that are each too weak, the second fires it one period after the first.
    period = 2 * np.pi
    gaps = np.array([0.5, 1.0, 1.5, 2.0]) * period
    group = resonate_and_fire.group(4, dt=0.05 * ms, u=0.8)
    # The first pulse is the initial value u = 0.8; the second is a synaptic step of the same size.
    second = SpikeGeneratorGroup(4, np.arange(4), np.round(gaps / 0.05) * 0.05 * ms, dt=0.05 * ms)
    pulses = Synapses(second, group, on_pre="u_post += 0.8", dt=0.05 * ms)
    pulses.connect(j="i")
    spikes = SpikeMonitor(group)
    Network(group, second, pulses, spikes).run(30 * ms)
    assert list(np.asarray(spikes.count) > 0) == [False, True, False, False]


def test_the_resonator_resets_to_i_and_rebounds_from_inhibition():
    # A step of inhibition makes no spike, its end does: the potential rings from u = -I*b/(b^2 + omega^2) onwards.
    inhibition = TimedArray(np.array([-3.5] * 30 + [0.0] * 30) * kHz, dt=1 * ms)
    trains, traces = zoo_truth.run(
        resonate_and_fire,
        1,
        60,
        variables=("u", "v"),
        I="inhibition(t)",
        namespace={"inhibition": inhibition},
        b=-0.3 / ms,
    )
    assert len(trains[0]) >= 1
    assert (trains[0] > 30).all()
    step = round(trains[0][0] / 0.05) + 1
    assert (traces["u"][step, 0], traces["v"][step, 0]) == (0, 1)


# ---- quadratic and exponential -----------------------------------------------------------------------------------


def test_the_quadratic_cell_has_the_closed_form_rate(ledger):
    a, rest, threshold, low, peak = 1 / 150, -65.0, -50.0, -70.0, 30.0
    rheobase = a * (threshold - rest) ** 2 / 4
    drive = rheobase + np.array([0.01, 0.05, 0.2, 1.0, 3.0])
    dt = 0.05
    trains, _ = zoo_truth.run(quadratic_integrate_and_fire, 5, 1200, I=drive * mV / ms)
    middle = (rest + threshold) / 2
    root = np.sqrt((drive - rheobase) / a)
    interval = (np.arctan((peak - middle) / root) - np.arctan((low - middle) / root)) / (a * root)
    ledger(quadratic_integrate_and_fire, quantity="interval under constant current", against="closed form",
           found=[only_interval(train) for train in trains], expected=interval, absolute=dt, unit="ms", dt=dt,
           duration=1200)  # fmt: skip


def test_the_quadratic_cell_has_a_rheobase_and_a_threshold():
    rheobase = 15**2 / 150 / 4
    trains, _ = zoo_truth.run(quadratic_integrate_and_fire, 2, 800, I=np.array([0.98, 1.02]) * rheobase * mV / ms)
    assert [len(train) > 0 for train in trains] == [False, True]
    trains, traces = zoo_truth.run(
        quadratic_integrate_and_fire, 2, 200, v=np.array([-50.01, -49.99]) * mV, variables=("v",)
    )
    assert [len(train) > 0 for train in trains] == [False, True]
    np.testing.assert_allclose(traces["v"][-1, 0], -0.065, atol=1e-6)


def exponential_rise(v, current):
    """v' (mV/ms) with the numbers of Fourcaud-Trocme et al. (2003): uF/cm^2, mS/cm^2, mV."""
    return current - 0.1 * (v + 65) + 0.1 * 3.48 * np.exp((v + 59.9) / 3.48)


def test_the_exponential_cell_has_the_closed_form_rate(ledger):
    drive = np.array([0.2, 0.3, 0.5, 1.0, 2.0])  # uA/cm^2
    for dt in (0.02, 0.01):
        trains, _ = zoo_truth.run(exponential_integrate_and_fire, 5, 400, dt=dt * ms, I=drive * uA / cm**2)
        v = np.linspace(-68, -30, 200001)
        for current, train in zip(drive, trains, strict=True):
            rise = exponential_rise(v, current)
            interval = np.sum((1 / rise[1:] + 1 / rise[:-1]) / 2) * (v[1] - v[0]) + 1.7
            # An Euler step lags behind by dt/2*log(v' at the end/v' at the start) to first order in dt.
            lag = dt / 2 * np.log(rise[-1] / rise[0])
            ledger(exponential_integrate_and_fire, quantity="interval under constant current",
                   against="quadrature of dv/v', and the first-order lag of Euler's step", found=only_interval(train),
                   expected=interval + lag, absolute=2 * dt, unit="ms", dt=dt, duration=400)  # fmt: skip


def test_the_exponential_cell_has_the_published_rheobase():
    # I_T = g_L*(V_T - V_L - Delta_T) = 0.16 uA/cm^2, that of the conductance-based cell it was fitted to.
    rheobase = 0.1 * (-59.9 + 65 - 3.48)
    assert round(rheobase, 2) == 0.16
    trains, _ = zoo_truth.run(
        exponential_integrate_and_fire, 2, 800, dt=0.1 * ms, I=np.array([0.99, 1.01]) * rheobase * uA / cm**2
    )
    assert [len(train) > 0 for train in trains] == [False, True]


def test_the_exponential_cell_is_silent_while_refractory():
    _, traces = zoo_truth.run(exponential_integrate_and_fire, 1, 40, I=2 * uA / cm**2, variables=("v",))
    still = np.diff(np.flatnonzero(np.diff((traces["v"][:, 0] == -0.068).astype(int))))
    assert (traces["v"][:, 0] == -0.068).any()
    np.testing.assert_allclose(still[::2] * 0.02, 1.7, atol=0.021)
