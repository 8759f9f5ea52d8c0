"""The pages of runs: what is on them is settled here, how it is written stands in the templates."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from ..errors import BioplastError
from .agreement import EQUAL, INSIDE, WITHIN, agreement, number_text, row_cells
from .protocol import Protocol

__all__ = ["index_page", "page", "protocol_html", "report_page"]

BASELINE = "baseline/"


def page(title: str, body: str) -> str:
    """A page of its own around a body that is HTML."""
    return _template("page.html").render(title=title, body=Markup(body))


def report_page(manifest: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], figures: Path) -> str:
    """The report of a run.

    Parameters
    ----------
    manifest : dict
        What ``run.json`` holds.
    rows : sequence of dict
        Of the summary, each with its tolerance.
    figures : Path
        The folder of the pictures.

    Raises
    ------
    BioplastError
        A figure is missing.
    """
    sections = [_section(section, rows, figures) for section in manifest["sections"]]
    elsewhere = {row["id"] for row in rows if any(row["id"].startswith(f"{section['id']}/") for section in sections)}
    main = [row for row in rows if not row["id"].startswith(BASELINE) and row["id"] not in elsewhere]
    baselines = [row for row in rows if row["id"].startswith(BASELINE)]
    groups = dict.fromkeys(section["group"] for section in sections)
    return _template("report.html").render(
        title=manifest["protocol"]["title"],
        protocol=manifest["protocol"],
        facts=_facts(manifest),
        counts=_counts(rows),
        left_out=manifest["left_out"],
        contents={group: [section for section in sections if section["group"] == group] for group in groups},
        figures=[_figure(figures, figure) for figure in manifest["figures"]],
        results=_rows_table(main) if main else None,
        baselines=_rows_table(baselines) if baselines else None,
        sections=sections,
        tables=list(manifest["tables"]),
        made_with=_made_with(manifest),
    )


def index_page(runs: Mapping[str, tuple[Mapping[str, Any], Any]], failed: Mapping[str, str]) -> str:
    """The page that links the reports of runs.

    Parameters
    ----------
    runs : dict of (protocol, rows)
        What the manifest says of the protocol, and the rows of the summary, by the name of the run's folder.
    failed : dict of str
        Why the others are not complete.
    """
    complete = [
        {"name": name, "title": protocol["title"], "source": protocol["source"], "counts": _counts(rows)}
        for name, (protocol, rows) in runs.items()
    ]
    return _template("index.html").render(title="bioplast: all protocols", runs=complete, failed=failed)


def protocol_html(protocol: Protocol) -> str:
    """What a protocol does, as a part of a page."""
    presets = {name: json.dumps(settings) for name, settings in protocol.presets.items()}
    return _template("protocol.html").render(protocol=protocol, presets=presets)


class Cell(NamedTuple):
    """A cell of a table and its style, a class of the style sheet or ""."""

    text: str
    style: str = ""


@dataclass(frozen=True)
class Table:
    """A table: its heads and its rows."""

    heads: Sequence[Cell]
    rows: Sequence[Sequence[Cell]]


class Counts(NamedTuple):
    """How many numbers there are to compare, and how many agree; None where no row could agree in that way."""

    compared: int
    equal: int
    inside: int | None
    within: int | None


def _facts(manifest: Mapping[str, Any]) -> list[tuple[str, str]]:
    facts = [("protocol", manifest["protocol"]["name"]), ("preset", manifest["preset"])]
    if manifest["targets"]:
        facts.append(("targets", ", ".join(manifest["targets"])))
    if manifest["seeds"]:
        facts.append(("seeds", str(len(manifest["seeds"]))))
    return [*facts, ("trials", str(manifest["trials"])), ("date", manifest["finished"][:10])]


def _counts(rows: Sequence[Mapping[str, Any]]) -> Counts | None:
    """How many of the numbers agree with the published ones; None when there are none to compare with."""
    compared = [row for row in rows if row["published"] is not None]
    if not compared:
        return None
    found = [agreement(row) for row in compared]
    return Counts(
        len(compared),
        found.count(EQUAL),
        found.count(INSIDE) if any(row["low"] is not None for row in compared) else None,
        found.count(WITHIN) if any(row["tolerance"] is not None for row in compared) else None,
    )


def _section(section: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], figures: Path) -> dict[str, Any]:
    own = [row for row in rows if row["id"].startswith(f"{section['id']}/")]
    return {
        **section,
        "figures": [_figure(figures, figure) for figure in section["figures"]],
        "rows": _rows_table(own, len(section["id"]) + 1) if own else None,
        "tables": {title: _plain_table(table) for title, table in section["tables"].items() if table},
        "definitions": [Markup(definition) for definition in section["definitions"]],
    }


def _figure(folder: Path, figure: Mapping[str, str]) -> dict[str, str]:
    file = folder / figure["file"]
    try:
        content = base64.b64encode(file.read_bytes()).decode("ascii")
    except OSError as error:
        raise BioplastError(f"cannot read the figure {file}: {error.strerror}; repeat the run with --resume") from None
    kind = "svg+xml" if file.suffix == ".svg" else "png"
    return {"title": figure["title"], "caption": figure["caption"], "kind": kind, "content": content}


def _plain_table(rows: Sequence[Mapping[str, Any]]) -> Table:
    """A small table of a section, its columns in the order in which they first appear."""
    columns = list(dict.fromkeys(column for row in rows for column in row))
    style = {c: "" if any(isinstance(row.get(c), str) for row in rows) else "number" for c in columns}

    def text(value: Any) -> str:
        return value if isinstance(value, str) else number_text(value)

    heads = [Cell(column, style[column]) for column in columns]
    return Table(heads, [[Cell(text(row.get(c)), style[c]) for c in columns] for row in rows])


def _rows_table(rows: Sequence[Mapping[str, Any]], skipped: int = 0) -> Table:
    """Rows of the summary without the first `skipped` characters of their ids, and without empty columns."""
    heads = ["", "ours", "95 % interval", "seeds", "unit", "published", "difference", "tolerance", "source"]
    numeric = {"ours", "95 % interval", "seeds", "published", "tolerance"}

    def texts(row: Mapping[str, Any]) -> tuple[str, ...]:
        id, *rest = row_cells(row)
        return id[skipped:], *rest, number_text(row["tolerance"]), row["source"]

    def style(head: str, text: str) -> str:
        if head in numeric:
            return "number"
        if head == "difference":
            return {EQUAL: "equal", INSIDE: "inside", WITHIN: "inside", "": ""}.get(text, "differs")
        return ""

    lines = [dict(zip(heads, texts(row), strict=True)) for row in rows]
    shown = [head for head in heads if head in ("", "ours") or any(line[head] for line in lines)]
    return Table(
        [Cell(head, "number" if head in numeric else "") for head in shown],
        [[Cell(line[head], style(head, line[head])) for head in shown] for line in lines],
    )


def _made_with(manifest: Mapping[str, Any]) -> list[tuple[str, str, bool]]:
    """What the run was made with: name, text, and whether the text is code."""
    machine = manifest["machine"]
    total = sum(manifest["timings"]["trials_s"].values())
    place = f"{machine['processor']}, {machine['cores']} cores, {machine['architecture']}, {machine['system']}"
    return [
        ("command", manifest["command"], True),
        *((name, str(version or "not there"), False) for name, version in manifest["versions"].items()),
        *([("commit", manifest["commit"], True)] if manifest["commit"] else []),
        ("machine", place, False),
        ("time", f"{total:.1f} s in trials; workers: {manifest['workers']}", False),
        ("begun, finished", f"{manifest['started'][:19]}, {manifest['finished'][:19]} UTC", False),
        ("settings", json.dumps(manifest["settings"], ensure_ascii=False), True),
    ]


@lru_cache(maxsize=1)
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("bioplast.experiment"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _template(name: str) -> Any:
    return _environment().get_template(name)
