"""Images told apart: what goes in, the networks against their formulas, and a run in its shortest form."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from brian2 import ms
from support.data_files import write_idx_images

from bioplast import experiment
from bioplast.dataset import digits, mnist
from bioplast.errors import BioplastError
from bioplast.experiment import Row
from bioplast.protocols import images as protocol
from bioplast.protocols.images import architectures, descent, pictures, tasks


def test_a_pixel_that_is_not_dark_spikes_once_and_the_earlier_the_brighter():
    part = tasks.Images(np.array([[[0, 25, 26], [128, 254, 255]]], dtype=np.uint8), np.zeros(1, int))
    raster = part.raster(part.samples, 1 * ms, 25)[0]
    assert raster.sum(axis=0).tolist() == [0, 0, 1, 1, 1, 1]  # a tenth of the maximum is 25.5
    # 20 ms * (1 - I/255): 17.96, 9.96, 0.08 and 0 ms
    assert raster[:, 2:].argmax(axis=0).tolist() == [17, 9, 0, 0]


def test_an_image_is_moved_as_a_whole_by_one_pixel_at_most_and_all_ways_occur():
    image = np.zeros((1, 5, 4), dtype=np.uint8)
    image[0, 2, 1] = 9
    image[0, 3, 2] = 7
    found = tasks.varied(np.repeat(image, 200, axis=0), 1, 0.0, np.random.default_rng(0))
    assert (found.sum(axis=(1, 2)) == 16).all()
    rows, columns = np.nonzero(found == 9)[1:], np.nonzero(found == 7)[1:]
    ways = set(zip(rows[0] - 2, rows[1] - 1, strict=True))
    assert ways == {(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1)}
    np.testing.assert_array_equal(np.subtract(columns, rows), 1)


def test_noise_stays_within_the_intensities():
    found = tasks.varied(np.full((50, 8, 8), 128, dtype=np.uint8), 0, 0.1, np.random.default_rng(0))
    assert abs(found.mean() - 128 / 255) < 5 * 0.1 / np.sqrt(3200)
    assert abs(found.std() - 0.1) < 0.01
    bright = tasks.varied(np.ones((50, 8, 8)), 0, 0.1, np.random.default_rng(0))
    assert bright.max() == 1
    assert bright.min() < 0.9


def test_pooling_is_the_mean_of_squares():
    image = np.arange(16, dtype=np.uint8).reshape(1, 4, 4)
    np.testing.assert_allclose(tasks.pooled(image, 2)[0] * 255, [[2.5, 4.5], [10.5, 12.5]], rtol=1e-6)


def test_validation_images_beyond_the_first_ones_train_and_no_image_is_in_two_parts(tmp_path, monkeypatch):
    written = write_idx_images(tmp_path, 60, 12)
    real = mnist.split
    monkeypatch.setattr(mnist, "split", lambda seed, **options: real(seed, folder=tmp_path, **options))
    monkeypatch.setattr(tasks, "VALIDATION", 4)
    parts = tasks.TASKS["mnist"].split(3, None)
    assert [len(part.labels) for part in parts.values()] == [56, 4, 12]
    both = np.concatenate([parts["train"].samples, parts["validation"].samples])
    assert sorted(map(bytes, both)) == sorted(map(bytes, written["train"][0].astype(np.uint8)))
    np.testing.assert_array_equal(parts["test"].samples, written["test"][0])
    assert len(tasks.TASKS["mnist"].split(3, 7)["train"].labels) == 7


# Networks without spikes ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("shape", "size"), [((8, 8), 2), ((28, 28), 4)])
def test_the_small_network_is_two_convolutions(shape, size):
    """Against loops over rows, columns and kernels."""
    rng = np.random.default_rng(0)
    values = {name: rng.normal(size=np.shape(v)) for name, v in architectures.new_small(rng, shape, 3).items()}
    image = rng.random(shape)
    x = np.zeros((shape[0] // size, shape[1] // size, 8))
    for i, j in np.ndindex(x.shape[:2]):
        square = image[size * i : size * (i + 1), size * j : size * (j + 1)]
        x[i, j] = np.einsum("ab,abc->c", square, values["first"].reshape(size, size, 8))
    x = np.pad(np.maximum(x + values["first_bias"], 0), ((1, 1), (1, 1), (0, 0)))
    out = np.zeros((-(-shape[0] // size // 2), -(-shape[1] // size // 2), 16))
    for i, j in np.ndindex(out.shape[:2]):
        around = x[2 * i : 2 * i + 3, 2 * j : 2 * j + 3]
        out[i, j] = np.einsum("abc,abcd->d", around, values["second"].reshape(3, 3, 8, 16))
    expected = np.maximum(out + values["second_bias"], 0).ravel() @ values["output"] + values["output_bias"]
    found = np.asarray(architectures.small(values, image[None]))[0]
    np.testing.assert_allclose(found, expected, rtol=1e-3)  # float32


def test_the_convolutional_network_takes_the_largest_of_four_neighbours():
    rng = np.random.default_rng(1)
    values = {name: rng.normal(size=np.shape(v)) for name, v in architectures.new_convolutional(rng, (8, 8), 3).items()}
    image = rng.random((8, 8))
    x = image[..., None]
    for name in ("first", "second"):
        kernel = values[name]
        reach = len(kernel) // 2
        padded = np.pad(x, ((reach, reach), (reach, reach), (0, 0)))
        out = np.zeros((*x.shape[:2], kernel.shape[3]))
        for i, j in np.ndindex(out.shape[:2]):
            out[i, j] = np.einsum("abc,abcd->d", padded[i : i + len(kernel), j : j + len(kernel)], kernel)
        out = np.maximum(out + values[f"{name}_bias"], 0)
        x = np.stack([out[a::2, b::2] for a in (0, 1) for b in (0, 1)]).max(axis=0)
    hidden = np.maximum(x.ravel() @ values["hidden"] + values["hidden_bias"], 0)
    keep = rng.integers(0, 2, 128)
    expected = (hidden * keep) @ values["output"] + values["output_bias"]
    found = np.asarray(architectures.convolutional(values, image[None], keep[None]))[0]
    np.testing.assert_allclose(found, expected, rtol=1e-3)  # float32


def test_a_gated_unit_follows_its_equations():
    rng = np.random.default_rng(2)
    values = {name: rng.normal(size=np.shape(v)) for name, v in architectures.new_gru(rng, 3, 2, hidden=4).items()}
    sequence = rng.normal(size=(5, 3))
    W, U, b = (np.split(values[name], 3, axis=-1) for name in ("input", "recurrent", "bias"))
    h = np.zeros(4)
    for x in sequence:
        z, r = (1 / (1 + np.exp(-(x @ W[k] + h @ U[k] + b[k]))) for k in (0, 1))
        h = (1 - z) * np.tanh(x @ W[2] + b[2] + r * (h @ U[2])) + z * h
    found = np.asarray(architectures.gru(values, sequence[None]))[0]
    np.testing.assert_allclose(found, h @ values["output"] + values["output_bias"], rtol=1e-4)  # float32


def test_descent_keeps_the_epoch_with_the_best_validation_and_reads_what_is_not_varied():
    """Two classes on either side of a line: training sees them displaced, validation and prediction do not."""
    rng = np.random.default_rng(0)
    samples = rng.normal(size=(200, 2)).astype(np.float32)
    labels = (samples @ [1.0, 2.0] > 0).astype(int)
    seen = []

    def apply(values, inputs, keep=None):
        return inputs @ values["output"]

    def read(samples):
        seen.append(len(samples))
        return samples

    learned = descent.train(
        apply,
        {"output": np.zeros((2, 2), np.float32)},
        lambda samples, rng: samples + rng.normal(0, 0.01, samples.shape).astype(np.float32),
        (samples[:150], labels[:150]),
        (samples[150:], labels[150:]),
        read,
        rate=0.1,
        batch=50,
        epochs=10,
        seed=0,
    )
    assert len(learned.accuracy) == 10
    assert seen == [50] * 10
    # the boundary of the best epoch, by the accuracy that its training has reported
    assert np.mean(learned.predict(samples[150:]) == labels[150:]) == max(learned.accuracy) > 0.95


# A run ----------------------------------------------------------------------------------------------------------------

SHORT = {
    "samples": 300,
    "methods": {
        "surrogate": {"hidden": 24, "epochs": 4, "batch": 50, "rate": 0.03},
        "hybrid": {"hidden": 6, "pool": 2, "population": 16, "generations": 3, "batch": 50},
        "mlp": {"hidden": 24, "epochs": 40, "batch": 50},
    },
}


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    out = tmp_path_factory.mktemp("images") / "run"
    changes = {"digits": SHORT, "tasks": ["digits"]}
    return experiment.run("images", out=out, progress=False, changes=changes)


def test_a_run_has_the_rows_of_the_protocol(small):
    rows = {row.id: row.value for row in small.rows}
    assert list(rows) == [
        "digits/surrogate/accuracy",
        "digits/surrogate/spikes",
        "digits/hybrid/accuracy",
        "digits/mlp/accuracy",
        "baseline/digits/untrained/accuracy",
        "baseline/digits/majority/accuracy",
    ]
    # those that learn by descent are twice as often right as chance after some epochs with a quarter of the samples
    for method in ("surrogate", "mlp"):
        assert rows[f"digits/{method}/accuracy"] > 0.2
    labels = {part: samples.labels for part, samples in digits.split(0, 300).items()}
    often = np.bincount(labels["train"]).argmax()
    assert rows["baseline/digits/majority/accuracy"] == np.mean(labels["test"] == often)


def test_a_run_leaves_the_course_of_each_training_and_its_pictures(small):
    with open(small.folder / "history.csv") as file:
        rows = list(csv.DictReader(file))
    steps = {method: [r["step"] for r in rows if f"/{method}/" in r["trial"]] for method in SHORT["methods"]}
    assert {method: len(found) for method, found in steps.items()} == {"surrogate": 4, "hybrid": 3, "mlp": 40}
    found = {path.name for path in (small.folder / "figures").glob("*.png")}
    assert found == {f"digits-{name}.png" for name in ("accuracy", "learning", "confusion", "examples")}


# Summaries of made-up results -----------------------------------------------------------------------------------------


def made_up(right: int, tested: int = 100):
    return {"predicted": [[right, tested - right], [0, 0]], "majority": 0.5, "trained_with": 7, "accuracy": [0.5, 0.6]}


def test_an_accuracy_is_the_mean_over_seeds_beside_the_published_one():
    settings = {"tasks": ["mnist"], "optional": [], "mnist": {"methods": {"cnn-es": {}}}}
    rows = protocol.summarise({"mnist/cnn-es/seed0": made_up(90), "mnist/cnn-es/seed1": made_up(94)}, settings)
    expected = Row.over_seeds("mnist/cnn-es/accuracy", [0.90, 0.94], published=0.90)
    assert (rows[0].value, rows[0].low, rows[0].high) == (expected.value, expected.low, expected.high)
    assert (rows[0].published, rows[0].seeds) == (0.90, 2)
    assert (rows[1].id, rows[1].value) == ("baseline/mnist/majority/accuracy", 0.5)


def test_what_is_optional_and_not_there_is_named_once_and_has_a_row_without_number(tmp_path, monkeypatch):
    monkeypatch.setenv("BIOPLAST_DATA", str(tmp_path))
    monkeypatch.setattr("bioplast.dataset.published._cache", lambda file: tmp_path / "cache" / file.dataset)
    settings = {**protocol.FULL, "tasks": ["shd"]}
    with pytest.warns(RuntimeWarning, match="shd is left out: shd_train.h5.gz, shd_test.h5.gz in FOLDER/shd") as said:
        assert protocol.trials(settings, [], [0, 1]) == []
    assert len(said) == 1
    rows = protocol.summarise({}, settings)
    assert {row.value for row in rows} == {None}
    assert rows[0].id == "shd/surrogate/accuracy"
    for name in ("shd_train.h5", "shd_test.h5"):
        (tmp_path / "shd").mkdir(exist_ok=True)
        (tmp_path / "shd" / name).touch()
    assert [trial.id for trial in protocol.trials(settings, [], [0])] == [
        "shd/surrogate/seed0",
        "shd/mlp/seed0",
        "shd/rnn/seed0",
    ]


def test_a_task_that_the_preset_has_no_settings_of_is_told():
    settings = protocol.images.settings("demo") | {"tasks": ["mnist"]}
    with pytest.raises(BioplastError, match=r"unknown task of images in this preset 'mnist': accepted: digits$"):
        protocol.trials(settings, [], [0])


def test_the_course_of_evolution_counts_generations():
    assert pictures.course({**made_up(1), "generations": [25, 50]}) == ([25, 50], [0.5, 0.6])
    assert pictures.course({"history": {"validation_score": [0.1, 0.2]}}) == ([1, 2], [0.1, 0.2])
