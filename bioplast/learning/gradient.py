"""The training loop: batches, gradients through the program, an optimiser of optax, early stopping, checkpoints."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from ..errors import BioplastError, RunError
from ..program import Program
from ..program.jax import disk_cache
from ..progress import progress_bar
from . import checkpoint as stored
from .predict import portions, precision, samples
from .trainable import Scaled, scaled

__all__ = ["Fit", "fit"]

Progress = bool | Callable[[Mapping[str, float]], object]


@dataclass(frozen=True)
class Fit:
    """What training found.

    Attributes
    ----------
    values : dict of ndarray
        The trained values in SI base units, by the keys of `Program.values`: those of the epoch with the best
        validation, of the last one without validation. For ``program(values)`` on any target and `write_back`.
    last : dict of ndarray
        The values after the last epoch.
    tied : dict of ndarray [K]
        Of what was trained with an index (see `Trainable`), the numbers that the elements of `values` share.
    history : dict of ndarray [epochs]
        The means over samples after each epoch: ``"loss"`` in its course, ``"validation_loss"`` and, where there is a
        score, ``"validation_score"`` after it.
    best : int
        The row of `history` that `values` belong to.
    """

    values: dict[str, np.ndarray]
    last: dict[str, np.ndarray]
    tied: dict[str, np.ndarray]
    history: dict[str, np.ndarray]
    best: int


def fit(
    program: Program,
    inputs: Mapping[str, Any],
    labels: Any,
    *,
    train: Mapping[str, Any],
    loss: Callable[[Any, Any], Any],
    optimiser: Any = None,
    batch: int = 32,
    epochs: int = 100,
    validation: tuple[Mapping[str, Any], Any] | None = None,
    score: Callable[[Any, Any], Any] | None = None,
    patience: int | None = None,
    seed: int = 0,
    values: Mapping[str, Any] | None = None,
    checkpoint: str | Path | None = None,
    progress: Progress = False,
) -> Fit:
    """Train values of a network by gradient descent; the network itself is left as it is.

    Nothing is assumed of the network: whatever target jax can follow is trained, through spikes (with a surrogate
    derivative) and through plasticity.

    Parameters
    ----------
    program : Program
        Of target jax.
    inputs : mapping
        As of `Program.__call__`, each with a leading axis of samples: spikes [samples, steps, neurons].
    labels : array [samples, ...] or pytree of such
        What `loss` gets beside a sample's output: its class, or what else is wanted of it.
    train : mapping of str to quantity or Trainable
        The values that are trained, by the keys of `Program.values`, each with a typical size.
    loss : callable
        ``loss(out, label) -> scalar`` for the output of one sample (`ArrayOutput`); its mean over samples falls.
    optimiser : optax.GradientTransformation, optional
        ``optax.adam(0.01)`` by default, in units of the typical sizes.
    batch, epochs : int
        Samples in a step, passes through all samples.
    validation : tuple (inputs, labels), optional
        Samples that are not trained with, to choose the best epoch and to stop early.
    score : callable, optional
        ``score(out, label) -> number``, larger is better, such as whether a sample is classified correctly. With it
        the best epoch is that of the best mean score, the smaller loss deciding between equals; else of the smallest
        loss.
    patience : int, optional
        Stop after so many epochs without a better validation.
    seed : int
        Governs the order of the samples and the random numbers of the network, if it has any.
    values : mapping, optional
        As of `Program.__call__`: replaces values to begin with.
    checkpoint : path, optional
        A file that is written after each epoch. If it is there already, training goes on from it, to the very values
        that an uninterrupted run gives.
    progress : bool or callable
        True shows a progress bar; a callable is called with a dict of ``"epoch"`` and what the history has of it.

    Returns
    -------
    Fit

    Raises
    ------
    BioplastError
        For what does not fit together, and when the loss has no derivative in a trained value.
    RunError
        When the loss is no finite number.
    """
    if program.target != "jax":
        raise BioplastError(f"training needs a program of target 'jax', not {program.target!r}")
    for name, number in (("batch", batch), ("epochs", epochs), ("patience", patience)):
        if number is not None and not (isinstance(number, int) and number > 0):
            raise BioplastError(f"{name} is {number!r}: a whole number from 1 is accepted")
    if not (isinstance(seed, int) and seed >= 0):
        raise BioplastError(f"seed is {seed!r}: a whole number from 0 is accepted")
    if validation is None and (patience is not None or score is not None):
        raise BioplastError("patience and score need validation=(inputs, labels)")
    with precision(program):
        run = _Run(program, inputs, labels, train, loss, optimiser, batch, validation, score, seed, values)
        return run.through(epochs, patience, None if checkpoint is None else Path(checkpoint), progress)


@dataclass
class _State:
    """All that the next epoch depends on."""

    trained: dict[str, Any]  # in their units
    optimiser: Any
    best: dict[str, Any]
    best_epoch: Any
    history: dict[str, Any]


jax.tree_util.register_dataclass(_State, [field.name for field in dataclasses.fields(_State)], [])


class _Run:
    """One training run."""

    def __init__(
        self,
        program: Program,
        inputs: Mapping[str, Any],
        labels: Any,
        train: Mapping[str, Any],
        loss: Callable[[Any, Any], Any],
        optimiser: Any,
        batch: int,
        validation: tuple[Mapping[str, Any], Any] | None,
        score: Callable[[Any, Any], Any] | None,
        seed: int,
        values: Mapping[str, Any] | None,
    ):
        self.program = program
        # when each run begins is not left open, since what is trained may be what a run changes
        self.fixed = {"network.t": program.values["network.t"]} | program._checked(values)
        self.scaled: dict[str, Scaled] = scaled(program, train, {**program.values, **self.fixed})
        self.loss, self.score = loss, score
        self.optimiser = optax.adam(0.01) if optimiser is None else optimiser
        self.data = _arrays(inputs, labels)
        self.size = samples(*self.data)
        self.batch = min(batch, self.size)
        self.held_out = None if validation is None else _arrays(*validation)
        self.held_out_size = 0 if self.held_out is None else samples(*self.held_out, what="validation")
        self.seed = seed
        self.key, self.validation_key = jax.random.split(jax.random.key(self.seed))
        self.names = ["loss"]
        self.names += ["validation_loss"] if validation is not None else []
        self.names += ["validation_score"] if score is not None else []
        self.held_out_batch = min(max(self.batch, 256), self.held_out_size)
        self.measure: Any = None

    def values(self, trained: Mapping[str, Any]) -> dict[str, Any]:
        """Trained values in SI base units, element by element."""
        found = {name: trained[name] * how.unit for name, how in self.scaled.items()}
        return {n: v if self.scaled[n].index is None else v[self.scaled[n].index] for n, v in found.items()}

    def begin(self) -> _State:
        trained = {name: jnp.asarray(how.start) for name, how in self.scaled.items()}
        state = self.optimiser.init(trained)
        if self.batch > 1:  # where each step leaves them, so that all is compiled for that
            trained, state = self.program.replicated((trained, state))  # type: ignore[attr-defined]
        history = {name: np.zeros(0) for name in self.names}
        return _State(trained, state, trained, np.array(-1), history)

    # What JAX traces --------------------------------------------------------------------------------------------------

    def _losses(self, trained: Any, given: Any, wanted: Any, keys: Any) -> tuple[Any, Any]:
        """Loss and score of each sample of a batch."""
        out = self.program.batch({**self.fixed, **self.values(trained)}, given, keys)
        loss = jax.vmap(self.loss)(out, wanted)
        if loss.ndim != 1 or not jnp.issubdtype(loss.dtype, jnp.floating):
            raise BioplastError(f"the loss of a sample is one real number, not {loss.dtype} of shape {loss.shape[1:]}")
        return loss, loss if self.score is None else jax.vmap(self.score)(out, wanted)

    def _step(self, trained: Any, state: Any, given: Any, wanted: Any, weight: Any, keys: Any) -> tuple[Any, ...]:
        def mean(trained: Any) -> Any:
            return weight @ self._losses(trained, given, wanted, keys)[0] / weight.sum()

        value, slope = jax.value_and_grad(mean)(trained)
        change, state = self.optimiser.update(slope, state, trained)
        trained = optax.apply_updates(trained, change)
        trained = {name: jnp.clip(trained[name], how.low, how.high) for name, how in self.scaled.items()}
        return trained, state, value, {name: jnp.any(d != 0) for name, d in slope.items()}

    def _measured(self, trained: Any, given: Any, wanted: Any, weight: Any, keys: Any) -> tuple[Any, Any]:
        loss, score = self._losses(trained, given, wanted, keys)
        return weight @ loss, weight @ score.astype(float)

    def _like(self, data: tuple[Any, Any], size: int) -> tuple[Any, ...]:
        """Arguments that are like those of a batch."""
        given, wanted = (_part(part, np.zeros(size, dtype=int)) for part in data)
        return given, wanted, np.ones(size), jax.random.split(self.key, size)

    # Epochs -----------------------------------------------------------------------------------------------------------

    def through(self, epochs: int, patience: int | None, file: Path | None, progress: Progress) -> Fit:
        state = self.begin()
        lowered = jax.jit(self._step).lower(state.trained, state.optimiser, *self._like(self.data, self.batch))
        stamp: dict[str, Any] = {}
        if file is not None:
            stamp = self._stamp(lowered.as_text())
            state = stored.load(file, stamp, state) or state
        with disk_cache():
            step = lowered.compile()
            if self.held_out is not None:
                like = self._like(self.held_out, self.held_out_batch)
                self.measure = jax.jit(self._measured).lower(state.trained, *like).compile()
        done = len(state.history["loss"])
        with progress_bar("training", progress is True, epochs, done, "epochs") as update:
            for epoch in range(done, epochs):
                if patience is not None and epoch - 1 - int(state.best_epoch) >= patience:
                    break
                means = self._epoch(step, state, epoch)
                if file is not None:
                    stored.save(file, stamp, state)
                if callable(progress):
                    progress({"epoch": epoch + 1, **means})
                update(epoch + 1, note=", ".join(f"{name} {mean:.4g}" for name, mean in means.items()))
        tied = {n: np.asarray(state.best[n] * how.unit) for n, how in self.scaled.items() if how.index is not None}
        history = {name: np.asarray(means) for name, means in state.history.items()}
        return Fit(self._plain(state.best), self._plain(state.trained), tied, history, int(state.best_epoch))

    def _epoch(self, step: Any, state: _State, epoch: int) -> dict[str, float]:
        """One pass through all samples; the state is changed in place."""
        order = np.random.default_rng([self.seed, epoch]).permutation(self.size)
        key = jax.random.fold_in(self.key, epoch)
        total, followed = 0.0, dict.fromkeys(self.scaled, False)
        given, wanted = self.data
        for k, (chosen, weight) in enumerate(portions(order, self.batch)):
            keys = jax.random.split(jax.random.fold_in(key, k), self.batch)
            state.trained, state.optimiser, value, moved = step(
                state.trained, state.optimiser, _part(given, chosen), _part(wanted, chosen), weight, keys
            )
            total += float(value) * int(np.count_nonzero(weight))
            if not np.isfinite(total):
                raise RunError(
                    f"the loss is {float(value)} in epoch {epoch + 1}: a smaller learning rate or bounds may help"
                )
            followed = {name: followed[name] or bool(moved[name]) for name in followed}
        for name, found in followed.items():
            if epoch == 0 and not found:
                raise BioplastError(
                    f"the loss has no derivative in {name!r} for any sample: spikes have one only with a surrogate, as "
                    "in bioplast.compile(..., surrogate=bioplast.SuperSpike(unit=1*mV))"
                )
        means = {"loss": total / self.size, **self._validated(state.trained)}
        state.history = {name: np.append(state.history[name], means[name]) for name in self.names}
        if self._is_best(state.history):
            state.best, state.best_epoch = state.trained, np.array(epoch)
        return means

    def _validated(self, trained: Any) -> dict[str, float]:
        """Mean loss and score of the samples that are held out."""
        if self.held_out is None:
            return {}
        given, wanted = self.held_out
        keys = jax.random.split(self.validation_key, self.held_out_size)
        loss, score = 0.0, 0.0
        for chosen, weight in portions(np.arange(self.held_out_size), self.held_out_batch):
            found = self.measure(trained, _part(given, chosen), _part(wanted, chosen), weight, keys[chosen])
            loss, score = loss + float(found[0]), score + float(found[1])
        sums = {"validation_loss": loss, "validation_score": score}
        return {name: sums[name] / self.held_out_size for name in self.names if name in sums}

    def _is_best(self, history: Mapping[str, Any]) -> bool:
        """Whether the last epoch is better than all before; without validation it always is."""
        if self.held_out is None:
            return True
        rows = list(
            zip(*(-history[n] if n == "validation_score" else history[n] for n in self.names[:0:-1]), strict=True)
        )
        return all(rows[-1] < row for row in rows[:-1])

    def _plain(self, trained: Mapping[str, Any]) -> dict[str, np.ndarray]:
        return {name: np.asarray(value) for name, value in jax.device_get(self.values(trained)).items()}

    def _stamp(self, computation: str) -> dict[str, Any]:
        return {
            "train": {n: [how.unit, how.low, how.high, stored.digest(how.index)] for n, how in self.scaled.items()},
            "start": stored.digest({name: how.start for name, how in self.scaled.items()}),
            "seed": self.seed,
            "batch": self.batch,
            "inputs or labels": stored.digest(self.data),
            "validation": stored.digest(self.held_out),
            "history": self.names,
            "network, loss, optimiser or version of JAX": stored.digest(computation),
        }


def _arrays(inputs: Mapping[str, Any], labels: Any) -> tuple[dict[str, np.ndarray], Any]:
    return {name: np.asarray(given) for name, given in inputs.items()}, jax.tree.map(np.asarray, labels)


def _part(tree: Any, chosen: np.ndarray) -> Any:
    return jax.tree.map(lambda array: array[chosen], tree)
