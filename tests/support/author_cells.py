"""The twenty cells of Izhikevich (2004), stepped as the author's program steps them, and the patterns' windows in them.

The author's input is followed, where a criterion asks for a control that the figure does not have, by that control, so
that up to the end of the figure the response is the published one.
"""

from __future__ import annotations

import functools
import json
from dataclasses import replace
from importlib import resources
from typing import Any

import numpy as np

from bioplast.plausibility import (
    PATTERNS,
    Features,
    Recording,
    Score,
    SpikeTrains,
    Sweep,
    Waveform,
    Window,
    reduce,
    relaxation_time,
)
from bioplast.protocols.firing_patterns import stimulus

LETTERS = "ABCDEFGHIJKLMNOPQRST"
# R has no rest before its first ramp; the cell starts at rest, so that it may be left there for a while.
DELAY = {"R": 20.0}


@functools.cache
def cells() -> dict[str, dict[str, Any]]:
    text = (resources.files("bioplast.data") / "izhikevich_2004_patterns.json").read_text()
    return json.loads(text)["patterns"]


def respond(
    letter: str, current: np.ndarray, start: tuple[float, float] | None = None, dt: float | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The author's scheme: (spike times in ms, v and u after each step), for the input at each step."""
    cell = cells()[letter]
    dt = cell["dt_ms"] if dt is None else dt
    v, u = (cell["v0"], cell["u0"]) if start is None else start
    q, accommodating = cell["v_equation"], cell["u_equation"] == "a*b*(v + 65)"
    a, b, spikes, course = cell["a"], cell["b"], [], np.empty((len(current), 2))
    for k, drive in enumerate(current):
        v += dt * (q["quadratic"] * v * v + q["linear"] * v + q["constant"] - u + drive)
        u += dt * (a * b * (v + 65) if accommodating else a * (b * v - u))
        if v > 30:
            spikes.append(k * dt)
            v, u = cell["c"], u + cell["d"]
        course[k] = v, u
    return np.array(spikes), course[:, 0], course[:, 1]


@functools.cache
def relaxation(letter: str) -> float:
    """The relaxation time in ms at the base, from a pulse that moves v by about a tenth of a microvolt."""
    cell = cells()[letter]
    dt, base = cell["dt_ms"], float(cell["input"]["base"])
    settling = np.full(round(3000 / dt), base)
    _, v, u = respond(letter, settling)
    pulse = settling.copy()
    pulse[0] += 1e-4 / dt
    _, after, _ = respond(letter, pulse, start=(v[-1], u[-1]))
    _, before, _ = respond(letter, settling, start=(v[-1], u[-1]))
    return float(relaxation_time((after - before)[:, None], dt)[0])


def windows(letter: str) -> Sweep:
    """The author's input with the windows of the criterion, in ms, and after it what the criterion controls."""
    first = {p: cells()[p]["input"]["segments"][0]["value"] for p in LETTERS}
    base = cells()[letter]["input"]["base"]
    start, end = cells()[letter]["input"]["segments"][0]["from_ms"], cells()[letter]["duration_ms"]
    if letter == "R":
        start = DELAY["R"]
    waveform = Waveform(1, base).rest(start, watched=1)
    match letter:
        case "A" | "C" | "E" | "F":
            return waveform.event("answer").piece("step", end - start, first[letter]).end()
        case "B" | "D":
            waveform.event("answer").piece("step", end - start, first[letter]).range_of("step", 0.75, 1).rest(200)
            return waveform.event("weak answer").piece("weak step", end - start, first[letter] / 2).end()
        case "G" | "H":
            slope = cells()[letter]["input"]["segments"][0]["slope_per_ms"]
            return waveform.event("answer").piece("ramp", end - start, 0, slope).end()
        case "I" | "J" | "Q":
            width = cells()[letter]["input"]["segments"][0]["to_ms"] - start
            waveform.event("answer").piece("pulse", width, first[letter])
            return waveform.aftermath().end(end - start - width)
        case "K":
            for name, pause, rest in (("short", 16, 216), ("resonant", 36, 236), ("long", 56, 236)):
                waveform.event(name).piece(f"{name} first", 4, 0.65).pause(pause).piece(f"{name} second", 4, 0.65)
                waveform.rest(rest)
            return waveform.range_of("resonant").end()
        case "L":
            for name, pause, until in (("near", 3, 70), ("far", 8, 140), ("nearer", 0.5, 210)):
                waveform.event(name).piece(f"{name} first", 2, 9).pause(pause).piece(f"{name} second", 2, 9)
                waveform.rest(until - waveform._now)
            return waveform.range_of("near").range_of("nearer").end()
        case "M" | "N":
            return waveform.event("answer").piece("inhibition", 5, -15).end(end - start - 5)
        case "O":
            waveform.event("alone").piece("pulse", 5, 1).rest(55)
            waveform.event("both").piece("inhibition", 5, -6).pause(5).piece("second pulse", 5, 1).range_of(
                "both"
            ).rest(115)
            return waveform.event("inhibition alone").piece("second inhibition", 5, -6).end(100)
        case "P":
            waveform.event("answer").piece("on", 5, 1).pause(173.5).piece("off", 5, 1).pause(40).rest(159)
            return waveform.event("sustained").piece("on again", 5, 1).end(260)
        case "R":
            waveform.event("slow").piece("slow ramp", 200, 0, 0.04).rest(100)
            return waveform.event("fast").piece("fast ramp", 12.5, 0, 0.32).range_of("fast").end(87.5)
        case "S" | "T":
            return waveform.event("answer").piece("inhibition", 200, -5).end(100)
    raise ValueError(letter)


def drive(letter: str) -> tuple[np.ndarray, np.ndarray]:
    """The times in ms, and the author's input followed by the controls."""
    times, current = stimulus(letter)
    sweep, delay, dt = windows(letter), DELAY.get(letter, 0.0), cells()[letter]["dt_ms"]
    steps = max(round(sweep.end[0] / dt) + 1, len(times) + round(delay / dt))
    longer = np.arange(steps) * dt
    whole = sweep.current(longer)[:, 0]
    whole[round(delay / dt) : round(delay / dt) + len(times)] = current
    return longer, whole


@functools.cache
def reference(letter: str) -> Recording:
    """The response, in ms and mV."""
    times, current = drive(letter)
    spikes, v, _ = respond(letter, current)
    return Recording(times, v[:, None], SpikeTrains.of([spikes]), current[:, None])


@functools.cache
def features(letter: str) -> Features:
    return reduce(reference(letter), windows(letter), relaxation(letter), 10.0)


@functools.cache
def of_trace(criterion: str, trace: str) -> Score:
    """One pattern's criterion on the published response of another, whatever its input was.

    The windows are moved so that the first event and the end of both sweeps coincide.
    """
    sweep, record = windows(criterion), reference(trace)
    onset, start = sweep.rests[0].end[0], windows(trace).rests[0].end[0]
    stretch = 1.0 if criterion == trace else (record.times[-1] - start) / (sweep.end[0] - onset)

    def moved(time: np.ndarray) -> np.ndarray:
        return np.maximum(start + stretch * (time - onset), 0)

    def placed(window: Window) -> Window:
        return Window(moved(window.start), moved(window.end))

    sweep = replace(
        sweep,
        windows={name: placed(window) for name, window in sweep.windows.items()},
        rests=tuple(map(placed, sweep.rests)),
        ranged={name: placed(window) for name, window in sweep.ranged.items()},
        end=moved(sweep.end),
        aftermath=None if sweep.aftermath is None else moved(sweep.aftermath),
    )
    found = reduce(record, sweep, relaxation(trace), 10.0)
    return PATTERNS[criterion].score(replace(found, driven=np.array([True])), sweep)


@functools.cache
def of_cell(criterion: str, cell: str) -> Score:
    """One pattern's criterion on the response of another pattern's cell to the first one's input, from rest."""
    times, current = drive(criterion)
    dt, base = cells()[criterion]["dt_ms"], np.full(4000, float(windows(criterion).base[0]))
    with np.errstate(over="ignore", invalid="ignore"):
        _, v, u = respond(cell, base, dt=dt)
        spikes, v, _ = respond(cell, current, start=(v[-1], u[-1]), dt=dt)
        found = reduce(
            Recording(times, v[:, None], SpikeTrains.of([spikes]), current[:, None]),
            windows(criterion),
            relaxation(cell),
            10.0,
        )
    return PATTERNS[criterion].score(found, windows(criterion))
