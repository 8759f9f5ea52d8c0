"""Networks written as NeuroML files and run by its own simulators, PyLEMS and jNeuroML, with the traces each gives.

``python -m benchmarks.neuroml_files`` makes `tests/exchange/files/neuroml`, or another folder that is named, and checks
the files by NeuroML's schema; libNeuroML writes one of its own. `tests/exchange/test_neuroml_tools.py` compares them
with ours, `tests/exchange/test_tools_themselves.py` makes them again. It needs
``pip install --no-deps PyLEMS==0.6.9 pyNeuroML==1.3.22 libNeuroML==0.6.7 lxml networkx natsort`` and Java,
without which jNeuroML is left out: pyNeuroML brings jNeuroML 0.14.0, in which the core types of NeuroML are; what else
it needs is half a gigabyte.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import logging
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
from brian2 import Clock, Network, SpikeGeneratorGroup, StateMonitor, ms, mV, nA, nS, pA, pF, prefs, second

from bioplast import exchange
from bioplast.exchange.neuroml.cells import CELLS
from bioplast.exchange.neuroml.synapses import SYNAPSES, pulse, receptor, synapse

FOLDER = Path(__file__).resolve().parent.parent / "tests" / "exchange" / "files" / "neuroml"
#: A refractory period in the middle of a step of 0.1 ms, so that rounding does not decide how long it is.
REFRACT = 2.05 * ms
#: With a period of m whole steps Brian2 has a cell at its reset for m values, PyLEMS and jNeuroML for m + 2.
AS_PYLEMS = 2.25 * ms


def watched(*groups: Any) -> list[StateMonitor]:
    """A monitor of all that a group integrates beside its synapses."""
    found = []
    for group in groups:
        names = [name for name in ("v", "U", "u", "w", "V", "W") if name in group.equations.diff_eq_names]
        found.append(StateMonitor(group, names, record=True, name=f"{group.name}_states", clock=group.clock))
    return found


def cells(refract: Any = REFRACT) -> Network:
    """Two cells of every kind but one, with a pulse where they take one."""
    clock = Clock(0.1 * ms)
    current = {"delay_input0": 10.05 * ms, "duration_input0": 40 * ms}
    strength: dict[str, Any] = {
        "iafCell": [0.3, 0.5] * nA,
        "iafRefCell": [0.3, 0.5] * nA,
        "izhikevichCell": [5.0, 10.0],
        "izhikevich2007Cell": [100.0, 300.0] * pA,
        "adExIaFCell": [0.7, 1.0] * nA,
    }
    more: dict[str, Any] = {
        "iafTauRefCell": {"refract": refract},
        "iafRefCell": {"refract": refract},
        "adExIaFCell": {"refract": refract},
        "fitzHughNagumo1969Cell": {"I": 0.5},
    }
    groups = []
    for kind, neuron in CELLS.items():
        if kind == "fitzHughNagumoCell":
            continue
        values: dict[str, Any] = more.get(kind, {})
        if neuron.input:
            neuron = neuron + pulse(0, "pulseGeneratorDL" if kind == "izhikevichCell" else "pulseGenerator")
            values = {**values, **current, "amplitude_input0": strength[kind]}
        groups.append(neuron.group(2, name=kind.removesuffix("Cell"), clock=clock, **values))
    return Network(*groups, *watched(*groups))


def slow() -> Network:
    """A fitzHughNagumoCell, whose time is in seconds."""
    group = CELLS["fitzHughNagumoCell"].group(1, name="slow", clock=Clock(0.02 * second))
    return Network(group, *watched(group))


def synapses() -> Network:
    """Every synapse, from a cell onto a cell of its own; populations of one cell.

    The cells after come before the one before them in the file, so that a spike acts in the next step for PyLEMS, too.
    """
    clock = Clock(0.1 * ms)
    driver = (CELLS["iafCell"] + pulse(0, "pulseGenerator")).group(
        1, name="z_driver", clock=clock, amplitude_input0=0.5 * nA, delay_input0=10.05 * ms, duration_input0=40 * ms
    )
    return Network(driver, *onto(driver), *watched(driver))


def sources(early: Any = 0.05 * ms) -> Network:
    """Every synapse, from a spikeArray, which PyLEMS 0.6.9 leaves silent in a population; for jNeuroML.

    It sends a spike in the first step that does not lie before it, Brian2 in the step in which it lies: `early` is how
    much earlier it has to be in the file, so that rounding does not decide.
    """
    times = [3.0, 12.0, 13.5] * ms - early
    source = SpikeGeneratorGroup(1, [0, 0, 0], times, name="source", clock=Clock(0.1 * ms))
    return Network(source, *onto(source))


def onto(before: Any) -> list[Any]:
    """A cell behind each synapse, with what connects it and a monitor."""
    clock = before.clock
    objects: list[Any] = []
    for kind, fields in SYNAPSES.items():
        values: dict[str, Any] = {"tauRise": 1 * ms, "tauDecay": 4 * ms, "tau": 3 * ms, "erev": 0 * mV}
        cell = CELLS["iafCell"] + receptor(kind, "s")
        group = cell.group(
            1,
            name=f"onto_{kind}",
            clock=clock,
            **{f"{name}_s": value for name, value in values.items() if name in fields},
        )
        base: dict[str, Any] = {"ibase": 0.4 * nA} if "ibase" in fields else {"gbase": 24 * nS}
        made = synapse(kind, "s").connect(before, group, name=f"to_{kind}", clock=clock, **base)
        objects += [group, made, *watched(group)]
    return objects


def weighted() -> Network:
    """Weights, delays and several cells in a population, which PyLEMS 0.6.9 does not tell apart; for jNeuroML.

    Delays lie a little above a multiple of the step: jNeuroML takes the step before, Brian2 the nearest.
    """
    clock = Clock(0.1 * ms)
    before = (CELLS["iafCell"] + pulse(0, "pulseGenerator")).group(
        3, name="z_before", clock=clock, amplitude_input0=[0.3, 0.4, 0.5] * nA,
        delay_input0=[10.05, 12.05, 5.05] * ms, duration_input0=40 * ms,
    )  # fmt: skip
    after = (CELLS["iafCell"] + receptor("expTwoSynapse", "fast") + receptor("expOneSynapse", "inhibitory")).group(
        2, name="after", clock=clock, C=100 * pF, tauRise_fast=0.5 * ms, tauDecay_fast=3 * ms, erev_fast=0 * mV,
        tauDecay_inhibitory=8 * ms, erev_inhibitory=-80 * mV,
    )  # fmt: skip
    fast = synapse("expTwoSynapse", "fast").connect(
        before, after, i=[0, 1, 2], j=[0, 0, 1], weight=[0.5, 2.0, 1.5], delay=[1.03, 2.53, 0.33] * ms, name="fast_of",
        clock=clock, gbase=20 * nS,
    )  # fmt: skip
    slow_one = synapse("expOneSynapse", "inhibitory").connect(
        before, after, i=[2, 1], j=[0, 1], weight=[0.5, 1.0], delay=[0.73, 1.13] * ms, name="inhibitory_of",
        clock=clock, gbase=10 * nS,
    )  # fmt: skip
    return Network(before, after, fast, slow_one, *watched(before, after))


#: Each network with how long it runs and who runs it.
NETWORKS: dict[str, tuple[Callable[[], Network], Any, tuple[str, ...]]] = {
    "cells": (cells, 60 * ms, ("pylems", "jneuroml")),
    "slow": (slow, 12 * second, ("pylems", "jneuroml")),
    "synapses": (synapses, 60 * ms, ("pylems", "jneuroml")),
    "sources": (sources, 40 * ms, ("jneuroml",)),
    "weighted": (weighted, 60 * ms, ("jneuroml",)),
}


def jar() -> Path:
    """The jar of jNeuroML within pyNeuroML, which is not imported: its own needs are not there."""
    found = importlib.util.find_spec("pyneuroml")
    if found is None or found.origin is None:
        raise SystemExit("pyNeuroML is needed: pip install --no-deps pyNeuroML==1.3.22")
    return next((Path(found.origin).parent / "lib").glob("jNeuroML*.jar"))


def by_pylems(lems: Path, types: Path) -> dict[str, np.ndarray]:
    """What PyLEMS records, by quantity: the value after each step."""
    from lems.model.model import Model
    from lems.sim.build import SimulationBuilder

    logging.disable(logging.CRITICAL)
    with contextlib.redirect_stdout(io.StringIO()):
        model = Model()
        model.add_include_directory(str(types))
        model.import_from_file(str(lems))
        simulation = SimulationBuilder(model.resolve()).build()
        simulation.run()
    found: dict[str, np.ndarray] = {}
    waiting, seen = list(simulation.runnables.values()), set()
    while waiting:
        each = waiting.pop()
        if id(each) not in seen:
            seen.add(id(each))
            waiting += [*each.children.values(), *each.array]
            for recording in each.recorded_variables:
                found[recording.full_path] = np.array([value for _, value in recording.values])
    return found


def by_jneuroml(lems: Path) -> dict[str, np.ndarray]:
    """What jNeuroML records, by quantity, in the single precision of its files."""
    subprocess.run(["java", "-jar", str(jar()), lems.name, "-nogui"], cwd=lems.parent, check=True, capture_output=True)
    columns = [each.get("quantity") for each in ElementTree.parse(lems).iter("OutputColumn")]
    table = np.loadtxt(lems.parent / f"{lems.stem.removeprefix('LEMS_')}.dat")
    return dict(zip(map(str, columns), table[:, 1:].astype(np.float32).T, strict=True))


def by_libneuroml(path: Path) -> None:
    """Write a file with libNeuroML: a populationList, plain and weighted connections, inputs."""
    import neuroml
    from neuroml import writers

    document = neuroml.NeuroMLDocument(id="document")
    document.iaf_ref_cells.append(
        neuroml.IafRefCell(
            id="iaf", C="0.2 nF", thresh="-55 mV", reset="-70mV", leak_conductance="0.01 uS", leak_reversal="-0.07V",
            refract="2.05e-3 s",
        )
    )  # fmt: skip
    document.izhikevich_cells.append(
        neuroml.IzhikevichCell(id="iz", v0="-70mV", thresh="30mV", a="0.02", b="0.2", c="-65.0", d="6")
    )
    document.exp_two_synapses.append(
        neuroml.ExpTwoSynapse(id="ampa", gbase="2nS", erev="0mV", tau_rise="0.5ms", tau_decay="5ms")
    )
    document.pulse_generators.append(
        neuroml.PulseGenerator(id="pulse", delay="5ms", duration="40ms", amplitude="0.4nA")
    )
    document.pulse_generator_dls.append(
        neuroml.PulseGeneratorDL(id="plain", delay="5ms", duration="40ms", amplitude="10")
    )
    network = neuroml.Network(id="network", notes="written by libNeuroML")
    document.networks.append(network)
    listed = neuroml.Population(id="pyramids", component="iaf", type="populationList", size=3)
    for k in range(3):
        listed.instances.append(neuroml.Instance(id=k, location=neuroml.Location(x=10.0 * k, y=0.0, z=0.0)))
    network.populations += [listed, neuroml.Population(id="simple", component="iz", size=2)]
    projection = neuroml.Projection(
        id="recurrent", presynaptic_population="pyramids", postsynaptic_population="pyramids", synapse="ampa"
    )
    projection.connections.append(
        neuroml.Connection(id=0, pre_cell_id="../pyramids/0/iaf", post_cell_id="../pyramids/1/iaf")
    )
    projection.connection_wds.append(
        neuroml.ConnectionWD(
            id=1, pre_cell_id="../pyramids/0/iaf", post_cell_id="../pyramids/2/iaf", weight=1.5, delay="3.0 ms"
        )
    )
    network.projections.append(projection)
    for population, component, target in (
        ("pyramids", "pulse", "../pyramids/0/iaf"),
        ("simple", "plain", "../simple[1]"),
    ):
        inputs = neuroml.InputList(id=f"to_{population}", component=component, populations=population)
        inputs.input.append(neuroml.Input(id=0, target=target, destination="synapses"))
        network.input_lists.append(inputs)
    network.explicit_inputs.append(neuroml.ExplicitInput(target="pyramids[0]", input="pulse"))
    writers.NeuroMLWriter.write(document, str(path))


def check_schema(path: Path) -> None:
    """Check a file by NeuroML's schema 2.3.1, which libNeuroML has, and read it with libNeuroML."""
    import neuroml
    from lxml import etree
    from neuroml import loaders

    schema = etree.XMLSchema(etree.parse(str(Path(neuroml.__file__).parent / "nml" / "NeuroML_v2.3.1.xsd")))
    schema.assertValid(etree.parse(str(path)))
    loaders.NeuroMLLoader.load(str(path))


def main(folder: Path = FOLDER) -> None:
    prefs.codegen.target = "numpy"  # nothing to be compiled for a network that does not run
    folder.mkdir(parents=True, exist_ok=True)
    traces: dict[str, np.ndarray] = {}
    with tempfile.TemporaryDirectory() as scratch:
        with zipfile.ZipFile(jar()) as archive:
            archive.extractall(scratch, [n for n in archive.namelist() if n.startswith("NeuroML2CoreTypes/")])
        for name, (make, duration, tools) in NETWORKS.items():
            path = exchange.write_neuroml(make(), Path(scratch) / f"{name}.nml", duration=duration)
            check_schema(path)
            shutil.copy(path, folder / path.name)
            lems = path.with_name(f"LEMS_{name}.xml")
            for tool in tools:
                if tool == "jneuroml" and shutil.which("java") is None:
                    print(name, tool, "left out: no Java")
                    continue
                found = by_pylems(lems, Path(scratch) / "NeuroML2CoreTypes") if tool == "pylems" else by_jneuroml(lems)
                traces |= {f"{name} {tool} {quantity}": values for quantity, values in found.items()}
                print(name, tool, len(found), "traces")
    np.savez_compressed(folder / "traces.npz", **traces)
    by_libneuroml(folder / "libneuroml.nml")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
