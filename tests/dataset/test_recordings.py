"""Recordings: their events, their rasters against counting one by one, and what does not belong together."""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import ms, mV
from hypothesis import example, given, strategies

from bioplast.dataset import Recordings
from bioplast.errors import BioplastError

# Samples of events (microseconds, neuron).
EVENTS = strategies.lists(strategies.lists(strategies.tuples(strategies.integers(0, 9999), strategies.integers(0, 5))))


def recordings(samples) -> Recordings:
    arrays = [np.array(sample, dtype=np.uint32).reshape(-1, 2) for sample in samples]
    times, neurons = [each[:, 0] for each in arrays], [each[:, 1] for each in arrays]
    return Recordings.of_lists(times, neurons, range(len(samples)), (2, 3), 1e-6)


@example([[(70, 5), (0, 0)]], 7, 11)
@example([], 7, 11)
@given(EVENTS, strategies.sampled_from([100, 1000, 3000, 7]), strategies.integers(1, 12))
def test_counts_and_raster_are_what_one_counts(samples, step, steps):
    """In whole microseconds, so that every border is exact."""
    expected = np.zeros((len(samples), steps, 6), dtype=int)
    for row, sample in enumerate(samples):
        for time, neuron in sample:
            if time // step < steps:
                expected[row, time // step, neuron] += 1
    found = recordings(samples)
    np.testing.assert_array_equal(found.counts(step * 1e-3 * ms, steps), expected)
    np.testing.assert_array_equal(found.raster(step * 1e-3 * ms, steps), expected > 0)


@given(EVENTS)
def test_events_are_those_of_the_sample_in_order(samples):
    found = recordings(samples)
    assert len(found) == len(samples)
    for row, sample in enumerate(samples):
        times, neurons = found.events(row)
        assert list(zip(np.round(times * 1e6), neurons, strict=True)) == sorted(sample)


@given(EVENTS.filter(bool), strategies.data())
def test_rows_that_are_taken_are_the_samples_of_these_rows(samples, data):
    rows = data.draw(strategies.lists(strategies.integers(0, len(samples) - 1)))
    found, expected = recordings(samples).take(np.array(rows, dtype=int)), recordings([samples[row] for row in rows])
    assert found.labels.tolist() == rows
    for name in ("times", "indices", "bounds"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))
    assert recordings(samples).take(slice(1)).labels.tolist() == [0]


def test_many_spikes_in_a_step_are_all_counted():
    found = Recordings(np.zeros(70_000), np.zeros(70_000, dtype=int), np.array([0, 70_000]), np.array([0]), (1,))
    assert found.counts(1 * ms, 1).item() == 70_000


def test_the_duration_is_that_of_the_last_spike():
    assert recordings([[(5, 0)], [(2500, 1), (3, 2)]]).duration == 2.5e-3
    assert recordings([]).duration == 0


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        (([1.0], [0, 1], [0, 1], [0]), "do not belong together"),
        (([1.0], [0], [0, 2], [0]), "do not belong together"),
        (([1.0], [0], [0, 1], [0, 1]), "do not belong together"),
        (([1.0, 2.0], [0, 0], [0, 2, 1, 2], [0, 0, 0]), "do not belong together"),
        (([-1.0], [0], [0, 1], [0]), "negative"),
        (([np.inf], [0], [0, 1], [0]), "not finite"),
        (([1.0], [6], [0, 1], [0]), "a neuron is 6: 0 to 5 are accepted"),
        (([1.0], [-1], [0, 1], [0]), "0 to 5 are accepted"),
        (([1.0], [0.5], [0, 1], [0]), "neurons are float64: whole numbers"),
    ],
)
def test_what_does_not_belong_together_is_refused(arrays, message):
    with pytest.raises(BioplastError, match=message):
        Recordings(*map(np.array, arrays), (2, 3))


@pytest.mark.parametrize(
    ("dt", "steps", "message"),
    [
        (1e-3, 10, "dt is 0.001: a positive time with a unit"),
        (0 * ms, 10, r"dt is 0\. .*: a positive time"),
        (1 * mV, 10, "a positive time with a unit"),
        (1 * ms, 0, "steps is 0: a whole number from 1"),
        (1 * ms, 2.5, "steps is 2.5"),
    ],
)
def test_wrong_arguments_are_refused(dt, steps, message):
    for method in ("raster", "counts"):
        with pytest.raises(BioplastError, match=message):
            getattr(recordings([[(1, 1)]]), method)(dt, steps)
