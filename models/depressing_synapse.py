"""Short-term depression of Tsodyks and Markram: release depletes resources x, which recover."""

from brian2 import amp, ms, pA

from bioplast.definition import Parameter, Synapse

# tsodyks_markram in the limit tau_facil -> 0.
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
    meaning="synapse with short-term depression",
    source="Tsodyks, Pawelzik and Markram (1998), Neural Comput. 10:821, doi:10.1162/089976698300017502",
)
