"""One neuron whose spike count is brought down to what is wanted, by its input current."""

from __future__ import annotations

from typing import Any

from brian2 import Network, SpikeMonitor, ms, mV, nA

import bioplast
from bioplast.models import lif

__all__ = ["GRADIENT", "START", "TARGET", "searched"]

_DT, _DURATION = 0.5 * ms, 200 * ms
#: Spikes wanted, and the current that makes many more of them, in nA.
TARGET, START = 5, 0.5
#: What stands for the surrogate gradient among the strategies.
GRADIENT = "surrogate"
# Of Adam, in units of 0.1 nA.
_RATE = 0.2


def searched(method: str, members: int, updates: int, seed: int) -> dict[str, Any]:
    """Minimise ``(spikes - target)^2`` of a leaky integrate-and-fire neuron along its constant current.

    Parameters
    ----------
    method : str
        `GRADIENT`, or a strategy of `bioplast.learning.evolve`.
    members, updates, seed : int

    Returns
    -------
    dict
        ``"loss"`` after each update, of the deployed current; ``"current_nA"`` and ``"spikes"`` in the end.
    """
    import optax

    from bioplast import learning

    cell = lif.group(1, dt=_DT, name="cell", tau_ref=0 * ms)
    cell.I = START * nA
    program = bioplast.compile(
        Network(cell, SpikeMonitor(cell, name="spikes")),
        _DURATION,
        "jax",
        namespace={},
        surrogate=bioplast.SuperSpike(beta=10, unit=10 * mV),
        detach_reset=True,
        dtype="float32",
    )
    count = learning.Count("spikes")

    def loss(out: Any, wanted: Any) -> Any:
        return ((count(out) - wanted) ** 2).sum()

    shared: dict[str, Any] = {
        "train": {"cell.I": learning.Trainable(0.1 * nA, low=0 * nA, high=1 * nA)},
        "loss": loss,
        "validation": (None, [TARGET]),
        "seed": seed,
    }
    if method == GRADIENT:
        found: Any = learning.fit(program, {}, [TARGET], optimiser=optax.adam(_RATE), batch=1, epochs=updates, **shared)
    else:
        found = learning.evolve(
            program, {}, [TARGET], strategy=method, population=members, generations=updates, **shared
        )
    spikes = program(found.values).counts["spikes"]
    return {
        "loss": found.history["validation_loss"],
        "current_nA": float(found.values["cell.I"][0]) * 1e9,
        "spikes": int(spikes[0]),
    }
