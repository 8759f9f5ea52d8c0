"""The page of a neuron: the firing rate against a constant current, and the response to a step of current."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from brian2 import SpikeMonitor, StateMonitor, TimedArray, ms, mV

from bioplast.definition import Neuron
from bioplast.experiment import Row
from bioplast.figure.plots import Line, Plot
from bioplast.protocols.zoo.pages import simulation
from bioplast.protocols.zoo.pages.page import Found, Page

SEARCHED = 21  # currents in each range in which a threshold is looked for


@dataclass(frozen=True)
class Known:
    """What the literature says of a number.

    Attributes
    ----------
    value : float
    tolerance : float
        How far ours may lie from it.
    source : str
    """

    value: float
    tolerance: float
    source: str


@dataclass(frozen=True)
class Theory:
    """The rate at a constant current in closed form.

    Attributes
    ----------
    rate : callable
        From currents to Hz, 0 where the cell is silent.
    source : str
    at : tuple of float
        The currents whose rates are compared.
    steps : float
        How many time steps an interval on the grid may differ from the exact one.
    """

    rate: Callable[[np.ndarray], np.ndarray]
    source: str
    at: tuple[float, ...]
    steps: float


@dataclass(frozen=True)
class Drive:
    """How a neuron is stimulated.

    Attributes
    ----------
    unit, text : Quantity or float, str
        The unit of the input, for Brian2 and for people.
    curve : (float, float)
        The range of the f-I curve.
    step : float
        The input of the step response; it lasts from 10 % to 70 % of `shown`.
    duration, shown : float
        How long the cells are simulated and how much of the step response is drawn, in ms.
    search : tuple of (float, float)
        Ranges in which the rheobase and the onset of repetitive firing are looked for; none for a noisy cell.
    rheobase, repetitive : Known or None
    theory : Theory or None
    peak : float or None
        Up to where a spike is drawn, for a neuron with a reset; in `v_unit`.
    v_unit, v_text : Quantity or float, str
        Of the potential.
    also : tuple of str
        Variables drawn beside v, in the same unit.
    values : dict
        Parameters that differ from the defaults.
    copies : int
        Cells for each current, where they are noisy.
    more : callable or None
        Further rows.
    """

    unit: Any
    text: str
    curve: tuple[float, float]
    step: float
    duration: float
    shown: float
    search: Sequence[tuple[float, float]]
    rheobase: Known | None = None
    repetitive: Known | None = None
    theory: Theory | None = None
    peak: float | None = None
    v_unit: Any = mV
    v_text: str = "mV"
    also: tuple[str, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)
    copies: int = 1
    more: Callable[[], list[Row]] | None = None


def neuron_page(title: str, neuron: Neuron, drive: Drive, caption: str, **verified: Any) -> Page:
    """The page of a neuron; `verified` are parameters for the verification."""
    return Page(
        title=title,
        group="Neurons",
        definitions=(neuron,),
        experiment=partial(measured, neuron, drive),
        caption=caption,
        cell=neuron,
        values=tuple(verified.items()),
        drive=drive.step * drive.unit,
    )


def measured(neuron: Neuron, drive: Drive, points: int) -> Found:
    """Simulate cells with constant currents and one with a step."""
    low, high = drive.curve
    searched = [np.linspace(*limits, SEARCHED) for limits in drive.search]
    compared = np.array(drive.theory.at if drive.theory else ())
    currents = np.unique(np.concatenate([np.linspace(low, high, points), compared, *searched]))
    dt = float((neuron.dt or simulation.STEP * ms) / ms)
    out = _simulated(neuron, drive, currents, dt)
    times, index = (values for values in out.events("spikes"))
    spikes = [times[index == k] * 1e3 for k in range(len(currents) * drive.copies + 1)]
    each = [spikes[k * drive.copies : (k + 1) * drive.copies] for k in range(len(currents))]
    rates = np.array([np.mean([rate(train, drive.duration) for train in cell]) for cell in each])
    fires = np.array([any(len(train) for train in cell) for cell in each])
    rows = []
    if drive.search:
        rows.append(_onset("rheobase", currents, fires, drive.rheobase, drive.text))
        rows.append(_onset("repetitive_firing", currents, rates > 0, drive.repetitive, drive.text))
    if drive.theory:
        rows += _rates(drive, currents, rates, dt)
    if drive.more:
        rows += drive.more()
    return Found(rows, [_curve(drive, currents, rates), _response(drive, out, spikes[-1], dt)])


def _simulated(neuron: Neuron, drive: Drive, currents: np.ndarray, dt: float) -> Any:
    steps = np.arange(round(drive.duration))
    inside = (steps >= 0.1 * drive.shown) & (steps < 0.7 * drive.shown)
    constant = np.tile(np.repeat(currents, drive.copies), (len(steps), 1))
    table = np.column_stack([constant, drive.step * inside])
    group = neuron.group(
        table.shape[1],
        name="cells",
        dt=dt * ms,
        I="drive(t, i)",
        namespace={"drive": TimedArray(table * drive.unit, dt=1 * ms, name="drive")},
        **drive.values,
    )
    last = table.shape[1] - 1
    trace = StateMonitor(group, ["v", *drive.also], record=[last], dt=max(dt, 0.1) * ms, name="trace")
    return simulation.run(drive.duration, group, SpikeMonitor(group, name="spikes"), trace)


def rate(train: np.ndarray, duration: float) -> float:
    """The rate (Hz) at which a cell goes on firing; 0 if it has stopped. Times in ms.

    The inverse of the mean interval in the second half of the run; of the last one if there are too few.
    """
    late = train[train >= duration / 2]
    gaps = np.diff(late if len(late) >= 3 else train[-2:])
    if not len(gaps) or duration - train[-1] > 1.5 * gaps.max():
        return 0.0
    if gaps.std() < 0.3 * gaps.mean():
        return float(1e3 / gaps.mean())
    # a cell that bursts: whole bursts do not fill the run
    return 1e3 * len(late) / (duration / 2)


def _onset(name: str, currents: np.ndarray, fires: np.ndarray, known: Known | None, unit: str) -> Row:
    """The middle between the first current that makes the cell fire and the one before it."""
    first = int(np.argmax(fires))
    value = (currents[first - 1] + currents[first]) / 2 if fires.any() and first else None
    if known is None:
        return Row(name, value, unit=unit, source="simulated: from the stated start values, the current constant")
    return Row(name, value, unit=unit, published=known.value, tolerance=known.tolerance, source=known.source)


def _rates(drive: Drive, currents: np.ndarray, rates: np.ndarray, dt: float) -> list[Row]:
    theory = drive.theory
    assert theory is not None
    exact = theory.rate(np.array(theory.at))
    rows = []
    for current, expected in zip(theory.at, exact, strict=True):
        value = float(rates[np.argmin(np.abs(currents - current))])
        # an interval that is `steps` time steps longer or shorter
        tolerance = expected**2 / 1e3 * theory.steps * dt
        if drive.copies > 1:
            # as many intervals as there were: four standard errors of a mean whose CV is at most one
            tolerance += 4 * expected / np.sqrt(expected * drive.copies * drive.duration / 2e3)
        rows.append(
            Row(
                f"rate@{current:g}",
                value,
                unit="Hz",
                published=float(expected),
                tolerance=float(tolerance),
                source=f"at {current:g} {drive.text}".rstrip() + f"; {theory.source}",
            )
        )
    return rows


def _curve(drive: Drive, currents: np.ndarray, rates: np.ndarray) -> Plot:
    lines = []
    if drive.theory:
        fine = np.linspace(*drive.curve, 400)
        lines.append(Line(fine, drive.theory.rate(fine), "closed form", "dashed"))
    lines.append(Line(currents, rates, "simulated" if drive.theory else "", "points", colour=0))
    return Plot("Firing rate", f"constant input ({drive.text})" if drive.text else "constant input", "rate (Hz)", lines)


def _response(drive: Drive, out: Any, spikes: np.ndarray, dt: float) -> Plot:
    states = out.states["trace"]
    times = states["t"] * 1e3
    shown = times <= drive.shown
    traces = {name: states[name][:, 0] / float(drive.v_unit) for name in ("v", *drive.also)}
    if drive.peak is not None:
        for spike in spikes:
            # the sample before the reset
            traces["v"][np.searchsorted(times, spike + 1e-6, side="right") - 1] = drive.peak
    lines = [
        Line(np.round(times[shown], 3), np.round(trace[shown], 4), name if drive.also else "")
        for name, trace in traces.items()
    ]
    edges = np.array([0, 0.1, 0.1, 0.7, 0.7, 1]) * drive.shown
    pulse = Line(edges, np.array([0, 0, 1, 1, 0, 0]) * drive.step)
    label = f"v ({drive.v_text})" if drive.v_text else "v"
    title = f"Step of {drive.step:g} {drive.text}".rstrip()
    return Plot(title, "time (ms)", label, lines, below=pulse, below_label=f"I ({drive.text})" if drive.text else "I")
