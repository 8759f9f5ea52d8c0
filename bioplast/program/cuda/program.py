"""Target cuda: a program that brian2cuda writes, built once, run many times, with numbers read as data.

Spikes and states are those of the other targets, except that a GPU adds the effects of synapses in any order, and its
exp and log may differ in the last bit: a chaotic network parts from that of other targets, and from its own next run.
And cuRAND draws other random numbers. Other values, constants, connections, delays, inputs, seeds and durations compile
nothing; another number of neurons does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import brian2
import numpy as np

from ...errors import BioplastError, TargetUnavailable, Unsupported
from .. import network as net
from ..build import build
from ..codegen.lowering import Lowered
from ..cpp.program import StandaloneProgram, user_headers
from ..output import Output
from ..program import Program
from . import toolkit as cuda
from .sources import render_cuda
from .toolkit import Toolkit, find_toolkit, lowest_capability, version

# The same arithmetic as on other targets: no fused multiply-add, and double precision is never approximated.
_FAITHFUL = ("--fmad=false", "-Xcompiler=-ffp-contract=off")


class CudaProgram(StandaloneProgram):
    """A network as a compiled CUDA program. It compiles on a machine without a GPU and runs on one that has it."""

    kind = "CUDA program"

    def __init__(
        self,
        network: brian2.Network,
        duration: float,
        namespace: Mapping[str, Any],
        watch: float | None,
        fast_math: bool,
    ):
        Program.__init__(self, network, duration, "cuda", namespace, watch)
        from .lowering import lower_for_cuda

        toolkit = find_toolkit()
        gpu = cuda.gpu()
        capability = gpu.capability if gpu else lowest_capability(toolkit.nvcc)
        project = lower_for_cuda(network, namespace, capability, version(toolkit.nvcc))
        self._project = project
        self._lowered = project.lowered
        self._sources = render_cuda(project)
        self._compiler = _compiler(toolkit, capability, project.lowered, fast_math)
        self._binary, self.compiled_now = build.build(self._sources, self._compiler)

    def _run(
        self,
        values: dict[str, np.ndarray],
        spikes: dict[str, tuple[np.ndarray, np.ndarray]],
        tables: dict[str, np.ndarray],
        seed: int,
        start: float,
        report: Callable[[float, float], None] | None,
    ) -> Output:
        if cuda.gpu() is None:
            raise TargetUnavailable(
                "no NVIDIA GPU here (nvidia-smi finds none): target 'cuda' compiles without one, running needs one"
            )
        self._check_pending({**self.values, **values}, start)
        return super()._run(values, spikes, tables, seed, start, report)

    def _check_pending(self, values: Mapping[str, np.ndarray], start: float) -> None:
        """Refuse spikes on their way that are not those of whole neurons, all that the GPU's queues can hold."""
        span = net.spans(self.network, self.duration, start)[self._lowered.clocks[self._project.main_clock]]
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


def _compiler(toolkit: Toolkit, capability: str, lowered: Lowered, fast_math: bool) -> build.Compiler:
    options = lowered.compiler
    flags = ["-O3", "-w", "-std=c++17", "-rdc=true", f"-arch=sm_{capability.replace('.', '')}"]
    flags += ["-use_fast_math"] if fast_math else _FAITHFUL
    include = [*options["include_dirs"], *([str(toolkit.include)] if toolkit.include else [])]
    flags += [f"-I{place}" for place in include]
    flags += [f"-D{name}" if value is None else f"-D{name}={value}" for name, value in options["define_macros"]]
    link = [f"-L{place}" for place in options["library_dirs"]] + [f"-l{name}" for name in options["libraries"]]
    if toolkit.curand:
        link += [f"-Xlinker={toolkit.curand}", f"-Xlinker=-rpath={toolkit.curand.parent}"]
    else:
        link.append("-lcurand")
    headers = user_headers(options)
    return build.Compiler(toolkit.nvcc, tuple(flags), tuple(link), headers, asked=False, language="CUDA")
