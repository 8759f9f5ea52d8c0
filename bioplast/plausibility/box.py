"""A cell that is no equations but a function: a black box, such as a cell of another library."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from brian2 import Quantity, second

from ..errors import BioplastError
from ..parameter import Parameter
from .features import Features, Record, reduce
from .sweep import Sweep
from .train import Train

Function = Callable[[np.ndarray, np.ndarray, float], tuple[Any, Any]]


@dataclass(frozen=True, eq=False)
class BlackBox:
    """A cell that is given as a Python function, with named and bounded parameters.

    Parameters
    ----------
    function : callable
        ``function(parameters, current, dt) -> (voltage, spikes)``. `parameters` is [candidates, n], its columns in the
        order of `parameters` below, SI base units; `current` is [steps]; `dt` is the time step in seconds. `voltage` is
        [steps, candidates], in any unit, after the step in question; `spikes` is [steps, candidates], true where a
        candidate spikes, or None. A cell starts at rest, the same at every call.
    parameters : dict of str to Parameter
        Each with bounds.
    dt : Quantity
        The time step to search with; smaller ones are used to check what was found.
    threshold : float, optional
        Where `spikes` is None, an upward crossing of this voltage is a spike.
    parallel : bool
        The function also accepts a current [steps, candidates], which most functions written with NumPy do. A search is
        then as many times quicker as there are candidates: without it, candidates with different inputs are simulated
        one after the other.
    name, source : str

    Raises
    ------
    BioplastError
        If there is no parameter, one has no bounds, or `dt` is no time.

    Examples
    --------
    A leaky integrator, reset to rest; the current counts as voltage.

    >>> def leaky(parameters, current, dt):
    ...     tau, threshold = parameters.T
    ...     v, voltage, spikes = np.zeros(len(tau)), [], []
    ...     for drive in current:
    ...         v = v + dt / tau * (drive - v)
    ...         fired = v > threshold
    ...         v = np.where(fired, 0, v)
    ...         voltage.append(v)
    ...         spikes.append(fired)
    ...     return np.array(voltage), np.array(spikes)
    >>> from brian2 import ms
    >>> bounded = {"tau": Parameter(20*ms, low=5*ms, high=100*ms), "threshold": Parameter(1, low=0.5, high=2)}
    >>> box = BlackBox(leaky, bounded, dt=0.5*ms, parallel=True, name="leaky")
    """

    function: Function
    parameters: Mapping[str, Parameter]
    dt: Any
    threshold: float | None = None
    parallel: bool = False
    name: str = ""
    source: str = field(default="", repr=False)

    kind = "black box"

    def __post_init__(self) -> None:
        if not callable(self.function):
            raise BioplastError(f"{self.label}: the function is {self.function!r}, which cannot be called")
        if not self.parameters:
            raise BioplastError(f"{self.label}: at least one parameter is needed, by its name")
        for name, parameter in self.parameters.items():
            if not isinstance(parameter, Parameter) or parameter.low is None:
                raise BioplastError(f"{self.label}: parameter {name} needs bounds: Parameter(value, low=..., high=...)")
        if not (isinstance(self.dt, Quantity) and self.dt.dim is second.dim and float(self.dt) > 0):
            raise BioplastError(f"{self.label}: dt={self.dt!r} must be a time, such as 0.1*ms")

    def __set_name__(self, owner: Any, name: str) -> None:
        # As for a definition, the place where it is kept gives it its name, once.
        if not self.name:
            object.__setattr__(self, "name", name)

    @property
    def label(self) -> str:
        """How messages call it."""
        return self.name or self.kind

    def respond(self, parameters: np.ndarray, current: np.ndarray, dt: float) -> tuple[np.ndarray, np.ndarray]:
        """The voltage and the spikes (bool) of all candidates, both [steps, candidates].

        Parameters
        ----------
        parameters : ndarray [candidates, n]
        current : ndarray [steps, candidates]
        dt : float
            In seconds.

        Raises
        ------
        BioplastError
            If the function breaks, or what it returns has another shape.
        """
        if self.parallel:
            return self._call(parameters, current, dt)
        alone = [self._call(parameters[k : k + 1], current[:, k], dt) for k in range(len(parameters))]
        return np.concatenate([v for v, _ in alone], axis=1), np.concatenate([s for _, s in alone], axis=1)

    def _call(self, parameters: np.ndarray, current: np.ndarray, dt: float) -> tuple[np.ndarray, np.ndarray]:
        expected = len(current), len(parameters)
        try:
            with np.errstate(all="ignore"):
                voltage, spikes = self.function(parameters, current, dt)
        except Exception as error:
            text = " ".join(str(error).split())
            raise BioplastError(f"{self.label}: its function broke with {type(error).__name__}: {text}") from error
        if spikes is None and self.threshold is None:
            raise BioplastError(f"{self.label}: it returns no spikes, so it needs a threshold=...")
        try:
            v = np.asarray(voltage, dtype=float)
            fired = self._crossings(v) if spikes is None else np.asarray(spikes).astype(bool)
        except (TypeError, ValueError) as error:
            raise BioplastError(f"{self.label}: what it returns is no array of numbers: {error}") from None
        for what, array in (("voltage", v), ("spikes", fired)):
            if array.shape != expected:
                raise BioplastError(
                    f"{self.label}: its {what} has shape {array.shape}; [steps, candidates] = {expected} is accepted"
                )
        return v, fired

    def _crossings(self, v: np.ndarray) -> np.ndarray:
        above = v > self.threshold
        crossed = np.zeros_like(above)
        crossed[1:] = above[1:] & ~above[:-1]
        return crossed


class BoxPopulation:
    """What `Population` is for a definition: many candidates of a black box, called with parameters and sweeps.

    Parameters
    ----------
    box : BlackBox
    size : int
        The number of candidates, N.
    dt : float, optional
        The time step in seconds; by default that of the box.
    """

    def __init__(self, box: BlackBox, size: int, dt: float | None = None):
        self.box, self.size = box, size
        self.dt = float(box.dt) if dt is None else dt
        self._record: Record | None = None

    def __call__(
        self,
        parameters: Mapping[str, np.ndarray],
        sweep: Sweep,
        tau: np.ndarray | float = np.nan,
        scale: np.ndarray | float = 1.0,
    ) -> Features:
        """As `Population.__call__`."""
        times = np.arange(int(np.ceil(sweep.end.max() / self.dt)) + 1) * self.dt
        current = sweep.current(times)
        columns = [parameters.get(name, float(p.value)) for name, p in self.box.parameters.items()]
        given = np.stack([np.broadcast_to(np.asarray(column, dtype=float), self.size) for column in columns], axis=1)
        voltage, fired = self.box.respond(given, current, self.dt)
        steps, cells = np.nonzero(fired)
        self._record = Record(times, voltage, Train.from_events(times[steps], cells, self.size), current)
        return reduce(self._record, sweep, tau, scale)

    def record(self) -> Record:
        """The responses of the last call."""
        if self._record is None:
            raise BioplastError(f"{self.box.label}: nothing was simulated yet")
        return self._record
