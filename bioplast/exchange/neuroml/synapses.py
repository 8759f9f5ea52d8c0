"""NeuroML's synapses and current pulses as definitions: receptors of a cell, and the synapse that opens them.

NeuroML gives every connection a synapse of its own. Their equations are linear, so that the sum over the synapses of
one kind onto a cell obeys the same equations, and is all that the cell sees. It is what a receptor holds here. Its
variables are those of NeuroML with the synapse's id behind them: ``g_ampa``, ``tauDecay_ampa``. What a spike brings,
``weight*gbase``, is with the Synapses; A and B of an expTwoSynapse are conductances for that.
"""

from __future__ import annotations

import functools
from typing import Any

from brian2 import amp, ms, mV, nA, nS, siemens, volt

from ...definition import Parameter, Receptor, Synapse

__all__ = ["BASE", "PULSES", "SYNAPSES", "pulse", "receptor", "synapse"]

_SOURCE = "Cannon et al. (2014), Frontiers in Neuroinformatics 8:79, doi:10.3389/fninf.2014.00079; NeuroML 2.3"

#: The parameters of each synapse, with NeuroML's names of their dimensions.
SYNAPSES: dict[str, dict[str, str]] = {
    "expOneSynapse": {"gbase": "conductance", "erev": "voltage", "tauDecay": "time"},
    "expTwoSynapse": {"gbase": "conductance", "erev": "voltage", "tauRise": "time", "tauDecay": "time"},
    "alphaSynapse": {"gbase": "conductance", "erev": "voltage", "tau": "time"},
    "alphaCurrentSynapse": {"ibase": "current", "tau": "time"},
}
#: Which of them says how much a spike brings.
BASE = ("gbase", "ibase")
#: Those of the pulses: of a current, and of one without a unit for izhikevichCell.
PULSES: dict[str, dict[str, str]] = {
    "pulseGenerator": {"delay": "time", "duration": "time", "amplitude": "current"},
    "pulseGeneratorDL": {"delay": "time", "duration": "time", "amplitude": "none"},
}

_EQUATIONS = {
    "expOneSynapse": """
    dg_{s}/dt = -g_{s}/tauDecay_{s} : siemens
    I_{s} = g_{s}*(erev_{s} - v) : amp
    """,
    "expTwoSynapse": """
    dA_{s}/dt = -A_{s}/tauRise_{s} : siemens
    dB_{s}/dt = -B_{s}/tauDecay_{s} : siemens
    peakTime_{s} = log(tauDecay_{s}/tauRise_{s})*(tauRise_{s}*tauDecay_{s})/(tauDecay_{s} - tauRise_{s}) : second
    waveformFactor_{s} = 1/(exp(-peakTime_{s}/tauDecay_{s}) - exp(-peakTime_{s}/tauRise_{s})) : 1
    g_{s} = B_{s} - A_{s} : siemens
    I_{s} = g_{s}*(erev_{s} - v) : amp
    """,
    "alphaSynapse": """
    dg_{s}/dt = (exp(1)*A_{s} - g_{s})/tau_{s} : siemens
    dA_{s}/dt = -A_{s}/tau_{s} : siemens
    I_{s} = g_{s}*(erev_{s} - v) : amp
    """,
    "alphaCurrentSynapse": """
    dI_{s}/dt = (exp(1)*J_{s} - I_{s})/tau_{s} : amp
    dJ_{s}/dt = -J_{s}/tau_{s} : amp
    """,
}
_ON_PRE = {
    "expOneSynapse": "g_{s}_post += weight*gbase",
    "expTwoSynapse": (
        "A_{s}_post += weight*gbase*waveformFactor_{s}_post\nB_{s}_post += weight*gbase*waveformFactor_{s}_post"
    ),
    "alphaSynapse": "A_{s}_post += weight*gbase",
    "alphaCurrentSynapse": "J_{s}_post += weight*ibase",
}
_REQUIRED: dict[str, dict[str, Any]] = {
    "expOneSynapse": {"g": siemens},
    "expTwoSynapse": {"A": siemens, "B": siemens, "waveformFactor": 1},
    "alphaSynapse": {"A": siemens},
    "alphaCurrentSynapse": {"J": amp},
}
_DEFAULTS = {
    "gbase": 1 * nS, "ibase": 1 * nA, "erev": 0 * mV, "tau": 5 * ms, "tauRise": 1 * ms, "tauDecay": 5 * ms,
}  # fmt: skip


@functools.cache
def receptor(kind: str, suffix: str) -> Receptor:
    """What a cell gains by the synapses of one kind onto it.

    Parameters
    ----------
    kind : str
        Of `SYNAPSES`.
    suffix : str
        Behind the names of its variables.
    """
    return Receptor(
        _EQUATIONS[kind].format(s=suffix),
        current=f"I_{suffix}",
        requires={} if kind == "alphaCurrentSynapse" else {"v": volt},
        parameters={
            f"{name}_{suffix}": Parameter(_DEFAULTS[name], shared=True) for name in SYNAPSES[kind] if name not in BASE
        },
        meaning=f"{kind} of NeuroML",
        source=f"{_SOURCE}, Synapses.xml",
        name=f"{kind}-{suffix}",
    )


@functools.cache
def synapse(kind: str, suffix: str) -> Synapse:
    """What a spike does to a receptor of `receptor`; arguments as there."""
    return Synapse(
        "",
        on_pre=_ON_PRE[kind].format(s=suffix),
        requires_post={f"{name}_{suffix}": unit for name, unit in _REQUIRED[kind].items()},
        parameters={
            "weight": Parameter(1.0, meaning="factor of the baseline conductance or current"),
            **{name: Parameter(_DEFAULTS[name], shared=True) for name in SYNAPSES[kind] if name in BASE},
        },
        meaning=f"{kind} of NeuroML",
        source=f"{_SOURCE}, Synapses.xml",
        name=f"{kind}-{suffix}",
    )


@functools.cache
def pulse(number: int, kind: str) -> Receptor:
    """A current pulse, with an amplitude, a delay and a duration for each cell.

    Parameters
    ----------
    number : int
        Behind the names of its variables, since a cell may have several.
    kind : str
        Of `PULSES`.
    """
    s = f"input{number}"
    unit, one = ("1", 1.0) if kind == "pulseGeneratorDL" else ("amp", 0 * amp)
    # a thousandth of a step, as in Brian2's timestep(): 10 ms are 10 ms although 100*0.1 ms may be a bit less
    now = "t + 0.001*dt"
    return Receptor(
        f"I_{s} = amplitude_{s}*int({now} >= delay_{s})*int({now} < delay_{s} + duration_{s}) : {unit}",
        current=f"I_{s}",
        parameters={
            f"amplitude_{s}": Parameter(0 * one, meaning="amplitude of the pulse"),
            f"delay_{s}": Parameter(0 * ms, meaning="when it begins"),
            f"duration_{s}": Parameter(0 * ms, meaning="how long it lasts"),
        },
        meaning=f"{kind} of NeuroML",
        source=f"{_SOURCE}, Inputs.xml",
        name=f"{kind}-{number}",
    )
