"""The figures of a run: learning curves, what a network does before and after training, and the three side tasks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from bioplast import figure
from bioplast.experiment import Figure, interval
from bioplast.figure import confusion
from bioplast.figure.plots import Line, Plot, plots

from . import one_neuron
from .curves import learning_curves
from .maps import count_map, landscape_paths
from .methods import METHODS
from .tasks import CLASSES, UNITS

__all__ = ["drawn"]


def drawn(groups: dict[str, list[dict[str, Any]]], folder: Path) -> list[Figure]:
    """All figures, saved in a folder.

    Parameters
    ----------
    groups : dict
        Of each method or side task the results of its seeds.
    folder : Path
    """
    made: list[tuple[str, Any, str, str]] = []
    for task in CLASSES:
        methods = {
            name.partition("/")[2]: found
            for name, found in groups.items()
            if name.startswith(f"{task}/") and "history" in found[0]
        }
        if methods:
            made += _of_task(task, methods)
    if "landscape" in groups:
        paths = groups["landscape"][0]["paths"]
        caption = (
            "Of the first seed, over z = x^2 + 0.5 y^2 + 2 sin 3x: from the orange dot to the blue one. The cross "
        )
        caption += "is the deepest point. Paths are of what would be deployed."
        made.append(("landscape", landscape_paths(paths), "Paths through a landscape with several valleys", caption))
    if "one-neuron" in groups:
        made.append(_one_neuron(groups["one-neuron"]))
    shapes = {name: found for name, found in groups.items() if name.startswith("robustness/")}
    if shapes:
        made.append(_robustness(shapes))
    return [
        Figure(figure.save(picture, folder / name, dpi=110).name, title, caption)
        for name, picture, title, caption in made
    ]


def _of_task(task: str, methods: dict[str, list[dict[str, Any]]]) -> list[tuple[str, Any, str, str]]:
    caption = "The best accuracy on validation samples so far, a line for each seed. A run forwards is an evaluation, "
    caption += "and so is one with its derivative; validation is left out there. Wall-clock has it, but no compilation."
    made = [(f"{task}-learning", learning_curves(methods, task), f"{task}: learning curves", caption)]
    names = [str(k) for k in range(CLASSES[task])]
    for method, found in methods.items():
        title = METHODS[method].title
        if "example" not in found[0]:
            continue
        counts = np.sum([np.asarray(one["confusion"]) for one in found], axis=0)
        picture = confusion.confusion(counts, names, title=title.capitalize())
        made.append(
            (f"{task}-{method}-confusion", picture, f"{task}, {title}: confusion", "Test samples of all seeds.")
        )
        example, dt_ms = found[0]["example"], found[0]["dt_ms"]
        made += _of_example(f"{task}-{method}", f"{task}, {title}", example, dt_ms)
    return made


def _of_example(file: str, title: str, example: dict[str, Any], dt_ms: float) -> list[tuple[str, Any, str, str]]:
    panels = []
    for when, key in (("Before training", "before_mV"), ("After training", "after_mV")):
        course = np.asarray(example[key])
        time = np.arange(len(course)) * dt_ms
        label = int(example["label"])
        others = [k for k in range(course.shape[1]) if k != label]
        lines = [Line(time, course[:, k], "other classes" if k == others[0] else "", colour=0) for k in others]
        lines.append(Line(time, course[:, label], f"class {label}", colour=1))
        panels.append(Plot(when, "time (ms)", "readout potential (mV)", lines))
    units, hidden = (np.array(example[key]).reshape(-1, 2) for key in ("units", "hidden"))
    neurons = np.shape(example["counts"])[1]
    spikes = np.concatenate([units, hidden + np.array([0, UNITS])])
    duration = len(example["after_mV"]) * dt_ms * 1e-3
    raster = figure.raster(
        spikes[:, 0] * dt_ms * 1e-3,
        spikes[:, 1],
        title=f"A test sample of class {example['label']}",
        neurons=UNITS + neurons,
        duration_s=duration,
        groups=[("units", UNITS), ("hidden neurons", neurons)],
        bin_s=dt_ms * 1e-3,
    )
    caption = "Of one test sample. The class with the highest potential at any time is the answer."
    return [
        (f"{file}-potentials", plots(panels), f"{title}: readout potentials", caption),
        (f"{file}-raster", raster, f"{title}: raster", "Each unit spikes once; hidden neurons after training."),
        (
            f"{file}-counts",
            count_map(example["counts"], "Mean spike counts"),
            f"{title}: spike counts by class",
            "Means over the test samples of each class, after training.",
        ),
    ]


def _one_neuron(found: list[dict[str, Any]]) -> tuple[str, Any, str, str]:
    lines = []
    for name in found[0]:
        errors = np.sqrt(np.mean([np.asarray(one[name]["loss"]) for one in found], axis=0))
        lines.append(Line(np.arange(1, len(errors) + 1), errors, name))
    half = -(-len(lines) // 2) if len(lines) > 4 else len(lines)
    label = f"spikes apart from {one_neuron.TARGET}"
    panels = [
        Plot(title, "updates", label, part)
        for title, part in (("Spike count", lines[:half]), ("Other strategies", lines[half:]))
        if part
    ]
    caption = "Root mean square over seeds. The input current alone is changed; a gradient needs one network for an "
    caption += "update, a strategy a population of them."
    return "one-neuron", plots(panels), "One neuron is to spike less", caption


def _robustness(shapes: dict[str, list[dict[str, Any]]]) -> tuple[str, Any, str, str]:
    points: dict[str, list[tuple[float, Any]]] = {}
    for name, found in shapes.items():
        _, shape, beta = name.split("/")
        points.setdefault(shape, []).append((float(beta), interval([100 * one["accuracy"] for one in found])))
    lines = []
    for k, (shape, course) in enumerate(points.items()):
        x = np.log10([beta for beta, _ in course])
        mean = np.array([one.mean for _, one in course])
        half = np.array([0 if one.high is None else one.high - one.mean for _, one in course])
        lines += [Line(x, mean, shape, colour=k), Line(x + 0.02 * k, mean, "", "points", k, half)]
    picture = plots([Plot("Surrogate derivatives", "log10 of the steepness", "test samples correct (%)", lines)])
    return "robustness", picture, "Shape and steepness of the surrogate", "Means and 95 % intervals over seeds."
