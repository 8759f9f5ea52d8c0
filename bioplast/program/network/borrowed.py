"""Subexpressions that one object borrows from another, with constants of its own."""

from __future__ import annotations

import itertools
import numbers
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

import brian2
import numpy as np
from brian2.core.namespace import DEFAULT_CONSTANTS, DEFAULT_FUNCTIONS, DEFAULT_UNITS
from brian2.core.variables import Subexpression
from brian2.monitors.spikemonitor import EventMonitor
from brian2.utils.stringtools import get_identifiers

_STANDARD = {*DEFAULT_UNITS, *DEFAULT_FUNCTIONS, *DEFAULT_CONSTANTS}


def warn_of_other_constants(network: brian2.Network, namespace: Mapping[str, Any]) -> None:
    """Warn of constants that are not those of the group whose equations name them.

    Brian2 puts a subexpression of another group in the place of its name, and then looks for its constants where it is
    used: in the namespace of the synapses that read it, in that of the group that links to it, and, for a SpikeMonitor
    that records it, among the names of the run alone.

    Parameters
    ----------
    network : brian2.Network
    namespace : mapping
        The names of the run.
    """
    for user in network.sorted_objects:
        for read, group, name in _borrowed(user):
            (there, theirs), (here, ours) = (_found(each, name, namespace) for each in (group, user))
            if there and here and not _same(theirs, ours):
                warnings.warn(
                    f"{user.name!r} reads {read!r}, whose equations in {group.name!r} refer to {name!r}: Brian2 takes "
                    f"{ours!r} for it, what {name!r} is for {user.name!r}, and not the {theirs!r} of {group.name!r}; "
                    "give both the same, or another name",
                    RuntimeWarning,
                    stacklevel=3,
                )


def _found(user: Any, name: str, namespace: Mapping[str, Any]) -> tuple[bool, Any]:
    """Whether a name has a value for an object, and which."""
    own = getattr(user, "namespace", None) or {}
    for names in (own, namespace):
        if name in names:
            return True, names[name]
    return False, None


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, brian2.TimedArray) and isinstance(other, brian2.TimedArray):
        return float(one.dt) == float(other.dt) and _same(one.values, other.values) and one.dim == other.dim
    if all(isinstance(value, numbers.Number | np.ndarray) for value in (one, other)):
        return brian2.have_same_dimensions(one, other) and np.array_equal(np.asarray(one), np.asarray(other))
    return one is other


def _borrowed(user: Any) -> Iterator[tuple[str, Any, str]]:
    """What an object reads of a group, the group, and the name of a constant in what that is made of."""
    reads: Iterator[tuple[str, Any, Any]]
    if isinstance(user, brian2.Synapses):
        reads = _read_by_synapses(user)
    elif isinstance(user, EventMonitor):
        reads = ((name, user.source, user.source.variables.get(name)) for name in sorted(user.record_variables))
    elif isinstance(user, brian2.NeuronGroup):
        reads = _linked(user)
    else:
        return
    for read, group, variable in reads:
        if isinstance(variable, Subexpression):
            yield from ((read, group, name) for name in sorted(_constants(variable, group.variables)))


def _read_by_synapses(synapses: brian2.Synapses) -> Iterator[tuple[str, Any, Any]]:
    equations = [synapses.equations, *([synapses.event_driven] if synapses.event_driven else [])]
    own = set().union(*(each.names for each in equations))
    codes = [updater.expression.code for updater in synapses.summed_updaters.values()]
    codes += [equation.expr.code for each in equations for equation in each.values() if equation.expr is not None]
    codes += [pathway.code for pathway in synapses._pathways]
    for name in sorted(set().union(*map(get_identifiers, codes)) - own):
        group = synapses.source if name.endswith("_pre") else synapses.target
        for known in {name, name.removesuffix("_pre"), name.removesuffix("_post")} & set(group.variables):
            yield name, group, group.variables[known]


def _linked(group: brian2.NeuronGroup) -> Iterator[tuple[str, Any, Any]]:
    """The linked variables of a group, with the group that what they are made of belongs to."""
    own = {"i", "N", "t", "dt", "t_in_timesteps", *group.equations.subexpr_names}
    for name, variable in group.variables.items():
        if isinstance(variable, Subexpression) and name not in own and not name.startswith("_"):
            owners = (getattr(group.variables[part], "owner", None) for part in _parts(variable, group.variables))
            other = next((owner for owner in owners if owner is not None and owner.name != group.name), None)
            if other is not None:
                yield name, other, variable


def _parts(subexpression: Any, variables: Mapping[str, Any]) -> set[str]:
    """The variables in a subexpression and in those that it is made of."""
    found = set(subexpression.identifiers) & set(variables)
    below = (_parts(variables[name], variables) for name in found if isinstance(variables[name], Subexpression))
    return found | set(itertools.chain.from_iterable(below))


def _constants(subexpression: Any, variables: Mapping[str, Any]) -> set[str]:
    """The names in a subexpression, and in those that it is made of, that are no variables."""
    inside = [variables[name] for name in _parts(subexpression, variables)]
    made_of = [subexpression, *(each for each in inside if isinstance(each, Subexpression))]
    return set().union(*(each.identifiers for each in made_of)) - set(variables) - _STANDARD
