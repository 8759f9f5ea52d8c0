"""The scorecard of a model: a verdict for each pattern, with what it rests on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from matplotlib.figure import Figure

from ...definition import Neuron
from ...definition.units import unit_symbols, unit_text
from ...figure.scorecard import Answer, answer_grid
from ..cells.model import Model
from ..cells.reduction import VOLTAGE
from ..verdict.judge import FRAGILE, IMPOSSIBLE, NOT_FOUND, VERDICTS
from ..verdict.result import PatternResult
from ..verdict.rounding import FULL, code
from .cost import Cost, cost
from .published import published


@dataclass(frozen=True, repr=False)
class Scorecard:
    """Which of the twenty firing patterns a model shows, with which parameters and how robustly.

    ``card["A"]`` is the `PatternResult` of a pattern; `str` gives a table, a notebook shows it with the traces.

    Attributes
    ----------
    model : str
        The name of the model.
    seed, budget, starts : int
        Of the searches, see `bioplast.assess`.
    results : dict of str to PatternResult
        By letter.
    units : dict of str to str
        The unit of each parameter.
    voltage_unit, input_unit : str
    cost : Cost or None
        None for a black box.
    """

    model: str
    seed: int
    budget: int
    starts: int
    results: Mapping[str, PatternResult]
    units: Mapping[str, str]
    voltage_unit: str
    input_unit: str
    cost: Cost | None = None

    @classmethod
    def of(cls, model: Model, seed: int, budget: int, starts: int, results: Mapping[str, PatternResult]) -> Scorecard:
        """The scorecard of these results."""
        units = {name: parameter.unit for name, parameter in model.parameters.items()}
        price = cost(model) if isinstance(model, Neuron) else None
        return cls(model.name or model.kind, seed, budget, starts, dict(results), units, *units_of(model), price)

    def __getitem__(self, letter: str) -> PatternResult:
        return self.results[letter]

    @property
    def evaluations(self) -> int:
        """How many candidates were simulated in all."""
        return sum(result.evaluations for result in self.results.values())

    def count(self, verdict: str) -> int:
        """How many patterns have this verdict."""
        return sum(result.verdict == verdict for result in self.results.values())

    def group(self, letter: str) -> str:
        """The call that makes the cell that was found for a pattern, with units as in ``from brian2 import *``.

        The numbers are in familiar units, with as many digits as the cell needs to get the same verdict again; those of
        a pattern that was not found are in SI units, with all digits. Of a black box its parameters, in SI base units.
        """
        result = self.results[letter]
        if not result.parameters or result.input is None:
            return ""
        digits = FULL if result.digits is None else result.digits
        if self.cost is None:
            given = [f"{name!r}: {code(value, '1', digits)}" for name, value in result.parameters.items()]
            return f"{{{', '.join(given)}}}"
        given = [f"{name}={code(value, self.units[name], digits)}" for name, value in result.parameters.items()]
        return f"{self.model}.group(1, dt={code(result.input['dt'], 'second', digits)}, {', '.join(given)})"

    # ---- how it shows --------------------------------------------------------------------------------------------

    def plain(self) -> dict[str, Any]:
        """As a dict of JSON values; the same seed gives the same one. It has no traces."""
        patterns = {}
        for letter, result in self.results.items():
            plain = result.plain()
            del plain["trace"], plain["letter"]
            patterns[letter] = {**plain, "group": self.group(letter)}
        row = published(self.model)
        return {
            "model": self.model,
            "seed": self.seed,
            "patterns": patterns,
            "evaluations": self.evaluations,
            "budget": self.budget,
            "starts": self.starts,
            "units": dict(self.units),
            "voltage_unit": self.voltage_unit,
            "input_unit": self.input_unit,
            "operations": None if self.cost is None else {**asdict(self.cost), "per_ms": self.cost.per_ms},
            "published": None if row is None else asdict(row),
        }

    def to_json(self) -> str:
        """`plain` as text."""
        return json.dumps(self.plain(), indent=1, ensure_ascii=False, allow_nan=False) + "\n"

    def headline(self) -> str:
        """The verdicts counted, in one line."""
        counted = [f"{self.count(verdict)} {verdict}" for verdict in VERDICTS if self.count(verdict)]
        return f"{', '.join(counted)}, of {len(self.results)} patterns"

    def costs(self) -> str:
        """What the model costs, in one line; "" for a black box."""
        if self.cost is None:
            return ""
        text = (
            f"{self.cost.per_ms:.0f} operations per simulated ms ({self.cost.method}, dt {self.cost.dt * 1e3:g} ms), "
            f"{self.cost.euler} in an Euler step"
        )
        row = published(self.model)
        return text + (f"; Izhikevich (2004): {row.flops} FLOPS per ms" if row is not None else "")

    def __repr__(self) -> str:
        return f"<Scorecard {self.model}: {self.headline()}>"

    def __str__(self) -> str:
        row = published(self.model)
        heads = ("", "pattern", "verdict", "published", "loss", "starts", "evaluations")
        lines = [heads] + [
            (
                letter,
                result.name,
                result.verdict,
                row.patterns[letter] if row is not None else "",
                "" if result.loss is None else f"{result.loss:.3g}",
                f"{result.found} of {result.starts}" if result.starts else "",
                str(result.evaluations) if result.starts else "",
            )
            for letter, result in self.results.items()
        ]
        shown = [k for k in range(len(heads)) if any(line[k] for line in lines[1:])]
        widths = [max(len(line[k]) for line in lines) for k in shown]
        table = ["  ".join(f"{line[k]:<{w}}" for k, w in zip(shown, widths, strict=True)).rstrip() for line in lines]
        groups = [
            f"{letter}  {self.group(letter)}{f'  # {r.remark}' if r.remark else ''}"
            for letter, r in self.results.items()
            if r.shown
        ]
        parts = [f"{self.model}: {self.headline()} (seed {self.seed})", "\n".join(table), self.costs(), *groups]
        return "\n\n".join(filter(None, [*parts[:3], "\n".join(groups)]))

    def grid(self) -> Figure:
        """The traces of all patterns, as figure 1 of Izhikevich (2004), with the input below each."""
        answers = [answer(result, self.voltage_unit, self.input_unit) for result in self.results.values()]
        return answer_grid(answers, title=f"{self.model}: {self.headline()}")

    def to_html(self) -> str:
        """The body of a page: the verdicts, the traces, and each pattern's parameters, input and checks."""
        from .page import body

        return body(self)

    def _repr_html_(self) -> str:
        return self.to_html()


def units_of(model: Model) -> tuple[str, str]:
    """The units of the membrane potential and of the input; "" for a black box, which has none."""
    if not isinstance(model, Neuron):
        return "", ""
    return unit_text(model.variables[VOLTAGE]), unit_text(model.input_dimensions)


def _note(result: PatternResult) -> str:
    if result.verdict == NOT_FOUND:
        return f"(loss {result.loss:.2g})"
    if result.verdict == FRAGILE:
        return f"(fails at {', '.join(name for name, check in result.checks.items() if not check['shown'])})"
    remarked = "; see remark" if result.remark else ""
    return "" if result.verdict == IMPOSSIBLE else f"({result.found} of {result.starts} starts{remarked})"


def answer(result: PatternResult, voltage_unit: str, input_unit: str, name: str = "") -> Answer:
    """A result as a panel of the grid; volts are drawn in mV."""
    panel = Answer(result.letter, name or result.name, result.verdict, _note(result), argument=result.argument)
    if result.trace is None or not result.trace.times:
        return panel
    begin, milli = result.trace.times[0], voltage_unit == "volt"
    return replace(
        panel,
        times_ms=[(t - begin) * 1e3 for t in result.trace.times],
        voltage=[v * (1e3 if milli else 1.0) for v in result.trace.voltage],
        current=result.trace.current,
        spikes_ms=[(t - begin) * 1e3 for t in result.trace.spikes],
        voltage_unit="mV" if milli else unit_symbols(voltage_unit),
        current_unit=unit_symbols(input_unit),
    )
