"""The leaky integrate-and-fire neuron, with the numbers of a standard benchmark."""

from brian2 import Mohm, ms, mV

from bioplast.definition import Neuron, Parameter

lif = Neuron(
    """
    dv/dt = (E_L - v + R_m*I)/tau_m : volt (unless refractory)
    """,
    threshold="v > v_th",
    reset="v = v_r",
    refractory="tau_ref",
    # Exact for an input that is constant over a step, and still applies when receptors are added.
    method="exponential_euler",
    parameters={
        "tau_m": Parameter(20 * ms, low=2 * ms, high=200 * ms, scale="log", meaning="membrane time constant"),
        "R_m": Parameter(100 * Mohm, low=10 * Mohm, high=1000 * Mohm, scale="log", meaning="membrane resistance"),
        "E_L": Parameter(-60 * mV, low=-80 * mV, high=-50 * mV, meaning="leak reversal potential"),
        "v_th": Parameter(-50 * mV, low=-60 * mV, high=-30 * mV, meaning="threshold"),
        "v_r": Parameter(-60 * mV, low=-80 * mV, high=-50 * mV, meaning="reset potential"),
        "tau_ref": Parameter(5 * ms, low=0 * ms, high=10 * ms, meaning="refractory period"),
    },
    initial={"v": "E_L"},
    input="I",
    meaning="leaky integrate-and-fire neuron",
    source="Brette et al. (2007), J. Comput. Neurosci. 23:349, appendix 2, benchmark 1, doi:10.1007/s10827-007-0038-6",
)
