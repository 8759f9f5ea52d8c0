"""The gap junction: a current proportional to the difference of two membrane potentials."""

from brian2 import amp, nS, volt

from bioplast.definition import Parameter, Receptor, Synapse

_SOURCE = "Lewis and Rinzel (2003), J. Comput. Neurosci. 14:283, doi:10.1023/A:1023265027714"

gap_current = Receptor(
    """
    I_gap : amp
    """,
    current="I_gap",
    meaning="current through gap junctions",
    source=_SOURCE,
)

# Connect each pair in both directions: i, j and j, i.
gap_junction = Synapse(
    """
    I_gap_post = g_gap*(v_pre - v_post) : amp (summed)
    """,
    requires_pre={"v": volt},
    requires_post={"v": volt, "I_gap": amp},
    parameters={"g_gap": Parameter(1 * nS, low=0 * nS, high=10 * nS, meaning="conductance of the junction")},
    meaning="electrical synapse, a gap junction",
    source=_SOURCE,
)
