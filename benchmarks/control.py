"""The closed loop beside the bare environment, and beside a Python loop over gymnasium with snnTorch.

    python -m benchmarks.control [rounds]

CartPole, a population of 128 networks, 500 steps each, whether or not the pole has fallen; 4 observations, 64 hidden
neurons, 2 readouts, and four steps of the simulation in a step of the environment. Beside it `jax.vmap` and
`jax.lax.scan` of the environment alone, with random actions: ours, which goes on, and where the package gymnax is
installed its own `step`, which begins anew by itself. And, with gymnasium, torch and snntorch, one network in a Python
loop, which is what each member of a population costs there. Prints steps of the environment per second of wall-clock,
the best and the worst of the rounds, and per second of processor time, which a busy machine changes less.
"""

from __future__ import annotations

import importlib.util
import sys
import time
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

MEMBERS, STEPS, HIDDEN, INNER = 128, 500, 64, 4


def closed_loop() -> Callable[[], Any]:
    """Networks of bioplast; a decoder that never stops: the environment's own end is ignored by `Endless`."""
    from bioplast import control
    from bioplast.protocols.heterogeneity import networks

    program = networks.compiled(networks.policy(4, HIDDEN, 2, False, 0), INNER)
    rollout = control.Rollout(program, Endless(STEPS), control.Held("observation"), control.Potential("readout"))
    tau = np.random.default_rng(0).uniform(5e-3, 50e-3, (MEMBERS, HIDDEN))

    def run() -> None:
        lengths = rollout.returns({"hidden.tau_m": tau}, [0])
        assert (lengths == STEPS).all()

    return run


def _endless() -> Any:
    from bioplast import control

    class Endless(control.CartPole):
        """A pole that goes on when it has fallen, upright again."""

        def step(self, key: Any, state: Any, action: Any) -> Any:
            observation, state, reward, ended = super().step(key, state, action)
            state = jnp.where(ended, jnp.zeros_like(state), state)
            return jnp.where(ended, jnp.zeros_like(observation), observation), state, reward, jnp.zeros_like(ended)

    return Endless


Endless = _endless()


def bare() -> Callable[[], Any]:
    """Our environment without a network."""
    environment = Endless(STEPS)

    @jax.jit
    def run(keys: Any) -> Any:
        def one(key: Any) -> Any:
            _, state = environment.reset(key)

            def step(state: Any, key: Any) -> Any:
                action = jax.random.bernoulli(key).astype(int)
                observation, state, _, _ = environment.step(key, state, action)
                return state, observation.sum()  # of something that depends on the state, or XLA leaves all out

            return jax.lax.scan(step, state, jax.random.split(key, STEPS))[1].sum()

        return jax.vmap(one)(keys)

    keys = jax.random.split(jax.random.key(0), MEMBERS)
    return lambda: jax.block_until_ready(run(keys))


def of_gymnax() -> Callable[[], Any]:
    """The environment of gymnax, with its own resets, without a network."""
    import gymnax

    environment, params = gymnax.make("CartPole-v1")

    @jax.jit
    def run(keys: Any) -> Any:
        def one(key: Any) -> Any:
            _, state = environment.reset(key, params)

            def step(state: Any, key: Any) -> Any:
                action = jax.random.bernoulli(key).astype(int)
                observation, state, *_ = environment.step(key, state, action, params)
                return state, observation.sum()

            return jax.lax.scan(step, state, jax.random.split(key, STEPS))[1].sum()

        return jax.vmap(one)(keys)

    keys = jax.random.split(jax.random.key(0), MEMBERS)
    return lambda: jax.block_until_ready(run(keys))


def snntorch_loop() -> Callable[[], Any]:
    """One network of snnTorch in gymnasium, for as many steps as an episode of all the others has."""
    import gymnasium
    import snntorch
    import torch

    environment = gymnasium.make("CartPole-v1")
    first, second = torch.nn.Linear(4, HIDDEN, bias=False), torch.nn.Linear(HIDDEN, 2, bias=False)
    cells, readout = snntorch.Leaky(beta=0.95), snntorch.Leaky(beta=0.95, reset_mechanism="none")

    def run() -> None:
        observation, _ = environment.reset(seed=0)
        membrane, potential = cells.init_leaky(), readout.init_leaky()
        with torch.no_grad():
            for _ in range(STEPS):
                current = first(torch.as_tensor(observation)[None])
                for _ in range(INNER):
                    spikes, membrane = cells(current, membrane)
                    _, potential = readout(second(spikes), potential)
                observation, _, ended, cut, _ = environment.step(int(potential.argmax()))
                if ended or cut:
                    observation, _ = environment.reset()
                    membrane, potential = cells.init_leaky(), readout.init_leaky()

    return run


def timed(run: Callable[[], Any], rounds: int) -> tuple[list[float], list[float]]:
    """Wall-clock and processor time of each round, in seconds, after one that compiles."""
    run()
    wall, processor = [], []
    for _ in range(rounds):
        begin, used = time.perf_counter(), time.process_time()
        run()
        wall.append(time.perf_counter() - begin)
        processor.append(time.process_time() - used)
    return wall, processor


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    cases: dict[str, tuple[Callable[[], Callable[[], Any]], int]] = {
        "bioplast: 128 networks of 4-64-2": (closed_loop, MEMBERS),
        "our environment alone": (bare, MEMBERS),
    }
    if importlib.util.find_spec("gymnax") is not None:
        cases["gymnax's environment alone"] = (of_gymnax, MEMBERS)
    if all(importlib.util.find_spec(name) is not None for name in ("gymnasium", "torch", "snntorch")):
        cases["gymnasium and snnTorch, a Python loop"] = (snntorch_loop, 1)
    print(f"{'':40}{'steps/s: best':>15}{'worst':>12}{'per s of processor':>20}")
    for name, (make, members) in cases.items():
        wall, processor = timed(make(), rounds)
        steps = members * STEPS
        best, worst, used = (steps / value for value in (min(wall), max(wall), min(processor)))
        print(f"{name:40}{best:15,.0f}{worst:12,.0f}{used:20,.0f}", flush=True)


if __name__ == "__main__":
    main()
