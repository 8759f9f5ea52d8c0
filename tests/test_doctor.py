"""What the doctor finds, on this machine and on poorer ones."""

import sys
from pathlib import Path

import pytest

import bioplast.program.targets
from bioplast import doctor
from bioplast.cli import main
from bioplast.program.build import cache


@pytest.fixture
def tools(tmp_path, monkeypatch):
    """A search path of our own; returns a function that puts a program there."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.delenv("CXX", raising=False)
    (tmp_path / "bin").mkdir()

    def add(name, text):
        program = tmp_path / "bin" / name
        program.write_text(f"#!/bin/sh\n{text}\n")
        program.chmod(0o755)

    return add


def test_the_command_says_all_and_ends_well(capsys):
    assert main(["doctor"]) == 0
    text = capsys.readouterr().out
    for name in ("Python", "Brian2", "C++ compiler", "OpenMP", "make", "Python.h", "Cython", "GPU", "build cache"):
        assert name in text
    assert "targets" in text
    for target in bioplast.program.targets.available():
        assert target in text
    assert str(cache.folder()) in text


def test_a_machine_without_tools_is_told_how_to_get_them(tools, capsys):
    assert main(["doctor"]) == 0
    lines = capsys.readouterr().out.splitlines()
    for name in ("C++ compiler", "OpenMP", "make"):
        at = next(k for k, line in enumerate(lines) if line.startswith(f"lacks  {name}"))
        assert lines[at + 1].strip().startswith("-> ")
    assert any(line.startswith("works  Python ") for line in lines)


def test_a_compiler_that_cannot_compile(tools):
    tools("g++", "exit 1")
    found = doctor.check_compiler()
    assert not found.works
    assert found.found == "g++ cannot compile a C++17 program"
    assert not doctor.check_openmp().works


def test_a_compiler_that_is_named_but_missing(tools, monkeypatch):
    tools("g++", "exit 0")
    monkeypatch.setenv("CXX", "icpx -O1")
    found = doctor.check_compiler()
    assert (found.works, found.found) == (False, "no C++ compiler (CXX=icpx -O1 not found)")
    assert found.remedy.startswith("install g++ (")
    assert (doctor.check_openmp().works, doctor.check_openmp().found) == (False, "needs a C++ compiler")


def test_a_compiler_that_works(tools):
    """It "compiles" a program that prints a version."""
    tools("clang++", 'while [ "$1" != -o ]; do shift; done; printf "#!/bin/sh\\necho 15.0" > "$2"; /bin/chmod +x "$2"')
    found = doctor.check_compiler()
    assert (found.works, found.found, found.remedy) == (True, "clang++, 15.0", "")


@pytest.mark.parametrize(
    ("version", "works"),
    [((3, 10, 9), False), ((3, 11, 0), True), ((3, 13, 5), True), ((3, 14, 0), False), ((4, 0), False)],
)
def test_versions_of_python(version, works):
    found = doctor.check_python(version)
    assert found.works == works
    assert bool(found.remedy) != works


@pytest.mark.parametrize(
    ("brian2", "numpy", "python", "works", "remedy"),
    [
        ("2.10.1", "2.4.0", (3, 12), True, ""),
        ("2.11.0", "2.4.0", (3, 13), True, ""),
        ("2.9.0", "2.3.5", (3, 11), True, ""),
        ("2.9.0", "2.4.0", (3, 11), False, "pip install 'numpy<2.4'"),
        ("2.8.0", "2.3.5", (3, 11), False, "pip install 'brian2>=2.9,<2.12' 'numpy<2.4'"),
        ("2.12.0", "2.4.0", (3, 13), False, "pip install 'brian2>=2.9,<2.12'"),
        (None, "2.4.0", (3, 12), False, "pip install 'brian2>=2.9,<2.12'"),
        ("2.10.1", None, (3, 12), False, "pip install 'brian2>=2.9,<2.12'"),
    ],
)
def test_pairs_of_versions(brian2, numpy, python, works, remedy):
    found = doctor.check_brian2(brian2, numpy, python)
    assert (found.works, found.remedy) == (works, remedy)


def test_python_without_its_header(tmp_path):
    found = doctor.check_header(tmp_path)
    assert not found.works
    assert "python3-dev" in found.remedy
    (tmp_path / "Python.h").write_text("")
    assert doctor.check_header(tmp_path).works


def test_python_without_cython(monkeypatch):
    monkeypatch.setitem(sys.modules, "Cython", None)
    monkeypatch.setattr(doctor.importlib.util, "find_spec", lambda name: None)
    found = doctor.check_cython()
    assert (found.works, found.remedy) == (False, "pip install cython setuptools")


def test_a_gpu_and_none(tools):
    found = doctor.check_gpu()
    assert (found.works, found.found) == (False, "no NVIDIA GPU (nvidia-smi finds none)")
    assert "the target cuda compiles without one" in found.remedy
    tools("nvidia-smi", 'echo "NVIDIA H200, 9.0"')
    found = doctor.check_gpu()
    assert (found.works, found.found, found.remedy) == (True, "NVIDIA H200, compute capability 9.0", "")


def test_the_cache_with_its_size_and_limit(tmp_path, monkeypatch):
    monkeypatch.setenv("BIOPLAST_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("BIOPLAST_CACHE_LIMIT", "5000000")
    (cache.builds() / "a").mkdir()
    (cache.builds() / "a" / "main").write_bytes(b"x" * 1_500_000)
    found = doctor.check_cache()
    assert found.works
    assert found.found == f"{tmp_path / 'cache'}: 1.5 MB of at most 5 MB"


def test_a_cache_that_cannot_be_written(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", Path("/proc/bioplast")):
        monkeypatch.setenv("BIOPLAST_CACHE", str(folder))
        found = doctor.check_cache()
        assert not found.works
        assert found.remedy == "set BIOPLAST_CACHE to a folder that can"


def test_a_limit_that_is_no_number(monkeypatch):
    monkeypatch.setenv("BIOPLAST_CACHE_LIMIT", "much")
    found = doctor.check_cache()
    assert not found.works
    assert "BIOPLAST_CACHE_LIMIT is 'much'" in found.found


def test_targets_with_what_they_lack(monkeypatch):
    works = {"numpy": None, "cpp": "no C++ compiler: install g++"}
    monkeypatch.setattr(bioplast.program.targets, "available", lambda: works)
    numpy, cpp = doctor.check_targets()
    assert (numpy.works, numpy.found) == (True, "")
    assert (cpp.works, cpp.found, cpp.remedy) == (False, "no C++ compiler", "install g++")
    text = doctor.Examination([], [numpy, cpp]).text()
    assert "works  numpy\n" in text
    assert "lacks  cpp    no C++ compiler\n" in text
    assert "-> install g++\n" in text


@pytest.mark.parametrize(("found", "told"), [(None, "compiles only: there is no GPU to run on"), (object(), "")])
def test_without_a_gpu_the_target_cuda_compiles_only(monkeypatch, found, told):
    monkeypatch.setattr(bioplast.program.targets, "available", lambda: {"cuda": None})
    monkeypatch.setattr("bioplast.program.cuda.toolkit.gpu", lambda: found)
    (cuda,) = doctor.check_targets()
    assert (cuda.works, cuda.found) == (True, told)


def test_an_installation_without_brian2_can_still_ask(monkeypatch):
    """The doctor is for machines where things are broken."""
    for name in [name for name in sys.modules if name.startswith("bioplast.program")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delattr(bioplast, "program", raising=False)
    monkeypatch.setitem(sys.modules, "brian2", None)
    examination = doctor.examine()
    assert "cannot be told" in examination.text()
