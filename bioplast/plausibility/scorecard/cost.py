"""What a model costs: the arithmetic operations of one simulated millisecond, counted in its equations.

Counted is what the integration method does in a step, as Brian2 derives it, and the test for a spike; what happens at a
spike is left out. A part that only parameters, numbers and the time step enter costs nothing, since it is computed once
beforehand, and a part that occurs twice counts once. An addition, multiplication, division or comparison is one
operation, a whole power as many multiplications as it takes, and any other function ten, which is what Izhikevich
(2004) counts for an exponential.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import brian2
import numpy as np
import sympy
from brian2.core.namespace import DEFAULT_CONSTANTS, DEFAULT_UNITS
from brian2.parsing.sympytools import str_to_sympy
from sympy.core.relational import Relational

from ...definition import Neuron

# The operations of a function such as exp.
FUNCTION = 10


@dataclass(frozen=True)
class Cost:
    """What a model costs.

    Attributes
    ----------
    step : int
        Operations of one time step.
    euler : int
        Operations of one step with Euler's method, which evaluates the equations once.
    dt : float
        The time step in seconds: that of the definition, or 0.1 ms.
    method : str
        The integration method of the definition.
    """

    step: int
    euler: int
    dt: float
    method: str

    @property
    def per_ms(self) -> float:
        """Operations per simulated millisecond."""
        return self.step * 1e-3 / self.dt


def cost(neuron: Neuron) -> Cost:
    """Count the operations of a definition."""
    step = _step(neuron)
    euler = step if neuron.method == "euler" else _step(neuron.replace(method="euler"))
    return Cost(step, euler, _dt(neuron), str(neuron.method or "chosen by Brian2"))


def _dt(neuron: Neuron) -> float:
    return float(neuron.dt if neuron.dt is not None else 0.1 * brian2.ms)


def _step(neuron: Neuron) -> int:
    group = neuron.group(1, dt=_dt(neuron) * brian2.second)
    brian2.Network(group).run(0 * brian2.second, namespace={})
    code = [line.split(" = ", 1) for line in group.state_updater.abstract_code.splitlines() if " = " in line]
    code += [["_fires", neuron.threshold]] if neuron.threshold else []
    return _operations(code, _Names(neuron))


class _Names:
    """What the names in the code of a definition stand for."""

    def __init__(self, neuron: Neuron):
        known = {**DEFAULT_UNITS, **DEFAULT_CONSTANTS, **neuron.namespace}
        self._numbers = {
            sympy.Symbol(name, real=True): sympy.Float(getattr(value, "value", np.asarray(value).item()))
            for name, value in known.items()
            if not callable(value)
        }
        self._nested = {
            sympy.Symbol(eq.varname, real=True): str_to_sympy(eq.expr.code)
            for eq in neuron._parsed_model.values()
            if eq.type == "subexpression"
        }
        self.constant = {str_to_sympy(name) for name in ("dt", *neuron.parameters)}

    def read(self, code: str) -> sympy.Expr:
        """An expression without subexpressions and units."""
        expression = str_to_sympy(code)
        while expression.free_symbols & set(self._nested):
            expression = expression.xreplace(self._nested)
        return expression.subs({s: n for s, n in self._numbers.items() if s in expression.free_symbols})


def _operations(code: list[Any], names: _Names) -> int:
    """The operations of statements (name, expression), one after the other."""
    newest: dict[sympy.Symbol, sympy.Expr] = {}
    expressions, results = [], []
    for k, (name, text) in enumerate(code):
        expression = names.read(text).xreplace(newest)
        target = sympy.Symbol(name.strip(), real=True)
        if expression.is_Symbol:
            newest[target] = expression
            continue
        newest[target] = sympy.Symbol(f"_result_{k}", real=True)
        expressions.append(expression)
        results.append(newest[target])
    shared, reduced = sympy.cse(expressions)
    constant, total = set(names.constant), 0
    for symbol, expression in [*shared, *zip(results, reduced, strict=True)]:
        if expression.free_symbols <= constant:
            constant.add(symbol)
        total += _count(expression, constant)
    return total


def _count(expression: sympy.Basic, constant: set[sympy.Symbol]) -> int:
    """The operations of one expression; `constant` are the symbols that do not change from step to step."""
    if not expression.args or expression.free_symbols <= constant:
        return 0
    inside = sum(_count(argument, constant) for argument in expression.args)
    if isinstance(expression, sympy.Pow):
        return inside + _power(expression.exp)
    if isinstance(expression, sympy.Not):
        return inside
    if isinstance(expression, sympy.Add | sympy.Mul | sympy.And | sympy.Or):
        changing = [argument for argument in expression.args if not argument.free_symbols <= constant]
        fixed = [argument for argument in expression.args if argument.free_symbols <= constant and argument != -1]
        operands = len(changing) + bool(fixed)
        # A quotient is one operation: that of its numerator with its denominator, or of its own with no numerator.
        quotients = [a for a in changing if isinstance(expression, sympy.Mul) and _is_inverse(a)]
        return inside + operands - 1 - len(quotients) + (len(quotients) == operands)
    if isinstance(expression, Relational):
        return inside + 1
    if str(expression.func) in ("int_", "bool_"):
        return inside
    return inside + FUNCTION


def _is_inverse(expression: sympy.Basic) -> bool:
    return isinstance(expression, sympy.Pow) and expression.exp.is_Integer and expression.exp < 0


def _power(exponent: sympy.Basic) -> int:
    """The operations of a power: multiplications for a whole exponent, and one division if it is negative."""
    if not exponent.is_Integer:
        return FUNCTION
    n = abs(int(exponent))
    return n.bit_length() + n.bit_count() - 2 + int(bool(exponent < 0))
