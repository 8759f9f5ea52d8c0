"""Target native beside what else there is: long recurrent networks, many cells, assessments, threads, compile time.

    python -m benchmarks.native [recurrent | cells | assess | threads | compile] ...

Each line says what is measured, and what comes of it; all stand beside each other in one run.

- `recurrent`: a training step of 700-1024-20 with recurrence, 1,000 steps, batch 64, beside target jax and the peers on
  PyTorch: time, and the memory of a process in all and without what the imports take. All take turns, after each has
  shown the same spikes and gradients (benchmarks/peers/recurrent; what follows is for that).
- `cells`: 10,000 cells of Izhikevich for 10,000 steps, on native and on cpp in turns, each compiled before, after both
  have had the same spikes.
- `assess`: `bioplast.assess` of izhikevich-2003, on native and on its own target: all verdicts, and the seconds of each
  in processes of their own, of the clock and of the processor (with compiling, imports and programs that are started),
  with empty caches and once more with what is on disk then.
- `threads`: a training step of 100-256-10, 100 steps, batch 256, by one thread and by two in turns, and whether both
  have the same gradient to the last bit.
- `compile`: what target native takes to be ready for training that network, with empty caches and with what is on disk
  then, each in a new process, and beside it what XLA takes after that.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent


def child(*words: str, cache: str | None = None) -> dict[str, Any]:
    """What a part of this says in a process of its own."""
    environment = {**os.environ, **({"BIOPLAST_CACHE": cache} if cache else {})}
    call = [sys.executable, "-W", "ignore", "-m", "benchmarks.native", "--here", *words]
    done = subprocess.run(call, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def in_turns(calls: dict[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    """Seconds of each call in each round, after one that is not counted."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for turn in range(rounds + 1):
        for name, call in calls.items():
            taken = call()
            if turn:
                times[name].append(taken)
    return times


def told(name: str, found: list[float], than: list[float]) -> str:
    return (
        f"{name:12} least {1e3 * min(found):9.2f} ms, median {1e3 * statistics.median(found):9.2f} ms; "
        f"x {min(found) / min(than):.2f}, x {statistics.median(found) / statistics.median(than):.2f}"
    )


# Many cells -----------------------------------------------------------------------------------------------------------


def cells(rounds: int) -> None:
    """Izhikevich's cells, regular spiking to bursting, each with an input of its own."""
    import brian2

    import bioplast

    size, steps = 10_000, 10_000
    neuron = bioplast.load("izhikevich-2003")
    group, rng = neuron.group(size, name="cells"), np.random.default_rng(1)
    group.I = rng.uniform(4, 12, size) * brian2.mV / brian2.ms
    mixed = rng.random(size) ** 2
    group.c, group.d = (-65 + 15 * mixed) * brian2.mV, (8 - 6 * mixed) * brian2.mV / brian2.ms
    net = brian2.Network(group, brian2.SpikeMonitor(group, name="spikes"))
    programs = {target: bioplast.compile(net, steps * neuron.dt, target, namespace={}) for target in ("native", "cpp")}
    outs = {target: program(seed=1) for target, program in programs.items()}
    for one, other in zip(*(out.events("spikes") for out in outs.values()), strict=True):
        assert len(one) and np.array_equal(one, other), "the spikes differ"
    print(f"{size:,} cells, {steps:,} steps, {len(one):,} equal spikes; without compiling, x of target cpp")
    del outs
    found = in_turns({t: lambda p=p: p(seed=1).seconds for t, p in programs.items()}, rounds)
    for target, times in found.items():
        print(told(target, times, found["cpp"]), flush=True)


# An assessment --------------------------------------------------------------------------------------------------------


def assess(patterns: str, budget: int, starts: int) -> None:
    order = [patterns, str(budget), str(starts)]
    found: dict[str, list[dict[str, Any]]] = {}
    for target in ("native", "cpp"):
        with tempfile.TemporaryDirectory() as cache:
            found[target] = [child("assess", target, *order, cache=cache) for _ in range(2)]
    verdicts = {target: each[1]["verdicts"] for target, each in found.items()}
    same = [letter for letter, verdict in verdicts["cpp"].items() if verdicts["native"][letter] == verdict]
    print(
        f"izhikevich-2003, budget {budget}, {starts} starts: {len(same)} of {len(verdicts['cpp'])} verdicts are equal"
    )
    for letter in sorted(set(verdicts["cpp"]) - set(same)):
        print(f"  {letter}: native {verdicts['native'][letter]!r}, cpp {verdicts['cpp'][letter]!r}")
    for k, when in enumerate(("with empty caches", "once more")):
        for name, of in (("seconds", ""), ("processor", " of the processor")):
            one, other = found["native"][k][name], found["cpp"][k][name]
            print(
                f"{when:18} native {one:7.1f} s{of}, cpp {other:7.1f} s{of}: cpp takes {other / one:.2f} times as long"
            )


def assessed(target: str, patterns: str, budget: str, starts: str) -> dict[str, Any]:
    import bioplast

    begin = time.perf_counter()
    card = bioplast.assess("izhikevich-2003", patterns, int(budget), starts=int(starts), target=target, progress=False)
    seconds, used = time.perf_counter() - begin, os.times()
    processor = used.user + used.system + used.children_user + used.children_system
    return {
        "seconds": seconds,
        "processor": processor,
        "verdicts": {letter: result.verdict for letter, result in card.results.items()},
    }


# Training of the dense task -------------------------------------------------------------------------------------------


def dense(threads: int | None = None) -> tuple[Any, Any, Any]:
    """The program of benchmarks/peers' network, its weights, and its loss as a function of them."""
    import brian2

    import bioplast

    from .peers.network import LATER, network
    from .peers.task import Task

    task = Task()
    made = network(task)
    begin = time.perf_counter()
    program = bioplast.compile(
        made, (task.steps + LATER) * brian2.ms, "native", surrogate=bioplast.SuperSpike(beta=1), dtype="float32",
        threads=threads, namespace={},
    )  # fmt: skip
    dense.compiling = time.perf_counter() - begin  # type: ignore[attr-defined]
    import jax
    import jax.numpy as jnp

    spikes, labels = task.data(0)
    rasters = jnp.asarray(np.pad(spikes, ((0, LATER), (0, 0), (0, 0))).swapaxes(0, 1))
    weights = {f"{name}.w": jnp.asarray(w.ravel()) for name, w in zip(("first", "second"), task.weights(), strict=True)}

    def loss(weights: Any) -> Any:
        counts = program.batch(weights, {"input": rasters}).raster("spikes").sum(axis=1)
        return -jnp.take_along_axis(jax.nn.log_softmax(counts), labels[:, None], axis=1).mean()

    return program, weights, loss


def threads(rounds: int) -> None:
    import jax

    calls, gradients = {}, {}
    for count in (1, 2):
        _, weights, loss = dense(count)
        step = jax.jit(jax.value_and_grad(loss))
        gradients[count] = jax.device_get(step(weights)[1])

        def call(step: Any = step, weights: Any = weights) -> float:
            begin = time.perf_counter()
            jax.block_until_ready(step(weights))
            return time.perf_counter() - begin

        calls[f"{count} thread{'s' * (count > 1)}"] = call
    same = all(np.array_equal(one, gradients[2][name]) for name, one in gradients[1].items())
    print(
        f"training step of 100-256-10, 100 steps, batch 256; gradients {'equal to the last bit' if same else 'DIFFER'}"
    )
    found = in_turns(calls, rounds)
    for name, times in found.items():
        print(told(name, times, found["2 threads"]))


def compiling(rounds: int) -> None:
    found: dict[str, list[dict[str, float]]] = {"with empty caches": [], "from the disk": []}
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as cache:
            for each in found.values():
                each.append(child("compile", cache=cache))
    print(
        f"seconds until training of 100-256-10 can begin, least of {rounds} processes each, what they import left out"
    )
    for when, each in found.items():
        print(f"{when:18} " + ", ".join(f"{part} {min(one[part] for one in each):.2f}" for part in each[0]))


def compiled() -> dict[str, float]:
    """The seconds of each part of getting ready, in this process."""
    import jax

    import bioplast.program.native.program  # noqa: F401  what is imported is not compiled
    from bioplast.program.native import library
    from bioplast.program.native.adjoint import Wanted

    jax.block_until_ready(jax.numpy.zeros(3) + 1)
    program, weights, loss = dense()
    begin = time.perf_counter()
    program._foreign(Wanted(frozenset(weights)))  # the way back as a library
    library.loop(program.dtype)
    native = dense.compiling + time.perf_counter() - begin  # type: ignore[attr-defined]
    begin = time.perf_counter()
    traced = jax.jit(jax.value_and_grad(loss)).lower(weights)
    tracing, begin = time.perf_counter() - begin, time.perf_counter()
    traced.compile()
    return {"target native": native, "JAX's tracing": tracing, "XLA": time.perf_counter() - begin}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help="recurrent, cells, assess, threads, compile")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--patterns", default="ABCDEFGHIJKLMNOPQRST")
    parser.add_argument("--budget", type=int, default=3000)
    parser.add_argument("--starts", type=int, default=3)
    parser.add_argument("--here", nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.here:
        part, *words = options.here
        print(json.dumps({"assess": assessed, "compile": compiled}[part](*words)))
        return
    parts: dict[str, Callable[[], Any]] = {
        "threads": lambda: threads(4 * options.rounds),
        "compile": lambda: compiling(options.rounds),
        "cells": lambda: cells(options.rounds),
        "assess": lambda: assess(options.patterns, options.budget, options.starts),
        # in a process of its own: what this one holds would count as the memory of its children
        "recurrent": lambda: subprocess.run(
            [sys.executable, "-W", "ignore", "-m", "benchmarks.peers.recurrent"], cwd=ROOT, check=True
        ),
    }
    if unknown := sorted(set(options.parts) - set(parts)):
        parser.error(f"{unknown[0]!r} is no part: {', '.join(parts)}")
    for part in options.parts or parts:
        print(f"== {part}", flush=True)
        parts[part]()


if __name__ == "__main__":
    main()
