"""Every receptor, synapse and rule of the library in one network: the same on every target for 100 ms, in float64."""

import functools

import numpy as np
import pytest
from brian2 import Network, SpikeGeneratorGroup, SpikeMonitor, StateMonitor, mmolar, ms, mV, nA, nS
from support.fidelity import EVERYTHING, OUR_NUMPY

import bioplast
from bioplast import Receptor, Synapse
from bioplast.definition.find import models
from bioplast.models import lif

DT = 0.1 * ms
DURATION = 100 * ms
# Those that need something of another one follow it.
RECEPTORS = sorted(
    (definition for definition in models().values() if isinstance(definition, Receptor)),
    key=lambda receptor: len(set(receptor.requires) - set(lif.variables)),
)
# What makes the cells spike and the rules change their weights within the duration.
VALUES = {
    "alpha_synapse": {"w": 0.03 * nA},
    "ampa_synapse": {"w": 3 * nS},
    "bcm": {"g_max": 1 * nS},
    "clopath_stdp": {"theta_plus": -55 * mV, "g_max": 1 * nS},
    "delta_synapse": {"w": 1 * mV},
    "depressing_synapse": {"A": 0.1 * nA},
    "exponential_synapse": {"w": 0.05 * nA},
    "gaba_a_synapse": {"w": 2 * nS},
    "gaba_b_synapse": {"w": 2 * mmolar},
    "guetig_stdp": {"mu": 0.5, "eta": 0.05},
    "hebbian_decay": {"eta": 0.3},
    "oja": {"g_max": 1 * nS},
    "pair_stdp": {"A_plus": 0.05, "A_minus": 0.05},
    "pair_stdp_current": {"A_plus": 0.05, "A_minus": 0.05, "w_max": 0.05 * nA},
    "sbp": {"alpha": 1, "A_plus": 0.1, "A_minus": 0.1},
    "synaptic_scaling": {"beta": 0.1},
    "tsodyks_markram": {"A": 0.3 * nA},
}


def zoo():
    rng = np.random.default_rng(8)
    steps, indices = np.nonzero(rng.random((1000, 15)) < 0.004)
    stimulus = SpikeGeneratorGroup(15, indices, steps * DT, dt=DT, name="stimulus")
    cells = sum(RECEPTORS, lif).group(8, dt=DT, name="cells", tau_ref=2 * ms, I=0.09 * nA)
    connected = []
    for name, definition in models().items():
        if not isinstance(definition, Synapse):
            continue
        name = name.replace("-", "_")
        if definition.requires_pre:  # between the cells themselves, as it needs something of the presynaptic neuron
            synapses = definition.connect(cells, condition="i != j", dt=DT, name=name, **VALUES.get(name, {}))
        else:
            chosen = rng.random((15, 8)) < 0.3
            i, j = np.nonzero(chosen)
            values = {**VALUES.get(name, {}), "delay": rng.uniform(0, 3, len(i)) * ms if definition.pathways else None}
            synapses = definition.connect(stimulus, cells, i=i, j=j, dt=DT, name=name, **values)
        connected.append(synapses)
    return Network(
        stimulus,
        cells,
        *connected,
        SpikeMonitor(cells, name="spikes"),
        StateMonitor(
            cells, ["v", "I", "g_nmda", "G_gaba_b", "I_gap", "nu", "u_plus"], record=True, dt=1 * ms, name="trace"
        ),
    )


@functools.cache
def reference():
    return bioplast.compile(zoo(), DURATION, target="numpy", namespace={})()


def test_all_of_the_library_moves():
    out = reference()
    assert len(out.events("spikes")[0]) > 50
    for name, definition in models().items():
        if isinstance(definition, Synapse):
            for variable in definition.differential:
                key = f"{name.replace('-', '_')}.{variable}"
                assert np.ptp(out.final[key]) > 0, f"{key} did not change"
    for receptor in RECEPTORS:
        for variable in receptor.differential:
            assert np.ptp(out.final[f"cells.{variable}"]) > 0, f"{receptor.name}.{variable} did not change"


def models_of(key):
    """The models that a variable belongs to, by its name such as "cells.g_ampa": of the cells' own, lif."""
    owner, _, variable = key.partition(".")
    if owner in ("cells", "trace"):
        return [r for r in RECEPTORS if variable in r.variables or variable in r.parameters] or [lif]
    return [owner] if owner.replace("_", "-") in models() else []


@pytest.mark.build
@pytest.mark.long
@pytest.mark.parametrize("target", ["cpp", "jax", "native"])
def test_every_synapse_is_the_same_as_on_numpy(ledger, target):
    expected = reference()
    found = bioplast.compile(zoo(), DURATION, target=target, namespace={})()
    for one, other in zip(found.events("spikes"), expected.events("spikes"), strict=True):
        np.testing.assert_array_equal(one, other)
    pairs = {f"trace.{k}": (v, found.states["trace"][k]) for k, v in expected.states["trace"].items()}
    pairs |= {key: (value, found.final[key]) for key, value in expected.final.items()}
    for key, (value, other) in pairs.items():
        value, other = np.asarray(value, float), np.asarray(other, float)
        assert value.shape == other.shape, key
        if value.size and np.abs(value).max() > 0:
            ledger(*models_of(key), quantity=EVERYTHING, against=OUR_NUMPY,
                   target=target, found=other, expected=value, of_largest=1e-9, dt=0.1, duration=100)  # fmt: skip
        else:
            np.testing.assert_array_equal(other, value)
