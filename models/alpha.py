"""The alpha synapse: a current w*(t/tau)*exp(1 - t/tau), which rises, peaks at w after the time tau, and decays."""

from brian2 import amp, ms, nA

from bioplast.definition import Parameter, Receptor, Synapse

_SOURCE = "Rall (1967), J. Neurophysiol. 30:1138, doi:10.1152/jn.1967.30.5.1138"

alpha_current = Receptor(
    """
    dI_alpha/dt = (x_alpha - I_alpha)/tau_alpha : amp
    dx_alpha/dt = -x_alpha/tau_alpha : amp
    """,
    current="I_alpha",
    parameters={
        "tau_alpha": Parameter(
            5 * ms, low=0.5 * ms, high=50 * ms, scale="log", meaning="time to the peak of the current"
        ),
    },
    meaning="alpha-function synaptic current",
    source=_SOURCE,
)

alpha_synapse = Synapse(
    "",
    on_pre="x_alpha_post += exp(1)*w",
    requires_post={"x_alpha": amp},
    parameters={"w": Parameter(0.1 * nA, low=-1 * nA, high=1 * nA, meaning="peak of the current after a spike")},
    meaning="current-based synapse with an alpha function",
    source=_SOURCE,
)
