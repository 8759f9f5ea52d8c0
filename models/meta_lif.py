"""The adaptive meta-LIF neuron: time constant and threshold follow its own activity and an external feedback."""

from brian2 import Mohm, ms, mV

from bioplast.definition import Neuron, Parameter

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
    meaning="leaky integrate-and-fire neuron with adaptive tau and threshold",
    source="Membrane: Brette et al. (2007), J. Comput. Neurosci. 23:349, appendix 2, doi:10.1007/s10827-007-0038-6",
)
