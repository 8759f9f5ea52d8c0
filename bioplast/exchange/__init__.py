"""Files of other tools: networks in NIR and NeuroML 2, recordings in NWB, SONATA and NIX, read and written.

>>> network = exchange.read_nir("trained.nir")                                   # doctest: +SKIP
>>> exchange.write_nwb(program(), "run.nwb")                                     # doctest: +SKIP
>>> program(inputs=exchange.read_nwb("monday.nwb").inputs({"input": "units"}))   # doctest: +SKIP
"""

from .neuroml.export import write_neuroml
from .neuroml.network import read_neuroml
from .nir.export import write_nir
from .nir.network import read_nir
from .nix import read_nix, write_nix
from .nwb import read_nwb, write_nwb
from .recording import Recording, Signal, Trains
from .sonata import read_sonata, write_sonata

__all__ = [
    "Recording",
    "Signal",
    "Trains",
    "read_neuroml",
    "read_nir",
    "read_nix",
    "read_nwb",
    "read_sonata",
    "write_neuroml",
    "write_nir",
    "write_nix",
    "write_nwb",
    "write_sonata",
]
