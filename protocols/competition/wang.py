"""The decision network of spiking neurons: two selective populations, the other pyramidal cells, and interneurons.

Everything is connected with everything, and all synapses from one population to another are alike. So a synaptic
conductance is the same for all cells of a population, and is kept once: 4 populations instead of 4 million synapses.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from brian2 import (
    Hz,
    Network,
    NeuronGroup,
    PoissonGroup,
    PoissonInput,
    SpikeMonitor,
    Synapses,
    TimedArray,
    linked_var,
    ms,
    mV,
    nF,
    nS,
    second,
    siemens,
    volt,
)

__all__ = ["BIN", "ONSET", "POPULATIONS", "network", "population_counts", "stimulus"]

# Wang (2002), Neuron 36:955, doi:10.1016/S0896-6273(02)01092-9: two selective populations of 240, the other 1120
# pyramidal cells, 400 interneurons.
POPULATIONS = {"selective 1": 240, "selective 2": 240, "non-selective": 1120, "interneurons": 400}
F, W_PLUS = 0.15, 1.7  # share of a selective population, its recurrent strength
W_MINUS = 1 - F * (W_PLUS - 1) / (1 - F)  # so that the mean strength is 1
MU_0, SIGMA = 40.0, 4.0  # Hz: the stimulus at zero coherence, its standard deviation from bin to bin
BIN = 0.05  # seconds: for so long a rate of the stimulus lasts
ONSET = 0.3  # seconds; the network begins near its spontaneous state
DT = 0.1 * ms

CELLS = """
dv/dt = (-g_L*(v - V_L) - I_syn)/C_m : volt (unless refractory)
I_syn = (g_ext + g_AMPA + g_NMDA/(1 + exp(-0.062*v/mV)/3.57))*(v - V_E) + g_GABA*(v - V_I) : amp
dg_ext/dt = -g_ext/tau_AMPA : siemens
ds/dt = -s/tau_NMDA + alpha*x*(1 - s) : 1
dx/dt = -x/tau_rise : 1
g_AMPA : siemens (linked)
g_NMDA : siemens (linked)
g_GABA : siemens (linked)
C_m : farad (constant)
g_L : siemens (constant)
tau_ref : second (constant)
w_ext : siemens (constant)
"""

# A is the sum of the gates of AMPA or GABA of a population's cells, S that of NMDA.
SUMS = """
dA/dt = -A/tau : 1
S : 1
tau : second (constant)
g_AMPA : siemens
g_NMDA : siemens
g_GABA : siemens
"""

COUPLING = """
g_AMPA_post = w_AMPA*A_pre : siemens (summed)
g_NMDA_post = w_NMDA*S_pre : siemens (summed)
g_GABA_post = w_GABA*A_pre : siemens (summed)
w_AMPA : siemens (constant)
w_NMDA : siemens (constant)
w_GABA : siemens (constant)
"""

CONSTANTS: dict[str, Any] = {
    "V_L": -70 * mV,
    "V_th": -50 * mV,
    "V_r": -55 * mV,
    "V_E": 0 * mV,
    "V_I": -70 * mV,
    "tau_AMPA": 2 * ms,
    "tau_NMDA": 100 * ms,
    "tau_rise": 2 * ms,
    "alpha": 0.5 / ms,
    "mV": mV,
    "volt": volt,
    "siemens": siemens,
}


def network() -> Network:
    """The network: its cells in the order of `POPULATIONS`, and a Poisson process beside each of the selective ones.

    The TimedArray "stimulus" has the rates of these processes, in Hz, for either population [bins, 2]; "stimuli" are
    the processes, which spikes of one's own may replace; the SpikeMonitors "fired" and "evidence" record both.
    """
    sizes = np.array(list(POPULATIONS.values()))
    of = np.repeat(np.arange(4), sizes)  # the population of each cell
    pyramidal = of < 3
    cells = NeuronGroup(
        sizes.sum(),
        CELLS,
        threshold="v > V_th",
        reset="v = V_r",
        refractory="tau_ref",
        method="euler",
        dt=DT,
        namespace=CONSTANTS,
        name="cells",
    )
    cells.C_m = np.where(pyramidal, 0.5, 0.2) * nF
    cells.g_L = np.where(pyramidal, 25, 20) * nS
    cells.tau_ref = np.where(pyramidal, 2, 1) * ms
    cells.w_ext = np.where(pyramidal, 2.1, 1.62) * nS
    cells.v = -52 * mV
    cells.s = np.where(pyramidal, 0.15, 0)  # about what a rate of 2 to 3 Hz sustains

    sums = NeuronGroup(4, SUMS, method="euler", dt=DT, name="sums")
    sums.tau = [2, 2, 2, 5] * ms
    for name in ("g_AMPA", "g_NMDA", "g_GABA"):
        setattr(cells, name, linked_var(sums, name, index=of))
    spikes = Synapses(cells, sums, on_pre="A_post += 1", delay=0.5 * ms, dt=DT, name="spikes")
    spikes.connect(i=np.arange(len(of)), j=of)
    gates = Synapses(cells, cells, on_pre="x_post += 1", delay=0.5 * ms, dt=DT, name="gates")
    gates.connect(i=np.flatnonzero(pyramidal), j=np.flatnonzero(pyramidal))
    # Of summed variables of one group Brian2 computes that of the Synapses first whose name comes first: S before
    # g_NMDA, which is made of it.
    activation = Synapses(cells, sums, "S_post = s_pre : 1 (summed)", dt=DT, name="activation")
    activation.connect(i=np.flatnonzero(pyramidal), j=of[pyramidal])
    coupling = Synapses(sums, sums, COUPLING, dt=DT, name="coupling")
    coupling.connect()
    pre, post = np.array(coupling.i), np.array(coupling.j)
    strength = np.where((post < 2) & (pre < 3), np.where(pre == post, W_PLUS, W_MINUS), 1.0)
    coupling.w_AMPA = strength * np.where(post < 3, 0.05, 0.04) * (pre < 3) * nS
    coupling.w_NMDA = strength * np.where(post < 3, 0.165, 0.13) * (pre < 3) * nS
    coupling.w_GABA = np.where(post < 3, 1.3, 1.0) * (pre == 3) * nS

    background = PoissonInput(cells, "g_ext", N=1000, rate=2.4 * Hz, weight="w_ext")
    rates = TimedArray(np.zeros((1, 2)) * Hz, dt=BIN * second, name="stimulus")
    stimuli = PoissonGroup(
        2 * sizes[0], rates="stimulus(t, i//240)", dt=DT, namespace={"stimulus": rates}, name="stimuli"
    )
    evoked = Synapses(stimuli, cells, on_pre="g_ext_post += w_ext_post", dt=DT, name="evoked")
    evoked.connect(i=np.arange(2 * sizes[0]), j=np.arange(2 * sizes[0]))
    monitors = SpikeMonitor(cells, name="fired"), SpikeMonitor(stimuli, name="evidence")
    return Network(cells, sums, spikes, gates, activation, coupling, background, stimuli, evoked, *monitors)


def stimulus(coherence: float, duration: float, rng: np.random.Generator) -> np.ndarray:
    """The rates (Hz) of the inputs of the selective populations, [bins of 50 ms, 2], 0 before the onset.

    In each bin anew drawn around 40 Hz times (1 +- coherence/100).
    """
    means = MU_0 * (1 + np.array([1, -1]) * coherence / 100)
    drawn = np.maximum(rng.normal(means, SIGMA, (round(duration / BIN), 2)), 0)
    return np.concatenate([np.zeros((round(ONSET / BIN), 2)), drawn])


def population_counts(times: np.ndarray, cells: np.ndarray, duration: float, step: float) -> np.ndarray:
    """Spikes of a cell of each selective population since the start, [samples, 2], every `step` seconds."""
    size = POPULATIONS["selective 1"]
    edges = np.arange(round(duration / step) + 1) * step
    return np.stack([np.searchsorted(np.sort(times[cells // size == k]), edges - 1e-9) / size for k in (0, 1)], axis=-1)
