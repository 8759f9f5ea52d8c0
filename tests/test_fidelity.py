"""The committed table of fidelity: complete, within its tolerances, its tests exist; and how the ledger measures."""

import csv
import math
import re
import subprocess
import sys

import numpy as np
import pytest
from support import constructs, interpreter, networks
from support.fidelity import COLUMNS, OUR_NUMPY, TABLE, as_csv, deviation, read, table
from support.fidelity_page import MODEL, NETWORKS, as_markdown

from bioplast.definition.find import models


@pytest.fixture(scope="module")
def rows():
    return read()


# ---- the committed table ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", models())
def test_every_model_has_an_independent_truth_and_is_the_same_in_cpp(model, rows):
    against = {(row["against"], row["target"]) for row in rows if (row["kind"], row["name"]) == (MODEL, model)}
    assert (OUR_NUMPY, "cpp") in against
    assert {truth for truth, _ in against} - {OUR_NUMPY}


def test_nothing_else_is_in_it_and_everything_is_within_its_tolerance(rows):
    assert {row["name"] for row in rows if row["kind"] == MODEL} == set(models())
    assert {row["kind"] for row in rows} == {MODEL, *NETWORKS}
    for row in rows:
        assert float(row["deviation"]) <= float(row["tolerance"]) < math.inf, row
        assert row["unit"] and row["quantity"] and row["against"] and row["precision"] == "float64"


@pytest.mark.parametrize(
    ("kind", "named"), [("construct", constructs.NETWORKS), ("noise", constructs.RANDOM), ("large", networks.SHARED)]
)
def test_every_network_of_the_tests_is_in_it_for_jax(kind, named, rows):
    found = [row["name"] for row in rows if (row["kind"], row["target"]) == (kind, "jax")]
    assert sorted(found) == sorted(name.replace("_", " ") for name in named)


def test_every_construct_is_in_a_network_for_jax(rows):
    small = [row for row in rows if row["kind"] in ("construct", "noise") and row["target"] == "jax"]
    assert {construct for row in small for construct in row["covers"].split("; ")} == set(constructs.CONSTRUCTS)


@pytest.mark.parametrize("target", ["jax", "native"])
def test_a_hundred_random_networks_are_in_it(rows, target):
    (row,) = (row for row in rows if row["kind"] == "random" and row["target"] == target)
    tried, *outcomes = row["covers"].split("; ")
    numbers = [int(outcome.split()[0]) for outcome in outcomes]
    assert int(tried.split()[0]) == sum(numbers) >= 100
    assert numbers[0] > sum(numbers) / 2, "more than half agree, and are not refused or left out"


def test_its_tests_exist(rows):
    root = TABLE.parent.parent
    for test in {row["test"] for row in rows}:
        file, _, function = test.partition("::")
        assert re.search(rf"^def {function.partition('[')[0]}\(", (root / file).read_text(), re.MULTILINE), test


def test_it_is_sorted_and_the_page_shows_the_same(rows):
    with TABLE.open(newline="") as file:
        assert tuple(next(csv.reader(file))) == COLUMNS
    assert TABLE.read_text() == as_csv(table(rows))
    assert TABLE.with_suffix(".md").read_text() == as_markdown(rows)


# ---- what is measured ------------------------------------------------------------------------------------------------


def measured(found, expected, relative=0, absolute=0, of_largest=0):
    return deviation(found, expected, relative=relative, absolute=absolute, of_largest=of_largest)


def test_deviations():
    assert measured([1, 2.5], [1, 2], absolute=0.1) == (0.5, 0.1)
    assert measured([1, 2.5], [1, 2], relative=0.1) == (0.25, 0.1)
    assert measured([1, 2.5], [1, 10], of_largest=0.1) == (0.75, 0.1)
    assert measured([np.array([1.0]), np.array([])], [np.array([1.5]), np.array([])], absolute=1) == (0.5, 1)
    assert math.isnan(measured([np.nan, 1], [1, 1], absolute=0.1)[0])
    assert measured([1e-9], [0], relative=0.1)[0] == math.inf


def test_a_relative_and_an_absolute_tolerance_pass_as_those_of_numpy():
    rng = np.random.default_rng(0)
    for _ in range(200):
        expected = rng.normal(size=3) * (rng.random(3) < 0.7)
        found = expected + rng.normal(size=3) * 0.1
        apart, tolerance = measured(found, expected, relative=0.1, absolute=0.05)
        assert (apart <= tolerance) == np.allclose(found, expected, rtol=0.1, atol=0.05)


@pytest.mark.parametrize(("found", "expected"), [([1], [1, 2]), ([], []), ([np.ones(2)], [np.ones(3)])])
def test_arrays_of_another_shape_and_empty_ones_are_no_comparison(found, expected):
    with pytest.raises(AssertionError):
        measured(found, expected, absolute=1)


# ---- the fixture and the option --------------------------------------------------------------------------------------

TESTS = """
import pytest

@pytest.mark.parametrize("found", [1.0, 1.25])
def test_compared(ledger, found):
    for each in (found, 1.125):
        ledger("lif", quantity="q", against="a", found=each, expected=1, absolute={tolerance}, unit="mV", dt=0.1)

def test_network(ledger):
    ledger.network("two cells", kind="construct", covers="reset; linked", against="a", target="jax", dt=[0.1, 0.2],
                   duration=3, spikes=7, deviation=0.125, tolerance={tolerance})

def test_without():
    raise AssertionError("is not run for the table")
"""


def run(folder, *arguments, tolerance=0.5):
    """pytest on a folder of its own, with our conftest."""
    (folder / "conftest.py").write_text("from support.fidelity import ledger, pytest_addoption, pytest_configure\n")
    (folder / "test_some.py").write_text(TESTS.format(tolerance=tolerance))
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", f"--rootdir={folder}", folder, *arguments]
    environment = interpreter.environment()
    return subprocess.run(list(map(str, command)), cwd=folder, env=environment, capture_output=True, text=True)


@pytest.mark.parametrize("workers", [0, pytest.param(2, marks=pytest.mark.long)])
def test_the_option_writes_the_table_with_and_without_workers(tmp_path, workers):
    table = tmp_path / "some.csv"
    done = run(tmp_path, "--ledger", table, "-n", workers)
    assert done.returncode == 0, done.stdout + done.stderr
    assert [(row["deviation"], row["test"]) for row in read(table)] == [
        ("0.125", "test_some.py::test_network"),
        ("0.125", "test_some.py::test_compared[1.0]"),
        ("0.25", "test_some.py::test_compared[1.25]"),
    ]
    page = table.with_suffix(".md").read_text()
    assert "| q | a | numpy | 0.1 |  | 0.25 mV | 0.5 mV |" in page
    assert "| two cells |  | jax | 0.1, 0.2 | 3 | 7 | 0.125 | 0.5 |" in page


@pytest.mark.long
def test_a_failed_comparison_leaves_the_table_as_it_was(tmp_path):
    table = tmp_path / "some.csv"
    table.write_text("as it was")
    done = run(tmp_path, "--ledger", table, tolerance=0.1)
    assert done.returncode == 1
    assert "q against a: 0.25 mV, above 0.1" in done.stdout
    assert "two cells on jax: 0.125 of the largest magnitude, above 0.1" in done.stdout
    assert table.read_text() == "as it was"


@pytest.mark.long
def test_a_comparison_that_the_table_lacks_says_what_to_do(tmp_path):
    done = run(tmp_path)
    assert done.returncode == 1
    assert "data/fidelity.csv has no row model | lif | q | a | numpy | 0.1" in done.stdout
    assert "make ledger" in done.stdout
