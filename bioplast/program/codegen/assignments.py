"""Statements that give a variable what its type does not hold: NumPy refuses them or rounds, C++ cuts off silently."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from brian2.codegen.generators.cpp_generator import CPPCodeGenerator
from brian2.core.variables import AuxiliaryVariable, Subexpression
from brian2.parsing.bast import brian_ast, brian_dtype_from_dtype

from ...errors import Unsupported

_ORDER = ("boolean", "integer", "float")


def refuse_cut_off(statement: Any, variables: Mapping[str, Any]) -> None:
    """Refuse a statement that gives a variable, or a name within the code, what its type does not hold.

    A variable of integers that is set to a number, ``k = 0.5``, is rounded towards 0 by NumPy as well.

    Parameters
    ----------
    statement : Statement
        Of Brian2.
    variables : mapping
        What the names in it stand for, those within the code too.

    Raises
    ------
    Unsupported
        ``k += 0.5`` with an integer k, ``b += c`` with a boolean b, ``y = 1`` that is followed by ``y = 0.5``, and a
        subexpression ``k = x : integer`` with a number x.
    """
    found, wanted = _types(statement, variables)
    wider = _ORDER.index(found) > _ORDER.index(wanted)
    line = f"{statement.var} {statement.op.lstrip(':')} {statement.expr}"
    if statement.inplace and (wider or wanted == "boolean" or (statement.op == "/=" and wanted == "integer")):
        told = "is True or False" if wanted == "boolean" else f"is of type {wanted}, of which C++ cuts off the rest"
        raise Unsupported(f"{line!r} changes in place what {told}: write it with ' = ', as NumPy needs it")
    variable = variables.get(statement.var)
    if wider and isinstance(variable, Subexpression):
        raise Unsupported(f"{line!r} is of type {found}, though it is declared as {wanted}: declare it so")
    if wider and statement.op == "=" and isinstance(variable, AuxiliaryVariable):
        raise Unsupported(
            f"{line!r} makes {statement.var!r} of type {found}, which was {wanted} before: use another name"
        )


def makes_boolean(statement: Any, variables: Mapping[str, Any]) -> bool:
    """Whether a statement makes a truth value of a number."""
    found, wanted = _types(statement, variables)
    return wanted == "boolean" and found != "boolean"


def _types(statement: Any, variables: Mapping[str, Any]) -> tuple[str, str]:
    """Of what is written, and of what it is written to."""
    return brian_ast(statement.expr, variables).dtype, brian_dtype_from_dtype(statement.dtype)


class Generator(CPPCodeGenerator):  # type: ignore[misc]
    """Brian2's generator of C++, where a truth value is made of a number as in NumPy: Brian2 cuts it to a byte."""

    def __init__(self, *arguments: Any, **options: Any):
        super().__init__(*arguments, **options)
        self.local: dict[str, AuxiliaryVariable] = {}

    def translate_statement(self, statement: Any) -> str:
        if statement.op == ":=" and not isinstance(self.variables.get(statement.var), Subexpression):
            name, kind = statement.var, statement.dtype
            self.local[name] = AuxiliaryVariable(name, dtype=kind, scalar=statement.scalar)
        variables = {**self.variables, **self.local}
        refuse_cut_off(statement, variables)
        if makes_boolean(statement, variables):
            statement.expr = f"({statement.expr}) != 0"
            simpler = statement.boolean_simplified_expressions
            if simpler:
                statement.boolean_simplified_expressions = {key: f"({text}) != 0" for key, text in simpler.items()}
        text: str = super().translate_statement(statement)
        return text
