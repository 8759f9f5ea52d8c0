"""The GABA-B receptor: transmitter binds, G-protein is produced, and four of it open a potassium channel."""

from brian2 import mmolar, molar, ms, mV, nS, volt

from bioplast.definition import Parameter, Receptor, Synapse

_SOURCE = (
    "Destexhe, Bal, McCormick and Sejnowski (1996), J. Neurophysiol. 76:2049, doi:10.1152/jn.1996.76.3.2049 "
    "(reviewed by Destexhe, Mainen and Sejnowski 1998, Methods in Neuronal Modeling, chapter 1)"
)

# G is in micromolar and K_d in micromolar**4. The authors' pulse of 0.5 mM for 0.3 ms is here a transmitter that is
# cleared with that time constant: the same amount, and binding is too slow to tell them apart. All synapses of a cell
# share one pool of receptors and G-protein.
gaba_b = Receptor(
    """
    dT_gaba_b/dt = -T_gaba_b/tau_T : mmolar
    dR_gaba_b/dt = K_1*T_gaba_b*(1 - R_gaba_b) - K_2*R_gaba_b : 1
    dG_gaba_b/dt = K_3*R_gaba_b - K_4*G_gaba_b : 1
    I_gaba_b = g_gaba_b*G_gaba_b**4/(G_gaba_b**4 + K_d)*(E_gaba_b - v) : amp
    """,
    current="I_gaba_b",
    requires={"v": volt},
    parameters={
        "tau_T": Parameter(0.3 * ms, low=0.1 * ms, high=2 * ms, scale="log", meaning="clearance of the transmitter"),
        "K_1": Parameter(0.52 / (mmolar * ms), meaning="binding of the transmitter"),
        "K_2": Parameter(0.0013 / ms, meaning="unbinding of the transmitter"),
        "K_3": Parameter(0.098 / ms, meaning="production of G-protein (uM/ms)"),
        "K_4": Parameter(0.033 / ms, meaning="decay of G-protein"),
        "K_d": Parameter(100, low=10, high=1000, scale="log", meaning="dissociation of G-protein and channel (uM**4)"),
        "g_gaba_b": Parameter(60 * nS, low=0 * nS, high=200 * nS, meaning="conductance with all channels open"),
        "E_gaba_b": Parameter(-95 * mV, low=-105 * mV, high=-80 * mV, meaning="potassium reversal potential"),
    },
    meaning="conductance-based GABA-B receptor with G-protein kinetics",
    source=_SOURCE,
)

gaba_b_synapse = Synapse(
    "",
    on_pre="T_gaba_b_post += w",
    requires_post={"T_gaba_b": molar},
    parameters={
        "w": Parameter(0.5 * mmolar, low=0 * mmolar, high=5 * mmolar, meaning="transmitter that a spike releases")
    },
    meaning="slow inhibitory GABA-B synapse",
    source=_SOURCE,
)
