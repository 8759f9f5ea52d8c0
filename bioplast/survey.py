"""What the modules of a package define, read from their text: nothing is imported that can be told without.

A module-level ``lif = Neuron(..., meaning="...")`` says its name, its class and its meaning to whoever reads it. What
the text does not say for certain (a sum of two definitions, a call of a function, a loop) is left to be imported.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import pkgutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

#: Methods that return one of the same class with some fields replaced.
_COPIES = ("replace",)

# Nothing of what these make is ever a definition.
_PLAIN = (
    ast.Constant,
    ast.JoinedStr,
    ast.Lambda,
    ast.Dict,
    ast.List,
    ast.Tuple,
    ast.Set,
    ast.DictComp,
    ast.ListComp,
    ast.SetComp,
    ast.GeneratorExp,
    ast.Compare,
)


@dataclass(frozen=True)
class Entry:
    """A name that a module defines.

    Attributes
    ----------
    module, variable : str
        Where it is kept.
    kind : str
        The name of its class.
    says : mapping of str to Any
        The fields that were asked for: texts and numbers as they are, of a mapping its keys.
    """

    module: str
    variable: str
    kind: str
    says: Mapping[str, Any]


@dataclass(frozen=True)
class Wanted:
    """What is looked for.

    Attributes
    ----------
    base : str
        The class, as ``package.module:Class``; it is imported only where the text does not say enough.
    classes : tuple of str
        The names of the classes as modules call them: those whose calls make one.
    fields : mapping of str to Any
        The keyword arguments that are read, and what stands where one is missing; ``...`` if it has to be given.
    """

    base: str
    classes: tuple[str, ...]
    fields: Mapping[str, Any]

    def type(self) -> type:
        """The class itself."""
        module, _, name = self.base.partition(":")
        return getattr(importlib.import_module(module), name)


class _Uncertain(Exception):  # noqa: N818 - never leaves this module
    """The text does not say it."""


def survey(package: str, wanted: Wanted) -> dict[str, Entry]:
    """Every name that the modules of a package define, by the variable, sorted.

    Private names and constants, in capitals, are left out; a name that a module imports is that of the module it comes
    from.
    """
    found: dict[str, Entry] = {}
    texts = _Texts(package, wanted)
    for module in texts.sources:
        for variable, entry in texts.entries(module).items():
            if not _unlisted(variable):
                found.setdefault(variable, entry)
    return dict(sorted(found.items()))


class _Texts:
    """The modules of a package, each read once."""

    def __init__(self, package: str, wanted: Wanted):
        self.wanted = wanted
        self.sources = dict(_sources(package))
        self.read: dict[str, dict[str, Entry]] = {}

    def entries(self, module: str) -> dict[str, Entry]:
        """What a module defines, private names included, by the variable."""
        if module not in self.read:
            self.read[module] = {}  # a module that is reached again from itself says nothing yet
            try:
                self.read[module] = _Module(module, self.sources[module], self).defined
            except (_Uncertain, SyntaxError):
                self.read[module] = self._imported(module)
        return self.read[module]

    def _imported(self, module: str) -> dict[str, Entry]:
        """The same, from the module itself."""
        values = vars(importlib.import_module(module))
        foreign = _foreign_names(self.sources[module], module)
        base = self.wanted.type()
        return {
            name: Entry(module, name, type(value).__name__, {f: outline(getattr(value, f)) for f in self.wanted.fields})
            for name, value in values.items()
            if isinstance(value, base) and name not in foreign
        }


class _Module:
    """One module's text, read from top to bottom."""

    def __init__(self, name: str, source: str | None, texts: _Texts):
        if source is None:
            raise _Uncertain
        self.name, self.texts = name, texts
        self.defined: dict[str, Entry] = {}
        self.classes = {known: known for known in texts.wanted.classes}
        self.imported: dict[str, tuple[str, str]] = {}
        for statement in ast.parse(source).body:
            self._read(statement)

    def _read(self, statement: ast.stmt) -> None:
        match statement:
            case ast.ImportFrom(names=names):
                source = _absolute(statement, self.name)
                for alias in names:
                    self.imported[alias.asname or alias.name] = (source, alias.name)
                    if alias.name == "*":
                        raise _Uncertain
                    if alias.name in self.texts.wanted.classes:
                        self.classes[alias.asname or alias.name] = alias.name
            case ast.Assign(targets=[ast.Name(id=variable)], value=value):
                self._assigned(variable, value)
            case ast.Assign(targets=[ast.Tuple(elts=variables)]) if all(map(_is_unlisted_name, variables)):
                pass
            case ast.AnnAssign(target=ast.Name(id=variable), value=value):
                if value is not None:
                    self._assigned(variable, value)
            case ast.Expr(value=ast.Constant()) | ast.Import() | ast.ClassDef() | ast.Pass():
                pass
            case ast.FunctionDef(name=name, decorator_list=decorators) if _unlisted(name) or _only_cached(decorators):
                pass
            case ast.If(test=ast.Name(id="TYPE_CHECKING"), orelse=[]):
                pass
            case _:
                raise _Uncertain

    def _assigned(self, variable: str, value: ast.expr) -> None:
        self.defined.pop(variable, None)
        if isinstance(value, _PLAIN):
            return
        match value:
            case ast.Call(func=ast.Name(id=called)) if called in self.classes:
                kind, known = self.classes[called], dict(self.texts.wanted.fields)
            case ast.Call(func=ast.Attribute(value=ast.Name(id=base), attr=method)) if method in _COPIES:
                original = self._known(base)
                kind, known = original.kind, dict(original.says)
            case _ if _unlisted(variable):
                return  # nobody looks for it, and what is made from it is uncertain
            case _:
                raise _Uncertain
        self.defined[variable] = Entry(self.name, variable, kind, self._said(value, known))

    def _known(self, base: str) -> Entry:
        if base in self.defined:
            return self.defined[base]
        module, name = self.imported.get(base, ("", ""))
        found = self.texts.entries(module).get(name) if module in self.texts.sources else None
        if found is None:
            raise _Uncertain
        return found

    def _said(self, call: ast.Call, known: dict[str, Any]) -> dict[str, Any]:
        for keyword in call.keywords:
            if keyword.arg is None:
                raise _Uncertain
            if keyword.arg in known:
                known[keyword.arg] = _outline_of(keyword.value)
        if ... in known.values():
            raise _Uncertain
        return known


def _unlisted(variable: str) -> bool:
    """Whether a name is private or a constant, in capitals: a survey has neither."""
    return variable.startswith("_") or variable.isupper()


def _is_unlisted_name(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and _unlisted(node.id)


def _only_cached(decorators: list[ast.expr]) -> bool:
    """Whether what is decorated stays a function."""
    names = (ast.unparse(each.func if isinstance(each, ast.Call) else each) for each in decorators)
    return {name.rpartition(".")[2] for name in names} <= {"cache", "lru_cache"}


def outline(value: Any) -> Any:
    """What an entry says of a field: of a mapping its keys, anything else as it is."""
    return tuple(value) if isinstance(value, Mapping) else value


def _outline_of(node: ast.expr) -> Any:
    try:
        if not isinstance(node, ast.Dict):
            return ast.literal_eval(node)
        keys = [key for key in node.keys if key is not None]
        if len(keys) == len(node.keys):  # else another mapping is taken in, whose keys are not written here
            return tuple(map(ast.literal_eval, keys))
    except ValueError:
        pass
    raise _Uncertain


def _sources(package: str) -> Iterator[tuple[str, str | None]]:
    """The modules of a package with their text; None for one that has no text."""
    parent: ModuleType = importlib.import_module(package)
    for file in pkgutil.iter_modules(parent.__path__):
        name = f"{package}.{file.name}"
        spec = file.module_finder.find_spec(name, None)
        loader: Any = spec.loader if spec is not None else None
        yield name, loader.get_source(name) if hasattr(loader, "get_source") else None


def _absolute(statement: ast.ImportFrom, module: str) -> str:
    """The module that names are imported from, as seen from a module that is no package."""
    parts = module.split(".")[: -statement.level] if statement.level else []
    return ".".join([*parts, *([statement.module] if statement.module else [])])


def _foreign_names(source: str | None, module: str) -> set[str]:
    """The names that a module imports with ``from ... import``."""
    try:
        tree = ast.parse(source or "")
    except SyntaxError:
        return set()
    imports = (node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom))
    return {alias.asname or alias.name for node in imports for alias in node.names}
