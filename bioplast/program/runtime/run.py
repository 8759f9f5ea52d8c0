"""A borrowed network run in place by one of Brian2's own targets."""

from __future__ import annotations

import contextlib
import traceback
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

import brian2
import numpy as np
from brian2.core.operations import NetworkOperation

from ...errors import BioplastError, Unsupported
from ..call import Progress
from ..network.borrow import brian2_device, explain
from ..network.in_place import refuse_work_in_place
from ..network.integration import remembered_integration
from .preferences import runtime_target


def run_with_brian2(
    network: brian2.Network,
    duration: float,
    namespace: Mapping[str, Any],
    codegen_target: str,
    fast_math: bool,
    seed: int,
    progress: Progress | None,
    extra: list[NetworkOperation],
) -> bool:
    """Run the user's network in place with one of Brian2's runtime targets; False when it stopped itself early."""
    brian2_device.active_device.seed(seed)
    for operation in extra:
        network.objects.add(operation)  # `held` takes it out again; add() would warn about its clock
    t_end = network.t_ + duration

    raised: list[Exception] = []  # by the user's function

    def tell(elapsed: Any, completed: float, start: Any, span: Any) -> None:
        if progress is not None:
            try:
                progress(float(completed), float(elapsed))
            except Exception as error:
                raised.append(error)
                raise

    with contextlib.ExitStack() as prepared, warnings.catch_warnings():
        prepared.enter_context(runtime_target(codegen_target, fast_math))
        prepared.enter_context(remembered_integration())
        if codegen_target == "cython":
            prepared.enter_context(_checked_code())
        warnings.simplefilter("error", np.exceptions.ComplexWarning)  # the imaginary part would be lost
        try:
            network.run(
                duration * brian2.second,
                report=tell if progress is not None else None,
                report_period=0.2 * brian2.second,
                namespace=dict(namespace),
            )
        except BioplastError:
            raise
        except Exception as error:
            if error in raised:
                raise
            if (operation := _operation(error)) in network.sorted_objects:
                told = " ".join(traceback.format_exception_only(error)[-1].split())
                raise BioplastError(f"{operation.name!r}: {told}") from error
            raise explain(error) from error
    if codegen_target == "cython":
        _refuse_left_out(network)
    if brian2.Network._globally_stopped:  # by Ctrl-C, after the step that it interrupted
        raise KeyboardInterrupt
    return network.t_ == t_end


@contextlib.contextmanager
def _checked_code() -> Iterator[None]:
    """Let Brian2 generate no code that works in place."""
    device = brian2_device.active_device
    generate = device.code_object

    def code_object(**given: Any) -> Any:  # Brian2 names them all
        refuse_work_in_place(
            given["owner"].name,
            given["abstract_code"],
            given["variables"],
            given["variable_indices"],
            given["template_name"],
            given.get("template_kwds"),
            "Brian2's Cython code",
        )
        return generate(**given)

    device.code_object = code_object
    try:
        yield
    finally:
        del device.code_object


def _refuse_left_out(network: brian2.Network) -> None:
    """Refuse a run without the code that Cython did not compile: Brian2 runs the rest without a word."""
    for obj in network.sorted_objects:
        for code in obj._code_objects:
            text = getattr(code.code, "run", "") if code.class_name == "cython" else ""
            if text.strip() and "EMPTY_CODE_BLOCK" not in text and code.compiled_code["run"] is None:
                raise Unsupported(
                    f"{obj.name!r}: Cython does not compile its code, such as a number given to an integer or a "
                    "boolean, and Brian2 would run without it; write int(...) or use target='numpy' or 'cpp'"
                )


def _operation(error: Exception) -> Any:
    """The user's Python function that was run when an error was raised, as Brian2's object; None for other errors."""
    selves = (frame.f_locals.get("self") for frame, _ in traceback.walk_tb(error.__traceback__))
    return next((found for found in selves if isinstance(found, NetworkOperation)), None)
