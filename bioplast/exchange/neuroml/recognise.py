"""Brian2 networks as NeuroML documents, as far as NeuroML can express them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from brian2 import Network, NeuronGroup, PoissonGroup, SpikeGeneratorGroup, SpikeMonitor, StateMonitor, Synapses
from brian2.core.variables import Subexpression
from brian2.groups.group import CodeRunner
from brian2.groups.neurongroup import Resetter, StateUpdater, SubexpressionUpdater, Thresholder
from brian2.monitors.ratemonitor import PopulationRateMonitor
from brian2.synapses.synapses import SummedVariableUpdater, SynapticPathway

from ...definition import definition_of
from ...definition.find import load
from ...errors import Unsupported
from ..inactive import REASON, inactive
from .document import Component, Document, Inputs, Population, Projection
from .known import Attached, Known, known, known_models
from .parse import MOST_CELLS, attached
from .synapses import BASE, PULSES, synapse

__all__ = ["Found", "recognised"]

_PARTS = (StateUpdater, Thresholder, Resetter, SubexpressionUpdater, SummedVariableUpdater, SynapticPathway)
#: The synapses of the zoo with the receptor that each opens.
_ZOO_SYNAPSES = {"ampa-synapse": "ampa", "gaba-a-synapse": "gaba_a", "alpha-synapse": "alpha"}
#: How long a pulse lasts that stands for a constant current, in seconds.
_FOREVER = 1e6
_MOST_SYNAPSES = 1_000_000
_MOST_SOURCES = 10_000


@dataclass
class Found:
    """What a network is in NeuroML.

    Attributes
    ----------
    document : Document
    recorded : list of (str, str or None, ndarray)
        The group, the variable (None for spikes) and the neurons of each monitor, by NeuroML's names.
    notes : list of str
        What the document does not hold.
    """

    document: Document
    recorded: list[tuple[str, str | None, np.ndarray]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def recognised(network: Network, name: str) -> Found:
    """The document of a network.

    Parameters
    ----------
    network : brian2.Network
    name : str
        The id of the network.

    Raises
    ------
    Unsupported
        For an object that NeuroML cannot express, by its name.
    """
    return _Recogniser(network, name).found()


def _refused(name: str, what: str) -> Unsupported:
    return Unsupported(f"NeuroML cannot express {name!r}: {what}")


class _Recogniser:
    """The document of a network, object by object."""

    def __init__(self, network: Network, name: str):
        if (name_of := inactive(network)) is not None:
            raise _refused(name_of, REASON)
        self.objects = network.sorted_objects
        self.result = Found(Document(name))
        self.document = self.result.document
        self.cells: dict[str, tuple[Any, Known]] = {}
        self.sources: dict[str, tuple[Any, list[str]]] = {}
        self.ids = {name} | {obj.name for obj in self.objects}

    def found(self) -> Found:
        steps: dict[float, str] = {}
        monitors = (SpikeMonitor, StateMonitor, PopulationRateMonitor)
        kernels = {id(getattr(obj, "kernels", None)) for obj in self.objects}
        for obj in self.objects:
            if isinstance(obj, (*_PARTS, *monitors)) or id(obj) in kernels:
                continue
            if isinstance(obj, NeuronGroup | SpikeGeneratorGroup | PoissonGroup):
                steps.setdefault(float(obj.clock.dt), obj.name)
                self._group(obj)
            elif not isinstance(obj, Synapses):
                code = f" ({obj.abstract_code.strip()!r})" if type(obj) is CodeRunner else ""
                raise _refused(obj.name, f"a {type(obj).__name__}{code}")
        if len(steps) > 1:
            raise _refused(list(steps.values())[1], f"it has another dt than {next(iter(steps.values()))!r}")
        if not steps:
            raise Unsupported("NeuroML cannot express a network without a group")
        self.document.dt = next(iter(steps))
        if sum(each.size for each in self.document.populations.values()) > MOST_CELLS:
            raise Unsupported(f"a NeuroML file of more than {MOST_CELLS} cells is not written")
        for obj in sorted((o for o in self.objects if isinstance(o, Synapses)), key=lambda o: str(o.name)):
            self._synapses(obj)
        if sum(len(each.i) for each in self.document.projections.values()) > _MOST_SYNAPSES:
            raise Unsupported(f"a NeuroML file of more than {_MOST_SYNAPSES} connections is not written")
        for obj in self.objects:
            if isinstance(obj, SpikeMonitor | StateMonitor):
                self._monitor(obj)
        return self.result

    def _free(self, name: str) -> str:
        number, found = 1, name
        while found in self.ids:
            number += 1
            found = f"{name}_{number}"
        self.ids.add(found)
        return found

    def _component(self, name: str, component: Component) -> str:
        """The id of a component, of an equal one if there is one."""
        for known_id, other in self.document.components.items():
            same = other.kind == component.kind and other.fields == component.fields
            if same and component.kind != "spikeArray" and known_id.startswith(name):
                return known_id
        found = self._free(name)
        self.document.components[found] = component
        return found

    # ---- groups ----------------------------------------------------------------------------------------------------

    def _group(self, group: Any) -> None:
        if isinstance(group, SpikeGeneratorGroup):
            self._spike_generator(group)
        elif isinstance(group, PoissonGroup):
            if isinstance(group.variables["rates"], Subexpression):
                raise _refused(group.name, "rates that are an expression; numbers are accepted")
            rate = _one(group, "rates")
            if rate < 0:
                raise _refused(group.name, f"a rate of {rate:g} Hz")
            component = self._component(
                f"{group.name}_source", Component("spikeGeneratorPoisson", {"averageRate": rate})
            )
            self.document.populations[group.name] = Population(component, len(group))
            self.sources[group.name] = (group, [group.name])
        else:
            self._cells(group)

    def _spike_generator(self, group: SpikeGeneratorGroup) -> None:
        period = float(np.asarray(group.period_[:]))
        if 0 < period < np.inf:
            raise _refused(group.name, f"spikes that come again with a period of {period:g} s")
        if len(group) > _MOST_SOURCES:
            raise _refused(
                group.name,
                f"{len(group)} trains of spikes, each a population there; up to {_MOST_SOURCES} are written",
            )
        indices, times = np.asarray(group._neuron_index), np.asarray(group._spike_time, dtype=float)
        order = np.lexsort((times, indices))
        indices, times = indices[order], times[order]
        cuts = np.searchsorted(indices, np.arange(len(group) + 1))
        names = [group.name] if len(group) == 1 else [self._free(f"{group.name}_{k}") for k in range(len(group))]
        for k, name in enumerate(names):
            train = times[cuts[k] : cuts[k + 1]]
            component = self._component(f"{name}_spikes", Component("spikeArray", {}, train))
            self.document.populations[name] = Population(component, 1, group.name if len(group) > 1 else "")
        self.sources[group.name] = (group, names)

    def _cells(self, group: NeuronGroup) -> None:
        given = definition_of(group)
        models = ", ".join(known_models())
        if given is None:
            raise _refused(
                group.name, f"a group of equations of its own; groups of {models} and of read_neuroml are accepted"
            )
        what = known(given)
        if what is None:
            raise _refused(group.name, f"a group of {given.label}; {models} and groups of read_neuroml are accepted")
        base = what.base
        values = {name: _one(group, name) for name in base.neuron.parameters if name not in base.start.values()}
        kind = base.kind(values)
        fields = base.fields(values)
        fields |= {parameter: _one(group, variable) for variable, parameter in base.start.items()}
        if base.neuron.label == "fitzhugh-nagumo" or base.neuron == load("fitzhugh-nagumo"):
            if abs(values["tau"] - 1e-3) > 1e-15:
                raise _refused(group.name, f"a tau of {values['tau'] * 1e3:g} ms; 1 ms is accepted")
            self._refuse_expression(group, given.external)
            fields["I"] = _one(group, given.external)
            self.result.notes.append(f"the spikes of {group.name!r} (a {kind} sends none)")
        elif base.neuron.input:
            self._constant_current(group, given.external, kind)
        self.document.populations[group.name] = Population(
            self._component(f"{group.name}_cell", Component(kind, fields)), len(group)
        )
        self.cells[group.name] = (group, what)
        for each in what.attached:
            if each.kind in PULSES:
                rows = np.column_stack([_values(group, each.parameters[n]) for n in ("delay", "duration", "amplitude")])
                self._pulses(f"{group.name}_{each.name}", group, each.kind, rows)
            elif each.kind not in attached(kind):
                raise _refused(group.name, f"{each.kind} onto {kind}, to which NeuroML attaches none")
        if _moved(group, kind, fields):
            self.result.notes.append(f"the state that {group.name!r} is in")

    def _refuse_expression(self, group: Any, external: str) -> None:
        if isinstance(group.variables[external], Subexpression):
            raise _refused(
                group.name, f"its input {external} is an expression; a number or pulses of read_neuroml are accepted"
            )

    def _constant_current(self, group: Any, external: str, kind: str) -> None:
        self._refuse_expression(group, external)
        current = _values(group, external)
        rows = np.column_stack([np.zeros(len(current)), np.full(len(current), _FOREVER), current])
        of_input = "pulseGeneratorDL" if kind == "izhikevichCell" else "pulseGenerator"
        self._pulses(f"{group.name}_current", group, of_input, rows)

    def _pulses(self, name: str, group: Any, kind: str, rows: np.ndarray) -> None:
        """Pulses onto cells: one component for all that are alike.

        `rows` are the delays, durations and amplitudes [cells, 3].
        """
        there = np.flatnonzero((rows[:, 1] > 0) & (rows[:, 2] != 0))
        if not len(there):
            return
        if (rows[there, 0] < 0).any():
            raise _refused(group.name, "a pulse that begins before time 0")
        kinds, which = np.unique(rows[there], axis=0, return_inverse=True)
        for number, row in enumerate(kinds):
            fields = dict(zip(("delay", "duration", "amplitude"), row.tolist(), strict=True))
            label = name if len(kinds) == 1 else f"{name}_{number}"
            component = self._component(f"{label}_pulse", Component(kind, fields))
            index = there[which.reshape(-1) == number]
            self.document.inputs[self._free(label)] = Inputs(component, group.name, index, np.ones(len(index)))

    # ---- synapses --------------------------------------------------------------------------------------------------

    def _synapses(self, synapses: Synapses) -> None:
        name, pre, post = synapses.name, synapses.source.name, synapses.target.name
        if post not in self.cells or synapses.target is not self.cells[post][0]:
            raise _refused(name, f"it connects to {post!r}, which is no whole group of cells")
        sources = {**{n: (group, [n]) for n, (group, _) in self.cells.items()}, **self.sources}
        if pre not in sources or synapses.source is not sources[pre][0]:
            raise _refused(name, f"it connects from {pre!r}, which is no whole group")
        if pre in self.cells and not self.cells[pre][1].base.spikes:
            raise _refused(name, f"spikes of {pre!r}, which its cell in NeuroML does not send")
        group, what = self.cells[post]
        through, base, weight = self._weights(synapses, what)
        fields = {base_name: base for base_name in BASE if (base_name == "ibase") == ("Current" in through.kind)}
        fields |= {parameter: _one(group, variable) for parameter, variable in through.parameters.items()}
        component = self._component(through.name, Component(through.kind, fields))
        i, j = (np.asarray(index) for index in (synapses.i, synapses.j))
        delay = np.broadcast_to(np.asarray(synapses._pathways[0].delay_, dtype=float), len(i))
        if len(i) > _MOST_SYNAPSES:
            raise _refused(name, f"{len(i)} synapses; up to {_MOST_SYNAPSES} are written")
        parts = sources[pre][1]
        for k, part in enumerate(parts):
            mine = np.flatnonzero(i == k) if len(parts) > 1 else np.arange(len(i))
            if len(mine):
                label = name if len(parts) == 1 else self._free(f"{name}_{k}")
                self.document.projections[label] = Projection(
                    component, part, post, i[mine] * (len(parts) == 1), j[mine], weight[mine], delay[mine]
                )

    def _weights(self, synapses: Synapses, what: Known) -> tuple[Attached, float, np.ndarray]:
        """What Synapses open, its baseline conductance or current, and the weights [synapses]."""
        given = definition_of(synapses)
        for each in what.attached:
            if each.kind in PULSES:
                continue
            if given == synapse(each.kind, each.name):
                base = next(name for name in BASE if name in synapses.variables)
                return each, _one(synapses, base), _values(synapses, "weight")
            for model, receptor in _ZOO_SYNAPSES.items():
                if given == load(model) and each.name == receptor and given == definition_of(synapses):
                    w = _values(synapses, "w")
                    base = w[0] if len(w) and (w == w[0]).all() else np.abs(w).max(initial=0.0)
                    if base < 0 and each.kind != "alphaCurrentSynapse":
                        base = -base
                    return each, float(base), w / base if base else np.ones(len(w))
        label = "code of its own" if given is None else f"a {given.label}"
        raise _refused(
            synapses.name,
            f"{label}; {', '.join(_ZOO_SYNAPSES)} and the Synapses of read_neuroml are accepted",
        )

    def _monitor(self, monitor: Any) -> None:
        name = str(getattr(monitor.source, "source", monitor.source).name)
        start = int(getattr(monitor.source, "start", 0))
        if isinstance(monitor, SpikeMonitor):
            index = np.arange(len(monitor.source)) + start
            if monitor.event == "spike" and (name in self.sources or (name in self.cells and self._sends(name))):
                self.result.recorded.append((name, None, index))
        elif name in self.cells:
            base = self.cells[name][1].base
            renamed = {"v": "V", "w": "W"} if "V0" in base.start.values() else {}
            if base.neuron == load("izhikevich-2003"):
                renamed = {"u": "U"}
            index = np.asarray(monitor.record) + start
            for variable in monitor.record_variables:
                if variable in base.neuron.differential:
                    self.result.recorded.append((name, renamed.get(variable, variable), index))

    def _sends(self, name: str) -> bool:
        return self.cells[name][1].base.spikes


def _values(group: Any, name: str) -> np.ndarray:
    """The values of a variable in SI units, one for each neuron or synapse."""
    return np.broadcast_to(np.asarray(getattr(group, f"{name}_"), dtype=float), len(group)).copy()


def _one(group: Any, name: str) -> float:
    """The value that all neurons of a group have."""
    values = np.asarray(getattr(group, f"{name}_"), dtype=float).reshape(-1)
    if len(values) and (values != values[0]).any():
        raise _refused(
            group.name, f"{name} differs from neuron to neuron; a population of NeuroML has one value for all of them"
        )
    return float(values[0])


def _moved(group: Any, kind: str, fields: dict[str, float]) -> bool:
    """Whether cells are in another state than NeuroML starts them in."""
    start: dict[str, float] = dict.fromkeys(_differential(group), 0.0)
    if kind.startswith("iaf"):
        start["v"] = fields["leakReversal"]
    elif kind == "izhikevichCell":
        start["v"] = fields["v0"]
        start["U" if "U" in start else "u"] = fields["v0"] * 1e3 * fields["b"]
    elif kind == "izhikevich2007Cell":
        start["v"] = fields["v0"]
    elif kind == "adExIaFCell":
        start["v"] = fields["EL"]
    elif kind == "fitzHughNagumo1969Cell":
        names = ("V", "W") if "V" in start else ("v", "w")
        start |= dict(zip(names, (fields["V0"], fields["W0"]), strict=True))
    return any(not np.allclose(_values(group, name), value, rtol=1e-12, atol=1e-30) for name, value in start.items())


def _differential(group: Any) -> Iterator[str]:
    return iter(group.equations.diff_eq_names)
