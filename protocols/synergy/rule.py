"""Multi-plasticity synergy (MPSL): a synapse of three weights, each with its own way of learning.

Read it beside equations 1 to 12 of the paper; "x" is what a neuron sends with a spike: 1, or the intensity of a pixel.
The neurons take part in a step layer after layer (`bioplast.definition.same_step`), so that the step is the paper's.

Decided here, where the paper leaves it open:

- Rows of a weight matrix are neurons after, columns neurons before; rho(U), "bounded", is tanh(U/V_th), as in the code
  of its predecessor (HGLL), and U the potential before the reset.
- dW_2 is what a step adds, ``eta*s_pre*(rho(U) + beta)``: the decay of W_2 is not part of it.
- n(x) = x/sum(x), and x itself, which is 0, where the sum is 0, as SBP has it. The sum is signed, but cannot vanish
  between terms of both signs: dW_2 of a step is an outer product, of which the row sums are ``R_j = s_j*c`` with one
  ``c = eta*sum_k(rho(U_k) + beta)`` for the layer. So n(R)_j = s_j/sum(s), whatever happens behind, and SBP's split
  into potentiation and depression would change nothing but the sign of c.
- Behind the last layer is nothing: R = 0 there, and dW_3 = lambda_f*dW_2.
- n has no derivative in the spikes (it has none in eta and beta, being independent of them).
"""

from __future__ import annotations

from brian2 import ms, mV, volt

from bioplast.definition import Neuron, Parameter, Receptor, Synapse, co_release

__all__ = [
    "COEFFICIENT",
    "COMMON",
    "gradient",
    "hebbian",
    "mpsl",
    "mpsl_lif",
    "mpsl_sums",
    "row_sums",
    "self_backpropagation",
]

SOURCE = "Liu, Deng and Yu (2025), Multi-plasticity synergy, arXiv:2508.13673"
COEFFICIENT = Parameter(1.0, low=0, high=1, shared=True, meaning="coefficient of the mechanism")
SHARED = {
    "tau_w": Parameter(
        40 * ms, low=1 * ms, high=1000 * ms, scale="log", shared=True, meaning="decay of the plastic weights"
    ),
    "eta": Parameter(0.001 * mV, low=-1 * mV, high=1 * mV, shared=True, meaning="learning rate"),
    "beta": Parameter(0, low=-1, high=1, shared=True, meaning="sliding threshold"),
}

# U_t = rho*(U_(t-1) - S_(t-1)*V_th) + I_t with rho = exp(-dt/tau_m); I_t moves v at once.
mpsl_lif = Neuron(
    """
    dv/dt = -v/tau_m : volt
    x : 1 (shared)
    """,
    threshold="v > v_th",
    reset="v -= v_th",
    method="exact",
    parameters={
        "tau_m": Parameter(3 * ms, low=0.5 * ms, high=50 * ms, scale="log", meaning="membrane time constant"),
        "v_th": Parameter(
            0.3 * mV, low=0.01 * mV, high=2 * mV, meaning="threshold; the paper's numbers are in mV here"
        ),
    },
    initial={"x": 1},
    meaning="leaky integrate-and-fire neuron with soft reset",
    source=SOURCE,
)

# S: whether the neuron spikes in this step. R: the row sums R(A) of dW_2 behind it; n: their share of the layer.
mpsl_sums = Receptor(
    """
    S = int(v > v_th) : 1
    R : volt
    R_sum : volt
    R_all : volt
    n = R/(R_sum + int(R_sum == 0*volt)*volt) : 1
    """,
    requires={"v": volt, "v_th": volt},
    meaning="row sums of the changes behind a layer",
    source=SOURCE,
)

# W_1, trained by surrogate gradients
gradient = Synapse(
    """
    w : volt
    """,
    on_pre="v_post += w*x_pre",
    requires_pre={"x": 1},
    requires_post={"v": volt},
    meaning="weight for surrogate gradients",
    source=SOURCE,
)

# W_2 <- W_2*exp(-dt/tau_w) + dW_2, dW_2 = eta*s_pre*(rho(U) + beta)
hebbian = Synapse(
    """
    dw/dt = -w/tau_w : volt (clock-driven)
    """,
    on_pre={
        "pre": "v_post += w*x_pre",
        "learn": "w += eta*x_pre*(tanh(v_post/v_th_post) + beta)",
    },
    requires_pre={"x": 1},
    requires_post={"v": volt, "v_th": volt},
    method="exact",
    parameters=SHARED,
    meaning="Hebbian weight with decay",
    source=SOURCE,
)

# W_3 <- W_3*exp(-dt/tau_w) + H(dW_2 of the next layer, dW_2), H(A, B) = lambda_f*diag(1 + lambda_p*n(R(A)))*B
self_backpropagation = Synapse(
    """
    dw/dt = -w/tau_w : volt (clock-driven)
    """,
    on_pre={
        "pre": "v_post += w*x_pre",
        "learn": "w += lambda_f*(1 + lambda_p*n_post)*eta*x_pre*(tanh(v_post/v_th_post) + beta)",
    },
    requires_pre={"x": 1},
    requires_post={"v": volt, "v_th": volt, "n": 1},
    method="exact",
    parameters={
        **SHARED,
        "lambda_f": Parameter(1, low=0, high=2, shared=True, meaning="size of the self-backpropagated change"),
        "lambda_p": Parameter(0.1, low=0, high=2, shared=True, meaning="share of what is spread backwards"),
    },
    meaning="self-backpropagated weight",
    source=SOURCE,
)

# R(A) of the layer before, A being dW_2 of this one; each neuron behind knows the sum over that layer.
row_sums = Synapse(
    """
    A = eta*S_pre*(tanh(v_post/v_th_post) + beta) : volt
    R_pre = A : volt (summed)
    R_all_post = R_pre : volt (summed)
    R_sum_pre = R_all_post/N_post : volt (summed)
    """,
    requires_pre={"S": 1, "R": volt, "R_sum": volt},
    requires_post={"v": volt, "v_th": volt, "R_all": volt},
    parameters={name: SHARED[name] for name in ("eta", "beta")},
    meaning="row sums of the changes",
    source=SOURCE,
)

# I = sum_i lambda_i*W_i*S; what is not a weight's own is called as in the paper, without its number
COMMON = ("tau_w", "eta", "beta", "lambda_f", "lambda_p")
mpsl = co_release(
    COEFFICIENT,
    COMMON,
    **{"1": gradient, "2": hebbian, "3": self_backpropagation},
)
