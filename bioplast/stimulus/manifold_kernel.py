"""The inner loop of `bioplast.stimulus.manifold`, compiled by numba."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np


def _compiled(function: Any) -> Any:
    """Compile a function when it is first called, and keep the machine code where there is a place for it."""
    options: dict[str, Any] = {"nogil": True, "error_model": "numpy", "fastmath": {"contract"}}
    try:
        return numba.njit(cache=True, **options)(function)
    except RuntimeError:  # neither the folder of this file nor the user's cache can be written
        return numba.njit(**options)(function)


@_compiled
def multiply(points, tables, found):  # type: ignore[no-untyped-def]
    """Multiply `found` by the product of all dimensions' Chebyshev series.

    Points are [samples, dimension] from 0 to 1, tables [dimension, stretches, polynomials, units] with a number of
    polynomials that four divides, `found` is [samples, units].
    """
    samples, dimension = points.shape
    stretches, polynomials, units = tables.shape[1], tables.shape[2], tables.shape[3]
    chebyshev = np.empty(polynomials)
    product, factor = np.empty(units), np.empty(units)
    for n in range(samples):
        product[:] = 1.0
        for d in range(dimension):
            place = points[n, d] * stretches
            stretch = min(int(place), stretches - 1)
            t = 2 * (place - stretch) - 1
            chebyshev[0], chebyshev[1] = 1.0, t
            for p in range(2, polynomials):
                chebyshev[p] = 2 * t * chebyshev[p - 1] - chebyshev[p - 2]
            series = tables[d, stretch]
            factor[:] = 0.0
            for p in range(0, polynomials, 4):  # four at a time, since reading and writing `factor` costs most
                a, b, c, e = chebyshev[p], chebyshev[p + 1], chebyshev[p + 2], chebyshev[p + 3]
                for i in range(units):
                    factor[i] += (a * series[p, i] + b * series[p + 1, i]) + (
                        c * series[p + 2, i] + e * series[p + 3, i]
                    )
            for i in range(units):
                product[i] *= factor[i]
        for i in range(units):
            found[n, i] *= product[i]
