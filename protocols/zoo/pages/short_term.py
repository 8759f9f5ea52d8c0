"""The pages of short-term plasticity: the response to regular trains."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from brian2 import StateMonitor, ms, nA

from bioplast.definition import Synapse
from bioplast.experiment import Row
from bioplast.figure.plots import Line, Plot
from bioplast.models import depressing_synapse, exponential_current, tsodyks_markram
from bioplast.protocols.zoo.pages.page import Found, Page
from bioplast.protocols.zoo.pages.simulation import CLAMP, cells, run, trains

DURATION = 4000  # ms
STEP = 1.0  # ms
TAU = 3.0  # decay of the current (ms)
SHOWN = 20  # Hz
SOURCE = "Tsodyks, Pawelzik and Markram (1998), Neural Comput. 10:821, steady state of the recursion"


def facilitating(rate: np.ndarray) -> np.ndarray:
    """The steady amplitude (pA) of `tsodyks_markram` in a regular train of so many Hz."""
    U, A = 0.03, 1540
    decay_u, decay_x = np.exp(-1000 / rate / 530), np.exp(-1000 / rate / 130)
    u = U / (1 - (1 - U) * decay_u)
    return A * u * (1 - decay_x) / (1 - (1 - u) * decay_x)


def depressing(rate: np.ndarray) -> np.ndarray:
    """The steady amplitude (pA) of `depressing_synapse`."""
    decay = np.exp(-1000 / rate / 800)
    return 250 * 0.5 * (1 - decay) / (1 - 0.5 * decay)


def train_response(synapse: Synapse, steady: Callable[[np.ndarray], np.ndarray], first: float, points: int) -> Found:
    """Regular trains of several rates: the amplitudes of the first, and the steady ones of all."""
    # periods of whole time steps
    periods = np.unique(np.round(1000 / np.geomspace(1, 100, points)))
    periods = np.unique(np.concatenate([periods, [10, 50, 100]]))
    times = [np.arange(5, DURATION - 5, period) for period in periods]
    source, group = trains(times, STEP), cells(CLAMP + exponential_current, len(times), STEP, tau_syn=TAU * ms)
    synapses = synapse.connect(source, group, j="i", dt=STEP * ms, name="synapses")
    trace = StateMonitor(group, "I_syn", record=True, dt=STEP * ms, name="trace")
    current = run(DURATION, source, group, synapses, trace).states["trace"]["I_syn"] * 1e12
    jumps = [
        current[train.astype(int) + 1, k] - current[train.astype(int), k] * np.exp(-STEP / TAU)
        for k, train in enumerate(times)
    ]
    rates = 1000 / periods
    last = np.array([found[-1] for found in jumps])
    rows = [
        Row(
            "first_amplitude", float(jumps[0][0]), unit="pA", published=first, tolerance=1e-9 * first,
            source="A*U",
        )
    ]  # fmt: skip
    rows += [
        Row(
            f"steady_amplitude@{rate:g}Hz", float(last[np.argmin(np.abs(rates - rate))]), unit="pA",
            published=float(steady(np.array(rate))), tolerance=1e-3 * float(steady(np.array(rate))),
            source=f"{SOURCE}; tolerance: what is left of the start after 4 s",
        )
        for rate in (10.0, 20.0, 100.0)
    ]  # fmt: skip
    shown = int(np.argmin(np.abs(rates - SHOWN)))
    fine = np.geomspace(1, 100, 200)
    window = slice(0, 1000)
    return Found(
        rows,
        [
            Plot(f"Current in a train of {SHOWN} Hz", "time (ms)", "current (pA)",
                 [Line(np.arange(DURATION)[window], np.round(current[window, shown], 4))]),
            Plot("Steady amplitude", "rate of the train (Hz)", "amplitude (pA)",
                 [Line(fine, steady(fine), "closed form", "dashed"), Line(rates, last, "simulated", "points", 0)]),
        ],
    )  # fmt: skip


CAPTION = "Left: current of a clamped cell in a regular train. Right: steady amplitude against the rate of the train."

SHORT_TERM: dict[str, Page] = {
    "tsodyks-markram": Page(
        "Tsodyks-Markram short-term plasticity",
        "Short-term plasticity",
        (tsodyks_markram,),
        partial(train_response, tsodyks_markram, facilitating, 1540 * 0.03),
        CAPTION,
        receptors=(exponential_current,),
        values=(("A", 0.3 * nA),),
    ),
    "depressing-synapse": Page(
        "Depressing synapse",
        "Short-term plasticity",
        (depressing_synapse,),
        partial(train_response, depressing_synapse, depressing, 125),
        CAPTION + " At high rates it falls as one over the rate.",
        receptors=(exponential_current,),
        values=(("A", 0.1 * nA),),
    ),
}
