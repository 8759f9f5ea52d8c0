"""Spikes as numbers with a surrogate derivative in the margin of each comparison of their condition."""

from __future__ import annotations

import ast
import functools
from typing import Any

from ...errors import Unsupported
from ..steps import steps
from ..surrogate import Surrogate
from .blocks import Code, Lowering
from .expressions import evaluate, parse
from .values import Value, constant

_SIGNS = {"Gt": 1, "GtE": 1, "Lt": -1, "LtE": -1}

#: The name of the spike in `Code.made`.
SPIKE = "_spike"


def with_spikes(operation: steps.Threshold, arrays: Any, surrogate: Surrogate) -> Code:
    """The code of a threshold with its spikes as numbers 0 and 1 that have a derivative, by the name `SPIKE`."""
    *others, condition = operation.block.vector
    lowering = Lowering(operation.block, arrays, operation.name)
    made = {s.name: parse(s.expression) for s in (*operation.block.scalar, *others)}
    make, unit = lowering.make, float(surrogate.unit)

    def part(node: ast.expr) -> Value:
        match node:
            case ast.BoolOp(op=ast.And(), values=values):
                return functools.reduce(lambda a, b: make.binary("Mult", a, b), map(part, values))
            case ast.BoolOp(values=values):  # or
                product = functools.reduce(lambda a, b: make.binary("Mult", a, b), map(not_part, values))
                return make.binary("Sub", constant(1.0), product)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return not_part(operand)
            case ast.Compare(left=left, ops=[sign], comparators=[right]) if type(sign).__name__ in _SIGNS:
                name = type(sign).__name__
                sides = [make.real(evaluate(side, make, lowering.read, lowering.call)) for side in (left, right)]
                truth = make.real(make.compared(name, *sides))
                margin = make.binary("Sub", *(sides if _SIGNS[name] > 0 else sides[::-1]))
                scaled = margin if unit == 1 else make.binary("Div", margin, constant(unit))
                slope = slope_of(surrogate, lowering, scaled)
                slope = slope if unit == 1 else make.binary("Div", slope, constant(unit))
                return make.made("spike", truth, margin, make.real(slope))
            case ast.Name(id=identifier) if identifier in made:
                return part(made[identifier])
        return make.real(evaluate(node, make, lowering.read, lowering.call))

    def not_part(node: ast.expr) -> Value:
        return make.binary("Sub", constant(1.0), part(node))

    lowering.local[SPIKE] = part(parse(condition.expression))
    return lowering.code()


def slope_of(surrogate: Surrogate, lowering: Lowering, margin: Value) -> Value:
    """The slope of a surrogate at a margin, from what JAX traces of it.

    Raises
    ------
    Unsupported
        For a user's own surrogate that does what is not known here.
    """
    import jax
    import numpy as np

    with jax.enable_x64(True):
        traced = jax.make_jaxpr(surrogate.slope)(np.float64(0.5))
    return _followed(traced.jaxpr, [_plain(c) for c in traced.consts], [margin], lowering, surrogate)[0]


def _plain(number: Any) -> Value:
    return constant(number.item() if hasattr(number, "item") else number)


def _followed(
    jaxpr: Any, constants: list[Value], arguments: list[Value], lowering: Lowering, surrogate: Surrogate
) -> list[Value]:
    make = lowering.make
    known: dict[Any, Value] = dict(zip(jaxpr.constvars, constants, strict=True))
    known |= dict(zip(jaxpr.invars, arguments, strict=True))

    def read(atom: Any) -> Value:
        return _plain(atom.val) if hasattr(atom, "val") else known[atom]

    for equation in jaxpr.eqns:
        name, given = equation.primitive.name, [read(atom) for atom in equation.invars]
        inner = equation.params.get("jaxpr", equation.params.get("call_jaxpr"))
        if inner is not None:
            plain = [_plain(c) for c in getattr(inner, "consts", ())]
            found = _followed(getattr(inner, "jaxpr", inner), plain, given, lowering, surrogate)
        else:
            try:
                found = [_made(name, equation.params, given, make)]
            except (KeyError, ValueError):
                raise Unsupported(
                    f"the surrogate {type(surrogate).__name__} computes {name!r}, which is not translated"
                ) from None
        known |= dict(zip(equation.outvars, found, strict=True))
    return [read(atom) for atom in jaxpr.outvars]


_BINARY = {"add": "Add", "sub": "Sub", "mul": "Mult", "div": "Div", "pow": "Pow"}
_COMPARED = {"lt": "Lt", "le": "LtE", "gt": "Gt", "ge": "GtE", "eq": "Eq", "ne": "NotEq"}
_FUNCTIONS = ("exp", "log", "sin", "cos", "tan", "tanh", "sinh", "cosh", "sqrt", "log1p", "expm1", "abs", "sign")


def _made(name: str, params: Any, given: list[Value], make: Any) -> Value:
    """What a primitive of JAX makes."""
    if name in _BINARY:
        return make.binary(_BINARY[name], *given)
    if name in _COMPARED:
        return make.compared(_COMPARED[name], *given)
    if name in _FUNCTIONS:
        return make.function(name, given)
    match name:
        case "neg":
            return make.negative(given[0])
        case "integer_pow":
            return make.power(given[0], constant(int(params["y"])))
        case "square":
            return make.power(given[0], constant(2))
        case "logistic":
            one = constant(1.0)
            return make.binary("Div", one, make.binary("Add", one, make.function("exp", [make.negative(given[0])])))
        case "max" | "min":
            left, right = make.together(*given)
            return make.made(name, left, right, kind=left.kind)
        case "select_n":
            condition, false, true = given
            return make.where(condition, true, false)
        case "convert_element_type":
            return make.real(given[0]) if params["new_dtype"].kind == "f" else given[0]
        case "stop_gradient" | "copy":
            return given[0]
    raise KeyError(name)
