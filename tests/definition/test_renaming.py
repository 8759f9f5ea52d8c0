"""Synapses with other names for their variables, as neurons need that have a variable of the same name."""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import Network, SpikeMonitor, ms, nA, nS
from brian2.units import Quantity

import bioplast
from bioplast.errors import DefinitionError, UnknownName
from bioplast.models import adex, ampa, ampa_synapse, exponential_current, exponential_synapse, lif, pair_stdp


def run(synapse, **values):
    cells = (lif + ampa).group(4, name="cells", I=[0.11, 0.12, 0.13, 0.14] * nA, method="euler")
    made = synapse.connect(cells, cells, name="synapses", **values)
    out = bioplast.compile(Network(cells, made, SpikeMonitor(cells, name="spikes")), 300 * ms, target="numpy")(seed=1)
    return out.events("spikes"), out.final


@pytest.mark.parametrize(
    ("synapse", "names", "values"),
    [
        (ampa_synapse, {"w": "weight"}, {"w": 4 * nS}),
        (pair_stdp, {"w": "weight", "P": "before"}, {"w": 0.5}),
    ],
    ids=["ampa_synapse", "pair_stdp"],
)
def test_the_same_synapse_under_other_names(synapse, names, values):
    """Spikes and states are those of the original, to the last bit."""
    other = synapse.renamed(**names)
    assert set(other.variables) == {names.get(name, name) for name in synapse.variables}
    (times, neurons), final = run(synapse, **values)
    found, others = run(other, **{names[name]: value for name, value in values.items()})
    assert len(times) > 20
    np.testing.assert_array_equal(found, (times, neurons))
    for old, new in names.items():
        np.testing.assert_array_equal(others[f"synapses.{new}"], final[f"synapses.{old}"])
    assert other.renamed(**{new: old for old, new in names.items()}) == synapse


@pytest.mark.parametrize("side", ["pre", "post"])
def test_what_brian2_refuses_is_said_with_the_way_out(side):
    """The adaptation of `adex` is called w, as is the weight of most synapses."""
    adaptive, plain = (adex + exponential_current).group(2, name="adaptive"), (lif + exponential_current).group(2)
    groups = (adaptive, plain) if side == "pre" else (plain, adaptive)
    with pytest.raises(DefinitionError, match=r"'w' is a variable of 'adaptive', too.*renamed\(w='w_syn'\)"):
        exponential_synapse.connect(*groups)
    synapses = exponential_synapse.renamed(w="w_syn").connect(*groups, w_syn=0.1 * nA)
    assert isinstance(synapses.w_syn[:], Quantity)
    assert synapses.w_syn[0] == 0.1 * nA


def test_names_are_checked():
    with pytest.raises(UnknownName, match="variable of ampa_synapse 'q'"):
        ampa_synapse.renamed(q="x")
    for name, said in (("g_ampa_post", "is taken"), ("a b", "a name is accepted"), (3, "a name is accepted")):
        with pytest.raises(DefinitionError, match=said):
            ampa_synapse.renamed(w=name)
    with pytest.raises(DefinitionError, match="is taken"):
        pair_stdp.renamed(w="x", P="x")
