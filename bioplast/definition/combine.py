"""Two definitions joined into one: their equations, parameters, initial values and namespaces."""

from __future__ import annotations

from typing import Any

from ..errors import DefinitionError
from .base import Definition
from .values import frozen


def joined(first: Definition, second_: Definition) -> str:
    """The equations of both, refusing a variable that both define."""
    twice = [name for name in second_._own if name in first.variables]
    twice += [name for name in second_.parameters if name in first.variables and name not in first.parameters]
    if twice:
        raise DefinitionError(f"{first.label} and {second_.label} both define {twice[0]}")
    return "\n".join(filter(None, [first.equations, second_.equations]))


def merged_tables(first: Definition, second_: Definition) -> dict[str, Any]:
    """Parameters, initial values, namespace, meaning, source and name of both; what both have must be the same."""
    merged: dict[str, Any] = {}
    for table in ("parameters", "initial", "namespace"):
        one, two = getattr(first, table), getattr(second_, table)
        for name in set(one) & set(two):
            if frozen(one[name]) != frozen(two[name]):
                raise DefinitionError(f"{first.label} and {second_.label} both declare {name}, but differently")
        merged[table] = {**one, **two}
    sources = dict.fromkeys(filter(None, [*first.source.split("\n"), *second_.source.split("\n")]))
    merged["meaning"] = " + ".join(dict.fromkeys(filter(None, [first.meaning, second_.meaning])))
    merged["source"] = "\n".join(sources)
    merged["name"] = f"{first.name}+{second_.name}" if first.name and second_.name else ""
    return merged
