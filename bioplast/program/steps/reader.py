"""A live network as `Steps`: Brian2's own abstract code, read as Brian2's NumPy target would translate it."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

import brian2
import numpy as np
from brian2.core.base import BrianObject
from brian2.core.variables import Subexpression
from brian2.parsing.expressions import parse_expression_dimensions

from ...definition.declared import DeclaredSynapses
from ...errors import BioplastError, Unsupported
from ..network.borrow import brian2_device, explain, held
from ..network.clocks import clocks
from ..network.generate import generating
from ..network.inputs import spike_inputs, timed_arrays
from ..network.refusals import refuse_compartments, refuse_python_objects
from . import steps
from .blocks import BlockReader
from .declared import read_declared, refuse_by_synapse
from .device import Code, ReadingDevice


def read_steps(network: brian2.Network, namespace: Mapping[str, Any], where: str) -> steps.Steps:
    """Read what a network does in a time step; it is left as it was.

    Parameters
    ----------
    network : brian2.Network
    namespace : mapping
        The names that the equations may refer to.
    where : str
        Who follows the steps, for what is refused: such as "target jax".

    Raises
    ------
    Unsupported
        For an object or construct that has no such form, by its name.
    """
    refuse_python_objects(network, where)
    refuse_compartments(network, where)
    schedule = list(network.sorted_objects)
    for obj in schedule:
        if obj.active and type(obj).run is not BrianObject.run:
            raise Unsupported(f"{obj.name!r} is a {type(obj).__name__} with Python code of its own, which is not read")
    with held(network, arrays=False):
        device = ReadingDevice(brian2_device.active_device)
        with generating(device, network):
            try:
                network.before_run(namespace)
                return _Reader(network, namespace).read(schedule)
            except BioplastError:
                raise
            except Exception as error:
                raise explain(error) from error


class _Reader(BlockReader):
    """Reads operations in the order of the schedule."""

    def read(self, schedule: list[Any]) -> steps.Steps:
        operations = [
            operation
            for obj in schedule
            if obj.active
            for code in obj._code_objects
            for operation in self.operations(obj, code)
        ]
        for value in self.values.values():
            self.array(value.variable, value.key)
        known_clocks = {}
        for clock in clocks(self.network):
            arrays = {name: self.array(clock.variables[name], clock.name) for name in ("timestep", "t", "dt")}
            known_clocks[clock.name] = steps.Clock(**arrays, seconds=clock.dt_)
        known = timed_arrays(self.network, self.namespace)
        return steps.Steps(
            operations=tuple(operations),
            arrays=self.arrays,
            events=self.events,
            clocks=known_clocks,
            tables=self.tables,
            inputs={name: self.timed[id(array)] for name, array in known.items() if id(array) in self.timed},
        )

    # Operations -------------------------------------------------------------------------------------------------------

    def operations(self, obj: Any, code: Code) -> list[steps.Operation]:
        refuse_by_synapse(obj, code)
        try:
            found = getattr(self, f"read_{code.template}")(obj, code)
        except BioplastError:
            raise
        except Exception as error:
            raise BioplastError(f"{obj.name!r}: {' '.join(str(error).split())}") from error
        return [] if found is None else [found]

    def read_stateupdate(self, obj: Any, code: Code) -> steps.Operation:
        return steps.Update(obj.name, obj.clock.name, self.block(obj, code, _size(code.owner)))

    def read_threshold(self, obj: Any, code: Code) -> steps.Operation:
        events = self.event(code)
        refractory = None
        if code.options["_uses_refractory"]:
            not_refractory, last, t = (
                self.array(code.variables[n], obj.name) for n in ("not_refractory", "lastspike", "t")
            )
            refractory = (not_refractory, last, t)
        group = code.owner.name
        return steps.Threshold(
            name=obj.name,
            clock=obj.clock.name,
            block=self.block(obj, code, _size(code.owner)),
            events=events,
            group=group,
            refractory=refractory,
            replaceable=group in spike_inputs(self.network) and obj.event == "spike",
            margins=tuple(sorted(_margins(code.code[None], code.variables))),
        )

    def read_reset(self, obj: Any, code: Code) -> steps.Operation:
        return steps.Reset(obj.name, obj.clock.name, self.block(obj, code, _size(code.owner)), self.event(code))

    def read_spikegenerator(self, obj: Any, code: Code) -> steps.Operation:
        return steps.Generator(obj.name, obj.clock.name, self.event(code, code.variables["_spikespace"]))

    def read_synapses_push_spikes(self, obj: Any, code: Code) -> None:
        """Part of the pathway, whose other code object comes next."""

    def read_synapses(self, obj: Any, code: Code) -> steps.Operation:
        events = self.event(code, obj.source.variables[obj.eventspace_name])
        if isinstance(obj.synapses, DeclaredSynapses):
            return read_declared(self, obj, code, events)
        return steps.Pathway(
            obj.name,
            obj.clock.name,
            self.block(obj, code, len(obj.synapses)),
            events,
            np.array(obj.synapse_sources.get_value(), dtype=np.int64),
            self.array(obj.variables["delay"], obj.name),
        )

    def read_summed_variable(self, obj: Any, code: Code) -> steps.Operation:
        kwds = code.options
        target = kwds["_target_var"]
        start, stop = kwds["_target_start"], kwds["_target_stop"]
        size = int(np.size(target.get_value()))
        return steps.Sum(
            obj.name,
            obj.clock.name,
            self.block(obj, code, _size(code.owner)),
            self.array(target, obj.name),
            int(start),
            int(stop) if stop >= 0 else size,
            np.array(kwds["_index_var"].get_value(), dtype=np.int64),
        )

    def read_spikemonitor(self, obj: Any, code: Code) -> steps.Operation | None:
        others = tuple(sorted(set(obj.record_variables) - {"i", "t"}))
        start, stop = (int(code.variables[name].get_value()) for name in ("_source_start", "_source_stop"))
        events = self.event(code)
        if not obj.record:
            count = f"{obj.name}.count"
            self.arrays[count] = steps.Array(np.zeros(stop - start, dtype=np.int32), is_value=False, constant=False)
            return steps.EventCount(obj.name, obj.clock.name, events, start, stop, count)
        size = int(code.variables["_source_N"].get_value())
        block = self.block(obj, code, size, wanted=bool(others))
        return steps.EventRecord(obj.name, obj.clock.name, block, events, start, stop, others)

    def read_statemonitor(self, obj: Any, code: Code) -> steps.Operation:
        positions = np.array(code.variables["_indices"].get_value(), dtype=np.int64)
        return steps.StateRecord(
            obj.name,
            obj.clock.name,
            self.block(obj, code, len(positions), positions),
            tuple(obj.record_variables),
        )

    def read_ratemonitor(self, obj: Any, code: Code) -> steps.Operation:
        return steps.RateRecord(
            obj.name,
            obj.clock.name,
            self.event(code, code.variables["_spikespace"]),
            int(code.variables["_source_start"].get_value()),
            int(code.variables["_source_stop"].get_value()),
        )


def _size(group: Any) -> int:
    return int(np.asarray(group.variables["N"].get_value()).item())


def _margins(code: str, variables: Mapping[str, Any]) -> set[tuple[float, ...]]:
    """The dimensions of all that a condition compares, in subexpressions too."""
    found = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Compare):
            found.add(tuple(parse_expression_dimensions(ast.unparse(node.left), variables)._dims))
        elif isinstance(node, ast.Name) and isinstance(variables.get(node.id), Subexpression):
            found |= _margins(variables[node.id].expr, variables)
    return found
