"""NeuroML files of ours as PyLEMS 0.6.9 and jNeuroML 0.14.0 run them, made by benchmarks/neuroml_files.py.

Both step by forward Euler, and so do we. PyLEMS records what there is after each step, jNeuroML before it, but lets
pulses and events act a step earlier; so the values of both are those of our next step, wherever a cell is moved by a
pulse or by events alone.
"""

from __future__ import annotations

from xml.etree import ElementTree

import neuroml_files
import numpy as np
import pytest
from brian2 import StateMonitor, ms

import bioplast
from bioplast import exchange

#: Relative to the largest value: rounding, some hundred steps of arithmetic in another order, which the steep part of a
#: spike makes larger; single precision in the files of jNeuroML.
TOLERANCE = {"pylems": 1e-10, "jneuroml": 2.0**-23}


@pytest.fixture(scope="module")
def traces():
    with np.load(neuroml_files.FOLDER / "traces.npz", allow_pickle=False) as stored:
        return {name: stored[name] for name in stored.files}


def ours(network, duration):
    """Every recorded trace by NeuroML's name of its quantity, and the spikes of each group."""
    out = bioplast.compile(network, duration, target="numpy")()
    return {
        f"{monitor.source.name}[{k}]/{name}": np.asarray(out.states[monitor.name][name])[:, k]
        for monitor in network.objects
        if isinstance(monitor, StateMonitor)
        for name in monitor.record_variables
        for k in monitor.record
    }


@pytest.mark.parametrize("name", neuroml_files.NETWORKS)
def test_the_files_that_were_run_are_those_that_are_written(tmp_path, name):
    path = exchange.write_neuroml(neuroml_files.NETWORKS[name][0](), tmp_path / f"{name}.nml")

    def parts(file):
        return [(e.tag, e.attrib) for e in ElementTree.parse(file).iter() if not e.tag.endswith("notes")]

    assert parts(path) == parts(neuroml_files.FOLDER / f"{name}.nml")


def compared(traces, found, name, tool):
    """Compare all traces of a run; returns how many."""
    many = 0
    for quantity, values in found.items():
        theirs = traces[f"{name} {tool} {quantity}"][: len(values) - 1]
        difference = np.abs(theirs - values[1:]).max()
        assert difference <= TOLERANCE[tool] * max(np.abs(values).max(), 1e-12), (name, tool, quantity)
        assert np.ptp(values) > 0, quantity
        many += 1
    return many


def test_every_cell_is_pylems_step_by_step(traces):
    # each rests as many steps: AS_PYLEMS says why the numbers differ
    found = ours(neuroml_files.cells(neuroml_files.AS_PYLEMS), neuroml_files.NETWORKS["cells"][1])
    resets = [(np.diff(values) < -5e-3).sum() for quantity, values in found.items() if quantity.endswith("[1]/v")]
    assert min(resets) >= 1
    assert compared(traces, found, "cells", "pylems") == 24
    assert compared(traces, ours(neuroml_files.slow(), neuroml_files.NETWORKS["slow"][1]), "slow", "pylems") == 2


def at_reset(values, reset):
    """For how many values in a row a trace lies at its reset, after each spike that is followed by another."""
    there = np.isclose(values, reset, rtol=0, atol=1e-8).astype(int)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], there, [0]])))
    return (edges[1::2] - edges[::2])[1:-1]


def test_a_refractory_period_is_two_steps_longer_in_both_tools(traces):
    found = ours(neuroml_files.cells(neuroml_files.REFRACT), neuroml_files.NETWORKS["cells"][1])
    for quantity, reset in (("iafRef[1]/v", -70e-3), ("adExIaF[1]/v", -48.5e-3)):
        assert set(at_reset(found[quantity], reset)) == {20}
        for tool in TOLERANCE:
            assert set(at_reset(traces[f"cells {tool} {quantity}"], reset)) == {22}


def test_every_synapse_is_pylems_step_by_step(traces):
    found = ours(neuroml_files.synapses(), neuroml_files.NETWORKS["synapses"][1])
    assert compared(traces, found, "synapses", "pylems") == 5
    assert any((np.diff(values) < -5e-3).any() for name, values in found.items() if name.startswith("onto"))


def test_weights_delays_and_many_cells_are_those_of_jneuroml(traces):
    found = ours(neuroml_files.weighted(), neuroml_files.NETWORKS["weighted"][1])
    assert compared(traces, found, "weighted", "jneuroml") == 5
    assert (np.diff(found["after[0]/v"]) < -5e-3).any()


def test_jneuroml_agrees_on_synapses_and_sources_of_spikes(traces):
    for name, make in (("synapses", neuroml_files.synapses), ("sources", lambda: neuroml_files.sources(0 * ms))):
        found = ours(make(), neuroml_files.NETWORKS[name][1])
        assert compared(traces, found, name, "jneuroml") == len(found)


def test_jneuroml_agrees_on_cells_that_a_pulse_moves(traces):
    found = ours(neuroml_files.cells(), neuroml_files.NETWORKS["cells"][1])
    found = {quantity: values for quantity, values in found.items() if quantity.startswith(("iaf[", "izhikevich["))}
    assert compared(traces, found, "cells", "jneuroml") == 6


def test_a_file_that_libneuroml_0_6_7_wrote():
    network = exchange.read_neuroml(neuroml_files.FOLDER / "libneuroml.nml")
    cells, simple, synapses = (network[name] for name in ("pyramids", "simple", "recurrent"))
    assert len(cells) == 3
    for name, value in {"C": 0.2e-9, "thresh": -0.055, "leakConductance": 1e-8, "refract": 2.05e-3}.items():
        assert np.array_equal(getattr(cells, f"{name}_")[:], [value] * 3), name
    assert simple.c[:].tolist() == [-65.0, -65.0]
    # the pulse of the inputList and that of the explicitInput, in the order of the file
    assert np.array_equal(cells.amplitude_input0_[:], [0.4e-9, 0, 0])
    assert np.array_equal(cells.amplitude_input1_[:], [0.4e-9, 0, 0])
    assert simple.amplitude_input0[:].tolist() == [0.0, 10.0]
    assert list(zip(synapses.i[:], synapses.j[:], synapses.weight[:], strict=True)) == [(0, 1, 1.0), (0, 2, 1.5)]
    assert np.array_equal(synapses.pre.delay_[:], [0, 3e-3])
    assert float(synapses.gbase_[:]) == 2e-9
    assert float(cells.tauRise_ampa_[:]) == 5e-4
    network.add(StateMonitor(cells, "v", record=True, name="cells_seen"))
    seen = np.asarray(bioplast.compile(network, 60 * ms, target="numpy")().states["cells_seen"]["v"])
    # 0.8 nA: from rest to threshold in tau*log(80/65), and the others are excited
    first = np.flatnonzero(np.diff(seen[:, 0]) < -5e-3)[0] * 0.1
    assert abs(first - (5 + 20 * np.log(80 / 65))) < 0.2
    assert seen[:, 2].max() > seen[:, 1].max() > -0.069
