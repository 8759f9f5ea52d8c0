"""Trials carried out one after the other here, on local worker processes, or on any executor."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor, Executor, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from multiprocessing import resource_tracker
from typing import Any

from ..files import interrupts_held
from ..machine import SHARE, cores
from .perform import Outcome, one_line, perform
from .protocol import Trial

__all__ = ["carry_out", "local_workers"]

Take = Callable[[Outcome], None]


def carry_out(
    run: Callable[[Trial], Mapping[str, Any]] | str,
    trials: Sequence[Trial],
    take: Take,
    executor: Executor | None = None,
) -> None:
    """Carry out trials and hand each outcome to `take` as soon as it is there.

    Parameters
    ----------
    run : callable or str
        As of `perform`.
    trials : sequence of Trial
    take : callable
        Called in this thread with each `Outcome`; an exception it raises ends the work.
    executor : concurrent.futures.Executor, optional
        Without one the trials run here, in order. What it had not begun when the work ends early is cancelled.
    """
    with _interrupts_reach_us():
        if executor is None:
            for trial in trials:
                outcome = perform(run, trial)
                _raise_swallowed_interrupt()
                take(outcome)
            return
        futures = {}
        try:
            if isinstance(executor, ProcessPoolExecutor):
                resource_tracker.ensure_running()  # its start would let Ctrl-C through again
            # Workers start while jobs are submitted; one that inherits a held-back Ctrl-C leaves it to us.
            with interrupts_held():
                for trial in trials:
                    futures[executor.submit(perform, run, trial)] = trial
            for future in as_completed(futures):
                try:
                    outcome = future.result()
                except BrokenExecutor:
                    raise
                except Exception as error:
                    outcome = Outcome(futures[future], error=f"not carried out by the executor: {one_line(error)}")
                take(outcome)
        finally:
            for future in futures:
                future.cancel()


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
def _interrupts_reach_us() -> Iterator[None]:
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
