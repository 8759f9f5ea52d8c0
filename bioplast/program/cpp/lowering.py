"""A live network as the C++ sources of target cpp and the data that they read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import brian2
from brian2.core.variables import DynamicArrayVariable

from ..codegen.lowering import Lowered, brian2_headers, describe, prepared, tidy
from .device import LoweringDevice


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
        lowered = describe(ready)
        lowered.sources = {**sources, **brian2_headers()}
        return lowered


def _sources(device: LoweringDevice) -> dict[str, str]:
    sources: dict[str, str] = {}
    vectors = [name for variable, name in device.arrays.items() if isinstance(variable, DynamicArrayVariable)]
    for codeobj in device.generated:
        constants = "\n".join(sorted(device.lasting(codeobj, device.constant_lines(codeobj)).split("\n")))
        for block in ("", *(f"{b}_" for b in codeobj.before_after_blocks if b == "before_run")):
            text = getattr(codeobj.code, f"{block}cpp_file").replace("%CONSTANTS%", constants)
            sources[f"code_objects/{block}{codeobj.name}.cpp"] = tidy(device.lasting(codeobj, text), vectors)
            sources[f"code_objects/{block}{codeobj.name}.h"] = getattr(codeobj.code, f"{block}h_file")
    return sources
