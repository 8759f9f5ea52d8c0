"""Parameter studies against closed forms and loops, with and without executors, interrupted and resumed."""

from __future__ import annotations

import copy
import csv
import math
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial

import numpy as np
import pytest
from brian2 import (
    Function,
    Network,
    NetworkOperation,
    NeuronGroup,
    PoissonGroup,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    TimedArray,
    ms,
    mV,
    nA,
)
from brian2.units import Hz

import bioplast
from bioplast.errors import BioplastError, UnknownName
from bioplast.models import lif


def count(out):
    return {"count": out.counts["spikes"].sum()}


def both(out):
    return {"count": out.counts["spikes"], "top": out.states["v"]["v"].max()}


def first_spike(out):
    return out.events("spikes")[0][0]  # IndexError where there is none


@pytest.fixture(scope="module")
def program():
    """Two cells under a current, and noise that decides nothing in them."""
    drive = TimedArray([0.2, 0.2] * nA, dt=100 * ms, name="drive")
    cells = lif.group(2, name="cells", tau_ref=0 * ms, I="drive(t)", namespace={"drive": drive})
    noise = PoissonGroup(5, 100 * Hz, name="noise")
    monitors = [SpikeMonitor(cells, name="spikes"), SpikeMonitor(noise, name="noise_spikes")]
    network = Network(cells, noise, *monitors, StateMonitor(cells, "v", record=[0], name="v"))
    return bioplast.compile(network, 100 * ms, target="numpy")


def expected(tau, current, duration=1000):
    """Spikes of a cell with R = 100 Mohm, from -60 to -50 mV, in steps of 0.1 ms."""
    end = 100 * current
    return 0 if end <= 10 else duration // math.ceil(tau * math.log(end / (end - 10)) / 0.1)


def test_the_table_is_that_of_the_closed_form(program, tmp_path):
    taus, resistances = [10, 20, 30], [60, 90, 150]
    values = {"cells.tau_m": taus * ms, "cells.R_m": [r * 1e6 for r in resistances]}
    table = bioplast.sweep(program, values, both, progress=False)
    assert len(table) == 9
    assert table.axes == {"cells.tau_m": [0.01, 0.02, 0.03], "cells.R_m": [60e6, 90e6, 150e6]}
    grid = table.grid("count")
    assert grid.shape == (3, 3, 2)
    assert grid.dtype == np.int64
    for i, tau in enumerate(taus):
        for j, resistance in enumerate(resistances):
            assert grid[i, j].tolist() == [expected(tau, 0.2 * resistance / 100)] * 2
    with open(table.to_csv(tmp_path / "a.csv")) as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["cells.tau_m", "cells.R_m", "count[0]", "count[1]", "top"]
    assert [float(row["top"]) for row in rows] == table["top"].tolist()
    assert [float(row["cells.R_m"]) for row in rows[:4]] == [60e6, 90e6, 150e6, 60e6]


def test_seeds_inputs_and_arrays(program):
    each = [np.array([0.01, 0.02]), np.array([0.02, 0.01])]

    def measure(out):
        return {"noise": out.counts["noise_spikes"], "count": out.counts["spikes"]}

    inputs = {"drive": [0.3, 0.0] * nA}
    table = bioplast.sweep(program, {"cells.tau_m": each}, measure, inputs=inputs, seeds=[4, 9], progress=False)
    assert table.axes == {"cells.tau_m": [0, 1], "seed": [4, 9]}
    for row, (tau, seed) in enumerate([(a, s) for a in (0, 1) for s in (4, 9)]):
        out = program({"cells.tau_m": each[tau]}, inputs, seed=seed)
        assert table["noise"][row].tolist() == out.counts["noise_spikes"].tolist()
        assert table["count"][row].tolist() == out.counts["spikes"].tolist()
    assert table["noise"][0].tolist() != table["noise"][1].tolist()
    assert table["count"][0].tolist() == table["count"][2].tolist()[::-1]


@pytest.mark.parametrize("kind", [ThreadPoolExecutor, ProcessPoolExecutor])
def test_any_executor_gives_the_same(program, kind, tmp_path):
    if kind is ThreadPoolExecutor:
        pool = ThreadPoolExecutor(1)  # Brian2 runs one network at a time in a process
    else:
        import multiprocessing

        pool = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"))
    values = {"cells.tau_m": [10, 20] * ms}
    with pool:
        table = bioplast.sweep(program, values, count, seeds=2, executor=pool, progress=False)
    alone = bioplast.sweep(program, values, count, seeds=2, progress=False)
    texts = [each.to_csv(tmp_path / f"{k}.csv").read_bytes() for k, each in enumerate((table, alone))]
    assert texts[0] == texts[1]


def test_a_run_that_fails_keeps_its_error_and_the_others_go_on(program, tmp_path):
    values = {"cells.R_m": [10e6, 100e6, 150e6]}
    table = bioplast.sweep(program, values, first_spike, progress=False)
    assert list(table.errors) == [0]
    assert table.errors[0].startswith("IndexError: ")
    assert np.isnan(table["result"][0])
    assert (table["result"][1:] > 0).all()
    lines = table.to_csv(tmp_path / "a.csv").read_text().splitlines()
    assert lines[0] == "cells.R_m,result,error"
    assert lines[1].startswith("10000000.0,nan,")
    with pytest.raises(IndexError):
        bioplast.sweep(program, {"cells.R_m": [10e6]}, first_spike, progress=False)


def test_a_sweep_that_was_interrupted_goes_on_where_it_was(program, tmp_path):
    log = tmp_path / "log"

    def measure(out):
        with log.open("a") as file:
            file.write("run\n")
        if runs() == 3:
            raise KeyboardInterrupt
        return {"count": out.counts["spikes"].sum(), "half": 0.5}

    def runs():
        return len(log.read_text().splitlines())

    values, folder = {"cells.tau_m": [10, 20, 30, 40] * ms}, tmp_path / "kept"
    with pytest.raises(KeyboardInterrupt):
        bioplast.sweep(program, values, measure, out=folder, progress=False)
    table = bioplast.sweep(program, values, measure, out=folder, progress=False)
    assert runs() == 5  # the third is done again
    again = bioplast.sweep(program, values, measure, out=folder, progress=False)
    assert runs() == 5
    alone = bioplast.sweep(program, values, lambda out: measure(out), progress=False)
    for name in ("count", "half"):
        assert table[name].tolist() == again[name].tolist() == alone[name].tolist()
        assert table[name].dtype == again[name].dtype == alone[name].dtype
    for other, message in (
        ({"values": {"cells.tau_m": [10, 20] * ms}}, "holds another sweep (values or seeds differs)"),
        ({"seeds": 1}, None),  # seed 0, as without seeds
        ({"measure": count}, "holds another sweep (measure differs)"),
        ({"inputs": {"drive": [0.3, 0.0] * nA}}, "holds another sweep (inputs differs)"),
        ({"program": copy.deepcopy(program), "seeds": 2, "measure": count}, "values or seeds and measure differ)"),
    ):
        given = {"program": program, "values": values, "measure": measure, **other}
        if message is None:
            assert bioplast.sweep(**given, out=folder, progress=False)["count"].tolist() == table["count"].tolist()
            continue
        with pytest.raises(BioplastError) as caught:
            bioplast.sweep(**given, out=folder, progress=False)
        assert message in str(caught.value)
    assert runs() == 9
    (folder / "0000001.json").write_text("{")
    with pytest.raises(BioplastError, match=r"0000001\.json is damaged"):
        bioplast.sweep(program, values, measure, out=folder, progress=False)


def test_a_measure_that_does_something_else_is_another_one(program, tmp_path):
    values = {"cells.tau_m": [10] * ms}

    def sweep(measure):
        return bioplast.sweep(program, values, measure, out=tmp_path / "kept", progress=False)

    first = sweep(lambda out: out.counts["spikes"].sum())
    assert sweep(lambda out: out.counts["spikes"].sum())["result"] == first["result"]  # the same, written elsewhere
    for other in (
        lambda out: out.counts["spikes"].max(),
        lambda out: out.counts["noise_spikes"].sum(),
        lambda out: (lambda counts: counts.sum() + 1)(out.counts["spikes"]),
    ):
        with pytest.raises(BioplastError, match="measure differs"):
            sweep(other)


FACTOR = 10


class Scaled:
    def __init__(self, factor):
        self.factor = factor

    def __call__(self, out):
        return out.counts["spikes"].sum() * self.factor


def scaled(factor, out):
    return out.counts["spikes"].sum() * factor


def with_closure(factor):
    return lambda out: out.counts["spikes"].sum() * factor


def with_helper(factor):
    def helper(counts):
        return counts.sum() * factor

    return lambda out: helper(out.counts["spikes"])


@pytest.mark.parametrize(
    "measure",
    [Scaled, with_closure, with_helper, lambda factor: partial(scaled, factor), lambda factor: Scaled(factor).__call__],
    ids=["object", "closure", "helper", "partial", "method"],
)
def test_a_measure_that_refers_to_something_else_is_another_one(program, tmp_path, measure):
    values = {"cells.tau_m": [10] * ms}
    first = bioplast.sweep(program, values, measure(10), out=tmp_path / "kept", progress=False)
    again = bioplast.sweep(program, values, measure(10), out=tmp_path / "kept", progress=False)
    assert again["result"] == first["result"] > 0
    with pytest.raises(BioplastError, match="measure differs"):
        bioplast.sweep(program, values, measure(20), out=tmp_path / "kept", progress=False)


def test_a_global_of_a_measure_belongs_to_it(program, tmp_path, monkeypatch):
    def measure(out):
        return out.counts["spikes"].sum() * FACTOR

    values = {"cells.tau_m": [10] * ms}
    bioplast.sweep(program, values, measure, out=tmp_path / "kept", progress=False)
    monkeypatch.setattr(sys.modules[__name__], "FACTOR", 20)
    with pytest.raises(BioplastError, match="measure differs"):
        bioplast.sweep(program, values, measure, out=tmp_path / "kept", progress=False)


# What a network may differ by, each without a difference in its values.
def network_of(
    threshold="v > 1", namespace=10, table=(1, 1), slope=1, active=True, dt=0.1, operation=1, method="exact"
):
    drive = TimedArray(np.array(table, dtype=float), dt=10 * ms, name="drive")
    bent = Function(lambda x: slope * x, arg_units=[1], return_unit=1)
    names = {"tau": namespace * ms, "drive": drive, "bent": bent}
    cells = NeuronGroup(
        3,
        "dv/dt = (1.5*drive(t) - v)/tau : 1",
        threshold=f"{threshold} and bent(v) > 0",
        reset="v = 0",
        method=method,
        namespace=names,
        dt=dt * ms,
        name="cells",
    )
    synapses = Synapses(cells, cells, "w : 1", on_pre="v_post += w", name="synapses", dt=dt * ms)
    synapses.connect(j="(i + 1) % 3")
    synapses.active = active

    def act():
        cells.v = np.asarray(cells.v) * operation

    operations = NetworkOperation(act, dt=5 * ms, name="operation")
    return Network(cells, synapses, operations, SpikeMonitor(cells, name="spikes"))


@pytest.mark.parametrize(
    "other",
    [{"threshold": "v > 0.8"}, {"namespace": 20}, {"table": (2, 1)}, {"slope": -1}, {"active": False}, {"dt": 0.05},
     {"operation": 0.5}, {"method": "euler"}],
    ids=lambda other: next(iter(other)),
)  # fmt: skip
def test_a_network_that_does_something_else_is_another_one(tmp_path, other):
    def swept(network):
        program = bioplast.compile(network, 20 * ms, "numpy", namespace={})
        return bioplast.sweep(program, {"cells.v": [0.0, 0.5]}, count, out=tmp_path / "kept", progress=False)

    first = swept(network_of())
    assert swept(network_of())["count"].tolist() == first["count"].tolist()
    with pytest.raises(BioplastError, match=r"holds another sweep \(program differs\)"):
        swept(network_of(**other))


@pytest.mark.parametrize("executor", [None, ThreadPoolExecutor])
def test_every_value_is_looked_at_before_anything_runs(program, tmp_path, executor):
    """Not the first of each axis alone, whose run would be the one that fails at once."""

    def measure(out):
        raise AssertionError("a run was begun")

    for values, options, message in (
        ({"cells.tau_m": [10 * ms, 20 * mV]}, {}, "'cells.tau_m' is given in V: s is expected (value 1 of 2)"),
        ({"cells.tau_m": [0.01, "much"]}, {}, "'cells.tau_m'"),
        ({"cells.tau_m": [0.01, None]}, {}, "(value 1 of 2)"),
        ({"cells.tau_m": [0.01, [0.01, 0.02, 0.03]]}, {}, "has shape (3,): (2,) is expected (value 1 of 2)"),
        ({"cells.tau_m": [0.01, [[0.01], [0.02, 0.03]]]}, {}, "(value 1 of 2)"),
        ({"cells.tau_m": [10, 20] * ms, "cells.R_m": [1e8, 1 * mV]}, {}, "'cells.R_m' is given in V"),
        ({"cells.tau_m": [10] * ms}, {"inputs": {"drove": [1] * nA}}, "'drove'"),
        ({"cells.tau_m": [10] * ms}, {"inputs": {"drive": [1] * mV}}, "'drive'"),
        ({"cells.tau_m": [10] * ms}, {"executor": 4}, "executor is 4"),
        ({"cells.tau_m": [10] * ms}, {"seeds": [2**32]}, "seeds is"),
    ):
        with ThreadPoolExecutor(1) as pool:
            given = {"executor": pool, **options} if executor else options
            with pytest.raises(BioplastError) as caught:
                bioplast.sweep(program, values, measure, out=tmp_path / "kept", progress=False, **given)
        assert message in str(caught.value)
        assert "\n" not in str(caught.value)
        assert not (tmp_path / "kept").exists()


def test_a_folder_of_others_is_left_alone(program, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(BioplastError, match="is not empty, and holds no sweep"):
        bioplast.sweep(program, {"cells.tau_m": [10] * ms}, count, out=tmp_path, progress=False)
    assert [p.name for p in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize(
    ("values", "options", "message"),
    [
        ({"cells.tau": [1] * ms}, {}, "unknown value of the program 'cells.tau'"),
        ({"cells.tau_m": 10 * ms}, {}, "several values are accepted"),
        ({"cells.tau_m": []}, {}, "has no values"),
        ({"cells.tau_m": [10, 10] * ms}, {}, "has a value twice"),
        ({"cells.tau_m": [10] * mV}, {}, "cells.tau_m"),
        ([1], {}, "a dict is accepted"),
        ({}, {"seeds": 0}, "seeds is 0"),
        ({}, {"seeds": [1, 1]}, "seeds is"),
        ({}, {"seeds": [-1]}, "seeds is"),
        ({}, {"seeds": 2.5}, "seeds is"),
    ],
)
def test_what_is_not_accepted(program, values, options, message):
    with pytest.raises(BioplastError, match=message):
        bioplast.sweep(program, values, count, progress=False, **options)


def test_measures_that_are_not_accepted(program):
    values = {"cells.tau_m": [10, 20] * ms}
    for measure, message in (
        (lambda out: "much", "numbers and arrays of them"),
        (lambda out: {}, "returned nothing"),
        (lambda out: {"cells.tau_m": 1}, "another name is accepted"),
    ):
        with pytest.raises(BioplastError, match=message):
            bioplast.sweep(program, values, measure, progress=False)
    sizes = iter([1, 2])
    with pytest.raises(BioplastError, match="the same is accepted"):
        bioplast.sweep(program, values, lambda out: np.zeros(next(sizes)), progress=False)
    table = bioplast.sweep(program, values, count, progress=False)
    with pytest.raises(UnknownName, match="'rate'"):
        table.grid("rate")


def test_a_measure_is_a_function(program):
    with pytest.raises(BioplastError, match="measure is None: a function of the output is accepted"):
        bioplast.sweep(program, {}, None)


def test_a_network_is_no_program():
    with pytest.raises(BioplastError, match=r"a program that bioplast\.compile made is accepted, not Network"):
        bioplast.sweep(Network(), {}, count)


def test_nothing_that_is_varied_gives_one_number(program):
    assert bioplast.sweep(program, {}, count).grid("count").shape == ()
