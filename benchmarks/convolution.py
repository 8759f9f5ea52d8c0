"""What a training step of a convolutional spiking network costs along declared connections, on target jax.

    python -m benchmarks.convolution [CASE ...]

Cases, each in a process of its own, in float32: `base` is 16C3-AP2-32C3-AP2-128-10 on images of 28 x 28, T = 8, batch
64; `declared` and `explicit` are 4C3-AP2-8C3-AP2-32-10 at batch 16, with and without a list of the synapses, after a
check that both have the same spikes and gradients; `paper` is 128C3-AP2-256C3-AP2-256C3-AP2-512-10 at batch 16, whose
list would be of 310 million synapses. A step is forward, backward and Adam; what is told is the least of some and the
largest memory of the process, all of Python included.
Then `peers`, with the extra [peers]: snnTorch, Norse and SpikingJelly, through torch.compile too, at the same widths
(benchmarks/peers/convolutional), taking turns after all have shown the same spikes and gradients.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from typing import Any

import brian2
import jax
import jax.numpy as jnp
import numpy as np
import optax
from brian2 import ms

import bioplast
from bioplast import connection, learning

STEPS, DT = 8, 1 * ms
delta = bioplast.Synapse("w : 1", on_pre="v_post += w", requires_post={"v": 1}, name="delta")
# channels of the convolutions, neurons of the dense layer, batch, whether explicit
CASES: dict[str, tuple[tuple[int, ...], int, int, bool]] = {
    "base": ((16, 32), 128, 64, False),
    "declared": ((4, 8), 32, 16, False),
    "explicit": ((4, 8), 32, 16, True),
    "paper": ((128, 256, 256), 512, 16, False),
}


def connections(channels: tuple[int, ...], neurons: int) -> list[connection.Connection]:
    """Convolutions of 3 x 3, each pooled, then two dense layers."""
    found: list[connection.Connection] = [connection.convolution((1, 28, 28), channels[0], 3, padding=1)]
    for kernels in channels[1:]:
        pool = connection.average_pooling(found[-1].shape, 2)
        found.append(pool.then(connection.convolution, kernels=kernels, size=3, padding=1))
    found.append(connection.average_pooling(found[-1].shape, 2).then(connection.dense, neurons=neurons))
    return [*found, connection.dense(neurons, 10)]


def network(layers: list[connection.Connection], explicit: bool) -> tuple[brian2.Network, dict[str, Any]]:
    """The network, and by the key of each value that is trained the index of its weights or None."""
    rng = np.random.default_rng(0)
    groups: list[Any] = [brian2.SpikeGeneratorGroup(layers[0].inputs, [], [] * ms, dt=DT, name="source")]
    synapses, trained = [], {}
    leak = {"namespace": {"tau": 4 * ms}, "method": "euler", "dt": DT}
    for n, layer in enumerate(layers):
        spiking = {} if layer is layers[-1] else {"threshold": "v > 0.4", "reset": "v -= 0.4"}
        groups.append(brian2.NeuronGroup(layer.neurons, "dv/dt = -v/tau : 1", name=f"cells{n}", **spiking, **leak))
        into = layer.weights[0] if len(layer.weights) == 2 else int(np.prod(layer.weights[1:]))
        # some spikes in every layer: a tenth of the neurons before are active
        weights = layer.share * rng.normal(0.3 / into**0.5, 1.5 / into**0.5, layer.weights)
        if explicit:
            i, j, k = layer.pairs()
            weights, trained[f"w{n}.w"] = weights.reshape(-1)[k], k
            synapses.append(delta.connect(*groups[-2:], i=i, j=j, w=weights, name=f"w{n}", dt=DT))
        else:
            trained[f"w{n}_kernels.w"] = None
            synapses.append(delta.connect(*groups[-2:], along=layer, w=weights, name=f"w{n}", dt=DT))
    trace = brian2.StateMonitor(groups[-1], "v", record=True, dt=DT, when="end", name="trace")
    counts = brian2.SpikeMonitor(groups[2], name="spikes")
    return brian2.Network(*groups, *synapses, trace, counts), trained


def training(case: str, dtype: str) -> tuple[Any, dict[str, Any], Any]:
    """Program, kernels by their keys, and the loss as a function of them and of a batch."""
    channels, neurons, _, explicit = CASES[case]
    net, trained = network(connections(channels, neurons), explicit)
    surrogate = bioplast.Rectangle(unit=1)
    program = bioplast.compile(net, STEPS * DT, "jax", dtype=dtype, surrogate=surrogate, namespace={})
    kernels = {}
    for key, k in trained.items():
        w = program.values[key].astype(dtype)
        kernels[key] = w if k is None else w[np.unique(k, return_index=True)[1]]

    def loss(kernels: Any, rasters: Any, labels: Any) -> Any:
        values = {key: w if trained[key] is None else w[trained[key]] for key, w in kernels.items()}
        scores = program.batch(values, {"source": rasters}).states["trace"]["v"].mean(axis=1)
        return jax.vmap(learning.cross_entropy)(scores, labels).mean()

    return program, kernels, loss


def batch_of(size: int) -> tuple[Any, Any]:
    rng = np.random.default_rng(1)
    return jnp.asarray(rng.random((size, STEPS, 784)) < 0.13), jnp.asarray(rng.integers(0, 10, size))


def measure(case: str) -> dict[str, float]:
    """Seconds of compiling and of a step, and MiB, of a case in this process."""
    begin = time.perf_counter()
    program, kernels, loss = training(case, "float32")  # before JAX counts its devices: one for each core
    read = time.perf_counter() - begin
    rasters, labels = batch_of(CASES[case][2])
    optimiser = optax.adam(1e-3)

    @jax.jit
    def step(kernels: Any, state: Any, rasters: Any, labels: Any) -> Any:
        found, slope = jax.value_and_grad(loss)(kernels, rasters, labels)
        change, state = optimiser.update(slope, state)
        return optax.apply_updates(kernels, change), state, found

    kernels, state = program.replicated((kernels, optimiser.init(kernels)))
    times = []
    for _ in range(2 if case == "paper" else 6):
        begin = time.perf_counter()
        kernels, state, found = jax.block_until_ready(step(kernels, state, rasters, labels))
        times.append(time.perf_counter() - begin)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"read": read, "first": times[0], "step": min(times[1:]), "memory": memory, "loss": float(found)}


def check() -> str:
    """That both kinds of the small network have the same spikes and gradients, in float64."""
    rasters, labels = batch_of(4)
    found = []
    with jax.enable_x64(True):
        for case in ("explicit", "declared"):
            program, kernels, loss = training(case, "float64")
            slopes = jax.device_get(jax.jit(jax.grad(loss))(kernels, rasters, labels))
            spikes = [program(inputs={"source": np.asarray(raster)}).raster("spikes") for raster in rasters]
            found.append((list(slopes.values()), np.array(spikes)))
    (one, listed), (other, declared) = found
    assert np.array_equal(listed, declared) and listed.any(), "the spikes differ"
    apart = max(float(np.abs(a - b).max() / np.abs(a).max()) for a, b in zip(one, other, strict=True))
    assert apart < 1e-9, f"the gradients differ by {apart:.1e}"
    return f"declared and explicit: {listed.sum()} equal spikes, gradients apart by {apart:.0e} of the largest"


def main(cases: list[str]) -> None:
    if cases[:1] == ["--here"]:
        print(json.dumps(measure(cases[1])))
        return
    if cases == ["--check"]:
        print(check())
        return
    unknown = [case for case in cases if case not in (*CASES, "peers")]
    if unknown:
        sys.exit(f"{unknown[0]!r} is no case: {', '.join(CASES)}, peers")
    cases = cases or [*CASES, "peers"]
    sizes([case for case in cases if case in CASES])
    if "peers" in cases:
        # in a process of its own: what this one holds would count as the memory of its children
        subprocess.run([sys.executable, "-W", "ignore", "-m", "benchmarks.peers.convolutional"], check=True)


def sizes(cases: list[str]) -> None:
    """Our own network in several sizes."""
    if "explicit" in cases:
        subprocess.run([sys.executable, "-m", "benchmarks.convolution", "--check"], check=True)
    if not cases:
        return
    print(f"{'case':10} {'synapses':>13} {'to read':>8} {'first step':>10} {'step':>9} {'memory':>10}")
    for case in cases:
        size = sum(layer.synapses for layer in connections(*CASES[case][:2]))
        command = [sys.executable, "-m", "benchmarks.convolution", "--here", case]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        row = json.loads(done.stdout.splitlines()[-1])
        print(
            f"{case:10} {size:13,} {row['read']:6.2f} s {row['first']:8.2f} s {row['step'] * 1e3:6.0f} ms "
            f"{row['memory']:6.0f} MiB",
            flush=True,
        )


if __name__ == "__main__":
    main(sys.argv[1:])
