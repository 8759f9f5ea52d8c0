"""The same network on numpy and on another target: the neurons of many pages in one build, the synapses in another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from brian2 import Network, SpikeGeneratorGroup, SpikeMonitor, TimedArray, ms, nA

import bioplast
from bioplast.definition import Definition, Neuron, Receptor, Synapse
from bioplast.models import lif
from bioplast.program import Output
from bioplast.protocols.zoo.pages.page import Page, made_without_compiling

CELLS = 3  # of each neuron
PIECE = 30.0  # ms: the states are compared after each piece
LEVELS = np.array([1.0, 1.1, 0.6, 1.0, 1.1])  # of the input, one for each piece
INPUTS, TARGETS = 15, 8  # presynaptic trains and postsynaptic cells of the synapses
STEP = 0.1  # ms


def verified(pages: dict[str, Page], part: str, target: str) -> dict[str, dict[str, Any]]:
    """Compare a target with numpy.

    Parameters
    ----------
    pages : dict of Page
    part : {"neurons", "synapses"}
        Which of the pages' models.
    target : str

    Returns
    -------
    found : dict
        For each page what was compared: ``variables`` and how many of them ``moved``, the largest ``deviation`` of
        one, relative to its largest magnitude, and for neurons ``spikes`` and ``apart``, how many of them are not in
        the same time step on both.
    """
    with made_without_compiling():
        network, owners = (_neurons if part == "neurons" else _synapses)(pages)
    programs = {name: bioplast.compile(network, PIECE * ms, name, namespace={}) for name in ("numpy", target)}
    start = programs["numpy"].values
    found: dict[str, dict[str, Any]] = {}
    for expected, other in _pieces(programs["numpy"], programs[target]):
        for page, keys, spikes in owners:
            entry = found.setdefault(page, {"moved": {}, "deviation": 0.0})
            for key in keys:
                one, two = np.asarray(expected.final[key], float), np.asarray(other.final[key], float)
                largest = np.abs(one).max(initial=0) or 1.0
                entry["deviation"] = max(entry["deviation"], float(np.abs(one - two).max(initial=0) / largest))
                moved = entry["moved"].get(key, False)
                entry["moved"][key] = moved or not np.array_equal(one, np.asarray(start[key], float))
            if spikes:
                here, there = (set(zip(o.spikes[spikes].steps.tolist(), o.spikes[spikes].indices.tolist(), strict=True))
                               for o in (expected, other))  # fmt: skip
                entry["spikes"] = entry.get("spikes", 0) + len(here)
                entry["apart"] = entry.get("apart", 0) + len(here ^ there)
    for entry in found.values():
        entry["variables"], entry["moved"] = len(entry["moved"]), sum(entry["moved"].values())
    return found


def _pieces(*programs: Any) -> Iterator[tuple[Output, ...]]:
    """Piece after piece, each program from the values that it ended with."""
    outs: list[Output | None] = [None] * len(programs)
    for _ in LEVELS:
        # the escape noise of a vanishing width overflows to a hazard of infinity, which is what it means
        with np.errstate(over="ignore"):
            outs = [
                program(values=out.final if out else None, seed=1) for program, out in zip(programs, outs, strict=True)
            ]
        yield tuple(out for out in outs if out)


def _state_keys(group: str, definition: Definition) -> list[str]:
    return [f"{group}.{variable}" for variable in definition.state_variables]


def _neurons(pages: dict[str, Page]) -> tuple[Network, list[tuple[str, list[str], str]]]:
    """All neurons, with inputs that go up and down; for each page its variables and its spike monitor."""
    # values of 1 ms: Brian2 takes multiples of larger steps for misaligned, by rounding
    levels = TimedArray(np.repeat(LEVELS, round(PIECE)), dt=1 * ms, name="levels")
    objects: list[Any] = []
    owners = []
    for name, page in pages.items():
        if page.cell is None:
            continue
        group = page.cell.group(
            CELLS,
            name=name.replace("-", "_"),
            dt=page.cell.dt or STEP * ms,
            I="(1 + 0.1*i)*amplitude*levels(t)",
            namespace={"amplitude": page.amplitude, "levels": levels},
            **dict(page.values),
        )
        spikes = SpikeMonitor(group, name=f"{group.name}_spikes")
        objects += [group, spikes]
        keys = [key for key in _state_keys(group.name, page.cell) if not key.endswith(f".{page.cell.external}")]
        owners.append((name, keys, spikes.name))
    return Network(objects), owners


def _synapses(pages: dict[str, Page]) -> tuple[Network, list[tuple[str, list[str], str]]]:
    """Cells with all receptors, and all synapses onto them; for each page its variables."""
    rng = np.random.default_rng(8)
    steps, indices = np.nonzero(rng.random((round(PIECE * len(LEVELS) / STEP), INPUTS)) < 0.004)
    stimulus = SpikeGeneratorGroup(INPUTS, indices, steps * STEP * ms, dt=STEP * ms, name="stimulus")
    shown = {name: page for name, page in pages.items() if page.cell is None}
    receptors = dict.fromkeys(receptor for page in shown.values() for receptor in page.receptors)
    neuron: Neuron = sum(receptors, start=lif)
    cells = neuron.group(TARGETS, dt=STEP * ms, name="cells", tau_ref=2 * ms, I=0.09 * nA)
    objects: list[Any] = [stimulus, cells, SpikeMonitor(cells, name="cells_spikes")]
    owners = []
    for name, page in shown.items():
        keys: list[str] = []
        for definition in page.definitions:
            if isinstance(definition, Receptor):
                keys += _state_keys("cells", definition)
            if isinstance(definition, Synapse):
                group = f"{name}_{definition.name}".replace("-", "_")
                objects.append(_connected(definition, stimulus, cells, group, dict(page.values), rng))
                keys += _state_keys(group, definition)
        # a synapse without a state of its own shows in what it acts on
        keys = keys or [f"cells.{variable}" for variable in lif.state_variables if variable in neuron.state_variables]
        owners.append((name, keys, ""))
    return Network(objects), owners


def _connected(
    definition: Synapse, stimulus: Any, cells: Any, name: str, values: dict[str, Any], rng: np.random.Generator
) -> Any:
    own: Sequence[str] = [*definition.parameters, *definition.state_variables]
    values = {key: value for key, value in values.items() if key in own}
    if definition.requires_pre:
        return definition.connect(cells, condition="i != j", dt=STEP * ms, name=name, **values)
    i, j = np.nonzero(rng.random((INPUTS, TARGETS)) < 0.3)
    delay = rng.uniform(0, 3, len(i)) * ms
    return definition.connect(stimulus, cells, i=i, j=j, dt=STEP * ms, name=name, delay=delay, **values)
