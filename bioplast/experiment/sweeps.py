"""Parameter studies: a program run for every combination of values and seeds, into a table with labels."""

from __future__ import annotations

import csv
import io
import itertools
import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import BioplastError, UnknownName
from ..files import write_text
from ..program import Program
from ..progress import Progress, progress_bar
from .sweep_folder import SweepFolder, stamp
from .sweep_runs import Job, Measure, carried_out, filled
from .workers import interrupts_reach_us

__all__ = ["Sweep", "sweep"]


@dataclass(frozen=True)
class Sweep:
    """The results of a sweep, a row for each combination of values and each seed.

    Attributes
    ----------
    axes : dict
        What was varied: for each name the labels along it. The last axis is "seed", if there are seeds.
    columns : dict of ndarray
        For each axis and each measured quantity an array [rows, ...], in the order of `itertools.product` over the
        axes.
    errors : dict of int to str
        The rows that failed, whose measured quantities are NaN.
    """

    axes: dict[str, list[Any]]
    columns: dict[str, np.ndarray]
    errors: dict[int, str]

    def __len__(self) -> int:
        return int(np.prod([len(labels) for labels in self.axes.values()], dtype=int))

    def __getitem__(self, name: str) -> np.ndarray:
        if name not in self.columns:
            raise UnknownName("column", name, self.columns)
        return self.columns[name]

    @property
    def measured(self) -> list[str]:
        """The names of what was measured."""
        return [name for name in self.columns if name not in self.axes]

    def grid(self, name: str) -> np.ndarray:
        """A measured quantity with an axis of its own for everything that was varied."""
        column = self[name]
        return column.reshape((*(len(labels) for labels in self.axes.values()), *column.shape[1:]))

    def to_csv(self, path: str | os.PathLike[str]) -> Path:
        """Write the table as CSV, whole or not at all; arrays are written as several columns ``NAME[k]``."""
        flat: dict[str, Any] = {}
        for name, column in self.columns.items():
            if column.ndim == 1:
                flat[name] = column
                continue
            for index in np.ndindex(column.shape[1:]):
                flat[f"{name}[{','.join(map(str, index))}]"] = column[(slice(None), *index)]
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow([*flat, *(["error"] if self.errors else [])])
        for row in range(len(self)):
            said = [self.errors.get(row, "")] if self.errors else []
            writer.writerow([_cell(column[row]) for column in flat.values()] + said)
        return write_text(path, text.getvalue())

    def to_xarray(self) -> Any:
        """The grid as an `xarray.Dataset`, with the labels as coordinates.

        Raises
        ------
        BioplastError
            Without the package xarray.
        """
        try:
            import xarray
        except ImportError:
            raise BioplastError("to_xarray needs the package xarray: pip install xarray") from None
        names = list(self.axes)
        found = {}
        for name in self.measured:
            grid = self.grid(name)
            found[name] = ([*names, *(f"{name}_{k}" for k in range(grid.ndim - len(names)))], grid)
        return xarray.Dataset(found, coords={name: np.asarray(labels) for name, labels in self.axes.items()})


def _cell(value: Any) -> Any:
    plain = value.item() if isinstance(value, np.generic) else value
    return repr(plain) if isinstance(plain, float) else plain


def sweep(
    program: Program,
    values: Mapping[str, Any],
    measure: Measure,
    *,
    inputs: Mapping[str, Any] | None = None,
    seeds: int | Sequence[int] | None = None,
    executor: Executor | None = None,
    out: str | os.PathLike[str] | None = None,
    progress: Progress = True,
) -> Sweep:
    """Run a program for every combination of values and seeds, and measure each output.

    Parameters
    ----------
    program : Program
        Of any target.
    values : mapping
        For each key of `Program.values` what it is to be, one after the other: a Quantity or an array whose first axis
        is the sweep, or a list of numbers, Quantities or arrays. One number is for all elements of a variable.
    measure : callable
        Is given the `Output` of a run, and returns a number, an array, or a dict of them by name.
    inputs : mapping, optional
        As of a program, the same for every run.
    seeds : int or sequence of int, optional
        How many seeds, from 0 on, or which. Without it, seed 0 for all.
    executor : concurrent.futures.Executor, optional
        Any executor: a ProcessPoolExecutor, one of Dask (``client.get_executor(pure=False)``). Without it the runs are
        done here, in order. The result is the same. Program, measure and inputs are pickled and sent with each run.
    out : path, optional
        A folder where each result is kept as soon as it is there. A sweep that was interrupted, or of which runs
        failed, goes on there when it is called again; the folder belongs to one network, one sweep and one measure,
        what the measure refers to included (closures, names of its module, arguments, attributes).
    progress : bool or callable
        Of the runs.

    Returns
    -------
    Sweep

    Raises
    ------
    BioplastError
        For any value or input that does not fit the program, before the first run; for a measure that returns other
        quantities or shapes in one run than in another; for a folder of another sweep.
    WrongWorker, ProtocolError
        For a process of the executor that lacks bioplast or has another version; for an executor that has ended.

    Notes
    -----
    A run that fails keeps its error, and the others go on; its numbers are NaN. If all fail, the first error is raised.

    Examples
    --------
    >>> program = bioplast.compile(network, 1*second)                                      # doctest: +SKIP
    >>> table = bioplast.sweep(program, {"cells.tau_m": [10, 20, 30]*ms, "w_in.w": [0.1, 0.2]*nA},
    ...                        lambda out: {"rate": out.counts["spikes"].mean()}, seeds=10)  # doctest: +SKIP
    >>> table.grid("rate").mean(axis=-1)                                                   # doctest: +SKIP
    """
    if not callable(measure):
        raise BioplastError(f"measure is {measure!r}: a function of the output is accepted")
    if executor is not None and not isinstance(executor, Executor):
        raise BioplastError(f"executor is {executor!r}: a concurrent.futures.Executor is accepted")
    axes, chosen = _axes(program, values, seeds)
    program.check(inputs=inputs)
    jobs = list(_jobs(axes, chosen, seeds is not None))
    folder = None if out is None else SweepFolder(Path(out), stamp(program, jobs, inputs, measure))
    done: dict[int, dict[str, Any]] = {} if folder is None else folder.finished(len(jobs))
    errors: dict[int, str] = {}
    first: list[BaseException] = []
    with progress_bar("sweep", progress, len(jobs), len(done), "runs") as tick, interrupts_reach_us():
        for number, found, error in carried_out(program, measure, inputs, jobs, set(done), executor):
            if error is None:
                done[number] = found
                if folder is not None:
                    folder.keep(number, found)
            else:
                errors[number] = f"{type(error).__name__}: {' '.join(str(error).split())}"
                first.append(error)
            tick(len(done) + len(errors))
    if not done and first:
        raise first[0]
    return Sweep({name: list(labels) for name, labels in axes.items()}, _columns(axes, jobs, done), errors)


def _axes(program: Program, values: Mapping[str, Any], seeds: Any) -> tuple[dict[str, list[Any]], dict[str, list[Any]]]:
    """The labels along each axis, and the values that they stand for."""
    if not isinstance(program, Program):
        raise BioplastError(f"a program that bioplast.compile made is accepted, not {type(program).__name__}")
    if not isinstance(values, Mapping):
        raise BioplastError(f"values is {values!r}: a dict is accepted, such as {{'cells.tau_m': [10, 20]*ms}}")
    axes: dict[str, list[Any]] = {}
    chosen: dict[str, list[Any]] = {}
    known = program.values
    for name, given in values.items():
        if name not in known:
            raise UnknownName("value of the program", str(name), known)
        try:
            options = list(given)
        except TypeError:
            raise BioplastError(f"{name!r} is {given!r}: several values are accepted, such as a list") from None
        if not options:
            raise BioplastError(f"{name!r} has no values: at least one is accepted")
        for number, each in enumerate(options):
            _check(program, name, each, f"value {number} of {len(options)}")
        chosen[name] = options
        plain = [np.asarray(each) for each in options]
        # values that are arrays are labelled by their place
        axes[name] = [each.item() for each in plain] if all(e.ndim == 0 for e in plain) else list(range(len(options)))
        if len(set(axes[name])) < len(options):
            raise BioplastError(f"{name!r} has a value twice: {axes[name]}")
    if seeds is not None:
        whole = isinstance(seeds, int | np.integer) and not isinstance(seeds, bool)
        listed = list(range(int(seeds))) if whole else list(seeds) if np.iterable(seeds) else []
        right = all(isinstance(s, int | np.integer) and not isinstance(s, bool) and 0 <= s < 2**32 for s in listed)
        if not listed or not right or len(set(listed)) < len(listed):
            raise BioplastError(
                f"seeds is {seeds!r}: a number of seeds, or several whole numbers from 0 to 2**32 - 1, are accepted"
            )
        axes["seed"] = [int(s) for s in listed]
    return axes, chosen


def _check(program: Program, name: str, value: Any, which: str) -> None:
    """Refuse one value of those that are varied, before anything is run."""
    try:
        program.check(filled(program, {name: value}))
    except BioplastError as error:
        raise BioplastError(f"{error} ({which})") from None
    except (TypeError, ValueError):  # neither a number nor an array
        raise BioplastError(f"{name!r} is {value!r:.80}: a number or an array is accepted ({which})") from None


def _jobs(axes: Mapping[str, list[Any]], chosen: Mapping[str, list[Any]], seeded: bool) -> Iterator[Job]:
    """The values and the seed of each row."""
    every = [chosen[name] for name in axes if name in chosen] + ([axes["seed"]] if seeded else [[0]])
    for *picked, seed in itertools.product(*every):
        yield dict(zip(chosen, picked, strict=True)), seed


def _columns(axes: Mapping[str, list[Any]], jobs: list[Job], done: Mapping[int, Mapping[str, Any]]) -> dict[str, Any]:
    """The table: the labels of each row, and what was measured in it."""
    columns: dict[str, Any] = {}
    labels = list(itertools.product(*axes.values()))
    for place, name in enumerate(axes):
        columns[name] = np.array([row[place] for row in labels])
    shapes: dict[str, tuple[int, ...]] = {}
    for number in sorted(done):
        found = {name: np.shape(value) for name, value in done[number].items()}
        shapes = shapes or found
        if found != shapes:
            raise BioplastError(
                f"the measure returned {found} in row {number}, and {shapes} before: the same is accepted"
            )
    for name, shape in shapes.items():
        if name in columns:
            raise BioplastError(f"the measure returned {name!r}, which is varied: another name is accepted")
        whole = len(done) == len(jobs) and all(np.asarray(row[name]).dtype.kind in "iub" for row in done.values())
        column = np.zeros((len(jobs), *shape), dtype=np.int64) if whole else np.full((len(jobs), *shape), np.nan)
        for number, row in done.items():
            column[number] = row[name]
        columns[name] = column
    return columns
