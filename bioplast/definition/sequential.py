"""The method "sequential": Euler steps taken one after the other, in the order of the equations."""

from __future__ import annotations

from typing import Any

from brian2 import Equations
from brian2.stateupdaters.base import StateUpdateMethod, UnsupportedEquationsException, extract_method_options
from brian2.utils.stringtools import word_substitute


class SequentialEuler(StateUpdateMethod):
    """Forward Euler in which every equation sees the new values of those before it (order 1; semi-implicit).

    For dx/dt = f(x, y), dy/dt = g(x, y) in this order: x <- x + dt*f(x, y), then y <- y + dt*g(x, y) with the new x.
    Izhikevich's own code works so, as does symplectic Euler for adaptive neurons.

    `method_options` must hold ``order``, a tuple of the variables' names: Brian2 itself sorts equations by name.
    A definition whose method is "sequential" passes the order in which its equations are written.
    """

    def __call__(
        self, equations: Equations, variables: dict[str, Any] | None = None, method_options: Any = None
    ) -> str:
        order = extract_method_options(method_options, {"order": None})["order"]
        if order is None or set(order) != equations.diff_eq_names:
            raise ValueError(
                f"method 'sequential' needs method_options={{'order': ...}} with each of "
                f"{sorted(equations.diff_eq_names)} once, got {order!r}"
            )
        if equations.is_stochastic:
            raise UnsupportedEquationsException("method 'sequential' cannot solve stochastic equations")
        # Subexpressions are put in as text, from the last to the first that it refers to: sympy would regroup the sums,
        # and Brian2 would not notice that a nested subexpression depends on a variable that has just changed.
        nested = [eq for eq in reversed(equations.ordered) if eq.varname in equations.subexpr_names]
        lines = []
        for name in order:
            code = equations[name].expr.code
            for eq in nested:
                code = word_substitute(code, {eq.varname: f"({eq.expr.code})"})
            lines.append(f"{name} = {name} + dt*({code})")
        return "\n".join(lines)


sequential = SequentialEuler()
if "sequential" not in StateUpdateMethod.stateupdaters:
    StateUpdateMethod.register("sequential", sequential)
