"""Which of NeuroML's cells and synapses a definition is: ours, or one of the zoo that means the same."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ...definition import Neuron, Receptor
from ...definition.find import load
from ...errors import DefinitionError
from .cells import CELLS, START
from .synapses import PULSES, SYNAPSES, pulse, receptor

__all__ = ["Attached", "Base", "Known", "known", "known_models"]

Values = Mapping[str, float]


@dataclass(frozen=True)
class Base:
    """A neuron without its receptors, as a cell of NeuroML.

    Attributes
    ----------
    neuron : Neuron
    kind : function
        The cell of NeuroML, from the values of the neuron's parameters in SI units.
    fields : function
        The cell's parameters, from the same.
    start : dict of str to str
        Which parameter of the cell an initial value becomes, by variable of the neuron.
    spikes : bool
        Whether the cell of NeuroML sends spikes.
    """

    neuron: Neuron
    kind: Callable[[Values], str]
    fields: Callable[[Values], dict[str, float]]
    start: Mapping[str, str]
    spikes: bool = True


@dataclass(frozen=True)
class Attached:
    """A receptor of a group.

    Attributes
    ----------
    kind : str
        Of NeuroML, such as "expOneSynapse" or "pulseGenerator".
    name : str
        What stands behind the names of its variables.
    parameters : dict of str to str
        The variable of the group that each parameter of the component is.
    """

    kind: str
    name: str
    parameters: Mapping[str, str]


@dataclass(frozen=True)
class Known:
    """A definition as a cell with what is attached to it."""

    base: Base
    attached: tuple[Attached, ...]


def known_models() -> list[str]:
    """The models of the zoo that are written."""
    return [*_zoo_cells(), "ampa", "gaba_a", "alpha_current"]


def known(given: Neuron) -> Known | None:
    """What a definition is in NeuroML, None if it is nothing there.

    Parameters
    ----------
    given : Neuron
    """
    lines = {line.strip() for line in given.equations.splitlines()}
    candidates = [
        [pair for pair in _candidates(current) if {line.strip() for line in pair[0].equations.splitlines()} <= lines]
        for current in given.currents
    ]
    for base in _bases():
        for chosen in itertools.islice(itertools.product(*candidates), 64):
            whole = base.neuron
            for each, _ in chosen:
                whole = _sum(whole, each)
            if whole == given:
                return Known(base, tuple(attached for _, attached in chosen))
    return None


def _sum(neuron: Any, each: Receptor) -> Any:
    if neuron is None or not neuron.input or any(neuron.variables.get(n) is None for n in each.requires):
        return None
    try:
        return neuron + each
    except DefinitionError:
        return None


def _candidates(current: str) -> Iterator[tuple[Receptor, Attached]]:
    name = current.removeprefix("I_")
    zoo = {
        "ampa": ("ampa", "expOneSynapse", {"erev": "E_ampa", "tauDecay": "tau_ampa"}),
        "gaba_a": ("gaba-a", "expOneSynapse", {"erev": "E_gaba_a", "tauDecay": "tau_gaba_a"}),
        "alpha": ("alpha-current", "alphaCurrentSynapse", {"tau": "tau_alpha"}),
    }
    if name in zoo:
        model, kind, parameters = zoo[name]
        yield load(model), Attached(kind, name, parameters)  # type: ignore[misc]
    if found := re.fullmatch(r"input([0-9]{1,4})", name):
        for kind, fields in PULSES.items():
            yield pulse(int(found[1]), kind), Attached(kind, name, {f: f"{f}_{name}" for f in fields})
    else:
        for kind, fields in SYNAPSES.items():
            made = receptor(kind, name)
            names = {f: f"{f}_{name}" for f in fields if f"{f}_{name}" in made.parameters}
            yield made, Attached(kind, name, names)


def _bases() -> Iterator[Base]:
    for kind, neuron in CELLS.items():
        spikes = neuron.threshold is not None
        yield Base(neuron, lambda _, kind=kind: kind, dict, START.get(kind, {}), spikes)  # type: ignore[misc]
    yield from (make(load(model)) for model, make in _zoo_cells().items())


def _zoo_cells() -> dict[str, Callable[[Any], Base]]:
    return {
        "lif": lambda neuron: Base(
            neuron,
            lambda p: "iafRefCell" if p["tau_ref"] > 0 else "iafCell",
            lambda p: {
                "C": p["tau_m"] / p["R_m"],
                "leakConductance": 1 / p["R_m"],
                "leakReversal": p["E_L"],
                "thresh": p["v_th"],
                "reset": p["v_r"],
                **({"refract": p["tau_ref"]} if p["tau_ref"] > 0 else {}),
            },
            {},
        ),
        "adex": lambda neuron: Base(
            neuron,
            lambda p: "adExIaFCell",
            lambda p: {
                "C": p["C"],
                "gL": p["g_L"],
                "EL": p["E_L"],
                "VT": p["V_T"],
                "thresh": p["v_peak"],
                "reset": p["V_r"],
                "delT": p["Delta_T"],
                "tauw": p["tau_w"],
                "refract": 0.0,
                "a": p["a"],
                "b": p["b"],
            },
            {},
        ),
        # the paper's u is in volt/second, NeuroML's U a number: of mV/ms, which is the same size
        "izhikevich-2003": lambda neuron: Base(
            neuron,
            lambda p: "izhikevichCell",
            lambda p: {
                "thresh": p["v_peak"],
                "a": p["a"] * 1e-3,
                "b": p["b"] * 1e-3,
                "c": p["c"] * 1e3,
                "d": p["d"],
            },
            {"v": "v0"},
        ),
        "fitzhugh-nagumo": lambda neuron: Base(
            neuron,
            lambda p: "fitzHughNagumo1969Cell",
            lambda p: {"a": p["a"], "b": p["b"], "phi": p["phi"]},
            {"v": "V0", "w": "W0"},
            spikes=False,
        ),
    }
