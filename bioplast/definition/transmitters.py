"""Several transmitters in one synapse: released together, weighted by a coefficient each, merged into one weight.

>>> from bioplast.models import ampa_synapse, nmda_synapse, pair_stdp
>>> both = co_release(fast=pair_stdp, slow=nmda_synapse)
>>> print(both)  # the final equations  # doctest: +SKIP
"""

from __future__ import annotations

import dataclasses
import functools
import operator
import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np
from brian2 import Quantity, Synapses
from brian2.core.namespace import DEFAULT_CONSTANTS, DEFAULT_FUNCTIONS, DEFAULT_UNITS
from brian2.parsing.statements import parse_statement
from brian2.utils.stringtools import get_identifiers

from ..errors import DefinitionError, UnknownName
from .base import definition_of
from .factors import without_factors
from .parameter import Parameter
from .renaming import renamed_code
from .synapse import Synapse
from .units import unit_text

COEFFICIENT = Parameter(1.0, low=0, high=1, meaning="coefficient of the transmitter")


class Release(NamedTuple):
    """A line of `on_pre` that adds to a postsynaptic variable: ``target_post += amount``."""

    target: str
    amount: str


def co_release(
    coefficient: Parameter = COEFFICIENT, common: Collection[str] = (), /, **transmitters: Synapse
) -> Synapse:
    """One synapse that releases several transmitters at each presynaptic spike.

    Every name of a transmitter's own (its weight, traces and parameters) gets the key as a suffix, so that any number
    of them, also of one kind, live in one synapse. What it adds to a postsynaptic variable is multiplied by its
    coefficient ``lambda_KEY``, a parameter (1 unless set). The kinetics and the reversal potential of a transmitter are
    those of its receptor, which the postsynaptic neuron must have. Plasticity may have presynaptic pathways of its own
    beside "pre", which is the one that releases.

    Parameters
    ----------
    coefficient : Parameter
        Of each transmitter; ``Parameter(1, low=0, high=1, shared=True)`` has one number for all synapses.
    common : collection of str
        Parameters and subexpressions that the transmitters have together, under their own name.
    **transmitters : Synapse
        By key, in the order in which they are released; see `onto` to let a rule act on another receptor.

    Returns
    -------
    synapse : Synapse
        An ordinary definition; ``print`` shows its final equations.

    Raises
    ------
    DefinitionError
        If a transmitter adds to no postsynaptic variable, or two of them write to the same sum or need different
        integration methods.

    Examples
    --------
    >>> from bioplast.models import ampa_synapse, gaba_a_synapse
    >>> both = co_release(glutamate=ampa_synapse, gaba=gaba_a_synapse)
    >>> print(both.on_pre)
    g_ampa_post += lambda_glutamate*w_glutamate
    g_gaba_a_post += lambda_gaba*w_gaba
    """
    if not transmitters:
        raise DefinitionError("co_release needs at least one transmitter, such as glutamate=ampa_synapse")
    parts = []
    for key, transmitter in transmitters.items():
        if not isinstance(transmitter, Synapse):
            raise DefinitionError(f"co_release: {key} must be a Synapse, not {transmitter!r}")
        part = _suffixed(transmitter, key, common)
        if not releases(part):
            raise DefinitionError(
                f"co_release: {key} ({transmitter.label}) has no line in on_pre that adds to a postsynaptic variable"
            )
        parts.append(_weighted(part, f"lambda_{key}", coefficient))
    together = functools.reduce(operator.add, parts)
    return dataclasses.replace(together, name="_".join(transmitters))


def onto(synapse: Synapse, targets: Mapping[str, str], **changes: Any) -> Synapse:
    """The same synapse or rule acting on other postsynaptic variables, and so on another receptor.

    Parameters
    ----------
    synapse : Synapse
    targets : dict of str to str
        The postsynaptic variables to use instead, such as ``{"g_ampa": "x_nmda"}``.
    **changes
        Parameters and initial values as in `Synapse.replace`; where the unit of a target differs, say it with
        ``requires_post={"I_syn": amp, ...}`` and give a Parameter in that unit.

    Returns
    -------
    synapse : Synapse

    Raises
    ------
    UnknownName
        If the synapse does not use such a variable.
    DefinitionError
        If the units do not fit.

    Examples
    --------
    >>> from bioplast.models import pair_stdp
    >>> onto(pair_stdp, {"g_ampa": "g_gaba_a"}).requires_post
    {'g_gaba_a': 1. * siemens}
    """
    for name in targets:
        if name not in synapse.requires_post:
            raise UnknownName(f"postsynaptic variable of {synapse.label}", name, synapse.requires_post)
    names = {**targets, **{f"{old}_post": f"{new}_post" for old, new in targets.items()}}
    fields = renamed_code(synapse, names)
    fields["requires_post"] = {targets.get(name, name): unit for name, unit in synapse.requires_post.items()}
    parameters = {**synapse.parameters, **{k: v for k, v in changes.items() if isinstance(v, Parameter)}}
    changes = {k: v for k, v in changes.items() if not isinstance(v, Parameter)}
    return synapse.replace(**{**fields, "parameters": parameters, **changes})


def releases(synapse: Synapse) -> list[Release]:
    """What the synapse adds to which postsynaptic variable at a presynaptic spike, in that order.

    Raises
    ------
    DefinitionError
        If several presynaptic pathways release, whose delays may differ.
    """
    found: dict[str, list[Release]] = {}
    for pathway, code in _on_pre(synapse).items():
        found[pathway] = []
        for line in _statements(code):
            target, operation, amount, _ = parse_statement(line)
            if operation == "+=" and target.endswith("_post") and target.removesuffix("_post") in synapse.requires_post:
                found[pathway].append(Release(target.removesuffix("_post"), amount))
    if any(released for pathway, released in found.items() if pathway != "pre"):
        raise DefinitionError(f"{synapse.label}: several presynaptic pathways cannot be released or merged as one")
    return found.get("pre", [])


def without_plasticity(synapse: Synapse, weights: Iterable[str] | None = None) -> Synapse:
    """The synapse without its plasticity, for inference: only what it releases is left, and its weights stay as set.

    Parameters
    ----------
    synapse : Synapse
        Such as one that `co_release` made.
    weights : iterable of str, optional
        The variables that are weights and are kept; those named ``w`` or ``w_...`` if not given.

    Returns
    -------
    synapse : Synapse

    Raises
    ------
    DefinitionError
        If a released amount depends on a variable that is no weight, such as the resources of a depressing synapse.
    """
    kept = _frozen_weights(synapse, weights)
    amounts = releases(synapse)
    used = {name for amount in amounts for name in get_identifiers(amount.amount)}
    initial = {name: value for name, value in synapse.initial.items() if name in kept}
    return Synapse(
        "\n".join(f"{name} : {unit_text(synapse.variables[name])}" for name in kept),
        on_pre="\n".join(f"{target}_post += {amount}" for target, amount in amounts),
        requires_post={a.target: synapse.requires_post[a.target] for a in amounts},
        delay={"pre": synapse.delays["pre"]} if "pre" in synapse.delays else None,
        on_event=synapse.on_event,
        parameters={name: p for name, p in synapse.parameters.items() if name in used},
        namespace={name: value for name, value in synapse.namespace.items() if name in used},
        initial=initial,
        meaning=synapse.meaning and f"{synapse.meaning}, without plasticity",
        source=synapse.source,
        name=f"{synapse.name}_frozen" if synapse.name else "",
    )


def merged(synapse: Synapse, weights: Iterable[str] | None = None) -> Synapse:
    """The synapse with all its transmitters merged into one weight, W = sum of lambda_k*W_k, for inference.

    Transmitters that add to the same postsynaptic variable merge exactly. Those with other kinetics or another reversal
    potential add to other variables and keep a weight for each, ``W_VARIABLE``. A variable of the presynaptic neuron
    that all of them are multiplied with, such as x in ``v_post += w*x_pre``, stays beside the weight.

    Parameters
    ----------
    synapse : Synapse
        Such as one that `co_release` made.
    weights : iterable of str, optional
        As of `without_plasticity`.

    Returns
    -------
    synapse : Synapse
        Its parameter ``W`` (or one for each variable) is in the unit of the variable; `merged_weights` computes it.

    Raises
    ------
    DefinitionError
        As `without_plasticity`.
    """
    _frozen_weights(synapse, weights)
    names, sent = _weight_names(synapse), _sent(synapse)
    return Synapse(
        "",
        on_pre="\n".join(f"{target}_post += {'*'.join([name, *sent[target]])}" for target, name in names.items()),
        requires_pre={
            factor.removesuffix("_pre"): synapse.requires_pre[factor.removesuffix("_pre")]
            for factors in sent.values()
            for factor in factors
        },
        requires_post={target: synapse.requires_post[target] for target in names},
        delay={"pre": synapse.delays["pre"]} if "pre" in synapse.delays else None,
        on_event=synapse.on_event,
        parameters={
            name: Parameter(
                0 * synapse.requires_post[target] / functools.reduce(operator.mul, _units(synapse, sent[target]), 1),
                meaning=f"what a spike adds to {target}"
                + "".join(f", in units of {factor}" for factor in sent[target]),
            )
            for target, name in names.items()
        },
        meaning=synapse.meaning and f"{synapse.meaning}, merged into one weight",
        source=synapse.source,
        name=f"{synapse.name}_merged" if synapse.name else "",
    )


def merged_weights(synapses: Synapses, weights: Iterable[str] | None = None) -> dict[str, Any]:
    """The merged weights of live synapses, as they are now.

    Parameters
    ----------
    synapses : Synapses
        Made by ``definition.connect``.
    weights : iterable of str, optional
        As of `without_plasticity`.

    Returns
    -------
    values : dict of str to Quantity
        One array with a value for each synapse, by the names of the parameters of `merged`:
        ``merged(definition).connect(pre, post, i=synapses.i[:], j=synapses.j[:], **merged_weights(synapses))``.

    Raises
    ------
    DefinitionError
        If the synapses do not come from a definition, or as `without_plasticity`.
    """
    definition = definition_of(synapses)
    if not isinstance(definition, Synapse):
        raise DefinitionError(f"{getattr(synapses, 'name', synapses)!r} was not made by a Synapse definition")
    _frozen_weights(definition, weights)
    names = _weight_names(definition)
    totals: dict[str, Any] = {}
    for target, amount in releases(definition):
        value = _evaluated(synapses, definition, without_factors(amount, _of_pre(definition))[0])
        totals[names[target]] = totals.get(names[target], 0) + value
    made = merged(definition, weights).parameters
    return {
        name: Quantity(np.broadcast_to(total, (len(synapses),)), dim=made[name].dimensions)
        for name, total in totals.items()
    }


def _on_pre(synapse: Synapse) -> dict[str, str]:
    """The code of each presynaptic pathway."""
    return {"pre": synapse.on_pre} if isinstance(synapse.on_pre, str) else dict(synapse.on_pre)


def _statements(code: str) -> list[str]:
    lines = (line.split("#")[0].strip() for line in re.split(r"[;\n]", code))
    return [line for line in lines if line]


def _suffixed(synapse: Synapse, key: str, common: Collection[str]) -> Synapse:
    """Every name of the synapse's own with the key as a suffix; those of the neurons and `common` ones stay."""
    summed = {eq.varname for eq in synapse._own.values() if "summed" in eq.flags}
    code = "\n".join([*synapse.pathways.values()])
    temporary = {parse_statement(line)[0] for line in _statements(code)} - set(_neurons_names(synapse))
    own = ({*synapse.variables, *temporary} - summed) | set(synapse.parameters)
    names = {name: name if name in common else f"{name}_{key}" for name in own}
    return dataclasses.replace(
        synapse,
        **renamed_code(synapse, names),
        parameters={names[name]: parameter for name, parameter in synapse.parameters.items()},
        name=key,
    )


def _neurons_names(synapse: Synapse) -> list[str]:
    sides = (("_pre", synapse.requires_pre), ("_post", synapse.requires_post), ("", synapse.requires_post))
    return [name + suffix for suffix, requires in sides for name in requires]


def _weighted(synapse: Synapse, coefficient: str, parameter: Parameter) -> Synapse:
    """What the synapse releases, multiplied by the coefficient."""
    wanted = {release.target for release in releases(synapse)}
    lines = []
    pathways = _on_pre(synapse)
    for line in _statements(pathways["pre"]):
        target, operation, amount, _ = parse_statement(line)
        scaled = operation == "+=" and target.removesuffix("_post") in wanted and target.endswith("_post")
        lines.append(f"{target} += {coefficient}*{_factor(amount)}" if scaled else line)
    pathways["pre"] = "\n".join(lines)
    on_pre = pathways["pre"] if isinstance(synapse.on_pre, str) else pathways
    return dataclasses.replace(synapse, on_pre=on_pre, parameters={**synapse.parameters, coefficient: parameter})


def _factor(amount: str) -> str:
    return amount if amount.isidentifier() else f"({amount})"


def _frozen_weights(synapse: Synapse, weights: Iterable[str] | None) -> list[str]:
    """The variables that stay as weights, in their order, once it is sure that nothing else enters what is released."""
    named = [name for name in synapse.state_variables if re.fullmatch(r"w(_\w+)?", name)]
    chosen = named if weights is None else list(weights)
    for name in chosen:
        if name not in synapse.state_variables and name not in synapse.parameters:
            raise UnknownName(f"weight of {synapse.label}", name, {*synapse.state_variables, *synapse.parameters})
    amounts = releases(synapse)
    if not amounts:
        raise DefinitionError(f"{synapse.label} adds to no postsynaptic variable: there is nothing to merge")
    fixed = {*chosen, *synapse.parameters, *synapse.namespace, *DEFAULT_UNITS, *DEFAULT_FUNCTIONS, *DEFAULT_CONSTANTS}
    _sent(synapse)
    for target, amount in amounts:
        changing = sorted(get_identifiers(without_factors(amount, _of_pre(synapse))[0]) - fixed)
        if changing:
            raise DefinitionError(
                f"{synapse.label} adds {amount} to {target}, and {changing[0]} may change while the synapse works; "
                f"if it is a weight to be kept as it is, name it: weights={[*chosen, changing[0]]}"
            )
    used = {name for _, amount in amounts for name in get_identifiers(amount)}
    return [name for name in synapse.state_variables if name in chosen and name in used]


def _of_pre(synapse: Synapse) -> set[str]:
    """The variables of the presynaptic neuron."""
    return {f"{name}_pre" for name in synapse.requires_pre}


def _units(synapse: Synapse, factors: Iterable[str]) -> list[Any]:
    return [synapse.requires_pre[factor.removesuffix("_pre")] for factor in factors]


def _sent(synapse: Synapse) -> dict[str, tuple[str, ...]]:
    """By the postsynaptic variable what of the presynaptic neuron everything that is added to it is multiplied with."""
    found: dict[str, tuple[str, ...]] = {}
    for target, amount in releases(synapse):
        factors = without_factors(amount, _of_pre(synapse))[1]
        if found.setdefault(target, factors) != factors:
            raise DefinitionError(
                f"{synapse.label} adds to {target} in units of {found[target] or 1} and of {factors or 1}: one weight "
                "cannot stand for both"
            )
    return found


def _weight_names(synapse: Synapse) -> dict[str, str]:
    """The name of the merged weight by the variable that it adds to."""
    targets = list(dict.fromkeys(release.target for release in releases(synapse)))
    return {target: "W" if len(targets) == 1 else f"W_{target}" for target in targets}


def _evaluated(synapses: Synapses, definition: Synapse, amount: str) -> Any:
    """A released amount of all synapses; the checked names are values of the synapses, units and functions."""
    functions = {name: function.pyfunc for name, function in DEFAULT_FUNCTIONS.items()}
    constants = {name: constant.get_value() for name, constant in DEFAULT_CONSTANTS.items()}
    values = {name: getattr(synapses, name)[:] for name in get_identifiers(amount) if name in definition.variables}
    return eval(amount, {**functions, **constants, **DEFAULT_UNITS, **definition.namespace, **values})
