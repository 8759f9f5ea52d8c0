"""The rows of a run: accuracies, differences of arms seed by seed, coefficients."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from bioplast.experiment import Row

from .tasks import LEVELS, TASKS

__all__ = ["TITLES", "absent", "arms_of", "key", "of", "rows"]

PAPER = "Liu, Deng and Yu (2025), arXiv:2508.13673, convolutional networks of other widths"
PUBLISHED = {
    ("mnist", "stbp"): 0.9889,
    ("mnist", "stbp-hebbian"): 0.9950,
    ("mnist", "sbp"): 0.9514,
    ("mnist", "mpsl"): 0.9952,
    ("fashion-mnist", "stbp"): 0.9013,
    ("fashion-mnist", "stbp-hebbian"): 0.9329,
    ("fashion-mnist", "mpsl"): 0.9372,
}
TITLES = {
    "stbp": "surrogate gradients",
    "stbp-hebbian": "gradients + Hebbian",
    "stbp-sbp": "gradients + SBP",
    "mpsl": "all three (MPSL)",
    "mpsl-fixed": "all three, coefficients fixed",
    "mpsl-frozen": "all three, coefficients frozen",
    "hebbian": "Hebbian alone",
    "sbp": "SBP alone",
    "fixed": "random hidden weights",
}


def absent(task: str) -> str:
    """What is missing, and how it is given."""
    names = ", ".join(file.name for file in TASKS[task].files)
    return f"{task} is left out: {names} in FOLDER/{task} with BIOPLAST_DATA=FOLDER are needed"


def key(arm: str) -> str:
    """The name of an arm in ids: "mpsl:fixed" is "mpsl-fixed"."""
    return arm.replace(":", "-")


def arms_of(network: dict[str, Any]) -> list[str]:
    """The arms of a network, by the names that ids have."""
    return [key(arm) for arm in network["arms"]]


def of(results: dict[str, dict[str, Any]], *names: str) -> dict[str, dict[str, Any]]:
    """Results of a task, network and arm, by their seeds."""
    begin = "/".join(names) + "/"
    return {name.removeprefix(begin): result for name, result in results.items() if name.startswith(begin)}


def rows(results: dict[str, dict[str, Any]], settings: dict[str, Any]) -> list[Row]:
    """All rows of a run."""
    found: list[Row] = []
    for task in settings["tasks"]:
        for which, network in settings[task]["networks"].items():
            for arm in arms_of(network):
                own = of(results, task, which, arm)
                if not own:
                    found.append(Row(f"{task}/{which}/{arm}/accuracy", None, source=absent(task)))
                    continue
                found += _of_arm(task, which, arm, list(own.values()))
            found += [row for arm in arms_of(network) for row in _differences(results, task, which, arm)]
    return found


def _of_arm(task: str, which: str, arm: str, each: list[dict[str, Any]]) -> Iterator[Row]:
    id, title = f"{task}/{which}/{arm}", TITLES[arm]
    plastic = "frozen" in each[0]["accuracy"]
    published = PUBLISHED.get((task, arm)) if which == "convolutional" or arm == "sbp" else None
    yield Row.over_seeds(
        f"baseline/{id}/accuracy" if arm == "fixed" else f"{id}/accuracy",
        [one["accuracy"]["on"] for one in each],
        published=published,
        source=PAPER if published else f"{title}; plasticity goes on within each test image" if plastic else title,
    )
    if plastic:
        yield Row.over_seeds(
            f"{id}/accuracy_frozen", [one["accuracy"]["frozen"] for one in each], source=f"{title}; weights stay"
        )
    for name, levels in each[0]["robust"].items():
        for k in range(len(levels)):
            yield Row.over_seeds(
                f"{'baseline/' * (arm == 'fixed')}{id}/{name}/{LEVELS[name][k]:g}",
                [one["robust"][name][k] for one in each],
                source=f"accuracy of {title}",
            )
    for name in each[0].get("coefficients", {}):
        yield Row.over_seeds(
            f"{id}/coefficients/{name}",
            [one["coefficients"][name] for one in each],
            unit="mV" if name.endswith(".eta") else "",
            source="after training",
        )
        layer, _, which_one = name.rpartition(".lambda_")
        if which_one in ("2", "3"):
            yield Row.over_seeds(
                f"{id}/coefficients/{layer}.eta_lambda_{which_one}",
                [one["coefficients"][name] * one["coefficients"][f"{layer}.eta"] for one in each],
                unit="mV",
                source="what a step adds to the mixed weight; the signs of both factors alone mean nothing",
            )
    for name in ("silhouette", "nearest"):
        if "map" in each[0]:
            yield Row.over_seeds(
                f"{id}/map/{name}",
                [one["map"][f"{name}_potentials"] for one in each],
                source="of the penultimate potentials, not of their map",
            )
    if "merged" in each[0]:
        yield Row(
            f"{id}/merged_deviation",
            max(one["merged"] for one in each),
            unit="mV",
            published=0.0,
            tolerance=1e-6,
            source="largest difference of a score between the network and the one with merged weights, float64",
        )


def _differences(results: dict[str, dict[str, Any]], task: str, which: str, arm: str) -> Iterator[Row]:
    """An arm minus the one that it adds plasticity to, seed by seed: gradients, or hidden weights as drawn."""
    before = "fixed" if arm in ("hebbian", "sbp") else "stbp"
    one, other = of(results, task, which, arm), of(results, task, which, before)
    seeds = [seed for seed in one if seed in other]
    if arm in ("stbp", "fixed") or not seeds:
        return
    id = f"{task}/{which}/{arm}-minus-{before}"
    source = "difference of the same seed"
    yield Row.over_seeds(
        f"{id}/accuracy", [one[s]["accuracy"]["on"] - other[s]["accuracy"]["on"] for s in seeds], source=source
    )
    for name, levels in LEVELS.items():
        if arm != "mpsl" or name not in one[seeds[0]]["robust"]:
            continue
        each = np.array([np.subtract(one[s]["robust"][name], other[s]["robust"][name]) for s in seeds])
        for k, level in enumerate(levels):
            yield Row.over_seeds(f"{id}/{name}/{level:g}", each[:, k].tolist(), source=source)
