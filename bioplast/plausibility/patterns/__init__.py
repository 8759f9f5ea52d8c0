"""The twenty firing patterns of Izhikevich (2004), figure 1, one concept to a file."""

from .accommodation import accommodation
from .afterpotential import depolarizing_after_potential
from .bistability import bistability
from .bursting import mixed_mode, tonic_bursting
from .doublets import integrator, resonator
from .excitability import class_1, class_2
from .inhibition import inhibition_induced_bursting, inhibition_induced_spiking
from .latency import spike_latency
from .oscillation import subthreshold_oscillations
from .phasic import phasic_bursting, phasic_spiking
from .rebound import rebound_burst, rebound_spike
from .threshold import threshold_variability
from .tonic import adaptation, tonic_spiking

PATTERNS = {
    pattern.letter: pattern
    for pattern in (
        tonic_spiking,
        phasic_spiking,
        tonic_bursting,
        phasic_bursting,
        mixed_mode,
        adaptation,
        class_1,
        class_2,
        spike_latency,
        subthreshold_oscillations,
        resonator,
        integrator,
        rebound_spike,
        rebound_burst,
        threshold_variability,
        bistability,
        depolarizing_after_potential,
        accommodation,
        inhibition_induced_spiking,
        inhibition_induced_bursting,
    )
}

__all__ = ["PATTERNS"]
