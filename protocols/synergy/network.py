"""The networks: pixels that drive layers of soft-reset neurons, dense or behind convolutions, and a readout."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from brian2 import Network, NeuronGroup, SpikeMonitor, StateMonitor, TimedArray, ms, mV, volt

import bioplast
from bioplast import connection
from bioplast.definition import Neuron, Synapse, co_release, merged, merged_weights, same_step
from bioplast.errors import BioplastError

from . import rule

__all__ = ["ARMS", "DT", "Live", "build", "compiled", "merge", "plastic_layers"]

DT = 1 * ms
#: The weights of a plastic layer, by the arm; "fixed" are those at the start, which nothing changes.
ARMS: dict[str, tuple[str, ...]] = {
    "stbp": ("1",),
    "stbp-hebbian": ("1", "2"),
    "stbp-sbp": ("1", "3"),
    "mpsl": ("1", "2", "3"),
    "hebbian": ("1", "2"),
    "sbp": ("1", "3"),
    "fixed": ("1",),
}
#: Arms in which gradients train the readout alone: hidden weights stay as drawn, but for what is plastic.
LOCAL = ("hebbian", "sbp", "fixed")
MECHANISMS = {"1": rule.gradient, "2": rule.hebbian, "3": rule.self_backpropagation}

# Average pooling in front of a plastic layer: what has come in within the step is sent on at once.
relay = Neuron("x : 1", threshold="x >= 0", reset="x = 0", name="relay")
pool = Synapse("w : 1", on_pre="x_post += w", requires_post={"x": 1}, name="pool")
# A neuron for each class that integrates and never spikes.
readout = Neuron(
    """
    dv/dt = -v/tau_m : volt
    tau_m : second (constant)
    v_th : volt (constant)
    n : 1
    R_all : volt
    """,
    method="exact",
    name="readout",
)


@dataclass
class Live:
    """A network of Brian2 and the keys of its values.

    Attributes
    ----------
    network : Network
        With the TimedArray "image" [frames, pixels] as its input, monitors "potential" of the readout, "penultimate" of
        the layer before it, and "spikes" of that.
    spiking : list of str
        The groups whose spikes have a surrogate derivative.
    weights : list of str
        The weights of every layer that gradients train.
    last : str
        Those of the readout.
    plastic : dict of Synapses
        The layers with weights of several kinds, by name.
    mechanisms : tuple of str
        Those of the plastic layers.
    """

    network: Network
    steps: int
    spiking: list[str] = field(default_factory=list)
    weights: list[str] = field(default_factory=list)
    last: str = ""
    plastic: dict[str, Any] = field(default_factory=dict)
    mechanisms: tuple[str, ...] = ("1",)

    @property
    def carried(self) -> list[str]:
        """The weights that change within a sample."""
        return [f"{name}.w_{k}" for name in self.plastic for k in self.mechanisms if k != "1"]

    def coefficients(self, *names: str) -> list[str]:
        """The keys of parameters of the rule that the plastic layers have; of lambda_p those that have an effect."""
        last = f"{next(reversed(self.plastic), '')}.lambda_p"  # nothing is spread from behind the last layer
        keys = [f"{name}.{p}" for name, made in self.plastic.items() for p in names if p in made.variables]
        return [key for key in keys if key != last]


def plastic_layers(mechanisms: tuple[str, ...]) -> tuple[Synapse, Synapse]:
    """The synapse of the first plastic layer, and that of those behind it, which tell the sums of their rows."""
    first = co_release(rule.COEFFICIENT, rule.COMMON, **{k: MECHANISMS[k] for k in mechanisms})
    return first, first + rule.row_sums if "3" in mechanisms else first


def build(
    shape: tuple[int, int, int], classes: int, settings: dict[str, Any], seed: int, one: bool = False, frames: int = 1
) -> Live:
    """The network of an arm.

    Parameters
    ----------
    shape : tuple of int
        (channels, height, width) of an image.
    classes : int
    settings : dict
        ``"arm"``, ``"channels"`` of the convolutions (none: a dense network), ``"hidden"`` neurons, ``"steps"``,
        ``"v_th_mV"``, ``"tau_m_ms"``, ``"start"``: the parameters of the rule.
    seed : int
        Governs the weights at the start.
    one : bool
        Whether the plastic layers have one weight, as after merging.
    frames : int
        How many images a sample shows, each for the same part of the steps.
    """
    rng = np.random.default_rng([seed, 7])
    mechanisms = ARMS[settings["arm"]]
    cell = rule.mpsl_lif + rule.mpsl_sums
    numbers = {"tau_m": settings["tau_m_ms"] * ms, "v_th": settings["v_th_mV"] * mV}
    if settings["steps"] % frames:
        raise BioplastError(f"steps is {settings['steps']}: a multiple of the {frames} frames of a sample is accepted")
    image = TimedArray(np.zeros((frames, int(np.prod(shape)))), dt=settings["steps"] // frames * DT, name="image")
    layers: list[Any] = [
        NeuronGroup(
            int(np.prod(shape)),
            "x = image(t, i) : 1 (constant over dt)",
            threshold="x > 0",
            reset="",
            dt=DT,
            name="pixels",
            namespace={"image": image},
        )
    ]
    live = Live(Network(), settings["steps"], mechanisms=mechanisms)
    synapses: list[Any] = []

    def drawn(shape: tuple[int, ...], into: int, gain: float) -> Any:
        # some spikes in every layer: a fifth of what comes in is active
        return gain * settings["v_th_mV"] * rng.normal(0.1, 1, shape) * np.sqrt(5 / into) * mV

    before: connection.Connection | None = None
    for n, kernels in enumerate(settings["channels"]):
        if before is None:
            along: connection.Connection = connection.convolution(shape, kernels, 3, padding=1)
        else:
            halved = connection.average_pooling(before.shape, 2)
            along = halved.then(connection.convolution, kernels=kernels, size=3, padding=1)
        layers.append(cell.group(along.neurons, dt=DT, name=f"convolution{n + 1}", **numbers))
        into = int(np.prod(along.weights[1:]))
        w = along.share * drawn(along.weights, into, 1.0 if n == 0 else 2.0)
        name = f"kernels{n + 1}"
        synapses.append(rule.gradient.connect(layers[-2], layers[-1], along=along, w=w, dt=DT, name=name))
        live.spiking.append(layers[-1].name)
        live.weights.append(f"{name}_kernels.w")
        before = along
    if before is not None:
        halved = connection.average_pooling(before.shape, 2)
        layers.append(relay.group(halved.neurons, dt=DT, name="pooled"))
        synapses.append(pool.connect(layers[-2], layers[-1], along=halved, w=halved.share, dt=DT, name="pooling"))
    sizes = [*settings["hidden"], classes]
    rules = plastic_layers(mechanisms)
    for n, size in enumerate(sizes):
        last = n == len(sizes) - 1
        name, into = f"layer{n + 1}", len(layers[-1])
        group = readout if last else cell
        layers.append(group.group(size, dt=DT, name="readout" if last else f"hidden{n + 1}", **numbers))
        w = drawn((into * size,), into, 0.5 if last else 1.0)
        no_delay = {"pre": 0 * ms}
        if one:
            made = merged(rules[0]).connect(layers[-2], layers[-1], dt=DT, name=name, delay=no_delay, W=w)
        else:
            values = {"w_1": w, **_start(rules[bool(n)], settings["start"])}
            if len(mechanisms) > 1:
                no_delay["learn"] = 0 * ms
            made = rules[bool(n)].connect(layers[-2], layers[-1], dt=DT, name=name, delay=no_delay, **values)
            live.plastic[name] = made
        live.weights.append(f"{name}.{'W' if one else 'w_1'}")
        if not last:
            live.spiking.append(layers[-1].name)
        synapses.append(made)
    live.last = live.weights[-1]
    same_step(layers, synapses)
    record = {"record": True, "dt": DT, "when": "before_resets", "order": 1000}
    live.network.add(
        *layers,
        *synapses,
        SpikeMonitor(layers[-2], name="spikes"),
        StateMonitor(layers[-2], "v", name="penultimate", **record),
        StateMonitor(layers[-1], "v", name="potential", **record),
    )
    return live


def _start(definition: Synapse, start: dict[str, Any]) -> dict[str, Any]:
    """Parameters of the rule that a definition has, with their units."""
    units = {"eta_mV": ("eta", mV), "tau_w_ms": ("tau_w", ms)}
    found = {}
    for name, number in start.items():
        key, unit = units.get(name, (name, 1))
        if key in definition.parameters:
            found[key] = number * unit
    return found


def compiled(live: Live, settings: dict[str, Any], target: str = "jax") -> Any:
    """The program; on target jax in single precision, with the paper's surrogate derivative, a rectangle of width 1."""
    options: dict[str, Any] = {}
    if target == "jax":
        surrogate = {name: bioplast.Rectangle(beta=settings.get("width", 1.0), unit=1 * mV) for name in live.spiking}
        options = {"surrogate": surrogate, "dtype": settings.get("dtype", "float32")}
    return bioplast.compile(live.network, live.steps * DT, target, namespace={}, **options)


def merge(live: Live, program: Any, values: dict[str, Any]) -> dict[str, np.ndarray]:
    """The values of the network with one weight for each synapse, W = sum_i lambda_i*W_i, by its keys.

    Parameters
    ----------
    live : Live
        The network with several.
    program : Program
        Of it.
    values : dict
        Those of its values that are other than in the network, in SI base units.
    """
    before = program.values
    known = {**before, **values}
    program.write_back(known)
    found = {f"{name}.W": np.asarray(merged_weights(made)["W"] / volt) for name, made in live.plastic.items()}
    program.write_back(before)
    others = {
        key: np.asarray(known[key], dtype=float) for key in live.weights if key.partition(".")[0] not in live.plastic
    }
    return others | found
