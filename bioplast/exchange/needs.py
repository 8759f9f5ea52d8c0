"""Packages that come with an extra of the installation, asked for when they are used."""

from __future__ import annotations

import importlib
from typing import Any

from ..errors import TargetUnavailable

__all__ = ["needed"]


def needed(module: str, extra: str, purpose: str) -> Any:
    """Import a package of an extra.

    Parameters
    ----------
    module, extra : str
        What is imported, and the extra that brings it.
    purpose : str
        What it is needed for, such as "to write NIR files".

    Raises
    ------
    TargetUnavailable
        If it is not installed; the message says how to get it.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise TargetUnavailable(
            f'{purpose} the package {module.partition(".")[0]} is needed ({error}): pip install "bioplast[{extra}]"'
        ) from None
