"""A scorecard as HTML."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined

from ...definition.units import unit_symbols
from ..verdict.judge import FRAGILE, IMPOSSIBLE, NOT_FOUND, REPRODUCED
from ..verdict.result import input_text
from .published import published

if TYPE_CHECKING:
    from .scorecard import Scorecard

# How each verdict looks: classes of the reports' style sheet.
STYLES = {REPRODUCED: "shown", FRAGILE: "fragile", NOT_FOUND: "differs", IMPOSSIBLE: "source"}


def body(card: Scorecard) -> str:
    """The parts of a page, without its head: headline, table, traces, and what each verdict rests on."""
    environment = Environment(
        loader=PackageLoader("bioplast.plausibility.scorecard"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    unit = unit_symbols(card.input_unit)
    inputs = {
        letter: input_text(result.input, unit, result.digits)
        for letter, result in card.results.items()
        if result.input is not None
    }
    return environment.get_template("scorecard.html").render(
        card=card, published=published(card.model), styles=STYLES, picture=_picture(card), inputs=inputs
    )


def _picture(card: Scorecard) -> str:
    """The traces as a PNG file in base64."""
    content = io.BytesIO()
    card.grid().savefig(content, format="png", dpi=130, metadata={"Software": None})
    return base64.b64encode(content.getvalue()).decode("ascii")
