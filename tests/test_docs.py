"""The documentation: every block of code runs as it stands there, and every public name is in the reference.

What runs is what a reader would type: blocks of Python one after the other in one namespace for each page, and commands
in the page's own folder. A comment before a block says what differs:

- ``<!-- not run: WHY -->``: it needs something that a test does not have
- ``<!-- run in: FOLDER -->``: the folder in which its commands are given
- ``<!-- file: NAME from FOLDER -->``: a file that the reader has, taken from a folder of the repository
"""

from __future__ import annotations

import ast
import configparser
import importlib
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from doc_pages import api

import bioplast
from bioplast import cli

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
MADE = ("_build", "_generated", "api", "notebooks", "zoo", "doc_pages")
PAGES = sorted(p for p in DOCS.rglob("*.md") if p.relative_to(DOCS).parts[0] not in MADE)
PYTHON = ("python", "{code-cell} python", "{code-block} python")
SHELL = ("sh",)
# A search and its checks take half a minute of processor time.
LONG = ("firing-patterns",)
# What is no code.
TEXT = ("text", "{toctree}", "{eval-rst}", "{figure}", "{note}")


@dataclass(frozen=True)
class Block:
    """A block of a page.

    Attributes
    ----------
    language : str
    text : str
    before : str
        The comment before it, or nothing.
    file : str
        The name under which a reader is told to save it, or nothing.
    line : int
    """

    language: str
    text: str
    before: str
    file: str
    line: int


def blocks(page: Path) -> Iterator[Block]:
    """The fenced blocks of a page, in their order."""
    text = page.read_text(encoding="utf-8")
    for found in re.finditer(r"^(```+)([^\n`]*)\n(.*?)^\1$", text, re.MULTILINE | re.DOTALL):
        _, language, body = found.groups()
        above = text[: found.start()].rstrip("\n").rpartition("\n")[2]
        before = above.removeprefix("<!--").removesuffix("-->").strip() if above.startswith("<!--") else ""
        file = re.match(r":caption: (\S+\.py)\n", body)
        body = re.sub(r"\A(:\w+:.*\n)+\n?", "", body) if language.startswith("{code") else body
        yield Block(language.strip(), body, before, file[1] if file else "", text[: found.start()].count("\n") + 2)


def test_there_are_pages_with_code():
    assert sum(block.language in PYTHON for page in PAGES for block in blocks(page)) > 30


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_blocks_are_of_a_known_kind_and_say_why_they_do_not_run(page):
    for block in blocks(page):
        known = block.language in (*PYTHON, *SHELL, *TEXT) or block.language.startswith("{include}")
        assert known, f"{page}, line {block.line}: a block of {block.language!r}"
        assert re.fullmatch(r"|not run: .{10,}|run in: \S+|file: \S+ from \S+", block.before), f"{page}: {block.before}"


def with_code() -> Iterator[object]:
    """The pages with blocks; those that take more than some seconds are long tests."""
    for page in PAGES:
        if any(blocks(page)):
            yield pytest.param(page, id=page.stem, marks=[pytest.mark.long] if page.stem in LONG else [])


@pytest.mark.build
@pytest.mark.parametrize("page", list(with_code()))
def test_the_code_of_a_page_runs(page, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    space: dict[str, object] = {"__name__": "__main__"}
    for block in blocks(page):
        kind, _, said = block.before.partition(": ")
        if kind == "not run":
            continue
        if kind == "file":
            name, _, folder = said.partition(" from ")
            shutil.copy(ROOT / folder / name, tmp_path)
        if block.file:
            (tmp_path / block.file).write_text(block.text)
        elif block.language in PYTHON:
            run(block, page, space)
        elif block.language in SHELL:
            for line in block.text.splitlines():
                command(line, tmp_path / (said if kind == "run in" else ""))


def run(block: Block, page: Path, space: dict[str, object]) -> None:
    """Run a block; a truth value at its end, which a reader would see, has to be True."""
    tree = ast.parse(block.text)
    ast.increment_lineno(tree, block.line - 1)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, str(page), "exec"), space)
    if isinstance(last, ast.Expr):
        shown = eval(compile(ast.Expression(last.value), str(page), "eval"), space)
        assert not isinstance(shown, bool) or shown, f"{page}, line {block.line}: {ast.unparse(last)} is False"


def command(line: str, folder: Path) -> None:
    """Give a command of the shell; that of bioplast in this process."""
    words = shlex.split(line)
    if words[:2] == ["pip", "install"]:  # nothing is installed here, but what is asked for has to be there
        settings = configparser.ConfigParser()
        settings.read(ROOT / "setup.cfg", encoding="utf-8")
        asked = {extra for text in re.findall(r"\[([\w,]+)\]", line) for extra in text.split(",")}
        assert asked <= set(settings["options.extras_require"]), line
    elif words[0] != "bioplast":
        subprocess.run(line, shell=True, cwd=folder, check=True, capture_output=True)
    else:
        assert cli.main(words[1:]) == 0, line


def test_a_page_made_of_a_false_statement_is_found(tmp_path):
    (tmp_path / "page.md").write_text("```python\nx = 1\nx == 2\n```\n")
    (block,) = blocks(tmp_path / "page.md")
    with pytest.raises(AssertionError, match=r"line 2: x == 2 is False"):
        run(block, tmp_path / "page.md", {})


def declared() -> Iterator[tuple[str, str]]:
    """Every name in an ``__all__`` of the packages that bioplast offers, read from their text."""
    root = ROOT / "bioplast"
    offered = [name for name in dir(bioplast) if (root / name / "__init__.py").exists()]
    for name in ["", *offered]:
        for node in ast.parse((root / name / "__init__.py").read_text()).body:
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
                yield from ((f"bioplast.{name}".rstrip("."), each) for each in ast.literal_eval(node.value))


def test_every_public_name_is_in_the_reference(tmp_path):
    api.write(tmp_path)
    pages = [page.read_text() for page in tmp_path.glob("*.md")]
    described = {name for page in pages for name in re.findall(r":: (bioplast\.[\w.]+)", page)}
    constants = (re.findall(r"py:data:: (\w+)\n +:module: (\S+)", page) for page in pages)
    described |= {f"{module}.{name}" for found in constants for name, module in found}
    names = list(declared())
    assert len(names) > 200
    for package, name in names:
        value = getattr(importlib.import_module(package), name)
        if getattr(value, "__path__", None) or type(value).__name__ == "module":
            assert (tmp_path / f"{value.__name__}.md").exists()
            continue
        listed = re.search(rf"`{name} <([\w.]+)>`", (tmp_path / f"{package}.md").read_text())
        assert listed, f"{package}.{name} is not listed"
        assert listed[1] in described, f"{package}.{name} is not described"


def test_the_summaries_of_the_reference_say_something():
    assert not [f"{each.module}.{each.name}" for each in api.public() if not api.summary(each.value)]
