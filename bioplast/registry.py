"""Things by name, from the modules of a package or from a user's own `file.py:name`."""

from __future__ import annotations

import functools
import importlib
import importlib.util
import sys
import traceback
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from .errors import BioplastError, UnknownName
from .survey import Entry, Wanted, survey

__all__ = ["Shelf", "load"]


class Shelf(Mapping[str, Any]):
    """What the modules of a package define, by name with hyphens, sorted.

    The names are read from the text of the modules; a module is imported when something of it is taken.

    Parameters
    ----------
    package : str
        Such as "bioplast.models".
    wanted : Wanted
        What is looked for in it.
    """

    def __init__(self, package: str, wanted: Wanted):
        self.package, self.wanted = package, wanted

    @functools.cached_property
    def entries(self) -> dict[str, Entry]:
        """What is known of each without importing it."""
        return dict(sorted((key(name), entry) for name, entry in survey(self.package, self.wanted).items()))

    def __getitem__(self, name: str) -> Any:
        entry = self.entries[name]
        return named(getattr(importlib.import_module(entry.module), entry.variable), entry.variable)

    def __contains__(self, name: object) -> bool:
        return name in self.entries

    def __iter__(self) -> Iterator[str]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)


def load(
    spec: str, kind: type | tuple[type, ...], word: str, accepted: str, listing: Callable[[], Mapping[str, Any]]
) -> Any:
    """What a name or a file holds.

    Parameters
    ----------
    spec : str
        A name of `listing` (hyphens or underscores), or ``path/to/file.py:name``.
    kind : type or tuple of types
        What is accepted from a file.
    word, accepted : str
        How messages call what is looked for, such as "model", and what is accepted, such as "a Neuron".
    listing : callable
        Returns everything that has a name.

    Raises
    ------
    UnknownName
        If there is no such name; the message has the near matches.
    BioplastError
        If the file is missing, does not run, or holds something else under that name.
    """
    path, colon, name = spec.rpartition(":")
    if not colon and spec.endswith(".py"):
        path, name = spec, ""
    elif not path.endswith(".py"):
        found = listing()
        if key(spec) not in found:
            raise UnknownName(f"{word} (or file.py:name)", spec, found)
        return found[key(spec)]
    module = _run_file(Path(path))
    candidates = {each: value for each, value in vars(module).items() if isinstance(value, kind)}
    if name in candidates:
        return named(candidates[name], name)
    if name and hasattr(module, name):
        raise BioplastError(f"{path}: {name} is a {type(getattr(module, name)).__name__}, not {accepted}")
    if not name:
        raise BioplastError(f"{path}: say which {word}, as {path}:name; accepted: {', '.join(candidates) or 'none'}")
    raise UnknownName(f"{word} in {path}", name, candidates)


def _run_file(path: Path) -> ModuleType:
    """Import a user's file; its own folder comes first for what it imports, as when Python runs it."""
    try:
        there = path.is_file()
    except OSError as error:
        raise BioplastError(f"{_short(path)}: {error.strerror}") from None
    if not there:
        raise BioplastError(f"{path}: there is no such file")
    name = f"_bioplast_file_{zlib.crc32(bytes(path.resolve())):08x}_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise BioplastError(f"{path}: is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    sys.path.insert(0, str(path.resolve().parent))
    try:
        spec.loader.exec_module(module)
    except SyntaxError as error:
        where = f"{error.filename or path}, line {error.lineno}"
        raise BioplastError(f"{where}: {error.msg}") from error
    except (Exception, SystemExit) as error:
        lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if Path(f.filename) == path.resolve()]
        lines = lines or [f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == str(path)]
        where = f"{path}, line {lines[-1]}" if lines else str(path)
        text = " ".join(str(error).split())
        kind = "" if isinstance(error, BioplastError) else f"{type(error).__name__}: "
        raise BioplastError(f"{where}: {kind}{text}") from error
    finally:
        sys.path.remove(str(path.resolve().parent))
    return module


def _short(path: Path) -> str:
    text = str(path)
    return text if len(text) <= 100 else f"{text[:60]} ... {text[-30:]}"


def key(name: str) -> str:
    """A name as it is looked up: with hyphens, in lower case."""
    return name.strip().replace("_", "-").lower()


def named(value: Any, name: str) -> Any:
    """A value that is kept under a name, told so: as a class does for its descriptors."""
    learn = getattr(type(value), "__set_name__", None)
    if learn is not None:
        learn(value, None, name)
    return value
