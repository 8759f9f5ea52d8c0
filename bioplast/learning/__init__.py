"""Learning by gradients, for any network that target jax can follow, and by evolution, on any target.

>>> program = bioplast.compile(network, 40*ms, target="jax", surrogate=bioplast.SuperSpike())  # doctest: +SKIP
>>> potential = learning.Trace("trace", "v", unit=1*mV)  # doctest: +SKIP
>>> fitted = learning.fit(  # doctest: +SKIP
...     program,
...     {"input": spikes},  # [samples, steps, neurons]
...     labels,  # [samples]
...     train={"w_in.w": 0.1*nA, "hidden.tau_m": learning.Trainable(10*ms, low=2*ms, high=200*ms)},
...     loss=lambda out, label: learning.max_over_time_cross_entropy(potential(out), label),
... )
>>> evolved = learning.evolve(program, {"input": spikes}, labels, train=..., loss=...)  # doctest: +SKIP
>>> program.write_back(fitted.values)  # into the Brian2 network, for any target  # doctest: +SKIP
"""

from . import strategies
from .encoded import Encoded
from .evolution import Evolved, evolve
from .gradient import Fit, fit
from .losses import (
    count_hinge,
    cross_entropy,
    hinge,
    l2,
    max_over_time_cross_entropy,
    membrane_hinge,
    rate_error,
    temporal_smoothness,
    van_rossum,
)
from .predict import predict
from .readouts import Count, Last, Maximum, Mean, Raster, Sum, Trace
from .tempotron import Kernel, Patterns, Tempotron, TempotronFit
from .trainable import Trainable

__all__ = [
    "Count",
    "Encoded",
    "Evolved",
    "Fit",
    "Kernel",
    "Last",
    "Maximum",
    "Mean",
    "Patterns",
    "Raster",
    "Sum",
    "Tempotron",
    "TempotronFit",
    "Trace",
    "Trainable",
    "count_hinge",
    "cross_entropy",
    "evolve",
    "fit",
    "hinge",
    "l2",
    "max_over_time_cross_entropy",
    "membrane_hinge",
    "predict",
    "rate_error",
    "strategies",
    "temporal_smoothness",
    "van_rossum",
]
