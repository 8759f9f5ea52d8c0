"""The C++ program around Brian2's code objects: what holds the arrays, reads the data, steps the clocks and writes."""

from __future__ import annotations

import functools
from importlib import resources
from typing import TYPE_CHECKING, Any

import jinja2

if TYPE_CHECKING:
    from .network import Lowered

_FOLDER = resources.files(__package__)


@functools.cache
def _templates() -> dict[str, jinja2.Template]:
    environment = jinja2.Environment(
        undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    return {name: environment.from_string((_FOLDER / name).read_text()) for name in ("objects.h", "main.cpp")}


def render(
    lowered: Lowered,
    threads: int,
    pathways: dict[str, tuple[str, int, int]],
    clocks: dict[str, dict[str, str]],
    headers: list[str],
) -> dict[str, str]:
    """The sources that every program has.

    Parameters
    ----------
    lowered : Lowered
        Arrays, tables and schedule of the network.
    threads : int
        Threads for OpenMP; 0 leaves OpenMP out.
    pathways : dict
        For each synaptic pathway the vector of its sources and the range of source neurons.
    clocks : dict
        For each clock the arrays that hold its timestep, t and dt.
    headers : list of str
        What a user's functions include.

    Returns
    -------
    dict
        File name to text.
    """
    index = {name: k for k, name in enumerate(lowered.clocks)}
    context: dict[str, Any] = {
        "arrays": [a for a in lowered.arrays if a.size is not None],
        "vectors": [a for a in lowered.arrays if a.size is None and a.dimensions == 1],
        "matrices": [a for a in lowered.arrays if a.dimensions == 2],
        "all_arrays": lowered.arrays,
        "tables": lowered.tables,
        "runners": lowered.runners,
        "single_clock": len(lowered.clocks) == 1,
        "clock_index": index,
        "clocks": [clocks[name] for name in lowered.clocks],
        "pathways": [(name, *pathways[name]) for name, _ in lowered.pathways],
        "watched": lowered.watched,
        "playbacks": [r.playback for r in lowered.runners if r.playback],
        "headers": sorted(set(headers)),
        "threads": threads,
    }
    rendered = {name: template.render(context) for name, template in _templates().items()}
    return {**rendered, "runtime.h": (_FOLDER / "runtime.h").read_text()}
