"""Which nodes of NIR the objects of a Brian2 network are, and which are none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from brian2 import Network, NeuronGroup, PoissonGroup, SpikeGeneratorGroup, SpikeMonitor, StateMonitor, Synapses
from brian2.core.base import BrianObject
from brian2.core.variables import Subexpression
from brian2.groups.group import CodeRunner
from brian2.groups.neurongroup import Resetter, StateUpdater, SubexpressionUpdater, Thresholder
from brian2.input.poissoninput import PoissonInput
from brian2.monitors.ratemonitor import PopulationRateMonitor
from brian2.synapses.synapses import SummedVariableUpdater, SynapticPathway

from ...definition import definition_of
from ...definition.find import load
from ...errors import Unsupported
from ..inactive import REASON, inactive
from .graph import NEURONS
from .neurons import RENAMED, definition

__all__ = ["Cells", "Found", "recognised"]

_PARTS = (StateUpdater, Thresholder, Resetter, SubexpressionUpdater, SummedVariableUpdater, SynapticPathway)
_MOST_GRADED = 64


@dataclass(frozen=True)
class Cells:
    """A group as a node.

    Attributes
    ----------
    kind : str
        Of NIR, such as "LIF".
    fields : dict
        NIR's parameters, an array [neurons] each.
    bias : ndarray [neurons]
        A constant current into it.
    native : bool
        Whether it has the input that NIR's neurons have, rather than being of the zoo alone.
    """

    kind: str
    fields: dict[str, np.ndarray]
    bias: np.ndarray
    native: bool


@dataclass
class Found:
    """The parts of a network.

    Attributes
    ----------
    cells : dict of str to Cells
    inputs : dict of str to int
        How many neurons each has.
    synapses : list of Synapses
    outputs : dict of str to str
        The group that each is the output of.
    notes : list of str
        What NIR holds no place for, and is left out.
    dt : float
        In seconds.
    """

    cells: dict[str, Cells]
    inputs: dict[str, int]
    synapses: list[Synapses]
    outputs: dict[str, str]
    notes: list[str]
    dt: float


def refused(name: str, what: str) -> Unsupported:
    """The error for what NIR cannot express."""
    return Unsupported(f"NIR cannot express {name!r}: {what}")


def recognised(network: Network) -> Found:
    """The parts of a network that NIR expresses.

    Raises
    ------
    Unsupported
        For an object that is none of these, by its name.
    """
    if (name := inactive(network)) is not None:
        raise refused(name, REASON)
    found = Found({}, {}, [], {}, [], 0.0)
    steps: dict[float, str] = {}
    kernels = {id(getattr(o, "kernels", None)) for o in network.sorted_objects if isinstance(o, Synapses)}
    for obj in network.sorted_objects:
        if id(obj) in kernels or isinstance(obj, _PARTS):
            continue
        if isinstance(obj, NeuronGroup | Synapses | SpikeGeneratorGroup | PoissonGroup):
            steps.setdefault(float(obj.clock.dt), obj.name)
        if isinstance(obj, SpikeGeneratorGroup | PoissonGroup):
            found.inputs[obj.name] = len(obj)
            found.notes += _own_drive(obj)
        elif isinstance(obj, NeuronGroup):
            if _is_input(obj):
                found.inputs[obj.name] = len(obj)
            else:
                found.cells[obj.name] = _cells(obj, found.notes)
        elif isinstance(obj, Synapses):
            found.synapses.append(obj)
        elif isinstance(obj, SpikeMonitor):
            found.outputs[obj.name] = _watched(obj)
        elif isinstance(obj, StateMonitor):
            if obj.record_variables == ["v"] and isinstance(obj.source, NeuronGroup):
                found.outputs[obj.name] = _watched(obj)
        elif not isinstance(obj, PopulationRateMonitor) and not _is_our_step(obj):
            raise refused(obj.name, _what(obj))
    if len(steps) > 1:
        raise refused(list(steps.values())[1], f"it has another dt than {next(iter(steps.values()))!r}")
    if not steps:
        raise Unsupported("NIR cannot express a network without a group")
    found.dt = next(iter(steps))
    # a monitor of the potential is an output where there are no spikes to be one
    spiking = {
        name for name, cells in found.cells.items() if "v_threshold" in cells.fields or cells.kind == "Threshold"
    }
    by_state = {m.name for m in network.sorted_objects if isinstance(m, StateMonitor)}
    found.outputs = {
        name: group
        for name, group in found.outputs.items()
        if (group in found.cells or group in found.inputs) and not (name in by_state and group in spiking)
    }
    return found


def _watched(monitor: Any) -> str:
    return str(getattr(monitor.source, "source", monitor.source).name)


def _own_drive(group: Any) -> Iterator[str]:
    if isinstance(group, PoissonGroup):
        yield f"the rates of {group.name!r}"
    elif len(group._spike_time):
        yield f"the spikes of {group.name!r}"


def _is_input(group: NeuronGroup) -> bool:
    """Whether a group passes on a TimedArray, as `read_nir` makes it."""
    expected = f"x = {group.name}_values(t, i) : 1"
    return definition_of(group) is None and str(group.user_equations).strip() == expected


def _is_our_step(obj: Any) -> bool:
    if type(obj) is not CodeRunner or obj.abstract_code.strip() != "I_step = 0*amp":
        return False
    cells = definition_of(obj.group)
    return cells is not None and any(_kind(cells, kind) for kind in NEURONS)


def _kind(given: Any, kind: str) -> bool:
    graded = sum(name.startswith("I_analog") for name in given.variables)
    return graded <= _MOST_GRADED and given == definition(kind, graded)


def _what(obj: BrianObject) -> str:
    if type(obj) is CodeRunner:
        return f"code that runs regularly ({obj.abstract_code.strip()!r})"
    if isinstance(obj, PoissonInput):
        return "a PoissonInput; a PoissonGroup with Synapses is an Input"
    return f"a {type(obj).__name__}"


def _cells(group: NeuronGroup, notes: list[str]) -> Cells:
    given = definition_of(group)
    if given is None:
        raise refused(
            group.name, "a group of equations of its own; groups of `lif`, and those of read_nir, are accepted"
        )
    lif, exponential = load("lif"), load("exponential-current")
    kind = next((kind for kind in NEURONS if _kind(given, kind)), None)
    native = kind is not None
    if given == lif:
        kind = "LIF"
    elif given == lif + exponential:  # type: ignore[operator]
        kind = "CubaLIF"
    if kind is None:
        raise refused(group.name, f"a group of {given.label}; groups of lif and lif + exponential_current are accepted")
    if "tau_ref" in given.parameters and (np.asarray(group.tau_ref) > 0).any():
        raise refused(group.name, "a refractory period (tau_ref above 0)")
    external = group.variables[given.external]
    if isinstance(external, Subexpression):
        raise refused(group.name, f"its input {given.external} is an expression; in NIR input comes from nodes Input")
    names = {**RENAMED[kind]}
    if not native and kind == "CubaLIF":
        names.pop("w_in")
    fields = {field: _plain(group, names[field]) for field in names}
    if not native and kind == "CubaLIF":
        fields["w_in"] = np.ones(len(group))
    constant = _plain(group, given.external)
    if kind.startswith("Cuba") and constant.any():
        raise refused(group.name, f"{given.external} is a constant current that passes the synapse by")
    bias = constant + (_plain(group, "I_bias") if native else 0.0)
    rest = fields.get("v_leak", 0.0)
    if "v" in group.variables and (_plain(group, "v") != rest).any():
        notes.append(f"the state that {group.name!r} is in (NIR knows none; readers begin at rest)")
    return Cells(kind, fields, bias, native)


def _plain(group: Any, name: str) -> np.ndarray:
    """The values of a variable in SI units, one for each neuron."""
    return np.broadcast_to(np.asarray(getattr(group, f"{name}_"), dtype=float), len(group)).copy()
