"""What a protocol does, as text or Markdown."""

from __future__ import annotations

import json

from .protocol import Protocol

__all__ = ["markdown", "text"]


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
