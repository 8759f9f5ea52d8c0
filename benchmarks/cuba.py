"""The CUBA network of Vogels and Abbott (2005), as benchmarked by Brette et al. (2007): 4000 neurons, 2 % connected.

The same network for bioplast and for plain Brian2: the connections and starting values are drawn from a seed.
"""

from __future__ import annotations

import brian2
import numpy as np
from brian2 import ms, mV
from wiring import wired

EQUATIONS = """
dv/dt = (ge + gi - (v - El))/taum : volt (unless refractory)
dge/dt = -ge/taue : volt
dgi/dt = -gi/taui : volt
"""


def cuba(neurons: int = 4000, probability: float = 0.02, seed: int = 1, **changes: object) -> brian2.Network:
    """The network, with a SpikeMonitor named "spikes". `changes` replaces constants, such as ``taum=15*ms``."""
    rng = np.random.default_rng(seed)
    constants = dict(taum=20 * ms, taue=5 * ms, taui=10 * ms, Vt=-50 * mV, Vr=-60 * mV, El=-49 * mV)
    constants.update(we=1.62 * mV, wi=-9 * mV)
    constants.update(changes)
    cells = brian2.NeuronGroup(
        neurons,
        EQUATIONS,
        threshold="v > Vt",
        reset="v = Vr",
        refractory=5 * ms,
        method="exact",
        namespace=constants,
        name="cells",
    )
    cells.v = constants["Vr"] + rng.random(neurons) * (constants["Vt"] - constants["Vr"])
    return wired(cells, probability, rng, constants)
