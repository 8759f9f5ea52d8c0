"""Merged weights in a file, without pickle."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from bioplast.errors import BioplastError
from bioplast.files import write_bytes

__all__ = ["read", "write"]


def write(path: str | Path, merged: Mapping[str, np.ndarray]) -> None:
    """Write the weights, in volt, by their keys."""
    content = io.BytesIO()
    arrays: dict[str, Any] = {key: np.asarray(each, dtype=float) for key, each in merged.items()}
    np.savez(content, **arrays)
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    write_bytes(path, content.getvalue())


def read(path: str | Path) -> dict[str, np.ndarray]:
    """The weights by their keys.

    Raises
    ------
    BioplastError
        The file is missing, or no such file.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            return {key: np.asarray(file[key], dtype=float) for key in file.files}
    except FileNotFoundError:
        raise BioplastError(f"{path}: there is no such file of weights") from None
    except Exception as error:  # what a damaged archive raises depends on where it is damaged
        raise BioplastError(f"{path} is no file of weights, as a run with the setting keep=FOLDER leaves") from error
