"""The protocol plausibility: its rows, its pictures, and one model from a search to the report."""

from __future__ import annotations

import csv
from dataclasses import replace

import pytest

from bioplast import experiment
from bioplast.definition.find import models
from bioplast.errors import BioplastError, UnknownName
from bioplast.plausibility import PATTERNS
from bioplast.plausibility.scorecard.published import figure_2
from bioplast.plausibility.verdict.result import PatternResult, Trace
from bioplast.protocols import plausibility as protocol

TRACE = Trace([0.0, 0.1, 0.2], [-0.07, -0.05, -0.06], [0.0, 1.0, 0.0], [0.1])
INPUT = {
    "base": 0.0,
    "pieces": [{"name": "step", "start": 0.05, "end": 0.15, "value": 1.0, "slope": 0.0}],
    "end": 0.2,
    "dt": 1e-4,
}
FOUND = PatternResult("A", "", "reproduced", 0.0, {"b": 50.0}, INPUT, {}, 5, 4, 900, [], "", TRACE)
MODEL = "integrate-and-fire"


def results(model: str, **verdicts: str) -> dict[str, dict]:
    """As trials give them."""
    return {
        f"{model}/{letter}": replace(FOUND, letter=letter, name=PATTERNS[letter].name, verdict=verdict).plain()
        for letter, verdict in verdicts.items()
    }


def test_every_row_of_the_figure_has_a_definition_under_its_own_name():
    names = {row.replace(" ", "-") for row in figure_2()}
    assert names == set(list(protocol.MODELS)[:11])
    for name in protocol.MODELS:
        assert protocol.definition(name).input == "I"
    shown = {definition for row in figure_2().values() for definition in row.definitions}
    found = {name for name, entry in models().entries.items() if entry.kind == "Neuron"}
    assert {name.replace("-", "_") for name in found} == shown | set(protocol.MODELS.values())
    for name in names:
        assert {protocol.sign(name, letter) for letter in PATTERNS} <= {"+", "-", "?"}
    assert protocol.sign("adex", "A") == ""


def test_the_rows_have_our_verdict_and_the_published_one_and_agree_in_what_the_paper_settles():
    rows = protocol.summarise(
        results(MODEL, A="reproduced", G="fragile", L="not found", C="impossible", B="reproduced")
        | results("hindmarsh-rose", T="reproduced", A="reproduced")
        | results("adex", A="reproduced"),
        {},
    )
    assert {row.id: (row.value, row.published) for row in rows} == {
        "integrate-and-fire/A": (1, 1),
        "integrate-and-fire/G": (0.5, 1),
        "integrate-and-fire/L": (0, 1),
        "integrate-and-fire/C": (0, 0),
        "integrate-and-fire/B": (1, 0),
        "hindmarsh-rose/T": (1, None),
        "hindmarsh-rose/A": (1, 1),
        "adex/A": (1, None),
        "integrate-and-fire/agreement": (2, 5),
        "hindmarsh-rose/agreement": (1, 1),
    }


def test_every_disagreement_is_listed_and_drawn(tmp_path):
    found = results(MODEL, A="not found", B="reproduced", C="impossible", L="reproduced", G="fragile")
    tables = protocol.tables(found, {})
    assert [(row["pattern"], row["verdict"]) for row in tables["disagreements.csv"]] == [
        ("A", "not found"),
        ("B", "reproduced"),
        ("G", "fragile"),
    ]
    assert len(tables["cells.csv"]) == 5
    shown = next(row for row in tables["cells.csv"] if row["verdict"] == "reproduced")
    assert shown["cell"] == "integrate_and_fire.group(1, dt=0.0001*second, b=50.0*hertz)"
    assert shown["input"] == "step 1 volt/second from 50 ms for 100 ms; end 200 ms"
    drawn = protocol.figures(found, {}, tmp_path)
    assert [figure.file for figure in drawn] == ["figure_2.png", "disagreements_1.png"]
    assert all((tmp_path / figure.file).stat().st_size > 1000 for figure in drawn)
    assert len(protocol.figures(results(MODEL, A="reproduced"), {}, tmp_path)) == 1


def test_what_the_figure_leaves_open_is_drawn_where_it_was_found(tmp_path):
    for verdict, drawn in (("reproduced", ["figure_2.png", "settled_1.png"]), ("not found", ["figure_2.png"])):
        found = results("hindmarsh-rose", A="reproduced", T=verdict)
        assert [figure.file for figure in protocol.figures(found, {}, tmp_path)] == drawn


def test_what_does_not_exist_is_refused_by_name():
    for change, said in (({"models": "integrate"}, "model of plausibility"), ({"patterns": "A,Z"}, "unknown pattern")):
        with pytest.raises(UnknownName, match=said):
            experiment.run("plausibility", out="unused", changes=change)


def test_cells_may_be_chosen_by_what_the_figure_says_of_them():
    given = dict(protocol.plausibility.presets["full"], models=["fitzhugh-nagumo", "adex"])
    chosen = {}
    for signs in (["+"], ["?"], ["none"], ["+", "-", "?", "none"]):
        chosen["".join(signs)] = [trial.id for trial in protocol.trials({**given, "signs": signs}, ["cpp"], [1])]
    assert chosen["+"] == [f"fitzhugh-nagumo/{letter}" for letter in "ABGIJKMOPRS"]
    assert chosen["?"] == ["fitzhugh-nagumo/D"]
    assert chosen["none"] == [f"adex/{letter}" for letter in PATTERNS]
    assert len(chosen["+-?none"]) == 40
    for signs, said in ((["x"], "unknown sign of the figure 'x'"), (["none"], "no cell of these models")):
        with pytest.raises(BioplastError, match=said):
            protocol.trials({**given, "models": ["wilson"], "signs": signs}, ["cpp"], [1])


@pytest.mark.build
def test_a_run_finds_what_integrate_and_fire_has(tmp_path):
    done = experiment.run("plausibility", out=tmp_path / "run", progress=False, changes={"patterns": "A,C"})
    assert {row.id: (row.value, row.published) for row in done.rows} == {
        f"{MODEL}/A": (1, 1),
        f"{MODEL}/C": (0, 0),
        f"{MODEL}/agreement": (2, 2),
    }
    page = done.report.read_text()
    for text in ("integrate_and_fire.group(1, dt=", "Renewal: during a step", "5 FLOPS per ms"):
        assert text in page
    with open(done.folder / "cells.csv") as file:
        assert [row["verdict"] for row in csv.DictReader(file)] == ["reproduced", "impossible"]
