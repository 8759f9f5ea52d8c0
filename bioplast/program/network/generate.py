"""Brian2 made to generate code for a borrowed network: the device that only generates, and the preparation of a run."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import brian2
from brian2.core.preferences import prefs
from brian2.devices.device import Device

from ...errors import BioplastError
from .borrow import brian2_device, explain
from .clocks import clocks
from .inputs import mark_prepared, own_spikes
from .integration import remembered_integration
from .pathways import pathways

#: Brian2's own templates that are known to be pure functions of the arrays; anything else is refused by name.
TEMPLATES = frozenset(
    {
        "stateupdate",
        "threshold",
        "reset",
        "synapses",
        "synapses_push_spikes",
        "summed_variable",
        "spikegenerator",
        "spikemonitor",
        "statemonitor",
        "ratemonitor",
    }
)


class Generating:
    """What makes a device of Brian2 one that only generates code: values stay where the runtime device keeps them.

    Parameters
    ----------
    runtime : Device
        The device that the network was made under.
    """

    def __init__(self, runtime: Device):
        super().__init__()
        self.runtime = runtime
        self.defaultclock = runtime.defaultclock

    def spike_queue(self, source_start: int, source_end: int) -> Any:
        return self.runtime.spike_queue(source_start, source_end)

    def seed(self, seed: Any = None) -> None:
        raise AssertionError("code generation draws no random numbers")


@contextlib.contextmanager
def generating(device: Any, network: brian2.Network, threads: int = 0) -> Iterator[None]:
    """Let Brian2 generate the code of a borrowed network for `device`, until the end of the block.

    The clocks and pathways are brought into the state in which Brian2 prepares a run.

    Parameters
    ----------
    device : Device
    network : brian2.Network
        Held (see `held`), since all of it is changed.
    threads : int
        Threads for OpenMP; 0 leaves OpenMP out.

    Raises
    ------
    BioplastError
        For synapses without a call of connect().
    """
    saved_device = brian2_device.active_device
    saved_threads = prefs.devices.cpp_standalone.openmp_threads
    try:
        brian2_device.active_device = device
        prefs.devices.cpp_standalone.openmp_threads = threads
        with remembered_integration():
            now = network.t_ * brian2.second
            network._clocks = set(clocks(network))
            for clock in network._clocks:
                try:
                    clock.set_interval(now, now)
                except ValueError as error:  # of a dt that was changed since the last run and does not suit its end
                    raise explain(error) from error
            for group in network.sorted_objects:
                if isinstance(group, brian2.SpikeGeneratorGroup):
                    own_spikes(group)  # which checks them, as Brian2 would in 32 bits only
                    mark_prepared(group)
            for pathway in pathways(network):
                if pathway.active and not pathway.synapses._connect_called and not len(pathway.synapses):
                    raise BioplastError(f"{pathway.synapses.name!r} has no synapses: call its connect() first")
                pathway._pushspikes_codeobj = None  # Brian2 keeps that of an earlier run
            yield
    finally:
        brian2_device.active_device = saved_device
        prefs.devices.cpp_standalone.openmp_threads = saved_threads
