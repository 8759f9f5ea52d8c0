"""What a network with trained values is worth: losses and scores of samples, for gradients and for evolution."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

import jax
import numpy as np

from ..errors import NonFiniteError
from ..program import Program
from ..program.network import TIME
from . import checkpoint as stored
from .arguments import checked_values, followed, one_number
from .data import Data, portions
from .finite import FinalStates, refuse_wrong_mean, worst
from .trainable import Scaled, scaled

__all__ = ["Evaluation", "Validation", "batch_like", "is_best"]

#: The fewest samples that are measured at once, where there are so many.
AT_ONCE = 256


class Evaluation:
    """A program, what of it is trained, and the loss and the score of a sample.

    Parameters
    ----------
    program : Program
    train : mapping of str to quantity or Trainable
    loss, score : callable
        Of a sample's output and label; the score may be None.
    values : mapping or None
        Replaces values to begin with.

    Attributes
    ----------
    scaled : dict of Scaled
        What is trained.
    start : float
        When each run begins, in seconds.
    given : dict
        The values that are replaced but not trained and that a compiled function takes as arguments.
    replaced : dict of ndarray
        The values that the caller has replaced and that are not trained.
    states : FinalStates or None
        Of a program of target jax.
    """

    def __init__(self, program: Program, train: Any, loss: Any, score: Any, values: Mapping[str, Any] | None):
        self.program = program
        # when each run begins is not left open, since what is trained may be what a run changes
        replaced = program._checked(checked_values(values))
        given = {TIME: program.values[TIME]} | replaced
        self.complete = {**program.values, **given}
        self.start = float(self.complete[TIME])
        self.scaled: dict[str, Scaled] = scaled(program, train, self.complete)
        self.replaced = {k: np.asarray(v) for k, v in replaced.items() if k not in self.scaled}
        # arguments of what is compiled, so that it serves a search whose runs differ in them
        self.given, self.fixed = followed(program, {k: v for k, v in given.items() if k not in self.scaled})
        self.states: Any = FinalStates(program, self.complete) if program.traceable else None
        self.loss = one_number(loss, "loss")
        self.score = None if score is None else one_number(score, "score")

    def values(self, numbers: Mapping[str, Any]) -> dict[str, Any]:
        """Trained values in SI base units, element by element."""
        return {name: how.elements(numbers[name]) for name, how in self.scaled.items()}

    def plain(self, numbers: Mapping[str, Any]) -> dict[str, np.ndarray]:
        """What numbers stand for: the product that is within the bounds, computed by NumPy."""
        return {name: np.asarray(value) for name, value in self.values(jax.device_get(numbers)).items()}

    def found(self, numbers: Mapping[str, Any]) -> dict[str, np.ndarray]:
        """The values with which the program is the trained network: what was replaced to begin with, and `plain`."""
        return self.replaced | self.plain(numbers)

    def tied(self, numbers: Mapping[str, Any]) -> dict[str, np.ndarray]:
        """The numbers in SI base units that elements share."""
        return {n: np.asarray(how.values(numbers[n])) for n, how in self.scaled.items() if how.index is not None}

    def losses(
        self,
        data: Data,
        values: Any,
        numbers: Any,
        given: Any,
        wanted: Any,
        keys: Any,
        carry: Collection[str] = (),
    ) -> tuple[Any, ...]:
        """Loss and score of each sample of a batch, the worst of each state at the end, and the states that are
        carried, [samples, ...] or the products of which they are made; what JAX traces.

        `values` are `given`, as JAX traces them.
        """
        losses, scores, out = self.outcome(data, values, numbers, given, wanted, keys)
        final, products = jax.lax.stop_gradient((out.final, out.products))
        ends = {key: products.get(key, final[key]) for key in carry}
        return losses, scores, self.states.search(final, products), ends

    def outcome(
        self, data: Data, values: Any, numbers: Any, given: Any, wanted: Any, keys: Any
    ) -> tuple[Any, Any, Any]:
        """Loss and score of each sample of a batch, and the output; what JAX traces. Without a score the loss twice."""
        out = self.program.batch({**self.fixed, **values, **self.values(numbers)}, given, keys)
        functions = [self.loss] if self.score is None else [self.loss, self.score]
        found = [jax.vmap(function)(out, wanted) for function in functions]
        for function in functions:
            data.refuse_labels(function, out)
        return found[0], found[-1], out

    def one_by_one(
        self, data: Data, numbers: Any, chosen: np.ndarray, seeds: Any, draw: tuple[int, ...] = ()
    ) -> tuple[np.ndarray, np.ndarray]:
        """As `losses`, [samples] each, on targets that JAX does not trace.

        Raises
        ------
        NonFiniteError
            When a state of a sample turns NaN or infinite.
        """
        given, wanted = data.part(chosen, draw)
        outs = self.program.batch({**self.fixed, **self.given, **self.plain(numbers)}, given, [int(s) for s in seeds])
        labels = [jax.tree.map(lambda array, k=k: array[k], wanted) for k in range(len(chosen))]
        losses, scores = (
            np.array([float(function(out, label)) for out, label in zip(outs, labels, strict=True)])
            for function in (self.loss, self.score or self.loss)
        )
        return losses, scores

    def stamp(self) -> dict[str, Any]:
        """What is trained, and from where, as JSON values."""
        return {
            "train": {
                n: [how.unit, float(how.low), float(how.high), how.log, stored.digest(how.index)]
                for n, how in self.scaled.items()
            },
            "start": stored.digest({name: how.start for name, how in self.scaled.items()}),
            "values": stored.digest(sorted(self.given), self.given),
        }


class Validation:
    """Mean loss and score of samples that are held out.

    Parameters
    ----------
    network : Evaluation
    held_out : tuple (inputs, labels)
    batch : int
        How many samples a step of the training has.
    key : JAX key
        Of the random numbers of the network.
    """

    def __init__(self, network: Evaluation, held_out: Any, batch: int, key: Any):
        self.network = network
        inputs, labels = held_out
        self.data = Data.checked(network.program, inputs, labels, network.start, "validation")
        self.batch = min(max(batch, AT_ONCE), self.data.size)
        self.names = ["validation_loss"] + ([] if network.score is None else ["validation_score"])
        self.keys = jax.random.split(key, self.data.size)
        self._measure: Callable[..., Any] | None = None

    def compile(self, numbers: Any) -> None:
        """Prepare for numbers that are like these."""
        if self.network.states is not None:
            like = batch_like(self.data, self.batch, self.keys[0])
            self._measure = jax.jit(self._measured).lower(self.network.given, numbers, *like).compile()

    def _measured(self, values: Any, numbers: Any, given: Any, wanted: Any, weight: Any, keys: Any) -> dict[str, Any]:
        loss, score, states, _ = self.network.losses(self.data, values, numbers, given, wanted, keys)
        found = {"validation_loss": loss, "validation_score": score.astype(float)}
        return {
            "states": states,
            "sums": {name: weight @ each for name, each in found.items()},
            "worst": {name: worst(each) for name, each in found.items()},
        }

    def __call__(self, numbers: Any, when: str, refuse: bool = True) -> dict[str, float]:
        """The means, by the names of the history.

        Parameters
        ----------
        numbers : mapping of arrays
        when : str
            For messages.
        refuse : bool
            Whether a state, a loss or a score that is not finite is an error; else its mean is NaN.
        """
        size = self.data.size
        sums = dict.fromkeys(self.names, 0.0)
        for chosen, weight in portions(np.arange(size), self.batch):
            if self._measure is None:
                chosen = chosen[weight > 0]
                seeds = np.asarray(jax.random.key_data(self.keys[chosen]))[:, -1]
                try:
                    each = self.network.one_by_one(self.data, numbers, chosen, seeds)
                except NonFiniteError:
                    if refuse:
                        raise
                    return dict.fromkeys(self.names, np.nan)
                for name, found in zip(self.names, each, strict=False):
                    sums[name] += float(found.sum())
                continue
            report = jax.device_get(
                self._measure(self.network.given, numbers, *self.data.part(chosen), weight, self.keys[chosen])
            )
            states = self.network.states
            if refuse:
                states.refuse(report["states"], self.data, chosen, f"{when}, validation, ")
            elif not np.isfinite(report["states"][0]).all():
                return dict.fromkeys(self.names, np.nan)
            for name in sums:
                sums[name] += float(report["sums"][name])
                if refuse:
                    refuse_wrong_mean(name.replace("_", " "), sums[name], report["worst"][name], chosen, when)
        return {name: total / size for name, total in sums.items()}

    def digest(self) -> str:
        """A fingerprint of the samples."""
        return self.data.digest()


def batch_like(data: Data, size: int, key: Any) -> tuple[Any, ...]:
    """Arguments that are like those of a batch: inputs, labels, weights and keys."""
    given, wanted = data.part(np.zeros(size, dtype=int))
    return given, wanted, np.ones(size), jax.random.split(key, size)


def is_best(history: Mapping[str, Any]) -> bool:
    """Whether the last row is better than all before: by the score of the validation, then by its loss.

    Without validation it always is. What is not a number is never better.
    """
    signs = {"validation_score": -1, "validation_loss": 1}
    columns = [sign * history[name] for name, sign in signs.items() if name in history]
    columns = [np.where(np.isnan(column), np.inf, column) for column in columns]
    rows = list(zip(*columns, strict=True))
    return not columns or all(rows[-1] < row for row in rows[:-1])
