"""The same network on every CPU target: identical spikes, states within 1e-9 of the largest magnitude, in float64."""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import ms
from support import constructs, networks
from support.fidelity import OUR_NUMPY
from support.parity import RASTER, TOLERANCE, assert_same, reference

import bioplast
from bioplast.program import targets
from bioplast.program.cuda import toolkit

WORKING = [target for target in targets.TARGETS if target != "numpy" and targets.missing(target) is None]
if toolkit.gpu() is None and "cuda" in WORKING:  # it compiles, but has nothing to run on; see cuda/test_program.py
    WORKING.remove("cuda")
# A build takes seconds: C++ is built for each network but the large ones, and with OpenMP for one of them; the others
# are long tests. Cython compiles a module for each object of a network, so it runs the networks that stand for the
# others; its one short test is a firing pattern.
SHORT = {"cpp": ("plastic", "driven", "varied"), "openmp": ("plastic",), "cython": (), "cuda": networks.SHARED}
LARGE = ("cuba", "cobahh")
ON_RECORD = ("jax", "native")
PAIRS = [
    pytest.param(c, t, marks=[pytest.mark.long] * (c not in SHORT[t]))
    for t in WORKING
    if t not in ON_RECORD
    for c in ([*LARGE, "plastic"] if t == "cython" else networks.SHARED)
]


@pytest.mark.build
@pytest.mark.parametrize(("case", "target"), PAIRS)
def test_the_same_network_gives_the_same_result_on_every_target(case, target):
    network, expected = reference(case)
    threads = 1 if target == "openmp" else None
    program = bioplast.compile(network, networks.SHARED[case][1], target, namespace={}, threads=threads)
    found = program(seed=3, inputs=RASTER if case == "driven" else None)
    assert sum(len(s.times) for s in expected.spikes.values()) > 100
    assert_same(expected, found)


@pytest.mark.parametrize("target", ON_RECORD)
@pytest.mark.parametrize("case", [pytest.param(c, marks=[pytest.mark.long] * (c in LARGE)) for c in networks.SHARED])
def test_the_same_network_gives_the_same_result_on_record(ledger, case, target):
    network, expected = reference(case)
    duration = networks.SHARED[case][1]
    program = bioplast.compile(network, duration, target, namespace={})
    agreement = assert_same(expected, program(seed=3, inputs=RASTER if case == "driven" else None))
    assert agreement.spikes > 100
    ledger.network(
        case,
        kind="large",
        covers="; ".join(constructs.what_it_has(network)),
        against=OUR_NUMPY,
        target=target,
        dt=constructs.steps_of(network),
        duration=duration / ms,
        tolerance=TOLERANCE,
        **agreement._asdict(),
    )


@pytest.mark.parametrize("case", ["plastic", "varied"])
def test_the_numpy_target_is_what_brian2_does_itself(case):
    expected = reference(case)[1]
    network = networks.SHARED[case][0]()
    network.run(networks.SHARED[case][1], namespace={})
    for name, spikes in expected.spikes.items():
        np.testing.assert_array_equal(spikes.indices, network[name].i[:])
        np.testing.assert_array_equal(spikes.times, np.asarray(network[name].t))
    for name, states in expected.states.items():
        for variable in set(states) - {"t"}:
            recorded = np.asarray(network[name].variables[variable].get_value())
            np.testing.assert_array_equal(states[variable], recorded)
