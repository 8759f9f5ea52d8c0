"""Losses of one run, of what a readout gave and what was wanted, and regularisers, terms that are added to a loss.

Each is a pure function of JAX arrays with a derivative wherever its readout has one. Classes are counted from 0; for a
label that is none the loss is refused, or NaN while JAX traces the label. A readout gives a potential in the unit that
it was told, else in volt; a regulariser is weighed by hand::

    def loss(out, label):
        fit = learning.cross_entropy(learning.Count("spikes")(out), label)
        return fit + 1e-3 * learning.l2(out.final["afferents.w"], 0.1*nA)
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from brian2 import hertz
from brian2.units.fundamentalunits import DIMENSIONLESS, get_dimensions

from ..errors import BioplastError
from ..program.arguments import positive, seconds, si_array

__all__ = [
    "count_hinge",
    "cross_entropy",
    "hinge",
    "l2",
    "max_over_time_cross_entropy",
    "membrane_hinge",
    "rate_error",
    "temporal_smoothness",
    "van_rossum",
]


def cross_entropy(scores: Any, label: Any) -> Any:
    """``log(sum_j exp(x_j)) - x_label``: minus the logarithm of the softmax of the right class.

    Parameters
    ----------
    scores : array [classes]
        x, such as what `Count`, `Maximum`, `Mean`, `Last` or `Sum` reads out.
    label : int
        The right class.

    Returns
    -------
    scalar
    """
    scores = _numbers(scores, "scores", "[classes]")
    label, known = _class(label, scores.shape[-1])
    return jax.nn.logsumexp(scores) - jnp.where(known, scores[label], jnp.nan)


def max_over_time_cross_entropy(trace: Any, label: Any) -> Any:
    """The cross entropy of the largest value that each readout neuron reaches: `cross_entropy` of ``max_t u_j(t)``.

    Parameters
    ----------
    trace : array [steps, classes]
        u, the membrane potential of the readout neurons in a unit in which they differ by a few.
    label : int
        The right class.

    Returns
    -------
    scalar
        Where a maximum is reached in several steps, they share its derivative evenly.

    References
    ----------
    Cramer, Stradmann, Schemmel and Zenke (2022), IEEE Trans. Neural Netw. Learn. Syst. 33:2744,
    doi:10.1109/TNNLS.2020.3044364
    """
    return cross_entropy(_numbers(trace, "trace", "[steps, classes]").max(axis=0), label)


def hinge(scores: Any, label: Any, margin: float = 1.0) -> Any:
    """``sum_(j != label) max(0, margin - (x_label - x_j))``: 0 once the right class leads by the margin.

    Parameters
    ----------
    scores : array [..., classes]
        x.
    label : int
        The right class.
    margin : float
        By how much it shall lead, in the unit of the scores.

    Returns
    -------
    array [...]
        Its derivative is 0 where a class is behind by exactly the margin.

    References
    ----------
    Weston and Watkins (1999), Proc. European Symposium on Artificial Neural Networks, 219
    """
    margin = positive(margin, "margin")
    scores = _numbers(scores, "scores", "[..., classes]")
    label, known = _class(label, scores.shape[-1])
    missing = jax.nn.relu(margin - (jnp.where(known, scores[..., label], jnp.nan)[..., None] - scores))
    return missing.sum(axis=-1) - margin  # the right class itself is behind by nothing


def count_hinge(raster: Any, label: Any, margin: float = 1.0) -> Any:
    """The `hinge` of the spike counts: the right neuron shall spike `margin` times more often than any other.

    Parameters
    ----------
    raster : array [steps, classes]
        Spikes, 0 and 1.
    label : int
    margin : float
        In spikes.

    Returns
    -------
    scalar
    """
    return hinge(_numbers(raster, "raster", "[steps, classes]").sum(axis=0), label, margin)


def membrane_hinge(trace: Any, label: Any, margin: float = 1.0) -> Any:
    """The time-resolved `hinge` of membrane potentials: its mean over the steps, so that leading counts at any time.

    Parameters
    ----------
    trace : array [steps, classes]
        The membrane potential of the readout neurons.
    label : int
    margin : float
        In the unit of the potential.

    Returns
    -------
    scalar
    """
    return hinge(_numbers(trace, "trace", "[steps, classes]"), label, margin).mean()


def rate_error(raster: Any, wanted: Any, dt: Any) -> Any:
    """``mean_j (n_j/(steps*dt) - r_j)**2``: the mean square of what the firing rates differ from those wanted.

    Parameters
    ----------
    raster : array [steps, neurons]
        Spikes, 0 and 1; n is their sum over time.
    wanted : array [neurons] or scalar
        r, in Hz.
    dt : quantity [time]
        The duration of a step.

    Returns
    -------
    scalar
        In Hz**2.

    References
    ----------
    Eshraghian et al. (2023), Proc. IEEE 111:1016, doi:10.1109/JPROC.2023.3308088, mean square spike rate
    """
    raster = _numbers(raster, "raster", "[steps, neurons]")
    wanted = _plain(wanted, "wanted", hertz.dim)
    if wanted.shape not in ((), raster.shape[1:]):
        raise BioplastError(
            f"the rates wanted have shape {wanted.shape}: one, or one for each neuron, {raster.shape[1:]}"
        )
    return jnp.mean((raster.sum(axis=0) / (len(raster) * _time(dt, "dt")) - wanted) ** 2)


def van_rossum(raster: Any, wanted: Any, dt: Any, tau: Any) -> Any:
    """``sum_j 2/tau * integral of (f_j - g_j)**2 dt``: van Rossum's distance squared, filter ``exp(-t/tau)``.

    The integral is exact for spikes at the beginning of their step and goes on to infinity after the last one. As in
    `bioplast.analysis`, a single spike is at distance 1 from an empty train.

    Parameters
    ----------
    raster : array [steps, neurons]
        Spikes, 0 and 1, filtered to f.
    wanted : array [steps, neurons]
        The spikes wanted, filtered to g.
    dt, tau : quantity [time]
        The duration of a step, the filter's time constant.

    Returns
    -------
    scalar
        The sum over the neurons.

    References
    ----------
    van Rossum (2001), Neural Comput. 13:751, doi:10.1162/089976601300014321
    """
    raster = _numbers(raster, "raster", "[steps, neurons]")
    wanted = _plain(wanted, "wanted")
    if wanted.shape != raster.shape:
        raise BioplastError(f"the spikes wanted have shape {wanted.shape}: {raster.shape} is expected")
    decay = jnp.exp(-_time(dt, "dt") / _time(tau, "tau"))

    def step(filtered: Any, apart: Any) -> tuple[Any, Any]:
        filtered = filtered * decay + apart
        return filtered, filtered**2

    last, squares = jax.lax.scan(step, jnp.zeros_like(raster[0]), raster - wanted)
    # within a step the filtered difference only decays; after the last one it does so for ever
    return ((1 - decay**2) * squares.sum(axis=0) + decay**2 * last**2).sum()


def l2(values: Any, size: Any = 1) -> Any:
    """``sum_i (x_i/size)**2``: the L2 regulariser of weights, or of whatever else is to stay small.

    Parameters
    ----------
    values : array
        x, such as ``out.final["afferents.w"]``, in SI base units; of weights that are trained with an index, each
        synapse counts.
    size : quantity
        What the numbers are in, such as ``0.1*nA``: the typical size that a weight is trained with.

    Returns
    -------
    scalar

    Notes
    -----
    The loss of a batch is a mean over its samples, of which the weights are the same: the term counts once. With
    ``optax.adamw`` weights decay at a rate of their own instead, with no term in the loss.

    References
    ----------
    Krogh and Hertz (1992), Advances in Neural Information Processing Systems 4:950
    """
    unit = positive(size, "size", "quantity")
    values = _plain(values, "values", get_dimensions(size))
    if jnp.issubdtype(values.dtype, jnp.complexfloating):
        raise BioplastError(f"values: real numbers are accepted, not {values.dtype}")
    return jnp.sum((values / unit) ** 2)


def temporal_smoothness(trace: Any) -> Any:
    """``mean over t, j of (u_j(t+1) - u_j(t))**2``: how much a trace changes from step to step, as a regulariser.

    Parameters
    ----------
    trace : array [steps, recorded]
        u, at least two steps of what `Trace` reads out. The term shrinks with the square of the step; divided by that
        square, it approximates the mean of ``(du/dt)**2``.

    Returns
    -------
    scalar
        In the square of the trace's unit.
    """
    trace = _numbers(trace, "trace", "[steps, recorded]")
    if len(trace) < 2:
        raise BioplastError("the trace has 1 step: at least 2 are needed to tell how it changes")
    return jnp.mean((trace[1:] - trace[:-1]) ** 2)


def _time(given: Any, what: str) -> float:
    time = seconds(given, what)
    if time == 0:
        raise BioplastError(f"{what} is 0 s: a positive time is accepted")
    return time


def _plain(given: Any, what: str, dimensions: Any = DIMENSIONLESS) -> Any:
    """Numbers as an array of JAX, in SI base units; what is no array of JAX is checked."""
    return jnp.asarray(given if isinstance(given, jax.Array) else si_array(given, dimensions, what, None))


def _numbers(given: Any, what: str, axes: str) -> Any:
    """A readout as numbers that may have a derivative."""
    values = _plain(given, what)
    wrong = values.ndim < 1 if axes.startswith("[...") else values.ndim != axes.count(",") + 1
    if wrong or not values.size:
        raise BioplastError(f"the shape of {what} is {values.shape}: that of one run is accepted, {axes}")
    if jnp.issubdtype(values.dtype, jnp.complexfloating):
        raise BioplastError(f"{what}: real numbers are accepted, not {values.dtype}")
    return values if jnp.issubdtype(values.dtype, jnp.inexact) else values.astype(float)


def _class(label: Any, classes: int) -> tuple[Any, Any]:
    """A label that may be an index, and whether it is a class, which is not known before JAX has computed it."""
    accepted = f"a class is accepted, one whole number from 0 to {classes - 1}"
    found = _plain(label, "label") if isinstance(label, jax.Array) else si_array(label, DIMENSIONLESS, "label", None)
    if found.ndim or found.dtype.kind not in "iu":
        shape = f" of shape {found.shape}" if found.ndim else ""
        raise BioplastError(f"the label is {found.dtype}{shape}: {accepted}")
    if not isinstance(found, jax.core.Tracer):
        if not 0 <= int(found) < classes:
            raise BioplastError(f"the label is {int(found)}: {accepted}")
        return int(found), True
    return jnp.clip(found, 0, classes - 1), (found >= 0) & (found < classes)
