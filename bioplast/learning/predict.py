"""Runs of a program for each sample of a data set."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any

import numpy as np

from ..program import Program
from ..program.arguments import checked_seed
from ..program.network import TIME
from .arguments import checked_program, checked_values, followed, numbers, require_function, whole
from .data import Data, portions
from .encoded import Encoded
from .trainable import precision_of

__all__ = ["precision", "predict"]


def predict(
    program: Program,
    inputs: Mapping[str, Any] | Encoded,
    readout: Callable[[Any], Any],
    values: Mapping[str, Any] | None = None,
    batch: int = 256,
    seed: int = 0,
) -> Any:
    """What is read out of a run for each sample, on any target.

    Parameters
    ----------
    program : Program
    inputs : mapping or Encoded
        As of `fit`.
    readout : callable
        ``readout(out)``, such as ``Maximum("trace", "v")``; an array, or a pytree of several.
    values : mapping, optional
        As of `Program.__call__`; the same for all samples.
    batch : int
        How many samples are under way at once.
    seed : int
        Governs the random numbers of the network, if it has any: each sample has its own.

    Returns
    -------
    ndarray [samples, ...]
        Predicted classes are ``predict(...).argmax(axis=-1)``.
    """
    import jax

    program, batch, seed = checked_program(program), whole(batch, "batch"), checked_seed(seed)
    require_function(readout, "readout", "out")
    read_out = numbers(readout)
    values = program._checked(checked_values(values))
    complete = {**program.values, **values}
    data = Data.checked(program, inputs, None, float(complete[TIME]))
    everyone = np.arange(data.size)
    parts = []
    if program.target == "jax":
        from ..program.jax import disk_cache
        from .finite import FinalStates

        batch, states = min(batch, data.size), FinalStates(program, complete)

        # arguments, so that what is compiled serves for other values, too; when each run begins is not left open
        real, fixed = followed(program, {TIME: complete[TIME], **values})

        def read(real: Any, given: Any, keys: Any) -> Any:
            out: Any = program.batch({**fixed, **real}, given, keys)
            return jax.vmap(read_out)(out), states.search(out.final, out.products)

        with precision(program):
            keys = jax.random.split(jax.random.key(seed), data.size)
            lowered = jax.jit(read).lower(real, data.part(everyone[:batch])[0], keys[:batch])
            with disk_cache():
                compiled = lowered.compile()
            for chosen, weight in portions(everyone, batch):
                found, worst = jax.device_get(compiled(real, data.part(chosen)[0], keys[chosen]))
                states.refuse(worst, data, chosen)
                parts.append(jax.tree.map(lambda array, kept=weight > 0: array[kept], found))
    else:
        seeds = np.random.default_rng(seed).integers(2**32, size=data.size)
        for chosen, weight in portions(everyone, batch):
            chosen = chosen[weight > 0]
            outs = program.batch(values, data.part(chosen)[0], [int(s) for s in seeds[chosen]])
            parts.append(jax.tree.map(lambda *arrays: np.stack(arrays), *[read_out(out) for out in outs]))
    return jax.tree.map(lambda *arrays: np.concatenate(arrays), *parts)


def precision(program: Program) -> AbstractContextManager[Any]:
    """What makes JAX compute with as many bits as the program."""
    import jax

    return jax.enable_x64(precision_of(program) == np.float64)
