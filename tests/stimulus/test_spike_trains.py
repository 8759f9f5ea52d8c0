"""What drawn spikes become: Brian2 emits them, Neo holds them, bins count them."""

from __future__ import annotations

import brian2
import numpy as np
import pytest
from brian2 import Hz, ms, nA, second
from hypothesis import given, settings
from hypothesis import strategies as st

from bioplast import stimulus
from bioplast.errors import BioplastError
from bioplast.stimulus import SpikeTrains


@pytest.fixture
def spikes():
    return stimulus.poisson(200 * Hz, 100 * ms, 5, rng=np.random.default_rng(1))


def test_a_group_emits_every_spike_in_its_step(spikes):
    brian2.prefs.codegen.target = "numpy"
    dt = 0.1 * ms
    group = spikes.group(dt, name="source")
    monitor = brian2.SpikeMonitor(group)
    brian2.Network(group, monitor).run(100 * ms, namespace={})
    found = np.zeros((1000, 5), dtype=bool)
    found[np.round(np.asarray(monitor.t) / 1e-4).astype(int), np.asarray(monitor.i)] = True
    assert group.name == "source" and group.dt == dt
    np.testing.assert_array_equal(found, spikes.raster(dt))
    assert found.sum() == len(monitor.t)
    assert 0 <= spikes.times.size - found.sum() == (spikes.counts(dt) - found).sum()  # several in one step are one


def test_a_timed_array_has_the_amplitude_where_a_neuron_spikes(spikes):
    array = spikes.timed_array(1 * ms, 2 * nA)
    raster = spikes.raster(1 * ms)
    for step in (0, 17, 99):
        for neuron in range(5):
            assert array((step + 0.5) * ms, neuron) == raster[step, neuron] * 2 * nA


def test_neo_trains_hold_every_spike(spikes):
    trains = spikes.to_neo()
    assert [len(train) for train in trains] == np.bincount(spikes.indices, minlength=5).tolist()
    for neuron, train in enumerate(trains):
        assert train.rescale("s").magnitude.tolist() == spikes.times[spikes.indices == neuron].tolist()
        assert (float(train.t_start), float(train.t_stop)) == (0, 0.1)


@settings(deadline=None, max_examples=100)
@given(
    st.lists(st.tuples(st.integers(0, 299), st.integers(0, 3)), max_size=30),
    st.sampled_from([1, 2, 7, 10, 300]),
    st.sampled_from([1e-4, 1e-3, 1 / 3 * 1e-3]),
)
def test_a_spike_on_the_border_of_two_bins_belongs_to_the_later_one(rows, width, dt):
    """Counted with whole numbers of steps."""
    steps, indices = np.array(rows, dtype=int).reshape(-1, 2).T
    found = SpikeTrains(steps * dt, indices, 4, 300 * dt).counts(width * dt * second)
    expected = np.zeros((300 // width, 4), dtype=int)
    for step, neuron in rows:
        if step // width < len(expected):
            expected[step // width, neuron] += 1
    assert found.tolist() == expected.tolist()


def test_a_raster_comes_back():
    raster = stimulus.bernoulli(0.1, 500, 3, rng=np.random.default_rng(2))
    np.testing.assert_array_equal(SpikeTrains.of_raster(raster, 0.1 * ms).raster(0.1 * ms), raster)


def test_spikes_are_sorted():
    found = SpikeTrains(np.array([0.3, 0.1, 0.1]), np.array([0, 1, 0]), 2, 1.0)
    assert (found.times.tolist(), found.indices.tolist()) == ([0.1, 0.1, 0.3], [0, 1, 0])


@pytest.mark.parametrize(
    ("call", "line"),
    [
        (lambda: SpikeTrains(np.zeros(2), np.zeros(3, int), 1, 1.0), "one value for each spike"),
        (lambda: SpikeTrains(np.zeros(1), np.array([2]), 2, 1.0), "whole numbers from 0 to 1"),
        (lambda: SpikeTrains(np.zeros(1), np.array([0.0]), 2, 1.0), "whole numbers"),
        (lambda: SpikeTrains(np.ones(1), np.array([0]), 2, 1.0), "from 0 to before"),
        (lambda: SpikeTrains(np.array([np.nan]), np.array([0]), 2, 1.0), "from 0 to before"),
        (lambda: SpikeTrains.of_raster(np.zeros(3), 1 * ms), r"\[steps, neurons\]"),
        (lambda: SpikeTrains.of_raster([[2]], 1 * ms), "truth values"),
        (lambda: SpikeTrains.of_raster([[1]], 1), "dt is 1"),
        (lambda: SpikeTrains(np.zeros(0), np.zeros(0, int), 2, 1.0).counts(2 * second), "longer than the duration"),
    ],
)
def test_what_does_not_fit_is_one_line(call, line):
    with pytest.raises(BioplastError, match=line):
        call()
