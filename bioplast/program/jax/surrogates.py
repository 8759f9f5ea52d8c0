"""The surrogate derivative of each group's spikes, checked against what its threshold compares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import brian2
from brian2.units.fundamentalunits import get_or_create_dimension

from ...errors import BioplastError, UnknownName
from .. import network as net
from ..steps import steps
from ..surrogate import Surrogate


def thresholds(network: steps.Steps) -> dict[str, steps.Threshold]:
    """The threshold of each group whose spikes are its own."""
    return {o.group: o for o in network.operations if isinstance(o, steps.Threshold) and not o.replaceable}


def by_group(given: Any, network: steps.Steps) -> dict[str, Surrogate]:
    """The surrogate of each group that has one."""
    known = thresholds(network)
    if given is None:
        return {}
    chosen = dict(given) if isinstance(given, Mapping) else dict.fromkeys(known, given)
    for group, surrogate in chosen.items():
        if group not in known:
            raise UnknownName("group with a threshold", str(group), known)
        if surrogate is None:
            continue
        if not isinstance(surrogate, Surrogate):
            raise BioplastError(f"surrogate of {group!r} is {surrogate!r}: one such as SuperSpike() is accepted")
        margins = known[group].margins
        if margins != (net.exponents(surrogate),):
            units = " and ".join(_unit(m) for m in margins)
            raise BioplastError(
                f"the threshold of {group!r} compares numbers of {units}, its surrogate has "
                f"{_unit(net.exponents(surrogate))}: give it the unit of the threshold, as in SuperSpike(beta=10, unit="
                f"{'1' if not any(margins[0]) else '1*mV'})"
            )
    return {group: surrogate for group, surrogate in chosen.items() if surrogate is not None}


def _unit(exponents: tuple[float, ...]) -> str:
    return str(brian2.get_unit(get_or_create_dimension(list(exponents)))) if any(exponents) else "no unit"
