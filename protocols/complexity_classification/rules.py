"""Three rules with one aim: the output neuron is to repeat the word a few steps later.

The classes take no part in it: they enter by the thresholds on the complexity and by the choice of hyper-parameters.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
from brian2 import Network, SpikeGeneratorGroup, SpikeMonitor, amp, ms, mV, nA

import bioplast
from bioplast.definition import Parameter, Receptor, Synapse
from bioplast.models import exponential_synapse, pair_stdp_current

from .networks import CELLS, MOST, Constants, compiled, outputs
from .tasks import DT

__all__ = ["LATENCY", "RATES", "RULES"]

Values = dict[str, np.ndarray]

# After how many steps the output is to repeat a bit.
LATENCY = 8
# The learning rates that are searched, from and to.
RATES = {"backprop": (3e-3, 0.3), "tempotron": (1e-4, 1e-1), "stdp": (1e-3, 0.1)}
# The words are cut into pieces of so many steps for the gradient, which goes back through all of them.
PIECE = 128


def backprop(
    cell: str,
    values: Values,
    constants: Constants,
    words: np.ndarray,
    rate: float,
    extended: bool,
    effort: int,
    seed: int,
) -> Values:
    """Gradients through the spikes of both layers, with a surrogate derivative: van Rossum's distance falls.

    In the extended space thresholds and time constants of each neuron are trained too.
    """
    import optax

    from bioplast import learning

    program = compiled(cell, PIECE)
    pieces = words[:, : words.shape[1] // PIECE * PIECE].reshape(-1, PIECE)
    rng = np.random.default_rng([seed, 2])
    pieces = pieces[rng.permutation(len(pieces))[: 16 * effort]]
    wanted = np.zeros((len(pieces), PIECE, 1))
    wanted[:, LATENCY:, 0] = pieces[:, :-LATENCY]
    train: dict[str, Any] = {"afferents.w": 0.1 * nA, "efferents.w": 0.1 * nA}
    if extended:
        for group in ("hidden", "output"):
            train[f"{group}.v_th"] = learning.Trainable(10 * mV, low=-59 * mV, high=2000 * mV)
            train[f"{group}.tau_m"] = learning.Trainable(20 * ms, low=1 * ms, high=200 * ms)
            train[f"{group}.tau_syn"] = learning.Trainable(5 * ms, low=0.2 * ms, high=50 * ms)
    fitted = learning.fit(
        program,
        {"word": pieces[:, :, None].astype(bool)},
        wanted,
        train=train,
        loss=lambda out, wanted: learning.van_rossum(out.raster("spikes"), wanted, DT, 5 * ms),
        # a rate that is an argument, so that another one is not another program
        optimiser=optax.inject_hyperparams(optax.adam)(learning_rate=rate),
        batch=16,
        epochs=4,
        seed=seed,
        values=values,
    )
    return {**values, **{name: np.asarray(fitted.values[name]) for name in train}}


@functools.lru_cache(8)
def _last_layer(cell: str) -> Any:
    """The hidden neurons' spikes as given ones, and the output neuron."""
    hidden = SpikeGeneratorGroup(MOST, [], [] * ms, dt=DT, name="hidden")
    output = CELLS[cell].group(1, dt=DT, name="output")
    efferents = exponential_synapse.connect(hidden, output, name="efferents", dt=DT)
    efferents.w = 0 * amp
    live = Network(hidden, output, efferents, SpikeMonitor(output, name="spikes"))
    return bioplast.compile(live, 1024 * DT, "jax", namespace={})


def tempotron(
    cell: str,
    values: Values,
    constants: Constants,
    words: np.ndarray,
    rate: float,
    extended: bool,
    effort: int,
    seed: int,
) -> Values:
    """The weights of the output neuron: a spike within `LATENCY` steps of a bit after a pause, and none after them.

    A pattern is what the hidden neurons do in a stretch of time. In the extended space the threshold and the membrane
    time constant of the output neuron are trained too.
    """
    from bioplast import learning

    chosen = words[: 4 * effort]
    inner = outputs(cell, values, chosen, seed, "inner")
    patterns, wanted = stretches(chosen, inner, 60 * effort, np.random.default_rng([seed, 3]))
    rule = learning.Tempotron(_last_layer(cell), "efferents.w", "theta" if cell == "probabilistic-meta" else None)
    own = {name: value for name, value in values.items() if name.startswith(("output.", "efferents."))}
    train: dict[str, Any] = {}
    if extended:
        train = {
            "output.v_th": learning.Trainable(10 * mV, low=-59 * mV, high=-20 * mV),
            "output.tau_m": learning.Trainable(20 * ms, low=1 * ms, high=200 * ms),
        }
    events = [(steps * float(DT), neurons) for steps, neurons in patterns]
    # time constants of one value have no kernel of two exponentials
    if abs(constants.tau_m / constants.tau_syn - 1) < 1e-3:
        own["output.tau_syn"] = own["output.tau_syn"] * 1.01
    fitted = rule.fit(
        {"hidden": events}, wanted, train=train, rate=rate, momentum=0.9, epochs=20, seed=seed, values=own
    )
    used = values["efferents.w"] != 0
    found = {name: np.asarray(fitted.values[name]) for name in ("efferents.w", *train)}
    found["efferents.w"] = np.where(used, found["efferents.w"], 0)
    return {**values, **found}


def stretches(
    words: np.ndarray, inner: np.ndarray, most: int, rng: np.random.Generator
) -> tuple[list[tuple[np.ndarray, np.ndarray]], np.ndarray]:
    """Patterns for a tempotron: (steps, neurons) of the hidden spikes in stretches of time, and whether a bit began it.

    One stretch lasts from a bit that follows a pause of `LATENCY` steps for `LATENCY` steps, the other from there to
    the next bit.

    Parameters
    ----------
    words : array [words, bits]
    inner : array [words, steps, neurons]
    most : int
        How many stretches there are at most.
    rng : numpy.random.Generator
    """
    patterns, wanted = [], []
    for word, spikes in zip(words, inner, strict=True):
        bits = np.flatnonzero(word)
        bounds = np.append(bits[1:], len(word))
        before = np.append(-len(word), bits[:-1])
        for bit, last, following in zip(bits, before, bounds, strict=True):
            if bit - last <= LATENCY or bit + LATENCY > len(word):
                continue
            patterns.append(np.nonzero(spikes[bit : bit + LATENCY]))
            wanted.append(True)
            if following > bit + LATENCY:
                patterns.append(np.nonzero(spikes[bit + LATENCY : following]))
                wanted.append(False)
    order = rng.permutation(len(patterns))[:most]
    return [patterns[k] for k in order], np.array([wanted[k] for k in order])


_teacher = Receptor(
    """
    dI_teacher/dt = -I_teacher/tau_teacher : amp
    """,
    current="I_teacher",
    parameters={"tau_teacher": Parameter(0.1 * ms, low=0.01 * ms, high=1 * ms, meaning="decay, within a step")},
    meaning="current that makes a neuron spike in the step that a teacher wants",
)
_teaching = Synapse(
    "",
    on_pre="I_teacher_post += w",
    requires_post={"I_teacher": amp},
    parameters={"w": Parameter(1 * nA, low=0 * nA, high=1000 * nA, meaning="current of the teacher")},
    meaning="a teacher's input",
)
# The window of the rule, in both directions.
_WINDOW = 10 * ms


@functools.lru_cache(8)
def _taught(cell: str, steps: int) -> Any:
    """The hidden neurons' spikes as given ones, the output neuron, and a teacher that makes it spike."""
    hidden = SpikeGeneratorGroup(MOST, [], [] * ms, dt=DT, name="hidden")
    teacher = SpikeGeneratorGroup(1, [], [] * ms, dt=DT, name="teacher")
    output = (CELLS[cell] + _teacher).group(1, dt=DT, name="output")
    plastic = pair_stdp_current.connect(hidden, output, name="efferents", dt=DT, tau_plus=_WINDOW, tau_minus=_WINDOW)
    teaching = _teaching.connect(teacher, output, name="teaching", dt=DT)
    live = Network(hidden, teacher, output, plastic, teaching, SpikeMonitor(output, name="spikes"))
    return bioplast.compile(live, steps * DT, "jax", namespace={})


def stdp(
    cell: str,
    values: Values,
    constants: Constants,
    words: np.ndarray,
    rate: float,
    extended: bool,
    effort: int,
    seed: int,
) -> Values:
    """Pair STDP of the output neuron's synapses while a teacher's current makes it repeat the word.

    A weight lies between 0 and twice what it begins with on average. The learning rate is the potentiation by a pair.
    """
    import jax

    chosen = words[: 4 * effort]
    inner = outputs(cell, values, chosen, seed, "inner")
    program = _taught(cell, words.shape[1])
    used = values["efferents.w"] != 0
    most = 2 * values["efferents.w"][used].mean()
    # what brings the membrane to twice the threshold within a step
    rise = 1 - np.exp(-float(DT) / constants.tau_m)
    settings: dict[str, Any] = {
        "efferents.A_plus": rate,
        "efferents.A_minus": 1.05 * rate,
        "efferents.w_max": most,
        "teaching.w": 2 * constants.threshold / (rise * 1e8),
    }
    settings |= {name: value for name, value in values.items() if name.startswith("output.")}
    settings = {name: np.broadcast_to(value, np.shape(program.values[name])) for name, value in settings.items()}
    weights = np.where(used, values["efferents.w"] / most, 0)
    with jax.enable_x64(True):
        for k, word in enumerate(chosen):
            wanted = np.zeros((len(word), 1), dtype=bool)
            wanted[LATENCY:, 0] = word[:-LATENCY]
            given = {"hidden": inner[k].astype(bool), "teacher": wanted}
            final = program({**settings, "efferents.w": weights}, given, seed + k).final
            weights = np.where(used, np.asarray(final["efferents.w"]), 0)
    return {**values, "efferents.w": weights * most}


Rule = Callable[[str, Values, Constants, np.ndarray, float, bool, int, int], Values]
RULES: dict[str, Rule] = {"backprop": backprop, "tempotron": tempotron, "stdp": stdp}
