"""What every definition has in common: checked when it is made, immutable, equal by value."""

from __future__ import annotations

import dataclasses
import functools
import re
import textwrap
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Any, ClassVar, TypeVar

import numpy as np
from brian2 import Equations, Quantity, get_dimensions, second
from brian2.equations.equations import EquationError
from brian2.groups.subgroup import Subgroup
from brian2.stateupdaters.base import StateUpdateMethod
from brian2.units.fundamentalunits import DIMENSIONLESS

from ..errors import DefinitionError, UnknownName
from ..files import leave_ignored_interrupts
from . import (
    check,
    sequential,  # noqa: F401 - registers the method "sequential"
)
from .check import Clause, Scope
from .explain import check_fields, explained
from .parameter import Parameter
from .show import rendering
from .units import unit_text
from .values import Table, checked_value, frozen, unchangeable

leave_ignored_interrupts()  # Brian2 is imported now

D = TypeVar("D", bound="Definition")

# Attributes of Brian2's groups and arguments of .group and .connect: no variable or parameter may be called so.
# fmt: off
OF_ANY_GROUP = frozenset((
    "name", "clock", "order", "when", "active", "dt", "start", "stop", "spikes", "equations", "user_equations",
    "events", "method", "method_options", "method_choice", "namespace", "dtype", "codeobj_class", "code_objects",
    "variables", "contained_objects", "event_codes", "state_updater", "thresholder", "resetter",
    "subexpression_updater", "updaters", "summed_updaters", "event_driven", "default_event", "multisynaptic_index",
))
# fmt: on


@dataclass(frozen=True, eq=False, repr=False)
class Definition:
    """What a neuron, a receptor and a synapse have in common.

    Two definitions are equal when everything they print is equal; the name is only a label.
    """

    equations: str
    _: KW_ONLY
    parameters: Mapping[str, Parameter] = Table()
    initial: Mapping[str, Any] = Table()
    namespace: Mapping[str, Any] = Table()
    meaning: str = ""
    source: str = ""
    name: str = field(default="", compare=False)

    kind: ClassVar[str] = "definition"
    _flags: ClassVar[dict[str, tuple[str, ...]]] = {}
    _refused: ClassVar[frozenset[str]] = frozenset()

    # ---- construction --------------------------------------------------------------------------------------------

    def __post_init__(self) -> None:
        check_fields(self)
        with explained(self.label):
            self._complete()

    def _complete(self) -> None:
        """Bring all fields into one form and check them."""
        self._set("equations", "\n".join(map(str.rstrip, textwrap.dedent(self.equations).strip("\n").splitlines())))
        for each in dataclasses.fields(self):
            value = getattr(self, each.name)
            if isinstance(value, Mapping):
                self._set(each.name, Table({name: unchangeable(item) for name, item in value.items()}))
        for name, parameter in self.parameters.items():
            if not isinstance(parameter, Parameter):
                raise DefinitionError(f"{self.label}: parameters[{name!r}] must be a Parameter, not {parameter!r}")
        self._set("meaning", self._one_line("meaning"))
        self._normalise()
        for name in self.parameters:
            check.check_name(self.label, name, refused=self._refused)
        for eq in self._own.values():
            check.check_name(self.label, eq.varname, refused=self._refused, suffixed="summed" in eq.flags)
            if eq.varname in self.parameters:
                line = check.equation_text(eq)
                raise DefinitionError(f"{self.label}: {eq.varname} is declared twice: in {line!r} and in parameters")
        self._check()

    def _set(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)

    def _one_line(self, name: str) -> str:
        """A field that is one line of text."""
        value = getattr(self, name)
        if not isinstance(value, str) or len(value.splitlines()) > 1:
            raise DefinitionError(f"{self.label}: {name}={value!r} must be one line of text")
        return value.strip()

    def _normalise(self) -> None:
        """Bring the fields of a kind of definition into one form."""

    @functools.cached_property
    def _own(self) -> Equations:
        """The equations as they were written."""
        return self._parsed(self.equations)

    @functools.cached_property
    def _parsed_model(self) -> Equations:
        """The equations that Brian2 will see."""
        return self._parsed(self.model)

    def _parsed(self, text: str) -> Equations:
        try:
            return self._read(text)
        except (EquationError, SyntaxError, ValueError, TypeError) as error:
            reasons = [error, error.__cause__] if isinstance(error.__cause__, ValueError) else [error]
            where = [line.strip() for line in text.splitlines() if line.strip() and not self._readable(line)]
            blame = f"in {where[0]!r}: " if len(where) == 1 else ""
            raise DefinitionError(f"{self.label}: {blame}{': '.join(map(check.one_line, reasons))}") from None

    def _read(self, text: str) -> Equations:
        equations = Equations(text)
        equations.check_flags(self._flags)
        return equations

    def _readable(self, line: str) -> bool:
        try:
            self._read(line)
        except (EquationError, SyntaxError, ValueError, TypeError):
            return False
        return True

    def _check(self) -> None:
        clauses, initial = self._clauses(), dict(self.initial)
        for name, value in self.initial.items():
            eq = self._parsed_model.get(name)
            if eq is None or name not in self.state_variables:
                raise UnknownName(f"variable of {self.label} in initial", name, self.state_variables)
            if isinstance(value, str):
                clauses.append(Clause(f"initial {name} = {value}", value, eq.dim))
            else:
                checked = checked_value(self.label, f"initial {name}", value, eq.dim, None)
                if np.ndim(checked):  # a list as one array, what belongs to a group as a copy
                    initial[name] = unchangeable(checked)
        self._set("initial", Table(initial))
        scope = self._scope()
        check.check_names(self.label, clauses, scope)
        check.check_units(self.label, clauses, scope, self.parameters, self._inferred_names())
        used = set().union(*(check.names_in(clause) for clause in clauses))
        unused = [name for name in self.parameters if name not in used]
        if unused:
            raise DefinitionError(f"{self.label}: parameter {unused[0]!r} is declared but no equation uses it")

    def _clauses(self) -> list[Clause]:
        return check.equation_clauses(self._own)

    def _inferred_names(self) -> tuple[str, ...]:
        """The variables whose unit follows from the equations."""
        return ()

    def _scope(self) -> Scope:
        """All names that the code of this definition may use."""
        return self._own_scope() | check.equation_variables(self._parsed_model)

    def _own_scope(self) -> Scope:
        """The names in what was written, without those of the lines that the definition adds."""
        try:
            scope = check.standard_scope(self.namespace)
        except (TypeError, ValueError):
            raise DefinitionError(
                f"{self.label}: the namespace accepts numbers, Quantities and functions with units"
            ) from None
        scope |= check.noise(self._own) | check.equation_variables(self._own)
        scope |= {name: check.parameter_variable(name, p) for name, p in self.parameters.items()}
        return scope

    # ---- what it is ----------------------------------------------------------------------------------------------

    @property
    def label(self) -> str:
        """How messages call the definition: its name, or of which variables it is."""
        if self.name:
            return self.name
        written = re.findall(r"^\s*(?:d(\w+)\s*/\s*dt\s*=|(\w+)\s*[=:])", str(self.equations), re.MULTILINE)
        names = list(dict.fromkeys(one or other for one, other in written))
        return f"{self.kind} of {', '.join(names[:3])}" if names else self.kind

    @property
    def model(self) -> str:
        """The equations that Brian2 will see: those written, then the lines that the definition adds."""
        return "\n".join([self.equations, *self._added_lines()]).strip("\n")

    def _added_lines(self) -> list[str]:
        return [parameter.line(name) for name, parameter in self.parameters.items()]

    @property
    def variables(self) -> dict[str, Any]:
        """The dimensions (brian2 Dimension) of every variable and parameter, by name, in the order of the equations."""
        return {eq.varname: eq.dim for eq in self._parsed_model.values()}

    @property
    def state_variables(self) -> tuple[str, ...]:
        """The variables that have a value of their own and may be given one: not parameters, not subexpressions."""
        return tuple(
            eq.varname
            for eq in self._parsed_model.values()
            if eq.type != "subexpression" and eq.varname not in self.parameters
        )

    @property
    def differential(self) -> tuple[str, ...]:
        """The variables with a differential equation, in the order in which they are written."""
        return tuple(eq.varname for eq in self._parsed_model.values() if eq.type == "differential equation")

    def replace(self: D, **changes: Any) -> D:
        """The same definition with other defaults or other fields.

        Parameters
        ----------
        **changes
            A parameter (a value, or a whole Parameter), an initial value of a variable, or a field such as `method`.

        Returns
        -------
        definition : Neuron, Receptor or Synapse
            A new one; this one stays as it is.

        Raises
        ------
        UnknownName
            If a name is none of these.
        DefinitionError
            If a value has the wrong unit.
        """
        fields = {each.name for each in dataclasses.fields(self)}
        new = {name: changes.pop(name) for name in list(changes) if name in fields}
        parameters = dict(new.get("parameters", self.parameters))
        initial = dict(new.get("initial", self.initial))
        for name, value in changes.items():
            if name in parameters:
                old = parameters[name]
                if not isinstance(value, Parameter):
                    checked_value(self.label, name, value, old.dimensions, 1, shared=True)
                    value = dataclasses.replace(old, value=value)
                parameters[name] = value
            elif name in self.state_variables:
                initial[name] = value
            else:
                raise UnknownName(
                    f"parameter, variable or field of {self.label}",
                    name,
                    {*parameters, *self.state_variables, *fields},
                )
        return dataclasses.replace(self, **{**new, "parameters": parameters, "initial": initial})

    def __set_name__(self, owner: Any, name: str) -> None:
        # As for any descriptor, the place where a definition is kept gives it its name, once.
        if not self.name:
            self._set("name", name)

    def _key(self) -> Any:
        return type(self), *(frozen(getattr(self, each.name)) for each in dataclasses.fields(self) if each.compare)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Definition) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    # ---- how it shows --------------------------------------------------------------------------------------------

    def __repr__(self) -> str:
        own = ", ".join(self.differential) or ", ".join(self.state_variables)
        return f"<{type(self).__name__} {self.name or '(unnamed)'}: {own}; {', '.join(self.parameters)}>"

    def __str__(self) -> str:
        return rendering.text(self)

    def to_markdown(self) -> str:
        """The definition as Markdown, with the equations in TeX."""
        return rendering.markdown(self)

    def to_html(self, mathml: bool = False) -> str:
        """The definition as HTML, with the equations in TeX for MathJax, or in MathML, which needs no program."""
        return rendering.html(self, mathml)

    def _repr_markdown_(self) -> str:
        return self.to_markdown()

    def _repr_html_(self) -> str:
        return self.to_html()

    def properties(self) -> dict[str, str]:
        """Everything beside the equations and parameters, as text by its name; used for printing."""
        return {"initial": ", ".join(f"{k} = {rendering.value_text(v)}" for k, v in self.initial.items())}

    # ---- values for a group --------------------------------------------------------------------------------------

    def _check_given(self, given: Mapping[str, Any], extra: tuple[str, ...] = ()) -> None:
        """Refuse a name that is neither a parameter nor a variable."""
        accepted = {*self.parameters, *self.state_variables, *extra}
        for name in given:
            if name not in accepted:
                raise UnknownName(f"parameter or variable of {self.label}", name, accepted)

    def _checked(self, given: Mapping[str, Any], size: int | None, namespace: Mapping[str, Any]) -> dict[str, Any]:
        """What a user gave, with its units and shapes checked for `size` neurons or synapses (None: not known yet)."""
        checked = {}
        for name, value in given.items():
            if isinstance(value, str):
                self._check_expression(name, value, namespace)
                checked[name] = value
            else:
                shared = (
                    self.parameters[name].shared
                    if name in self.parameters
                    else "shared" in self._parsed_model[name].flags
                )
                checked[name] = checked_value(self.label, name, value, self.variables[name], size, shared=shared)
        return checked

    def _assign(
        self,
        group: Any,
        given: Mapping[str, Any],
        namespace: Mapping[str, Any],
        elsewhere: Mapping[str, Any] | None = None,
    ) -> None:
        """Set the parameters, then the variables in the order written; what the user gave replaces a default.

        Those in `elsewhere` are variables of the groups there.
        """
        defaults = {name: parameter.value for name, parameter in self.parameters.items()} | dict(self.initial)
        # Numbers for variables without a default come first, so that initial expressions can use them.
        first = {k: v for k, v in given.items() if k not in defaults and not isinstance(v, str)}
        for name, value in {**first, **defaults, **given}.items():
            names = namespace if name in given else self.namespace
            holder = (elsewhere or {}).get(name, group)
            getattr(holder, name).set_item(slice(None), value, namespace=dict(names))
        group.add_attribute("_bioplast_definition")
        group._bioplast_definition = self

    def _check_expression(self, name: str, code: str, namespace: Mapping[str, Any], later: bool = False) -> None:
        """Check a string that a user gave; one that is evaluated `later` may use names that come with the run."""
        scope = self._scope()
        clause = Clause(f"{name} = {code}", code, self.variables[name])
        for symbol in check.names_in(clause) - set(scope):
            try:
                scope[symbol] = check.external(symbol, namespace[symbol])
            except (KeyError, TypeError, ValueError):
                if later:
                    return
        check.check_names(self.label, [clause], scope)
        check.check_units(self.label, [clause], scope, {})

    def _brian_name(self) -> str | None:
        name = re.sub(r"\W+", "_", self.name)
        return f"{name}*" if re.fullmatch(r"[A-Za-z]\w*", name) else None


def definition_of(group: Any) -> Any:
    """The Neuron or Synapse that made a group, a part of a group or Synapses; None for what Brian2 alone made."""
    if isinstance(group, Subgroup):
        group = group.source
    return getattr(group, "_bioplast_definition", None)


def units_text(requires: Mapping[str, Any]) -> str:
    """Required variables with their units, such as "v (volt)"."""
    return ", ".join(f"{name} ({unit_text(get_dimensions(unit))})" for name, unit in requires.items())


def required_variables(requires: Mapping[str, Any], suffix: str = "") -> Scope:
    """Stand-ins for the variables that a receptor or a synapse uses of a neuron."""
    return {name + suffix: check.variable(name + suffix, get_dimensions(unit)) for name, unit in requires.items()}


def check_requires(label: str, requires: Mapping[str, Any]) -> Table:
    """The required units; only the unit of what was given matters. Refuses anything but units."""
    for name, unit in requires.items():
        if isinstance(unit, str | Mapping) or np.ndim(unit) != 0:
            raise DefinitionError(f"{label}: requires {name}={unit!r} must be a unit, such as volt, or 1")
    return Table({name: _unit_of(unit) for name, unit in requires.items()})


def _unit_of(unit: Any) -> Any:
    # A plain 1 without a unit: Brian2 unpickles a dimensionless Quantity as a number.
    found = get_dimensions(unit)
    return 1.0 if found is DIMENSIONLESS else Quantity(1.0, dim=found)


def statements(label: str, where: str, code: str, parameters: Mapping[str, Parameter]) -> list[Clause]:
    """The clause of some statements; refuses those that would write to a parameter."""
    for line in re.split(r"[;\n]", code):
        target = re.match(r"\s*(\w+)\s*([-+*/%]|//|\*\*)?=(?!=)", line)
        if target and target[1] in parameters:
            raise DefinitionError(
                f"{label}: in '{where} {line.strip()}': {target[1]} is a parameter, which stays constant; declare it "
                f"in the equations ({target[1]} : {parameters[target[1]].unit}) and give it an initial value"
            )
    return [Clause(f"{where} {'; '.join(filter(None, map(str.strip, code.splitlines())))}", code, "statements")]


def check_method(label: str, method: Any) -> None:
    """Refuse the name of an integration method that Brian2 does not have."""
    names = [method] if isinstance(method, str) else method if isinstance(method, list | tuple) else []
    for name in names:
        if isinstance(name, str) and name.lower() not in StateUpdateMethod.stateupdaters:
            raise UnknownName(f"method of {label}", name, StateUpdateMethod.stateupdaters)
    if not (method is None or callable(method) or (names and all(isinstance(n, str) or callable(n) for n in names))):
        raise DefinitionError(f"{label}: method={method!r} must be the name of a method, or several in a list")


def check_dt(label: str, dt: Any) -> None:
    """Refuse a suggested time step that is not a positive time."""
    if dt is not None and not (check.is_quantity_of(dt, second.dim) and 0 < float(dt) < np.inf):
        raise DefinitionError(f"{label}: dt={dt!r} must be a positive time (second)")


def method_properties(definition: Any) -> dict[str, str]:
    """The integration method and the suggested time step, as text."""
    method = definition.method
    order = f" (in the order {', '.join(definition.differential)})" if method == "sequential" else ""
    return {
        "method": f"{getattr(method, '__name__', method)}{order}" if method is not None else "",
        "method_options": ", ".join(f"{k} = {v}" for k, v in definition.method_options.items()),
        "dt": f"{rendering.value_text(definition.dt)} (suggested: group(N, dt=...) takes it)"
        if definition.dt is not None
        else "",
    }
