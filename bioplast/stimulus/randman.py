"""Randman: classes of spike patterns that lie on smooth random manifolds."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import brian2
import numpy as np

from ..errors import BioplastError
from . import _checks
from .manifold import Manifold, manifold
from .spike_trains import SpikeTrains

__all__ = ["Randman", "SpikeTimes", "randman"]

STANDARDISED = ("train", "all")
# A spike at the very end comes so much earlier, as a part of the duration: more than rounding to steps undoes.
_BEFORE_THE_END = 2 * _checks.ROUNDING


@dataclass(frozen=True, eq=False)
class SpikeTimes:
    """Samples in which every unit fires the same number of times, and their classes.

    Attributes
    ----------
    times : ndarray [samples, spikes, units]
        Seconds from 0 to the duration, both included; one time for each manifold of the sample's class.
    labels : ndarray of int [samples]
        Classes, counted from 0.
    points : ndarray [samples, dimension]
        Where on its manifolds each sample lies.
    duration : float
        In seconds.
    """

    times: np.ndarray
    labels: np.ndarray
    points: np.ndarray
    duration: float

    def raster(self, dt: Any, steps: int | None = None) -> np.ndarray:
        """Whether each unit spikes in each step: inputs of `bioplast.learning.fit`.

        Parameters
        ----------
        dt : quantity [time]
            The duration of a step.
        steps : int, optional
            By default as many as the stimulus takes; more of them are silent at the end.

        Returns
        -------
        ndarray of bool [samples, steps, units]
            A spike at the very end of the stimulus is in its last step; two of a unit in one step are one.

        Raises
        ------
        BioplastError
            There are too few steps for all spikes, or `dt` is no time.
        """
        step = _checks.time("dt", dt)
        least = math.ceil(self.duration / step - _checks.ROUNDING)
        number = least if steps is None else _checks.whole("steps", steps)
        if number < least:
            raise BioplastError(f"steps is {number}: at least {least} are accepted, the stimulus takes so many")
        samples, spikes, units = self.times.shape
        found = np.zeros((samples, number, units), dtype=bool)
        sample, unit = np.arange(samples)[:, None], np.arange(units)
        for k in range(spikes):
            found[sample, _checks.bins(self._before_the_end(self.times[:, k]), step), unit] = True
        return found

    def trains(self, sample: int) -> SpikeTrains:
        """The spikes of one sample, of which Brian2 groups, TimedArrays and Neo spike trains can be made.

        Parameters
        ----------
        sample : int
            From 0.

        Returns
        -------
        SpikeTrains
            A spike at the very end of the stimulus comes two millionths of the duration earlier, within its last step.

        Raises
        ------
        BioplastError
            There is no such sample.
        """
        samples, spikes, units = self.times.shape
        if _checks.whole("sample", sample, 0) >= samples:
            raise BioplastError(f"sample is {sample}: 0 to {samples - 1} is accepted")
        times = self._before_the_end(self.times[sample]).reshape(-1)
        return SpikeTrains(times, np.tile(np.arange(units), spikes), units, self.duration)

    def group(self, sample: int, dt: Any, **options: Any) -> brian2.SpikeGeneratorGroup:
        """A group that emits the spikes of one sample, each in the step that `raster` has it in.

        Parameters
        ----------
        sample : int
            From 0.
        dt : quantity [time]
            The step of the group.
        **options
            As for `brian2.SpikeGeneratorGroup`, such as ``name``.
        """
        return self.trains(sample).group(dt, **options)

    def _before_the_end(self, times: np.ndarray) -> np.ndarray:
        return np.minimum(times, self.duration * (1 - _BEFORE_THE_END))


@dataclass(frozen=True, eq=False)
class Randman:
    """Points on random manifolds before they are spike times; `split` makes those.

    Attributes
    ----------
    points : ndarray [classes*samples, dimension]
        From 0 to 1; of the classes in turn, so that any part that begins with class 0 is balanced.
    labels : ndarray of int [classes*samples]
        0, 1, ..., classes - 1, 0, 1, ...
    values : ndarray [classes*samples, spikes, units]
        Of the manifolds at the points, as the formula gives them: not standardised.
    manifolds : tuple of tuple of Manifold
        ``manifolds[label][spike]``.
    duration : float
        In seconds.
    """

    points: np.ndarray
    labels: np.ndarray
    values: np.ndarray
    manifolds: tuple[tuple[Manifold, ...], ...]
    duration: float

    def split(
        self, validation: int | None = None, test: int | None = None, *, standardise: str = "train"
    ) -> dict[str, SpikeTimes]:
        """Spike times for training, validation and test; every class has its share in each.

        The time of a spike is ``duration*y``, where y is the value of the manifold, standardised to go from 0 to 1 over
        the samples of its class, for each unit and spike.

        Parameters
        ----------
        validation, test : int, optional
            Samples of each class, a tenth of them by default; the others are for training, at least two of each class.
            The samples are drawn independently, so the first ones are for training and the last for the test.
        standardise : {"train", "all"}
            The samples that 0 and 1 are found from. With "train" nothing of the others is known before they are tested;
            where they leave the range from 0 to 1, which the more training samples there are the fewer do, they are
            clipped to it, and the spike comes at the begin or the end. With "all", as in the authors' code, extremes of
            the validation and test samples decide on the times of all.

        Returns
        -------
        dict of SpikeTimes
            ``"train"``, ``"validation"`` and ``"test"``.

        Raises
        ------
        BioplastError
            There are too few samples, or a unit has the same value for all of them.
        """
        if standardise not in STANDARDISED:
            raise BioplastError(f"standardise is {standardise!r}: 'train' or 'all' is accepted")
        classes = len(self.manifolds)
        samples = len(self.labels) // classes
        held_out = [
            samples // 10 if given is None else _checks.whole(name, given, 0)
            for name, given in (("validation", validation), ("test", test))
        ]
        train = samples - sum(held_out)
        if train < 2:
            raise BioplastError(
                f"{samples} samples of each class, {held_out[0]} for validation and {held_out[1]} for the test: "
                "at least 2 for training are accepted"
            )
        known = self.values[: classes * train] if standardise == "train" else self.values
        known = known.reshape(-1, classes, *self.values.shape[1:])
        low, span = known.min(axis=0), np.ptp(known, axis=0)
        if not span.all():
            label, spike, unit = np.argwhere(span == 0)[0]
            raise BioplastError(
                f"class {label}, spike {spike}, unit {unit}: the same value for all {len(known)} samples, "
                "which cannot be standardised; a smaller alpha or more samples are accepted"
            )
        parts, first = {}, 0
        for name, number in zip(("train", "validation", "test"), (train, *held_out), strict=True):
            rows = slice(classes * first, classes * (first + number))
            times = self.values[rows].reshape(number, classes, *self.values.shape[1:]) - low
            times /= span
            np.clip(times, 0, 1, out=times)
            times *= self.duration
            parts[name] = SpikeTimes(
                times.reshape(-1, *self.values.shape[1:]), self.labels[rows], self.points[rows], self.duration
            )
            first += number
        return parts


def randman(
    classes: int = 10,
    units: int = 20,
    dimension: int = 1,
    alpha: float = 1.0,
    *,
    spikes: int = 1,
    samples: int = 1000,
    duration: Any = 50 * brian2.ms,
    spectrum: str = "paper",
    rng: np.random.Generator,
) -> Randman:
    """Draw a classification problem: spike patterns on smooth random manifolds, one manifold for each class and spike.

    The defaults are the setting of Zenke and Vogels (2021); spike counts say nothing about the class.

    Parameters
    ----------
    classes : int
    units : int
        Input neurons, the dimension M of the space around the manifolds.
    dimension : int
        Of the manifolds, D.
    alpha : float
        Their smoothness, positive: the larger, the smoother.
    spikes : int
        How many each unit fires in a sample, one for each manifold of the class, all at the same point.
    samples : int
        Points of each class, uniform in the unit cube.
    duration : quantity [time]
        Of the stimulus.
    spectrum : {"paper", "numpy", "torch"}
        See `manifold`.
    rng : numpy.random.Generator
        For the manifolds and then for the points: more samples leave the earlier ones as they are.

    Returns
    -------
    Randman

    Raises
    ------
    BioplastError
        A number lies outside its range.
    UnknownName
        There is no such spectrum.

    References
    ----------
    Zenke and Vogels (2021), The remarkable robustness of surrogate gradient learning for instilling complex function in
    spiking neural networks, Neural Computation 33, doi:10.1162/neco_a_01367

    Examples
    --------
    >>> import numpy as np
    >>> from brian2 import ms
    >>> from bioplast import stimulus
    >>> task = stimulus.randman(classes=2, units=20, samples=100, rng=np.random.default_rng(1))
    >>> parts = task.split()
    >>> parts["train"].raster(1*ms, steps=100).shape, parts["train"].labels.shape   # inputs of bioplast.learning.fit
    ((160, 100, 20), (160,))
    >>> group = parts["test"].group(0, 0.1*ms, name="input")    # an ordinary brian2.SpikeGeneratorGroup
    """
    number, each = _checks.whole("classes", classes), _checks.whole("spikes", spikes)
    size, length = _checks.whole("samples", samples), _checks.time("duration", duration)
    manifolds = tuple(
        tuple(manifold(units, dimension, alpha, spectrum, rng=rng) for _ in range(each)) for _ in range(number)
    )
    points = rng.random((size, number, dimension))
    values = np.empty((size, number, each, units))
    for label, of_class in enumerate(manifolds):
        for spike, one in enumerate(of_class):
            values[:, label, spike] = one(points[:, label])
    return Randman(
        points.reshape(-1, dimension),
        np.tile(np.arange(number), size),
        values.reshape(-1, each, units),
        manifolds,
        length,
    )
