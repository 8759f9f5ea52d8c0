"""Random numbers in statements: each element draws its own, so that the order of a stream is no result."""

from __future__ import annotations

import ast
import copy
from collections.abc import Mapping
from typing import Any

import numpy as np
from brian2.core.functions import DEFAULT_FUNCTIONS, Function
from brian2.core.variables import AuxiliaryVariable
from brian2.input.binomial import BinomialFunction

#: Brian2's own functions that draw random numbers.
RANDOM = frozenset({"rand", "randn", "poisson"})

_NUMBER = "_drawn"


def without_draws(
    statements: list[Any], variables: Mapping[str, Any], indices: dict[str, str]
) -> tuple[list[Any], dict[str, Any], dict[str, str]]:
    """Statements with a variable of each element in the place of every random number.

    For Brian2's analysis of what depends on the order of elements, which refuses any function with a state.

    Returns
    -------
    statements : list of Statement
        New ones where random numbers are drawn.
    variables, indices : dict
        With the variable that they refer to.
    """
    own = [DEFAULT_FUNCTIONS[name] for name in RANDOM]
    drawing = {
        name
        for name, value in variables.items()
        if isinstance(value, BinomialFunction) or (isinstance(value, Function) and any(value is f for f in own))
    }
    known = copy.copy(indices)  # whose default is the index of what statements make for themselves
    known[_NUMBER] = "_idx"
    replaced = []
    for statement in statements:
        tree = ast.parse(statement.expr.strip(), mode="eval")
        changed = _Replaced(drawing)
        expression = ast.unparse(changed.visit(tree))
        if changed.found:
            statement = copy.copy(statement)
            statement.expr = expression
        replaced.append(statement)
    return replaced, {**variables, _NUMBER: AuxiliaryVariable(_NUMBER, dtype=np.float64)}, known


class _Replaced(ast.NodeTransformer):
    """Calls that draw, as a name; what they are called with still counts as read."""

    def __init__(self, drawing: set[str]):
        self.drawing = drawing
        self.found = False

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        if not isinstance(node.func, ast.Name) or node.func.id not in self.drawing:
            return node
        self.found = True
        number: ast.expr = ast.Name(_NUMBER, ast.Load())
        for argument in node.args:
            number = ast.BinOp(number, ast.Add(), argument)
        return number
