"""Surrogate derivatives: what stands for the derivative of a spike, which is 0 or does not exist.

A spike is a step of its threshold condition's own margin: of v - v_th where the condition is ``v > v_th``. The step
itself is kept; its derivative becomes ``slope(margin/unit)/unit``.

A reset sets the state where a spike is, so that it has a derivative in the spike and, through its margin, in the state
before. Where the upstroke is steep, as in exponential and quadratic integrate-and-fire neurons, small changes have
grown by hundreds when the last step overshoots the threshold; each reset passes that on with whatever sign and size
the surrogate gives it there, and a few spikes later the derivative is finite, huge and of either sign. For 17 spikes of
100 adaptive exponential neurons in 200 ms, whose mean count over the phase changes by 28 for a relative change of the
current (finite differences), the mean derivative of the count is::

                                               reset kept    detach_reset=True
    SuperSpike(beta=10, unit=1*mV), dt 0.02 ms     4e7               24
    SuperSpike(beta=10, unit=1*mV), dt 0.1 ms        4                5
    SuperSpike(beta=1, unit=1*mV),  dt 0.02 ms   -1e30             1400
    SuperSpike(beta=1, unit=1*mV),  dt 0.1 ms     7e28              330

``detach_reset=True`` cures it: each spike then depends on what drove it since the last reset, with the right sign in
every neuron. To take the margin of the step before the spike does not cure it (-1e67 for the third line). The size that
remains depends on the overshoot, so take a narrow surrogate (a large beta) and an optimiser that scales derivatives,
such as Adam.
"""

from __future__ import annotations

import abc
from dataclasses import dataclass
from typing import Any

from brian2.units.fundamentalunits import DIMENSIONLESS, get_dimensions

from ..errors import BioplastError
from .arguments import in_short, positive

__all__ = ["Arctan", "Gaussian", "Rectangle", "Sigmoid", "StraightThrough", "SuperSpike", "Surrogate"]


@dataclass(frozen=True)
class Surrogate(abc.ABC):
    """A surrogate derivative; a subclass with a `slope` of its own is a user's own.

    Parameters
    ----------
    beta : float
        Steepness, or as the class says.
    unit : quantity
        What the margin is measured in, such as ``1*mV``; 1 for a margin without unit.
    """

    beta: float = 1.0
    unit: Any = 1

    def __post_init__(self) -> None:
        positive(self.beta, f"{type(self).__name__}: beta")
        if get_dimensions(self.beta) is not DIMENSIONLESS:
            raise BioplastError(
                f"{type(self).__name__}: beta is {in_short(self.beta)}: a number without unit is accepted"
            )
        positive(self.unit, f"{type(self).__name__}: unit", "quantity")

    @abc.abstractmethod
    def slope(self, x: Any) -> Any:
        """The derivative at the margin x, in units of `unit`; an array of its shape."""

    @property
    def dim(self) -> Any:
        """Brian2's dimensions of the margin."""
        return get_dimensions(self.unit)


@dataclass(frozen=True)
class SuperSpike(Surrogate):
    """1/(1 + beta*abs(x))**2: Zenke and Ganguli (2018), Neural Comput. 30:1514, doi:10.1162/neco_a_01086."""

    beta: float = 10.0

    def slope(self, x: Any) -> Any:
        return 1 / (1 + self.beta * abs(x)) ** 2


@dataclass(frozen=True)
class Sigmoid(Surrogate):
    """Derivative of the logistic function of beta*x: Zenke and Vogels (2021), Neural Comput. 33:899."""

    beta: float = 10.0

    def slope(self, x: Any) -> Any:
        from jax.nn import sigmoid

        return self.beta * sigmoid(self.beta * x) * sigmoid(-self.beta * x)


@dataclass(frozen=True)
class Rectangle(Surrogate):
    """1/beta where abs(x) < beta/2, else 0; beta is the width: Wu et al. (2018), Front. Neurosci. 12:331, h_1."""

    def slope(self, x: Any) -> Any:
        return (abs(x) < self.beta / 2) / self.beta


@dataclass(frozen=True)
class Arctan(Surrogate):
    """``beta/2/(1 + (pi/2*beta*x)**2)``, derivative of ``arctan(pi/2*beta*x)/pi``: Fang et al. (2021), ICCV, 2641."""

    beta: float = 2.0

    def slope(self, x: Any) -> Any:
        return self.beta / 2 / (1 + (1.5707963267948966 * self.beta * x) ** 2)


@dataclass(frozen=True)
class Gaussian(Surrogate):
    """The normal density of standard deviation beta: Wu et al. (2018), Front. Neurosci. 12:331, h_4."""

    def slope(self, x: Any) -> Any:
        from jax.numpy import exp

        return exp(-((x / self.beta) ** 2) / 2) / (self.beta * 2.5066282746310002)


@dataclass(frozen=True)
class StraightThrough(Surrogate):
    """1 everywhere: Bengio, Leonard and Courville (2013), arXiv:1308.3432."""

    def slope(self, x: Any) -> Any:
        return x * 0 + 1
