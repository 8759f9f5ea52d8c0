"""A rollout: a program that acts in an environment, for one network or for a population."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..errors import BioplastError, UnknownName
from ..learning.arguments import checked_program, require_function, whole
from ..program import Program
from ..program.arguments import checked_seed, in_short
from ..program.jax import devices, disk_cache, over_batch
from .decoders import decided
from .environment import Environment, Stepped
from .episodes import FINE, NAN_STATE, Episodes, refuse
from .foreign import environment_of
from .loop import Loop, encoder_key
from .spaces import Discrete, space_of
from .stepping import precision_of, stepped

__all__ = ["Rollout"]


class Rollout:
    """A network in the loop with an environment: observe, simulate for the program's duration, act.

    The whole state of the network goes on from step to step, spikes in flight included. On target jax and in an
    environment of pure functions all is one compiled call; otherwise the environment is stepped from Python, on any
    target. A network without random numbers and the same seed give the same episode on all of them.

    Parameters
    ----------
    program : Program
        Its duration is that of a step of the environment.
    environment : Environment
        Or one of gymnax, brax or gymnasium.
    encoder : callable
        ``encoder(observation, key)`` gives the inputs of a step; see `bioplast.control.encoders`.
    decoder : callable
        ``decoder(out)`` gives the action; see `bioplast.control.decoders`.
    steps : int, optional
        The most steps of an episode; those of the environment by default.
    record : callable, optional
        ``record(out)`` gives a dict of arrays that is kept of each step.

    Raises
    ------
    BioplastError
        When program, environment, encoder and decoder do not fit together, as by the shapes of their arrays.
    """

    def __init__(
        self,
        program: Program,
        environment: Any,
        encoder: Callable[..., Any],
        decoder: Callable[..., Any],
        *,
        steps: int | None = None,
        record: Callable[[Any], dict[str, Any]] | None = None,
    ):
        self.program = checked_program(program)
        self.environment = environment_of(environment)
        require_function(encoder, "encoder", "observation, key")
        require_function(decoder, "decoder", "out")
        if record is not None:
            require_function(record, "record", "out")
        self.encoder, self.decoder, self.record = encoder, decoder, record or _nothing
        self.functional = isinstance(self.environment, Environment)
        self.actions = space_of(self.environment.actions if self.functional else self.environment.action_space)
        limit = self.environment.max_steps if self.functional else _limit(self.environment)
        if steps is None and limit is None:
            raise BioplastError(f"{self._place}: it has no end of its own: give steps")
        limits = [limit, None if steps is None else whole(steps, "steps")]
        self.steps = min(number for number in limits if number is not None)
        self._loop: Any = None
        self._compiled: dict[str, Any] = {}
        self._known: set[Any] = set()
        with precision_of(self.program):
            if self.program.target == "jax" and self.functional:
                self._loop = Loop(self.program, self.environment, encoder, decoder, self.steps, self.record)
            self._check()

    # Called ---------------------------------------------------------------------------------------------------------

    def __call__(self, values: Mapping[str, Any] | None = None, seeds: Iterable[int] = (0,)) -> Episodes:
        """Episodes of one network.

        Parameters
        ----------
        values : mapping, optional
            Replaces values of the network, by the keys of `Program.values`.
        seeds : sequence of int
            One for each episode; on target jax and with functional environments any whole numbers, which make its key.

        Raises
        ------
        NonFiniteError
            For an observation or a state that is not finite.
        BioplastError
            For an action that the environment does not accept.
        """
        chosen = _checked_seeds(seeds)
        with precision_of(self.program):
            if self._loop is None:
                return self._from_python(values, chosen)
            base = self._loop.base(values)
            found = self._run("recorded", np.array(chosen, dtype=np.uint32), base)
        self._refuse_any(found, "kind", "step", found["observations"], found["actions"])
        ended = ~found.pop("alive")

        def shown(array: Any) -> Any:
            return np.where(ended.reshape(*ended.shape, *[1] * (array.ndim - 2)), np.zeros((), array.dtype), array)

        return Episodes(
            found["rewards"],
            shown(found["actions"]),
            shown(found["observations"]),
            found["length"],
            {name: shown(array) for name, array in found["recorded"].items()},
        )

    def returns(
        self,
        members: Mapping[str, Any],
        seeds: Iterable[int],
        values: Mapping[str, Any] | None = None,
    ) -> np.ndarray:
        """The sum of the rewards of each episode of a population, [members, episodes].

        A network whose state is not finite at the end of an episode has NaN.

        Parameters
        ----------
        members : mapping
            Values of each network, with the axis of the members in front.
        seeds : sequence of int
            One for each episode, the same for all members.
        values : mapping, optional
            Replaces values of all.

        Raises
        ------
        NonFiniteError, BioplastError
            As of a call.
        """
        chosen = _checked_seeds(seeds)
        members = self._checked_members(members)
        size = len(next(iter(members.values())))
        with precision_of(self.program):
            if self._loop is None:
                each = [
                    self._from_python(
                        {**(values or {}), **{k: v[m] for k, v in members.items()}}, chosen, f"member {m}, "
                    ).returns
                    for m in range(size)
                ]
                return np.stack(each)
            found = self._run("summed", members, (self._loop.base(values), np.array(chosen, dtype=np.uint32)))
        kinds = np.where(found["kind"] == NAN_STATE, FINE, found["kind"])
        if kinds.any():
            m, e = np.argwhere(kinds)[0]
            where = f"member {m}, episode {e}"
            refuse(
                kinds[m, e], where, found["step"][m, e], found["observation"][m, e], found["action"][m, e], self.actions
            )
        return found["return"]

    def episode(self, values: Mapping[str, Any], key: Any) -> dict[str, Any]:
        """One episode within ``jax.jit``, ``jax.vmap`` and ``jax.grad``.

        Parameters
        ----------
        values : mapping
            Those that JAX traces; the others are those of the network.
        key : JAX key

        Returns
        -------
        dict
            ``rewards``, ``actions``, ``observations``, ``alive`` and those of ``recorded``, [steps, ...], and
            ``length``. A derivative goes through the network and what is recorded of it; actions and what the
            environment does have none.
        """
        if self._loop is None:
            raise BioplastError(f"{self._place}: episode() needs target jax and an environment of pure functions")
        base = self._loop.changed(self._loop.base(None), values)
        return self._loop.recorded(base, key)

    # Parts ------------------------------------------------------------------------------------------------------------

    @property
    def _place(self) -> str:
        return f"environment {type(self.environment).__name__}"

    def _run(self, kind: str, batched: Any, shared: Any) -> dict[str, Any]:
        """Call what JAX compiles for each kind of question; on all cores."""
        loop = self._loop
        if kind not in self._compiled:
            # keys are made of the seeds in there: outside it would take as long as a hundred steps of the environment
            def recorded(seed: Any, base: Any) -> Any:
                return loop.recorded(base, jax.random.key(seed))

            def summed(members: Any, shared: Any) -> Any:
                base, seeds = shared
                changed = loop.changed(base, members)
                return jax.vmap(lambda seed: loop.summed(changed, jax.random.key(seed)))(seeds)

            one = {"recorded": recorded, "summed": summed}[kind]
            self._compiled[kind] = jax.jit(lambda b, s: over_batch(one, b, s, devices()))
        shapes = (kind, tuple((leaf.shape, str(leaf.dtype)) for leaf in jax.tree.leaves((batched, shared))))
        if shapes in self._known:
            return jax.device_get(self._compiled[kind](batched, shared))
        with disk_cache():
            found = jax.device_get(self._compiled[kind](batched, shared))
        self._known.add(shapes)
        return found

    def _refuse_any(self, found: dict[str, Any], kind: str, step: str, seen: Any, actions: Any) -> None:
        wrong = np.flatnonzero(found[kind])
        if len(wrong):
            e = wrong[0]
            k = int(found[step][e])
            refuse(int(found[kind][e]), f"episode {e}", k, seen[e, k], actions[e, k], self.actions)

    def _from_python(self, values: Mapping[str, Any] | None, seeds: Sequence[int], place: str = "") -> Episodes:
        def of(environments: list[Any], some: Sequence[int], first: int = 0) -> Episodes:
            return stepped(
                self.program,
                environments,
                self.actions,
                self.encoder,
                self.decoder,
                self.steps,
                self.record,
                values,
                some,
                first,
                place,
            )

        if self.functional:
            return of([Stepped(self.environment) for _ in seeds], seeds)
        each = [of([self.environment], [seed], k) for k, seed in enumerate(seeds)]
        return Episodes(
            np.concatenate([one.rewards for one in each]),
            np.concatenate([one.actions for one in each]),
            np.concatenate([one.observations for one in each]),
            np.concatenate([one.lengths for one in each]),
            {name: np.concatenate([one.recorded[name] for one in each]) for name in each[0].recorded},
        )

    def _checked_members(self, members: Mapping[str, Any]) -> dict[str, np.ndarray]:
        if not isinstance(members, Mapping) or not members:
            raise BioplastError(
                "members names values with an axis of the members in front, by the keys of Program.values"
            )
        known = self.program.values
        found = {}
        for key, given in members.items():
            if key not in known or key.endswith(".queue"):
                raise UnknownName("value", str(key), known)
            plain = np.asarray(given, dtype=self.program.dtype)
            if plain.ndim != known[key].ndim + 1 or plain.shape[1:] != known[key].shape:
                right = ", ".join(["members", *map(str, known[key].shape)])
                raise BioplastError(f"members: {key!r} has shape {plain.shape}: ({right}) is expected")
            found[key] = plain
        sizes = {key: len(value) for key, value in found.items()}
        if len(set(sizes.values())) > 1:
            raise BioplastError(f"members: different numbers of members: {sizes}")
        return found

    def _check(self) -> None:
        """Refuse what does not fit together, before an episode begins."""
        shape = self.environment.observation_shape if self.functional else self.environment.observation_space.shape
        if self.functional:
            self._check_environment()
        seen = np.zeros(shape, dtype=np.float32)
        place = f"{self._place}, observation of shape {tuple(shape)}"
        try:
            inputs = {name: np.asarray(a) for name, a in self.encoder(seen, encoder_key(jax.random.key(0), 0)).items()}
        except BioplastError:
            raise
        except Exception as error:  # of the user's function, or of NumPy about shapes
            raise BioplastError(f"{place}: the encoder ended in {type(error).__name__}: {error}") from error
        try:
            self.program._checked_samples({name: a[None] for name, a in inputs.items()}, 0.0)
        except BioplastError as error:
            raise BioplastError(f"{place}: {str(error).replace('samples, ', '').replace('(1, ', '(')}") from None
        for name, array in inputs.items():
            if array.dtype != bool and len(array) != 1:
                raise BioplastError(f"input {name!r} has {len(array)} rows: one, held for the step, is accepted")
        if self._loop is None:
            out = self.program(None, inputs, 0)
            self._check_action(out, np.asarray(decided(self.decoder, out, jax.random.key(0))))
            return
        base = self._loop.base(None)

        def first(base: Any, key: Any) -> Any:
            fixed, begin = self._loop.begin(base, key)
            out, _ = self._loop.simulated(fixed, begin["network"], inputs, key)
            scores = getattr(self.decoder, "scores", None)
            return (None if scores is None else scores(out)), jnp.asarray(decided(self.decoder, out, key))

        scores, action = jax.eval_shape(first, base, jax.random.key(0))
        self._check_shapes(scores, action)

    def _check_environment(self) -> None:
        """Refuse arrays of an environment that do not fit together."""
        environment = self.environment

        def first(key: Any) -> Any:
            seen, state = environment.reset(key)
            action = jnp.zeros(self.actions.shape, int if isinstance(self.actions, Discrete) else float)
            return seen, state, environment.step(key, state, action)

        try:
            seen, before, (after, state, reward, ended) = jax.eval_shape(first, jax.random.key(0))
        except Exception as error:  # of the user's functions
            reason = next(iter(str(error).strip().splitlines()), "")
            raise BioplastError(f"{self._place}: reset and step ended in {type(error).__name__}: {reason}") from error
        right = tuple(environment.observation_shape)
        for what, found, expected in (
            ("observation after reset", seen, right),
            ("observation after a step", after, right),
            ("reward", reward, ()),
            ("sign of the end", ended, ()),
        ):
            shape = getattr(found, "shape", None)
            if shape != expected:
                raise BioplastError(f"{self._place}: the {what} has shape {shape}: {expected} is expected")
        forms = [(jax.tree.structure(s), [leaf.shape for leaf in jax.tree.leaves(s)]) for s in (before, state)]
        if forms[0] != forms[1]:
            raise BioplastError(f"{self._place}: its state has other arrays after a step than after reset")

    def _check_action(self, out: Any, action: Any) -> None:
        scores = getattr(self.decoder, "scores", None)
        self._check_shapes(None if scores is None else scores(out), action)

    def _check_shapes(self, scores: Any, action: Any) -> None:
        name = type(self.decoder).__name__
        place = f"{self._place}: the decoder {name}"
        if action.shape != self.actions.shape:
            raise BioplastError(f"{place} gives actions of shape {action.shape}: {self.actions.shape} is expected")
        count = getattr(self.actions, "count", None)
        if scores is not None and count is not None and scores.shape != (count,):
            raise BioplastError(f"{place} chooses among {scores.shape[-1]} actions: {self.actions} are accepted")


def _nothing(out: Any) -> dict[str, Any]:
    return {}


def _limit(environment: Any) -> int | None:
    """The steps after which an environment of gymnasium cuts an episode off."""
    spec = getattr(environment, "spec", None)
    return getattr(spec, "max_episode_steps", None)


def _checked_seeds(given: Any) -> list[int]:
    try:
        seeds = [checked_seed(seed) for seed in given]
    except TypeError:
        raise BioplastError(f"seeds is {in_short(given)}: a sequence of whole numbers is accepted") from None
    if not seeds:
        raise BioplastError("seeds is empty: one for each episode is accepted")
    return seeds
