"""A live network as the C++ sources of target cpp and the data that they read."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from importlib import resources
from typing import Any

import brian2
from brian2.core.variables import DynamicArrayVariable

from ..codegen.lowered import Lowered
from ..codegen.lowering import describe, prepared
from ..codegen.templates import text
from .device import CABLE, CABLE_HEADER, LoweringDevice


def lower(network: brian2.Network, namespace: Mapping[str, Any], threads: int = 0) -> Lowered:
    """Generate the C++ sources of a network and gather the data that they read.

    Parameters
    ----------
    network : brian2.Network
        The user's network; left as it was.
    namespace : mapping
        The names that the equations may refer to.
    threads : int
        Threads for OpenMP; 0 leaves OpenMP out.

    Raises
    ------
    Unsupported
        For an object or construct that has no C++ form, by its name.
    """
    where = "targets cpp and openmp"
    with prepared(network, namespace, lambda runtime: LoweringDevice(runtime, threads), where, threads) as ready:
        sources = _sources(ready.device)  # which finds the constants
        return describe(ready, {**sources, **_brian2_headers()})


def _sources(device: LoweringDevice) -> dict[str, str]:
    sources: dict[str, str] = {}
    vectors = [name for variable, name in device.arrays.items() if isinstance(variable, DynamicArrayVariable)]
    for codeobj in device.generated:
        constants = "\n".join(sorted(device.lasting(codeobj, device.constant_lines(codeobj)).split("\n")))
        for block in ("", *(f"{b}_" for b in codeobj.before_after_blocks if b == "before_run")):
            unit = getattr(codeobj.code, f"{block}cpp_file").replace("%CONSTANTS%", constants)
            sources[f"code_objects/{block}{codeobj.name}.cpp"] = _tidy(device.lasting(codeobj, unit), vectors)
            sources[f"code_objects/{block}{codeobj.name}.h"] = getattr(codeobj.code, f"{block}h_file")
    if any(codeobj.template_name == CABLE for codeobj in device.generated):
        sources[CABLE_HEADER] = text(CABLE_HEADER, __package__)
    return sources


_BRIANS_POWER = "#define _brian_pow(x, y) (pow((x), (y)))"
_POWER = "#define _brian_pow(x, y) (powers::power((x), (y)))"
_POINTER = re.compile(r"\s*[\w:]+\*\s.*\b(_ptr|_namespace)\w+ = \w+;")


def _tidy(text: str, vectors: list[str]) -> str:
    """Undo what Brian2 takes from the order of a set or from a vector's length, so that it changes no source.

    And let powers be taken as in powers.h.
    """
    lines: list[str] = []
    given = text.replace(_BRIANS_POWER, _POWER).split("\n")
    for pointers, group in itertools.groupby(given, lambda line: bool(_POINTER.fullmatch(line))):
        found = list(group)
        lines += sorted(_restricted(line, vectors) for line in found) if pointers else found
    return "\n".join(lines)


def _restricted(line: str, vectors: list[str]) -> str:
    """Brian2 does not restrict the pointer to a vector of length 1."""
    name = line.rpartition(" = ")[2].rstrip(";")
    return line.replace("*   _ptr", "* __restrict  _ptr") if name in vectors else line


def _brian2_headers() -> dict[str, str]:
    """What the generated code includes of Brian2's own."""
    standalone = resources.files("brian2.devices.cpp_standalone") / "brianlib"
    headers = {f"brianlib/{n}": (standalone / n).read_text() for n in ("clocks.h", "common_math.h", "dynamic_array.h")}
    synapses = resources.files("brian2.synapses")
    headers["brianlib/stdint_compat.h"] = (synapses / "stdint_compat.h").read_text()
    return headers
