"""The table: every row as CSV, the base task and the sweeps' ratios as Markdown."""

from __future__ import annotations

import csv
import io
from dataclasses import asdict
from pathlib import Path

from bioplast.files import write_text

from .compare import Row
from .task import Task

OURS, NATIVE = "bioplast", "bioplast, native"
_TASK = ("inputs", "hidden", "outputs", "steps", "batch", "density")
_MEASURED: tuple[str, ...] = ("hidden_rate", "library", "train_ms", "train_least_ms", "forward_ms", "forward_least_ms")
_MEASURED += ("two_steps_s", "peak_MiB", "peak_before_MiB", "gradient_error", "note")

_LEGEND = """\
Median times; x is how many times the time of bioplast on target jax. The first two steps include reading the network
and compiling, with empty caches. The compile time is that of `bioplast.compile` and of the first training step less a
later one, the median of five new processes. Peak memory is the most that a library's process has held by the end of its
second training step; added is how much more that is than the same figure with the library imported and the data read.
What Brian2 C++ takes is not in its process. Compiled libraries show theirs in a second process, without their compiler;
their forward pass is the one that a backward pass could follow: compiled without gradients, SpikingJelly's had not been
ready after ten minutes."""


def write_csv(rows: list[Row], path: Path) -> None:
    """Every row; times in milliseconds, memory in MiB."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow([*_TASK, *_MEASURED])
    for row in rows:
        task = asdict(row.task)
        table.writerow(
            [*(task[name] for name in _TASK), f"{row.rate:.4f}", row.library]
            + [_ms(t) for t in (row.train, row.train_least, row.forward, row.forward_least)]
            + [_number(row.first, ".2f"), _number(row.memory, ".0f"), _number(row.memory_before, ".0f")]
            + [_number(row.gradient, ".1e"), row.note]
        )
    write_text(path, text.getvalue())


def markdown(rows: list[Row], base: Task, header: list[str]) -> str:
    """The base task in full, then how many times the time of bioplast each library needs for the others."""
    lines = ["# bioplast and its peers", "", *header, "", f"## {base}", ""]
    lines += ["| library | training step | x | forward | x | first two steps | peak memory | added | gradient error |"]
    lines += ["|---|---:|---:|---:|---:|---:|---:|---:|---:|"]
    for row in (r for r in rows if r.task == base):
        memory = " | "
        if row.memory is not None and row.memory_before is not None:
            memory = f"{row.memory:.0f} MiB | {row.memory - row.memory_before:.0f} MiB"
        lines.append(
            f"| {row.library} | {_cell(row.train)} | {_number(ratio(rows, row, 'train'), '.2f')} "
            f"| {_cell(row.forward)} | {_number(ratio(rows, row, 'forward'), '.2f')} "
            f"| {_number(row.first, '.1f')} s | {memory} "
            f"| {_number(row.gradient, '.0e')} |"
        )
    lines += ["", *_LEGEND.splitlines(), ""]
    for word, title in (("train", "Training step"), ("forward", "Forward pass")):
        names = list(dict.fromkeys(row.library for row in rows if getattr(row, word) is not None))
        tasks = list(dict.fromkeys(row.task for row in rows))
        if len(tasks) == 1:
            continue
        lines += [f"## {title}: times the time of bioplast", "", "| task | hidden rate | bioplast | "]
        lines[-1] += " | ".join(name for name in names if name != OURS) + " |"
        lines += ["|---|---:|---:|" + "---:|" * (len(names) - 1)]
        for task in tasks:
            found = {row.library: row for row in rows if row.task == task}
            cells = [_number(ratio(rows, found[n], word), ".2f") if n in found else "" for n in names if n != OURS]
            rate = 100 * next(iter(found.values())).rate
            lines.append(f"| {task} | {rate:.1f} % | {_cell(getattr(found[OURS], word))} | {' | '.join(cells)} |")
        lines.append("")
    notes = [f"- {row.library}, {row.task}: {row.note}" for row in rows if row.note]
    return "\n".join([*lines, *(["## Without a result", "", *notes, ""] if notes else [])])


def ratio(rows: list[Row], row: Row, word: str) -> float | None:
    """How many times the time of bioplast at the same task."""
    ours = next(getattr(r, word) for r in rows if r.task == row.task and r.library == OURS)
    theirs = getattr(row, word)
    return None if ours is None or theirs is None else theirs / ours


def fastest(rows: list[Row], task: Task, word: str) -> Row | None:
    """The fastest of the peers."""
    peers = [r for r in rows if r.task == task and r.library not in (OURS, NATIVE, "Brian2 C++") and getattr(r, word)]
    return min(peers, key=lambda r: getattr(r, word), default=None)


def _ms(seconds: float | None) -> str:
    return "" if seconds is None else f"{1e3 * seconds:.2f}"


def _cell(seconds: float | None) -> str:
    return "" if seconds is None else f"{1e3 * seconds:.1f} ms"


def _number(value: float | None, form: str) -> str:
    return "" if value is None else format(value, form)
