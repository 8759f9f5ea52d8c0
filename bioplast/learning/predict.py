"""Runs of a program for each sample of a data set."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any

import numpy as np

from ..errors import BioplastError
from ..program import Program

__all__ = ["predict"]


def predict(
    program: Program,
    inputs: Mapping[str, Any],
    readout: Callable[[Any], Any],
    values: Mapping[str, Any] | None = None,
    batch: int = 256,
    seed: int = 0,
) -> Any:
    """What is read out of a run for each sample, on any target.

    Parameters
    ----------
    program : Program
    inputs : mapping
        As of `Program.__call__`, each with a leading axis of samples.
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

    from ..program.jax import disk_cache

    inputs = {name: np.asarray(given) for name, given in inputs.items()}
    size = samples(inputs)
    parts = []
    if program.target == "jax":
        batch = min(batch, size)
        with precision(program):
            keys = jax.random.split(jax.random.key(seed), size)
            read: Any = jax.jit(lambda given, keys: jax.vmap(readout)(program.batch(values, given, keys)))
            with disk_cache():
                read = read.lower({name: given[[0] * batch] for name, given in inputs.items()}, keys[:batch]).compile()
            for chosen, weight in portions(np.arange(size), batch):
                found = read({name: given[chosen] for name, given in inputs.items()}, keys[chosen])
                parts.append(jax.tree.map(lambda array, kept=weight > 0: np.asarray(array)[kept], found))
    else:
        seeds = np.random.default_rng(seed).integers(2**32, size=size)
        for chosen, weight in portions(np.arange(size), batch):
            chosen = chosen[weight > 0]
            given = {name: array[chosen] for name, array in inputs.items()}
            found = program.batch(values, given, [int(s) for s in seeds[chosen]])
            parts.append(jax.tree.map(lambda *arrays: np.stack(arrays), *[readout(out) for out in found]))
    return jax.tree.map(lambda *arrays: np.concatenate(arrays), *parts)


def precision(program: Program) -> AbstractContextManager[Any]:
    """What makes JAX compute with as many bits as the program."""
    import jax

    return jax.enable_x64(program.dtype == np.float64)  # type: ignore[attr-defined]


def samples(inputs: Mapping[str, np.ndarray], labels: Any = None, what: str = "inputs") -> int:
    """How many samples there are; the same number of each."""
    import jax

    leaves = jax.tree.leaves(labels)
    sizes = {len(array) if np.ndim(array) else 0 for array in (*inputs.values(), *leaves)}
    if len(sizes) != 1 or not inputs or not max(sizes):
        shapes = ", ".join(f"{name}: {np.shape(given)}" for name, given in inputs.items()) or "none"
        shapes += "".join(f", labels: {np.shape(leaf)}" for leaf in leaves)
        raise BioplastError(
            f"{what}: the same number of samples, at least one, along the first axis of each ({shapes})"
        )
    return sizes.pop()


def portions(order: np.ndarray, batch: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Batches of one size: the samples of each, and the weight of each, 0 for those that only fill up the last one."""
    for first in range(0, len(order), batch):
        chosen = order[first : first + batch]
        weight = np.ones(batch)
        weight[len(chosen) :] = 0
        yield np.resize(chosen, batch), weight
