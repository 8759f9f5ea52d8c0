"""Membrane time constants: of evolved neurons, and of cells, with lognormal and gamma fits and how well these fit.

Of the cells the project holds how many there are in each bin of 2 ms, and the parameters of the fits to all of them:
`data/heterogeneity/membranes.csv`, made by `counted` of the Allen Cell Types Database.
"""

from __future__ import annotations

import csv
import importlib.resources
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["BIN", "CELLS", "FITS", "SOURCE", "Fit", "cells", "counted", "distances", "fitted"]

SOURCE = "Allen Institute for Brain Science, Allen Cell Types Database (2015), celltypes.brain-map.org"
#: The width of a bin in ms.
BIN = 2.0
#: By the name in a row: species, area, layer (any: "") and kind of dendrite.
CELLS = {
    "mouse-v1-l4": ("Mus musculus", "VISp", "4", "spiny"),
    "human-mtg": ("Homo Sapiens", "MTG", "", "spiny"),
}
#: The distributions that are fitted, with the location at 0.
FITS = ("lognormal", "gamma")


@dataclass(frozen=True)
class Fit:
    """A distribution that was fitted by maximum likelihood.

    Attributes
    ----------
    name : str
        One of `FITS`.
    shape, scale : float
        Of a lognormal: the standard deviation of the logarithm, and the median in ms; of a gamma: k and theta in ms.
    distance : float
        The Kolmogorov-Smirnov distance to what it was fitted to.
    """

    name: str
    shape: float
    scale: float
    distance: float

    def cdf(self, x: Any) -> Any:
        """The part of the distribution below x in ms."""
        from scipy import stats

        made = {"lognormal": stats.lognorm, "gamma": stats.gamma}[self.name]
        return made.cdf(x, self.shape, scale=self.scale)


def fitted(tau_ms: np.ndarray) -> dict[str, Fit]:
    """Both fits to time constants in ms."""
    from scipy import stats

    found = {}
    for name, law in (("lognormal", stats.lognorm), ("gamma", stats.gamma)):
        shape, _, scale = law.fit(tau_ms, floc=0)
        distance = stats.ks_1samp(tau_ms, law.cdf, args=(shape, 0, scale)).statistic
        found[name] = Fit(name, float(shape), float(scale), float(distance))
    return found


def distances(tau_ms: np.ndarray, cell: dict[str, Any]) -> float:
    """The Kolmogorov-Smirnov distance of time constants to cells of which the bins are known, at the bins' edges."""
    edges = np.arange(1, len(cell["counts"]) + 1) * BIN
    theirs = np.cumsum(cell["counts"]) / np.sum(cell["counts"])
    ours = np.searchsorted(np.sort(tau_ms), edges, side="right") / len(tau_ms)
    return float(np.abs(ours - theirs).max())


def cells() -> dict[str, dict[str, Any]]:
    """The cells: ``n``, ``mean_ms``, ``median_ms``, ``sd_ms``, ``counts`` of each bin, and the ``fits``."""
    text = (importlib.resources.files("bioplast.data") / "heterogeneity" / "membranes.csv").read_text()
    found: dict[str, dict[str, Any]] = {}
    for row in csv.DictReader(text.splitlines()):
        cell = found.setdefault(row["cells"], {"counts": [], "fits": {}})
        if row["what"] == "count":
            cell["counts"].append(int(row["value"]))
        elif row["what"] in ("n", "mean_ms", "median_ms", "sd_ms"):
            cell[row["what"]] = float(row["value"])
        else:
            name, _, part = row["what"].partition(" ")
            cell["fits"].setdefault(name, {})[part] = float(row["value"])
    for cell in found.values():
        cell["fits"] = {name: Fit(name, **parts) for name, parts in cell["fits"].items()}
        cell["counts"] = np.array(cell["counts"])
    return found


def counted(table: Path) -> list[dict[str, Any]]:
    """The rows of `data/heterogeneity/membranes.csv`, from a table of all cells.

    Parameters
    ----------
    table : Path
        A CSV file with the columns ``species``, ``area``, ``layer``, ``dendrite`` and ``tau_ms``.
    """
    with open(table, newline="") as file:
        everyone = list(csv.DictReader(file))
    rows: list[dict[str, Any]] = []
    for name, (species, area, layer, dendrite) in CELLS.items():
        tau = np.array(
            [
                float(cell["tau_ms"])
                for cell in everyone
                if (cell["species"], cell["area"], cell["dendrite"]) == (species, area, dendrite)
                and layer in ("", cell["layer"])
                and cell["tau_ms"]
            ]
        )
        numbers = {"n": len(tau), "mean_ms": tau.mean(), "median_ms": np.median(tau), "sd_ms": tau.std(ddof=1)}
        for fit in fitted(tau).values():
            numbers |= {f"{fit.name} {part}": getattr(fit, part) for part in ("shape", "scale", "distance")}
        rows += [
            {"cells": name, "what": what, "low_ms": "", "value": f"{value:.6g}"} for what, value in numbers.items()
        ]
        counts, edges = np.histogram(tau, np.arange(0, tau.max() + BIN, BIN))
        rows += [
            {"cells": name, "what": "count", "low_ms": f"{low:g}", "value": int(count)}
            for low, count in zip(edges[:-1], counts, strict=True)
        ]
    return rows
