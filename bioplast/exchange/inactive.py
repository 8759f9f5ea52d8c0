"""What a network holds and does not carry out: files of models have no place for it."""

from __future__ import annotations

from brian2 import Network, PopulationRateMonitor, SpikeMonitor, StateMonitor

__all__ = ["REASON", "inactive"]

REASON = "it is inactive (active = False): take it out of the network or make it active"


def inactive(network: Network) -> str | None:
    """The name of an object with ``active = False``, an object before its parts; monitors do not count."""
    parts = {id(part) for obj in network.sorted_objects for part in obj.contained_objects}
    monitors = (SpikeMonitor, StateMonitor, PopulationRateMonitor)
    for obj in sorted(network.sorted_objects, key=lambda obj: id(obj) in parts):
        if not obj.active and not isinstance(obj, monitors):
            return str(obj.name)
    return None
