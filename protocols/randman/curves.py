"""Learning curves of all methods of a task, against updates, network evaluations and seconds."""

from __future__ import annotations

from typing import Any

import matplotlib.figure
import numpy as np
from matplotlib.ticker import NullFormatter

from bioplast.figure.style import COLOURS, new_figure, styled

from .methods import METHODS

__all__ = ["learning_curves"]

_AXES = {"updates": "updates", "evaluations": "network evaluations", "seconds": "wall-clock (s)"}
# What is no method of its own but another arm of one has its colour, and dashes or dots.
_COLOUR = {
    "surrogate": COLOURS["black"],
    "es": COLOURS["vermilion"],
    "hybrid": COLOURS["blue"],
    "swarm": COLOURS["orange"],
    "cem": COLOURS["green"],
    "cem-es": COLOURS["sky"],
    "annealing": COLOURS["grey"],
    "pooling": COLOURS["purple"],
}
_ARM = {"neurons": (0, (1, 1.5)), "weights": (0, (4, 2)), "": "-"}
_POINTS = 200


def learning_curves(found: dict[str, list[dict[str, Any]]], task: str) -> matplotlib.figure.Figure:
    """Accuracy on validation samples, a line for each method and seed, on three logarithmic axes.

    Parameters
    ----------
    found : dict
        Of each method the results of its seeds.
    task : str
        For the title.
    """
    with styled():
        figure = new_figure(11, 3.6)
        panels = figure.subplots(1, 3, sharey=True)
        for axes, (name, label) in zip(panels, _AXES.items(), strict=True):
            for method, results in found.items():
                base, _, arm = method.partition("-") if method not in _COLOUR else (method, "", "")
                for seed, result in enumerate(results):
                    x, y = (np.asarray(result["history"][key], dtype=float) for key in (name, "accuracy"))
                    shown = np.unique(np.geomspace(1, len(x), _POINTS).astype(int)) - 1
                    axes.plot(
                        x[shown],
                        np.maximum.accumulate(y)[shown] * 100,
                        color=_COLOUR[base],
                        linestyle=_ARM[arm],
                        linewidth=1.1,
                        label=METHODS[method].title if seed == 0 else None,
                    )
            axes.set(xscale="log", xlabel=label)
            axes.xaxis.set_minor_formatter(NullFormatter())  # within one decade they would lie on each other
        panels[0].set(ylabel="validation samples correct (%)", ylim=(0, 102))
        figure.suptitle(task, x=0.01, ha="left", fontsize=11, fontweight="bold")
        figure.legend(*panels[0].get_legend_handles_labels(), loc="outside right upper", fontsize=8)
    return figure
