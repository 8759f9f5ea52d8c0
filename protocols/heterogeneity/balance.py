"""CartPole: a gradient against an evolution strategy, for longer and longer episodes, with equal neurons and without.

Decided here: 64 hidden neurons, two steps of 1 ms in a step of the environment; the action is the higher of two
potentials. The homogeneous network searches all weights of equal neurons; the heterogeneous one searches its neurons'
four numbers and has random weights. The gradient is that of REINFORCE by backpropagation through all steps, with
actions drawn from a softmax of the potentials; it has as many updates and episodes as evolution has.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from brian2 import mV

from . import networks

__all__ = ["SCALE", "balanced", "guessed", "rollout_of"]

STEPS = 2
OBSERVATIONS = 4
#: What an observation is divided by: sizes that a balanced pole shows.
SCALE = (0.5, 0.5, 0.1, 0.5)
_RATE, _VALIDATION = 0.05, 16
_KINDS = {"homogeneous": "weights", "heterogeneous": "neurons"}


def rollout_of(program: Any, steps: int, *, sampled: bool = False) -> Any:
    """A program of `networks.policy` in the loop with CartPole."""
    from bioplast import control

    decoder: Any = control.Potential("readout", unit=1 * mV)
    if sampled:
        decoder = control.Sampled(decoder)
    return control.Rollout(
        program,
        control.CartPole(steps),
        control.Held("observation", gain=1 / np.array(SCALE)),
        decoder,
        record=(lambda out: {"scores": decoder.scores(out)}) if sampled else None,
    )


def balanced(settings: dict[str, Any], seed: int) -> dict[str, Any]:
    """Train a network, and measure the best of its generations on episodes of its own.

    Parameters
    ----------
    settings : dict
        ``method`` ("es" or "bptt"), ``kind`` ("homogeneous" or "heterogeneous"), ``steps``, ``hidden``, ``population``,
        ``generations``, ``episodes``, ``strategy``, ``test``.
    seed : int
    """
    from bioplast import control

    gradient, hidden, steps = settings["method"] == "bptt", settings["hidden"], settings["steps"]
    weights = networks.weights(OBSERVATIONS, hidden, 2, seed)
    judge = _judge(steps, hidden, gradient)
    if gradient:
        descent = _descent(settings["kind"], steps, hidden, settings["population"] * settings["episodes"])
        values, history = descent(
            weights, updates=settings["generations"], validation=_VALIDATION, enough=np.inf, seed=seed
        )
    else:
        found = control.evolve(
            judge,
            train=networks.arm(_KINDS[settings["kind"]], OBSERVATIONS),
            strategy=settings["strategy"],
            population=settings["population"],
            generations=settings["generations"],
            episodes=settings["episodes"],
            validation=_VALIDATION,
            values=weights,
            seed=seed,
        )
        values, history = found.values, found.history["validation"]
    test = np.random.SeedSequence([seed, 10**6]).generate_state(settings["test"])
    returns = judge.returns({name: value[None] for name, value in values.items()}, test)
    return {"return": float(returns.mean()), "history": history}


def guessed(episodes: int = 10_000) -> float:
    """How many steps the pole stands on average if actions are drawn by chance, without an end to the episodes."""
    import jax
    import jax.numpy as jnp

    from bioplast import control

    pole = control.CartPole()

    def stood(key: Any) -> Any:
        start, course = jax.random.split(key)

        def step(state: Any, key: Any) -> Any:
            state, alive = state
            _, state, _, ended = pole.step(key, state, jax.random.bernoulli(key))
            return (state, alive & ~ended), alive

        # nobody has seen 300 by chance
        _, alive = jax.lax.scan(step, (pole.reset(start)[1], jnp.array(True)), jax.random.split(course, 300))
        return alive.sum()

    return float(np.mean(jax.jit(jax.vmap(stood))(jax.random.split(jax.random.key(0), episodes))))


@functools.cache
def _program(hidden: int, gradient: bool) -> Any:
    """A network whose random weights a trial replaces; compiled once in a process."""
    return networks.compiled(networks.policy(OBSERVATIONS, hidden, 2, False, 0), STEPS, surrogate=gradient)


@functools.cache
def _judge(steps: int, hidden: int, gradient: bool) -> Any:
    return rollout_of(_program(hidden, gradient), steps)


@functools.cache
def _descent(kind: str, steps: int, hidden: int, episodes: int) -> Any:
    from .descent import Descent, reinforce

    return Descent(
        rollout_of(_program(hidden, True), steps, sampled=True),
        networks.arm(_KINDS[kind], OBSERVATIONS),
        reinforce,
        episodes=episodes,
        rate=_RATE,
        judge=_judge(steps, hidden, True),
    )
