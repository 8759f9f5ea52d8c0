"""One library in a process of its own, as of the dense task."""

from __future__ import annotations

from .. import worker
from .task import Recurrent

#: name -> module and class
CONTESTANTS = {
    "bioplast, native": ("ours", "BioplastNative"),
    "bioplast": ("ours", "Bioplast"),
    "snnTorch": ("torches", "SnnTorch"),
    "Norse": ("torches", "Norse"),
    "SpikingJelly": ("torches", "SpikingJelly"),
    "snnTorch, compiled": ("torches", "SnnTorchCompiled"),
    "Norse, compiled": ("torches", "NorseCompiled"),
    "SpikingJelly, compiled": ("torches", "SpikingJellyCompiled"),
}


class Worker(worker.Worker):
    package, contestants = __package__, CONTESTANTS
    task = Recurrent


if __name__ == "__main__":
    worker.main(Worker)
