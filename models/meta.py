"""Meta-neurons, whose dynamics are themselves learned or adapt: the quadratic MDN, and an adaptive meta-LIF."""

from brian2 import Mohm, ms, mV

from bioplast.definition import Neuron, Parameter

# The paper steps its equations with an Euler step of 1; that step is a millisecond here, and changing it changes the
# model. Its input is I = sigmoid(W*x + bias), between 0 and 1.
mdn = Neuron(
    """
    dv/dt = (v**2 - v - u + I)/ms : 1
    du/dt = a*(b*v - u)/ms : 1
    """,
    threshold="v > v_th",
    reset="v = c; u += d",
    method="euler",
    dt=1 * ms,
    parameters={
        "a": Parameter(0.02, low=0, high=1, meaning="recovery rate, per step"),
        "b": Parameter(0.2, low=-1, high=1, meaning="sensitivity of the recovery to v"),
        "c": Parameter(0, low=-1, high=0.5, meaning="reset of v"),
        "d": Parameter(0.08, low=-1, high=1, meaning="step of u at a spike"),
        "v_th": Parameter(0.5, shared=True, meaning="threshold"),
    },
    initial={"v": 0, "u": 0.08},
    input="I",
    source="Cheng, Zhang, Jia and Xu (2023), Neurocomputing 531:217, doi:10.1016/j.neucom.2023.02.029",
)

# A leaky integrate-and-fire neuron whose membrane time constant tau and threshold theta follow its own activity x,
# which each spike raises by 1, and an external feedback F, which is whatever the user writes to it: a number, a summed
# variable of Synapses, a reward. The user's own update functions write U_tau and U_theta, for example
#     cells.run_regularly("U_theta += eta*(x - x_target)", dt=10*ms)
# With all couplings and updates zero it is lif.
meta_lif = Neuron(
    """
    dv/dt = (E_L - v + R_m*I)/tau : volt (unless refractory)
    dx/dt = -x/tau_x : 1
    tau = tau_m*exp(alpha_tau*x + beta_tau*F + U_tau) : second (constant over dt)
    theta = v_th + alpha_theta*x + beta_theta*F + U_theta : volt
    F : 1
    U_tau : 1
    U_theta : volt
    """,
    threshold="v > theta",
    reset="v = v_r; x += 1",
    refractory="tau_ref",
    method="exponential_euler",
    dt=0.1 * ms,
    parameters={
        "tau_m": Parameter(20 * ms, low=2 * ms, high=200 * ms, scale="log", meaning="membrane time constant at rest"),
        "R_m": Parameter(100 * Mohm, low=10 * Mohm, high=1000 * Mohm, scale="log", meaning="membrane resistance"),
        "E_L": Parameter(-60 * mV, low=-80 * mV, high=-50 * mV, meaning="leak reversal potential"),
        "v_th": Parameter(-50 * mV, low=-60 * mV, high=-30 * mV, meaning="threshold at rest"),
        "v_r": Parameter(-60 * mV, low=-80 * mV, high=-50 * mV, meaning="reset potential"),
        "tau_ref": Parameter(5 * ms, low=0 * ms, high=10 * ms, meaning="refractory period"),
        "tau_x": Parameter(100 * ms, low=5 * ms, high=1000 * ms, scale="log", meaning="memory of the own activity"),
        "alpha_tau": Parameter(0, low=-0.5, high=0.5, meaning="log change of tau per unit of activity"),
        "beta_tau": Parameter(0, low=-1, high=1, meaning="log change of tau per unit of feedback"),
        "alpha_theta": Parameter(0 * mV, low=-5 * mV, high=20 * mV, meaning="change of theta per unit of activity"),
        "beta_theta": Parameter(0 * mV, low=-20 * mV, high=20 * mV, meaning="change of theta per unit of feedback"),
    },
    initial={"v": "E_L", "x": 0, "F": 0, "U_tau": 0, "U_theta": 0 * mV},
    input="I",
    source="Membrane: Brette et al. (2007), J. Comput. Neurosci. 23:349, appendix 2, doi:10.1007/s10827-007-0038-6",
)

# The probabilistic meta-neuron: the same cell with escape noise. It fires at the rate exp((v - theta)/delta_u)/tau_esc,
# and for delta_u -> 0 it is meta_lif.
probabilistic_meta_lif = meta_lif.replace(
    name="probabilistic_meta_lif",
    threshold="rand() < 1 - exp(-exp((v - theta)/delta_u)*dt/tau_esc)",
    parameters={
        **meta_lif.parameters,
        "delta_u": Parameter(2 * mV, low=0.1 * mV, high=10 * mV, scale="log", meaning="width of the escape zone"),
        "tau_esc": Parameter(1 * ms, low=0.1 * ms, high=100 * ms, scale="log", meaning="mean wait at the threshold"),
    },
    source=meta_lif.source
    + "\nEscape noise: Gerstner et al. (2014), Neuronal Dynamics, section 9.1, doi:10.1017/CBO9781107447615",
)
