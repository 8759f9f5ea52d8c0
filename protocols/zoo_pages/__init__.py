"""The pages of the protocol `zoo`: what is measured of every model, and what it is compared with."""

from .neurons import NEURONS
from .page import Page
from .plasticity import PLASTICITY
from .receptors import RECEPTORS
from .short_term import SHORT_TERM
from .transmitters import TRANSMITTERS

__all__ = ["PAGES", "Page"]

PAGES: dict[str, Page] = {**NEURONS, **RECEPTORS, **SHORT_TERM, **PLASTICITY, **TRANSMITTERS}
