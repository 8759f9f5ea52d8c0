"""A toy protocol in a user's file, which needs no simulator."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

TOY = """
import os
import time
from pathlib import Path

import numpy as np

from bioplast import figure
from bioplast.errors import BioplastError
from bioplast.experiment import Figure, Protocol, Row, Trial

HERE = Path(__file__).resolve().parent


def trials(settings, targets, seeds):
    return [
        Trial("/".join([*([target]), f"seed{seed}"]), {"size": settings["size"], "target": target}, seed)
        for target in (targets or ["group"])
        for seed in seeds
    ]


def run(trial):
    with open(HERE / "log.txt", "a") as log:
        log.write(f"{trial.id} {os.getpid()}\\n")
    # The tests hold a trial here to interrupt or kill the run in the middle.
    while (HERE / f"hold{trial.seed}").exists():
        time.sleep(0.01)
    trouble = HERE / f"trouble{trial.seed}"
    if trouble.exists():
        what = trouble.read_text()
        if what == "user":
            raise BioplastError("tau is 3 mV: a time is needed")
        if what == "disk":
            raise OSError(28, "No space left on device", "/somewhere/build")
        if what == "exit":
            raise SystemExit(0)
        if what == "die":
            os._exit(9)
        if what == "list":
            return [1]
        raise ZeroDivisionError("division\\nby zero")
    rng = np.random.default_rng(trial.seed)
    return {"values": rng.normal(1, 0.2, trial.settings["size"]), "seed": trial.seed, "none": float("nan")}


def summarise(results, settings):
    if (HERE / "bad_summary").exists():
        raise KeyError("accuracy")
    means = [np.mean(result["values"]) for result in results.values()]
    return [
        Row.over_seeds("normal/mean", means, unit="mV", published=1.0, source="Gauss (1809)"),
        Row("normal/count", len(means), published=4, source="Gauss (1809)"),
        Row("baseline/zero", 0.0, unit="mV", source="no draw"),
    ]


def figures(results, settings, folder):
    if not (HERE / "pictures").exists():
        return []
    times = np.concatenate([result["values"] for result in results.values()])
    picture = figure.raster(times, np.arange(times.size), title="The draws")
    figure.save(picture, folder / "draws")
    return [Figure("draws.png", "The draws", "Each draw <is> a mark & nothing else.")]


def tables(results, settings):
    return {"values.csv": [{"trial": id, "first": result["values"][0]} for id, result in results.items()]}


toy = Protocol(
    name="toy",
    title="Normal numbers & their mean",
    source="Gauss (1809), Theoria motus",
    description="Draws numbers.",
    presets={"demo": {"size": 5, "seeds": 4}, "quick": {"size": 6, "seeds": 4}},
    trials=trials,
    run=run,
    summarise=summarise,
    figures=figures,
    tables=tables,
)
"""


class Toy:
    """The toy protocol's file, and what the tests ask of it."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.file = folder / "toy.py"
        self.file.write_text(TOY)
        self.spec = f"{self.file}:toy"

    def counts(self) -> Counter[str]:
        """How often each trial was begun."""
        return Counter(line.split()[0] for line in self._log())

    def processes(self) -> set[int]:
        """The processes that began trials."""
        return {int(line.split()[1]) for line in self._log()}

    def _log(self) -> list[str]:
        log = self.folder / "log.txt"
        return log.read_text().splitlines() if log.exists() else []

    def set(self, name: str, text: str = "") -> None:
        (self.folder / name).write_text(text)

    def unset(self, name: str) -> None:
        (self.folder / name).unlink()

    def edit(self, old: str, new: str) -> None:
        text = self.file.read_text()
        assert old in text
        self.file.write_text(text.replace(old, new))


@pytest.fixture
def toy(tmp_path: Path) -> Toy:
    folder = tmp_path / "toy"
    folder.mkdir()
    return Toy(folder)
