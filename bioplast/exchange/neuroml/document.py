"""A NeuroML document as plain data: components, populations, projections, inputs, all in SI units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from .cells import CELLS, fields
from .synapses import PULSES, SYNAPSES

__all__ = ["FIELDS", "SOURCES", "Component", "Document", "Inputs", "Population", "Projection"]

#: What sends spikes without being a cell.
SOURCES: dict[str, dict[str, str]] = {
    "spikeArray": {},
    "spikeGeneratorPoisson": {"averageRate": "per_time"},
}
#: Every component that is read, with its parameters and NeuroML's names of their dimensions.
FIELDS: dict[str, dict[str, str]] = {**{cell: fields(cell) for cell in CELLS}, **SYNAPSES, **PULSES, **SOURCES}


@dataclass(frozen=True)
class Component:
    """A cell, synapse, pulse or source of spikes with its parameters.

    Attributes
    ----------
    kind : str
        Of `FIELDS`.
    fields : mapping of str to float
    spikes : ndarray
        The times of a spikeArray in seconds, in order.
    line : int
        Where it is in its file.
    """

    kind: str
    fields: Mapping[str, float]
    spikes: np.ndarray = field(default_factory=lambda: np.zeros(0))
    line: int | None = None


@dataclass(frozen=True)
class Population:
    """Cells of one component.

    Attributes
    ----------
    component : str
    size : int
    group : str
        Of which group it is a part, in a file of ours; "" for none.
    """

    component: str
    size: int
    group: str = ""


@dataclass(frozen=True)
class Projection:
    """Connections from one population to another.

    Attributes
    ----------
    synapse, pre, post : str
    i, j : ndarray [connections]
    weight : ndarray [connections]
    delay : ndarray [connections]
        In seconds.
    """

    synapse: str
    pre: str
    post: str
    i: np.ndarray
    j: np.ndarray
    weight: np.ndarray
    delay: np.ndarray


@dataclass(frozen=True)
class Inputs:
    """Cells of a population that get a pulse.

    Attributes
    ----------
    component, population : str
    index : ndarray [inputs]
        A cell may occur more than once.
    weight : ndarray [inputs]
    """

    component: str
    population: str
    index: np.ndarray
    weight: np.ndarray


@dataclass
class Document:
    """The network of a document and the components that it uses; everything by its id.

    Attributes
    ----------
    name : str
    components : dict of str to Component
    populations : dict of str to Population
    projections : dict of str to Projection
    inputs : dict of str to Inputs
    dt : float or None
        The step in seconds, where one is noted.
    """

    name: str
    components: dict[str, Component] = field(default_factory=dict)
    populations: dict[str, Population] = field(default_factory=dict)
    projections: dict[str, Projection] = field(default_factory=dict)
    inputs: dict[str, Inputs] = field(default_factory=dict)
    dt: float | None = None
