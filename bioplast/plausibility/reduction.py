"""Equations and statements that give a definition its sweep, and reduce its response while it runs.

What they compute is what `features.reduce` computes from a recording, to the last digit.
"""

from __future__ import annotations

import numpy as np
from brian2 import second

from ..definition import Neuron
from ..parameter import unit_text
from .features import CYCLES, Features
from .sweep import Sweep, Window
from .train import Train

VOLTAGE = "v"
# Beyond any potential; infinity cannot be written in equations.
BIG = 1e300


def _inside(start: str, end: str) -> str:
    return f"int(t >= {start})*int(t < {end})"


class Reduction:
    """A definition extended for sweeps of one shape.

    Parameters
    ----------
    neuron : Neuron
    like : Sweep
        Any sweep with as many pieces, rests and ranged windows, and an aftermath or none.

    Attributes
    ----------
    definition : Neuron
        With the variables of the sweep and of the reduction, all called ``sweep_...``.
    drive, code : str
        Statements for the start and the end of each step.
    """

    def __init__(self, neuron: Neuron, like: Sweep):
        self.volts = unit_text(neuron.variables[VOLTAGE])
        self.amps = unit_text(neuron.input_dimensions)
        self.amps_per_second = unit_text(neuron.input_dimensions / second.dim)
        self.pieces, self.rests, self.ranged = len(like.pieces), len(like.rests), tuple(like.ranged)
        self.aftermath = like.aftermath is not None
        self.drive = self._drive(neuron.external)
        self.code = "\n".join(self._code())
        reset = "\n".join(filter(None, [neuron.reset, "sweep_spiked = 1"])) if self.aftermath else neuron.reset
        self.definition = neuron.replace(equations="\n".join([neuron.equations, *self._lines()]), reset=reset)

    # ---- the text --------------------------------------------------------------------------------------------------

    def _lines(self) -> list[str]:
        units = {f"sweep_{name}": unit for name, unit in self._units().items()}
        return [f"{name} : {unit}" for name, unit in units.items()]

    def _units(self) -> dict[str, str]:
        units = {"base": self.amps, "end": "second"}
        for k in range(self.pieces):
            units |= {f"from_{k}": "second", f"to_{k}": "second", f"value_{k}": self.amps}
            units[f"slope_{k}"] = self.amps_per_second
        for k in range(self.rests):
            units |= {f"rest_from_{k}": "second", f"rest_to_{k}": "second"}
        units |= dict.fromkeys(("rest_low", "rest_high", "top", "final"), self.volts)
        for k in range(len(self.ranged)):
            units |= {f"range_from_{k}": "second", f"range_to_{k}": "second"}
            units |= {f"low_{k}": self.volts, f"high_{k}": self.volts}
        if self.aftermath:
            units |= {"after": "second", "half_steps": "1"}
            units |= dict.fromkeys(("spiked", "over", "seen", "above", "index"), "1")
            units |= dict.fromkeys(("previous", "before", "lowest", "rise", "trough", "hump"), self.volts)
            units |= {f"cycle_{k}": self.volts for k in range(CYCLES)}
        return units

    def _drive(self, external: str) -> str:
        terms = ["sweep_base"]
        for k in range(self.pieces):
            inside = _inside(f"sweep_from_{k}", f"sweep_to_{k}")
            terms.append(f"{inside}*(sweep_value_{k} + sweep_slope_{k}*(t - sweep_from_{k}))")
        return f"{external} = {' + '.join(terms)}"

    def _code(self) -> list[str]:
        big = f"{BIG}*{self.volts}" if self.volts != "1" else f"{BIG}"

        def extremes(low: str, high: str, inside: str) -> list[str]:
            # A value that is not finite spoils them, wherever it comes.
            lines = [f"{low} = clip({inside}*{VOLTAGE} + (1 - {inside})*{low}, -{big}, {low})"] if low else []
            return [*lines, f"{high} = clip({inside}*{VOLTAGE} + (1 - {inside})*{high}, {high}, {big})"]

        alive = _inside("sweep_rest_from_0", "sweep_end")
        resting = " + ".join(_inside(f"sweep_rest_from_{k}", f"sweep_rest_to_{k}") for k in range(self.rests))
        lines = [f"sweep_inside_rest = {resting}", *extremes("sweep_rest_low", "sweep_rest_high", "sweep_inside_rest")]
        lines += [f"sweep_inside_sweep = {alive}", *extremes("", "sweep_top", "sweep_inside_sweep")]
        lines += [f"sweep_final = sweep_inside_sweep*{VOLTAGE} + (1 - sweep_inside_sweep)*sweep_final"]
        for k in range(len(self.ranged)):
            lines.append(f"sweep_inside_{k} = {_inside(f'sweep_range_from_{k}', f'sweep_range_to_{k}')}")
            lines += extremes(f"sweep_low_{k}", f"sweep_high_{k}", f"sweep_inside_{k}")
        return [*lines, *self._course(big)] if self.aftermath else lines

    @staticmethod
    def _course(big: str) -> list[str]:
        """The course after the last spike: everything starts over at a spike."""
        return [
            "sweep_new = sweep_spiked*int(t < sweep_end)",
            "sweep_spiked = 0",
            "sweep_before = sweep_new*sweep_previous + (1 - sweep_new)*sweep_before",
            f"sweep_over = (1 - sweep_new)*sweep_over + int({VOLTAGE} < sweep_before)*(1 - (1 - sweep_new)*sweep_over)",
            "sweep_watched = sweep_over*int(t >= sweep_after)*int(t < sweep_end)",
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

    def values(self, sweep: Sweep) -> dict[str, np.ndarray]:
        """What the variables are at the start, by their names in the group, SI base units."""
        values = {"base": sweep.base, "end": sweep.end}

        def window(name: str, k: int, given: Window) -> None:
            values[f"{name}from_{k}"], values[f"{name}to_{k}"] = given.start, given.end

        for k, piece in enumerate(sweep.pieces):
            values |= {f"from_{k}": piece.start, f"to_{k}": piece.end}
            values |= {f"value_{k}": piece.value - sweep.base, f"slope_{k}": piece.slope}
        for k, rest in enumerate(sweep.rests):
            window("rest_", k, rest)
        for k, name in enumerate(self.ranged):
            window("range_", k, sweep.ranged[name])
        starts = {"low": BIG, "high": -BIG, "top": -BIG, "before": BIG, "lowest": BIG, "rise": -BIG, "cycle": -1.0}
        if sweep.aftermath is not None:
            values["after"] = sweep.aftermath
        for name in self._units():
            if name not in values:
                word = name.removeprefix("rest_").rpartition("_")[0] or name.removeprefix("rest_")
                values[name] = np.full(sweep.size, starts.get(name.removeprefix("rest_"), starts.get(word, 0.0)))
        return {f"sweep_{name}": np.asarray(value, dtype=float) for name, value in values.items()}

    def features(
        self,
        final: dict[str, np.ndarray],
        spikes: Train,
        sweep: Sweep,
        tau: np.ndarray,
        scale: np.ndarray,
        dt: float,
    ) -> Features:
        """The features, from the values that the variables have in the end."""
        end = {name: final[f"sweep_{name}"] for name in self._units()}
        size, nothing = sweep.size, np.full(sweep.size, np.nan)
        cycles, half_period, trough, hump = np.full((size, CYCLES), np.nan), nothing, nothing, nothing
        if self.aftermath:
            found = np.stack([end[f"cycle_{k}"] for k in range(CYCLES)], axis=1)
            seen = end["rise"] > -BIG
            reached = np.arange(CYCLES) <= end["index"][:, None]
            cycles = np.where(seen[:, None] & reached, found, np.nan)
            half_period = np.where(end["half_steps"] > 0, end["half_steps"] * dt, np.nan)
            trough, hump = np.where(seen, end["trough"], np.nan), np.where(seen, end["hump"], np.nan)
        finite = np.ones(size, dtype=bool)
        for name in ("rest_low", "rest_high", "top", "final", *(f"low_{k}" for k in range(len(self.ranged)))):
            finite &= np.isfinite(end[name]) & (np.abs(end[name]) < BIG)
        return Features(
            spikes=spikes,
            tau=tau,
            step=np.full(size, dt),
            rest_low=end["rest_low"],
            rest_high=end["rest_high"],
            top=end["top"],
            scale=scale,
            low={name: end[f"low_{k}"] for k, name in enumerate(self.ranged)},
            high={name: end[f"high_{k}"] for k, name in enumerate(self.ranged)},
            cycles=cycles,
            half_period=half_period,
            trough=trough,
            hump=hump,
            final=end["final"],
            finite=finite,
            driven=np.ones(size, dtype=bool),
        )
