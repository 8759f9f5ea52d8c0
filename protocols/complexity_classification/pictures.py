"""Histograms of the complexity by class, and accuracy against word length and bin width."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from bioplast import figure
from bioplast.experiment import Figure
from bioplast.figure.plots import Line, Plot, plots

from .tasks import TASKS

__all__ = ["drawn"]

_BINS = 12


def drawn(results: dict[str, dict[str, Any]], settings: dict[str, Any], folder: Path, bits: int) -> list[Figure]:
    """A row of histograms and a row of curves for each task."""
    found = []
    for task in settings["tasks"]:
        groups = _groups(results, task)
        shown = ["words", *sorted({name for name in groups if name.startswith("lif/")})]
        if len(shown) == 1:
            shown += [name for name in groups if name != "words"][:1]
        picture = plots([_histogram(groups[name], name, task) for name in shown[:4]])
        file = figure.save(picture, folder / f"{task}-complexity", dpi=110).name
        found.append(
            Figure(
                file,
                f"Complexity by class: {task}",
                f"Test words of all seeds: {TASKS[task].title}. Left the words, then the output of extended networks.",
            )
        )
        picture = plots(_curves(groups, settings, shown, bits))
        file = figure.save(picture, folder / f"{task}-curves", dpi=110).name
        found.append(
            Figure(
                file,
                f"Accuracy by length and bin width: {task}",
                "Of the complexity, on test words; mean over seeds. The network was trained with words of "
                f"{bits} bits, the thresholds are those of each length and width.",
            )
        )
    return found


def _groups(results: dict[str, dict[str, Any]], task: str) -> dict[str, list[dict[str, Any]]]:
    groups: dict[str, list[dict[str, Any]]] = {}
    for key, result in results.items():
        place, _, _ = key.rpartition("/")
        of, _, rest = place.partition("/")
        if of == task:
            groups.setdefault(rest, []).append(result)
    return groups


def _histogram(found: list[dict[str, Any]], name: str, task: str) -> Plot:
    classes = list(TASKS[task].classes)
    numbers = [np.concatenate([np.asarray(one["complexity"][k]) for one in found]) for k in range(len(classes))]
    low, high = min(map(np.min, numbers)), max(map(np.max, numbers))
    edges = np.linspace(low, max(high, low + 1e-3), _BINS + 1)
    middle = (edges[:-1] + edges[1:]) / 2
    lines = [
        Line(middle, np.histogram(values, edges)[0] / len(values) * 100, classes[k]) for k, values in enumerate(numbers)
    ]
    return Plot(name, "normalised LZ76", "words of the class (%)", lines)


def _curves(
    groups: dict[str, list[dict[str, Any]]], settings: dict[str, Any], shown: list[str], bits: int
) -> list[Plot]:
    panels = []
    for key, title, axis, logarithm in (
        ("lengths", "Word length", "log2 of the bits", True),
        ("widths", "Bin width", "bin width (steps of 1 ms)", False),
    ):
        x = np.array(settings[key], dtype=float)
        lines = []
        for name in shown:
            rows = [one[key] for one in groups[name]]
            if len(rows[0]):
                lines.append(Line(np.log2(x) if logarithm else x, np.mean(rows, axis=0) * 100, name))
        if lines:
            panels.append(Plot(title, axis, "correct (%)", lines))
    return panels
