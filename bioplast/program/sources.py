"""The C++ program around Brian2's code objects: what holds the arrays, reads the data, steps the clocks and writes."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any

import jinja2

if TYPE_CHECKING:
    from .network import Lowered

_FOLDER = resources.files(__package__)


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


@functools.cache
def _templates() -> dict[str, jinja2.Template]:
    environment = jinja2.Environment(
        undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    return {name: environment.from_string((_FOLDER / name).read_text()) for name in ("objects.h", "main.cpp")}


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
        "vectors": [a for a in lowered.arrays if a.size is None and a.dimensions == 1],
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
    rendered = {name: template.render(context) for name, template in _templates().items()}
    plain = ["runtime.h", *(["command_line.h"] if csv is not None else [])]
    return rendered | {name: (_FOLDER / name).read_text() for name in plain}
