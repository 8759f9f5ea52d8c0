"""The leaky integrate-and-fire neuron whose threshold rises at each spike and decays back: threshold fatigue."""

from brian2 import Mohm, ms, mV

from bioplast.definition import Neuron, Parameter

adaptive_threshold_lif = Neuron(
    """
    dv/dt = (E_L - v + R_m*I)/tau_m : volt (unless refractory)
    dtheta/dt = (theta_0 - theta)/tau_theta : volt
    """,
    threshold="v > theta",
    reset="v = v_r; theta += delta_theta",
    refractory="tau_ref",
    method="exponential_euler",
    dt=0.1 * ms,
    parameters={
        "tau_m": Parameter(20 * ms, low=2 * ms, high=200 * ms, scale="log", meaning="membrane time constant"),
        "R_m": Parameter(100 * Mohm, low=10 * Mohm, high=1000 * Mohm, scale="log", meaning="membrane resistance"),
        "E_L": Parameter(-60 * mV, low=-80 * mV, high=-50 * mV, meaning="leak reversal potential"),
        "v_r": Parameter(-60 * mV, low=-80 * mV, high=-50 * mV, meaning="reset potential"),
        "theta_0": Parameter(-50 * mV, low=-60 * mV, high=-30 * mV, meaning="threshold at rest"),
        "delta_theta": Parameter(5 * mV, low=0 * mV, high=30 * mV, meaning="step of the threshold at a spike"),
        "tau_theta": Parameter(100 * ms, low=5 * ms, high=500 * ms, scale="log", meaning="decay of the threshold"),
        "tau_ref": Parameter(2 * ms, low=0 * ms, high=10 * ms, meaning="refractory period"),
    },
    initial={"v": "E_L", "theta": "theta_0"},
    input="I",
    meaning="leaky integrate-and-fire neuron with an adaptive threshold",
    source="Chacron, Pakdaman and Longtin (2003), Neural Computation 15:253, doi:10.1162/089976603762552915",
)
