"""The style that all figures have: colours, fonts, labels, and how they are written.

A figure is made without pyplot, so nothing global changes and no window opens; `save` writes it as PNG and SVG, the
same bytes for the same picture.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from ..files import write_bytes

__all__ = [
    "COLOURS",
    "axis_label",
    "legend_above",
    "new_figure",
    "round_bar",
    "save",
    "short_number",
    "styled",
    "time_unit",
]

# Okabe & Ito (2008): told apart with every kind of colour vision, and in print.
COLOURS = {
    "blue": "#0072B2",
    "vermilion": "#D55E00",
    "green": "#009E73",
    "orange": "#E69F00",
    "purple": "#CC79A7",
    "sky": "#56B4E9",
    "black": "#1b1f24",
    "grey": "#6b7580",
}

_STYLE: Any = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 10,
    "axes.labelsize": 9,
    "axes.edgecolor": COLOURS["grey"],
    "axes.labelcolor": COLOURS["black"],
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "text.color": COLOURS["black"],
    "xtick.color": COLOURS["grey"],
    "ytick.color": COLOURS["grey"],
    "xtick.labelcolor": COLOURS["black"],
    "ytick.labelcolor": COLOURS["black"],
    "legend.frameon": False,
    "lines.linewidth": 1.0,
    "lines.solid_joinstyle": "round",
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "svg.hashsalt": "bioplast",
    "path.simplify": True,
}


@contextmanager
def styled() -> Iterator[None]:
    with matplotlib.rc_context(_STYLE):
        yield


class _Picture(Figure):
    """A figure that a notebook shows as a picture, without the global state of pyplot."""

    def _repr_png_(self) -> bytes:
        content = io.BytesIO()
        with styled():
            self.savefig(content, format="png", dpi=100)
        return content.getvalue()


def new_figure(width: float, height: float) -> Figure:
    figure = _Picture(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def legend_above(axes: Axes, columns: int, **layout: Any) -> None:
    """The legend above the axes, where it hides nothing; `layout` is that of Matplotlib's legends."""
    legend = axes.legend(
        loc="lower left", bbox_to_anchor=(0, 1), ncols=columns, borderpad=0, handlelength=1.4, **layout
    )
    legend.set_in_layout(False)


def round_bar(length: float) -> float:
    """The largest of 1, 2, 5, 10, 20, 50, ... that is not longer."""
    power = 10.0 ** np.floor(np.log10(length))
    return float(max(step * power for step in (1, 2, 5) if step * power <= length * (1 + 1e-9)))


def short_number(value: float) -> str:
    return f"{value:.3g}".replace("-", "−")


def axis_label(quantity: str, unit: str) -> str:
    return f"{quantity} ({unit})" if unit else quantity


def time_unit(end_s: float) -> tuple[float, str]:
    """A factor from seconds, and the unit it leads to."""
    return (1.0, "s") if end_s >= 2 else (1e3, "ms")


def save(figure: Figure, path: str | Path, dpi: int = 160) -> Path:
    """Write a figure as PNG and as SVG, atomically; the same figure gives the same bytes.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    path : path
        Where, without or with the ending ``.png``; the SVG lies beside it.
    dpi : int
        Resolution of the PNG.

    Returns
    -------
    Path
        The PNG file.

    Raises
    ------
    OSError
        A file cannot be written; no part of one is left.
    """
    path = Path(path)
    stem = path.with_suffix("") if path.suffix in (".png", ".svg") else path
    with styled():
        for ending, metadata in ((".svg", {"Date": None, "Creator": None}), (".png", {"Software": None})):
            content = io.BytesIO()
            figure.savefig(content, format=ending[1:], dpi=dpi, metadata=metadata)
            write_bytes(stem.with_name(stem.name + ending), content.getvalue())
    return stem.with_name(stem.name + ".png")
