"""A training run on disk: all that its next epoch depends on, in one file without pickle."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import BioplastError
from ..files import write_bytes

__all__ = ["digest", "load", "save"]

_STAMP = "stamp"


def save(path: Path, stamp: Mapping[str, Any], state: Any) -> None:
    """Write the state atomically.

    Parameters
    ----------
    path : Path
    stamp : mapping
        What the run depends on, as JSON values.
    state : pytree of arrays
    """
    import jax

    arrays: dict[str, Any] = {f"leaf{k}": np.asarray(leaf) for k, leaf in enumerate(jax.tree.leaves(state))}
    arrays[_STAMP] = np.frombuffer(json.dumps(stamp).encode(), dtype=np.uint8)
    content = io.BytesIO()
    np.savez(content, **arrays)
    try:
        write_bytes(path, content.getvalue())
    except OSError as error:
        raise BioplastError(f"cannot write {path}: {error.strerror or error}") from error


def load(path: Path, stamp: Mapping[str, Any], like: Any) -> Any | None:
    """The state as it was saved, or None when there is no such file.

    Parameters
    ----------
    path : Path
    stamp : mapping
        As of `save`.
    like : pytree of arrays
        The structure of the state.

    Raises
    ------
    BioplastError
        The file is no checkpoint, or that of another training run; the message names what differs.
    """
    import jax

    if not path.exists():
        return None
    wrong = f"{path} is no checkpoint of bioplast.learning: remove it or choose another"
    try:
        with zipfile.ZipFile(path) as whole:
            if whole.testzip() is not None:  # NumPy never sees the checksum of an array that it reads in part
                raise zipfile.BadZipFile
        with np.load(path, allow_pickle=False) as file:
            there = json.loads(bytes(file[_STAMP]))
            leaves = [file[f"leaf{k}"] for k in range(len(file.files) - 1)]
    except Exception as error:  # what a damaged archive raises depends on where it is damaged
        raise BioplastError(wrong) from error
    if not isinstance(there, dict):
        raise BioplastError(wrong)
    here = json.loads(json.dumps(stamp))
    for name in {**here, **there}:
        if here.get(name) != there.get(name):
            raise BioplastError(
                f"{path} was made with another {name}: repeat the training as it was begun, or choose another file"
            )
    forms = [(np.ndim(leaf), np.asarray(leaf).dtype) for leaf in jax.tree.leaves(like)]
    if forms != [(leaf.ndim, leaf.dtype) for leaf in leaves]:
        raise BioplastError(wrong)
    return jax.tree.unflatten(jax.tree.structure(like), leaves)


def digest(*trees: Any) -> str:
    """A fingerprint of arrays and texts."""
    import jax

    found = hashlib.sha256()
    for leaf in jax.tree.leaves(trees):
        array = np.asarray(leaf)
        found.update(f"{array.dtype}{array.shape}".encode())
        found.update(leaf.encode() if isinstance(leaf, str) else np.ascontiguousarray(array).tobytes())
    return found.hexdigest()
