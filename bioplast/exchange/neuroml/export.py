"""Brian2 networks written as NeuroML files."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import numpy as np
from brian2 import Network, Quantity, get_dimensions, second

from ...errors import BioplastError
from ...files import write_text
from ...version import __version__
from .document import FIELDS, Component, Document
from .parse import DT, GROUP
from .recognise import Found, recognised
from .units import written_quantity

__all__ = ["write_neuroml"]

#: The order that NeuroML's schema asks for.
_ORDER = (
    *("alphaCurrentSynapse", "alphaSynapse", "expOneSynapse", "expTwoSynapse"),
    *("iafTauCell", "iafTauRefCell", "iafCell", "iafRefCell", "izhikevichCell", "izhikevich2007Cell", "adExIaFCell"),
    *("fitzHughNagumoCell", "fitzHughNagumo1969Cell"),
    *("pulseGenerator", "pulseGeneratorDL", "spikeArray", "spikeGeneratorPoisson"),
)
_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<neuroml xmlns="http://www.neuroml.org/schema/neuroml2" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" \
xsi:schemaLocation="http://www.neuroml.org/schema/neuroml2 \
https://raw.githubusercontent.com/NeuroML/NeuroML2/development/Schemas/NeuroML2/NeuroML_v2.3.1.xsd" id={name}>
"""


def write_neuroml(network: Network, path: str | os.PathLike[str], *, duration: Any = None) -> Path:
    """Write a network as a NeuroML 2 file.

    Accepted are networks of `read_neuroml`, and those of groups of `lif` (an iafCell, or an iafRefCell if it has a
    refractory period), `adex`, `izhikevich_2003` and `fitzhugh_nagumo` with the receptors `ampa`, `gaba_a` and
    `alpha_current`, and their synapses. SpikeGeneratorGroups become a spikeArray for each neuron, PoissonGroups a
    spikeGeneratorPoisson, a constant current a pulse of 10^6 s. All neurons of a group have one value of each
    parameter, as a population has in NeuroML; weights, delays and currents may differ.

    The step is noted as the one that is recommended. How the cells were integrated is not: simulators of NeuroML use
    Euler's method.

    Parameters
    ----------
    network : brian2.Network
    path : path
    duration : Quantity, optional
        If given, a file ``LEMS_NAME.xml`` beside it simulates the network for that long, for jNeuroML and PyLEMS, and
        records what the monitors record.

    Returns
    -------
    Path

    Raises
    ------
    Unsupported
        For what NeuroML cannot express, by its name: equations of its own, inputs that are expressions, parameters that
        differ from neuron to neuron, plasticity, gap junctions, synapses onto a cell that NeuroML lets have none.

    Warns
    -----
    UserWarning
        Once, for all that a file does not hold: states other than those that cells start in, spikes of a
        fitzHughNagumo1969Cell.

    Examples
    --------
    >>> exchange.write_neuroml(network, "network.nml", duration=500*ms)  # doctest: +SKIP
    """
    path = Path(path)
    if duration is not None and (
        not isinstance(duration, Quantity)
        or get_dimensions(duration) is not second.dim
        or np.size(duration) != 1
        or not 0 < float(duration) < np.inf
    ):
        raise BioplastError(f"duration is {duration!r}: a time above 0 is accepted, such as 500*ms")
    name = re.sub(r"\W", "_", path.name.split(".")[0], flags=re.ASCII) or "network"
    found = recognised(network, name if re.match(r"[A-Za-z_]", name) else f"network_{name}")
    text = _HEAD.format(name=quoteattr(f"{found.document.name}_document")) + "\n".join(_lines(found.document))
    written = write_text(path, f"{text}\n</neuroml>\n")
    if duration is not None:
        write_text(
            path.with_name(f"LEMS_{path.name.split('.')[0]}.xml"), _simulation(found, path.name, float(duration))
        )
    if found.notes:
        warnings.warn(f"{path}: left out: {', '.join(found.notes)}", UserWarning, stacklevel=2)
    return written


def _element(kind: str, inside: Iterator[str] | None = None, /, **attributes: Any) -> Iterator[str]:
    """The lines of an element; attributes that are None are left out."""
    given = "".join(f" {key}={quoteattr(str(value))}" for key, value in attributes.items() if value is not None)
    lines = [] if inside is None else [f"  {line}" for line in inside]
    if not lines:
        yield f"<{kind}{given}/>"
        return
    yield f"<{kind}{given}>"
    yield from lines
    yield f"</{kind}>"


def _lines(document: Document) -> Iterator[str]:
    yield f"  <notes>written by bioplast {__version__}</notes>"
    for name, component in sorted(document.components.items(), key=lambda item: _ORDER.index(item[1].kind)):
        yield from ("  " + line for line in _component(name, component))
    yield from ("  " + line for line in _element("network", _network(document), id=document.name))


def _component(name: str, component: Component) -> Iterator[str]:
    values = {
        field: written_quantity(value, FIELDS[component.kind][field]) for field, value in component.fields.items()
    }
    spikes = (
        line
        for number, time in enumerate(component.spikes.tolist())
        for line in _element("spike", id=number, time=written_quantity(time, "time"))
    )
    return _element(component.kind, spikes, id=name, **values)


def _network(document: Document) -> Iterator[str]:
    if document.dt is not None:
        yield from _element("property", tag=DT, value=written_quantity(document.dt * 1e3, "none"))
    for name, each in document.populations.items():
        note = _element("property", tag=GROUP, value=each.group) if each.group else None
        yield from _element("population", note, id=name, component=each.component, size=each.size)
    for name, projection in document.projections.items():
        yield from _element(
            "projection",
            _connections(projection),
            id=name,
            presynapticPopulation=projection.pre,
            postsynapticPopulation=projection.post,
            synapse=projection.synapse,
        )
    for name, inputs in document.inputs.items():
        yield from _element(
            "inputList",
            _inputs(inputs),
            id=name,
            component=inputs.component,
            population=inputs.population,
        )


def _connections(projection: Any) -> Iterator[str]:
    plain = bool((projection.weight == 1).all() and (projection.delay == 0).all())
    rows = zip(*(getattr(projection, name).tolist() for name in ("i", "j", "weight", "delay")), strict=True)
    for number, (i, j, weight, delay) in enumerate(rows):
        yield from _element(
            "connection" if plain else "connectionWD",
            id=number,
            preCellId=f"../{projection.pre}[{i}]",
            postCellId=f"../{projection.post}[{j}]",
            weight=None if plain else written_quantity(weight, "none"),
            delay=None if plain else written_quantity(delay, "time"),
        )


def _inputs(inputs: Any) -> Iterator[str]:
    for number, index in enumerate(inputs.index.tolist()):
        yield from _element("input", id=number, target=f"../{inputs.population}[{index}]", destination="synapses")


def _simulation(found: Found, file: str, duration: float) -> str:
    """A LEMS file that runs a network and records what its monitors record."""
    document, stem = found.document, file.split(".")[0]
    columns: list[str] = []
    events: list[str] = []
    for group, variable, index in found.recorded:
        parts = [n for n, each in document.populations.items() if each.group == group]
        for k in index.tolist():
            cell = f"{parts[k]}[0]" if parts else f"{group}[{k}]"
            if variable is None:
                events += _element("EventSelection", id=f"{group}_{k}", select=cell, eventPort="spike")
            else:
                columns += _element("OutputColumn", id=f"{group}_{k}_{variable}", quantity=f"{cell}/{variable}")
    outputs: list[str] = []
    if columns:
        outputs += _element("OutputFile", iter(columns), id="states", fileName=f"{stem}.dat")
    if events:
        outputs += _element("EventOutputFile", iter(events), id="spikes", fileName=f"{stem}.spikes", format="ID_TIME")
    assert document.dt is not None
    simulation = _element(
        "Simulation",
        iter(outputs),
        id="simulation",
        length=written_quantity(duration, "time"),
        step=written_quantity(document.dt, "time"),
        target=document.name,
    )
    includes = [*("Cells.xml", "Networks.xml", "Simulation.xml"), file]
    lines = [
        *_element("Target", component="simulation"),
        *(line for each in includes for line in _element("Include", file=each)),
        *simulation,
    ]
    return "<Lems>\n" + "\n".join(f"  {line}" for line in lines) + "\n</Lems>\n"
