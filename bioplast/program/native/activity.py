"""What has a derivative: which arrays and events depend on those that a derivative is asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..steps import steps
from .blocks import Code, kind_of
from .derivatives import FLAT
from .slopes import SPIKE
from .values import Store, Value


class Activity:
    """Finds what has a derivative.

    Parameters
    ----------
    network : Steps
    codes : callable
        The instructions of an operation, in parts.
    spikes : mapping
        The thresholds' code with their spikes as numbers, by the events of those that have a surrogate derivative.
    arrays, tables, events : set of str
        What derivatives are asked for: initial values and parameters, TimedArrays, events that are given.
    detach_reset : bool

    Attributes
    ----------
    arrays, tables, events : set of str
        Those that have a derivative.
    """

    def __init__(
        self,
        network: steps.Steps,
        codes: Callable[[Any], list[Code]],
        spikes: Mapping[str, Code],
        arrays: set[str],
        tables: set[str],
        events: set[str],
        detach_reset: bool,
    ):
        self.network = network
        self.arrays, self.tables, self.events = set(arrays), set(tables), set(events)
        self.detach_reset = detach_reset
        known = -1
        while known != (known := len(self.arrays) + len(self.events)):
            for operation in network.operations:
                self.visit(operation, codes, spikes)

    def visit(self, operation: Any, codes: Callable[[Any], list[Code]], spikes: Mapping[str, Code]) -> None:
        if isinstance(operation, steps.Threshold):
            code = spikes.get(operation.events)
            if code is not None and self.has(code, code.value(SPIKE)):
                self.events.add(operation.events)
            return
        if not hasattr(operation, "block"):
            return
        carried = isinstance(operation, steps.Pathway) or (isinstance(operation, steps.Reset) and not self.detach_reset)
        by_event = carried and operation.events in self.events
        for code in codes(operation):
            for store in (*code.common, *code.each):
                if isinstance(store, Store):
                    array = code.block.names[store.name].array  # type: ignore[union-attr]
                    real = kind_of(self.network.arrays[array].value) == "f"
                    if real and (by_event or self.has(code, store.value)):
                        self.arrays.add(array)
        if isinstance(operation, steps.Sum):
            code = codes(operation)[0]
            if self.has(code, code.value("_synaptic_var")):
                self.arrays.add(operation.target)

    def has(self, code: Code, value: Value) -> bool:
        """Whether a value has a derivative."""
        known: dict[int, bool] = {}

        def found(value: Value) -> bool:
            if id(value) not in known:
                known[id(value)] = _has(value)
            return known[id(value)]

        def _has(value: Value) -> bool:
            if value.kind != "f" or value.operation in FLAT:
                return False
            match value.operation:
                case "load":
                    return code.block.names[value.detail].array in self.arrays  # type: ignore[union-attr]
                case "table":
                    return value.detail.name in self.tables
                case "spike":
                    return found(value.arguments[1])
            return any(found(argument) for argument in value.arguments)

        return found(value)
