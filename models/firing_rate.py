"""The firing rate of a neuron, as its low-pass filtered spike train: what rules that speak of rates work on."""

from brian2 import ms

from bioplast.definition import Parameter, Receptor

firing_rate = Receptor(
    """
    dnu/dt = -nu/tau_nu : hertz
    """,
    reset="nu += 1/tau_nu",
    parameters={
        "tau_nu": Parameter(100 * ms, low=10 * ms, high=100000 * ms, scale="log", meaning="window of the firing rate"),
    },
    meaning="firing rate as a low-pass filtered spike train",
    source="Gerstner, Kistler, Naud and Paninski (2014), Neuronal Dynamics, section 7.2, doi:10.1017/CBO9781107447615",
)
