"""What is not finite, or far too large to be meant: found in every batch of samples, told by name."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..errors import NonFiniteError, RunError
from ..program import Program
from ..program.network import TIME, not_finite
from .data import Data
from .trainable import Scaled, in_units

__all__ = ["FinalStates", "Steps", "refuse_wrong_mean", "worst"]

#: A trained value that is so many times its typical size, or what it began with, is no result of training.
LARGEST = 1e6

#: A derivative for a change by the typical size that is so many times the loss is none to descend along.
STEEPEST = 1e6

_HINT = "a smaller learning rate or bounds may help"


def worst(numbers: Any) -> tuple[Any, Any]:
    """The first number of an array that is not finite, else the one of the largest size, and the place of the first."""
    flat = jnp.ravel(numbers)
    finite = jnp.isfinite(flat)
    fine = finite.all()  # not of the minimum and the maximum: XLA's, on a processor, may pass over NaN
    low, high = flat.min(), flat.max()
    # an argmax is many times slower, and asked for once at most
    place = jax.lax.cond(fine, lambda finite: 0, lambda finite: jnp.argmin(finite).astype(int), finite)
    return jnp.where(fine, jnp.where(high >= -low, high, low), flat[place]), place


def _stacked(numbers: list[Any], dtype: Any) -> Any:
    return jnp.stack(numbers) if numbers else jnp.zeros(0, dtype=dtype)


class FinalStates:
    """A call's search for states that turned NaN or infinite, for batches that JAX traces.

    Parameters
    ----------
    program : Program
        One that was compiled with ``watch=None`` is not searched.
    values : mapping
        What all runs begin with, complete. What is not finite there is left alone.
    """

    def __init__(self, program: Program, values: Mapping[str, Any]):
        self.start = float(values[TIME])
        self.end = self.start + program.duration
        changing = program.changing if program.watch is not None else ()  # type: ignore[attr-defined]
        variables = {key: program._variables[key] for key in changing}
        self.variables = {
            k: v for k, v in variables.items() if v.may_diverge and v.shape != (0,) and np.isfinite(values[k]).all()
        }

    def search(self, final: Mapping[str, Any], products: Mapping[str, Any] | None = None) -> tuple[Any, Any]:
        """The worst number of each state of a batch, and its place in [runs, elements]; traced.

        Of a state that is made of `products`, those of the neurons after are searched in its place, which is then not
        told to the element.
        """
        found = []
        for key, variable in self.variables.items():
            if key not in (products or {}):
                found.append(worst(final[key]))
                continue
            made = products[key].after * products[key].factors[..., None]  # type: ignore[index]
            number, place = worst(made)
            run = place // (made.size // made.shape[0])
            found.append((number, run * int(np.prod(variable.shape))))
        return _stacked([number for number, _ in found], float), _stacked([place for _, place in found], int)

    def finite(self, final: Mapping[str, Any]) -> Any:
        """Whether all states of a batch are finite at the end; traced."""
        return jnp.all(jnp.stack([jnp.isfinite(final[key]).all() for key in self.variables] or [jnp.array(True)]))

    def refuse(self, found: tuple[Any, Any], data: Data, chosen: np.ndarray, when: str = "") -> None:
        """Raise a NonFiniteError for what `search` found.

        Parameters
        ----------
        found : tuple of arrays [states]
        data : Data
        chosen : array of int
            The number of the sample of each run.
        when : str
            What precedes the number of the sample, such as "epoch 1, ".
        """
        for key, number, place in zip(self.variables, *found, strict=True):
            if not np.isfinite(number):
                variable = self.variables[key]
                run, element = divmod(int(place), max(1, int(np.prod(variable.shape))))
                what = not_finite(key, element, float(number), self.start, self.end, variable.synaptic)
                sample = data.part(chosen[[run]])[0]
                wrong = [repr(name) for name, given in sample.items() if not np.isfinite(given).all()]
                cause = f"; in training, {_HINT}" if when else ""
                if wrong:  # which no smaller dt mends
                    what = what.partition(": a smaller dt")[0]
                    cause = f"; its input {' and '.join(wrong)} is not finite"
                raise NonFiniteError(f"{when}sample {chosen[run]}: {what}{cause}")


def refuse_wrong_mean(what: str, mean: float, found: tuple[Any, Any], samples: np.ndarray, when: str) -> None:
    """Raise a RunError where a mean over samples is not finite.

    Parameters
    ----------
    what : str
        What it is the mean of.
    mean : float
    found : tuple
        What `worst` found among the samples.
    samples : array of int
        Their numbers.
    when : str
    """
    if not np.isfinite(mean):
        number, place = found
        which = (
            f"{float(number)} for sample {samples[int(place)]}" if not np.isfinite(number) else f"{mean} in the mean"
        )
        raise RunError(f"the {what} is {which} in {when}: look at what is wanted of it; else {_HINT}")


class Steps:
    """What the steps of an optimiser do to trained values.

    Parameters
    ----------
    scaled : mapping
        What is trained.
    detached : bool or None
        Whether resets have no derivative in the spikes; None where spikes have none at all.
    """

    def __init__(self, scaled: Mapping[str, Scaled], detached: bool | None):
        self.scaled = scaled
        self.detached = detached
        self.limits = {name: how.limit(LARGEST) for name, how in scaled.items()}
        self.followed = dict.fromkeys(scaled, False)  # whether a derivative was other than 0
        self._largest_loss = 0.0
        self._warned: set[str] = set()

    def report(self, slope: Any, before: Any, after: Any, moved: Any, bounded: Any) -> dict[str, Any]:
        """What `check` needs of a step; traced.

        Parameters
        ----------
        slope : dict
            The derivatives.
        before, after : pytree
            The state of the optimiser.
        moved, bounded : dict
            The trained numbers after the step, and those put back to their bounds.
        """

        def lost(old: Any, new: Any) -> Any:
            inexact = jnp.issubdtype(jnp.result_type(old), jnp.inexact)
            return jnp.any(jnp.isfinite(old) & ~jnp.isfinite(new)) if inexact else jnp.zeros((), dtype=bool)

        stopped = [lost(old, new) for old, new in zip(jax.tree.leaves(before), jax.tree.leaves(after), strict=True)]
        return {
            "worst": jnp.stack([jnp.stack([worst(p[n])[0] for n in self.scaled]) for p in (slope, moved, bounded)]),
            "stopped": jnp.any(jnp.stack(stopped)) if stopped else jnp.zeros((), dtype=bool),
        }

    def check(self, report: Mapping[str, Any], loss: float, epoch: int, stacklevel: int) -> None:
        """Refuse values that are none, and warn of derivatives that are too large.

        Parameters
        ----------
        report : mapping
        loss : float
        epoch : int
            Counted from 1.
        stacklevel : int
            How far up the call of the user is, as of `warnings.warn`.
        """
        self._largest_loss = max(self._largest_loss, abs(loss))
        slopes = report["worst"][0]
        for (name, how), (slope, moved, bounded) in zip(self.scaled.items(), report["worst"].T.tolist(), strict=True):
            self.followed[name] |= slope != 0
            if not np.isfinite(moved):
                reason = (
                    "the optimiser makes it so of finite derivatives: look at its learning rate"
                    if np.isfinite(slope)
                    else f"the derivative of the loss in it is {slope}: {_HINT}"
                )
                raise RunError(f"{name!r} is {moved} after a step in epoch {epoch}: {reason}")
            if abs(bounded) > self.limits[name]:
                size = in_units(how.unit, how.dimensions)
                raise RunError(
                    f"{name!r} is {in_units(how.values(bounded), how.dimensions)} after a step in epoch {epoch}, "
                    f"{abs(how.values(bounded)) / how.unit:.1g} times its typical size {size}: {_HINT}, as in "
                    "Trainable(size, low=..., high=...)"
                )
            if not abs(slope) <= STEEPEST * self._largest_loss and name not in self._warned:
                self._warned.add(name)
                warnings.warn(self._too_steep(name, slope, loss, epoch), RuntimeWarning, stacklevel + 1)
        if report["stopped"]:
            raise RunError(
                f"the state of the optimiser is no longer finite in epoch {epoch}, of derivatives up to "
                f"{np.abs(slopes).max():.1g}: {_HINT}"
            )

    def _too_steep(self, name: str, slope: float, loss: float, epoch: int) -> str:
        how = self.scaled[name]
        size = in_units(how.unit, how.dimensions)
        message = (
            f"the derivative of the loss in {name!r} is {slope:.2g} for a change by its typical size {size}, where the "
            f"loss is {loss:.2g} (epoch {epoch}): nothing to descend along"
        )
        if self.detached is False:
            return (
                f"{message}. Spikes with a steep upstroke pass it on through each reset, ever larger: compile with "
                "detach_reset=True"
            )
        return f"{message}: look at its typical size, and whether the network amplifies small changes"
