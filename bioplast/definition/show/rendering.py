"""How a definition shows: text for the terminal, Markdown with TeX, HTML for a notebook."""

from __future__ import annotations

import html as escaping
import re
from typing import TYPE_CHECKING, Any

from ..units import unit_text, value_text
from . import mathml as mml
from .tex import expression, symbol

if TYPE_CHECKING:
    from ..base import Definition
    from ..parameter import Parameter

_COLUMNS = ("parameter", "value", "low", "high", "meaning")


def text(definition: Definition) -> str:
    """Plain text: the equations that Brian2 will see, everything else, the table of parameters, the source."""
    parts = [title(definition), _indented(definition.model)]
    shown = {name: value for name, value in definition.properties().items() if value}
    if shown:
        width = max(map(len, shown))
        parts.append(_indented("\n".join(f"{name:<{width}}  {_one_line(value)}" for name, value in shown.items())))
    if definition.parameters:
        rows = [_COLUMNS, *_rows(definition)]
        widths = [max(len(row[k]) for row in rows) for k in range(len(_COLUMNS))]
        lines = ("  ".join(f"{cell:<{w}}" for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows)
        parts.append(_indented("\n".join(lines)))
    if definition.source:
        parts.append(_indented(f"source: {definition.source}"))
    return "\n\n".join(parts)


def markdown(definition: Definition) -> str:
    """Markdown with the equations in TeX, as Jupyter and GitHub show it."""
    parts = [f"**{title(definition)}**", f"$$\n{tex(definition)}\n$$"]
    parts += ["\n".join(f"- {n}: `{_one_line(v)}`" for n, v in definition.properties().items() if v)]
    if definition.parameters:
        rows = [_COLUMNS, ("---",) * len(_COLUMNS), *_rows(definition)]
        parts.append("\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows))
    if definition.source:
        parts.append(f"Source: {definition.source}")
    return "\n\n".join(filter(None, parts))


def html(definition: Definition, mathml: bool = False) -> str:
    """HTML with the equations in TeX, which a notebook hands to MathJax, or in MathML, which browsers typeset."""
    quote = escaping.escape
    equations = _equations(definition) if mathml else f"<p>$$\n{quote(tex(definition))}\n$$</p>"
    parts = [f"<p><b>{quote(title(definition))}</b></p>", equations]
    items = [
        f"<li>{quote(n)}: <code>{quote(_one_line(v))}</code></li>" for n, v in definition.properties().items() if v
    ]
    parts += [f"<ul>{''.join(items)}</ul>"] if items else []
    if definition.parameters:
        head = "".join(f"<th>{column}</th>" for column in _COLUMNS)
        rows = ("".join(f"<td>{quote(cell)}</td>" for cell in row) for row in _rows(definition))
        parts.append(f"<table><tr>{head}</tr>{''.join(f'<tr>{row}</tr>' for row in rows)}</table>")
    if definition.source:
        parts.append(f"<p>Source: {quote(definition.source)}</p>")
    return f"<div>{''.join(parts)}</div>"


def title(definition: Definition) -> str:
    """The heading, such as "lif (neuron): leaky integrate-and-fire neuron"."""
    heading = f"{definition.name} ({definition.kind})" if definition.name else definition.kind.capitalize()
    return f"{heading}: {definition.meaning}" if definition.meaning else heading


def tex(definition: Definition) -> str:
    """The equations, without the declarations, as a TeX environment that aligns them at the equals signs."""
    lines = []
    for eq in definition._parsed_model.values():
        if eq.expr is None:
            continue
        left = symbol(eq.varname)
        if eq.type == "differential equation":
            left = rf"\frac{{\mathrm{{d}}{left}}}{{\mathrm{{d}}t}}"
        unit = unit_text(eq.dim).replace("**", "^").replace("*", r"\,")
        unit = re.sub(r"\^(-?[\d.]+)", r"^{\1}", re.sub(r"[a-z]+", lambda word: rf"\mathrm{{{word[0]}}}", unit))
        lines.append(rf"{left} &= {expression(eq.expr.code)} && [{unit}]")
    return "\\begin{aligned}\n" + " \\\\\n".join(lines) + "\n\\end{aligned}"


def _equations(definition: Definition) -> str:
    """The equations, without the declarations, as a table whose cells are MathML; nothing without an equation."""
    lines = []
    for eq in definition._parsed_model.values():
        if eq.expr is None:
            continue
        differential = eq.type == "differential equation"
        left = mml.derivative(eq.varname) if differential else mml.symbol(eq.varname)
        right = mml.expression(eq.expr.code)
        cells = (left, f"<mo>=</mo>{right}")
        typeset = "".join(f"<td><math display='block'><mrow>{cell}</mrow></math></td>" for cell in cells)
        lines.append(f"<tr>{typeset}<td>{escaping.escape(unit_text(eq.dim))}</td></tr>")
    return f"<table class='equations'>{''.join(lines)}</table>" if lines else ""


def _rows(definition: Definition) -> list[tuple[str, ...]]:
    return [_row(name, parameter) for name, parameter in definition.parameters.items()]


def _row(name: str, parameter: Parameter) -> tuple[str, ...]:
    def shown(value: Any) -> str:
        return "" if value is None else value_text(value)

    meaning = ", ".join(filter(None, [parameter.meaning, "shared" if parameter.shared else ""]))
    return name, shown(parameter.value), shown(parameter.low), shown(parameter.high), meaning


def _one_line(code: str) -> str:
    return "; ".join(filter(None, (line.strip() for line in code.splitlines())))


def _indented(block: str) -> str:
    return "\n".join(f"  {line}".rstrip() for line in block.splitlines())
