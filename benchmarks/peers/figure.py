"""The picture: the base task as bars, the sweeps as lines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.figure import Figure

from bioplast.figure import COLOURS, save

from .compare import Row
from .report import OURS, ratio
from .task import Task

_COLOUR = {
    "bioplast": COLOURS["vermilion"],
    "bioplast, native": COLOURS["blue"],
    "snnTorch": COLOURS["sky"],
    "Norse": COLOURS["green"],
    "SpikingJelly": COLOURS["purple"],
    "sparx": COLOURS["orange"],
    "Brian2 C++": COLOURS["black"],
}
_AXES = {
    "hidden": "hidden neurons",
    "steps": "time steps",
    "batch": "samples in a batch",
    "density": "input spikes per neuron and step",
}


def draw(rows: list[Row], base: Task, sweeps: dict[str, list[Task]], path: Path) -> None:
    """Times of a training step and a forward pass, memory, and how the former grow; PNG and SVG.

    Parameters
    ----------
    rows : list of Row
    base : Task
        For the bars.
    sweeps : dict
        The tasks of each line, by what changes; none leaves the lines out.
    path : Path
    """
    style = {"font.size": 9, "axes.spines.top": False, "axes.spines.right": False, "axes.edgecolor": COLOURS["grey"]}
    with matplotlib.rc_context(style):
        figure = Figure(figsize=(13, 8 if sweeps else 4), layout="constrained")
        above, below = figure.subfigures(2, 1, height_ratios=(1, 1)) if sweeps else (figure, None)
        above.suptitle(str(base), x=0.01, ha="left", fontweight="bold", fontsize=10)
        panels = above.subplots(1, 3)
        for axes, word, title in zip(panels, ("train", "forward"), _TITLES, strict=False):
            _times(axes, [r for r in rows if r.task == base and getattr(r, word) is not None], rows, word, title)
        _memory(panels[2], [r for r in rows if r.task == base and r.memory is not None])
        if below is not None:
            below.suptitle("Training step, changing one thing", x=0.01, ha="left", fontweight="bold", fontsize=10)
            panels = below.subplots(1, len(sweeps), sharey=True)
            for axes, (name, tasks) in zip(panels, sweeps.items(), strict=True):
                _lines(axes, rows, name, tasks)
            panels[0].set_ylabel("ms")
            handles, labels = panels[0].get_legend_handles_labels()
            below.legend(handles, labels, loc="outside lower center", ncols=len(labels), frameon=False)
        save(figure, path)


_TITLES = ("Training step (forward, backward, Adam)", "Forward pass")


def _times(axes: Any, shown: list[Row], rows: list[Row], word: str, title: str) -> None:
    shown = sorted(shown, key=lambda r: getattr(r, word), reverse=True)
    times = [1e3 * getattr(r, word) for r in shown]
    ratios = ["" if row.library == OURS else f"  ({ratio(rows, row, word):.1f}x)" for row in shown]
    _bars(axes, shown, times, [f"{t:.1f} ms{times_ours}" for t, times_ours in zip(times, ratios, strict=True)])
    axes.set_xlabel("ms")
    axes.set_title(title, loc="left", fontsize=9)


def _memory(axes: Any, shown: list[Row]) -> None:
    """What the first two training steps add to a process that has loaded library and data."""
    shown = sorted(shown, key=_added, reverse=True)
    _bars(axes, shown, list(map(_added, shown)), [f"{_added(r):.0f} MiB  (of {r.memory:.0f})" for r in shown])
    axes.set_xlabel("MiB")
    axes.set_title("Peak memory that training adds", loc="left", fontsize=9)


def _added(row: Row) -> float:
    return row.memory - row.memory_before  # type: ignore[operator]


def _bars(axes: Any, shown: list[Row], lengths: list[float], told: list[str]) -> None:
    bars = axes.barh([r.library for r in shown], lengths, color=[_colour(r.library) for r in shown])
    for bar, row in zip(bars, shown, strict=True):
        if row.library.endswith("compiled"):
            bar.set_hatch("///")
            bar.set_edgecolor("white")
    axes.bar_label(bars, told, padding=4)
    axes.set_xlim(0, 1.6 * max(lengths))
    axes.tick_params(axis="y", length=0)


def _lines(axes: Any, rows: list[Row], name: str, tasks: list[Task]) -> None:
    for library in dict.fromkeys(row.library for row in rows):
        found = {row.task: row.train for row in rows if row.library == library and row.train is not None}
        points = [(getattr(task, name), 1e3 * found[task]) for task in tasks if task in found]
        if len(points) > 1:
            dashed = "--" if library.endswith("compiled") else "-"
            width = 2.2 if library == OURS else 1.2
            x, y = zip(*points, strict=True)
            axes.plot(x, y, dashed + "o", ms=3.5, lw=width, color=_colour(library), label=library)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel(_AXES[name])
    ticks = [getattr(task, name) for task in tasks]
    axes.set_xticks(ticks, [f"{100 * t:g} %" if name == "density" else str(t) for t in ticks])
    axes.minorticks_off()
    axes.grid(axis="y", color="0.9", lw=0.6)
    axes.yaxis.set_major_formatter("{x:g}")


def _colour(library: str) -> str:
    return _COLOUR[library.removesuffix(", compiled")]
