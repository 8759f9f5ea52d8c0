"""Trials sent to a cluster: the scheduler of Dask that has an address, and the workers that it has."""

from __future__ import annotations

import asyncio
import logging
import socket
import sys
import warnings
from collections.abc import Iterator, Mapping
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

from ..errors import BioplastError, ProtocolError, WrongWorker
from ..remote import refuse_others
from ..version import package_versions
from .workers import explain

__all__ = ["Cluster", "connected"]

# Seconds until a scheduler has to have answered.
TIMEOUT = 10.0

SCHEMES = ("tcp", "tls")


class Cluster(Executor):
    """The workers of one scheduler of Dask, as an executor; use `connected`.

    Attributes
    ----------
    address : str
        Of the scheduler.
    """

    def __init__(self, client: Any, address: str, packages: Mapping[str, str | None]):
        self.address = address
        self._client = client
        self._packages = packages
        # by default Dask takes calls that are equal for one
        self._executor = client.get_executor(pure=False)

    def submit(self, function: Any, /, *arguments: Any, **keywords: Any) -> Future[Any]:
        """As of any executor; a scheduler that has ended is a ProtocolError."""
        try:
            return self._executor.submit(function, *arguments, **keywords)
        except Exception as error:
            raise ProtocolError(f"the scheduler {self.address} takes no trials: {error}") from error

    def give_up(self) -> None:
        """Cancel all that is submitted, at once; one future after the other asks the scheduler each time."""
        with suppress(Exception):  # a scheduler that has ended
            self._executor.shutdown(wait=False)
        self._executor = self._client.get_executor(pure=False)

    def workers(self) -> int:
        """How many workers there are now.

        Raises
        ------
        WrongWorker
            The scheduler or a worker lacks a package or has it in another version; it is named.
        ProtocolError
            The scheduler does not answer.
        """
        try:
            # It reads what it passes on, but does none of the work, so that versions do not matter.
            self._client.run_on_scheduler(package_versions, [])
        except (ImportError, AttributeError):
            raise self._lacking(f"the scheduler {self.address}") from None
        except Exception as error:
            raise self._silent(error) from error
        try:
            found = self._client.run(package_versions, list(self._packages), on_error="return")
        except Exception as error:
            raise self._silent(error) from error
        for address, versions in found.items():
            if isinstance(versions, Mapping):
                refuse_others(f"worker {address}", self._packages, versions)
            elif "bioplast" in str(versions):  # otherwise it ended meanwhile
                raise self._lacking(f"worker {address}")
        return len(found)

    def _lacking(self, where: str) -> WrongWorker:
        return WrongWorker(f"{where} has no bioplast, or an older one: install {self._packages['bioplast']} there")

    def _silent(self, error: Exception) -> ProtocolError:
        return ProtocolError(f"the scheduler {self.address} does not answer: {' '.join(str(error).split())}")

    def explained(self, error: Exception) -> Exception:
        """What was raised for a call, in words that help."""
        said = explain(error)
        if not isinstance(said, ProtocolError):
            try:
                self.workers()  # one that came later may lack something
            except (WrongWorker, ProtocolError) as wrong:
                return wrong
        return said


@contextmanager
def connected(address: str, packages: Mapping[str, str | None], say: bool = True) -> Iterator[Cluster]:
    """The workers of the scheduler at an address, until the block is left; they are left running.

    Parameters
    ----------
    address : str
        ``tcp://HOST:PORT``, or ``tls://HOST:PORT`` with the certificates that Dask's own configuration names.
    packages : mapping
        The versions of the packages that workers must have, by name.
    say : bool
        Whether to say on standard error that there are no workers yet.

    Raises
    ------
    BioplastError
        For an address that is none, a scheduler that does not answer within `TIMEOUT`, and without Dask.
    WrongWorker
        For a worker that lacks a package, or has it in another version.
    """
    host, port = _parts(address)
    try:
        import distributed
    except ImportError:
        raise BioplastError("--scheduler needs the package distributed: pip install 'bioplast[cluster]'") from None
    with _quiet():
        _reach(address, host, port)
        client = distributed.Client(address, timeout=TIMEOUT, set_as_default=False)
        try:
            cluster = Cluster(client, address, packages)
            if cluster.workers() == 0 and say:
                print(f"{address} has no workers yet: the trials begin when some come", file=sys.stderr, flush=True)
            yield cluster
        finally:
            with suppress(Exception):  # a scheduler that has ended
                client.close(timeout=TIMEOUT)


def _parts(address: str) -> tuple[str, int]:
    """The host and the port of an address."""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not host or not port or parts.scheme not in SCHEMES or address != f"{parts.scheme}://{parts.netloc}":
        raise BioplastError(f"--scheduler {address}: tcp://HOST:PORT or tls://HOST:PORT is accepted")
    return host, port


def _reach(address: str, host: str, port: int) -> None:
    """Refuse an address where no scheduler answers; a client of Dask would try again until its time is up, twice."""
    try:
        socket.create_connection((host, port), TIMEOUT).close()
    except OSError as error:
        text = "no answer" if isinstance(error, TimeoutError) else error.strerror or str(error)
        raise BioplastError(f"--scheduler {address} cannot be reached: {text}") from None
    try:
        with ThreadPoolExecutor(1) as thread:  # a notebook has an event loop of its own in this one
            kind = thread.submit(asyncio.run, _kind(address)).result()
    except Exception as error:  # whatever listens there, or certificates that do not fit
        text = f": {' '.join(str(error).split())}" if address.startswith("tls") else ""
        raise BioplastError(f"--scheduler {address}: no scheduler of Dask answers there{text}") from error
    if kind != "Scheduler":
        raise BioplastError(
            f"--scheduler {address} is a {kind.lower()} of Dask: the address of a scheduler is accepted"
        )


async def _kind(address: str) -> str:
    """What answers at an address of Dask: "Scheduler", "Worker", "Nanny"."""
    from distributed.core import rpc
    from distributed.security import Security

    async def ask() -> str:
        connection = Security().get_connection_args("client")
        async with rpc(address, timeout=TIMEOUT, connection_args=connection) as server:
            return str((await server.identity())["type"])

    return await asyncio.wait_for(ask(), TIMEOUT)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep Dask's own messages back: what concerns the user is said in one line."""
    names = [name for name in logging.root.manager.loggerDict if name.partition(".")[0] == "distributed"]
    levels = {name: logging.getLogger(name).level for name in names}
    for name in names:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    try:
        with warnings.catch_warnings():
            # Dask compares more packages than matter to it
            warnings.filterwarnings("ignore", message="Mismatched versions found")
            yield
    finally:
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
