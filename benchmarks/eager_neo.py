"""Spike trains made and read one by one with Neo's own methods: the truth for tests, the slow side of a benchmark."""

from __future__ import annotations

import neo
import numpy as np
import quantities as pq

from bioplast.program.output import Output
from bioplast.program.spikes import Spikes


def eager_trains(out: Output) -> neo.Segment:
    """A segment with a train for each neuron of each SpikeMonitor; quadratic in time."""
    segment = neo.Segment(name="run")
    for name, spikes in out.spikes.items():
        about = out.about["monitors"][name]
        dt, first = about["dt"], about["first_step"]
        order = np.argsort(spikes.indices, kind="stable")
        bounds = np.searchsorted(spikes.indices[order], np.arange(spikes.neurons + 1))
        for neuron in range(spikes.neurons):
            chosen = order[bounds[neuron] : bounds[neuron + 1]]
            train = neo.SpikeTrain(
                spikes.times[chosen] * 1e3,
                units=pq.ms,
                t_start=first * dt * 1e3,
                t_stop=(first + out.steps[name]) * dt * 1e3,
                sampling_rate=1 / (dt * pq.s),
                name=f"{name}[{neuron}]",
                monitor=name,
                source=about["source"],
                neuron=neuron,
                definition=str(out.about["groups"].get(about["source"], {}).get("definition", "")),
            )
            if spikes.variables:
                train.array_annotate(**{v: spikes.variables[v][chosen] for v in spikes.variables})
            segment.spiketrains.append(train)
    return segment


def eager_spikes(segment: neo.Segment) -> dict[str, Spikes]:
    """The spikes of a segment's trains, by monitor."""
    trains: dict[str, list[neo.SpikeTrain]] = {}
    for train in segment.spiketrains:
        trains.setdefault(train.annotations.get("monitor", "spikes"), []).append(train)
    found = {}
    for name, each in trains.items():
        numbers = [int(train.annotations.get("neuron", k)) for k, train in enumerate(each)]
        times = np.concatenate([np.asarray(train.rescale(pq.s).magnitude, dtype=float) for train in each])
        indices = np.concatenate([np.full(len(train), n, np.int32) for n, train in zip(numbers, each, strict=True)])
        order = np.lexsort((indices, times))
        start = float(each[0].t_start.rescale(pq.s).magnitude)
        period = each[0].sampling_period
        step = 1e-4 if period is None else float(period.rescale(pq.s).magnitude)
        steps = np.round((times[order] - start) / step).astype(np.int64)
        found[name] = Spikes(times[order], indices[order], steps, max(numbers) + 1)
    return found
