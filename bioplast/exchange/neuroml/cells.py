"""The point neurons of NeuroML 2 as definitions: its equations and its names, line by line.

Potentials, parameters and what a cell starts with are those of NeuroML's core types, version 2.3. The method is
Euler's, as of the simulators that NeuroML has, PyLEMS and jNeuroML.
"""

from __future__ import annotations

from brian2 import Quantity, amp, farad, get_dimensions, hertz, ms, mV, second, siemens, volt

from ...definition import Neuron, Parameter

__all__ = ["CELLS", "DIMENSIONS", "START", "fields"]

_SOURCE = (
    "Cannon et al. (2014), Frontiers in Neuroinformatics 8:79, doi:10.3389/fninf.2014.00079; NeuroML 2.3, Cells.xml"
)

#: NeuroML's names of the dimensions, with their units.
DIMENSIONS = {
    "voltage": volt,
    "time": second,
    "per_time": hertz,
    "conductance": siemens,
    "capacitance": farad,
    "current": amp,
    "conductance_per_voltage": siemens / volt,
    "none": 1,
}


def _parameters(**values: Quantity | float) -> dict[str, Parameter]:
    return {name: Parameter(value) for name, value in values.items()}


_tau = Neuron(
    """
    dv/dt = (leakReversal - v)/tau : volt
    """,
    threshold="v > thresh",
    reset="v = reset",
    method="euler",
    parameters=_parameters(leakReversal=-50 * mV, thresh=-55 * mV, reset=-70 * mV, tau=30 * ms),
    initial={"v": "leakReversal"},
    meaning="integrate-and-fire neuron without an input",
    source=_SOURCE,
    name="iafTauCell",
)

_tau_ref = Neuron(
    """
    dv/dt = (leakReversal - v)/tau : volt (unless refractory)
    """,
    threshold="v > thresh",
    reset="v = reset",
    refractory="refract",
    method="euler",
    parameters=_parameters(leakReversal=-50 * mV, thresh=-55 * mV, reset=-70 * mV, tau=30 * ms, refract=5 * ms),
    initial={"v": "leakReversal"},
    meaning="integrate-and-fire neuron without an input, with a refractory period",
    source=_SOURCE,
    name="iafTauRefCell",
)

_IAF = {
    "leakReversal": -70 * mV,
    "thresh": -55 * mV,
    "reset": -70 * mV,
    "C": 0.2e-9 * farad,
    "leakConductance": 10e-9 * siemens,
}

_iaf = Neuron(
    """
    dv/dt = (leakConductance*(leakReversal - v) + I)/C : volt
    """,
    threshold="v > thresh",
    reset="v = reset",
    method="euler",
    parameters=_parameters(**_IAF),
    initial={"v": "leakReversal"},
    input="I",
    meaning="integrate-and-fire neuron with a capacitance",
    source=_SOURCE,
    name="iafCell",
)

_iaf_ref = Neuron(
    """
    dv/dt = (leakConductance*(leakReversal - v) + I)/C : volt (unless refractory)
    """,
    threshold="v > thresh",
    reset="v = reset",
    refractory="refract",
    method="euler",
    parameters=_parameters(**_IAF, refract=5 * ms),
    initial={"v": "leakReversal"},
    input="I",
    meaning="integrate-and-fire neuron with a capacitance and a refractory period",
    source=_SOURCE,
    name="iafRefCell",
)

# I is a number without a unit, and so are a, b, c, d and U: NeuroML counts them in mV and ms.
_izhikevich = Neuron(
    """
    dv/dt = (0.04*v**2/mV + 5*v + (140 - U + I)*mV)/ms : volt
    dU/dt = a*(b*v/mV - U)/ms : 1
    """,
    threshold="v > thresh",
    reset="v = c*mV; U += d",
    method="euler",
    parameters=_parameters(v0=-70 * mV, thresh=30 * mV, a=0.02, b=0.2, c=-50.0, d=2.0),
    initial={"v": "v0", "U": "v0*b/mV"},
    input="I",
    meaning="Izhikevich's simple model of 2003",
    source=_SOURCE,
    name="izhikevichCell",
)

_izhikevich_2007 = Neuron(
    """
    dv/dt = (k*(v - vr)*(v - vt) + I - u)/C : volt
    du/dt = a*(b*(v - vr) - u) : amp
    """,
    threshold="v > vpeak",
    reset="v = c; u += d",
    method="euler",
    parameters=_parameters(
        v0=-60 * mV, C=100e-12 * farad, k=0.7e-6 * siemens / volt, vr=-60 * mV, vt=-40 * mV, vpeak=35 * mV,
        a=30 * hertz, b=-2e-9 * siemens, c=-50 * mV, d=100e-12 * amp,
    ),
    initial={"v": "v0"},
    input="I",
    meaning="Izhikevich's simple model of 2007",
    source=_SOURCE,
    name="izhikevich2007Cell",
)  # fmt: skip

_adex = Neuron(
    """
    dv/dt = (-gL*(v - EL) + gL*delT*exp((v - VT)/delT) - w + I)/C : volt (unless refractory)
    dw/dt = (a*(v - EL) - w)/tauw : amp
    """,
    threshold="v > thresh",
    reset="v = reset; w += b",
    refractory="refract",
    method="euler",
    parameters=_parameters(
        C=281e-12 * farad, gL=30e-9 * siemens, EL=-70.6 * mV, VT=-50.4 * mV, thresh=-40.4 * mV, reset=-48.5 * mV,
        delT=2 * mV, tauw=40 * ms, refract=0 * ms, a=4e-9 * siemens, b=0.08e-9 * amp,
    ),
    initial={"v": "EL"},
    input="I",
    meaning="adaptive exponential integrate-and-fire neuron",
    source=_SOURCE,
    name="adExIaFCell",
)  # fmt: skip

_fitzhugh_1969 = Neuron(
    """
    dV/dt = (V - V**3/3 - W + I)/ms : 1
    dW/dt = phi*(V + a - b*W)/ms : 1
    """,
    method="euler",
    parameters=_parameters(a=0.7, b=0.8, I=0.0, phi=0.08, V0=-1.2, W0=-0.6),
    initial={"V": "V0", "W": "W0"},
    meaning="FitzHugh and Nagumo's oscillator, which sends no spikes",
    source=_SOURCE,
    name="fitzHughNagumo1969Cell",
)

_fitzhugh = Neuron(
    """
    dV/dt = (V - V**3/3 - W + I)/second : 1
    dW/dt = 0.08*(V + 0.7 - 0.8*W)/second : 1
    """,
    method="euler",
    parameters=_parameters(I=0.8),
    meaning="FitzHugh and Nagumo's oscillator with time in seconds, which sends no spikes",
    source=_SOURCE,
    name="fitzHughNagumoCell",
)

#: The cells that are read and written, by NeuroML's names.
CELLS: dict[str, Neuron] = {
    cell.name: cell
    for cell in (_tau, _tau_ref, _iaf, _iaf_ref, _izhikevich, _izhikevich_2007, _adex, _fitzhugh_1969, _fitzhugh)
}

#: The parameter that each initial value is, where it is one, by cell and variable, with the variable's unit.
START: dict[str, dict[str, str]] = {
    "izhikevichCell": {"v": "v0"},
    "izhikevich2007Cell": {"v": "v0"},
    "fitzHughNagumo1969Cell": {"V": "V0", "W": "W0"},
}


def fields(cell: str) -> dict[str, str]:
    """The parameters of a cell, with NeuroML's names of their dimensions.

    Parameters
    ----------
    cell : str
        Of `CELLS`.
    """
    return {name: dimension(parameter.value) for name, parameter in CELLS[cell].parameters.items()}


def dimension(value: Quantity | float) -> str:
    """NeuroML's name of the dimension of a value."""
    return next(name for name, unit in DIMENSIONS.items() if get_dimensions(unit) is get_dimensions(value))
