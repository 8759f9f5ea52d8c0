"""Spike trains for the tests: random ones on a grid, as a simulation makes them, and renewal processes."""

import neo
import numpy as np
import quantities as pq
from hypothesis import strategies as st

DURATION = 0.2
STEP = 1e-3


@st.composite
def populations(draw, least=1, most=5, spikes=12):
    """(times, indices, neurons) over `DURATION` on a grid of `STEP`, sorted by time, then neuron."""
    steps = st.sets(st.integers(0, round(DURATION / STEP) - 1), max_size=spikes)
    trains = draw(st.lists(steps, min_size=least, max_size=most))
    found = sorted((step, neuron) for neuron, train in enumerate(trains) for step in train)
    array = np.array(found, dtype=int).reshape(-1, 2)
    return array[:, 0] * STEP, array[:, 1], len(trains)


def as_neo(times, indices, neurons, duration=DURATION, start=0.0):
    """The same trains as Neo objects, in ms."""
    return [
        neo.SpikeTrain(times[indices == k] * 1e3, units=pq.ms, t_start=start * 1e3, t_stop=(start + duration) * 1e3)
        for k in range(neurons)
    ]


def renewal(seed, shape, intervals, neurons=1, rate=10.0):
    """Gamma-distributed intervals of that shape: 1 is a Poisson process, large is nearly regular."""
    rng = np.random.default_rng(seed)
    times = np.cumsum(rng.gamma(shape, 1 / (rate * shape), (neurons, intervals + 1)), axis=1)
    return times.ravel(), np.repeat(np.arange(neurons), intervals + 1), neurons
