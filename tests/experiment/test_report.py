"""The report page and the command that rebuilds it."""

import base64
import json
import re
import shutil
from html.parser import HTMLParser

import pytest

from bioplast import experiment
from bioplast.cli import main
from bioplast.experiment.agreement import agreement, number_text


class Page(HTMLParser):
    """Tags that are balanced, what they refer to, and the text."""

    EMPTY = ("meta", "img", "br", "link")

    def __init__(self, text):
        super().__init__()
        self.open, self.references, self.words = [], [], []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag, attributes):
        self.references += [value for name, value in attributes if name in ("src", "href", "srcset", "data")]
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self):
        return " ".join(self.words)


@pytest.fixture
def out(toy, tmp_path):
    toy.set("pictures")
    return experiment.run(toy.spec, out=tmp_path / "out", progress=False).folder


def test_the_page_needs_nothing_but_itself(out):
    text = (out / "report.html").read_text()
    page = Page(text)
    pictures = [reference for reference in page.references if reference.startswith("data:image/png;base64,")]
    assert page.references == pictures
    assert base64.b64decode(pictures[0].partition(",")[2]) == (out / "figures/draws.png").read_bytes()
    assert not re.search(r"https?://|@import|url\(", text)
    assert "@media print" in text


def test_the_page_says_what_was_measured_and_how(out):
    text = Page((out / "report.html").read_text()).text
    for words in (
        "Normal numbers & their mean",
        "Gauss (1809), Theoria motus",
        "normal/mean",
        "inside interval",
        "equal",
        "published",
        "Baselines",
        "baseline/zero",
        "Each draw <is> a mark & nothing else.",
        "numpy",
        "brian2",
        "compiler",
        "values.csv",
        f"--out {out}",
    ):
        assert words in text, words


def test_rebuilding_gives_the_same_page(out, capsys):
    before = (out / "report.html").read_bytes()
    (out / "report.html").unlink()
    assert main(["report", str(out)]) == 0
    assert (out / "report.html").read_bytes() == before
    shown = capsys.readouterr().out
    assert re.search(r"^normal/count +4 .* 4 +equal *$", shown, re.MULTILINE)
    assert shown.endswith(f"report: {out / 'report.html'}\n")


def damage(out, name, content):
    if content is None:
        (out / name).unlink()
    else:
        (out / name).write_text(content)


@pytest.mark.parametrize(
    ("name", "content", "line"),
    [
        ("run.json", None, "is no run's folder"),
        ("run.json", "{", "is damaged"),
        ("run.json", "", "is damaged"),
        ("run.json", "[]", "is damaged"),
        ("run.json", "{}", "is damaged"),
        ("run.json", '{"finished": "2030"}', "is damaged"),
        ("summary.json", None, "is not complete; continue with: "),
        ("summary.json", '{"rows": [{}]}', "is damaged"),
        ("summary.json", "\x00", "is damaged"),
        ("figures/draws.png", None, "cannot read the figure"),
    ],
)
def test_a_damaged_folder_is_told_in_a_line(out, capsys, name, content, line):
    damage(out, name, content)
    before = (out / "report.html").read_bytes()
    assert main(["report", str(out)]) == 2
    error = capsys.readouterr().err
    assert line in error
    assert error.count("\n") == 1
    assert (out / "report.html").read_bytes() == before


def parts(value, path=()):
    """The path of each part of a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in inner:
        yield (*path, key)
        yield from parts(part, (*path, key))


@pytest.mark.parametrize("name", ["run.json", "summary.json"])
def test_whatever_part_is_damaged_the_report_is_made_or_refused_in_a_line(out, capsys, name):
    text = (out / name).read_text()
    paths = [path for path in parts(json.loads(text)) if path[0] not in ("versions", "machine", "timings", "settings")]
    assert len(paths) > 20
    for path in paths:
        for wrong in (None, "text", 1e400, [], {}, [None]):
            value = json.loads(text)
            inner = value
            for key in path[:-1]:
                inner = inner[key]
            inner[path[-1]] = wrong
            (out / name).write_text(json.dumps(value))
            status = main(["report", str(out)])
            error = capsys.readouterr().err
            assert (status, error.count("\n")) in ((0, 0), (2, 1)), (path, wrong)


def test_an_incomplete_run_does_not_stop_the_reports_of_others(out, tmp_path, capsys):
    runs = tmp_path / "runs"
    for name in ("a", "b", "c", "d", "e"):
        shutil.copytree(out, runs / name)
        (runs / name / "report.html").unlink()
    (runs / "a" / "summary.json").unlink()
    (runs / "b" / "run.json").write_text("")
    manifest = json.loads((runs / "d" / "run.json").read_text())
    (runs / "d" / "run.json").write_text(json.dumps({**manifest, "protocol": 3}))
    (runs / "e" / "scorecard.html").write_text("of an assessment")
    assert main(["report", str(runs)]) == 2
    shown = capsys.readouterr()
    lines = shown.err.splitlines()
    assert [line.startswith("bioplast: ") for line in lines] == [True, True, True]
    for line, word in zip(
        lines, ("a is not complete; continue with: ", "b/run.json is damaged", "damaged"), strict=True
    ):
        assert word in line
    assert shown.out.endswith(f"report: {runs / 'report.html'}\n")
    assert f"scorecard: {runs / 'e' / 'scorecard.html'}\n" in shown.out
    page = Page((runs / "report.html").read_text())
    assert page.references == ["c/report.html"]
    assert (runs / "c" / "report.html").exists()
    assert "a is not complete" in page.text


def test_a_folder_that_is_not_there(tmp_path, capsys):
    assert main(["report", str(tmp_path / "nothing")]) == 2
    assert capsys.readouterr().err == f"bioplast: no folder {tmp_path / 'nothing'}\n"


def test_a_run_that_is_not_complete_says_how_to_go_on(toy, tmp_path, capsys):
    toy.set("trouble1", "bug")
    assert main(["run", toy.spec, "--out", str(tmp_path / "out")]) == 1
    capsys.readouterr()
    assert main(["report", str(tmp_path / "out")]) == 2
    assert f"continue with: bioplast run {toy.spec} --preset demo" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("value", "low", "high", "published", "word"),
    [
        (3, None, None, 3.0, "equal"),
        (3.1, 2.9, 3.3, 3.0, "inside interval"),
        (3.5, 3.4, 3.6, 3.0, "+0.5"),
        (2, None, None, 3, "-1"),
        (None, None, None, 3, ""),
        (3, None, None, None, ""),
    ],
)
def test_agreement_with_the_published_number(value, low, high, published, word):
    assert agreement({"value": value, "low": low, "high": high, "published": published}) == word


def test_numbers_read_well():
    assert [number_text(x) for x in (5, 5.0, 0.123456, 1e-9, None, -65.0)] == ["5", "5", "0.1235", "1e-09", "", "-65"]


# Every protocol


@pytest.fixture
def registered(toy, monkeypatch):
    """Two protocols in the registry, made from the toy's file."""
    from bioplast.experiment import find

    second = toy.folder / "second.py"
    second.write_text(toy.file.read_text().replace('name="toy"', 'name="second"').replace('"seeds": 4}', '"n": 1}'))
    specs = {"toy": toy.spec, "second": f"{second}:toy"}
    real = find.load_protocol
    monkeypatch.setattr(find, "protocols", lambda: {name: real(spec) for name, spec in specs.items()})
    monkeypatch.setattr(find, "load_protocol", lambda spec: real(specs.get(spec, spec)))
    return second


def test_every_protocol_gets_a_folder_and_an_index_links_them(toy, registered, tmp_path, capsys):
    out = tmp_path / "all"
    registered.write_text(registered.read_text().replace("means = [", "means = [1.0, 2.0] or ["))
    assert main(["run", "all", "--seeds", "2", "--out", str(out)]) == 0
    page = Page((out / "report.html").read_text())
    assert sorted(page.references) == ["second/report.html", "toy/report.html"]
    assert all((out / reference).exists() for reference in page.references)
    assert "Normal numbers & their mean" in page.text
    assert json.loads((out / "toy/run.json").read_text())["seeds"] == [0, 1]
    assert json.loads((out / "second/run.json").read_text())["seeds"] == []
    capsys.readouterr()
    assert main(["run", "all", "--out", str(out)]) == 2
    assert "--resume" in capsys.readouterr().err
    (out / "report.html").unlink()
    assert main(["report", str(out)]) == 0
    assert sorted(Page((out / "report.html").read_text()).references) == sorted(page.references)


def test_one_broken_protocol_does_not_stop_the_others(toy, registered, tmp_path, capsys):
    out = tmp_path / "all"
    assert main(["run", "all", "--out", str(out)]) == 1  # the second has no trial, hence no mean
    assert "second: " in capsys.readouterr().err
    page = Page((out / "report.html").read_text())
    assert page.references == ["toy/report.html"]
    assert "Not complete" in page.text


def test_every_protocol_into_the_folder_of_one_is_refused(toy, registered, out, capsys):
    before = (out / "report.html").read_bytes()
    assert main(["run", "all", "--out", str(out)]) == 2
    assert "is the folder of a single run" in capsys.readouterr().err
    assert (out / "report.html").read_bytes() == before
