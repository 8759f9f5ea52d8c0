"""Randman: spikes, standardisation, splits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from brian2 import ms
from hypothesis import given, settings
from hypothesis import strategies as st

from bioplast.errors import BioplastError
from bioplast.stimulus import randman


def small(seed=1, **options):
    given = {"classes": 3, "units": 4, "dimension": 2, "alpha": 2, "samples": 30, **options}
    return randman(**given, rng=np.random.default_rng(seed))


@settings(max_examples=20, deadline=None)
@given(
    st.integers(1, 4), st.integers(1, 6), st.integers(1, 3), st.integers(1, 3), st.integers(4, 25), st.integers(0, 99)
)
def test_every_unit_fires_once_for_each_manifold(classes, units, dimension, spikes, samples, seed):
    task = small(seed, classes=classes, units=units, dimension=dimension, spikes=spikes, samples=samples)
    parts = task.split(validation=1, test=1)
    assert [len(part.labels) for part in parts.values()] == [classes * (samples - 2), classes, classes]
    for part in parts.values():
        assert part.times.shape == (len(part.labels), spikes, units)
        assert part.points.shape == (len(part.labels), dimension)
        assert np.bincount(part.labels, minlength=classes).tolist() == [len(part.labels) // classes] * classes
        raster = part.raster(1 * ms, 60)
        assert raster.shape == (len(part.labels), 60, units)
        for sample in (0, len(part.labels) - 1):
            trains = part.trains(sample)
            assert np.bincount(trains.indices, minlength=units).tolist() == [spikes] * units
            np.testing.assert_array_equal(trains.raster(1 * ms), raster[sample, :50])
        if spikes == 1:
            assert (raster.sum(axis=1) == 1).all()


def test_times_are_the_values_between_the_extremes_of_the_training_part():
    task = small(spikes=2)
    parts = task.split(validation=3, test=4)
    for label in range(3):
        values = np.stack([one(task.points[task.labels == label]) for one in task.manifolds[label]], 1)
        low, high = values[:23].min(axis=0), values[:23].max(axis=0)
        expected = np.clip((values - low) / (high - low), 0, 1) * 50e-3
        found = np.concatenate([part.times[part.labels == label] for part in parts.values()])
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-13)


def test_what_is_held_out_decides_on_nothing_unless_it_is_asked_for():
    task = small()
    values = task.values.copy()
    values[3 * 24 :] *= 100  # the validation and test samples, 3 of each of 3 classes
    other = replace(task, values=values)
    np.testing.assert_array_equal(task.split()["train"].times, other.split()["train"].times)
    assert task.split()["test"].times.max() <= 50e-3
    assert other.split()["test"].times.min() >= 0 and other.split()["test"].times.max() == 50e-3  # clipped
    before, after = (one.split(standardise="all") for one in (task, other))
    assert not np.allclose(before["train"].times, after["train"].times)
    times = np.concatenate([part.times for part in before.values()]).reshape(-1, 3, 4)
    assert (times.min(axis=0) == 0).all() and (times.max(axis=0) == 50e-3).all()


def test_parts_have_no_point_in_common():
    parts = small().split()
    points = np.concatenate([part.points for part in parts.values()])
    assert len(np.unique(points, axis=0)) == 90


def test_a_spike_at_the_end_is_in_the_last_step():
    part = small(samples=300, duration=5 * ms).split()["train"]
    assert part.times.max() == 5e-3
    assert part.raster(1 * ms).shape == (720, 5, 4)
    assert (part.raster(1 * ms).sum(axis=1) == 1).all()
    assert part.raster(0.7 * ms).shape == (720, 8, 4)
    latest = int(part.times.max(axis=(1, 2)).argmax())
    group = part.group(latest, 1 * ms, name="source")
    assert group.name == "source"
    assert np.round(group.variables["spike_time"].get_value() / 1e-3).max() == 4


def test_every_class_and_spike_has_a_manifold_of_its_own_and_so_has_every_seed():
    drawn = [one.phases for seed in (1, 2) for of_class in small(seed, spikes=2).manifolds for one in of_class]
    assert len(np.unique(np.stack(drawn).reshape(12, -1), axis=0)) == 12


def test_the_same_seed_gives_the_same_and_more_samples_begin_alike():
    one, same, other, more = small(), small(), small(2), small(samples=50)
    np.testing.assert_array_equal(one.values, same.values)
    assert not np.allclose(one.values, other.values)
    np.testing.assert_array_equal(one.points, more.points[:90])
    np.testing.assert_allclose(one.values, more.values[:90], rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: small(classes=0), "classes is 0"),
        (lambda: small(spikes=True), "spikes is True"),
        (lambda: small(samples=2.0), "samples is 2.0"),
        (lambda: small(duration=0.05), "duration is 0.05: a positive time with a unit"),
        (lambda: small().split(validation=20, test=9), "at least 2 for training"),
        (lambda: small().split(test=-1), "test is -1: a whole number from 0"),
        (lambda: small().split(standardise="test"), "'train' or 'all'"),
        (lambda: replace(small(), values=np.ones((90, 1, 4))).split(), "class 0, spike 0, unit 0: the same value"),
        (lambda: small().split()["test"].raster(1 * ms, 49), "at least 50"),
        (lambda: small().split()["test"].raster(0.001), "dt is 0.001"),
        (lambda: small().split()["test"].trains(9), "0 to 8"),
    ],
)
def test_what_does_not_fit_is_refused(call, message):
    with pytest.raises(BioplastError, match=message):
        call()
