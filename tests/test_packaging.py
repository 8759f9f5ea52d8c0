"""The wheel holds what the checkout holds, and both are importable, wherever Python is started."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from email import message_from_bytes
from email.message import Message
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = {
    "bioplast": "bioplast",
    "models": "bioplast/models",
    "protocols": "bioplast/protocols",
    "data": "bioplast/data",
}

# The tests have bioplast as an editable installation, whose finder would answer for a missing module.
PLAIN = """
import sys
sys.meta_path = [finder for finder in sys.meta_path if "__editable__" not in getattr(finder, "__module__", "")]
"""

WHERE = """
import importlib.resources, bioplast, bioplast.models, bioplast.protocols
for module in bioplast, bioplast.models, bioplast.protocols:
    print(module.__file__)
print(importlib.resources.files("bioplast.data").joinpath("izhikevich_2004_patterns.json"))
"""

COMMAND = """
from importlib.metadata import entry_points
(command,) = entry_points(group="console_scripts", name="bioplast")
sys.exit(command.load()())
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """A wheel built from a clean copy: a build in the checkout would leave its build/ there, and pick up an old one."""
    source = tmp_path_factory.mktemp("source")
    for folder in FOLDERS:
        shutil.copytree(ROOT / folder, source / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("setup.py", "setup.cfg", "pyproject.toml", "README.md", "LICENSE", "MANIFEST.in"):
        shutil.copy(ROOT / name, source)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-index", "--no-build-isolation", "."]
    subprocess.run(command, cwd=source, check=True)
    return zipfile.ZipFile(next(source.glob("*.whl")))


@pytest.fixture(scope="module")
def metadata(wheel: zipfile.ZipFile) -> Message:
    (path,) = (path for path in wheel.namelist() if path.endswith(".dist-info/METADATA"))
    return message_from_bytes(wheel.read(path))


def test_wheel_holds_every_file_of_the_packages(wheel: zipfile.ZipFile) -> None:
    expected = {
        f"{target}/{path.relative_to(ROOT / folder).as_posix()}"
        for folder, target in FOLDERS.items()
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and not path.name.startswith(".")
    }
    assert {name for name in wheel.namelist() if ".dist-info/" not in name} == expected


@pytest.fixture(scope="module")
def site(wheel: zipfile.ZipFile, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel as installed: unpacked, it is what a plain `pip install` puts into site-packages."""
    folder = tmp_path_factory.mktemp("site")
    wheel.extractall(folder)
    return folder


def run(site: Path, cwd: Path, code: str, *arguments: str) -> str:
    command = [sys.executable, "-c", PLAIN + code, *arguments]
    environment = {**os.environ, "PYTHONPATH": str(site)}
    return subprocess.run(command, cwd=cwd, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout


def test_python_started_in_the_repository_finds_the_whole_checkout(site: Path) -> None:
    assert parents(run(site, ROOT, WHERE)) == [ROOT / folder for folder in FOLDERS]


def test_python_started_elsewhere_finds_the_installation(site: Path, tmp_path: Path) -> None:
    assert parents(run(site, tmp_path, WHERE)) == [site / target for target in FOLDERS.values()]


def parents(output: str) -> list[Path]:
    return [Path(line).parent for line in output.splitlines()]


def test_command_starts(site: Path, tmp_path: Path) -> None:
    assert "doctor" in run(site, tmp_path, COMMAND, "--help")


def test_metadata(metadata: Message) -> None:
    assert metadata["Name"] == "bioplast"
    assert metadata["Requires-Python"] == ">=3.11"
    assert "dev" in metadata.get_all("Provides-Extra", [])


def test_what_the_demo_trains_with_is_installed_without_asking(metadata: Message) -> None:
    needed = [Requirement(text) for text in metadata.get_all("Requires-Dist", [])]
    assert {"jax", "optax"} <= {each.name for each in needed if each.marker is None}
    assert "jax" not in metadata.get_all("Provides-Extra", [])


def test_no_requirement_asks_for_the_release_of_the_kernel(metadata: Message) -> None:
    """It need not be a version: pip 24.2 fails on such a marker, even in an extra that nobody asked for."""
    markers = [str(Requirement(text).marker or "") for text in metadata.get_all("Requires-Dist", [])]
    assert any("python_version" in marker for marker in markers)
    assert not [marker for marker in markers if "platform_release" in marker or "platform_version" in marker]


@pytest.mark.parametrize(("python", "allowed"), [("3.11", False), ("3.12", True), ("3.13", True)])
def test_numpy_2_4_only_where_brian2_imports_with_it(metadata: Message, python: str, allowed: bool) -> None:
    """Python 3.11 gets Brian2 2.9.0, which does not import with NumPy 2.4."""
    requirements = [Requirement(text) for text in metadata.get_all("Requires-Dist", [])]
    wanted = [
        requirement.specifier
        for requirement in requirements
        if requirement.name == "numpy"
        and (requirement.marker is None or requirement.marker.evaluate({"python_version": python, "extra": ""}))
    ]
    assert all(specifier.contains("2.4.0") for specifier in wanted) is allowed


def test_contributing_shows_the_model_file_as_it_is() -> None:
    (shown,) = re.findall(r"```python\n(.*?)```", (ROOT / "CONTRIBUTING.md").read_text(), re.DOTALL)
    assert shown in (ROOT / "models" / "lif.py").read_text()
