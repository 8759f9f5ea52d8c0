"""What a live Brian2 network holds: its clocks, state, spikes on their way and monitors."""

from __future__ import annotations

import dataclasses
import math
import numbers
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import brian2
import numpy as np
from brian2.core.namespace import get_local_namespace
from brian2.core.variables import ArrayVariable
from brian2.monitors.ratemonitor import PopulationRateMonitor
from brian2.monitors.spikemonitor import EventMonitor
from brian2.monitors.statemonitor import StateMonitor
from brian2.synapses.synapses import Synapses, SynapticPathway
from brian2.units.fundamentalunits import Quantity

from ...errors import BioplastError
from .pathways import pathways, pending_spikes

# Read-only for the user, yet part of the state that a run continues from.
_STEPS = 2.0**63  # so many are too many for Brian2, which counts a refractory period in steps of 64 bits
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
    below : float
        What values have to stay below, in seconds, if they are the refractory period of a group.
    """

    key: str
    variable: Any
    shape: tuple[int, ...]
    dtype: np.dtype
    dimensions: Any
    constant: bool
    synaptic: bool
    delay: bool = False
    below: float | None = None

    @property
    def may_diverge(self) -> bool:
        """Whether a run can make it NaN or infinite; times of the last spike or update only ever take the time."""
        timestamp = self.key.rpartition(".")[2] in ("lastspike", "lastupdate")
        return self.dtype.kind == "f" and not self.constant and not timestamp


def run_namespace(namespace: Mapping[str, Any] | None, level: int) -> dict[str, Any]:
    """The names that equations may refer to, as `brian2.Network.run` finds them."""
    if namespace is not None:
        return dict(namespace)
    try:
        return dict(get_local_namespace(level=level + 1))
    except AttributeError:  # no frame is left
        raise BioplastError(f"level is {level - 1}: there are fewer calls above this one") from None


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
    for obj in network.sorted_objects:
        period = getattr(obj, "_refractory", None)
        if isinstance(period, str) and (variable := obj.variables.get(period.strip())) is not None:
            key = f"{getattr(variable.owner, 'name', None)}.{variable.name}"
            if key in found:
                below = min(_STEPS * obj.clock.dt_, found[key].below or np.inf)
                found[key] = dataclasses.replace(found[key], below=below)
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


def view(variable: StateVariable) -> np.ndarray:
    """The value that the network has now, in SI base units, which may change with the network."""
    value = np.asarray(variable.variable.get_value())
    if value.size != math.prod(variable.shape):
        raise BioplastError(
            f"{variable.key!r} has {value.size} values, {math.prod(variable.shape)} when the network was compiled: "
            "compile it again"
        )
    return value.reshape(variable.shape)


def read(variable: StateVariable) -> np.ndarray:
    """A copy of the value that the network has now, in SI base units."""
    return np.array(view(variable))


TIME = "network.t"


def current_values(
    network: brian2.Network,
    variables: Mapping[str, StateVariable] | None = None,
    copied: Callable[[str, np.ndarray], np.ndarray] | None = None,
) -> dict[str, np.ndarray]:
    """Every value that the network has now, in SI base units: state, parameters, time, spikes on their way.

    Parameters
    ----------
    network : brian2.Network
    variables : mapping, optional
        Its `state_variables`, when they were read before; another size since then is an error.
    copied : callable, optional
        Makes of a key and the array that the network holds one that the network does not change.
    """
    values = {
        key: read(variable) if copied is None else copied(key, view(variable))
        for key, variable in (variables or state_variables(network)).items()
    }
    values[TIME] = np.array(float(network.t_))
    values.update({f"{p.name}.queue": pending_spikes(p) for p in pathways(network)})
    return values


def write(variable: StateVariable, value: np.ndarray) -> None:
    """Put `value` (of the variable's shape) into the user's network."""
    read(variable)  # whose size may have changed
    variable.variable.get_value()[...] = np.reshape(value, np.shape(variable.variable.get_value()))


def not_finite(key: str, index: int, value: float, last: float, now: float, synaptic: bool) -> str:
    """The line that says which state is not finite, where and when."""
    group, _, name = key.partition(".")
    return (
        f"{name} of {'synapse' if synaptic else 'neuron'} {index} in {group!r} is {value:g} at {now * 1e3:.10g} ms "
        f"(last finite at {last * 1e3:.10g} ms): a smaller dt or other parameters may help"
    )


def exponents(unit: Any) -> tuple[float, ...]:
    """The exponents of the SI base units in a Brian2 unit: metre, kilogram, second, ampere, kelvin, mole, candela."""
    return tuple(unit.dim._dims)


def descriptions(network: brian2.Network) -> dict[str, dict[str, Any]]:
    """Which definition and parameters made each group: what a recording says of its source."""
    from ...definition import definition_of

    found = {}
    for obj in network.sorted_objects:
        if isinstance(obj, brian2.NeuronGroup | Synapses | brian2.PoissonGroup | brian2.SpikeGeneratorGroup):
            definition = definition_of(obj)
            constants = {
                name: _value_text(variable)
                for name, variable in obj.variables.items()
                if isinstance(variable, ArrayVariable)
                and variable.constant
                and not variable.read_only
                and not name.startswith("_")
                and getattr(variable.owner, "name", None) == obj.name
            }
            found[obj.name] = {
                "kind": next(kind.__name__ for kind in type(obj).__mro__ if kind.__module__.startswith("brian2.")),
                "definition": getattr(definition, "name", "") or "",
                "source": getattr(definition, "source", "") or "",
                "equations": str(getattr(obj, "equations", "")),
                "parameters": constants,
            }
    return found


def _value_text(variable: Any) -> str:
    values = np.unique(variable.get_value())
    if values.size == 0:
        return "none"
    if variable.is_boolean:
        return ", ".join(str(bool(v)) for v in values)
    low, high = (Quantity(v, dim=variable.dim) for v in (values[0], values[-1]))
    return f"{low}" if values.size == 1 else f"{low} to {high}"
