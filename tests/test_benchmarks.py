"""The benchmarks name what there is: they are seldom run, and some of what they compare with is seldom installed."""

from __future__ import annotations

import ast
import importlib
import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FILES = sorted((ROOT / "benchmarks").rglob("*.py"))


def taken(tree: ast.AST) -> set[tuple[str, str]]:
    """Each (module, name) of ours that a file imports, inside of functions too, or reaches through `bioplast`."""
    found = set()
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(module=str(module), level=0, names=names) if module.split(".")[0] == "bioplast":
                found |= {(module, each.name) for each in names}
            case ast.Import(names=names):
                parts = [each.name.rpartition(".") for each in names if each.name.startswith("bioplast.")]
                found |= {(module, name) for module, _, name in parts}
            case ast.Attribute(value=ast.Name(id="bioplast"), attr=name):
                found.add(("bioplast", name))
    return found


def missing(names: set[tuple[str, str]]) -> list[str]:
    def there(module: str, name: str) -> bool:
        found = importlib.import_module(module)
        inside = hasattr(found, "__path__") and importlib.util.find_spec(f"{module}.{name}") is not None
        return inside or hasattr(found, name)

    return [f"{module}.{name}" for module, name in sorted(names) if not there(module, name)]


@pytest.mark.parametrize("path", FILES, ids=[path.relative_to(ROOT).as_posix() for path in FILES])
def test_what_a_benchmark_takes_from_bioplast_is_there(path):
    tree = ast.parse(path.read_text())
    assert missing(taken(tree)) == []
    # what they take from each other, without importing it: that may need another library
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.level or (node.module or "").split(".")[0] == "benchmarks"):
            base = path.parents[node.level - 1] if node.level else ROOT
            place = base.joinpath(*(node.module or "").split("."))
            for each in node.names:
                source = next((p for p in (place.with_suffix(".py"), place / "__init__.py") if p.exists()), None)
                inside = (place / each.name).is_dir() or (place / f"{each.name}.py").exists()
                assert inside or (source is not None and each.name in defined(source)), (node.module, each.name)


def defined(path: Path) -> set[str]:
    """The names at the top of a file."""
    found = {"__doc__"}
    for node in ast.parse(path.read_text()).body:
        found |= {name.id for name in ast.walk(node) if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store)}
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            found.add(node.name)
        if isinstance(node, ast.Import | ast.ImportFrom):
            found |= {(each.asname or each.name).split(".")[0] for each in node.names}
    return found


def test_a_name_that_has_moved_is_found():
    assert missing(taken(ast.parse("from bioplast.program.compile import gone"))) == ["bioplast.program.compile.gone"]
    assert missing(taken(ast.parse("def f():\n    return bioplast.gone(bioplast.compile)"))) == ["bioplast.gone"]
