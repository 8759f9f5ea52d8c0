"""Target native: a network as one C++ function, through which each thread takes one sample after the other."""

from __future__ import annotations

import contextlib
import dataclasses
import threading
import time
from collections.abc import Mapping, Sequence, Set
from typing import Any

import brian2
import jax
import numpy as np

from ...errors import BioplastError, NonFiniteError
from ...machine import cores
from ..call import Call, Progress
from ..jax.program import JaxProgram, precision
from ..jax.simulation import Simulation
from ..jax.spread import devices
from ..jax.surrogates import by_group
from ..network import ClockSpan, not_finite
from ..output import Output, Outputs
from ..program import TIME, Program
from ..steps.drive import queues_after
from ..steps.moments import horizon
from ..steps.reader import read_steps
from ..surrogate import Surrogate
from . import library
from .adjoint import Adjoint, Wanted
from .backward import Backs, Backward
from .foreign import Foreign, described
from .plan import Finished, Runs, Watched, lowered
from .samples import Samples, of_calls
from .source import Source
from .traced import TracedSimulation

#: How often a run is looked at, in seconds: for its progress, and whether it is to end.
_LOOK = 0.05


class NativeProgram(JaxProgram):
    """A network as one C++ function, which JAX calls where values, inputs or keys are traced."""

    follows_declarations = False

    def __init__(
        self,
        network: brian2.Network,
        duration: float,
        target: str,
        namespace: Mapping[str, Any],
        watch: float | None,
        *,
        threads: int | None = None,
        fast_math: bool = False,
        surrogate: Surrogate | Mapping[str, Surrogate | None] | None = None,
        detach_reset: bool = False,
        dtype: Any = None,
    ):
        self.dtype = precision(dtype)
        self.threads = threads
        self.fast_math = fast_math
        Program.__init__(self, network, duration, target, namespace, watch)
        library.begin_loop(self.dtype)
        self._steps = read_steps(network, namespace, f"target {target}")
        source = Source(self._steps)
        self._text = source.text
        self._lowered = lowered(self._steps, source, self.dtype)
        self._unchanging = self._lowered.fixed
        self._horizon = horizon(self._steps) if self.dtype == np.float32 else None
        self._watched = [Watched(key, v.synaptic) for key, v in self._variables.items() if v.may_diverge]
        self._simulation = Simulation(self._steps, by_group(surrogate, self._steps), detach_reset)
        self._functions()
        self._prepare()

    def _prepare(self) -> None:
        self._adjoints: dict[Wanted, Adjoint] = {}
        layout = self._lowered.layout
        self._compiled = TracedSimulation(
            self._simulation,
            self.dtype,
            self._traced_runs,
            self._adjoint,
            self._foreign,
            layout.records,
            bool(layout.sites),
        )

    def _state(self) -> dict[str, Any]:
        return {name: value for name, value in super()._state().items() if name != "_adjoints"}

    def _restore(self, network: brian2.Network, state: Mapping[str, Any]) -> None:
        Program._restore(self, network, state)
        self._prepare()

    def _functions(self) -> list[Any]:
        """The addresses of the compiled functions."""
        return library.loaded(library.built(self._text, self.dtype, self.fast_math))

    @property
    def draws(self) -> dict[str, tuple[Any, tuple[int, ...]]]:
        """Each random draw and the shape of the numbers that it gives in a step, by its name."""
        return {name: (draw, shape) for name, draw, shape in self._lowered.layout.sites}

    # Called with plain numbers ----------------------------------------------------------------------------------------

    def _run(self, call: Call) -> Output:
        return self._together([call], call.progress)[0]

    def _run_batch(
        self, each: Sequence[tuple[dict[str, Any], dict[str, Any]]], seeds: Sequence[int], duration: float
    ) -> Outputs:
        first = each[0][0]
        common = {key for key, value in first.items() if all(values[key] is value for values, _ in each)}
        now = self.values | self._checked({key: first[key] for key in common})
        calls = []
        for (values, inputs), seed in zip(each, seeds, strict=True):
            own = {key: value for key, value in values.items() if key not in common}
            calls.append(self._call(own, inputs, seed, duration, now))
        if len({call.start for call in calls}) > 1:  # with a beginning of its own each is a run of its own
            return Outputs(self._run(call) for call in calls)
        return Outputs(self._together(calls, None))

    def _together(self, calls: Sequence[Call], progress: Progress | None) -> list[Output]:
        """Carry out calls that begin and end at one time."""
        self._refuse_beyond_horizon(calls[0].spans(self.network))
        begin = time.perf_counter()
        samples = of_calls(self.network, self._steps, calls)
        runs = Runs(self._lowered, samples, self._watched, self.watch)
        with contextlib.closing(runs):
            self._carry_out(runs, self._functions(), progress, begin)
            self._judge(runs)
            ends = [runs.finished(k) for k in range(len(calls))]
        elapsed = time.perf_counter() - begin
        if progress is not None:
            progress(1.0, elapsed)
        return [self._finished_run(call, end, elapsed / len(calls)) for call, end in zip(calls, ends, strict=True)]

    def _carry_out(self, runs: Runs, functions: Sequence[Any], progress: Progress | None, begin: float) -> None:
        """Run all samples; an interruption ends them."""
        plan, loop = runs.plan, library.loop(self.dtype)
        plan.begin, plan.moment, plan.back = functions
        threads = self.threads or cores()
        # runs that follow each other share lines of the cache, and so should go through one thread
        plan.chunk = plan.chunk or max(1, min(8, plan.samples // (8 * threads)))
        plan.threads = min(threads, -(-plan.samples // plan.chunk))
        answer: list[int] = []
        told, whole = 0, plan.moments * plan.samples
        worker = threading.Thread(target=lambda: answer.append(loop.bioplast_run(plan)), daemon=True)
        worker.start()
        try:
            while worker.is_alive():
                worker.join(_LOOK)
                if progress is not None and told < (done := plan.done) < whole:
                    told = done
                    progress(done / whole, time.perf_counter() - begin)
        except BaseException:
            plan.stop = 1
            worker.join()
            raise
        library.refuse_little_memory(answer[0])

    def _judge(self, runs: Runs) -> None:
        """Refuse a run in which a state has turned NaN or infinite."""
        plan = runs.plan
        if plan.failed < 0:
            return
        found = runs.looked_at[plan.failed_array]
        told = not_finite(
            found.key, plan.failed_index, plan.failed_value, plan.failed_last, plan.failed_now, found.synaptic
        )
        raise NonFiniteError(told if plan.samples == 1 else f"in run {plan.failed} of the batch, {told}")

    def _refuse_beyond_horizon(self, spans: Mapping[str, ClockSpan]) -> None:
        for name, span in spans.items():
            if self._horizon is not None and span.end > self._horizon:
                raise BioplastError(
                    f"the run ends with step {span.end} of {name!r}: float32 tells the steps of this network apart up "
                    f"to step {self._horizon}; start earlier, run shorter or compile with dtype='float64'"
                )

    # Traced -----------------------------------------------------------------------------------------------------------

    def _devices(self) -> list[Any]:
        """One: a batch is one call of C++, which has threads of its own."""
        return devices()[:1]

    def replicated(self, tree: Any) -> Any:
        """Arrays where `batch` leaves them."""
        return jax.device_put(tree, self._devices()[0])

    def _batch_traced(self, *arguments: Any) -> Any:
        self._compiled.in_batch = True
        try:
            return super()._batch_traced(*arguments)
        finally:
            self._compiled.in_batch = False

    def _traced_runs(
        self, samples: Samples, wanted: Wanted | None = None, backs: Backs | None = None, summed: Set[str] = frozenset()
    ) -> Any:
        """Runs that JAX asks for; with what comes back to them, what comes back to what was wanted."""
        self._refuse_beyond_horizon(samples.spans)
        begin = time.perf_counter()
        if wanted is None or backs is None:
            runs = Runs(self._lowered, samples, whole=True)
            self._carry_out(runs, self._functions(), None, begin)
            return runs
        adjoint = self._adjoint(wanted)
        runs = Runs(dataclasses.replace(self._lowered, layout=adjoint.layout), samples, whole=True)
        backward = Backward(runs, adjoint, backs, summed)
        self._carry_out(runs, library.loaded(library.built(adjoint.text, self.dtype, self.fast_math)), None, begin)
        return backward

    def _adjoint(self, wanted: Wanted) -> Adjoint:
        """The way back to what is wanted, compiled."""
        if wanted not in self._adjoints:
            simulation = self._simulation
            adjoint = Adjoint(self._steps, wanted, simulation.surrogates, simulation.detach_reset)
            library.built(adjoint.text, self.dtype, self.fast_math)
            self._adjoints[wanted] = adjoint
        return self._adjoints[wanted]

    def _foreign(self, wanted: Wanted | None) -> Foreign:
        """What lays out calls from XLA: of runs, or of the way back to what is wanted."""
        threads = self.threads or cores()
        if wanted is None:
            return Foreign(self._lowered, self._text, self._functions(), threads, self._horizon)
        adjoint = self._adjoint(wanted)
        functions = library.loaded(library.built(adjoint.text, self.dtype, self.fast_math))
        own = dataclasses.replace(self._lowered, layout=adjoint.layout)
        return Foreign(own, adjoint.text, functions, threads, self._horizon, adjoint)

    def _described(self, computation: str) -> str:
        return described(computation)

    # Results ----------------------------------------------------------------------------------------------------------

    def _finished_run(self, call: Call, end: Finished, elapsed: float) -> Output:
        final = dict(call.values)
        for name, value in end.arrays.items():
            if self._steps.arrays[name].is_value:
                final[name] = value.astype(call.values[name].dtype, copy=False)
        final |= queues_after(self.network, self._steps, call, end.past)
        final[TIME] = np.array(call.end)
        return self._output(call, self._recorded_by(call, end), final, elapsed)

    def _recorded_by(self, call: Call, end: Finished) -> dict[str, dict[str, np.ndarray]]:
        """What the monitors hold, as Brian2 would have it."""
        spans = call.spans(self.network)
        recorded: dict[str, dict[str, np.ndarray]] = {}
        for name, monitor in self._monitors.items():
            span = spans[monitor.clock]
            times = np.arange(span.start, span.end) * span.dt
            if monitor.kind == "spikes":
                found = dict(end.columns.get(name, {}))
                steps_ = found.pop("step", np.zeros(0, dtype=np.int64))
                neurons = found.pop("i", np.zeros(0, dtype=np.int32))
                count = end.arrays.get(f"{name}.count")
                if count is None:
                    count = np.bincount(neurons, minlength=monitor.size)
                others = {v: found.get(v, np.zeros(0)) for v in monitor.variables if v not in ("i", "t")}
                recorded[name] = {"i": neurons, "t": times[steps_], **others, "count": count.astype(np.int32)}
                continue
            records = end.records.get(name, {})
            if monitor.kind == "rate":
                records = {variable: array[:, 0] for variable, array in records.items()}
            if not records and monitor.variables:  # switched off
                empty = {v: np.zeros((0, monitor.size)) for v in monitor.variables}
                recorded[name] = {**empty, "t": times[:0]}
            else:
                recorded[name] = {**records, "t": times}
        return recorded
