"""Files that are either written whole or not at all."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

__all__ = ["interrupts_held", "is_temporary", "leave_ignored_interrupts", "write_bytes", "write_text"]


@contextmanager
def interrupts_held() -> Iterator[None]:
    """Hold Ctrl-C back until the block is left; it is then delivered, not lost.

    Outside the main thread, where Ctrl-C never arrives, nothing is done.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    handler = signal.getsignal(signal.SIGINT)
    caught: list[int] = []
    # The mask is for processes that are started meanwhile: they inherit it. It is not enough for ourselves, since the
    # signal may come to a thread of a numerical library, and Python would still raise KeyboardInterrupt here.
    if callable(handler):
        signal.signal(signal.SIGINT, lambda number, frame: caught.append(number))
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        if callable(handler):
            signal.signal(signal.SIGINT, handler)
        if caught:
            signal.raise_signal(signal.SIGINT)


def leave_ignored_interrupts() -> None:
    """Let a process that ignored Ctrl-C before it imported Brian2 go on to ignore it, as a job in the background does.

    Brian2 2.9 to 2.11 puts its own handler in the place of whatever there was and calls that, here no function at all.
    """
    handler: Any = getattr(sys.modules.get("brian2"), "_int_handler", None)
    before = getattr(handler, "previous_handler", None)
    if not isinstance(before, signal.Handlers):
        return
    handler.previous_handler = lambda number, frame: None
    if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGINT) is handler:
        signal.signal(signal.SIGINT, before)


def write_bytes(path: str | os.PathLike[str], content: bytes) -> Path:
    """Write a file atomically: whoever reads it finds the old content or the new, never a part.

    Parameters
    ----------
    path : path
        The file; its folder is made when missing.
    content : bytes

    Returns
    -------
    Path
        The file that was written.

    Raises
    ------
    OSError
        The file cannot be written (no permission, no space left); what was there before is still there.
    """
    path = Path(path)
    with interrupts_held():
        path.parent.mkdir(parents=True, exist_ok=True)
        # In the same folder, since a file can be replaced only within one file system.
        temporary = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}.tmp")
        try:
            with open(temporary, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    return path


def write_text(path: str | os.PathLike[str], content: str) -> Path:
    """Write a text file atomically, as UTF-8 and with the line ends that the text has; see `write_bytes`.

    What UTF-8 has no bytes for, such as a part of a file name in another encoding, is written as JSON writes it.
    """
    return write_bytes(path, content.encode("utf-8", "backslashreplace"))


def is_temporary(path: str | os.PathLike[str]) -> bool:
    """Whether a file is what a killed `write_bytes` leaves behind."""
    name = os.path.basename(path)
    return name.startswith(".") and name.endswith(".tmp")
