"""Memory length: a cue that is asked for later, for evolved neurons, evolved weights, both, and a gradient.

Decided here: a step of the environment lasts 2 ms; 64 hidden neurons; two readout neurons that spike, and the answer is
that with more spikes in the step, the first one if they are even. Memory then has to be in the hidden neurons: of
potentials that are compared exactly, the smallest rest of a cue would be enough. The gradient searches the values of
arm "neurons".
"""

from __future__ import annotations

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
        ``method`` ("neurons", "weights", "both" or "bptt"), ``length``, ``hidden``, ``population``, ``generations``,
        ``episodes``, ``strategy``, ``test``.
    seed : int

    Returns
    -------
    dict
        ``reward``, the mean over the test episodes; ``history``, the validation of each generation; ``tau_m_ms`` of the
        hidden neurons.
    """
    from bioplast import control

    method, length = settings["method"], settings["length"]
    gradient = method == "bptt"
    network = networks.policy(OBSERVATIONS, settings["hidden"], 2, True, seed)
    program = networks.compiled(network, STEPS, surrogate=gradient)
    decoder = control.Counts("answers")
    rollout = control.Rollout(
        program,
        control.MemoryLength(length),
        control.Held("observation"),
        decoder,
        record=(lambda out: {"scores": decoder.scores(out)}) if gradient else None,
    )
    train = networks.arm("neurons" if gradient else method, OBSERVATIONS)
    if gradient:
        values, history = _descended(rollout, train, settings, seed)
    else:
        found = control.evolve(
            rollout,
            train=train,
            strategy=settings["strategy"],
            population=settings["population"],
            generations=settings["generations"],
            episodes=settings["episodes"],
            validation=_VALIDATION,
            enough=1.0,
            seed=seed,
        )
        values, history = found.values, found.history["validation"]
    test = np.random.SeedSequence([seed, 10**6]).generate_state(settings["test"])
    reward = float(rollout.returns({name: value[None] for name, value in values.items()}, test).mean())
    tau = values.get("hidden.tau_m", program.values["hidden.tau_m"])
    return {"reward": reward, "history": history, "tau_m_ms": 1e3 * np.asarray(tau, dtype=float)}


def _descended(rollout: Any, train: Any, settings: dict[str, Any], seed: int) -> tuple[dict[str, Any], np.ndarray]:
    """The same values along the gradient of the cross entropy of the answer, through all steps."""
    import jax
    import jax.numpy as jnp
    import optax

    from .descent import descended

    def loss(rollout: Any, values: Any, keys: Any) -> Any:
        episodes = jax.vmap(rollout.episode, in_axes=(None, 0))(values, keys)
        scores = _SHARPNESS * episodes["recorded"]["scores"][:, -1]
        cue = (episodes["observations"][:, 0, 2] > 0).astype(int)
        return optax.softmax_cross_entropy_with_integer_labels(jnp.asarray(scores), cue).mean()

    return descended(
        rollout,
        train,
        loss,
        updates=settings["generations"],
        episodes=settings["population"],
        rate=_RATE,
        validation=_VALIDATION,
        enough=1.0,
        seed=seed,
    )
