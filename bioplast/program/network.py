"""A live Brian2 network as plain data: its state, its inputs, its monitors, and its lowering to C++ sources.

This is the only file that touches what Brian2 keeps to itself. The network is read, never consumed: whatever Brian2
changes while it prepares or runs is put back by `held`. tests/program/test_brian2_internals.py names every assumption
made here, so a Brian2 that breaks one fails there first.
"""

from __future__ import annotations

import contextlib
import importlib
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import resources
from typing import Any

import brian2
import numpy as np
import sympy
from brian2.codegen.generators.cpp_generator import c_data_type
from brian2.core.base import BrianObjectException
from brian2.core.clocks import Clock
from brian2.core.functions import Function
from brian2.core.magic import MagicNetwork
from brian2.core.namespace import get_local_namespace
from brian2.core.operations import NetworkOperation
from brian2.core.preferences import prefs
from brian2.core.variables import ArrayVariable, Constant, DynamicArrayVariable
from brian2.devices.cpp_standalone.codeobject import CPPStandaloneCodeObject
from brian2.devices.device import Device, RuntimeDevice
from brian2.input.timedarray import TimedArray, _find_K
from brian2.monitors.ratemonitor import PopulationRateMonitor
from brian2.monitors.spikemonitor import EventMonitor
from brian2.monitors.statemonitor import StateMonitor
from brian2.parsing.rendering import CPPNodeRenderer
from brian2.stateupdaters.base import StateUpdateMethod
from brian2.synapses.synapses import Synapses, SynapticPathway
from brian2.units.allunits import all_units
from brian2.units.fundamentalunits import Quantity, get_unit

from ..errors import BioplastError, Unsupported
from . import cache

# The package has a proxy under the name of its module.
brian2_device = importlib.import_module("brian2.devices.device")

# One lowering or runtime run at a time: both borrow the user's network and Brian2's global device.
_borrowed = threading.RLock()

# Read-only for the user, yet part of the state that a run continues from.
_STATE_DESPITE_READ_ONLY = {"lastspike", "not_refractory", "lastupdate"}

# Brian2's own templates that are known to be pure functions of the arrays; anything else is refused by name.
_TEMPLATES = {
    "stateupdate",
    "threshold",
    "reset",
    "synapses",
    "synapses_push_spikes",
    "summed_variable",
    "spikegenerator",
    "spikemonitor",
    "statemonitor",
    "ratemonitor",
}


# --------------------------------------------------------------------------------------------------- reading a network


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
    """

    key: str
    variable: Any
    shape: tuple[int, ...]
    dtype: np.dtype
    dimensions: Any
    constant: bool
    synaptic: bool


@dataclass(frozen=True)
class Monitor:
    """What a monitor records: ``kind`` is "spikes", "states" or "rate"."""

    name: str
    kind: str
    clock: str
    source: str
    size: int
    variables: tuple[str, ...]
    units: Mapping[str, Any]
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
    for obj in network.sorted_objects:
        for variable in getattr(obj, "variables", {}).values():
            if isinstance(variable, ArrayVariable) and not isinstance(variable.device, RuntimeDevice):
                raise BioplastError(
                    f"{obj.name!r} was made under set_device({type(variable.device).__name__}): "
                    "make the network under Brian2's default device, the target is chosen by compile()"
                )


def run_namespace(namespace: Mapping[str, Any] | None, level: int) -> dict[str, Any]:
    """The names that equations may refer to, as `brian2.Network.run` finds them."""
    return dict(get_local_namespace(level=level + 1)) if namespace is None else dict(namespace)


def clocks(network: brian2.Network) -> list[Clock]:
    """Every clock of the network, sorted by name."""
    found = {obj.clock.name: obj.clock for obj in network.sorted_objects}
    for clock in found.values():
        if not isinstance(clock, Clock):
            raise Unsupported(f"clock {clock.name!r} is a {type(clock).__name__}: only clocks with a fixed dt are lowered")
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
            found[f"{obj.name}.delay"] = _state_variable(f"{obj.name}.delay", delay, synaptic=True)
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


def _state_variable(key: str, variable: Any, synaptic: bool) -> StateVariable:
    value = variable.get_value()
    return StateVariable(
        key=key,
        variable=variable,
        shape=() if variable.scalar else np.shape(value),
        dtype=np.dtype(variable.dtype),
        dimensions=variable.dim,
        constant=bool(variable.constant),
        synaptic=synaptic,
    )


def read(variable: StateVariable) -> np.ndarray:
    """A copy of the value that the network has now, in SI base units."""
    return np.array(variable.variable.get_value()).reshape(variable.shape)


def write(variable: StateVariable, value: np.ndarray) -> None:
    """Put `value` (of the variable's shape) into the user's network."""
    variable.variable.get_value()[...] = np.reshape(value, np.shape(variable.variable.get_value()))


def pending_spikes(pathway: SynapticPathway) -> np.ndarray:
    """Spikes still on their way: [spikes, 2] of (steps until delivery, synapse), sorted."""
    state = pathway.queue._full_state()
    if len(state) == 3:  # Brian2's queue in pure Python, on machines without its compiled one
        raise Unsupported(f"{pathway.name!r}: Brian2's compiled spike queue is missing: reinstall brian2")
    offset, slots = state
    rows = [
        (k, synapse) for k in range(1, len(slots)) for synapse in slots[(offset + k) % len(slots)]
    ]
    return np.array(sorted(rows), dtype=np.int32).reshape(-1, 2)


def set_pending_spikes(pathway: SynapticPathway, pending: np.ndarray) -> None:
    """The inverse of `pending_spikes`, on the user's network."""
    pending = np.asarray(pending, dtype=np.int32).reshape(-1, 2)
    slots: list[list[int]] = [[] for _ in range(int(pending[:, 0].max(initial=0)) + 1)]
    for steps, synapse in pending:
        slots[steps].append(int(synapse))
    pathway.queue._restore_from_full_state((0, slots))


def monitors(network: brian2.Network) -> dict[str, Monitor]:
    """What the network records, by the monitor's name."""
    found = {}
    for obj in network.sorted_objects:
        if isinstance(obj, EventMonitor):
            names = tuple(sorted(obj.record_variables)) if obj.record else ()
            units = {n: get_unit(obj.variables[n].dim) for n in names}
            found[obj.name] = Monitor(
                obj.name, "spikes", obj.clock.name, obj.source.name, len(obj.source), names, units
            )
        elif isinstance(obj, StateMonitor):
            names = tuple(obj.record_variables)
            units = {n: get_unit(obj.variables[n].dim) for n in names}
            found[obj.name] = Monitor(
                obj.name, "states", obj.clock.name, obj.source.name, len(obj.record), names, units, np.array(obj.record)
            )
        elif isinstance(obj, PopulationRateMonitor):
            found[obj.name] = Monitor(
                obj.name, "rate", obj.clock.name, obj.source.name, 1, ("rate",), {"rate": brian2.hertz}
            )
    return dict(sorted(found.items()))


def descriptions(network: brian2.Network) -> dict[str, dict[str, Any]]:
    """Which definition and parameters made each group: what a recording says of its source."""
    try:
        from ..definition import definition_of
    except ImportError:
        definition_of = lambda g: None

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


# --------------------------------------------------------------------------------------------------------------- inputs


def spike_inputs(network: brian2.Network) -> dict[str, Any]:
    """The groups whose spikes `inputs` may replace, by name."""
    kinds = (brian2.SpikeGeneratorGroup, brian2.PoissonGroup)
    return {obj.name: obj for obj in network.sorted_objects if isinstance(obj, kinds)}


def timed_arrays(network: brian2.Network, namespace: Mapping[str, Any]) -> dict[str, TimedArray]:
    """The TimedArrays that equations may refer to, by the name used there and by their own name."""
    found: dict[str, TimedArray] = {}
    spaces = [namespace, *(getattr(obj, "namespace", None) or {} for obj in network.sorted_objects)]
    for space in spaces:
        for identifier, value in space.items():
            if isinstance(value, TimedArray):
                found[identifier] = value
                found.setdefault(value.name, value)
    return found


@contextlib.contextmanager
def replaced_timed_array(array: TimedArray, values: np.ndarray) -> Iterator[None]:
    """Let `array` have other values, for Brian2's own targets, until the end of the block."""
    other = TimedArray(Quantity(values, dim=array.dim), dt=array.dt * brian2.second)
    saved = {name: array.__dict__[name] for name in ("values", "implementations", "pyfunc")}
    array.__dict__.update({name: other.__dict__[name] for name in saved})
    try:
        yield
    finally:
        array.__dict__.update(saved)


def set_generated_spikes(group: Any, timebins: np.ndarray, indices: np.ndarray) -> None:
    """Make a SpikeGeneratorGroup emit these spikes (time step of its clock, neuron) instead of its own."""
    dt = group.clock.dt_
    group.set_spikes(indices, timebins * dt * brian2.second, sorted=True)


def spike_playback(group: Any, timebins: np.ndarray, indices: np.ndarray) -> NetworkOperation:
    """An operation that overwrites what `group` emits in each step with these spikes."""
    space = group.variables["_spikespace"].get_value()
    starts: dict[int, np.ndarray] = {}
    for step in np.unique(timebins):
        starts[int(step)] = indices[timebins == step]
    none = np.zeros(0, dtype=np.int32)
    timestep = group.clock.variables["timestep"]

    def overwrite() -> None:
        spikes = starts.get(int(timestep.get_value().item()), none)
        space[: len(spikes)] = spikes
        space[-1] = len(spikes)

    # after every thresholder of its slot, before anything that reads spikes
    threshold = group.thresholder["spike"]
    return NetworkOperation(overwrite, clock=group.clock, when=threshold.when, order=threshold.order + 0.5)


# ------------------------------------------------------------------------------------------------ recordings, NaN watch


def forget_recordings(network: brian2.Network) -> None:
    """Empty every monitor."""
    for obj in network.sorted_objects:
        if isinstance(obj, EventMonitor | StateMonitor | PopulationRateMonitor):
            for name in ("N", "count"):
                if name in obj.variables:
                    obj.variables[name].get_value()[...] = 0
            for variable in obj.variables.values():
                if isinstance(variable, DynamicArrayVariable) and variable.owner.name == obj.name:
                    variable.resize((0, variable.size[1]) if variable.ndim == 2 else 0)


def recordings(network: brian2.Network) -> dict[str, dict[str, np.ndarray]]:
    """Copies of what the monitors hold, by monitor and variable."""
    told = {}
    for name, monitor in monitors(network).items():
        variables = network[name].variables
        wanted = [*monitor.variables, *(["t"] if monitor.kind != "spikes" else [])]
        told[name] = {v: np.array(variables[v].get_value()) for v in wanted}
    return told


class Watch:
    """Looks for a state that has turned NaN or infinite every `period` seconds of a run with Brian2's own targets.

    Attributes
    ----------
    operation : NetworkOperation
        What makes the looks, to be part of the network.
    found : str or None
        Which variable, which neuron, when.
    """

    def __init__(self, network: brian2.Network, period: float):
        self.network = network
        self.watched = [
            v
            for v in state_variables(network).values()
            if v.dtype.kind == "f" and not v.constant and np.isfinite(read(v)).all()
        ]
        self.clock = min(clocks(network), key=lambda c: c.dt_)
        self.found: str | None = None
        self.last = network.t_
        every = max(int(round(period / self.clock.dt_)), 1)
        steps = iter(range(1, 2**62))

        def operation() -> None:
            if next(steps) % every == 0:
                self.look()
                if self.found is not None:
                    network.stop()

        self.operation = NetworkOperation(operation, clock=self.clock, when="end", order=2**31)

    def look(self) -> None:
        now = self.clock.t_ if self.network.t_ < self.clock.t_ else self.network.t_
        if self.found is not None:
            return
        for variable in self.watched:
            value = np.atleast_1d(variable.variable.get_value())
            if not np.isfinite(value).all():
                index = int(np.argmin(np.isfinite(value)))
                self.found = not_finite(variable.key, index, value[index], self.last, now, variable.synaptic)
                return
        self.last = now


def not_finite(key: str, index: int, value: float, last: float, now: float, synaptic: bool) -> str:
    """The line that says which state is not finite, where and when."""
    group, _, name = key.partition(".")
    return (
        f"{name} of {'synapse' if synaptic else 'neuron'} {index} in {group!r} is {value:g} at {now * 1e3:.10g} ms "
        f"(last finite at {last * 1e3:.10g} ms): a smaller dt or other parameters may help"
    )


# --------------------------------------------------------------------------------------------------- borrowing a network


@contextlib.contextmanager
def held(network: brian2.Network, arrays: bool) -> Iterator[None]:
    """Borrow the user's network: all that Brian2 changes in it until the end of the block is put back.

    Parameters
    ----------
    network : brian2.Network
        The user's network.
    arrays : bool
        Whether every state variable, monitor and spike queue is saved as well (for a run), or only those of clocks and
        spike generators (for a lowering, which changes no other).
    """
    with _borrowed:
        objects = list(network.sorted_objects)
        owned = [*objects, *clocks(network)]
        variables: dict[int, Any] = {}
        for obj in owned:
            if arrays or isinstance(obj, Clock | brian2.SpikeGeneratorGroup):
                for variable in getattr(obj, "variables", {}).values():
                    if isinstance(variable, ArrayVariable):
                        variables[id(variable)] = variable
        values = [(v, np.array(v.get_value(), copy=True), v.size) for v in variables.values()]
        dicts = [(obj.__dict__, _shallow(obj.__dict__)) for obj in [network, *owned]]
        members = [
            (obj.variables, dict(obj.variables._variables), dict(obj.variables.indices))
            for obj in owned
            if hasattr(obj, "variables")
        ]
        queues = [(p, p.queue._full_state()) for p in pathways(network)] if arrays else []
        runtime = brian2_device.active_device
        random_state = runtime.get_random_state()
        try:
            yield
        finally:
            for live, saved in dicts:
                _put_back(live, saved)
            for table, by_name, indices in members:
                table._variables.clear()
                table._variables.update(by_name)
                table.indices.clear()
                table.indices.update(indices)
            for variable, value, size in values:
                if isinstance(variable, DynamicArrayVariable):
                    variable.resize(size)
                variable.get_value()[...] = value
            for pathway, state in queues:
                pathway.queue._restore_from_full_state(state)
            runtime.set_random_state(random_state)


def _shallow(attributes: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """The attributes with a copy of each container, so that what was added to one can be taken out again."""
    return {
        name: (value, type(value)(value) if type(value) in (list, dict, set) else None)
        for name, value in attributes.items()
    }


def _put_back(live: dict[str, Any], saved: dict[str, tuple[Any, Any]]) -> None:
    for name in set(live) - set(saved):
        del live[name]
    for name, (value, content) in saved.items():
        if isinstance(content, list):
            value[:] = content
        elif content is not None:
            value.clear()
            value.update(content)
        live[name] = value


def explain(error: Exception) -> BioplastError:
    """Brian2's nested exceptions as one line that names the object and the cause."""
    where = ""
    if isinstance(error, BrianObjectException):
        match = re.search(r"Object was created here|Error encountered with object named '(\w+)'", str(error))
        where = f"{match.group(1)}: " if match and match.group(1) else ""
    cause: BaseException = error
    while cause.__cause__ is not None:
        cause = cause.__cause__
    text = str(cause.args[0] if isinstance(cause, KeyError) and cause.args else cause)
    kind = Unsupported if isinstance(cause, NotImplementedError | Unsupported) else BioplastError
    return kind(f"{where}{' '.join(text.split())}")


# -------------------------------------------------------------------------------------------------- lowering to C++ code


class _CodeObject(CPPStandaloneCodeObject):
    """Brian2's C++ code object. A class of its own, so that functions can be implemented for it alone."""


@dataclass
class Array:
    """An array of the C++ program; its content is data that the program reads when it starts."""

    name: str  # in the C++ program
    ctype: str
    size: int | None  # None: a vector whose length is data
    value: np.ndarray
    key: str | None = None  # its name among the program's values
    dimensions: int = 1
    vector: str = ""  # the name of the std::vector behind it
    written: bool = False  # whether the program changes it


@dataclass
class Runner:
    """One code object in Brian2's schedule."""

    name: str
    clock: str
    before: bool
    playback: str | None = None  # the spike space to overwrite after it, of a group whose spikes may be replaced


@dataclass
class Lowered:
    """A network as C++ sources and the data that they read: everything that a build and a run need."""

    sources: dict[str, str]
    arrays: list[Array]
    tables: list[Array]  # values of TimedArrays and of functions
    constants: list[tuple[str, Any]]
    runners: list[Runner]
    clocks: list[str]  # by their names in the user's network
    pathways: list[tuple[str, str]]  # name in the program, name in the user's network
    timed_arrays: dict[str, str]  # identifier or name of a TimedArray -> its table
    recorded: dict[str, dict[str, str]] = field(default_factory=dict)  # monitor -> variable -> array
    counters: dict[str, list[str]] = field(default_factory=dict)  # monitor -> arrays that count what it recorded
    clock_arrays: dict[str, dict[str, str]] = field(default_factory=dict)  # clock -> timestep, t, dt -> array
    generators: dict[str, dict[str, str]] = field(default_factory=dict)  # SpikeGeneratorGroup -> variable -> array
    playable: list[str] = field(default_factory=list)  # groups whose spikes may be overwritten, in the program's order
    watched: list[tuple[Array, str, bool]] = field(default_factory=list)  # array, key, synaptic
    compiler: dict[str, list[str]] = field(default_factory=dict)


class _Lowering(Device):
    """A device that only generates code: values stay where the runtime device keeps them."""

    def __init__(self, runtime: Device, threads: int):
        super().__init__()
        self.runtime = runtime
        self.threads = threads
        self.defaultclock = runtime.defaultclock
        self.build_options: dict[str, Any] = {}
        self.main_queue: list[Any] = []  # Brian2's code objects report their before and after blocks here
        self.code_objects: list[_CodeObject] = []
        self.arrays: dict[Any, str] = {}
        self.constants: list[tuple[str, Any]] = []
        self.tables: dict[str, np.ndarray] = {}
        self.timed: dict[int, tuple[TimedArray, str]] = {}
        self.identifiers: dict[str, str] = {}
        self.used_names: set[str] = set()
        self.renamed: list[tuple[Any, str]] = []

    # What code generation asks of a device ---------------------------------------------------------------------------

    def get_array_name(self, var: Any, access_data: bool = True) -> str:
        if var not in self.arrays:
            self.arrays[var] = self.unique(f"_array_{var.owner.name}_{var.name}")
        name = self.arrays[var]
        return name if access_data or not isinstance(var, DynamicArrayVariable) else f"_dynamic{name}"

    def code_object_class(self, codeobj_class: Any = None, fallback_pref: str = "") -> type[_CodeObject]:
        return _CodeObject

    def spike_queue(self, source_start: int, source_end: int) -> Any:
        return self.runtime.spike_queue(source_start, source_end)

    def seed(self, seed: Any = None) -> None:
        raise AssertionError("a lowering draws no random numbers")

    def code_object(
        self,
        owner: Any,
        name: str,
        abstract_code: Any,
        variables: dict[str, Any],
        template_name: str,
        variable_indices: Any,
        codeobj_class: Any = None,
        template_kwds: Any = None,
        override_conditional_write: Any = None,
        compiler_kwds: Any = None,
    ) -> Any:
        if template_name not in _TEMPLATES:
            raise Unsupported(f"{owner.name!r} uses {template_name!r}, which is not lowered to C++")
        for identifier, variable in variables.items():
            if isinstance(variable, TimedArray):
                self.lower_timed_array(identifier, variable, owner)
            elif isinstance(variable, Function):
                self.rename(variable)
        abstract_code = self.lift_refractory_period(owner, abstract_code, variables)
        kwds = dict(template_kwds or {}, user_headers=prefs["codegen.cpp.headers"], profiled=False)
        kwds["user_headers"] = kwds["user_headers"] + (compiler_kwds or {}).get("headers", [])
        codeobj = super().code_object(
            owner,
            self.unique(name.rstrip("*").removesuffix("_codeobject")),
            abstract_code,
            variables,
            template_name,
            variable_indices,
            codeobj_class=_CodeObject,
            template_kwds=kwds,
            override_conditional_write=override_conditional_write,
            compiler_kwds=compiler_kwds,
        )
        for variable in list(codeobj.variables.values()):
            if isinstance(variable, Function):
                self.collect_tables(variable, owner)
        self.code_objects.append(codeobj)
        return codeobj

    # Making data of what Brian2 writes into its sources ---------------------------------------------------------------

    def lift_refractory_period(self, owner: Any, abstract_code: Any, variables: dict[str, Any]) -> Any:
        """A refractory period given as a quantity becomes a constant with a name, so that its value is data."""
        period = getattr(owner, "_refractory", None)
        code = abstract_code.get(None) if isinstance(abstract_code, dict) else None
        if not isinstance(period, Quantity) or code is None:
            return abstract_code
        literal = f"timestep({float(period)}, dt)"
        if literal not in code:
            return abstract_code
        name = "_refractory_period"
        variables[name] = Constant(name, value=float(period), dimensions=brian2.second.dim)
        return {**abstract_code, None: code.replace(literal, f"timestep({name}, dt)", 1)}

    def lower_timed_array(self, identifier: str, array: TimedArray, owner: Any) -> None:
        """A TimedArray whose values, length and alignment with the clock are all read when the program starts."""
        if id(array) not in self.timed:
            self.timed[id(array)] = (array, self.unique("_timedarray"))
        name = self.timed[id(array)][1]
        self.identifiers.setdefault(identifier, name)
        self.identifiers.setdefault(array.name, name)
        step = f"{name}_{owner.clock.name}"  # how the values align depends on the clock of the group that asks
        rows, columns = array.values.shape if array.values.ndim == 2 else (len(array.values), 1)
        self.tables[f"{name}_values"] = np.ascontiguousarray(array.values).reshape(-1)
        k = _find_K(owner.clock.dt_, array.dt)
        # Brian2 prints dt with 18 decimals into its own C++
        self.tables[f"{step}_grid"] = np.array([float(f"{array.dt:.18f}") / k, k, rows, columns], dtype=np.float64)
        two = array.values.ndim == 2
        code = f"""
        static inline double {step}(const double t{", const int i" if two else ""})
        {{
            const double epsilon = _namespace{step}_grid[0];
            const int rows = (int)_namespace{step}_grid[2];
            {"const int columns = (int)_namespace" + step + "_grid[3];" if two else ""}
            {"if (i < 0 || i >= columns) return NAN;" if two else ""}
            int step = (int)((t/epsilon + 0.5)/_namespace{step}_grid[1]);
            step = step < 0 ? 0 : (step >= rows ? rows - 1 : step);
            return _namespace{name}_values[{"step*columns + i" if two else "step"}];
        }}
        """
        namespace = {f"{name}_values": self.tables[f"{name}_values"], f"{step}_grid": self.tables[f"{step}_grid"]}
        array.implementations.add_implementation(_CodeObject, code, namespace=namespace, name=step)

    def collect_tables(self, function: Function, owner: Any) -> None:
        """The arrays that a user's function brings along."""
        implementation = function.implementations[_CodeObject]
        self.tables.update(implementation.get_namespace(owner) or {})
        for dependency in (implementation.dependencies or {}).values():
            self.collect_tables(dependency, owner)

    def constant_lines(self, codeobj: _CodeObject) -> str:
        """The declarations that Brian2 leaves open in each code object."""
        lines: dict[str, None] = {}
        for key, variable in sorted(codeobj.variables.items()):
            if isinstance(variable, DynamicArrayVariable):
                if variable.ndim == 1:
                    name, vector = self.get_array_name(variable), self.get_array_name(variable, access_data=False)
                    ctype = c_data_type(variable.dtype)
                    lines[f"{ctype}* const {name} = {vector}.empty() ? 0 : &{vector}[0];"] = None
                    lines[f"const size_t _num{key} = {vector}.size();"] = None
            elif isinstance(variable, ArrayVariable):
                lines[f"const size_t _num{key} = {int(np.size(variable.get_value()))};"] = None
            elif isinstance(variable, Constant):
                lines[f"const {c_data_type(variable.dtype)} {key} = {self.constant(key, variable)};"] = None
        return "\n".join(lines)

    def constant(self, name: str, variable: Constant) -> str:
        """What belongs to a group (its size) is part of the program, as is a unit; the user's own constants are data."""
        outside = variable.owner is None and not (
            name in _UNIT_NAMES and float(variable.value) == float(_UNIT_NAMES[name])
        )
        if outside and not isinstance(variable.value, bool | np.bool_) and np.isfinite(float(variable.value)):
            entry = (name, float(variable.value))
            if entry not in self.constants:
                self.constants.append(entry)
            cast = "" if np.dtype(variable.dtype).kind == "f" else f"({c_data_type(variable.dtype)})"
            return f"{cast}_constants[{self.constants.index(entry)}]"
        return CPPNodeRenderer().render_expr(repr(_plain(variable.value)))

    # Names that do not depend on what else the process has made -------------------------------------------------------

    def unique(self, name: str) -> str:
        candidate, k = name, 1
        while candidate in self.used_names:
            candidate, k = f"{name}_{k}", k + 1
        self.used_names.add(candidate)
        return candidate

    def rename(self, obj: Any, name: str | None = None) -> None:
        """Give an object a name that is the same in every process, until the lowering ends."""
        current = getattr(obj, "_name", None)
        if current is None or any(other is obj for other, _ in self.renamed):
            return
        self.renamed.append((obj, current))
        object.__setattr__(obj, "_name", name if name is not None else self.unique(_stem(obj)))

    def rename_back(self) -> None:
        for obj, name in reversed(self.renamed):
            object.__setattr__(obj, "_name", name)


# The variables of a SpikeGeneratorGroup that say what it emits when.
_GENERATED = ("neuron_index", "_timebins", "_lastindex", "_period_bins")

_UNIT_NAMES: dict[str, Any] = {str(unit): unit for unit in all_units}


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic | np.ndarray) else value


def _stem(obj: Any) -> str:
    """An automatic name (neurongroup_12) without its number, which counts what else the process has made."""
    kind = type(obj).__name__.lower()
    match = re.fullmatch(rf"_?{kind}(_\d+)?", obj._name)
    return obj._name.removesuffix(match.group(1) or "") if match else re.sub(r"_\d+$", "", obj._name)


def _by_number(text: str) -> list[Any]:
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", text)]


def _remembered_integration(apply: Callable[..., Any]) -> Callable[..., Any]:
    """Brian2's choice and derivation of an integration scheme, kept on disk: solving linear equations takes seconds."""

    def known(variable: Any) -> str:
        if isinstance(variable, Function):
            return f"{type(variable).__name__} {variable._return_unit} {variable.stateless}"
        return f"{type(variable).__name__} {variable.constant} {variable.scalar} {variable.array} {variable.dim!r}"

    def remembering(equations: Any, variables: Any, method: Any, method_options: Any = None, group_name: Any = None) -> Any:
        registered = StateUpdateMethod.stateupdaters.get(method, method)
        own = method is None or type(registered).__module__.startswith("brian2.stateupdaters")
        if not own or method_options or method == "gsl" or "gsl" in str(method):
            return apply(equations, variables, method, method_options=method_options, group_name=group_name)
        told = [f"{name}: {known(variables[name])}" for name in sorted(variables)]
        question = "\n".join([brian2.__version__, sympy.__version__, str(method), str(equations), *told])
        return cache.remembered(question, lambda: apply(equations, variables, method, group_name=group_name))

    return remembering


@contextlib.contextmanager
def _generating(device: Device, threads: int) -> Iterator[None]:
    """Let Brian2 generate code for `device`, until the end of the block."""
    saved_device = brian2_device.active_device
    saved_threads = prefs.devices.cpp_standalone.openmp_threads
    saved_integration = StateUpdateMethod.apply_stateupdater
    brian2_device.active_device = device
    prefs.devices.cpp_standalone.openmp_threads = threads
    StateUpdateMethod.apply_stateupdater = staticmethod(_remembered_integration(saved_integration))
    try:
        yield
    finally:
        StateUpdateMethod.apply_stateupdater = staticmethod(saved_integration)
        brian2_device.active_device = saved_device
        prefs.devices.cpp_standalone.openmp_threads = saved_threads


def lower(network: brian2.Network, namespace: Mapping[str, Any], threads: int = 0) -> Lowered:
    """Generate the C++ sources of a network and gather the data that they read.

    Parameters
    ----------
    network : brian2.Network
        The user's network; left as it was.
    namespace : mapping
        The names that the equations may refer to.
    threads : int
        Threads for OpenMP; 0 leaves OpenMP out.

    Raises
    ------
    Unsupported
        For an object or construct that has no C++ form, by its name.
    """
    _refuse_python_objects(network)
    user_names = {id(obj): obj.name for obj in [*network.sorted_objects, *clocks(network)]}
    schedule = list(network.sorted_objects)  # in the order of the user's names, which break ties
    with held(network, arrays=False):
        device = _Lowering(brian2_device.active_device, threads)
        try:
            _rename_objects(device, network)
            with _generating(device, threads):
                duration = 0.0
                network._clocks = set(clocks(network))
                for clock in network._clocks:
                    clock.set_interval(network.t_ * brian2.second, (network.t_ + duration) * brian2.second)
                try:
                    network.before_run(namespace)
                    for obj in schedule:
                        for codeobj in obj._code_objects if obj.active else ():
                            codeobj.after_run()
                except Exception as error:
                    raise explain(error) from error
                return _assemble(device, network, schedule, user_names, threads)
        finally:
            for array, _ in device.timed.values():
                array.implementations._implementations.pop(_CodeObject, None)
            device.rename_back()


def _refuse_python_objects(network: brian2.Network) -> None:
    for obj in network.sorted_objects:
        if obj.active and isinstance(obj, NetworkOperation):
            raise Unsupported(
                f"{obj.name!r} is a Python function that runs in every step (network_operation): "
                "targets cpp and openmp cannot run it; use target='numpy' or 'cython'"
            )


def _rename_objects(device: _Lowering, network: brian2.Network) -> None:
    objects = sorted(network.sorted_objects, key=lambda o: _by_number(o.name))
    contained = {id(part): (whole, part.name[len(whole.name) :]) for whole in objects for part in whole.contained_objects}
    for obj in [*clocks(network), *objects]:
        if id(obj) not in contained:
            device.rename(obj)
    for obj in objects:
        if id(obj) in contained:
            whole, suffix = contained[id(obj)]
            device.rename(obj, device.unique(f"{whole.name}{suffix}"))
    for obj in objects:  # groups that are only referred to: linked variables, subgroups
        for variable in getattr(obj, "variables", {}).values():
            owner = getattr(variable, "owner", None)
            if isinstance(variable, ArrayVariable) and owner is not None and hasattr(owner, "_name"):
                target = getattr(owner, "__repr__", None)
                device.rename(target.__self__ if target is not None else owner)


def _assemble(
    device: _Lowering,
    network: brian2.Network,
    schedule: list[Any],
    user_names: dict[int, str],
    threads: int,
) -> Lowered:
    to_user = {obj.name: user_names[id(obj)] for obj in [*schedule, *clocks(network)]}
    state = {id(v.variable): v for v in state_variables(network).values()}
    for clock in clocks(network):
        for name in ("timestep", "t", "dt"):
            device.get_array_name(clock.variables[name])
    recorded = {}
    for name, monitor in monitors(network).items():
        variables = network[name].variables
        wanted = [*monitor.variables, *(["t"] if monitor.kind != "spikes" else [])]
        recorded[to_user[name]] = {v: device.get_array_name(variables[v]) for v in wanted}
    counters = {
        to_user[name]: [device.get_array_name(network[name].variables[v]) for v in ("N", "count") if v in network[name].variables]
        for name in monitors(network)
    }
    generators = {
        to_user[obj.name]: {v: device.get_array_name(obj.variables[v]) for v in _GENERATED}
        for obj in schedule
        if isinstance(obj, brian2.SpikeGeneratorGroup)
    }
    spaces = {
        group.thresholder["spike"].name: (name, device.get_array_name(group.variables["_spikespace"]))
        for name, group in spike_inputs(network).items()
        if not isinstance(group, brian2.SpikeGeneratorGroup)
    }

    sources: dict[str, str] = {}
    runners: list[Runner] = []
    playable: list[str] = []
    for obj in schedule:
        for codeobj in obj._code_objects if obj.active else ():
            group, space = spaces.get(obj.name, ("", None))
            if space:
                playable.append(to_user[group])
            runners.append(Runner(codeobj.name, to_user[obj.clock.name], "before_run" in codeobj.before_after_blocks, space))
    for codeobj in device.code_objects:
        constants = device.constant_lines(codeobj)
        for block in ("", *(f"{b}_" for b in codeobj.before_after_blocks if b == "before_run")):
            text = getattr(codeobj.code, f"{block}cpp_file").replace("%CONSTANTS%", constants)
            sources[f"code_objects/{block}{codeobj.name}.cpp"] = _tidy(text)
            sources[f"code_objects/{block}{codeobj.name}.h"] = getattr(codeobj.code, f"{block}h_file")

    written = _written_variables(device)
    lowered = Lowered(
        sources=sources,
        arrays=[],
        tables=[
            Array(name, c_data_type(value.dtype), None, np.ascontiguousarray(value).reshape(-1))
            for name, value in sorted(device.tables.items())
        ],
        constants=device.constants,
        runners=runners,
        clocks=[to_user[clock.name] for clock in clocks(network)],
        pathways=[(p.name, to_user[p.name]) for p in pathways(network)],
        timed_arrays=device.identifiers,
        recorded=recorded,
        counters=counters,
        clock_arrays={
            to_user[c.name]: {n: device.get_array_name(c.variables[n]) for n in ("timestep", "t", "dt")}
            for c in clocks(network)
        },
        generators=generators,
        playable=playable,
        compiler=_compiler_options(device),
    )
    for variable, name in sorted(device.arrays.items(), key=lambda item: item[1]):
        known = state.get(id(variable))
        key = None
        if known is not None:
            owner, _, rest = known.key.partition(".")
            key = f"{to_user.get(owner, owner)}.{rest}"
        array = _array(variable, name, key, variable in written)
        lowered.arrays.append(array)
        if known is not None and array.written and known.dtype.kind == "f":
            lowered.watched.append((array, array.key, known.synaptic))
    _brian2_sources(device, network, lowered, threads)
    return lowered


def _array(variable: Any, name: str, key: str | None, written: bool) -> Array:
    vector = isinstance(variable, DynamicArrayVariable)
    value = np.array(variable.get_value())
    return Array(
        name=name,
        ctype=c_data_type(variable.dtype),
        size=None if vector else int(value.size),
        value=value,
        key=key,
        dimensions=variable.ndim if vector else 1,
        vector=f"_dynamic{name}" if vector else "",
        written=written,
    )


def _written_variables(device: _Lowering) -> set[Any]:
    """The variables that code changes: all that are not constant, of every code object."""
    return {
        variable
        for codeobj in device.code_objects
        for variable in codeobj.variables.values()
        if isinstance(variable, ArrayVariable) and not variable.constant
    } | {codeobj.owner.variables[name] for codeobj in device.code_objects for name in _recorded(codeobj)}


def _recorded(codeobj: _CodeObject) -> list[str]:
    if codeobj.template_name in ("spikemonitor", "statemonitor"):
        return [*codeobj.owner.record_variables, *(["t"] if codeobj.template_name == "statemonitor" else [])]
    return ["rate", "t"] if codeobj.template_name == "ratemonitor" else []


def _tidy(text: str) -> str:
    """Sort the lines whose order Brian2 takes from a set, so that equal networks have equal sources."""
    head, mark, rest = text.partition("///// POINTERS ////////////")
    if not mark:
        return text
    lines = rest.split("\n")
    start = 1
    end = start
    while end < len(lines) and re.match(r"\s*[\w:]+\s*\*?\s*(\*|__restrict|_namespace)?.*=.*;$", lines[end]):
        end += 1
    return head + mark + "\n".join([lines[0], *sorted(lines[start:end]), *lines[end:]])


def _compiler_options(device: _Lowering) -> dict[str, list[str]]:
    options: dict[str, list[str]] = {
        "include_dirs": list(prefs["codegen.cpp.include_dirs"]),
        "define_macros": list(prefs["codegen.cpp.define_macros"]),
        "libraries": list(prefs["codegen.cpp.libraries"]),
        "library_dirs": list(prefs["codegen.cpp.library_dirs"]),
        "runtime_library_dirs": list(prefs["codegen.cpp.runtime_library_dirs"]),
        "sources": [],
    }
    for codeobj in device.code_objects:
        for name, values in (codeobj.compiler_kwds or {}).items():
            if name in options:
                options[name] += [v for v in values if v not in options[name]]
    return options


def compiler_flags() -> list[str]:
    """The flags for gcc and clang that Brian2's preferences ask for."""
    flags = prefs["codegen.cpp.extra_compile_args"]
    return list(prefs["codegen.cpp.extra_compile_args_gcc"] if flags is None else flags)


def _brian2_sources(device: _Lowering, network: brian2.Network, lowered: Lowered, threads: int) -> None:
    """What the generated code includes: Brian2's own headers, and this project's program around it."""
    standalone = resources.files("brian2.devices.cpp_standalone") / "brianlib"
    for name in ("clocks.h", "common_math.h", "dynamic_array.h"):
        lowered.sources[f"brianlib/{name}"] = (standalone / name).read_text()
    synapses = resources.files("brian2.synapses")
    for name in ("spikequeue.h", "stdint_compat.h"):
        lowered.sources[f"brianlib/{name}"] = (synapses / name).read_text()
    classes = _CodeObject.templater.synapses_classes(None, None)
    lowered.sources["synapses_classes.h"] = classes.h_file
    ranges = {
        p.name: (
            device.get_array_name(p.synapse_sources, access_data=False),
            int(p.source.start),
            int(p.source.stop),
        )
        for p in pathways(network)
    }
    from .sources import render

    lowered.sources.update(
        render(
            lowered,
            threads=threads,
            pathways=ranges,
            clocks=lowered.clock_arrays,
            headers=list(prefs["codegen.cpp.headers"]),
        )
    )


Report = Callable[[float, float], None]  # (fraction done, seconds elapsed)


def run_with_brian2(
    network: brian2.Network,
    duration: float,
    namespace: Mapping[str, Any],
    codegen_target: str,
    seed: int,
    report: Report | None,
    extra: list[NetworkOperation],
) -> bool:
    """Run the user's network in place with one of Brian2's runtime targets; False when it was stopped early."""
    saved = prefs.codegen.target
    prefs.codegen.target = codegen_target
    brian2_device.active_device.seed(seed)
    for operation in extra:
        network.objects.add(operation)  # `held` takes it out again; add() would warn about its clock
    t_end = network.t_ + duration

    def tell(elapsed: Any, completed: float, start: Any, span: Any) -> None:
        if report is not None:
            report(float(completed), float(elapsed))

    try:
        network.run(
            duration * brian2.second,
            report=tell if report is not None else None,
            report_period=0.2 * brian2.second,
            namespace=dict(namespace),
        )
    except BrianObjectException as error:
        raise explain(error) from error
    finally:
        prefs.codegen.target = saved
    return network.t_ == t_end
