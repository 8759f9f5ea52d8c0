"""The tempotron's learning rule for the neurons of a Brian2 network."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...errors import BioplastError, RunError, UnknownName
from ...program import Program
from ...program.arguments import checked_seed
from ...progress import progress_bar
from ..arguments import checked_program
from ..trainable import Scaled, Trainable, scaled
from . import voltage
from .equations import membrane
from .kernel import Kernel, Maxima
from .patterns import Patterns

__all__ = ["Tempotron", "TempotronFit"]

Progress = bool | Callable[[Mapping[str, float]], object]


@dataclass(frozen=True)
class TempotronFit:
    """What tempotrons have learned.

    Attributes
    ----------
    values : dict of ndarray
        The trained values in SI base units, by the keys of `Program.values`: of each neuron those with the fewest wrong
        answers that were seen. For ``program(values)`` on any target and `write_back`.
    right : array [patterns, neurons]
        Whether each neuron answers a pattern correctly with them.
    wrong : array [epochs, neurons]
        In the course of each epoch, the share of patterns that were answered wrongly when they were shown; 0 after a
        neuron has learned them all.
    epochs : array [neurons]
        After how many epochs a neuron knew them all; the number of epochs if it never did.
    """

    values: dict[str, np.ndarray]
    right: np.ndarray
    wrong: np.ndarray
    epochs: np.ndarray


class Tempotron:
    """The neurons that trained synapses drive, each of which learns to spike or not to spike in answer to a pattern.

    Its potential is derived from the network's equations: a leaky membrane under a current that jumps by the weight and
    decays (see `Kernel`), such as ``lif + exponential_current``. Until the first spike meta-neurons are such membranes.

    Parameters
    ----------
    program : Program
        Of any target; it is read and not run.
    weights : str
        The key of the weights, such as ``"afferents.w"``.
    threshold : str, optional
        What the potential ``v`` has to exceed, as an expression, for neurons whose threshold is no comparison with it:
        ``"theta"`` for one that spikes at random near there.
    continuous : bool
        False: the potential counts at the steps of the neurons' clock, where the network compares it with the
        threshold, so that both answer alike. True: at all times, as published.

    Attributes
    ----------
    membrane : Membrane
        The equations of the potential.

    Raises
    ------
    BioplastError, Unsupported
        If the neurons are no such membranes, or are not at rest.

    References
    ----------
    Guetig and Sompolinsky (2006), Nat. Neurosci. 9:420, doi:10.1038/nn1643

    Examples
    --------
    >>> tempotron = learning.Tempotron(program, "afferents.w")  # doctest: +SKIP
    >>> fitted = tempotron.fit({"input": spikes}, labels, train={"output.tau_m": 15*ms})  # doctest: +SKIP
    >>> program.write_back(fitted.values)  # doctest: +SKIP
    """

    def __init__(
        self, program: Program, weights: str, threshold: str | None = None, *, continuous: bool = False
    ) -> None:
        self.program = program = checked_program(program)
        self.weights = weights
        self.membrane = membrane(program, weights, threshold)
        self.continuous = continuous
        self.kernels()  # refuses what has none
        synapses = next(o for o in program.network.sorted_objects if o.name == self.membrane.synapses)
        self._source = synapses.source.name
        self._pre, self._post = np.asarray(synapses.i[:]), np.asarray(synapses.j[:])
        pairs = self._pre.astype(np.int64) * self.membrane.size + self._post
        if len(np.unique(pairs)) < len(pairs):
            raise BioplastError(f"{synapses.name} has several synapses of one pair of neurons: one is accepted")
        if float(synapses.source.clock.dt_) != self.membrane.dt:
            raise BioplastError(f"{self._source} and {self.membrane.neurons} have other steps: the same are accepted")
        steps = round(program.duration / self.membrane.dt)
        # in the last step of a run what its spikes change is not compared with the threshold any more
        self._duration = (steps - 1) * self.membrane.dt

    def kernels(self, values: Mapping[str, Any] | None = None) -> list[Kernel]:
        """The kernel of each neuron, with values that replace the network's."""
        current = self._values(values)
        return [self.membrane.kernel(current, neuron)[0] for neuron in range(self.membrane.size)]

    def patterns(self, inputs: Mapping[str, Any]) -> Patterns:
        """The patterns of an input of `Program.batch`.

        Parameters
        ----------
        inputs : mapping
            Under the name of the group that the synapses begin at: spikes [patterns, steps, afferents], or a list with
            (times in seconds, afferents) of each pattern. A time stands for the step that it falls into.
        """
        if set(inputs) != {self._source}:
            unknown = next((str(name) for name in inputs if name != self._source), "nothing")
            raise UnknownName("input of a tempotron", unknown, [self._source])
        given, dt, size = inputs[self._source], self.membrane.dt, self.membrane.afferents
        if isinstance(given, list | tuple):
            events = [(np.floor(np.asarray(times, dtype=float) / dt + 1e-6) * dt, i) for times, i in given]
            patterns = Patterns.of_events(events, size)
        else:
            patterns = Patterns.of_rasters(given, dt)
        if not len(patterns) or patterns.size != size:
            raise BioplastError(f"input {self._source!r}: patterns of {size} afferents are accepted, at least one")
        if len(patterns.times) and patterns.times.max() > self._duration + 0.5 * dt:
            raise BioplastError(f"input {self._source!r}: a spike at {patterns.times.max():g} s is after the run's end")
        which = np.repeat(np.arange(len(patterns)), np.diff(patterns.first))
        spikes = np.stack([which, np.round(patterns.times / dt).astype(int), patterns.afferents], axis=1)
        if len(np.unique(spikes, axis=0)) < len(spikes):
            raise BioplastError(f"input {self._source!r}: an afferent spikes at most once in a step")
        np.minimum(patterns.times, self._duration, out=patterns.times)  # the last step, however it was rounded
        return patterns

    def maxima(self, inputs: Mapping[str, Any], values: Mapping[str, Any] | None = None) -> Maxima:
        """The highest potential above rest that each pattern evokes in each neuron.

        Parameters
        ----------
        inputs : mapping
            As of `patterns`.
        values : mapping, optional
            As of `Program.__call__`.

        Returns
        -------
        Maxima
            Arrays [patterns, neurons].
        """
        from brian2 import second

        current, patterns = self._values(values), self.patterns(inputs)
        dt = None if self.continuous else self.membrane.dt * second
        each = []
        for neuron in range(self.membrane.size):
            kernel, _ = self.membrane.kernel(current, neuron)
            dense, _ = self._dense(current[self.weights], neuron)
            each.append(kernel.maxima(patterns, dense, self._duration * second, dt))
        return Maxima(*(np.stack(parts, axis=1) for parts in zip(*each, strict=True)))

    def fit(
        self,
        inputs: Mapping[str, Any],
        labels: Any,
        *,
        train: Mapping[str, Any] | None = None,
        rate: float | Callable[[int], float] = 1e-4,
        momentum: float = 0.99,
        epochs: int = 1000,
        seed: int = 0,
        values: Mapping[str, Any] | None = None,
        progress: Progress = False,
    ) -> TempotronFit:
        """Learn from wrong answers, pattern after pattern, until all are right.

        After a wrong answer each trained value moves along the derivative of the highest potential minus the
        threshold, up if a spike was missing and down otherwise: ``change = +-rate*derivative + momentum*last change``.
        For the weights the derivative is ``sum K(t_max - t_i)``. Potentials are in units of the threshold above rest,
        weights in units of what would reach it alone, both before training.

        Parameters
        ----------
        inputs : mapping
            As of `patterns`.
        labels : array [patterns] or [patterns, neurons]
            Whether a neuron shall spike.
        train : mapping of str to quantity or Trainable, optional
            Variables of the neurons that are trained beside the weights, thresholds and time constants, each with a
            typical size (see `Trainable`).
        rate : float or callable
            A callable gives the rate of each epoch, which are counted from 0. One that falls learns more of a high
            load: a rate that stays the same never comes to rest.
        momentum : float
            Published: 0.99.
        epochs : int
            How often all patterns are shown at most, in a new order each time.
        seed : int
            Governs the orders.
        values : mapping, optional
            As of `Program.__call__`: replaces values to begin with.
        progress : bool or callable
            True shows a progress bar; a callable is called with a dict of ``"epoch"`` and ``"wrong"``.

        Returns
        -------
        TempotronFit

        Raises
        ------
        BioplastError
            For what does not fit together.
        RunError
            If a trained value leaves the range in which the neuron has a kernel.
        """
        if not 0 <= momentum < 1:
            raise BioplastError(f"momentum is {momentum!r}: a number from 0 to below 1 is accepted")
        if not (isinstance(epochs, int) and epochs > 0):
            raise BioplastError(f"epochs is {epochs!r}: a whole number from 1 is accepted")
        if not (isinstance(progress, bool) or callable(progress)):
            raise BioplastError(f"progress is {progress!r}: True, False or a function is accepted")
        patterns, current = self.patterns(inputs), self._values(values)
        wanted = self._labels(labels, len(patterns))
        others = self._others(train or {}, current)
        learners = [
            Learner(self, neuron, patterns, wanted[:, neuron], others, current, momentum, checked_seed(seed))
            for neuron in range(self.membrane.size)
        ]
        history: list[list[float]] = []
        with progress_bar("training", progress is True, epochs, 0, "epochs") as update:
            for epoch in range(epochs):
                now = rate(epoch) if callable(rate) else rate
                if not (isinstance(now, int | float | np.number) and 0 < now < np.inf):
                    raise BioplastError(f"rate is {now!r} in epoch {epoch}: a positive number is accepted")
                history.append([learner.epoch(epoch, float(now)) for learner in learners])
                wrong = float(np.mean(history[-1]))
                if callable(progress):
                    progress({"epoch": epoch + 1, "wrong": wrong})
                update(epoch + 1, note=f"wrong {wrong:.4g}")
                if all(learner.done is not None for learner in learners):
                    break
        found = {self.weights: np.array(current[self.weights], dtype=float)}
        found |= {name: np.array(current[name], dtype=float) for name in others}
        for learner in learners:
            learner.write(found)
        return TempotronFit(
            found,
            np.stack([learner.right for learner in learners], axis=1),
            np.array(history),
            np.array([len(history) if learner.done is None else learner.done for learner in learners]),
        )

    def _values(self, values: Mapping[str, Any] | None) -> dict[str, np.ndarray]:
        return {**self.program.values, **self.program._checked(values)}

    def _dense(self, weights: np.ndarray, neuron: int) -> tuple[np.ndarray, np.ndarray]:
        """The weights of a neuron by afferent, 0 for those that it does not have, and the synapses that have them."""
        mine = np.flatnonzero(self._post == neuron)
        dense = np.zeros(self.membrane.afferents)
        dense[self._pre[mine]] = np.broadcast_to(weights, len(self._pre))[mine]
        return dense, mine

    def _labels(self, labels: Any, patterns: int) -> np.ndarray:
        wanted = np.asarray(labels)
        if wanted.ndim == 1:
            wanted = wanted[:, None]
        size = self.membrane.size
        if wanted.shape != (patterns, size) or not ((wanted == 0) | (wanted == 1)).all():
            raise BioplastError(
                f"labels of shape {np.shape(labels)}: True or False [patterns, neurons] = [{patterns}, {size}] are "
                "accepted"
            )
        return wanted.astype(bool)

    def _others(self, train: Mapping[str, Any], current: Mapping[str, np.ndarray]) -> dict[str, Scaled]:
        """What is trained beside the weights."""
        accepted = {f"{self.membrane.neurons}.{name}" for name in self.membrane.trainable}
        for name, given in train.items():
            if name not in accepted:
                raise UnknownName("value to be trained beside the weights", name, accepted)
            if isinstance(given, Trainable) and given.index is not None:
                raise BioplastError(f"{name!r}: each tempotron learns a number of its own, without an index")
            if self.membrane.size > 1 and np.shape(current[name]) != (self.membrane.size,):
                raise BioplastError(f"{name!r} is shared: each tempotron learns a number of its own")
        return scaled(self.program, train, current) if train else {}


class Learner:
    """One neuron in the course of its training; all that it learns is a vector, the weights first."""

    def __init__(
        self,
        rule: Tempotron,
        neuron: int,
        patterns: Patterns,
        wanted: np.ndarray,
        others: Mapping[str, Scaled],
        current: Mapping[str, np.ndarray],
        momentum: float,
        seed: int,
    ):
        self.rule, self.neuron, self.patterns, self.wanted = rule, neuron, patterns, wanted
        self.others, self.current = others, dict(current)
        self.momentum, self.seed = momentum, seed
        self.names = tuple(name.rpartition(".")[2] for name in others)
        self.kernel, self.slopes = rule.membrane.kernel(current, neuron, self.names)
        dense, self.synapses = rule._dense(current[rule.weights], neuron)
        self.connected = np.zeros(len(dense), dtype=bool)
        self.connected[rule._pre[self.synapses]] = True
        self.scale = self.kernel.threshold
        self.units = np.concatenate(
            [np.full(len(dense), self.kernel.threshold / self.kernel.peak), [how.unit for how in others.values()]]
        )
        self.low = np.array([how.low for how in others.values()])
        self.high = np.array([how.high for how in others.values()])
        starts = [np.atleast_1d(how.start)[neuron if np.size(how.start) > 1 else 0] for how in others.values()]
        self.state = np.concatenate([dense / self.units[: len(dense)], starts])
        self.change = np.zeros_like(self.state)
        self.best, self.fewest = self.state.copy(), len(patterns) + 1
        self.right = np.zeros(len(patterns), dtype=bool)
        self.done: int | None = None
        self.gaps = np.empty((len(patterns.times), 4))
        self.stale = np.ones(len(patterns), dtype=bool)
        self._read()

    def _read(self) -> None:
        """The kernel and the weights that the state stands for."""
        size = len(self.connected)
        for name, number, how in zip(self.others, self.state[size:], self.others.values(), strict=True):
            array = np.array(self.current[name], dtype=float)
            array[self.neuron if array.ndim and array.size > 1 else ...] = number * how.unit
            self.current[name] = array
        if self.others:
            before = self.kernel
            try:
                self.kernel, self.slopes = self.rule.membrane.kernel(self.current, self.neuron, self.names)
            except BioplastError as error:
                raise RunError(f"{error}; a smaller rate or bounds may help") from None
            if (before.tau, before.tau_s) != (self.kernel.tau, self.kernel.tau_s):
                self.stale[:] = True
        self.u = self.kernel.gain * self.units[:size] * self.state[:size]

    def _next_wrong(self, order: np.ndarray, begin: int) -> tuple[int, float, float, int]:
        kernel, patterns = self.kernel, self.patterns
        dt = 0.0 if self.rule.continuous else self.rule.membrane.dt
        return voltage.first_wrong(
            order,
            begin,
            self.wanted,
            patterns.first,
            patterns.times,
            patterns.afferents,
            self.gaps,
            self.stale,
            self.u,
            self.rule._duration,
            kernel.tau,
            kernel.tau_s,
            kernel.threshold,
            dt,
        )

    def epoch(self, number: int, rate: float) -> float:
        """Show all patterns once, in a new order; the share of wrong answers."""
        if self.done is not None:
            return 0.0
        order = np.random.default_rng([self.seed, self.neuron, number]).permutation(len(self.patterns))
        wrong, place = 0, -1
        while True:
            place, _, time, count = self._next_wrong(order, place + 1)
            if place == len(order):
                break
            wrong += 1
            self.learn(order[place], time, count, rate)
        if wrong <= self.fewest:
            self._keep()
        if wrong == 0:
            self.done = number + 1
        return wrong / len(order)

    def slope(self, pattern: int, time: float, count: int) -> np.ndarray:
        """The derivative of the highest potential minus the threshold in the state, in units of the first threshold."""
        times, afferents = self.patterns[pattern]
        size, kernel = len(self.connected), self.kernel
        by_u = np.zeros(size)
        by_tau, by_tau_s = voltage.gradient(
            times[:count], afferents[:count], self.u, time, kernel.tau, kernel.tau_s, by_u
        )
        high = by_u @ self.u
        by_names = np.array([by_tau, by_tau_s, high / kernel.gain, -1.0]) @ self.slopes
        return np.concatenate([by_u * self.connected * kernel.gain, by_names]) * self.units / self.scale

    def learn(self, pattern: int, time: float, count: int, rate: float) -> None:
        sign = 1 if self.wanted[pattern] else -1
        self.change *= self.momentum
        self.change += sign * rate * self.slope(pattern, time, count)
        self.state += self.change
        if self.others:
            size = len(self.connected)
            self.state[size:] = np.clip(self.state[size:], self.low, self.high)
        if not np.isfinite(self.state).all():
            raise RunError(f"a trained value of neuron {self.neuron} is no finite number: a smaller rate may help")
        self._read()

    def _keep(self) -> None:
        """Keep the state if no other one had fewer wrong answers."""
        right = np.ones(len(self.patterns), dtype=bool)
        order, place = np.arange(len(right)), -1
        while (place := self._next_wrong(order, place + 1)[0]) < len(order):
            right[place] = False
        if (wrong := int((~right).sum())) < self.fewest:
            self.fewest, self.right, self.best = wrong, right, self.state.copy()

    def write(self, found: dict[str, np.ndarray]) -> None:
        """Put what was learned into arrays of the program's values."""
        size = len(self.connected)
        weights = (self.best * self.units)[:size]
        found[self.rule.weights][self.synapses] = weights[self.rule._pre[self.synapses]]
        for name, number, how in zip(self.others, self.best[size:], self.others.values(), strict=True):
            found[name][self.neuron if found[name].ndim and found[name].size > 1 else ...] = number * how.unit
