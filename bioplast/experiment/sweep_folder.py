"""The folder where the results of a sweep are kept, each as soon as it is there."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import BioplastError
from ..files import is_temporary, write_bytes, write_text
from ..program import Program
from ..program.network import digest
from .sweep_runs import Job, Measure

__all__ = ["SweepFolder", "stamp"]


def stamp(program: Program, jobs: Sequence[Job], inputs: Any, measure: Measure) -> dict[str, str]:
    """What tells one sweep from another, each with what it is called.

    Parameters
    ----------
    program : Program
    jobs : sequence of pairs
        The values and the seed of each run.
    inputs : mapping or None
    measure : callable
        Its code is compared, and what it refers to in its own module, closure, arguments and attributes.
    """
    return {
        "program": digest(program.digest(), program.values),
        "inputs": digest(inputs or {}),
        "values or seeds": digest(list(jobs)),
        "measure": f"{getattr(measure, '__qualname__', type(measure).__qualname__)} {digest(measure)}",
    }


class SweepFolder:
    """Where the results of a sweep are kept, a file for each run, in JSON."""

    def __init__(self, path: Path, wanted: Mapping[str, str]):
        self.path = path
        note = path / "sweep.json"
        if path.exists() and not path.is_dir():
            raise BioplastError(f"{path} is no folder")
        if note.exists():
            try:
                known = dict(json.loads(note.read_text()))
            except (ValueError, TypeError, OSError):
                known = {}
            other = [what for what, digest in wanted.items() if known.get(what) != digest]
            if other:
                said = f"{' and '.join(other)} differ{'s' * (len(other) == 1)}"
                raise BioplastError(f"{path} holds another sweep ({said}): choose another `out`")
        elif path.exists() and any(not is_temporary(each) for each in path.iterdir()):
            raise BioplastError(f"{path} is not empty, and holds no sweep: an empty or new folder is accepted")
        else:
            write_text(note, json.dumps(wanted))

    def _file(self, number: int) -> Path:
        return self.path / f"{number:07d}.json"

    def keep(self, number: int, found: Mapping[str, np.ndarray]) -> None:
        plain = {name: {"kind": value.dtype.kind, "values": value.tolist()} for name, value in found.items()}
        write_bytes(self._file(number), json.dumps(plain).encode())

    def finished(self, jobs: int) -> dict[int, dict[str, Any]]:
        found = {}
        for number in range(jobs):
            file = self._file(number)
            if file.exists():
                try:
                    stored = json.loads(file.read_bytes())
                    kinds = {"i": np.int64, "u": np.int64, "b": bool, "f": float}
                    found[number] = {n: np.asarray(v["values"], dtype=kinds[v["kind"]]) for n, v in stored.items()}
                except (ValueError, KeyError, TypeError, AttributeError) as error:
                    raise BioplastError(f"{file} is damaged ({error}): remove it, and its run is done again") from None
        return found
