"""Synapses that Brian2 holds back by the refractoriness of the wrong neuron."""

from __future__ import annotations

import re
import warnings

import brian2
from brian2.codegen.translation import analyse_identifiers
from brian2.utils.stringtools import get_identifiers

from .pathways import pathways

#: The names that statements write.
WRITTEN = re.compile(r"(?:^|;)\s*(\w+)\s*(?:[-+*/%]|//|\*\*)?=(?!=)", re.MULTILINE)


def warn_of_wrong_refractoriness(network: brian2.Network) -> None:
    """Warn of pathways that Brian2 holds back by the refractoriness of the wrong neuron.

    Where statements refer to variables of both neurons that are (unless refractory), Brian2 knows one of the two
    ``not_refractory``: that of the variable whose name is the last in the alphabet. With ``v_pre`` and ``v_post`` that
    is the neuron before, which is refractory whenever it has just spiked, so that nothing is ever added.
    """
    for pathway in pathways(network):
        known = pathway.synapses.variables
        try:
            _, within, _ = analyse_identifiers(pathway.code, known, recursive=True)
        except Exception:  # what is no statement is refused when code is made of it
            continue
        names = get_identifiers(pathway.code)
        conditions = {name: getattr(known.get(name), "conditional_write", None) for name in names | within}
        held = {name: condition for name, condition in conditions.items() if condition is not None}
        # those within subexpressions get a name of their own with a line in front
        last = max(held, key=lambda name: name if name in names else f"_{name.lstrip('_')}", default="")
        wrong = [name for name in WRITTEN.findall(pathway.code) if name in held and held[name] is not held[last]]
        if wrong:
            warnings.warn(
                f"{pathway.name!r} writes {wrong[0]!r} and refers to {last!r}, both (unless refractory): Brian2 holds "
                f"{wrong[0]!r} back while the neuron of {last!r} is refractory, not its own; refer to a copy of it, "
                f"such as 'copy = {last.rpartition('_')[0] or last} : ...' in the equations of its group",
                RuntimeWarning,
                stacklevel=4,
            )
