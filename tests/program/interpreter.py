"""Other Python processes that use bioplast as this one does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PREAMBLE = """
import brian2
brian2.prefs.codegen.target = "numpy"
from brian2 import *
import bioplast, networks
"""


def start(code: str, **environment: str) -> subprocess.Popen:
    """Start a Python process that runs `code` after the preamble."""
    paths = [str(ROOT), str(ROOT / "tests" / "program"), os.environ.get("PYTHONPATH", "")]
    return subprocess.Popen(
        [sys.executable, "-c", PREAMBLE + code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths)), **environment},
    )


def run(code: str, **environment: str) -> str:
    """What a Python process that ends well prints."""
    process = start(code, **environment)
    out, complaint = process.communicate(timeout=300)
    assert process.returncode == 0, complaint
    return out
