"""What can be assessed: a neuron or a black box with a membrane potential, an input and bounds to search within."""

from __future__ import annotations

from typing import Any

import numpy as np
from brian2 import amp, metre, second
from brian2.units.fundamentalunits import DIMENSIONLESS
from brian2.utils.stringtools import get_identifiers

from ... import registry
from ...definition import Definition, Neuron
from ...definition.find import models
from ...definition.units import unit_name, unit_text
from ...errors import BioplastError
from .black_box import BlackBox
from .population import check
from .reduction import VOLTAGE

Model = Neuron | BlackBox

# What is drawn anew at each step; a verdict would hold for one course of it.
_RANDOM = {"rand", "randn", "poisson"}


def check_assessable(model: Any) -> None:
    """Refuse what cannot be assessed.

    Parameters
    ----------
    model : Neuron or BlackBox

    Raises
    ------
    BioplastError
        One line that says what is missing or wrong, and what is accepted.
    """
    if isinstance(model, Neuron):
        check(model)
        _input(model)
        _certain(model)
    elif not isinstance(model, BlackBox):
        kind = getattr(model, "kind", type(model).__name__)
        raise BioplastError(
            f"{getattr(model, 'label', repr(model))} cannot be assessed: it is a {kind}, and a Neuron or a BlackBox is "
            "accepted"
        )
    for name, parameter in model.parameters.items():
        if parameter.low is not None and not np.isfinite([float(parameter.low), float(parameter.high)]).all():
            raise BioplastError(
                f"{model.label} cannot be assessed: parameter {name} is unbounded, give finite numbers for low and high"
            )
    if all(parameter.low is None or parameter.shared for parameter in model.parameters.values()):
        raise BioplastError(f"{model.label} cannot be assessed: none of its parameters has bounds (low, high)")


def _input(neuron: Neuron) -> None:
    found, v = neuron.input_dimensions, neuron.variables[VOLTAGE]
    accepted = dict.fromkeys([amp.dim, (amp / metre**2).dim, v, v / second.dim])
    if found not in accepted:
        names = ", ".join("1" if dim is DIMENSIONLESS else unit_text(dim) for dim in accepted)
        raise BioplastError(
            f"{neuron.label} cannot be assessed: its input {neuron.input} has {unit_name(found)}; accepted for a "
            f"membrane potential with {unit_name(v)}: {names}"
        )


def _certain(neuron: Neuron) -> None:
    codes = [neuron.threshold, neuron.reset, *(eq.expr.code for eq in neuron._own.values() if eq.expr is not None)]
    drawn = {name for code in codes if code for name in get_identifiers(code) if name in _RANDOM}
    drawn |= {name for name in neuron._own.stochastic_variables}
    if drawn:
        raise BioplastError(
            f"{neuron.label} cannot be assessed: it draws random numbers ({sorted(drawn)[0]}), and a verdict would "
            "hold for one course of them"
        )


def load_assessable(spec: str) -> Any:
    """A neuron by its name, or a neuron or black box from a file, as `bioplast.load`: what `bioplast.assess` takes."""
    return registry.load(spec, (Definition, BlackBox), "model", "a Neuron or a BlackBox", models)
