"""The independent side of the tests of the zoo: plain Runge-Kutta steps with located spikes, and a run of a definition.

Nothing here knows Brian2's integrators: an equation is a Python function of the paper's numbers, (variables, cells)
arrays in ms, mV and whatever units the paper has.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from brian2 import Network, SpikeMonitor, StateMonitor, ms

# The truth of those comparisons that have the same integrator and step on both sides, where only equations can differ.
SAME_STEP = "the same Runge-Kutta step of the paper's equations, in NumPy"

Array = np.ndarray
Slope = Callable[[float | Array, Array], Array]


def rk4(slope: Slope, t: float, state: Array, h: float | Array) -> Array:
    """One step of the classical fourth-order method; `h` may differ between cells."""
    k1 = slope(t, state)
    k2 = slope(t + h / 2, state + h / 2 * k1)
    k3 = slope(t + h / 2, state + h / 2 * k2)
    k4 = slope(t + h, state + h * k3)
    return state + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)


def integrate(slope: Slope, state: Array, duration: float, h: float) -> Array:
    """The states (steps, variables, cells) before each step of a system without reset."""
    state, states = np.array(state, dtype=float), []
    for k in range(round(duration / h)):
        states.append(state)
        state = rk4(slope, k * h, state, h)
    return np.array(states)


def stepped(
    slope: Slope,
    state: Array,
    over: Callable[[Array], Array],
    reset: Callable[[Array], Array],
    duration: float,
    h: float,
) -> tuple[list[Array], Array]:
    """Spike times and the states (steps, variables, cells) before each step, when spikes happen on the grid only."""
    state = np.array(state, dtype=float)
    trains: list[list[float]] = [[] for _ in range(state.shape[1])]
    states = []
    for k in range(round(duration / h)):
        states.append(state)
        state = rk4(slope, k * h, state, h)
        fired = over(state)
        for cell in np.flatnonzero(fired):
            trains[cell].append(k * h)
        if fired.any():
            state = np.where(fired, reset(state), state)
    return [np.array(train) for train in trains], np.array(states)


def crossings(values: Array, level: float, h: float) -> list[Array]:
    """Times of the upward crossings of `level` by each cell of values (steps, cells), interpolated within a step."""
    up = (values[1:] > level) & (values[:-1] <= level)
    found = []
    for cell in range(values.shape[1]):
        k = np.flatnonzero(up[:, cell])
        low, high = values[k, cell], values[k + 1, cell]
        found.append((k + (level - low) / (high - low)) * h)
    return found


def missed_by_a_line(rate: float, h: float) -> float:
    """How far `crossings` may be off: v''/v'*h**2/8, with v''/v' below `rate`, that of the fastest process."""
    return rate * h**2 / 8


def spikes_of(
    slope: Slope,
    state: Array,
    over: Callable[[Array], Array],
    reset: Callable[[Array], Array],
    duration: float,
    h: float,
) -> list[Array]:
    """Spike times of each cell of a system with reset: a crossing is located inside its step by bisection."""
    state = np.array(state, dtype=float)
    cells = state.shape[1]
    trains: list[list[float]] = [[] for _ in range(cells)]
    for k in range(round(duration / h)):
        t = k * h
        after = rk4(slope, t, state, h)
        left = np.full(cells, h)
        fired = over(after)
        while fired.any():
            now, low, high = t + h - left, np.zeros(cells), left.copy()
            for _ in range(45):
                middle = (low + high) / 2
                beyond = over(rk4(slope, now, state, middle))
                low, high = np.where(beyond, low, middle), np.where(beyond, middle, high)
            for cell in np.flatnonzero(fired):
                trains[cell].append(now[cell] + high[cell])
            state = np.where(fired, reset(rk4(slope, now, state, high)), state)
            left = np.where(fired, left - high, left)
            again = rk4(slope, t + h - left, state, left)
            after = np.where(fired, again, after)
            fired = fired & over(after)
        state = after
    return [np.array(train) for train in trains]


def run(neuron, N, duration, *, variables=(), dt=None, **values):
    """Spike times (ms) of each cell, and each recorded variable as an array (steps, cells) in SI units."""
    dt = dt or neuron.dt
    group = neuron.group(N, dt=dt, **values)
    spikes = SpikeMonitor(group)
    objects = [group, spikes]
    if variables:
        traces = StateMonitor(group, list(variables), record=True, dt=dt)
        objects.append(traces)
    Network(objects).run(duration * ms)
    times, cells = np.asarray(spikes.t / ms), np.asarray(spikes.i)
    recorded = {name: np.asarray(getattr(traces, name)).T for name in variables}
    return [times[cells == cell] for cell in range(N)], recorded


def assert_on_grid(found: list[Array], expected: list[Array], dt: float, first: int) -> None:
    """The `first` spikes found on a grid agree with those located exactly.

    A spike is counted at the start of its step and reset at the end of it, so the k-th one is at most one step early
    and k steps late, as long as what a spike leaves behind does not amplify the difference.
    """
    compared = 0
    for ours, theirs in zip(found, expected, strict=True):
        assert min(len(ours), first) == min(len(theirs), first)
        late = ours[:first] - theirs[:first]
        compared += len(late)
        assert (late >= -1.000001 * dt).all(), late
        assert (late <= np.arange(len(late)) * dt + 1e-6 * dt).all(), late
    assert compared >= len(found)
