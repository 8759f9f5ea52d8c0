"""Times and rates may carry units; those of a wrong one are refused, in whatever container."""

from __future__ import annotations

import numpy as np
import pytest
import quantities as pq
from brian2 import Hz, ms, mV, second

from bioplast import analysis
from bioplast.errors import BioplastError

SPIKES = ([0.1, 0.2, 0.4], [0, 0, 1], 2)


@pytest.mark.parametrize(
    "times",
    [
        [100, 200, 400] * ms,
        [100 * ms, 0.2 * second, 400 * ms],
        [100, 200, 400] * pq.ms,
        [100 * pq.ms, 0.2 * pq.s, 400 * pq.ms],
    ],
    ids=["Brian2", "list of Brian2", "quantities", "list of quantities"],
)
def test_times_with_a_unit_are_seconds(times):
    np.testing.assert_allclose(analysis.isi(times, SPIKES[1], 2)[0], [0.1], rtol=1e-12)


@pytest.mark.parametrize(
    ("call", "line"),
    [
        (lambda: analysis.words([1, 5] * mV, [0, 1], 2, 10 * ms, 1 * ms), "times are given in V: s is expected"),
        (lambda: analysis.words([1 * mV, 5 * mV], [0, 1], 2, 10 * ms, 1 * ms), "times are given in V: s is expected"),
        (lambda: analysis.rate([1, 5] * pq.mV, [0, 1], 2, 1), "times are given in mV: s is expected"),
        (lambda: analysis.rate([1 * pq.mV, 5 * pq.mV], [0, 1], 2, 1), "times are given in mV: s is expected"),
        (lambda: analysis.rate([1 * ms, 0.2], [0, 1], 2, 1), "times: a unit for all or for none"),
        (lambda: analysis.rate(["1", "a"], [0, 1], 2, 1), "times: numbers are accepted"),
        (lambda: analysis.rate(np.ma.array([0.1, 0.2], mask=[0, 1]), [0, 1], 2, 1), "times: .*masked"),
        (lambda: analysis.rate(*SPIKES, 1 * Hz), "duration is given in Hz: s is expected"),
        (lambda: analysis.rate(*SPIKES, 1 * pq.Hz), "duration is given in Hz: s is expected"),
        (lambda: analysis.rate(*SPIKES, 1, start=1 * mV), "start is given in V: s is expected"),
        (lambda: analysis.spike_counts(*SPIKES, 1, 0.1 * mV), "bin is given in V: s is expected"),
        (lambda: analysis.van_rossum(*SPIKES, 10 * mV), "tau is given in V: s is expected"),
        (lambda: analysis.victor_purpura(*SPIKES, 10 * ms), "cost is given in s: 1/s is expected"),
        (lambda: analysis.victor_purpura(*SPIKES, 10 * pq.ms), "cost is given in ms: 1/s is expected"),
        (lambda: analysis.spike_time_tiling(*SPIKES, 1, 0.1 * mV), "window is given in V: s is expected"),
    ],
)
def test_another_unit_is_one_line(call, line):
    with pytest.raises(BioplastError, match=line) as error:
        call()
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "call", [analysis.lz76, analysis.lz78, lambda w: analysis.block_entropy(w, 2), analysis.permutation_entropy]
)
def test_masked_symbols_are_not_counted_as_what_lies_below_the_mask(call):
    with pytest.raises(BioplastError, match="masked"):
        call(np.ma.array([0, 1, 1, 0], mask=[0, 0, 1, 0]))
