"""Hebbian plasticity with decay: the local module of hybrid global and local learning (HGLL), also used by MPSL."""

from brian2 import amp, ms, mV, nA, volt

from bioplast.definition import Parameter, Synapse

# The paper's step H <- 0.95 H + eta x tanh(v/theta - beta), for steps of 1 ms: exp(-1/19.5) = 0.95. Between
# presynaptic spikes only the decay is left, so the synapse is updated at those.
hebbian_decay = Synapse(
    """
    dH/dt = -H/tau_H : 1 (event-driven)
    """,
    on_pre="""
    I_syn_post += alpha*H
    H = clip(H + eta*tanh((v_post - v_0)/theta - beta), -H_max, H_max)
    """,
    requires_post={"I_syn": amp, "v": volt},
    parameters={
        "alpha": Parameter(0.1 * nA, low=0 * nA, high=2 * nA, meaning="jump of the current at H = 1"),
        "eta": Parameter(0.01, low=0, high=1, meaning="learning rate"),
        "tau_H": Parameter(19.5 * ms, low=1 * ms, high=1e6 * ms, scale="log", meaning="decay of the plastic weight"),
        "v_0": Parameter(-60 * mV, low=-80 * mV, high=-50 * mV, meaning="potential that v is measured from"),
        "theta": Parameter(10 * mV, low=1 * mV, high=50 * mV, meaning="threshold of the neuron above v_0"),
        "beta": Parameter(0, low=-1, high=1, meaning="sliding threshold of the rule"),
        "H_max": Parameter(4, low=0.1, high=10, meaning="largest magnitude of the plastic weight"),
    },
    meaning="Hebbian plasticity with decay",
    source="Wu et al. (2022), Nature Communications 13:65, doi:10.1038/s41467-021-27653-2",
)
