"""Names of objects in generated code that do not depend on what else the process has made."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any


class Names:
    """Unique names, and names lent to the objects of a network until a lowering ends."""

    used_names: set[str]
    renamed: list[tuple[Any, str]]

    def __init__(self, *arguments: Any):
        super().__init__(*arguments)
        self.used_names = set()
        self.renamed = []

    def unique(self, name: str) -> str:
        candidate, k = name, 1
        while candidate in self.used_names:
            candidate, k = f"{name}_{k}", k + 1
        self.used_names.add(candidate)
        return candidate

    def rename(self, obj: Any, stem: str | None = None) -> None:
        """Give an object a name that is the same in every process, until the lowering ends."""
        current = getattr(obj, "_name", None)
        if current is None or any(other is obj for other, _ in self.renamed):
            return
        self.renamed.append((obj, current))
        object.__setattr__(obj, "_name", self.unique(_stem(obj) if stem is None else stem))

    def lasting(self, codeobj: Any, text: str) -> str:
        """What Brian2 named after a group when it was made, in the code of `codeobj`, named after its lasting name."""
        names = {name: obj._name for obj, name in self.renamed}
        group = re.compile(f"_({_any_of(names)})(?=_)")
        keys = {key: group.sub(lambda found: f"_{names[found[1]]}", key) for key in codeobj.variables}
        keys = {key: lasting for key, lasting in keys.items() if key != lasting}
        if not keys:
            return text
        return re.sub(rf"\b(_num)?({_any_of(keys)})\b", lambda found: (found[1] or "") + keys[found[2]], text)

    def rename_back(self) -> None:
        for obj, name in reversed(self.renamed):
            object.__setattr__(obj, "_name", name)


def _any_of(names: Iterable[str]) -> str:
    """A pattern that matches the longest of the names."""
    return "|".join(map(re.escape, sorted(names, key=len, reverse=True)))


def _stem(obj: Any) -> str:
    """An automatic name (neurongroup_12) without its number, which counts what else the process has made."""
    kind = type(obj).__name__.lower()
    match = re.fullmatch(rf"_?{kind}(_\d+)?", obj._name)
    return obj._name.removesuffix(match.group(1) or "") if match else re.sub(r"_\d+$", "", obj._name)
