"""A network compiled for a target: a function from values, inputs and a seed to what was recorded."""

from __future__ import annotations

import abc
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import brian2
import numpy as np
from brian2.units.fundamentalunits import DIMENSIONLESS

from ..errors import BioplastError, UnknownName
from ..progress import run_progress
from . import network as net
from .arguments import checked_queue, checked_seed, si_array
from .output import Output, Outputs
from .spikes import Spikes

TIME = net.TIME


class Program(abc.ABC):
    """A network compiled for one target; call it to run it.

    Attributes
    ----------
    target : str
        Where it runs.
    duration : float
        Simulated time of a call, in seconds.
    """

    target: str
    #: How many runs `batch` has under way at once.
    parallel_runs = 1

    def __init__(
        self, network: brian2.Network, duration: float, target: str, namespace: Mapping[str, Any], watch: float | None
    ):
        self.network = network
        self.duration = duration
        self.target = target
        self.watch = watch
        self._namespace = namespace
        self._variables = net.state_variables(network)
        self._monitors = net.monitors(network)
        self._about = net.descriptions(network)
        self._constants = net.constants(network)

    # Values -----------------------------------------------------------------------------------------------------------

    @property
    def values(self) -> dict[str, np.ndarray]:
        """Every state variable and parameter as the network has it now, by Brian2's names (``"group.variable"``).

        SI base units. ``"network.t"`` is the time, ``"PATHWAY.queue"`` the spikes on their way in a synaptic pathway:
        rows of (steps until delivery, synapse).
        """
        return net.current_values(self.network, self._variables)

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
        checked: dict[str, np.ndarray] = {}
        for key, given in (values or {}).items():
            if key in queues:
                checked[key] = checked_queue(given, key, len(queues[key].synapses))
            elif key == TIME:
                checked[key] = np.array(si_array(given, brian2.second.dim, key, ()), dtype=float)
                if not 0 <= checked[key] < np.inf:
                    raise BioplastError(f"{key!r}: a time that is finite and not negative is accepted")
            elif key in self._variables:
                variable = self._variables[key]
                plain = si_array(given, variable.dimensions, key, variable.shape)
                converted = plain.astype(variable.dtype)
                if variable.dtype.kind in "bi" and not (converted == plain).all():
                    kind = "True and False" if variable.dtype.kind == "b" else "whole numbers"
                    raise BioplastError(f"{key!r}: {kind} are accepted")
                if variable.delay and not ((plain >= 0) & (plain < np.inf)).all():
                    raise BioplastError(f"{key!r}: delays that are finite and not negative are accepted")
                checked[key] = np.broadcast_to(converted, variable.shape)
            else:
                raise UnknownName("value", str(key), [*self._variables, TIME, *queues])
        return checked

    # Inputs -----------------------------------------------------------------------------------------------------------

    def _spike_input(self, name: str, given: Any, start: float) -> tuple[np.ndarray, np.ndarray]:
        """What replaces a group's spikes, as (time steps of its clock, neurons), sorted."""
        group = net.spike_inputs(self.network)[name]
        span = net.spans(self.network, self.duration, start)[group.clock.name]
        steps = span.end - span.start
        if isinstance(given, tuple) and len(given) == 2:
            times = si_array(given[0], brian2.second.dim, name, None)
            indices = si_array(given[1], DIMENSIONLESS, name, None)
            if times.ndim != 1 or times.shape != indices.shape or not np.isfinite(times).all():
                raise BioplastError(f"input {name!r}: finite times and as many neurons are accepted")
            if (indices != np.round(indices)).any():
                raise BioplastError(f"input {name!r}: neurons are whole numbers")
            rows = net.time_bins(times, span.dt) - span.start
        else:
            raster = si_array(given, DIMENSIONLESS, name, None)
            if raster.shape != (steps, len(group)):
                raise BioplastError(
                    f"input {name!r} has shape {raster.shape}: spikes [steps, neurons] = [{steps}, {len(group)}] are "
                    "accepted, or (times in seconds, neurons)"
                )
            if ((raster != 0) & (raster != 1)).any():
                raise BioplastError(f"input {name!r}: a neuron spikes at most once in a step, so 0 and 1 are accepted")
            rows, indices = np.nonzero(raster)
        if indices.size and (indices.min() < 0 or indices.max() >= len(group)):
            raise BioplastError(f"input {name!r}: neurons 0 to {len(group) - 1} are accepted")
        if rows.size and (rows.min() < 0 or rows.max() >= steps):
            raise BioplastError(f"input {name!r}: spikes outside the run's {steps} steps")
        order = np.lexsort((indices, rows))
        rows, indices = rows[order], indices[order]
        if ((np.diff(rows) == 0) & (np.diff(indices) == 0)).any():
            raise BioplastError(f"input {name!r}: a neuron spikes at most once in a step")
        return rows + span.start, indices.astype(np.int32)

    def _split_inputs(
        self, inputs: Mapping[str, Any] | None, start: float
    ) -> tuple[dict[str, tuple[np.ndarray, np.ndarray]], dict[str, np.ndarray]]:
        """The inputs by kind: spikes by group, values by the TimedArray's name in the equations."""
        groups = net.spike_inputs(self.network)
        arrays = net.timed_arrays(self.network, self._namespace)
        spikes, tables = {}, {}
        for name, given in (inputs or {}).items():
            if name in groups:
                spikes[name] = self._spike_input(name, given, start)
            elif name in arrays:
                array = arrays[name]
                plain = si_array(given, array.dim, name, None).astype(float)
                if plain.ndim != array.values.ndim or plain.shape[1:] != array.values.shape[1:] or not len(plain):
                    shape = "[steps]" if array.values.ndim == 1 else f"[steps, {array.values.shape[1]}]"
                    raise BioplastError(f"input {name!r} has shape {plain.shape}: values {shape} are accepted")
                tables[name] = plain
            else:
                raise UnknownName("input", str(name), [*groups, *arrays])
        return spikes, tables

    # Running ----------------------------------------------------------------------------------------------------------

    def __call__(
        self,
        values: Mapping[str, Any] | None = None,
        inputs: Mapping[str, Any] | None = None,
        seed: int | None = None,
        report: bool | Callable[[float, float], None] = False,
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
            Governs Brian2's own random numbers; a new one is drawn when missing and told in `Output.seed`.
        report : bool or callable
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
        self._refuse_changed_constants()
        checked = self._checked(values)
        start = float(checked.get(TIME, self.network.t_))
        spikes, tables = self._split_inputs(inputs, start)
        number = int(np.random.SeedSequence().generate_state(1)[0]) if seed is None else checked_seed(seed)
        with run_progress(report, f"{self.duration:g} s on {self.target}") as tell:
            return self._run(checked, spikes, tables, number, start, tell)

    def _refuse_changed_constants(self) -> None:
        """Only some targets would follow a change."""
        now = net.constants(self.network)
        for owner, name in sorted(now.keys() | self._constants.keys()):
            if now.get((owner, name)) != self._constants.get((owner, name)):
                raise BioplastError(f"{name!r} of {owner!r} was changed after compile: compile the network again")

    def batch(
        self,
        values: Mapping[str, Any] | None = None,
        inputs: Mapping[str, Any] | None = None,
        seed: int | Sequence[int] | None = None,
    ) -> Outputs:
        """Run the network once for each entry of a leading batch axis on any value or input, on all cores.

        A value or input without that axis is the same in every run. `seed` may be one number, from which one for each
        run is derived, or one for each.
        """
        values, inputs = dict(values or {}), dict(inputs or {})
        size, of_values, of_inputs = self._batch_axes(values, inputs, seed)
        return self._run_batch(values, inputs, of_values, of_inputs, self._seeds(seed, size))

    def _seeds(self, seed: int | Sequence[int] | None, size: int) -> list[int]:
        """A seed for each run of a batch."""
        if seed is None or np.ndim(seed) == 0:
            root = np.random.SeedSequence(None if seed is None else checked_seed(seed))
            return [int(s.generate_state(1)[0]) for s in root.spawn(size)]
        return [checked_seed(s) for s in seed]  # type: ignore[union-attr]

    def _run_batch(
        self,
        values: dict[str, Any],
        inputs: dict[str, Any],
        of_values: set[str],
        of_inputs: set[str],
        seeds: list[int],
    ) -> Outputs:
        """Run once for each seed; `of_values` and `of_inputs` name what has a batch axis."""

        def one(k: int) -> Output:
            return self(
                {name: value[k] if name in of_values else value for name, value in values.items()},
                {name: given[k] if name in of_inputs else given for name, given in inputs.items()},
                seeds[k],
            )

        if self.parallel_runs == 1:
            return Outputs([one(k) for k in range(len(seeds))])
        with ThreadPoolExecutor(self.parallel_runs) as pool:
            return Outputs(pool.map(one, range(len(seeds))))

    def _batch_axes(self, values: dict[str, Any], inputs: dict[str, Any], seed: Any) -> tuple[int, set[str], set[str]]:
        arrays = net.timed_arrays(self.network, self._namespace)
        ranks = {key: len(variable.shape) for key, variable in self._variables.items()} | {TIME: 0}
        of_values = {key for key, value in values.items() if np.ndim(value) > ranks.get(key, 2)}
        of_inputs = {
            name
            for name, given in inputs.items()
            if not isinstance(given, tuple) and np.ndim(given) > (arrays[name].values.ndim if name in arrays else 2)
        }
        sizes = {key: len(value) for key, value in values.items() if key in of_values}
        sizes |= {name: len(given) for name, given in inputs.items() if name in of_inputs}
        if seed is not None and np.ndim(seed):
            sizes["seed"] = len(seed)
        if len(set(sizes.values())) != 1:
            told = ", ".join(f"{name}: {size}" for name, size in sizes.items()) or "none given"
            raise BioplastError(
                f"batch needs one leading batch axis of the same length on its values and inputs ({told})"
            )
        return next(iter(sizes.values())), of_values, of_inputs

    @abc.abstractmethod
    def _run(
        self,
        values: dict[str, np.ndarray],
        spikes: dict[str, tuple[np.ndarray, np.ndarray]],
        tables: dict[str, np.ndarray],
        seed: int,
        start: float,
        report: Callable[[float, float], None] | None,
    ) -> Output:
        """Run with complete, checked arguments."""

    def _output(
        self,
        recorded: Mapping[str, Mapping[str, np.ndarray]],
        final: Mapping[str, np.ndarray],
        seed: int,
        start: float,
        elapsed: float,
    ) -> Output:
        spans = net.spans(self.network, self.duration, start)
        spikes, states, rates = {}, {}, {}
        for name, monitor in self._monitors.items():
            arrays = recorded[name]
            span = spans[monitor.clock]
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
            spikes=spikes,
            states=states,
            rates=rates,
            final=dict(final),
            seed=seed,
            seconds=elapsed,
            target=self.target,
            start=start,
            duration=self.duration,
            steps={name: spans[m.clock].end - spans[m.clock].start for name, m in self._monitors.items()},
            about={
                "groups": self._about,
                "monitors": {
                    m.name: {
                        "source": m.source,
                        "dt": spans[m.clock].dt,
                        "dimensions": {v: list(u) for v, u in m.dimensions.items()},
                        "record": None if m.record is None else m.record.tolist(),
                    }
                    for m in self._monitors.values()
                },
            },
        )
