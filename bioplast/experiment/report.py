"""The report of a run: one self-contained page, made from the run's folder alone."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from string import Template
from typing import Any

from ..errors import BioplastError
from ..files import write_text

__all__ = ["agreement", "index_page", "number_text", "read_run", "row_cells", "write_index", "write_report"]

_HERE = Path(__file__).parent
BASELINE = "baseline/"
WITHIN = "within tolerance"


def read_run(folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The contents of run.json and summary.json; each row of the summary is given its tolerance.

    Raises
    ------
    BioplastError
        The folder is no run's folder, the run is not complete, or a file is damaged.
    """
    record_file, summary_file = folder / "run.json", folder / "summary.json"
    if not folder.is_dir():
        raise BioplastError(f"no folder {folder}")
    if not record_file.exists():
        raise BioplastError(f"{folder} is no run's folder: it has no run.json")
    record = _read(record_file)
    if not record.get("finished") or not summary_file.exists():
        raise BioplastError(f"the run in {folder} is not complete; continue with: {record.get('resume')}")
    summary = _read(summary_file)
    try:
        for row in summary["rows"]:
            row["tolerance"] = record["tolerances"].get(row["id"])
    except (KeyError, TypeError, AttributeError) as error:
        raise _damaged(folder, error) from None
    return record, summary


def _damaged(folder: Path, error: Exception) -> BioplastError:
    return BioplastError(f"{folder / 'run.json'} or summary.json is damaged: {error!r}")


def _read(file: Path) -> dict[str, Any]:
    try:
        value = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise BioplastError(f"cannot read {file}: {error.strerror}") from None
    except ValueError as error:
        raise BioplastError(f"{file} is damaged ({error}): repeat the run with --resume") from None
    if not isinstance(value, dict):
        raise BioplastError(f"{file} is damaged (no JSON object): repeat the run with --resume")
    return value


def write_report(folder: Path) -> Path:
    """Write ``report.html`` into a complete run's folder and return where it is.

    Raises
    ------
    BioplastError
        As for `read_run`, or a figure is missing.
    """
    record, summary = read_run(folder)
    try:
        page = _page(folder, record, summary["rows"])
    except (KeyError, TypeError, AttributeError) as error:
        raise _damaged(folder, error) from None
    return write_text(folder / "report.html", page)


def _page(folder: Path, record: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> str:
    protocol = record["protocol"]
    sections = record["sections"]
    own = {section["id"]: _rows_of(section, rows) for section in sections}
    elsewhere = {row["id"] for theirs in own.values() for row in theirs}
    main = [row for row in rows if not row["id"].startswith(BASELINE) and row["id"] not in elsewhere]
    baselines = [row for row in rows if row["id"].startswith(BASELINE)]
    parts = [
        f"<p class='source'>{escape(protocol['source'])}</p>",
        *(f"<p>{escape(text)}</p>" for text in protocol["description"].split("\n\n")),
        _facts(record),
        _headline(rows),
        _left_out(record["left_out"]),
        _contents(sections),
        *(_figure(folder, figure) for figure in record["figures"]),
        _table("Results", main) if main else "",
        _table("Baselines", baselines) if baselines else "",
        *(_section(folder, section, own[section["id"]]) for section in sections),
        _tables(record["tables"]),
        _made_with(record),
    ]
    return fill(protocol["title"], "\n".join(part for part in parts if part))


def fill(title: str, body: str) -> str:
    template = Template((_HERE / "report.html").read_text(encoding="utf-8"))
    css = (_HERE / "report.css").read_text(encoding="utf-8")
    return template.substitute(title=escape(title), css=css, body=body)


def _facts(record: Mapping[str, Any]) -> str:
    facts = [("protocol", record["protocol"]["name"]), ("preset", record["preset"])]
    if record["targets"]:
        facts.append(("targets", ", ".join(record["targets"])))
    if record["seeds"]:
        facts.append(("seeds", str(len(record["seeds"]))))
    facts.append(("trials", str(record["trials"])))
    facts.append(("date", record["finished"][:10]))
    cells = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in facts)
    return f"<dl class='facts'>{cells}</dl>"


def _rows_of(section: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [row for row in rows if row["id"].startswith(f"{section['id']}/")]


def _contents(sections: Sequence[Mapping[str, Any]]) -> str:
    """The table of contents: the sections by their groups."""
    if not sections:
        return ""
    lines = []
    for group in dict.fromkeys(section["group"] for section in sections):
        links = [
            f"<a href='#{escape(section['id'], quote=True)}'>{escape(section['title'])}</a>"
            for section in sections
            if section["group"] == group
        ]
        lines.append(f"<div><dt>{escape(group)}</dt><dd>{', '.join(links)}</dd></div>")
    return f"<nav><dl>{''.join(lines)}</dl></nav>"


def _section(folder: Path, section: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> str:
    parts = [
        f"<h2>{escape(section['title'])}</h2>",
        *(_figure(folder, figure) for figure in section["figures"]),
        _rows_table(rows, len(section["id"]) + 1) if rows else "",
        *(_plain_table(title, table) for title, table in section["tables"].items() if table),
        *(f"<div class='definition'>{definition}</div>" for definition in section["definitions"]),
    ]
    return f"<section class='subject' id='{escape(section['id'], quote=True)}'>{''.join(parts)}</section>"


def _plain_table(title: str, rows: Sequence[Mapping[str, Any]]) -> str:
    """A small table of a section, its columns in the order in which they first appear."""
    columns = list(dict.fromkeys(column for row in rows for column in row))
    numeric = {c for c in columns if all(not isinstance(row.get(c), str) for row in rows)}

    def cell(kind: str, column: str, text: str) -> str:
        return f"<{kind}{' class=number' if column in numeric else ''}>{escape(text)}</{kind}>"

    def text(value: Any) -> str:
        return value if isinstance(value, str) else number_text(value)

    head = "".join(cell("th", column, column) for column in columns)
    lines = ("".join(cell("td", c, text(row.get(c))) for c in columns) for row in rows)
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    return f"<h3>{escape(title)}</h3><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _headline(rows: Sequence[Mapping[str, Any]]) -> str:
    """How many of the numbers agree with the published ones."""
    compared = [row for row in rows if row["published"] is not None]
    if not compared:
        return ""
    equal = sum(agreement(row) == "equal" for row in compared)
    inside = sum(agreement(row) == "inside interval" for row in compared)
    text = f"{equal} of {len(compared)} numbers equal the published ones"
    if any(row["low"] is not None for row in compared):
        others = f"{inside} other{'s' * (inside != 1)}"
        text += f"; for {others} the published number lies inside our 95&nbsp;% confidence interval"
    if any(row["tolerance"] is not None for row in compared):
        within = sum(agreement(row) == WITHIN for row in compared)
        text += f"; {within} other{'s agree' if within != 1 else ' agrees'} within the tolerance stated"
    return f"<p class='headline'>{text}.</p>"


def _left_out(left_out: Mapping[str, str]) -> str:
    if not left_out:
        return ""
    items = "".join(f"<li><b>{escape(name)}</b>: {escape(line)}</li>" for name, line in left_out.items())
    return f"<section class='left-out'><h2>Targets left out on this machine</h2><ul>{items}</ul></section>"


def _figure(folder: Path, figure: Mapping[str, str]) -> str:
    file = folder / "figures" / figure["file"]
    try:
        picture = base64.b64encode(file.read_bytes()).decode("ascii")
    except OSError as error:
        raise BioplastError(f"cannot read the figure {file}: {error.strerror}; repeat the run with --resume") from None
    kind = "svg+xml" if file.suffix == ".svg" else "png"
    title, caption = escape(figure["title"]), escape(figure["caption"])
    return (
        f"<figure><img alt='{escape(figure['title'], quote=True)}' src='data:image/{kind};base64,{picture}'>"
        f"<figcaption><b>{title}.</b> {caption}</figcaption></figure>"
    )


def agreement(row: Mapping[str, Any]) -> str:
    """How a row compares with the published number: "" when there is none to compare with."""
    value, published = row["value"], row["published"]
    if value is None or published is None:
        return ""
    if value == published:
        return "equal"
    if row["low"] is not None and row["high"] is not None and row["low"] <= published <= row["high"]:
        return "inside interval"
    tolerance = row.get("tolerance")
    if tolerance is not None and abs(value - published) <= tolerance:
        return WITHIN
    return f"{value - published:+.4g}"


def number_text(value: float | None) -> str:
    """A number as the tables show it; an empty string for none."""
    if value is None:
        return ""
    if isinstance(value, int) or (float(value).is_integer() and abs(value) < 1e15):
        return str(int(value))
    return f"{value:.4g}"


def row_cells(row: Mapping[str, Any]) -> tuple[str, str, str, str, str, str, str]:
    """A row as text: id, value, interval, seeds, unit, published, agreement."""
    interval = "" if row["low"] is None else f"{number_text(row['low'])} to {number_text(row['high'])}"
    value = "none" if row["value"] is None else number_text(row["value"])
    return (
        row["id"],
        value,
        interval,
        number_text(row["seeds"]),
        row["unit"],
        number_text(row["published"]),
        agreement(row),
    )


def _table(title: str, rows: Sequence[Mapping[str, Any]]) -> str:
    return f"<section><h2>{title}</h2>{_rows_table(rows)}</section>"


def _rows_table(rows: Sequence[Mapping[str, Any]], skipped: int = 0) -> str:
    """Rows of the summary, without the first `skipped` characters of their ids."""
    heads = ["", "ours", "95 % interval", "seeds", "unit", "published", "difference", "tolerance", "source"]

    def texts(row: Mapping[str, Any]) -> tuple[str, ...]:
        id, *rest = row_cells(row)
        return id[skipped:], *rest, number_text(row["tolerance"]), row["source"]

    columns = list(zip(*map(texts, rows), strict=True))
    shown = [k for k, column in enumerate(columns) if k < 2 or any(column)]
    numeric = {1, 2, 3, 5, 7}
    head = "".join(f"<th{' class=number' if k in numeric else ''}>{heads[k]}</th>" for k in shown)
    lines = []
    for row in rows:
        cells = texts(row)
        agreeing = {"equal": " class=equal", "inside interval": " class=inside", WITHIN: " class=inside", "": ""}
        kind = agreeing.get(cells[6], " class=differs")
        line = "".join(
            f"<td{' class=number' if k in numeric else kind if k == 6 else ''}>{escape(cells[k])}</td>" for k in shown
        )
        lines.append(f"<tr>{line}</tr>")
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table>"


def _tables(names: Sequence[str]) -> str:
    if not names:
        return ""
    files = ", ".join(f"<code>{escape(name)}</code>" for name in ("summary.csv", *names))
    return f"<p>The numbers as tables, in the folder of this report: {files}.</p>"


def _made_with(record: Mapping[str, Any]) -> str:
    machine, versions = record["machine"], record["versions"]
    total = sum(record["timings"]["trials_s"].values())
    lines = [("command", f"<code>{escape(record['command'])}</code>")]
    lines += [(name, escape(str(version or "not there"))) for name, version in versions.items()]
    if record["commit"]:
        lines.append(("commit", f"<code>{escape(record['commit'])}</code>"))
    lines.append(
        (
            "machine",
            escape(f"{machine['processor']}, {machine['cores']} cores, {machine['architecture']}, {machine['system']}"),
        )
    )
    lines.append(("time", f"{total:.1f} s in trials; workers: {escape(str(record['workers']))}"))
    lines.append(("begun, finished", f"{escape(record['started'][:19])}, {escape(record['finished'][:19])} UTC"))
    rows = "".join(f"<tr><th>{name}</th><td>{text}</td></tr>" for name, text in lines)
    settings = escape(json.dumps(record["settings"], ensure_ascii=False))
    return (
        f"<section class='made-with'><h2>Made with</h2><table>{rows}"
        f"<tr><th>settings</th><td><code>{settings}</code></td></tr></table></section>"
    )


def write_index(folder: Path, failed: Mapping[str, str] | None = None) -> Path:
    """Write ``report.html`` into a folder whose subfolders are runs, linking their reports.

    Parameters
    ----------
    folder : Path
    failed : dict, optional
        Protocols that were not completed, each with the line that says why.
    """
    return write_text(folder / "report.html", index_page(folder, failed or {}))


def index_page(folder: Path, failed: Mapping[str, str]) -> str:
    """The page that links the reports of the runs in a folder's subfolders."""
    items = []
    for path in sorted(folder.glob("*/run.json")):
        name = path.parent.name
        try:
            record, summary = read_run(path.parent)
            line = _headline(summary["rows"]) or "<p class='headline'>No published number to compare with.</p>"
            title, source = record["protocol"]["title"], record["protocol"]["source"]
            head = f"<h2><a href='{escape(name, quote=True)}/report.html'>{escape(title)}</a></h2>"
            items.append(f"<section>{head}<p class='source'>{escape(source)}</p>{line}</section>")
        except (BioplastError, KeyError, TypeError) as error:
            failed = {name: str(error), **failed}
    items += [
        f"<section class='left-out'><h2>{escape(name)}</h2><p>Not complete: {escape(line)}</p></section>"
        for name, line in failed.items()
    ]
    return fill("bioplast: all protocols", "\n".join(items))
