"""Layers one after the other within a step: when a spike reaches each, and what is refused."""

import numpy as np
import pytest
from brian2 import Network, NeuronGroup, SpikeGeneratorGroup, SpikeMonitor, Synapses, ms

import bioplast
from bioplast.definition import same_step
from bioplast.errors import DefinitionError

DT = 1 * ms


def chain(delay=0 * ms, on_post=""):
    source = SpikeGeneratorGroup(1, [0, 0], [1, 4] * ms, dt=DT, name="source")
    cells = [NeuronGroup(1, "v : 1", threshold="v > 0.5", reset="v = 0", dt=DT, name=f"cell{n}") for n in range(3)]
    layers = [source, *cells]
    synapses = [
        Synapses(a, b, on_pre="v_post += 1", on_post=on_post or None, dt=DT, name=f"to_{b.name}")
        for a, b in zip(layers, cells, strict=False)
    ]
    for each in synapses:
        each.connect()
        each.pre.delay = delay
    return layers, synapses


@pytest.mark.parametrize("target", ["numpy", "jax"])
@pytest.mark.parametrize("together", [True, False])
def test_a_spike_goes_through_all_layers_within_its_step(target, together):
    layers, synapses = chain()
    if together:
        same_step(layers, synapses)
    monitors = [SpikeMonitor(layer, name=f"spikes{n}") for n, layer in enumerate(layers)]
    out = bioplast.compile(Network(*layers, *synapses, *monitors), 12 * ms, target, namespace={})()
    for n in range(4):
        steps = np.flatnonzero(out.raster(f"spikes{n}")[:, 0])
        assert steps.tolist() == ([1, 4] if together else [1 + n, 4 + n])


def test_what_leads_backwards_waits_or_looks_back_is_refused():
    layers, synapses = chain()
    with pytest.raises(DefinitionError, match="'to_cell0' leads to no later layer"):
        same_step(layers[::-1], synapses)
    with pytest.raises(DefinitionError, match="'to_cell1' ends in none of the layers"):
        same_step(layers[:2], synapses[1:])
    with pytest.raises(DefinitionError, match="'to_cell0' has delays"):
        same_step(*chain(delay=2 * ms))
    with pytest.raises(DefinitionError, match="'to_cell0' has code on postsynaptic spikes"):
        same_step(*chain(on_post="v_pre += 0"))
    with pytest.raises(DefinitionError, match="is no Synapses"):
        same_step(layers, layers)
