"""The zoo: a page for every model, with its equations, what it does, and how far it was compared with what."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bioplast import figure
from bioplast.errors import UnknownName
from bioplast.experiment import Figure, Protocol, Row, Section, Trial
from bioplast.figure import plots
from bioplast.protocols.zoo.pages import PAGES, Page
from bioplast.protocols.zoo.pages.ledger import lines_of
from bioplast.protocols.zoo.pages.page import plots_of, rows_of
from bioplast.protocols.zoo.pages.verification import verified

REFERENCE = "numpy"
PARTS = ("neurons", "synapses")


def page(name: str) -> Page:
    """A page by its name, such as "lif"."""
    if name not in PAGES:
        raise UnknownName("page of the zoo", name, PAGES)
    return PAGES[name]


def trials(settings: dict[str, Any], targets: list[str], seeds: list[int]) -> list[Trial]:
    names = [page(name) and name for name in settings["pages"]]
    found = [Trial(name, {"page": name, "points": settings["points"]}) for name in names]
    return found + [
        Trial(f"verified/{target}/{part}", {"pages": names, "part": part, "target": target})
        for target in targets
        if target != REFERENCE
        for part in PARTS
        if any((page(name).cell is not None) == (part == "neurons") for name in names)
    ]


def run(trial: Trial) -> dict[str, Any]:
    asked = trial.settings
    if "part" in asked:
        return verified({name: page(name) for name in asked["pages"]}, asked["part"], asked["target"])
    return page(asked["page"]).measure(asked["points"]).plain()


def summarise(results: dict[str, dict[str, Any]], settings: dict[str, Any]) -> list[Row]:
    rows = []
    for name in settings["pages"]:
        rows += rows_of(name, results[name])
        for key, pages in results.items():
            if key.startswith("verified/") and name in pages:
                rows += _verified_rows(f"{name}/{key.rpartition('/')[0]}", pages[name])
    return rows


def _verified_rows(where: str, found: dict[str, Any]) -> list[Row]:
    """How far another target deviates from the reference, such as under ``lif/verified/cpp``."""
    rows = []
    if "spikes" in found:
        rows += [
            Row(f"{where}/spikes", found["spikes"], unit="spikes", source=f"on {REFERENCE}, in 150 ms"),
            Row(f"{where}/spikes_apart", found["apart"], unit="spikes", source=f"not in the time step of {REFERENCE}"),
        ]
    compared = f"{found['variables']} state variables, of which {found['moved']} moved"
    source = f"largest from {REFERENCE} in 150 ms, relative to the largest magnitude; float64, {compared}"
    return [*rows, Row(f"{where}/deviation", found["deviation"], source=source)]


def sections(results: dict[str, dict[str, Any]], settings: dict[str, Any], folder: Path) -> list[Section]:
    drawn = []
    for name in settings["pages"]:
        told = page(name)
        file = figure.save(plots.plots(plots_of(results[name])), folder / name, dpi=110)
        drawn.append(
            Section(
                id=name,
                title=told.title,
                group=told.group,
                definitions=told.definitions,
                figures=[Figure(file.name, told.title, told.caption)],
                tables={"Fidelity, from data/fidelity.csv": lines_of(told.definitions)},
            )
        )
    return drawn


zoo = Protocol(
    name="zoo",
    title="The zoo: every model, what it does and how it was verified",
    source="The papers of the models, named on each page",
    description=(
        "A page for every neuron, receptor, synapse and plasticity rule of the library: its equations and parameters, "
        "for neurons the firing rate and the response to a step of current, for receptors the conductance after a "
        "spike, for plasticity rules the window or what takes its place. Everything is simulated on numpy from the "
        "definition itself; numbers that the literature states, as a figure in print or as a closed form, stand beside "
        "ours with the tolerance that the time step or the printed digits leave. With another target, all models are "
        "simulated on it and on numpy, and spikes and states are compared."
    ),
    presets={
        "demo": {
            "pages": ["lif", "izhikevich-2003", "nmda", "tsodyks-markram", "pair-stdp", "co-release"],
            "points": 15,
            "targets": ["numpy"],
        },
        "quick": {"pages": list(PAGES), "points": 15, "targets": ["numpy"]},
        "full": {"pages": list(PAGES), "points": 40, "targets": ["numpy", "cpp"]},
    },
    trials=trials,
    run=run,
    summarise=summarise,
    sections=sections,
    targets=("numpy", "cython", "cpp", "openmp"),
)
