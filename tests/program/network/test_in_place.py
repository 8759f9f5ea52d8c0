"""Values that are used under one name and changed under another: NumPy's targets run them, C++ and Cython refuse."""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import Network, NeuronGroup, Synapses, linked_var, ms

import bioplast
from bioplast.errors import Unsupported

DT = 0.1 * ms
IN_PLACE = ("cython", "cpp", "openmp")


def ring(index):
    """Each neuron follows the one that its own group's `left` is linked to."""
    model = """dv/dt = (left - v)/(1*ms) : 1
               left : 1 (linked)"""
    group = NeuronGroup(4, model, method="euler", dt=DT, name="group")
    group.left = linked_var(group, "v", index=index)
    group.v = [1, 2, 4, 8]
    return Network(group)


def total():
    group = NeuronGroup(3, "x : 1", dt=DT, name="group")
    synapses = Synapses(group, group, "x_post = 2*x_pre : 1 (summed)", dt=DT, name="synapses")
    synapses.connect(i=[0, 1, 2], j=[1, 2, 0])
    group.x = [1, 2, 4]
    return Network(group, synapses)


def pathway(code, i=(0, 1), j=(1, 0), split=False):
    """Neurons that all spike in the first step; two groups of two when `split`."""
    group = NeuronGroup(4, "x : 1", threshold="t == 0*ms", reset="", dt=DT, name="group")
    ends = (group[:2], group[2:]) if split else (group, group)
    synapses = Synapses(*ends, "said : 1", on_pre=code, dt=DT, name="synapses")
    synapses.connect(i=list(i), j=list(j))
    group.x = [1, 2, 4, 8]
    return Network(group, synapses)


# A value that another element has changed, and what all would see at once.
REFUSED = {
    "linked": (lambda: ring([3, 0, 1, 2]), "group.v", [1.7, 1.9, 3.8, 7.6]),
    "summed": (total, "group.x", [8, 2, 4]),
    "written first": (lambda: pathway("x_post += 1; said = x_pre"), "synapses.said", [2, 3]),
    "read first": (lambda: pathway("said = x_pre; x_post += 1"), "synapses.said", [1, 2]),
    "itself": (lambda: pathway("x_post += 1; said = x_pre", j=(0, 1)), "synapses.said", [2, 3]),
}


@pytest.mark.parametrize("name", REFUSED)
def test_all_elements_see_the_values_before(name):
    make, key, expected = REFUSED[name]
    live = make()
    live.run(DT)  # Brian2's own NumPy code
    owner, variable = key.split(".")
    np.testing.assert_allclose(getattr(live[owner], variable)[:], expected, rtol=1e-12)
    for target in ("numpy", "jax"):
        found = bioplast.compile(make(), DT, target, namespace={})().final[key]
        np.testing.assert_allclose(found, expected, rtol=1e-6)


@pytest.mark.parametrize("target", IN_PLACE)
@pytest.mark.parametrize("name", [*REFUSED, "multiplied", "twice"])
def test_what_works_in_place_is_refused(name, target):
    others = {
        "multiplied": lambda: pathway("x_pre *= 2; x_post += 1"),
        "twice": lambda: pathway("x_pre += 1; x_post += 1", j=(0, 1)),
    }
    make = REFUSED[name][0] if name in REFUSED else others[name]
    with pytest.raises(Unsupported) as error:
        bioplast.compile(make(), DT, target, namespace={})()
    assert "use target 'numpy', 'jax' or 'native', or a copy of the values before" in str(error.value)
    assert "\n" not in str(error.value)


# Where no element uses what another one changes, nothing is refused.
KEPT = {
    "linked to itself": lambda: ring([0, 1, 2, 3]),
    "two halves": lambda: pathway("said = x_pre; x_post += said", split=True),
    "sums": lambda: pathway("x_pre += 1; x_post += 1"),
    "read first, itself": lambda: pathway("said = x_pre; x_post += 1", j=(0, 1)),
}


@pytest.mark.build
@pytest.mark.parametrize("name", KEPT)
def test_what_does_not_is_the_same_on_all(name):
    make = KEPT[name]
    expected = bioplast.compile(make(), DT, "numpy", namespace={})().final
    found = bioplast.compile(make(), DT, "cpp", namespace={})().final
    for key in ("group.v", "group.x", "synapses.said"):
        if key in expected:
            np.testing.assert_array_equal(found[key], expected[key])
