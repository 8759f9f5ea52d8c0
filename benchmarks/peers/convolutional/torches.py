"""The three libraries on PyTorch with convolutions."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..norse import Norse as DenseNorse
from ..snntorch import SnnTorch as DenseSnnTorch
from ..spikingjelly import SpikingJelly as DenseSpikingJelly
from ..torch import TorchContestant, torch


class _Convolutional(TorchContestant):
    """Their neurons behind torch's own layers."""

    def layers(self) -> list[Any]:
        nn, (one, two) = torch.nn, self.task.channels
        before, pool = two * (self.task.side // 4) ** 2, {"kernel_size": 2}
        return [
            nn.Conv2d(1, one, 3, padding=1, bias=False),
            nn.Sequential(nn.AvgPool2d(**pool), nn.Conv2d(one, two, 3, padding=1, bias=False)),
            nn.Sequential(nn.AvgPool2d(**pool), nn.Flatten(), nn.Linear(before, self.task.hidden, bias=False)),
            nn.Linear(self.task.hidden, self.task.outputs, bias=False),
        ]

    def shapes(self) -> list[tuple[int, ...]]:
        return self.task.shapes

    def over_time(self, linear: Any, spikes: Any) -> Any:
        found = linear(spikes.flatten(0, 1))
        return found.view(*spikes.shape[:2], *found.shape[1:])


class InTime(torch.nn.Module):
    """A layer for all steps at once."""

    def __init__(self, inner: Any):
        super().__init__()
        self.inner = inner

    def forward(self, x: Any) -> Any:
        found = self.inner(x.flatten(0, 1))
        return found.view(*x.shape[:2], *found.shape[1:])


class SnnTorch(_Convolutional, DenseSnnTorch):
    pass


class Norse(_Convolutional, DenseNorse):
    pass


class SpikingJelly(_Convolutional, DenseSpikingJelly):
    threshold = float(np.nextafter(np.float32(1), np.float32(2)))  # its neurons spike at the threshold, too

    def in_time(self, linear: Any) -> Any:
        return InTime(linear)


class SnnTorchCompiled(SnnTorch):
    compiled = True


class NorseCompiled(Norse):
    compiled = True


class SpikingJellyCompiled(SpikingJelly):
    compiled = True
