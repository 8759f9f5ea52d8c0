"""What Brian2 would generate code from, kept instead of generated."""

from __future__ import annotations

from typing import Any

from brian2.codegen.runtime.numpy_rt import NumpyCodeObject
from brian2.devices.device import Device

from ...errors import Unsupported
from ..network.generate import TEMPLATES, Generating


class ReadingDevice(Generating, Device):
    """A device that keeps what it is asked to generate code for."""

    def __init__(self, runtime: Device):
        super().__init__(runtime)
        self.kept: list[Code] = []  # Brian2 itself holds code objects weakly

    def get_array_name(self, var: Any, access_data: bool = True) -> str:
        return self.runtime.get_array_name(var, access_data)

    def code_object_class(self, codeobj_class: Any = None, fallback_pref: str = "") -> type[NumpyCodeObject]:
        return NumpyCodeObject

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
        if template_name not in TEMPLATES:
            raise Unsupported(f"{owner.name!r} uses {template_name!r}, which is not translated")
        code = Code(owner, abstract_code, variables, template_name, variable_indices, dict(template_kwds or {}))
        code.override = override_conditional_write
        self.kept.append(code)
        return code


class Code:
    """What Brian2 takes for a code object: all that the code would have been made of."""

    override: Any = None

    def __init__(
        self, owner: Any, code: Any, variables: dict[str, Any], template: str, indices: Any, options: dict[str, Any]
    ):
        self.owner = owner
        self.code = code
        self.variables = variables
        self.template = template
        self.indices = indices
        self.options = options

    def before_run(self) -> None:
        """Nothing to prepare."""
