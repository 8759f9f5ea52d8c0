"""A live Brian2 network as plain data: its state, its inputs, its monitors, and its lowering to C++ sources.

This package is the only place that touches what Brian2 keeps to itself. The network is read, never consumed: whatever
Brian2 changes while it prepares or runs is put back by `held`. tests/program/test_brian2_internals.py names every
assumption made here, so that a Brian2 that breaks one fails there first.
"""

from .borrow import Report, held, run_with_brian2
from .disagreements import refuse_ignored_refractoriness
from .flags import compiler_flags
from .inputs import (
    generated_spikes,
    replaced_timed_array,
    set_generated_spikes,
    spike_inputs,
    spike_playback,
    time_bins,
    timed_arrays,
)
from .lowering import Array, Lowered, Runner, lower
from .reading import (
    TIME,
    ClockSpan,
    Monitor,
    StateVariable,
    check,
    clocks,
    constants,
    current_values,
    descriptions,
    exponents,
    monitors,
    pathways,
    pending_spikes,
    read,
    run_namespace,
    set_pending_spikes,
    spans,
    state_variables,
    write,
)
from .recording import Watch, forget_recordings, not_finite, recordings
from .schedule import read_steps

__all__ = [
    "TIME",
    "Array",
    "ClockSpan",
    "Lowered",
    "Monitor",
    "Report",
    "Runner",
    "StateVariable",
    "Watch",
    "check",
    "clocks",
    "compiler_flags",
    "constants",
    "current_values",
    "descriptions",
    "exponents",
    "forget_recordings",
    "generated_spikes",
    "held",
    "lower",
    "monitors",
    "not_finite",
    "pathways",
    "pending_spikes",
    "read",
    "read_steps",
    "recordings",
    "refuse_ignored_refractoriness",
    "replaced_timed_array",
    "run_namespace",
    "run_with_brian2",
    "set_generated_spikes",
    "set_pending_spikes",
    "spans",
    "spike_inputs",
    "spike_playback",
    "state_variables",
    "time_bins",
    "timed_arrays",
    "write",
]
