"""The compiler of this machine: one rule for targets, doctor and the record of a run."""

import pytest

from bioplast import doctor, machine
from bioplast.errors import TargetUnavailable
from bioplast.experiment import provenance
from bioplast.program import targets


@pytest.fixture
def tools(tmp_path, monkeypatch):
    """Make programs; the PATH has nothing but these. Each says its name and its arguments."""

    def make(*names):
        for name in names:
            (tmp_path / name).write_text(f'#!/bin/sh\necho "{name} $@"\n')
            (tmp_path / name).chmod(0o755)

    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    return make


@pytest.mark.parametrize("cxx", [None, "", " ", "\t \n"])
def test_a_cxx_that_says_nothing_is_none(tools, monkeypatch, cxx):
    if cxx is not None:
        monkeypatch.setenv("CXX", cxx)
    for make, command in ((["clang++"], "clang++"), (["g++"], "g++")):  # g++ comes first where both are
        tools(*make)
        assert machine.find_compiler() == command
        assert targets.missing("cpp") is None
        assert provenance.compiler() == f"{command} --version"
        assert doctor.check_compiler().found == f"{command} cannot compile a C++17 program"


def test_a_compiler_with_arguments_is_called_with_them(tools, monkeypatch):
    tools("g++", "ccache")
    monkeypatch.setenv("CXX", " ccache g++ ")
    assert machine.find_compiler() == "ccache g++"
    assert targets.missing("cpp") is None
    assert provenance.compiler() == "ccache g++ --version"
    assert doctor.check_compiler().found == "ccache g++ cannot compile a C++17 program"


@pytest.mark.parametrize(
    ("cxx", "missing"), [("icpx -O1", "CXX=icpx -O1"), (None, "g++ or clang++"), (" ", "g++ or clang++")]
)
def test_a_compiler_that_is_not_there(tools, monkeypatch, cxx, missing):
    if cxx is not None:
        monkeypatch.setenv("CXX", cxx)
    if cxx and cxx.strip():
        tools("g++")  # what CXX names is missing, whatever else there is
    with pytest.raises(TargetUnavailable, match="no C") as caught:
        machine.find_compiler()
    assert str(caught.value).startswith(f"no C++ compiler ({missing} not found): install g++ (")
    assert targets.missing("cpp") == str(caught.value)
    assert provenance.compiler() is None
    assert doctor.check_compiler().found == f"no C++ compiler ({missing} not found)"
