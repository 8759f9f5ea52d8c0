"""The settings of each preset; none of them was chosen on test samples."""

from __future__ import annotations

from typing import Any

__all__ = ["DEMO", "FULL", "QUICK"]

_MEMORY: dict[str, Any] = {
    "methods": ["neurons", "weights", "both", "bptt", "tau_m", "v_th", "v_rest", "R"],
    "lengths": [2, 5, 10, 15, 20, 25, 30, 40],
    "seeds": 20,
    "hidden": 64,
    "strategy": "hybrid",
    "population": 128,
    "generations": 60,
    "episodes": 8,
    "test": 200,
}

_CARTPOLE: dict[str, Any] = {
    "methods": ["es", "bptt"],
    "kinds": ["homogeneous", "heterogeneous"],
    "steps": [100, 200, 500, 1000],
    "seeds": 100,
    "hidden": 64,
    "strategy": "hybrid",
    "population": 128,
    "generations": 30,
    "episodes": 1,
    "test": 50,
}

# Mutants of each neuron. A batch has as many samples as make so many hidden neurons in all, so that a generation costs
# the same at every size: 1024 samples of 1024 neurons. Chosen on validation samples of MNIST, seed 100.
_COEVOLUTION: dict[str, Any] = {"population": 8, "rate": 0.1, "noise": 0.2}
_IMAGES: dict[str, Any] = {
    "tasks": ["mnist", "fashion"],
    "methods": ["coevolved", "neurons", "weights", "width"],
    "numbers": [4096, 8192, 16384, 32768],
    "seeds": 3,
    "samples": None,
    "population": 128,
    "generations": 200,
    "batch": 256,
    "rate": 0.1,
    "noise": 0.2,
    "coevolution": {**_COEVOLUTION, "neurons": 2**20, "generations": 400, "every": 100},
}

_RATES: dict[str, Any] = {
    "task": "mnist",
    "hidden": 32,
    "samples": 2000,
    "population": 128,
    "batch": 256,
    "rate": 0.1,
    "noise": 0.2,
    "generations": [1, 10, 30, 100, 300],
}

# Hopper: 3.4 s of processor time for 128 episodes of 1000 steps of 1024 neurons, 1.4 s where 4096 weights are
# searched; a third of it while most fall early.
_CONTROL: dict[str, Any] = {
    "environments": ["hopper", "halfcheetah", "ant", "walker2d"],
    "methods": ["neurons", "weights"],
    "numbers": [4096, 8192],
    "ablation": ["tau_m", "v_th", "v_rest", "R"],
    "backend": "spring",
    "seeds": 3,
    "population": 128,
    "generations": 500,
    "strategy": "SNES",
    "episodes": 1,
    "steps": 1000,
    "test": 16,
}

DEMO: dict[str, Any] = {
    "parts": ["memory"],
    "memory": {
        **_MEMORY,
        "methods": ["neurons"],
        "lengths": [10],
        "seeds": 1,
        "hidden": 32,
        "population": 64,
        "generations": 10,
        "test": 40,
    },
    "seeds": 1,
}
QUICK: dict[str, Any] = {
    "parts": ["memory", "cartpole", "images"],
    "memory": {**_MEMORY, "methods": ["neurons", "weights"], "lengths": [5, 25], "seeds": 3},
    "cartpole": {**_CARTPOLE, "steps": [100], "seeds": 2, "generations": 10},
    "images": {
        **_IMAGES,
        "tasks": ["mnist"],
        "methods": ["coevolved", "neurons", "width"],
        "numbers": [4096],
        "samples": 4000,
        "seeds": 1,
        "population": 64,
        "generations": 20,
        "batch": 128,
        "coevolution": {**_COEVOLUTION, "neurons": 2**17, "generations": 100, "every": 50},
    },
    "seeds": 3,
}
FULL: dict[str, Any] = {
    "parts": ["memory", "cartpole", "images", "rates", "control"],  # --set parts=memory: one of them
    "memory": _MEMORY,
    "cartpole": _CARTPOLE,
    "images": _IMAGES,
    "rates": _RATES,
    "control": _CONTROL,
    "seeds": 100,
}
