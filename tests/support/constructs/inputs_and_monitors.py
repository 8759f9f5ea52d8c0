"""Timed arrays, spike generators, and monitors of whole groups and of parts."""

from __future__ import annotations

import numpy as np
from brian2 import Network, PopulationRateMonitor, SpikeGeneratorGroup, SpikeMonitor, StateMonitor, TimedArray, ms

from .making import cells, generator, network, recorded


@network
def timed_arrays() -> Network:
    rng = np.random.default_rng(5)
    namespace = {
        "wave": TimedArray(rng.random(12), dt=1 * ms),
        "table": TimedArray(rng.random((100, 4)), dt=0.3 * ms),
        "fine": TimedArray(rng.random(900), dt=0.05 * ms),
    }
    group = cells(
        "dv/dt = (wave(t) + table(t - 2*ms, i) + fine(t + 0.35*ms) - v)/(5*ms) : 1\nlate = wave(t - 5*ms*i) : 1",
        namespace=namespace,
        method="rk4",
    )
    return Network(recorded(group, ["v", "late"]))


@network
def monitors_of_subgroups() -> Network:
    group = cells("dv/dt = (1.5 + 0.1*i - v)/(5*ms) : 1\ng : 1 (shared)", 8)
    part = group[2:6]
    return Network(
        group,
        SpikeMonitor(part, ["v"], name="part_spikes"),
        StateMonitor(part, ["v", "g"], record=[0, 3], name="part_states"),
        PopulationRateMonitor(part, name="part_rate"),
        SpikeMonitor(group, record=False, name="counts"),
        StateMonitor(group, "v", record=False, name="nothing"),
    )


@network
def spike_generators() -> Network:
    periodic = SpikeGeneratorGroup(3, [0, 1, 2, 0], [0, 1.2, 2.4, 3.9] * ms, period=4 * ms, name="periodic")
    once = generator()
    return Network(
        periodic, once, SpikeMonitor(periodic, name="periodic_spikes"), SpikeMonitor(once, name="once_spikes")
    )
