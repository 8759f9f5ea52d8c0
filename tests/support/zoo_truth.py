"""The independent side of the tests of the zoo: plain Runge-Kutta steps with located spikes, and a run of a definition.

Nothing here knows Brian2's integrators: an equation is a Python function of the paper's numbers, (variables, cells)
arrays in ms, mV and whatever units the paper has. An input is held over each step: `stepped` and `spikes_of` ask for
the slope at the middle of the step, and `run` sets the input before it.
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
        state = rk4(lambda _, s, at=(k + 0.5) * h: slope(at, s), 0, state, h)
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
    wait: float = 0.0,
) -> list[Array]:
    """Spike times of each cell of a system with reset: a crossing is located inside its step by bisection.

    Every reset comes `wait` after its crossing.
    """
    state = np.array(state, dtype=float)
    cells = state.shape[1]
    trains: list[list[float]] = [[] for _ in range(cells)]
    left = np.full(cells, h)  # of the step; more than h is never left, less if the last reset was in this step
    for k in range(round(duration / h)):

        def flow(state: Array, time: Array, at: float = (k + 0.5) * h) -> Array:
            return rk4(lambda _, s: slope(at, s), 0, state, time)

        after = flow(state, left)
        fired = over(after)
        while fired.any():
            low, high = np.zeros(cells), left.copy()
            for _ in range(45):
                middle = (low + high) / 2
                beyond = over(flow(state, middle))
                low, high = np.where(beyond, low, middle), np.where(beyond, middle, high)
            for cell in np.flatnonzero(fired):
                trains[cell].append((k + 1) * h - left[cell] + high[cell])
            state = np.where(fired, reset(flow(state, high + wait)), state)
            left = np.where(fired, left - high - wait, left)
            after = np.where(fired, flow(state, np.maximum(left, 0)), after)
            fired = fired & (left > 0) & over(after)
        state, left = after, h + np.minimum(left, 0)
    return [np.array(train) for train in trains]


def run(neuron, N, duration, *, variables=(), dt=None, held=None, **values):
    """Spike times (ms) of each cell, and each recorded variable as an array (steps, cells) in SI units.

    `held` is a TimedArray of the input (steps, cells). In I="held(t, i)" the last stage of a Runge-Kutta step would
    already see the input of the next one; here it is set before each step.
    """
    dt = dt or neuron.dt
    if held:
        values["namespace"] = {"held": held}
    group = neuron.group(N, dt=dt, **values)
    if held:
        group.run_regularly(f"{neuron.external} = held(t, i)", dt=dt, when="start")
    spikes = SpikeMonitor(group)
    objects = [group, spikes]
    if variables:
        traces = StateMonitor(group, list(variables), record=True, dt=dt)
        objects.append(traces)
    Network(objects).run(duration * ms)
    times, cells = np.asarray(spikes.t / ms), np.asarray(spikes.i)
    recorded = {name: np.asarray(getattr(traces, name)).T for name in variables}
    return [times[cells == cell] for cell in range(N)], recorded


def assert_on_grid(ledger, model, found, flow, dt: float, duration: float) -> None:
    """Spikes found on a grid are as late as two exact flows allow: `flow(0)`, and `flow(dt)` whose resets wait for dt.

    On the grid each reset waits for the end of its step, for less than dt. Where a cell that is behind stays behind, a
    spike lies between those of a flow whose resets do not wait and of one whose resets all wait for dt. Where a longer
    interval makes the next one shorter, the waiting flow catches up: what counts is how late it has been so far.
    """
    early, waiting = flow(0.0), flow(dt)
    late, allowed = [], []
    for ours, one, other in zip(found, early, waiting, strict=True):
        assert len(other) <= len(ours) <= len(one)
        late.append(ours[: len(other)] + dt - one[: len(other)])
        allowed.append(np.maximum.accumulate(other - one[: len(other)]) + dt)
    for ours, most in zip(late, allowed, strict=True):
        assert ((ours >= -1e-6 * dt) & (ours <= most + 1e-6 * dt)).all(), (ours, most)
    ledger(model, quantity="lateness of the spikes", against="the exact flow, crossings located", unit="ms", dt=dt,
           found=np.concatenate(late), expected=0 * np.concatenate(late), absolute=np.concatenate(allowed).max(),
           duration=duration)  # fmt: skip
