"""brian2cuda's project with what reads its data, watches it and writes its results."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ...errors import Unsupported
from ..codegen.templates import RUNTIME, rendered, text

if TYPE_CHECKING:
    from .lowering import CudaProject


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
    ours = rendered("gpu.cu", context, __package__)
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
    for name, source in sources.items():
        if name.endswith(".cu") and "BIOPLAST_CONSTANT(" in source:
            sources[name] = '#include "constants.h"\n' + source
    sources["constants.h"] = _CONSTANTS.format(size=max(len(lowered.constants), 1))
    sources[RUNTIME] = text(RUNTIME)
    return sources


def _replaced(source: str, pattern: str, by: Callable[[re.Match[str]], str]) -> str:
    replaced, count = re.subn(pattern, by, source, flags=re.DOTALL)
    if count != 1:
        raise Unsupported(f"brian2cuda's sources have another form than expected: {pattern!r} is found {count} times")
    return replaced
