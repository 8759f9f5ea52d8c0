"""The exponential integrate-and-fire neuron, with the numbers that its authors fitted to Wang and Buzsaki's cell."""

from brian2 import cm, ms, msiemens, mV, uF

from bioplast.definition import Neuron, Parameter

exponential_integrate_and_fire = Neuron(
    """
    dv/dt = (I - g_L*(v - V_L) + g_L*Delta_T*exp((v - V_T)/Delta_T))/C_m : volt (unless refractory)
    """,
    threshold="v > V_th",
    reset="v = V_r",
    refractory="tau_ref",
    # A method with steps inside the step would see the exponential beyond the spike, where it overflows.
    method="euler",
    dt=0.02 * ms,
    parameters={
        "C_m": Parameter(
            1 * (uF / cm**2), low=0.5 * (uF / cm**2), high=4 * (uF / cm**2), meaning="membrane capacitance"
        ),
        "g_L": Parameter(
            0.1 * (msiemens / cm**2),
            low=0.02 * (msiemens / cm**2),
            high=0.5 * (msiemens / cm**2),
            scale="log",
            meaning="leak conductance",
        ),
        "V_L": Parameter(-65 * mV, low=-80 * mV, high=-60 * mV, meaning="leak reversal potential"),
        "Delta_T": Parameter(3.48 * mV, low=0.5 * mV, high=10 * mV, scale="log", meaning="sharpness of the spike"),
        "V_T": Parameter(-59.9 * mV, low=-60 * mV, high=-40 * mV, meaning="threshold, where v' has its minimum"),
        "V_r": Parameter(-68 * mV, low=-80 * mV, high=-50 * mV, meaning="reset potential"),
        "tau_ref": Parameter(1.7 * ms, low=0 * ms, high=10 * ms, meaning="refractory period"),
        "V_th": Parameter(-30 * mV, shared=True, meaning="potential where the integration of a spike stops"),
    },
    initial={"v": "V_L"},
    input="I",
    meaning="exponential integrate-and-fire neuron",
    source="Fourcaud-Trocme, Hansel, van Vreeswijk and Brunel (2003), J. Neurosci. 23:11628, table 1, "
    "doi:10.1523/JNEUROSCI.23-37-11628.2003",
)
