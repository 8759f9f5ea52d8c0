"""A number of the summary beside the published one, as text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["EQUAL", "INSIDE", "WITHIN", "agreement", "number_text", "row_cells"]

EQUAL = "equal"
INSIDE = "inside interval"
WITHIN = "within tolerance"


def agreement(row: Mapping[str, Any]) -> str:
    """How a row compares with the published number: "" when there is none to compare with."""
    value, published = row["value"], row["published"]
    if value is None or published is None:
        return ""
    if value == published:
        return EQUAL
    if row["low"] is not None and row["high"] is not None and row["low"] <= published <= row["high"]:
        return INSIDE
    tolerance = row.get("tolerance")
    if tolerance is not None and abs(value - published) <= tolerance:
        return WITHIN
    return f"{value - published:+.4g}"


def number_text(value: float | None) -> str:
    """A number as the tables show it; an empty string for none."""
    if value is None:
        return ""
    if isinstance(value, int) or (float(value).is_integer() and abs(value) < 1e15):
        return str(int(value))
    return f"{value:.4g}"


def row_cells(row: Mapping[str, Any]) -> tuple[str, str, str, str, str, str, str]:
    """A row as text: id, value, interval, seeds, unit, published, agreement."""
    interval = "" if row["low"] is None else f"{number_text(row['low'])} to {number_text(row['high'])}"
    value = "none" if row["value"] is None else number_text(row["value"])
    return (
        row["id"],
        value,
        interval,
        number_text(row["seeds"]),
        row["unit"],
        number_text(row["published"]),
        agreement(row),
    )
