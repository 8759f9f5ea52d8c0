"""The house: who may import whom. CONTRIBUTING.md has the same in words.

``python tests/test_house.py`` prints the rooms with their files, lines and the imports between them.
"""

from __future__ import annotations

import ast
import functools
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = {"bioplast": "bioplast", "models": "bioplast.models", "protocols": "bioplast.protocols"}
LONGEST = 500

# What each room may import, beside itself and all that these may import in turn. A room is a folder or a file of
# bioplast; the longest name that fits is the room of a file.
LEAVES = {"analysis", "connection", "dataset", "figure", "search", "stimulus"}
MAY_IMPORT: dict[str, set[str]] = {
    "errors": set(),
    "version": set(),
    "__init__": {"version"},  # what it offers is found by name, when it is asked for
    "files": {"errors"},
    "progress": {"errors"},
    "machine": {"errors"},
    "remote": {"machine", "version"},
    "survey": set(),
    "registry": {"errors", "survey"},
    **{leaf: {"errors", "files", "progress", "machine"} for leaf in LEAVES},
    "definition.units": {"errors"},
    "definition.show": {"definition.units"},
    "definition": {"definition.show", "registry", "files", "connection"},
    "models": {"definition"},
    "program.build": {"machine", "files"},
    "program.network": {"definition", "program.build"},
    "program": {"program.network", "progress", "version", "connection"},
    "program.steps": {"program"},
    "program.codegen": {"program"},
    "program.runtime": {"program.steps", "program.codegen"},
    "program.cpp": {"program.steps", "program.codegen"},
    "program.cuda": {"program.steps", "program.codegen"},
    "program.jax": {"program.steps", "program.codegen"},
    "program.native": {"program.jax"},
    "program.targets": {"program.runtime", "program.cpp", "program.cuda", "program.jax", "program.native"},
    "program.compile": {"program.targets"},
    "program.__init__": {"program.compile"},
    "plausibility.response": {"definition", "program.__init__"},
    "plausibility.patterns": {"plausibility.response", "search"},
    "plausibility.cells": {"plausibility.response"},
    "plausibility.verdict": {"plausibility.patterns", "plausibility.cells"},
    "plausibility.scorecard": {"plausibility.verdict", "figure"},
    "plausibility": {"plausibility.scorecard"},
    "learning": {"program.__init__", "search"},
    "control": {"learning"},
    "exchange": {"program.__init__"},
    "experiment": {"plausibility", "learning", "control", "exchange", "figure", "remote"},
    "protocols": {"__init__", "experiment", "models", *LEAVES},
    "doctor": {"program.__init__"},
    "cli": {"experiment", "doctor", "analysis"},
    "__main__": {"cli"},
}


class Import(NamedTuple):
    """That `file` imports `name` of the module `source` (the module itself: None), in `line`; for types only or not."""

    file: str
    source: str
    name: str | None
    line: int
    types_only: bool


@functools.cache
def files() -> dict[str, Path]:
    """Every module by its dotted name; a package has its ``__init__``."""
    found = {}
    for folder, package in FOLDERS.items():
        for path in sorted((ROOT / folder).rglob("*.py")):
            found[".".join([package, *path.relative_to(ROOT / folder).with_suffix("").parts])] = path
    return found


def module(name: str) -> str | None:
    """The file that a dotted name is, if it is one."""
    return next((known for known in (name, f"{name}.__init__") if known in files()), None)


@functools.cache
def imports() -> tuple[Import, ...]:
    """Every import of one of our modules by another, inside functions too."""
    return tuple(found for file in files() for found in imports_of(file))


def imports_of(file: str) -> Iterator[Import]:
    tree = ast.parse(files()[file].read_text())
    for_types = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            wanted = [(alias.name, None) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            parts = file.split(".")[: -node.level] if node.level else []
            source = ".".join([*parts, *([node.module] if node.module else [])])
            wanted = [(source, alias.name) for alias in node.names]
        else:
            continue
        for source, name in wanted:
            if (found := module(f"{source}.{name}")) is not None:
                yield Import(file, found, None, node.lineno, id(node) in for_types)
            elif (found := module(source)) is not None:
                yield Import(file, found, name, node.lineno, id(node) in for_types)


def room(file: str) -> str:
    """The longest name of `MAY_IMPORT` that a file is or lies under."""
    short = file.removeprefix("bioplast.")
    return max((name for name in MAY_IMPORT if f"{short}.".startswith(f"{name}.")), key=len, default="no room")


def allowed(name: str) -> set[str]:
    """All rooms that a room may import, itself included."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        here = waiting.pop()
        if here not in found:
            found.add(here)
            waiting += MAY_IMPORT.get(here, ())
    return found


def test_every_file_has_a_room():
    assert [file for file in files() if room(file) == "no room"] == []


def test_imports_go_downward():
    wrong = [
        f"{i.file}, line {i.line}: {room(i.file)} may not import {i.source}"
        for i in imports()
        if not i.types_only and room(i.source) not in allowed(room(i.file))
    ]
    assert not wrong, "\n".join(wrong)


def test_the_table_has_no_circle():
    assert [name for name in MAY_IMPORT if any(name in allowed(below) for below in MAY_IMPORT[name])] == []


def test_no_circle_of_files():
    after: dict[str, set[str]] = {file: set() for file in files()}
    for i in imports():
        if not i.types_only and i.source != i.file:
            after[i.file].add(i.source)
    while free := [file for file, others in after.items() if not others & after.keys()]:
        for file in free:
            del after[file]
    assert not after, "\n".join(
        f"{file} -> {', '.join(sorted(others & after.keys()))}" for file, others in after.items()
    )


def test_no_name_with_an_underscore_is_taken_across_files():
    wrong = [
        f"{i.file}, line {i.line}: {i.name} of {i.source}"
        for i in imports()
        if i.name and i.name.startswith("_") and not i.name.startswith("__")
    ]
    for file, path in files().items():
        modules = {i.source.rpartition(".")[2] for i in imports() if i.file == file and i.name is None}
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Attribute(value=ast.Name(id=name), attr=taken) if name in modules:
                    if taken.startswith("_") and not taken.startswith("__"):
                        wrong.append(f"{file}, line {node.lineno}: {name}.{taken}")
    assert not wrong, "\n".join(wrong)


def test_the_library_knows_no_particular_model_or_protocol():
    wrong = [
        f"{i.file}, line {i.line}: {i.source}"
        for i in imports()
        if not i.file.startswith(("bioplast.models.", "bioplast.protocols."))
        and i.source.startswith(("bioplast.models.", "bioplast.protocols."))
    ]
    assert not wrong, "\n".join(wrong)


def test_no_file_is_longer_than_a_reader_can_hold():
    lengths = {file: len(path.read_text().splitlines()) for file, path in files().items()}
    assert {file: lines for file, lines in lengths.items() if lines > LONGEST} == {}


def loaded_with(file: str) -> set[str]:
    """The modules of ours that come with the import of a file: what it names outside functions, and its packages."""
    tree = ast.parse(files()[file].read_text())
    later = {
        node.lineno
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    parts = file.removesuffix(".__init__").split(".")
    packages = {module(".".join(parts[:n])) for n in range(1, len(parts))}
    named = {i.source for i in imports() if i.file == file and not i.types_only and i.line not in later}
    return (named | {package for package in packages if package}) - {file}


# What others wrote is imported once. Then each module of ours is imported by a process of its own, forked from one that
# has imported something that the module imports in any case, so that nothing is loaded but what it asks for itself.
IMPORTING = """
import gc, importlib, json, os, sys
import brian2, elephant.statistics, jax, matplotlib.figure, neo, optax, sklearn.datasets

gc.disable()  # it would touch, and so copy, all that a process has in common with the one it comes from
after = json.loads(sys.argv[1])

def grow(parent):
    for name in after.get(parent, ()):
        if (child := os.fork()) == 0:
            try:
                importlib.import_module(name)
                print("imported", name, flush=True)
            except BaseException as error:
                print(f"{name}: {type(error).__name__}: {error}", flush=True)
                os._exit(1)
            grow(name)
            os._exit(0)
        os.waitpid(child, 0)

grow("")
"""


@pytest.mark.long  # half a minute of processor time; without circles the order of imports decides little
@pytest.mark.skipif(not hasattr(os, "fork"), reason="modules are imported in forked processes")
def test_every_module_imports_alone():
    direct = {file: loaded_with(file) for file in files()}

    @functools.cache
    def loaded(file: str) -> set[str]:
        """All modules of ours that come with the import of a file."""
        found: set[str] = set()
        waiting = [file]
        while waiting:
            if (here := waiting.pop()) not in found:
                found.add(here)
                waiting += direct[here]
        return found

    after: dict[str, list[str]] = {}
    tried = [file for file in files() if not file.endswith(".__main__")]
    for file in tried:
        # A package imports modules of its own, before which it is imported itself.
        before = [other for other in direct[file] if file not in loaded(other)]
        first = max(before, key=lambda other: (len(loaded(other)), other), default="")
        after.setdefault(first.removesuffix(".__init__"), []).append(file.removesuffix(".__init__"))
    call = [sys.executable, "-W", "ignore", "-c", IMPORTING, json.dumps(after)]
    done = subprocess.run(call, capture_output=True, text=True)
    expected = sorted(f"imported {file.removesuffix('.__init__')}" for file in tried)
    assert sorted(done.stdout.splitlines()) == expected, done.stdout + done.stderr


def describe() -> str:
    """The rooms with their files, lines and the rooms that they import: a picture of the house in words."""
    rows = {}
    for file, path in files().items():
        here = rows.setdefault(room(file), [0, 0, set()])
        here[0] += 1
        here[1] += len(path.read_text().splitlines())
    for i in imports():
        if not i.types_only and room(i.source) != room(i.file):
            rows[room(i.file)][2].add(room(i.source))
    order = [name for name in MAY_IMPORT if name in rows]
    lines = [f"{n:24} {rows[n][0]:3} files {rows[n][1]:6} lines -> {', '.join(sorted(rows[n][2]))}" for n in order]
    arrows = sum(len(rows[name][2]) for name in order)
    return "\n".join([*lines, f"{len(order)} rooms, {arrows} arrows between them"])


if __name__ == "__main__":
    print(describe())
