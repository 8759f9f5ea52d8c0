"""The ledger of fidelity: a test that compares a model with an independent truth says so, and how far they are apart.

    ledger(lif, quantity="v", against="closed form", found=..., expected=..., relative=1e-10, dt=0.1)

asserts the comparison; `ledger.network` puts on record that a network is the same on two targets.
`pytest --ledger data/fidelity.csv` runs the tests that compare and writes what they found as a table, beside it as
Markdown; any other run requires that the table has a row for each comparison, so that a table that is out of date fails
the test that it is silent about.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bioplast import files, registry
from bioplast.definition import Definition, find

from .fidelity_page import MODEL, NETWORKS, as_markdown

TABLE = Path(__file__).resolve().parents[2] / "data" / "fidelity.csv"
COLUMNS = (
    "kind",
    "name",
    "covers",
    "quantity",
    "against",
    "target",
    "dt_ms",
    "precision",
    "duration_ms",
    "spikes",
    "deviation",
    "tolerance",
    "unit",
    "test",
)
# What says which comparison a row is; the rest is its result.
KEY = ("kind", "name", "quantity", "against", "target", "dt_ms", "duration_ms", "unit")
OUR_NUMPY = "our numpy target"
SAME_RANDOM_NUMBERS = f"{OUR_NUMPY}, with the same random numbers"
EVERYTHING = "all variables, and every spike in its step"
RELATIVE = "relative"
OF_LARGEST = "of the largest magnitude"


def number(value: float) -> str:
    """Three significant digits, so that the same computation gives the same table."""
    return f"{value:.3g}"


def read(path: Path = TABLE) -> list[dict[str, str]]:
    """The rows of a table."""
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def deviation(found: Any, expected: Any, *, relative: float, absolute: float, of_largest: float) -> tuple[float, float]:
    """How far two arrays of one shape, or two lists of them, are apart at most, and what is accepted.

    `absolute` alone: the largest difference. `relative`: the largest |f - e|/|e|; with `absolute` beside it
    |f - e|/(|e| + absolute/relative), which passes exactly when |f - e| <= absolute + relative*|e|. `of_largest`: the
    largest difference over the largest |e|. NaN where anything is NaN or infinite.
    """
    if isinstance(expected, list) and expected and np.ndim(expected[0]):
        assert [np.shape(f) for f in found] == [np.shape(e) for e in expected], "as many of each"
        found, expected = np.concatenate(found), np.concatenate(expected)
    found, expected = np.asarray(found, dtype=float), np.asarray(expected, dtype=float)
    assert expected.size, "nothing is compared"
    found, expected = np.broadcast_arrays(found, expected) if not expected.shape else (found, expected)
    assert found.shape == expected.shape, "of one shape"
    apart, size = np.abs(found - expected), np.abs(expected)
    if of_largest:
        return float(apart.max() / size.max()), of_largest
    if not relative:
        return float(apart.max()), absolute
    scale = size + absolute / relative
    with np.errstate(invalid="ignore", divide="ignore"):
        return float(np.where(apart == 0, 0.0, apart / scale).max()), relative


class Ledger:
    """What the fixture `ledger` gives: call it to assert a comparison and put it on record."""

    def __init__(
        self, record: list[tuple[str, object]], known: dict[tuple[str, ...], dict[str, str]] | None, test: str
    ) -> None:
        self._record = record
        self._known = known
        self._test = test

    def __call__(
        self,
        *models: Definition | str,
        quantity: str,
        against: str,
        found: Any,
        expected: Any,
        relative: float = 0,
        absolute: float = 0,
        of_largest: float = 0,
        unit: str = "",
        dt: float | None = None,
        duration: float | None = None,
        target: str = "numpy",
        precision: str = "float64",
    ) -> None:
        """Assert that `found` is `expected` up to the tolerance, and put that on record for each of the models.

        Parameters
        ----------
        *models : Definition or str
            Models of bioplast.models, or their names; none if the comparison is of no model of its own.
        quantity, against : str
            What is compared, and the truth it is compared with.
        found, expected : array, or list of arrays (one a cell)
        relative, absolute, of_largest : float
            The tolerance, see `deviation`.
        unit : str
            The unit of found, expected and `absolute`.
        dt, duration : float, optional
            Step and length of the simulation (ms).
        """
        __tracebackhide__ = True
        apart, tolerance = deviation(found, expected, relative=relative, absolute=absolute, of_largest=of_largest)
        row = {
            "kind": MODEL,
            "covers": "",
            "quantity": quantity,
            "against": against,
            "target": target,
            "dt_ms": "" if dt is None else f"{dt:g}",
            "precision": precision,
            "duration_ms": "" if duration is None else f"{duration:g}",
            "spikes": "",
            "deviation": number(apart),
            "tolerance": number(tolerance),
            "unit": OF_LARGEST if of_largest else RELATIVE if relative else unit,
        }
        assert row["unit"], "an absolute deviation has a unit"
        assert apart <= tolerance, f"{quantity} against {against}: {number(apart)} {row['unit']}, above {tolerance}"
        for model in models:
            name = registry.key(model if isinstance(model, str) else str(model.name))
            assert name in find.models(), f"{name} is not a model of bioplast.models"
            self._put({**row, "name": name}, tolerance)

    def network(
        self,
        name: str,
        *,
        kind: str,
        covers: str,
        against: str,
        target: str,
        dt: Iterable[float],
        duration: float,
        spikes: int,
        deviation: float,
        tolerance: float,
    ) -> None:
        """Put on record that a network has the same spikes on two targets, and states within the tolerance.

        Parameters
        ----------
        name : str
        kind : str
            One of `NETWORKS`.
        covers : str
            What the network has, or for random ones how many there were.
        against, target : str
            The two targets.
        dt : iterable of float
            The steps of its clocks (ms).
        duration : float
            Length of the simulation (ms).
        spikes : int
            How many were compared.
        deviation, tolerance : float
            Of the largest magnitude of each variable.
        """
        __tracebackhide__ = True
        assert kind in NETWORKS, kind
        assert deviation <= tolerance, f"{name} on {target}: {number(deviation)} {OF_LARGEST}, above {tolerance}"
        row = {
            "kind": kind,
            "name": name,
            "covers": covers,
            "quantity": EVERYTHING,
            "against": against,
            "target": target,
            "dt_ms": ", ".join(f"{step:g}" for step in dt),
            "precision": "float64",
            "duration_ms": f"{duration:g}",
            "spikes": str(spikes),
            "deviation": number(deviation),
            "tolerance": number(tolerance),
            "unit": OF_LARGEST,
        }
        self._put(row, tolerance)

    def _put(self, row: dict[str, str], tolerance: float) -> None:
        __tracebackhide__ = True
        self._record.append(("fidelity", row))
        if self._known is None:
            return
        key = identity({**row, "test": self._test})
        known = self._known.get(key)
        # A tolerance that is derived from a simulation may round differently on another machine.
        same = known is not None and math.isclose(float(known["tolerance"]), tolerance, rel_tol=0.02)
        # How many random networks are refused or left out depends on the versions of hypothesis and Brian2.
        same = same and (row["kind"] == "random" or known["covers"] == row["covers"])
        assert same, f"data/fidelity.csv has no row {' | '.join(key)}, within {tolerance:.3g}: make ledger"


def identity(row: dict[str, str]) -> tuple[str, ...]:
    """What makes a row the same comparison in another run."""
    return (*(row[name] for name in KEY), row["test"])


@pytest.fixture
def ledger(request: pytest.FixtureRequest) -> Ledger:
    """Compare with an independent truth on record: see `Ledger.__call__`."""
    known = None
    if not request.config.getoption("--ledger"):
        known = {identity(row): row for row in read()}
    return Ledger(request.node.user_properties, known, request.node.nodeid)


class Writer:
    """The plugin that collects what the tests of a run put on record, from every process, and writes the table."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows: list[dict[str, str]] = []

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        comparing = [item for item in items if "ledger" in getattr(item, "fixturenames", ())]
        config.hook.pytest_deselected(items=[item for item in items if item not in comparing])
        items[:] = comparing

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" and report.passed:
            self.rows += [{**row, "test": report.nodeid} for name, row in report.user_properties if name == "fidelity"]

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        if exitstatus == pytest.ExitCode.OK and not hasattr(session.config, "workerinput"):
            rows = table(self.rows)
            files.write_text(self.path, as_csv(rows))
            files.write_text(self.path.with_suffix(".md"), as_markdown(rows))


def table(rows: Iterable[dict[str, str]]) -> list[dict[str, str]]:
    """A sorted row for each comparison; one that a test makes several times has its largest deviation."""
    largest: dict[tuple[str, ...], dict[str, str]] = {}
    for row in rows:
        known = largest.setdefault(identity(row), row)
        if float(row["deviation"]) > float(known["deviation"]):
            largest[identity(row)] = row
    return sorted(largest.values(), key=lambda row: [row[name] for name in COLUMNS])


def as_csv(rows: Iterable[dict[str, str]]) -> str:
    """The table that programs read."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--ledger", type=Path, help="run the tests that compare with a truth and write the table here")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--ledger"):
        config.pluginmanager.register(Writer(config.getoption("--ledger")), "fidelity-writer")
