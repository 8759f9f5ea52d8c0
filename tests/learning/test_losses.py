"""Losses against sums written out, and their derivatives against finite differences."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from brian2 import Network, NeuronGroup, SpikeMonitor, StateMonitor, ms, mV, nA, volt

import bioplast
from bioplast import analysis, learning
from bioplast.errors import BioplastError, UnknownName

STEPS, CLASSES, LABEL = 30, 4, 2
DT, TAU = 1e-3, 7e-3


@pytest.fixture(autouse=True)
def _double_precision():
    with jax.enable_x64(True):
        yield


RNG = np.random.default_rng(3)
SCORES = RNG.normal(0, 2, CLASSES)
COURSE = RNG.normal(0, 2, (STEPS, CLASSES))
RASTER = (RNG.random((STEPS, CLASSES)) < 0.3).astype(float)
WANTED = (RNG.random((STEPS, CLASSES)) < 0.3).astype(float)


def behind(scores, margin):
    """The hinge, class by class."""
    return sum(max(0.0, margin - (scores[LABEL] - scores[j])) for j in range(CLASSES) if j != LABEL)


def minus_log_softmax(scores):
    return -math.log(math.exp(scores[LABEL]) / sum(math.exp(x) for x in scores))


def squared_distance(raster):
    """Trains as lists of times, their distance as of `bioplast.analysis`, which takes no raster."""
    total = 0.0
    for j in range(CLASSES):
        trains = [np.flatnonzero(raster[:, j]) * DT, np.flatnonzero(WANTED[:, j]) * DT]
        indices = np.repeat([0, 1], [len(train) for train in trains])
        total += analysis.van_rossum(np.concatenate(trains), indices, 2, TAU)[0, 1] ** 2
    return total


# The loss, what it is called with, the expected value.
CASES = {
    "cross_entropy": (learning.cross_entropy, SCORES, minus_log_softmax(SCORES)),
    "max_over_time": (
        learning.max_over_time_cross_entropy,
        COURSE,
        minus_log_softmax([max(COURSE[:, j]) for j in range(CLASSES)]),
    ),
    "hinge": (lambda x, label: learning.hinge(x, label, 1.5), SCORES, behind(SCORES, 1.5)),
    "count_hinge": (
        lambda x, label: learning.count_hinge(x, label, 2.5),
        RASTER,
        behind([sum(RASTER[:, j]) for j in range(CLASSES)], 2.5),
    ),
    "membrane_hinge": (
        learning.membrane_hinge,
        COURSE,
        sum(behind(potential, 1.0) for potential in COURSE) / STEPS,
    ),
    "rate_error": (
        lambda x, label: learning.rate_error(x, [100, 200, 300, 400], DT * 1000 * ms),
        RASTER,
        sum((sum(RASTER[:, j]) / (STEPS * DT) - 100 * (j + 1)) ** 2 for j in range(CLASSES)) / CLASSES,
    ),
    "van_rossum": (
        lambda x, label: learning.van_rossum(x, WANTED, 1 * ms, 7 * ms),
        RASTER,
        squared_distance(RASTER),
    ),
    "l2": (
        lambda x, label: learning.l2(x, 0.5),
        COURSE,
        sum((x / 0.5) ** 2 for x in COURSE.ravel()),
    ),
    "temporal_smoothness": (
        lambda x, label: learning.temporal_smoothness(x),
        COURSE,
        sum((COURSE[t + 1, j] - COURSE[t, j]) ** 2 for t in range(STEPS - 1) for j in range(CLASSES))
        / ((STEPS - 1) * CLASSES),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_loss_is_the_sum_written_out(name):
    loss, x, expected = CASES[name]
    # sums of at most some hundred terms in float64
    assert float(loss(x, LABEL)) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("name", CASES)
def test_the_derivative_of_a_loss_is_that_of_finite_differences(name):
    loss, x, value = CASES[name]
    found = np.asarray(jax.grad(loss)(x, LABEL))
    # The quotient errs by h**2 = 1e-10 of the third derivative and by 1e-16/h = 1e-11 of the value.
    h = 1e-5
    for direction in np.random.default_rng(4).normal(size=(3, *x.shape)):
        expected = float(loss(x + h * direction, LABEL) - loss(x - h * direction, LABEL)) / (2 * h)
        assert expected != 0
        assert (found * direction).sum() == pytest.approx(expected, rel=0, abs=1e-7 * max(abs(expected), abs(value)))


def test_van_rossum_counts_a_lonely_spike_as_one_however_late_it_is():
    nothing = np.zeros((STEPS, 1))
    for step in (0, 11, STEPS - 1):
        spike = nothing.copy()
        spike[step] = 1
        assert float(learning.van_rossum(spike, nothing, 1 * ms, 20 * ms)) == pytest.approx(1, rel=1e-12)
        assert float(learning.van_rossum(spike, spike, 1 * ms, 20 * ms)) == 0


def test_hinge_is_nothing_once_the_right_class_leads_by_the_margin():
    assert float(learning.hinge(np.array([0.0, 1.0, 3.0, 2.0]), LABEL, 1.0)) == 0
    assert float(learning.hinge(np.array([0.0, 1.0, 3.0, 2.25]), LABEL, 1.0)) == 0.25


def test_weights_with_a_unit_are_squared_in_their_typical_size():
    expected = 3**2 + 4**2
    for weights in ([0.3, 0.4] * nA, [3e-10, 4e-10], jnp.array([3e-10, 4e-10])):
        assert float(learning.l2(weights, 0.1 * nA)) == pytest.approx(expected, rel=1e-12)


def test_smoothness_over_the_square_of_the_step_is_the_mean_of_the_squared_slope():
    """Of u = sin(2 pi t) along a period: the mean of (2 pi cos(2 pi t))**2 is 2 pi**2."""
    for steps in (100, 1000):
        course = np.sin(2 * np.pi * np.arange(steps + 1) / steps)[:, None]
        # the secant's slope is short of the curve's by (pi/steps)**2/6 of it
        found = float(learning.temporal_smoothness(course)) * steps**2
        assert found == pytest.approx(2 * np.pi**2, rel=2 * (np.pi / steps) ** 2 / 6)
        assert found < 2 * np.pi**2


def test_spikes_as_truth_values_count_as_numbers():
    truth = RASTER.astype(bool)
    assert float(learning.count_hinge(truth, LABEL)) == float(learning.count_hinge(RASTER, LABEL))
    assert float(learning.van_rossum(truth, WANTED, 1 * ms, 7 * ms)) == pytest.approx(CASES["van_rossum"][2])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: learning.cross_entropy(COURSE, 0), r"shape of scores is \(30, 4\): .* accepted, \[classes\]"),
        (lambda: learning.membrane_hinge(SCORES, 0), r"shape of trace is \(4,\): .* accepted, \[steps, classes\]"),
        (lambda: learning.cross_entropy([], 0), r"shape of scores is \(0,\)"),
        (lambda: learning.cross_entropy("abc", 0), "'scores': numbers are accepted, not str"),
        (lambda: learning.cross_entropy(None, 0), "'scores': numbers are accepted, not NoneType"),
        (lambda: learning.cross_entropy(SCORES * mV, 0), "'scores' is given in V: no unit is expected"),
        (lambda: learning.cross_entropy(SCORES * 1j, 0), "'scores': numbers are accepted, not an array of complex128"),
        (
            lambda: learning.cross_entropy(jnp.array(SCORES) * 1j, 0),
            "scores: real numbers are accepted, not comp",
        ),
        (
            lambda: learning.cross_entropy(SCORES, 1.0),
            "the label is float64: a class is accepted, one whole",
        ),
        (lambda: learning.cross_entropy(SCORES, True), "the label is bool: a class"),
        (lambda: learning.cross_entropy(SCORES, None), "'label': numbers are accepted, not NoneType"),
        (lambda: learning.cross_entropy(SCORES, [0, 1]), r"the label is int64 of shape \(2,\): a class"),
        (lambda: learning.hinge(SCORES, 0, 0), "margin is 0"),
        (lambda: learning.hinge(SCORES, 0, "a"), "margin is 'a': a positive number is accepted"),
        (lambda: learning.hinge(SCORES, 0, [1, 2]), r"margin is \[1, 2\]: a positive"),
        (lambda: learning.hinge(1.0, 0), r"shape of scores is \(\): that of one run is accepted, \[..., classes\]"),
        (lambda: learning.rate_error(RASTER, 10 * mV, 1 * ms), "'wanted' is given in V: Hz is expected"),
        (lambda: learning.rate_error(RASTER, [1, 2], 1 * ms), r"wanted have shape \(2,\): one, or one for each neuron"),
        (lambda: learning.rate_error(RASTER[:0], 10, 1 * ms), r"shape of raster is \(0, 4\)"),
        (lambda: learning.van_rossum(RASTER, WANTED * mV, 1 * ms, 7 * ms), "'wanted' is given in V: no unit"),
        (lambda: learning.van_rossum(RASTER[0], WANTED, 1 * ms, 7 * ms), r"shape of raster is \(4,\)"),
        (lambda: learning.van_rossum(RASTER, WANTED[1:], 1 * ms, 7 * ms), r"shape \(29, 4\): \(30, 4\) is expected"),
        (lambda: learning.van_rossum(RASTER, WANTED, 1 * ms, 7 * mV), "tau is .*: one time"),
        (lambda: learning.van_rossum(RASTER, WANTED, 1 * ms, 0 * ms), "tau is 0 s"),
        (lambda: learning.rate_error(RASTER, 10, 0.001), "dt is 0.001"),
        (lambda: learning.l2(SCORES * mV, 1 * nA), "'values' is given in V: A is expected"),
        (lambda: learning.l2(SCORES * nA), "'values' is given in A: no unit is expected"),
        (lambda: learning.l2(SCORES, 0), "size is 0: a positive quantity is accepted"),
        (lambda: learning.l2(jnp.array(SCORES) * 1j), "values: real numbers are accepted, not complex128"),
        (lambda: learning.temporal_smoothness(COURSE[:1]), "the trace has 1 step: at least 2"),
        (lambda: learning.temporal_smoothness(SCORES), r"shape of trace is \(4,\): .* \[steps, recorded\]"),
        (lambda: learning.Trace("trace", unit=0 * mV), "Trace: unit is"),
    ],
)
def test_what_does_not_fit_is_refused(call, message):
    with pytest.raises(BioplastError, match=message):
        call()


# Readouts -------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def recorded():
    """Three neurons that spike at different rates, on two targets."""
    cells = NeuronGroup(
        3, "dv/dt = (i + 1)*20*mV/(10*ms) : volt", threshold="v > 10*mV", reset="v = 0*mV", method="euler", name="cells"
    )
    monitors = SpikeMonitor(cells, name="spikes"), StateMonitor(cells, "v", record=True, name="trace")
    network = Network(cells, *monitors)
    outs = [bioplast.compile(network, 20 * ms, target, namespace={}) for target in ("numpy", "jax")]
    with jax.enable_x64(True):
        return outs[0](), jax.jit(lambda v: outs[1]({"cells.v": v}))(np.zeros(3))


def test_readouts_are_the_same_on_every_target(recorded):
    plain = recorded[0]
    v = plain.states["trace"]["v"]
    neurons = plain.events("spikes")[1]
    counts = [int((neurons == j).sum()) for j in range(3)]
    assert counts[0] < counts[1] < counts[2]
    for out in recorded:
        np.testing.assert_allclose(learning.Trace("trace", "v", unit=1 * mV)(out), v * 1e3, rtol=1e-12)
        np.testing.assert_allclose(learning.Maximum("trace", "v")(out), [max(v[:, j]) for j in range(3)], rtol=1e-12)
        np.testing.assert_allclose(learning.Mean("trace", unit=1 * volt)(out), [sum(v[:, j]) / 200 for j in range(3)])
        np.testing.assert_allclose(learning.Last("trace", unit=1 * mV)(out), v[199] * 1e3, rtol=1e-12)
        np.testing.assert_allclose(learning.Sum("trace")(out), [sum(v[:, j]) for j in range(3)], rtol=1e-12)
        np.testing.assert_array_equal(learning.Raster("spikes")(out), plain.raster("spikes"))
        assert learning.Count("spikes")(out).tolist() == counts


def test_a_batch_keeps_its_axis_in_front(recorded):
    one = jax.device_get(recorded[1])
    batch = jax.tree.map(lambda array: np.stack([array, 2 * array]), one)
    traced = [kind("trace") for kind in (learning.Maximum, learning.Mean, learning.Last, learning.Sum)]
    for readout in (*traced, learning.Count("spikes")):
        np.testing.assert_allclose(readout(batch), np.stack([readout(one), 2 * readout(one)]), rtol=1e-12)


@pytest.mark.parametrize(
    ("readout", "message"),
    [
        (learning.Trace("trac"), "unknown state monitor 'trac': did you mean 'trace'"),
        (learning.Maximum("trace", "u"), "unknown variable of trace 'u': accepted: v"),
        (learning.Count("spike"), "unknown spike monitor 'spike': did you mean 'spikes'"),
    ],
)
def test_what_was_not_recorded_is_refused_by_name(recorded, readout, message):
    for out in recorded:
        with pytest.raises(UnknownName, match=message):
            readout(out)
