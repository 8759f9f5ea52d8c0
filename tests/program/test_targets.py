"""Which targets work here, each in one line."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest

from bioplast.errors import TargetUnavailable, UnknownName
from bioplast.machine import find_compiler
from bioplast.program import targets


def test_every_target_is_told_and_numpy_always_works():
    told = targets.available()
    assert tuple(told) == targets.TARGETS == ("numpy", "cython", "cpp", "openmp", "cuda", "jax")
    assert told["numpy"] is None
    for reason in told.values():
        assert reason is None or "\n" not in reason


@pytest.mark.parametrize("target", targets.TARGETS)
def test_what_is_missing_is_what_require_says(target):
    reason = targets.missing(target)
    if reason is None:
        targets.require(target)
    else:
        with pytest.raises(TargetUnavailable) as caught:
            targets.require(target)
        assert reason in str(caught.value)


@pytest.mark.parametrize("target", ["cython", "cpp", "openmp"])
def test_without_a_compiler_all_but_numpy_are_missing(monkeypatch, tmp_path, target):
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "no C++ compiler (g++ or clang++ not found): install g++" in targets.missing(target)
    assert targets.missing("numpy") is None
    compiler = tmp_path / "g++"
    compiler.write_text("#!/bin/sh\n")
    compiler.chmod(0o755)
    assert targets.missing("cpp") is None  # seen at once


def test_the_variable_cxx_is_the_compiler_that_is_used(monkeypatch):
    monkeypatch.setenv("CXX", f"{shutil.which('env')} g++")
    assert find_compiler() == f"{shutil.which('env')} g++"
    monkeypatch.setenv("CXX", "nonexistent --flag")
    with pytest.raises(TargetUnavailable, match=r"CXX=nonexistent --flag not found"):
        find_compiler()


def test_a_compiler_without_openmp_lacks_that_target_alone(monkeypatch, tmp_path):
    compiler = tmp_path / "plain"
    compiler.write_text('#!/bin/sh\ncase "$*" in *-fopenmp*) exit 1;; esac\n')
    compiler.chmod(0o755)
    monkeypatch.setenv("CXX", str(compiler))
    assert targets.missing("cpp") is None
    assert "does not accept -fopenmp" in targets.missing("openmp")


def test_cython_without_pythons_header_says_how_to_get_it(monkeypatch, tmp_path):
    monkeypatch.setattr(targets.sysconfig, "get_paths", lambda: {"include": str(tmp_path)})
    monkeypatch.setenv("CXX", shutil.which("true"))  # an answer that is not remembered yet
    assert "Python.h is missing: install Python's development files" in targets.missing("cython")


def test_an_unknown_target_is_told():
    with pytest.raises(UnknownName, match="unknown target 'cytho': did you mean 'cython'"):
        targets.require("cytho")


def test_brian2cuda_is_imported_for_its_own_target_alone():
    script = (
        "import sys, bioplast\n"
        "from bioplast.program import targets\n"
        "targets.available()\n"
        "import brian2\n"
        "network = brian2.Network(brian2.NeuronGroup(1, 'v : 1', name='group'))\n"
        "bioplast.compile(network, 1*brian2.ms, 'numpy', namespace={})()\n"
        "print('brian2cuda' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_without_jax_its_target_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr(targets.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(TargetUnavailable, match=r"'jax' cannot work here: the package jax is missing: pip install"):
        targets.require("jax")
