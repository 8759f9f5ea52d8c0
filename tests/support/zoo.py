"""Every neuron of the registry in one network, driven so that it fires.

Chaotic regimes are left out, since no two roundings agree in them for long: Hindmarsh-Rose at inputs from 2.7 to 3.4
(irregular bursting), and AdEx's irregular spiking of Naud et al. (2008). The probabilistic meta-neuron is in its
deterministic limit, delta_u -> 0: the targets draw different random numbers.
"""

from __future__ import annotations

import numpy as np
from brian2 import Hz, Network, SpikeMonitor, TimedArray, cm, ms, mV, nA, second, uA, volt

from bioplast.definition import Neuron
from bioplast.definition.find import models
from bioplast.protocols.zoo.pages import PAGES

CELLS = 3
NEURONS = {name: model for name, model in models().items() if isinstance(model, Neuron)}
DTS = {name: float((model.dt or 0.1 * ms) / ms) for name, model in NEURONS.items()}

# What a model is driven with, if not with the input of its page in the zoo (cell k gets 1 + k/10 times as much,
# stepping up and down in time), and the parameters that make more of its equations take part.
# fmt: off
DRIVES = {
    "adaptive-lif": (1.2 * mV / ms, dict(d=[-90, -80, -40] * mV)),
    "adaptive-threshold-lif": (0.25 * nA, {}),
    "adex": (0.9 * nA, {}),
    "exponential-integrate-and-fire": (0.5 * uA / cm**2, {}),
    "fitzhugh-nagumo": (0.6, {}),
    "glif": (1.8 * volt / second, dict(a=5 * Hz, A_1=[0, 10, 5] * volt / second, A_2=[0, -0.6, -0.3] * volt / second)),
    "heterogeneous-lif": (0.2 * nA, dict(tau_m=[20, 10, 40] * ms, v_rest=[0, -2, 3] * mV)),
    "hindmarsh-rose": (1.6, {}),
    "hodgkin-huxley": (10 * uA / cm**2, {}),
    "integrate-and-fire": (1.2 * mV / ms, dict(b=[0.05, 0.04, 0.03] / ms, a=[-3.25, -2.6, -1.95] * mV / ms)),
    "integrate-and-fire-or-burst": (1.5 * uA / cm**2, {}),
    "izhikevich-2003": (10 * mV / ms, dict(c=[-65, -55, -50] * mV, d=[8, 4, 2] * mV / ms)),
    "izhikevich-2004": (14 * mV / ms, {}),
    "lif": (0.2 * nA, {}),
    "mdn": (0.9, {}),
    "meta-lif": (0.4 * nA, dict(alpha_tau=-0.1, beta_tau=0.3, alpha_theta=[0.2, 0.5, 1] * mV, beta_theta=1 * mV,
                                F=[-1, 0, 1])),
    "morris-lecar": (110 * uA / cm**2, {}),
    "probabilistic-meta-lif": (0.4 * nA, dict(delta_u=1e-7 * mV, alpha_theta=1 * mV)),
    "quadratic-integrate-and-fire": (1.0 * mV / ms, {}),
    "resonate-and-fire": (0.95 / ms, {}),
    "wang-buzsaki": (1.0 * uA / cm**2, {}),
    "wilson": (70 * uA / cm**2, {}),
}
# fmt: on


def zoo() -> Network:
    steps = TimedArray(np.array([1.0, 1.1, 0.6, 1.0, 1.2]), dt=30 * ms, name="steps")
    objects = []
    for name, model in NEURONS.items():
        amplitude, values = DRIVES.get(name) or (PAGES[name].amplitude, {})
        group = model.group(
            CELLS,
            name=name.replace("-", "_"),
            dt=model.dt or 0.1 * ms,
            I="(1 + 0.1*i)*amplitude*steps(t)",
            namespace={"amplitude": amplitude, "steps": steps},
            **values,
        )
        if name == "meta-lif":  # the user's own update function takes part
            group.run_regularly("U_theta += 0.01*mV*(x - 2)", dt=10 * ms)
        objects += [group, SpikeMonitor(group, name=f"{group.name}_spikes")]
    return Network(objects)
