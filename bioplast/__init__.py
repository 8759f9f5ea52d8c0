"""Neurons, synapses and plasticity rules written once, as Brian2 equations with units.

>>> import bioplast
>>> from bioplast.models import lif
>>> group = lif.group(100)              # an ordinary brian2.NeuronGroup
>>> block = bioplast.run(network, duration, target="cpp")   # doctest: +SKIP
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .version import __version__ as __version__

if TYPE_CHECKING:
    from .definition import Neuron, Parameter, Receptor, Synapse
    from .definition.find import load
    from .errors import BioplastError
    from .experiment.assessment import assess
    from .experiment.sweeps import Sweep, sweep
    from .plausibility.cells.black_box import BlackBox
    from .plausibility.scorecard.scorecard import Scorecard
    from .program import Output, Program, compile, run
    from .program.surrogate import Arctan, Gaussian, Rectangle, Sigmoid, StraightThrough, SuperSpike, Surrogate

# A checkout keeps models/, protocols/ and data/ beside bioplast/; an installation maps them into it. A Python started
# in the checkout finds this folder first, whatever is installed, so look for them where they lie here.
_checkout = Path(__file__).resolve().parent.parent
if not (Path(__file__).parent / "models").exists() and (_checkout / "models" / "__init__.py").exists():
    __path__.append(str(_checkout))

# Where each public name lives. They are imported when first used, so that `bioplast list` does not wait for Brian2's
# code generation.
_PUBLIC = {
    "Neuron": "definition",
    "Receptor": "definition",
    "Synapse": "definition",
    "Parameter": "definition",
    "load": "definition.find",
    "BioplastError": "errors",
    "assess": "experiment.assessment",
    "Sweep": "experiment.sweeps",
    "sweep": "experiment.sweeps",
    "BlackBox": "plausibility.cells.black_box",
    "Scorecard": "plausibility.scorecard.scorecard",
    "compile": "program",
    "run": "program",
    "Program": "program",
    "Output": "program",
    "Surrogate": "program.surrogate",
    "SuperSpike": "program.surrogate",
    "Sigmoid": "program.surrogate",
    "Rectangle": "program.surrogate",
    "Arctan": "program.surrogate",
    "Gaussian": "program.surrogate",
    "StraightThrough": "program.surrogate",
}

__all__ = [
    "Arctan",
    "BioplastError",
    "BlackBox",
    "Gaussian",
    "Neuron",
    "Output",
    "Parameter",
    "Program",
    "Receptor",
    "Rectangle",
    "Scorecard",
    "Sigmoid",
    "StraightThrough",
    "SuperSpike",
    "Surrogate",
    "Sweep",
    "Synapse",
    "assess",
    "compile",
    "load",
    "run",
    "sweep",
]


_SUBPACKAGES = {
    "analysis",
    "connection",
    "control",
    "dataset",
    "definition",
    "exchange",
    "experiment",
    "figure",
    "learning",
    "plausibility",
    "program",
    "stimulus",
}


def __getattr__(name: str) -> Any:
    if name in _SUBPACKAGES:
        return importlib.import_module(f"{__name__}.{name}")
    if name in _PUBLIC:
        value = getattr(importlib.import_module(f"{__name__}.{_PUBLIC[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_PUBLIC, *_SUBPACKAGES])
