"""The C++ program around Brian2's code objects: what holds the arrays, reads the data, steps the clocks and writes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..build.build import PRELUDE
from ..codegen.templates import RUNTIME, rendered, text

if TYPE_CHECKING:
    from ..codegen.lowered import Lowered


@dataclass(frozen=True)
class Csv:
    """A file that an exported program writes: the recording of one monitor.

    Attributes
    ----------
    name, kind : str
        The monitor's name and kind: "spikes", "states" or "rate".
    columns : list of (variable, array)
        What it recorded, by the vector or matrix of the program that holds it.
    record : list of int
        For states: the neurons or synapses that the columns of a matrix stand for.
    """

    name: str
    kind: str
    columns: list[tuple[str, str]]
    record: list[int]


def render(lowered: Lowered, threads: int, csv: Sequence[Csv] | None = None) -> dict[str, str]:
    """The sources that every program has.

    Parameters
    ----------
    lowered : Lowered
        Arrays, tables and schedule of the network.
    threads : int
        Threads for OpenMP; 0 leaves OpenMP out.
    csv : sequence of Csv, optional
        Make a program for people, with a command line and these files, instead of one for `StandaloneProgram`.

    Returns
    -------
    dict
        File name to text.
    """
    context: dict[str, Any] = {
        "arrays": [a for a in lowered.arrays if a.size is not None],
        "columns": [a for a in lowered.arrays if a.size is None and not a.grows],
        "vectors": [a for a in lowered.arrays if a.grows and a.dimensions == 1],
        "matrices": [a for a in lowered.arrays if a.dimensions == 2],
        "all_arrays": lowered.arrays,
        "tables": lowered.tables,
        "runners": lowered.runners,
        "single_clock": len(lowered.clocks) == 1,
        "clock_index": {name: k for k, name in enumerate(lowered.clocks)},
        "clocks": [lowered.clock_arrays[name] for name in lowered.clocks],
        "pathways": lowered.pathways,
        "watched": lowered.watched,
        "playbacks": [r.playback for r in lowered.runners if r.playback],
        "headers": sorted(set(lowered.compiler["headers"])),
        "threads": threads,
        "exported": csv is not None,
        "csv": csv or (),
    }
    sources = {name: rendered(name, context, __package__) for name in ("objects.h", "main.cpp")}
    # the name that Brian2's code objects include
    sources["synapses_classes.h"] = rendered("pathway.h", {"threads": threads}, __package__)
    plain = ["powers.h", "column.h", *(["command_line.h"] if csv is not None else [])]
    return sources | {name: text(name, __package__) for name in plain} | {RUNTIME: text(RUNTIME)}


def prelude() -> dict[str, str]:
    """The source that lets a build of many units read their common headers once."""
    return {PRELUDE: text(PRELUDE, __package__)}
