"""What a protocol is: trials to run, a summary of their results, and the pictures and tables that go with it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import DefinitionError, UnknownName
from .interval import interval
from .plain import to_plain

if TYPE_CHECKING:
    from ..definition import Definition

__all__ = ["PRESETS", "Figure", "Protocol", "Row", "Section", "Trial"]

PRESETS = ("demo", "quick", "full", "paper")


@dataclass(frozen=True)
class Trial:
    """One independent piece of a protocol's work.

    Attributes
    ----------
    id : str
        A path such as ``"cpp/A"``, unique in its run; the result is kept in ``trials/cpp/A.json``.
    settings : dict
        All that the trial needs to know, as plain JSON values.
    seed : int or None
        The seed of everything random in the trial; None when nothing is.
    place : Path or None
        Where `scratch` is; the run says so.
    """

    id: str
    settings: dict[str, Any] = field(default_factory=dict)
    seed: int | None = None
    place: Path | None = field(default=None, compare=False, repr=False)

    @property
    def scratch(self) -> Path | None:
        """A folder of the trial's own while it is carried out, made when it is asked for; None outside a run's folder.

        What is in it is still there when the trial is carried out again after the run was killed, so a long trial goes
        on from what it keeps there, such as the checkpoint of `bioplast.learning.fit`. It goes away when the trial's
        result is kept. On an executor that reaches other machines it is a folder that they share, or starts empty.
        """
        if self.place is not None:
            self.place.mkdir(parents=True, exist_ok=True)
        return self.place

    def plain(self) -> dict[str, Any]:
        """What makes the trial what it is, as JSON values."""
        return {"id": self.id, "settings": self.settings, "seed": self.seed}


@dataclass(frozen=True)
class Row:
    """One number of the summary, beside the published one.

    Attributes
    ----------
    id : str
        A path such as ``lif/backprop/extended/accuracy``; it never changes meaning. Rows whose id begins with
        ``baseline/`` are trivial baselines and stand in a table of their own in the report.
    value : float or None
        Our number: the mean over seeds where there are several. None, or not finite: there is none.
    low, high : float or None
        The 95 % confidence interval of the mean over seeds; None with fewer than two seeds.
    seeds : int or None
        Over how many seeds; None when nothing was random.
    unit : str
        The unit as text, "" for a pure number.
    published : float or None
        The paper's figure.
    source : str
        Where the published figure stands, or where the number comes from.
    tolerance : float or None
        How far the value may lie from the published figure and still agree with it, such as half a unit of the last
        digit that the paper prints. For the report and run.json; not a column of the summary.
    """

    id: str
    value: float | None
    low: float | None = None
    high: float | None = None
    seeds: int | None = None
    unit: str = ""
    published: float | None = None
    source: str = ""
    tolerance: float | None = None

    def __post_init__(self) -> None:
        for name in ("value", "low", "high", "published", "tolerance"):
            number = to_plain(getattr(self, name))
            if isinstance(number, bool):
                number = int(number)
            if number is not None and not isinstance(number, int | float):
                raise DefinitionError(f"row {self.id!r}: {name} is a number or None, not {number!r}")
            if isinstance(number, float) and not math.isfinite(number):
                number = None
            object.__setattr__(self, name, number)

    @classmethod
    def over_seeds(cls, id: str, values: Sequence[float], **rest: Any) -> Row:
        """The row of a number measured once per seed: its mean and 95 % confidence interval (Student's t).

        Parameters
        ----------
        id : str
        values : sequence of float, one per seed
        **rest
            ``unit``, ``published`` and ``source``.
        """
        mean, low, high = interval(values)
        return cls(id, mean, low, high, len(values), **rest)


@dataclass(frozen=True)
class Figure:
    """A picture of the report: its PNG file in the run's ``figures`` folder, a title and a caption."""

    file: str
    title: str
    caption: str


@dataclass(frozen=True)
class Section:
    """A part of the report about one subject, such as a model, with what belongs to it in one place.

    Attributes
    ----------
    id : str
        The rows of the summary whose id begins with it and a slash stand in this section, and in no other table.
    title : str
    group : str
        Sections of one group stand together in the table of contents.
    definitions : tuple of Neuron, Receptor or Synapse
        Shown with their equations, parameters and source.
    figures : tuple of Figure
        As those that `Protocol.figures` returns.
    tables : mapping of str to rows
        Small tables by their title, each a list of dicts.
    """

    id: str
    title: str
    group: str = ""
    definitions: Sequence[Definition] = ()
    figures: Sequence[Figure] = ()
    tables: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)

    def plain(self) -> dict[str, Any]:
        """The section as plain values, from which the report can be made again."""
        return {
            "id": self.id,
            "title": self.title,
            "group": self.group,
            "definitions": [definition.to_html(mathml=True) for definition in self.definitions],
            "figures": [asdict(figure) for figure in self.figures],
            "tables": to_plain({title: [dict(row) for row in rows] for title, rows in self.tables.items()}),
        }


@dataclass(frozen=True)
class Protocol:
    """A published experiment that can be run again: ``bioplast run NAME``.

    A protocol file, in ``protocols/`` or a user's own, defines one at module level. Its functions are top-level
    functions of that file, so that worker processes find them by name.

    Attributes
    ----------
    name : str
        What the command line calls it: lower-case letters, digits and underscores.
    title, source, description : str
        A line for people, the publication, and what is done in a paragraph.
    presets : dict of dict
        The settings of ``demo`` (seconds), ``quick`` and ``full`` as plain JSON values; ``demo`` is required. Two
        settings have a meaning here. ``seeds``: over how many seeds; a preset without it draws nothing at random.
        ``targets``: the targets of this preset, when fewer than the protocol's.
    trials : callable
        ``trials(settings, targets, seeds) -> list of Trial``. The same arguments give the same trials.
    run : callable
        ``run(trial) -> dict`` of plain values and arrays. It may use nothing but the trial: it runs in another process.
        A long one keeps in `Trial.scratch` what it goes on from when the run is killed.
    summarise : callable
        ``summarise(results, settings) -> list of Row``, with `results` a dict from a trial's id to its result, in
        the order of the trials. No times here: the same trials give the same summary, to the byte.
    figures : callable, optional
        ``figures(results, settings, folder) -> list of Figure``; the files are saved in `folder`
        (`bioplast.figure.save`).
    sections : callable, optional
        ``sections(results, settings, folder) -> list of Section``: parts of the report, one for each subject; the files
        of their figures are saved in `folder`.
    tables : callable, optional
        ``tables(results, settings) -> dict`` from a file name such as ``spikes.csv`` to its rows, a list of dicts.
    network : callable, optional
        ``network(settings) -> (brian2.Network, duration)``: what ``bioplast export NAME DIR`` writes as a C++ project.
    targets : tuple of str
        On which targets it can run, in the order of the report. Empty: it does not simulate on a target of choice.
    version : int
        Raise it when a change gives a trial's result another meaning: `--resume` then takes up no older trial.

    Examples
    --------
    A whole protocol, in a file ``dice.py``; run it with ``bioplast run dice.py:dice --seeds 10``:

    >>> import numpy as np
    >>> from bioplast.experiment import Protocol, Row, Trial
    >>> def trials(settings, targets, seeds):
    ...     return [Trial(f"seed{seed}", {"throws": settings["throws"]}, seed) for seed in seeds]
    >>> def run(trial):
    ...     rng = np.random.default_rng(trial.seed)
    ...     return {"eyes": rng.integers(1, 7, trial.settings["throws"])}
    >>> def summarise(results, settings):
    ...     means = [np.mean(result["eyes"]) for result in results.values()]
    ...     return [Row.over_seeds("mean", means, unit="eyes", published=3.5, source="Huygens (1657)")]
    >>> dice = Protocol(
    ...     name="dice",
    ...     title="The mean of a die",
    ...     source="Huygens (1657), De ratiociniis in ludo aleae",
    ...     description="Throws a die and takes the mean.",
    ...     presets={"demo": {"throws": 100, "seeds": 3}, "full": {"throws": 10000, "seeds": 10}},
    ...     trials=trials,
    ...     run=run,
    ...     summarise=summarise,
    ... )
    >>> dice.settings("demo")
    {'throws': 100, 'seeds': 3}

    A protocol that simulates names its ``targets=("numpy", "cpp")``, puts ``targets[k]`` into the settings of its
    trials, and its `run` passes ``target=trial.settings["target"]`` to `bioplast.compile`.
    """

    name: str
    title: str
    source: str
    description: str
    presets: Mapping[str, Mapping[str, Any]]
    trials: Callable[[dict[str, Any], list[str], list[int]], Sequence[Trial]]
    run: Callable[[Trial], Mapping[str, Any]]
    summarise: Callable[[dict[str, dict[str, Any]], dict[str, Any]], Sequence[Row]]
    figures: Callable[[dict[str, dict[str, Any]], dict[str, Any], Path], Sequence[Figure]] | None = None
    sections: Callable[[dict[str, dict[str, Any]], dict[str, Any], Path], Sequence[Section]] | None = None
    tables: Callable[[dict[str, dict[str, Any]], dict[str, Any]], Mapping[str, Sequence[Mapping[str, Any]]]] | None = (
        None
    )
    network: Callable[[dict[str, Any]], tuple[Any, Any]] | None = None
    targets: tuple[str, ...] = ()
    version: int = 1

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z][a-z0-9_-]*", self.name):
            raise DefinitionError(f"protocol {self.name!r}: a name is of lower-case letters, digits and underscores")
        for preset in self.presets:
            if preset not in PRESETS:
                raise UnknownName(f"preset in protocol {self.name}", preset, PRESETS)
        if "demo" not in self.presets:
            raise DefinitionError(f"protocol {self.name}: the preset 'demo' is missing")
        try:
            object.__setattr__(self, "presets", to_plain(dict(self.presets)))
        except (TypeError, ValueError) as error:
            raise DefinitionError(f"protocol {self.name}: presets: {error}") from None
        object.__setattr__(self, "targets", tuple(self.targets))
        for preset, settings in self.presets.items():
            self._check(preset, settings)

    def _check(self, preset: str, settings: Any) -> None:
        """Refuse settings that are none, or seeds or targets that are none."""
        where = f"protocol {self.name}: preset {preset}"
        if not isinstance(settings, dict):
            raise DefinitionError(f"{where} is a {type(settings).__name__}: a dict of settings is accepted")
        seeds = settings.get("seeds", 1)
        if isinstance(seeds, bool) or not isinstance(seeds, int) or seeds < 1:
            raise DefinitionError(f"{where}: seeds is {seeds!r}: a whole number from 1 is accepted")
        targets = settings.get("targets", [])
        if not isinstance(targets, list) or not set(map(str, targets)) <= set(self.targets):
            accepted = f"a list of {', '.join(self.targets)}" if self.targets else "none, since the protocol has none,"
            raise DefinitionError(f"{where}: targets is {targets!r}: {accepted} is accepted")

    def settings(self, preset: str) -> dict[str, Any]:
        """A copy of a preset's settings.

        Raises
        ------
        UnknownName
            The protocol has no such preset.
        """
        if preset not in self.presets:
            raise UnknownName(f"preset of {self.name}", preset, self.presets)
        return to_plain(self.presets[preset])
