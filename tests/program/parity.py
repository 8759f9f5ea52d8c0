"""What it means that two targets agree; shared by the tests."""

from __future__ import annotations

import numpy as np

from bioplast.program.output import Output


def assert_same(expected: Output, found: Output) -> None:
    for name, spikes in expected.spikes.items():
        np.testing.assert_array_equal(found.spikes[name].steps, spikes.steps, name)
        np.testing.assert_array_equal(found.spikes[name].indices, spikes.indices, name)
        for variable, values in spikes.variables.items():
            assert_close(values, found.spikes[name].variables[variable], f"{name}.{variable}")
    for kind in ("states", "rates"):
        for name, states in getattr(expected, kind).items():
            for variable, values in states.items():
                assert_close(values, getattr(found, kind)[name][variable], f"{name}.{variable}")
    assert set(expected.final) == set(found.final)
    for key, value in expected.final.items():
        assert_close(value, found.final[key], key)


def assert_close(expected: np.ndarray, found: np.ndarray, name: str) -> None:
    expected, found = np.asarray(expected, dtype=float), np.asarray(found, dtype=float)
    assert expected.shape == found.shape, name
    if expected.size:
        assert np.abs(expected - found).max() <= 1e-9 * np.abs(expected).max(), name
