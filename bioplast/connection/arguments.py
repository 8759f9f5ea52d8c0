"""Shapes, sizes and strides as they are given, checked."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import BioplastError

__all__ = ["image_shape", "layer_shape", "pair", "whole"]


def whole(given: Any, name: str, least: int = 1) -> int:
    """A whole number, at least `least`."""
    if isinstance(given, bool | np.bool_) or not isinstance(given, int | np.integer) or given < least:
        raise BioplastError(f"{name} is {given!r}: a whole number, at least {least}, is accepted")
    return int(given)


def pair(given: Any, name: str, least: int = 1) -> tuple[int, int]:
    """One number for height and width, or one for each."""
    if isinstance(given, tuple | list):
        if len(given) != 2:
            raise BioplastError(f"{name} is {given!r}: one number is accepted, or two: (height, width)")
        return whole(given[0], f"{name}[0]", least), whole(given[1], f"{name}[1]", least)
    return whole(given, name, least), whole(given, name, least)


def image_shape(given: Any) -> tuple[int, int, int]:
    """The shape (channels, height, width) of a layer."""
    shape = layer_shape(given)
    if len(shape) != 3:
        raise BioplastError(f"shape is {given!r}: (channels, height, width) is accepted")
    return shape[0], shape[1], shape[2]


def layer_shape(given: Any) -> tuple[int, ...]:
    """The shape of a layer, or its number of neurons."""
    sizes = given if isinstance(given, tuple | list) else (given,)
    if not sizes:
        raise BioplastError("shape is (): the sizes of a layer are accepted, such as (channels, height, width)")
    return tuple(whole(size, f"shape[{n}]" if len(sizes) > 1 else "shape") for n, size in enumerate(sizes))
