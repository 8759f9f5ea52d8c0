"""The closed loop stepped from Python, for every target and for environments of gymnasium."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import numpy as np

from ..errors import NonFiniteError
from ..program import Program
from .decoders import decided
from .episodes import FINE, NAN_OBSERVATION, NAN_REWARD, NAN_STATE, WRONG_ACTION, Episodes, refuse
from .loop import decoder_key, encoder_key

__all__ = ["stepped"]


def stepped(
    program: Program,
    environments: Sequence[Any],
    actions: Any,
    encoder: Callable[..., Any],
    decoder: Callable[..., Any],
    steps: int,
    record: Callable[[Any], dict[str, Any]],
    values: Mapping[str, Any] | None,
    seeds: Sequence[int],
    first: int = 0,
    place: str = "",
) -> Episodes:
    """Episodes side by side: those that have not ended are a batch of the program.

    Parameters
    ----------
    environments : sequence
        One for each episode, with the methods of gymnasium.
    actions : Discrete or Box
    values : mapping or None
        Of the network, for all episodes.
    seeds : sequence of int
        Of the episodes.
    first : int
        The number of the first episode, for messages.
    place : str
        What messages begin with.
    """
    count = len(seeds)
    keys = [jax.random.key(seed) for seed in seeds]
    seen = [np.asarray(e.reset(seed=int(seed))[0]) for e, seed in zip(environments, seeds, strict=True)]
    given: list[Mapping[str, Any]] = [dict(values or {}) for _ in seeds]
    history: list[list[tuple[Any, ...]]] = [[] for _ in seeds]
    alive = list(range(count))
    # pieces are as short as a step of the environment: a progress bar or a watch of their own would cost more
    for k in range(steps):
        for e in alive:
            if not np.isfinite(seen[e]).all():
                refuse(NAN_OBSERVATION, f"{place}episode {first + e}", k, seen[e], None, actions)
        inputs = [{name: np.asarray(a) for name, a in encoder(seen[e], encoder_key(keys[e], k)).items()} for e in alive]
        try:
            outs = _outputs(program, [given[e] for e in alive], inputs, [_seed(seeds[e], k) for e in alive])
        except NonFiniteError as error:
            raise NonFiniteError(f"{place}step {k} of the environment: {error}") from error
        going = []
        for e, out in zip(alive, outs, strict=True):
            given[e] = out.final
            action = np.asarray(decided(decoder, out, decoder_key(keys[e], k)))
            kind = FINE if bool(actions.accepts(action)) else WRONG_ACTION
            if kind != FINE and not all(np.isfinite(v).all() for v in out.final.values()):
                kind = NAN_STATE
            refuse(kind, f"{place}episode {first + e}", k, seen[e], action, actions)
            after, reward, ended, cut, *_ = environments[e].step(int(action) if not action.ndim else action)
            if not np.isfinite(reward):
                refuse(NAN_REWARD, f"{place}episode {first + e}", k, seen[e], action, actions)
            history[e].append((float(reward), action, seen[e], record(out)))
            seen[e] = np.asarray(after)
            if not (ended or cut):
                going.append(e)
        alive = going
        if not alive:
            break
    return _gathered(history, steps)


def _outputs(program: Program, values: list[Any], inputs: list[Any], seeds: list[int]) -> Sequence[Any]:
    if len(values) == 1:
        return [program(values[0], inputs[0], seeds[0])]
    same = {k for k, first in values[0].items() if all(v[k] is first for v in values)}
    batch = {k: values[0][k] if k in same else _stack(k, [v[k] for v in values]) for k in values[0]}
    return program.batch(batch, {name: np.stack([one[name] for one in inputs]) for name in inputs[0]}, seeds)


def _stack(key: str, each: list[Any]) -> Any:
    return tuple(each) if key.endswith(".queue") else np.stack(each)


def _seed(seed: int, step: int) -> int:
    return int(np.random.SeedSequence([int(seed), step]).generate_state(1)[0])


def _gathered(history: list[list[tuple[Any, ...]]], steps: int) -> Episodes:
    """Episodes of different lengths as arrays, with zeros after their ends."""

    def padded(each: list[list[Any]]) -> np.ndarray:
        like = np.asarray(each[0][0])
        found = np.zeros((len(each), steps, *like.shape), dtype=like.dtype)
        for row, made in zip(found, each, strict=True):
            row[: len(made)] = made
        return found

    names = history[0][0][3]
    return Episodes(
        rewards=padded([[h[0] for h in one] for one in history]),
        actions=padded([[h[1] for h in one] for one in history]),
        observations=padded([[h[2] for h in one] for one in history]),
        lengths=np.array([len(one) for one in history]),
        recorded={name: padded([[h[3][name] for h in one] for one in history]) for name in names},
    )


def precision_of(program: Program) -> contextlib.AbstractContextManager[Any]:
    """JAX's 64-bit numbers for a program that has them, so that environments compute with as many bits."""
    return jax.enable_x64(program.dtype == np.float64)
