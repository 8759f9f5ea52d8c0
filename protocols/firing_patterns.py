"""Figure 1 of Izhikevich (2004): twenty firing patterns of one model, compared spike by spike with the author."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from brian2 import Network, SpikeMonitor, StateMonitor, TimedArray, ms, mV

import bioplast
from bioplast import figure
from bioplast.errors import UnknownName
from bioplast.experiment import Figure, Protocol, Row, Trial
from bioplast.models import izhikevich_2004
from bioplast.stimulus import Segment, piecewise

SOURCE = "Izhikevich (2004), IEEE Trans. Neural Networks 15:1063, figure 1, doi:10.1109/TNN.2004.832719"
EVERY = {"patterns": list("ABCDEFGHIJKLMNOPQRST")}
DEMO = {**EVERY, "targets": ["numpy", "cpp"]}  # to compile every pattern for Cython and OpenMP takes over a minute


@cache
def reference() -> dict[str, Any]:
    """The twenty patterns by letter: parameters, start values, input and the spike times of the author's own code."""
    text = (resources.files("bioplast.data") / "izhikevich_2004_patterns.json").read_text()
    return json.loads(text)["patterns"]


def pattern(letter: str) -> dict[str, Any]:
    """One pattern of the reference, A to T."""
    if letter not in reference():
        raise UnknownName("pattern", letter, reference())
    return reference()[letter]


def stimulus(letter: str) -> tuple[np.ndarray, np.ndarray]:
    """The times in ms of every step of a pattern, and the input current in mV/ms at each."""
    given = pattern(letter)
    times = np.arange(round(given["duration_ms"] / given["dt_ms"]) + 1) * given["dt_ms"]
    segments = [
        Segment(s["from_ms"], s["to_ms"], s["value"], s["slope_per_ms"], s.get("closed", False))
        for s in given["input"]["segments"]
    ]
    return times, piecewise(times, given["input"]["base"], segments)


def network(letter: str) -> Network:
    """One neuron with a pattern's parameters and input; monitors "spikes" and "trace"."""
    given = pattern(letter)
    _, current = stimulus(letter)
    v, accommodation = given["v_equation"], given["u_equation"] == "a*b*(v + 65)"
    neuron = izhikevich_2004.group(
        1,
        name="neuron",
        dt=given["dt_ms"] * ms,
        I="current(t)",
        namespace={"current": TimedArray(current * mV / ms, dt=given["dt_ms"] * ms, name="current")},
        a=given["a"] / ms,
        b=given["b"] / ms,
        c=given["c"] * mV,
        d=given["d"] * mV / ms,
        quadratic=v["quadratic"] / mV / ms,
        linear=v["linear"] / ms,
        constant=v["constant"] * mV / ms,
        v_u=(-65 if accommodation else 0) * mV,
        u_leak=0 if accommodation else 1,
        v=given["v0"] * mV,
        u=given["u0"] * mV / ms,
    )
    recorded = StateMonitor(neuron, "v", record=True, when="end", name="trace")
    return Network(neuron, SpikeMonitor(neuron, name="spikes"), recorded)


def exported(settings: dict[str, Any]) -> tuple[Network, Any]:
    """The first of the settings' patterns and how long it lasts."""
    letter = settings["patterns"][0]
    return network(letter), len(stimulus(letter)[0]) * pattern(letter)["dt_ms"] * ms


def trials(settings: dict[str, Any], targets: list[str], seeds: list[int]) -> list[Trial]:
    letters = [pattern(letter) and letter for letter in settings["patterns"]]
    return [
        Trial(f"{target}/{letter}", {"target": target, "pattern": letter}) for target in targets for letter in letters
    ]


def run(trial: Trial) -> dict[str, Any]:
    letter, target = trial.settings["pattern"], trial.settings["target"]
    times, current = stimulus(letter)
    dt = pattern(letter)["dt_ms"]
    program = bioplast.compile(network(letter), len(times) * dt * ms, target, namespace={})
    out = program()
    steps = out.spikes["spikes"].steps
    voltage = out.states["trace"]["v"][:, 0] * 1e3
    voltage[steps] = 30  # the peak, where the author's figure draws it; the neuron is already reset
    return {"time_ms": times, "v_mV": voltage, "current": current, "spikes_ms": steps * dt}


def exact(letter: str, spikes_ms: list[float]) -> bool:
    """Whether every spike falls into the very time step in which the author's code has it."""
    given = pattern(letter)
    expected = np.round(np.array(given["spike_times_ms"]) / given["dt_ms"])
    return np.array_equal(expected, np.round(np.array(spikes_ms) / given["dt_ms"]))


def summarise(results: dict[str, dict[str, Any]], settings: dict[str, Any]) -> list[Row]:
    rows = []
    for target in dict.fromkeys(key.split("/")[0] for key in results):
        found = {key.split("/")[1]: r for key, r in results.items() if key.startswith(f"{target}/")}
        hits = {letter: exact(letter, result["spikes_ms"]) for letter, result in found.items()}
        rows += [Row(f"{target}/exact/{letter}", int(hit), source=SOURCE) for letter, hit in hits.items()]
        rows.append(
            Row(f"{target}/exact/count", sum(hits.values()), unit="patterns", published=len(hits), source=SOURCE)
        )
        rows += [
            Row(
                f"{target}/spikes/{letter}",
                len(result["spikes_ms"]),
                unit="spikes",
                published=len(pattern(letter)["spike_times_ms"]),
                source=SOURCE,
            )
            for letter, result in found.items()
        ]
    return rows


def figures(results: dict[str, dict[str, Any]], settings: dict[str, Any], folder: Path) -> list[Figure]:
    drawn = []
    for target in dict.fromkeys(key.split("/")[0] for key in results):
        panels = [
            figure.Panel(
                letter=key.split("/")[1],
                name=pattern(key.split("/")[1])["name"],
                times_ms=result["time_ms"],
                v_mV=result["v_mV"],
                current=result["current"],
                equal=exact(key.split("/")[1], result["spikes_ms"]),
            )
            for key, result in results.items()
            if key.startswith(f"{target}/")
        ]
        count = sum(bool(panel.equal) for panel in panels)
        picture = figure.pattern_grid(
            panels,
            title=f"Twenty firing patterns of Izhikevich (2004), simulated on {target}",
            current_unit="mV/ms",
            reference="the author's code",
        )
        file = figure.save(picture, folder / f"patterns_{target}")
        drawn.append(
            Figure(
                file.name,
                f"The firing patterns on {target}",
                f"Membrane potential of the model and, below it, its input. {count} of {len(panels)} patterns have "
                "every spike in the very time step in which the author's own code has it.",
            )
        )
    return drawn


def tables(results: dict[str, dict[str, Any]], settings: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    return {
        "spikes.csv": [
            {"pattern": key.split("/")[1], "target": key.split("/")[0], "time_ms": time}
            for key, result in results.items()
            for time in result["spikes_ms"]
        ]
    }


firing_patterns = Protocol(
    name="firing-patterns",
    title="Twenty firing patterns of cortical neurons",
    source=SOURCE,
    description=(
        "Simulates the twenty firing patterns of figure 1 with the author's parameters, inputs and step sizes, from "
        "one definition written as equations with units, on every target that works here, and compares every "
        "spike time with those of the author's own program. The model is updated sequentially, as that program does: "
        "first v, then u with the new v. An ordinary simultaneous Euler step gives other spikes for eight."
    ),
    presets={"demo": DEMO, "quick": EVERY, "full": EVERY},
    trials=trials,
    run=run,
    summarise=summarise,
    figures=figures,
    tables=tables,
    network=exported,
    targets=("numpy", "cython", "cpp", "openmp"),
)
