"""A live Brian2 network as plain data: its state, its inputs, and its monitors.

This package and `codegen` are the only places that touch what Brian2 keeps to itself. The network is read, never
consumed: whatever Brian2 changes while it prepares or runs is put back by `held`.
tests/program/network/test_brian2_internals.py names every assumption made here, so that a Brian2 that breaks one fails
there first.
"""

from .borrow import held
from .borrowed import warn_of_other_constants
from .clocks import ClockSpan, clocks, spans
from .copies import frozen, referred, thawed
from .described import digest, network_digest
from .inputs import generated_spikes, has_missed_spikes, own_spikes, spike_inputs, time_bins, timed_arrays
from .monitors import Monitor, monitors
from .pathways import has_old_steps, make_synapses, pathways, pending_spikes, set_pending_spikes, synapse_count
from .refusals import check, refuse_late_steps
from .state import (
    TIME,
    StateVariable,
    constants,
    current_values,
    descriptions,
    exponents,
    not_finite,
    read,
    run_namespace,
    state_variables,
    write,
)

__all__ = [
    "TIME",
    "ClockSpan",
    "Monitor",
    "StateVariable",
    "check",
    "clocks",
    "constants",
    "current_values",
    "descriptions",
    "digest",
    "exponents",
    "frozen",
    "generated_spikes",
    "has_missed_spikes",
    "has_old_steps",
    "held",
    "make_synapses",
    "monitors",
    "network_digest",
    "not_finite",
    "own_spikes",
    "pathways",
    "pending_spikes",
    "read",
    "referred",
    "refuse_late_steps",
    "run_namespace",
    "set_pending_spikes",
    "spans",
    "spike_inputs",
    "state_variables",
    "synapse_count",
    "thawed",
    "time_bins",
    "timed_arrays",
    "warn_of_other_constants",
    "write",
]
