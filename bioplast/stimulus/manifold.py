"""Smooth random manifolds: products of random Fourier series, one for each coordinate of a point.

Where there are many points, each series is tabulated first: as Chebyshev polynomials on stretches so short that its
fastest term turns by half a period. That takes far fewer sines than points times terms, and is exact to rounding.
"""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..errors import BioplastError, UnknownName
from ..machine import cores
from . import _checks

__all__ = ["SPECTRA", "Manifold", "manifold"]

SPECTRA = ("paper", "numpy", "torch")
# Terms weaker than this are left out, and never are there more than so many: both as the authors have them.
_PRECISION, _MOST = 1e-3, 1000
# The Chebyshev polynomials of a stretch: what is left out is 1e-15 of a term that turns by half a period there.
_POLYNOMIALS = 16
# How many numbers an intermediate result has at most; 4 MB of them.
_AT_A_TIME = 1 << 19


@dataclass(frozen=True, eq=False)
class Manifold:
    """A smooth random manifold: a point in the unit cube gives a value for each unit.

    Unit i has ``f_i(x) = prod_d sum_k A_idk s_k sin(2 pi (k x_d B_idk + C_idk))``.

    Attributes
    ----------
    amplitudes, stretches, phases : ndarray [units, dimension, terms]
        A, B and C, from 0 to 1.
    frequencies : ndarray [terms]
        k, in periods along an edge of the cube.
    weights : ndarray [terms]
        s_k, the spectrum.

    Raises
    ------
    BioplastError
        The shapes do not belong together, or a value is not finite.

    References
    ----------
    Zenke and Vogels (2021), The remarkable robustness of surrogate gradient learning for instilling complex function in
    spiking neural networks, Neural Computation 33, doi:10.1162/neco_a_01367

    Examples
    --------
    >>> import numpy as np
    >>> from bioplast import stimulus
    >>> surface = stimulus.manifold(units=3, dimension=2, alpha=2, rng=np.random.default_rng(1))
    >>> surface(np.random.default_rng(2).random((500, 2))).shape
    (500, 3)
    """

    amplitudes: np.ndarray
    stretches: np.ndarray
    phases: np.ndarray
    frequencies: np.ndarray
    weights: np.ndarray

    def __post_init__(self) -> None:
        for name in ("amplitudes", "stretches", "phases", "frequencies", "weights"):
            object.__setattr__(self, name, np.ascontiguousarray(getattr(self, name), dtype=float))
            if not np.isfinite(getattr(self, name)).all():
                raise BioplastError(f"{name} are finite numbers")
        shape, terms = self.amplitudes.shape, self.frequencies.shape
        if len(shape) != 3 or not math.prod(shape) or {self.stretches.shape, self.phases.shape} != {shape}:
            raise BioplastError(
                f"amplitudes {shape}, stretches {self.stretches.shape} and phases {self.phases.shape}: "
                "[units, dimension, terms] is accepted, the same for all three"
            )
        if terms != shape[2:] or self.weights.shape != terms:
            raise BioplastError(f"frequencies {terms} and weights {self.weights.shape}: [{shape[2]}] is accepted")

    @property
    def units(self) -> int:
        """The number of units, the dimension of the space around the manifold."""
        return self.amplitudes.shape[0]

    @property
    def dimension(self) -> int:
        """The dimension of the manifold itself."""
        return self.amplitudes.shape[1]

    def __call__(self, points: ArrayLike) -> np.ndarray:
        """The values of all units.

        Parameters
        ----------
        points : array [samples, dimension]
            From 0 to 1.

        Returns
        -------
        ndarray [samples, units]
            The formula's value to rounding: how many points are given at once decides on its last digits.

        Raises
        ------
        BioplastError
            The points are of another shape, or lie outside.
        """
        try:
            x = np.ascontiguousarray(points, dtype=float)
        except (TypeError, ValueError):
            raise BioplastError("points are numbers, [samples, dimension]") from None
        if x.ndim != 2 or x.shape[1] != self.dimension:
            raise BioplastError(f"points have shape {x.shape}: [samples, {self.dimension}] is accepted")
        if not ((x >= 0) & (x <= 1)).all():
            raise BioplastError("points lie from 0 to 1")
        found = np.ones((len(x), self.units))
        stretches = self._stretches_of_tables()
        # To tabulate takes about as long as to add up the series at twice as many points as there are stretches.
        if len(x) < 2 * stretches:
            self._add_up(x, found)
        else:
            self._look_up(x, found, stretches)
        return found

    def _stretches_of_tables(self) -> int:
        """Into how many stretches an edge is cut: the fastest term turns by at most half a period in each."""
        return max(math.ceil(2 * np.abs(self.stretches * self.frequencies).max()), 1)

    def _add_up(self, x: np.ndarray, found: np.ndarray) -> None:
        rows = max(_AT_A_TIME // self.amplitudes[:, 0].size, 1)
        for d in range(self.dimension):
            cycles, factors = self.stretches[:, d] * self.frequencies, self.amplitudes[:, d] * self.weights
            for k in range(0, len(x), rows):
                angle = x[k : k + rows, d, None, None] * cycles
                angle += self.phases[:, d]
                angle *= 2 * np.pi
                found[k : k + rows] *= np.einsum("nik,ik->ni", np.sin(angle, out=angle), factors)

    def _look_up(self, x: np.ndarray, found: np.ndarray, stretches: int) -> None:
        from .manifold_kernel import multiply

        # so many units that the tables of one dimension stay in the processor's cache
        width = min(max(_AT_A_TIME // (self.dimension * stretches * _POLYNOMIALS), 4), 32)

        def fill(first: int) -> None:
            units = slice(first, first + width)
            multiply(x, self._tables(units, stretches), found[:, units])

        starts = range(0, self.units, width)
        if (threads := min(cores(), len(starts))) == 1:
            for first in starts:
                fill(first)
            return
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(fill, starts))

    def _tables(self, units: slice, stretches: int) -> np.ndarray:
        """Chebyshev coefficients of the series of some units, [dimension, stretches, polynomials, units]."""
        cycles = (self.stretches[units] * self.frequencies).reshape(-1, len(self.frequencies))
        factors = (self.amplitudes[units] * self.weights).reshape(cycles.shape)
        phases = self.phases[units].reshape(cycles.shape)
        # The centre of a stretch is the begin of a run of stretches and a place in it; sin(a + b) takes the sines
        # and cosines of both, and so does a place within a stretch.
        run = math.isqrt(stretches - 1) + 1
        begins = np.arange(-(-stretches // run)) * run / stretches
        places = (np.arange(run) + 0.5) / stretches
        nodes = np.cos(np.pi * (np.arange(_POLYNOMIALS) + 0.5) / _POLYNOMIALS)
        to_coefficients = np.linalg.inv(np.polynomial.chebyshev.chebvander(nodes, _POLYNOMIALS - 1)).T
        found = np.empty((len(cycles), stretches, _POLYNOMIALS))
        rows = max(_AT_A_TIME // (2 * stretches * cycles.shape[1]), 1)
        for k in range(0, len(cycles), rows):
            part = slice(k, k + rows)
            turns = cycles[part, None, :]
            begin = factors[part, None, :] * _turned(turns * begins[:, None] + phases[part, None, :])
            centre = begin[:, :, None, :] * _turned(turns * places[:, None])[:, None, :, :]
            centre = centre.reshape(len(begin), -1, cycles.shape[1])[:, :stretches]
            within = _turned(turns * (nodes[:, None] / (2 * stretches)))
            # the imaginary part of a product of complex numbers, as a product of real ones
            swapped = np.stack([within.imag, within.real], -1).reshape(len(within), _POLYNOMIALS, -1)
            swapped = np.matmul(to_coefficients.T, swapped)
            np.matmul(centre.view(float), swapped.transpose(0, 2, 1), out=found[part])
        shape = (-1, self.dimension, stretches, _POLYNOMIALS)
        return np.ascontiguousarray(found.reshape(shape).transpose(1, 2, 3, 0))


def manifold(
    units: int, dimension: int = 1, alpha: float = 1.0, spectrum: str = "paper", *, rng: np.random.Generator
) -> Manifold:
    """A smooth random manifold.

    Parameters
    ----------
    units : int
        The dimension M of the space around it.
    dimension : int
        Its own, D.
    alpha : float
        Its smoothness, positive: the larger, the smoother. There are ``min(ceil(1000**(1/alpha)), 1000)`` terms.
    spectrum : {"paper", "numpy", "torch"}
        The weight s_k of frequency k: ``k**-alpha`` from k = 1 on, as in the paper; ``(k + 1)**-alpha`` from k = 0 on,
        as in the authors' code for NumPy; ``1/((k + 1)**alpha + 1)`` from k = 0 on, as in their code for PyTorch.
    rng : numpy.random.Generator
        For A, B and C, uniform between 0 and 1.

    Returns
    -------
    Manifold

    Raises
    ------
    BioplastError
        A number lies outside its range.
    UnknownName
        There is no such spectrum.
    """
    if not _checks.is_real(alpha) or not 0 < alpha < np.inf:
        raise BioplastError(f"alpha is {alpha!r}: a positive number is accepted")
    shape = _checks.whole("units", units), _checks.whole("dimension", dimension)
    if spectrum not in SPECTRA:
        raise UnknownName("spectrum", str(spectrum), SPECTRA)
    terms = int(min(np.ceil(_power(1 / _PRECISION, 1 / alpha)), _MOST))
    one_on = np.arange(1.0, terms + 1)
    frequencies = one_on if spectrum == "paper" else one_on - 1
    weights = 1 / (one_on**alpha + (spectrum == "torch"))
    drawn = _checks.generator(rng).random((3, *shape, terms))
    return Manifold(drawn[0], drawn[1], drawn[2], frequencies, weights)


def _power(base: float, exponent: float) -> Any:
    with np.errstate(over="ignore"):
        return np.float64(base) ** exponent


def _turned(cycles: np.ndarray) -> np.ndarray:
    """``exp(2 pi i cycles)``."""
    found = np.empty(cycles.shape, dtype=complex)
    angle = 2 * np.pi * cycles
    np.cos(angle, out=found.real)
    np.sin(angle, out=found.imag)
    return found
