"""Figure 2 of Izhikevich (2004) again: which model has which of the twenty firing patterns, found by search."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import bioplast
from bioplast import figure
from bioplast.definition.find import models
from bioplast.errors import BioplastError, UnknownName
from bioplast.experiment import Figure, Protocol, Row, Section, Trial
from bioplast.figure.scorecard import Mark, agreement_table, answer_grid
from bioplast.plausibility import PATTERNS
from bioplast.plausibility.scorecard.published import SOURCE, figure_2, published
from bioplast.plausibility.scorecard.scorecard import Scorecard, answer, units_of
from bioplast.plausibility.verdict.assessor import Assessor
from bioplast.plausibility.verdict.judge import FRAGILE, IMPOSSIBLE, NOT_FOUND, REPRODUCED
from bioplast.plausibility.verdict.result import PatternResult, input_text

# The definition that stands for each row of the figure, and then every neuron that the figure does not have.
MODELS = {row.model.replace(" ", "-"): row.definitions[0] for row in figure_2().values()} | {
    name: entry.variable for name, entry in models().entries.items() if entry.kind == "Neuron" and not published(name)
}
# Those of them that the full run has, whose results are in data/plausibility.
YOUNGER = ["adaptive-threshold-lif", "adex", "glif", "mdn", "meta-lif"]
# What a verdict counts in the summary, and what a sign of the figure does.
VALUES = {REPRODUCED: 1.0, FRAGILE: 0.5, NOT_FOUND: 0.0, IMPOSSIBLE: 0.0}
PUBLISHED = {"+": 1.0, "-": 0.0, "?": None}
# Which budget and starts a cell has: by what the figure says of it, "none" if it does not have the model.
_KINDS = {"+": "", "-": "other_", "?": "other_", "none": "new_"}
# So many traces to a picture.
PANELS = 20
# Of every search.
SEED = 1


def definition(name: str) -> Any:
    """The definition of a model of the protocol."""
    if name not in MODELS:
        raise UnknownName("model of plausibility", name, MODELS)
    return bioplast.load(MODELS[name])


def sign(model: str, letter: str) -> str:
    """What the figure says: "+", "-" or "?", and "" for a model that it does not have."""
    row = published(MODELS[model])
    return "" if row is None else row.patterns[letter]


@lru_cache(maxsize=2)
def _assessor(model: str, budget: int, starts: int, size: int, target: str, seed: int) -> Assessor:
    return Assessor(definition(model), budget, seed, starts, target, size)


def trials(settings: dict[str, Any], targets: list[str], seeds: list[int]) -> list[Trial]:
    for model in settings["models"]:
        definition(model)
    for letter in settings["patterns"]:
        if letter not in PATTERNS:
            raise UnknownName("pattern", letter, PATTERNS)
    for one in settings["signs"]:
        if one not in _KINDS:
            raise UnknownName("sign of the figure", one, _KINDS)
    made = []
    for model in settings["models"]:
        for letter in settings["patterns"]:
            published_sign = sign(model, letter) or "none"
            if published_sign not in settings["signs"]:
                continue
            cell = {"model": model, "letter": letter, "target": targets[0], "size": settings["size"]}
            kind = _KINDS[published_sign]
            cell |= {name: settings[kind + name] for name in ("budget", "starts")}
            made.append(Trial(f"{model}/{letter}", cell, SEED))
    if not made:
        raise BioplastError(f"no cell of these models and patterns has a sign among {', '.join(settings['signs'])}")
    return made


def run(trial: Trial) -> dict[str, Any]:
    cell = trial.settings
    assessor = _assessor(cell["model"], cell["budget"], cell["starts"], cell["size"], cell["target"], SEED)
    return assessor(cell["letter"]).plain()


def _cells(results: dict[str, dict[str, Any]]) -> Iterator[tuple[str, str, PatternResult]]:
    for key, plain in results.items():
        model, _, letter = key.partition("/")
        yield model, letter, PatternResult.read(plain)


def _by_model(results: dict[str, dict[str, Any]]) -> dict[str, dict[str, PatternResult]]:
    found: dict[str, dict[str, PatternResult]] = {}
    for model, letter, result in _cells(results):
        found.setdefault(model, {})[letter] = result
    return found


def summarise(results: dict[str, dict[str, Any]], settings: dict[str, Any]) -> list[Row]:
    rows, agreeing = [], {}
    for model, letter, result in _cells(results):
        expected = PUBLISHED.get(sign(model, letter))
        value = VALUES[result.verdict]
        rows.append(Row(f"{model}/{letter}", value, published=expected, source=SOURCE if expected is not None else ""))
        if expected is not None:
            agreeing.setdefault(model, []).append(value == expected)
    rows += [
        Row(f"{model}/agreement", sum(cells), unit="patterns", published=len(cells), source=SOURCE)
        for model, cells in agreeing.items()
    ]
    return rows


def disagrees(model: str, letter: str, result: PatternResult) -> bool:
    """Whether the figure settles a cell otherwise than we do."""
    expected = PUBLISHED.get(sign(model, letter))
    return expected is not None and expected != VALUES[result.verdict]


def figures(results: dict[str, dict[str, Any]], settings: dict[str, Any], folder: Path) -> list[Figure]:
    cells = list(_cells(results))
    table: dict[str, dict[str, Mark]] = {}
    for model, letter, result in cells:
        table.setdefault(model.replace("-", " "), {})[letter] = Mark(sign(model, letter), result.verdict)
    picture = agreement_table(table, title="Figure 2 of Izhikevich (2004), recomputed")
    drawn = [
        Figure(
            figure.save(picture, folder / "figure_2").name,
            "Which model has which pattern",
            "In each cell the published verdict on the left and ours on the right. Ours is a search over parameters "
            "and stimulus, and a verdict on what it found at smaller steps and with another integration method; what "
            "was not found may exist.",
        )
    ]
    drawn += _panels(
        [cell for cell in cells if disagrees(*cell)],
        folder / "disagreements",
        "Where we disagree with the figure",
        "What the best candidate does, where our verdict is another than the published one. Blue was reproduced, "
        "yellow fails at some step sizes, grey was not found: the nearest that the search came.",
    )
    drawn += _panels(
        [cell for cell in cells if sign(*cell[:2]) == "?" and cell[2].shown],
        folder / "settled",
        "What the figure leaves open",
        "Patterns that the figure has a question mark for, and that were found.",
    )
    return drawn


def _panels(cells: list[tuple[str, str, PatternResult]], stem: Path, title: str, caption: str) -> list[Figure]:
    """The traces of cells of the figure, in as many pictures as they need."""
    drawn = []
    for k in range(0, len(cells), PANELS):
        answers = []
        for model, letter, result in cells[k : k + PANELS]:
            panel = answer(result, *units_of(definition(model)), name=model.replace("-", " "))
            answers.append(replace(panel, note=f"(published {sign(model, letter)})"))
        number = k // PANELS + 1
        file = figure.save(answer_grid(answers, title=title), stem.with_name(f"{stem.name}_{number}"))
        drawn.append(Figure(file.name, f"{title}, part {number}", caption))
    return drawn


def tables(results: dict[str, dict[str, Any]], settings: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    # One for each model: a scorecard counts the operations of its model, which takes a second.
    cards = {model: Scorecard.of(definition(model), SEED, 0, 0, found) for model, found in _by_model(results).items()}
    cells = [
        {
            "model": model,
            "pattern": letter,
            "published": sign(model, letter),
            "verdict": result.verdict,
            "disagrees": disagrees(model, letter, result),
            "loss": result.loss,
            "starts": result.starts,
            "found": result.found,
            "evaluations": result.evaluations,
            "fails": "; ".join(result.failed or sorted({text for c in result.checks.values() for text in c["failed"]})),
            "cell": cards[model].group(letter) if result.shown else "",
            "input": input_text(result.input, units_of(definition(model))[1], result.digits)
            if result.input and result.shown
            else "",
            "argument": result.argument,
            "remark": result.remark,
        }
        for model, letter, result in _cells(results)
    ]
    return {"cells.csv": cells, "disagreements.csv": [cell for cell in cells if cell["disagrees"]]}


def _input(model: str, result: PatternResult) -> str:
    return input_text(result.input or {}, units_of(definition(model))[1], result.digits)


def sections(results: dict[str, dict[str, Any]], settings: dict[str, Any], folder: Path) -> list[Section]:
    parts = []
    for model, found in _by_model(results).items():
        card = Scorecard.of(definition(model), SEED, settings["budget"], settings["starts"], found)
        file = figure.save(card.grid(), folder / model, dpi=110)
        remarked = any(result.remark for result in found.values())
        rows = [
            {
                "pattern": f"{letter} {result.name}",
                "published": sign(model, letter),
                "ours": result.verdict,
                "starts": f"{result.found} of {result.starts}" if result.starts else "",
                "loss": result.loss,
                "cell, or what is missing": card.group(letter) if result.shown else "; ".join(result.failed),
                **({"remark": result.remark} if remarked else {}),
            }
            for letter, result in found.items()
        ]
        why = [{"pattern": f"{k} {r.name}", "argument": r.argument} for k, r in found.items() if r.argument]
        parts.append(
            Section(
                id=model,
                title=model.replace("-", " "),
                group="In the figure" if published(MODELS[model]) else "Others",
                figures=[Figure(file.name, card.headline(), card.costs())],
                tables={"Verdicts": rows, "Impossible patterns": why},
            )
        )
    return parts


plausibility = Protocol(
    name="plausibility",
    title="Which neuron model has which of the twenty firing patterns",
    source=SOURCE,
    description=(
        "Recomputes figure 2 of the paper, its open squares included, and adds models that are younger. For every "
        "model and pattern the parameters, within the bounds of the definition, and the stimulus are searched from a "
        "cold start. What is found is simulated again at half and at a tenth of the time step and with another "
        "integration method: it counts 1 if it holds everywhere and 0.5 if it holds at some step sizes only; 0 is not "
        "found, or impossible by an argument. With preset full, cells of the figure with a + are searched from five "
        "starts with 20,000 candidates each, its others from one with 6,000 and those of younger models from one with "
        "2,000: what was not found there is the weaker evidence. Behind each model's agreement stands the number of "
        "cells that the paper settles."
    ),
    presets={
        "demo": {
            "models": ["integrate-and-fire"],
            "patterns": list("ALCM"),
            "signs": list(_KINDS),
            "budget": 64,
            "starts": 1,
            "other_budget": 64,
            "other_starts": 1,
            "new_budget": 64,
            "new_starts": 1,
            "size": 16,
            "targets": ["cpp"],
        },
        "quick": {
            "models": list(MODELS)[:6],
            "patterns": list(PATTERNS),
            "signs": list(_KINDS),
            "budget": 96,
            "starts": 1,
            "other_budget": 96,
            "other_starts": 1,
            "new_budget": 96,
            "new_starts": 1,
            "size": 16,
            "targets": ["cpp"],
        },
        "full": {
            "models": [name for name in MODELS if name in YOUNGER or published(MODELS[name])],
            "patterns": list(PATTERNS),
            "signs": list(_KINDS),
            "budget": 20_000,
            "starts": 5,
            "other_budget": 6_000,
            "other_starts": 1,
            "new_budget": 2_000,
            "new_starts": 1,
            "size": 128,
            "targets": ["cpp"],
        },
    },
    trials=trials,
    run=run,
    summarise=summarise,
    figures=figures,
    sections=sections,
    tables=tables,
    targets=("cpp", "numpy"),
    # 2: Q's pulse ends with the spike; S and T may start from a block; I's spike is clearly above its level.
    version=2,
)
