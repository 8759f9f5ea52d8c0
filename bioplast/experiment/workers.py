"""Trials carried out one after the other here, on local worker processes, or on any executor."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from multiprocessing import resource_tracker
from typing import Any, TypeVar

from ..errors import ProtocolError, RunError, WrongWorker
from ..files import interrupts_held
from ..machine import SHARE, cores
from ..remote import call
from .orders import outcome_of, write_orders
from .perform import Outcome, one_line, perform
from .protocol import Trial

__all__ = ["answers", "carry_out", "explain", "interrupts_reach_us", "local_workers"]

Take = Callable[[Outcome], None]
Key = TypeVar("Key")
_TUNABLES = "GLIBC_TUNABLES"


def carry_out(
    run: Callable[[Trial], Mapping[str, Any]],
    trials: Sequence[Trial],
    take: Take,
    executor: Executor | None = None,
    spec: str | None = None,
    packages: Mapping[str, str | None] | None = None,
) -> None:
    """Carry out trials and hand each outcome to `take` as soon as it is there.

    Parameters
    ----------
    run : callable
        As of `perform`.
    trials : sequence of Trial
    take : callable
        Called in this thread with each `Outcome`; an exception it raises ends the work.
    executor : concurrent.futures.Executor, optional
        Without one the trials run here, in order. What it had not begun when the work ends early is cancelled.
    spec : str, optional
        Where any process finds the protocol of the trials; without it `run` itself is sent.
    packages : mapping, optional
        The versions of the packages that the executor's processes must have.
    """
    with interrupts_reach_us():
        if executor is None:
            for trial in trials:
                outcome = perform(run, trial)
                _raise_swallowed_interrupt()
                take(outcome)
            return
        what: list[tuple[Any, ...]]
        if spec is None:
            what = [("experiment.perform:perform", packages or {}, run, trial) for trial in trials]
        else:
            what = [("experiment.orders:carried_out", packages or {}, order) for order in write_orders(spec, trials)]
        for number, answer, error in answers(executor, dict(enumerate(what))):
            if error is not None:
                take(Outcome(trials[number], error=f"not carried out by the executor: {one_line(error)}"))
            else:
                take(answer if spec is None else outcome_of(trials[number], answer))


def answers(executor: Executor, calls: Mapping[Key, tuple[Any, ...]]) -> Iterator[tuple[Key, Any, Exception | None]]:
    """What calls of `bioplast.remote.call` answer on an executor, as it comes.

    Calls that have not begun when the generator is closed are cancelled.

    Parameters
    ----------
    executor : concurrent.futures.Executor
    calls : mapping of tuples
        The arguments of each.

    Yields
    ------
    key, answer, error
        One of the two last is None, unless the answer itself is.

    Raises
    ------
    WrongWorker, ProtocolError, BrokenExecutor
        What concerns all calls, not one.
    """
    explained = getattr(executor, "explained", explain)
    futures: dict[Future[Any], Key] = {}
    try:
        if isinstance(executor, ProcessPoolExecutor):
            resource_tracker.ensure_running()  # its start would let Ctrl-C through again
        # Workers start while jobs are submitted; one that inherits a held-back Ctrl-C leaves it to us.
        with interrupts_held():
            for key, arguments in calls.items():
                futures[executor.submit(call, *arguments)] = key
        for future in as_completed(list(futures)):
            # An answer that nobody refers to any more need not be kept, here or on a worker.
            key, answer, error = futures.pop(future), None, None
            try:
                answer = future.result()
            except BrokenExecutor:
                raise
            except Exception as raised:
                error = explained(raised)
                if isinstance(error, WrongWorker | ProtocolError):
                    raise error from raised
            del future
            yield key, answer, error
    finally:
        if futures and hasattr(executor, "give_up"):
            executor.give_up()
        for future in futures:
            future.cancel()


def explain(error: Exception) -> Exception:
    """What an executor raised for a call, in words that help."""
    if isinstance(error, CancelledError):
        return ProtocolError("the executor gave its work up: it was shut down, or its scheduler has ended")
    if isinstance(error, ModuleNotFoundError) and (error.name or "").partition(".")[0] == "bioplast":
        return WrongWorker(f"a process of the executor has another bioplast, or none: {error}")
    if type(error).__name__ == "KilledWorker":  # of Dask, which need not be installed
        deaths = getattr(error, "allowed_failures", 0) + 1
        last = getattr(getattr(error, "last_worker", None), "address", "unknown")
        return RunError(
            f"{deaths} workers that began it ended abruptly (out of memory, or killed), the last was {last}"
        )
    return error


@contextmanager
def local_workers(number: int) -> Iterator[Executor]:
    """A pool of local worker processes that inherit nothing and end with us, whatever way we end.

    Parameters
    ----------
    number : int
        How many processes. Each gets its share of the cores, see `bioplast.machine.cores`.
    """
    share = max(cores() // number, 1)
    others = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(
        number, multiprocessing.get_context("spawn"), initializer=_begin_worker, initargs=(share,)
    )
    try:
        with _huge_pages():
            yield pool
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        for process in set(multiprocessing.active_children()) - others:
            if process.pid is not None:
                try:
                    os.killpg(process.pid, signal.SIGKILL)
                except ProcessLookupError:  # not yet at the head of its own group
                    process.kill()
        raise
    else:
        pool.shutdown()


@contextmanager
def _huge_pages() -> Iterator[None]:
    """Let processes that begin meanwhile ask for large pages where they need much memory, on Linux with glibc.

    JAX asks for the memory of each call anew, and a third of the time of training a large network goes into pages of
    4 KiB that are handed out one by one. What the user has set counts.
    """
    if _TUNABLES in os.environ:
        yield
        return
    os.environ[_TUNABLES] = "glibc.malloc.hugetlb=1"
    try:
        yield
    finally:
        del os.environ[_TUNABLES]


def _begin_worker(share: int) -> None:
    """Head a process group of our own, with all that the trials start, and end it when the parent is gone."""
    os.environ[SHARE] = str(share)
    os.setpgid(0, 0)
    parent = multiprocessing.parent_process()

    def follow() -> None:
        if parent is not None:
            parent.join()
            os.killpg(0, signal.SIGKILL)

    threading.Thread(target=follow, daemon=True).start()


@contextmanager
def interrupts_reach_us() -> Iterator[None]:
    """Keep Brian2 from answering Ctrl-C by ending a simulation early: a truncated trial would count as finished."""
    brian2 = sys.modules.get("brian2")
    if brian2 is None:
        yield
        return
    before = brian2.prefs.core.stop_on_keyboard_interrupt
    brian2.prefs.core.stop_on_keyboard_interrupt = False
    try:
        yield
    finally:
        brian2.prefs.core.stop_on_keyboard_interrupt = before


def _raise_swallowed_interrupt() -> None:
    """Raise the Ctrl-C that Brian2 swallowed when a trial itself was the first to import it, see above."""
    brian2 = sys.modules.get("brian2")
    if brian2 is not None and brian2.prefs.core.stop_on_keyboard_interrupt:
        swallowed = brian2.Network._globally_stopped
        brian2.prefs.core.stop_on_keyboard_interrupt = False
        if swallowed:
            raise KeyboardInterrupt
