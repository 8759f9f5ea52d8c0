"""The pages of the plasticity rules."""

from bioplast.protocols.zoo.pages.modulated import MODULATED
from bioplast.protocols.zoo.pages.page import Page
from bioplast.protocols.zoo.pages.rate_rules import RATE_RULES
from bioplast.protocols.zoo.pages.spike_rules import SPIKE_RULES

__all__ = ["PLASTICITY"]

PLASTICITY: dict[str, Page] = {**SPIKE_RULES, **RATE_RULES, **MODULATED}
