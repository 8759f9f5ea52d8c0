"""Layers that take part in a step one after the other, as in networks that are written as matrix products."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from brian2 import Synapses

from ..errors import DefinitionError

__all__ = ["same_step"]

#: Slots of Brian2's schedule: spikes go through all layers, then everything that is learnt from them.
WAVE, LEARNING = "synapses", "before_resets"


def same_step(layers: Sequence[Any], synapses: Sequence[Any]) -> None:
    """Let a spike reach the layers behind within the step in which it happens.

    In Brian2's own schedule all neurons of a network meet their threshold before any synapse carries a spike on, which
    takes a step for each layer. Afterwards a step is: equations of all neurons; then layer after layer what comes
    through "pre" and the threshold; then summed variables of the synapses, their equations, and their other presynaptic
    pathways, such as those that learn; resets. So ``v`` is that before the reset where synapses learn, and what they
    release is what they had learnt until the step before.

    A SpikeMonitor stands behind a threshold where that is when the monitor is made: make monitors afterwards. What a
    StateMonitor is to see before a reset it records with ``when="before_resets", order=1000``.

    Parameters
    ----------
    layers : sequence of NeuronGroup
        From the first on; the one that drives them may come first.
    synapses : sequence of Synapses
        In the same order; each ends in a layer.

    Raises
    ------
    DefinitionError
        For synapses with delays or code on postsynaptic spikes, or that end in no layer or lead backwards.
    """
    place = {layer.name: k for k, layer in enumerate(layers)}
    for each in synapses:
        if not isinstance(each, Synapses):
            raise DefinitionError(f"same_step: {each!r} is no Synapses")
        before, after = place.get(each.source.name, -1), place.get(each.target.name)
        if after is None or before >= after:
            what = "ends in none of the layers" if after is None else "leads to no later layer"
            raise DefinitionError(f"same_step: {each.name!r} {what}")
        for pathway in each._pathways:
            if pathway.prepost != "pre":
                raise DefinitionError(f"same_step: {each.name!r} has code on postsynaptic spikes ({pathway.objname!r})")
            if (pathway.variables["delay"].get_value() != 0).any():
                raise DefinitionError(f"same_step: {each.name!r} has delays")
            if pathway.objname == "pre":
                pathway.when, pathway.order = WAVE, 2 * after
            else:
                pathway.when, pathway.order = LEARNING, 200
        # row sums first, then what is made of them, in the order in which they are written
        for k, summed in enumerate(each.summed_updaters.values()):
            summed.when, summed.order = LEARNING, k
        if each.state_updater is not None:
            each.state_updater.when, each.state_updater.order = LEARNING, 100
    for k, layer in enumerate(layers):
        for threshold in getattr(layer, "thresholder", {}).values():
            threshold.when, threshold.order = WAVE, 2 * k + 1
