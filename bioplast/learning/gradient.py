"""The training loop: batches, gradients through the program, an optimiser of optax, early stopping, checkpoints."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from ..errors import BioplastError
from ..program import Program
from ..program.arguments import checked_seed
from ..program.jax import disk_cache
from ..progress import progress_bar
from . import checkpoint as stored
from .arguments import check_course, checked_carry, checked_optimiser, checked_path, checked_program, whole, wrapped
from .data import Data, portions
from .encoded import Encoded
from .evaluation import Evaluation, Validation, batch_like, is_best
from .finite import Steps, refuse_wrong_mean, worst
from .predict import precision

__all__ = ["Fit", "Progress", "fit"]

Progress = bool | Callable[[Mapping[str, float]], object]


@dataclass(frozen=True)
class Fit:
    """What training found.

    Attributes
    ----------
    values : dict of ndarray
        With which the program is the trained network, in SI base units, by the keys of `Program.values`: the trained
        ones of the epoch with the best validation, of the last one without validation; those that ``values`` replaced
        to begin with; and what was carried. For ``program(values)`` on any target and `write_back`.
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
    inputs: Mapping[str, Any] | Encoded,
    labels: Any,
    *,
    train: Mapping[str, Any],
    loss: Callable[[Any, Any], Any],
    optimiser: Any = None,
    batch: int = 32,
    epochs: int = 100,
    validation: tuple[Mapping[str, Any] | Encoded, Any] | None = None,
    score: Callable[[Any, Any], Any] | None = None,
    patience: int | None = None,
    seed: int = 0,
    values: Mapping[str, Any] | None = None,
    carry: Collection[str] = (),
    checkpoint: str | Path | None = None,
    progress: Progress = False,
) -> Fit:
    """Train values of a network by gradient descent; the network itself is left as it is.

    Nothing is assumed of the network: whatever its target can follow is trained, through spikes (with a surrogate
    derivative) and through plasticity.

    Parameters
    ----------
    program : Program
        Of target jax or native.
    inputs : mapping, Encoded or None
        As of `Program.__call__`, each with a leading axis of samples: spikes [samples, steps, neurons], or a list of
        (times in seconds, neurons) with a pair for each sample; values of a TimedArray [samples, steps] or [samples,
        steps, columns]. None, or an empty one, where the network drives itself.
    labels : array [samples, ...], pytree of such, or None
        What `loss` gets beside a sample's output: its class, or what else is wanted of it; quantities in SI base units.
    train : mapping of str to quantity or Trainable
        The values that are trained, by the keys of `Program.values`, each with a typical size.
    loss : callable
        ``loss(out, label) -> scalar`` for the output of one sample (`ArrayOutput`); its mean over samples falls.
    optimiser : optax.GradientTransformation or str, optional
        ``optax.adam(0.01)`` by default, in units of the typical sizes; or the name of another one of optax, such as
        "adamw", which gets the learning rate 0.01. One that asks for the loss or for more evaluations of it, as
        ``optax.polyak_sgd`` and ``optax.lbfgs`` do, gets those of the batch.
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
        Governs the order of the samples and the random numbers of the network and of an encoder, if they have any.
    values : mapping, optional
        As of `Program.__call__`: replaces values to begin with.
    carry : collection of str
        States, by the keys of `Program.values`, with which a batch begins as the one before ended: with their mean over
        its samples, without a derivative; such as weights that are plastic within a sample. All samples of a batch
        begin with the same. Validation begins with what the epoch ended with, and carries nothing.
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
        For what does not fit together, when the loss or the score raise an error or give something else than a number,
        and when the loss has no derivative in a trained value.
    RunError
        When the loss, the score, a trained value or the state of the optimiser is not finite, or a trained value is a
        million times its typical size.
    NonFiniteError
        When a state is NaN or infinite at the end of a run, as in `Program.__call__`; the message names the sample.

    Warns
    -----
    RuntimeWarning
        Once for each trained value in which the derivative of the loss, for a change by its typical size, is a million
        times the loss or not finite. Resets of neurons with a steep upstroke make such ones: see
        `bioplast.program.surrogate`.
    """
    if not checked_program(program).traceable:
        raise BioplastError(f"training needs a program of target 'jax' or 'native', not {program.target!r}")
    batch, epochs = whole(batch, "batch"), whole(epochs, "epochs")
    patience = None if patience is None else whole(patience, "patience")
    check_course(loss, score, validation, progress, patience)
    if validation is None and score is not None:
        raise BioplastError("score needs validation=(inputs, labels)")
    file, seed = checked_path(checkpoint, "checkpoint"), checked_seed(seed)
    with precision(program):
        carried = checked_carry(carry, program, train)
        run = _Run(program, inputs, labels, train, loss, optimiser, batch, validation, score, seed, values, carried)
        return run.through(epochs, patience, file, progress)


@dataclass
class _State:
    """All that the next epoch depends on."""

    trained: dict[str, Any]  # in their units
    optimiser: Any
    carried: dict[str, Any]
    best: dict[str, Any]
    best_carried: dict[str, Any]
    best_epoch: Any
    history: dict[str, Any]


jax.tree_util.register_dataclass(_State, [field.name for field in dataclasses.fields(_State)], [])


class _Run:
    """One training run."""

    def __init__(
        self,
        program: Program,
        inputs: Mapping[str, Any] | Encoded,
        labels: Any,
        train: Mapping[str, Any],
        loss: Callable[[Any, Any], Any],
        optimiser: Any,
        batch: int,
        validation: tuple[Mapping[str, Any] | Encoded, Any] | None,
        score: Callable[[Any, Any], Any] | None,
        seed: int,
        values: Mapping[str, Any] | None,
        carry: tuple[str, ...],
    ):
        self.program = program
        self.carry = carry
        begin = {key: program.values[key] for key in carry}
        # what is no mapping is refused there
        first = begin if values is None else {**begin, **values} if isinstance(values, Mapping) else values
        self.network = network = Evaluation(program, train, loss, score, first)
        self.scaled = network.scaled
        self.steps = Steps(self.scaled, program.detaches_resets)  # type: ignore[attr-defined]
        self.optimiser = checked_optimiser(optimiser)
        self.data = Data.checked(program, inputs, labels, network.start)
        self.batch = min(batch, self.data.size)
        self.seed = seed
        self.key, validation_key = jax.random.split(jax.random.key(self.seed))
        self.validation = None if validation is None else Validation(network, validation, self.batch, validation_key)
        self.names = ["loss", *([] if self.validation is None else self.validation.names)]

    def begin(self) -> _State:
        trained = {name: jnp.asarray(how.start) for name, how in self.scaled.items()}
        state = wrapped(self.optimiser.init, "optimiser")(trained)
        if self.batch > 1:  # where each step leaves them, so that all is compiled for that
            spread: Any = self.program.replicated  # type: ignore[attr-defined]
            trained, state, self.network.given = spread((trained, state, self.network.given))
        history = {name: np.zeros(0) for name in self.names}
        carried = {key: jnp.asarray(self.network.given[key]) for key in self.carry}
        self.network.given |= carried
        return _State(trained, state, carried, trained, carried, np.array(-1), history)

    # What JAX traces --------------------------------------------------------------------------------------------------

    def _step(
        self, values: Any, trained: Any, state: Any, given: Any, wanted: Any, weight: Any, keys: Any
    ) -> tuple[Any, ...]:
        def mean(trained: Any) -> Any:
            losses, _, states, ends = self.network.losses(self.data, values, trained, given, wanted, keys, self.carry)
            return weight @ losses / weight.sum(), (worst(losses), states, ends)

        (loss, (sample, states, ends)), slope = jax.value_and_grad(mean, has_aux=True)(trained)
        optimiser = optax.with_extra_args_support(self.optimiser)
        change, after = wrapped(optimiser.update, "optimiser")(
            slope, state, trained, value=loss, grad=slope, value_fn=lambda trained: mean(trained)[0]
        )
        moved = optax.apply_updates(trained, change)
        bounded = {name: jnp.clip(moved[name], how.low, how.high) for name, how in self.scaled.items()}
        share = weight / weight.sum()
        carried = {
            key: end.weighted(jax.lax.stop_gradient(values[key]), share)
            if hasattr(end, "weighted")
            else jnp.tensordot(share.astype(end.dtype), end, 1)
            for key, end in ends.items()
        }
        report = {"loss": loss, "sample": sample, "states": states}
        return bounded, after, carried, report | self.steps.report(slope, state, after, moved, bounded)

    # Epochs -----------------------------------------------------------------------------------------------------------

    def through(self, epochs: int, patience: int | None, file: Path | None, progress: Progress) -> Fit:
        state = self.begin()
        like = batch_like(self.data, self.batch, self.key)
        lowered = jax.jit(self._step).lower(self.network.given, state.trained, state.optimiser, *like)
        stamp: dict[str, Any] = {}
        if file is not None:
            stamp = self._stamp(self.network.program._described(lowered.as_text()))
            state = stored.load(file, stamp, state) or state
            self.network.given |= state.carried
        with disk_cache():
            step = lowered.compile()
            if self.validation is not None:
                self.validation.compile(state.trained)
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
        best = jax.device_get(state.best)
        tied = self.network.tied(best)
        history = {name: np.asarray(means) for name, means in state.history.items()}
        kept, last = ({k: np.asarray(v) for k, v in each.items()} for each in (state.best_carried, state.carried))
        found = self.network.found(best) | kept, self.network.found(state.trained) | last
        return Fit(*found, tied, history, int(state.best_epoch))

    def _epoch(self, step: Any, state: _State, epoch: int) -> dict[str, float]:
        """One pass through all samples; the state is changed in place."""
        order = np.random.default_rng([self.seed, epoch]).permutation(self.data.size)
        key = jax.random.fold_in(self.key, epoch)
        total, when = 0.0, f"epoch {epoch + 1}"
        for k, (chosen, weight) in enumerate(portions(order, self.batch)):
            keys = jax.random.split(jax.random.fold_in(key, k), self.batch)
            given = self.data.part(chosen, (self.seed, epoch, k))
            state.trained, state.optimiser, state.carried, report = step(
                self.network.given, state.trained, state.optimiser, *given, weight, keys
            )
            self.network.given |= state.carried
            report = jax.device_get(report)
            loss = float(report["loss"])
            self.network.states.refuse(report["states"], self.data, chosen, f"{when}, ")
            refuse_wrong_mean("loss", loss, report["sample"], chosen, when)
            self.steps.check(report, loss, epoch + 1, stacklevel=4)
            total += loss * int(np.count_nonzero(weight))
        if epoch == 0:
            self._refuse_without_derivative(total)
        means = {"loss": total / self.data.size}
        if self.validation is not None:
            means |= self.validation(state.trained, when)
        state.history = {name: np.append(state.history[name], means[name]) for name in self.names}
        if is_best(state.history):
            state.best, state.best_carried, state.best_epoch = state.trained, state.carried, np.array(epoch)
        return means

    def _refuse_without_derivative(self, total: float) -> None:
        """Refuse to train what the loss had no derivative in, in the whole first epoch."""
        without = [name for name, found in self.steps.followed.items() if not found]
        if not without:
            return
        groups = self.program.spikes_without_derivative  # type: ignore[attr-defined]
        reason = "it does not depend on it, or not in a way that has one; look at what the loss reads of the output"
        if groups:
            reason = (
                f"spikes of {' and '.join(map(repr, groups))} have one only with a surrogate, as in "
                "bioplast.compile(..., surrogate=bioplast.SuperSpike(unit=1*mV))"
            )
        elif not total:
            reason = "it is 0 for all of them"
        raise BioplastError(f"the loss has no derivative in {without[0]!r} for any sample: {reason}")

    def _stamp(self, computation: str) -> dict[str, Any]:
        return {
            **self.network.stamp(),
            "seed": self.seed,
            "batch": self.batch,
            "inputs or labels": self.data.digest(),
            "validation": None if self.validation is None else self.validation.digest(),
            "history": self.names,
            "network, loss, optimiser or version of JAX": stored.digest(computation),
        }
