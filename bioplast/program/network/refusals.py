"""Networks that no target, or not this one, can run: refused by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import brian2
import numpy as np
from brian2.core.magic import MagicNetwork
from brian2.core.operations import NetworkOperation
from brian2.core.variables import ArrayVariable
from brian2.devices.device import RuntimeDevice
from brian2.spatialneuron.spatialneuron import SpatialStateUpdater
from brian2.units.fundamentalunits import Quantity

from ...definition.base import check_method
from ...errors import BioplastError, Unsupported
from .clocks import ClockSpan, clocks
from .refractoriness import warn_of_wrong_refractoriness


def check(network: Any) -> None:
    """Refuse what is not an explicit Brian2 network made for the runtime device; warn of what Brian2 gets wrong."""
    if isinstance(network, MagicNetwork) or not isinstance(network, brian2.Network):
        raise BioplastError(
            f"a brian2.Network is needed, not {type(network).__name__}: give Network(...) the objects that belong to it"
        )
    active = brian2.get_device()
    if not isinstance(active, RuntimeDevice):
        raise BioplastError(
            f"set_device({type(active).__name__}) is in force: end it with set_device('runtime'), "
            "the target is chosen by compile()"
        )
    if not network.objects:
        raise BioplastError("the network has no objects: give Network(...) those that belong to it")
    _check_slots(network)
    clocks(network)
    for obj in network.sorted_objects:
        check_method(repr(obj.name), getattr(obj, "method_choice", None))
        # Brian2 warns of objects that are deleted before any network has run them, unless they belong to a group; a
        # network that is only compiled is used all the same
        if "group" not in getattr(obj, "variables", {}):
            obj.__dict__.setdefault("group", obj.name)
        period = getattr(obj, "_refractory", None)
        if isinstance(period, Quantity) and not np.isfinite(float(period)):
            # Brian2 counts it in steps, of which infinitely many are none
            raise BioplastError(
                f"the refractory period of {obj.name!r} is {float(period):g} s: a finite time is accepted"
            )
        for name, variable in getattr(obj, "variables", {}).items():
            try:
                getattr(getattr(variable, "owner", None), "name", None)
            except ReferenceError:
                raise BioplastError(
                    f"{name!r} of {obj.name!r} belongs to a group that nothing holds any more: keep that group in a "
                    "variable of your own, such as a subgroup that a linked variable refers to"
                ) from None
            if isinstance(variable, ArrayVariable) and not isinstance(variable.device, RuntimeDevice):
                raise BioplastError(
                    f"{obj.name!r} was made under set_device({type(variable.device).__name__}): "
                    "make the network under Brian2's default device, the target is chosen by compile()"
                )
    warn_of_wrong_refractoriness(network)


def _check_slots(network: brian2.Network) -> None:
    """Refuse an object that runs in no slot of the schedule."""
    slots = [f"{side}{slot}" for slot in network.schedule for side in ("before_", "", "after_")]
    for obj in network.objects:
        for part in (obj, *obj.contained_objects):
            if part.when not in slots:
                raise BioplastError(
                    f"{part.name!r} runs in the slot {part.when!r}, which is not in the schedule of the network; "
                    f"accepted: {', '.join(network.schedule)}, each also with before_ or after_"
                )


def refuse_python_objects(network: brian2.Network, where: str) -> None:
    """Refuse what only Brian2's own targets can run: `where` says which others cannot."""
    for obj in network.sorted_objects:
        if obj.active and isinstance(obj, NetworkOperation):
            raise Unsupported(
                f"{obj.name!r} is a Python function that runs in every step (network_operation): "
                f"{where} cannot run it; use target='numpy' or 'cython'"
            )
        method = getattr(obj, "method_choice", None)
        if isinstance(method, str) and method.startswith("gsl"):
            raise Unsupported(f"{obj.name!r} uses the method {method!r}: {where} cannot run GSL's integrators")


def refuse_compartments(network: brian2.Network, where: str) -> None:
    """Refuse neurons with compartments where their cable equation is not solved."""
    for obj in network.sorted_objects:
        if obj.active and isinstance(obj, SpatialStateUpdater):
            raise Unsupported(
                f"{obj.group.name!r} is a SpatialNeuron: {where} does not solve the cable equation of its "
                "compartments; use target='cpp', 'openmp', 'cython' or 'numpy'"
            )


def refuse_late_steps(spans: Mapping[str, ClockSpan], where: str) -> None:
    """Refuse a run whose steps have more than 32 bits, where code counts them so: `where` says where that is."""
    for name, span in spans.items():
        if span.end >= 2**31:
            raise Unsupported(
                f"the run ends with step {span.end} of {name!r}: {where} counts steps in 32 bits; start earlier or "
                "use target 'numpy', 'cpp' or 'jax'"
            )
