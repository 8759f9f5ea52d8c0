"""Code that Brian2 would generate as `Block`s: its statements, and what the names in them stand for."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

import brian2
import numpy as np
from brian2.codegen.generators.numpy_generator import NumpyCodeGenerator
from brian2.codegen.permutation_analysis import OrderDependenceError, check_for_order_independence
from brian2.codegen.runtime.numpy_rt import NumpyCodeObject
from brian2.codegen.translation import make_statements
from brian2.core.functions import DEFAULT_FUNCTIONS
from brian2.core.functions import Function as BrianFunction
from brian2.core.preferences import prefs
from brian2.core.variables import ArrayVariable, Constant
from brian2.input.binomial import BinomialFunction
from brian2.input.timedarray import TimedArray, _find_K
from brian2.parsing.bast import brian_dtype_from_dtype
from brian2.utils.stringtools import get_identifiers

from ...errors import Unsupported
from ..network.clocks import clocks
from ..network.state import state_variables
from . import steps
from .device import Code
from .draws import RANDOM, without_draws

_WORDS = {"True", "False", "and", "or", "not"}


class BlockReader:
    """Reads blocks, and notes the arrays, events and tables that they refer to."""

    def __init__(self, network: brian2.Network, namespace: Mapping[str, Any]):
        self.network = network
        self.namespace = namespace
        self.values = {id(v.variable): v for v in state_variables(network).values()}
        self.owned_by_clocks = {
            id(c.variables[name]): f"{c.name}.{name}" for c in clocks(network) for name in ("timestep", "t", "dt")
        }
        self.arrays: dict[str, steps.Array] = {}
        self.names: dict[int, str] = {}  # of arrays, by the id of the variable
        self.events: dict[str, int] = {}
        self.tables: dict[str, np.ndarray] = {}
        self.timed: dict[int, str] = {}

    def block(
        self,
        obj: Any,
        code: Code,
        size: int,
        positions: np.ndarray | None = None,
        wanted: bool = True,
        known: Mapping[str, np.ndarray] | None = None,
    ) -> steps.Block:
        """The statements of a code object, for the elements at `positions` (all when None); none unless `wanted`.

        What Brian2's index arrays hold is read of them, but of those that are `known` by their names.
        """
        if set(code.code) != {None}:
            raise Unsupported(f"{obj.name!r} has code in several blocks, which is not translated")
        scalar, vector = make_statements(
            code.code[None] if wanted else "",
            code.variables,
            prefs["core.default_float_dtype"],
            optimise=True,
            blockname=None,
        )
        repeated = self.order(obj, code, scalar, vector)
        conditions = self.conditions(obj, code, vector)
        statements = tuple(tuple(_statement(s, repeated) for s in part) for part in (scalar, vector))
        used: set[str] = set(conditions.values())
        for statement in (*statements[0], *statements[1]):
            texts = (statement.expression, *(statement.branch or ()))
            used |= {statement.name}.union(*(get_identifiers(text) for text in texts))
        names = {}
        for name in sorted(used - _WORDS):
            found = self.reference(obj, code, name, size, positions, conditions.get(name), known or {})
            if found is not None:
                names[name] = found
        written: dict[str, set[str]] = {}
        for name in {s.name for s in (*statements[0], *statements[1])}:
            place = names.get(name)
            if isinstance(place, steps.Place):
                written.setdefault(place.array, set()).add(name)
        for array, twice in sorted(written.items()):
            if len(twice) > 1:
                raise Unsupported(
                    f"{obj.name!r} writes {array!r} under two names, {' and '.join(sorted(twice))}, which is not "
                    "translated; use target='numpy' or 'cpp'"
                )
        return steps.Block(statements[0], statements[1], names, size, repeated)

    def order(self, obj: Any, code: Code, scalar: list[Any], vector: list[Any]) -> bool:
        """Whether several elements may write one; statements whose result then depends on their order are refused.

        Random numbers are an element's own: which one gets which number of a stream is no result.
        """
        statements, variables, indices = without_draws(vector, code.variables, code.indices)
        template = getattr(NumpyCodeObject.templater, code.template)
        generator = NumpyCodeGenerator(
            variables=variables,
            variable_indices=indices,
            owner=code.owner,
            iterate_all=template.iterate_all,
            codeobj_class=NumpyCodeObject,
            name=obj.name,
            template_name=code.template,
            override_conditional_write=code.override,
            allows_scalar_write=template.allows_scalar_write,
        )
        try:
            generator.arrays_helper(scalar)
            if not generator.has_repeated_indices(statements):
                return False
            check_for_order_independence(statements, variables, indices)
            lines = generator.vectorise_code(statements, variables, indices)
        except OrderDependenceError:
            lines = ["for"]
        if any(line.startswith("for") for line in lines):
            text = "; ".join(f"{s.var} {s.op} {s.expr}" for s in vector if not s.subexpression)
            raise Unsupported(
                f"{obj.name!r}: the result of {text!r} depends on the order in which synapses that share a neuron "
                "come, which is not translated; use target='numpy' or 'cpp'"
            )
        return True

    def conditions(self, obj: Any, code: Code, vector: list[Any]) -> dict[str, str]:
        """For each variable that is written, the name of what must be true for it."""
        found = {}
        for name in {s.var for s in vector}:
            condition = getattr(code.variables.get(name), "conditional_write", None)
            if condition is None or condition.name in (code.override or ()):
                continue
            if code.variables[condition.name] is not condition:
                raise Unsupported(
                    f"{obj.name!r} writes {name!r} while two groups have a variable {condition.name!r}: "
                    "Brian2 holds it back by the one of the other neuron, which is not translated"
                )
            found[name] = condition.name
        return found

    def reference(
        self,
        obj: Any,
        code: Code,
        name: str,
        size: int,
        positions: np.ndarray | None,
        condition: str | None,
        known: Mapping[str, np.ndarray],
    ) -> steps.Reference | None:
        variable = code.variables.get(name)
        if isinstance(variable, BrianFunction):
            return self.function(obj, code, name, variable)
        if isinstance(variable, Constant):
            return steps.Number(_number(obj, name, variable))
        if not isinstance(variable, ArrayVariable):
            return None  # made within the block
        array = self.array(variable, obj.name)
        if code.indices[name] == "0" or variable.scalar:
            return steps.Place(array, shared=True)
        return steps.Place(array, self.elements(code, name, size, positions, known), condition=condition)

    def elements(
        self, code: Code, name: str, size: int, positions: np.ndarray | None, known: Mapping[str, np.ndarray]
    ) -> np.ndarray | None:
        """Which elements of the array `name` a block of so many refers to."""
        index = code.indices[name]
        if index in known:
            return known[index]
        if index == "_idx":
            own = positions is None and np.size(code.variables[name].get_value()) == size
            return None if own else (np.arange(size) if positions is None else positions)
        inner = self.elements(code, index, size, positions, known)
        outer = np.array(code.variables[index].get_value(), dtype=np.int64)
        return outer if inner is None else outer[inner]

    def function(self, obj: Any, code: Code, name: str, function: BrianFunction) -> steps.Reference:
        if isinstance(function, TimedArray):
            if id(function) not in self.timed:
                table = function.name
                while table in self.tables:
                    table += "_"
                self.timed[id(function)] = table
                self.tables[table] = np.array(function.values)
            factor = _find_K(code.owner.clock.dt_, function.dt)
            return steps.Table(self.timed[id(function)], function.dt / factor, factor)
        if isinstance(function, BinomialFunction):
            sample = function.implementations[NumpyCodeObject].get_code(code.owner)
            parameters = inspect.getclosurevars(sample).nonlocals
            if "loc" in parameters:
                return steps.Draw("normal", (float(parameters["loc"]), float(parameters["scale"])))
            return steps.Draw("binomial", (float(parameters["n"]), float(parameters["p"])))
        for known, default in DEFAULT_FUNCTIONS.items():
            if function is default:
                return steps.Draw(known) if known in RANDOM else steps.Function(known)
        own = function.implementations._implementations.get("jax")
        if own is None:
            raise Unsupported(
                f"{obj.name!r} calls the function {name!r}, which has no implementation in JAX: give it one with "
                f"{name}.implementations.add_implementation('jax', ...)"
            )
        return steps.Function(name, own.get_code(code.owner))

    # Arrays -----------------------------------------------------------------------------------------------------------

    def array(self, variable: ArrayVariable, used_by: str) -> str:
        """The name of an array, which is noted."""
        if id(variable) in self.names:
            return self.names[id(variable)]
        known = self.values.get(id(variable))
        clock = self.owned_by_clocks.get(id(variable))
        name = known.key if known is not None else clock or f"{variable.owner.name}.{variable.name}"
        if known is None and clock is None and not variable.constant:
            raise Unsupported(f"{used_by!r} uses {name!r}, which is not translated")
        value = np.array(variable.get_value())
        if value.dtype.kind not in "bif" or (value.dtype.kind == "f" and value.dtype != np.float64):
            raise Unsupported(f"{name!r} holds {value.dtype} numbers: float64, integers and booleans are translated")
        if name in self.arrays:
            raise Unsupported(f"two variables are called {name!r}")
        value = value.reshape(()) if variable.scalar else value
        self.names[id(variable)] = name
        self.arrays[name] = steps.Array(value, known is not None, bool(variable.constant))
        return name

    def event(self, code: Code, space: ArrayVariable | None = None) -> str:
        """The name of the events that a code object sets or waits for, which is noted."""
        space = code.options["eventspace_variable"] if space is None else space
        name = f"{space.owner.name}.{space.name.removeprefix('_').removesuffix('space')}"
        self.events[name] = int(np.size(space.get_value())) - 1
        return name


def _number(obj: Any, name: str, variable: Constant) -> float | int | bool:
    value = np.asarray(variable.get_value())
    if value.shape != () or value.dtype.kind not in "biuf":
        raise Unsupported(f"{obj.name!r} uses the constant {name!r}, which is no number")
    return bool(value) if variable.is_boolean else value.item()  # which Brian2 keeps as 1.0 or 0.0


def _statement(statement: Any, repeated: bool) -> steps.Statement:
    """With the branch that Brian2's NumPy code makes of a statement in which one truth value takes part."""
    branch = None
    booleans = statement.used_boolean_variables
    if (
        not repeated
        and booleans is not None
        and len(booleans) == 1
        and brian_dtype_from_dtype(statement.dtype) == "float"
        and statement.complexity_std > sum(statement.complexities.values())
    ):
        by_value = {bool(key[0][1]): text for key, text in statement.boolean_simplified_expressions.items()}
        branch = (booleans[0], by_value[True], by_value[False])
    return steps.Statement(statement.var, statement.op, statement.expr, branch)
