"""The examples in docstrings run and give what they say."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = {"bioplast": "bioplast", "models": "bioplast.models", "protocols": "bioplast.protocols"}


def with_examples():
    """The modules whose text has an example."""
    for folder, package in FOLDERS.items():
        for path in sorted((ROOT / folder).rglob("*.py")):
            if ">>> " in path.read_text():
                parts = [package, *path.relative_to(ROOT / folder).with_suffix("").parts]
                yield ".".join(parts).removesuffix(".__init__")


@pytest.mark.parametrize("name", list(with_examples()))
def test_examples_give_what_they_say(name):
    found = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    assert found.failed == 0
