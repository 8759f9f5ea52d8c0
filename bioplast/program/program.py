"""A network compiled for a target: a function from values, inputs and a seed to what was recorded."""

from __future__ import annotations

import abc
import dataclasses
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import brian2
import numpy as np

from ..errors import BioplastError, UnknownName
from ..progress import progress_bar
from . import network as net
from .arguments import checked_queue, checked_seed, named, seconds, si_array
from .batch_axes import Accepted, BatchAxes, batch_axes
from .call import Call, Progress
from .inputs import sampled_inputs, split_inputs
from .network.changes import facts, refuse_changes
from .output import Output, Outputs, Recorded
from .spikes import Spikes

TIME = net.TIME


class Program(abc.ABC):
    """A network compiled for one target; call it to run it.

    A program can be pickled and copied, for a pool of processes say, and nothing is compiled again. A deep copy has a
    network of its own, with the values and the spikes on their way that this one has then; as everywhere, a pickle is
    to be loaded only from those who are trusted.

    Attributes
    ----------
    target : str
        Where it runs.
    duration : float
        Simulated time of a call that names no other, in seconds.
    """

    target: str
    #: What real numbers are computed with.
    dtype: np.dtype[Any] = np.dtype(float)
    #: How many runs `batch` has under way at once.
    parallel_runs = 1
    #: Whether declared connections are computed as what they are, without a list of their synapses.
    follows_declarations = False
    #: Whether JAX traces its calls, within jit and grad.
    traceable = False

    def __init__(
        self, network: brian2.Network, duration: float, target: str, namespace: Mapping[str, Any], watch: float | None
    ):
        self.network = network
        self.duration = duration
        self.target = target
        self.watch = watch
        self._namespace = namespace
        if not self.follows_declarations:
            net.make_synapses(network)
        self._variables = net.state_variables(network)
        self._monitors = net.monitors(network)
        self._about = net.descriptions(network)
        self._facts = facts(network, namespace)

    def __repr__(self) -> str:
        names = ", ".join((*self._about, *self._monitors))
        return f"<{type(self).__name__} of {self.duration:g} s on target {self.target}: {names}>"

    # Copies -----------------------------------------------------------------------------------------------------------

    def __copy__(self) -> Program:
        """Another program of the same network."""
        copy = object.__new__(type(self))
        copy.__dict__.update(self.__dict__)
        return copy

    def __reduce__(self) -> tuple[Any, ...]:
        """A deep copy, in this process or in another, has a network of its own, with the values of this one."""
        refuse_changes(self._facts, self.network, self._namespace)
        return _restored, (type(self), net.frozen(self.network, self._state()))

    def _state(self) -> dict[str, Any]:
        """What a copy is made of, beside its network."""
        state = {name: value for name, value in self.__dict__.items() if name not in ("network", "_facts")}
        return state | {"_namespace": net.referred(self.network, self._namespace)}

    def _restore(self, network: brian2.Network, state: Mapping[str, Any]) -> None:
        """Become what a `_state` was taken of."""
        self.__dict__.update(state)
        self.network = network
        self._facts = facts(network, self._namespace)

    # Values -----------------------------------------------------------------------------------------------------------

    @property
    def values(self) -> dict[str, np.ndarray]:
        """Every state variable and parameter as the network has it now, by Brian2's names (``"group.variable"``).

        SI base units. ``"network.t"`` is the time, ``"PATHWAY.queue"`` the spikes on their way in a synaptic pathway:
        rows of (steps until delivery, synapse).
        """
        return net.current_values(self.network, self._variables)

    def _now(self) -> dict[str, np.ndarray]:
        """As `values`, for a call; a target may share what it does not change."""
        return self.values

    def write_back(self, values: Mapping[str, Any]) -> None:
        """Put values (trained ones, say) into the user's own network."""
        checked = self._checked(values)
        for key, value in checked.items():
            if key in self._variables:
                net.write(self._variables[key], value)
            elif key == TIME:
                self.network.t_ = float(value)
        for pathway in net.pathways(self.network):
            if f"{pathway.name}.queue" in checked:
                net.set_pending_spikes(pathway, checked[f"{pathway.name}.queue"])

    def _checked(self, values: Mapping[str, Any] | None) -> dict[str, np.ndarray]:
        """The values given, in SI base units and the shapes that the network has."""
        queues = {f"{p.name}.queue": p for p in net.pathways(self.network)}
        shortest = min((p.clock.dt_ for p in queues.values()), default=0.0)
        checked: dict[str, np.ndarray] = {}
        for key, given in named(values, "values").items():
            if key in queues:
                checked[key] = checked_queue(given, key, net.synapse_count(queues[key]))
            elif key == TIME:
                checked[key] = np.array(si_array(given, brian2.second.dim, key, ()), dtype=float)
                if not 0 <= checked[key] < np.inf:
                    raise BioplastError(f"{key!r}: a time that is finite and not negative is accepted")
            elif key in self._variables:
                variable = self._variables[key]
                plain = si_array(given, variable.dimensions, key, variable.shape)
                converted = plain.astype(variable.dtype)
                if variable.dtype.kind in "bi" and not (converted == plain).all():
                    wrong = plain[converted != plain].flat[0]
                    kind = "True and False" if variable.dtype.kind == "b" else f"whole numbers ({variable.dtype})"
                    raise BioplastError(f"{key!r} has {wrong:g}: {kind} are accepted")
                if variable.delay and not ((plain >= 0) & (plain < np.inf)).all():
                    raise BioplastError(f"{key!r}: delays that are finite and not negative are accepted")
                if variable.delay and (plain >= 2**31 * shortest).any():
                    raise BioplastError(f"{key!r}: delays of fewer than 2**31 steps are accepted")
                if variable.below is not None and not (plain < variable.below).all():
                    raise BioplastError(
                        f"{key!r} is a refractory period of {plain[~(plain < variable.below)].flat[0]:g} s: below "
                        f"{variable.below:.3g} s is accepted (2^63 steps, which Brian2 counts no further)"
                    )
                checked[key] = np.broadcast_to(converted, variable.shape)
            else:
                raise UnknownName("value", str(key), [*self._variables, TIME, *queues])
        return checked

    def check(self, values: Mapping[str, Any] | None = None, inputs: Mapping[str, Any] | None = None) -> None:
        """Refuse what a call with these values and inputs would refuse, without running anything.

        Raises
        ------
        BioplastError
            For a name, unit or shape that is not accepted.
        """
        self._call(values, inputs, 0, self.duration)

    def _checked_samples(self, inputs: Mapping[str, Any], start: float) -> dict[str, np.ndarray]:
        """Inputs with an axis of samples in front, as of `sampled_inputs`, for runs that begin at `start`."""
        return sampled_inputs(self.network, self._namespace, inputs, start, self.duration)

    def _refuse_times(self, values: Mapping[str, Any]) -> None:
        """Refuse delays and refractory periods that the network itself has and no call would take."""
        for key, variable in self._variables.items():
            if variable.below is not None and not (np.asarray(values[key]) < variable.below).all():
                self._checked({key: values[key]})
            delays = values[key]
            if variable.delay and delays.size and not (delays.min() >= 0 and delays.max() < 1e3):
                self._checked({key: delays})

    # Running ----------------------------------------------------------------------------------------------------------

    def __call__(
        self,
        values: Mapping[str, Any] | None = None,
        inputs: Mapping[str, Any] | None = None,
        seed: int | None = None,
        *,
        duration: Any = None,
        progress: bool | Progress = False,
    ) -> Output:
        """Run the network once; it is left as it was.

        Parameters
        ----------
        values : mapping, optional
            Replaces values, by the keys of `values`; quantities, or plain numbers in SI base units. Missing ones are
            those that the network has now.
        inputs : mapping, optional
            Replaces what drives the network: for a SpikeGeneratorGroup or PoissonGroup its spikes [steps, neurons] or
            (times in seconds, neurons), for a TimedArray its values [steps] or [steps, neurons].
        seed : int, optional
            Governs Brian2's own random numbers; a new one is drawn when missing; see `Output.seed`. With target numpy
            they are those of plain Brian2 after ``brian2.seed(seed)``; target jax draws others, of the same
            distributions, so that a noisy network agrees with other targets in its statistics only.
        duration : quantity [time], optional
            Simulated time; that given to `compile` when missing. Another one compiles nothing, except with target jax.
        progress : bool or callable
            True shows a progress bar; a callable is called with (fraction done, seconds elapsed).

        Raises
        ------
        BioplastError
            For a name, unit or shape that is not accepted.
        NonFiniteError
            When a state turns NaN or infinite.
        KeyboardInterrupt
            When the run is interrupted; nothing is returned then.
        """
        refuse_changes(self._facts, self.network, self._namespace)
        number = int(np.random.SeedSequence().generate_state(1)[0]) if seed is None else checked_seed(seed)
        call = self._call(values, inputs, number, self._span(duration))
        with progress_bar(f"{call.duration:g} s on {self.target}", progress) as update:
            return self._run(dataclasses.replace(call, progress=update if progress else None))

    def digest(self) -> str:
        """32 hexadecimal digits of what was compiled: equal for equal networks on one target, in every process.

        Values, inputs and spikes on their way are data and not in it.
        """
        refuse_changes(self._facts, self.network, self._namespace)
        return net.digest(
            self.target,
            float(self.duration),
            self.dtype.str,
            net.network_digest(self._facts, self.network, self._namespace),
        )

    def _described(self, computation: str) -> str:
        """The text of a computation of JAX in which the program is called, made the same in every process."""
        return computation

    def _span(self, duration: Any) -> float:
        """The simulated time of a call, in seconds."""
        return self.duration if duration is None else seconds(duration, "duration")

    def _call(
        self,
        values: Mapping[str, Any] | None,
        inputs: Mapping[str, Any] | None,
        seed: Any,
        duration: float,
        now: Mapping[str, Any] | None = None,
    ) -> Call:
        """A call with checked values and inputs; the others are `now`'s, by default those that the network has."""
        checked = self._checked(values)
        complete = {**(self._now() if now is None else now), **checked}
        self._refuse_times(complete)
        start = float(complete[TIME])
        spikes, tables = split_inputs(self.network, self._namespace, inputs, start, duration)
        return Call(complete, frozenset(checked), spikes, tables, seed, start, duration)

    def batch(
        self,
        values: Mapping[str, Any] | None = None,
        inputs: Mapping[str, Any] | None = None,
        seed: int | Sequence[int] | None = None,
        *,
        duration: Any = None,
    ) -> Outputs:
        """Run the network once for each entry of a leading batch axis on any value or input, on all cores.

        A value or input without that axis is the same in every run. `seed` may be one number, from which one for each
        run is derived, or one for each. `duration` is as in `__call__`. Of spikes on their way ("PATHWAY.queue") the
        batch axis is a sequence with one array for each run.

        Returns
        -------
        Outputs
            A tuple of one `Output` for each run; its `states`, `counts`, `final` and `raster(name)` are stacked along
            a leading batch axis.

        Raises
        ------
        UnknownName
            For values and inputs that the network lacks.
        BioplastError
            For shapes that do not fit, and batch axes of several lengths.
        """
        values, inputs = named(values, "values"), named(inputs, "inputs")
        axes = self._batch_axes(values, inputs, seed)
        each = [
            (
                {name: value[k] if name in axes.values else value for name, value in values.items()},
                {name: given[k] if name in axes.inputs else given for name, given in inputs.items()},
            )
            for k in range(axes.size)
        ]
        refuse_changes(self._facts, self.network, self._namespace)
        return self._run_batch(each, self._seeds(seed, axes.size), self._span(duration))

    def _seeds(self, seed: int | Sequence[int] | None, size: int) -> list[int]:
        """A seed for each run of a batch."""
        if seed is None or np.ndim(seed) == 0:
            root = np.random.SeedSequence(None if seed is None else checked_seed(seed))
            return [int(s.generate_state(1)[0]) for s in root.spawn(size)]
        return [checked_seed(s) for s in seed]  # type: ignore[union-attr]

    def _run_batch(
        self, each: Sequence[tuple[dict[str, Any], dict[str, Any]]], seeds: Sequence[int], duration: float
    ) -> Outputs:
        """Run once with the values and inputs of each entry."""

        def one(values: dict[str, Any], inputs: dict[str, Any], seed: int) -> Output:
            return self._run(self._call(values, inputs, seed, duration))

        arguments = [(values, inputs, seed) for (values, inputs), seed in zip(each, seeds, strict=True)]
        if self.parallel_runs == 1:
            return Outputs(one(*given) for given in arguments)
        with ThreadPoolExecutor(self.parallel_runs) as pool:
            return Outputs(pool.map(lambda given: one(*given), arguments))

    def _batch_axes(self, values: Mapping[str, Any], inputs: Mapping[str, Any], seed: Any) -> BatchAxes:
        """The batch axis of what is given."""
        of_values: dict[str, Accepted | None] = {
            key: Accepted(variable.shape, "synapse" if variable.synaptic else "neuron")
            for key, variable in self._variables.items()
        }
        of_values |= {TIME: Accepted((), "neuron")} | {f"{p.name}.queue": None for p in net.pathways(self.network)}
        of_inputs = {
            name: Accepted(("steps", len(group)), pairs=True) for name, group in net.spike_inputs(self.network).items()
        }
        for name, array in net.timed_arrays(self.network, self._namespace).items():
            of_inputs.setdefault(name, Accepted(("steps", *array.values.shape[1:])))
        return batch_axes(values, inputs, seed, of_values, of_inputs)

    @abc.abstractmethod
    def _run(self, call: Call) -> Output:
        """Carry out a call."""

    def _output(
        self,
        call: Call,
        recorded: Mapping[str, Mapping[str, np.ndarray]],
        final: Mapping[str, np.ndarray],
        elapsed: float,
    ) -> Output:
        """What a call returns.

        Parameters
        ----------
        call : Call
        recorded : mapping of mappings
            By monitor and variable. Of spikes "i" and "t" (seconds) [spikes], other variables of the monitor [spikes],
            and "count" [neurons], which one with ``record=False`` has alone; of states "t" [steps] and each variable
            [steps, recorded]; of a rate "t" and "rate" [steps]. A monitor that is switched off has recorded nothing:
            its arrays are empty, its count is 0.
        final : mapping
            Every key of `values` at the end of the run: "network.t" and "PATHWAY.queue", too.
        elapsed : float
            Seconds of wall time.
        """
        spans = call.spans(self.network)
        spikes, counts, states, rates = {}, {}, {}, {}
        for name, monitor in self._monitors.items():
            arrays = recorded[name]
            span = spans[monitor.clock]
            if monitor.kind == "spikes":
                counts[name] = arrays["count"]
            if monitor.kind == "spikes" and {"i", "t"} <= set(monitor.variables):
                order = np.lexsort((arrays["i"], arrays["t"]))
                others = {v: arrays[v][order] for v in monitor.variables if v not in ("i", "t")}
                times = arrays["t"][order]
                steps = np.round(times / span.dt).astype(np.int64) - span.start
                spikes[name] = Spikes(times, arrays["i"][order], steps, monitor.size, others)
            elif monitor.kind == "states":
                rows = len(arrays["t"])
                states[name] = {v: a if v == "t" else a.reshape(rows, monitor.size) for v, a in arrays.items()}
            elif monitor.kind == "rate":
                rates[name] = dict(arrays)
        return Output(
            spikes=Recorded("spike monitor", spikes),
            counts=Recorded("spike monitor", counts),
            states=Recorded("state monitor", states),
            rates=Recorded("rate monitor", rates),
            final=dict(final),
            seed=call.seed,
            seconds=elapsed,
            target=self.target,
            start=call.start,
            duration=call.duration,
            steps={name: spans[m.clock].end - spans[m.clock].start for name, m in self._monitors.items()},
            about={
                "groups": self._about,
                "monitors": {
                    m.name: {
                        "source": m.source,
                        "dt": spans[m.clock].dt,
                        "first_step": spans[m.clock].start,
                        "dimensions": {v: list(u) for v, u in m.dimensions.items()},
                        "record": None if m.record is None else m.record.tolist(),
                    }
                    for m in self._monitors.values()
                },
            },
        )


def _restored(kind: type[Program], content: bytes) -> Program:
    program = object.__new__(kind)
    program._restore(*net.thawed(content))
    return program
