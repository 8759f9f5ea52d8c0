"""Brian2's choice and derivation of integration schemes, kept on disk: solving linear equations takes seconds."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import brian2
import numpy as np
import sympy
from brian2.core.functions import Function
from brian2.equations.equations import Equations
from brian2.stateupdaters.base import StateUpdateMethod

from ..build import cache


@contextlib.contextmanager
def remembered_integration() -> Iterator[None]:
    """Let Brian2 find its schemes in the cache until the end of the block; every target then has the same text.

    Brian2 draws the white noise xi_a, xi_b, ... of a group in the order of a set of strings, which is another one in
    another process (up to 2.11 at least); here it is the order of their names, so that a seed gives the same run.
    """
    saved, noise = StateUpdateMethod.apply_stateupdater, Equations.stochastic_variables
    StateUpdateMethod.apply_stateupdater = staticmethod(_remembering(saved))
    Equations.stochastic_variables = property(lambda self: dict.fromkeys(sorted(noise.fget(self))).keys())
    try:
        yield
    finally:
        StateUpdateMethod.apply_stateupdater = staticmethod(saved)
        Equations.stochastic_variables = noise


def _remembering(apply: Callable[..., Any]) -> Callable[..., Any]:

    def known(variable: Any, dt: float) -> str:
        if isinstance(variable, Function):
            steady = variable.is_locally_constant(dt)
            return f"{type(variable).__name__} {variable._return_unit} {variable.stateless} {steady}"
        return f"{type(variable).__name__} {variable.constant} {variable.scalar} {variable.array} {variable.dim!r}"

    def remembering(
        equations: Any, variables: Any, method: Any, method_options: Any = None, group_name: Any = None
    ) -> Any:
        registered = StateUpdateMethod.stateupdaters.get(method, method)
        own = method is None or type(registered).__module__.startswith("brian2.stateupdaters")
        if not own or method_options or method == "gsl" or "gsl" in str(method):
            return apply(equations, variables, method, method_options=method_options, group_name=group_name)
        dt = variables["dt"].get_value().item() if "dt" in variables else np.inf
        lines = [f"{name}: {known(variables[name], dt)}" for name in sorted(variables)]
        known_by = ["noise by name", brian2.__version__, sympy.__version__, str(method), str(equations)]
        question = "\n".join([*known_by, *lines])
        return cache.remembered(question, lambda: apply(equations, variables, method, group_name=group_name))

    return remembering
