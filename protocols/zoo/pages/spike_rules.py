"""The pages of rules of spike times: windows of pairs, frequency dependence of triplets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
from brian2 import ms, nS

from bioplast.definition import Receptor, Synapse
from bioplast.experiment import Row
from bioplast.figure.plots import Line, Plot
from bioplast.models import (
    ampa,
    exponential_current,
    gaba_a,
    guetig_stdp,
    pair_stdp,
    pair_stdp_current,
    symmetric_stdp,
    triplet_stdp,
    van_rossum_stdp,
)
from bioplast.protocols.zoo.pages.page import Found, Page
from bioplast.protocols.zoo.pages.simulation import STEP, cells, run, scripted, trains

GROUP = "Plasticity of spike times"


def paired(
    rule: Synapse, receptor: Receptor, before: Any, after: Any, duration: float, dt: float = STEP, **values: Any
) -> np.ndarray:
    """The weights after one synapse for each pair of trains (ms), in SI units."""
    source, group = trains(before, dt), cells(scripted(after, duration, dt) + receptor, len(after), dt)
    synapses = rule.connect(source, group, j="i", dt=dt * ms, name="synapses", **values)
    return run(duration, source, group, synapses).final["synapses.w"]


def lags_of(points: int, compared: tuple[float, ...]) -> np.ndarray:
    """Lags (ms) on the grid of time steps, without 0, where the order of the spikes is not defined."""
    lags = np.round(np.linspace(-100, 100, 2 * points + 1), 1)
    return np.unique(np.concatenate([lags[np.abs(lags) > 0.5], compared]))


def windows(
    rule: Synapse,
    receptor: Receptor,
    cases: Mapping[str, Mapping[str, Any]],
    exact: Callable[[np.ndarray, Mapping[str, Any]], np.ndarray],
    scale: float,
    text: str,
    source: str,
    points: int,
) -> Found:
    """One pair of spikes at each lag, post - pre, for each of the cases: the change of the weight."""
    compared = (-20.0, -10.0, 10.0, 20.0)
    lags = lags_of(points, compared)
    fine = np.concatenate([np.linspace(-100, -0.1, 200), [np.nan], np.linspace(0.1, 100, 200)])
    lines, rows = [], []
    for colour, (name, values) in enumerate(cases.items()):
        start = float(values.get("w", rule.initial["w"]))
        before = np.full((len(lags), 1), 120.0)
        change = (paired(rule, receptor, before, before + lags[:, None], 250, **values) - start) / scale
        lines.append(Line(fine, exact(fine, values), "" if colour else "closed form", "dashed"))
        lines.append(Line(lags, change, name, "points", colour))
        rows += [
            Row(
                f"dw@{lag:+g}ms" + f",{name.replace(' ', '')}" * (len(cases) > 1),
                float(change[np.argmin(np.abs(lags - lag))]),
                unit=text,
                published=float(exact(np.array(lag), values)),
                # rounding: a small change is the difference of two weights
                tolerance=max(1e-12 * start / scale, 1e-8 * abs(float(exact(np.array(lag), values)))),
                source=f"one pair, post - pre = {lag:+g} ms; {source}",
            )
            for lag in compared
        ]
    plot = Plot(
        "Change by one pair of spikes",
        "post - pre (ms)",
        f"change of the weight ({text})" if text else "change of the weight",
        lines,
        zero=True,
    )
    return Found(rows, [plot])


def _two_sided(up: float, down: float, lags: np.ndarray) -> np.ndarray:
    decay = np.exp(-np.abs(lags) / 20)
    return np.where(np.isnan(lags), np.nan, np.where(lags > 0, up * decay, -down * decay))


def _guetig(lags: np.ndarray, values: Mapping[str, Any]) -> np.ndarray:
    mu, w = values["mu"], values["w"]
    return _two_sided(0.005 * (1 - w) ** mu, 0.005 * 1.05 * w**mu, lags)


# ---- triplets --------------------------------------------------------------------------------------------------------

# Sjoestroem, Turrigiano and Nelson (2001), as listed by Pfister and Gerstner: 60 pairs at each frequency (Hz), post
# 10 ms after or before pre; relative change of the weight, mean and standard error.
MEASURED_AT = np.array([10.0, 20, 40, 50])
MEASURED = {10: (0.14, 0.29, 0.53, 0.56), -10: (-0.41, -0.34, 0.56, 0.75)}
ERRORS = {10: (0.10, 0.14, 0.11, 0.26), -10: (0.11, 0.10, 0.32, 0.19)}


def frequencies(points: int) -> Found:
    """60 pairs at each frequency: the change, and what was measured in visual cortex."""
    shown = np.unique(np.concatenate([np.round(np.linspace(5, 50, points)), MEASURED_AT]))
    rows, lines = [], []
    for colour, lag in enumerate((10, -10)):
        before = [20 + np.round(1000 / f * np.arange(60)) for f in shown]
        after = [train + lag for train in before]
        duration = float(max(train[-1] for train in before)) + 100
        change = paired(triplet_stdp, ampa, before, after, duration, dt=1.0) - 1
        name = f"post - pre = {lag:+d} ms"
        lines.append(Line(shown, change, name, "line", colour))
        lines.append(Line(MEASURED_AT, MEASURED[lag], "" if colour else "measured", "points", colour, ERRORS[lag]))
        for f, mean, error in zip(MEASURED_AT, MEASURED[lag], ERRORS[lag], strict=True):
            rows.append(
                Row(
                    f"dw@{f:g}Hz,{lag:+d}ms", float(change[np.argmin(np.abs(shown - f))]), published=mean,
                    tolerance=2 * error,
                    source="60 pairs; measured by Sjoestroem et al. (2001), Neuron 32:1149, as listed by Pfister and "
                    "Gerstner (2006); tolerance: two standard errors",
                )
            )  # fmt: skip
    plot = Plot("60 pairs of spikes", "frequency of the pairs (Hz)", "relative change of the weight", lines)
    apart = lags_of(points, ())
    first = np.full((len(apart), 1), 120.0)
    single = paired(triplet_stdp, ampa, first, first + apart[:, None], 250) - 1
    window = Plot(
        "Change by one pair", "post - pre (ms)", "relative change", [Line(apart, single, "", "points")], zero=True
    )
    return Found(rows, [plot, window])


CAPTION = "The change of the weight by one pair of spikes against its lag, with the closed form of the paper."

SPIKE_RULES: dict[str, Page] = {
    "pair-stdp": Page(
        "Pair STDP, additive", GROUP, (pair_stdp,),
        partial(
            windows, pair_stdp, ampa, {"w = 0.5": {}}, lambda lags, values: _two_sided(0.005, 0.00525, lags), 1.0, "",
            "Song, Miller and Abbott (2000), Nature Neurosci. 3:919: exponential window",
        ),
        CAPTION, receptors=(ampa,), values=(("A_plus", 0.05), ("A_minus", 0.05)),
    ),
    "pair-stdp-current": Page(
        "Pair STDP, additive, of a current-based synapse", GROUP, (pair_stdp_current,),
        partial(
            windows, pair_stdp_current, exponential_current, {"w = 0.5": {}},
            lambda lags, values: _two_sided(0.005, 0.00525, lags), 1.0, "",
            "Song, Miller and Abbott (2000), Nature Neurosci. 3:919: exponential window",
        ),
        CAPTION, receptors=(exponential_current,), values=(("A_plus", 0.05), ("A_minus", 0.05)),
    ),
    "van-rossum-stdp": Page(
        "Pair STDP, depression in proportion", GROUP, (van_rossum_stdp,),
        partial(
            windows, van_rossum_stdp, ampa, {"w = 0.1 nS": {"w": 0.1 * nS}, "w = 0.4 nS": {"w": 0.4 * nS}},
            lambda lags, values: _two_sided(7, 0.003 * float(values["w"]) * 1e12, lags), 1e-12, "pS",
            "van Rossum, Bi and Turrigiano (2000), J. Neurosci. 20:8812: + c_p, - c_d*w",
        ),
        CAPTION, receptors=(ampa,),
    ),
    "guetig-stdp": Page(
        "Pair STDP between additive and multiplicative", GROUP, (guetig_stdp,),
        partial(
            windows, guetig_stdp, ampa,
            {"mu = 0, w = 0.2": {"mu": 0, "w": 0.2}, "mu = 1, w = 0.2": {"mu": 1, "w": 0.2},
             "mu = 1, w = 0.8": {"mu": 1, "w": 0.8}},
            _guetig, 1.0, "", "Guetig et al. (2003), J. Neurosci. 23:3697: + (1 - w)**mu, - alpha*w**mu",
        ),
        CAPTION, receptors=(ampa,), values=(("mu", 0.5), ("eta", 0.05)),
    ),
    "symmetric-stdp": Page(
        "Symmetric STDP of an inhibitory synapse", GROUP, (symmetric_stdp,),
        partial(
            windows, symmetric_stdp, gaba_a, {"w = 0.5": {}},
            lambda lags, values: 0.01 * (np.exp(-np.abs(lags) / 20) - 2 * 5 * 0.02), 1.0, "",
            "Vogels et al. (2011), Science 334:1569: symmetric window, minus a constant at each presynaptic spike",
        ),
        CAPTION, receptors=(gaba_a,),
    ),
    "triplet-stdp": Page(
        "Triplet STDP", GROUP, (triplet_stdp,), frequencies,
        "Left: 60 pairs against their frequency; points are measurements in visual cortex with standard errors. Right: "
        "one pair alone, which hardly potentiates.",
        receptors=(ampa,),
    ),
}  # fmt: skip
