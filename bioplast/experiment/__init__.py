"""A run: a protocol's trials on any executor, kept as they finish, then summary, figures and report.

>>> from bioplast import experiment
>>> done = experiment.run("firing_patterns", preset="demo")  # doctest: +SKIP
>>> done.rows[0]  # doctest: +SKIP
Row(id='cpp/A/spikes', value=5, low=None, high=None, seeds=None, unit='', published=5, source='...')
"""

from __future__ import annotations

from .every import Every, run_every
from .interval import Interval, interval
from .protocol import PRESETS, Figure, Protocol, Row, Section, Trial
from .report import write_report
from .runner import Run, run

__all__ = [
    "PRESETS",
    "Every",
    "Figure",
    "Interval",
    "Protocol",
    "Row",
    "Run",
    "Section",
    "Trial",
    "interval",
    "run",
    "run_every",
    "write_report",
]
