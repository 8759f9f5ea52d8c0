"""What training and prediction are called with, checked: programs, whole numbers, functions, optimisers, files."""

from __future__ import annotations

import inspect
import operator
import os
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import BioplastError, UnknownName
from ..program import Program
from ..program.arguments import in_short

__all__ = [
    "check_course",
    "checked_carry",
    "checked_optimiser",
    "checked_path",
    "checked_program",
    "checked_values",
    "followed",
    "numbers",
    "one_number",
    "require_function",
    "whole",
    "wrapped",
]

#: What an optimiser that is given by name learns with, in units of the typical sizes.
LEARNING_RATE = 0.01


def checked_program(given: Any) -> Program:
    """A compiled program."""
    if not isinstance(given, Program):
        raise BioplastError(f"a program that bioplast.compile made is accepted, not {_kind(given)}")
    return given


def checked_values(given: Any) -> Mapping[str, Any] | None:
    """Values by their keys, or None."""
    if not isinstance(given, Mapping | None):
        raise BioplastError(f"values: a mapping by the keys of Program.values is accepted, not {_kind(given)}")
    return given


def followed(program: Program, values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Values that a compiled function takes as arguments, so that others need no other one, and all the rest.

    Real numbers can be arguments. Delays, spikes on their way and the time decide how a run is laid out.
    """
    real = {key for key, known in program._variables.items() if known.dtype.kind == "f" and not known.delay}
    return {k: v for k, v in values.items() if k in real}, {k: v for k, v in values.items() if k not in real}


def whole(given: Any, what: str) -> int:
    """A whole number from 1, of Python or NumPy."""
    try:
        number = 0 if isinstance(given, bool | np.bool_) else operator.index(given)
    except TypeError:
        number = 0
    if number < 1:
        raise BioplastError(f"{what} is {in_short(given)}: a whole number from 1 is accepted")
    return number


def require_function(given: Any, what: str, arguments: str) -> None:
    """Refuse what cannot be called."""
    if not callable(given):
        raise BioplastError(f"{what} is {in_short(given)}: a function {what}({arguments}) is accepted")


def check_course(loss: Any, score: Any, validation: Any, progress: Any, patience: int | None) -> None:
    """Refuse what is no loss, score, validation or progress of a training, or patience without validation."""
    require_function(loss, "loss", "out, label")
    if score is not None:
        require_function(score, "score", "out, label")
    if validation is None and patience is not None:
        raise BioplastError("patience needs validation=(inputs, labels)")
    if validation is not None and not (isinstance(validation, tuple | list) and len(validation) == 2):
        length = f" of {len(validation)}" if hasattr(validation, "__len__") else ""
        raise BioplastError(f"validation is a {type(validation).__name__}{length}: a pair (inputs, labels) is accepted")
    if not (isinstance(progress, bool) or callable(progress)):
        raise BioplastError(f"progress is {in_short(progress)}: True, False or a function is accepted")


def checked_path(given: Any, what: str) -> Path | None:
    """A path, or None."""
    if given is None:
        return None
    if not isinstance(given, str | os.PathLike):
        raise BioplastError(f"{what} is {in_short(given)}: the path of a file is accepted")
    path = Path(given)
    if path.is_dir():
        raise BioplastError(f"{what}: {path} is a folder, the path of a file is accepted")
    return path


def checked_carry(given: Any, program: Any, train: Any) -> tuple[str, ...]:
    """Keys of states that go from batch to batch."""
    if isinstance(given, str) or not isinstance(given, Collection):
        raise BioplastError(f"carry is {in_short(given)}: keys of values are accepted, such as ['synapses.w']")
    kept = [key for key in program.changing if program._variables[key].dtype.kind == "f"]
    for key in given:
        if key not in kept:
            raise UnknownName("state that a run changes, to carry", str(key), kept)
        if isinstance(train, Mapping) and key in train:
            raise BioplastError(f"{key!r} is trained: what is carried from batch to batch is not")
    return tuple(given)


def checked_optimiser(given: Any) -> Any:
    """An optimiser of optax: itself, that of a name, or the default for None."""
    import optax

    if given is None:
        return optax.adam(LEARNING_RATE)
    if isinstance(given, str):
        by_name = _optimisers()
        if given not in by_name:
            raise UnknownName("optimiser of optax", given, by_name)
        return by_name[given](LEARNING_RATE)
    if inspect.isroutine(given):
        name = getattr(given, "__name__", "optimiser")
        raise BioplastError(f"optimiser is the function {name}: call it, as in {name}({LEARNING_RATE})")
    if not (callable(getattr(given, "init", None)) and callable(getattr(given, "update", None))):
        raise BioplastError(
            f"optimiser is {in_short(given)}: one of optax is accepted, as optax.adam({LEARNING_RATE}), or its name"
        )
    return given


def _optimisers() -> dict[str, Callable[[float], Any]]:
    """Those of optax that need a learning rate and nothing else, by name."""
    import optax

    found: dict[str, Callable[[float], Any]] = {}
    for name in dir(optax):
        function = getattr(optax, name)
        if not inspect.isfunction(function) or name.startswith(("_", "scale_by")):
            continue
        parameters = inspect.signature(function).parameters.values()
        if [p.name for p in parameters if p.default is p.empty and p.kind is not p.VAR_KEYWORD] == ["learning_rate"]:
            found[name] = function
    return found


def wrapped(function: Callable[..., Any], what: str) -> Callable[..., Any]:
    """A user's function, whose errors are one line; their own traceback stays behind it."""

    def call(*arguments: Any, **options: Any) -> Any:
        try:
            return function(*arguments, **options)
        except BioplastError:
            raise
        except Exception as error:
            import jax

            reason = next(iter(str(error).strip().splitlines()), "")
            if isinstance(error, jax.errors.ConcretizationTypeError | jax.errors.TracerArrayConversionError):
                reason = "it asks for numbers before JAX has computed them: use jax.numpy, and jnp.where for a choice"
            raise BioplastError(f"the {what} ended in {type(error).__name__}: {reason}") from error

    return call


def numbers(readout: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A user's readout, which gives numbers or a pytree of them."""
    import jax

    call = wrapped(readout, "readout")

    def read(out: Any) -> Any:
        found = call(out)
        leaves = jax.tree.leaves(found)
        kinds = [leaf for leaf in leaves if not isinstance(leaf, jax.Array | np.ndarray | np.generic | int | float)]
        if kinds or not leaves:
            raise BioplastError(f"the readout of a sample is an array or several, not {_kind((kinds or [found])[0])}")
        return found

    return read


def one_number(function: Callable[[Any, Any], Any], what: str) -> Callable[[Any, Any], Any]:
    """A user's function of a sample's output and label, which gives one real number."""
    import jax
    import jax.numpy as jnp

    call = wrapped(function, what)

    def number(out: Any, label: Any) -> Any:
        found = call(out, label)
        if not isinstance(found, jax.Array | np.ndarray | np.generic | int | float):
            raise BioplastError(f"the {what} of a sample is one real number, not {_kind(found)}")
        found = jnp.asarray(found)
        real = jnp.issubdtype(found.dtype, jnp.floating) or (what == "score" and found.dtype.kind in "biu")
        if found.ndim or not real:
            raise BioplastError(f"the {what} of a sample is one real number, not {found.dtype} of shape {found.shape}")
        return found

    return number


def _kind(given: Any) -> str:
    """What something is, in a few words."""
    return "None" if given is None else f"a {type(given).__name__}"
