"""The zoo: a page for every model, with its equations, what it does, and how far it was compared with what."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bioplast import figure, figure_plots
from bioplast.errors import UnknownName
from bioplast.experiment import Figure, Protocol, Row, Section, Trial

from .zoo_pages import PAGES, Page
from .zoo_pages.ledger import lines_of
from .zoo_pages.page import plots_of, rows_of
from .zoo_pages.verification import verified

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


def verifications(results: dict[str, dict[str, Any]], name: str) -> dict[str, dict[str, Any]]:
    """What was found of a page on each target."""
    keys = [key.split("/") for key in results if key.startswith("verified/")]
    found = {target: results[f"verified/{target}/{part}"] for _, target, part in keys if name in results[
        f"verified/{target}/{part}"]}  # fmt: skip
    return {target: pages[name] for target, pages in found.items()}


def summarise(results: dict[str, dict[str, Any]], settings: dict[str, Any]) -> list[Row]:
    rows = []
    for name in settings["pages"]:
        rows += rows_of(name, results[name])
        for target, found in verifications(results, name).items():
            where = f"{name}/verified/{target}"
            if "spikes" in found:
                rows.append(Row(f"{where}/spikes", found["spikes"], unit="spikes", source="on numpy, in 150 ms"))
                rows.append(
                    Row(f"{where}/spikes_apart", found["apart"], unit="spikes", source="not in numpy's time step")
                )
            rows.append(
                Row(
                    f"{where}/deviation",
                    found["deviation"],
                    source="largest deviation of a state from numpy in 150 ms, relative to its largest magnitude; "
                    "float64",
                )
            )
    return rows


def sections(results: dict[str, dict[str, Any]], settings: dict[str, Any], folder: Path) -> list[Section]:
    drawn = []
    for name in settings["pages"]:
        told = page(name)
        file = figure.save(figure_plots.plots(plots_of(results[name])), folder / name, dpi=110)
        drawn.append(
            Section(
                id=name,
                title=told.title,
                group=told.group,
                definitions=told.definitions,
                figures=[Figure(file.name, told.title, told.caption)],
                tables={
                    "Verified on targets": _verified_table(verifications(results, name)),
                    "Compared elsewhere (data/fidelity.csv)": lines_of(told.definitions),
                },
            )
        )
    return drawn


def _verified_table(found: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {
            "target": target,
            "against": REFERENCE,
            **({"spikes": one["spikes"], "in another time step": one["apart"]} if "spikes" in one else {}),
            "state variables": one["variables"],
            "of which moved": one["moved"],
            "largest relative deviation": one["deviation"],
        }
        for target, one in found.items()
    ]


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
            "pages": ["lif", "quadratic-integrate-and-fire", "nmda", "tsodyks-markram", "pair-stdp", "co-release"],
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
