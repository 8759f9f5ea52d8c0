"""Evolution: a population of networks, asked of a strategy and told their losses, without derivatives."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import numpy as np

from ..errors import RunError
from ..program import Program
from ..program.arguments import checked_seed
from ..program.jax import disk_cache
from ..progress import progress_bar
from . import checkpoint as stored
from .arguments import check_course, checked_path, checked_program, whole
from .data import Data, portions
from .encoded import Encoded
from .evaluation import Evaluation, Validation, is_best
from .gradient import Fit, Progress
from .population import CompiledPopulation, Numbers, PopulationOneByOne
from .predict import precision
from .strategies import strategy_of

__all__ = ["Evolved", "evolve"]


@dataclass(frozen=True)
class Evolved(Fit):
    """What evolution found.

    Attributes
    ----------
    values : dict of ndarray
        As of `Fit`: the deployed network of the generation with the best validation, of the last one without it.
    last : dict of ndarray
        The deployed network after the last generation.
    tied : dict of ndarray [K]
        As of `Fit`.
    history : dict of ndarray [generations]
        For each generation ``"loss"``, the mean over the members whose loss is finite, ``"best_loss"``, the smallest,
        where there is a score ``"score"``, that of the member with the smallest loss, ``"failed"``, how many members
        had none that is finite, ``"evaluations"``, how often a network was run on a sample so far, validation left out;
        and of the deployed network ``"validation_loss"`` and ``"validation_score"``.
    best : int
        The row of `history` that `values` belong to.
    deployed : str
        Which point of the strategy a network is made of: its "mean", the "global best" or the "best of the population".
    """

    deployed: str


def evolve(
    program: Program,
    inputs: Mapping[str, Any] | Encoded,
    labels: Any,
    *,
    train: Mapping[str, Any],
    loss: Callable[[Any, Any], Any],
    strategy: Any = "hybrid",
    population: int = 128,
    generations: int = 100,
    batch: int | None = None,
    validation: tuple[Mapping[str, Any] | Encoded, Any] | None = None,
    score: Callable[[Any, Any], Any] | None = None,
    patience: int | None = None,
    seed: int = 0,
    values: Mapping[str, Any] | None = None,
    checkpoint: str | Path | None = None,
    progress: Progress = False,
) -> Evolved:
    """Train values of a network without derivatives; the network itself is left as it is.

    On target jax a whole population is one compiled call; on the others, for networks that jax refuses, members are
    run one after the other. Arguments that are not explained here are those of `fit`.

    Parameters
    ----------
    program : Program
        Of any target.
    inputs, labels : as of `fit`
    train : mapping of str to quantity or Trainable
        The values that are trained, weights as well as parameters of neurons, each with a typical size. A strategy
        searches in units of the typical sizes, or of logarithms with ``Trainable(size, scale="log")``; what passes a
        bound is put back to it.
    loss : callable
        As of `fit`. It needs no derivative: minus the accuracy is a loss, too.
    strategy : str or callable
        "cem", "cem-es", "swarm", "annealing", "pooling" or "hybrid"; with the package evosax
        (``pip install 'bioplast[evolution]'``) an algorithm of it by name, such as "OpenAI-ES", "PGPE", "SNES",
        "CMA_ES" or "PSO". Or what makes one, called with population_size and solution: a class of
        `bioplast.learning.strategies` or of evosax, or ``functools.partial(strategies.CEM, elite=0.1)``.
    population : int
        Members of a generation.
    generations : int
        How often the strategy is asked.
    batch : int, optional
        Samples that a generation is evaluated on, the same for all its members; all of them by default. Generations go
        through the samples in a new order each time.
    validation : tuple (inputs, labels), optional
        Samples that are not trained with, which the deployed network of each generation is evaluated on.
    score : callable, optional
        As of `fit`; without validation, too: its mean is the accuracy that the hybrid asks for.
    patience : int, optional
        Stop after so many generations without a better validation.
    seed : int
        Governs the strategy, the order of the samples and the random numbers of the network, which are the same for
        all members of a generation.
    values, checkpoint, progress : as of `fit`
        With ``"generation"`` in the place of ``"epoch"``.

    Returns
    -------
    Evolved

    Raises
    ------
    BioplastError
        For what does not fit together, and when the loss or the score raise an error or give something else than a
        number.
    RunError
        When the loss of no member of a generation is finite. A member whose loss or state is not never wins.
    NonFiniteError
        When the reason for that is a state.
    """
    checked_program(program)
    population, generations = whole(population, "population"), whole(generations, "generations")
    batch = None if batch is None else whole(batch, "batch")
    patience = None if patience is None else whole(patience, "patience")
    check_course(loss, score, validation, progress, patience)
    file, seed = checked_path(checkpoint, "checkpoint"), checked_seed(seed)
    with precision(program):
        network = Evaluation(program, train, loss, score, values)
        data = Data.checked(program, inputs, labels, network.start)
        run = _Run(network, data, strategy, population, batch, validation, seed)
        return run.through(generations, patience, file, progress)


@dataclass
class _State:
    """All that the next generation depends on."""

    strategy: Any
    deployed: Any
    best: Any
    best_generation: Any
    history: dict[str, Any]


jax.tree_util.register_dataclass(_State, [field.name for field in dataclasses.fields(_State)], [])


class _Run:
    """One evolution."""

    def __init__(
        self,
        network: Evaluation,
        data: Data,
        strategy: Any,
        population: int,
        batch: int | None,
        validation: Any,
        seed: int,
    ):
        self.network, self.data, self.seed = network, data, seed
        self.batch = data.size if batch is None else min(batch, data.size)
        self.numbers = Numbers(network.scaled)
        self.strategy = strategy_of(strategy, population, self.numbers.start)
        self.key, validation_key = jax.random.split(jax.random.key(seed))
        self.validation = None if validation is None else Validation(network, validation, self.batch, validation_key)
        self.names = ["loss", "best_loss", *([] if network.score is None else ["score"]), "failed", "evaluations"]
        self.names += [] if self.validation is None else self.validation.names
        kind = PopulationOneByOne if network.states is None else CompiledPopulation
        self.evaluate: Any = kind(network, self.numbers, data, population, self.batch)

    def begin(self) -> _State:
        state = self.strategy.init(jax.random.fold_in(self.key, 0), self.numbers.start, self.strategy.default_params)
        start = self.numbers.start
        return _State(_plain(state), start, start, np.array(-1), {name: np.zeros(0) for name in self.names})

    def through(self, generations: int, patience: int | None, file: Path | None, progress: Progress) -> Evolved:
        with disk_cache():
            state = self.begin()
            if self.validation is not None:
                self.validation.compile(self.numbers.split(state.best))
        stamp: dict[str, Any] = {}
        if file is not None:
            stamp = self._stamp(state)
            state = stored.load(file, stamp, state) or state
        done = len(state.history["loss"])
        with progress_bar("evolution", progress is True, generations, done, "generations") as update:
            for generation in range(done, generations):
                if patience is not None and generation - 1 - int(state.best_generation) >= patience:
                    break
                found = self._generation(state, generation)
                if file is not None:
                    stored.save(file, stamp, state)
                if callable(progress):
                    progress({"generation": generation + 1, **found})
                update(generation + 1, note=f"best loss {found['best_loss']:.4g}")
        best, last = self.numbers.split(state.best), self.numbers.split(state.deployed)
        history = {name: np.asarray(column) for name, column in state.history.items()}
        network = self.network
        return Evolved(
            network.found(best),
            network.found(last),
            network.tied(best),
            history,
            int(state.best_generation),
            self.strategy.deploys,
        )

    def _samples(self, generation: int) -> tuple[np.ndarray, np.ndarray]:
        """The samples of a generation, and what each counts."""
        if self.batch == self.data.size:
            return np.arange(self.data.size), np.ones(self.data.size)
        epoch, k = divmod(generation, -(-self.data.size // self.batch))
        order = np.random.default_rng([self.seed, epoch]).permutation(self.data.size)
        return list(portions(order, self.batch))[k]

    def _generation(self, state: _State, generation: int) -> dict[str, float]:
        """Ask, evaluate and tell; the state is changed in place."""
        when = f"generation {generation + 1}"
        asking, telling, drawing = jax.random.split(jax.random.fold_in(self.key, generation + 1), 3)
        params = self.strategy.default_params
        points, asked = self.strategy.ask(asking, state.strategy, params)
        points = self.numbers.inside(points)
        count = self.strategy.samples(generation)
        chosen, weight = self._samples(generation)
        losses, scores = self.evaluate(points, count, chosen, weight, drawing)
        finite = np.isfinite(losses)
        if not finite.any():
            self.evaluate.refuse(points[0], chosen, drawing, when)
            raise RunError(f"no member of {when} has a loss that is finite: look at what is wanted of it")
        winner = int(np.argmin(np.where(finite, losses, np.inf)))
        found = {
            "loss": float(losses[finite].mean()),
            "best_loss": float(losses[winner]),
            "failed": float(count - finite.sum()),
            "evaluations": float(count * np.count_nonzero(weight)) + state.history["evaluations"][-1:].sum(),
        }
        accuracy = np.nan
        if self.network.score is not None:
            accuracy = found["score"] = float(scores[winner])
        told, _ = self.strategy.tell(
            telling, points, losses.astype(points.dtype), asked, self.strategy.params_at(accuracy)
        )
        state.strategy = jax.tree.map(lambda new, old: np.asarray(new, dtype=old.dtype), _plain(told), state.strategy)
        state.deployed = self.numbers.inside(self.strategy.get_mean(state.strategy))
        if self.validation is not None:
            found |= self.validation(self.numbers.split(state.deployed), when, refuse=False)
        state.history = {name: np.append(state.history[name], found[name]) for name in self.names}
        if is_best(state.history):
            state.best, state.best_generation = state.deployed, np.array(generation)
        return {name: found[name] for name in self.names}

    def _stamp(self, state: _State) -> dict[str, Any]:
        params = self.strategy.default_params
        key, losses = self.key, np.zeros(self.strategy.population_size, dtype=self.numbers.start.dtype)
        points, _ = jax.eval_shape(self.strategy.ask, key, state.strategy, params)
        texts = [
            self.evaluate.text,
            jax.jit(self.strategy.ask).lower(key, state.strategy, params).as_text(),
            jax.jit(self.strategy.tell).lower(key, points, losses, state.strategy, params).as_text(),
        ]
        return {
            **self.network.stamp(),
            "seed": self.seed,
            "strategy": repr(self.strategy),
            "population": self.strategy.population_size,
            "batch": self.batch,
            "inputs or labels": self.data.digest(),
            "validation": None if self.validation is None else self.validation.digest(),
            "history": self.names,
            "network": stored.digest({name: np.asarray(v) for name, v in self.network.complete.items()}),
            "network, loss, strategy or version of JAX": stored.digest(texts),
        }


def _plain(tree: Any) -> Any:
    """The arrays of a state in NumPy, as a checkpoint has them."""
    return jax.tree.map(np.asarray, jax.device_get(tree))
