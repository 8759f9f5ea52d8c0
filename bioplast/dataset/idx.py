"""IDX, the format of MNIST: two zero bytes, the type, the number of axes, their lengths, then the numbers.

References
----------
LeCun, Cortes and Burges, The MNIST database of handwritten digits, section "the IDX file format"
"""

from __future__ import annotations

import math

import numpy as np

__all__ = ["NotIdx", "parse"]

# The third byte says what the numbers are, with the most significant byte first.
TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}


class NotIdx(ValueError):  # noqa: N818 - reads as what it says
    """Bytes that are no IDX; the message says why, as what follows "the file"."""


def parse(content: bytes) -> np.ndarray:
    """Numbers of an IDX file.

    Parameters
    ----------
    content : bytes
        The whole file, unpacked.

    Returns
    -------
    ndarray
        Of the shape and type that the file states; it cannot be written to.

    Raises
    ------
    NotIdx
        The header is none of IDX, or there are more or fewer numbers than it states.
    """
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] not in TYPES:
        raise NotIdx(f"is no IDX file (it begins with {content[:4].hex(' ') or 'nothing'})")
    dtype, axes = np.dtype(TYPES[content[2]]), content[3]
    begin = 4 + 4 * axes
    if len(content) < begin:
        raise NotIdx("is cut short within its header")
    shape = tuple(int(length) for length in np.frombuffer(content, ">u4", axes, offset=4))
    expected = begin + math.prod(shape) * dtype.itemsize
    if len(content) != expected:
        what = "is cut short" if len(content) < expected else "is too long"
        raise NotIdx(f"{what}: {len(content)} bytes, where {list(shape)} numbers of {dtype.name} make {expected}")
    return np.frombuffer(content, dtype, offset=begin).reshape(shape)
