"""Cooperative coevolution: every neuron has a population, and each mutant is judged in the network of the others.

An evolution strategy that varies 4096 numbers at once learns from a network's loss little about each of them. Hidden
neurons of one layer do not hear each other, and the potentials of the readout neurons are sums over them. So what the
loss of a network would be, were one neuron exchanged for a mutant, follows from the mutant's spikes alone; all mutants
of all neurons are judged for the price of as many networks as one neuron has mutants. Nothing is differentiated.

Sources: Potter and De Jong (2000), doi:10.1162/106365600568086, for populations that are judged together; Agogino and
Tumer (2008), doi:10.1162/evco.2008.16.2.257, for a member's worth as a difference that it alone makes.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .networks import DT, NEURONS

__all__ = ["changes", "coevolved", "values_of", "weighting"]


def values_of(numbers: Any) -> dict[str, Any]:
    """The hidden neurons' values in SI base units of numbers [neurons, 4] in typical sizes, or logarithms of them."""
    import jax.numpy as jnp

    columns = zip(NEURONS.items(), jnp.moveaxis(numbers, -1, 0), strict=True)
    return {
        f"hidden.{name}": float(how["unit"]) * (jnp.exp(column) if how.get("scale") == "log" else column)
        for (name, how), column in columns
    }


def _bounds() -> tuple[np.ndarray, np.ndarray]:
    """The least and the greatest of each neuron's numbers, [4]."""
    found = []
    for how in NEURONS.values():
        ends = np.array([float(how[end] / how["unit"]) for end in ("low", "high")])
        found.append(np.log(ends) if how.get("scale") == "log" else ends)
    low, high = np.array(found, dtype=np.float32).T
    return low, high


def weighting(steps: int, tau_m: float) -> np.ndarray:
    """What a spike in each step adds to a readout neuron's mean potential, [steps], in shares of the weight.

    Parameters
    ----------
    steps : int
    tau_m : float
        The readout neurons' membrane time constant in s: what a spike adds decays by exp(-dt/tau_m) in a step.
    """
    decay = float(np.exp(-float(DT) / tau_m))
    return np.array([sum(decay ** (u - t) for u in range(t, steps)) / steps for t in range(steps)])


def changes(scores: Any, wanted: Any, weights: Any, difference: Any) -> Any:
    """By how much the mean cross entropy changes when one neuron alone is exchanged, for each neuron, [neurons].

    Parameters
    ----------
    scores : array [samples, classes]
        Of the network with none exchanged.
    wanted : array of int [samples]
    weights : array [neurons, classes]
        By how much a unit of what a neuron sends moves each score.
    difference : array [samples, neurons]
        What the mutant sends more than the neuron.
    """
    import jax
    import jax.numpy as jnp

    shares = jax.nn.softmax(scores)
    # log sum_c exp(score_c + w_c*difference) less the same without it, the classes one by one: no array of all three
    grown = sum(shares[:, c : c + 1] * jnp.exp(weights[:, c] * difference) for c in range(weights.shape[1]))
    return (jnp.log(grown) - weights[:, wanted].T * difference).mean(axis=0)


def coevolved(
    program: Any,
    inputs: dict[str, Any],
    labels: dict[str, Any],
    *,
    scores: Any,
    unit: float,
    population: int,
    generations: int,
    neurons: int,
    rate: float,
    noise: float,
    every: int,
    seed: int,
) -> dict[str, Any]:
    """Evolve the hidden neurons of a network of `classification`, each by mirrored mutants of its own.

    Parameters
    ----------
    program : Program
        Of target jax.
    inputs, labels : dict
        By "train" and "validation": `Encoded` currents, and classes.
    scores : callable
        Of an output, the scores [classes].
    unit : float
        The potential in V that is a score of 1.
    population : int
        Mutants of each neuron, an even number.
    generations : int
    neurons : int
        A batch has as many samples as make so many hidden neurons in all.
    rate, noise : float
        Step size of Adam, which falls along a cosine, and standard deviation of the mutants, in typical sizes.
    every : int
        After so many generations the neurons are looked at on the validation samples.
    seed : int

    Returns
    -------
    dict
        ``"values"`` of the best generation in SI base units, ``"history"``, the validation accuracies, and ``"best"``,
        which of them that is, from 0.

    Raises
    ------
    BioplastError
        For a population that is not an even number of mutants, or no generation.
    """
    import jax
    import jax.numpy as jnp
    import optax

    from bioplast import learning
    from bioplast.errors import BioplastError

    if population < 2 or population % 2:
        raise BioplastError(f"coevolution: population {population}: mutants come in pairs, 2, 4, ... are accepted")
    if generations < 1 or every < 1:
        raise BioplastError(f"coevolution: generations {generations}, every {every}: at least 1 each is needed")
    state = program.values
    weights = jnp.asarray(np.reshape(state["efferents.w"], (-1, len(state["readout.tau_m"]))) / unit, jnp.float32)
    steps = round(float(program.duration) / float(DT))
    share = jnp.asarray(weighting(steps, float(state["readout.tau_m"][0])), jnp.float32)
    low, high = _bounds()
    optimiser = optax.adam(optax.cosine_decay_schedule(rate, generations))

    def sent(numbers: Any, given: Any) -> tuple[Any, Any]:
        """What the neurons send to the mean potentials [samples, neurons], and the scores."""
        out = program.batch(values_of(numbers), given)
        return jnp.einsum("bsn,s->bn", out.raster("spikes").astype(jnp.float32), share), scores(out)

    @jax.jit
    def generation(numbers: Any, course: Any, key: Any, given: Any, wanted: Any) -> tuple[Any, Any]:
        now, answer = sent(numbers, given)

        def pair(total: Any, mutation: Any) -> tuple[Any, None]:
            worth = [
                changes(answer, wanted, weights, sent(jnp.clip(numbers + sign * mutation, low, high), given)[0] - now)
                for sign in (1, -1)
            ]
            return total + (worth[0] - worth[1])[:, None] * mutation, None

        mutations = noise * jax.random.normal(key, (population // 2, *numbers.shape))
        total, _ = jax.lax.scan(pair, jnp.zeros_like(numbers), mutations)
        step, course = optimiser.update(total / (population * noise**2), course)
        return jnp.clip(numbers + step, low, high), course

    start = [np.asarray(state[f"hidden.{name}"]) / float(how["unit"]) for name, how in NEURONS.items()]
    logs = [how.get("scale") == "log" for how in NEURONS.values()]
    columns = [np.log(column) if log else column for column, log in zip(start, logs, strict=True)]
    numbers = jnp.asarray(np.stack(columns, axis=1), jnp.float32)
    course, key = optimiser.init(numbers), jax.random.key(seed)
    batch = min(max(1, neurons // len(numbers)), len(labels["train"]))
    wanted, history, found = np.asarray(labels["train"]), [], []
    per_epoch = -(-len(wanted) // batch)
    for k in range(generations):
        epoch, place = divmod(k, per_epoch)
        order = np.random.default_rng([seed, 9, epoch]).permutation(len(wanted))
        chosen = order[place * batch : (place + 1) * batch]
        chosen = np.concatenate([chosen, order[: batch - len(chosen)]])  # each batch is as large as the compiled one
        given = inputs["train"](chosen, (seed, 10, k))
        numbers, course = generation(numbers, course, jax.random.fold_in(key, k), given, wanted[chosen])
        if (k + 1) % every == 0 or k + 1 == generations:
            values = {name: np.asarray(value) for name, value in values_of(numbers).items()}
            answers = learning.predict(program, inputs["validation"], scores, values).argmax(axis=1)
            history.append(float((answers == labels["validation"]).mean()))
            found.append(values)
    best = int(np.argmax(history))
    return {"values": found[best], "history": history, "best": best}
