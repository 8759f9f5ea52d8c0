"""The C++ program around Brian2's code objects: what holds the arrays, reads the data, steps the clocks and writes."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any

import jinja2

from ..errors import Unsupported

if TYPE_CHECKING:
    from .network import Lowered
    from .network.cuda import CudaProject

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
    return {name: environment.from_string((_FOLDER / name).read_text()) for name in ("objects.h", "main.cpp", "gpu.cu")}


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
    rendered = {name: _templates()[name].render(context) for name in ("objects.h", "main.cpp")}
    plain = ["powers.h", "runtime.h", *(["command_line.h"] if csv is not None else [])]
    return rendered | {name: (_FOLDER / name).read_text() for name in plain}


_CONSTANTS = """\
// The user's constants, which are data: in the memory of the GPU for kernels, in that of the processor for the rest.
#ifndef BIOPLAST_CONSTANTS_H
#define BIOPLAST_CONSTANTS_H
namespace brian {{
extern double _constants[{size}];
extern __constant__ double _d_constants[{size}];
}}
#if defined(__CUDA_ARCH__)
#define BIOPLAST_CONSTANT(k) (brian::_d_constants[k])
#else
#define BIOPLAST_CONSTANT(k) (brian::_constants[k])
#endif
#endif
"""


def render_cuda(project: CudaProject) -> dict[str, str]:
    """The sources of brian2cuda's project with what reads its data, watches it and writes its results.

    Raises
    ------
    Unsupported
        When brian2cuda wrote something of another form than expected.
    """
    lowered = project.lowered
    context: dict[str, Any] = {
        "n_constants": len(lowered.constants),
        "clocks": [{"object": name} for name in project.clocks],
        "main_clock": project.main_clock,
        "arrays": lowered.arrays,
        "tables": lowered.tables,
        "playbacks": [r.playback for r in lowered.runners if r.playback],
        "pathways": project.pathways,
        "spaces": [{"name": name} for name in project.spaces],
        "watched": lowered.watched,
        "host_only": project.host_only,
        "rows_of": project.rows_of,
        "columns_of": project.columns_of,
    }
    sources = dict(lowered.sources)
    ours = _templates()["gpu.cu"].render(context)
    sources["main.cu"] = _replaced(sources["main.cu"], r"\nint main\(", lambda found: "\n" + ours + found[0])
    # data is read by our own code, and lengths are data
    sources["objects.cu"] = _replaced(
        sources["objects.cu"],
        r"(void _load_arrays\(\)\n)\{.*?\n\}\n",
        lambda found: found[1] + "{\n}\n",
    )
    # clocks tick together by Brian2's own rule, not when their times are equal to 1e-14 s
    sources["network.cu"] = _replaced(
        sources["network.cu"],
        r"fabs\(s\s*-\s*t\)\s*<=\s*Clock_epsilon",
        lambda found: "fabs(s-t) < 1e-4*std::min(((Clock*)clock)->dt[0], ((Clock*)minclock)->dt[0])",
    )
    # many threads prepare its queues, each of which has to see them as they were before the first one changes them
    sources["brianlib/spikequeue.h"] = _replaced(
        sources["brianlib/spikequeue.h"],
        r"bool initialize_semaphores = \(!semaphore\);",
        lambda found: found[0] + " __syncthreads();",
    )
    for name, text in sources.items():
        if name.endswith(".cu") and "BIOPLAST_CONSTANT(" in text:
            sources[name] = '#include "constants.h"\n' + text
    sources["constants.h"] = _CONSTANTS.format(size=max(len(lowered.constants), 1))
    sources["runtime.h"] = (_FOLDER / "runtime.h").read_text()
    return sources


def _replaced(text: str, pattern: str, by: Callable[[re.Match[str]], str]) -> str:
    replaced, count = re.subn(pattern, by, text, flags=re.DOTALL)
    if count != 1:
        raise Unsupported(f"brian2cuda's sources have another form than expected: {pattern!r} is found {count} times")
    return replaced
