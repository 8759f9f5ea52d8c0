"""Accuracies with their intervals, learning curves, confusions, and what happens in the network for some samples."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from bioplast import figure
from bioplast.experiment import Figure, interval
from bioplast.figure import confusion
from bioplast.figure.plots import Line, Plot, plots
from bioplast.figure.style import COLOURS, new_figure, styled

from .tasks import TASKS

__all__ = ["course", "drawn"]

_NAMES = {
    "surrogate": "SNN, surrogate",
    "hybrid": "SNN, hybrid",
    "mlp": "MLP",
    "cnn": "CNN",
    "rnn": "GRU",
    "cnn-es": "small CNN, ES",
}


def drawn(
    results: dict[str, dict[str, Any]],
    settings: dict[str, Any],
    folder: Path,
    published: Mapping[tuple[str, str], float],
) -> list[Figure]:
    """The pictures of each task that has results; `published` accuracies are by task and method."""
    found = []
    for task in settings["tasks"]:
        methods = {
            method: each
            for method in settings[task]["methods"]
            if (each := [r for key, r in results.items() if key.startswith(f"{task}/{method}/")])
        }
        if not methods:
            continue
        pictures: list[tuple[str, Any, str, str]] = [
            (
                "accuracy",
                _accuracies(task, methods, published),
                "Accuracy",
                "On the test samples: the mean over seeds, each seed as a point, and the 95 % interval of the mean "
                "where there are several. Dashed: the report's number. The axis begins above 0.",
            ),
            (
                "learning",
                plots(_curves(methods)),
                "Learning curves",
                "Errors on validation samples, on a logarithmic axis, in the course of each training, a line for each "
                "seed; right, what is evolved, by generation.",
            ),
        ]
        if "surrogate" in methods:
            first = methods["surrogate"]
            counts = sum(np.array(one["predicted"]) for one in first)
            names = [str(k) for k in range(TASKS[task].classes)]
            pictures.append(
                (
                    "confusion",
                    confusion.confusion(counts, names, title=f"{task}: spiking network, surrogate gradients"),
                    "Confusion",
                    "How often each class of the test samples was taken for which, over all seeds.",
                )
            )
            pictures.append(
                (
                    "examples",
                    _examples(first[0]["examples"], task),
                    "Some test samples in the trained network",
                    "A sample, its input spikes, the spikes of the hidden neurons, and the potential of the readout "
                    "neurons, that of the right class in colour. The highest mean potential is the answer.",
                )
            )
        for name, picture, title, caption in pictures:
            file = figure.save(picture, folder / f"{task}-{name}", dpi=110).name
            found.append(Figure(file, f"{title}: {task}", caption))
    return found


def course(result: dict[str, Any]) -> tuple[list[int], list[float]]:
    """The accuracy on validation samples and after which epochs, or generations, it was so."""
    accuracy = [float(a) for a in result.get("accuracy", result.get("history", {}).get("validation_score", []))]
    return [int(k) for k in result.get("generations", range(1, len(accuracy) + 1))], accuracy


def _accuracies(task: str, methods: dict[str, list[dict[str, Any]]], published: Mapping[tuple[str, str], float]) -> Any:
    of_seeds = {
        name: np.array([np.trace(one["predicted"]) / np.sum(one["predicted"]) for one in each]) * 100
        for name, each in methods.items()
    }
    with styled():
        picture = new_figure(6.4, 0.42 * len(methods) + 1.1)
        axes = picture.subplots()
        lowest = min(values.min() for values in of_seeds.values())
        start = max(0.0, 10 * np.floor((lowest - 2) / 10))
        for row, (name, values) in enumerate(of_seeds.items()):
            mean, low, high = interval(values.tolist())
            colour = COLOURS["blue"] if name in ("surrogate", "hybrid") else COLOURS["grey"]
            axes.barh(row, mean - start, left=start, height=0.62, color=colour, alpha=0.75)
            axes.plot(values, np.full(len(values), row), ".", color=COLOURS["black"], markersize=4, zorder=4)
            if low is not None and high is not None:
                error = [[mean - low], [high - mean]]
                axes.errorbar(mean, row, xerr=error, fmt="none", color=COLOURS["black"], capsize=3, zorder=3)
            right = max(values.max(), mean if high is None else high)
            axes.text(right + 0.008 * (100 - start), row, f"{mean:.2f}", va="center", fontsize=8)
            known = published.get((task, name))
            if known is not None:
                axes.plot([100 * known] * 2, [row - 0.42, row + 0.42], "--", color=COLOURS["vermilion"], zorder=5)
        axes.set_yticks(range(len(methods)), [_NAMES[name] for name in methods])
        axes.invert_yaxis()
        axes.set(xlabel="test samples correct (%)", xlim=(start, 100 + 0.09 * (100 - start)), title=task)
    return picture


def _curves(methods: dict[str, list[dict[str, Any]]]) -> list[Plot]:
    panels = []
    for title, axis, evolved in (("By descent", "epoch", False), ("By evolution", "generation", True)):
        lines = []
        for colour, (name, each) in enumerate(
            item for item in methods.items() if (item[0] in ("hybrid", "cnn-es")) == evolved
        ):
            for k, one in enumerate(each):
                steps, accuracy = course(one)
                wrong = np.log10(np.maximum(100 * (1 - np.array(accuracy)), 0.05))
                lines.append(Line(steps, wrong, _NAMES[name] if k == 0 else "", colour=colour))
        if lines:
            panels.append(Plot(title, axis, "log10 of wrong validation samples (%)", lines))
    return panels


def _examples(examples: list[dict[str, Any]], task: str) -> Any:
    dt_ms, steps = float(TASKS[task].dt) * 1e3, TASKS[task].steps
    with styled():
        picture = new_figure(2.9 * len(examples) + 0.6, 7.4)
        rows = picture.subplots(4, len(examples), squeeze=False, height_ratios=(1.3, 1.2, 1.2, 1.3))
        for k, one in enumerate(examples):
            image, first, second, below = rows[:, k]
            if one["image"] is None:
                image.set_axis_off()
            else:
                image.imshow(1 - np.array(one["image"]), cmap="gray", vmin=0, vmax=1)
                image.set(xticks=[], yticks=[])
            image.set_title(f"class {one['label']}")
            for axes, name, colour in ((first, "input", "black"), (second, "hidden", "blue")):
                spikes = np.array(one[name]).reshape(-1, 2)
                axes.plot(spikes[:, 0] * dt_ms, spikes[:, 1], ".", color=COLOURS[colour], markersize=2, rasterized=True)
                axes.set(xlim=(-dt_ms, steps * dt_ms))
                axes.tick_params(labelbottom=False)
                axes.set_ylim(bottom=-1)
            potential = np.array(one["potential_mV"])
            potential = potential - potential[0]
            times = np.arange(len(potential)) * dt_ms
            for neuron, trace in enumerate(potential.T):
                if neuron != one["label"]:
                    below.plot(times, trace, color=COLOURS["grey"], linewidth=0.7, alpha=0.7)
            below.plot(times, potential[:, one["label"]], color=COLOURS["vermilion"], linewidth=1.6)
            below.set(xlim=(-dt_ms, steps * dt_ms), xlabel="time (ms)")
            if k == 0:
                first.set_ylabel("input neuron")
                second.set_ylabel("hidden neuron")
                below.set_ylabel("readout, potential\nfrom rest (mV)")
        picture.align_ylabels()
    return picture
