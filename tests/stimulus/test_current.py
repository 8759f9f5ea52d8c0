"""Currents of steps and ramps against their definition at each time."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bioplast.stimulus import Segment, piecewise


def test_an_open_segment_leaves_out_its_ends_and_a_closed_one_has_them():
    times = np.array([0.0, 1.0, 2.0, 3.0])
    assert piecewise(times, 5, [Segment(1, 3, 7)]).tolist() == [5, 5, 7, 5]
    assert piecewise(times, 5, [Segment(1, 3, 7, closed=True)]).tolist() == [5, 7, 7, 7]
    assert piecewise(times, 5, [Segment(1, None, 7, slope=2)]).tolist() == [5, 5, 9, 11]


@given(
    st.floats(-10, 10),
    st.lists(
        st.tuples(st.floats(0, 10), st.none() | st.floats(0, 20), st.floats(-5, 5), st.floats(-2, 2), st.booleans()),
        max_size=4,
    ),
)
def test_at_each_time_the_last_segment_that_holds_it_counts(base, told):
    times = np.linspace(0, 20, 41)
    expected = []
    for t in times:
        value = base
        for start, end, level, slope, closed in told:
            after = t >= start if closed else t > start
            before = end is None or (t <= end if closed else t < end)
            if after and before:
                value = level + slope * (t - start)
        expected.append(value)
    np.testing.assert_array_equal(piecewise(times, base, [Segment(*s) for s in told]), expected)
