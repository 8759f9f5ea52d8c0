"""Synapse: a synapse or a plasticity rule as equations, code on spikes and what it needs on either side."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar

from brian2 import Equations, Synapses, get_dimensions, second
from brian2.core.namespace import get_local_namespace
from brian2.groups.group import Group
from brian2.units.fundamentalunits import DIMENSIONLESS

from ..connection import Connection
from ..errors import DefinitionError, UnknownName
from . import check
from .base import (
    OF_ANY_GROUP,
    Definition,
    check_dt,
    check_method,
    check_requires,
    definition_of,
    method_properties,
    required_variables,
    statements,
    units_text,
)
from .check import Clause, Scope
from .combine import joined, merged_tables
from .declared import DeclaredSynapses, flattened, refused, shared_variables
from .explain import check_chance, check_neurons, check_options, explained
from .renaming import renamed_code
from .show import rendering
from .units import unit_text
from .values import Table, checked_value, frozen


@dataclass(frozen=True, eq=False, repr=False)
class Synapse(Definition):
    """A synapse or a plasticity rule: equations, what spikes do, and what it needs on either side.

    Parameters
    ----------
    equations : str
        Brian2 equations of the synapse, without lines for the parameters.
    on_pre, on_post : str or dict of str to str
        What a presynaptic or postsynaptic spike does; a dict has several pathways by name.
    on_event : str or dict
        Which event a pathway listens to, as in Brian2.
    delay : Quantity or dict of str to Quantity, optional
        The delay of "pre", or of each pathway.
    requires_pre, requires_post : dict of str to unit
        The variables of the neurons that the code uses as ``..._pre`` and ``..._post``.
    method, method_options, dt, parameters, initial, namespace, meaning, source, name
        As of a `Neuron`.

    Raises
    ------
    DefinitionError, UnknownName
        When it is made, if a unit or a name is wrong.

    Examples
    --------
    >>> synapses = stdp.connect(pre, post, condition="i != j", delay=2*ms)  # doctest: +SKIP
    """

    _: KW_ONLY
    on_pre: Any = ""
    on_post: Any = ""
    on_event: Any = "spike"
    delay: Any = None
    requires_pre: Mapping[str, Any] = Table()
    requires_post: Mapping[str, Any] = Table()
    method: Any = None
    method_options: Mapping[str, Any] = Table()
    dt: Any = None

    kind: ClassVar[str] = "synapse"
    _flags: ClassVar[dict[str, tuple[str, ...]]] = {
        "differential equation": ("event-driven", "clock-driven"),
        "parameter": ("constant", "shared"),
        "subexpression": ("summed", "shared", "constant over dt"),
    }
    _refused: ClassVar[frozenset[str]] = (
        OF_ANY_GROUP
        | set(dir(Synapses))
        | {"condition", "p", "n", "skip_if_invalid", "pre", "post", "source", "target"}
    )

    def _normalise(self) -> None:
        self._set("requires_pre", check_requires(self.label, self.requires_pre))
        self._set("requires_post", check_requires(self.label, self.requires_post))
        check_method(self.label, self.method)
        check_dt(self.label, self.dt)
        for pathway, code in self.pathways.items():
            if not isinstance(code, str):
                raise DefinitionError(f"{self.label}: the code of {pathway!r} must be text, not {code!r}")
        for pathway in self.on_event if isinstance(self.on_event, Mapping) else ():
            if pathway not in self.pathways:
                raise UnknownName(f"pathway in on_event of {self.label}", pathway, self.pathways)
        unknown = set(self.delays) - set(self.pathways)
        if unknown:
            raise UnknownName(f"pathway in the delay of {self.label}", unknown.pop(), self.pathways)
        for pathway, delay in self.delays.items():
            if not check.is_quantity_of(delay, second.dim):
                raise DefinitionError(
                    f"{self.label}: the delay of {pathway!r} must be one time (second), not {delay!r}"
                )

    @property
    def pathways(self) -> dict[str, str]:
        """The code of every pathway by its name."""
        named: dict[str, str] = {}
        for side, code in (("pre", self.on_pre), ("post", self.on_post)):
            named.update({side: code} if isinstance(code, str) and code else code or {})
        return named

    @property
    def delays(self) -> dict[str, Any]:
        """The default delay of the pathways that have one, by name."""
        return (
            {} if self.delay is None else dict(self.delay if isinstance(self.delay, Mapping) else {"pre": self.delay})
        )

    @property
    def clock_driven(self) -> tuple[str, ...]:
        """The variables that are integrated at each step, in the order in which they are written."""
        return tuple(v for v in self.differential if "event-driven" not in self._own[v].flags)

    def _clauses(self) -> list[Clause]:
        clauses = super()._clauses()
        for pathway, code in self.pathways.items():
            where = f"on_{pathway}" if pathway in ("pre", "post") else f"pathway {pathway}"
            clauses += statements(self.label, where, code, self.parameters)
        return clauses

    def _own_scope(self) -> Scope:
        scope = required_variables(self.requires_post)  # Brian2 takes a bare name for the postsynaptic one
        scope |= super()._own_scope()
        scope |= required_variables(self.requires_pre, "_pre") | required_variables(self.requires_post, "_post")
        integers = ("j", "N_pre", "N_post", "N_incoming", "N_outgoing")
        scope |= {name: check.variable(name, DIMENSIONLESS, "integer") for name in integers}
        if any("event-driven" in eq.flags for eq in self._own.values()):
            scope["lastupdate"] = check.variable("lastupdate", second.dim)
        for name in ("lastspike", "not_refractory"):
            del scope[name]
        return scope

    def properties(self) -> dict[str, str]:
        """Everything beside the equations and parameters, as text by its name."""
        side = {name: "on_" * (name in ("pre", "post")) + name for name in self.pathways}
        return {
            **{side[name]: code for name, code in self.pathways.items()},
            "on_event": "" if self.on_event == "spike" else str(self.on_event),
            "delay": ", ".join(f"{name} {rendering.value_text(delay)}" for name, delay in self.delays.items()),
            "requires_pre": units_text(self.requires_pre),
            "requires_post": units_text(self.requires_post),
            **super().properties(),
            **method_properties(self),
        }

    def __add__(self, other: object) -> Synapse:
        """One synapse that releases several transmitters: the equations and the code of both, for each pathway."""
        if not isinstance(other, Synapse):
            return NotImplemented
        # A synapse without clock-driven equations takes the method of the other.
        stepped = self if self.clock_driven or not other.clock_driven else other
        methods = {frozen((one.method, one.method_options)) for one in (self, other) if one.clock_driven}
        if len(methods) > 1 or self.on_event != other.on_event:
            raise DefinitionError(f"{self.label} and {other.label} differ in method or on_event; write one definition")
        delays = {**other.delays, **self.delays}
        if any(frozen(delays[name]) != frozen(delay) for name, delay in other.delays.items()):
            raise DefinitionError(f"{self.label} and {other.label} have different delays for one pathway")
        return dataclasses.replace(
            self,
            equations=joined(self, other),
            on_pre=_joined_code(self.on_pre, other.on_pre, "pre"),
            on_post=_joined_code(self.on_post, other.on_post, "post"),
            delay=delays or None,
            requires_pre={**self.requires_pre, **other.requires_pre},
            requires_post={**self.requires_post, **other.requires_post},
            method=stepped.method,
            method_options=stepped.method_options,
            **merged_tables(self, other),
        )

    def renamed(self, **names: str) -> Synapse:
        """Give variables and parameters other names: ``ampa_synapse.renamed(w="weight")``.

        Brian2 refuses synapses with a variable that a neuron on either side has, too, such as the weight w onto an
        adaptive neuron whose adaptation is called w.

        Parameters
        ----------
        **names
            The new name by the old one.

        Returns
        -------
        Synapse

        Raises
        ------
        UnknownName
            If an old name is not one of the synapse's own.
        DefinitionError
            If a new one is no name or is taken.
        """
        own = {*self.variables, *self.parameters}
        taken = own | {*required_variables(self.requires_pre, "_pre"), *required_variables(self.requires_post, "_post")}
        for old, new in names.items():
            if old not in own:
                raise UnknownName(f"variable of {self.label}", old, sorted(own))
            if not isinstance(new, str) or not new.isidentifier():
                raise DefinitionError(f"{self.label}: {old} is to be called {new!r}; a name is accepted")
            if new in taken or list(names.values()).count(new) > 1:
                raise DefinitionError(f"{self.label}: {old} is to be called {new!r}, which is taken")
        return dataclasses.replace(
            self,
            **renamed_code(self, names),
            parameters={names.get(name, name): parameter for name, parameter in self.parameters.items()},
        )

    def connect(
        self,
        pre: Any,
        post: Any = None,
        *,
        condition: Any = None,
        i: Any = None,
        j: Any = None,
        p: Any = 1.0,
        n: Any = 1,
        skip_if_invalid: bool = False,
        along: Connection | None = None,
        multisynaptic_index: str | None = None,
        name: str | None = None,
        delay: Any = None,
        dt: Any = None,
        clock: Any = None,
        order: int = 0,
        method: Any = None,
        method_options: Mapping[str, Any] | None = None,
        namespace: Mapping[str, Any] | None = None,
        dtype: Any = None,
        codeobj_class: Any = None,
        **values: Any,
    ) -> Synapses:
        """Make ordinary Synapses between two groups, connected.

        Parameters
        ----------
        pre, post : group
            `post` is `pre` itself if not given.
        condition, i, j, p, n, skip_if_invalid
            As of Synapses.connect; all to all if none is given.
        along : Connection, optional
            Instead of those, a declared connection such as `bioplast.connection.convolution`, whose list of synapses is
            made only for targets that go through it. The parameters of the synapse, and variables without an equation,
            are then those of the connection's weights, in ``synapses.kernels``: an array of the shape
            `Connection.weights`, which is among the values of a program as ``"NAME_kernels.w"``.
        delay : Quantity, array, str or dict, optional
            Of the pathway "pre", or of several by name: one Quantity for all synapses, or one value (or an expression)
            for each.
        name, dt, clock, order, method, method_options, namespace, dtype, codeobj_class, multisynaptic_index
            As of Synapses.
        **values
            Parameters and initial values by name: a number, a Quantity, an array with one value for each synapse, or an
            expression.

        Returns
        -------
        synapses : Synapses
            With the parameters, initial values and delays set.

        Raises
        ------
        UnknownName
            If a name is not one of the definition's.
        DefinitionError
            If a group lacks what the synapse requires, or a value has the wrong unit or shape; with `along`, if each
            synapse needs a state, a delay or a change of its own.
        """
        post = pre if post is None else post
        self._check_side("pre", pre, self.requires_pre, self.on_pre)
        self._check_side("post", post, self.requires_post, self.on_post)
        self._refuse_names_of(pre, post)
        self._check_given(values)
        check_method(self.label, method)
        check_dt(self.label, dt)
        options = {"name": name, "clock": clock, "order": order, "namespace": namespace}
        check_options(self.label, {**options, "method_options": method_options})
        check_neurons(self.label, "i", i, len(pre))
        check_neurons(self.label, "j", j, len(post))
        check_chance(self.label, p, n)
        surroundings = {**get_local_namespace(1), **(namespace or {})}
        if along is None:
            self._checked(values, None, surroundings)
        delays = {**self.delays, **(delay if isinstance(delay, Mapping) else {} if delay is None else {"pre": delay})}
        for pathway in delays:
            if pathway not in self.pathways:
                raise UnknownName(f"pathway of {self.label}", pathway, self.pathways)
            if not isinstance(delays[pathway], str):
                checked_value(self.label, f"delay of {pathway}", delays[pathway], second.dim, None)
        # One delay for all synapses is one number in Brian2; any other is a variable of each synapse.
        common = {k: d for k, d in delays.items() if check.is_quantity_of(d, second.dim)}
        options = dict(self.method_options if method is None else {}) | dict(method_options or {})
        chosen = self.method if method is None else method
        if chosen == "sequential":
            options.setdefault("order", self.clock_driven)
        arguments = {"method": chosen, "method_options": options or None, "name": name or self._brian_name()}
        arguments = {
            "on_pre": dict(self.on_pre) if isinstance(self.on_pre, Mapping) else self.on_pre or None,
            "on_post": dict(self.on_post) if isinstance(self.on_post, Mapping) else self.on_post or None,
            "on_event": dict(self.on_event) if isinstance(self.on_event, Mapping) else self.on_event,
            "delay": common,
            "multisynaptic_index": multisynaptic_index,
            "namespace": {**self.namespace, **(namespace or {})} or None,
            "dt": dt,
            "clock": clock,
            "order": order,
            "dtype": dtype,
            "codeobj_class": codeobj_class,
            **{key: value for key, value in arguments.items() if value is not None},
        }
        if along is not None:
            others = {"condition": condition, "i": i, "j": j, "multisynaptic_index": multisynaptic_index}
            given = [key for key, value in others.items() if value is not None]
            given += ["p"] * (p != 1) + ["n"] * (n != 1) + ["skip_if_invalid"] * skip_if_invalid
            return self._declared(pre, post, along, given, delays, common, arguments, values, surroundings)
        with explained(self.label):
            synapses = Synapses(pre, post, Equations(self.model), **arguments)
            synapses.connect(
                condition=condition, i=i, j=j, p=p, n=n, skip_if_invalid=skip_if_invalid, namespace=surroundings
            )
            try:
                size = len(synapses)
            except NotImplementedError:  # a standalone device makes the synapses when the program runs
                size = None
            self._assign(synapses, self._checked(values, size, surroundings), surroundings)
            for pathway, value in delays.items():
                if pathway not in common:
                    if not isinstance(value, str):
                        value = checked_value(self.label, f"delay of {pathway}", value, second.dim, size)
                    getattr(synapses, pathway).delay.set_item(slice(None), value, namespace=surroundings)
        return synapses

    def _declared(
        self,
        pre: Any,
        post: Any,
        along: Connection,
        others: list[str],
        delays: Mapping[str, Any],
        common: Mapping[str, Any],
        arguments: dict[str, Any],
        values: Mapping[str, Any],
        namespace: Mapping[str, Any],
    ) -> DeclaredSynapses:
        """Make synapses along a connection, after a check that nothing in them is one synapse's own."""
        if not isinstance(along, Connection):
            raise DefinitionError(
                f"{self.label}: along={along!r} is no connection, such as bioplast.connection.convolution makes"
            )
        if others:
            raise DefinitionError(f"{self.label}: {others[0]} and along exclude each other: the connection says all")
        model = self._parsed_model
        own = {name: delay for name, delay in delays.items() if name not in common}
        for reason in refused(model, self.pathways, self.on_post, own):
            raise DefinitionError(
                f"{self.label} cannot connect along a declared connection: {reason}; connect explicit pairs, "
                "i=connection.i, j=connection.j"
            )
        arguments["delay"] = {**dict.fromkeys(self.pathways, 0 * second), **common}
        shared = shared_variables(model)
        flat = {name: flattened(value, along.weights) if name in shared else value for name, value in values.items()}
        checked = self._checked(flat, math.prod(along.weights), namespace)
        with explained(self.label):
            synapses = DeclaredSynapses(pre, post, along, model, self.label, **arguments)
            self._assign(synapses, checked, namespace, dict.fromkeys(shared, synapses.kernels))
        return synapses

    def _refuse_names_of(self, pre: Any, post: Any) -> None:
        """Refuse variables that a neuron on either side has, too, as Brian2 does."""
        equations = Equations(self.model)
        for name in sorted(equations.names):
            if name == "lastupdate" or "summed" in equations[name].flags:
                continue
            for group in (pre, post):
                if name in getattr(group, "variables", ()):
                    raise DefinitionError(
                        f"{self.label}: {name!r} is a variable of {group.name!r}, too, which Brian2 refuses; connect "
                        f"{self.label}.renamed({name}='{name}_syn') instead"
                    )

    def _check_side(self, side: str, group: Any, requires: Mapping[str, Any], code: Any) -> None:
        """Check that a group has the variables and the events that this side of the synapse uses."""
        if not isinstance(group, Group):
            raise DefinitionError(f"{self.label}: {side}={group!r} is no group of neurons")
        name_of_group = repr(group.name)
        having = group.variables
        for name, unit in requires.items():
            needed, found = get_dimensions(unit), having[name].dim if name in having else None
            if found is not needed:
                definition = definition_of(group)
                known = f"; it has {', '.join(definition.variables)}" if definition is not None else ""
                state = f"has it in {unit_text(found)}" if found is not None else f"does not have it{known}"
                raise DefinitionError(
                    f"{self.label} requires {name} ({unit_text(needed)}) of the {side}synaptic neurons, but "
                    f"{name_of_group} {state}"
                )
        for pathway in [side] * bool(code) if isinstance(code, str) else code:
            event = self.on_event if isinstance(self.on_event, str) else self.on_event.get(pathway, "spike")
            events = getattr(group, "events", {})
            if event not in events:
                raise DefinitionError(
                    f"{self.label}: the pathway {pathway!r} waits for the event {event!r} of the {side}synaptic "
                    f"neurons, but {name_of_group} has {', '.join(map(repr, events)) or 'none: it has no threshold'}"
                )


def _joined_code(one: Any, two: Any, side: str) -> Any:
    if isinstance(one, str) and isinstance(two, str):
        return "\n".join(filter(None, [one, two]))
    tables = [{side: code} if isinstance(code, str) else dict(code) for code in (one, two) if code]
    names = dict.fromkeys(name for table in tables for name in table)
    return {name: "\n".join(table[name] for table in tables if name in table) for name in names}
