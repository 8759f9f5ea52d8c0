"""Evolution on jax and on native, beside a Python loop and evosax with a network written by hand, in one run.

    python -m benchmarks.evolution [rounds] [population]

A population of 256 networks, 20 inputs, 100 leaky integrate-and-fire neurons, 10 leaky readouts, on 256 samples of 100
steps in which each input spikes once. Timed are generations of OpenAI-ES, ask, evaluate and tell: of `learning.evolve`,
and of evosax with the same network as plain JAX, in a process of its own (``pip install evosax``). A Python loop over
the compiled network of bioplast calls it once for each member: as a user does, ``program.batch(values, inputs)``, with
what Python then makes of 256 outputs; and as a function of one network's mean loss that `jax.jit` has compiled, which
leaves nothing to a loop but the calls. `jax.vmap` maps the same function over all networks, on target jax and on target
native. The losses of all are compared first.
"""

from __future__ import annotations

import importlib.util
import json
import math
import os
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

INPUTS, HIDDEN, OUTPUTS, STEPS, SAMPLES = 20, 100, 10, 100, 256
#: Time constants in ms: membrane and current of the hidden neurons, membrane of the readouts.
TAU, TAU_SYNAPSE, TAU_READOUT = 10.0, 5.0, 20.0
#: The standard deviation of the weights to begin with.
FIRST, SECOND = 1.0, 0.3


def samples() -> tuple[np.ndarray, np.ndarray]:
    """Rasters [samples, steps, inputs] and classes [samples]."""
    rng = np.random.default_rng(1)
    spikes = np.zeros((SAMPLES, STEPS, INPUTS), dtype=bool)
    times = rng.integers(STEPS, size=(SAMPLES, INPUTS))
    spikes[np.arange(SAMPLES)[:, None], times, np.arange(INPUTS)] = True
    return spikes, rng.integers(OUTPUTS, size=SAMPLES)


def weights(count: int) -> np.ndarray:
    """Points [count, numbers]."""
    rng = np.random.default_rng(2)
    first = rng.normal(0, FIRST, (count, INPUTS * HIDDEN))
    return np.concatenate([first, rng.normal(0, SECOND, (count, HIDDEN * OUTPUTS))], axis=1).astype(np.float32)


# evosax and a network written by hand ---------------------------------------------------------------------------------


def by_hand(point: Any, spikes: Any, labels: Any) -> Any:
    """The mean loss of one network: currents and membranes decay exactly, as in Brian2."""
    import jax
    import jax.numpy as jnp

    first, second = point[: INPUTS * HIDDEN].reshape(INPUTS, HIDDEN), point[INPUTS * HIDDEN :].reshape(HIDDEN, OUTPUTS)
    synapse = math.exp(-1 / TAU_SYNAPSE)

    def factors(tau: float) -> tuple[float, float]:
        decay = math.exp(-1 / tau)
        return decay, (synapse - decay) / (1 - tau / TAU_SYNAPSE)

    (decay, rise), (decay_out, rise_out) = factors(TAU), factors(TAU_READOUT)

    def step(state: Any, given: Any) -> Any:
        v, current, v_out, current_out = state
        v, current = decay * v + rise * current, synapse * current
        v_out, current_out = decay_out * v_out + rise_out * current_out, synapse * current_out
        spiked = (v > 1).astype(jnp.float32)
        return (v - spiked, current + given @ first, v_out, current_out + spiked @ second), v_out

    many = len(spikes)
    hidden, output = jnp.zeros((many, HIDDEN)), jnp.zeros((many, OUTPUTS))
    _, trace = jax.lax.scan(step, (hidden, hidden, output, output), jnp.swapaxes(spikes, 0, 1).astype(jnp.float32))
    scores = trace.max(axis=0)
    right = jnp.take_along_axis(scores, labels[:, None], axis=1)[:, 0]
    return (jax.nn.logsumexp(scores, axis=1) - right).mean()


def peer(rounds: int, population: int) -> None:
    """Seconds of each generation and the losses of the weights, as a line of JSON."""
    import jax
    import jax.numpy as jnp
    import optax
    from evosax.algorithms import Open_ES

    spikes, labels = map(jnp.asarray, samples())
    points = jnp.asarray(weights(population))
    losses = jax.jit(lambda points: jax.vmap(by_hand, (0, None, None))(points, spikes, labels))
    strategy = Open_ES(population, points[0], optimizer=optax.adam(0.05), std_schedule=optax.constant_schedule(0.1))
    params = strategy.default_params
    state = strategy.init(jax.random.key(0), points[0], params)

    @jax.jit
    def generation(key: Any, state: Any) -> Any:
        asking, telling = jax.random.split(key)
        asked, state = strategy.ask(asking, state, params)
        found = jax.vmap(by_hand, (0, None, None))(asked, spikes, labels)
        return strategy.tell(telling, asked, found, state, params)[0]

    taken = []
    for key in jax.random.split(jax.random.key(1), rounds + 1):
        begin = time.perf_counter()
        state = jax.block_until_ready(generation(key, state))
        taken.append(time.perf_counter() - begin)
    print(json.dumps({"seconds": taken[1:], "losses": np.asarray(losses(points)).tolist()}))


# bioplast -------------------------------------------------------------------------------------------------------------


def network() -> Any:
    """The network in Brian2."""
    from brian2 import Network, NeuronGroup, SpikeGeneratorGroup, StateMonitor, Synapses, ms

    equations = "dv/dt = (I - v)/tau : 1\ndI/dt = -I/tau_synapse : 1"
    common: dict[str, Any] = {"dt": 1 * ms, "method": "exact"}

    def named(tau: float) -> dict[str, Any]:
        return {"tau": tau * ms, "tau_synapse": TAU_SYNAPSE * ms}

    given = SpikeGeneratorGroup(INPUTS, [], [] * ms, dt=1 * ms, name="input")
    hidden = NeuronGroup(
        HIDDEN, equations, threshold="v > 1", reset="v -= 1", namespace=named(TAU), name="hidden", **common
    )
    output = NeuronGroup(OUTPUTS, equations, namespace=named(TAU_READOUT), name="output", **common)
    objects = [given, hidden, output, StateMonitor(output, "v", record=True, name="trace", dt=1 * ms)]
    for name, before, after in (("first", given, hidden), ("second", hidden, output)):
        synapses = Synapses(before, after, "w : 1", on_pre="I_post += w", dt=1 * ms, name=name)
        synapses.connect()
        objects.append(synapses)
    return Network(*objects)


def fastest(call: Callable[[], object], rounds: int) -> float:
    """Seconds of the fastest of some calls."""
    taken = []
    for _ in range(rounds):
        begin = time.perf_counter()
        call()
        taken.append(time.perf_counter() - begin)
    return min(taken)


def loss(out: Any, label: Any) -> Any:
    from bioplast import learning

    return learning.max_over_time_cross_entropy(learning.Trace("trace", "v")(out), label)


def split(point: Any) -> dict[str, Any]:
    return {"first.w": point[: INPUTS * HIDDEN], "second.w": point[INPUTS * HIDDEN :], "network.t": 0.0}


def compiled_for(target: str) -> Any:
    from brian2 import ms

    import bioplast

    return bioplast.compile(network(), STEPS * ms, target, dtype="float32", namespace={})


def evolved(program: Any, rounds: int, points: np.ndarray) -> float:
    """Seconds of the fastest generation."""
    from bioplast import learning

    spikes, labels = samples()
    clock: list[float] = []
    learning.evolve(
        program,
        {"input": spikes},
        labels,
        train={"first.w": FIRST, "second.w": SECOND},
        loss=loss,
        strategy="OpenAI-ES" if importlib.util.find_spec("evosax") else "cem",
        population=len(points),
        generations=rounds + 1,
        values=split(points[0]),
        progress=lambda found: clock.append(time.perf_counter()),
    )
    return float(min(np.diff(clock)))


def mapped(program: Any, rounds: int, points: np.ndarray) -> tuple[float, np.ndarray]:
    """Seconds of the fastest call of `jax.vmap` over all networks, and their losses."""
    import jax

    def one(point: Any, spikes: Any, labels: Any) -> Any:
        return jax.vmap(loss)(program.batch(split(point), {"input": spikes}), labels).mean()

    call = jax.jit(jax.vmap(one, (0, None, None)))
    found = np.asarray(call(points, *samples()))
    return fastest(lambda: jax.block_until_ready(call(points, *samples())), rounds), found


def compare(told: np.ndarray, others: Any) -> None:
    """End with a line where networks disagree."""
    apart = np.abs(np.asarray(others) - told)
    if np.median(apart) > 1e-3 * np.median(told):  # rounding may move a spike of few networks
        sys.exit(f"the networks disagree: their losses are {np.median(apart):.3g} apart")


def main(rounds: int = 5, population: int = 256) -> None:
    import jax
    from scipy.special import logsumexp

    spikes, labels = samples()
    points = weights(population)
    load = os.getloadavg()[0]
    program, native = (compiled_for(target) for target in ("jax", "native"))

    @jax.jit
    def one(point: Any, spikes: Any, labels: Any) -> Any:
        return jax.vmap(loss)(program.batch(split(point), {"input": spikes}), labels).mean()

    (by_vmap, told), (by_native, same) = (mapped(each, rounds, points) for each in (program, native))
    compare(told, same)
    ours, on_native = (evolved(each, rounds, points) for each in (program, native))
    few = points[: max(1, population // 32)]
    compare(told, [float(one(point, spikes, labels)) for point in points])  # compiled now
    compiled = fastest(lambda: [float(one(point, spikes, labels)) for point in points], 2)

    def plain(point: np.ndarray) -> float:
        outs = program.batch(split(point), {"input": spikes})
        scores = np.stack([out.states["trace"]["v"].max(axis=0) for out in outs])
        return float((logsumexp(scores, axis=1) - scores[np.arange(SAMPLES), labels]).mean())

    plain(points[0])
    looped = fastest(lambda: [plain(point) for point in few], 1) * population / len(few)
    print(f"{population} networks on {SAMPLES} samples of {STEPS} steps, {os.cpu_count()} cores, load {load:.1f}")
    print(f"learning.evolve on jax                     {ours:8.2f} s a generation")
    print(f"learning.evolve on native                  {on_native:8.2f} s, {ours / on_native:5.1f} times as fast")
    print(f"jax.vmap over the networks of target jax   {by_vmap:8.2f} s")
    print(f"jax.vmap over those of target native       {by_native:8.2f} s, {by_vmap / by_native:5.1f} times as fast")
    print(
        f"Python loop over program.batch             {looped:8.2f} s, {looped / ours:5.1f} times ({len(few)} members)"
    )
    print(f"Python loop over a jitted loss of one      {compiled:8.2f} s, {compiled / ours:5.1f} times")
    if importlib.util.find_spec("evosax") is None:
        return print("evosax left out: pip install 'bioplast[evolution]'")
    command = [sys.executable, "-m", "benchmarks.evolution", "--peer", str(rounds), str(population)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr)
    theirs = json.loads(done.stdout)
    compare(told, theirs["losses"])
    other = min(theirs["seconds"])
    print(f"evosax with a network by hand, plain JAX   {other:8.2f} s; ours takes {ours / other:.2f} of its time")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--peer"]:
        peer(*map(int, sys.argv[2:]))
    else:
        main(*map(int, sys.argv[1:]))
