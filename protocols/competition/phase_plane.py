"""The phase plane of the reduced model without noise: nullclines, steady states and their stability.

The slopes are those of the definition, read as SymPy expressions; so is their Jacobian.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy
from brian2 import Equations
from brian2.parsing.sympytools import str_to_sympy
from contourpy import contour_generator
from scipy import optimize

from .wong_wang import wong_wang

__all__ = ["SteadyState", "nullclines", "slopes", "steady_states"]

STARTS = 15  # in each direction, from where steady states are looked for
GATES = ("S_1", "S_2")


@dataclass(frozen=True)
class SteadyState:
    """A state in which nothing changes.

    Attributes
    ----------
    gates : array [2]
        S_1 and S_2.
    eigenvalues : array [2]
        Of the Jacobian, in 1/s, the larger real part first.
    """

    gates: np.ndarray
    eigenvalues: np.ndarray

    @property
    def kind(self) -> str:
        """ "attractor", "saddle", or "repeller"."""
        growing = int((self.eigenvalues.real > 0).sum())
        return ("attractor", "saddle", "repeller")[growing]


@functools.cache
def _compiled() -> tuple[Callable[..., Any], Callable[..., Any]]:
    """The slopes and their Jacobian as functions of S_1, S_2, mu (Hz) and c, in SI units."""
    expressions = {
        name: str_to_sympy(equation.expr.code)
        for name, equation in Equations(wong_wang.model).items()
        if equation.expr is not None
    }
    fixed = {str_to_sympy(name): float(parameter.value) for name, parameter in wong_wang.parameters.items()}
    fixed |= {str_to_sympy(name): 0.0 for name in ("I_noise_1", "I_noise_2")}
    given = [str_to_sympy(name) for name in (*GATES, "mu", "c")]
    inner = [(str_to_sympy(name), expressions[name]) for name in ("r_1", "r_2", "x_1", "x_2", "I_1", "I_2")]
    known = {symbol: value for symbol, value in fixed.items() if symbol not in given}
    found = sympy.Matrix([expressions[name].subs(inner).subs(known) for name in GATES])
    jacobian = found.jacobian(sympy.Matrix(given[:2]))
    return sympy.lambdify(given, list(found), "numpy"), sympy.lambdify(given, jacobian, "numpy")


def slopes(s_1: Any, s_2: Any, mu: float, c: float) -> np.ndarray:
    """The slopes of both gates, in 1/s: [2, ...] for gates of any shape.

    Parameters
    ----------
    s_1, s_2 : array
    mu : float
        The stimulus at zero coherence, in Hz; 0 before its onset.
    c : float
        The coherence, as a share.
    """
    with np.errstate(over="ignore"):  # of the exponential where the rate is 0
        found = _compiled()[0](np.asarray(s_1, float), np.asarray(s_2, float), mu, c)
    return np.stack(np.broadcast_arrays(*found))


def steady_states(mu: float, c: float) -> list[SteadyState]:
    """All steady states with gates between 0 and 1, ordered by S_1; arguments as of `slopes`."""
    found: list[np.ndarray] = []
    axis = np.linspace(0.01, 0.95, STARTS)
    for start in np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2):
        answer = optimize.root(lambda s: slopes(s[0], s[1], mu, c), start, tol=1e-12)
        inside = answer.success and (answer.x > 0).all() and (answer.x < 1).all()
        if inside and not any(np.abs(answer.x - known).max() < 1e-6 for known in found):
            found.append(answer.x)
    states = []
    for gates in sorted(found, key=lambda gates: gates[0]):
        jacobian = np.asarray(_compiled()[1](*gates, mu, c), float)
        states.append(SteadyState(gates, np.array(sorted(np.linalg.eigvals(jacobian), key=lambda v: -v.real))))
    return states


def nullclines(mu: float, c: float, points: int = 201) -> list[np.ndarray]:
    """Where dS_1/dt and where dS_2/dt vanish: two curves [points, 2] of S_1 and S_2, broken by NaN."""
    axis = np.linspace(0, 1, points)
    values = slopes(axis[None, :], axis[:, None], mu, c)
    curves = []
    for each in values:
        pieces = contour_generator(axis, axis, each).lines(0.0)
        gap = np.full((1, 2), np.nan)
        curves.append(np.concatenate([part for piece in pieces for part in (np.asarray(piece), gap)]))
    return curves
