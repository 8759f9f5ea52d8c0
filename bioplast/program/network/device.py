"""A Brian2 device that only generates code, and makes data of every number that Brian2 would write into it."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import brian2
import numpy as np
import sympy
from brian2.codegen.generators.cpp_generator import c_data_type
from brian2.core.functions import Function
from brian2.core.preferences import prefs
from brian2.core.variables import ArrayVariable, Constant, DynamicArrayVariable
from brian2.devices.cpp_standalone.codeobject import CPPStandaloneCodeObject
from brian2.devices.device import Device
from brian2.input.timedarray import TimedArray, _find_K
from brian2.parsing.rendering import CPPNodeRenderer
from brian2.stateupdaters.base import StateUpdateMethod
from brian2.units.allunits import all_units
from brian2.units.fundamentalunits import Quantity

from ...errors import Unsupported
from .. import cache
from .borrow import brian2_device

# Brian2's own templates that are known to be pure functions of the arrays; anything else is refused by name.
_TEMPLATES = {
    "stateupdate",
    "threshold",
    "reset",
    "synapses",
    "synapses_push_spikes",
    "summed_variable",
    "spikegenerator",
    "spikemonitor",
    "statemonitor",
    "ratemonitor",
}


class CodeObject(CPPStandaloneCodeObject):
    """Brian2's C++ code object. A class of its own, so that functions can be implemented for it alone."""


class LoweringDevice(Device):
    """A device that only generates code: values stay where the runtime device keeps them."""

    def __init__(self, runtime: Device, threads: int):
        super().__init__()
        self.runtime = runtime
        self.threads = threads
        self.defaultclock = runtime.defaultclock
        self.build_options: dict[str, Any] = {}
        self.main_queue: list[Any] = []  # Brian2's code objects report their before and after blocks here
        self.code_objects: list[CodeObject] = []
        self.arrays: dict[Any, str] = {}
        self.constants: dict[str, float] = {}  # by owner and name
        self.tables: dict[str, np.ndarray] = {}
        self.timed: dict[int, tuple[TimedArray, str]] = {}
        self.used_names: set[str] = set()
        self.renamed: list[tuple[Any, str]] = []

    # What code generation asks of a device ---------------------------------------------------------------------------

    def get_array_name(self, var: Any, access_data: bool = True) -> str:
        if var not in self.arrays:
            self.arrays[var] = self.unique(f"_array_{var.owner.name}_{var.name}")
        name = self.arrays[var]
        return name if access_data or not isinstance(var, DynamicArrayVariable) else f"_dynamic{name}"

    def code_object_class(self, codeobj_class: Any = None, fallback_pref: str = "") -> type[CodeObject]:
        return CodeObject

    def spike_queue(self, source_start: int, source_end: int) -> Any:
        return self.runtime.spike_queue(source_start, source_end)

    def seed(self, seed: Any = None) -> None:
        raise AssertionError("a lowering draws no random numbers")

    def code_object(
        self,
        owner: Any,
        name: str,
        abstract_code: Any,
        variables: dict[str, Any],
        template_name: str,
        variable_indices: Any,
        codeobj_class: Any = None,
        template_kwds: Any = None,
        override_conditional_write: Any = None,
        compiler_kwds: Any = None,
    ) -> Any:
        if template_name not in _TEMPLATES:
            raise Unsupported(f"{owner.name!r} uses {template_name!r}, which is not lowered to C++")
        for variable in variables.values():
            if isinstance(variable, TimedArray):
                self.lower_timed_array(variable, owner)
            elif isinstance(variable, Function):
                self.rename(variable)
        abstract_code = self.lift_refractory_period(owner, abstract_code, variables)
        if template_name == "statemonitor":  # independent lines, whose order Brian2 may have taken from a set
            abstract_code = {None: "\n".join(sorted(abstract_code[None].split("\n")))}
        kwds = dict(template_kwds or {}, user_headers=prefs["codegen.cpp.headers"], profiled=False)
        kwds["user_headers"] = kwds["user_headers"] + (compiler_kwds or {}).get("headers", [])
        codeobj = super().code_object(
            owner,
            self.unique(name.rstrip("*")),
            abstract_code,
            variables,
            template_name,
            variable_indices,
            codeobj_class=CodeObject,
            template_kwds=kwds,
            override_conditional_write=override_conditional_write,
            compiler_kwds=compiler_kwds,
        )
        for variable in list(codeobj.variables.values()):
            if isinstance(variable, Function):
                self.collect_tables(variable, owner)
        self.code_objects.append(codeobj)
        return codeobj

    # Making data of what Brian2 writes into its sources ---------------------------------------------------------------

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
        if id(array) not in self.timed:
            # ends in a digit, so that no name of one is the beginning of another's
            self.timed[id(array)] = (array, f"_timed{len(self.timed)}")
        name = self.timed[id(array)][1]
        step = f"{name}_{owner.clock.name}"  # how the values align depends on the clock of the group that asks
        rows, columns = array.values.shape if array.values.ndim == 2 else (len(array.values), 1)
        self.tables[f"{name}_values"] = np.ascontiguousarray(array.values).reshape(-1)
        k = _find_K(owner.clock.dt_, array.dt)
        # Brian2 prints dt with 18 decimals into its own C++
        self.tables[f"{step}_grid"] = np.array([float(f"{array.dt:.18f}") / k, k, rows, columns], dtype=np.float64)
        two = array.values.ndim == 2
        code = f"""
        static inline double {step}(const double t{", const int i" if two else ""})
        {{
            const double epsilon = _namespace{step}_grid[0];
            const int rows = (int)_namespace{step}_grid[2];
            {"const int columns = (int)_namespace" + step + "_grid[3];" if two else ""}
            {"if (i < 0 || i >= columns) return NAN;" if two else ""}
            int step = (int)((t/epsilon + 0.5)/_namespace{step}_grid[1]);
            step = step < 0 ? 0 : (step >= rows ? rows - 1 : step);
            return _namespace{name}_values[{"step*columns + i" if two else "step"}];
        }}
        """
        namespace = {f"{name}_values": self.tables[f"{name}_values"], f"{step}_grid": self.tables[f"{step}_grid"]}
        array.implementations.add_implementation(CodeObject, code, namespace=namespace, name=step)

    def collect_tables(self, function: Function, owner: Any) -> None:
        """The arrays that a user's function brings along."""
        implementation = function.implementations[CodeObject]
        for name, table in (implementation.get_namespace(owner) or {}).items():
            if not np.array_equal(self.tables.setdefault(name, table), table):
                raise Unsupported(f"{owner.name!r} uses a function whose table {name!r} differs from another's")
        for dependency in (implementation.dependencies or {}).values():
            self.collect_tables(dependency, owner)

    def constant_lines(self, codeobj: CodeObject) -> str:
        """The declarations that Brian2 leaves open in each code object."""
        lines: dict[str, None] = {}
        for key, variable in sorted(codeobj.variables.items()):
            if isinstance(variable, DynamicArrayVariable):
                if variable.ndim == 1:
                    name, vector = self.get_array_name(variable), self.get_array_name(variable, access_data=False)
                    ctype = c_data_type(variable.dtype)
                    lines[f"{ctype}* const {name} = {vector}.empty() ? 0 : &{vector}[0];"] = None
                    lines[f"const size_t _num{key} = {vector}.size();"] = None
            elif isinstance(variable, ArrayVariable):
                lines[f"const size_t _num{key} = {int(np.size(variable.get_value()))};"] = None
            elif isinstance(variable, Constant):
                lines[f"const {c_data_type(variable.dtype)} {key} = {self.constant(codeobj.owner, key, variable)};"] = (
                    None
                )
        return "\n".join(lines)

    def constant(self, owner: Any, name: str, variable: Constant) -> str:
        """A group's own constants (its size) are part of the program, as are units; the user's are data."""
        outside = variable.owner is None and not (
            name in _UNIT_NAMES and float(variable.value) == float(_UNIT_NAMES[name])
        )
        if outside and not isinstance(variable.value, bool | np.bool_) and np.isfinite(float(variable.value)):
            entry = f"{owner.name}.{name}"
            self.constants[entry] = float(variable.value)
            cast = "" if np.dtype(variable.dtype).kind == "f" else f"({c_data_type(variable.dtype)})"
            return f"{cast}_constants[{list(self.constants).index(entry)}]"
        return CPPNodeRenderer().render_expr(repr(_plain(variable.value)))

    # Names that do not depend on what else the process has made -------------------------------------------------------

    def unique(self, name: str) -> str:
        candidate, k = name, 1
        while candidate in self.used_names:
            candidate, k = f"{name}_{k}", k + 1
        self.used_names.add(candidate)
        return candidate

    def rename(self, obj: Any, stem: str | None = None) -> None:
        """Give an object a name that is the same in every process, until the lowering ends."""
        current = getattr(obj, "_name", None)
        if current is None or any(other is obj for other, _ in self.renamed):
            return
        self.renamed.append((obj, current))
        object.__setattr__(obj, "_name", self.unique(_stem(obj) if stem is None else stem))

    def lasting(self, codeobj: CodeObject, text: str) -> str:
        """What Brian2 named after a group when it was made, in the code of `codeobj`, named after its lasting name."""
        names = {name: obj._name for obj, name in self.renamed}
        group = re.compile(f"_({_any_of(names)})(?=_)")
        keys = {key: group.sub(lambda found: f"_{names[found[1]]}", key) for key in codeobj.variables}
        keys = {key: lasting for key, lasting in keys.items() if key != lasting}
        if not keys:
            return text
        return re.sub(rf"\b(_num)?({_any_of(keys)})\b", lambda found: (found[1] or "") + keys[found[2]], text)

    def rename_back(self) -> None:
        for obj, name in reversed(self.renamed):
            object.__setattr__(obj, "_name", name)


_UNIT_NAMES: dict[str, Any] = {str(unit): unit for unit in all_units}


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic | np.ndarray) else value


def _any_of(names: Iterable[str]) -> str:
    """A pattern that matches the longest of the names."""
    return "|".join(map(re.escape, sorted(names, key=len, reverse=True)))


def _stem(obj: Any) -> str:
    """An automatic name (neurongroup_12) without its number, which counts what else the process has made."""
    kind = type(obj).__name__.lower()
    match = re.fullmatch(rf"_?{kind}(_\d+)?", obj._name)
    return obj._name.removesuffix(match.group(1) or "") if match else re.sub(r"_\d+$", "", obj._name)


def _remembered_integration(apply: Callable[..., Any]) -> Callable[..., Any]:
    """Brian2's choice and derivation of an integration scheme, kept on disk: solving linear equations takes seconds."""

    def known(variable: Any, dt: float) -> str:
        if isinstance(variable, Function):
            steady = variable.is_locally_constant(dt)
            return f"{type(variable).__name__} {variable._return_unit} {variable.stateless} {steady}"
        return f"{type(variable).__name__} {variable.constant} {variable.scalar} {variable.array} {variable.dim!r}"

    def remembering(
        equations: Any, variables: Any, method: Any, method_options: Any = None, group_name: Any = None
    ) -> Any:
        registered = StateUpdateMethod.stateupdaters.get(method, method)
        own = method is None or type(registered).__module__.startswith("brian2.stateupdaters")
        if not own or method_options or method == "gsl" or "gsl" in str(method):
            return apply(equations, variables, method, method_options=method_options, group_name=group_name)
        dt = variables["dt"].get_value().item() if "dt" in variables else np.inf
        told = [f"{name}: {known(variables[name], dt)}" for name in sorted(variables)]
        question = "\n".join([brian2.__version__, sympy.__version__, str(method), str(equations), *told])
        return cache.remembered(question, lambda: apply(equations, variables, method, group_name=group_name))

    return remembering


@contextlib.contextmanager
def generating(device: Device, threads: int) -> Iterator[None]:
    """Let Brian2 generate code for `device`, until the end of the block."""
    saved_device = brian2_device.active_device
    saved_threads = prefs.devices.cpp_standalone.openmp_threads
    saved_integration = StateUpdateMethod.apply_stateupdater
    brian2_device.active_device = device
    prefs.devices.cpp_standalone.openmp_threads = threads
    StateUpdateMethod.apply_stateupdater = staticmethod(_remembered_integration(saved_integration))
    try:
        yield
    finally:
        StateUpdateMethod.apply_stateupdater = staticmethod(saved_integration)
        brian2_device.active_device = saved_device
        prefs.devices.cpp_standalone.openmp_threads = saved_threads
