"""AEDAT 3.1, a format of event cameras: a header of text, then packets of events with a header of 28 bytes each.

References
----------
IBM, DVS128 Gesture Dataset, section "aedat format", https://research.ibm.com/interactive/dvsgesture/
"""

from __future__ import annotations

import struct

import numpy as np

__all__ = ["NotAedat", "parse"]

VERSION = b"#!AER-DAT3.1"
END = b"#!END-HEADER\r\n"
# Type, source, size of an event, offset of its time, overflow, capacity, number, valid.
PACKET = struct.Struct("<2H6I")
POLARITY, EVENT = 1, 8
# Times have 31 bits; the overflow of a packet counts how often they began anew.
TIME_BITS = 31


class NotAedat(ValueError):  # noqa: N818 - reads as what it says
    """Bytes that are no AEDAT 3.1; the message says why, as what follows "the file"."""


def parse(content: bytes) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Polarity events of a file; those that are marked invalid, and packets of other events, are left out.

    Returns
    -------
    times : ndarray of int64 [events]
        In microseconds.
    polarity, row, column : ndarray of uint32 [events]
        Polarity 1 is brighter.

    Raises
    ------
    NotAedat
        The header is another one, or a packet ends before its events.
    """
    begin = content.find(END)
    if not content.startswith(VERSION) or begin < 0:
        raise NotAedat("is no AEDAT 3.1 file, or cut short within its header")
    place, events, times = begin + len(END), [], []
    while place < len(content):
        if len(content) - place < PACKET.size:
            raise NotAedat("is cut short within the header of a packet")
        kind, _, size, _, overflow, _, number, _ = PACKET.unpack_from(content, place)
        place += PACKET.size
        if len(content) - place < number * size:
            raise NotAedat("is cut short within a packet")
        if kind == POLARITY:
            if size != EVENT:
                raise NotAedat(f"has polarity events of {size} bytes, not {EVENT}")
            found = np.frombuffer(content, "<u4", 2 * number, offset=place).reshape(-1, 2)
            found = found[found[:, 0] & 1 == 1]
            events.append(found[:, 0])
            times.append(found[:, 1].astype(np.int64) + (overflow << TIME_BITS))
        place += number * size
    data = np.concatenate(events) if events else np.zeros(0, dtype=np.uint32)
    when = np.concatenate(times) if times else np.zeros(0, dtype=np.int64)
    return when, data >> 1 & 1, data >> 2 & 0x1FFF, data >> 17 & 0x1FFF
