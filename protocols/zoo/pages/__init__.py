"""The pages of the protocol `zoo`: what is measured of every model, and what it is compared with."""

from bioplast.definition.find import models
from bioplast.protocols.zoo.pages.any_neuron import page_of
from bioplast.protocols.zoo.pages.neurons import NEURONS
from bioplast.protocols.zoo.pages.page import Page
from bioplast.protocols.zoo.pages.plasticity import PLASTICITY
from bioplast.protocols.zoo.pages.receptors import RECEPTORS
from bioplast.protocols.zoo.pages.short_term import SHORT_TERM
from bioplast.protocols.zoo.pages.transmitters import TRANSMITTERS

__all__ = ["PAGES", "Page"]

# A neuron is found as `models` finds it; those above have a page of their own.
OTHERS = {
    name: page_of(models()[name])
    for name, entry in models().entries.items()
    if entry.kind == "Neuron" and name not in NEURONS
}

PAGES: dict[str, Page] = {**NEURONS, **OTHERS, **RECEPTORS, **SHORT_TERM, **PLASTICITY, **TRANSMITTERS}
