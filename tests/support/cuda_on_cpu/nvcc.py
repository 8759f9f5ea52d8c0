"""An `nvcc` that compiles CUDA for a processor, with g++ and the headers beside it: see include/cuda_on_cpu.h."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

INCLUDE = Path(__file__).resolve().parent / "include"
TAKEN = ("-D", "-I", "-std")
LAUNCH = re.compile(r"(\w+)\s*<<<(.*?)>>>\s*\(", re.DOTALL)
COMMON = "\n".join(
    f"#include <{name}>"
    for name in (
        *("algorithm", "chrono", "fstream", "iostream", "map", "random", "set", "string", "vector"),
        *("curand_kernel.h", "thrust/device_vector.h"),
    )
)


def translated(text: str) -> str:
    """CUDA's kernel launches as C++."""
    return LAUNCH.sub(lambda found: f"ON_CPU_LAUNCH(ON_CPU_WAITS, {found[1]}, {found[2]})(", text)


def precompiled(flags: list[str]) -> Path:
    """The header that all files begin with, compiled once for these flags and headers."""
    texts = "".join(path.read_text() for path in sorted(INCLUDE.rglob("*.h")))
    name = hashlib.sha256(f"{flags} {COMMON} {texts}".encode()).hexdigest()[:16]
    place = Path(tempfile.gettempdir()) / f"cuda-on-cpu-{os.getuid()}-{name}"
    place.mkdir(exist_ok=True)
    header = place / "common.h"
    with open(place / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (place / "common.h.gch").exists():
            header.write_text(COMMON)
            subprocess.run(["g++", *flags, "-x", "c++-header", header, "-o", place / "new"], check=True)
            os.replace(place / "new", place / "common.h.gch")
    return header


def main(arguments: list[str]) -> int:
    if arguments == ["--version"]:
        print("nvcc for a processor\nCuda compilation tools, release 13.0, V13.0.0")
        return 0
    out = arguments[arguments.index("-o") + 1]
    if "-c" not in arguments:
        objects = [a for a in arguments if a.endswith(".o") and a != out]
        return subprocess.run(["g++", *objects, "-o", out]).returncode
    flags = ["-w", "-ffp-contract=off", f"-I{INCLUDE}", *(a for a in arguments if a.startswith("-std"))]
    (source,) = (Path(a) for a in arguments if a.endswith((".cu", ".cpp")))
    text = source.read_text()
    waits = str("__syncthreads" in text or "queue->" in text).lower()
    own = [f"-DON_CPU_WAITS={waits}", f"-iquote{source.parent}", *(a for a in arguments if a.startswith(("-I", "-D")))]
    call = ["g++", *flags, "-include", precompiled(flags), *own, "-x", "c++", "-c", "-", "-o", out]
    return subprocess.run(call, input=translated(text), text=True).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
