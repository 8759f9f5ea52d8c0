"""A program's output as a `neo.Block`, and back.

One segment holds everything: a `neo.SpikeTrain` for each neuron of each SpikeMonitor, a `neo.AnalogSignal` for each
variable of each StateMonitor and PopulationRateMonitor. Annotations say which monitor, neuron, definition and
parameters made each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import brian2
import neo
import numpy as np
import quantities as pq

from ..errors import BioplastError
from . import network as net
from .neo_trains import Part, RecordedTrains, Recording, parts
from .spikes import Spikes

if TYPE_CHECKING:
    from .output import Output

# The SI base units, in the order of the exponents of a Brian2 dimension.
_BASE_UNITS = ("m", "kg", "s", "A", "K", "mol", "cd")

# The units that neuroscientists read, for the dimensions that they record.
_NAMED = {
    net.exponents(brian2.volt): (pq.mV, 1e3),
    net.exponents(brian2.second): (pq.ms, 1e3),
    net.exponents(brian2.amp): (pq.nA, 1e9),
    net.exponents(brian2.siemens): (pq.nS, 1e9),
    net.exponents(brian2.hertz): (pq.Hz, 1.0),
}


def unit(exponents: Sequence[float]) -> tuple[pq.Quantity, float]:
    """The unit in which a quantity is recorded, by the exponents of its SI base units, and how many make an SI unit."""
    if tuple(exponents) in _NAMED:
        return _NAMED[tuple(exponents)]
    found = pq.dimensionless
    for symbol, exponent in zip(_BASE_UNITS, exponents, strict=True):
        if exponent:
            found = found * getattr(pq, symbol) ** exponent
    return found, 1.0


def to_neo(out: Output) -> neo.Block:
    """The recording as a `neo.Block`.

    Parameters
    ----------
    out : Output
        The result of a program's run.

    Returns
    -------
    neo.Block
        Times in ms; voltages in mV, currents in nA, conductances in nS, rates in Hz, anything else in SI base units.
        Recordings begin with the first step of their monitor's clock and end where its next one would begin. Spike
        trains are made when they are asked for. The block's annotations are the target, seed, start and duration in
        seconds, and `groups`: for each group its kind, definition, source, equations and parameters.
    """
    block = neo.Block(
        name="bioplast",
        target=out.target,
        seed=out.seed,
        start=out.start,
        duration=out.duration,
        groups=dict(out.about.get("groups", {})),
    )
    segment = neo.Segment(name="run")
    block.segments.append(segment)
    recordings = [_recording(out, name, spikes) for name, spikes in out.spikes.items()]
    segment.spiketrains = RecordedTrains(recordings, parent=segment)
    for kind in (out.states, out.rates):
        for name, states in kind.items():
            for variable, values in states.items():
                if variable != "t":
                    segment.analogsignals.append(_signal(out, name, variable, values, states["t"]))
    return block


def _borders(out: Output, name: str) -> tuple[float, float]:
    """When a monitor's first step begins and its last one ends, in seconds.

    They are products of step and dt, as the times of spikes are; the time of the network is a sum that rounds.
    """
    about = out.about["monitors"][name]
    first = about["first_step"]
    return first * about["dt"], (first + out.steps[name]) * about["dt"]


def _recording(out: Output, name: str, spikes: Spikes) -> Recording:
    about = out.about["monitors"][name]
    begin, end = _borders(out, name)
    order = np.argsort(spikes.indices, kind="stable")
    counts = np.bincount(spikes.indices, minlength=spikes.neurons)
    return Recording(
        monitor=name,
        source=about["source"],
        definition=_definition(out, about["source"]),
        times=spikes.times[order] * 1e3,
        bounds=[0, *np.cumsum(counts).tolist()],
        variables={variable: values[order] for variable, values in spikes.variables.items()},
        t_start=begin * 1e3,
        t_stop=end * 1e3,
        dt=about["dt"],
    )


def _definition(out: Output, group: str) -> str:
    return str(out.about.get("groups", {}).get(group, {}).get("definition", ""))


def _signal(out: Output, name: str, variable: str, values: np.ndarray, times: np.ndarray) -> neo.AnalogSignal:
    about = out.about["monitors"][name]
    units, size = unit(about["dimensions"][variable])
    return neo.AnalogSignal(
        np.asarray(values, dtype=float) * size,
        units=units,
        t_start=(times[0] if len(times) else _borders(out, name)[0]) * pq.s,
        sampling_period=about["dt"] * pq.s,
        name=f"{name}.{variable}",
        monitor=name,
        source=about["source"],
        variable=variable,
        neurons=about["record"],
        si_per_unit=1 / size,
        definition=_definition(out, about["source"]),
    )


def from_neo(block: neo.Block) -> tuple[dict[str, Spikes], dict[str, dict[str, np.ndarray]]]:
    """Spikes and states of a block in the form of an `Output`: SI base units, by the monitor's name.

    Parameters
    ----------
    block : neo.Block
        Made by `to_neo`, or any block: spike trains without annotations count as neurons 0, 1, ... of the monitor
        "spikes", signals without them as variables of the monitor "states".

    Returns
    -------
    spikes : dict
        `Spikes` by monitor.
    states : dict
        For each monitor its ``"t"`` [steps] and variables [steps, recorded].
    """
    if len(block.segments) != 1:
        raise BioplastError(f"the block has {len(block.segments)} segments: one is accepted")
    segment = block.segments[0]
    found: dict[str, list[Part]] = {}
    first: dict[str, neo.SpikeTrain] = {}
    for number, part in enumerate(parts(segment.spiketrains)):
        if part.monitor not in found:
            first[part.monitor] = segment.spiketrains[number]
        found.setdefault(part.monitor, []).append(part)
    spikes = {name: _spikes(found[name], first[name]) for name in found}
    states: dict[str, dict[str, np.ndarray]] = {}
    for number, signal in enumerate(segment.analogsignals):
        notes: Mapping[str, Any] = signal.annotations
        monitor = states.setdefault(notes.get("monitor", "states"), {})
        monitor["t"] = np.asarray(signal.times.rescale(pq.s).magnitude, dtype=float)
        scale = notes.get("si_per_unit")
        values = signal.magnitude * scale if scale is not None else signal.simplified.magnitude
        monitor[notes.get("variable", signal.name or f"signal{number}")] = np.asarray(values, dtype=float)
    return spikes, states


def _spikes(found: Sequence[Part], first: neo.SpikeTrain) -> Spikes:
    """The spikes of a monitor whose first train is `first`; a neuron that is not known is that of its place."""
    neurons = np.array([k if part.neuron is None else int(part.neuron) for k, part in enumerate(found)], np.int32)
    times = np.concatenate([part.times for part in found])
    indices = np.repeat(neurons, [len(part.times) for part in found])
    order = np.lexsort((indices, times))
    start = float(first.t_start.rescale(pq.s).magnitude)
    period = first.sampling_period
    step = float(period.rescale(pq.s).magnitude) if period is not None else 1e-4
    steps = np.round((times[order] - start) / step).astype(np.int64)
    return Spikes(times[order], indices[order], steps, int(neurons.max()) + 1)
