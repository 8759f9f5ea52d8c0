"""Neuron and Receptor, and the public face of all definitions: equation strings with units, bounds and source.

A definition is written once, checked when it is made, and never changes. Ordinary Brian2 objects come out of it.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar

import numpy as np
from brian2 import Equations, NeuronGroup, Quantity, TimedArray, get_dimensions, second
from brian2.core.namespace import get_local_namespace
from brian2.utils.stringtools import get_identifiers

from ..errors import DefinitionError, UnknownName
from . import check
from .base import (
    OF_ANY_GROUP,
    Definition,
    check_dt,
    check_method,
    definition_of,
    method_properties,
    statements,
)
from .check import Clause
from .combine import joined, merged_tables
from .explain import check_options, explained
from .fixed_input import fix_input
from .parameter import Parameter
from .receptor import Receptor
from .show import rendering
from .synapse import Synapse
from .units import unit_text
from .values import Table

__all__ = ["Definition", "Neuron", "Parameter", "Receptor", "Synapse", "definition_of"]


@dataclass(frozen=True, eq=False, repr=False)
class Neuron(Definition):
    """A neuron model: equations, threshold, reset, parameters and where they come from.

    Parameters
    ----------
    equations : str
        Brian2 equations in the paper's notation, without lines for the parameters and the input: the definition adds
        those, see `model`.
    threshold, reset : str, optional
        As in Brian2.
    refractory : Quantity, str or False
        A time, or an expression: a time such as the parameter "tau_ref", or a condition.
    events : dict
        Custom events by name: a condition, or a pair (condition, code that is executed).
    method, method_options
        The integration method, one of Brian2's or "sequential".
    dt : Quantity, optional
        The time step that the source suggests. It is not imposed: use ``group(N, dt=neuron.dt)``.
    input : str, optional
        The variable of the equations that stands for the input. The definition adds ``I : unit``, a variable for each
        neuron (0 unless given). Where receptors add to it, it is ``I = I_ext + ... : unit`` instead, and ``I_ext`` the
        variable. The unit follows from the equations.
    currents : tuple of str
        The currents that are added to the input; ``neuron + receptor`` fills it.
    parameters : dict of str to Parameter
        They stay variables of the group, "(constant)" or "(shared, constant)".
    initial : dict
        Initial values (number, Quantity, array or expression), set in this order when a group is made.
    namespace : dict
        Functions, TimedArrays and constants that the equations use.
    meaning : str
        What it is, in a few words on one line, such as "leaky integrate-and-fire neuron".
    source : str
        The paper, with its DOI.
    name : str
        The label in messages and listings; the registry names a definition after the variable that holds it.

    Raises
    ------
    DefinitionError, UnknownName
        When it is made, if a unit or a name is wrong; one line with the equation, the symbol and the expected unit.

    Examples
    --------
    >>> from brian2 import ms, mV
    >>> leak = Neuron("dv/dt = -v/tau : volt", method="exact", parameters={"tau": Parameter(10*ms)}, name="leak")
    >>> group = leak.group(5, tau=20*ms, v=1*mV)
    """

    _: KW_ONLY
    threshold: str | None = None
    reset: str | None = None
    refractory: Any = False
    events: Mapping[str, Any] = Table()
    method: Any = None
    method_options: Mapping[str, Any] = Table()
    dt: Any = None
    input: str | None = None
    currents: tuple[str, ...] = ()

    kind: ClassVar[str] = "neuron"
    _flags: ClassVar[dict[str, tuple[str, ...]]] = {
        "differential equation": ("unless refractory",),
        "parameter": ("constant", "shared", "linked"),
        "subexpression": ("shared", "constant over dt"),
    }
    # Brian2 would set its own attribute of that name, and not the variable.
    _refused: ClassVar[frozenset[str]] = OF_ANY_GROUP | set(dir(NeuronGroup))

    def _normalise(self) -> None:
        self._set("currents", tuple(self.currents))
        for event, given in self.events.items():
            pair = given if isinstance(given, tuple | list) else (given, None)
            if len(pair) != 2 or not isinstance(pair[0], str) or not isinstance(pair[1], str | None):
                raise DefinitionError(
                    f"{self.label}: events[{event!r}]={given!r} must be a condition, or a pair (condition, code)"
                )
        pairs = {k: (v, None) if isinstance(v, str) else tuple(v) for k, v in self.events.items()}
        self._set("events", Table(pairs))
        check_method(self.label, self.method)
        check_dt(self.label, self.dt)
        if isinstance(self.refractory, Quantity) and not check.is_quantity_of(self.refractory, second.dim):
            raise DefinitionError(f"{self.label}: refractory={self.refractory} must be one time (second)")
        if isinstance(self.refractory, Quantity) and not 0 <= float(self.refractory) < np.inf:
            raise DefinitionError(f"{self.label}: refractory={self.refractory} must be finite and not negative")
        if not isinstance(self.refractory, Quantity | str) and self.refractory is not False:
            raise DefinitionError(f"{self.label}: refractory={self.refractory!r} must be a time or an expression")
        if self.reset is not None and self.threshold is None:
            raise DefinitionError(f"{self.label}: a reset needs a threshold")

    def _added_lines(self) -> list[str]:
        return [*self._input_lines(self.external), *super()._added_lines()]

    @property
    def external(self) -> str:
        """The variable that holds the input from outside: "I", or "I_ext" where the currents of receptors are added."""
        return f"{self.input}_ext" if self.input and self.currents else self.input or ""

    def _input_lines(self, external: str) -> list[str]:
        """The lines of the input, which from outside is a variable or an expression."""
        if not self.input:
            return []
        unit = unit_text(self.input_dimensions)
        declared = [f"{external} : {unit}"] if external == self.external else []
        return [f"{self.input} = {self._sum(external)} : {unit}"] * (external != self.input) + declared

    def _sum(self, external: str) -> str:
        return " + ".join([external, *self.currents])

    def _inferred_names(self) -> tuple[str, ...]:
        return (self.input, self.external) if self.input else ()

    @functools.cached_property
    def input_dimensions(self) -> Any:
        """What the input is measured in (brian2 Dimension), as the equations imply; None without an input."""
        if not self.input:
            return None
        scope, clauses = self._own_scope(), check.equation_clauses(self._own)
        check.check_names(self.label, clauses, {*scope, self.input, self.external})
        found = check.inferred_from(self.input, clauses, scope)
        if found is not None:
            return found
        raise DefinitionError(
            f"{self.label}: no equation shows the unit of the input {self.input!r}; use it in a sum or product, "
            "outside any function"
        )

    def _check(self) -> None:
        if self.input:
            check.check_name(self.label, self.input)
            for name in (self.input, self.external):
                if name in self._own or name in self.parameters:
                    raise DefinitionError(
                        f"{self.label}: {name} belongs to the input {self.input!r}: leave its declaration out, the "
                        "definition adds it"
                    )
        elif self.currents:
            raise DefinitionError(f"{self.label}: {self.currents[0]} has no input to be added to: give input='I'")
        for current in self.currents:
            if current not in self._own:
                raise UnknownName(f"current of {self.label}", current, self._own)
            if self._own[current].dim is not self.input_dimensions:
                raise DefinitionError(
                    f"{self.label}: the current {current} is in {unit_text(self._own[current].dim)}, "
                    f"but the input {self.input} is in {unit_text(self.input_dimensions)}; "
                    "synapses that change a variable of the neuron themselves, such as delta_synapse, need no receptor"
                )
        super()._check()

    def _clauses(self) -> list[Clause]:
        clauses = super()._clauses()
        if self.threshold is not None:
            clauses.append(Clause(f"threshold {self.threshold}", self.threshold, "boolean"))
        if self.reset:
            clauses += self._statements("reset", self.reset)
        if isinstance(self.refractory, str):
            clauses.append(Clause(f"refractory {self.refractory}", self.refractory, "refractory"))
        for event, (condition, code) in self.events.items():
            clauses.append(Clause(f"event {event}: {condition}", condition, "boolean"))
            clauses += self._statements(f"event {event}", code) if code else []
        return clauses

    def _statements(self, where: str, code: str) -> list[Clause]:
        return statements(self.label, where, code, self.parameters)

    def properties(self) -> dict[str, str]:
        """Everything beside the equations and parameters, as text by its name."""
        return {
            "threshold": self.threshold or "",
            "reset": self.reset or "",
            "refractory": "" if self.refractory is False else rendering.value_text(self.refractory),
            **{f"event {name}": f"{when}: {code}" if code else when for name, (when, code) in self.events.items()},
            **super().properties(),
            "input": f"{self.input} ({unit_text(self.input_dimensions)})" if self.input else "",
            **method_properties(self),
        }

    def __add__(self, receptor: object) -> Neuron:
        if not isinstance(receptor, Receptor):
            if isinstance(receptor, Definition):
                raise DefinitionError(
                    f"{self.label} + {receptor.label}: a receptor is accepted, not a {receptor.kind}; a synapse makes "
                    "connections between groups with its connect()"
                )
            return NotImplemented
        for name, unit in receptor.requires.items():
            needed, found = get_dimensions(unit), self.variables.get(name)
            if found is not needed:
                state = "which it does not have" if found is None else f"which it has in {unit_text(found)}"
                raise DefinitionError(
                    f"{receptor.label} requires {name} ({unit_text(needed)}) of {self.label}, {state}"
                )
        if receptor.reset and self.threshold is None:
            raise DefinitionError(f"{receptor.label} follows the spikes of {self.label}, which has no threshold")
        return dataclasses.replace(
            self,
            equations=joined(self, receptor),
            reset="\n".join(filter(None, [self.reset, receptor.reset])) or self.reset,
            currents=(*self.currents, *filter(None, [receptor.current])),
            **merged_tables(self, receptor),
        )

    def group(
        self,
        N: int,
        *,
        name: str | None = None,
        dt: Any = None,
        clock: Any = None,
        order: int = 0,
        method: Any = None,
        method_options: Mapping[str, Any] | None = None,
        namespace: Mapping[str, Any] | None = None,
        dtype: Any = None,
        codeobj_class: Any = None,
        **values: Any,
    ) -> NeuronGroup:
        """Make an ordinary NeuronGroup.

        Parameters
        ----------
        N : int
            The number of neurons.
        name, dt, clock, order, method, method_options, namespace, dtype, codeobj_class
            As of NeuronGroup. A `namespace` is added to that of the definition.
        **values
            Parameters and initial values by name: a number, a Quantity, an array of shape ``(N,)`` or an expression.
            The input also takes an expression that is evaluated at each step, such as ``I="stimulus(t, i)"``. Where
            receptors add to it, a number for it sets ``I_ext``.

        Returns
        -------
        group : NeuronGroup
            With the parameters and initial values set.

        Raises
        ------
        UnknownName
            If a name is not one of the definition's; the message has the near matches.
        DefinitionError
            If a value has the wrong unit or shape.
        """
        try:
            size = int(N)
            if size < 1 or size != N:
                raise ValueError
        except (TypeError, ValueError):
            raise DefinitionError(f"{self.label}: N={N!r} must be a whole number of neurons, at least 1") from None
        check_method(self.label, method)
        check_dt(self.label, dt)
        options = {"name": name, "clock": clock, "order": order, "namespace": namespace}
        check_options(self.label, {**options, "method_options": method_options})
        surroundings = {**get_local_namespace(1), **(namespace or {})}
        self._check_given(values, extra=(self.input,) if self.input else ())
        model, external = self.model, self.external
        if self.input in values:
            drive = values.pop(self.input)
            if isinstance(drive, TimedArray):
                raise DefinitionError(
                    f"{self.label}: give a TimedArray as an expression: {self.input}='stimulus(t)' or "
                    "'stimulus(t, i)', with namespace={'stimulus': ...}"
                )
            if self.external in values:
                raise DefinitionError(f"{self.label}: give either {self.input} or {self.external}, not both")
            if isinstance(drive, str):
                if self.input in get_identifiers(drive):
                    raise DefinitionError(f"{self.label}: {self.input}={drive!r} refers to itself")
                self._check_expression(self.input, drive, surroundings, later=True)
                model = "\n".join([self.equations, *self._input_lines(drive), *super()._added_lines()])
                external = drive
            else:
                values[self.external] = drive
        values = self._checked(values, size, surroundings)
        options = dict(self.method_options if method is None else {}) | dict(method_options or {})
        chosen = self.method if method is None else method
        if chosen == "sequential":
            options.setdefault("order", self.differential)
        arguments = {"method": chosen, "method_options": options or None, "name": name or self._brian_name()}
        with explained(self.label):
            group = NeuronGroup(
                size,
                Equations(model),
                threshold=self.threshold,
                reset=self.reset,
                refractory=self.refractory,
                events={event: condition for event, (condition, _) in self.events.items()},
                namespace={**self.namespace, **(namespace or {})} or None,
                dt=dt,
                clock=clock,
                order=order,
                dtype=dtype,
                codeobj_class=codeobj_class,
                **{key: value for key, value in arguments.items() if value is not None},
            )
            for event, (_, code) in self.events.items():
                if code:
                    group.run_on_event(event, code)
            self._assign(group, values, surroundings)
        if self.input and external != self.input:
            fix_input(group, self.input, self._why_fixed(group.name, external))
        return group

    def _why_fixed(self, group: str, external: str) -> str:
        """What is told to whoever sets the input of a group that is computed."""
        is_what = f"{group!r}: {self.input} = {self._sum(external)} is computed and cannot be set"
        if external == self.external:
            return f"{is_what}; set {external}, the input from outside"
        return (
            f"{is_what}; change what the expression {external!r} refers to, or make the group without {self.input}=..."
        )
