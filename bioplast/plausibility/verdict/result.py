"""What was found of one pattern: plain values, which JSON keeps without loss."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from ..response.features import Recording
from ..response.sweep import Piece, Sweep, Window
from .judge import FRAGILE, REPRODUCED, Winner
from .rounding import STIMULUS

# A trace is kept for drawing with so many stretches of time, the lowest and the highest v and input of each.
STRETCHES = 400
# Of the rest before the first event so much of the remaining time is drawn.
BEFORE = 0.15


@dataclass(frozen=True)
class Trace:
    """A response for drawing.

    Attributes
    ----------
    times, voltage, current : list of float
        In seconds, and in SI base units or those of a black box; thinned out so that extremes stay.
    spikes : list of float
        All spikes, in seconds.
    """

    times: list[float]
    voltage: list[float]
    current: list[float]
    spikes: list[float]

    @classmethod
    def of(cls, recording: Recording, sweep: Sweep) -> Trace:
        """From shortly before the first event to the end of the sweep of one candidate."""
        onset, end = float(sweep.rests[0].end[0]), float(sweep.end[0])
        begin = onset - BEFORE * (end - onset)
        shown = np.flatnonzero((recording.times >= begin) & (recording.times < end))
        chosen: list[int] = []
        for part in np.array_split(shown, min(STRETCHES, len(shown))):
            v, current = recording.voltage[part, 0], recording.current[part, 0]
            if np.isfinite(v).all():
                extremes = v.argmin(), v.argmax(), current.argmin(), current.argmax()
                chosen += sorted({int(part[k]) for k in (0, *extremes)})
        spikes = recording.spikes.times[0]
        return cls(
            times=recording.times[chosen].tolist(),
            voltage=recording.voltage[chosen, 0].tolist(),
            current=recording.current[chosen, 0].tolist(),
            spikes=spikes[(spikes >= begin) & (spikes < end)].tolist(),
        )


def plain_input(sweep: Sweep, winner: Winner) -> dict[str, Any]:
    """The input of one candidate as plain values: SI base units, times from the start of the sweep.

    Its pieces replace the base from `start` to `end` by ``value + slope*(t - start)``.
    """
    pieces = [
        {
            "name": next(name for name, window in sweep.windows.items() if _same(piece, window)),
            "start": float(piece.start[0]),
            "end": float(piece.end[0]),
            "value": float(piece.value[0]),
            "slope": float(piece.slope[0]),
        }
        for piece in sweep.pieces
    ]
    return {
        "base": float(sweep.base[0]),
        "pieces": pieces,
        "end": float(sweep.end[0]),
        "dt": winner.dt,
        "knobs": dict(winner.knobs),
        "units": {name: float(size) for name, size in winner.scale.units.items()},
    }


def input_text(plain: Mapping[str, Any], unit: str, digits: int | None = None) -> str:
    """What `plain_input` gave, in words.

    Parameters
    ----------
    plain : dict
    unit : str
        Of the input.
    digits : int, optional
        See `PatternResult`; at least `STIMULUS` are printed.
    """
    digits = max(digits or 0, STIMULUS)
    unit = "" if unit in ("1", "") else f" {unit}"
    parts = [f"base {plain['base']:.{digits}g}{unit}"] if plain["base"] else []
    for piece in plain["pieces"]:
        start, length = piece["start"], piece["end"] - piece["start"]
        level = f"{piece['value']:.{digits}g}"
        if piece["slope"]:
            level += f" to {piece['value'] + piece['slope'] * length:.{digits}g}"
        times = f"from {start * 1e3:.{digits}g} ms for {length * 1e3:.{digits}g} ms"
        parts.append(f"{piece['name']} {level}{unit} {times}")
    return f"{'; '.join(parts)}; end {plain['end'] * 1e3:.{digits}g} ms"


def _same(piece: Piece, window: Window) -> bool:
    return bool(piece.start[0] == window.start[0] and piece.end[0] == window.end[0])


@dataclass(frozen=True)
class PatternResult:
    """What was found of one pattern.

    Attributes
    ----------
    letter, name : str
    verdict : {"reproduced", "fragile", "not found", "impossible"}
    loss : float or None
        Of the best candidate, 0 if it shows the pattern; None if there was no search.
    parameters : dict of str to float
        Of the candidate, in SI base units.
    input : dict or None
        Its stimulus, see `plain_input`.
    checks : dict of str to dict
        See `verdict.Check`.
    starts, found : int
        How many searches were made, each from a start of its own, and how many of them ended with a cell that shows the
        pattern in every check.
    evaluations : int
        How many candidates they simulated.
    failed : list of str
        Of a pattern that was not found, the requirements that the best candidate does not meet.
    argument : str
        Of an impossible one, why.
    trace : Trace or None
    remark : str
        What else is to be known of the cell.
    digits : int or None
        With so many significant digits, the parameters, the time step and the stimulus get the same verdict again; None
        for a pattern that was not found.
    """

    letter: str
    name: str
    verdict: str
    loss: float | None = None
    parameters: Mapping[str, float] = field(default_factory=dict)
    input: Mapping[str, Any] | None = None
    checks: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    starts: int = 0
    found: int = 0
    evaluations: int = 0
    failed: list[str] = field(default_factory=list)
    argument: str = ""
    trace: Trace | None = None
    remark: str = ""
    digits: int | None = None

    @property
    def shown(self) -> bool:
        """Whether there is a cell that shows the pattern, at one step size at least."""
        return self.verdict in (REPRODUCED, FRAGILE)

    def plain(self) -> dict[str, Any]:
        """As a dict of JSON values, from which `read` makes it again."""
        return asdict(self)

    @classmethod
    def read(cls, plain: Mapping[str, Any]) -> PatternResult:
        """From what `plain` gave."""
        trace = plain["trace"]
        return cls(**{**plain, "trace": None if trace is None else Trace(**trace)})
