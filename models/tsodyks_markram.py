"""Short-term plasticity of Tsodyks and Markram: release depletes resources x and raises their utilisation u."""

from brian2 import amp, ms, pA

from bioplast.definition import Parameter, Synapse

_SOURCE = "Tsodyks, Pawelzik and Markram (1998), Neural Comput. 10:821, doi:10.1162/089976698300017502"

tsodyks_markram = Synapse(
    """
    du/dt = -u/tau_facil : 1 (event-driven)
    dx/dt = (1 - x)/tau_rec : 1 (event-driven)
    """,
    on_pre="""
    u += U*(1 - u)
    I_syn_post += A*u*x
    x -= u*x
    """,
    requires_post={"I_syn": amp},
    parameters={
        "A": Parameter(1540 * pA, low=0 * pA, high=5000 * pA, meaning="current if all resources were released"),
        "U": Parameter(0.03, low=0.01, high=1, scale="log", meaning="utilisation of the resources at the first spike"),
        "tau_facil": Parameter(530 * ms, low=10 * ms, high=2000 * ms, scale="log", meaning="decay of facilitation"),
        "tau_rec": Parameter(130 * ms, low=10 * ms, high=2000 * ms, scale="log", meaning="recovery of the resources"),
    },
    initial={"x": 1},
    source=_SOURCE,
)

# The limit tau_facil -> 0.
depressing_synapse = Synapse(
    """
    dx/dt = (1 - x)/tau_rec : 1 (event-driven)
    """,
    on_pre="""
    I_syn_post += A*U*x
    x -= U*x
    """,
    requires_post={"I_syn": amp},
    parameters={
        "A": Parameter(250 * pA, low=0 * pA, high=5000 * pA, meaning="current if all resources were released"),
        "U": Parameter(0.5, low=0.01, high=1, scale="log", meaning="utilisation of the resources"),
        "tau_rec": Parameter(800 * ms, low=10 * ms, high=2000 * ms, scale="log", meaning="recovery of the resources"),
    },
    initial={"x": 1},
    source=_SOURCE,
)
