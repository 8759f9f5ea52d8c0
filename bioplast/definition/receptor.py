"""Receptor: what a synapse needs on the postsynaptic side, as equations that a neuron gains."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar

from ..errors import UnknownName
from .base import Definition, check_requires, required_variables, statements, units_text
from .check import Clause, Scope
from .values import Table


@dataclass(frozen=True, eq=False, repr=False)
class Receptor(Definition):
    """The postsynaptic side of a transmitter: equations and a current that are added to a neuron.

    What a plasticity rule needs on the neuron, such as a trace of its spikes or of its potential, is one as well.

    Parameters
    ----------
    equations : str
        Brian2 equations, for example of a conductance and of the current through it.
    current : str
        The variable that is added to the input of the neuron; none for a mere trace.
    reset : str
        What a spike of the neuron does to these equations; it is added to the neuron's reset.
    requires : dict of str to unit
        What the equations use of the neuron, such as ``{"v": volt}``.
    parameters, initial, namespace, meaning, source, name
        As of a `Neuron`.

    Raises
    ------
    DefinitionError, UnknownName
        When it is made, if a unit or a name is wrong.

    Examples
    --------
    >>> (lif + ampa).group(100)  # doctest: +SKIP
    """

    _: KW_ONLY
    current: str = ""
    reset: str = ""
    requires: Mapping[str, Any] = Table()

    kind: ClassVar[str] = "receptor"
    _flags: ClassVar[dict[str, tuple[str, ...]]] = {
        "differential equation": ("unless refractory",),
        "parameter": ("constant", "shared"),
        "subexpression": ("shared", "constant over dt"),
    }

    def _normalise(self) -> None:
        self._set("requires", check_requires(self.label, self.requires))

    def _check(self) -> None:
        super()._check()
        if self.current and self.current not in self._own:
            raise UnknownName(f"current of {self.label}", self.current, self._own)

    def _clauses(self) -> list[Clause]:
        clauses = super()._clauses()
        return clauses + (statements(self.label, "reset", self.reset, self.parameters) if self.reset else [])

    def _own_scope(self) -> Scope:
        return super()._own_scope() | required_variables(self.requires)

    def properties(self) -> dict[str, str]:
        """Everything beside the equations and parameters, as text by its name."""
        return {
            "current": self.current,
            "reset": self.reset,
            "requires": units_text(self.requires),
            **super().properties(),
        }
