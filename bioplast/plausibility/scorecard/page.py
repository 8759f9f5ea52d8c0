"""A scorecard as HTML."""

from __future__ import annotations

import base64
import io
from html import escape
from typing import TYPE_CHECKING

from ...definition.units import unit_symbols
from ..verdict.result import PatternResult, input_text
from .published import published

if TYPE_CHECKING:
    from .scorecard import Scorecard


def body(card: Scorecard) -> str:
    """The parts of a page, without its head: headline, table, traces, and what each verdict rests on."""
    parts = [
        f"<p class='headline'>{escape(card.headline())}.</p>",
        f"<p class='source'>{escape(card.costs())}</p>" if card.cost is not None else "",
        _table(card),
        _picture(card),
        *(_details(card, letter, result) for letter, result in card.results.items()),
    ]
    return "\n".join(filter(None, parts))


def _table(card: Scorecard) -> str:
    row = published(card.model)
    heads = ["", "pattern", "verdict", *(["published"] if row else []), "loss", "found", "evaluations"]
    lines = []
    for letter, result in card.results.items():
        cells = [
            letter,
            f"<a href='#{letter}'>{escape(result.name)}</a>",
            f"<span class='{_class(result)}'>{escape(result.verdict)}</span>",
            *([escape(row.patterns[letter])] if row else []),
            "" if result.loss is None else f"{result.loss:.3g}",
            f"{result.found} of {result.starts} starts" if result.starts else "",
            str(result.evaluations) if result.starts else "",
        ]
        lines.append("".join(f"<td>{cell}</td>" for cell in cells))
    head = "".join(f"<th>{name}</th>" for name in heads)
    rows = "".join(f"<tr>{line}</tr>" for line in lines)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _class(result: PatternResult) -> str:
    classes = {"reproduced": "shown", "fragile": "fragile", "not found": "differs", "impossible": "source"}
    return classes[result.verdict]


def _picture(card: Scorecard) -> str:
    content = io.BytesIO()
    card.grid().savefig(content, format="png", dpi=130, metadata={"Software": None})
    picture = base64.b64encode(content.getvalue()).decode("ascii")
    alt = escape(f"The responses of {card.model}", quote=True)
    return f"<figure><img alt='{alt}' src='data:image/png;base64,{picture}' style='max-width:100%'></figure>"


def _details(card: Scorecard, letter: str, result: PatternResult) -> str:
    parts = [f"<h3>({letter}) {escape(result.name)}: {escape(result.verdict)}</h3>"]
    if result.argument:
        parts.append(f"<p>{escape(result.argument)}</p>")
    if result.remark:
        parts.append(f"<p>{escape(result.remark[:1].upper() + result.remark[1:])}.</p>")
    if result.failed:
        parts.append(f"<p>The best candidate fails at: {escape('; '.join(result.failed))}.</p>")
    if result.checks:
        parts.append(_checks(result))
    if result.input is not None:
        parts.append(f"<p>Input: {escape(input_text(result.input, unit_symbols(card.input_unit), result.digits))}.</p>")
        parts.append(f"<p><code>{escape(card.group(letter))}</code></p>")
    return f"<section id='{letter}'>{''.join(parts)}</section>"


def _checks(result: PatternResult) -> str:
    lines = []
    for name, check in result.checks.items():
        failed = f": {escape('; '.join(check['failed']))}" if check["failed"] else ""
        word = "shown" if check["shown"] else f"not shown{failed}"
        lines.append(
            f"<tr><td>{escape(name)}</td><td>{check['dt'] * 1e3:g} ms</td><td>{escape(check['method'])}</td>"
            f"<td class='{'shown' if check['shown'] else 'differs'}'>{word}</td></tr>"
        )
    head = "<tr><th>check</th><th>step</th><th>method</th><th></th></tr>"
    return f"<table><thead>{head}</thead><tbody>{''.join(lines)}</tbody></table>"
