"""The reference of every public name, from the docstrings.

A name is public if it stands in `__all__` of bioplast, of one of its packages, or of a module that one of these names.
An object is described once, where it is met first; elsewhere there is a link to it.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import bioplast

from .files import table, write_all

if TYPE_CHECKING:  # the tests write these pages without Sphinx
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

#: Modules that are imported by their whole name.
MODULES = (
    "bioplast.errors",
    "bioplast.program.jax.output",
    "bioplast.program.neo_block",
    "bioplast.program.surrogate",
    "bioplast.program.cpp.export",
    "bioplast.analysis.complexity",
    "bioplast.analysis.elephant",
    "bioplast.analysis.word_files",
    "bioplast.figure.confusion",
    "bioplast.figure.heat_maps",
    "bioplast.figure.manifolds",
    "bioplast.figure.plots",
    "bioplast.figure.scorecard",
    "bioplast.figure.statistics",
    "bioplast.search",
    "bioplast.doctor",
)


#: Packages whose contents are the zoo and the protocols.
LISTED_ELSEWHERE = ("bioplast.models", "bioplast.protocols", "bioplast.data")


@dataclass(frozen=True)
class Public:
    """A public name.

    Attributes
    ----------
    module, name : str
        Where it stands.
    value : object
    home : str
        The full name under which it is described.
    """

    module: str
    name: str
    value: Any
    home: str

    @property
    def described_here(self) -> bool:
        return self.home == f"{self.module}.{self.name}"


def modules() -> list[ModuleType]:
    """Every module with public names: bioplast, its packages, modules that these name, and `MODULES`."""
    offered = [getattr(bioplast, name) for name in dir(bioplast)]
    packages = [each.__name__ for each in offered if inspect.ismodule(each) and hasattr(each, "__path__")]
    waiting = ["bioplast", *(name for name in packages if name not in LISTED_ELSEWHERE), *MODULES]
    found: dict[str, ModuleType] = {}
    while waiting:
        name = waiting.pop(0)
        if name in found or not name.startswith("bioplast"):
            continue
        found[name] = importlib.import_module(name)
        members = (getattr(found[name], each) for each in names(found[name]))
        waiting = [each.__name__ for each in members if inspect.ismodule(each)] + waiting
    return list(found.values())


def names(module: ModuleType) -> list[str]:
    """The public names of a module: its ``__all__``, or without one the classes and functions that it defines."""
    if hasattr(module, "__all__"):
        return sorted(module.__all__, key=str.lower)
    return [
        name
        for name, value in vars(module).items()
        if getattr(value, "__module__", None) == module.__name__ and callable(value) and not name.startswith("_")
    ]


def public() -> list[Public]:
    """Every public name of every module."""
    found, homes = [], {}
    for module in modules():
        for name in names(module):
            value = getattr(module, name)
            if inspect.ismodule(value):
                continue
            known = inspect.isclass(value) or inspect.isfunction(value)
            home = f"{module.__name__}.{name}"
            home = homes.setdefault(id(value), home) if known else home
            found.append(Public(module.__name__, name, value, home))
    return found


def write(folder: Path) -> None:
    """Write a page for each module, and the list of them."""
    every = public()
    pages = {f"{module.__name__}.md": page(module, every) for module in modules()}
    contents = table(("module", "what"), ((f"[{m.__name__}]({m.__name__}.md)", summary(m)) for m in modules()))
    listed = "\n".join(name.removesuffix(".md") for name in pages)
    pages["index.md"] = (
        "# Every public name\n\nMade from the docstrings. Numbers are SI base units and arrays are time first, unless "
        f"something else is said.\n\n{contents}\n```{{toctree}}\n:hidden:\n\n{listed}\n```\n"
    )
    write_all(folder, pages)


def page(module: ModuleType, every: list[Public]) -> str:
    """The page of a module."""
    name = module.__name__
    mine = [each for each in every if each.module == name]
    parts = [f"# {name}", f"```{{eval-rst}}\n.. automodule:: {name}\n   :no-members:\n```"]
    if mine:
        parts.append(table(("name", "what"), ((f"{{py:obj}}`{e.name} <{e.home}>`", summary(e.value)) for e in mine)))
    parts += ["\n".join(["```{eval-rst}", *directive(each), "```"]) for each in mine if each.described_here]
    return "\n\n".join(parts) + "\n"


def directive(each: Public) -> Iterator[str]:
    """The directive that describes an object."""
    if inspect.isclass(each.value):
        yield f".. autoclass:: {each.home}"
        yield "   :members:"
        if not issubclass(each.value, BaseException):
            yield "   :special-members: __call__"
            yield "   :inherited-members: tuple, dict, str, list, Mapping"
        else:
            yield "   :show-inheritance:"
    elif inspect.isroutine(each.value):
        yield f".. autofunction:: {each.home}"
    else:
        yield f".. py:data:: {each.name}"
        yield f"   :module: {each.module}"
        yield f"   :type: {type(each.value).__name__}"
        yield ""
        yield f"   {constant(each.value)}"


def constant(value: Any) -> str:
    """What a constant holds, in short."""
    if isinstance(value, str) or not isinstance(value, Collection):
        return f"``{value}``"
    shown = ", ".join(f"``{each}``" for each in value)
    return shown if len(shown) < 600 else f"{len(value)} entries"


def summary(value: Any) -> str:
    """The first sentence of a docstring, in Markdown; of a constant its type."""
    if not (inspect.ismodule(value) or inspect.isclass(value) or inspect.isroutine(value)):
        return f"a {type(value).__name__}" if isinstance(value, Collection) else f"`{value}`"
    text = " ".join((inspect.getdoc(value) or "").split("\n\n")[0].split())
    return text.replace("``", "`")


def refuse_missing(app: Sphinx, env: BuildEnvironment) -> None:
    """End the build if a public name is not in the reference."""
    from sphinx.errors import ExtensionError

    described = set(env.get_domain("py").objects)
    missing = [f"{each.module}.{each.name}" for each in public() if each.home not in described]
    if missing:
        raise ExtensionError(f"the reference lacks {', '.join(missing)}")
