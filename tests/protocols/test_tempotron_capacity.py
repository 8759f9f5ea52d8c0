"""The capacity of the tempotron: its patterns, one run, and the summary of made-up results."""

from __future__ import annotations

import numpy as np
import pytest

from bioplast import experiment
from bioplast.experiment import Trial
from bioplast.protocols import tempotron_capacity as protocol


def test_each_afferent_spikes_once_at_a_random_time_and_half_of_the_patterns_are_to_be_answered():
    steps, wanted = protocol.patterns(100, 300, 7)
    assert steps.shape == (300, 100) and steps.min() >= 0 and steps.max() < protocol.STEPS - 1
    # uniform: the mean and the variance of 30,000 numbers, within five standard errors
    n = steps.size
    assert abs(steps.mean() / 4999 - 0.5) < 5 / np.sqrt(12 * n)
    assert abs(steps.var() / 4999**2 - 1 / 12) < 5 / np.sqrt(180 * n)
    assert abs(wanted.mean() - 0.5) < 5 * 0.5 / np.sqrt(300)
    # of one seed, fewer patterns are the first of more
    fewer, of_fewer = protocol.patterns(100, 50, 7)
    np.testing.assert_array_equal(fewer, steps[:50])
    np.testing.assert_array_equal(of_fewer, wanted[:50])
    assert (protocol.patterns(100, 50, 8)[0] != fewer).any()


def test_spike_counts_tell_nothing():
    steps, wanted = protocol.patterns(20, 41, 1)
    assert protocol.counted(steps, wanted) == max(wanted.mean(), 1 - wanted.mean())


@pytest.fixture(scope="module")
def result():
    settings = protocol.tempotron_capacity.settings("demo")
    one = {name: settings[name] for name in ("rate", "momentum", "spread", "epochs")}
    one |= {"fall": 1.0, "afferents": 40, "most": 50, "load": 0.5, "compared": 6, "targets": ["numpy"]}
    return protocol.run(Trial("one", one, 3))


def test_one_run_answers_as_a_simulation_of_its_own_equations_does(result):
    assert result["right"] == 1 and result["epochs"] == len(result["wrong"]) and result["wrong"][-1] == 0
    assert result["equal"] == {"numpy": 1}
    assert 0.2 < result["untrained"] < 0.8
    above = [one["potential"].max() > 1 for one in result["example"]]
    assert [one["wanted"] for one in result["example"]] == above == [True, False]


def test_two_patterns_per_synapse_are_all_learned_by_500_synapses():
    """What the rule's authors report: about three patterns per synapse can be learned, so two in any case."""
    import bioplast
    from bioplast import learning

    steps, wanted = protocol.patterns(500, 1000, 0)
    live = protocol.network(500, 0)
    program = bioplast.compile(live, protocol.STEPS * protocol.DT, "numpy", namespace={})
    tempotron = learning.Tempotron(program, "afferents.w")
    start = protocol.initial(live, tempotron, 0.01, 0)
    fitted = tempotron.fit({"source": protocol.events(steps)}, wanted, rate=1e-4, epochs=500, values=start)
    assert fitted.right.all() and fitted.epochs[0] < 500
    # counted anew: the sum of the kernels on the steps of the network, without the rule's own maximum
    kernel = tempotron.kernels()[0]
    response = kernel(np.arange(2 * protocol.STEPS) * float(protocol.DT))
    far = np.flatnonzero(response > 1e-9 * response.max())[-1] + 1
    grid = np.arange(protocol.STEPS)
    for row, spike in list(zip(steps, wanted, strict=True))[:200]:
        jumps = np.bincount(row, fitted.values["afferents.w"], minlength=protocol.STEPS)
        potential = np.convolve(jumps, response[:far])[grid]
        assert (potential.max() > kernel.threshold) == spike
    assert (kernel.tau, kernel.tau_s) == pytest.approx((15e-3, 3.75e-3))


def test_the_summary_of_made_up_results():
    settings = {"afferents": [10], "loads": [1.0, 2.0, 3.0], "epochs": 5}
    known = {"seed0": (3, 4, None), "seed1": (3, None, 5), "seed2": (None, 2, 2)}
    results = {
        f"N10/load{load}/{seed}": {
            "patterns": round(10 * load),
            "right": 1.0 if epochs[k] else 0.5,
            "epochs": epochs[k],
            "untrained": 0.4,
            "counts": 0.6,
            "equal": {"cpp": 1.0},
        }
        for k, load in enumerate(settings["loads"])
        for seed, epochs in known.items()
    }
    rows = {row.id: row for row in protocol.summarise(results, settings)}
    assert rows["N10/load1.0/right"].value == pytest.approx((1 + 1 + 0.5) / 3)
    assert rows["N10/load2.0/all"].value == pytest.approx(2 / 3)
    # up to 2, up to 1, none
    assert rows["N10/capacity"].value == pytest.approx(1)
    assert (rows["N10/capacity"].published, rows["N10/capacity"].seeds) == (3, 3)
    assert rows["cpp/equal"].value == 1
    assert rows["baseline/N10/load3.0/untrained"].value == pytest.approx(0.4)
    assert rows["baseline/N10/load3.0/counts"].value == pytest.approx(0.6)


def test_a_run_has_its_rows_and_pictures(tmp_path):
    changes = {"afferents": [20], "loads": [1.0], "epochs": 40, "compared": 1}
    run = experiment.run("tempotron-capacity", out=tmp_path / "run", progress=False, changes=changes)
    assert [row.id for row in run.rows] == [
        "N20/load1.0/right",
        "N20/load1.0/all",
        "N20/capacity",
        "numpy/equal",
        "baseline/N20/load1.0/untrained",
        "baseline/N20/load1.0/counts",
    ]
    assert {path.name for path in (run.folder / "figures").glob("*.png")} == {"capacity.png", "learning.png"}
    assert (run.folder / "runs.csv").read_text().count("\n") == 3
