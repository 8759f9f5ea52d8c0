"""Memory length: a cue that is asked for later, for evolved neurons, evolved weights, both, and a gradient.

Decided here: a step of the environment lasts 2 ms; 64 hidden neurons; two readout neurons that spike, and the answer is
that with more spikes in the step, the first one if they are even. Memory then has to be in the hidden neurons: of
potentials that are compared exactly, the smallest rest of a cue would be enough. The gradient searches the values of
arm "neurons".
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from . import networks

__all__ = ["STEPS", "remembered"]

#: Of the simulation, in a step of the environment.
STEPS = 2
OBSERVATIONS = 3
# Of Adam, in typical sizes; and what the surrogate's counts are multiplied by in the softmax.
_RATE, _SHARPNESS = 0.05, 3.0
# The validation of a deployed network; so many that both cues come.
_VALIDATION = 64


def remembered(settings: dict[str, Any], seed: int) -> dict[str, Any]:
    """Search a network that remembers, and measure it on episodes of its own.

    Parameters
    ----------
    settings : dict
        ``method`` ("neurons", "weights", "both", "bptt", or one of the neurons' four numbers alone), ``length``,
        ``hidden``, ``population``, ``generations``, ``episodes``, ``strategy``, ``test``.
    seed : int

    Returns
    -------
    dict
        ``reward``, the mean over the test episodes; ``history``, the validation of each generation; ``tau_m_ms`` of the
        hidden neurons; ``tonic``, how many of them spike without input, their rest being above their threshold, and
        ``silenced``, the reward when these rest at the lowest potential instead.
    """
    from bioplast import control

    method, hidden = settings["method"], settings["hidden"]
    weights = networks.weights(OBSERVATIONS, hidden, 2, seed)
    rollout = _rollout(settings["length"], hidden, method == "bptt")
    if method == "bptt":
        values, history = _descent(settings["length"], hidden, settings["population"])(
            weights, updates=settings["generations"], validation=_VALIDATION, enough=1.0, seed=seed
        )
    else:
        found = control.evolve(
            rollout,
            train=networks.arm(method, OBSERVATIONS),
            strategy=settings["strategy"],
            population=settings["population"],
            generations=settings["generations"],
            episodes=settings["episodes"],
            validation=_VALIDATION,
            enough=1.0,
            values=weights,
            seed=seed,
        )
        values, history = found.values, found.history["validation"]
    test = np.random.SeedSequence([seed, 10**6]).generate_state(settings["test"])

    def reward(values: dict[str, Any]) -> float:
        return float(rollout.returns({name: np.asarray(value)[None] for name, value in values.items()}, test).mean())

    known = {**rollout.program.values, **values}
    rest = np.asarray(known["hidden.v_rest"], dtype=float)
    tonic = rest > known["hidden.v_th"]
    still = np.where(tonic, float(networks.NEURONS["v_rest"]["low"]), rest)
    return {
        "reward": reward(values),
        "history": history,
        "tau_m_ms": 1e3 * np.asarray(known["hidden.tau_m"], dtype=float),
        "tonic": int(tonic.sum()),
        "silenced": reward({**values, "hidden.v_rest": still}) if tonic.any() else None,
    }


@functools.cache
def _rollout(length: int, hidden: int, gradient: bool) -> Any:
    """The task with a network whose random weights a trial replaces; compiled once in a process."""
    from bioplast import control

    program = networks.compiled(networks.policy(OBSERVATIONS, hidden, 2, True, 0), STEPS, surrogate=gradient)
    decoder = control.Counts("answers")
    return control.Rollout(
        program,
        control.MemoryLength(length),
        control.Held("observation"),
        decoder,
        record=(lambda out: {"scores": decoder.scores(out)}) if gradient else None,
    )


@functools.cache
def _descent(length: int, hidden: int, episodes: int) -> Any:
    """Along the gradient of the cross entropy of the answer, through all steps."""
    import jax
    import jax.numpy as jnp
    import optax

    from .descent import Descent

    def loss(rollout: Any, values: Any, keys: Any) -> Any:
        episodes = jax.vmap(rollout.episode, in_axes=(None, 0))(values, keys)
        scores = _SHARPNESS * episodes["recorded"]["scores"][:, -1]
        cue = (episodes["observations"][:, 0, 2] > 0).astype(int)
        return optax.softmax_cross_entropy_with_integer_labels(jnp.asarray(scores), cue).mean()

    train = networks.arm("neurons", OBSERVATIONS)
    return Descent(_rollout(length, hidden, True), train, loss, episodes=episodes, rate=_RATE)
