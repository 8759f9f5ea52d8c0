"""The figures: psychometric and chronometric curve, phase planes, the course of trials, a raster."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from bioplast import figure
from bioplast.experiment import Figure, interval
from bioplast.figure.plots import Line, Plot, plots

from . import classes, phase_plane, reduced, spiking, wang
from .decisions import STEP, THRESHOLD, WINDOW
from .psychometric import fit
from .results import Point, points

__all__ = ["drawn"]

_COLOUR = {"reduced": 0, "spiking": 1}


def drawn(results: dict[str, dict[str, Any]], folder: Path) -> list[Figure]:
    """All figures of a run, saved in a folder."""
    pictures = {
        "curves": (
            plots(_curves(results)),
            "Right choices and decision times against coherence",
            "Left: share of right choices with 95 % intervals, the Weibull fit, and a perfect integrator of the same "
            "input. Right: mean decision times with 95 % intervals; filled curve right choices, dashed wrong ones.",
        ),
        "phase-plane": (
            plots(_planes(results)),
            "Phase plane of the reduced model",
            "Nullclines without noise, attractors and saddles, and the paths of single noisy trials at the lowest "
            "coherence, one for each choice: before and from the onset of the stimulus.",
        ),
        "trials": (
            plots(_courses(results)),
            "Single trials",
            "Rates of both populations in windows of 50 ms, in the trials of the phase plane; time from the onset of "
            "the stimulus.",
        ),
    }
    if any(classes.of(results, readout) for readout in classes.READOUTS):
        pictures["classes"] = (
            plots([_learning(results)]),
            "Two Randman classes read out",
            "Validation samples told apart by the deployed network of each generation, a line for each seed: by the "
            "two competing populations, and by the highest of two potentials.",
        )
    found = [
        Figure(figure.save(picture, folder / name, dpi=110).name, title, caption)
        for name, (picture, title, caption) in pictures.items()
    ]
    with_raster = [key for key, result in results.items() if "raster" in result]
    if with_raster:
        found.append(_raster(results, with_raster[len(with_raster) // 2], folder))
    return found


def _positions(coherences: Any, lowest: float) -> np.ndarray:
    """Where coherences stand on an axis of factors of two, on which 0 is one factor below the lowest."""
    c = np.asarray(coherences, float)
    return np.where(c > 0, np.log2(np.maximum(c, 1e-9) / lowest) + 1, 0)


def _curves(results: dict[str, dict[str, Any]]) -> list[Plot]:
    found = {model: points(results, model) for model in _COLOUR}
    found = {model: each for model, each in found.items() if each}
    every = sorted({p.coherence for each in found.values() for p in each if p.coherence > 0})
    lowest = every[0]
    ticks = ["0", *(f"{lowest * 2**k:g}" for k in range(round(_positions(every[-1:], lowest)[0])))]
    right, times = [], []
    for model, each in found.items():
        x = _positions([p.coherence for p in each], lowest)
        colour = _COLOUR[model]
        curve = fit([p.coherence for p in each], [p.right for p in each], [p.decided for p in each])
        if curve is not None:
            fine = np.linspace(0.2, len(ticks) - 1, 200)
            label = f"{model}: α {curve.alpha:.1f} %, β {curve.beta:.2f}"
            right.append(Line(fine, 100 * curve(lowest * 2 ** (fine - 1)), label, colour=colour))
        shares = np.array([100 * p.right / max(p.decided, 1) for p in each])
        right.append(Line(x, shares, "" if curve else model, "points", colour, _reach(each)))
        integrated = [100 * p.integrated / max(p.decided, 1) for p in each]
        right.append(Line(x, integrated, f"{model}: integrator", "dashed", colour + 2))
        for name, style in (("right", "line"), ("wrong", "dashed")):
            means, halves = np.transpose([_mean(getattr(p, f"times_{name}")) for p in each])
            times.append(Line(x, means, f"{model}, {name}", style, colour))
            times.append(Line(x, means, "", "points", colour, halves))
    axis = "coherence (%)"
    return [
        Plot("Right choices", axis, "right choices (%)", right, ticks=ticks),
        Plot("Decision times", axis, "decision time (ms)", times, ticks=ticks),
    ]


def _mean(times: np.ndarray) -> tuple[float, float]:
    """The mean of decision times and half the width of its interval; NaN of fewer than five, which make no curve."""
    mean, low, _ = interval(times.tolist()) if len(times) >= 5 else (np.nan, np.nan, np.nan)
    return mean, mean - (np.nan if low is None else low)


def _reach(found: list[Point]) -> np.ndarray:
    """How far the intervals of the shares reach below and above them, in percent: [2, points]."""
    reach = []
    for p in found:
        low, high = p.share_interval(p.right)
        share = p.right / max(p.decided, 1)
        reach.append((share - low, high - share) if low is not None and high is not None else (0.0, 0.0))
    return 100 * np.maximum(np.transpose(reach), 0)


def _planes(results: dict[str, dict[str, Any]]) -> list[Plot]:
    planes = results["states"]["planes"]
    paths = _paths(results)
    panels = []
    for plane in planes[:3]:
        before = not plane["mu"]
        lines = [
            Line(curve[:, 0], curve[:, 1], f"dS{k + 1}/dt = 0", "line", k)
            for k, curve in enumerate(phase_plane.nullclines(plane["mu"], plane["coherence"] / 100))
        ]
        onset = round(reduced.ONSET / STEP)
        for k, path in enumerate(paths if before or plane is planes[1] else []):
            part = path[: onset + 1] if before else path[onset:]
            lines.append(Line(part[:, 0], part[:, 1], f"trial {k + 1}", "line", 4 + k))
        for kind, colour in (("attractor", 2), ("saddle", 3), ("repeller", 4)):
            gates = np.array([s["gates"] for s in plane["states"] if s["kind"] == kind]).reshape(-1, 2)
            if len(gates):
                lines.append(Line(gates[:, 0], gates[:, 1], kind, "points", colour))
        title = "Before the stimulus" if before else f"Coherence {plane['coherence']:g} %"
        panels.append(Plot(title, "S1", "S2", lines))
    return panels


def _paths(results: dict[str, dict[str, Any]]) -> list[np.ndarray]:
    """The gates [samples, 2] of trials of the lowest coherence, one for each choice."""
    gates = np.asarray(_lowest(results, "reduced")["gates"], float)
    return list(np.moveaxis(gates, 1, 0))


def _lowest(results: dict[str, dict[str, Any]], model: str) -> dict[str, Any]:
    return next(result for key, result in results.items() if key.startswith(f"{model}/"))


def _courses(results: dict[str, dict[str, Any]]) -> list[Plot]:
    panels = []
    for model, onset in (("reduced", reduced.ONSET), ("spiking", wang.ONSET)):
        if not points(results, model):
            continue
        rates = np.asarray(_lowest(results, model)["rates"], float)
        times = (np.arange(len(rates)) * STEP + WINDOW - onset) * 1e3
        threshold = Line(times[[0, -1]], [THRESHOLD] * 2, "threshold", "dashed")
        for trial in range(min(rates.shape[1], 2)):
            lines = [Line(times, rates[:, trial, k], f"population {k + 1}", "line", k) for k in (0, 1)]
            panels.append(
                Plot(f"{model.capitalize()}, trial {trial + 1}", "time (ms)", "rate (Hz)", [*lines, threshold])
            )
    return panels


def _learning(results: dict[str, dict[str, Any]]) -> Plot:
    lines = [
        Line(
            np.asarray(one["evaluations"]) / 1e6,
            100 * np.asarray(one["validation"]),
            classes.TITLES[readout] if k == 0 else "",
            colour=colour,
        )
        for colour, readout in enumerate(classes.READOUTS)
        for k, one in enumerate(classes.of(results, readout))
    ]
    return Plot("Evolution", "network evaluations (millions)", "validation samples correct (%)", lines)


def _raster(results: dict[str, dict[str, Any]], key: str, folder: Path) -> Figure:
    spikes = results[key]["raster"]
    coherence = key.split("/")[1][1:]
    end = len(results[key]["rates"]) * STEP + WINDOW
    picture = figure.raster(
        np.asarray(spikes["time_ms"], float) / 1e3,
        spikes["cell"],
        title=f"Coherence {coherence} %",
        neurons=sum(spiking.RASTER.values()),
        duration_s=end,
        groups=list(spiking.RASTER.items()),
        bin_s=0.05,
    )
    caption = (
        f"One trial of the network of 2000 neurons, {sum(spiking.RASTER.values())} of them drawn; the stimulus begins "
        f"at {wang.ONSET * 1e3:g} ms. Below, rates of the cells that are drawn, in bins of 50 ms."
    )
    return Figure(figure.save(picture, folder / "raster", dpi=110).name, "A decision, spike by spike", caption)
