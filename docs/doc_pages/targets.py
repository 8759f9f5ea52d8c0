"""What runs where: the tables of targets, options, constructs and refusals, from the code and the ledger."""

from __future__ import annotations

import ast
import csv
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import bioplast
from bioplast.program.targets import OPTIONS, TARGETS

from .files import put, table

LIBRARY = Path(bioplast.__file__).resolve().parent
LEDGER = LIBRARY.parent / "data" / "fidelity.csv"
SPEEDS = LIBRARY.parent / "data" / "targets" / "targets.csv"

#: What lies in each folder of bioplast/program, for the headings of the refusals.
PLACES = {
    "network": "Several targets",
    "steps": "Targets jax and native",
    "codegen": "Targets cpp, openmp and cuda",
    "runtime": "Targets numpy and cython",
    "cpp": "Targets cpp and openmp",
    "cuda": "Target cuda",
    "jax": "Targets jax and native",
    "native": "Target native",
    "exchange": "NIR files",
    "learning": "Tempotrons",
}


def write(folder: Path) -> None:
    """Write the tables."""
    put(folder / "options.md", options())
    put(folder / "constructs.md", constructs())
    put(folder / "refusals.md", refusals())
    put(folder / "speeds.md", speeds())


def speeds() -> str:
    """What a training step and a forward pass take on jax and on native, as benchmarks/targets.py has measured."""
    measures = {"step_ms": "training step, ms", "forward_ms": "forward pass, ms", "added_MiB": "MiB added"}
    head = ["changed", "to", *(f"{what}: `{target}`" for what in measures.values() for target in ("jax", "native"))]
    rows = []
    with SPEEDS.open(newline="") as file:
        for row in csv.DictReader(file):
            figures = (row[f"{t}_{what}"] for what in measures for t in ("jax", "native"))
            rows.append(
                (row["sweep"], row[row["sweep"]], *(f"{float(f'{float(figure):.3g}'):g}" for figure in figures))
            )
    return table(head, rows)


def options() -> str:
    """Which options of `bioplast.compile` each target takes, and what they do."""
    rows = (
        (f"`{option}`", *("yes" if option in target.options else "" for target in TARGETS.values()))
        for option in OPTIONS
    )
    meanings = parameters_of(bioplast.compile)
    listed = "\n".join(f"- `{option}`: {meanings[option]}" for option in OPTIONS)
    return f"{table(('option', *(f'`{name}`' for name in TARGETS)), rows)}\n{listed}\n"


def parameters_of(function: object) -> dict[str, str]:
    """What a docstring says of each parameter."""
    text = inspect.getdoc(function) or ""
    section = text.partition("Parameters\n----------\n")[2].partition("\nReturns\n")[0]
    found = {}
    for block in re.split(r"\n(?=\S)", section):
        head, _, body = block.partition("\n")
        found.update(dict.fromkeys(re.split(r",\s*", head.partition(" : ")[0]), " ".join(body.split())))
    return found


def constructs() -> str:
    """Every construct of Brian2 that the ledger has, with the targets on which it was compared and how far it was."""
    with LEDGER.open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["kind"] == "construct"]
    targets = [name for name in TARGETS if any(row["target"] == name for row in rows)]
    found: dict[str, dict[str, list[float]]] = {}
    for row in rows:
        for construct in row["covers"].split("; "):
            found.setdefault(construct, {}).setdefault(row["target"], []).append(float(row["deviation"]))
    head = ("construct", *(f"`{name}`: networks, largest deviation" for name in targets))

    def shown(deviations: list[float]) -> str:
        return f"{len(deviations)}, {max(deviations):.2g}" if deviations else "none"

    return table(head, ((name, *(shown(by.get(t, [])) for t in targets)) for name, by in sorted(found.items())))


def refusals() -> str:
    """Every message with which the library refuses a construct, by the place where it is refused."""
    grouped: dict[str, set[str]] = {}
    for path in sorted(LIBRARY.rglob("*.py")):
        parts = path.relative_to(LIBRARY).parts
        place = parts[1] if parts[0] == "program" and len(parts) > 2 else parts[0]
        for message in messages(path):
            grouped.setdefault(PLACES.get(place, "Several targets"), set()).add(message)
    pieces = []
    for heading, texts in sorted(grouped.items(), key=lambda item: list(PLACES.values()).index(item[0])):
        listed = "\n".join(f"- {text}" for text in sorted(texts))
        pieces.append(f"### {heading}\n\n{listed}\n")
    return "\n".join(pieces)


def messages(path: Path) -> Iterator[str]:
    """What a file says when it raises `Unsupported`, as it stands there."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    texts = {
        target.id: value.value
        for statement in tree.body
        if isinstance(statement, ast.Assign) and isinstance(value := statement.value, ast.Constant)
        for target in statement.targets
        if isinstance(target, ast.Name) and isinstance(value.value, str)
    }
    for node in ast.walk(tree):
        match node:
            case ast.Raise(exc=ast.Call(func=ast.Name(id="Unsupported"), args=[message])):
                text = written(message, texts)
                if len(text.split()) > 3:  # what is caught again within the library has a name alone
                    yield text


def written(node: ast.expr, texts: dict[str, str]) -> str:
    """A message with its variable parts in angle brackets; `texts` are the constants of its file."""
    match node:
        case ast.Constant(value=str(text)):
            return escaped(text)
        case ast.JoinedStr(values=values):
            return "".join(written(value, texts) for value in values)
        case ast.FormattedValue(value=value):
            return written(value, texts)
        case ast.BinOp(left=ast.Constant(value=str()) | ast.JoinedStr() as left, op=ast.Add(), right=right):
            return written(left, texts) + written(right, texts)
        case ast.Name(id=name) if name in texts:
            return escaped(texts[name])
        case _:
            return f"`<{placeholder(node)}>`"


def placeholder(node: ast.expr) -> str:
    """What stands in the place of a value, in a word: the name of what is shown."""
    match node:
        case ast.Call(args=[shown, *_]):
            return placeholder(shown)
        case ast.Call(func=shown) | ast.Subscript(value=shown) | ast.BinOp(left=shown):
            return placeholder(shown)
        case ast.Attribute(value=value, attr="__name__" | "name"):
            return "name" if isinstance(value, ast.Name) else f"name of {placeholder(value)}"
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name.strip("_").replace("_", " ").lower()
        case _:
            return "..."


def escaped(text: str) -> str:
    """Text that Markdown leaves as it is."""
    return re.sub(r"([*_`<>\[\]\\$])", r"\\\1", text)
