"""The runs of a sweep, carried out here or on an executor, and what is measured of each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from functools import lru_cache
from typing import Any

import cloudpickle
import numpy as np

from ..errors import BioplastError
from ..program import Output, Program
from ..version import package_versions
from .plan import PACKAGES
from .workers import answers

__all__ = ["Job", "Measure", "carried_out", "filled", "measured_there"]

Measure = Callable[[Output], Any]
# The values and the seed of a run.
Job = tuple[dict[str, Any], int]
# Its number, and what was measured, or what was raised.
Result = tuple[int, dict[str, np.ndarray], BaseException | None]


def carried_out(
    program: Program, measure: Measure, inputs: Any, jobs: Sequence[Job], done: set[int], executor: Executor | None
) -> Iterator[Result]:
    """The results of the jobs that are not done, as they come."""
    waiting = [number for number in range(len(jobs)) if number not in done]
    if executor is None:
        for number in waiting:
            try:
                yield number, _measured(program, measure, inputs, *jobs[number]), None
            except Exception as error:
                yield number, {}, error
        return
    # As bytes, since Dask's scheduler reads whatever else it passes on.
    what, packages = cloudpickle.dumps((program, measure, inputs)), package_versions(list(PACKAGES))
    calls = {
        number: ("experiment.sweep_runs:measured_there", packages, what, cloudpickle.dumps(jobs[number]))
        for number in waiting
    }
    for number, found, raised in answers(executor, calls):
        yield number, {} if raised is not None else found, raised


def measured_there(what: bytes, job: bytes) -> dict[str, np.ndarray]:
    """What is measured of a run, in another process.

    What arrives was sent by `carried_out`, through the executor that the user chose.
    """
    return _measured(*_read(what), *cloudpickle.loads(job))


@lru_cache(maxsize=1)
def _read(what: bytes) -> tuple[Program, Measure, Any]:
    """The program, the measure and the inputs, read once for all runs of a sweep."""
    return cloudpickle.loads(what)


def filled(program: Program, values: Mapping[str, Any]) -> dict[str, Any]:
    """Values with one number for a whole variable in the shape of that variable."""
    known, result = program.values, {}
    for name, given in values.items():
        one = np.ndim(given) == 0 and np.ndim(known[name]) > 0
        result[name] = np.ones(np.shape(known[name])) * given if one else given
    return result


def _measured(program: Program, measure: Measure, inputs: Any, values: Any, seed: int) -> dict[str, np.ndarray]:
    """What is measured of one run."""
    found = measure(program(filled(program, values), inputs, seed=seed))
    named = found if isinstance(found, Mapping) else {"result": found}
    plain = {}
    for name, value in named.items():
        array = np.asarray(value)
        if not isinstance(name, str) or array.dtype.kind not in "biuf":
            raise BioplastError(
                f"the measure returned {name!r} = {value!r:.80}: numbers and arrays of them are accepted"
            )
        plain[name] = array
    if not plain:
        raise BioplastError("the measure returned nothing")
    return plain
