"""The figures of a run: reward against length, steps balanced, accuracies, bodies, time constants and rates."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from bioplast import figure
from bioplast.experiment import Figure, interval
from bioplast.figure.heat_maps import heat_maps
from bioplast.figure.plots import Line, Plot, plots

from .membranes import BIN, cells
from .networks import NEURONS

__all__ = ["drawn"]

Groups = dict[str, list[dict[str, Any]]]
_CELLS = {"mouse-v1-l4": "mouse V1, layer 4", "human-mtg": "human MTG"}


def drawn(groups: Groups, folder: Path) -> list[Figure]:
    """All figures, saved in a folder.

    Parameters
    ----------
    groups : dict
        Of each arm and size the results of its seeds.
    folder : Path
    """
    made: list[tuple[str, Any, str, str]] = []
    bars = "Means and 95 % intervals over seeds."
    memory = _by(groups, "memory", "reward", 0, 1)
    if memory:
        alone = {arm: memory.pop(arm) for arm in NEURONS if arm in memory}
        both = [("What is searched", memory), ("One number of each neuron alone", alone)]
        picture = plots([Plot(t, "length (steps)", "mean reward", _lines(arms)) for t, arms in both if arms])
        made.append(("memory", picture, "Reward against the length of the memory", f"{bars} Guessing has 0."))
        made.append(_taus(groups))
    cartpole = _by(groups, "cartpole", "return", slice(0, 2), 2)
    if cartpole:
        picture = plots([Plot("CartPole", "longest episode (steps)", "steps balanced", _lines(cartpole))])
        made.append(("cartpole", picture, "Gradient and evolution on CartPole", bars))
    panels = []
    for task in ("mnist", "fashion"):
        found = _by(groups, task, "accuracy", 0, 1)
        if found:
            panels.append(Plot(task, "log2 of the searched numbers", "test accuracy", _lines(found, np.log2)))
    if panels:
        caption = (
            f"{bars} As many numbers are searched in arms neurons and weights; width has as many neurons as weights."
        )
        made.append(("images", plots(panels), "Neurons against weights on images", caption))
    if "rates" in groups:
        made.append(_rates(groups["rates"][0]))
    made += _of_bodies(groups)
    return [Figure(figure.save(p, folder / name, dpi=110).name, title, text) for name, p, title, text in made]


def _by(groups: Groups, part: str, measure: str, arm: Any, size: int) -> dict[str, list[tuple[float, Any]]]:
    """The intervals of a measure by arm and size, which are places in what follows the part in an id."""
    found: dict[str, list[tuple[float, Any]]] = {}
    for place, results in groups.items():
        first, *rest = place.split("/")
        if first == part:
            name = rest[arm] if isinstance(arm, int) else ", ".join(rest[arm])
            found.setdefault(name, []).append((float(rest[size]), interval([one[measure] for one in results])))
    return found


def _lines(arms: dict[str, list[tuple[float, Any]]], scale: Any = np.asarray) -> list[Line]:
    lines = []
    for k, (name, points) in enumerate(arms.items()):
        x = np.asarray(scale([size for size, _ in points]), dtype=float)
        mean = np.array([one.mean for _, one in points])
        half = np.array([0 if one.high is None else one.high - one.mean for _, one in points])
        lines += [Line(x, mean, name, colour=k), Line(x, mean, "", "points", k, half)]
    return lines


def _of_bodies(groups: Groups) -> list[tuple[str, Any, str, str]]:
    """Rewards of bodies that move by how many numbers are searched, by which of the four, and as they evolve."""
    made: list[tuple[str, Any, str, str]] = []
    bodies = dict.fromkeys(place.split("/")[1] for place in groups if place.split("/")[0] in ("control", "ablation"))
    bars = "Means and 95 % intervals over seeds of what the best generation is paid in episodes of its own."
    panels, courses, single = [], [], []
    for body in bodies:
        own = {f"{p[0]}/{'/'.join(p[2:])}": r for p, r in ((k.split("/"), r) for k, r in groups.items()) if body in p}
        found = _by(own, "control", "reward", 0, 1)
        if found:
            panels.append(Plot(body, "log2 of the searched numbers", "reward", _lines(found, np.log2)))
            lines = [
                Line(*_course([one["returns"] for one in results]), " ".join(place.split("/")[1:]))
                for place, results in own.items()
                if place.startswith("control/")
            ]
            courses.append(Plot(body, "generation", "mean reward of a population", lines))
        alone = {name: own[f"ablation/{name}"] for name in NEURONS if f"ablation/{name}" in own}
        means = {name: interval([one["reward"] for one in results]) for name, results in alone.items()}
        if means:
            x, y = np.arange(len(means)), np.array([one.mean for one in means.values()])
            half = np.array([0 if one.high is None else one.high - one.mean for one in means.values()])
            points = Line(x, y, "", "points", 0, half)
            single.append(Plot(body, "the only one that evolves", "reward", [points], ticks=list(means)))
    if panels:
        made.append(("control", plots(panels), "Neurons against weights of bodies that move", bars))
        caption = "Means over seeds, by what evolves and how many numbers that are."
        made.append(("evolution", plots(courses), "Rewards of bodies that move as they evolve", caption))
    if single:
        made.append(("ablation", plots(single), "One of a neuron's four numbers evolves", bars))
    return made


def _course(each: list[Any]) -> tuple[np.ndarray, np.ndarray]:
    """Generations and the mean over seeds."""
    mean = np.mean(each, axis=0)
    return np.arange(len(mean)) + 1, mean


def _taus(groups: Groups) -> tuple[str, Any, str, str]:
    """Evolved time constants beside those of cells."""
    lines = []
    places = [place for place in groups if place.startswith("memory/neurons/")] or [
        place for place in groups if place.startswith("memory/")
    ]
    for k, place in enumerate((places[0], places[-1]) if len(places) > 1 else places):
        tau = np.concatenate([np.asarray(one["tau_m_ms"]) for one in groups[place]])
        x, y = _density(np.histogram(tau, np.arange(0, 101, 4))[0], 4.0, len(tau))
        lines.append(Line(x, y, f"evolved, length {place.split('/')[2]}", colour=k))
    for k, (name, cell) in enumerate(cells().items()):
        counts = np.pad(cell["counts"], (0, len(cell["counts"]) % 2)).reshape(-1, 2).sum(axis=1)
        x, y = _density(counts, 2 * BIN, int(cell["n"]))
        lines.append(Line(x, y, _CELLS[name], colour=k + 2))
    picture = plots([Plot("Membrane time constants", "tau_m (ms)", "share of the cells per ms", lines)])
    caption = (
        "Of all seeds, those above 100 ms left out. A step of the environment lasts 2 ms. Cells: Allen Cell Types "
    )
    caption += "Database, spiny cells of mouse V1 layer 4 and human middle temporal gyrus."
    return "membranes", picture, "Evolved time constants beside those of cells", caption


def _density(counts: np.ndarray, width: float, total: int) -> tuple[np.ndarray, np.ndarray]:
    return (np.arange(len(counts)) + 0.5) * width, counts / total / width


def _rates(found: dict[str, Any]) -> tuple[str, Any, str, str]:
    """How selective hidden neurons are for classes, generation by generation."""
    rates = np.asarray(found["rates"])  # [generations, neurons, classes]
    # by the class that a neuron prefers in the last one, so that preferences are seen as a diagonal
    order = np.lexsort((-rates[-1].max(axis=1), rates[-1].argmax(axis=1)))
    panels = {f"generation {k}": each[order] for k, each in zip(found["generations"], rates, strict=True)}
    picture = heat_maps(panels, x="class", y="hidden neuron", colour="spikes in a sample")
    caption = (
        f"Mean spike counts of {rates.shape[1]} hidden neurons for each class, on validation samples; neurons are in "
        "the order of the class that they prefer in the last generation."
    )
    return "rates", picture, "Firing rates by class", caption
