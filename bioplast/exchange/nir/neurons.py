"""NIR's neurons as definitions: `lif` of the zoo, the integrators that the zoo lacks, and what brings them their input.

Signals are currents. A spike is a current that lasts one step (`I_step`, which is set back once it has been used), a
bias one that lasts (`I_bias`), and each connection from neurons that do not spike brings one of its own (`I_analog0`).
"""

from __future__ import annotations

import functools

from brian2 import Mohm, amp, farad, ms, mV, volt

from ...definition import Neuron, Parameter, Receptor, Synapse
from ...definition.find import load
from ...errors import DefinitionError

__all__ = ["RENAMED", "definition", "graded_synapse", "step_synapse"]

_SOURCE = "Pedersen et al. (2024), Nature Communications 15:8122, doi:10.1038/s41467-024-52259-9"

leaky_integrator = Neuron(
    """
    dv/dt = (E_L - v + R_m*I)/tau_m : volt
    """,
    method="exponential_euler",
    parameters={
        "tau_m": Parameter(20 * ms, meaning="membrane time constant"),
        "R_m": Parameter(100 * Mohm, meaning="membrane resistance"),
        "E_L": Parameter(0 * mV, meaning="leak reversal potential"),
    },
    initial={"v": "E_L"},
    input="I",
    meaning="leaky integrator, which does not spike",
    source=_SOURCE,
    name="nir-li",
)

integrator = Neuron(
    """
    dv/dt = R*I : volt
    """,
    method="euler",
    parameters={"R": Parameter(1 / farad, meaning="what a current adds to the potential")},
    input="I",
    meaning="integrator, which does not spike",
    source=_SOURCE,
    name="nir-i",
)

perfect_integrate_and_fire = Neuron(
    """
    dv/dt = R*I : volt
    """,
    threshold="v > v_th",
    reset="v = v_r",
    method="euler",
    parameters={
        "R": Parameter(1 / farad, meaning="what a current adds to the potential"),
        "v_th": Parameter(10 * mV, meaning="threshold"),
        "v_r": Parameter(0 * mV, meaning="reset potential"),
    },
    input="I",
    meaning="perfect integrate-and-fire neuron",
    source=_SOURCE,
    name="nir-if",
)

threshold_unit = Neuron(
    """
    x = I : amp
    """,
    threshold="x > theta",
    parameters={"theta": Parameter(1 * amp, meaning="threshold")},
    input="I",
    meaning="unit that spikes in each step in which its input is above a threshold",
    source=_SOURCE,
    name="nir-threshold",
)

step_synapse = Synapse(
    "",
    on_pre="I_step_post += w",
    requires_post={"I_step": amp},
    parameters={"w": Parameter(1 * amp, meaning="current for one step")},
    meaning="synapse whose current lasts one step",
    source=_SOURCE,
    name="nir-step",
)


@functools.cache
def graded_synapse(number: int, source: str) -> Synapse:
    """A synapse from neurons without spikes, which fills the neuron's current of that number.

    Parameters
    ----------
    number : int
    source : str
        The variable that is passed on: "v" of neurons, "x" of an input.
    """
    unit = volt if source == "v" else 1
    return Synapse(
        f"I_analog{number}_post = w*{source}_pre : amp (summed)",
        requires_pre={source: unit},
        requires_post={f"I_analog{number}": amp},
        parameters={"w": Parameter(1 * amp / unit, meaning="current for each unit of the signal")},
        meaning="weight of a signal without spikes",
        source=_SOURCE,
        name=f"nir-graded-{number}",
    )


#: The definition's names of NIR's parameters, by kind.
RENAMED: dict[str, dict[str, str]] = {
    "LIF": {"tau": "tau_m", "r": "R_m", "v_leak": "E_L", "v_threshold": "v_th", "v_reset": "v_r"},
    "CubaLIF": {
        "tau_mem": "tau_m", "tau_syn": "tau_syn", "r": "R_m", "v_leak": "E_L", "v_threshold": "v_th",
        "v_reset": "v_r", "w_in": "w_in",
    },
    "LI": {"tau": "tau_m", "r": "R_m", "v_leak": "E_L"},
    "CubaLI": {"tau_mem": "tau_m", "tau_syn": "tau_syn", "r": "R_m", "v_leak": "E_L", "w_in": "w_in"},
    "IF": {"r": "R", "v_threshold": "v_th", "v_reset": "v_r"},
    "I": {"r": "R"},
    "Threshold": {"threshold": "theta"},
}  # fmt: skip


@functools.cache
def definition(kind: str, graded: int = 0) -> Neuron:
    """The neuron of a kind with its input.

    Parameters
    ----------
    kind : str
        Of NIR, such as "CubaLIF".
    graded : int
        How many connections come from neurons that do not spike.
    """
    lif = load("lif")
    if not isinstance(lif, Neuron):
        raise DefinitionError("the model 'lif' is no neuron")
    bases = {
        "LIF": lif,
        "CubaLIF": lif,
        "LI": leaky_integrator,
        "CubaLI": leaky_integrator,
        "IF": perfect_integrate_and_fire,
        "I": integrator,
        "Threshold": threshold_unit,
    }
    names = [f"I_analog{n}" for n in range(graded)]
    sum_of_all = " + ".join(["I_step", "I_bias", *names])
    brought = ["I_step : amp", "I_bias : amp (constant)", *(f"{name} : amp" for name in names)]
    if kind.startswith("Cuba"):
        brought = [f"dI_syn/dt = (w_in*({sum_of_all}) - I_syn)/tau_syn : amp", *brought]
        parameters = {
            "tau_syn": Parameter(5 * ms, meaning="decay of the synaptic current"),
            "w_in": Parameter(1.0, meaning="weight of the whole input"),
        }
    else:
        brought = [f"I_in = {sum_of_all} : amp", *brought]
        parameters = {}
    receptor = Receptor(
        "\n".join(brought),
        current="I_syn" if kind.startswith("Cuba") else "I_in",
        parameters=parameters,
        meaning="input of a node of NIR",
        source=_SOURCE,
        name=f"nir-{kind.lower()}-input",
    )
    return bases[kind] + receptor
