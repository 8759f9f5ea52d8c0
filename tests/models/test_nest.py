"""LIF, Izhikevich, AdEx and Hodgkin-Huxley beside NEST: the same cells under the same steps of current.

NEST integrates LIF exactly and Izhikevich by Euler's step, as our definitions do: nothing but rounding may differ. It
integrates AdEx and Hodgkin-Huxley by Runge-Kutta-Fehlberg, of fifth order with steps no longer than its resolution, so
that its error is far below ours: AdEx by Euler and Hodgkin-Huxley by exponential Euler have to converge to it as
methods of first order do, and Hodgkin-Huxley by our own Runge-Kutta has to agree.
"""

import nest
import numpy as np
import pytest
from brian2 import Network, SpikeMonitor, StateMonitor, cm, ms, mV, nS, pA, pF, uA
from support import zoo_truth
from support.first_order import assert_first_order

from bioplast.models import adex, hodgkin_huxley, izhikevich_2003, lif

pytestmark = pytest.mark.long

VERSION = f"NEST {'.'.join(nest.__version__.split('.')[:2])}"
# No current, the current of each cell, no current (ms).
SEGMENTS = (5, 23, 12)
DURATION = sum(SEGMENTS)


def in_nest(model, parameters, currents, resolution):
    """Spike times of each cell (ms, the end of their step), and the potentials (steps, cells) at the steps' end."""
    nest.ResetKernel()
    nest.verbosity = nest.VerbosityLevel.ERROR
    nest.set(resolution=resolution)
    cells = nest.Create(model, len(currents), params=parameters)
    recorder = nest.Create("spike_recorder")
    meter = nest.Create("multimeter", params={"record_from": ["V_m"], "interval": resolution})
    nest.Connect(cells, recorder)
    nest.Connect(meter, cells)
    for duration, on in zip(SEGMENTS, (0, 1, 0), strict=True):
        cells.I_e = list(on * np.asarray(currents, dtype=float))
        nest.Simulate(duration)
    times, senders = (np.asarray(recorder.get("events", key)) for key in ("times", "senders"))
    ids = np.asarray(cells.tolist())
    events = meter.get("events")
    order = np.lexsort((events["senders"], events["times"]))
    potentials = np.asarray(events["V_m"])[order].reshape(-1, len(ids))
    return [np.sort(times[senders == cell]) for cell in ids], potentials


def in_brian(neuron, currents, unit, step, **values):
    """The same of our cells."""
    cells = neuron.group(len(currents), dt=step * ms, **values)
    spikes, trace = SpikeMonitor(cells), StateMonitor(cells, "v", record=True, dt=step * ms, when="end")
    network = Network(cells, spikes, trace)
    # The input is switched between two runs: inside of one, the last stage of a Runge-Kutta step would look ahead.
    for duration, on in zip(SEGMENTS, (0, 1, 0), strict=True):
        cells.I = on * np.asarray(currents) * unit
        network.run(duration * ms)
    times, senders = np.asarray(spikes.t / ms) + step, np.asarray(spikes.i)
    return [times[senders == cell] for cell in range(len(currents))], np.asarray(trace.v / mV).T


def test_lif(ledger):
    currents = [0, 105, 200, 400, 1200]  # pA; the rheobase is 100
    # The refractory period of 5 ms counts from the start of the spike's step in Brian2, from its end in NEST.
    membrane = dict(tau_m=20.0, C_m=200.0, E_L=-60.0, V_m=-60.0, V_th=-50.0, V_reset=-60.0, t_ref=5.0 - 0.1)
    expected, theirs = in_nest("iaf_psc_delta", membrane, currents, 0.1)
    found, ours = in_brian(lif, currents, pA, 0.1)
    assert [len(train) > 0 for train in expected] == [False, False, True, True, True]
    told = dict(against=f"{VERSION} iaf_psc_delta", dt=0.1, duration=DURATION)
    ledger(lif, quantity="spike times", found=found, expected=expected, absolute=1e-9, unit="ms", **told)
    steps = min(len(theirs), len(ours))
    ledger(lif, quantity="v", found=ours[:steps], expected=theirs[:steps], absolute=1e-9, unit="mV", **told)


@pytest.mark.parametrize("step", [0.5, 0.1])
def test_izhikevich(step, ledger):
    currents = [0, 10, 20, 40]  # mV/ms
    # consistent_integration is the simultaneous Euler step.
    simple = dict(a=0.02, b=0.2, c=-65.0, d=8.0, V_th=30.0, V_m=-65.0, U_m=-13.0, consistent_integration=True)
    expected, theirs = in_nest("izhikevich", simple, currents, step)
    found, ours = in_brian(izhikevich_2003, currents, mV / ms, step)
    assert [len(train) > 0 for train in expected] == [False, True, True, True]
    told = dict(against=f"{VERSION} izhikevich", dt=step, duration=DURATION)
    ledger(izhikevich_2003, quantity="spike times", found=found, expected=expected, absolute=1e-9, unit="ms", **told)
    steps = min(len(theirs), len(ours))
    ledger(izhikevich_2003, quantity="v", found=ours[:steps], expected=theirs[:steps], relative=1e-9, **told)


def test_adex(ledger):
    currents = [1000, 1500, 2000, 2400]  # pA
    numbers = dict(C_m=281.0, g_L=30.0, E_L=-70.6, V_m=-70.6, V_th=-50.4, Delta_T=2.0, a=4.0, tau_w=144.0, b=80.5)
    numbers |= dict(V_reset=-70.6, V_peak=20.0, w=0.0, t_ref=0.0, gsl_error_tol=1e-9)
    resolution = 0.001
    expected, _ = in_nest("aeif_cond_alpha", numbers, currents, resolution)
    most = max(map(len, expected))
    assert most >= 5
    step = 0.02
    runs = [in_brian(adex, currents, pA, h, C=281 * pF, g_L=30 * nS)[0] for h in (step, step / 2, step / 4)]
    # A spike waits for the end of its step, for 0 to 1 steps: 4 standard deviations of the sum of n such waits in
    # 2*t(h/2) - t(h), which is sqrt(n/6)*h, and half of NEST's resolution.
    slack = 4 * np.sqrt(most / 6) * step + resolution
    expected = [train - resolution / 2 for train in expected]
    assert_first_order(ledger, adex, runs, expected, against=f"{VERSION} aeif_cond_alpha", dt=step, duration=DURATION,
                       slack=slack)  # fmt: skip


# ---- Hodgkin-Huxley --------------------------------------------------------------------------------------------------

SQUID_CURRENTS = [0, 10, 15, 40]  # uA/cm^2
SQUID = "hh_psc_alpha"


def crossings(potentials, step):
    """When the potential of each cell passes 0 mV upwards (ms), interpolated; the first row is the end of a step."""
    return [train + step for train in zoo_truth.crossings(potentials, 0.0, step)]


@pytest.fixture(scope="module")
def squid():
    """The crossings that NEST finds with a resolution of 0.01 ms, as seen on a grid of `step`."""
    # NEST's cell has 100 pF, which is 1 uF/cm^2 on 1e-4 cm^2: 1 uA/cm^2 is 100 pA, and 1 mS/cm^2 is 100 nS. Its gates
    # start in their steady state at V_m, as ours do.
    axon = dict(C_m=100.0, g_Na=12000.0, g_K=3600.0, g_L=30.0, E_Na=50.0, E_K=-77.0, E_L=-54.387, V_m=-65.0)
    _, potentials = in_nest(SQUID, axon, 100 * np.array(SQUID_CURRENTS), 0.01)
    assert [len(train) > 1 for train in crossings(potentials, 0.01)] == [False, True, True, True]
    return lambda step: crossings(potentials[round(step / 0.01) - 1 :: round(step / 0.01)], step)


def potentials(method, step):
    return in_brian(hodgkin_huxley.replace(method=method), SQUID_CURRENTS, uA / cm**2, step)[1]


def test_hodgkin_huxley_by_its_own_method(squid, ledger):
    step = 0.04
    runs = [crossings(potentials(hodgkin_huxley.method, h), h) for h in (step, step / 2, step / 4)]
    # The membrane is never faster than C_m/(g_Na + g_K + g_L) = 1/156 ms.
    slack = zoo_truth.missed_by_a_line(156, step)
    assert_first_order(ledger, hodgkin_huxley, runs, squid(0.01), against=f"{VERSION} {SQUID}", dt=step,
                       duration=DURATION, slack=slack)  # fmt: skip


def test_hodgkin_huxley_by_runge_kutta(squid, ledger):
    step = 0.02
    fine = potentials("rk4", step)
    # Of fourth order: fine is off by a fifteenth of what halving the step has changed, all of which is accepted. Both
    # are looked at on the same grid, where a straight line misses the crossing by the same, and so with NEST.
    pair = zip(crossings(potentials("rk4", 2 * step), 2 * step), crossings(fine[1::2], 2 * step), strict=True)
    change = max(np.abs(a - b).max(initial=0) for a, b in pair)
    ledger(hodgkin_huxley, quantity="spike times, by the method rk4", against=f"{VERSION} {SQUID}",
           found=crossings(fine, step), expected=squid(step), absolute=change, unit="ms", dt=step,
           duration=DURATION)  # fmt: skip
