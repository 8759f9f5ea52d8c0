"""Where Brian2's own targets disagree: what one of them gets wrong is refused there."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Mapping
from typing import Any, TypeGuard

import brian2
import numpy as np
from brian2.synapses.synapses import SynapticPathway

from ...errors import Unsupported
from ..network.clocks import ClockSpan
from ..network.inputs import spike_inputs, timed_arrays
from ..network.pathways import pathways
from ..network.refusals import refuse_late_steps


def refuse_ignored_refractoriness(network: brian2.Network) -> None:
    """Refuse a synapse that assigns to a variable that refractoriness may hold back.

    Brian2's NumPy code then assigns to refractory neurons as well, unless the statement reads the variable that it
    writes; its Cython and C++ code does not.
    """
    for pathway in pathways(network):
        for statement in _statements(pathway):
            if not isinstance(statement, ast.Assign) or not isinstance(statement.targets[0], ast.Name):
                continue
            name = statement.targets[0].id
            held_back = getattr(pathway.synapses.variables.get(name), "conditional_write", None) is not None
            read = {node.id for node in ast.walk(statement.value) if isinstance(node, ast.Name)}
            if held_back and name not in read:
                raise Unsupported(
                    f"{pathway.synapses.name!r}: '{ast.unparse(statement)}' of a variable that is (unless refractory): "
                    "Brian2's NumPy code writes to refractory neurons too; use target 'cython' or 'cpp'"
                )


def refuse_meeting_spikes(network: brian2.Network, values: Mapping[str, np.ndarray]) -> None:
    """Refuse spikes on their way that may reach a synapse in one step with another, where that changes the synapse.

    Such are those that were sent before a delay was made shorter. Brian2's NumPy code changes the variables of a
    synapse once in a step, its Cython and C++ code once for each spike.
    """
    for pathway in pathways(network):
        queue = values[f"{pathway.name}.queue"]
        delays = np.asarray(values[f"{pathway.name}.delay"]) / pathway.source.clock.dt_ + 0.5
        own = np.broadcast_to(delays.astype(np.int64), len(pathway.synapses))
        alone = (queue[:, 0] <= own[queue[:, 1]]).all() and len(np.unique(queue, axis=0)) == len(queue)
        if alone:
            continue
        variables = pathway.synapses.variables
        targets = {node.id for s in _statements(pathway) for node in ast.walk(s) if _is_written(node)}
        changed = sorted(n for n in targets if getattr(variables.get(n), "owner", None) is variables["N"].owner)
        if pathway.synapses.event_driven is not None:
            changed.append("lastupdate")
        if changed:
            raise Unsupported(
                f"'{pathway.name}.queue': spikes are further away than the delay of their synapse, and may reach it in "
                f"one step with later ones: Brian2's NumPy code changes {changed[0]!r} once then; use target 'cython', "
                "'cpp' or 'jax'"
            )


def _statements(pathway: SynapticPathway) -> list[ast.stmt]:
    """What a pathway does; nothing for what is no code, which Brian2 tells when it prepares the run."""
    try:
        return ast.parse(textwrap.dedent(pathway.code)).body
    except SyntaxError:
        return []


def _is_written(node: ast.AST) -> TypeGuard[ast.Name]:
    return isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)


def refuse_steps_of_cython(
    network: brian2.Network, namespace: Mapping[str, Any], spans: Mapping[str, ClockSpan]
) -> None:
    """Refuse steps that Brian2's Cython code takes for others.

    It counts those of SpikeGeneratorGroups and TimedArrays in 32 bits, and rounds half a step of a TimedArray up, where
    NumPy goes to the even number. Half steps occur where the dt of the TimedArray is an eighth of the clock's or less.
    """
    for group in spike_inputs(network).values():
        if isinstance(group, brian2.SpikeGeneratorGroup):
            refuse_late_steps({group.clock.name: spans[group.clock.name]}, f"Brian2's Cython code of {group.name!r}")
    for name, array in timed_arrays(network, namespace).items():
        for span in spans.values():
            ratio = span.dt / array.dt
            if span.end * ratio >= 2**31:
                raise Unsupported(
                    f"the TimedArray {name!r} is asked for step {span.end * ratio:.0f}: Brian2's Cython code counts "
                    "them in 32 bits; use target 'numpy', 'cpp' or 'jax'"
                )
            if ratio >= 8 and abs(ratio / 2 - round(ratio / 2)) > 1e-9:
                raise Unsupported(
                    f"the TimedArray {name!r} has a dt of {array.dt * 1e3:g} ms and is asked every {span.dt * 1e3:g} "
                    "ms, at half of its steps too: Brian2's Cython code rounds them otherwise than its NumPy code; use "
                    "target 'numpy', 'cpp' or 'jax'"
                )
