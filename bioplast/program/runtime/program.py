"""Targets numpy and cython: the user's own network, run in place by Brian2 and put back as it was."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping
from typing import Any

import brian2

from ...errors import BioplastError, NonFiniteError, RunError
from .. import network as net
from ..call import Call
from ..output import Output
from ..program import TIME, Program
from .disagreements import refuse_ignored_refractoriness, refuse_meeting_spikes, refuse_steps_of_cython
from .inputs import replaced_timed_array, set_generated_spikes, spike_playback
from .monitors import forget_recordings, recordings
from .run import run_with_brian2
from .watch import Watch


class RuntimeProgram(Program):
    """A network that Brian2 itself runs. Calls are made one after the other: they all borrow the same network."""

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
        super().__init__(network, duration, target, namespace, watch)
        if target == "numpy":
            refuse_ignored_refractoriness(network)
        self.fast_math = fast_math

    def _run(self, call: Call) -> Output:
        network = self.network
        if self.target == "cython":
            refuse_steps_of_cython(network, self._namespace, call.spans(network))
        else:
            refuse_meeting_spikes(network, call.values)
        with contextlib.ExitStack() as borrowed:
            borrowed.enter_context(net.held(network, arrays=True))
            now = network.t_ == call.start
            network.t_ = call.start
            if TIME in call.given:
                for clock in net.clocks(network):
                    clock._old_dt = None  # a change of dt has to suit the time of the network alone
            # Brian2 itself would write beyond its queue where spikes have steps of an older dt that is much shorter
            old = {f"{pathway.name}.queue" for pathway in net.pathways(network) if net.has_old_steps(pathway)}
            self.write_back({key: call.values[key] for key in (call.given | old) if key != TIME})
            forget_recordings(network)
            arrays = net.timed_arrays(network, self._namespace)
            for name, table in call.tables.items():
                borrowed.enter_context(replaced_timed_array(arrays[name], table))
            extra = []
            spans = call.spans(network)
            for name, group in net.spike_inputs(network).items():
                if not hasattr(group, "thresholder"):
                    begin_step = spans[group.clock.name].start
                    given = call.spikes.get(name)
                    set_generated_spikes(group, net.generated_spikes(group, begin_step, given, now=now))
                elif name in call.spikes:
                    extra.append(spike_playback(group, *call.spikes[name]))
            watch = None
            if self.watch is not None:
                watch = Watch(network, self.watch)
                extra.append(watch.operation)
            begin = time.perf_counter()
            try:
                finished = run_with_brian2(
                    network,
                    call.duration,
                    self._namespace,
                    self.target,
                    self.fast_math,
                    call.seed,
                    call.progress,
                    extra,
                )
            except BioplastError as error:
                # of a cable equation with NaN, SciPy refuses the solution
                _tell_what_is_not_finite(watch, network.t_, error)
                raise
            elapsed = time.perf_counter() - begin
            _tell_what_is_not_finite(watch, network.t_)
            if not finished:
                raise RunError(f"the network was stopped at {network.t_ * 1e3:.10g} ms, before the end of the run")
            return self._output(call, recordings(network), self.values, elapsed)


def _tell_what_is_not_finite(watch: Watch | None, now: float, cause: Exception | None = None) -> None:
    if watch is not None:
        watch.look(now)
        if watch.found is not None:
            raise NonFiniteError(watch.found) from cause
