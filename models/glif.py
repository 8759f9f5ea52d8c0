"""The generalized linear integrate-and-fire neuron of Mihalas and Niebur."""

from brian2 import hertz, ms, mV, second, volt

from bioplast.definition import Neuron, Parameter

# Everything is per capacitance, as the paper's table 1 gives it: I, I_1, I_2, A_1, A_2 in V/s and G in 1/s stand for
# I_e/C, I_1/C, I_2/C, A_1/C, A_2/C and G/C. The clip is max(Theta, Theta_r).
glif = Neuron(
    """
    dI_1/dt = -k_1*I_1 : volt/second
    dI_2/dt = -k_2*I_2 : volt/second
    dv/dt = I + I_1 + I_2 - G*(v - E_L) : volt
    dTheta/dt = a*(v - E_L) - b*(Theta - Theta_inf) : volt
    """,
    threshold="v > Theta",
    reset="""
    I_1 = R_1*I_1 + A_1
    I_2 = R_2*I_2 + A_2
    v = V_r
    Theta = clip(Theta, Theta_r, 1*volt)
    """,
    method="rk4",
    dt=0.1 * ms,
    parameters={
        "a": Parameter(0 * hertz, low=-100 * hertz, high=50 * hertz, meaning="coupling of the threshold to v"),
        "b": Parameter(10 * hertz, low=1 * hertz, high=100 * hertz, scale="log", meaning="decay of the threshold"),
        "G": Parameter(50 * hertz, low=5 * hertz, high=500 * hertz, scale="log", meaning="leak rate"),
        "k_1": Parameter(200 * hertz, low=20 * hertz, high=1000 * hertz, scale="log", meaning="decay of I_1"),
        "k_2": Parameter(20 * hertz, low=2 * hertz, high=200 * hertz, scale="log", meaning="decay of I_2"),
        "R_1": Parameter(0, low=0, high=1, meaning="part of I_1 that a spike leaves"),
        "R_2": Parameter(1, low=0, high=1, meaning="part of I_2 that a spike leaves"),
        "A_1": Parameter(0 * volt / second, low=-10 * volt / second, high=15 * volt / second, meaning="step of I_1"),
        "A_2": Parameter(0 * volt / second, low=-2 * volt / second, high=2 * volt / second, meaning="step of I_2"),
        "E_L": Parameter(-70 * mV, low=-80 * mV, high=-60 * mV, meaning="leak reversal potential"),
        "V_r": Parameter(-70 * mV, low=-90 * mV, high=-60 * mV, meaning="reset potential"),
        "Theta_r": Parameter(-60 * mV, low=-70 * mV, high=-40 * mV, meaning="lowest threshold after a spike"),
        "Theta_inf": Parameter(-50 * mV, low=-60 * mV, high=-30 * mV, meaning="threshold at rest"),
    },
    initial={"I_1": 0 * volt / second, "I_2": 0 * volt / second, "v": "E_L", "Theta": "Theta_inf"},
    input="I",
    meaning="generalized linear integrate-and-fire neuron of Mihalas and Niebur",
    source="Mihalas and Niebur (2009), Neural Computation 21:704, doi:10.1162/neco.2008.12-07-680",
)
