"""The COBAHH network of Brette et al. (2007), doi:10.1007/s10827-007-0038-6: 4000 cells, 2 % connected."""

from __future__ import annotations

import brian2
import numpy as np
from brian2 import cm, ms, msiemens, mV, nS, siemens, uF, umetre
from wiring import wired

EQUATIONS = """
dv/dt = (gl*(El - v) + ge*(Ee - v) + gi*(Ei - v) - g_na*(m*m*m)*h*(v - ENa) - g_kd*(n*n*n*n)*(v - EK))/Cm : volt
dm/dt = alpha_m*(1 - m) - beta_m*m : 1
dn/dt = alpha_n*(1 - n) - beta_n*n : 1
dh/dt = alpha_h*(1 - h) - beta_h*h : 1
dge/dt = -ge*(1./taue) : siemens
dgi/dt = -gi*(1./taui) : siemens
alpha_m = 0.32*(mV**-1)*4*mV/exprel((13*mV - v + VT)/(4*mV))/ms : Hz
beta_m = 0.28*(mV**-1)*5*mV/exprel((v - VT - 40*mV)/(5*mV))/ms : Hz
alpha_h = 0.128*exp((17*mV - v + VT)/(18*mV))/ms : Hz
beta_h = 4./(1 + exp((40*mV - v + VT)/(5*mV)))/ms : Hz
alpha_n = 0.032*(mV**-1)*5*mV/exprel((15*mV - v + VT)/(5*mV))/ms : Hz
beta_n = 0.5*exp((10*mV - v + VT)/(40*mV))/ms : Hz
"""


def cobahh(neurons: int = 4000, probability: float = 0.02, seed: int = 1) -> brian2.Network:
    """The network, with a SpikeMonitor named "spikes"."""
    rng = np.random.default_rng(seed)
    area = 20000 * umetre**2
    constants = dict(
        Cm=(1 * uF * cm**-2) * area,
        gl=(5e-5 * siemens * cm**-2) * area,
        g_na=(100 * msiemens * cm**-2) * area,
        g_kd=(30 * msiemens * cm**-2) * area,
        El=-60 * mV,
        EK=-90 * mV,
        ENa=50 * mV,
        VT=-63 * mV,
        taue=5 * ms,
        taui=10 * ms,
        Ee=0 * mV,
        Ei=-80 * mV,
        we=6 * nS,
        wi=67 * nS,
    )
    cells = brian2.NeuronGroup(
        neurons,
        EQUATIONS,
        threshold="v > -20*mV",
        refractory=3 * ms,
        method="exponential_euler",
        namespace=constants,
        name="cells",
    )
    cells.v = constants["El"] + (rng.normal(size=neurons) * 5 - 5) * mV
    cells.ge = (rng.normal(size=neurons) * 1.5 + 4) * 10 * nS
    cells.gi = (rng.normal(size=neurons) * 12 + 20) * 10 * nS
    return wired(cells, probability, rng, constants)
