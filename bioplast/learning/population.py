"""The losses of a whole population: in one compiled call on target jax, member by member on the others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..errors import NonFiniteError
from ..program.jax import devices, disk_cache, over_batch
from .data import Data
from .evaluation import Evaluation, batch_like
from .finite import refuse_wrong_mean, worst
from .trainable import Scaled

__all__ = ["CompiledPopulation", "Numbers", "PopulationOneByOne"]

#: The state of so many bytes is simulated at once by a core: what it goes through again and again then stays in its
#: cache, which made 256 networks of 110 neurons on 256 samples twice as fast as all at once.
CACHE = 2**20

#: What the monitors of the members that are simulated at once may record, in bytes.
RECORDS = 2**29


class Numbers:
    """All trained numbers as one vector.

    Attributes
    ----------
    start, low, high : ndarray [numbers]
        To begin with, and bounds.
    """

    def __init__(self, scaled: Mapping[str, Scaled]):
        self._shapes = {name: how.start.shape for name, how in scaled.items()}
        sizes = [how.start.size for how in scaled.values()]
        self._ends = np.cumsum(sizes).tolist()
        self.start = np.concatenate([how.start.ravel() for how in scaled.values()])
        bounds = [np.repeat([getattr(how, b) for how in scaled.values()], sizes) for b in ("low", "high")]
        self.low, self.high = (bound.astype(self.start.dtype) for bound in bounds)

    def split(self, point: Any) -> dict[str, Any]:
        """The numbers of each trained value, by its key."""
        begins = [0, *self._ends]
        return {
            name: point[begin:end].reshape(shape)
            for (name, shape), begin, end in zip(self._shapes.items(), begins[:-1], self._ends, strict=True)
        }

    def inside(self, points: Any) -> np.ndarray:
        """Points, each number put back to the bound that it has passed."""
        return np.clip(np.asarray(points), self.low, self.high)


class CompiledPopulation:
    """Networks of target jax: all members in one compiled call, some at once on each core.

    Parameters
    ----------
    network : Evaluation
    numbers : Numbers
    data : Data
    members, batch : int
    """

    def __init__(self, network: Evaluation, numbers: Numbers, data: Data, members: int, batch: int):
        self.network, self.numbers, self.data, self.members = network, numbers, data, members
        self.devices = devices()[:members]
        share = -(-members // len(self.devices))
        like = batch_like(data, batch, jax.random.key(0))
        self.at_once = min(share, self._at_once(batch, like))
        self.rounds = -(-share // self.at_once)
        points = np.zeros((members, len(numbers.start)), dtype=numbers.start.dtype)
        lowered = jax.jit(self._all).lower(points, np.int32(0), network.given, *like)
        self.text = network.program._described(lowered.as_text())
        with disk_cache():
            self._compiled = lowered.compile()

    def _at_once(self, batch: int, like: tuple[Any, ...]) -> int:
        """How many members are simulated side by side on a device."""
        given, wanted, _, keys = like
        *_, out = jax.eval_shape(
            lambda point: self.network.outcome(
                self.data, self.network.given, self.numbers.split(point), given, wanted, keys
            ),
            self.numbers.start,
        )
        recorded = [
            out.rasters.values(),
            *[found.values() for kind in (out.states, out.rates) for found in kind.values()],
        ]
        size = sum(array.size * array.dtype.itemsize for each in recorded for array in each)
        fitting = RECORDS // max(1, size)
        if self.devices[0].platform == "cpu":
            changing = self.network.program.changing  # type: ignore[attr-defined]
            state = sum(out.final[key].size * out.final[key].dtype.itemsize for key in changing)
            fitting = min(fitting, CACHE // max(1, state))
        return max(1, fitting)

    def __call__(self, points: np.ndarray, count: int, chosen: np.ndarray, weight: Any, key: Any) -> Any:
        """Mean loss and score [members] of the first `count`; NaN for the others, and where a state is not finite.

        Parameters
        ----------
        points : ndarray [members, numbers]
        count : int
        chosen : array of int [batch]
            The samples.
        weight : array [batch]
            What each counts.
        key : JAX key
            Of the random numbers of the network, the same for all members.
        """
        given, wanted = self.data.part(chosen, _draw(key))
        return jax.device_get(
            self._compiled(
                points, np.int32(count), self.network.given, given, wanted, weight, jax.random.split(key, len(chosen))
            )
        )

    def _all(self, points: Any, count: Any, *shared: Any) -> tuple[Any, Any]:
        """What JAX traces; `shared` are values, inputs, labels, weights and keys."""
        many = len(self.devices)
        places = self.rounds * self.at_once
        padded = jnp.pad(points, ((0, places * many - self.members), (0, 0)), mode="edge")
        # the first members are on all devices
        dealt = jnp.swapaxes(padded.reshape(places, many, -1), 0, 1)
        found = over_batch(self._share, dealt, (-(-count // many), *shared), self.devices)
        losses, scores = (jnp.swapaxes(each, 0, 1).reshape(-1)[: self.members] for each in found)
        asked = jnp.arange(self.members) < count
        return jnp.where(asked, losses, jnp.nan), jnp.where(asked, scores, jnp.nan)

    def _share(self, points: Any, shared: tuple[Any, ...]) -> tuple[Any, Any]:
        """The members of one device, some at once."""
        count, values, given, wanted, weight, keys = shared
        rounds = points.reshape(self.rounds, self.at_once, -1)
        nothing = jnp.full((self.rounds, self.at_once), jnp.nan, dtype=points.dtype)

        def one(point: Any) -> tuple[Any, Any]:
            numbers = self.numbers.split(point)
            losses, scores, out = self.network.outcome(self.data, values, numbers, given, wanted, keys)
            fine = self.network.states.finite(out.final)
            means = (weight @ each.astype(points.dtype) / weight.sum() for each in (losses, scores))
            loss, score = means
            return jnp.where(fine, loss, jnp.nan).astype(points.dtype), score.astype(points.dtype)

        def some(k: Any, found: tuple[Any, Any]) -> tuple[Any, Any]:
            each = jax.vmap(one)(jax.lax.dynamic_index_in_dim(rounds, k, keepdims=False))
            return tuple(  # type: ignore[return-value]
                jax.lax.dynamic_update_index_in_dim(into, new, k, 0) for into, new in zip(found, each, strict=True)
            )

        losses, scores = jax.lax.fori_loop(0, -(-count // self.at_once), some, (nothing, nothing))
        return losses.reshape(-1), scores.reshape(-1)

    def refuse(self, point: np.ndarray, chosen: np.ndarray, key: Any, when: str) -> None:
        """Say what is not finite of a member."""
        given, wanted = self.data.part(chosen, _draw(key))

        def measured(numbers: Any) -> Any:
            losses, _, states, _ = self.network.losses(
                self.data, self.network.given, numbers, given, wanted, jax.random.split(key, len(chosen))
            )
            return losses.mean(), worst(losses), states

        mean, found, states = jax.device_get(jax.jit(measured)(self.numbers.split(point)))
        self.network.states.refuse(states, self.data, chosen, f"{when}, ")
        refuse_wrong_mean("loss", float(mean), found, chosen, when)


class PopulationOneByOne:
    """Networks of the other targets; parameters and methods as of `CompiledPopulation`."""

    def __init__(self, network: Evaluation, numbers: Numbers, data: Data, members: int, batch: int):
        self.network, self.numbers, self.data, self.members = network, numbers, data, members
        program = network.program
        self.text = f"{type(program).__name__} {program.target} {program.duration}"

    def __call__(self, points: np.ndarray, count: int, chosen: np.ndarray, weight: Any, key: Any) -> Any:
        """As of `CompiledPopulation`."""
        chosen = chosen[weight > 0]
        found = np.full((2, self.members), np.nan)
        for member in range(count):
            try:
                each = self._each(points[member], chosen, key)
            except NonFiniteError:
                continue
            found[:, member] = np.mean(each, axis=1)
        return found[0], found[1]

    def refuse(self, point: np.ndarray, chosen: np.ndarray, key: Any, when: str) -> None:
        """As of `CompiledPopulation`."""
        try:
            losses, _ = self._each(point, chosen, key)
        except NonFiniteError as error:
            raise NonFiniteError(f"{when}: {error}") from error
        wrong = int(np.argmin(np.isfinite(losses)))
        refuse_wrong_mean("loss", float(losses.mean()), (losses[wrong], wrong), chosen, when)

    def _each(self, point: np.ndarray, chosen: np.ndarray, key: Any) -> tuple[np.ndarray, np.ndarray]:
        """Loss and score of each sample."""
        seeds = _seeds(key, len(chosen))
        return self.network.one_by_one(self.data, self.numbers.split(point), chosen, seeds, _draw(key))


def _draw(key: Any) -> tuple[int, ...]:
    """What an encoder's random numbers depend on."""
    return tuple(int(word) for word in np.asarray(jax.random.key_data(key)))


def _seeds(key: Any, size: int) -> np.ndarray:
    return np.asarray(jax.random.bits(key, (size,), dtype=jnp.uint32))
