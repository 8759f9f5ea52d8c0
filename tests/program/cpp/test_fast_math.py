"""fast_math: other flags, nearly the same numbers."""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import Network, SpikeMonitor, cm, ms, uA

import bioplast
from bioplast.models import hodgkin_huxley
from bioplast.program.build.flags import compiler_flags


def test_the_flags_are_those_of_the_arithmetic_asked_for():
    exact, fast = compiler_flags(False), compiler_flags(True)
    assert "-ffast-math" in fast
    assert "-ffast-math" not in exact
    assert "-fno-finite-math-only" in fast, "infinities and NaN have to stay what they are"
    assert not any("FAST_MATH" in flag for flag in exact)


@pytest.mark.build
def test_spikes_with_fast_math_are_at_the_same_steps():
    """Hodgkin and Huxley's cells are not chaotic at constant currents: rounding moves nothing by a whole step."""
    times = []
    for fast_math in (False, True):
        group = hodgkin_huxley.group(9, name="cells", I=np.linspace(0, 40, 9) * uA / cm**2)
        monitor = SpikeMonitor(group, name="spikes")
        out = bioplast.compile(Network(group, monitor), 100 * ms, target="cpp", namespace={}, fast_math=fast_math)()
        times.append(out.events("spikes"))
    (exact, cells), (fast, same) = times
    assert len(exact) > 20
    assert cells.tolist() == same.tolist()
    assert fast == pytest.approx(exact, abs=1e-12)
