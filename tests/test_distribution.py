"""What would be published: an sdist, the wheel that is built from it, and the demo from that wheel alone."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest
import yaml

from bioplast.version import __version__

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("bioplast", "models", "protocols", "data")
FILES = ("setup.py", "setup.cfg", "pyproject.toml", "README.md", "LICENSE", "CITATION.cff", "CHANGELOG.md")


def test_what_is_to_be_cited_is_this_version() -> None:
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert cited["version"] == __version__
    assert cited["cff-version"] == "1.2.0"
    assert {"message", "title", "authors"} <= set(cited)
    (brian2,) = cited["references"]
    assert brian2["doi"] == "10.7554/eLife.47314"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The sdist of a clean copy, and the wheel that `build` makes of the sdist."""
    source, out = (tmp_path_factory.mktemp(name) for name in ("source", "dist"))
    for folder in FOLDERS:
        shutil.copytree(ROOT / folder, source / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for name in (*FILES, "MANIFEST.in"):
        shutil.copy(ROOT / name, source)
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), "."]
    subprocess.run(command, cwd=source, check=True, capture_output=True)
    return next(out.glob("*.tar.gz")), next(out.glob("*.whl"))


@pytest.mark.long
def test_the_index_of_packages_would_accept_both(built: tuple[Path, Path]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "twine", "check", "--strict", *map(str, built)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("PASSED") == 2


@pytest.mark.long
def test_the_sdist_has_all_that_the_wheel_is_made_of(built: tuple[Path, Path]) -> None:
    with tarfile.open(built[0]) as sdist, zipfile.ZipFile(built[1]) as wheel:
        first, names = sdist.getnames()[0].split("/")[0], set(sdist.getnames())
        assert {f"{first}/{name}" for name in FILES} <= names
        inside = {name for name in wheel.namelist() if ".dist-info/" not in name}
    for folder in FOLDERS:
        for path in (ROOT / folder).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts and not path.name.startswith("."):
                name = path.relative_to(ROOT).as_posix()
                assert f"{first}/{name}" in names
                assert (name if folder == "bioplast" else f"bioplast/{name}") in inside


@pytest.mark.long
def test_the_demo_runs_from_the_wheel_in_an_empty_environment(built: tuple[Path, Path], tmp_path: Path) -> None:
    place, home = tmp_path / "environment", tmp_path / "home"
    venv.create(place, with_pip=True)
    home.mkdir()
    python = place / "bin" / "python"
    # neither the checkout nor caches of the user
    own = ("PYTHONPATH", "BIOPLAST_CACHE", "BIOPLAST_DATA", "XDG_CACHE_HOME")
    environment = {name: value for name, value in os.environ.items() if name not in own}
    environment |= {"HOME": str(home), "MPLCONFIGDIR": str(home / "matplotlib")}
    install = [python, "-m", "pip", "install", "-qq", "--disable-pip-version-check", "--no-compile", built[1]]
    subprocess.run(install, check=True, cwd=home, env=os.environ | {"PYTHONPATH": ""})
    where = [python, "-c", "import bioplast; print(bioplast.__file__, bioplast.__version__)"]
    told = subprocess.run(where, check=True, cwd=home, env=environment, capture_output=True, text=True).stdout
    assert told.split() == [str(next(place.glob("lib/python3*/site-packages/bioplast/__init__.py"))), __version__]
    command = [place / "bin" / "bioplast", "run", "firing-patterns", "--preset", "demo"]
    done = subprocess.run(command, cwd=home, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    results = home / "results" / "firing-patterns-demo"
    assert (results / "report.html").stat().st_size > 0
    rows = {row["id"]: row["value"] for row in json.loads((results / "summary.json").read_text())["rows"]}
    assert [rows[f"numpy/exact/{pattern}"] for pattern in "ABC"] == [1, 1, 1]
