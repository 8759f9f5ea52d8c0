"""A page for each subject of the zoo: definitions, figure, published numbers and the ledger of fidelity."""

from __future__ import annotations

import csv
import json
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from bioplast import figure
from bioplast.definition.find import models
from bioplast.figure import plots
from bioplast.protocols.zoo.pages import PAGES, Page
from bioplast.protocols.zoo.pages.page import plots_of

from . import fitting
from .files import number, table, write_all

DATA = Path(__file__).resolve().parent.parent.parent / "data"
POINTS = 15  # of a curve that is measured here, because data/zoo has no figure of it yet


def write(folder: Path) -> None:
    """Write the pages, their figures and the list of them."""
    measured = measured_rows()
    pages: dict[str, str | bytes] = {}
    for name, about in PAGES.items():
        picture, own = figure_of(name, about)
        pages[f"{name}.png"] = picture
        pages[f"{name}.md"] = page(name, about, own if own is not None else measured.get(name, []))
    pages["index.md"] = index()
    write_all(folder, pages)


def measured_rows() -> dict[str, list[dict[str, Any]]]:
    """The rows of the full run, by the name of the page."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in json.loads((DATA / "zoo" / "summary.json").read_text())["rows"]:
        found.setdefault(row["id"].partition("/")[0], []).append(row)
    return found


def figure_of(name: str, about: Page) -> tuple[bytes, list[dict[str, Any]] | None]:
    """The figure of the full run, or one that is measured now, with its rows."""
    kept = DATA / "zoo" / f"{name}.png"
    if kept.exists():
        return kept.read_bytes(), None
    found = about.measure(POINTS).plain()
    with tempfile.TemporaryDirectory() as scratch:
        picture = figure.save(plots.plots(plots_of(found)), Path(scratch) / name, dpi=110).read_bytes()
    return picture, [{**row, "id": f"{name}/{row['id']}"} for row in found["rows"]]


def page(name: str, about: Page, rows: Iterable[dict[str, Any]]) -> str:
    """The page of a subject."""
    parts = [f"# {about.title}"]
    for definition in about.definitions:
        # MathML, so that equations show without anything from another server
        parts.append(f'<div class="definition">{one_line(definition.to_html(mathml=True))}</div>')
    parts.append(f"```{{figure}} {name}.png\n:class: bioplast-picture\n:alt: {about.title}\n\n{about.caption}\n```")
    shown = [row for row in rows if "/verified/" not in row["id"]]
    if shown:
        parts.append("## Numbers\n\nFrom `bioplast run zoo --preset full`, kept in `data/zoo/summary.json`.")
        parts.append(
            table(
                ("quantity", "ours", "published or closed form", "unit", "source"),
                (
                    (
                        row["id"].partition("/")[2].replace("_", " "),
                        number(row["value"]),
                        number(row["published"]),
                        row["unit"],
                        row["source"],
                    )
                    for row in shown
                ),
            )
        )
    verified = ledger({definition.name for definition in about.definitions})
    if verified:
        parts.append("## Fidelity\n\nFrom `make ledger`, kept in `data/fidelity.csv`.")
        parts.append(table(("model", "quantity", "against", "target", "deviation", "tolerance"), verified))
    names = " + ".join(definition.name for definition in about.definitions)
    parts.append(f"In Python: `from bioplast.models import {names.replace(' + ', ', ')}`")
    return "\n\n".join(parts) + "\n"


def ledger(names: set[str]) -> list[tuple[str, ...]]:
    """The rows of the ledger that are about these models."""
    wanted = {name.replace("_", "-") for name in names}
    with (DATA / "fidelity.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["kind"] == "model"]
    return [
        (
            row["name"],
            row["quantity"],
            row["against"],
            row["target"],
            f"{row['deviation']} {row['unit']}",
            f"{row['tolerance']} {row['unit']}",
        )
        for row in rows
        if row["name"].replace("_", "-") in wanted
    ]


def one_line(html: str) -> str:
    """HTML without empty lines, which end a block of HTML in Markdown."""
    return " ".join(line.strip() for line in html.splitlines() if line.strip())


def index() -> str:
    """The list of the pages, with a picture of each."""
    parts = [
        "# The zoo",
        f"The library has {len(models())} models, on {len(PAGES)} pages. Each page has the equations that Brian2 "
        "sees, the parameters with unit, bounds and meaning, a figure of what the model does, the numbers of its paper "
        "or of a closed form beside ours, and how far the model is from its truth. The pages are made from the "
        "definitions; nothing on them is written by hand.",
        "`bioplast list` names the models, and `bioplast show NAME` prints one. `bioplast run zoo` measures the "
        "figures again.",
    ]
    groups: dict[str, list[str]] = {}
    for name, about in PAGES.items():
        groups.setdefault(about.group, []).append(name)
    for group, names in groups.items():
        cards = "\n".join(
            f":::{{grid-item-card}} {PAGES[name].title}\n:img-top: {name}.png\n:img-alt: {PAGES[name].caption}\n"
            f":link: {name}\n:link-type: doc\n:::\n"
            for name in names
        )
        parts.append(
            f"## {group}\n\n::::{{grid}} 1 2 2 2\n:gutter: 2\n:class-container: bioplast-picture\n\n{cards}\n::::"
        )
    parts.append(fitting.section())
    listed = "\n".join(PAGES)
    parts.append(f"```{{toctree}}\n:hidden:\n\n{listed}\n```")
    return "\n\n".join(parts) + "\n"
