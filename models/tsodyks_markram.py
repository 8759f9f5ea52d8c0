"""Short-term plasticity of Tsodyks and Markram: release depletes resources x and raises their utilisation u."""

from brian2 import amp, ms, pA

from bioplast.definition import Parameter, Synapse

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
    meaning="synapse with short-term facilitation and depression",
    source="Tsodyks, Pawelzik and Markram (1998), Neural Comput. 10:821, doi:10.1162/089976698300017502",
)
