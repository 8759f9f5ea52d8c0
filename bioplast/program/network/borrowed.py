"""Subexpressions that one object borrows from another, with constants of its own."""

from __future__ import annotations

import itertools
import numbers
import warnings
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import brian2
import numpy as np
from brian2.core.namespace import DEFAULT_CONSTANTS, DEFAULT_FUNCTIONS, DEFAULT_UNITS
from brian2.core.variables import Subexpression
from brian2.groups.group import CodeRunner
from brian2.monitors.spikemonitor import EventMonitor
from brian2.synapses.synapses import SynapticPathway
from brian2.utils.stringtools import get_identifiers

from .refractoriness import WRITTEN

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
    told: set[str] = set()
    for user in network.sorted_objects:
        for reader, read, group, name, made in _borrowed(user):
            there, theirs = _found(group, name, namespace)
            own = name in made or name in reader.variables
            here, ours = _found(reader, name, namespace)
            if not there or not (own or (here and not _same(theirs, ours))):
                continue
            taken = "the variable of that name" if own else f"{ours!r}"
            message = (
                f"{reader.name!r} reads {read!r}, whose equations in {group.name!r} refer to {name!r}: Brian2 takes "
                f"{taken} for it, what {name!r} is for {reader.name!r}, and not the {theirs!r} of {group.name!r}; "
                "give both the same, or another name"
            )
            if message not in told:
                told.add(message)
                warnings.warn(message, RuntimeWarning, stacklevel=3)


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


def _borrowed(user: Any) -> Iterator[tuple[Any, str, Any, str, set[str]]]:
    """Which object reads what of which group, the name of a constant in what that is made of, and names that the
    object's statements make themselves."""
    reader = user
    reads: Iterator[tuple[str, Any, Any, Any, set[str]]]
    if isinstance(user, brian2.Synapses):
        reads = _read_by_synapses(user, _codes(user))
    elif isinstance(user, brian2.StateMonitor) and isinstance(user.source, brian2.Synapses):
        reader = user.source
        reads = _read_by_synapses(reader, user.record_variables)
    elif isinstance(user, SynapticPathway):
        reader = user.synapses
        reads = _read_by_synapses(reader, [user.code])
    elif isinstance(user, CodeRunner) and isinstance(user.group, brian2.Synapses):
        reader = user.group
        # that of others is Brian2's own, made of the equations
        given = type(user).update_abstract_code is CodeRunner.update_abstract_code
        reads = _read_by_synapses(reader, [user.abstract_code] if given else [])
    elif isinstance(user, EventMonitor):
        variables = user.source.variables
        reads = ((name, user.source, variables.get(name), variables, set()) for name in sorted(user.record_variables))
    elif isinstance(user, brian2.NeuronGroup):
        reads = _linked(user)
    else:
        return
    for read, group, variable, variables, made in reads:
        if isinstance(variable, Subexpression):
            yield from ((reader, read, group, name, made) for name in sorted(_constants(variable, variables)))


def _codes(synapses: brian2.Synapses) -> list[str]:
    """The expressions in the equations of synapses."""
    equations = [synapses.equations, *([synapses.event_driven] if synapses.event_driven else [])]
    codes = [updater.expression.code for updater in synapses.summed_updaters.values()]
    return codes + [each.expr.code for one in equations for each in one.values() if each.expr is not None]


def _read_by_synapses(synapses: brian2.Synapses, codes: Iterable[str]) -> Iterator[tuple[str, Any, Any, Any, set[str]]]:
    own = set(synapses.equations.names) | set(synapses.event_driven.names if synapses.event_driven else ())
    for code in codes:
        made = set(WRITTEN.findall(code)) - set(synapses.variables)
        for name in sorted(get_identifiers(code) - own - made):
            group = synapses.source if name.endswith("_pre") else synapses.target
            for known in {name, name.removesuffix("_pre"), name.removesuffix("_post")} & set(group.variables):
                yield name, group, group.variables[known], group.variables, made


def _linked(group: brian2.NeuronGroup) -> Iterator[tuple[str, Any, Any, Any, set[str]]]:
    """The linked variables of a group, with the group that what they are made of belongs to."""
    own = {"i", "N", "t", "dt", "t_in_timesteps", *group.equations.subexpr_names}
    for name, variable in group.variables.items():
        if isinstance(variable, Subexpression) and name not in own and not name.startswith("_"):
            owners = (getattr(group.variables[part], "owner", None) for part in _parts(variable, group.variables))
            other = next((owner for owner in owners if owner is not None and owner.name != group.name), None)
            if other is not None:
                # those of the other group have names of their own here; what has the name of a constant is another one
                named = {name: variable for name, variable in group.variables.items() if name.startswith("_")}
                yield name, other, variable, named, set()


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
