"""Accuracy under corruption, learning curves, maps of the penultimate potentials, learned coefficients."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from bioplast import figure
from bioplast.experiment import Figure
from bioplast.figure.plots import Line, Plot, plots
from bioplast.figure.style import COLOURS, legend_above, new_figure, styled

from .summary import TITLES, arms_of, of
from .tasks import LEVELS

__all__ = ["drawn"]

AXES = {
    "noise": ("Gaussian noise", "standard deviation"),
    "salt-and-pepper": ("Salt and pepper", "share of the pixels"),
    "crop": ("Centre crop", "share of the side that is dark"),
}

_BANDS = "The mean over seeds, and a band from the least to the greatest."


def drawn(results: dict[str, dict[str, Any]], settings: dict[str, Any], folder: Path) -> list[Figure]:
    """The pictures of each task and network that has results."""
    found = []
    for task in settings["tasks"]:
        for which, network in settings[task]["networks"].items():
            arms = {arm: list(each.values()) for arm in arms_of(network) if (each := of(results, task, which, arm))}
            if not arms:
                continue
            pictures: list[tuple[str, Any, str]] = [
                (
                    "learning",
                    _learning(arms),
                    f"Wrong validation samples in the course of training. {_BANDS}",
                )
            ]
            if any(one["robust"] for one in arms["stbp" if "stbp" in arms else next(iter(arms))]):
                pictures.append(
                    (
                        "robustness",
                        _robustness(arms),
                        f"Accuracy on corrupted test images. {_BANDS}",
                    )
                )
            if any("map" in each[0] for each in arms.values()):
                pictures.append(
                    (
                        "map",
                        _maps(arms),
                        "t-SNE of the mean potentials of the layer before the readout, a colour for each class. Beside "
                        "the picture, which proves nothing, what holds for the potentials themselves, of the first "
                        "seed: the silhouette of the classes, and how many images have a nearest neighbour of their "
                        "class.",
                    )
                )
            if any("coefficients" in each[0] for each in arms.values()):
                pictures.append(
                    (
                        "coefficients",
                        _coefficients(arms),
                        "Of gradient (λ1), Hebbian (λ2) and self-backpropagated weights (λ3), after training. The "
                        "learning rate η may change its sign, too: what a weight does is in rows eta_lambda_2, _3.",
                    )
                )
            for name, picture, caption in pictures:
                file = f"{task}-{which}-{name}.png"
                figure.save(picture, folder / file)
                found.append(Figure(file, f"{task}, {which}: {name}", caption))
    return found


def _learning(arms: dict[str, list[dict[str, Any]]]) -> Any:
    lines = []
    for arm, each in arms.items():
        curves = [100 * (1 - np.array(one["history"]["validation_score"])) for one in each]
        epochs = np.arange(1, min(map(len, curves)) + 1)
        lines.append(_over_seeds(epochs, [curve[: len(epochs)] for curve in curves], TITLES[arm]))
    return plots([Plot("Learning curves", "epoch", "wrong validation samples (%)", lines[:6])])


def _robustness(arms: dict[str, list[dict[str, Any]]]) -> Any:
    panels = []
    for name, (title, axis) in AXES.items():
        lines = [
            _over_seeds(
                np.array([0, *LEVELS[name]]),
                [100 * np.array([one["accuracy"]["on"], *one["robust"][name]]) for one in each],
                TITLES[arm],
            )
            for arm, each in arms.items()
            if all(name in one["robust"] for one in each)
        ]
        panels.append(Plot(title, axis, "test images correct (%)", lines[:6]))
    return plots(panels)


def _over_seeds(x: np.ndarray, curves: list[np.ndarray], name: str) -> Line:
    mean = np.mean(curves, axis=0)
    return Line(x, mean, name, error=[mean - np.min(curves, axis=0), np.max(curves, axis=0) - mean])


def _maps(arms: dict[str, list[dict[str, Any]]]) -> Any:
    shown = {arm: each[0]["map"] for arm, each in arms.items() if "map" in each[0]}
    shown = {arm: shown[arm] for arm in ("stbp", "stbp-hebbian", "stbp-sbp", "mpsl") if arm in shown} or shown
    with styled():
        picture = new_figure(2.9 * len(shown), 3.3)
        for axes, (arm, found) in zip(picture.subplots(1, len(shown), squeeze=False)[0], shown.items(), strict=True):
            points, labels = np.array(found["points"]), np.array(found["labels"])
            for label in np.unique(labels):
                of_class = points[labels == label].T
                axes.scatter(*of_class, color=f"C{int(label)}", s=6, linewidths=0, label=str(label))
            axes.set(xticks=[], yticks=[])
            axes.set_title(
                f"{TITLES[arm]}\nsilhouette {found['silhouette_potentials']:.2f}, "
                f"nearest {100 * found['nearest_potentials']:.0f} %",
                fontsize=9,
            )
        handles = {str(h.get_label()): h for axes in picture.axes for h in axes.get_legend_handles_labels()[0]}
        classes = sorted(handles, key=int)
        picture.legend(
            [handles[k] for k in classes],
            classes,
            loc="outside lower center",
            ncols=len(classes),
            title="class",
            markerscale=2,
            handletextpad=0,
            columnspacing=0.8,
        )
    return picture


def _coefficients(arms: dict[str, list[dict[str, Any]]]) -> Any:
    shown = {arm: each for arm, each in arms.items() if arm in ("stbp-hebbian", "stbp-sbp", "mpsl", "mpsl-frozen")}
    shown = {arm: each for arm, each in shown.items() if "coefficients" in each[0]}
    names = sorted({n for each in shown.values() for n in each[0]["coefficients"] if ".lambda_" in n})
    names = [name for name in names if name.rpartition("_")[2].isdigit()]
    colours = [COLOURS[name] for name in ("blue", "vermilion", "green", "purple")]
    with styled():
        picture = new_figure(4.8, 0.5 + 0.4 * max(2, len(names)))
        axes = picture.subplots()
        for k, (arm, each) in enumerate(shown.items()):
            for one in each:
                pairs = [(one["coefficients"][n], names.index(n)) for n in names if n in one["coefficients"]]
                label = TITLES[arm] if one is each[0] else None
                axes.plot(*zip(*pairs, strict=True), "o", color=colours[k], markersize=4, label=label)
        axes.set_yticks(
            range(len(names)), [name.replace("layer", "layer ").replace(".lambda_", ", λ") for name in names]
        )
        axes.set(xlabel="coefficient of the mechanism")
        axes.set_title("Learned coefficients", pad=8 + 13 * -(-len(shown) // 2))
        legend_above(axes, columns=2, borderaxespad=0.3, columnspacing=1.0, labelspacing=0.25, fontsize=8)
    return picture
