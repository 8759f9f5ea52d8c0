"""Accuracies with their intervals, learning curves, confusions, and what happens in the network for some samples."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.ticker import LogLocator, NullLocator

from bioplast import figure
from bioplast.experiment import Figure, interval
from bioplast.figure import confusion
from bioplast.figure.style import COLOURS, legend_above, new_figure, styled

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
_SPIKING, _EVOLVED = ("surrogate", "hybrid"), ("hybrid", "cnn-es")


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
                "On the test samples: the mean over seeds, each seed as a small point, and the 95 % interval of the "
                "mean where there are several; spiking networks in blue. A diamond is the report's number.",
            ),
            (
                "learning",
                _curves(methods),
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
        picture = new_figure(6.4, 0.36 * len(methods) + 1.1)
        axes = picture.subplots()
        known = {name: 100 * share for (of, name), share in published.items() if of == task and name in methods}
        shown = np.concatenate([*of_seeds.values(), list(known.values())])
        lowest, highest = shown.min(), shown.max()
        margin = 0.08 * (100 - lowest)
        for row, (name, values) in enumerate(of_seeds.items()):
            mean, low, high = interval(values.tolist())
            colour = COLOURS["blue"] if name in _SPIKING else COLOURS["black"]
            axes.axhline(row, color=COLOURS["grey"], linewidth=0.4, alpha=0.5, zorder=0)
            axes.plot(values, np.full(len(values), row), ".", color=colour, markersize=4, alpha=0.5)
            error = None if low is None or high is None else [[mean - low], [high - mean]]
            axes.errorbar(mean, row, xerr=error, fmt="o", color=colour, markersize=5, capsize=3)
            axes.text(1.01, row, f"{mean:.2f}", va="center", fontsize=8, transform=axes.get_yaxis_transform())
            if name in known:
                axes.plot(known[name], row, "D", color=COLOURS["vermilion"], markersize=5, markerfacecolor="none")
        axes.set_yticks(range(len(methods)), [_NAMES[name] for name in methods])
        axes.set_ylim(len(methods) - 0.5, -0.5)
        axes.set(xlabel="test samples correct (%)", xlim=(lowest - margin, min(100.0, highest + margin)), title=task)
    return picture


def _curves(methods: dict[str, list[dict[str, Any]]]) -> Any:
    """Errors on validation samples in the course of training; a panel for descent and one for evolution."""
    panels = [
        (title, axis, found)
        for title, axis, evolved in (("By descent", "epoch", False), ("By evolution", "generation", True))
        if (found := {name: each for name, each in methods.items() if (name in _EVOLVED) == evolved})
    ]
    colours = [COLOURS[name] for name in ("blue", "vermilion", "green", "purple")]
    lines = max(-(-len(found) // 2) for *_, found in panels)  # of the legends
    with styled():
        picture = new_figure(max(3.9 * len(panels), 4.6), 3.6)
        for axes, (title, axis, found) in zip(picture.subplots(1, len(panels), squeeze=False)[0], panels, strict=True):
            for colour, (name, each) in zip(colours, found.items(), strict=False):
                for k, one in enumerate(each):
                    steps, accuracy = course(one)
                    wrong = np.maximum(100 * (1 - np.array(accuracy)), 0.05)
                    axes.plot(steps, wrong, color=colour, linewidth=1.1, label=_NAMES[name] if k == 0 else None)
            axes.set_yscale("log")
            axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            axes.yaxis.set_major_formatter("{x:g}")
            axes.yaxis.set_minor_locator(NullLocator())
            axes.xaxis.get_major_locator().set_params(integer=True)
            axes.set(xlabel=axis, ylabel="wrong validation samples (%)")
            axes.set_title(title, pad=8 + 13 * lines, fontsize=10)
            legend_above(axes, columns=2, borderaxespad=0.3, columnspacing=1.0, labelspacing=0.25, fontsize=8)
    return picture


def _examples(examples: list[dict[str, Any]], task: str) -> Any:
    dt_ms, steps = float(TASKS[task].dt) * 1e3, TASKS[task].steps
    heights = np.concatenate([_from_rest(one).ravel() for one in examples])
    with styled():
        picture = new_figure(2.9 * len(examples) + 0.6, 7.4)
        rows = picture.subplots(4, len(examples), squeeze=False, height_ratios=(1.3, 1.2, 1.2, 1.3))
        for k, one in enumerate(examples):
            image, first, second, below = rows[:, k]
            image.set_axis_off()
            if one["image"] is not None:
                image.imshow(1 - np.array(one["image"]), cmap="gray", vmin=0, vmax=1)
            answer = int(np.mean(one["potential_mV"], axis=0).argmax())
            image.set_title(f"class {one['label']}, answer {answer}")
            for axes, name, colour in ((first, "input", "black"), (second, "hidden", "blue")):
                spikes = np.array(one[name]).reshape(-1, 2)
                axes.plot(spikes[:, 0] * dt_ms, spikes[:, 1], ".", color=COLOURS[colour], markersize=2, rasterized=True)
                axes.set(xlim=(-dt_ms, steps * dt_ms))
                axes.tick_params(labelbottom=False)
                axes.set_ylim(bottom=-1)
            potential = _from_rest(one)
            times = np.arange(len(potential)) * dt_ms
            for neuron, trace in enumerate(potential.T):
                if neuron != one["label"]:
                    below.plot(times, trace, color=COLOURS["grey"], linewidth=0.7, alpha=0.7)
            below.plot(times, potential[:, one["label"]], color=COLOURS["vermilion"], linewidth=1.6)
            below.set(
                xlim=(-dt_ms, steps * dt_ms), xlabel="time (ms)", ylim=(1.08 * heights.min(), 1.08 * heights.max())
            )
            if k == 0:
                first.set_ylabel("input neuron")
                second.set_ylabel("hidden neuron")
                below.set_ylabel("readout, potential\nfrom rest (mV)")
        picture.align_ylabels()
    return picture


def _from_rest(example: dict[str, Any]) -> np.ndarray:
    """The potentials of the readout neurons above that of the first step, which no spike has reached."""
    potential = np.array(example["potential_mV"])
    return potential - potential[0]
