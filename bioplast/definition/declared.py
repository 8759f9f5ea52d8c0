"""Synapses along a declared connection: a rule of who connects to whom, whose list is made only for who needs it.

Of a convolution 250,000 numbers make 50 million synapses. What Brian2 asks of Synapses is one number of the neuron
before, of the neuron after and of the weight for each of them; what a convolution needs is the numbers alone. So the
weights are kept once, as variables of a group with an element for each weight, and the synapses refer to them as linked
variables, by the number of the weight that each synapse has. With that the list is nothing but three columns of
integers that follow from the declaration: whoever goes through synapses one by one (Brian2 itself, C++, CUDA) has them
made, once; who knows the rule (target jax) never asks for them, and computes the convolution. All see the same values,
and one of them is trained as one number, without an index. What a synapse would have for itself has no place in this:
a state of its own, a delay of its own, code on postsynaptic spikes, weights that plasticity changes. These are refused
by name when the synapses are made; the same definition connects explicit pairs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
from brian2 import Equations, NeuronGroup, Quantity, Synapses, get_device, linked_var
from brian2.codegen.runtime.numpy_rt import NumpyCodeObject
from brian2.core.variables import LinkedVariable
from brian2.devices.device import RuntimeDevice
from brian2.equations.equations import DIFFERENTIAL_EQUATION, PARAMETER, SingleEquation

from ..connection import Connection
from ..errors import DefinitionError
from .quantities import NotAQuantity, as_quantity

__all__ = ["DeclaredSynapses", "flattened", "refused", "shared_variables"]

#: The number of the weight of each synapse, among its variables.
WEIGHT = "_weight"
_BY_SYNAPSE = {"i", "j", "N", "N_incoming", "N_outgoing"}


class DeclaredSynapses(Synapses):
    """Synapses along a connection; ordinary ones for everybody who asks for their number, for i, j or one of them.

    Parameters
    ----------
    pre, post : group
    connection : Connection
    model : Equations
        Of which the variables that are neither shared nor subexpressions belong to the weights.
    label : str
        What messages call them.
    **options
        As of Synapses.

    Attributes
    ----------
    connection : Connection
    kernels : NeuronGroup [weights]
        The weights, in the order of a flat array of `Connection.weights`.
    made : bool
        Whether the list of synapses has been made.

    Raises
    ------
    DefinitionError
        For groups of another size than the layers have.
    """

    # what Brian2 asks while it makes them counts no synapses yet
    connection: Connection = None  # type: ignore[assignment]
    kernels: Any = None
    made = True

    def __init__(self, pre: Any, post: Any, connection: Connection, model: Equations, label: str, **options: Any):
        for side, group, shape, size in (
            ("pre", pre, connection.before, connection.inputs),
            ("post", post, connection.shape, connection.neurons),
        ):
            if len(group) != size:
                raise DefinitionError(
                    f"{label}: {group.name!r} ({side}) has {len(group)} neurons; the layer of the shape {shape} "
                    f"has {size}"
                )
        of_weights = [eq for eq in model.values() if eq.varname in shared_variables(model)]
        links = [SingleEquation(PARAMETER, e.varname, e.dim, e.var_type, flags=["linked"]) for e in of_weights]
        others = [eq for eq in model.values() if eq not in of_weights]
        super().__init__(pre, post, Equations([*others, *links]), **options)
        self.made = False
        self.connection = connection
        self._connect_called = True
        self.variables.add_dynamic_array(WEIGHT, size=0, dtype=np.int32, constant=True, read_only=True)
        self.register_variable(self.variables[WEIGHT])
        self.kernels = NeuronGroup(
            int(np.prod(connection.weights)),
            Equations(of_weights),
            clock=self.clock,
            dtype=options.get("dtype"),
            name=f"{self.name}_kernels",
        )
        for link in links:
            setattr(self, link.varname, linked_var(self.kernels, link.varname, index=WEIGHT))
        self.contained_objects.append(self.kernels)
        if not isinstance(get_device(), RuntimeDevice):
            self.make()

    def make(self) -> None:
        """Make the list of synapses, once."""
        if self.made:
            return
        pairs = self.connection.pairs()
        target = vars(self)["codeobj_class"]
        if isinstance(get_device(), RuntimeDevice):
            self.codeobj_class = NumpyCodeObject  # what copies two columns is not worth compiling
        self.made = True  # connect() asks how many there are
        try:
            super().connect(i=pairs.i, j=pairs.j)
            self.variables[WEIGHT].set_value(pairs.k)
        except BaseException:  # such as of too little memory
            self.made = False
            raise
        finally:
            self.codeobj_class = target

    def connect(self, *args: Any, **kwargs: Any) -> None:
        """Refused: the connection says who connects to whom."""
        raise DefinitionError(f"{self.name!r} is connected along {self.connection}: connect() adds nothing to it")

    def before_run(self, run_namespace: Any) -> None:
        """Make the list for Brian2, but not where the network is only read."""
        if isinstance(get_device(), RuntimeDevice):
            self.make()
        super().before_run(run_namespace)

    def _full_state(self) -> Any:
        self.make()  # or Network.restore() would take away what has been made since
        return super()._full_state()

    def get_states(self, *args: Any, **kwargs: Any) -> Any:
        """As of Synapses."""
        self.make()
        return super().get_states(*args, **kwargs)

    def __len__(self) -> int:
        self.make()
        return super().__len__()

    def __getitem__(self, item: Any) -> Any:
        self.make()
        return super().__getitem__(item)

    def __getattr__(self, name: str) -> Any:
        if name in _BY_SYNAPSE or name.rstrip("_") in self.__dict__.get("_linked_variables", ()):
            self.make()
        return super().__getattr__(name)

    def __setattr__(self, key: str, value: Any, level: int = 0) -> None:
        weight = key.rstrip("_") in self.__dict__.get("_linked_variables", ())
        if weight and not isinstance(value, LinkedVariable):
            raise DefinitionError(
                f"{self.name!r}: many synapses share {key!r}: set {self.kernels.name}.{key}, which is "
                f"synapses.kernels.{key}, one for each weight"
            )
        super().__setattr__(key, value, level + 1)

    @property
    def N_outgoing_pre(self) -> np.ndarray:  # type: ignore[override]  # noqa: N802
        """The number of outgoing synapses for each neuron before."""
        return self.connection.outgoing()

    @property
    def N_incoming_post(self) -> np.ndarray:  # type: ignore[override]  # noqa: N802
        """The number of incoming synapses for each neuron after."""
        self.make()
        return self.variables["N_incoming"].get_value()


def shared_variables(model: Equations) -> tuple[str, ...]:
    """The variables of a synapse that belong to the weights of a connection."""
    return tuple(eq.varname for eq in model.values() if eq.type == PARAMETER and "shared" not in eq.flags)


def refused(model: Equations, pathways: dict[str, str], after: Any, delays: dict[str, Any]) -> Iterator[str]:
    """What of a synapse needs a state, a delay or a change of its own, each in words.

    Parameters
    ----------
    model : Equations
    pathways : dict of str to str
        The code of each pathway.
    after : str or dict
        The code on postsynaptic spikes.
    delays : dict
        Those that are not one for all synapses.
    """
    for eq in model.values():
        if eq.type == DIFFERENTIAL_EQUATION:
            yield f"{eq.varname} changes by a differential equation, for each synapse"
        elif "summed" in eq.flags or "constant over dt" in eq.flags:
            yield f"{eq.varname} is ({', '.join(eq.flags)}), which goes through the synapses in every step"
    if after:
        yield "on_post reaches the synapses of a neuron"
    for pathway in delays:
        yield f"the delay of {pathway!r} is one for each synapse"
    variables = shared_variables(model)
    for pathway, code in pathways.items():
        for line in re.split(r"[;\n]", code):
            target = re.match(r"\s*(\w+)\s*([-+*/%]|//|\*\*)?=(?!=)", line)
            if target and target[1] in variables:
                yield f"{pathway!r} changes {target[1]} ({line.strip()!r}), which many synapses share"


def flattened(value: Any, shape: tuple[int, ...]) -> Any:
    """Values for all weights as one row; anything else as it is."""
    if isinstance(value, str):
        return value
    try:
        numbers, dimensions = as_quantity(value)
    except NotAQuantity:
        return value
    return Quantity(numbers.reshape(-1), dim=dimensions) if numbers.shape == shape else value
