"""The pages of rules of rates and of the postsynaptic potential, and of homeostasis."""

from __future__ import annotations

from typing import Any

import numpy as np
from brian2 import Hz, NeuronGroup, StateMonitor, TimedArray, ms, mV, nS, second

from bioplast.definition import Neuron, Synapse
from bioplast.experiment import Row
from bioplast.figure.plots import Line, Plot
from bioplast.models import (
    ampa,
    bcm,
    bcm_threshold,
    clopath_stdp,
    clopath_traces,
    exponential_current,
    firing_rate,
    hebbian_decay,
    oja,
    synaptic_scaling,
    weight_normalisation,
    weight_sum,
)
from bioplast.protocols.zoo.pages.page import Found, Page
from bioplast.protocols.zoo.pages.simulation import CLAMP, STEP, cells, run, trains

RATES = "Plasticity of rates and potentials"
HOMEOSTASIS = "Homeostasis"

HELD = Neuron("nu : Hz\ng_ampa : siemens", name="held")
"""A neuron whose rate is held at a value."""


# ---- Clopath ---------------------------------------------------------------------------------------------------------


def voltage(points: int) -> Found:
    """Ten presynaptic spikes onto clamped cells: the change per spike against the potential."""
    compared = np.array([-65.0, -50.0, -30.0])
    volts = np.unique(np.concatenate([np.linspace(-80, -20, points), compared]))
    group = cells(CLAMP.replace(method="euler") + ampa + clopath_traces, len(volts), v=volts * mV)
    source = trains([np.arange(10, 500, 50.0)])
    synapses = clopath_stdp.connect(source, group, dt=STEP * ms, name="synapses")
    change = (run(700, source, group, synapses).final["synapses.w"] - 1) / 10

    def exact(v: np.ndarray) -> np.ndarray:
        above = np.clip(v + 70.6, 0, None)
        return above * (-14e-5 + 8e-5 * np.clip(v + 45.3, 0, None))

    rows = [
        Row(
            f"dw@{v:g}mV", float(change[np.argmin(np.abs(volts - v))]), published=float(exact(np.array(v))),
            tolerance=1e-5 * abs(float(exact(np.array(v)))),
            source="per presynaptic spike, potential held; closed form of Clopath et al. (2010), Methods; tolerance: "
            "what is left of the presynaptic trace at the end",
        )
        for v in compared
    ]  # fmt: skip
    fine = np.linspace(-80, -20, 300)
    plot = Plot("Change by a presynaptic spike", "postsynaptic potential, held (mV)", "change of the weight",
                [Line(fine, exact(fine), "closed form", "dashed"),
                 Line(volts, change, "simulated", "points", 0)])  # fmt: skip
    near = volts <= -40
    closer = Plot("The same below -40 mV", plot.x, plot.y,
                  [Line(fine[fine <= -40], exact(fine[fine <= -40]), "closed form", "dashed"),
                   Line(volts[near], change[near], "simulated", "points", 0)])  # fmt: skip
    return Found(rows, [plot, closer])


# ---- Hebbian with decay ----------------------------------------------------------------------------------------------


def coincidence(points: int) -> Found:
    """One presynaptic spike onto clamped cells: the step of H; a regular train: its growth towards the balance."""
    compared = np.array([-70.0, -55.0, -50.0])
    volts = np.unique(np.concatenate([np.linspace(-90, -30, points), compared]))
    group = cells(CLAMP + exponential_current, len(volts), v=volts * mV)
    train = np.arange(1, 400, 5.0)
    once, often = trains([[1.0]], name="once"), trains([train], name="often")
    single = hebbian_decay.connect(once, group, dt=STEP * ms, name="single")
    repeated = hebbian_decay.connect(often, group, dt=STEP * ms, name="repeated")
    trace = StateMonitor(repeated, "H", record=True, dt=1 * ms, name="trace")
    out = run(400, once, often, group, single, repeated, trace)
    change = out.final["single.H"]

    def exact(v: np.ndarray) -> np.ndarray:
        return 0.01 * np.tanh((v + 60) / 10)

    shown = int(np.argmin(np.abs(volts + 50)))
    history = out.states["trace"]["H"][:, shown]
    limit = float(exact(np.array(-50.0))) / (1 - np.exp(-5 / 19.5))
    rows = [
        Row(
            f"dH@{v:g}mV", float(change[np.argmin(np.abs(volts - v))]), published=float(exact(np.array(v))),
            tolerance=1e-12, source="by one spike; Wu et al. (2022): eta*tanh((v - v_0)/theta - beta)",
        )
        for v in compared
    ]  # fmt: skip
    rows.append(
        Row(
            "H_limit@200Hz", float(history.max()), published=limit, tolerance=1e-6 * limit,
            source="held at -50 mV; geometric series eta*tanh(1)/(1 - exp(-5 ms/tau_H))",
        )
    )  # fmt: skip
    fine = np.linspace(-90, -30, 200)
    return Found(
        rows,
        [
            Plot("Change by a presynaptic spike", "postsynaptic potential, held (mV)", "change of H",
                 [Line(fine, exact(fine), "closed form", "dashed"), Line(volts, change, "simulated", "points", 0)]),
            Plot("A train of 200 Hz, v = -50 mV", "time (ms)", "H after the last spike",
                 [Line([0, 400], [limit, limit], "closed form", "dashed"),
                  Line(np.arange(400), history, "simulated", "line", 0)]),
        ],
    )  # fmt: skip


# ---- rates -----------------------------------------------------------------------------------------------------------


def sliding(points: int) -> Found:
    """Cells whose rate is held: the rate of change at the start, and the sliding of the threshold."""
    step, duration = 1.0, 5000
    compared = np.array([5.0, 10.0, 20.0])
    hertz = np.unique(np.concatenate([np.linspace(0, 25, points), compared]))
    group = cells(HELD.replace(method="euler") + bcm_threshold, len(hertz), step, nu=hertz * Hz)
    inputs = NeuronGroup(1, "nu : Hz", threshold="False", reset="", dt=step * ms, name="inputs")
    inputs.nu = 8 * Hz
    synapses = bcm.connect(inputs, group, dt=step * ms, name="synapses", eta=1e-6 * second**2)
    weights = StateMonitor(synapses, "w", record=True, dt=step * ms, name="weights")
    shown = [int(np.argmin(np.abs(hertz - nu))) for nu in (5, 20)]
    threshold = StateMonitor(group, "theta_M", record=shown, dt=10 * ms, name="threshold")
    states = run(duration, inputs, group, synapses, weights, threshold).states
    w = states["weights"]["w"]
    speed = (w[1] - w[0]) / (step * 1e-3)

    def exact(nu: np.ndarray, theta: float = 10) -> np.ndarray:
        return 1e-6 * 8 * nu * (nu - theta)

    rows = [
        Row(
            f"dw_dt@{nu:g}Hz", float(speed[np.argmin(np.abs(hertz - nu))]), unit="1/s",
            # the first step sees the threshold where it starts, or one step later
            published=float(exact(np.array(nu))), tolerance=8e-6 * nu * abs(nu**2 / 10 - 10) * 1e-3 + 1e-12,
            source="presynaptic rate 8 Hz; Bienenstock, Cooper and Munro (1982) with theta_M = 10 Hz; tolerance: the "
            "threshold slides in the first time step",
        )
        for nu in compared
    ]  # fmt: skip
    theta = states["threshold"]["theta_M"]
    rows += [
        Row(
            f"theta_M_limit@{nu:g}Hz", float(theta[-1, k]), unit="Hz", published=nu**2 / 10,
            tolerance=0.007 * abs(nu**2 / 10 - 10), source="nu**2/nu_0 after 5 s; tolerance: exp(-5 s/tau_theta)",
        )
        for k, nu in enumerate((5, 20))
    ]  # fmt: skip
    fine = np.linspace(0, 25, 200)
    t = states["threshold"]["t"]
    return Found(
        rows,
        [
            Plot("Change while theta_M = 10 Hz", "postsynaptic rate (Hz)", "dw/dt (1/s)",
                 [Line(fine, exact(fine), "closed form", "dashed"), Line(hertz, speed, "simulated", "points", 0)],
                 zero=True),
            Plot("The threshold slides", "time (s)", "theta_M (Hz)",
                 [Line(t, theta[:, k], f"post at {nu} Hz") for k, nu in enumerate((5, 20))]),
        ],
    )  # fmt: skip


def linear_neuron(
    rule: Synapse, patterns: np.ndarray, w: np.ndarray, **values: Any
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """A neuron whose rate is the weighted sum of its inputs': weights [steps, inputs] and rate [steps] of 1 ms."""
    step = 1 * ms
    names = {"pattern": TimedArray(patterns, dt=step, name="pattern")}
    inputs = NeuronGroup(
        patterns.shape[1],
        "nu = pattern(t, i)*Hz : Hz",
        threshold="False",
        reset="",
        namespace=names,
        dt=step,
        name="inputs",
    )
    cell = HELD.group(1, dt=step, name="cells")
    summing = rule.replace(equations=rule.equations + "\nnu_post = w*nu_pre : Hz (summed)", requires_pre={"nu": Hz})
    synapses = summing.connect(inputs, cell, dt=step, w=w, namespace=names, name="synapses", **values)
    trace = StateMonitor(synapses, "w", record=True, dt=step, name="weights")
    rate = StateMonitor(cell, "nu", record=0, dt=step, when="end", name="rate")
    states = run(len(patterns), inputs, cell, synapses, trace, rate).states
    return states["weights"]["w"], states["rate"]["nu"][:, 0]


def principal_component(points: int) -> Found:
    """Correlated inputs: the weights turn towards their first principal component and take the norm 1/sqrt(alpha)."""
    covariance = np.array([[3.0, 1.2, 0.3], [1.2, 2.0, 0.2], [0.3, 0.2, 0.5]])
    x = np.random.default_rng(2).multivariate_normal(np.zeros(3), covariance, 15000)
    principal = np.linalg.eigh(np.cov(x.T))[1][:, -1]
    principal *= np.sign(principal[0])
    rows, lines = [], []
    shown: list[Line] = []
    for colour, alpha in enumerate((1.0, 4.0)):
        w, _ = linear_neuron(oja, x, np.array([0.3, 0.1, 0.6]), eta=1 * second, alpha=alpha)
        norm = np.linalg.norm(w, axis=1)
        late = w[-5000:].mean(axis=0)
        rows.append(
            Row(
                f"norm,alpha={alpha:g}", float(np.linalg.norm(late)), published=1 / np.sqrt(alpha),
                tolerance=0.02 / np.sqrt(alpha),
                source="mean of 5 s; Oja (1982): 1/sqrt(alpha); tolerance: 2 %, the weights fluctuate with the inputs",
            )
        )  # fmt: skip
        rows.append(
            Row(
                f"cosine,alpha={alpha:g}", float(late @ principal / np.linalg.norm(late)), published=1.0,
                tolerance=0.002,
                source="between the weights and the first principal component of the inputs; Oja (1982)",
            )
        )  # fmt: skip
        lines.append(Line(np.arange(0, 15, 0.05), norm[::50], f"alpha = {alpha:g}", "line", colour))
        lines.append(Line([0, 15], [1 / np.sqrt(alpha)] * 2, "" if colour else "1/sqrt(alpha)", "dashed"))
        if alpha == 1:
            shown = [Line(np.arange(3), principal, "principal component", "bars"),
                     Line(np.arange(3), late, "weights", "bars")]  # fmt: skip
    return Found(
        rows,
        [
            Plot("Norm of the weights", "time (s)", "norm", lines),
            Plot("Weights, alpha = 1", "input", "weight", shown, ticks=["1", "2", "3"]),
        ],
    )


# ---- homeostasis -----------------------------------------------------------------------------------------------------


def scaled(points: int) -> Found:
    """A neuron with too much and one with too little input: its rate goes to the goal, the ratios of weights stay."""
    start = np.array([0.5, 1.0, 2.5])
    rows, lines = [], []
    ratios: list[Line] = []
    t = 1e-3 * np.arange(8000)
    for colour, factor in enumerate((0.5, 4.0)):
        x = np.tile(factor * np.array([4.0, 2.0, 1.0]), (8000, 1))
        w, nu = linear_neuron(synaptic_scaling, x, start, beta=0.1, gamma=0 * Hz)
        exact = 20 / (1 + (20 / (start @ x[0]) - 1) * np.exp(-0.1 * 20 * t))
        name = "too little" if factor < 1 else "too much"
        rows.append(
            Row(
                f"rate_limit,{name.replace(' ', '_')}", float(nu[-1]), unit="Hz", published=20.0,
                tolerance=1e-4,
                source="van Rossum, Bi and Turrigiano (2000): the target rate; tolerance: exp(-16), what is left after "
                "8 s",
            )
        )  # fmt: skip
        rows.append(
            Row(
                f"ratio,{name.replace(' ', '_')}", float(w[-1, 2] / w[-1, 0]), published=5.0, tolerance=1e-9,
                source="of the third to the first weight; scaling is multiplicative",
            )
        )  # fmt: skip
        lines.append(Line(t[::40], exact[::40], "" if colour else "logistic equation", "dashed"))
        lines.append(Line(t[::200], nu[::200], f"{name} input", "points", colour))
        if factor < 1:
            ratios = [Line(t[::40], w[::40, k], f"w {k + 1}") for k in range(3)]
    return Found(
        rows,
        [
            Plot("Rate of the neuron", "time (s)", "rate (Hz)", lines),
            Plot("Weights, too little input", "time (s)", "weight", ratios),
        ],
    )


def normalised(points: int) -> Found:
    """Two neurons with sums above and below the goal: the sums go there, the ratios stay."""
    start = np.array([[60.0, 20.0], [40.0, 10.0], [20.0, 5.0]])
    inputs = NeuronGroup(3, "x : 1", threshold="False", reset="", dt=STEP * ms, name="inputs")
    group = cells(HELD + weight_sum, 2)
    synapses = weight_normalisation.connect(inputs, group, dt=STEP * ms, w=start.ravel(), name="synapses")
    trace = StateMonitor(synapses, "w", record=True, dt=5 * ms, name="trace")
    out = run(2000, inputs, group, synapses, trace)
    final = out.final["synapses.w"].reshape(3, 2)
    rows = []
    for k, name in enumerate(("too_much", "too_little")):
        rows.append(
            Row(
                f"sum,{name}", float(final[:, k].sum()), published=78.0, tolerance=1e-5,
                source="Diehl and Cook (2015): sum of the weights of a neuron; tolerance: exp(-20), what is left after "
                "2 s",
            )
        )  # fmt: skip
        rows.append(
            Row(
                f"ratio,{name}", float(final[0, k] / final[2, k]), published=float(start[0, k] / start[2, k]),
                tolerance=1e-9, source="of the first to the third weight, as at the start",
            )
        )  # fmt: skip
    t = out.states["trace"]["t"] * 1e3
    w = out.states["trace"]["w"].reshape(len(t), 3, 2)
    early = t <= 600
    sums = [Line(t[early], w[early, :, k].sum(axis=1), f"neuron {k + 1}") for k in range(2)]
    each = [Line(t[early], w[early, k, 0], f"w {k + 1}") for k in range(3)]
    return Found(
        rows,
        [
            Plot("Sum of the weights", "time (ms)", "sum", [*sums, Line([0, 600], [78, 78], "W_total", "dashed")]),
            Plot("Weights of neuron 1", "time (ms)", "weight", each),
        ],
    )


RATE_RULES: dict[str, Page] = {
    "clopath-stdp": Page(
        "Clopath's voltage rule", RATES, (clopath_traces, clopath_stdp), voltage,
        "Presynaptic spikes onto cells whose potential is held: nothing below theta_minus, depression up to about "
        "theta_plus, potentiation above it.",
        receptors=(ampa, clopath_traces), values=(("theta_plus", -55 * mV), ("g_max", 1 * nS)),
    ),
    "hebbian-decay": Page(
        "Hebbian plasticity with decay", RATES, (hebbian_decay,), coincidence,
        "Left: the step of the plastic weight at a presynaptic spike, against the potential. Right: its growth in a "
        "train, up to where decay and growth balance.",
        receptors=(exponential_current,), values=(("eta", 0.3),),
    ),
    "bcm": Page(
        "BCM", RATES, (bcm_threshold, bcm), sliding,
        "Left: the weight falls below the threshold and grows above it. Right: the threshold slides to nu**2/nu_0.",
        receptors=(ampa, firing_rate, bcm_threshold), values=(("g_max", 1 * nS),),
    ),
    "oja": Page(
        "Oja", RATES, (oja,), principal_component,
        "A linear neuron with three correlated inputs. Left: the norm of the weights. Right: the weights after "
        "learning beside the first principal component of the inputs.",
        receptors=(ampa, firing_rate), values=(("g_max", 1 * nS),),
    ),
    "synaptic-scaling": Page(
        "Synaptic scaling", HOMEOSTASIS, (synaptic_scaling,), scaled,
        "Left: a linear neuron with too little and one with too much input, and the closed form. Right: the weights "
        "keep their ratios.",
        receptors=(ampa, firing_rate), values=(("beta", 0.1),),
    ),
    "weight-normalisation": Page(
        "Weight normalisation", HOMEOSTASIS, (weight_sum, weight_normalisation), normalised,
        "Two neurons, the sum of whose weights starts above and below the goal. Right: the weights keep their ratios.",
        receptors=(ampa, weight_sum),
    ),
}  # fmt: skip
