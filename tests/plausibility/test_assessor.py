"""An assessment from beginning to end: on the command line, repeated, interrupted, and of what cannot be assessed."""

from __future__ import annotations

import dataclasses
import json
import shutil

import numpy as np
import pytest
from brian2 import ms, mV, second, volt
from brian2.units import fundamentalunits
from support import boxes
from support.boxes import leaky_box

import bioplast
from bioplast import BioplastError
from bioplast.cli import main
from bioplast.definition import Neuron, Parameter
from bioplast.errors import Interrupted, ProtocolError
from bioplast.experiment.assessment import stamp
from bioplast.models import integrate_and_fire, izhikevich_2003, izhikevich_2004, lif
from bioplast.plausibility.cells.model import check_assessable
from bioplast.plausibility.verdict.assessor import Assessor, impossible

FILE = boxes.__file__
COMMAND = ["assess", f"{FILE}:leaky_box", "--patterns", "A,F", "--budget", "32", "--starts", "1", "--seed", "4"]


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(Assessor.__init__, "__defaults__", (*Assessor.__init__.__defaults__[:-1], 8))


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """A run of the command line."""
    out = tmp_path_factory.mktemp("assessed") / "leaky"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Assessor.__init__, "__defaults__", (*Assessor.__init__.__defaults__[:-1], 8))
        assert main([*COMMAND, "--out", str(out)]) == 0
    return out


def test_a_leaky_cell_is_tonic_and_does_not_adapt(done, capsys):
    card = json.loads((done / "scorecard.json").read_text())
    assert card["model"] == "leaky"
    assert {letter: cell["verdict"] for letter, cell in card["patterns"].items()} == {
        "A": "reproduced",
        "F": "not found",
    }
    assert all(check["shown"] for check in card["patterns"]["A"]["checks"].values())
    assert card["patterns"]["F"]["loss"] > 0
    printed = eval(card["patterns"]["A"]["group"])
    assert printed == pytest.approx(card["patterns"]["A"]["parameters"], rel=5e-3)
    for name in ("scorecard.html", "figures/patterns.png", "figures/patterns.svg"):
        assert (done / name).stat().st_size > 1000
    assert main(["report", str(done)]) == 0
    assert capsys.readouterr().out == f"scorecard: {done / 'scorecard.html'}\n"


def test_a_run_that_was_killed_resumes_to_the_same_scorecard(done, tmp_path, capsys):
    """A pattern that is finished is kept, whole; whatever else the run left is of no importance."""
    again = tmp_path / "again"
    shutil.copytree(done, again)
    (again / "trials" / "A.json").unlink()
    (again / "trials" / ".A.json.1.2.tmp").write_text('{"half')
    for name in ("scorecard.json", "scorecard.html"):
        (again / name).unlink()
    kept = (again / "trials" / "F.json").read_bytes()
    assert main([*COMMAND, "--out", str(again)]) == 2
    assert "already holds 1 finished trial" in capsys.readouterr().err
    assert main([*COMMAND, "--out", str(again), "--resume"]) == 0
    assert (again / "scorecard.json").read_bytes() == (done / "scorecard.json").read_bytes()
    assert (again / "scorecard.html").read_bytes() == (done / "scorecard.html").read_bytes()
    assert (again / "trials" / "F.json").read_bytes() == kept


def test_no_more_starts_are_made_once_most_have_found_nothing():
    """A leaky cell is tonic and does not adapt."""
    assessor = Assessor(leaky_box, budget=32, seed=4, starts=5)
    found, missed = assessor("A"), assessor("F")
    assert (found.found, found.starts) == (5, 5)
    assert (missed.found, missed.starts) == (0, 3)


def test_another_seed_does_not_go_on_with_a_folder(done, capsys):
    assert main([*COMMAND[:-1], "5", "--out", str(done), "--resume"]) == 2
    assert "was made with seed 4, this run has 5" in capsys.readouterr().err


def test_a_model_is_the_same_whatever_units_the_process_has_used(monkeypatch):
    """Brian2 shows a value in the units that were made so far, such as mV/ms; a folder is resumed all the same."""
    monkeypatch.setattr(fundamentalunits, "user_unit_register", fundamentalunits.UnitRegistry())
    assessor = Assessor(izhikevich_2004, budget=32, seed=4, starts=1, target="numpy")
    fundamentalunits.register_new_unit(volt / second)
    text, first = str(izhikevich_2004), stamp(assessor)
    fundamentalunits.user_unit_register.units.clear()
    fundamentalunits.register_new_unit(mV / ms)
    assert str(izhikevich_2004) != text
    assert stamp(assessor) == first
    other = izhikevich_2004.replace(a=21 / second)
    assert stamp(Assessor(other, budget=32, seed=4, starts=1, target="numpy")) != first


def test_a_black_box_that_does_something_else_is_another_one(tmp_path):
    def never(parameters, current, dt):
        voltage, spikes = leaky_box.function(parameters, current, dt)
        return voltage, np.zeros_like(spikes)

    bioplast.assess(leaky_box, "A", budget=32, starts=1, out=tmp_path / "out", progress=False)
    other = dataclasses.replace(leaky_box, function=never)
    with pytest.raises(BioplastError, match="definition"):
        bioplast.assess(other, "A", budget=32, starts=1, out=tmp_path / "out", resume=True, progress=False)


def test_an_interrupted_run_says_how_to_go_on(tmp_path, monkeypatch):
    def interrupted(self, letter):
        raise KeyboardInterrupt

    monkeypatch.setattr(Assessor, "__call__", interrupted)
    with pytest.raises(Interrupted, match=r"0 of 2 patterns are finished.* --seed 4 .*--resume"):
        bioplast.assess(leaky_box, "AF", seed=4, out=tmp_path / "out", progress=False)


def test_a_pattern_that_breaks_does_not_stop_the_others(tmp_path, monkeypatch):
    """As a trial of any other protocol; without a folder, where nothing is kept, the error itself comes at once."""
    real, begun, fractions = Assessor.__call__, [], []

    def broken(self, letter):
        begun.append(letter)
        return real(self, letter) if letter == "F" else 1 / 0

    monkeypatch.setattr(Assessor, "__call__", broken)
    out = tmp_path / "out"
    line = r"pattern A: ZeroDivisionError: division by zero \(traceback in .*errors.txt\); 1 of 2 patterns are finished"
    with pytest.raises(ProtocolError, match=line):
        bioplast.assess(leaky_box, "AF", budget=32, starts=1, out=out, progress=lambda *call: fractions.append(call[0]))
    assert fractions == [0.5, 1.0]
    assert "Traceback" in (out / "errors.txt").read_text()
    assert [path.stem for path in (out / "trials").iterdir()] == ["F"]
    begun.clear()
    with pytest.raises(ZeroDivisionError):
        bioplast.assess(leaky_box, "AF", budget=32, starts=1, progress=False)
    assert begun == ["A"]
    monkeypatch.setattr(Assessor, "__call__", real)
    bioplast.assess(leaky_box, "AF", budget=32, starts=1, out=out, resume=True, progress=False)
    assert not (out / "errors.txt").exists()


def neuron(equations: str, **changes) -> Neuron:
    """A cell whose parameter has bounds."""
    usual = {
        "threshold": "v > v_th",
        "reset": "v = 0*mV",
        "method": "euler",
        "parameters": {"v_th": Parameter(10 * mV, low=5 * mV, high=20 * mV)},
        "input": "I",
        "name": "mine",
    }
    return Neuron(equations, **{**usual, **changes})


LEAK = "dv/dt = (I - v)/(10*ms) : volt"


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (
            neuron("dx/dt = (I - x)/(10*ms) : volt", threshold="x > v_th", reset="x = 0*mV"),
            "its membrane potential has to be called v",
        ),
        (neuron("dv/dt = -v/(10*ms) : volt", input=None), "it has no input"),
        (neuron(LEAK, threshold=None, reset=None, parameters={}), "it has no threshold"),
        (neuron("dv/dt = -v*I/(10*ms) : volt"), None),
        (neuron("dv/dt = -v*I : volt"), "its input I has hertz; accepted for a membrane potential with volt: amp, "),
        (neuron(LEAK, parameters={"v_th": Parameter(10 * mV)}), "none of its parameters has bounds"),
        (
            neuron(LEAK, parameters={"v_th": Parameter(10 * mV, low=5 * mV, high=float("inf") * mV)}),
            "parameter v_th is unbounded, give finite numbers",
        ),
        (neuron("dv/dt = (I - v)/(10*ms) + 1*mV*xi/ms**0.5 : volt"), "it draws random numbers"),
        (neuron(LEAK, threshold="v > v_th*rand()"), r"it draws random numbers \(rand\)"),
        (bioplast.load("ampa"), "it is a receptor, and a Neuron or a BlackBox is accepted"),
        ("not a model", "unknown model"),
        (3, "it is a int"),
    ],
)
def test_what_cannot_be_assessed_gets_one_line(model, said):
    if said is None:
        with pytest.raises(BioplastError, match="its input I has no unit"):
            check_assessable(model)
        return
    with pytest.raises(BioplastError, match=said) as refused:
        bioplast.assess(model, progress=False)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"model": None}, "None cannot be assessed: it is a NoneType, and a Neuron or a BlackBox is accepted"),
        ({"model": [lif]}, "it is a list"),
        ({"model": Neuron("dv/dt = -v/ms : volt")}, "neuron of v cannot be assessed: it has no input"),
        ({"patterns": 3}, "patterns is 3: letters are accepted, such as 'ACL'"),
        ({"patterns": ["A", 3]}, "unknown pattern '3'"),
        ({"budget": "3"}, "budget is '3': a whole number, at least 1, is accepted"),
        ({"budget": 1.5}, "budget is 1.5: a whole number"),
        ({"starts": 1 * ms}, "starts is 1. * msecond: a whole number"),
        ({"seed": None}, "seed is None: a whole number, at least 0"),
        ({"seed": True}, "seed is True: a whole number"),
        ({"target": None}, "unknown target of an assessment 'None'"),
        ({"out": 3}, "out is 3: the path of a folder is accepted"),
        ({"resume": True}, "resume is given without out"),
    ],
)
def test_a_wrong_argument_is_one_line(arguments, said):
    with pytest.raises(BioplastError) as refused:
        bioplast.assess(**{"model": lif, "patterns": "A", "progress": False, **arguments})
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--patterns", "A,Z"], "unknown pattern 'Z'"),
        (["--patterns", ","], "no pattern is given"),
        (["--budget", "0"], "budget is 0: a whole number, at least 1"),
        (["--starts", "0"], "starts is 0: a whole number, at least 1"),
        (["--seed", "-1"], "seed is -1: a whole number, at least 0"),
        (["--resume"], "--resume needs --out"),
        (["--target", "abacus"], "unknown target of an assessment 'abacus'"),
    ],
)
def test_a_wrong_command_line_is_one_line_and_status_2(arguments, said, capsys):
    assert main(["assess", "integrate-and-fire", *arguments]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


def test_a_proof_is_for_the_very_model_only():
    """A user's own cell under the name of one of the zoo may do what that one cannot."""
    assert impossible(integrate_and_fire, "C") is not None
    assert impossible(izhikevich_2003, "C") is None
    own = neuron(LEAK, name="integrate_and_fire")
    assert impossible(own, "C") is None
    assert impossible(leaky_box, "C") is None


def test_an_impossible_pattern_is_not_searched():
    result = Assessor(integrate_and_fire)("C")
    assert (result.verdict, result.evaluations, result.loss) == ("impossible", 0, None)
    assert result.argument.startswith("Renewal")
