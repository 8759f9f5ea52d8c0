"""Synapses along a declared connection, read without a list of them."""

from __future__ import annotations

from typing import Any

import numpy as np
from brian2.core.variables import ArrayVariable

from ...definition.declared import WEIGHT, DeclaredSynapses
from ...errors import Unsupported
from . import steps
from .blocks import BlockReader
from .device import Code

_LISTED = "a declared connection has no list of synapses on this target: connect explicit pairs, i=connection.i, ..."


def refuse_by_synapse(obj: Any, code: Code) -> None:
    """Refuse what goes through the synapses of a declared connection one by one, such as a monitor of them."""
    if code.template in ("synapses", "synapses_push_spikes"):
        return
    for group in (code.owner, getattr(obj, "source", None), getattr(obj, "group", None)):
        if isinstance(group, DeclaredSynapses):
            raise Unsupported(f"{obj.name!r} goes through the synapses of {group.name!r} one by one: {_LISTED}")


def read_declared(reader: BlockReader, obj: Any, code: Code, events: str) -> steps.Operation:
    """What a pathway of declared synapses does.

    Raises
    ------
    Unsupported
        For what each synapse has for itself: its number, a random number.
    """
    synapses, connection = obj.synapses, obj.synapses.connection
    sides = {
        "_presynaptic_idx": ("before", _neurons(synapses.source)),
        "_postsynaptic_idx": ("after", _neurons(synapses.target)),
        WEIGHT: ("weight", np.arange(int(np.prod(connection.weights)))),
    }
    block = reader.block(obj, code, 0, known={index: neurons for index, (_, neurons) in sides.items()})
    ends = {}
    for name, found in block.names.items():
        variable = code.variables.get(name)
        listed = isinstance(variable, ArrayVariable) and getattr(variable.owner, "name", "") == synapses.name
        if isinstance(found, steps.Draw) or (listed and name not in synapses.equations.names):
            what = "draws a random number for each synapse" if isinstance(found, steps.Draw) else f"uses {name!r}"
            raise Unsupported(f"{obj.name!r} {what}: {_LISTED}")
        if isinstance(found, steps.Place) and not found.shared:
            index = code.indices[name]
            while index not in sides:
                index = code.indices[index]
            ends[name] = sides[index][0]
    sources = sides["_presynaptic_idx"][1]
    return steps.DeclaredPathway(
        obj.name,
        obj.clock.name,
        block,
        ends,
        events,
        sources,
        reader.array(obj.variables["delay"], obj.name),
        connection,
    )


def _neurons(group: Any) -> np.ndarray:
    """The neurons of a group or of a part of one, as elements of the arrays of the whole."""
    start = getattr(group, "start", 0)
    return np.arange(start, start + len(group))
