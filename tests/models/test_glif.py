"""The Mihalas-Niebur neuron: the twenty firing types of its paper, and located spikes of its linear equations."""

import numpy as np
import pytest
from brian2 import Hz, TimedArray, ms, mV, second, volt
from support import zoo_truth

from bioplast.models import glif

# Mihalas and Niebur (2009), table 1: a (1/s), A_1/C, A_2/C (V/s), and the input I_e/C (V/s) as pieces (value, until in
# ms). The paper gives the amplitudes; the durations are those that Detorakis (2017), ReScience 3(1), table 5, has read
# off its figure 1. His currents start at 0.01 and 0.001 V/s, ours at 0.
TYPES = {
    "tonic spiking": (0, 0, 0, [(1.5, 200)]),
    "class 1": (0, 0, 0, [(1 + 1e-6, 500)]),
    "spike frequency adaptation": (5, 0, 0, [(2, 200)]),
    "phasic spiking": (5, 0, 0, [(1.5, 500)]),
    "accommodation": (5, 0, 0, [(1.5, 100), (0, 600), (0.5, 700), (1, 800), (1.5, 900), (0, 1000)]),
    "threshold variability": (5, 0, 0, [(1.5, 20), (0, 200), (-1.5, 225), (0, 250), (1.5, 275), (0, 400)]),
    "rebound spike": (5, 0, 0, [(0, 50), (-3.5, 806), (0, 1000)]),
    "class 2": (5, 0, 0, [(2 * (1 + 1e-6), 300)]),
    "integrator": (5, 0, 0, [(1.5, 20), (0, 30), (1.5, 50), (0, 300), (1.5, 320), (0, 340), (1.5, 360), (0, 400)]),
    "input bistability": (5, 0, 0, [(1.5, 100), (1.7, 500), (1.5, 600), (1.7, 1000)]),
    "hyperpolarization induced spiking": (30, 0, 0, [(-1, 400)]),
    "hyperpolarization induced bursting": (30, 10, -0.6, [(-1, 400)]),
    "tonic bursting": (5, 10, -0.6, [(2, 500)]),
    "phasic bursting": (5, 10, -0.6, [(1.5, 500)]),
    "rebound burst": (5, 10, -0.6, [(0, 100), (-3.5, 600), (0, 1000)]),
    "mixed mode": (5, 5, -0.3, [(2, 500)]),
    "afterpotentials": (5, 5, -0.3, [(2, 15), (0, 200)]),
    "basal bistability": (0, 8, -0.1, [(5, 10), (0, 100), (5, 110), (0, 200)]),
    "preferred frequency": (5, -3, 0.5, [(5, 5), (0, 10), (4, 15), (0, 400), (5, 405), (0, 450), (4, 455), (0, 800)]),
    "spike latency": (-80, 0, 0, [(8, 2), (0, 50)]),
}
NAMES = list(TYPES)
a, A_1, A_2 = np.array([row[:3] for row in TYPES.values()], dtype=float).T
ENDS = np.array([row[3][-1][1] for row in TYPES.values()])
# All start at rest but class 2, which starts at the threshold that its own potential has lifted.
V_0 = np.where(np.array(NAMES) == "class 2", -30.0, -70.0)
THETA_0 = np.where(np.array(NAMES) == "class 2", -30.0, -50.0)
DT, STEPS = 0.1, 10000


def drive():
    """The input (steps, types) in V/s, which is mV/ms."""
    table = np.zeros((STEPS, len(NAMES)))
    for column, (*_, pieces) in enumerate(TYPES.values()):
        for value, until in reversed(pieces):
            table[: round(until / DT), column] = value
    return table


TABLE = drive()


def simulate(variables=()):
    return zoo_truth.run(
        glif,
        len(NAMES),
        STEPS * DT,
        variables=variables,
        held=TimedArray(TABLE * volt / second, dt=DT * ms),
        a=a * Hz,
        A_1=A_1 * volt / second,
        A_2=A_2 * volt / second,
        v=V_0 * mV,
        Theta=THETA_0 * mV,
    )


@pytest.fixture(scope="module")
def simulated():
    return simulate(("I_1", "I_2", "v", "Theta"))


@pytest.fixture(scope="module")
def fired(simulated):
    """Spike times (ms) and potentials (mV) of each type, until its own input ends."""
    trains, traces = simulated
    found = {}
    for k, name in enumerate(NAMES):
        found[name] = trains[k][trains[k] < ENDS[k]], traces["v"][: round(ENDS[k] / DT), k] * 1e3
    return found


def slope(t, state):
    i1, i2, v, theta = state
    current = TABLE[int(t / DT)]
    rise = a * 1e-3 * (v + 70) - 0.01 * (theta + 50)
    return np.array([-0.2 * i1, -0.02 * i2, current + i1 + i2 - 0.05 * (v + 70), rise])


def reset(state):
    return np.array([A_1, state[1] + A_2, np.full_like(V_0, -70.0), np.maximum(state[3], -60.0)])


def over(state):
    return state[2] > state[3]


START = np.array([0 * V_0, 0 * V_0, V_0, THETA_0])


def test_it_is_the_runge_kutta_step_of_the_equations(simulated, ledger):
    expected, states = zoo_truth.stepped(slope, START, over, reset, STEPS * DT, DT)
    trains, traces = simulated
    told = dict(against=zoo_truth.SAME_STEP, dt=DT, duration=STEPS * DT)
    ledger(
        glif, quantity="spike times of the 20 types", found=trains, expected=expected, absolute=1e-9, unit="ms", **told
    )
    for k, name in enumerate(("I_1", "I_2", "v", "Theta")):
        scale = 1.0 if name in ("I_1", "I_2") else 1e3  # V/s are mV/ms
        ledger(glif, quantity=name, found=traces[name] * scale, expected=states[:, k], of_largest=1e-9, **told)


def test_it_fires_where_the_exact_flow_crosses_the_threshold(simulated, ledger):
    # For as long as the figure shows. Later, in the fourth burst that hyperpolarization induces, the exact flow has a
    # sixth spike that hardly reaches the threshold, and on the grid it does not.
    def shown(trains):
        return [train[train < end] for train, end in zip(trains, ENDS, strict=True)]

    def flow(wait):
        return shown(zoo_truth.spikes_of(slope, START, over, reset, STEPS * DT, DT, wait))

    zoo_truth.assert_on_grid(ledger, glif, shown(simulated[0]), flow, DT, STEPS * DT)


def test_the_subthreshold_equations_have_the_closed_form_of_the_paper(ledger):
    # Linear equations between spikes: sums of exponentials (equations 3.1-3.3 of the paper), here the free decay.
    k_1, k_2, g, i_1, i_2 = 200.0, 20.0, 50.0, 0.3, -0.2
    _, traces = zoo_truth.run(
        glif, 1, 100, variables=("v", "I_1"), I_1=i_1 * volt / second, I_2=i_2 * volt / second, v=-75 * mV
    )
    t = np.arange(1000) * DT * 1e-3
    v = -0.07 + (-0.005 - i_1 / (g - k_1) - i_2 / (g - k_2)) * np.exp(-g * t)
    v += i_1 / (g - k_1) * np.exp(-k_1 * t) + i_2 / (g - k_2) * np.exp(-k_2 * t)
    told = dict(against="closed form of the paper", dt=DT, duration=100)
    ledger(glif, quantity="v below threshold", found=traces["v"][:, 0], expected=v, relative=1e-9, **told)
    ledger(glif, quantity="I_1 below threshold", found=traces["I_1"][:, 0], expected=i_1 * np.exp(-k_1 * t),
           relative=1e-6, **told)  # fmt: skip


def test_tonic_spiking_has_the_interval_of_a_leaky_cell(fired, ledger):
    interval = np.log(30 / 10) / 0.05  # from V_r = E_L to Theta_inf, 20 mV up, driven to 30 mV
    found = np.diff(fired["tonic spiking"][0])
    assert len(found) >= 7
    ledger(glif, quantity="interval of tonic spiking", against="closed form on the grid", found=found,
           expected=np.full_like(found, np.ceil(interval / DT) * DT), absolute=1e-9, unit="ms", dt=DT,
           duration=200)  # fmt: skip


def test_class_1_fires_as_slowly_as_one_likes_and_class_2_does_not(fired):
    slow, fast = fired["class 1"][0], fired["class 2"][0]
    assert slow[0] > 250  # 20 ms of a logarithm that grows without bound at the rheobase
    assert len(fast) >= 5
    assert np.diff(fast).max() < 60


def test_adaptation_and_phasic_spiking(fired):
    adapting = np.diff(fired["spike frequency adaptation"][0])
    assert len(adapting) >= 5
    assert (np.diff(adapting) > 0).all()
    phasic = fired["phasic spiking"][0]
    assert len(phasic) >= 1
    assert phasic[-1] < 250  # of 500 ms of input


def test_accommodation(fired):
    spikes = fired["accommodation"][0]
    assert len(spikes) >= 1
    assert (spikes < 100).all()  # the step fires, the staircase to the same height does not


def test_threshold_variability_and_rebound(fired):
    variable = fired["threshold variability"][0]
    assert len(variable) == 1
    assert 250 < variable[0] < 280  # only the pulse that inhibition has prepared
    rebound = fired["rebound spike"][0]
    assert len(rebound) == 1
    assert rebound[0] > 806


def test_integrator_and_preferred_frequency(fired):
    integrator = fired["integrator"][0]
    assert len(integrator) == 1
    assert 30 < integrator[0] < 60  # the two pulses that are close together
    preferred = fired["preferred frequency"][0]
    assert [((preferred < 400).sum()), (preferred > 400).sum()] == [1, 2]  # 10 ms apart: one; 50 ms apart: both


def test_input_bistability(fired):
    spikes = fired["input bistability"][0]
    assert (spikes[(spikes > 100) & (spikes < 500)]).size > 5
    assert not (spikes > 500).any()  # at 1.5 it stops, and 1.7 cannot start it again


def test_hyperpolarization_induces_spikes_and_bursts(fired):
    single = np.diff(fired["hyperpolarization induced spiking"][0])
    assert len(single) >= 2
    assert (single > 100).all()
    bursts = np.diff(fired["hyperpolarization induced bursting"][0])
    assert (bursts < 10).sum() > (bursts > 50).sum() >= 2


def test_tonic_phasic_and_rebound_bursting(fired):
    tonic = np.diff(fired["tonic bursting"][0])
    assert (tonic > 50).sum() >= 2
    assert (tonic < 12).sum() >= 10
    phasic = fired["phasic bursting"][0]
    assert len(phasic) >= 3
    assert (np.diff(phasic) < 12).all()
    rebound = fired["rebound burst"][0]
    assert len(rebound) >= 3
    assert rebound[0] > 600
    assert (np.diff(rebound) < 12).all()


def test_mixed_mode(fired):
    found = np.diff(fired["mixed mode"][0])
    assert (found[:4] < 10).all()
    assert (found[-5:] > 20).all()


def test_afterpotentials(fired):
    spikes, v = fired["afterpotentials"]
    assert len(spikes) == 1
    after = v[round(spikes[0] / DT) + 2 :]
    top = after.argmax()
    assert after[top] > -60  # a depolarized afterpotential, then a hyperpolarized one
    assert after[top:].min() < -71


def test_basal_bistability(fired):
    spikes = fired["basal bistability"][0]
    assert ((spikes > 20) & (spikes < 100)).sum() > 5
    assert not (spikes > 150).any()  # the second pulse switches it off


def test_spike_latency(fired):
    spikes = fired["spike latency"][0]
    assert len(spikes) == 1
    assert spikes[0] > 10  # the pulse is over after 2 ms
