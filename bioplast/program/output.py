"""What a run recorded, and the state that it ended in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..errors import BioplastError, UnknownName
from .spikes import Spikes


def refuse_other_than_names(name: object) -> None:
    """Refuse what is no name of a monitor."""
    if not isinstance(name, str):
        raise BioplastError(f"a monitor is asked for by its name, not by a {type(name).__name__}: {name!r}")


def shapes_of(recorded: Mapping[str, Any]) -> str:
    """Names with the shapes of what is recorded under them, such as "v [200, 5], w [200, 5]"."""
    return ", ".join(f"{name} {list(np.shape(array))}" for name, array in recorded.items() if name != "t")


@dataclass(frozen=True, repr=False)
class Output:
    """The result of one run of a `Program`. All numbers are in SI base units.

    Attributes
    ----------
    spikes : mapping
        `Spikes` by the name of the SpikeMonitor (or EventMonitor).
    counts : mapping
        How often each neuron spiked, int [neurons], for each such monitor, those with ``record=False`` too.
    states : mapping
        For each StateMonitor its ``"t"`` [steps] and each variable [steps, recorded].
    rates : mapping
        For each PopulationRateMonitor ``"t"`` and ``"rate"`` [steps].
    final : mapping
        The values after the run, with the keys of `Program.values`: feed them to the next call.
    seed : int
        The seed that was used; the same seed gives the same output.
    seconds : float
        Wall time that the simulation itself took.
    """

    spikes: Mapping[str, Spikes]
    counts: Mapping[str, np.ndarray]
    states: Mapping[str, Mapping[str, np.ndarray]]
    rates: Mapping[str, Mapping[str, np.ndarray]]
    final: Mapping[str, np.ndarray]
    seed: int
    seconds: float
    target: str
    start: float
    duration: float
    steps: Mapping[str, int]
    about: Mapping[str, Any] = field(default_factory=dict)

    def events(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Spike times in seconds and neurons of the SpikeMonitor `name`, sorted by time, then neuron."""
        spikes = self._spikes(name)
        return spikes.times, spikes.indices

    def raster(self, name: str) -> np.ndarray:
        """Boolean array [steps, neurons] of the SpikeMonitor `name`."""
        spikes = self._spikes(name)
        raster = np.zeros((self.steps[name], spikes.neurons), dtype=bool)
        raster[spikes.steps, spikes.indices] = True
        return raster

    def __repr__(self) -> str:
        """What was recorded and how much of it, instead of all numbers."""
        lines = [f"Output of {self.duration:g} s on target {self.target}, seed {self.seed}"]
        for name, counts in self.counts.items():
            kept = "spikes" if name in self.spikes else "counts"
            others = "".join(f", {variable}" for variable in (self.spikes[name].variables if kept == "spikes" else ()))
            lines.append(f"{kept}[{name!r}]: {int(np.sum(counts))} events of {len(counts)} neurons{others}")
        for kind, recorded in (("states", self.states), ("rates", self.rates)):
            lines += [f"{kind}[{name!r}]: {shapes_of(arrays)}" for name, arrays in recorded.items()]
        return "\n  ".join([*lines, f"final: {len(self.final)} values"])

    def _spikes(self, name: str) -> Spikes:
        refuse_other_than_names(name)
        if name in self.counts and name not in self.spikes:
            raise BioplastError(
                f"the monitor {name!r} has record=False and keeps counts only: counts[{name!r}] has them"
            )
        if name not in self.spikes:
            raise UnknownName("spike monitor", name, self.spikes)
        return self.spikes[name]

    @property
    def dimensions(self) -> dict[str, Mapping[str, Sequence[float]]]:
        """The exponents of the SI base units of what each monitor recorded, by variable."""
        return {name: monitor["dimensions"] for name, monitor in self.about.get("monitors", {}).items()}

    def to_neo(self) -> Any:
        """The recording as a `neo.Block`; see `bioplast.program.neo_block`."""
        from .neo_block import to_neo

        return to_neo(self)


class Recorded(dict[str, Any]):
    """What monitors recorded, by their names; one that does not exist is told as such.

    Parameters
    ----------
    kind : str
        What is asked for, such as "state monitor".
    recorded : mapping
    """

    def __init__(self, kind: str, recorded: Mapping[str, Any]):
        super().__init__(recorded)
        self.kind = kind

    def __missing__(self, name: object) -> Any:
        raise UnknownName(self.kind, str(name), self)

    def __reduce__(self) -> tuple[Any, ...]:
        return Recorded, (self.kind, dict(self))


class Outputs(tuple[Output, ...]):
    """The results of `Program.batch`: a tuple of `Output`, with the recordings stacked along a leading batch axis."""

    def __repr__(self) -> str:
        return f"{len(self)} runs" + (f", the first: {self[0]!r}" if self else "")

    def raster(self, name: str) -> np.ndarray:
        """[batch, steps, neurons] of the SpikeMonitor `name`."""
        return np.stack([out.raster(name) for out in self])

    def events(self, name: str) -> list[tuple[np.ndarray, np.ndarray]]:
        """Times and neurons, one pair for each run."""
        return [out.events(name) for out in self]

    def to_neo(self) -> list[Any]:
        """The recordings as a `neo.Block` for each run."""
        return [out.to_neo() for out in self]

    @property
    def dimensions(self) -> dict[str, Mapping[str, Sequence[float]]]:
        """The exponents of the SI base units of what each monitor recorded, by variable."""
        return self[0].dimensions

    @property
    def counts(self) -> dict[str, np.ndarray]:
        """[batch, neurons] how often each neuron spiked, by monitor."""
        stacked = {name: np.stack([out.counts[name] for out in self]) for name in self[0].counts}
        return Recorded("spike monitor", stacked)

    @property
    def states(self) -> dict[str, dict[str, np.ndarray]]:
        """For each StateMonitor every variable as [batch, steps, recorded]."""
        first = self[0].states
        stacked = {m: {v: np.stack([out.states[m][v] for out in self]) for v in first[m]} for m in first}
        return Recorded("state monitor", stacked)

    @property
    def final(self) -> dict[str, Any]:
        """The values after each run, with a leading batch axis: feed them to the next `batch`.

        Of spikes on their way ("PATHWAY.queue"), whose number differs, that axis is a tuple of arrays.
        """
        found: dict[str, Any] = {}
        for key in self[0].final:
            each = tuple(out.final[key] for out in self)
            found[key] = each if key.endswith(".queue") else np.stack(each)
        return found
