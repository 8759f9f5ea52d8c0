"""The page of a neuron that nobody wrote one for: it is driven with inputs around the first that makes it fire."""

from __future__ import annotations

from functools import cache, partial
from typing import Any

from brian2 import Hz, Network, Quantity, SpikeMonitor, amp, cm, metre, ms, mV, nA, second, uA, volt
from brian2.units.fundamentalunits import DIMENSIONLESS

import bioplast
from bioplast.definition import Neuron
from bioplast.definition.units import unit_text
from bioplast.protocols.zoo.pages.neuron import Drive, measured
from bioplast.protocols.zoo.pages.page import Found, Page, made_without_compiling
from bioplast.protocols.zoo.pages.simulation import STEP

DURATION = 500  # of a constant input, in ms
POWERS = range(-12, 13)  # of two, in the unit of the input: where the first spike is looked for

# The units that people give inputs in, for Brian2 and as text; an input in others is in SI units.
UNITS: dict[Any, tuple[Any, str]] = {
    amp.dim: (nA, "nA"),
    (amp / metre**2).dim: (uA / cm**2, "µA/cm²"),
    (volt / second).dim: (mV / ms, "mV/ms"),
    volt.dim: (mV, "mV"),
    Hz.dim: (1 / ms, "1/ms"),
    DIMENSIONLESS: (1, ""),
}


def page_of(neuron: Neuron) -> Page:
    """A page with the firing rate and the response to a step, in ranges that follow from the rheobase."""
    drive = cache(partial(drive_of, neuron))

    def experiment(points: int) -> Found:
        return measured(neuron, drive(), points)

    meaning = neuron.meaning or neuron.name
    return Page(
        title=meaning[:1].upper() + meaning[1:],
        group="Neurons",
        definitions=(neuron,),
        experiment=experiment,
        caption="Left: rate of firing that goes on, against a constant input. Right: response to a step.",
        cell=neuron,
        drive=lambda: drive().step * drive().unit,
    )


def drive_of(neuron: Neuron) -> Drive:
    """Inputs for a neuron: twice the first power of two that makes it fire, in the unit of its input."""
    dimensions = neuron.input_dimensions
    unit, text = UNITS.get(dimensions) or (Quantity(1.0, dim=dimensions), unit_text(dimensions))
    first = _first_input(neuron, unit)
    in_volts = neuron.variables["v"] is volt.dim
    return Drive(
        unit,
        text,
        curve=(0, 4 * (first or 1)),
        step=2 * (first or 1),
        duration=DURATION,
        shown=200,
        search=[(first / 2, first)] if first else [],
        v_unit=mV if in_volts else 1,
        v_text="mV" if in_volts else unit_text(neuron.variables["v"]),
    )


def _first_input(neuron: Neuron, unit: Any) -> float | None:
    """The first power of two that makes the neuron fire when it is applied from the start; None if none does."""
    with made_without_compiling():
        group = neuron.group(1, name="cell", dt=neuron.dt or STEP * ms)
        network = Network(group, SpikeMonitor(group, name="spikes"))
        program = bioplast.compile(network, DURATION * ms, "numpy", namespace={})
    for power in POWERS:
        out = program(values={f"cell.{neuron.external}": 2.0**power * float(unit)}, seed=1)
        if len(out.events("spikes")[0]):
            return 2.0**power
    return None
