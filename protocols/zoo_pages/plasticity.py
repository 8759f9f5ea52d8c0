"""The pages of the plasticity rules."""

from .modulated import MODULATED
from .page import Page
from .rate_rules import RATE_RULES
from .spike_rules import SPIKE_RULES

__all__ = ["PLASTICITY"]

PLASTICITY: dict[str, Page] = {**SPIKE_RULES, **RATE_RULES, **MODULATED}
