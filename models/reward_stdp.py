"""Reward-modulated STDP: pairs of spikes make a synapse eligible, and dopamine, which comes later, changes it."""

from brian2 import ms, nS, second, siemens

from bioplast.definition import Parameter, Synapse

# The author's code applies c*(DA_0 + DA) every 10 ms, which is tau_s, and keeps s between 0 and s_max; here s is held
# there at each presynaptic spike, before it is used.
reward_stdp = Synapse(
    """
    ds/dt = c*(DA_0 + DA_post)/tau_s : 1 (clock-driven)
    dc/dt = -c/tau_c : 1 (clock-driven)
    dP/dt = -P/tau_STDP : 1 (event-driven)
    dM/dt = -M/tau_STDP : 1 (event-driven)
    """,
    on_pre="""
    s = clip(s, 0, s_max)
    g_ampa_post += g_max*s
    P += A_plus
    c -= M
    """,
    on_post="""
    M += A_minus
    c += P
    """,
    requires_post={"g_ampa": siemens, "DA": 1},
    method="exponential_euler",
    parameters={
        "g_max": Parameter(0.15 * nS, low=0 * nS, high=10 * nS, meaning="conductance of the strength s = 1"),
        "s_max": Parameter(4, low=1, high=10, meaning="largest strength"),
        "tau_s": Parameter(10 * ms, low=1 * ms, high=100 * ms, scale="log", meaning="time in which c*DA is added to s"),
        "tau_c": Parameter(1 * second, low=0.1 * second, high=10 * second, scale="log", meaning="decay of eligibility"),
        "DA_0": Parameter(0.002, low=0, high=0.1, meaning="tonic dopamine (uM)"),
        "A_plus": Parameter(0.1, low=0, high=1, meaning="eligibility by a pre-post pair at zero lag"),
        "A_minus": Parameter(0.15, low=0, high=1, meaning="loss of eligibility by a post-pre pair at zero lag"),
        "tau_STDP": Parameter(20 * ms, low=5 * ms, high=100 * ms, scale="log", meaning="window of both"),
    },
    initial={"s": 1},
    meaning="reward-modulated STDP with an eligibility trace",
    source="Izhikevich (2007), Cerebral Cortex 17:2443, doi:10.1093/cercor/bhl152",
)
