"""Figures in one style: rasters, traces, grids of firing patterns, curves, confusion matrices, statistics.

Each function returns a `matplotlib.figure.Figure`; `save` writes it.
"""

from .grids import Panel, pattern_grid
from .rasters import raster
from .style import COLOURS, save
from .traces import trace

__all__ = ["COLOURS", "Panel", "pattern_grid", "raster", "save", "trace"]
