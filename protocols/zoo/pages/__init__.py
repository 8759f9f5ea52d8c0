"""The pages of the protocol `zoo`: what is measured of every model, and what it is compared with."""

from bioplast.protocols.zoo.pages.neurons import NEURONS
from bioplast.protocols.zoo.pages.page import Page
from bioplast.protocols.zoo.pages.plasticity import PLASTICITY
from bioplast.protocols.zoo.pages.receptors import RECEPTORS
from bioplast.protocols.zoo.pages.short_term import SHORT_TERM
from bioplast.protocols.zoo.pages.transmitters import TRANSMITTERS

__all__ = ["PAGES", "Page"]

PAGES: dict[str, Page] = {**NEURONS, **RECEPTORS, **SHORT_TERM, **PLASTICITY, **TRANSMITTERS}
