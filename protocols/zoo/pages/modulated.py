"""The pages of rules that listen to more than their own two neurons: reward and self-backpropagation."""

from __future__ import annotations

import numpy as np
from brian2 import SpikeGeneratorGroup, StateMonitor, ms, second

from bioplast.definition import Neuron
from bioplast.experiment import Row
from bioplast.figure.plots import Line, Plot
from bioplast.models import ampa, dopamine, dopamine_synapse, exponential_current, reward_stdp, sbp, sbp_sums
from bioplast.protocols.zoo.pages.page import Found, Page
from bioplast.protocols.zoo.pages.simulation import CLAMP, STEP, cells, run, scripted, trains
from bioplast.protocols.zoo.pages.spike_rules import lags_of

GROUP = "Plasticity with a third factor"

PAIR, REWARD, END = 150.0, 500.0, 3000.0  # ms: the presynaptic spike, the reward, the end of the run
REWARD_STEP = 1.0  # ms


def rewarded(points: int) -> Found:
    """One pair at each lag, and dopamine half a second later: none, and two amounts."""
    compared = (-20.0, -10.0, 10.0, 20.0)
    lags = np.unique(np.round(lags_of(points, compared)))
    rows, lines = [], []
    fine = np.concatenate([np.linspace(-100, -0.5, 200), [np.nan], np.linspace(0.5, 100, 200)])
    for colour, amount in enumerate((0.0, 0.25, 0.5)):
        before = np.full((len(lags), 1), PAIR)
        neuron = scripted(before + lags[:, None], END, REWARD_STEP) + ampa + dopamine
        source, group = trains(before, REWARD_STEP), cells(neuron, len(lags), REWARD_STEP)
        midbrain = SpikeGeneratorGroup(1, [0], [REWARD] * ms, dt=REWARD_STEP * ms, name="midbrain")
        plastic = reward_stdp.connect(source, group, j="i", dt=REWARD_STEP * ms, name="plastic")
        release = dopamine_synapse.connect(midbrain, group, w=amount, dt=REWARD_STEP * ms, name="release")
        change = run(END, source, midbrain, group, plastic, release).final["plastic.s"] - 1
        exact = reward_window(lags, amount)
        tolerance = 2 * REWARD_STEP / 200 * float(np.abs(exact).max())
        name = f"{amount:g} uM dopamine" if amount else "no reward"
        lines.append(Line(fine, reward_window(fine, amount), "" if colour else "closed form", "dashed"))
        lines.append(Line(lags, change, name.replace("uM", "µM"), "points", colour))
        rows += [
            Row(
                f"ds@{lag:+g}ms,{amount:g}uM", float(change[np.argmin(np.abs(lags - lag))]),
                published=float(reward_window(np.array(lag), amount)), tolerance=tolerance,
                source=f"one pair, post - pre = {lag:+g} ms, dopamine {REWARD - PAIR:g} ms later; integral of c*(DA_0 "
                "+ DA)/tau_s, Izhikevich (2007); tolerance: two time steps over tau_DA",
            )
            for lag in (compared if amount else compared[1:3])
        ]  # fmt: skip
    return Found(rows, [Plot("Change by one pair", "post - pre (ms)", "change of the strength s", lines, zero=True)])


def reward_window(lags: np.ndarray, amount: float) -> np.ndarray:
    """The change of s in closed form."""
    jump = np.where(np.isnan(lags), np.nan, np.where(lags > 0, 0.1, -0.15) * np.exp(-np.abs(lags) / 20))
    start = PAIR + np.maximum(lags, 0)  # the later spike
    tonic = 0.002 * jump * 1000 * (1 - np.exp(-(END - start) / 1000))
    rate = 1 / 1000 + 1 / 200
    phasic = amount * jump * np.exp(-(REWARD - start) / 1000) * (1 - np.exp(-(END - REWARD) * rate)) / rate
    return (tonic + phasic) / 10


# ---- SBP -------------------------------------------------------------------------------------------------------------


def spread_of(P: np.ndarray, D: np.ndarray, behind: tuple[np.ndarray, np.ndarray] | None = None) -> tuple:
    """The change of a layer's weights [pre, post], and what it sends back, by the matrices of the authors' code."""

    def share(x: np.ndarray) -> np.ndarray:
        return x / x.sum() if x.sum() else x

    f, presynaptic, postsynaptic, backward = 0.2, 1.0, 0.5, 1.0
    P_pre = (1 + f * presynaptic * share(P.sum(axis=1)))[:, None] * P
    D_pre = (1 + f * presynaptic * share(D.sum(axis=1)))[:, None] * D
    D_post = D * (1 + f * postsynaptic * share(D.sum(axis=0)))
    if behind is None:
        return P_pre + (D_pre + D_post) / 2, (P_pre, D_pre)
    P_back = P * (1 + f * backward * share(behind[0].sum(axis=1)))
    D_back = D * (1 + f * backward * share(behind[1].sum(axis=1)))
    return (P_pre + P_back) / 2 + (D_pre + D_post + D_back) / 3, (P_pre, D_pre)


def spread(points: int) -> Found:
    """Three layers with given potentiations and depressions: what becomes of them in one step."""
    rng = np.random.default_rng(4)
    sizes = (4, 5, 3)
    changes = [rng.normal(0, 0.1, shape) for shape in ((4, 5), (5, 3))]
    changes[1][2] = [0.3, 0.4, 0.2]  # the third hidden neuron drives the output, and is paid for it
    silent = Neuron(CLAMP.equations, input="I", threshold="False", reset="", method="exact")
    layers = [
        (silent + exponential_current + sbp_sums).group(n, dt=STEP * ms, name=f"layer_{k}") for k, n in enumerate(sizes)
    ]
    common = dict(dt=STEP * ms, w=0, tau_SBP=1e9 * second)  # P and D stay as they are
    synapses = [
        sbp.connect(layers[0], layers[1], name="b_hidden", **common, **_parts(changes[0])),
        # sorted: the sums of the output layer are taken first
        sbp.connect(layers[1], layers[2], name="a_output", h=0, **common, **_parts(changes[1])),
    ]
    traces = [StateMonitor(s, "w", record=True, dt=STEP * ms, name=f"w_{s.name}") for s in synapses]
    states = run(0.8, *layers, *synapses, *traces).states
    scale = 0.1 * STEP * 1e-3 / 1e9  # alpha*dt/tau_SBP
    found = [
        (states[t.name]["w"][-1] - states[t.name]["w"][-2]).reshape(change.shape) / scale
        for t, change in zip(traces, changes, strict=True)
    ]
    P, D = [np.clip(c, 0, None) for c in changes], [np.clip(c, None, 0) for c in changes]
    output, behind = spread_of(P[1], D[1])
    hidden, _ = spread_of(P[0], D[0], behind)
    rows = [
        Row(
            f"deviation,{name}_layer", float(np.abs(ours - exact).max() / np.abs(exact).max()), published=0.0,
            tolerance=1e-8, source="largest deviation from the matrices of the authors' code (Zhang et al. 2021), "
            "relative to the largest change",
        )
        for name, ours, exact in (("hidden", found[0], hidden), ("output", found[1], output))
    ]  # fmt: skip
    boost = np.array([ours[c > 0].sum() / c[c > 0].sum() for ours, c in zip(found[0].T, changes[0].T, strict=True)])
    alone = np.array([one[c > 0].sum() / c[c > 0].sum() for one, c in zip(P[0].T, changes[0].T, strict=True)])
    exact = np.array([one[c > 0].sum() / c[c > 0].sum() for one, c in zip(hidden.T, changes[0].T, strict=True)])
    rows.append(
        Row(
            "boost,third_hidden", float(boost[2]), published=float(exact[2]), tolerance=1e-8,
            source="potentiation of the synapses onto the hidden neuron that drives the output, with over without "
            "spread; the same matrices",
        )
    )  # fmt: skip
    ends = np.array([min(map(np.min, (hidden, output))), max(map(np.max, (hidden, output)))])
    return Found(
        rows,
        [
            Plot("Every synapse", "change by the authors' code", "change, simulated",
                 [Line(ends, ends, "identity", "dashed"),
                  Line(hidden.ravel(), found[0].ravel(), "input to hidden", "points", 0),
                  Line(output.ravel(), found[1].ravel(), "hidden to output", "points", 1)]),
            Plot("Potentiation of a hidden neuron's inputs", "hidden neuron", "relative to STDP alone",
                 [Line(np.arange(5), alone, "STDP alone", "bars"), Line(np.arange(5), boost, "with spread", "bars")],
                 ticks=["1", "2", "3", "4", "5"]),
        ],
    )  # fmt: skip


def _parts(change: np.ndarray) -> dict[str, np.ndarray]:
    return {"P": np.clip(change, 0, None).ravel(), "D": np.clip(change, None, 0).ravel()}


MODULATED: dict[str, Page] = {
    "reward-stdp": Page(
        "Reward-modulated STDP", GROUP, (dopamine, dopamine_synapse, reward_stdp), rewarded,
        "One pair of spikes makes the synapse eligible; dopamine, 350 ms after the presynaptic spike, decides what "
        "becomes of it.",
        receptors=(ampa, dopamine),
    ),
    "sbp": Page(
        "Self-backpropagation (SBP)", GROUP, (sbp_sums, sbp), spread,
        "A network of 4, 5 and 3 neurons in which every synapse has been potentiated or depressed. Left: what the "
        "spread makes of it. Right: the inputs of the third hidden neuron, whose outputs were potentiated most, gain "
        "most.",
        receptors=(exponential_current, sbp_sums), values=(("alpha", 1), ("A_plus", 0.1), ("A_minus", 0.1)),
    ),
}  # fmt: skip
