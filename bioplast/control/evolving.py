"""Evolution in a closed loop: a population of networks, each told by the rewards of its episodes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from ..errors import BioplastError, RunError
from ..learning.arguments import whole
from ..learning.population import Numbers
from ..learning.strategies import strategy_of
from ..learning.trainable import Scaled, scaled
from ..program.arguments import checked_seed
from ..progress import progress_bar
from .rollout import Rollout

__all__ = ["EvolvedPolicy", "evolve"]


@dataclass(frozen=True)
class EvolvedPolicy:
    """What evolution found.

    Attributes
    ----------
    values : dict of ndarray
        With which the program is the policy, in SI base units, by the keys of `Program.values`: those of the deployed
        network with the best validation, the later one of two, or after the last generation without validation; and
        those that ``values`` replaced to begin with.
    history : dict of ndarray [generations]
        ``"return"``, the mean over the members whose return is a number, ``"best_return"``, ``"failed"``, how many have
        none, and ``"validation"``, the mean return of the deployed network, NaN in generations without one.
    best : int
        The generation, counted from 0, that `values` are of.
    seeds : dict of ndarray of int
        The seeds of the episodes of the first generation and of the validation: ``"first"``, ``"validation"``.
    """

    values: dict[str, np.ndarray]
    history: dict[str, np.ndarray]
    best: int
    seeds: dict[str, np.ndarray]


def evolve(
    rollout: Rollout,
    *,
    train: Mapping[str, Any],
    strategy: Any = "SNES",
    population: int = 128,
    generations: int = 100,
    episodes: int = 8,
    validation: int = 0,
    every: int = 1,
    enough: float = np.inf,
    values: Mapping[str, Any] | None = None,
    seed: int = 0,
    progress: bool | Callable[[dict[str, float]], None] = False,
) -> EvolvedPolicy:
    """Evolve values of a network for the rewards of its episodes.

    Parameters
    ----------
    rollout : Rollout
    train : mapping of str to quantity or Trainable
        As of `bioplast.learning.evolve`.
    strategy : str or callable
        As of `bioplast.learning.evolve`; "SNES" and others need the package evosax.
    population, generations : int
    episodes : int
        Of each member in a generation: the same for all members, others in each generation.
    validation : int
        The episodes that the deployed network is measured with, the same in all generations and none of the others;
        none with 0.
    every : int
        Validate after so many generations, and after the last one.
    enough : float
        Stop when the validation has reached this mean return.
    values : mapping, optional
        Replaces values to begin with.
    seed : int
        Governs strategy and episodes.
    progress : bool or callable
        As of `bioplast.learning.evolve`.

    Returns
    -------
    EvolvedPolicy

    Raises
    ------
    BioplastError
        For what does not fit together.
    RunError
        When no member of a generation has a return that is a number.
    """
    if not isinstance(rollout, Rollout):
        raise BioplastError(f"rollout is a {type(rollout).__name__}: a bioplast.control.Rollout is accepted")
    population, generations = whole(population, "population"), whole(generations, "generations")
    episodes, every, seed = whole(episodes, "episodes"), whole(every, "every"), checked_seed(seed)
    program = rollout.program
    replaced = program._checked(values)
    complete = {**program.values, **replaced}
    searched: dict[str, Scaled] = scaled(program, train, complete)
    numbers = Numbers(searched)
    search = strategy_of(strategy, population, numbers.start)
    params = search.default_params
    key = jax.random.key(seed)
    state = search.init(jax.random.fold_in(key, 0), numbers.start, params)
    held_out = _seeds(seed, 0, validation) if validation else np.zeros(0, dtype=int)
    names = ("return", "best_return", "failed", "validation")
    history: dict[str, list[float]] = {name: [] for name in names}
    best, best_values, best_generation = -np.inf, {}, -1
    first = _seeds(seed, 1, episodes)
    with progress_bar("evolution", progress is True, generations, 0, "generations") as update:
        for generation in range(generations):
            asking, telling = jax.random.split(jax.random.fold_in(key, generation + 1))
            points, asked = search.ask(asking, state, params)
            points = numbers.inside(points)
            members = _members(searched, numbers, points)
            found = rollout.returns(members, _seeds(seed, generation + 1, episodes), values).mean(axis=1)
            found[search.samples(generation) :] = np.nan
            fine = np.isfinite(found)
            if not fine.any():
                raise RunError(f"generation {generation + 1}: the state of no member stays finite")
            losses = np.where(fine, -found, np.nan).astype(points.dtype)
            state, _ = search.tell(telling, points, losses, asked, params)
            row = {
                "return": float(found[fine].mean()),
                "best_return": float(found[fine].max()),
                "failed": float(search.samples(generation) - fine.sum()),
                "validation": np.nan,
            }
            last = generation + 1 == generations
            deployed = numbers.inside(np.asarray(search.get_mean(state)))[None]
            if validation and ((generation + 1) % every == 0 or last):
                one = _members(searched, numbers, deployed)
                row["validation"] = float(rollout.returns(one, held_out, values).mean())
            for name in names:
                history[name].append(row[name])
            if callable(progress):
                progress({"generation": generation + 1, **row})
            update(generation + 1, note=f"mean return {row['return']:.4g}")
            if (validation and row["validation"] >= best) or (not validation and last):
                best, best_generation = row["validation"], generation
                best_values = {k: np.asarray(v) for k, v in replaced.items()}
                best_values |= {k: v[0] for k, v in _members(searched, numbers, deployed).items()}
            if row["validation"] >= enough:
                break
    columns = {name: np.array(column) for name, column in history.items()}
    return EvolvedPolicy(best_values, columns, best_generation, {"first": first, "validation": held_out})


def _members(searched: Mapping[str, Scaled], numbers: Numbers, points: np.ndarray) -> dict[str, np.ndarray]:
    """The values of each point, in SI base units, with the axis of the members in front."""
    each = [numbers.split(np.asarray(point)) for point in points]
    return {name: np.stack([how.elements(one[name]) for one in each]) for name, how in searched.items()}


def _seeds(seed: int, generation: int, count: int) -> np.ndarray:
    """Seeds of the episodes of a generation, counted from 1, or of the validation, 0."""
    return np.random.SeedSequence([seed, generation]).generate_state(count).astype(np.int64)
