"""Spike-train statistics on flat arrays, for inner loops; `bioplast.analysis.elephant` has them for Neo recordings.

Every function takes the spikes of a population as ``(times, indices, neurons)``, the form of `Output.events`: times in
seconds, the neuron of each spike, and how many neurons there are. The result has one value for each neuron or pair.
Times and rates may carry units (Brian2's, or those of `quantities`); results are plain seconds and Hz.

What cannot be known is NaN: the coefficients of variation of fewer than three spikes, a Fano factor without spikes,
the correlation of a count that never changes, the tiling coefficient of a silent neuron. A rate and a distance always
exist. `bioplast.analysis.complexity` has words of symbols, and how they come from spikes.

>>> import numpy as np
>>> from bioplast import analysis
>>> times, indices = np.array([0.1, 0.2, 0.3, 0.35]), np.array([0, 0, 0, 1])
>>> analysis.rate(times, indices, neurons=2, duration=0.5)
array([6., 2.])
>>> analysis.cv2(times, indices, neurons=2).round(6)
array([ 0., nan])
"""

from .complexity import block_entropy, entropy_rate, lz76, lz78, permutation_entropy
from .counts import correlation, fano_factor, raster_words, rate, spike_counts, words
from .distances import van_rossum, victor_purpura
from .intervals import cv, cv2, isi, lv
from .synchrony import correlogram, spike_time_tiling

__all__ = [
    "block_entropy",
    "correlation",
    "correlogram",
    "cv",
    "cv2",
    "entropy_rate",
    "fano_factor",
    "isi",
    "lv",
    "lz76",
    "lz78",
    "permutation_entropy",
    "raster_words",
    "rate",
    "spike_counts",
    "spike_time_tiling",
    "van_rossum",
    "victor_purpura",
    "words",
]
