"""Equations and statements that give a definition its sweep, and reduce its response while it runs.

What they compute is what `features.reduce` computes from a recording, to the last digit. Whatever changes in a sweep
changes at an event of the cell concerned, so that a time step costs little: the input, and the range of v since the
last change.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from brian2 import NeuronGroup, Quantity, TimedArray, get_dimensions, second

from ...definition import Neuron
from ...definition.units import unit_text
from ..response.features import CYCLES, Features, width
from ..response.levels import Levels, levels_of
from ..response.spike_trains import SpikeTrains
from ..response.sweep import Sweep
from .timetable import AFTER, ALIVE, FLAGS, RANGED, RESTING, SINCE, SLOPE, UNTIL, VALUE, WITHIN, timetable

# The membrane potential; then the variables of the levels and swings, and the events, that are added.
VOLTAGE = "v"
CROSSED, BACK, ALOFT = "crossed_level", "back_level", "aloft"
PEAK, LOWEST, HIGHEST = "swing_peak", "lowest_spike", "highest_swing"
BEGIN, CHANGE, SPIKE = "sweep_begin", "sweep_change", "sweep_spike"
# So many spikes of a candidate are counted, and then no more, so that one that fires at every step costs no memory.
MOST = 500
# The rows of a timetable are so far apart in the tables, in seconds: less than any time step, so that Brian2 does not
# take a row for a stretch of time that should be a whole number of steps.
GRID = 1e-9
# Beyond any potential; infinity cannot be written in equations.
BIG = 1e300
# Where the variables start: ranges are empty.
_STARTS = {"low": BIG, "high": -BIG, "top": -BIG, "before": BIG, "lowest": BIG, "rise": -BIG, "cycle": -1.0}
_STARTS |= {PEAK: -BIG, LOWEST: BIG, HIGHEST: -BIG}
_AFTERMATH = ("before", "lowest", "rise", "trough", "hump", "previous")


class Reduction:
    """A definition extended for sweeps of any shape.

    Parameters
    ----------
    neuron : Neuron
    size : int
        The number of candidates.
    aftermath : bool
        Whether the course of v after the last spike is followed, which costs time at every step.

    Attributes
    ----------
    definition : Neuron
        With the variables of the sweep and of the reduction, all called ``sweep_...``.
    """

    def __init__(self, neuron: Neuron, size: int, aftermath: bool):
        self.aftermath = aftermath
        self._external = neuron.external
        # Here and not when the group is made, since the start may depend on a candidate's parameters.
        self._begin = [f"{name} = {_text(value)}" for name, value in neuron.initial.items()]
        levels = levels_of(neuron, VOLTAGE)
        if levels is not None:
            self._begin += [f"sweep_{name} = {level}" for name, level in zip((CROSSED, BACK), levels, strict=True)]
        volts, amps = neuron.variables[VOLTAGE], neuron.input_dimensions
        self._big = f"{BIG}*{unit_text(volts)}" if unit_text(volts) != "1" else f"{BIG}"
        plain = second.dim / second.dim
        self._columns = {
            UNTIL: second.dim,
            VALUE: amps,
            SLOPE: amps / second.dim,
            SINCE: second.dim,
            **dict.fromkeys(FLAGS, plain),
        }
        self._ranges = ["rest", *(f"range_{k}" for k in range(RANGED))]
        ends = ["low", "high", "top", "final", *(f"{name}_{end}" for name in self._ranges for end in ("low", "high"))]
        dimensions = {**self._columns, **dict.fromkeys(ends, volts), **dict.fromkeys(("row", "wild", "count"), plain)}
        if levels is not None:
            dimensions |= {CROSSED: volts, BACK: volts, ALOFT: plain, PEAK: volts, LOWEST: volts, HIGHEST: volts}
        if aftermath:
            dimensions |= dict.fromkeys(("spiked", "over", "seen", "above", "index", "half_steps"), plain)
            dimensions |= dict.fromkeys((*_AFTERMATH, *(f"cycle_{k}" for k in range(CYCLES))), volts)
        self._variables = tuple(dimensions)
        lines = [f"sweep_{name} : {unit_text(unit)}" for name, unit in dimensions.items()]
        reset = "\n".join(filter(None, [neuron.reset, "sweep_spiked = 1"])) if aftermath else neuron.reset
        self.definition = neuron.replace(
            equations="\n".join([neuron.equations, *lines]),
            reset=reset,
            events={
                **neuron.events,
                **({BEGIN: "t < 0.5*dt"} if self._begin else {}),
                CHANGE: "t >= sweep_until",
                SPIKE: self._spike(neuron),
            },
            namespace={
                **neuron.namespace,
                **{
                    f"sweep_{name}_at": TimedArray(Quantity(np.zeros((2, size)), dim=dim), dt=GRID * second)
                    for name, dim in self._columns.items()
                },
            },
        )

    def attach(self, group: NeuronGroup, features: bool = True) -> None:
        """Give a group of `definition` its start and its input, and the reduction unless only the input is wanted."""
        if self._begin:
            group.set_event_schedule(BEGIN, when="before_start")
            group.run_on_event(BEGIN, "\n".join(self._begin), when="before_start", order=1)
        group.set_event_schedule(CHANGE, when="before_start")
        group.run_on_event(CHANGE, "\n".join(self._fold() * features + self._next()), when="before_start", order=1)
        group.run_regularly(
            f"{self._external} = sweep_value + sweep_slope*(t - sweep_since)", when="start", name=f"{group.name}_drive"
        )
        if features:
            # Before a spike makes the cell refractory.
            group.set_event_schedule(SPIKE, when="before_thresholds")
            group.run_on_event(SPIKE, "sweep_count += 1", when="before_thresholds", order=1)
            code = [*self._widen("sweep_low", "sweep_high", VOLTAGE, VOLTAGE)]
            code += self._swings() if ALOFT in self._variables else []
            code += self._watch_aftermath() if self.aftermath else []
            group.run_regularly("\n".join(code), when="end", name=f"{group.name}_reduce")

    @staticmethod
    def _spike(neuron: Neuron) -> str:
        """The condition of a spike that counts: it comes before the end of the sweep, and not too many came before."""
        able = " and not_refractory" if neuron.refractory is not False else ""
        return f"({neuron.threshold}){able} and sweep_{ALIVE} > 0.5 and sweep_count <= {MOST}"

    # ---- the text --------------------------------------------------------------------------------------------------

    def _widen(self, low: str, high: str, lower: str, higher: str, flag: str = "") -> list[str]:
        """A range that takes in another, if the flag is 1. A value that is not finite spoils it."""
        lines = [f"{low} = clip({lower}, -{self._big}, {low})", f"{high} = clip({higher}, {high}, {self._big})"]
        if not flag:
            return lines
        return [
            f"{name} = {flag}*{new} + (1 - {flag})*{name}" for name, _, new in (line.partition(" = ") for line in lines)
        ]

    def _fold(self) -> list[str]:
        """The range of v in the stretch that ends counts where it belongs."""
        lines = [f"sweep_wild += 1 - int(sweep_high - sweep_low < {self._big})"]
        flags = dict(zip(self._ranges, (RESTING, *WITHIN), strict=True))
        for name, flag in flags.items():
            lines += self._widen(f"sweep_{name}_low", f"sweep_{name}_high", "sweep_low", "sweep_high", f"sweep_{flag}")
        lines += self._widen("sweep_top", "sweep_top", "sweep_top", "sweep_high", f"sweep_{ALIVE}")[1:]
        return [*lines, f"sweep_final = sweep_{ALIVE}*{VOLTAGE} + (1 - sweep_{ALIVE})*sweep_final"]

    def _next(self) -> list[str]:
        lines = [f"sweep_{name} = sweep_{name}_at((sweep_row + 1)*{GRID}*second, i)" for name in self._columns]
        return [*lines, "sweep_row += 1", f"sweep_low = {self._big}", f"sweep_high = -{self._big}"]

    def _swings(self) -> list[str]:
        """The peaks of v between two times below the level that it falls to between spikes."""
        big = self._big
        return [
            f"sweep_{ALOFT} += sweep_{ALIVE}*int({VOLTAGE} > sweep_{CROSSED})",
            f"sweep_outside = int({VOLTAGE} > sweep_{BACK})",
            f"sweep_ended = sweep_{ALIVE}*(1 - sweep_outside)*int(sweep_{PEAK} > sweep_{BACK})",
            f"sweep_fired = sweep_ended*int(sweep_{PEAK} > sweep_{CROSSED})",
            "sweep_failed = sweep_ended - sweep_fired",
            f"sweep_{LOWEST} = clip(sweep_fired*sweep_{PEAK} + (1 - sweep_fired)*{big}, -{big}, sweep_{LOWEST})",
            f"sweep_{HIGHEST} = clip(sweep_failed*sweep_{PEAK} - (1 - sweep_failed)*{big}, sweep_{HIGHEST}, {big})",
            f"sweep_{PEAK} = sweep_outside*clip({VOLTAGE}, sweep_{PEAK}, {big}) - (1 - sweep_outside)*{big}",
        ]

    def _watch_aftermath(self) -> list[str]:
        """The course after the last spike: everything starts over at a spike."""
        big = self._big
        return [
            f"sweep_new = sweep_spiked*sweep_{ALIVE}",
            "sweep_spiked = 0",
            "sweep_before = sweep_new*sweep_previous + (1 - sweep_new)*sweep_before",
            f"sweep_over = (1 - sweep_new)*sweep_over + int({VOLTAGE} < sweep_before)*(1 - (1 - sweep_new)*sweep_over)",
            f"sweep_watched = sweep_over*sweep_{AFTER}",
            f"sweep_deviation = {VOLTAGE} - 0.5*(sweep_rest_low + sweep_rest_high)",
            "sweep_higher = int(sweep_deviation > 0*sweep_deviation)",
            "sweep_crossed = (1 - sweep_new)*sweep_seen*sweep_watched*int(sweep_higher != sweep_above)",
            "sweep_index = (1 - sweep_new)*sweep_index + sweep_crossed",
            *[
                f"sweep_cycle_{k} = clip(sweep_watched*int(sweep_index == {k})*abs(sweep_deviation), "
                f"(1 - sweep_new)*sweep_cycle_{k}, {big})"
                for k in range(CYCLES)
            ],
            "sweep_half_steps = (1 - sweep_new)*sweep_half_steps + sweep_watched*int(sweep_index == 1)",
            f"sweep_lowest = sweep_new*{big} + (1 - sweep_new)*sweep_lowest",
            f"sweep_lowest = clip(sweep_watched*{VOLTAGE} + (1 - sweep_watched)*sweep_lowest, -{big}, sweep_lowest)",
            f"sweep_rise = (1 - sweep_new)*sweep_rise - sweep_new*{big}",
            f"sweep_better = sweep_watched*int({VOLTAGE} - sweep_lowest > sweep_rise)",
            f"sweep_rise = sweep_better*({VOLTAGE} - sweep_lowest) + (1 - sweep_better)*sweep_rise",
            f"sweep_hump = sweep_better*{VOLTAGE} + (1 - sweep_better)*sweep_hump",
            "sweep_trough = sweep_better*sweep_lowest + (1 - sweep_better)*sweep_trough",
            "sweep_above = sweep_higher",
            "sweep_seen = sweep_watched",
            f"sweep_previous = {VOLTAGE}",
        ]

    # ---- the numbers -----------------------------------------------------------------------------------------------

    def values(self, sweep: Sweep, dt: float) -> tuple[Mapping[str, np.ndarray], Mapping[str, np.ndarray]]:
        """What the variables are at the start, and what the tables hold [rows, N], by their names; SI base units."""
        table = timetable(sweep, dt)
        values = {}
        for name in self._variables:
            start = _STARTS.get(name, _STARTS.get(name.rpartition("_")[2], _STARTS.get(name.partition("_")[0], 0.0)))
            values[f"sweep_{name}"] = table[name][0] if name in table else np.full(sweep.size, start)
        return values, {f"sweep_{name}_at": table[name] for name in self._columns}

    @staticmethod
    def levels(final: Mapping[str, np.ndarray]) -> Levels | None:
        """The levels, from the values that the variables have in the end."""
        if f"sweep_{BACK}" not in final:
            return None
        return Levels(final[f"sweep_{CROSSED}"], final[f"sweep_{BACK}"])

    def features(
        self,
        final: Mapping[str, np.ndarray],
        spikes: SpikeTrains,
        sweep: Sweep,
        tau: np.ndarray,
        scale: np.ndarray,
        dt: float,
    ) -> Features:
        """The features, from the values that the variables have in the end."""
        end = {name: final[f"sweep_{name}"] for name in self._variables}
        size, nothing = sweep.size, np.full(sweep.size, np.nan)
        cycles, half_period, trough, hump = np.full((size, CYCLES), np.nan), nothing, nothing, nothing
        if self.aftermath:
            found = np.stack([end[f"cycle_{k}"] for k in range(CYCLES)], axis=1)
            seen = end["rise"] > -BIG
            reached = np.arange(CYCLES) <= end["index"][:, None]
            cycles = np.where(seen[:, None] & reached, found, np.nan)
            half_period = np.where(end["half_steps"] > 0, end["half_steps"] * dt, np.nan)
            trough, hump = np.where(seen, end["trough"], np.nan), np.where(seen, end["hump"], np.nan)
        finite = (end["wild"] == 0) & (end["count"] <= MOST)
        for name in ("rest_low", "rest_high", "top", "final"):
            finite &= np.isfinite(end[name]) & (np.abs(end[name]) < BIG)
        return Features(
            spikes=spikes,
            tau=tau,
            step=np.full(size, dt),
            rest_low=end["rest_low"],
            rest_high=end["rest_high"],
            top=end["top"],
            scale=scale,
            low={name: end[f"range_{k}_low"] for k, name in enumerate(sweep.ranged)},
            high={name: end[f"range_{k}_high"] for k, name in enumerate(sweep.ranged)},
            cycles=cycles,
            half_period=half_period,
            trough=trough,
            hump=hump,
            final=end["final"],
            finite=finite,
            driven=np.ones(size, dtype=bool),
            levels=self.levels(final),
            width=width(end[ALOFT] * dt, spikes.count) if ALOFT in end else None,
            lowest_spike=_bounded(end.get(LOWEST)),
            highest_swing=_bounded(end.get(HIGHEST)),
        )


def _bounded(value: np.ndarray | None) -> np.ndarray | None:
    """Infinity for what is beyond any potential."""
    return None if value is None else np.where(np.abs(value) < BIG, value, np.copysign(np.inf, value))


def _text(value: Any) -> str:
    """A start value as an expression."""
    return value if isinstance(value, str) else f"{float(value)!r}*{unit_text(get_dimensions(value))}"
