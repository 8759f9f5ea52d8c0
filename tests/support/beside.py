"""Packages that only some tests need, in an environment of their own beside that of all tests."""

from __future__ import annotations

import subprocess
import sysconfig
import venv
from pathlib import Path


def environment(place: Path, needs: str) -> Path:
    """The Python of a new environment in `place` that has, before all that the tests have, what is named.

    It is installed without what it asks for: some of it cannot be had together.
    """
    venv.create(place / "environment", with_pip=True)
    python = place / "environment" / "bin" / "python"
    inside = next((place / "environment").glob("lib/python3*/site-packages"))
    # what the tests have comes after what is installed here
    (inside / "of_the_tests.pth").write_text(f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n")
    install = [python, "-m", "pip", "install", "-qq", "--disable-pip-version-check", "--no-compile", "--no-deps"]
    subprocess.run([*install, *needs.split()], check=True)
    return python
