"""Files that other tools wrote, with the spikes that each of them has, made by benchmarks/nir_files.py.

Tools that step by forward Euler take the part dt/tau of the input in a step, the exact solution 1 - exp(-dt/tau), so
that their neurons spike a little more. Norse 1.1.0, snnTorch 1.0.0,
SpikingJelly 2.0.0 and sinabs 3.1.3 with nir 1.0.8.
"""

from __future__ import annotations

from pathlib import Path

import nir
import numpy as np
import pytest
from brian2 import SpikeGeneratorGroup, SpikeMonitor, ms

import bioplast
from bioplast import exchange

FILES = Path(__file__).resolve().parent / "files"


@pytest.fixture(scope="module")
def spikes():
    with np.load(FILES / "spikes.npz", allow_pickle=False) as stored:
        return {name: stored[name] for name in stored.files}


def ours(network, raster, dt):
    """Spikes of the cells, which here come a step after those of the input."""
    network.add(SpikeMonitor(network["node_1"], name="cells_of_file"))
    source = next(obj.name for obj in network.objects if isinstance(obj, SpikeGeneratorGroup))
    late = np.vstack([raster, np.zeros_like(raster[:1])])
    program = bioplast.compile(network, len(late) * dt, target="numpy")
    return program(inputs={source: late}).raster("cells_of_file")[1:]


#: The tool, how its file is read, its step in ms, its time constant in steps.
TOOLS = [("norse", {"tool": "norse"}, 1.0, 10), ("snntorch", {}, 0.1, 20), ("spikingjelly", {"dt": 1 * ms}, 1.0, 10)]


@pytest.mark.parametrize(("tool", "options", "dt", "tau"), TOOLS)
def test_cells_spike_as_those_of_the_tool_but_for_its_euler_steps(spikes, tool, options, dt, tau):
    network = exchange.read_nir(FILES / f"{tool}.nir", **options)
    found = ours(network, spikes["input"], dt * ms).sum()
    theirs = spikes[tool].sum()
    # what a step brings differs by (1/tau)/(1 - exp(-1/tau)) - 1, about 1/(2*tau)
    assert theirs > 100
    assert abs(found - theirs) <= theirs / tau
    # and Euler's own step by hand gives their spikes, so that the file is read as it is meant
    group = network["node_1"]
    nodes = nir.read(FILES / f"{tool}.nir", type_check=False).nodes
    affine = next(node for node in nodes.values() if isinstance(node, nir.Affine))
    gain = group.R_m_[:] * dt * 1e-3 / group.tau_m_[:]
    v, raster = np.zeros(4), []
    for row in spikes["input"]:
        v = v + dt * 1e-3 / group.tau_m_[:] * (group.E_L_[:] - v) + gain * (affine.weight @ row + affine.bias)
        raster.append(v > group.v_th_[:])
        v = np.where(raster[-1], group.v_r_[:], v)
    assert (np.array(raster) != spikes[tool]).sum() <= 2  # they compute in 32 bits


def test_sinabs_steps_exactly(spikes):
    network = exchange.read_nir(FILES / "sinabs.nir", tool="sinabs", dt=1 * ms)
    group = network["node_1"]
    assert np.allclose(group.tau_m_[:], 10e-3)
    made = nir.read(FILES / "sinabs.nir", type_check=False).nodes["0"]
    alpha, v, raster = np.exp(-0.1), np.zeros(4), []
    for row in spikes["input"]:  # its reset takes the threshold off, which NIR has no field for
        v = alpha * v + (1 - alpha) * (made.weight @ row + made.bias)
        raster.append(v > group.v_th_[:])
        v = v - group.v_th_[:] * raster[-1]
    assert (np.array(raster) != spikes["sinabs"]).sum() <= 2
    assert 0 < ours(network, spikes["input"], 1 * ms).sum() <= spikes["sinabs"].sum()


def test_norse_without_the_option_is_refused():
    with pytest.raises(bioplast.BioplastError, match="every time constant lies below the step"):
        exchange.read_nir(FILES / "norse.nir")
