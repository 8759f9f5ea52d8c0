"""The extras of the package, with the packages that each brings."""

from __future__ import annotations

import configparser
from pathlib import Path

from .files import put, table

SETUP = Path(__file__).resolve().parent.parent.parent / "setup.cfg"

#: What each extra is for.
PURPOSES = {
    "cuda": "target `cuda`; Python 3.12",
    "nir": "networks from and to NIR",
    "nix": "recordings in NIX",
    "nwb": "recordings in NWB",
    "cluster": "trials and sweeps on a cluster, with Dask",
    "evolution": "strategies of evosax",
    "control": "environments of gymnasium",
    "brax": "bodies that move: environments of brax",
    "peers": "the libraries that `benchmarks/peers` compares with",
    "docs": "to build this documentation",
    "dev": "to work on bioplast itself",
}


def write(folder: Path) -> None:
    """Write the table."""
    settings = configparser.ConfigParser()
    settings.read(SETUP, encoding="utf-8")
    rows = []
    for extra, text in settings["options.extras_require"].items():
        needed = dict.fromkeys(line.partition(";")[0].split()[0] for line in text.strip().splitlines() if line.strip())
        rows.append((f"`[{extra}]`", PURPOSES[extra], ", ".join(needed)))
    put(folder / "extras.md", table(("extra", "for", "packages"), rows))
