"""The README's example runs as it stands there."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from brian2 import Network, SpikeGeneratorGroup, SpikeMonitor, ms, mV, nA

import bioplast
from bioplast.models import delta_synapse, lif
from bioplast.protocols import surrogate_gradient

README = Path(__file__).resolve().parent.parent / "README.md"


EXAMPLES = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)


@pytest.mark.build
def test_the_example_runs():
    space: dict[str, object] = {}
    exec(EXAMPLES[0], space)
    times, neurons = space["times"], space["neurons"]
    assert len(times) == len(neurons) > 100
    assert np.all(np.diff(times) >= 0)


def test_the_example_of_learning_runs():
    network = surrogate_gradient.network(hidden=5, seed=0)
    spikes, labels = np.random.default_rng(0).random((8, 40, 64)) < 0.05, np.arange(8)
    before = np.array(network["afferents"].w)
    exec(EXAMPLES[1], {"bioplast": bioplast, "ms": ms, "mV": mV, "nA": nA} | locals())
    assert np.any(np.array(network["afferents"].w) != before)


def test_the_example_of_convolutions_runs():
    space: dict[str, object] = {}
    exec(next(text for text in EXAMPLES if "connection.convolution" in text), space)
    program = bioplast.compile(space["network"], 10 * ms, "jax", namespace={})
    out = program(inputs={"pixels": np.random.default_rng(0).random((100, 784)) < 0.05}, seed=0)
    assert 0 < out.raster("spikes").mean() < 0.5
    assert program.values["first_kernels.w"].shape == (16 * 9,)


@pytest.mark.build
def test_the_example_of_a_sweep_runs():
    space: dict[str, object] = {}
    exec(
        next(text for text in EXAMPLES if "bioplast.sweep" in text).replace("seeds=2", "seeds=2, progress=False"), space
    )
    rates = space["table"].grid("rate").mean(axis=-1)
    assert rates.shape == (3, 3)
    assert (np.diff(rates, axis=1) > 0).all()  # with the resistance


def test_the_example_of_files_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    source = SpikeGeneratorGroup(3, [], [] * ms, name="input")
    cells = lif.group(2, name="cells", tau_ref=0 * ms)
    synapses = delta_synapse.connect(source, cells, name="w", w=5 * mV)
    space = {
        "network": Network(source, cells, synapses, SpikeMonitor(cells, name="output")),
        "raster": np.random.default_rng(0).random((1000, 3)) < 0.01,
        "bioplast": bioplast,
        "ms": ms,
    }
    exec(next(text for text in EXAMPLES if "exchange.read_nir" in text), space)
    times, neurons = space["inputs"]["input"]
    assert len(times) == len(neurons) > 2


def test_what_the_readme_points_to_exists():
    for target in re.findall(r"\]\(([^)#]+)\)", README.read_text()):
        assert target.startswith("http") or (README.parent / target).exists(), target
