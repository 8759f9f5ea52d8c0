"""Self-backpropagation (SBP): a change spreads to other synapses of the two neurons and to those one layer before."""

from brian2 import amp, ms, nA

from bioplast.definition import Parameter, Receptor, Synapse

_SOURCE = (
    "Zhang, Cheng, Jia, Poo, Zeng and Xu (2021), Science Advances 7:eabh0146, doi:10.1126/sciadv.abh0146 "
    "(the spread as in the authors' code, snnplasticitysbp.m; the change itself is pair STDP)"
)

# Sums over the synapses of a neuron; every layer needs them, the first and the last included. Row: over the
# neuron's efferents. Col: over its afferents. ..._sum: the same over all partners, for n(x) = x/sum(x).
sbp_sums = Receptor(
    """
    P_row : 1
    D_row : 1
    D_col : 1
    P_row_sum : 1
    D_row_sum : 1
    D_col_sum : 1
    P_spread : 1
    D_spread : 1
    P_spread_sum : 1
    D_spread_sum : 1
    """,
    meaning="sums over efferent and afferent synapses for the SBP rule",
    source=_SOURCE,
)

# P >= 0 and D <= 0 are the potentiation and the depression that STDP induces; they become weight over tau_SBP. Each T
# is 1 + f*lambda*n(x) with n(x) = x/sum(x), or x itself (0) where the sum is 0. The last layer has h = 0: nothing lies
# behind it. The authors sum over a whole layer, a synapse here over the partners of its neurons: the same if the layers
# are fully connected. A total of sums may lag by one step behind what it sums.
sbp = Synapse(
    """
    dw/dt = alpha*(change_P + change_D)/tau_SBP : 1 (clock-driven)
    dP/dt = -P/tau_SBP : 1 (clock-driven)
    dD/dt = -D/tau_SBP : 1 (clock-driven)
    dr/dt = -r/tau_plus : 1 (event-driven)
    do/dt = -o/tau_minus : 1 (event-driven)
    change_P = P*(T_P_row + h*T_P_bp)/(1 + h) : 1
    change_D = D*(T_D_row + T_D_col + h*T_D_bp)/(2 + h) : 1
    T_P_row = 1 + f*lambda_presyn*P_row_pre/(P_row_sum_post + int(P_row_sum_post == 0)) : 1
    T_D_row = 1 + f*lambda_presyn*D_row_pre/(D_row_sum_post + int(D_row_sum_post == 0)) : 1
    T_D_col = 1 + f*lambda_postsyn*D_col_post/(D_col_sum_pre + int(D_col_sum_pre == 0)) : 1
    T_P_bp = 1 + f*lambda_bp*P_spread_post/(P_spread_sum_pre + int(P_spread_sum_pre == 0)) : 1
    T_D_bp = 1 + f*lambda_bp*D_spread_post/(D_spread_sum_pre + int(D_spread_sum_pre == 0)) : 1
    P_row_pre = P : 1 (summed)
    D_row_pre = D : 1 (summed)
    D_col_post = D : 1 (summed)
    P_row_sum_post = P_row_pre : 1 (summed)
    D_row_sum_post = D_row_pre : 1 (summed)
    D_col_sum_pre = D_col_post : 1 (summed)
    P_spread_pre = P*T_P_row : 1 (summed)
    D_spread_pre = D*T_D_row : 1 (summed)
    P_spread_sum_pre = P_spread_post : 1 (summed)
    D_spread_sum_pre = D_spread_post : 1 (summed)
    """,
    on_pre="""
    I_syn_post += I_max*w
    r += 1
    D -= A_minus*o
    """,
    on_post="""
    o += 1
    P += A_plus*r
    """,
    requires_pre=dict.fromkeys(
        ("P_row", "D_row", "D_col_sum", "P_spread", "D_spread", "P_spread_sum", "D_spread_sum"), 1
    ),
    requires_post={
        "I_syn": amp,
        **dict.fromkeys(("D_col", "P_row_sum", "D_row_sum", "P_spread", "D_spread"), 1),
    },
    method="euler",
    parameters={
        "I_max": Parameter(0.1 * nA, low=0 * nA, high=1 * nA, meaning="jump of the current at w = 1"),
        "alpha": Parameter(0.1, low=0, high=1, meaning="learning rate"),
        "f": Parameter(0.2, low=0, high=1, meaning="fraction of a change that spreads"),
        "lambda_presyn": Parameter(
            1, low=0, high=1, meaning="spread over the output synapses of a neuron (lateral, pre)"
        ),
        "lambda_postsyn": Parameter(0.5, low=0, high=1, meaning="spread over its input synapses (lateral, post)"),
        "lambda_bp": Parameter(1, low=0, high=1, meaning="backward spread from its output to its input synapses"),
        "h": Parameter(1, low=0, high=1, shared=True, meaning="1 in a hidden layer, 0 in the last one"),
        "A_plus": Parameter(0.005, low=0, high=0.1, meaning="potentiation by a pair at zero lag"),
        "A_minus": Parameter(0.00525, low=0, high=0.1, meaning="depression by a pair at zero lag"),
        "tau_plus": Parameter(20 * ms, low=5 * ms, high=100 * ms, scale="log", meaning="window of potentiation"),
        "tau_minus": Parameter(20 * ms, low=5 * ms, high=100 * ms, scale="log", meaning="window of depression"),
        "tau_SBP": Parameter(50 * ms, low=10 * ms, high=1000 * ms, scale="log", meaning="time in which changes spread"),
    },
    initial={"w": 0.5},
    meaning="self-backpropagation of synaptic modifications (SBP)",
    source=_SOURCE,
)
