"""Multi-plasticity synergy: what is done to images, merging on every target, and a run in its shortest form."""

import numpy as np
import pytest
from brian2 import mV
from support.data_files import write_zip

from bioplast import experiment, learning
from bioplast.dataset import digits
from bioplast.errors import BioplastError
from bioplast.protocols import synergy as protocol
from bioplast.protocols.synergy import network, tasks, training

SETTINGS = protocol.DEMO["digits"]["networks"]["dense"] | {"arm": "mpsl", "hidden": [12], "dtype": "float64"}
# weights that make plasticity matter within a sample
SETTINGS = SETTINGS | {"start": SETTINGS["start"] | {"eta_mV": 0.01, "lambda_2": 0.5, "lambda_3": 0.4}}
IMAGES = digits.split(0)["test"].images[:20]


# ---- images ----------------------------------------------------------------------------------------------------------


def test_noise_has_its_deviation_where_intensities_leave_room_for_it():
    grey = np.full((40, 28, 28), 0.5, np.float32)
    found = tasks.CORRUPTIONS["noise"](grey, 0.1, np.random.default_rng(0))
    assert abs(found.std() - 0.1) < 5 * 0.1 / np.sqrt(2 * found.size)
    assert tasks.CORRUPTIONS["noise"](grey, 3.0, np.random.default_rng(0)).max() == 1


def test_salt_and_pepper_hit_their_share_of_the_pixels_evenly():
    grey = np.full((40, 28, 28), 0.5, np.float32)
    found = tasks.CORRUPTIONS["salt-and-pepper"](grey, 0.3, np.random.default_rng(0))
    for value, share in ((0, 0.15), (1, 0.15), (0.5, 0.7)):
        assert abs((found == value).mean() - share) < 5 * np.sqrt(share * (1 - share) / found.size)


def test_a_crop_keeps_the_square_in_the_centre():
    kept = tasks.CORRUPTIONS["crop"](np.ones((1, 28, 28), np.float32), 0.5, np.random.default_rng(0))[0]
    assert kept.sum() == 14 * 14
    assert kept[7:21, 7:21].all()


def test_an_image_is_moved_as_a_whole_and_turned_over_in_half_of_the_cases():
    image = np.zeros((1, 5, 4), dtype=np.uint8)
    image[0, 2, 1], image[0, 3, 2] = 9, 7
    found = tasks.shifted(np.repeat(image, 300, axis=0), 1, True, np.random.default_rng(0))
    assert (found.sum(axis=(1, 2)) == 16).all()
    columns = np.nonzero(found == 7)[2] - np.nonzero(found == 9)[2]
    assert set(columns) == {-1, 1}
    assert abs((columns == 1).mean() - 0.5) < 5 * 0.5 / np.sqrt(300)


def test_the_frames_of_a_recording_are_moved_alike():
    frames = np.zeros((50, 3, 2, 5, 4), dtype=bool)
    frames[:, :, :, 2, 1] = True
    found = tasks.shifted(frames, 1, True, np.random.default_rng(0))
    assert (found == found[:, :1, :1]).all()
    assert (found.sum(axis=(3, 4)) == 1).all()
    assert len({tuple(place) for place in np.argwhere(found[:, 0, 0])[:, 1:]}) > 9
    assert tasks.CORRUPTIONS["crop"](frames, 0.9, np.random.default_rng(0)).shape == frames.shape


def test_a_recording_is_a_frame_for_each_step(tmp_path):
    # 20 and 60 ms, then 319 and 320 ms after the start: frames of 40 ms, eight of them
    events = [(3, 5, 1, 20_000), (4, 5, 0, 60_000), (3, 6, 1, 319_999), (3, 7, 1, 320_000)]
    content = b"".join(bytes([x, y, p << 7 | t >> 16, t >> 8 & 255, t & 255]) for x, y, p, t in events)
    write_zip(tmp_path / "Train.zip", [(f"Train/{n % 10}/{n:05}.bin", content) for n in range(120)])
    write_zip(tmp_path / "Test.zip", [("Test/7/00001.bin", content)])
    parts = tasks.TASKS["nmnist"].split(0, None, tmp_path)
    assert parts["train"].images.shape == (100, 8, 2, 34, 34)
    assert list(parts["test"].labels) == [7]
    assert np.argwhere(parts["test"].images[0]).tolist() == [[0, 1, 5, 3], [1, 0, 5, 4], [7, 1, 6, 3]]


# ---- merging ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def both():
    """The network of three weights, frozen after some plasticity, and the merged one with its weights; with scores."""
    several = network.build((1, 8, 8), 10, SETTINGS, 1)
    program = network.compiled(several, SETTINGS)
    moved = program(inputs={"image": IMAGES[0].reshape(1, -1)}).final
    values = {key: moved[key] for key in several.carried}
    values |= training.frozen_values(several, program)
    expected = learning.predict(program, training.inputs_of(IMAGES), training.scores, values=values)
    assert max(np.abs(values[key]).max() for key in several.carried) > 1e-6
    return network.merge(several, program, values), expected


@pytest.mark.parametrize("target", ["numpy", "jax", pytest.param("cpp", marks=[pytest.mark.build, pytest.mark.long])])
def test_the_merged_network_has_the_same_scores(both, target):
    weights, expected = both
    program = network.compiled(network.build((1, 8, 8), 10, SETTINGS, 1, one=True), SETTINGS, target)
    count = 3 if target == "numpy" else len(IMAGES)
    found = learning.predict(program, training.inputs_of(IMAGES[:count]), training.scores, values=weights)
    np.testing.assert_allclose(found, expected[:count], rtol=0, atol=1e-6)
    assert np.ptp(expected) > 0.1


@pytest.mark.build
@pytest.mark.long
def test_the_merged_network_is_exported_with_its_weights(both, tmp_path):
    import csv
    import subprocess

    from bioplast.program.cpp.export import export

    weights, expected = both
    live, duration = training.exported(tasks.TASKS["digits"], SETTINGS, weights)
    image = next(obj for obj in live.objects if obj.name == "pixels").namespace["image"]
    image.values[:] = IMAGES[:1].reshape(1, -1)
    export(live, duration, tmp_path / "project", namespace={})
    subprocess.run(["make", "-j2"], cwd=tmp_path / "project", check=True, capture_output=True)
    subprocess.run(["./simulation", "--out", "results"], cwd=tmp_path / "project", check=True, capture_output=True)
    with (tmp_path / "project" / "results" / "potential.csv").open() as file:
        rows = list(csv.DictReader(file))
    found = [np.mean([float(row[f"v[{k}]"]) for row in rows]) / float(1 * mV) for k in range(10)]
    np.testing.assert_allclose(found, expected[0], rtol=0, atol=1e-6)


# ---- networks --------------------------------------------------------------------------------------------------------


def test_dense_layers_are_plastic_and_convolutions_are_not():
    settings = SETTINGS | {"channels": [2, 3], "hidden": [6]}
    live = network.build((1, 8, 8), 10, settings, 0)
    assert live.carried == ["layer1.w_2", "layer1.w_3", "layer2.w_2", "layer2.w_3"]
    assert live.weights == ["kernels1_kernels.w", "kernels2_kernels.w", "layer1.w_1", "layer2.w_1"]
    assert live.coefficients("lambda_p") == ["layer1.lambda_p"]


def test_a_convolutional_network_is_what_arrays_say():
    from scipy.signal import correlate

    settings = SETTINGS | {"channels": [2], "hidden": [6], "arm": "stbp"}
    live = network.build((1, 8, 8), 10, settings, 0)
    program = network.compiled(live, settings)
    out = program(inputs={"image": IMAGES[0].reshape(1, -1)})
    kernels = program.values["kernels1_kernels.w"].reshape(2, 1, 3, 3) * 1e3
    first, second = (program.values[f"layer{n}.w_1"].reshape(s) * 1e3 for n, s in ((1, (32, 6)), (2, (6, 10))))
    rho, v_th = np.exp(-1 / settings["tau_m_ms"]), settings["v_th_mV"]
    into = np.stack([correlate(np.pad(IMAGES[0], 1), k[0], mode="valid") for k in kernels])
    one, two, three, trace = np.zeros((2, 8, 8)), np.zeros(6), np.zeros(10), []
    for _ in range(8):
        one = rho * one + into
        pooled = (one > v_th).reshape(2, 4, 2, 4, 2).mean(axis=(2, 4))
        two = rho * two + pooled.reshape(-1) @ first
        three = rho * three + (two > v_th) @ second
        trace.append(three)
        one, two = one - v_th * (one > v_th), two - v_th * (two > v_th)
    np.testing.assert_allclose(out.states["potential"]["v"] * 1e3, trace, rtol=1e-9, atol=1e-9)
    assert np.ptp(trace) > 0.1


def test_frames_follow_each_other_within_the_steps():
    settings = SETTINGS | {"arm": "stbp", "hidden": [6]}
    live = network.build((1, 2, 3), 4, settings, 0, frames=4)
    program = network.compiled(live, settings)
    frames = np.random.default_rng(1).random((2, 4, 1, 2, 3)) < 0.5
    found = learning.predict(program, training.inputs_of(frames), lambda out: out.states["potential"]["v"])
    first, second = (program.values[f"layer{n}.w_1"].reshape(s) for n, s in ((1, (6, 6)), (2, (6, 4))))
    rho, v_th = np.exp(-1 / settings["tau_m_ms"]), settings["v_th_mV"] * 1e-3
    for sample, trace in zip(frames.reshape(2, 4, 6), found, strict=True):
        one, two = np.zeros(6), np.zeros(4)
        for step in range(8):
            one = rho * one + sample[step // 2] @ first
            two = rho * two + (one > v_th) @ second
            np.testing.assert_allclose(trace[step], two, rtol=1e-9, atol=1e-15)
            one = one - v_th * (one > v_th)
    assert np.ptp(found) > 1e-4
    with pytest.raises(BioplastError, match="steps is 8: a multiple of the 3 frames of a sample is accepted"):
        network.build((1, 2, 3), 4, settings, 0, frames=3)


def test_merged_weights_are_kept_in_a_file_that_export_takes(both, tmp_path):
    from bioplast.protocols.synergy import weights as files

    merged, _ = both
    files.write(tmp_path / "some" / "weights.npz", merged)
    settings = protocol.synergy.settings("demo") | {"weights": str(tmp_path / "some" / "weights.npz")}
    settings["digits"]["networks"]["dense"]["hidden"] = [12]
    live, _ = protocol.exported(settings)
    made = next(obj for obj in live.objects if obj.name == "layer2")
    np.testing.assert_array_equal(np.asarray(made.W), merged["layer2.W"])
    settings["digits"]["networks"]["dense"]["hidden"] = [13]
    with pytest.raises(BioplastError, match="weights of no network of this preset"):
        protocol.exported(settings)
    (tmp_path / "other.npz").write_bytes(b"no archive")
    with pytest.raises(BioplastError, match="is no file of weights"):
        files.read(tmp_path / "other.npz")
    with pytest.raises(BioplastError, match="there is no such file"):
        files.read(tmp_path / "none.npz")


# ---- the protocol ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    return experiment.run("synergy", out=tmp_path_factory.mktemp("synergy") / "demo", preset="demo", progress=False)


def test_the_demo_tells_accuracies_and_differences(demo):
    rows = {row.id: row for row in demo.rows}
    assert rows["digits/dense/stbp/accuracy"].value > 0.3
    difference = rows["digits/dense/mpsl/accuracy"].value - rows["digits/dense/stbp/accuracy"].value
    assert rows["digits/dense/mpsl-minus-stbp/accuracy"].value == pytest.approx(difference)
    found = {name: rows[f"digits/dense/mpsl/coefficients/layer1.{name}"].value for name in ("lambda_2", "eta")}
    assert found["lambda_2"] != 0.1
    product = rows["digits/dense/mpsl/coefficients/layer1.eta_lambda_2"]  # of one seed, the mean of products is theirs
    assert product.value == pytest.approx(found["lambda_2"] * found["eta"])
    for name, levels in tasks.LEVELS.items():
        assert all(f"digits/dense/mpsl/{name}/{level:g}" in rows for level in levels)


def test_trials_are_an_arm_and_a_seed(tmp_path):
    settings = protocol.synergy.settings("full")
    found = protocol.trials(settings, [], [0, 1])
    assert len({trial.id for trial in found}) == len(found) == 2 * (7 + 9 + 2 + 2)
    assert found[0].id == "mnist/dense/stbp/seed0"
    assert "folder" not in found[0].settings
    some = settings | {"tasks": ["nmnist"], "folder": str(tmp_path)}
    (tmp_path / "Test.zip").touch()
    with pytest.raises(BioplastError, match=r"has no Train\.zip of N-MNIST"):
        protocol.trials(some, [], [0])
    (tmp_path / "Train.zip").touch()
    recorded = protocol.trials(some, [], [0])
    assert {trial.settings["folder"] for trial in recorded} == {str(tmp_path)}
    with pytest.raises(BioplastError, match="unknown optional task of synergy 'mnits': did you mean 'mnist'"):
        protocol.trials(settings | {"optional": ["mnits"]}, [], [0])
    assert len(recorded) == 7 + 2
    frozen = next(trial for trial in found if trial.id == "fashion-mnist/dense/mpsl-frozen/seed0")
    assert (frozen.settings["arm"], frozen.settings["coefficients"]) == ("mpsl", "frozen")


@pytest.mark.parametrize(
    ("arms", "told"),
    [
        (["stbp", "mpls"], "unknown arm of synergy's digits.networks.dense 'mpls': did you mean 'mpsl'"),
        (["mpsl:frosen"], "unknown way of an arm's coefficients 'frosen': did you mean 'frozen'"),
    ],
)
def test_arms_that_do_not_exist_are_told_before_anything_runs(arms, told):
    settings = protocol.synergy.settings("demo")
    digits = {"samples": 300, "networks": {"dense": {**settings["digits"]["networks"]["dense"], "arms": arms}}}
    with pytest.raises(BioplastError, match=told):
        protocol.trials(settings | {"digits": digits}, [], [0])
    with pytest.raises(BioplastError, match="unknown task of synergy in this preset 'mnist': accepted: digits"):
        protocol.trials(settings | {"tasks": ["mnist"]}, [], [0])


def test_a_run_without_a_data_set_says_so():
    settings = protocol.synergy.settings("full")
    rows = protocol.summarise({}, settings)
    assert rows[0].value is None
    assert "BIOPLAST_DATA" in rows[0].source
