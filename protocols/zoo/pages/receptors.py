"""The pages of receptors with their synapses: conductances and currents after spikes, block, coupling, rate."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from brian2 import StateMonitor, mmolar, ms, mV, nA, nS, pA

from bioplast.definition import Neuron, Receptor, Synapse
from bioplast.experiment import Row
from bioplast.figure.plots import Line, Plot
from bioplast.models import (
    alpha_current,
    alpha_synapse,
    ampa,
    ampa_synapse,
    delta_synapse,
    exponential_current,
    exponential_synapse,
    firing_rate,
    gaba_a,
    gaba_a_synapse,
    gaba_b,
    gaba_b_synapse,
    gap_current,
    gap_junction,
    lif,
    nmda,
    nmda_synapse,
)
from bioplast.protocols.zoo.pages.page import Found, Page
from bioplast.protocols.zoo.pages.simulation import CLAMP, STEP, cells, run, scripted, trains

SPIKE = 5.0  # when the presynaptic cell fires (ms); it acts at the end of that step
GROUP = "Receptors and synapses"
JAHR = "Jahr and Stevens (1990), J. Neurosci. 10:3178: B = 1/(1 + [Mg]/3.57 mM*exp(-0.062 v/mV))"


def clamped(
    cell: Neuron, synapse: Synapse, variables: dict[str, Any], duration: float, times: Any = (SPIKE,), v: float = -60
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Spikes onto one clamped cell: the time since the first acts (ms), and variables in the units given."""
    source, group = trains([times]), cells(cell, 1, v=v * mV)
    synapses = synapse.connect(source, group, dt=STEP * ms, name="synapses")
    trace = StateMonitor(group, list(variables), record=0, dt=STEP * ms, name="trace")
    states = run(duration, source, group, synapses, trace).states["trace"]
    found = {name: states[name][:, 0] / float(unit) for name, unit in variables.items()}
    return np.round(states["t"] * 1e3 - times[0] - STEP, 6), found


def somatic(cell: Neuron, synapse: Synapse, duration: float, **values: Any) -> tuple[np.ndarray, np.ndarray]:
    """The postsynaptic potential that one spike makes in a leaky cell at rest: times since then (ms), mV from rest."""
    source, group = trains([[SPIKE]]), cells(cell, 1)
    synapses = synapse.connect(source, group, dt=STEP * ms, name="synapses", **values)
    trace = StateMonitor(group, "v", record=0, dt=STEP * ms, name="trace")
    states = run(duration, source, group, synapses, trace).states["trace"]
    return np.round(states["t"] * 1e3 - SPIKE - STEP, 6), states["v"][:, 0] * 1e3 + 60


def _points(x: np.ndarray, y: np.ndarray, points: int, name: str, colour: int = 0) -> Line:
    chosen = np.unique(np.linspace(0, len(x) - 1, 2 * points).astype(int))
    return Line(x[chosen], y[chosen], name, "points", colour)


def kinetics(
    receptor: Receptor,
    synapse: Synapse,
    variable: str,
    unit: Any,
    text: str,
    kernel: Callable[[np.ndarray], np.ndarray],
    at: tuple[float, ...],
    source: str,
    duration: float,
    peak_of_soma: float,
    points: int,
) -> Found:
    """One spike: the conductance or current of a clamped cell against its closed form, and the potential it makes."""
    t, found = clamped(CLAMP + receptor, synapse, {variable: unit}, duration + SPIKE)
    after = t >= 0
    rows = [
        Row(
            f"{variable}@{time:g}ms",
            float(found[variable][np.argmin(np.abs(t - time))]),
            unit=text,
            published=float(kernel(np.array(time))),
            tolerance=1e-9 * float(kernel(np.array(time))),  # the linear equations are integrated exactly
            source=f"{time:g} ms after a spike; {source}",
        )
        for time in at
    ]
    since, potential = somatic(
        lif + receptor, synapse, duration + SPIKE, w=peak_of_soma * synapse.parameters["w"].value
    )
    peak = float(potential[np.argmax(np.abs(potential))])
    rows.append(Row("potential_peak", peak, unit="mV", source=f"in the cell lif, w = {peak_of_soma:g} of the default"))
    fine = np.linspace(0, duration, 400)
    letter = "conductance" if text == "nS" else "current"
    return Found(
        rows,
        [
            Plot(
                f"{letter.capitalize()} after a spike",
                "time after the spike (ms)",
                f"{letter} ({text})",
                [
                    Line(fine, kernel(fine), "closed form", "dashed"),
                    _points(t[after], found[variable][after], points, "simulated"),
                ],
            ),
            Plot(
                "Postsynaptic potential",
                "time after the spike (ms)",
                "v - E_L (mV)",
                [Line(since, np.round(potential, 6), "")],
                zero=True,
            ),
        ],
    )


def exponential_page(title: str, receptor: Receptor, synapse: Synapse, variable: str, tau: float, weight: float,
                     unit: Any, text: str, part: float, verified: Any) -> Page:  # fmt: skip
    """A jump of `weight` that decays with `tau`."""
    return Page(
        title,
        GROUP,
        (receptor, synapse),
        partial(
            kinetics, receptor, synapse, variable, unit, text, lambda t: weight * np.exp(-t / tau), (0, 10),
            f"closed form w*exp(-t/tau), w = {weight:g} {text}, tau = {tau:g} ms", 8 * tau, part,
        ),
        "Left: after one spike, in a clamped cell, with its closed form. Right: what a fraction of it does to the cell "
        "lif at rest.",
        receptors=(receptor,),
        values=(("w", verified),),
    )  # fmt: skip


# ---- NMDA ------------------------------------------------------------------------------------------------------------


def blocked(points: int) -> Found:
    """The conductance after a spike, and the magnesium block at 0.1, 1 and 2 mM against voltage."""

    def kernel(time: np.ndarray) -> np.ndarray:
        return 100 / 98 * (np.exp(-time / 100) - np.exp(-time / 2))

    t, found = clamped(CLAMP + nmda, nmda_synapse, {"g_nmda": nS}, 300)
    g = found["g_nmda"]
    peak = 100 * 2 / 98 * np.log(50)
    rows = [
        Row(
            "time_to_peak", float(t[np.argmax(g)]), unit="ms", published=peak, tolerance=STEP,
            source="closed form of a difference of exponentials, 2 and 100 ms; tolerance: a time step",
        ),
        Row(
            "g_nmda_peak", float(g.max()), unit="nS", published=float(kernel(np.array(peak))), tolerance=1e-4,
            source="closed form, w = 1 nS; tolerance: the peak between two time steps",
        ),
    ]  # fmt: skip
    compared = np.array([-80.0, -60, -40, -20, 0, 20, 40])
    volts = np.unique(np.concatenate([np.linspace(-90, 50, points), compared]))
    lines: list[Line] = []
    fine = np.linspace(-90, 50, 281)
    for colour, magnesium in enumerate((0.1, 1.0, 2.0)):
        group = cells(CLAMP + nmda, len(volts), v=volts * mV, Mg=magnesium * mmolar)
        # recorded at the end of the step: the block is held over a step
        trace = StateMonitor(group, "B_nmda", record=True, dt=STEP * ms, when="end", name="trace")
        block = run(STEP, group, trace).states["trace"]["B_nmda"][-1]
        lines.append(Line(fine, _block(fine, magnesium), "formula" if not colour else "", "dashed"))
        lines.append(Line(volts, block, f"{magnesium:g} mM Mg", "points", colour))
        if magnesium == 1:
            rows += [
                Row(
                    f"open_fraction@{v:g}mV", float(block[np.argmin(np.abs(volts - v))]),
                    published=float(_block(np.array(v), 1.0)), tolerance=1e-12, source=f"1 mM magnesium; {JAHR}",
                )
                for v in compared
            ]  # fmt: skip
    after = t >= 0
    thinned = np.linspace(0, 290, 400)
    return Found(
        rows,
        [
            Plot("Conductance after a spike", "time after the spike (ms)", "conductance (nS)",
                 [Line(thinned, kernel(thinned), "closed form", "dashed"),
                  _points(t[after], g[after], points, "simulated")]),
            Plot("Magnesium block", "potential v (mV)", "fraction of channels open", lines),
        ],
    )  # fmt: skip


def _block(v: np.ndarray, magnesium: float) -> np.ndarray:
    return 1 / (1 + magnesium / 3.57 * np.exp(-0.062 * v))


# ---- GABA-B ----------------------------------------------------------------------------------------------------------


def bursts(points: int) -> Found:
    """The current after 1, 2, 5 and 10 spikes 5 ms apart."""
    lines, peaks = [], {}
    for spikes in (1, 2, 5, 10):
        cell = (CLAMP + gaba_b).replace(method="rk4")
        times = SPIKE + 5 * np.arange(spikes)
        t, found = clamped(cell, gaba_b_synapse, {"I_gaba_b": pA}, 600, times=times)
        current = found["I_gaba_b"]
        lines.append(Line(t[::20], current[::20], f"{spikes} spike" + "s" * (spikes > 1)))
        peaks[spikes] = float(-current.min()), float(t[np.argmin(current)])
    rows = [
        Row("current_peak@1spike", peaks[1][0], unit="pA", source="outward, held at -60 mV"),
        Row("current_peak@10spikes", peaks[10][0], unit="pA", source="outward, held at -60 mV, spikes 5 ms apart"),
        Row("time_to_peak@10spikes", peaks[10][1], unit="ms", source="after the first spike"),
    ]
    counts = list(peaks)
    return Found(
        rows,
        [
            Plot("Current after a burst", "time after the first spike (ms)", "current (pA)", lines),
            Plot(
                "It needs a burst",
                "spikes in the burst",
                "outward peak current (pA)",
                [Line(counts, [peaks[n][0] for n in counts], "", "points")],
            ),
        ],
    )


# ---- delta, gap junction, firing rate --------------------------------------------------------------------------------


def jump(points: int) -> Found:
    """Two spikes onto a leaky cell at rest."""
    source, group = trains([[5.0, 25.0]]), cells(lif, 1)
    synapses = delta_synapse.connect(source, group, dt=STEP * ms, name="synapses", w=1 * mV)
    trace = StateMonitor(group, "v", record=0, dt=STEP * ms, name="trace")
    states = run(100, source, group, synapses, trace).states["trace"]
    t, v = np.round(states["t"] * 1e3, 6), states["v"][:, 0] * 1e3 + 60
    exact = np.sum([np.where(t > s + STEP / 2, np.exp(-(t - s - STEP) / 20), 0) for s in (5.0, 25.0)], axis=0)
    rows = [
        Row(
            f"potential@{time:g}ms", float(v[np.argmin(np.abs(t - time))]), unit="mV",
            published=float(exact[np.argmin(np.abs(t - time))]), tolerance=1e-9,
            source="above rest; closed form w*exp(-t/tau_m), w = 1 mV, spikes at 5 and 25 ms",
        )
        for time in (10.0, 30.0)
    ]  # fmt: skip
    plot = Plot("Potential, w = 1 mV", "time (ms)", "v - E_L (mV)",
                [Line(t, exact, "closed form", "dashed"), _points(t, v, 2 * points, "simulated")])  # fmt: skip
    return Found(rows, [plot])


def coupled(points: int) -> Found:
    """A current into one of two coupled cells: both potentials, and the coupling coefficient against conductance."""
    conductances = np.unique(np.concatenate([np.linspace(0, 10, points), [1.0, 5.0]]))
    n = len(conductances)
    pair = lif + gap_current
    # neither cell reaches its threshold
    group = cells(pair, 2 * n, I=np.where(np.arange(2 * n) < n, 0.08, 0) * nA)
    first = np.arange(n)
    values = np.tile(conductances, 2) * nS
    junctions = gap_junction.connect(
        group, i=[*first, *(first + n)], j=[*(first + n), *first], g_gap=values, dt=STEP * ms, name="junctions"
    )
    shown = int(np.argmin(np.abs(conductances - 5)))
    trace = StateMonitor(group, "v", record=[shown, shown + n], dt=STEP * ms, name="trace")
    out = run(400, group, junctions, trace)
    v = out.final["cells.v"] * 1e3 + 60
    coefficient = v[n:] / v[:n]
    rows = [
        Row(
            f"coupling_coefficient@{g:g}nS", float(coefficient[np.argmin(np.abs(conductances - g))]),
            published=g / (g + 10), tolerance=1e-6,
            source="g_gap/(g_gap + 1/R_m), steady state; tolerance: what is left of it after 20 time constants",
        )
        for g in (1.0, 5.0)
    ]  # fmt: skip
    fine = np.linspace(0, 10, 200)
    states = out.states["trace"]
    t, both = states["t"][:1500:5] * 1e3, states["v"][:1500:5] * 1e3
    return Found(
        rows,
        [
            Plot("A current into cell 1, 5 nS", "time (ms)", "v (mV)",
                 [Line(np.round(t, 3), both[:, 0], "cell 1"), Line(np.round(t, 3), both[:, 1], "cell 2")]),
            Plot("Coupling coefficient", "conductance g_gap (nS)", "change of v, cell 2 / cell 1",
                 [Line(fine, fine / (fine + 10), "closed form", "dashed"),
                  Line(conductances, coefficient, "simulated", "points", 0)]),
        ],
    )  # fmt: skip


def tracked(points: int) -> Found:
    """The rate that the receptor reports of cells that fire regularly."""
    hertz = np.unique(np.round(np.linspace(10, 100, points)))
    duration = 1500
    times = [np.arange(5, duration - 1, 1e3 / f) for f in hertz]
    group = cells(scripted(times, duration, 1.0) + firing_rate, len(hertz), 1.0)
    trace = StateMonitor(group, "nu", record=True, dt=1 * ms, name="trace")
    nu = run(duration, group, trace).states["trace"]["nu"]
    # whole periods of every rate that divides 1000 ms
    mean = nu[-1000:].mean(axis=0)
    rows = [
        Row(
            f"nu@{f:g}Hz", float(mean[np.argmin(np.abs(hertz - f))]), unit="Hz", published=f, tolerance=0.02 * f,
            source="mean over a second of a cell that fires regularly; tolerance: the time step of 1 ms over twice "
            "tau_nu and what is left of the start",
        )
        for f in (10.0, 100.0)
    ]  # fmt: skip
    show = int(np.argmin(np.abs(hertz - 40)))
    t = np.arange(duration)
    plots = [
        Plot(f"A cell that fires at {hertz[show]:g} Hz", "time (ms)", "nu (Hz)", [Line(t[:1000:2], nu[:1000:2, show])]),
        Plot("Reported rate", "true rate (Hz)", "mean of nu (Hz)",
             [Line(hertz, hertz, "identity", "dashed"), Line(hertz, mean, "simulated", "points", 0)]),
    ]  # fmt: skip
    return Found(rows, plots)


RECEPTORS: dict[str, Page] = {
    "ampa": exponential_page("AMPA", ampa, ampa_synapse, "g_ampa", 5, 6, nS, "nS", 0.1, 3 * nS),
    "gaba-a": exponential_page("GABA-A", gaba_a, gaba_a_synapse, "g_gaba_a", 10, 67, nS, "nS", 0.1, 2 * nS),
    "nmda": Page(
        "NMDA", GROUP, (nmda, nmda_synapse), blocked,
        "Left: conductance after one spike in a clamped cell. Right: the fraction of channels that magnesium leaves "
        "open.",
        receptors=(nmda,),
    ),
    "gaba-b": Page(
        "GABA-B", GROUP, (gaba_b, gaba_b_synapse), bursts,
        "Spikes 5 ms apart onto a cell held at -60 mV: four G-proteins have to bind, so single spikes do next to "
        "nothing.",
        receptors=(gaba_b,), values=(("w", 2 * mmolar),),
    ),
    "exponential-current": exponential_page(
        "Exponential current", exponential_current, exponential_synapse, "I_syn", 5, 0.1, nA, "nA", 0.5, 0.05 * nA
    ),
    "alpha-current": Page(
        "Alpha current", GROUP, (alpha_current, alpha_synapse),
        partial(
            kinetics, alpha_current, alpha_synapse, "I_alpha", nA, "nA", lambda t: 0.1 * t / 5 * np.exp(1 - t / 5),
            (5, 15), "closed form w*t/tau*exp(1 - t/tau), w = 0.1 nA, tau = 5 ms", 40, 0.2,
        ),
        "Left: current after one spike, in a clamped cell, with its closed form. Right: what a fraction of it does to "
        "the cell lif at rest.",
        receptors=(alpha_current,), values=(("w", 0.03 * nA),),
    ),
    "delta-synapse": Page(
        "Delta synapse", GROUP, (delta_synapse,), jump,
        "Two spikes onto the cell lif: each moves the potential at once, and it decays with the membrane.",
        values=(("w", 1 * mV),),
    ),
    "gap-junction": Page(
        "Gap junction", GROUP, (gap_current, gap_junction), coupled,
        "Two coupled cells, a constant current into the first. Left: their potentials. Right: how much of the first "
        "cell's change the second one sees.",
        receptors=(gap_current,),
    ),
    "firing-rate": Page(
        "Firing rate", GROUP, (firing_rate,), tracked,
        "What rules that speak of rates work on: the spike train, low-pass filtered.",
        receptors=(firing_rate,),
    ),
}  # fmt: skip
