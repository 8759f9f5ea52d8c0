"""A Brian2 device that only generates code, and makes data of every number that Brian2 would write into it."""

from __future__ import annotations

from typing import Any

import numpy as np
from brian2.codegen.generators.cpp_generator import c_data_type
from brian2.core.functions import Function
from brian2.core.preferences import prefs
from brian2.core.variables import ArrayVariable, Constant, DynamicArrayVariable
from brian2.devices.cpp_standalone.codeobject import CPPStandaloneCodeObject
from brian2.devices.device import Device
from brian2.parsing.rendering import CPPNodeRenderer

from ...errors import Unsupported
from ..codegen.assignments import Generator
from ..codegen.lifting import Lifting
from ..network.generate import TEMPLATES, Generating
from ..network.in_place import refuse_work_in_place

#: Brian2's template for the potential of a neuron with compartments, and the header that ours includes.
CABLE = "spatialstateupdate"
CABLE_HEADER = "cable.h"


class CodeObject(CPPStandaloneCodeObject):
    """Brian2's C++ code object. A class of its own, so that functions and templates can be made for it alone."""

    generator_class = Generator
    # templates/ has what we write otherwise than Brian2, in faster code with the same results
    templater = CPPStandaloneCodeObject.templater.derive(__package__)


class LoweringDevice(Generating, Lifting, Device):
    """A device that generates C++ and makes data of every number that Brian2 would write into it."""

    code_object_classes = (CodeObject,)

    def __init__(self, runtime: Device, threads: int):
        super().__init__(runtime)
        self.threads = threads
        self.build_options: dict[str, Any] = {}
        self.main_queue: list[Any] = []  # Brian2's code objects report their before and after blocks here
        self.arrays: dict[Any, str] = {}

    # What code generation asks of a device ---------------------------------------------------------------------------

    def get_array_name(self, var: Any, access_data: bool = True) -> str:
        if var not in self.arrays:
            self.arrays[var] = self.unique(f"_array_{var.owner.name}_{var.name}")
        name = self.arrays[var]
        return name if access_data or not isinstance(var, DynamicArrayVariable) else f"_dynamic{name}"

    def code_object_class(self, codeobj_class: Any = None, fallback_pref: str = "") -> type[CodeObject]:
        return CodeObject

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
        if template_name not in TEMPLATES | {CABLE}:
            raise Unsupported(f"{self.user_name(owner)!r} uses {template_name!r}, which is not lowered to C++")
        refuse_work_in_place(
            self.user_name(owner), abstract_code, variables, variable_indices, template_name, template_kwds, "C++"
        )
        self.prepare_functions(owner, variables)
        abstract_code = self.lift_refractory_period(owner, abstract_code, variables)
        if template_name == "statemonitor":  # independent lines, whose order Brian2 may have taken from a set
            abstract_code = {None: "\n".join(sorted(abstract_code[None].split("\n")))}
        kwds = dict(template_kwds or {}, user_headers=prefs["codegen.cpp.headers"], profiled=False)
        kwds["user_headers"] = kwds["user_headers"] + (compiler_kwds or {}).get("headers", [])
        if template_name == CABLE:
            _refuse_other_precision(self.user_name(owner), variables)
            kwds["user_headers"] = [*kwds["user_headers"], f'"{CABLE_HEADER}"']
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
        self.remember_assigned(codeobj, abstract_code)
        self.generated.append(codeobj)
        return codeobj

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
                if np.dtype(variable.dtype).kind not in "biuf":
                    raise Unsupported(f"{codeobj.owner.name!r} uses the constant {key!r}, which is no real number")
                lines[f"const {c_data_type(variable.dtype)} {key} = {self.constant(codeobj.owner, key, variable)};"] = (
                    None
                )
        return "\n".join(lines)

    def constant(self, owner: Any, name: str, variable: Constant) -> str:
        """A group's own constants (its size) are part of the program, as are units; the user's are data."""
        if self.is_data(name, variable):
            cast = "" if np.dtype(variable.dtype).kind == "f" else f"({c_data_type(variable.dtype)})"
            return f"{cast}_constants[{self.constant_index(owner, name, variable)}]"
        return CPPNodeRenderer().render_expr(repr(_plain(variable.value)))


def _refuse_other_precision(owner: str, variables: dict[str, Any]) -> None:
    """What the cable equation is solved with is float64."""
    for name in ("v", "Ic", "Cm", "Ri", "area", "r_length_1", "r_length_2"):
        if variables[name].dtype != np.float64:
            raise Unsupported(
                f"{name!r} of {owner!r} is {np.dtype(variables[name].dtype).name}: targets cpp and openmp solve "
                "the cable equation in float64; use target='numpy'"
            )


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic | np.ndarray) else value
