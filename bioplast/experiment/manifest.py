"""What run.json says of a run: configuration, versions, machine and timings."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .plan import Plan
from .protocol import Figure, Row
from .provenance import commit, machine, versions

__all__ = ["begun", "completed"]


def begun(plan: Plan, executor: Executor | None, workers: int, before: Path | None = None) -> dict[str, Any]:
    """What is known when a run begins, or begins again with the finished trials of the folder `before`."""
    from ..program.network import digest  # Brian2: `bioplast list` does without

    protocol = plan.protocol
    # of a user's own protocol, by whose code its trials were made: that of an installed one goes with the version
    own = None if plan.spec is not None and ".py:" not in plan.spec else digest(protocol.run)
    made = [] if before is None else [code for code in _codes(before) if code != own]
    return {
        "protocol": {
            "name": protocol.name,
            "title": protocol.title,
            "source": protocol.source,
            "description": protocol.description,
            "version": protocol.version,
            "spec": plan.spec,
        },
        "code": [*made, own],
        "preset": plan.preset,
        "settings": plan.settings,
        "seeds": plan.seeds,
        "targets": plan.targets,
        "left_out": plan.left_out,
        "workers": plan.scheduler or (type(executor).__name__ if executor else workers),
        "command": plan.command,
        "resume": plan.resume_command,
        "trials": len(plan.trials),
        "versions": versions(),
        "machine": machine(),
        "commit": commit(),
        "started": _now(),
        "finished": None,
        "timings": {},
        "figures": [],
        "sections": [],
        "tables": [],
        "tolerances": {},
    }


def completed(
    manifest: Mapping[str, Any],
    seconds: Mapping[str, float],
    rows: Sequence[Row],
    figures: Sequence[Figure],
    sections: Sequence[Mapping[str, Any]],
    tables: Sequence[str],
) -> dict[str, Any]:
    """The manifest of the same run when all is done.

    Parameters
    ----------
    manifest : dict
        What `begun` returned.
    seconds : dict
        How long each trial took, whenever that was.
    rows : sequence of Row
        Of the summary; their tolerances are kept here.
    figures : sequence of Figure
    sections : sequence of dict
        What `Section.plain` returned.
    tables : sequence of str
        File names of the protocol's own tables.
    """
    finished = _now()
    elapsed = datetime.fromisoformat(finished) - datetime.fromisoformat(manifest["started"])
    return {
        **manifest,
        "finished": finished,
        "timings": {
            "elapsed_s": elapsed.total_seconds(),
            "trials_s": {id: round(value, 6) for id, value in seconds.items()},
        },
        "figures": [asdict(figure) for figure in figures],
        "sections": list(sections),
        "tables": list(tables),
        "tolerances": {row.id: row.tolerance for row in rows if row.tolerance is not None},
    }


def _codes(folder: Path) -> list[str]:
    """What the manifest of an earlier run says of the code of its trials."""
    try:
        return [code for code in json.loads((folder / "run.json").read_text())["code"] if isinstance(code, str)]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
