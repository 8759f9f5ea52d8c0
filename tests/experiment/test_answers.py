"""A protocol whose functions break or answer something else: one line, status 1, and what is finished is kept."""

from __future__ import annotations

import pytest

from bioplast.cli import main
from bioplast.errors import DefinitionError
from bioplast.experiment import Protocol, Trial

FILE = """
from bioplast.experiment import Figure, Protocol, Row, Trial

def broken(*given):
    raise ZeroDivisionError("division\\nby zero")

fields = dict(
    name="mine",
    title="A protocol",
    source="nobody",
    description="Breaks.",
    presets={{"demo": {{"n": 1}}}},
    trials=lambda settings, targets, seeds: [Trial("a")],
    run=lambda trial: {{}},
    summarise=lambda results, settings: [],
)
mine = Protocol(**{{**fields, {field!r}: {answer}}})
"""


@pytest.mark.parametrize(
    ("field", "answer", "line"),
    [
        ("trials", "broken", "ZeroDivisionError: division by zero ({file}, line 5)"),
        ("trials", "lambda *given: None", "TypeError: it returned a NoneType, a list of Trial is needed"),
        ("trials", "lambda *given: 'abc'", "TypeError: it returned a str, a list of Trial is needed"),
        ("trials", "lambda *given: [1]", "TypeError: it returned a list with a int, a list of Trial is needed"),
        ("trials", "lambda *given: [Trial('a', {'x': {1}})]", "TypeError: set {1} is not a JSON value"),
        ("summarise", "broken", "ZeroDivisionError: division by zero (traceback in {out}/errors.txt)"),
        ("summarise", "lambda *given: None", "TypeError: it returned a NoneType, a list of Row is needed"),
        ("summarise", "lambda *given: [{}]", "TypeError: it returned a list with a dict, a list of Row is needed"),
        ("figures", "lambda *given: None", "TypeError: it returned a NoneType, a list of Figure is needed"),
        ("figures", "lambda *given: ['a.png']", "TypeError: it returned a list with a str, a list of Figure is needed"),
        ("sections", "lambda *given: [1]", "TypeError: it returned a list with a int, a list of Section is needed"),
        ("tables", "lambda *given: [1]", "TypeError: it returned a list, a dict from a file name to its rows"),
        ("tables", "lambda *given: {'a.csv': 1}", "TypeError: a.csv: rows are a list of dicts"),
        ("tables", "lambda *given: {'a.csv': [{'x': {1}}]}", "TypeError: set {1} is not a JSON value"),
    ],
)
def test_a_function_that_breaks_or_answers_something_else_is_one_line(tmp_path, capsys, field, answer, line):
    file, out = tmp_path / "mine.py", tmp_path / "out"
    file.write_text(FILE.format(field=field, answer=answer))
    assert main(["run", f"{file}:mine", "--out", str(out)]) == 1
    error = capsys.readouterr().err
    assert error.startswith(
        f"bioplast: mine: its {field} broke: {line.replace('{file}', str(file)).replace('{out}', str(out))}"
    )
    assert error.count("\n") == 1
    if field == "trials":
        assert not out.exists()
    else:
        assert "Traceback" in (out / "errors.txt").read_text()
        assert "1 of 1 trials are finished and kept; continue with: bioplast run " in error


@pytest.mark.parametrize(
    ("answer", "status", "line"),
    [
        ("broken", 1, "mine: its network broke: ZeroDivisionError: division by zero ({file}, line 5)\n"),
        ("lambda settings: None", 1, "mine: its network broke: TypeError: it returned a NoneType, a pair"),
        ("lambda settings: (1, 2)", 2, "a brian2.Network is needed, not int"),
    ],
)
def test_a_network_that_breaks_is_one_line(tmp_path, capsys, answer, status, line):
    file = tmp_path / "mine.py"
    file.write_text(FILE.format(field="network", answer=answer))
    assert main(["export", f"{file}:mine", str(tmp_path / "out")]) == status
    error = capsys.readouterr().err
    assert error.startswith(f"bioplast: {line.replace('{file}', str(file))}") and error.count("\n") == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        ({"seeds": "three"}, "seeds is 'three': a whole number from 1 is accepted"),
        ({"seeds": 2.5}, "seeds is 2.5: a whole number from 1"),
        ({"seeds": 0}, "seeds is 0: a whole number from 1"),
        ({"seeds": True}, "seeds is True: a whole number from 1"),
        ({"targets": "cpp"}, "targets is 'cpp': a list of numpy, cpp is accepted"),
        ({"targets": 3}, "targets is 3: a list of numpy, cpp is accepted"),
        ({"targets": ["jax"]}, "targets is \\['jax'\\]: a list of numpy, cpp is accepted"),
        (["seeds"], "preset full is a list: a dict of settings is accepted"),
    ],
)
def test_a_preset_that_cannot_be_is_refused_when_it_is_made(settings, line):
    with pytest.raises(DefinitionError, match=line):
        Protocol(
            name="mine",
            title="A protocol",
            source="nobody",
            description="Cannot be.",
            presets={"demo": {"n": 1}, "full": settings},
            trials=lambda settings, targets, seeds: [Trial("a")],
            run=lambda trial: {},
            summarise=lambda results, settings: [],
            targets=("numpy", "cpp"),
        )
