"""What a live Brian2 network holds: its clocks, state, spikes on their way and monitors."""

from __future__ import annotations

import math
import numbers
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import brian2
import numpy as np
from brian2.core.clocks import Clock
from brian2.core.magic import MagicNetwork
from brian2.core.namespace import get_local_namespace
from brian2.core.operations import NetworkOperation
from brian2.core.variables import ArrayVariable
from brian2.devices.device import RuntimeDevice
from brian2.monitors.ratemonitor import PopulationRateMonitor
from brian2.monitors.spikemonitor import EventMonitor
from brian2.monitors.statemonitor import StateMonitor
from brian2.synapses.synapses import Synapses, SynapticPathway
from brian2.units.fundamentalunits import Quantity

from ...errors import BioplastError, Unsupported

# Read-only for the user, yet part of the state that a run continues from.
_STATE_DESPITE_READ_ONLY = {"lastspike", "not_refractory", "lastupdate"}


@dataclass(frozen=True)
class StateVariable:
    """One array of the network's state, by Brian2's name.

    Attributes
    ----------
    key : str
        ``"group.variable"``.
    shape : tuple of int
        ``()`` for a shared variable, else ``(neurons,)`` or ``(synapses,)``.
    constant : bool
        Whether a run leaves it alone.
    synaptic : bool
        Whether it has one value per synapse.
    delay : bool
        Whether it is the delay of a synaptic pathway.
    """

    key: str
    variable: Any
    shape: tuple[int, ...]
    dtype: np.dtype
    dimensions: Any
    constant: bool
    synaptic: bool
    delay: bool = False

    @property
    def may_diverge(self) -> bool:
        """Whether a run can make it NaN or infinite; times of the last spike or update only ever take the time."""
        timestamp = self.key.rpartition(".")[2] in ("lastspike", "lastupdate")
        return self.dtype.kind == "f" and not self.constant and not timestamp


@dataclass(frozen=True)
class Monitor:
    """What a monitor records: ``kind`` is "spikes", "states" or "rate"."""

    name: str
    kind: str
    clock: str
    source: str
    size: int
    variables: tuple[str, ...]
    dimensions: Mapping[str, tuple[float, ...]]  # exponents of the SI base units, by variable
    record: np.ndarray | None = None


@dataclass(frozen=True)
class ClockSpan:
    """The steps that a clock makes in a run: from ``start`` to, not including, ``end``."""

    name: str
    dt: float
    start: int
    end: int


def check(network: Any) -> None:
    """Refuse what is not an explicit Brian2 network made for the runtime device."""
    if isinstance(network, MagicNetwork) or not isinstance(network, brian2.Network):
        raise BioplastError(
            f"a brian2.Network is needed, not {type(network).__name__}: give Network(...) the objects that belong to it"
        )
    active = brian2.get_device()
    if not isinstance(active, RuntimeDevice):
        raise BioplastError(
            f"set_device({type(active).__name__}) is in force: end it with set_device('runtime'), "
            "the target is chosen by compile()"
        )
    for obj in network.sorted_objects:
        # Brian2 warns of objects that are deleted before any network has run them, unless they belong to a group; a
        # network that is only compiled is used all the same
        if "group" not in getattr(obj, "variables", {}):
            obj.__dict__.setdefault("group", obj.name)
        for variable in getattr(obj, "variables", {}).values():
            if isinstance(variable, ArrayVariable) and not isinstance(variable.device, RuntimeDevice):
                raise BioplastError(
                    f"{obj.name!r} was made under set_device({type(variable.device).__name__}): "
                    "make the network under Brian2's default device, the target is chosen by compile()"
                )


def refuse_python_objects(network: brian2.Network, where: str) -> None:
    """Refuse what only Brian2's own targets can run: `where` says which others cannot."""
    for obj in network.sorted_objects:
        if obj.active and isinstance(obj, NetworkOperation):
            raise Unsupported(
                f"{obj.name!r} is a Python function that runs in every step (network_operation): "
                f"{where} cannot run it; use target='numpy' or 'cython'"
            )
        method = getattr(obj, "method_choice", None)
        if isinstance(method, str) and method.startswith("gsl"):
            raise Unsupported(f"{obj.name!r} uses the method {method!r}: {where} cannot run GSL's integrators")


def run_namespace(namespace: Mapping[str, Any] | None, level: int) -> dict[str, Any]:
    """The names that equations may refer to, as `brian2.Network.run` finds them."""
    return dict(get_local_namespace(level=level + 1)) if namespace is None else dict(namespace)


def clocks(network: brian2.Network) -> list[Clock]:
    """Every clock of the network, sorted by name."""
    found = {obj.clock.name: obj.clock for obj in network.sorted_objects}
    for clock in found.values():
        if not isinstance(clock, Clock):
            raise Unsupported(
                f"clock {clock.name!r} is a {type(clock).__name__}: only clocks with a fixed dt are lowered"
            )
    return [found[name] for name in sorted(found)]


def spans(network: brian2.Network, duration: float, start: float | None = None) -> dict[str, ClockSpan]:
    """The steps that each clock makes in a run of `duration` seconds from `start` (now, when None)."""
    begin = network.t_ if start is None else start
    result = {}
    for clock in clocks(network):
        dt = clock.dt_
        result[clock.name] = ClockSpan(clock.name, dt, _step_at(begin, dt), _step_at(begin + duration, dt))
    return result


def _step_at(time: float, dt: float) -> int:
    """Brian2's rule: the nearest step when it lies within 1e-4 dt, else the next one."""
    step = np.int64(np.round(time / dt))
    if abs(step * dt - time) / dt > Clock.epsilon_dt:
        step = np.int64(np.ceil(time / dt))
    return int(step)


def constants(network: brian2.Network) -> dict[tuple[str, str], Any]:
    """What the equations of a group refer to and no state variable holds: its namespace, its refractory period."""
    found: dict[tuple[str, str], Any] = {}
    for obj in network.sorted_objects:
        for name, value in (getattr(obj, "namespace", None) or {}).items():
            found[obj.name, name] = _frozen(value)
        if isinstance(obj, brian2.NeuronGroup):
            found[obj.name, "refractory"] = _frozen(obj._refractory)
    return found


def _frozen(value: Any) -> Any:
    """What is equal as long as a value is: numbers and arrays by content, functions and tables by identity."""
    if isinstance(value, str | bool):
        return value
    if isinstance(value, numbers.Number | np.ndarray):
        plain = np.asarray(value)
        return plain.shape, plain.tobytes(), str(brian2.get_dimensions(value))
    return id(value)


def pathways(network: brian2.Network) -> list[SynapticPathway]:
    return [obj for obj in network.sorted_objects if isinstance(obj, SynapticPathway)]


def state_variables(network: brian2.Network) -> dict[str, StateVariable]:
    """Every state variable and parameter of the network, keyed ``"group.variable"``, without Brian2's bookkeeping."""
    found: dict[str, StateVariable] = {}
    for obj in network.sorted_objects:
        if isinstance(obj, EventMonitor | StateMonitor | PopulationRateMonitor | brian2.SpikeGeneratorGroup):
            continue
        if isinstance(obj, SynapticPathway):
            delay = obj.variables["delay"]
            found[f"{obj.name}.delay"] = _state_variable(f"{obj.name}.delay", delay, synaptic=True, delay=True)
            continue
        variables = getattr(obj, "variables", None)
        if variables is None:
            continue
        for name, variable in variables.items():
            own = isinstance(variable, ArrayVariable) and getattr(variable.owner, "name", None) == obj.name
            if not own or variable.name.startswith("_") or name != variable.name:
                continue
            if variable.read_only and name not in _STATE_DESPITE_READ_ONLY:
                continue
            if name == "delay":  # the pathway's
                continue
            key = f"{obj.name}.{name}"
            found[key] = _state_variable(key, variable, synaptic=isinstance(obj, Synapses))
    return dict(sorted(found.items()))


def _state_variable(key: str, variable: Any, synaptic: bool, delay: bool = False) -> StateVariable:
    value = variable.get_value()
    return StateVariable(
        key=key,
        variable=variable,
        shape=() if variable.scalar else np.shape(value),
        dtype=np.dtype(variable.dtype),
        dimensions=variable.dim,
        constant=bool(variable.constant),
        synaptic=synaptic,
        delay=delay,
    )


def read(variable: StateVariable) -> np.ndarray:
    """A copy of the value that the network has now, in SI base units."""
    value = np.array(variable.variable.get_value())
    if value.size != math.prod(variable.shape):
        raise BioplastError(
            f"{variable.key!r} has {value.size} values, {math.prod(variable.shape)} when the network was compiled: "
            "compile it again"
        )
    return value.reshape(variable.shape)


TIME = "network.t"


def current_values(
    network: brian2.Network, variables: Mapping[str, StateVariable] | None = None
) -> dict[str, np.ndarray]:
    """Every value that the network has now, in SI base units: state, parameters, time, spikes on their way.

    `variables` are the network's `state_variables`, when they were read before; another size since then is an error.
    """
    values = {key: read(variable) for key, variable in (variables or state_variables(network)).items()}
    values[TIME] = np.array(float(network.t_))
    values.update({f"{p.name}.queue": pending_spikes(p) for p in pathways(network)})
    return values


def write(variable: StateVariable, value: np.ndarray) -> None:
    """Put `value` (of the variable's shape) into the user's network."""
    read(variable)  # whose size may have changed
    variable.variable.get_value()[...] = np.reshape(value, np.shape(variable.variable.get_value()))


def pending_spikes(pathway: SynapticPathway) -> np.ndarray:
    """Spikes still on their way: [spikes, 2] of (steps until delivery, synapse), sorted."""
    state = pathway.queue._full_state()
    if len(state) == 3:  # Brian2's queue in pure Python, on machines without its compiled one
        raise Unsupported(f"{pathway.name!r}: Brian2's compiled spike queue is missing: reinstall brian2")
    offset, slots = state
    # between two steps Brian2's own targets already point at the slot of the next one
    rows = [(k + 1, synapse) for k in range(len(slots)) for synapse in slots[(offset + k) % len(slots)]]
    return np.array(sorted(rows), dtype=np.int32).reshape(-1, 2)


def set_pending_spikes(pathway: SynapticPathway, pending: np.ndarray) -> None:
    """The inverse of `pending_spikes`, on the user's network."""
    pending = np.asarray(pending, dtype=np.int32).reshape(-1, 2)
    slots: list[list[int]] = [[] for _ in range(int(pending[:, 0].max(initial=1)))]
    for steps, synapse in pending:
        slots[steps - 1].append(int(synapse))
    pathway.queue._restore_from_full_state((0, slots))


def monitors(network: brian2.Network) -> dict[str, Monitor]:
    """What the network records, by the monitor's name."""
    found = {}
    for obj in network.sorted_objects:
        if isinstance(obj, EventMonitor):
            names = tuple(sorted(obj.record_variables)) if obj.record else ()
            dimensions = {n: exponents(obj.variables[n]) for n in names}
            found[obj.name] = Monitor(
                obj.name, "spikes", obj.clock.name, obj.source.name, len(obj.source), names, dimensions
            )
        elif isinstance(obj, StateMonitor):
            names = tuple(obj.record_variables)
            dimensions = {n: exponents(obj.variables[n]) for n in names}
            found[obj.name] = Monitor(
                obj.name,
                "states",
                obj.clock.name,
                obj.source.name,
                len(obj.record),
                names,
                dimensions,
                np.array(obj.record),
            )
        elif isinstance(obj, PopulationRateMonitor):
            found[obj.name] = Monitor(
                obj.name, "rate", obj.clock.name, obj.source.name, 1, ("rate",), {"rate": exponents(brian2.hertz)}
            )
    return dict(sorted(found.items()))


def exponents(unit: Any) -> tuple[float, ...]:
    """The exponents of the SI base units in a Brian2 unit: metre, kilogram, second, ampere, kelvin, mole, candela."""
    return tuple(unit.dim._dims)


def descriptions(network: brian2.Network) -> dict[str, dict[str, Any]]:
    """Which definition and parameters made each group: what a recording says of its source."""
    from ...definition import definition_of

    told = {}
    for obj in network.sorted_objects:
        if isinstance(obj, brian2.NeuronGroup | Synapses | brian2.PoissonGroup | brian2.SpikeGeneratorGroup):
            definition = definition_of(obj)
            constants = {
                name: _told(variable)
                for name, variable in obj.variables.items()
                if isinstance(variable, ArrayVariable)
                and variable.constant
                and not variable.read_only
                and not name.startswith("_")
                and getattr(variable.owner, "name", None) == obj.name
            }
            told[obj.name] = {
                "kind": type(obj).__name__,
                "definition": getattr(definition, "name", "") or "",
                "source": getattr(definition, "source", "") or "",
                "equations": str(getattr(obj, "equations", "")),
                "parameters": constants,
            }
    return told


def _told(variable: Any) -> str:
    values = np.unique(variable.get_value())
    if values.size == 0:
        return "none"
    if variable.is_boolean:
        return ", ".join(str(bool(v)) for v in values)
    low, high = (Quantity(v, dim=variable.dim) for v in (values[0], values[-1]))
    return f"{low}" if values.size == 1 else f"{low} to {high}"
