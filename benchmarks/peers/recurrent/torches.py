"""The three libraries on PyTorch, their neurons in single steps: a hidden spike reaches the layer in the next one.

What comes from the input is one product for all steps. Compiled, it is the step that torch compiles: a graph of all
1,000 of them would take it too long.
"""

from __future__ import annotations

from typing import Any

from ..norse import Norse as DenseNorse
from ..snntorch import SnnTorch as DenseSnnTorch
from ..spikingjelly import functional, neuron, surrogate
from ..torch import TorchContestant, torch


class _Recurrent(TorchContestant):
    def run(self, spikes: Any) -> Any:
        first, recurrent, second = self.linear
        self.batch = spikes.shape[1]
        hidden, output = self.start((self.task.hidden,)), self.start((self.task.outputs,))
        s = torch.zeros(self.batch, self.task.hidden, device=self.device)
        fast = self.compiled_step if self.compiled else self.step
        told = []
        for arriving in first(spikes).unbind(0):
            s, out, hidden, output = fast(arriving, s, hidden, output, recurrent, second)
            told.append(out)
        return torch.stack(told)

    def step(self, arriving: Any, s: Any, hidden: Any, output: Any, recurrent: Any, second: Any) -> Any:
        s, hidden = self.cells[0](arriving + recurrent(s), hidden)
        out, output = self.cells[1](second(s), output)
        return s, out, hidden, output

    @property
    def compiled_step(self) -> Any:
        if not hasattr(self, "fast"):
            self.fast = torch.compile(self.step, dynamic=False)
        return self.fast


class SnnTorch(_Recurrent, DenseSnnTorch):
    def prepare(self) -> None:
        super().prepare()
        self.cells = self.cells[:2]  # the recurrent weights reach the cells of the first


class Norse(_Recurrent, DenseNorse):
    def prepare(self) -> None:
        super().prepare()
        self.cells = self.cells[:2]


class SpikingJelly(_Recurrent):
    def prepare(self) -> None:
        options = {
            "v_threshold": 1.0,
            "tau": 1 / (1 - self.task.beta),
            "decay_input": False,
            "detach_reset": False,
            "step_mode": "s",
        }
        slope = surrogate.SuperSpike(alpha=1.0)
        self.nodes = [neuron.LIFNode(**options, surrogate_function=slope).to(self.device) for _ in range(2)]
        self.cells = [self.stepped(node) for node in self.nodes]

    def stepped(self, node: Any) -> Any:
        """A neuron whose membrane comes in and goes out, where it would keep it."""

        def step(x: Any, v: Any) -> Any:
            node.v = v
            s = node(x)
            return s, node.v

        return step

    def start(self, shape: tuple[int, ...]) -> Any:
        for node in self.nodes:
            functional.reset_net(node)
        return torch.zeros(self.batch, *shape, device=self.device)


class SnnTorchCompiled(SnnTorch):
    compiled = True


class NorseCompiled(Norse):
    compiled = True


class SpikingJellyCompiled(SpikingJelly):
    compiled = True
