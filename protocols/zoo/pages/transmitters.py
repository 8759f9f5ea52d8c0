"""The page of the synapse that releases several transmitters."""

from __future__ import annotations

import numpy as np
from brian2 import StateMonitor, mV, nS
from brian2 import ms as millisecond

from bioplast.definition import co_release, merged, merged_weights
from bioplast.experiment import Row
from bioplast.figure.plots import Line, Plot
from bioplast.models import ampa, ampa_synapse, gaba_a, gaba_a_synapse, lif, nmda, nmda_synapse
from bioplast.protocols.zoo.pages.page import Found, Page
from bioplast.protocols.zoo.pages.simulation import CLAMP, STEP, cells, run, trains

THREE = co_release(fast=ampa_synapse, slow=nmda_synapse, gaba=gaba_a_synapse)
ONE = merged(THREE)
VALUES = {
    "w_fast": 4 * nS,
    "w_slow": 8 * nS,
    "w_gaba": 3 * nS,
    "lambda_fast": 0.5,
    "lambda_slow": 0.25,
    "lambda_gaba": 1,
}
SPIKES = (5.0, 25.0)  # ms


def kinetics(time: np.ndarray) -> dict[str, np.ndarray]:
    """The conductances (nS) of the three receptors in closed form."""
    since = np.asarray(time)[..., None] - (np.array(SPIKES) + STEP)

    def summed(kernel: np.ndarray) -> np.ndarray:
        return np.where(since > -STEP / 2, kernel, 0).sum(axis=-1)

    s = np.clip(since, 0, None)
    return {
        "g_ampa": 0.5 * 4 * summed(np.exp(-s / 5)),
        "g_nmda": 0.25 * 8 * summed(100 / 98 * (np.exp(-s / 100) - np.exp(-s / 2))),
        "g_gaba_a": 3 * summed(np.exp(-s / 10)),
    }


def released(points: int) -> Found:
    """Two spikes: the conductances of a clamped cell, and the potential of a leaky one, also with merged weights."""
    dt = STEP * millisecond
    source = trains([SPIKES])
    group = cells(CLAMP + ampa + nmda + gaba_a, 1, v=-60 * mV)
    synapses = THREE.connect(source, group, dt=dt, name="synapses", **VALUES)
    names = ("g_ampa", "g_nmda", "g_gaba_a")
    trace = StateMonitor(group, names, record=0, dt=dt, name="trace")
    states = run(80, source, group, synapses, trace).states["trace"]
    t = np.round(states["t"] * 1e3, 6)
    exact = kinetics(t)
    rows = [
        Row(
            f"{name}@{time:g}ms", float(states[name][k, 0] * 1e9), unit="nS", published=float(exact[name][k]),
            tolerance=1e-9 * float(exact[name][k]),
            source="lambda*w times the kinetics of the receptor, spikes at 5 and 25 ms; closed form",
        )
        for name in names
        for time in (15.0, 40.0)
        for k in [int(np.argmin(np.abs(t - time)))]
    ]  # fmt: skip
    several, single = _potentials()
    rows.append(
        Row(
            "merged_deviation", float(np.abs(several - single).max()), unit="mV", published=0.0, tolerance=1e-9,
            source="largest difference of the potential between three transmitters and one merged weight for each "
            "receptor",
        )
    )  # fmt: skip
    chosen = np.arange(0, len(t), max(1, len(t) // points))
    lines = []
    for colour, (name, text) in enumerate(zip(names, ("AMPA", "NMDA", "GABA-A"), strict=True)):
        lines.append(Line(t, exact[name], "" if colour else "closed form", "dashed"))
        lines.append(Line(t[chosen], states[name][chosen, 0] * 1e9, text, "points", colour))
    return Found(
        rows,
        [
            Plot("Three transmitters, two spikes", "time (ms)", "conductance (nS)", lines),
            Plot("Potential of the cell lif", "time (ms)", "v (mV)",
                 [Line(t, several, "three transmitters", "line", 0),
                  Line(t[chosen], single[chosen], "merged weights", "points", 1)]),
        ],
    )  # fmt: skip


def _potentials() -> tuple[np.ndarray, np.ndarray]:
    """The potential (mV) of a leaky cell with the three transmitters, and with the merged weights."""
    found, definition, values = [], THREE, VALUES
    for _ in range(2):
        source = trains([SPIKES])
        group = cells(lif + ampa + nmda + gaba_a, 1)
        synapses = definition.connect(source, group, dt=STEP * millisecond, name="synapses", **values)
        trace = StateMonitor(group, "v", record=0, dt=STEP * millisecond, name="trace")
        found.append(run(80, source, group, synapses, trace).states["trace"]["v"][:, 0] * 1e3)
        if definition is THREE:
            definition, values = ONE, merged_weights(synapses)
    return found[0], found[1]


TRANSMITTERS: dict[str, Page] = {
    "co-release": Page(
        "Several transmitters in one synapse", "Co-release", (THREE, ONE), released,
        "One synapse releases three transmitters, made by bioplast.definition.co_release. Left: the conductance "
        "that each opens, with its closed form. Right: the potential, and the same with one merged weight for each "
        "receptor.",
        receptors=(ampa, nmda, gaba_a), values=tuple(VALUES.items()),
    ),
}  # fmt: skip
