"""Synapses between neurons that are both (unless refractory): what Brian2 makes of them is told, or refused.

A neuron at 2 spikes at once and sends to one at 0, through a synapse of 0.25; it is refractory from then on.
"""

from __future__ import annotations

import warnings

import pytest
from brian2 import Network, NeuronGroup, Synapses, ms

import bioplast
from bioplast.errors import BioplastError, Unsupported

HELD = "dv/dt = 0*v/ms : 1 (unless refractory)\ndz/dt = 0*z/ms : 1 (unless refractory)\ncopy = v : 1\nx : 1"
FREE = HELD.replace(" (unless refractory)", "")


def network(code, before=HELD, after=HELD):
    v = "V" if "V" in before else "v"
    how = {"threshold": f"{v} > 1", "reset": f"{v} = 0", "refractory": 5 * ms, "method": "euler", "namespace": {}}
    one, other = NeuronGroup(1, before, name="one", **how), NeuronGroup(1, after, name="other", **how)
    setattr(one, v, 2)
    synapses = Synapses(one, other, f"w : 1\nof_it = {v}_pre : 1", on_pre=code, name="synapses", namespace={})
    synapses.connect()
    synapses.w = 0.25
    return Network(one, other, synapses)


def arrived(made, target, name="v"):
    return bioplast.compile(made, 1 * ms, target, namespace={})().final[f"other.{name}"][0]


@pytest.mark.parametrize(
    "code", ["v_post += w*(v_pre > 0)", "x_post += 1\nv_post += w*v_pre", "x_post += 1; v_post += w*v_pre"]
)
def test_what_the_neuron_before_holds_back_is_told(code):
    with pytest.warns(RuntimeWarning, match=r"'synapses_pre' writes 'v_post' and refers to 'v_pre', both \(unless"):
        assert arrived(network(code), "numpy") == 0  # and so it is in Brian2
    with pytest.raises(Unsupported, match="Brian2 holds it back by the one of the other neuron"):
        bioplast.compile(network(code), 1 * ms, "jax", namespace={})


@pytest.mark.parametrize(
    ("code", "groups", "name"),
    [
        ("v_post += w", {}, "v"),
        ("v_post += w*(copy_pre > 0)", {}, "v"),
        ("v_post += w*(of_it > 0)", {}, "v"),
        ("v_post += w*(v_pre > 0)", {"before": FREE}, "v"),
        ("v_post += w*(v_pre > 0)", {"after": FREE}, "v"),
        ("x_post += w", {}, "x"),
        ("z_post += w*(v_pre > 0)", {}, "z"),  # the last in the alphabet
    ],
)
def test_what_its_own_neuron_holds_back_arrives(code, groups, name):
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        assert [arrived(network(code, **groups), target, name) for target in ("numpy", "jax")] == [0.25, 0.25]


def test_capital_letters_come_before_the_names_that_subexpressions_get():
    made = network("V_post += w*(copy_pre > 0)", *[text.replace("v", "V") for text in (HELD, HELD)])
    with pytest.warns(RuntimeWarning, match="'synapses_pre' writes 'V_post' and refers to "):
        assert arrived(made, "numpy", "V") == 0


@pytest.mark.filterwarnings("ignore:'synapses_pre' writes")
def test_the_order_of_statements_that_numpy_cannot_run_is_told():
    with pytest.raises(BioplastError, match=r"'synapses': Brian2's NumPy code cannot read a variable .* write that"):
        arrived(network("v_post += w\nv_post += w*v_pre"), "numpy")
    assert arrived(network("v_post += w*v_pre\nv_post += w"), "numpy") == 0
