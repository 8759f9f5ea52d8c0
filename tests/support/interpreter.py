"""Other Python processes that find bioplast, the tests' helpers and the networks of the benchmarks as this one does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PATHS = [ROOT, ROOT / "tests", ROOT / "benchmarks"]
PREAMBLE = """
import brian2
brian2.prefs.codegen.target = "numpy"
from brian2 import *
import bioplast
from support import networks
"""


def environment(**variables: str) -> dict[str, str]:
    """The environment of such a process: this one's, with `variables` changed."""
    paths = [*map(str, PATHS), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths)), **variables}


def start(code: str, preamble: str = PREAMBLE, **variables: str) -> subprocess.Popen[str]:
    """Start a Python process that runs `code` after the preamble; Ctrl-C ends it even where this one ignores that."""
    return subprocess.Popen(
        [sys.executable, "-c", preamble + code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(**variables),
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL) and None,
    )


def run(code: str, preamble: str = PREAMBLE, status: int = 0, **variables: str) -> str:
    """What a Python process prints that ends with `status`."""
    process = start(code, preamble, **variables)
    output, complaint = process.communicate(timeout=300)
    assert process.returncode == status, complaint
    return output
