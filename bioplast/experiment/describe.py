"""What a protocol does, as text, Markdown or HTML."""

from __future__ import annotations

import html as escaping
import json

from .protocol import Protocol

__all__ = ["html", "markdown", "text"]


def text(protocol: Protocol) -> str:
    """Plain text for the terminal."""
    parts = [f"{protocol.name} (protocol)\n  {protocol.title}", f"  {protocol.description}"]
    lines = [f"preset {name}: {json.dumps(settings)}" for name, settings in protocol.presets.items()]
    if protocol.targets:
        lines.append(f"targets: {', '.join(protocol.targets)}")
    lines.append(f"source: {protocol.source}")
    return "\n\n".join([*parts, "\n".join(f"  {line}" for line in lines)])


def markdown(protocol: Protocol) -> str:
    """Markdown."""
    lines = [f"- preset {name}: `{json.dumps(settings)}`" for name, settings in protocol.presets.items()]
    if protocol.targets:
        lines.append(f"- targets: {', '.join(protocol.targets)}")
    return "\n\n".join(
        [
            f"**{protocol.name} (protocol)**: {protocol.title}",
            protocol.description,
            "\n".join(lines),
            f"Source: {protocol.source}",
        ]
    )


def html(protocol: Protocol) -> str:
    """HTML."""
    quote = escaping.escape
    items = [
        f"<li>preset {name}: <code>{quote(json.dumps(settings))}</code></li>"
        for name, settings in protocol.presets.items()
    ]
    if protocol.targets:
        items.append(f"<li>targets: {quote(', '.join(protocol.targets))}</li>")
    return (
        f"<div><p><b>{protocol.name} (protocol)</b>: {quote(protocol.title)}</p><p>{quote(protocol.description)}</p>"
        f"<ul>{''.join(items)}</ul><p>Source: {quote(protocol.source)}</p></div>"
    )
