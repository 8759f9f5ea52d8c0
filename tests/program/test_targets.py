"""Which targets work here, each in one line."""

from __future__ import annotations

import inspect
import re
import shutil
import subprocess
import sys

import pytest
from brian2 import ms, mV
from support import networks

import bioplast
from bioplast.errors import BioplastError, TargetUnavailable, UnknownName
from bioplast.machine import find_compiler
from bioplast.program import targets


def test_every_target_is_told_and_numpy_always_works():
    told = targets.available()
    assert tuple(told) == tuple(targets.TARGETS) == tuple(TAKEN)
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


# Options --------------------------------------------------------------------------------------------------------------

ASKED = {
    "threads": 2,
    "fast_math": True,
    "surrogate": bioplast.SuperSpike(unit=1 * mV),
    "detach_reset": True,
    "dtype": "float32",
    "remat": True,
}
TAKEN = {
    "numpy": set(),
    "cython": {"fast_math"},
    "cpp": {"fast_math"},
    "openmp": {"threads", "fast_math"},
    "cuda": {"fast_math"},
    "jax": {"surrogate", "detach_reset", "dtype", "remat"},
    "native": {"threads", "fast_math", "surrogate", "detach_reset", "dtype"},
}


def test_every_option_of_compile_is_known_to_the_table():
    known = {"network", "duration", "target", "namespace", "watch", "level"}
    assert set(inspect.signature(bioplast.compile).parameters) - known == set(ASKED) == set(targets.OPTIONS)
    assert set(TAKEN) == set(targets.TARGETS)


@pytest.mark.parametrize("option", ASKED)
@pytest.mark.parametrize("target", TAKEN)
def test_an_option_that_a_target_does_not_take_is_refused_by_name(target, option):
    asked = {**targets.OPTIONS, option: ASKED[option]}
    if option in TAKEN[target]:
        assert targets.find(target).chosen(asked)[option] == ASKED[option]
        return
    takers = ", ".join(repr(name) for name, options in TAKEN.items() if option in options)
    line = f"target '{target}' takes no option {option}: it is for {takers}"
    with pytest.raises(BioplastError, match=re.escape(line)):
        bioplast.compile(networks.single(), 1 * ms, target, namespace={}, **{option: ASKED[option]})
    if option in inspect.signature(bioplast.run).parameters:
        with pytest.raises(BioplastError, match=re.escape(line)):
            bioplast.run(networks.single(), 1 * ms, target, namespace={}, **{option: ASKED[option]})


@pytest.mark.parametrize("target", TAKEN)
def test_the_class_of_a_target_takes_its_options_and_no_others(target):
    if targets.missing(target) is None:
        parameters = inspect.signature(targets.find(target).load()).parameters
        keywords = {name for name, p in parameters.items() if p.kind is inspect.Parameter.KEYWORD_ONLY}
        # the programs of cpp and openmp are one class
        assert TAKEN[target] <= keywords <= set().union(*(TAKEN[t] for t in same_class(target)))


def same_class(target):
    return [name for name, other in targets.TARGETS.items() if other.program == targets.TARGETS[target].program]
