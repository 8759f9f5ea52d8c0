"""What each library has to offer to take part."""

from __future__ import annotations

import abc
import os

import numpy as np

from .task import Task


class Contestant(abc.ABC):
    """The task, in one library's own words.

    Parameters
    ----------
    task : Task
    device : {"cpu", "cuda"}
    """

    trains = True

    def __init__(self, task: Task, device: str):
        self.task = task
        self.device = device
        self.build()

    @abc.abstractmethod
    def build(self) -> None:
        """Make the network and what trains it. Part of the time until the first step."""

    @abc.abstractmethod
    def take(self, spikes: np.ndarray, labels: np.ndarray) -> None:
        """Keep data in the library's own form: spikes [steps, batch, inputs], labels [batch]."""

    @abc.abstractmethod
    def forward(self) -> np.ndarray:
        """The output layer's spikes [steps, batch, outputs]."""

    @abc.abstractmethod
    def reset(self) -> None:
        """Go back to the weights of the task."""

    def train(self) -> float:
        """A forward and a backward pass and a step of Adam; the loss before it."""
        raise NotImplementedError

    def gradient(self) -> tuple[np.ndarray, ...]:
        """Gradient of the loss by the weights of each layer, such as [inputs, hidden] and [hidden, outputs]."""
        raise NotImplementedError


def cores() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
