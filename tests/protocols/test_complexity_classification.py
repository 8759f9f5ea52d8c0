"""Words classified by complexity: what is drawn, what a threshold is, one trial, and the summary of made-up results."""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import Network

from bioplast import experiment
from bioplast.experiment import Trial
from bioplast.protocols import complexity_classification as protocol
from bioplast.protocols.complexity_classification import classifiers, networks, rules, tasks

SIZES = {"train": 30, "validation": 20, "test": 40}


def test_no_word_is_in_two_parts_and_the_size_of_one_leaves_the_others():
    parts = tasks.draw("poisson2", SIZES, 1024, 3)
    seen = [tuple(word) for part in parts.values() for word in part.words.tolist()]
    assert len(seen) == len(set(seen)) == 2 * sum(SIZES.values())
    again = tasks.draw("poisson2", {**SIZES, "train": 5}, 1024, 3)
    np.testing.assert_array_equal(again["test"].words, parts["test"].words)
    assert again["train"].words.shape == (10, 1024)
    assert (tasks.draw("poisson2", SIZES, 1024, 4)["test"].words != parts["test"].words).any()


def test_the_tumours_of_the_test_part_are_the_same_for_every_seed_and_in_no_other_part():
    from sklearn.datasets import load_breast_cancer

    sizes = dict.fromkeys(SIZES, 1000)
    first, second = (tasks.draw("breast-cancer", sizes, 1024, seed) for seed in (0, 1))
    np.testing.assert_array_equal(first["test"].classes, second["test"].classes)
    assert [len(part.classes) for part in first.values()] == [341, 114, 114]
    classes = np.concatenate([part.classes for part in first.values()])
    np.testing.assert_array_equal(np.bincount(classes), np.bincount(load_breast_cancer().target))
    # 30 parts of 34 bits, and four bits that are silent
    assert not first["train"].words[:, 1020:].any()


@pytest.mark.parametrize(("task", "p"), [("rate-matched", 0.2), ("refractory", 0.1)])
def test_both_classes_have_the_same_rate(task, p):
    part = tasks.draw(task, {**SIZES, "test": 1000}, 1024, 0)["test"]
    for k in (0, 1):
        numbers = classifiers.counts(part.words[part.classes == k])
        # the mean of 1000 words, whose numbers vary at most as those of Bernoulli words: five standard errors
        assert abs(numbers.mean() - 1024 * p) < 5 * np.sqrt(1024 * p * (1 - p) / 1000)


def test_the_number_of_spikes_of_a_rate_matched_word_is_binomial_and_its_bits_are_correlated():
    part = tasks.draw("rate-matched", {**SIZES, "test": 1500}, 1024, 1)["test"]
    variance = 1024 * 0.2 * 0.8
    for k, correlation in enumerate((0.0, 0.5)):
        words = part.words[part.classes == k].astype(float)
        # the variance of a sample of 1500 has a relative standard error of sqrt(2/1499)
        assert abs(words.sum(axis=1).var() / variance - 1) < 5 * np.sqrt(2 / 1499)
        x = words - 0.2
        assert abs((x[:, 1:] * x[:, :-1]).mean() / 0.16 - correlation) < 0.01


def test_a_threshold_on_the_number_knows_nothing_of_rate_matched_words_and_the_complexity_does():
    parts = tasks.draw("rate-matched", {"train": 500, "validation": 1, "test": 1000}, 1024, 2)
    found = protocol._judged({name: part.words for name, part in parts.items()}, parts)
    assert abs(found["count"] - 0.5) < 4 * np.sqrt(0.25 / 2000)
    assert found["complexity"] > 0.95


def test_two_rates_are_told_apart_by_the_count_as_often_as_two_binomials_overlap():
    from scipy.stats import binom

    parts = tasks.draw("poisson2", {"train": 2000, "validation": 1, "test": 2000}, 128, 5)
    found = protocol._judged({name: part.words for name, part in parts.items()}, parts)["count"]
    n = np.arange(129)
    expected = np.maximum(binom.pmf(n, 128, 0.05), binom.pmf(n, 128, 0.1)).sum() / 2
    assert abs(found - expected) < 4 * np.sqrt(expected * (1 - expected) / 4000)


def test_thresholds_lie_where_the_fewest_are_wrong_whatever_the_order_of_the_classes():
    numbers = np.array([5.0, 6.0, 1.0, 2.0, 8.0, 9.0, 2.5])
    classes = np.array([0, 0, 2, 2, 1, 1, 2])
    fitted = classifiers.Thresholds.fitted(numbers, classes)
    assert fitted.order.tolist() == [2, 0, 1]
    np.testing.assert_array_equal(fitted.cuts, [3.75, 7.0])
    assert fitted.accuracy(numbers, classes) == 1
    assert fitted(np.array([-9.0, 3.75, 99.0])).tolist() == [2, 0, 1]


def test_a_bin_has_a_spike_if_one_of_its_steps_has():
    words = np.array([[0, 1, 0, 0, 1, 1, 1]])
    assert classifiers.binned(words, 2).tolist() == [[1, 0, 1]]
    assert classifiers.binned(words, 1).tolist() == words.tolist()


def test_stretches_of_a_tempotron_begin_with_a_bit_after_a_pause():
    word = np.zeros((1, 40), dtype=np.uint8)
    word[0, [2, 5, 30]] = 1
    inner = np.zeros((1, 40, 2), dtype=np.uint8)
    inner[0, [3, 12, 31], [0, 1, 0]] = 1
    patterns, wanted = rules.stretches(word, inner, 10, np.random.default_rng(0))
    found = sorted(
        (bool(w), tuple(steps), tuple(neurons)) for (steps, neurons), w in zip(patterns, wanted, strict=True)
    )
    # from 2 (spike at 3), from 30 (at 31), and from 38 to the end; 5 follows too soon
    assert found == [(False, (), ()), (True, (1,), (0,)), (True, (1,), (0,))]


def test_a_trained_network_answers_on_numpy_as_on_jax():
    parts = tasks.draw("poisson2", {"train": 4, "validation": 1, "test": 2}, 256, 0)
    constants = networks.Constants(5e-3, 3e-3, 5e-4)
    start = networks.initial(constants, 8, 1.5, 0)
    trained = rules.stdp("lif", start, constants, parts["train"].words, 0.03, True, 1, 0)
    assert (trained["efferents.w"][:8] != start["efferents.w"][:8]).all()
    assert not trained["efferents.w"][8:].any()
    words = parts["test"].words
    found = networks.outputs("lif", trained, words, 0)
    assert found.any()
    program = networks.compiled("lif", 256, "numpy")
    assert isinstance(program.network, Network)
    expected = [program(trained, {"word": word[:, None].astype(bool)}).raster("spikes")[:, 0] for word in words]
    np.testing.assert_array_equal(found, expected)


def trained(cell, rule):
    """A network of 8 hidden neurons after a little training, and words that it has not seen [4, 256]."""
    parts = tasks.draw("poisson2", {"train": 4, "validation": 1, "test": 2}, 256, 0)
    constants = networks.Constants(5e-3, 3e-3, 5e-4)
    start = networks.initial(constants, 8, 1.5, 0)
    rate = {"backprop": 0.03, "tempotron": 1e-2, "stdp": 0.03}[rule]
    values = rules.RULES[rule](cell, start, constants, parts["train"].words, rate, True, 1, 0)
    assert any((values[name] != start[name]).any() for name in start)
    return values, parts["test"].words


@pytest.mark.build
@pytest.mark.long
@pytest.mark.parametrize("cell", networks.CELLS)
def test_a_trained_network_answers_in_cpp_as_on_jax(cell):
    """Spike for spike in both layers. The random numbers of two targets differ, so that of a probabilistic neuron this
    is asked without escape noise, delta_u = 1 pV, and with it the mean numbers of spikes are compared."""
    program = networks.compiled(cell, 256, "cpp")
    for rule in rules.RULES:
        values, words = trained(cell, rule)
        given = {"word": words[:, :, None].astype(bool)}
        noiseless = {f"{group}.delta_u": 1e-12 for group in ("hidden", "output")} if "probabilistic" in cell else {}
        noiseless = {name: np.broadcast_to(v, np.shape(program.values[name])) for name, v in noiseless.items()}
        found = program.batch({**values, **noiseless}, given, 1)
        for monitor in ("spikes", "inner"):
            expected = networks.outputs(cell, {**values, **noiseless}, words, 0, monitor)
            raster = found.raster(monitor)
            np.testing.assert_array_equal(raster if monitor == "inner" else raster[:, :, 0], expected)
            assert expected.any() and not expected.all()
        if noiseless:
            times = 40
            numbers = [
                program.batch(values, {"word": np.repeat(given["word"], times, axis=0)}, 2).raster("inner").sum((1, 2)),
                networks.outputs(cell, values, np.repeat(words, times, axis=0), 3, "inner").sum((1, 2), dtype=int),
            ]
            one, other = (number.reshape(len(words), times) for number in numbers)
            error = np.sqrt((one.var(axis=1) + other.var(axis=1)) / times)
            assert (error > 0).all()
            np.testing.assert_array_less(np.abs(one.mean(axis=1) - other.mean(axis=1)), 5 * error)


def test_equal_seeds_give_equal_results():
    settings = protocol.complexity_classification.settings("demo")
    one = {name: settings[name] for name in ("sizes", "widths")} | {"lengths": [], "evaluations": 3, "effort": 1}
    one |= {"task": "rate-matched", "cell": "lif", "rule": "stdp"}
    first, second = (protocol.run(Trial("one", one, 3)) for _ in range(2))
    for space in ("baseline", "extended"):
        assert first[space]["tried"] == second[space]["tried"] and len(first[space]["tried"]) == 3
        assert first[space]["complexity"] == second[space]["complexity"]
    assert first["baseline"]["hyper"]["tau_m"] == 20e-3  # the model's own


def test_the_summary_has_each_number_beside_the_published_one():
    of_words = {"raw": {"complexity": 0.9, "count": 0.5}, "linear": 0.6}
    cell = {
        "untrained": 0.7,
        "baseline": {"complexity": 0.8, "count": 0.55},
        "extended": {"complexity": 0.95, "count": 0.5},
    }
    results = {f"poisson2/words/seed{k}": of_words for k in (0, 1)}
    results |= {f"poisson2/meta/stdp/seed{k}": cell for k in (0, 1)}
    rows = {row.id: row for row in protocol.summarise(results, {})}
    assert list(rows)[:3] == [
        f"poisson2/meta/stdp/{name}" for name in ("baseline/accuracy", "extended/accuracy", "gain")
    ]
    assert [rows[f"poisson2/meta/stdp/{space}/accuracy"].published for space in ("baseline", "extended")] == [
        0.87,
        0.915,
    ]
    gain = rows["poisson2/meta/stdp/gain"]
    assert (gain.value, gain.published, gain.seeds) == (pytest.approx(0.15), 0.045, 2)
    assert {name for name in rows if name.startswith("baseline/")} == {
        "baseline/poisson2/raw-complexity/accuracy",
        "baseline/poisson2/raw-count/accuracy",
        "baseline/poisson2/raw-logistic/accuracy",
        "baseline/poisson2/meta/stdp/baseline/count/accuracy",
        "baseline/poisson2/meta/stdp/extended/count/accuracy",
        "baseline/poisson2/meta/stdp/untrained/accuracy",
    }


def test_a_run_has_its_rows_and_pictures(tmp_path):
    changes = {"evaluations": 2, "lengths": [128]}
    found = experiment.run("complexity-classification", out=tmp_path / "run", progress=False, changes=changes)
    assert [row.id for row in found.rows][:3] == [
        f"rate-matched/lif/stdp/{name}" for name in ("baseline/accuracy", "extended/accuracy", "gain")
    ]
    names = {path.name for path in (tmp_path / "run" / "figures").glob("*.png")}
    assert names == {"rate-matched-complexity.png", "rate-matched-curves.png"}
    lines = (tmp_path / "run" / "parameters.csv").read_text().splitlines()
    assert len(lines) == 3 and lines[0].startswith("trial,space,neurons,rate,threshold,tau_m,tau_syn,validation,failed")


def test_what_failed_is_never_chosen(monkeypatch):
    from bioplast.errors import RunError
    from bioplast.protocols.complexity_classification import search

    calls = []

    def rule(cell, values, *rest):
        calls.append(values)
        if len(calls) != 2:
            raise RunError("not finite")
        return values

    monkeypatch.setitem(search.RULES, "stdp", rule)
    parts = tasks.draw("poisson2", SIZES, 256, 0)
    chosen = search.choose("lif", "stdp", "extended", parts["train"], parts["validation"], 3, 1, 0)
    assert [score == 0 for score in chosen.tried] == [True, False, True]
    assert chosen.values is calls[1]
    with pytest.raises(RunError, match="failed in all of 2 evaluations"):
        search.choose("lif", "stdp", "extended", parts["train"], parts["validation"], 2, 1, 0)
