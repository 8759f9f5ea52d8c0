"""Making data of every number that Brian2 would write into its sources."""

from __future__ import annotations

import ast
from typing import Any

import brian2
import numpy as np
from brian2.core.functions import Function
from brian2.core.variables import Constant
from brian2.input.timedarray import TimedArray, _find_K
from brian2.units.allunits import all_units
from brian2.units.fundamentalunits import Quantity

from ...errors import Unsupported
from .naming import Names


class Lifting(Names):
    """What devices that generate code have in common.

    Attributes
    ----------
    code_object_classes : tuple of type
        The classes of Brian2's code objects that functions are implemented for.
    function_prefix : str
        What stands before the definition of a function in C++.
    constants : dict
        The user's constants by owner and name.
    tables : dict
        The arrays of TimedArrays and of the user's functions.
    """

    code_object_classes: tuple[type, ...]
    function_prefix = ""

    def __init__(self, *arguments: Any):
        super().__init__(*arguments)
        self.generated: list[Any] = []  # Brian2's code objects
        self.assigned: dict[str, set[str]] = {}  # by code object: the names on the left of its statements
        self.constants: dict[str, float] = {}
        self.tables: dict[str, np.ndarray] = {}
        self.timed: dict[int, tuple[TimedArray, str]] = {}

    def prepare_functions(self, owner: Any, variables: dict[str, Any]) -> None:
        """Give TimedArrays an implementation that reads its values, and functions their lasting names."""
        self.refuse_reserved(owner, variables)
        for variable in variables.values():
            if isinstance(variable, TimedArray):
                self.lower_timed_array(variable, owner)
            elif isinstance(variable, Function):
                self.rename(variable)

    def remember_assigned(self, codeobj: Any, abstract_code: Any) -> None:
        """Note which names a code object assigns to."""
        blocks = abstract_code.values() if isinstance(abstract_code, dict) else [abstract_code or ""]
        # Brian2 takes a line for a statement, however far it is indented
        lines = "\n".join(line.strip() for block in blocks for line in block.split("\n"))
        statements = list(ast.walk(ast.parse(lines)))
        targets: list[ast.expr] = [node.target for node in statements if isinstance(node, ast.AugAssign)]
        targets += [target for node in statements if isinstance(node, ast.Assign) for target in node.targets]
        self.assigned[codeobj.name] = {target.id for target in targets if isinstance(target, ast.Name)}

    def announce(self, array: TimedArray) -> None:
        """Tell Brian2 of a TimedArray that an implementation will be there."""
        if id(array) not in self.timed:
            # ends in a digit, so that no name of one is the beginning of another's
            self.timed[id(array)] = (array, f"_timed{len(self.timed)}")
            for kind in self.code_object_classes:
                array.implementations.add_implementation(kind, "", name=array.name)

    def forget_functions(self) -> None:
        """Take the implementations out of the TimedArrays again."""
        for array, _ in self.timed.values():
            for kind in self.code_object_classes:
                array.implementations._implementations.pop(kind, None)

    def lift_refractory_period(self, owner: Any, abstract_code: Any, variables: dict[str, Any]) -> Any:
        """A refractory period given as a quantity becomes a constant with a name, so that its value is data."""
        period = getattr(owner, "_refractory", None)
        code = abstract_code.get(None) if isinstance(abstract_code, dict) else None
        if not isinstance(period, Quantity) or code is None:
            return abstract_code
        literal = f"timestep({float(period)}, dt)"
        if literal not in code:
            return abstract_code
        name = "_refractory_period"
        variables[name] = Constant(name, value=float(period), dimensions=brian2.second.dim)
        return {**abstract_code, None: code.replace(literal, f"timestep({name}, dt)", 1)}

    def lower_timed_array(self, array: TimedArray, owner: Any) -> None:
        """A TimedArray whose values, length and alignment with the clock are all read when the program starts."""
        self.announce(array)
        name = self.timed[id(array)][1]
        step = f"{name}_{owner.clock.name}"  # how the values align depends on the clock of the group that asks
        rows, columns = array.values.shape if array.values.ndim == 2 else (len(array.values), 1)
        self.tables[f"{name}_values"] = np.ascontiguousarray(array.values).reshape(-1)
        k = _find_K(owner.clock.dt_, array.dt)
        self.tables[f"{step}_grid"] = np.array([array.dt / k, k, rows, columns], dtype=np.float64)
        two = array.values.ndim == 2
        code = f"""
        {self.function_prefix}static inline double {step}(const double t{", const int i" if two else ""})
        {{
            const double epsilon = _namespace{step}_grid[0];
            const double rows = _namespace{step}_grid[2];
            {"const int columns = (int)_namespace" + step + "_grid[3];" if two else ""}
            {"if (i < 0 || i >= columns) return NAN;" if two else ""}
            // as Brian2's NumPy code: halves go to the even number, and a step may have more than 32 bits
            const double row = nearbyint(t/epsilon)/_namespace{step}_grid[1];
            const int step = (int)(row < 0 ? 0 : (row >= rows ? rows - 1 : row));
            return _namespace{name}_values[{"step*columns + i" if two else "step"}];
        }}
        """
        namespace = {f"{name}_values": self.tables[f"{name}_values"], f"{step}_grid": self.tables[f"{step}_grid"]}
        for kind in self.code_object_classes:
            array.implementations.add_implementation(kind, code, namespace=namespace, name=step)

    def collect_tables(self, function: Function, owner: Any) -> None:
        """The arrays that a user's function brings along."""
        implementation = function.implementations[self.code_object_classes[0]]
        for name, table in (implementation.get_namespace(owner) or {}).items():
            known = np.asarray(self.tables.setdefault(name, table))
            if not np.array_equal(known, table, equal_nan=known.dtype.kind == "f"):
                raise Unsupported(
                    f"{self.user_name(owner)!r} uses a function whose table {name!r} differs from another's"
                )
        for dependency in (implementation.dependencies or {}).values():
            self.collect_tables(dependency, owner)

    def is_data(self, name: str, variable: Constant) -> bool:
        """Whether a constant is the user's, so that its value is data; units and a group's size are not."""
        if variable.owner is not None or isinstance(variable.value, bool | np.bool_):
            return False
        if name in _UNIT_NAMES and float(variable.value) == float(_UNIT_NAMES[name]):
            return False
        whole = isinstance(variable.value, int | np.integer)
        return not whole or int(float(variable.value)) == int(variable.value)  # data is float64

    def constant_index(self, owner: Any, name: str, variable: Constant) -> int:
        """Where the value of a constant stands among the user's constants."""
        entry = f"{owner.name}.{name}"
        self.constants[entry] = float(variable.value)
        return list(self.constants).index(entry)


_UNIT_NAMES: dict[str, Any] = {str(unit): unit for unit in all_units}
