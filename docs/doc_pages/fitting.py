"""Which receptor fits which neuron, and which synapse acts through it: found by joining them."""

from __future__ import annotations

from typing import TypeVar

from bioplast.definition import Neuron, Receptor, Synapse
from bioplast.definition.find import load, models
from bioplast.errors import DefinitionError

from .files import table

Kind = TypeVar("Kind", Neuron, Receptor, Synapse)


def section() -> str:
    """The section of the zoo's list, in Markdown."""
    neurons, receptors, synapses = of_kind(Neuron), of_kind(Receptor), of_kind(Synapse)
    together: dict[str, list[str]] = {}
    for name, receptor in receptors.items():
        together.setdefault(takers(receptor, neurons, receptors), []).append(name)
    through = ((f"`{name}`", code(acting_through(receptor, synapses))) for name, receptor in receptors.items())
    return "\n\n".join(
        [
            "## What fits together",
            "A receptor is added to a neuron, as in `lif + ampa`, where its current has the unit of the neuron's input "
            "and the neuron has the variables that it reads. Currents in ampere do not fit neurons that count it per "
            "membrane area (Hodgkin-Huxley and its kind), as the slope of a potential (Izhikevich), or without units "
            "(FitzHugh-Nagumo). All were joined for this table:",
            table(["receptors", "fit"], ((code(names), fit) for fit, names in together.items())),
            "A synapse acts on what its receptor has; `delta-synapse` needs none and moves the potential at once:",
            table(["receptor", "synapses that act through it"], through),
        ]
    )


def of_kind(kind: type[Kind]) -> dict[str, Kind]:
    """The definitions of the zoo of one kind, by name."""
    found = {name: load(name) for name in models()}
    return {name: each for name, each in found.items() if isinstance(each, kind)}


def fits(neuron: Neuron, receptor: Receptor) -> bool:
    """Whether a receptor can be added to a neuron."""
    try:
        neuron + receptor
    except DefinitionError:
        return False
    return True


def takers(receptor: Receptor, neurons: dict[str, Neuron], receptors: dict[str, Receptor]) -> str:
    """Which neurons a receptor can be added to, with another one if need be."""
    found = [name for name, neuron in neurons.items() if fits(neuron, receptor)]
    if found:
        return "every neuron" if len(found) == len(neurons) else code(found)
    helpers = [
        name
        for name, other in receptors.items()
        if any(fits(neuron, other) and fits(neuron + other, receptor) for neuron in neurons.values())
    ]
    return f"every neuron with {code(helpers)}" if helpers else "none"


def acting_through(receptor: Receptor, synapses: dict[str, Synapse]) -> list[str]:
    """The synapses that need something of the neuron after that this receptor brings along."""
    own = set(receptor.variables) - set(receptor.requires)
    return [name for name, synapse in synapses.items() if own & set(synapse.requires_post)]


def code(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
