"""The units of a definition, checked when it is made: no group is needed, Brian2's own unit rules are applied."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from brian2 import Equations, Function, Quantity, get_dimensions, second
from brian2.core.namespace import DEFAULT_CONSTANTS, DEFAULT_FUNCTIONS, DEFAULT_UNITS
from brian2.core.variables import Constant, Variable
from brian2.equations.unitcheck import check_units_statements
from brian2.parsing.expressions import is_boolean_expression, parse_expression_dimensions
from brian2.parsing.statements import parse_statement
from brian2.units.fundamentalunits import DIMENSIONLESS, DimensionMismatchError
from brian2.utils.stringtools import get_identifiers

from ..errors import DefinitionError, UnknownName
from .parameter import Parameter
from .units import unit_name, unit_text, with_unit_names

# Names that mean something in any group, beside those that Brian2's own identifier check refuses.
RESERVED = {"i", "j", "t", "dt", "t_in_timesteps", "lastspike", "lastupdate", "not_refractory", "N", "delay"}

_WORDS = {"True", "False", "and", "or", "not"}

Scope = dict[str, Any]
"""Every name that a definition's code may use, as the Variable, Constant or Function that Brian2 will see."""


@dataclass(frozen=True)
class Clause:
    """One piece of code of a definition, and what its unit must be.

    Parameters
    ----------
    where : str
        How the message calls it, such as "dv/dt = -v/tau : volt" or "threshold 'v > v_peak'".
    code : str
        The expression or the statements.
    expected : Dimension, "boolean", "statements" or "refractory"
        What the code must be; a refractory period is a time or a condition.
    """

    where: str
    code: str
    expected: Any


def check_name(label: str, name: str, refused: Iterable[str] = (), suffixed: bool = False) -> None:
    """Refuse a name that Brian2 or a method of the definition uses for something else.

    Raises
    ------
    DefinitionError
        One line that says why; `suffixed` allows names that end in _pre or _post (summed variables of a synapse).
    """
    try:
        Equations.check_identifier(name)
    except (SyntaxError, ValueError) as error:
        raise DefinitionError(f"{label}: {one_line(error)}") from None
    if name in RESERVED or name in refused:
        raise DefinitionError(f"{label}: {name!r} is reserved; choose another name")
    if name.endswith(("_pre", "_post")) and not suffixed:
        raise DefinitionError(f"{label}: {name!r} ends in _pre or _post, which is reserved for synapses")


def one_line(error: BaseException) -> str:
    """The message of an error that Brian2 or Python raised, on one line."""
    text = error.msg if isinstance(error, SyntaxError) else getattr(error, "desc", None) or str(error)
    return " ".join(str(text).split()).rstrip(".")


def variable(name: str, dimensions: Any, kind: str = "float", scalar: bool = False) -> Variable:
    """A stand-in for a state variable: `kind` is Brian2's "float", "integer" or "boolean"."""
    dtype = {"boolean": bool, "integer": np.int32}.get(kind, np.float64)
    return Variable(name, dimensions=dimensions, dtype=dtype, scalar=scalar)


def parameter_variable(name: str, parameter: Parameter) -> Variable:
    """A stand-in for a parameter; a shared one is a Constant, which Brian2 accepts as an exponent."""
    if parameter.shared:
        return Constant(name, np.asarray(parameter.value).item(), dimensions=parameter.dimensions)
    return variable(name, parameter.dimensions, "boolean" if isinstance(parameter.value, bool) else "float")


@functools.cache
def _brian2_scope() -> Scope:
    scope: Scope = {}
    for name, value in (DEFAULT_CONSTANTS | DEFAULT_UNITS | DEFAULT_FUNCTIONS).items():
        scope[name] = value if isinstance(value, Function) else external(name, value)
    scope |= {name: variable(name, second.dim, scalar=True) for name in ("t", "dt")}
    scope |= {name: variable(name, DIMENSIONLESS, "integer", scalar=True) for name in ("N", "t_in_timesteps")}
    scope["i"] = variable("i", DIMENSIONLESS, "integer")
    scope["lastspike"] = variable("lastspike", second.dim)
    scope["not_refractory"] = variable("not_refractory", DIMENSIONLESS, "boolean")
    return scope


def external(name: str, value: Any) -> Any:
    """A value of a namespace as Brian2 sees it: a Function, or a Constant with its dimensions.

    Raises
    ------
    TypeError, ValueError
        If it is neither a function with units nor one number.
    """
    if isinstance(value, Function | Variable):
        return value
    if hasattr(value, "_arg_units") and hasattr(value, "_return_unit"):
        return Function(value)
    return Constant(name, np.asarray(value).item(), dimensions=get_dimensions(value))


def standard_scope(namespace: Mapping[str, Any]) -> Scope:
    """Units, constants, functions, time and index, and the definition's own functions and constants."""
    return _brian2_scope() | {name: external(name, value) for name, value in namespace.items()}


def noise(equations: Equations) -> Scope:
    """The white-noise symbols (xi, xi_...) that the equations use."""
    return {name: variable(name, (second**-0.5).dim) for name in equations.stochastic_variables}


def equation_variables(equations: Equations) -> Scope:
    """Stand-ins for the variables that the equations define."""
    return {
        eq.varname: variable(eq.varname, eq.dim, eq.var_type, scalar="shared" in eq.flags) for eq in equations.values()
    }


def equation_text(eq: Any) -> str:
    """One equation as its author would write it."""
    left = f"d{eq.varname}/dt" if eq.type == "differential equation" else eq.varname
    return f"{left} = {eq.expr.code} : {unit_text(eq.dim)}" if eq.expr is not None else f"{left} : {unit_text(eq.dim)}"


def equation_clauses(equations: Equations) -> list[Clause]:
    """What must hold for each equation that has a right side."""
    return [
        Clause(
            equation_text(eq),
            eq.expr.code,
            eq.dim / second.dim if eq.type == "differential equation" else _kind(eq.var_type, eq.dim),
        )
        for eq in equations.values()
        if eq.expr is not None
    ]


def _kind(var_type: str, dimensions: Any) -> Any:
    return "boolean" if var_type == "boolean" else dimensions


def check_names(label: str, clauses: Iterable[Clause], known: Iterable[str]) -> None:
    """Refuse a name that is neither defined by the definition nor by Brian2.

    Raises
    ------
    UnknownName, DefinitionError
        One line with the clause and the name.
    """
    known = set(known)
    for clause in clauses:
        unknown = _unknown(label, clause, known)
        if unknown is None:
            continue
        bare, _, side = unknown.rpartition("_")
        if bare and side in ("pre", "post"):
            raise DefinitionError(
                f"{label}: in {clause.where!r}: {unknown} is not known; "
                f"declare it with requires_{side}={{'{bare}': unit}}"
            )
        raise UnknownName(
            f"name in {label}, at {clause.where!r}:",
            unknown,
            known - set(_brian2_scope()),
            "a number of the model belongs into parameters=, the current from outside a neuron is its input=",
        )


def _unknown(label: str, clause: Clause, known: set[str]) -> str | None:
    """The first unknown name of a clause; a variable that statements make for themselves must be read later."""
    try:
        if clause.expected != "statements":
            return min(names_in(clause) - known, default=None)
        unread: set[str] = set()
        for line in _lines(clause.code):
            target, operation, expression, _ = parse_statement(line)
            read = (set(get_identifiers(expression)) - _WORDS) | ({target} if operation != "=" else set())
            unread -= read
            if read - known:
                return min(read - known)
            if target not in known:
                known = known | {target}
                unread.add(target)
        return min(unread, default=None)
    except (SyntaxError, ValueError) as error:
        raise DefinitionError(f"{label}: in {clause.where!r}: {one_line(error)}") from None


def _lines(code: str) -> list[str]:
    lines = (line.split("#")[0].strip() for line in re.split(r"[;\n]", code))
    return [line for line in lines if line]


def check_units(
    label: str,
    clauses: list[Clause],
    scope: Scope,
    parameters: Mapping[str, Parameter],
    inputs: tuple[str, ...] = (),
) -> None:
    """Check the units of every clause.

    Parameters
    ----------
    inputs : tuple of str
        Names in the scope whose unit was inferred from the clauses: another unit of a parameter gives another for them.

    Raises
    ------
    DefinitionError
        One line with the clause, the symbol and the expected unit. When another unit of one single parameter would make
        everything consistent, that parameter is named.
    """
    try:
        for clause in clauses:
            _check_clause(clause, scope)
    except _WrongUnit as problem:
        culprit = _culprit(problem.clause, clauses, scope, parameters, inputs)
        raise DefinitionError(f"{label}: in {problem.clause.where!r}: {culprit or problem}") from None


class _WrongUnit(Exception):  # noqa: N818 - never leaves this module
    def __init__(self, clause: Clause, text: str):
        super().__init__(text)
        self.clause = clause


def _check_clause(clause: Clause, scope: Scope) -> None:
    try:
        if clause.expected == "statements":
            # Brian2 keeps what it finds by all that it was given: all names would take it longer than the check.
            used = {name: scope[name] for name in names_in(clause) if name in scope}
            check_units_statements("\n".join(_lines(clause.code)), used)
            return
        found = parse_expression_dimensions(clause.code, scope)
        condition = is_boolean_expression(clause.code, scope) if clause.expected in ("boolean", "refractory") else False
    except DimensionMismatchError as error:
        found_in = f" (it is in {unit_name(error.dims[0])})" if len(error.dims) == 1 else ""
        raise _WrongUnit(clause, with_unit_names(one_line(error)) + found_in) from None
    except (SyntaxError, ValueError, TypeError, KeyError) as error:
        raise _WrongUnit(clause, one_line(error)) from None
    if clause.expected == "boolean" and not condition:
        raise _WrongUnit(clause, "this must be a condition (true or false)")
    if clause.expected == "refractory" and not condition and found is not second.dim:
        raise _WrongUnit(clause, f"this is in {unit_name(found)}; expected a time (second) or a condition")
    if not isinstance(clause.expected, str) and found is not clause.expected:
        raise _WrongUnit(clause, f"the right side is in {unit_name(found)}; expected {unit_name(clause.expected)}")


def _culprit(
    wrong: Clause,
    clauses: list[Clause],
    scope: Scope,
    parameters: Mapping[str, Parameter],
    inputs: tuple[str, ...],
) -> str | None:
    """Find the one parameter of the wrong clause that another unit would put right."""
    known = {value.dim for name, value in scope.items() if not isinstance(value, Function) and name not in inputs}
    candidates = sorted(known | {dim / second.dim for dim in known}, key=lambda dim: len(unit_text(dim)))
    for name in sorted(get_identifiers(wrong.code) & set(parameters)):
        for other in candidates:
            trial = scope | {name: variable(name, other)}
            if inputs:
                dim = inferred_from(inputs[0], clauses, trial)
                trial |= {each: variable(each, dim) for each in inputs if dim is not None}
            try:
                for clause in clauses:
                    _check_clause(clause, trial)
            except _WrongUnit:
                continue
            return f"{name} is in {unit_name(parameters[name].dimensions)}; expected {unit_name(other)}"
    return None


def inferred_from(name: str, clauses: Iterable[Clause], scope: Scope) -> Any:
    """The dimensions of `name` that follow from the first equation that shows them; None if none does."""
    for clause in clauses:
        if not isinstance(clause.expected, str) and name in get_identifiers(clause.code):
            found = inferred(name, clause.code, clause.expected, scope)
            if found is not None:
                return found
    return None


def inferred(name: str, node: Any, expected: Any, scope: Scope) -> Any:
    """The dimensions that `name` must have for an expression to have the `expected` ones.

    Walks down the products, quotients and sums to the place where the name stands; None where it stands inside a
    function or an exponent.

    Parameters
    ----------
    name : str
        The unknown, for example the input current.
    node : str or ast.AST
        The expression.
    expected : Dimension
        What the whole expression must have.
    scope : dict
        All other names.
    """
    if isinstance(node, str):
        node = ast.parse(node, mode="eval").body
    if isinstance(node, ast.Name):
        return expected if node.id == name else None
    if isinstance(node, ast.UnaryOp):
        return inferred(name, node.operand, expected, scope)
    if not isinstance(node, ast.BinOp):
        return None
    inside, other = (node.left, node.right) if _mentions(name, node.left) else (node.right, node.left)
    if isinstance(node.op, ast.Add | ast.Sub):
        return inferred(name, inside, expected, scope)
    try:
        factor = parse_expression_dimensions(ast.unparse(other), scope)
    except (DimensionMismatchError, SyntaxError, ValueError, KeyError):
        return None
    if isinstance(node.op, ast.Mult):
        return inferred(name, inside, expected / factor, scope)
    if isinstance(node.op, ast.Div):
        return inferred(name, inside, expected * factor if inside is node.left else factor / expected, scope)
    return None


def _mentions(name: str, node: ast.AST) -> bool:
    return any(isinstance(part, ast.Name) and part.id == name for part in ast.walk(node))


def is_quantity_of(value: Any, dimensions: Any) -> bool:
    """Whether a value is a scalar Quantity of the given dimensions."""
    return isinstance(value, Quantity) and np.ndim(value) == 0 and value.dim is dimensions


def names_in(clause: Clause) -> set[str]:
    """The names that a clause uses or writes to."""
    if clause.expected != "statements":
        return set(get_identifiers(clause.code)) - _WORDS
    return set(get_identifiers(" ".join(_lines(clause.code)))) - _WORDS
