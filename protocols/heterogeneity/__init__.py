"""Neuronal heterogeneity: what the neurons of random networks can do when they evolve, beside evolved weights.

The paper's numbers of parameters imply one hidden layer without biases. What it leaves open is decided in the file of
each part: `memory`, `balance` (CartPole), `classification`, `locomotion` (brax) and `membranes`. Potentials count from
the rest of the equal neurons, whose time constant is 20 ms, threshold 10 mV and resistance 100 Mohm.
"""

from __future__ import annotations

import importlib.util
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from brian2 import Network

from bioplast.errors import BioplastError, refuse_unknown
from bioplast.experiment import Figure, Protocol, Row, Trial

from . import pictures
from .membranes import SOURCE, cells, distances, fitted
from .presets import DEMO, FULL, QUICK

PAPER = "Shen, Zhao, Dong, Li and Zeng (2023), arXiv:2305.11484"
_OF_IMAGES = {
    "mnist": {4096: 0.8096, 8192: 0.8564, 16384: 0.8889, 32768: 0.9084},
    "fashion": {4096: 0.7635, 8192: 0.7764, 16384: 0.7931, 32768: 0.8090},
}
_ARMS = {
    "neurons": "neurons evolve, random weights",
    "coevolved": "neurons evolve, each judged by itself, random weights",
    "weights": "weights of equal neurons evolve",
    "both": "neurons and weights evolve",
    "bptt": "neurons by a surrogate gradient through all steps, random weights",
    "width": "neurons evolve, as many as arm weights has",
    "tau_m": "membrane time constants alone evolve, random weights",
    "v_th": "thresholds alone evolve, random weights",
    "v_rest": "resting potentials alone evolve, random weights",
    "R": "resistances alone evolve, random weights",
}


_NUMBERS = ["tau_m", "v_th", "v_rest", "R"]
# What lists of the settings may hold, part by part.
_ACCEPTED: dict[str, dict[str, list[str]]] = {
    "memory": {"methods": ["neurons", "weights", "both", "bptt", *_NUMBERS]},
    "cartpole": {"methods": ["es", "bptt"], "kinds": ["homogeneous", "heterogeneous"]},
    "images": {"methods": ["coevolved", "neurons", "weights", "width"], "tasks": list(_OF_IMAGES)},
    "control": {
        "methods": ["neurons", "weights"],
        "environments": ["hopper", "halfcheetah", "ant", "walker2d"],
        "ablation": _NUMBERS,
    },
}


def exported(settings: dict[str, Any]) -> tuple[Network, Any]:
    """The network of the memory task before anything evolves, and how long a step of the environment is."""
    from . import memory, networks

    made = networks.policy(memory.OBSERVATIONS, settings["memory"]["hidden"], 2, True, 0)
    return made, memory.STEPS * networks.DT


def trials(settings: dict[str, Any], targets: list[str], seeds: list[int]) -> list[Trial]:
    from bioplast.program.targets import require

    require("jax")  # before anything is written
    chosen = settings["parts"]
    known = [part for part in FULL["parts"] if part in settings]  # a preset has the settings of its own parts alone
    refuse_unknown("part of heterogeneity in this preset", chosen, known)
    for part, lists in _ACCEPTED.items():
        for name, accepted in lists.items() if part in chosen else ():
            refuse_unknown(f"value of heterogeneity's {part}.{name}", settings[part][name], accepted)
    without = {settings[part].get("strategy") for part in chosen} <= {"hybrid"}
    if not without and importlib.util.find_spec("evosax") is None:
        raise BioplastError("heterogeneity: its strategies need the package evosax: pip install 'bioplast[evolution]'")
    found: list[Trial] = []
    if "memory" in chosen:
        how = dict(settings["memory"])
        for method in how["methods"]:
            for length in how["lengths"]:
                own = {**_shared(how, "methods", "lengths"), "method": method, "length": length}
                found += [Trial(f"memory/{method}/{length}/seed{s}", own, s) for s in seeds[: how["seeds"]]]
    if "cartpole" in chosen:
        how = settings["cartpole"]
        for method in how["methods"]:
            for kind in how["kinds"]:
                for steps in how["steps"]:
                    own = {**_shared(how, "methods", "kinds"), "method": method, "kind": kind, "steps": steps}
                    found += [Trial(f"cartpole/{method}/{kind}/{steps}/seed{s}", own, s) for s in seeds[: how["seeds"]]]
    if "images" in chosen:
        how = settings["images"]
        for task in how["tasks"]:
            if not _at_hand(task):
                continue
            for method in how["methods"]:
                for numbers in how["numbers"]:
                    own = {**_shared(how, "tasks", "methods"), "task": task, "method": method, "numbers": numbers}
                    found += [Trial(f"{task}/{method}/{numbers}/seed{s}", own, s) for s in seeds[: how["seeds"]]]
    if "rates" in chosen and _at_hand(settings["rates"]["task"]):
        found.append(Trial(f"rates/seed{seeds[0]}", settings["rates"], seeds[0]))
    if "control" in chosen:
        found += _of_control(settings["control"], seeds)
    return found


def _shared(how: dict[str, Any], *names: str) -> dict[str, Any]:
    """The settings of a part without those that its trials differ in."""
    return {name: value for name, value in how.items() if name not in (*names, "seeds")}


def _at_hand(task: str) -> bool:
    from bioplast.dataset import fashion_mnist, mnist
    from bioplast.dataset.published import at_hand

    files = {"mnist": mnist, "fashion": fashion_mnist}[task].FILES
    there = all(at_hand(file) for part in ("train", "test") for file in files[part])
    if not there:
        names = f"its files in FOLDER/{files['train'][0].folder} with BIOPLAST_DATA=FOLDER are needed"
        warnings.warn(f"heterogeneity: {task} is left out: {names}", RuntimeWarning, stacklevel=2)
    return there


def _of_control(how: dict[str, Any], seeds: list[int]) -> list[Trial]:
    from .locomotion import at_hand

    if not at_hand():
        text = "heterogeneity: control is left out: it needs the package brax: pip install 'bioplast[brax]'"
        warnings.warn(text, RuntimeWarning, stacklevel=2)
        return []
    found = []
    shared = _shared(how, "environments", "methods", "numbers", "ablation")
    for name in how["environments"]:
        own = {**shared, "environment": name}
        chosen = seeds[: how["seeds"]]
        for method in how["methods"]:
            for numbers in how["numbers"]:
                one = {**own, "method": method, "numbers": numbers, "only": _NUMBERS}
                found += [Trial(f"control/{name}/{method}/{numbers}/seed{s}", one, s) for s in chosen]
        for only in how["ablation"]:
            one = {**own, "method": "neurons", "numbers": how["numbers"][0], "only": [only]}
            found += [Trial(f"ablation/{name}/{only}/seed{s}", one, s) for s in chosen]
    return found


def run(trial: Trial) -> dict[str, Any]:
    settings, seed = trial.settings, int(trial.seed or 0)
    part = trial.id.split("/")[0]
    if part == "memory":
        from .memory import remembered

        return remembered(settings, seed)
    if part == "cartpole":
        from .balance import balanced

        return balanced(settings, seed)
    if part in ("control", "ablation"):
        from .locomotion import moved

        return moved(settings, seed)
    from . import classification

    if part == "rates":
        return classification.rates(settings, seed)
    return classification.classified(settings, seed, trial.scratch)


def summarise(results: dict[str, dict[str, Any]], settings: dict[str, Any]) -> list[Row]:
    rows, others = [], []
    for place, found in grouped(results).items():
        part, *rest = place.split("/")
        if part == "memory":
            published = 0.9 if rest == ["neurons", "25"] else None
            values = [one["reward"] for one in found]
            source = f"{_ARMS[rest[0]]}; reward from -1 to 1" + (f"; {PAPER}" if published else "")
            rows.append(Row.over_seeds(f"{place}/reward", values, published=published, source=source))
            # how much search that took: neurons that are drawn at random may do already
            validations = [list(one["history"]) for one in found]
            source = "generations, or updates, until every validation episode was answered rightly, or the last one"
            rows.append(Row.over_seeds(f"{place}/generations", [float(len(v)) for v in validations], source=source))
            if all(one["silenced"] is not None for one in found):
                source = "hidden neurons whose rest is above their threshold, so that they spike without input"
                rows.append(Row.over_seeds(f"{place}/tonic", [float(one["tonic"]) for one in found], source=source))
                source = "reward when those neurons are silenced"
                rows.append(Row.over_seeds(f"{place}/silenced", [one["silenced"] for one in found], source=source))
            source = "validation after the first generation, or update"
            others.append(
                Row.over_seeds(f"baseline/{place}/first/reward", [float(v[0]) for v in validations], source=source)
            )
        elif part == "cartpole":
            values = [one["return"] for one in found]
            rows.append(Row.over_seeds(f"{place}/return", values, source=f"steps that the pole stood, of {rest[2]}"))
        elif part in _OF_IMAGES:
            published = _OF_IMAGES[part].get(int(rest[1])) if rest[0] in ("neurons", "coevolved") else None
            values = [one["accuracy"] for one in found]
            source = f"{_ARMS[rest[0]]}, {found[0]['hidden']} of them" + (f"; {PAPER}" if published else "")
            rows.append(Row.over_seeds(f"{place}/accuracy", values, published=published, source=source))
            values = [one["untrained"] for one in found]
            others.append(Row.over_seeds(f"baseline/{place}/untrained/accuracy", values, source="before evolution"))
        elif part == "rates":
            rates = np.asarray(found[0]["rates"])  # [generations, neurons, classes]
            for generation, each in zip(found[0]["generations"], rates, strict=True):
                ranges = each.max(axis=1) - each.min(axis=1)
                source = "between the classes with the most and the fewest spikes, mean over hidden neurons; one seed"
                rows.append(Row(f"rates/{generation}/range", float(ranges.mean()), unit="spikes", source=source))
        elif part in ("control", "ablation"):
            published = 1851.0 if place == "control/hopper/neurons/4096" else None
            values = [one["reward"] for one in found]
            rows.append(
                Row.over_seeds(f"{place}/reward", values, published=published, source=PAPER if published else "")
            )
    if "cartpole" in settings["parts"]:
        from .balance import guessed

        rows += _differences(results)
        others.append(Row("baseline/cartpole/random/return", guessed(), source="actions drawn by chance"))
    if "memory" in settings["parts"]:
        rows += _of_membranes(results)
        others.append(Row("baseline/memory/constant/reward", 0.0, source="always the same answer"))
    return [*rows, *others]


def _differences(results: dict[str, dict[str, Any]]) -> list[Row]:
    """How much longer the pole stands after evolution than after the gradient, with the same random weights."""
    pairs: dict[str, list[float]] = {}
    for key, result in results.items():
        if key.startswith("cartpole/es/") and (other := key.replace("/es/", "/bptt/")) in results:
            place = key.rpartition("/")[0].replace("/es/", "/es-minus-bptt/")
            pairs.setdefault(f"{place}/return", []).append(result["return"] - results[other]["return"])
    source = "steps more than by the gradient, seed by seed"
    return [Row.over_seeds(id, values, source=source) for id, values in pairs.items()]


def _of_membranes(results: dict[str, dict[str, Any]]) -> list[Row]:
    """Evolved time constants by the length of the memory, and beside those of cells."""
    rows = []
    groups = {p: f for p, f in grouped(results).items() if p.startswith("memory/neurons/")}
    known = cells()
    for place, found in groups.items():
        length = place.split("/")[2]
        taus = [np.asarray(one["tau_m_ms"]) for one in found]
        source = "hidden neurons after evolution for this length of memory"
        medians = [float(np.median(tau)) for tau in taus]
        rows.append(Row.over_seeds(f"membrane/length-{length}/median", medians, unit="ms", source=source))
        for name in ("lognormal", "gamma"):
            values = [fitted(tau)[name].distance for tau in taus]
            id = f"membrane/length-{length}/{name}/distance"
            rows.append(Row.over_seeds(id, values, source=f"Kolmogorov-Smirnov distance to the {name} fitted to them"))
        for name, cell in known.items():
            values = [distances(tau, cell) for tau in taus]
            id = f"membrane/length-{length}/{name}/distance"
            rows.append(Row.over_seeds(id, values, source="Kolmogorov-Smirnov distance to these cells"))
    for name, cell in known.items():
        rows.append(
            Row(f"membrane/{name}/median", cell["median_ms"], unit="ms", source=f"{cell['n']:.0f} cells; {SOURCE}")
        )
        for fit in cell["fits"].values():
            source = f"Kolmogorov-Smirnov distance of {cell['n']:.0f} cells to the {fit.name} fitted to them; {SOURCE}"
            rows.append(Row(f"membrane/{name}/{fit.name}/distance", fit.distance, source=source))
    return rows


def grouped(results: dict[str, dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """The results of all seeds, by what their trials' ids have before the last slash."""
    found: dict[str, list[dict[str, Any]]] = {}
    for key, result in results.items():
        found.setdefault(key.rpartition("/")[0], []).append(result)
    return found


def figures(results: dict[str, dict[str, Any]], settings: dict[str, Any], folder: Path) -> list[Figure]:
    return pictures.drawn(grouped(results), folder)


def tables(results: dict[str, dict[str, Any]], settings: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    def course(name: str, column: str) -> list[dict[str, Any]]:
        return [
            {"trial": key, "generation": k + 1, column: float(value)}
            for key, result in results.items()
            for k, value in enumerate(np.asarray(result.get(name, [])))
            if np.isfinite(value)  # bodies are validated in some generations
        ]

    found = {"history.csv": course("history", "validation"), "returns.csv": course("returns", "mean return")}
    return {name: rows for name, rows in found.items() if rows}


heterogeneity = Protocol(
    name="heterogeneity",
    title="Neuronal heterogeneity: evolved neurons in random networks",
    source=PAPER,
    description=(
        "In networks with one hidden layer and random, fixed weights an evolution strategy searches each neuron's "
        "membrane time constant, threshold, rest and resistance; against it stand networks of equal neurons whose "
        "weights are searched, both together, a surrogate gradient through all steps, and, for images, evolved neurons "
        "in a layer no wider than that of the weights. The tasks are a cue to be remembered, a pole to be balanced, "
        "images in four time steps and, where brax is installed, bodies that move. Evolved time constants are laid "
        "beside those of cells of mouse and human cortex. All of it acts in a closed loop that carries the whole state."
    ),
    presets={"demo": DEMO, "quick": QUICK, "full": FULL},
    trials=trials,
    run=run,
    summarise=summarise,
    figures=figures,
    tables=tables,
    network=exported,
)
