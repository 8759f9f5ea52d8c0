"""Pairs of pulses: a cell that answers to one interval only (K), or to short intervals (L)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..response.features import Features
from ..response.sweep import Sweep, Waveform, Window
from ._common import MODEST, PULSE, REST
from .blocking import unblocked
from .pattern import Knob, Pattern
from .score import fires


def _pairs(
    knobs: Mapping[str, np.ndarray], size: int, intervals: Mapping[str, np.ndarray], answered: tuple[str, ...]
) -> Sweep:
    """Pairs of pulses with these intervals between their onsets, each from rest; some have to be answered."""
    waveform = Waveform(size)
    for name, interval in intervals.items():
        waveform.rest(knobs["rest"]).event(name)
        waveform.piece(f"{name} first", knobs["width"], knobs["amplitude"]).pause(interval - knobs["width"])
        waveform.piece(f"{name} second", knobs["width"], knobs["amplitude"])
    for name in answered:
        waveform.range_of(name)
    return waveform.end(knobs["rest"])


def _probe(knobs: Mapping[str, np.ndarray], size: int) -> Sweep:
    """The pair that has to be answered."""
    waveform = Waveform(size).rest(knobs["rest"]).event("probe").piece("first", knobs["width"], knobs["amplitude"])
    waveform.pause(knobs["width"] * (knobs["interval"] - 1)).piece("second", knobs["width"], knobs["amplitude"])
    return waveform.end(knobs["rest"])


def _before(sweep: Sweep, name: str) -> Window:
    """From the first to the second pulse of a pair."""
    return Window(sweep.windows[name].start, sweep.windows[f"{name} second"].start)


def _after(sweep: Sweep, name: str) -> Window:
    """From the second pulse of a pair on."""
    return Window(sweep.windows[f"{name} second"].start, sweep.windows[name].end)


def _resonant(knobs: Mapping[str, np.ndarray], size: int) -> Sweep:
    resonant = knobs["width"] * knobs["interval"]
    # The short interval is cut so that its pulses do not touch.
    short = knobs["width"] * np.maximum(knobs["interval"] * knobs["shorter"], 1.2)
    return _pairs(
        knobs, size, {"short": short, "resonant": resonant, "long": resonant * knobs["longer"]}, ("resonant",)
    )


def _resonating(features: Features, sweep: Sweep) -> dict[str, np.ndarray]:
    return {
        "a spike after the resonant pair": fires(
            features.answers(_after(sweep, "resonant")).count, 1, features.nearness_in("resonant")
        ),
        "no spike before its second pulse": features.silent(_before(sweep, "resonant")),
        "no spike to the shorter interval": features.silent(sweep.windows["short"]),
        "no spike to the longer interval": features.silent(sweep.windows["long"]),
        **unblocked(features, "in the end", features.final),
    }


def _close(knobs: Mapping[str, np.ndarray], size: int) -> Sweep:
    near = knobs["width"] * knobs["interval"]
    nearer = knobs["width"] * (1 + (knobs["interval"] - 1) / 2)
    return _pairs(knobs, size, {"far": near * knobs["farther"], "near": near, "nearer": nearer}, ("near", "nearer"))


def _integrating(features: Features, sweep: Sweep) -> dict[str, np.ndarray]:
    near, nearer = (features.answers(_after(sweep, name)).count for name in ("near", "nearer"))
    early = features.silent(_before(sweep, "near")) + features.silent(_before(sweep, "nearer"))
    return {
        "a spike after the close pair": fires(near, 1, features.nearness_in("near")),
        "a spike after the closer pair": fires(nearer, 1, features.nearness_in("nearer")),
        "no spike before their second pulse": early,
        "no spike to the distant pair": features.silent(sweep.windows["far"]),
        **unblocked(features, "in the end", features.final),
    }


resonator = Pattern(
    "K",
    "resonator",
    "Two pulses are answered with a spike at one interval only, neither at a shorter nor at a longer one.",
    {
        "rest": REST,
        "width": PULSE,
        "amplitude": MODEST,
        "interval": Knob(2, 40, unit="1"),
        "shorter": Knob(0.3, 0.75, unit="1"),
        "longer": Knob(1.25, 2, unit="1"),
    },
    _resonant,
    _resonating,
    probe=_probe,
)

integrator = Pattern(
    "L",
    "integrator",
    "Two pulses are answered with a spike when they are close, also when they are closer, but not when they are apart.",
    {
        "rest": REST,
        "width": PULSE,
        "amplitude": MODEST,
        "interval": Knob(1.5, 20, unit="1"),
        "farther": Knob(1.5, 5, unit="1"),
    },
    _close,
    _integrating,
    probe=_probe,
)
