"""A network as a compiled program: built once, run many times, with everything but the equations read as data."""

from __future__ import annotations

import abc
import dataclasses
import signal
import struct
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import brian2
import numpy as np

from ...errors import NonFiniteError, RunError
from .. import network as net
from ..build import build
from ..call import Call, Progress
from ..output import Output
from ..program import TIME, Program
from .data import program_data
from .kept import Kept
from .lowered import Array, Lowered


class CompiledProgram(Program, abc.ABC):
    """A network as a compiled program.

    Attributes
    ----------
    compiled_now : bool
        Whether it had to be compiled, or was found among the builds of earlier programs.
    """

    #: What it is called in messages.
    kind: ClassVar[str]
    compiled_now: bool

    def __init__(
        self, network: brian2.Network, duration: float, target: str, namespace: Mapping[str, Any], watch: float | None
    ):
        super().__init__(network, duration, target, namespace, watch)
        self._kept = Kept()
        self._lowered, self._sources, self._compiler = self._lower()
        self._keep_arrays()
        self._binary, self.compiled_now = build.build(self._sources, self._compiler)

    @abc.abstractmethod
    def _lower(self) -> tuple[Lowered, dict[str, str], build.Compiler]:
        """The network lowered, all sources by their file names, and the compiler for them."""

    def _restore(self, network: brian2.Network, state: Mapping[str, Any]) -> None:
        super()._restore(network, state)
        self._keep_arrays()

    def _keep_arrays(self) -> None:
        """Keep the arrays that no call changes, such as who connects to whom."""

        def kept(array: Array) -> Array:
            if array.key is not None or array.written:
                return array
            return dataclasses.replace(array, value=self._kept.array(array.name, array.value))

        self._lowered = dataclasses.replace(self._lowered, arrays=[kept(a) for a in self._lowered.arrays])

    def _now(self) -> dict[str, np.ndarray]:
        return net.current_values(self.network, self._variables, self._kept.array)

    def _run(self, call: Call) -> Output:
        try:
            folder = tempfile.TemporaryDirectory(prefix="bioplast-")
        except OSError as error:
            raise RunError(f"cannot make a folder for the data of the run: {error.strerror}") from error
        with folder as place:
            data, results = Path(place) / "data", Path(place) / "results"
            try:
                with open(data, "wb") as file:
                    file.writelines(program_data(self.network, self.watch, self._lowered, call, self._kept))
            except OSError as error:
                raise RunError(f"cannot write the data of the run to {place}: {error.strerror}") from error
            self._execute(data, results, call.progress)
            arrays, queues, elapsed = self._read(results)
        final = dict(call.values)
        final.update({a.key: arrays[a.name] for a in self._lowered.arrays if a.written and a.key})
        final = {
            key: np.asarray(value).reshape(self._variables[key].shape) if key in self._variables else value
            for key, value in final.items()
        }
        final.update(queues)
        final[TIME] = np.array(call.end)
        arrays.update({a.name: a.value[:0] for a in self._lowered.arrays if a.name not in arrays})  # inactive monitors
        recorded = {
            monitor: {variable: arrays[name] for variable, name in names.items()}
            for monitor, names in self._lowered.recorded.items()
        }
        for monitor, name in self._lowered.counts.items():
            size = self._monitors[monitor].size
            recorded[monitor]["count"] = arrays[name] if len(arrays[name]) else np.zeros(size, dtype=np.int32)
        return self._output(call, recorded, final, elapsed)

    # Running it -------------------------------------------------------------------------------------------------------

    def _execute(self, data: Path, results: Path, progress: Progress | None) -> None:
        for attempt in (1, 2):
            try:
                process = subprocess.Popen(
                    [str(self._binary), str(data), str(results)],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    text=True,
                )
                break
            except OSError as error:
                if attempt == 2:
                    raise RunError(f"cannot start the {self.kind} {self._binary}: {error.strerror}") from error
                # removed from the cache by another process meanwhile
                self._binary, _ = build.build(self._sources, self._compiler)
        begin, last, reported = time.perf_counter(), 0.0, ""
        try:
            assert process.stdout is not None
            for line in process.stdout:
                words = line.split()
                if words[:1] == ["progress"] and progress is not None and last < float(words[1]) < 1:
                    last = float(words[1])
                    progress(last, float(words[2]))
                elif words[:1] == ["ERROR"]:  # brian2cuda says so and goes on
                    reported = reported or line
            assert process.stderr is not None
            complaint = process.stderr.read()
            process.wait()
        except BaseException:
            process.kill()
            process.wait()
            raise
        finally:
            process.stdout.close()  # type: ignore[union-attr]
            process.stderr.close()  # type: ignore[union-attr]
        if progress is not None and process.returncode == 0:
            progress(1.0, time.perf_counter() - begin)
        self._judge(process.returncode or int(bool(reported)), complaint or reported)

    def _judge(self, status: int, complaint: str) -> None:
        if status == 0:
            return
        words = complaint.split()
        if status == 3 and words[:1] == ["nonfinite"]:
            _, key, synaptic = self._lowered.watched[int(words[1])]
            raise NonFiniteError(
                net.not_finite(key, int(words[2]), float(words[3]), float(words[4]), float(words[5]), synaptic)
            )
        number = status - 128 if status > 128 else -status
        if number == signal.SIGINT:
            raise KeyboardInterrupt
        if status > 128 or status < 0:
            raise RunError(
                f"the {self.kind} was ended by signal {signal.Signals(number).name}: its run is not finished"
            )
        raise RunError(f"the {self.kind} failed: {' '.join(words) or f'exit status {status}'}")

    # What it wrote ----------------------------------------------------------------------------------------------------

    def _read(self, results: Path) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray], float]:
        try:
            content = results.read_bytes()
        except OSError as error:
            raise RunError(f"the {self.kind} wrote no result: {error.strerror}") from error
        if content[-8:] != b"complete":
            raise RunError(f"the result of the {self.kind} is cut short: its run is not finished")
        try:
            return self._parse(content)
        except (struct.error, ValueError, OverflowError, MemoryError) as error:
            raise RunError(f"the result of the {self.kind} is damaged") from error

    def _parse(self, content: bytes) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray], float]:
        position = 0

        def integer() -> int:
            nonlocal position
            position += 8
            return int(struct.unpack_from("<q", content, position - 8)[0])

        def elements(dtype: np.dtype, count: int) -> np.ndarray:
            nonlocal position
            if count < 0:
                raise ValueError
            position += count * dtype.itemsize
            return np.frombuffer(content, dtype, count, position - count * dtype.itemsize).copy()

        arrays: dict[str, np.ndarray] = {}
        for a in self._lowered.arrays:
            if a.written:
                shape = (integer(),) if a.dimensions == 1 else (integer(), integer())
                arrays[a.name] = elements(a.value.dtype, int(np.prod(shape))).reshape(shape)
        queues = {}
        for pathway in self._lowered.pathways:
            rows = elements(np.dtype(np.int32), integer()).reshape(-1, 2)
            queues[f"{pathway.key}.queue"] = rows[np.lexsort((rows[:, 1], rows[:, 0]))]
        elapsed = struct.unpack_from("<d", content, position)[0]
        if position + 16 != len(content):
            raise ValueError
        return arrays, queues, elapsed


def user_headers(options: Mapping[str, list[Any]]) -> tuple[Path, ...]:
    """The files that the user's own functions include."""
    named = [Path(place) / header.strip('<>"') for place in options["include_dirs"] for header in options["headers"]]
    return tuple(sorted({header for header in named if header.is_file()}))
