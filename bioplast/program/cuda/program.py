"""Target cuda: a program that brian2cuda writes, built once, run many times, with numbers read as data.

Spikes and states are those of the other targets, except that a GPU adds the effects of synapses in any order, and its
exp and log may differ in the last bit: a chaotic network parts from that of other targets, and from its own next run.
And cuRAND draws other random numbers. Other values, constants, connections, delays, inputs, seeds and durations compile
nothing; another number of neurons does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import brian2
import numpy as np

from ...errors import BioplastError, TargetUnavailable, Unsupported
from .. import network as net
from ..build import build
from ..call import Call
from ..codegen.lowered import Lowered
from ..codegen.program import CompiledProgram, user_headers
from ..output import Output
from . import toolkit
from .sources import render_cuda
from .toolkit import Toolkit, find_toolkit, lowest_capability, version

# The same arithmetic as on other targets: no fused multiply-add, and double precision is never approximated.
_FAITHFUL = ("--fmad=false", "-Xcompiler=-ffp-contract=off")


class CudaProgram(CompiledProgram):
    """A network as a compiled CUDA program. It compiles on a machine without a GPU and runs on one that has it."""

    kind = "CUDA program"

    def __init__(
        self,
        network: brian2.Network,
        duration: float,
        target: str,
        namespace: Mapping[str, Any],
        watch: float | None,
        *,
        fast_math: bool = False,
    ):
        self.fast_math = fast_math
        super().__init__(network, duration, target, namespace, watch)

    def _lower(self) -> tuple[Lowered, dict[str, str], build.Compiler]:
        from .lowering import lower_for_cuda

        found = find_toolkit()
        gpu = toolkit.gpu()
        capability = gpu.capability if gpu else lowest_capability(found.nvcc)
        self._project = lower_for_cuda(self.network, self._namespace, capability, version(found.nvcc))
        lowered = self._project.lowered
        return lowered, render_cuda(self._project), _compiler(found, capability, lowered, self.fast_math)

    def _run(self, call: Call) -> Output:
        if toolkit.gpu() is None:
            raise TargetUnavailable(
                "no NVIDIA GPU here (nvidia-smi finds none): target 'cuda' compiles without one, running needs one"
            )
        net.refuse_late_steps(call.spans(self.network), "target cuda")
        self._check_pending(call)
        return super()._run(call)

    def _check_pending(self, call: Call) -> None:
        """Refuse spikes on their way that are not those of whole neurons, all that the GPU's queues can hold."""
        values = call.values
        span = call.spans(self.network)[self._lowered.clocks[self._project.main_clock]]
        arrays = {a.vector: a.value for a in self._lowered.arrays}
        spiked: dict[str, set[tuple[int, int]]] = {}  # by space: neurons and how many steps ago, with a single delay
        single: list[tuple[str, str, np.ndarray, int, set[tuple[int, int]]]] = []
        for pathway in self._project.pathways:
            key = f"{pathway.key}.queue"
            rows = np.asarray(values[key]).reshape(-1, 2)
            sources = arrays[pathway.sources]
            delays = np.broadcast_to((values[f"{pathway.key}.delay"] / span.dt + 0.5).astype(int), sources.shape)
            neurons, delay = sources[rows[:, 1]], delays[rows[:, 1]]
            ago = delay - rows[:, 0] + 1
            if (ago < 1).any() or (ago > span.start).any():
                raise BioplastError(f"{key!r}: a spike is on its way that cannot have the delay of its synapse")
            found, counts = np.unique(np.stack([neurons, delay, ago]), axis=1, return_counts=True)
            pairs, sizes = np.unique(np.stack([sources, delays]), axis=1, return_counts=True)
            whole = dict(zip(map(tuple, pairs.T.tolist()), sizes.tolist(), strict=True))
            complete = [whole[n, d] == c for (n, d, _), c in zip(found.T.tolist(), counts.tolist(), strict=True)]
            if not all(complete) or len(np.unique(rows, axis=0)) != len(rows):
                raise Unsupported(f"{key!r}: {_WHOLE}")
            if len(delays) and (delays == delays[0]).all():
                mine = {(n, a) for n, _, a in found.T.tolist()}
                spiked.setdefault(pathway.space, set()).update(mine)
                single.append((key, pathway.space, sources, int(delays[0]), mine))
        for key, space, sources, steps, mine in single:
            sending = set(sources.tolist())
            if {(n, a) for n, a in spiked[space] if n in sending and a <= steps} != mine:
                raise Unsupported(f"{key!r}: {_WHOLE}")


_WHOLE = "the spikes on their way are not those of whole neurons, which are all that target 'cuda' can begin with"


def _compiler(found: Toolkit, capability: str, lowered: Lowered, fast_math: bool) -> build.Compiler:
    options = lowered.compiler
    flags = ["-O3", "-w", "-std=c++17", "-rdc=true", f"-arch=sm_{capability.replace('.', '')}"]
    flags += ["-use_fast_math"] if fast_math else _FAITHFUL
    include = [*options["include_dirs"], *([str(found.include)] if found.include else [])]
    flags += [f"-I{place}" for place in include]
    flags += [f"-D{name}" if value is None else f"-D{name}={value}" for name, value in options["define_macros"]]
    link = [f"-L{place}" for place in options["library_dirs"]] + [f"-l{name}" for name in options["libraries"]]
    if found.curand:
        link += [f"-Xlinker={found.curand}", f"-Xlinker=-rpath={found.curand.parent}"]
    else:
        link.append("-lcurand")
    headers = user_headers(options)
    return build.Compiler(found.nvcc, tuple(flags), tuple(link), headers, probed=False, language="CUDA")
