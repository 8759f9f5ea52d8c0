"""The report of a run: one self-contained page, made from the run's folder alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import TemplateError

from ..errors import BioplastError
from ..files import write_text
from .agreement import row_cells
from .folder import cannot_write
from .html import index_page, report_page

__all__ = ["read_run", "write_index", "write_report"]


def read_run(folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The contents of run.json and summary.json; each row of the summary is given its tolerance.

    Raises
    ------
    BioplastError
        The folder is no run's folder, the run is not complete, or a file is damaged.
    """
    manifest_file, summary_file = folder / "run.json", folder / "summary.json"
    if not folder.is_dir():
        raise BioplastError(f"no folder {folder}")
    if not manifest_file.exists():
        raise BioplastError(f"{folder} is no run's folder: it has no run.json")
    manifest = _read(manifest_file)
    if not manifest.get("finished") or not summary_file.exists():
        if not isinstance(manifest.get("resume"), str):
            raise _damaged(folder, "it does not say how to continue")
        raise BioplastError(f"the run in {folder} is not complete; continue with: {manifest['resume']}")
    summary = _read(summary_file)
    try:
        for row in summary["rows"]:
            row["tolerance"] = manifest["tolerances"].get(row["id"])
    except (KeyError, TypeError, AttributeError) as error:
        raise _damaged(folder, error) from None
    return manifest, summary


def _damaged(folder: Path, reason: Exception | str) -> BioplastError:
    text = reason if isinstance(reason, str) else f"{type(reason).__name__}: {reason}"
    return BioplastError(f"{folder / 'run.json'} or summary.json is damaged ({text}): repeat the run with --resume")


def _read(file: Path) -> dict[str, Any]:
    try:
        value = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise BioplastError(f"cannot read {file}: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
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
    manifest, summary = read_run(folder)
    try:
        page = report_page(manifest, summary["rows"], folder / "figures")
        texts = [manifest["protocol"]["title"], *(cell for row in summary["rows"] for cell in row_cells(row))]
        if not all(isinstance(text, str) for text in texts):
            raise TypeError("a text is none")
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, OverflowError, TemplateError) as error:
        raise _damaged(folder, error) from None
    with cannot_write(folder / "report.html"):
        return write_text(folder / "report.html", page)


def write_index(folder: Path, failed: Mapping[str, str] | None = None) -> Path:
    """Write ``report.html`` into a folder whose subfolders are runs, linking their reports.

    Parameters
    ----------
    folder : Path
    failed : dict, optional
        Protocols that were not completed, each with the line that says why.
    """
    runs: dict[str, tuple[Mapping[str, Any], Any]] = {}
    broken: dict[str, str] = {}
    for path in sorted(folder.glob("*/run.json")):
        if (path.parent / "scorecard.html").exists():
            continue  # an assessment
        try:
            manifest, summary = read_run(path.parent)
            one = {path.parent.name: (manifest["protocol"], summary["rows"])}
            index_page(one, {})
            runs |= one
        except BioplastError as error:
            broken = {path.parent.name: str(error), **broken}
        except (KeyError, IndexError, TypeError, ValueError, AttributeError, OverflowError, TemplateError) as error:
            broken = {path.parent.name: str(_damaged(path.parent, error)), **broken}
    with cannot_write(folder / "report.html"):
        return write_text(folder / "report.html", index_page(runs, {**broken, **(failed or {})}))
