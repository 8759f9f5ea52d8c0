"""The closed loop as a pure function, which JAX compiles for a population and its episodes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..program.jax.carried import Carried
from ..program.network import TIME
from .decoders import decided
from .environment import Environment, environment_key
from .episodes import FINE, NAN_OBSERVATION, NAN_REWARD, NAN_STATE, WRONG_ACTION

__all__ = ["Loop", "decoder_key", "encoder_key"]


def encoder_key(key: Any, step: Any) -> Any:
    """The key of an encoder in a step of the environment, counted from 0, of the episode of a key."""
    return jax.random.fold_in(jax.random.fold_in(key, 1), step)


def decoder_key(key: Any, step: Any) -> Any:
    """The key of a decoder in a step of the environment, counted from 0, of the episode of a key."""
    return jax.random.fold_in(jax.random.fold_in(key, 3), step)


def _network_key(key: Any, step: Any) -> Any:
    return jax.random.fold_in(jax.random.fold_in(key, 2), step)


class Loop:
    """One episode of a program of target jax in an environment of pure functions.

    Where nothing of the network depends on the time, each step of the environment begins at time 0, so that networks in
    single precision can be carried, too; else the time is carried with everything else.

    Parameters
    ----------
    program : JaxProgram
    environment : Environment
    encoder, decoder : callable
    steps : int
    record : callable
        What is kept of each output.
    """

    def __init__(
        self,
        program: Any,
        environment: Environment,
        encoder: Callable[..., Any],
        decoder: Callable[..., Any],
        steps: int,
        record: Callable[[Any], dict[str, Any]],
    ):
        self.program, self.environment, self.encoder, self.decoder = program, environment, encoder, decoder
        self.steps, self.record = steps, record
        self.with_time = program.dtype == np.float64

    def base(self, values: Mapping[str, Any] | None) -> Carried:
        """All values that an episode begins with."""
        return self.program.carry(values)

    def changed(self, base: Carried, values: Mapping[str, Any]) -> Carried:
        """`base` with values of a member, which may be traced."""
        new = {
            key: jnp.broadcast_to(jnp.asarray(value).astype(base[key].dtype), base[key].shape)
            for key, value in values.items()
        }
        return Carried(
            {**{k: v for k, v in base.items() if k not in base.fixed}, **new}, {k: base[k] for k in base.fixed}
        )

    def recorded(self, base: Carried, key: Any) -> dict[str, Any]:
        """An episode of `steps` steps.

        Returns
        -------
        dict
            ``rewards``, ``actions``, ``observations`` and ``recorded`` [steps, ...], of which those after the end count
            nothing; ``length``; ``kind`` and ``step`` of what is wrong; ``alive`` [steps], whether a step was made.
        """
        fixed, begin = self.begin(base, key)

        def step(state: Any, k: Any) -> tuple[Any, Any]:
            new, found = self._step(fixed, state, key, k)
            return new, found

        end, found = jax.lax.scan(step, begin, jnp.arange(self.steps))
        length = found["alive"].sum()
        wrong = found.pop("kind")
        kind = jnp.where(wrong != FINE, wrong, 0).max()
        place = jnp.argmax(wrong != FINE)
        return {
            **found,
            "length": length,
            "kind": self._state_kind(end, kind),
            "step": jnp.where(kind == FINE, length - 1, place),
        }

    def summed(self, base: Carried, key: Any) -> dict[str, Any]:
        """An episode, no longer than it lasts, which has no derivative.

        Returns
        -------
        dict
            ``return``, ``length``, ``kind`` and ``step`` of what is wrong, with its ``observation`` and ``action``.
        """
        fixed, begin = self.begin(base, key)
        _, shapes = jax.eval_shape(lambda state: self._step(fixed, state, key, 0), begin)
        nothing = {
            "return": jnp.zeros((), shapes["rewards"].dtype),
            "kind": jnp.zeros((), shapes["kind"].dtype),
            "observation": jnp.zeros(shapes["observations"].shape, shapes["observations"].dtype),
            "action": jnp.zeros(shapes["actions"].shape, shapes["actions"].dtype),
        }

        def goes_on(carried: Any) -> Any:
            state, _, k = carried
            return state["alive"] & (k < self.steps)

        def step(carried: Any) -> Any:
            state, total, k = carried
            new, found = self._step(fixed, state, key, k)
            total = {
                "return": total["return"] + found["rewards"],
                "kind": found["kind"],
                "observation": found["observations"],
                "action": found["actions"],
            }
            return new, total, k + 1

        end, total, length = jax.lax.while_loop(goes_on, step, (begin, nothing, jnp.zeros((), int)))
        kind = self._state_kind(end, total["kind"])
        # one whose state is not finite is worth nothing
        value = jnp.where(kind == NAN_STATE, jnp.nan, total["return"])
        return {**total, "return": value, "length": length, "kind": kind, "step": length - 1}

    # Parts ------------------------------------------------------------------------------------------------------------

    def begin(self, base: Carried, key: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """What stays as it is during an episode, and what is carried from step to step."""
        changing = {*self.program.changing, TIME, *(name for name in base if name.endswith(".queue"))}
        observation, state = self.environment.reset(environment_key(key, 0))
        begin = {
            "network": {name: base[name] for name in sorted(changing & base.keys())},
            "environment": jax.tree.map(jnp.asarray, state),  # some begin with numbers of Python's
            "observation": jnp.asarray(observation),
            "alive": jnp.array(True),
        }
        return {"values": {name: v for name, v in base.items() if name not in changing}, "carried": base}, begin

    def _step(self, fixed: dict[str, Any], state: dict[str, Any], key: Any, k: Any) -> tuple[dict[str, Any], Any]:
        """A step of the environment: observe, simulate, act."""
        seen, alive, space = state["observation"], state["alive"], self.environment.actions
        inputs = self.encoder(seen, encoder_key(key, k))
        out, network = self.simulated(fixed, state["network"], inputs, _network_key(key, k))
        action = jnp.asarray(decided(self.decoder, out, decoder_key(key, k)))
        observation, environment, reward, ended = self.environment.step(
            environment_key(key, k + 1), state["environment"], jax.lax.stop_gradient(action)
        )
        fine = jnp.isfinite(seen).all()
        reward = jnp.asarray(reward, dtype=float)
        kind = jnp.where(jnp.isfinite(reward), FINE, NAN_REWARD)
        kind = jnp.where(fine, jnp.where(space.accepts(action), kind, WRONG_ACTION), NAN_OBSERVATION)
        kind = jnp.where(alive, kind, FINE)
        lives = alive & ~jnp.asarray(ended).astype(bool) & (kind == FINE)
        # an environment that has ended stays where it was: what it did beyond need not be finite
        kept = jax.tree.map(
            lambda new, old: _like(jnp.where(alive, new, old), old),
            (environment, observation),
            (state["environment"], seen),
        )
        new = {"network": network, "environment": kept[0], "observation": kept[1], "alive": lives}
        found = {
            "rewards": jnp.where(alive & (kind == FINE), reward, 0),
            "actions": action,
            "observations": seen,
            "recorded": self.record(out),
            "alive": alive,
            "kind": kind,
        }
        return new, found

    def simulated(self, fixed: dict[str, Any], network: dict[str, Any], inputs: Mapping[str, Any], key: Any) -> Any:
        """The output of a piece of the run, and what it leaves to the next one."""
        base, dtype = fixed["carried"], self.program.dtype
        given = {**fixed["values"], **network}
        if not self.with_time:
            del given[TIME]
        values = Carried(
            {k: v for k, v in given.items() if k not in base.fixed}, {k: base[k] for k in base.fixed}, base.sent_with
        )
        inputs = {
            name: array if array.dtype == bool else array.astype(dtype)
            for name, array in ((n, jnp.asarray(a)) for n, a in inputs.items())
        }
        out = self.program(values, inputs, key)
        after = {name: network[name] if name == TIME and not self.with_time else out.final[name] for name in network}
        return out, after

    def _state_kind(self, end: dict[str, Any], kind: Any) -> Any:
        """What is wrong, if the network's own state is."""
        floats = [a for a in end["network"].values() if jnp.issubdtype(a.dtype, jnp.floating)]
        finite = jnp.stack([jnp.isfinite(a).all() for a in floats]).all()
        return jnp.where(finite | (kind == NAN_OBSERVATION), kind, NAN_STATE)


def _like(new: Any, old: Any) -> Any:
    """An array with the type of another one; a key has no other."""
    return new if jnp.issubdtype(old.dtype, jax.dtypes.prng_key) else new.astype(old.dtype)
