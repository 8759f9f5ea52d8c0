"""A live network as C++ sources and the data that they read."""

from __future__ import annotations

import contextlib
import itertools
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import resources
from typing import Any

import brian2
import numpy as np
from brian2.codegen.generators.cpp_generator import c_data_type
from brian2.core.preferences import prefs
from brian2.core.variables import ArrayVariable, DynamicArrayVariable
from brian2.groups.subgroup import Subgroup

from ...errors import BioplastError
from ..cpp.device import CodeObject
from ..network.borrow import brian2_device, explain, held
from ..network.clocks import clocks
from ..network.generate import generating
from ..network.inputs import spike_inputs, timed_arrays
from ..network.monitors import monitors
from ..network.pathways import pathways
from ..network.refusals import refuse_python_objects
from ..network.state import state_variables
from .lifting import Lifting


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
class Pathway:
    """A synaptic pathway: its name in the program and in the user's network, and where its spikes come from."""

    name: str
    key: str
    sources: str  # the vector of each synapse's source
    start: int  # the range of source neurons
    stop: int


@dataclass
class Lowered:
    """A network as C++ sources and the data that they read: everything that a build and a run need."""

    sources: dict[str, str]
    arrays: list[Array]
    tables: list[Array]  # values of TimedArrays and of functions
    constants: list[tuple[str, Any]]
    runners: list[Runner]
    clocks: list[str]  # by their names in the user's network
    pathways: list[Pathway]
    timed_arrays: dict[str, str] = field(default_factory=dict)  # identifier or name of a TimedArray -> its table
    recorded: dict[str, dict[str, str]] = field(default_factory=dict)  # monitor -> variable -> array
    counters: dict[str, list[str]] = field(default_factory=dict)  # monitor -> arrays that count what it recorded
    clock_arrays: dict[str, dict[str, str]] = field(default_factory=dict)  # clock -> timestep, t, dt -> array
    generators: dict[str, dict[str, str]] = field(default_factory=dict)  # SpikeGeneratorGroup -> variable -> array
    playable: list[str] = field(default_factory=list)  # groups whose spikes may be overwritten, in the program's order
    watched: list[tuple[Array, str, bool]] = field(default_factory=list)  # array, key, synaptic
    compiler: dict[str, list[Any]] = field(default_factory=dict)


# The variables of a SpikeGeneratorGroup that say what it emits when.
_GENERATED = ("neuron_index", "_timebins", "_lastindex", "_period_bins")


@dataclass
class Prepared:
    """A network whose code a device has generated, while the network is borrowed."""

    device: Any
    network: brian2.Network
    schedule: list[Any]  # its objects in the order of the user's names, which break ties
    user_names: dict[int, str]
    timed_arrays: dict[str, Any]


@contextlib.contextmanager
def prepared(
    network: brian2.Network,
    namespace: Mapping[str, Any],
    make_device: Callable[[Any], Any],
    where: str,
    threads: int = 0,
    generate: Callable[[Any], None] | None = None,
) -> Iterator[Prepared]:
    """Let a device generate the code of a network, which is borrowed until the end of the block.

    Parameters
    ----------
    network : brian2.Network
    namespace : mapping
        The names that the equations may refer to.
    make_device : callable
        Makes the device (a `Lifting`) when it is given the runtime device.
    where : str
        What the code is generated for, for refusals.
    threads : int
        Threads for OpenMP.
    generate : callable, optional
        Makes the device generate the code; by default Brian2's preparation of a run does.
    """
    refuse_python_objects(network, where)
    user_names = {id(obj): obj.name for obj in [*network.sorted_objects, *clocks(network)]}
    schedule = list(network.sorted_objects)
    known = timed_arrays(network, namespace)
    with held(network, arrays=False):
        device = make_device(brian2_device.active_device)
        try:
            _rename_objects(device, network)
            with generating(device, threads):
                network._clocks = set(clocks(network))
                for clock in network._clocks:
                    clock.set_interval(network.t_ * brian2.second, network.t_ * brian2.second)
                for pathway in pathways(network):
                    if not len(pathway.synapses) and not pathway.synapses._connect_called:
                        raise BioplastError(f"{pathway.synapses.name!r} has no synapses: call its connect() first")
                    pathway._pushspikes_codeobj = None  # Brian2 keeps that of an earlier run
                try:
                    if generate is not None:
                        generate(device)
                    else:
                        network.before_run(namespace)
                        for obj in schedule:
                            for codeobj in obj._code_objects if obj.active else ():
                                codeobj.after_run()
                except Exception as error:
                    raise explain(error, {obj._name: name for obj, name in device.renamed}) from error
                names = {name: device.timed[id(a)][1] for name, a in known.items() if id(a) in device.timed}
                yield Prepared(device, network, schedule, user_names, names)
        finally:
            device.forget_functions()
            device.rename_back()


def _by_number(text: str) -> list[Any]:
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", text)]


def _rename_objects(device: Lifting, network: brian2.Network) -> None:
    objects = sorted(network.sorted_objects, key=lambda o: _by_number(o.name))
    contained = {
        id(part): (whole, part.name[len(whole.name) :]) for whole in objects for part in whole.contained_objects
    }
    for obj in [*clocks(network), *objects]:
        if id(obj) not in contained:
            device.rename(obj)
    for obj in objects:
        if id(obj) in contained:
            whole, suffix = contained[id(obj)]
            device.rename(obj, whole.name + re.sub(r"_\d+$", "", suffix))
    for obj in objects:  # groups that are only referred to: linked variables, subgroups
        for end in ("source", "target"):
            group = _itself(getattr(obj, end, None))
            device.rename(group, f"{group.source.name}_subgroup" if isinstance(group, Subgroup) else None)
        for variable in getattr(obj, "variables", {}).values():
            owner = getattr(variable, "owner", None)
            if isinstance(variable, ArrayVariable) and hasattr(owner, "_name"):
                device.rename(_itself(owner))


def _itself(obj: Any) -> Any:
    """The object that a weak proxy stands for."""
    return getattr(obj.__repr__, "__self__", obj)


def describe(ready: Prepared) -> Lowered:
    """The arrays, schedule, inputs and recordings of a network whose code was generated; sources are left out."""
    device, network, schedule, user_names = ready.device, ready.network, ready.schedule, ready.user_names
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
        to_user[name]: [
            device.get_array_name(network[name].variables[v]) for v in ("N", "count") if v in network[name].variables
        ]
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

    runners: list[Runner] = []
    playable: list[str] = []
    for obj in schedule:
        for codeobj in obj._code_objects if obj.active else ():
            group, space = spaces.get(obj.name, ("", None))
            if space:
                playable.append(to_user[group])
            runners.append(
                Runner(codeobj.name, to_user[obj.clock.name], "before_run" in codeobj.before_after_blocks, space)
            )
    written = _written_variables(device)
    lowered = Lowered(
        sources={},
        arrays=[],
        tables=[
            Array(name, c_data_type(value.dtype), None, np.ascontiguousarray(value).reshape(-1))
            for name, value in sorted(device.tables.items())
        ],
        constants=list(device.constants.items()),
        runners=runners,
        clocks=[to_user[clock.name] for clock in clocks(network)],
        pathways=[
            Pathway(
                p.name,
                to_user[p.name],
                device.get_array_name(p.synapse_sources, access_data=False),
                int(p.source.start),
                int(p.source.stop),
            )
            for p in pathways(network)
        ],
        recorded=recorded,
        counters=counters,
        clock_arrays={
            to_user[c.name]: {n: device.get_array_name(c.variables[n]) for n in ("timestep", "t", "dt")}
            for c in clocks(network)
        },
        generators=generators,
        playable=playable,
        compiler=_compiler_options(device),
        timed_arrays=ready.timed_arrays,
    )
    for variable, name in sorted(device.arrays.items(), key=lambda item: item[1]):
        known = state.get(id(variable))
        key = None
        if known is not None:
            owner, _, rest = known.key.partition(".")
            key = f"{to_user.get(owner, owner)}.{rest}"
        array = _array(variable, name, key, variable in written)
        lowered.arrays.append(array)
        if known is not None and array.written and known.may_diverge:
            lowered.watched.append((array, key or name, known.synaptic))
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


def _written_variables(device: Lifting) -> set[Any]:
    """The variables that code changes: all that are not constant, of every code object."""
    return {
        variable
        for codeobj in device.generated
        for variable in codeobj.variables.values()
        if isinstance(variable, ArrayVariable) and not variable.constant
    } | {codeobj.owner.variables[name] for codeobj in device.generated for name in _recorded(codeobj)}


def _recorded(codeobj: Any) -> list[str]:
    if codeobj.template_name in ("spikemonitor", "statemonitor"):
        return [*codeobj.owner.record_variables, *(["t"] if codeobj.template_name == "statemonitor" else [])]
    return ["rate", "t"] if codeobj.template_name == "ratemonitor" else []


_BRIANS_POWER = "#define _brian_pow(x, y) (pow((x), (y)))"
_POWER = "#define _brian_pow(x, y) (powers::power((x), (y)))"
_POINTER = re.compile(r"\s*[\w:]+\*\s.*\b(_ptr|_namespace)\w+ = \w+;")


def tidy(text: str, vectors: list[str]) -> str:
    """Undo what Brian2 takes from the order of a set or from a vector's length, so that it changes no source.

    And let powers be taken as in powers.h.
    """
    lines: list[str] = []
    given = text.replace(_BRIANS_POWER, _POWER).split("\n")
    for pointers, group in itertools.groupby(given, lambda line: bool(_POINTER.fullmatch(line))):
        found = list(group)
        lines += sorted(_restricted(line, vectors) for line in found) if pointers else found
    return "\n".join(lines)


def _restricted(line: str, vectors: list[str]) -> str:
    """Brian2 does not restrict the pointer to a vector of length 1."""
    name = line.rpartition(" = ")[2].rstrip(";")
    return line.replace("*   _ptr", "* __restrict  _ptr") if name in vectors else line


def _compiler_options(device: Lifting) -> dict[str, list[Any]]:
    options: dict[str, list[Any]] = {
        "include_dirs": list(prefs["codegen.cpp.include_dirs"]),
        "define_macros": list(prefs["codegen.cpp.define_macros"]),
        "libraries": list(prefs["codegen.cpp.libraries"]),
        "library_dirs": list(prefs["codegen.cpp.library_dirs"]),
        "runtime_library_dirs": list(prefs["codegen.cpp.runtime_library_dirs"]),
        "sources": [],
        "headers": list(prefs["codegen.cpp.headers"]),
    }
    for codeobj in device.generated:
        for name, values in (codeobj.compiler_kwds or {}).items():
            if name in options:
                options[name] += [v for v in values if v not in options[name]]
    return options


def brian2_headers() -> dict[str, str]:
    """What the generated code includes of Brian2's own."""
    standalone = resources.files("brian2.devices.cpp_standalone") / "brianlib"
    headers = {f"brianlib/{n}": (standalone / n).read_text() for n in ("clocks.h", "common_math.h", "dynamic_array.h")}
    synapses = resources.files("brian2.synapses")
    queue = synapses / "spikequeue.h"
    if not queue.is_file():  # Brian2 2.9 copies it from a file of another name
        queue = synapses / "cspikequeue.cpp"
    headers["brianlib/spikequeue.h"] = queue.read_text()
    headers["brianlib/stdint_compat.h"] = (synapses / "stdint_compat.h").read_text()
    headers["synapses_classes.h"] = CodeObject.templater.synapses_classes(None, None).h_file
    return headers
