"""NeuroML files read into a `Document`, with every reference followed and every number checked."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import BioplastError
from .cells import CELLS
from .document import FIELDS, SOURCES, Component, Document, Inputs, Population, Projection
from .elements import Element, Reader, refused
from .synapses import PULSES, SYNAPSES
from .units import read_quantity

__all__ = ["DT", "GROUP", "MOST_CELLS", "read_document"]

#: The most cells of a file, all populations together.
MOST_CELLS = 10_000_000
#: The tags of the properties that are read: NeuroML's own of the step, and ours of the group that sources belong to.
DT, GROUP = "recommended_dt_ms", "bioplast_group"
_ID = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,199}")
_PLACE = re.compile(r"(?:\.\./)?([A-Za-z_]\w*)(?:\[([0-9]{1,15})\]|/([0-9]{1,15})(?:/\w+)?)/?")
_TEXT = {"notes", "annotation", "property"}
_IGNORED = _TEXT | {"space", "region", "layout"}
_POSITIVE = {"tau", "tauDecay", "tauRise", "tauw", "C", "delT"}
_NOT_NEGATIVE = {"refract", "delay", "duration", "averageRate", "leakConductance", "gL", "gbase"}
_MOST_INCLUDES = 1000
# Attributes of elements of a network; those of components are their parameters. What any element may have says nothing
# of what is simulated.
_ANYWHERE = {"id", "metaid", "neuroLexId"}
_ENDS = {f"{side}{what}" for side in ("pre", "post") for what in ("CellId", "SegmentId", "FractionAlong")}
_WEIGHTED = {"weight", "delay"}
_ATTRIBUTES = {
    tag: frozenset(_ANYWHERE | names)
    for tag, names in {
        "population": {"component", "size", "type", "extracellularProperties"},
        "projection": {"presynapticPopulation", "postsynapticPopulation", "synapse"},
        "connection": _ENDS | {"destination"},
        "connectionWD": _ENDS | {"destination"} | _WEIGHTED,
        "synapticConnection": {"from", "to", "synapse", "destination"},
        "synapticConnectionWD": {"from", "to", "synapse", "destination"} | _WEIGHTED,
        "inputList": {"population", "component"},
        "input": {"target", "destination", "segmentId", "fractionAlong"},
        "inputW": {"target", "destination", "segmentId", "fractionAlong", "weight"},
        "explicitInput": {"target", "input", "destination", "sourcePort", "targetPort"},
        "spike": {"time"},
    }.items()
}


def read_document(path: str | os.PathLike[str]) -> Document:
    """Read a NeuroML file and the files of its folder that it includes.

    Parameters
    ----------
    path : path

    Returns
    -------
    Document
        Every component that it names is there, of a kind that fits, with finite numbers; cells lie within their
        populations.

    Raises
    ------
    BioplastError
        For a file that is damaged, hostile or no NeuroML, and for what is not read, by its name and line.
    """
    return _Parser(Path(path)).document()


class _Parser:
    """The files of a model, piece by piece."""

    def __init__(self, path: Path):
        self.path, self.reader = path, Reader()
        self.folder = path.resolve().parent
        self.roots: dict[Path, Element] = {}
        self.found: dict[str, tuple[Path, Element]] = {}
        self.networks: list[tuple[Path, Element]] = []
        self.document_: Document
        self.here = path

    def document(self) -> Document:
        self._open(self.path)
        if len(self.networks) != 1:
            names = ", ".join(repr(each.attributes.get("id", "")) for _, each in self.networks[:5])
            holds = f"holds {len(self.networks)} networks ({names})" if self.networks else "holds no network"
            raise refused(self.path, None, f"{holds}: one is accepted")
        self.here, network = self.networks[0]
        self.document_ = Document(self._id(network))
        for each in network.children:
            if each.tag == "population":
                self._population(each)
        for each in network.children:
            self._part(each)
        return self.document_

    # ---- files -----------------------------------------------------------------------------------------------------

    def _open(self, path: Path) -> None:
        """Read a file and those that it includes."""
        waiting = [path]
        while waiting:
            self.here = waiting.pop()
            real = self.here.resolve()
            if real in self.roots:
                continue
            if len(self.roots) >= _MOST_INCLUDES:
                raise refused(self.here, None, f"more than {_MOST_INCLUDES} files are included")
            root = self.roots[real] = self.reader.read(self.here)
            if root.tag != "neuroml":
                raise refused(
                    self.here, root.line, f"is no NeuroML 2 file: it is <{root.tag[:60]}>, and <neuroml> is accepted"
                )
            for each in root.children:
                if each.tag in ("include", "Include"):
                    waiting.append(self._included(each))
                elif each.tag in ("network", "networkWithTemperature"):
                    self.networks.append((self.here, each))
                elif each.tag == "ComponentType" and each.attributes.get("name") in FIELDS:
                    raise self._error(each, f"defines {each.attributes['name']} anew; that of NeuroML is accepted")
                elif each.tag not in _TEXT and "id" in each.attributes:
                    self._component(each)

    def _included(self, element: Element) -> Path:
        name = element.attributes.get("href", element.attributes.get("file"))
        if not name:
            raise self._error(element, "an include without href")
        inside = not re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", name) and "\x00" not in name and len(name) < 200
        path = self.here.parent / name
        if not inside or not path.resolve().is_relative_to(self.folder):
            raise self._error(
                element, f"includes {name[:100]!r}: files within the folder of {self.path.name} are accepted"
            )
        return path

    def _component(self, element: Element) -> None:
        name = self._id(element)
        if name in self.found:
            raise self._error(element, f"the id {name!r} is given twice")
        self.found[name] = (self.here, element)

    # ---- attributes ------------------------------------------------------------------------------------------------

    def _error(self, element: Element, what: str) -> BioplastError:
        return refused(self.here, element.line, what)

    def _check_attributes(self, element: Element, accepted: Any = None) -> None:
        """Refuse attributes that are not read: a number under a wrong name would be lost."""
        known = _ATTRIBUTES[element.tag] if accepted is None else accepted
        if not element.attributes.keys() <= known:
            name = min(element.attributes.keys() - known)
            names = ", ".join(sorted(known - _ANYWHERE)) or "no parameters"
            raise self._error(element, f"{name[:60]!r} of <{element.tag[:60]}> is not read; accepted: {names}")

    def _text(self, element: Element, name: str) -> str:
        if name not in element.attributes:
            label = element.attributes.get("id", "")[:60]
            raise self._error(element, f"<{element.tag[:60]}> {label!r} lacks {name!r}" if label else
                              f"<{element.tag[:60]}> lacks {name!r}")  # fmt: skip
        return element.attributes[name]

    def _id(self, element: Element) -> str:
        name = self._text(element, "id")
        if not _ID.fullmatch(name):
            raise self._error(element, f"the id {name[:60]!r}: letters, digits and _ are accepted, no digit in front")
        return name

    def _number(self, element: Element, name: str, dimension: str) -> float:
        try:
            value = read_quantity(self._text(element, name), dimension)
        except BioplastError as error:
            if name not in element.attributes:
                raise
            raise self._error(element, f"{name} of <{element.tag[:60]}>: {error}") from None
        if (name in _POSITIVE and value <= 0) or (name in _NOT_NEGATIVE and value < 0):
            least = "above 0" if name in _POSITIVE else "from 0 on"
            raise self._error(
                element,
                f"{name} of <{element.tag[:60]}> is {element.attributes[name][:60]!r}: values {least} are accepted",
            )
        return value

    def _whole(self, element: Element, text: str, what: str, least: int, most: int) -> int:
        """A whole number that is written in a few digits."""
        if not re.fullmatch(r"\s*[0-9]{1,15}\s*", text) or not least <= int(text) <= most:
            raise self._error(element, f"{what} is {text[:60]!r}: whole numbers from {least} to {most} are accepted")
        return int(text)

    # ---- components ------------------------------------------------------------------------------------------------

    def _used(self, user: Element, name: str, accepted: Any, what: str) -> Component:
        """The component that something refers to, which has to be one of the accepted kinds."""
        if name in self.document_.components:
            component = self.document_.components[name]
            kind = component.kind
        elif name in self.found:
            kind = _kind(self.found[name][1])
        else:
            raise self._error(user, f"names the {what} {name[:60]!r}, which the file does not have")
        if kind not in accepted:
            raise self._error(
                user,
                f"the {what} {name!r} is {_article(kind[:60])}, which is not read; accepted: {', '.join(accepted)}",
            )
        if name not in self.document_.components:
            self.document_.components[name] = self._made(name, kind)
        return self.document_.components[name]

    def _made(self, name: str, kind: str) -> Component:
        back = self.here
        self.here, element = self.found[name]
        self._check_attributes(element, {*_ANYWHERE, *FIELDS[kind], *(["type"] * (element.tag == "Component"))})
        values = {each: self._number(element, each, dimension) for each, dimension in FIELDS[kind].items()}
        if kind == "expTwoSynapse" and values["tauRise"] == values["tauDecay"]:
            raise self._error(
                element,
                f"{name!r} has tauRise = tauDecay, for which an expTwoSynapse is not defined; an alphaSynapse is",
            )
        spikes = []
        for each in element.children:
            if each.tag == "spike" and kind == "spikeArray":
                self._check_attributes(each)
                spikes.append(self._number(each, "time", "time"))
                if spikes[-1] < 0:
                    raise self._error(
                        each, f"a spike at {each.attributes['time'][:60]!r}: times from 0 on are accepted"
                    )
            elif each.tag not in _TEXT:
                raise self._error(each, f"<{each.tag[:60]}> in the {kind} {name!r} is not read")
        self.here = back
        return Component(kind, values, np.sort(np.array(spikes, dtype=float)), element.line)

    # ---- the network -----------------------------------------------------------------------------------------------

    def _population(self, element: Element) -> None:
        name, populations = self._id(element), self.document_.populations
        if name in populations:
            raise self._error(element, f"the population {name!r} is there twice")
        listed = sum(each.tag == "instance" for each in element.children)
        size = listed
        if not listed or "size" in element.attributes:
            size = self._whole(element, self._text(element, "size"), f"size of {name!r}", 1, MOST_CELLS)
        if listed and size != listed:
            raise self._error(element, f"size of {name!r} is {size}, but it has {listed} instances")
        if sum(each.size for each in populations.values()) + size > MOST_CELLS:
            raise self._error(element, f"more than {MOST_CELLS} cells; at most so many are accepted")
        component = self._text(element, "component")
        self._used(element, component, [*CELLS, *SOURCES], "component")
        populations[name] = Population(component, size, self._note(element))
        if element.attributes.get("type") not in (None, "population", "populationList"):
            raise self._error(element, f"the population {name!r} is {_article(element.attributes['type'][:60])}")

    def _note(self, element: Element) -> str:
        """The group of ours that a population is a part of, "" if there is none."""
        for each in element.children:
            if each.tag == "property" and each.attributes.get("tag") == GROUP:
                return each.attributes.get("value", "")
        return ""

    def _part(self, element: Element) -> None:
        if element.tag in _ATTRIBUTES:
            self._check_attributes(element)
        if element.tag == "projection":
            self._projection(element)
        elif element.tag == "inputList":
            self._input_list(element)
        elif element.tag == "explicitInput":
            population, index = self._place(element, "target", None)
            name = self._text(element, "input")
            self._add_inputs(element, self._free(f"{name}_{population}"), name, population, [index], [1.0])
        elif element.tag in ("synapticConnection", "synapticConnectionWD"):
            pre, i = self._place(element, "from", None)
            post, j = self._place(element, "to", None)
            self._add_projection(element, self._free(f"{pre}_to_{post}"), self._text(element, "synapse"), pre, post,
                                 [(i, j, *self._weight_and_delay(element))])  # fmt: skip
        elif element.tag == "property" and element.attributes.get("tag") == DT:
            self.document_.dt = self._number(element, "value", "none") * 1e-3
        elif element.tag != "population" and element.tag not in _IGNORED:
            raise self._error(
                element,
                f"<{element.tag[:60]}> of the network is not read; accepted: population, projection, inputList, "
                "explicitInput, synapticConnection, synapticConnectionWD",
            )

    def _free(self, name: str) -> str:
        taken = {**self.document_.projections, **self.document_.inputs, **self.document_.populations}
        number, found = 1, name
        while found in taken:
            number += 1
            found = f"{name}_{number}"
        return found

    def _known(self, element: Element, name: str) -> str:
        if name not in self.document_.populations:
            raise self._error(element, f"names the population {name[:60]!r}, which the network does not have")
        return name

    def _place(self, element: Element, attribute: str, population: str | None) -> tuple[str, int]:
        """The population and number of a cell, such as of "../pyramids/3/cell" or "pyramids[3]"."""
        text = self._text(element, attribute)
        found = _PLACE.fullmatch(text)
        if found is None:
            raise self._error(
                element, f"{attribute} is {text[:60]!r}: '../population/3/cell' or 'population[3]' is accepted"
            )
        name, index = self._known(element, found[1]), int(found[2] or found[3])
        if population is not None and name != population:
            raise self._error(element, f"{attribute} lies in {name!r}, but the list is of {population!r}")
        size = self.document_.populations[name].size
        if index >= size:
            raise self._error(element, f"{attribute} is cell {index} of {name!r}, which has {size} (from 0 on)")
        return name, index

    def _at_soma(self, element: Element) -> None:
        for name in ("preSegmentId", "postSegmentId", "segmentId"):
            if element.attributes.get(name, "0").strip() != "0":
                raise self._error(
                    element, f"{name} is {element.attributes[name][:60]!r}: a point neuron has segment 0 alone"
                )

    def _weight_and_delay(self, element: Element) -> tuple[float, float]:
        if not element.tag.endswith("WD"):
            return 1.0, 0.0
        return self._number(element, "weight", "none"), self._number(element, "delay", "time")

    def _projection(self, element: Element) -> None:
        name = self._id(element)
        pre = self._known(element, self._text(element, "presynapticPopulation"))
        post = self._known(element, self._text(element, "postsynapticPopulation"))
        rows = []
        for each in element.children:
            if each.tag in ("connection", "connectionWD"):
                self._check_attributes(each)
                self._at_soma(each)
                i = self._place(each, "preCellId", pre)[1]
                j = self._place(each, "postCellId", post)[1]
                rows.append((i, j, *self._weight_and_delay(each)))
            elif each.tag not in _TEXT:
                raise self._error(each, f"<{each.tag[:60]}> of the projection {name!r} is not read")
        self._add_projection(element, name, self._text(element, "synapse"), pre, post, rows)

    def _add_projection(
        self, element: Element, name: str, synapse: str, pre: str, post: str, rows: list[tuple[int, int, float, float]]
    ) -> None:
        if name in self.document_.projections:
            raise self._error(element, f"the projection {name!r} is there twice")
        kind = self._used(element, synapse, SYNAPSES, "synapse").kind
        self._check_attached(element, post, kind)
        for each in (pre, post):
            cell = self.document_.components[self.document_.populations[each].component].kind
            if each == pre and cell.startswith("fitzHugh"):
                raise self._error(element, f"{pre!r} is {_article(cell)}, which sends no spikes")
        table = np.array(rows, dtype=float).reshape(-1, 4)
        self.document_.projections[name] = Projection(
            synapse, pre, post, table[:, 0].astype(int), table[:, 1].astype(int), table[:, 2].copy(), table[:, 3].copy()
        )

    def _check_attached(self, element: Element, population: str, kind: str) -> None:
        """Refuse what NeuroML lets no one attach to such a cell."""
        cell = self.document_.components[self.document_.populations[population].component].kind
        accepted = attached(cell)
        if kind not in accepted:
            takes = (
                f"{', '.join(accepted)} are accepted" if accepted else "NeuroML gives it neither synapses nor inputs"
            )
            raise self._error(element, f"{_article(kind)} onto {population!r}, {_article(cell)}: {takes}")

    def _input_list(self, element: Element) -> None:
        name = self._id(element)
        population = self._known(element, self._text(element, "population"))
        index, weight = [], []
        for each in element.children:
            if each.tag in ("input", "inputW"):
                self._check_attributes(each)
                self._at_soma(each)
                index.append(self._place(each, "target", population)[1])
                weight.append(self._number(each, "weight", "none") if each.tag == "inputW" else 1.0)
            elif each.tag not in _TEXT:
                raise self._error(each, f"<{each.tag[:60]}> of the inputList {name!r} is not read")
        self._add_inputs(element, name, self._text(element, "component"), population, index, weight)

    def _add_inputs(
        self, element: Element, name: str, component: str, population: str, index: list[int], weight: list[float]
    ) -> None:
        if name in self.document_.inputs:
            raise self._error(element, f"the inputList {name!r} is there twice")
        kind = self._used(element, component, PULSES, "input").kind
        self._check_attached(element, population, kind)
        self.document_.inputs[name] = Inputs(component, population, np.array(index, dtype=int), np.array(weight))


def attached(cell: str) -> list[str]:
    """The synapses and inputs that NeuroML lets be attached to a cell.

    Parameters
    ----------
    cell : str
        Of `CELLS` or `SOURCES`.
    """
    if cell == "izhikevichCell":
        return ["pulseGeneratorDL"]
    if cell in SOURCES or CELLS[cell].input is None:
        return []
    return [*SYNAPSES, "pulseGenerator"]


def _kind(element: Element) -> str:
    return element.attributes.get("type", "") if element.tag == "Component" else element.tag


def _article(kind: str) -> str:
    return f"{'an' if kind[:1].lower() in 'aeiou' else 'a'} {kind}"
