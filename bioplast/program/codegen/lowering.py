"""A live network as C++ sources and the data that they read."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import brian2
import numpy as np
from brian2.codegen.generators.cpp_generator import c_data_type
from brian2.core.preferences import prefs
from brian2.core.variables import ArrayVariable, DynamicArrayVariable
from brian2.groups.subgroup import Subgroup

from ..network.borrow import brian2_device, explain, held
from ..network.clocks import clocks
from ..network.generate import generating
from ..network.inputs import spike_inputs, timed_arrays
from ..network.monitors import monitors
from ..network.pathways import pathways
from ..network.refusals import refuse_python_objects
from ..network.state import state_variables
from .lifting import Lifting
from .lowered import Array, Lowered, Pathway, Runner

# The variables of a SpikeGeneratorGroup that say what it emits when.
_GENERATED = ("neuron_index", "_timebins", "_lastindex", "_period_bins")


@dataclass(frozen=True, eq=False)
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
            with generating(device, network, threads):
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


def describe(ready: Prepared, sources: Mapping[str, str]) -> Lowered:
    """The arrays, schedule, inputs and recordings of a network whose code was generated, beside its sources."""
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
    growing = {name for names in recorded.values() for name in names.values()}
    arrays: list[Array] = []
    watched: list[tuple[Array, str, bool]] = []
    for variable, name in sorted(device.arrays.items(), key=lambda item: item[1]):
        known = state.get(id(variable))
        key = None
        if known is not None:
            owner, _, rest = known.key.partition(".")
            key = f"{to_user.get(owner, owner)}.{rest}"
        array = _array(variable, name, key, variable in written, name in growing)
        arrays.append(array)
        if known is not None and array.written and known.may_diverge:
            watched.append((array, key or name, known.synaptic))
    return Lowered(
        sources=dict(sources),
        arrays=arrays,
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
                device.get_array_name(p.variables["delay"], access_data=False),
                c_data_type(p.variables["delay"].dtype),
                int(p.source.start),
                int(p.source.stop),
            )
            for p in pathways(network)
            if p.active
        ],
        recorded=recorded,
        counters=counters,
        counts={
            to_user[name]: device.get_array_name(network[name].variables["count"])
            for name, monitor in monitors(network).items()
            if monitor.kind == "spikes"
        },
        clock_arrays={
            to_user[c.name]: {n: device.get_array_name(c.variables[n]) for n in ("timestep", "t", "dt")}
            for c in clocks(network)
        },
        generators=generators,
        playable=playable,
        compiler=_compiler_options(device),
        timed_arrays=ready.timed_arrays,
        watched=watched,
    )


def _array(variable: Any, name: str, key: str | None, written: bool, grows: bool) -> Array:
    vector = isinstance(variable, DynamicArrayVariable)
    value = variable.get_value()
    # that of a state variable comes with each call
    value = np.array(value) if key is None else np.broadcast_to(value.dtype.type(0), value.shape)
    return Array(
        name=name,
        ctype=c_data_type(variable.dtype),
        size=None if vector else int(value.size),
        value=value,
        key=key,
        dimensions=variable.ndim if vector else 1,
        vector=f"_dynamic{name}" if vector else "",
        grows=grows,
        written=written,
    )


# What these write is in their statements; other templates write more.
_STATEMENTS_ALONE = frozenset({"synapses", "stateupdate", "reset"})


def _written_variables(device: Lifting) -> set[Any]:
    """The variables that code changes: of statements those that are assigned to, of other code all that may change."""
    written = set()
    for codeobj in device.generated:
        for name, variable in codeobj.variables.items():
            if isinstance(variable, ArrayVariable) and not variable.constant:
                assigned = device.assigned[codeobj.name] if codeobj.template_name in _STATEMENTS_ALONE else {name}
                if name in assigned:
                    written.add(variable)
        written |= {codeobj.owner.variables[name] for name in _recorded(codeobj)}
    return written


def _recorded(codeobj: Any) -> list[str]:
    if codeobj.template_name in ("spikemonitor", "statemonitor"):
        return [*codeobj.owner.record_variables, *(["t"] if codeobj.template_name == "statemonitor" else [])]
    return ["rate", "t"] if codeobj.template_name == "ratemonitor" else []


def _of_brian2(place: str) -> bool:
    """Whether a folder is one of Brian2's own.

    When Cython compiles for it, Brian2 adds such folders to the preference, for good. No program needs them, and its
    build would be another one from then on.
    """
    return Path(place).is_relative_to(Path(brian2.__file__).parent)


def _compiler_options(device: Lifting) -> dict[str, list[Any]]:
    options: dict[str, list[Any]] = {
        "include_dirs": [place for place in prefs["codegen.cpp.include_dirs"] if not _of_brian2(place)],
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
