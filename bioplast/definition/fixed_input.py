"""Groups whose input is computed: whoever sets it is told which name to set."""

from __future__ import annotations

from typing import Any

from brian2 import NeuronGroup
from brian2.core.variables import VariableView
from brian2.groups.group import Group
from brian2.groups.subgroup import Subgroup

from ..errors import DefinitionError


def fix_input(group: NeuronGroup, name: str, why: str) -> None:
    """Let a group refuse what sets its input, which Brian2 would only call read-only.

    Parameters
    ----------
    group : NeuronGroup
    name : str
        The variable of the input.
    why : str
        What it is and what to set instead; the message of the DefinitionError.
    """
    group.__dict__.update(_fixed_input=name, _why_fixed=why)
    group.__class__ = FixedInputGroup


class _FixedInput(Group):
    """A group with an input that cannot be set, whole or in part."""

    def __setattr__(self, key: str, value: Any, level: int = 0) -> None:
        if key.removesuffix("_") == self._fixed_input:
            raise DefinitionError(self._why_fixed)
        super().__setattr__(key, value, level=level + 1)

    def __getitem__(self, item: Any) -> Subgroup:
        part = super().__getitem__(item)
        part.__dict__.update(_fixed_input=self._fixed_input, _why_fixed=self._why_fixed)
        part.__class__ = _FixedInputSubgroup
        return part

    def state(self, name: str, use_units: bool = True, level: int = 0) -> Any:
        found = super().state(name, use_units, level + 1)
        if name == self._fixed_input:
            found.__class__ = _FixedView
        return found

    def set_states(self, values: Any, units: bool = True, format: str = "dict", level: int = 0) -> None:
        if self._fixed_input in values:
            raise DefinitionError(self._why_fixed)
        super().set_states(values, units, format, level + 1)


class FixedInputGroup(_FixedInput, NeuronGroup):
    """A NeuronGroup whose input is a sum, or an expression that was given for it."""


class _FixedInputSubgroup(_FixedInput, Subgroup):
    """Some of its neurons."""


class _FixedView(VariableView):
    """The input, to be read."""

    def set_item(self, *args: Any, **kwds: Any) -> None:
        raise DefinitionError(self.group._why_fixed)
