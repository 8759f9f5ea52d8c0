"""Bodies that are to move forward: hopper, halfcheetah, ant and walker2d of brax, and which of the four numbers matter.

Decided here: two steps of 1 ms in a step of the environment; the currents of a hidden neuron are the observations times
random weights; the hyperbolic tangent of a readout neuron's potential is the force of a joint.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
from typing import Any

import numpy as np
from brian2 import mV

from . import networks

__all__ = ["at_hand", "moved"]

STEPS = 2


def at_hand() -> bool:
    """Whether brax is installed."""
    return importlib.util.find_spec("brax") is not None


def moved(settings: dict[str, Any], seed: int) -> dict[str, Any]:
    """Evolve a network, and measure it on episodes of its own.

    Parameters
    ----------
    settings : dict
        ``environment``, ``backend``, ``method``, ``numbers``, ``only`` (which of the four numbers evolve),
        ``population``, ``generations``, ``episodes``, ``steps``, ``strategy``, ``test``.
    seed : int
    """
    with contextlib.redirect_stdout(io.StringIO()):  # mujoco prints which packages for GPUs are missing
        from brax import envs

    from bioplast import control

    environment = control.Brax(
        envs.get_environment(settings["environment"], backend=settings["backend"]), settings["steps"]
    )
    seen, joints = environment.observation_shape[0], environment.actions.shape[0]
    method, only = settings["method"], tuple(settings["only"])
    hidden = settings["numbers"] // (4 if method == "neurons" else seen + joints)
    program = networks.compiled(networks.policy(seen, hidden, joints, False, seed), STEPS)
    rollout = control.Rollout(
        program,
        environment,
        control.Held("observation"),
        control.Continuous("readout", unit=10 * mV),
        steps=settings["steps"],
    )
    found = control.evolve(
        rollout,
        train=networks.arm(method, seen, only),
        strategy=settings["strategy"],
        population=settings["population"],
        generations=settings["generations"],
        episodes=settings["episodes"],
        validation=settings["test"],  # as many as the test has: compiled once
        every=10,
        seed=seed,
    )
    test = np.random.SeedSequence([seed, 10**6]).generate_state(settings["test"])
    reward = rollout.returns({name: value[None] for name, value in found.values.items()}, test).mean()
    return {
        "reward": float(reward),
        "history": found.history["validation"],
        "returns": found.history["return"],
        "best_generation": found.best + 1,
    }
