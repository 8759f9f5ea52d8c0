"""Small networks of other tools, written as NIR files by the tools themselves, with the spikes that each has.

``python -m benchmarks.nir_files`` (extra ``[peers]``, and ``pip install --no-deps sinabs==3.1.3``) makes
`tests/exchange/files`, or another folder that is named: a layer of four cells behind three inputs.
`tests/exchange/test_files_of_tools.py` reads them, `tests/exchange/test_tools_themselves.py` makes them again.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np

FOLDER = Path(__file__).resolve().parent.parent / "tests" / "exchange" / "files"
STEPS = 400


def layer() -> Any:
    """The weights, equal for all tools."""
    import torch

    linear = torch.nn.Linear(3, 4)
    linear.weight.data = torch.tensor(np.random.default_rng(0).uniform(0.2, 1.0, (4, 3)).astype(np.float32))
    linear.bias.data = torch.tensor(np.array([0.0, 0.01, 0.02, 0.05], dtype=np.float32))
    return linear


def stepped(model: Any, x: np.ndarray) -> np.ndarray:
    """Spikes [steps, cells] of a model that returns (spikes, state)."""
    import torch

    state, found = None, []
    for row in x:
        spikes, state = model(torch.tensor(row[None].astype(np.float32)), state)
        found.append(spikes.detach().numpy()[0] > 0)
    return np.array(found)


def norse(x: np.ndarray) -> Any:
    """tau of 10 ms, a step of 1 ms."""
    import torch
    from norse.torch.module.lif_box import LIFBoxCell, LIFBoxParameters
    from norse.torch.module.sequential import SequentialState
    from norse.torch.utils.export_nir import to_nir

    values = {"tau_mem_inv": 100.0, "v_th": 0.2, "v_leak": 0.0}
    cell = LIFBoxCell(LIFBoxParameters(**{name: torch.full((4,), value) for name, value in values.items()}), dt=1e-3)
    model = SequentialState(layer(), cell)
    return to_nir(model, torch.zeros(1, 3), dt=1e-3), stepped(model, x)


def snntorch(x: np.ndarray) -> Any:
    """beta of 0.95, a step of 0.1 ms."""
    import snntorch
    import torch
    from snntorch.export_nir import export_to_nir

    options: Any = {"threshold": torch.full((4,), 1.5), "reset_mechanism": "zero", "reset_delay": False}
    exported = torch.nn.Sequential(layer(), snntorch.Leaky(beta=torch.full((4,), 0.95), init_hidden=True, **options))
    cell, linear = snntorch.Leaky(beta=torch.full((4,), 0.95), **options), layer()

    def model(row: Any, state: Any) -> Any:
        return cell(linear(row)) if state is None else cell(linear(row), state)

    return export_to_nir(exported, torch.zeros(3)), stepped(model, x)


def spikingjelly(x: np.ndarray) -> Any:
    """tau of 10 steps of 1 ms."""
    import torch
    from spikingjelly.activation_based import functional, neuron
    from spikingjelly.activation_based import layer as layers
    from spikingjelly.activation_based.nir_exchange import export_to_nir

    linear = layers.Linear(3, 4)
    linear.load_state_dict(layer().state_dict())
    model = torch.nn.Sequential(linear, neuron.LIFNode(tau=10.0, v_threshold=0.2, v_reset=0.0))
    graph = export_to_nir(model, torch.zeros(1, 3), dt=1e-3)
    functional.reset_net(model)
    return graph, stepped(lambda row, state: (model(row), state), x)


def sinabs(x: np.ndarray) -> Any:
    """tau of 10 steps."""
    import sinabs.layers
    import torch
    from sinabs.activation import SingleSpike
    from sinabs.nir import to_nir

    options: Any = {
        "tau_mem": torch.full((4,), 10.0),
        "spike_threshold": torch.full((4,), 0.2),
        "spike_fn": SingleSpike,
    }
    model = torch.nn.Sequential(layer(), sinabs.layers.LIF(**options))
    found = model(torch.tensor(x[None].astype(np.float32)))[0].detach().numpy() > 0
    fresh = torch.nn.Sequential(layer(), sinabs.layers.LIF(**options))
    return to_nir(fresh, torch.zeros(1, 1, 3)), found


def main(folder: Path = FOLDER) -> None:
    import nir

    x = np.random.default_rng(1).random((STEPS, 3)) < 0.2
    spikes = {"input": x}
    for tool in (norse, snntorch, spikingjelly, sinabs):
        name = tool.__name__
        try:
            graph, spikes[name] = tool(x)
            nir.write(str(folder / f"{name}.nir"), graph)
        except Exception as error:
            print(f"{name}: {type(error).__name__}: {error}", file=sys.stderr)
            continue
        print(name, spikes[name].sum(axis=0).tolist())
    np.savez_compressed(folder / "spikes.npz", **spikes)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
