"""Sections of a report, one for each subject, and rows that state how far they may lie from the published number."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import pytest

from bioplast import experiment
from bioplast.cli import main
from bioplast.experiment import Row
from bioplast.experiment.agreement import agreement

SECTIONS = """
def sections(results, settings, folder):
    from bioplast.experiment import Section
    from bioplast.models import lif

    figure.save(figure.raster([0.1], [0], title="The draw"), folder / "own")
    return [
        Section(
            id="normal",
            title="The <normal> numbers",
            group="Numbers",
            definitions=(lif,),
            figures=[Figure("own.png", "A draw", "One & only.")],
            tables={"Draws & counts": [{"trial": "a<b", "first": 1.5}, {"trial": "c", "first": None}], "Nothing": []},
        ),
        Section(id="other", title="Other numbers", group="More"),
    ]


"""


@pytest.fixture
def out(toy, tmp_path):
    toy.edit("\n\ntoy = Protocol(", SECTIONS + "\n\ntoy = Protocol(")
    toy.edit("    tables=tables,\n", "    tables=tables,\n    sections=sections,\n")
    toy.edit("means, unit=", "means, tolerance=10, unit=")
    toy.edit('len(means), published=4, source="Gauss (1809)"', "len(means) + 0.2, published=4, tolerance=0.3")
    return experiment.run(toy.spec, out=tmp_path / "out", progress=False).folder


class Sections(HTMLParser):
    """The text of each section by its id, with the text of its elements separated by bars."""

    def __init__(self, text):
        super().__init__()
        self.depth, self.current, self.found, self.tags = 0, "", {}, {}
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        if tag == "section":
            self.current = dict(attributes).get("id", "")
        self.tags.setdefault(self.current, []).append(tag)

    def handle_endtag(self, tag):
        if tag == "section":
            self.current = ""

    def handle_data(self, data):
        self.found[self.current] = self.found.get(self.current, "") + "|" + data.strip()


def test_a_section_holds_what_is_about_its_subject_and_nothing_else_does(out):
    page = Sections((out / "report.html").read_text())
    own = page.found["normal"]
    for words in ("The <normal> numbers", "One & only.", "|mean|", "|count|", "a<b", "Draws & counts", "lif (neuron)",
                  "membrane time constant", "τ"):  # fmt: skip
        assert words in own, words
    assert page.tags["normal"].count("img") == 1
    assert page.tags["normal"].count("math") == 2  # the two sides of one equation
    assert "Nothing" not in own
    assert "normal/mean" not in page.found[""]
    assert "baseline/zero" in page.found[""]
    assert page.found["other"].replace("|", "") == "Other numbers"


def test_the_contents_link_the_sections_by_their_groups(out):
    text = (out / "report.html").read_text()
    contents = re.search(r"<nav>.*?</nav>", text)[0]
    assert re.findall(r"<dt>(.*?)</dt><dd><a href='#(.*?)'>(.*?)</a>", contents) == [
        ("Numbers", "normal", "The &lt;normal&gt; numbers"),
        ("More", "other", "Other numbers"),
    ]


def test_rebuilding_gives_the_same_sections(out):
    before = (out / "report.html").read_bytes()
    (out / "report.html").unlink()
    assert main(["report", str(out)]) == 0
    assert (out / "report.html").read_bytes() == before


def test_the_tolerance_is_in_the_report_and_not_in_the_summary(out):
    rows = json.loads((out / "summary.json").read_text())["rows"]
    assert list(rows[0]) == ["id", "value", "low", "high", "seeds", "unit", "published", "source"]
    assert json.loads((out / "run.json").read_text())["tolerances"] == {"normal/mean": 10, "normal/count": 0.3}
    text = (out / "report.html").read_text()
    assert "1 other agree within" not in text
    assert "1 other agrees within the tolerance stated" in text
    assert "within tolerance" in Sections(text).found["normal"]


@pytest.mark.parametrize(
    ("value", "word"), [(3.0, "equal"), (3.1, "within tolerance"), (2.9, "within tolerance"), (3.2, "+0.2")]
)
def test_agreement_within_a_tolerance(value, word):
    row = {"value": value, "low": None, "high": None, "published": 3.0, "tolerance": 0.15}
    assert agreement(row) == word


def test_a_tolerance_is_a_number():
    with pytest.raises(experiment.protocol.DefinitionError, match="tolerance is a number or None"):
        Row("a", 1.0, tolerance="small")


def test_two_sections_of_one_id_are_refused(toy, tmp_path):
    toy.edit("\n\ntoy = Protocol(", SECTIONS.replace('id="other"', 'id="Normal"') + "\n\ntoy = Protocol(")
    toy.edit("    tables=tables,\n", "    tables=tables,\n    sections=sections,\n")
    with pytest.raises(experiment.protocol.DefinitionError, match="section id 'Normal' occurs twice"):
        experiment.run(toy.spec, out=tmp_path / "out", progress=False)
