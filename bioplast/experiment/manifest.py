"""What run.json says of a run: configuration, versions, machine and timings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from .plan import Plan
from .protocol import Figure, Row
from .provenance import commit, machine, versions

__all__ = ["begun", "completed"]


def begun(plan: Plan, executor: Executor | None, workers: int) -> dict[str, Any]:
    """What is known when a run begins, or begins again."""
    protocol = plan.protocol
    return {
        "protocol": {
            "name": protocol.name,
            "title": protocol.title,
            "source": protocol.source,
            "description": protocol.description,
            "version": protocol.version,
            "spec": plan.spec,
        },
        "preset": plan.preset,
        "settings": plan.settings,
        "seeds": plan.seeds,
        "targets": plan.targets,
        "left_out": plan.left_out,
        "workers": type(executor).__name__ if executor else workers,
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


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
