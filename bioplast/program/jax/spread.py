"""A batch of runs, spread over all devices; a processor is one device for each core."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from ...machine import all_cores

_config: Any = jax.config  # its type lacks the settings in some versions of JAX
_AXIS = "bioplast_batch"


def claim_cores() -> None:
    """Let JAX take each core for a device, unless it is in use already or the user has said how many there are.

    All cores, in a worker that has a share of them too: the number of devices is how a sum over a batch is split, and
    so what its last digits are.

    XLA runs the steps of a simulation one after the other on one core, so that only devices run side by side. The
    first of them stays the one that everything else runs on.
    """
    if _config.jax_num_cpu_devices == -1 and "device_count" not in os.environ.get("XLA_FLAGS", ""):
        with contextlib.suppress(RuntimeError):  # in use
            jax.config.update("jax_num_cpu_devices", all_cores())


def devices() -> list[Any]:
    """The devices that a batch is spread over: one if the user has chosen one."""
    chosen = _config.jax_default_device
    if chosen is not None and not isinstance(chosen, str):
        return [chosen]
    return list(jax.local_devices(backend=chosen))


def replicated(tree: Any) -> Any:
    """Arrays, whole on each of the devices that a batch is spread over."""
    if _within_a_mesh():
        return jax.device_put(tree, PartitionSpec())
    found = devices()
    return jax.device_put(tree, found[0] if len(found) == 1 else NamedSharding(_mesh(found), PartitionSpec()))


def over_batch(function: Callable[[Any, Any], Any], batched: Any, shared: Any, found: Sequence[Any]) -> Any:
    """``jax.vmap(function, (0, None))(batched, shared)`` on several devices.

    Parameters
    ----------
    function : callable
        Of one entry of `batched` and of `shared`.
    batched, shared : pytree of arrays
        Those of `batched` have the batch axis first.
    found : sequence of devices
        All of them get runs to make, repeated ones where there are fewer runs than devices.

    Returns
    -------
    pytree
        The results with the batch axis first.
    """
    each = jax.vmap(function, in_axes=(0, None))
    size = jax.tree.leaves(batched)[0].shape[0]
    if len(found) == 1 or size == 1 or _within_a_mesh():
        return each(batched, shared)
    lacking = -size % len(found)
    if lacking:  # the last run is made again for every device to have as many
        batched = jax.tree.map(lambda a: jnp.concatenate([a, *[a[-1:]] * lacking]), batched)
    spread = jax.shard_map(
        each,
        mesh=_mesh(found),
        in_specs=(PartitionSpec(_AXIS), PartitionSpec()),
        out_specs=PartitionSpec(_AXIS),
        check_vma=False,
    )(batched, shared)
    return jax.tree.map(lambda a: a[:size], spread) if lacking else spread


def _mesh(found: Sequence[Any]) -> Mesh:
    return Mesh(np.array(found), (_AXIS,))


def _within_a_mesh() -> bool:
    """Whether the user has spread the computation over devices already."""
    return bool(jax.sharding.get_abstract_mesh().axis_names)
