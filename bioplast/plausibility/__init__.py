"""Which of the twenty firing patterns of Izhikevich (2004) a cell shows.

A pattern is a protocol, which gives a cell its input, and a criterion, which reads the answer. Everything is done for
many candidates at once, one to a column.

>>> from bioplast.plausibility import PATTERNS, reduce
>>> pattern = PATTERNS["A"]
>>> sweep = pattern.sweep(knobs, scale)                       # doctest: +SKIP
>>> score = pattern.score(reduce(recording, sweep, tau, volts), sweep)   # doctest: +SKIP
>>> score.met, score.loss                                     # doctest: +SKIP
"""

from .patterns import PATTERNS
from .patterns.pattern import Knob, Pattern
from .patterns.score import DIVERGED, MISSING, Score
from .response.features import Features, Recording, reduce
from .response.relaxation import relaxation_time
from .response.scale import Scale
from .response.spike_trains import Intervals, SpikeTrains
from .response.sweep import Piece, Sweep, Waveform, Window

__all__ = [
    "DIVERGED",
    "MISSING",
    "PATTERNS",
    "Features",
    "Intervals",
    "Knob",
    "Pattern",
    "Piece",
    "Recording",
    "Scale",
    "Score",
    "SpikeTrains",
    "Sweep",
    "Waveform",
    "Window",
    "reduce",
    "relaxation_time",
]
