"""The leaky integrate-and-fire cell in closed form: which patterns it has, whatever its reset and its stimulus."""

from __future__ import annotations

import numpy as np
import pytest

from bioplast.plausibility import PATTERNS, Features, Recording, Scale, SpikeTrains, Sweep, reduce

# Rest 0, threshold 1, membrane time constant 1: every leaky integrate-and-fire cell is one of these, up to its reset.
LETTERS = "ABCDEFGHIJKLMNOPQRST"


def respond(sweep: Sweep, reset: np.ndarray, dt: float) -> Recording:
    """Exact for an input that is constant over a step; each candidate has its own reset."""
    times = np.arange(int(sweep.end.max() / dt) + 2) * dt
    current, decay = sweep.current(times), np.exp(-dt)
    v, voltage, fired = np.broadcast_to(sweep.base, reset.shape).copy(), np.empty(current.shape), []
    for k, drive in enumerate(current):
        v = drive + (v - drive) * decay
        spikes = v >= 1
        v = np.where(spikes, reset, v)
        voltage[k] = v
        fired += [(k, cell) for cell in np.flatnonzero(spikes)]
    steps, cells = np.array(fired, dtype=int).reshape(-1, 2).T
    return Recording(times, voltage, SpikeTrains.from_events(times[steps], cells, sweep.size), current)


def knobs(letter: str, generator: np.random.Generator, size: int) -> dict[str, np.ndarray]:
    """Within their bounds, but short enough to be quick and not far above the rheobase."""
    upper = {"rest": 16, "duration": 40, "wait": 20, "firing": 20, "amplitude": 40}
    values = {}
    for name, knob in PATTERNS[letter].knobs.items():
        low, high = knob.low, min(knob.high, upper.get(name, np.inf))
        if knob.scale == "log":
            values[name] = np.exp(generator.uniform(np.log(low), np.log(high), size))
        else:
            values[name] = generator.uniform(low, high, size)
    if letter == "P":
        values["base"] = generator.uniform(-2, 0.99, size)
    return values


@pytest.mark.parametrize("letter", [p for p in LETTERS if p != "G"])
def test_a_leaky_integrator_has_tonic_spiking_and_integration_and_not_the_others(letter):
    """Class 1, its third pattern, takes longer ramps than these: see below."""
    generator = np.random.default_rng(11)
    size = 150
    reset = np.where(
        generator.random(size) < 0.5, generator.uniform(-2, 0.97, size), 1 - np.exp(generator.uniform(0, 6, size))
    )
    sweep = PATTERNS[letter].sweep(knobs(letter, generator, size), Scale(time=1.0, current=1.0, voltage=1.0))
    features = reduce(respond(sweep, reset, 0.05), sweep, 1.0, 1.0)
    assert PATTERNS[letter].score(features, sweep).met.any() == (letter in "AL")


def ramp_features(reset: np.ndarray, slope: np.ndarray, far: float, spikes: int) -> tuple[Features, Sweep]:
    """The response to the ramp I = slope*t until it is `far` times the current of the first spike, by bisection."""

    def next_spike(start: np.ndarray, v: np.ndarray) -> np.ndarray:
        low, high = np.zeros_like(start), np.full_like(start, 1e3)
        for _ in range(45):
            x = (low + high) / 2
            decay = np.exp(-x)
            above = v * decay + slope * start * (1 - decay) + slope * (x - 1 + decay) >= 1
            low, high = np.where(above, low, x), np.where(above, x, high)
        return start + high

    times = [next_spike(np.zeros_like(slope), np.zeros_like(slope))]
    for _ in range(spikes):
        times.append(next_spike(times[-1], reset))
    table = np.stack(times, axis=1)
    end = far * table[:, 0]
    kept = np.where(table < end[:, None], table, np.inf)
    # What the criterion reads besides the spikes is a rest of ten relaxation times at 0.
    rest = 10.0
    sweep = PATTERNS["H"].sweep(
        {"rest": np.full(len(end), rest), "duration": end, "amplitude": slope * end}, Scale(1.0, 1.0, 1.0)
    )
    size, nothing = len(end), np.zeros(len(end))
    features = Features(
        spikes=SpikeTrains(kept + rest),
        tau=np.ones(size),
        step=np.full(size, 0.01),
        rest_low=nothing,
        rest_high=nothing,
        top=np.ones(size),
        scale=np.ones(size),
        low={},
        high={},
        cycles=np.full((size, 3), np.nan),
        half_period=np.full(size, np.nan),
        trough=nothing,
        hump=nothing,
        final=nothing,
        finite=np.ones(size, dtype=bool),
        driven=np.ones(size, dtype=bool),
    )
    return features, sweep


def test_no_reset_and_no_ramp_make_a_leaky_integrator_class_2():
    """Its rate starts at zero; a reset far below rest makes the rise steep, a fast ramp hides it."""
    resets = np.r_[np.linspace(0, 0.95, 8), -np.geomspace(0.1, 3000, 40)]
    slopes = np.geomspace(1e-2, 30, 50)
    reset, slope = (a.ravel() for a in np.meshgrid(resets, slopes))
    class_1 = np.zeros(len(reset), dtype=bool)
    for far in (3.4, 10.0):
        features, sweep = ramp_features(reset, slope, far, 150)
        # A train that was not followed to the end of the ramp cannot be judged.
        followed = np.isinf(features.spikes.times).any(axis=1)
        assert followed.mean() > 0.5
        assert not PATTERNS["H"].score(features, sweep).met[followed].any()
        class_1 |= followed & PATTERNS["G"].score(features, sweep).met
    assert class_1.any()
