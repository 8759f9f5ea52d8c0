"""A run's folder on disk: the lock, the finished trials and the files made from them."""

from __future__ import annotations

import csv
import errno
import fcntl
import hashlib
import io
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..errors import BioplastError
from ..files import is_temporary, write_text
from .plain import to_plain, to_text
from .protocol import Row, Trial

__all__ = ["Finished", "RunFolder", "cannot_write", "describe_os_error", "table_text"]


@dataclass(frozen=True)
class Finished:
    """A trial's stored result and how long it took."""

    result: dict[str, Any]
    seconds: float


class RunFolder:
    """The folder of one run, held by a lock while the run lasts; use `RunFolder.opened`.

    Attributes
    ----------
    path : Path
    """

    def __init__(self, path: Path):
        self.path = path

    @classmethod
    @contextmanager
    def opened(cls, path: Path) -> Iterator[RunFolder]:
        """Make the folder and hold its lock.

        Raises
        ------
        BioplastError
            The folder cannot be made or written, another run holds it, or it holds something that is no run.
        """
        with cannot_write(path):
            path.mkdir(parents=True, exist_ok=True)
            cls(path)._refuse_foreign()  # before anything is put there
            # The kernel lets the lock go when the process ends, however it ends.
            descriptor = os.open(path / ".lock", os.O_RDWR | os.O_CREAT, 0o666)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise BioplastError(
                    f"another run is writing into {path}: wait until it has ended, or choose another --out"
                ) from None
            except OSError as error:
                raise BioplastError(f"cannot lock {path / '.lock'}: {describe_os_error(error)}") from None
            folder = cls(path)
            folder._refuse_foreign()
            with cannot_write(path):
                folder._sweep()
            yield folder
        finally:
            os.close(descriptor)

    def _refuse_foreign(self) -> None:
        if (self.path / "run.json").exists():
            return
        foreign = sorted(entry.name for entry in self.path.iterdir() if not entry.name.startswith("."))
        if foreign:
            raise BioplastError(
                f"{self.path} holds files that are no run of bioplast ({foreign[0]}): choose another --out"
            )

    def _sweep(self) -> None:
        """Remove what a killed run was writing."""
        for folder in (self.path, self.path / "figures", self.trials):
            for entry in folder.rglob(".*.tmp") if folder == self.trials else folder.glob(".*.tmp"):
                if is_temporary(entry):
                    entry.unlink()

    # Trials

    @property
    def trials(self) -> Path:
        return self.path / "trials"

    def trial_files(self) -> list[Path]:
        """The files of all finished trials."""
        return sorted(path for path in self.trials.rglob("*.json") if path.is_file())

    def store(self, trial: Trial, stamp: Mapping[str, Any], text: str, seconds: float) -> None:
        """Keep a trial's result; it is on disk, whole, when this returns.

        Parameters
        ----------
        trial : Trial
        stamp : dict
            What the result depends on beside the trial: protocol, version, preset, versions of the packages.
        text : str
            The result as JSON text.
        seconds : float
            How long the trial took.
        """
        header = to_text({**stamp, "trial": trial.plain(), "seconds": seconds, "sha256": _digest(text)})
        path = self.file(trial)
        with cannot_write(path):
            write_text(path, f'{header[:-1]},"result":{text}}}\n')
        shutil.rmtree(self.scratch(trial, stamp), ignore_errors=True)

    def finished(self, trials: Sequence[Trial], stamp: Mapping[str, Any]) -> dict[str, Finished]:
        """The stored results of these trials; those missing or damaged are left out.

        Raises
        ------
        BioplastError
            A stored trial was made by another protocol, version or preset, or with other settings.
        """
        planned = {self.file(trial): trial for trial in trials}
        found: dict[str, Finished] = {}
        for path in self.trial_files():
            record = _read(path)
            if record is None:
                continue
            for key, here in to_plain(dict(stamp)).items():
                self._refuse_other(path, key, record.get(key), here)
            if path not in planned:
                continue
            trial = planned[path]
            for key, here in to_plain(trial.plain()).items():
                self._refuse_other(path, key, record["trial"][key], here)
            found[trial.id] = Finished(record["result"], record["seconds"])
        return {trial.id: found[trial.id] for trial in trials if trial.id in found}

    def file(self, trial: Trial) -> Path:
        """Where a trial's result is kept."""
        return self.trials / f"{trial.id}.json"

    def scratch(self, trial: Trial, stamp: Mapping[str, Any]) -> Path:
        """Where a trial keeps what it goes on from; another place when anything that its result depends on is other."""
        return self._scratch / trial.id / _digest(to_text({**stamp, **trial.plain()}))[:16]

    def clear_scratch(self) -> None:
        """Remove what trials kept to go on from."""
        shutil.rmtree(self._scratch, ignore_errors=True)

    @property
    def _scratch(self) -> Path:
        return self.path.absolute() / "scratch"

    def _refuse_other(self, path: Path, key: str, there: Any, here: Any) -> None:
        if there == here:
            return
        if isinstance(there, dict) and isinstance(here, dict):
            name = next(k for k in {**there, **here} if there.get(k) != here.get(k))
            self._refuse_other(path, f"{key}: {name}" if key == "settings" else name, there.get(name), here.get(name))
        raise BioplastError(
            f"{path} was made with {key} {_short(there)}, this run has {_short(here)}: repeat the run as it was begun, "
            "or choose another --out"
        )

    # What is made from them

    def write_summary(self, protocol: str, preset: str, rows: Sequence[Row]) -> None:
        """Write summary.json and summary.csv."""
        plain = [asdict(row) for row in rows]
        for row in plain:
            del row["tolerance"]  # kept in run.json
        summary = {"protocol": protocol, "preset": preset, "rows": plain}
        self.write_json("summary.json", summary)
        self.write("summary.csv", table_text(plain))

    def write_json(self, name: str, value: Any) -> None:
        """Write a value as JSON for people to read, atomically."""
        self.write(name, json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n")

    def write(self, name: str, text: str) -> None:
        """Write a text file of the folder, atomically."""
        with cannot_write(self.path / name):
            write_text(self.path / name, text)


def table_text(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows as CSV (RFC 4180), the columns in the order in which they first appear; all line ends are line feeds."""
    columns = list(dict.fromkeys(column for row in rows for column in row))
    text = io.StringIO()
    # With this line end the writer quotes both of its characters where they stand inside a text.
    writer = csv.DictWriter(text, columns, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(to_plain([dict(row) for row in rows]))
    return text.getvalue().replace("\r\n", "\n").replace("\r", "\n")


@contextmanager
def cannot_write(path: Path) -> Iterator[None]:
    """Turn a failure of the file system into one line that names the file."""
    try:
        yield
    except OSError as error:
        raise BioplastError(f"cannot write {error.filename or path}: {describe_os_error(error)}") from error


def describe_os_error(error: OSError) -> str:
    """What went wrong, and what helps where something does."""
    text = error.strerror or str(error)
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"{text}: free some space"
    return text


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _read(path: Path) -> dict[str, Any] | None:
    """A stored trial; None when the file is damaged."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        whole = _digest(to_text(record["result"])) == record["sha256"]
        known = {"id", "settings", "seed"} <= record["trial"].keys() and isinstance(record["result"], dict)
        return record if whole and known and isinstance(record["seconds"], float) else None
    except OSError as error:
        raise BioplastError(f"cannot read {path}: {describe_os_error(error)}") from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _short(value: Any) -> str:
    text = str(value) if isinstance(value, str) else to_text(value)
    return text if len(text) <= 60 else text[:57] + "..."
