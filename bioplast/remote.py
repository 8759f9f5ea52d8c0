"""A function of bioplast called in another process: it is found there by its name, and what travels is plain.

Nothing that imports Brian2 is imported above: Dask's scheduler, which does none of the work, reads `call` as well.
"""

from __future__ import annotations

import functools
import importlib
import os
import platform
import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from .errors import WrongWorker
from .machine import SHARE
from .version import package_versions

__all__ = ["call", "here", "refuse_others"]

# Brian2 runs one network at a time in a process, but a worker may have several threads.
_alone = threading.Lock()


def call(function: str, packages: Mapping[str, str | None], *arguments: Any) -> Any:
    """Call a function of bioplast in this process, one at a time, on the worker's share of the cores.

    Parameters
    ----------
    function : str
        Its module within bioplast and its name, such as "experiment.orders:carried_out".
    packages : mapping
        The versions of the packages, by name, that are needed here.
    *arguments
        Those of the function.

    Raises
    ------
    WrongWorker
        When a package has another version here.
    """
    refuse_others(here(), packages, _versions(tuple(packages)))
    module, _, name = function.partition(":")
    with _alone, _share_of_the_cores():
        _import_brian2()
        return getattr(importlib.import_module(f"bioplast.{module}"), name)(*arguments)


@functools.cache
def _versions(names: tuple[str, ...]) -> dict[str, str | None]:
    """The versions of packages here, asked once: a process keeps what it has imported."""
    return package_versions(list(names))


def refuse_others(where: str, wanted: Mapping[str, str | None], found: Mapping[str, str | None]) -> None:
    """Refuse packages of other versions than those that are wanted; the first is named.

    Raises
    ------
    WrongWorker
    """
    for name, version in wanted.items():
        if found.get(name) != version:
            has = f"has {name} {found[name]}" if found.get(name) else f"has no {name}"
            raise WrongWorker(f"{where} {has}, {version or 'none'} is needed as here: install the same there")


def here() -> str:
    """What messages call this process."""
    worker = _dask_worker()
    if worker is not None:
        return f"worker {worker.address} on {platform.node()}"
    return f"process {os.getpid()} on {platform.node()}"


def _dask_worker() -> Any:
    """The worker of Dask that this thread works for, if it does."""
    distributed = sys.modules.get("distributed")
    if distributed is None:
        return None
    try:
        return distributed.get_worker()
    except ValueError:
        return None


@contextmanager
def _share_of_the_cores() -> Iterator[None]:
    """Give a worker of Dask as many cores as it has threads, unless its environment says how many."""
    worker = _dask_worker()
    if worker is None or os.environ.get(SHARE, "").strip():
        yield
        return
    os.environ[SHARE] = str(worker.state.nthreads)
    try:
        yield
    finally:
        del os.environ[SHARE]


def _import_brian2() -> None:
    """Import Brian2 in whatever thread this is, before anything else does.

    It sets a handler for Ctrl-C, which Python refuses in any other thread than the main one.
    """
    if "brian2" in sys.modules or threading.current_thread() is threading.main_thread():
        return
    module: Any = signal
    real = signal.signal

    def only_in_the_main_thread(number: Any, handler: Any) -> Any:
        if threading.current_thread() is threading.main_thread():
            return real(number, handler)
        return signal.getsignal(number)

    module.signal = only_in_the_main_thread
    try:
        importlib.import_module("brian2")
    finally:
        module.signal = real
