"""Powers, whose small whole exponents the C++ target takes as products."""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import Network, NeuronGroup, ms

import bioplast

EXPONENTS = {"p1": "x**1", "p2": "x**2", "p3": "x**3", "p4": "x**4", "p5": "x**5", "root": "abs(x)**0.5"}
OTHERS = {"inverse": "x**-2", "variable": "x**k", "integer": "k**3", "nested": "(x**2 + 1)**3", "both": "2**x"}


@pytest.mark.build
def test_powers_are_those_of_numpy():
    """To 3 roundings, 7e-16: two products for a cube, and the one of NumPy's own."""
    codes = {**EXPONENTS, **OTHERS}
    lines = [f"{name} : 1" for name in codes]
    group = NeuronGroup(400, "\n".join(["x : 1", "k : integer", *lines]), name="powers")
    generator = np.random.default_rng(5)
    group.x = generator.normal(0, 10, 400)
    group.k = generator.integers(1, 7, 400)
    group.run_regularly("\n".join(f"{name} = {code}" for name, code in codes.items()), dt=0.1 * ms)
    out = bioplast.compile(Network(group), 0.1 * ms, target="cpp", namespace={})(seed=0)
    x, k = np.array(group.x), np.array(group.k)
    # A whole exponent that is a variable is one in NumPy as well.
    truth = {name: eval(code, {"x": x, "k": k.astype(float), "abs": np.abs}) for name, code in codes.items()}
    for name, expected in truth.items():
        np.testing.assert_allclose(out.final[f"powers.{name}"], expected, rtol=7e-16, err_msg=name)
