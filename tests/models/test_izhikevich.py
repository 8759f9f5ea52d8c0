"""The simple model: a plain NumPy loop for 2003, the author's own spike times for 2004."""

import json
from importlib.resources import files

import numpy as np
import pytest
from brian2 import Network, SpikeMonitor, StateMonitor, TimedArray, ms, mV, prefs, second

from bioplast.models import izhikevich_2003, izhikevich_2004

PATTERNS = json.loads((files("bioplast.data") / "izhikevich_2004_patterns.json").read_text())["patterns"]


@pytest.fixture(autouse=True)
def numpy_target():
    before = prefs.codegen.target
    prefs.codegen.target = "numpy"
    yield
    prefs.codegen.target = before


def test_2003_is_the_simultaneous_euler_step_of_the_paper(ledger):
    dt, steps = 0.5, 1000
    drive = np.array([0.0, 5.0, 10.0])
    a, b, c, d = 0.02, 0.2, -65.0, 8.0
    v, u = np.full(3, c), np.full(3, b * c)
    voltages, spikes = np.empty((steps, 3)), []
    for k in range(steps):
        voltages[k] = v
        v, u = v + dt * (0.04 * v**2 + 5 * v + 140 - u + drive), u + dt * a * (b * v - u)
        fired = v > 30
        spikes += [(k, i) for i in np.flatnonzero(fired)]
        v, u = np.where(fired, c, v), np.where(fired, u + d, u)
    group = izhikevich_2003.group(3, dt=izhikevich_2003.dt, I=drive * mV / ms)
    spiking = SpikeMonitor(group)
    traces = StateMonitor(group, "v", record=True, dt=izhikevich_2003.dt)
    Network(group, spiking, traces).run(steps * dt * ms)
    assert len(spikes) > 10
    found = list(zip(np.rint(spiking.t / (dt * ms)).astype(int), np.asarray(spiking.i), strict=True))
    assert found == spikes
    ledger(izhikevich_2003, quantity="v", against="NumPy loop of the paper's Euler step", found=traces.v / mV,
           expected=voltages.T, relative=1e-9, dt=dt, duration=steps * dt)  # fmt: skip


def input_current(pattern, times):
    """I(t) of a pattern, in the units of the model, as the reference table says it."""
    drive = np.full(len(times), float(pattern["input"]["base"]))
    for segment in pattern["input"]["segments"]:
        start = segment["from_ms"]
        end = np.inf if segment["to_ms"] is None else segment["to_ms"]
        inside = (times > start) & (times < end)
        if segment.get("closed"):
            inside |= (times == start) | (times == end)
        drive[inside] = segment["value"] + segment["slope_per_ms"] * (times[inside] - start)
    return drive


def spike_times_of(names, dt, **options):
    """Simulate the patterns that share a step size in one group; spike times in ms by pattern."""
    chosen = [PATTERNS[name] for name in names]
    steps = max(round(p["duration_ms"] / dt) for p in chosen) + 1
    drive = np.stack([input_current(p, np.arange(steps) * dt) for p in chosen], axis=1)

    def each(key):
        return np.array([p[key] for p in chosen], dtype=float)

    decays = np.array([p["u_equation"] == "a*(b*v - u)" for p in chosen])
    group = izhikevich_2004.group(
        len(chosen),
        dt=dt * ms,
        I="stimulus(t, i)",
        namespace={"stimulus": TimedArray(drive * mV / ms, dt=dt * ms)},
        a=each("a") / ms,
        b=each("b") / ms,
        c=each("c") * mV,
        d=each("d") * mV / ms,
        quadratic=np.array([p["v_equation"]["quadratic"] for p in chosen]) / mV / ms,
        linear=np.array([p["v_equation"]["linear"] for p in chosen]) / ms,
        constant=np.array([p["v_equation"]["constant"] for p in chosen]) * mV / ms,
        v_u=np.where(decays, 0.0, -65.0) * mV,
        u_leak=np.where(decays, 1.0, 0.0),
        v=each("v0") * mV,
        u=each("u0") * mV / ms,
        **options,
    )
    spikes = SpikeMonitor(group)
    Network(group, spikes).run(steps * dt * ms)
    trains = {}
    for index, (name, pattern) in enumerate(zip(names, chosen, strict=True)):
        times = np.rint(np.asarray(spikes.t)[np.asarray(spikes.i) == index] / (dt * 1e-3)) * dt
        trains[name] = times[times <= pattern["duration_ms"] + dt / 2]
    return trains


STEPS = sorted({pattern["dt_ms"] for pattern in PATTERNS.values()})


@pytest.mark.parametrize("dt", STEPS)
def test_2004_gives_the_authors_spike_times_exactly(dt, ledger):
    names = [name for name, pattern in PATTERNS.items() if pattern["dt_ms"] == dt]
    trains = spike_times_of(names, dt)
    expected = [np.array(PATTERNS[name]["spike_times_ms"], dtype=float) for name in names]
    ledger(izhikevich_2004, quantity=f"spike times of the patterns {', '.join(names)}",
           against="the author's figure1.m", found=[trains[name] for name in names], expected=expected,
           absolute=1e-9, unit="ms", dt=dt, duration=max(PATTERNS[name]["duration_ms"] for name in names))  # fmt: skip


def test_2004_covers_all_twenty_patterns():
    assert len(PATTERNS) == 20
    assert STEPS == [0.1, 0.2, 0.25, 0.5]


def test_a_simultaneous_step_gives_the_wrong_number_of_spikes():
    assert len(spike_times_of("C", 0.25, method="euler")["C"]) == 29
    assert len(spike_times_of("T", 0.5, method="euler")["T"]) == 390
    assert len(PATTERNS["C"]["spike_times_ms"]) == 28
    assert len(PATTERNS["T"]["spike_times_ms"]) == 12


def test_the_suggested_step_is_the_one_most_patterns_use():
    assert izhikevich_2004.dt == 0.25 * ms
    assert float(izhikevich_2003.dt / second) == 0.5e-3
