"""Brian2 made to generate code for a device of ours."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from brian2.core.preferences import prefs
from brian2.devices.device import Device

from .borrow import brian2_device
from .integration import remembered_integration


@contextlib.contextmanager
def generating(device: Device, threads: int) -> Iterator[None]:
    """Let Brian2 generate code for `device`, until the end of the block."""
    saved_device = brian2_device.active_device
    saved_threads = prefs.devices.cpp_standalone.openmp_threads
    brian2_device.active_device = device
    prefs.devices.cpp_standalone.openmp_threads = threads
    try:
        with remembered_integration():
            yield
    finally:
        brian2_device.active_device = saved_device
        prefs.devices.cpp_standalone.openmp_threads = saved_threads
