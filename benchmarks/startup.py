"""How long the command line takes to start, beside the import of Brian2 that whatever simulates has to wait for.

    python benchmarks/startup.py [ROUNDS]

Each round starts every command once, in turn, in a process of its own. What is compared is the processor time of the
process (user and system), which other work on the machine changes little.
"""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import sys
from pathlib import Path

COMMANDS = {
    "import brian2": ["-c", "import brian2"],
    "bioplast --help": ["-m", "bioplast", "--help"],
    "bioplast list": ["-m", "bioplast", "list"],
    "bioplast show lif": ["-m", "bioplast", "show", "lif"],
}
REFERENCE = "import brian2"


def processor_time(arguments: list[str]) -> float:
    """The processor time (user and system, in seconds) of a Python with these arguments."""
    child = subprocess.Popen([sys.executable, *arguments], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        raise SystemExit(f"python {' '.join(arguments)} ended with {child.returncode}")
    return usage.ru_utime + usage.ru_stime


def main(rounds: int) -> None:
    os.chdir(Path(__file__).resolve().parent.parent)
    for arguments in COMMANDS.values():  # bytecode is written once, and files are read into memory
        processor_time(arguments)
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(rounds):
        for name, arguments in COMMANDS.items():
            times[name].append(processor_time(arguments))
    reference = statistics.median(times[REFERENCE])
    print(f"Python {platform.python_version()}, processor time in seconds: median of {rounds} rounds (least to most)")
    for name, found in times.items():
        median = statistics.median(found)
        print(
            f"{name:18} {median:6.2f} ({min(found):.2f} to {max(found):.2f})  {median / reference:5.2f} of {REFERENCE}"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 7)
