"""The settings of each preset; none of them was chosen on test samples."""

from __future__ import annotations

from typing import Any

__all__ = ["DEMO", "FULL", "QUICK"]

_DIGITS: dict[str, Any] = {
    "samples": None,
    "methods": {
        "surrogate": {"hidden": 200, "epochs": 60, "batch": 64, "rate": 0.02, "noise": 0.2},
        "hybrid": {"hidden": 20, "pool": 1, "population": 256, "generations": 600, "batch": 128},
        "mlp": {"hidden": 200, "epochs": 60, "batch": 64},
        "cnn": {"epochs": 30, "batch": 64, "rate": 0.003, "shift": 1},
        "rnn": {"epochs": 40, "batch": 64, "rate": 0.005, "shift": 1},
        "cnn-es": {"population": 128, "generations": 500, "batch": 256, "every": 25},
    },
}

_MNIST: dict[str, Any] = {
    "samples": None,
    "methods": {
        "surrogate": {"hidden": 512, "epochs": 30, "batch": 256, "rate": 0.01, "shift": 1},
        "hybrid": {"hidden": 20, "pool": 4, "population": 512, "generations": 1500, "batch": 128},
        "mlp": {"hidden": 512, "epochs": 25, "batch": 128},
        "cnn": {"epochs": 8, "batch": 128, "rate": 0.003, "shift": 1},
        "rnn": {"epochs": 15, "batch": 128, "rate": 0.003, "shift": 1},
        "cnn-es": {"population": 256, "generations": 1500, "batch": 512, "every": 50},
    },
}

_SHD: dict[str, Any] = {
    "samples": None,
    "methods": {
        "surrogate": {"hidden": 256, "epochs": 40, "batch": 128, "rate": 0.01},
        "mlp": {"hidden": 256, "epochs": 40, "batch": 128},
        "rnn": {"epochs": 20, "batch": 128, "rate": 0.003},
    },
}


def _with(task: dict[str, Any], samples: int | None, **changes: dict[str, Any]) -> dict[str, Any]:
    """Some methods of a task, with other settings."""
    return {
        "samples": samples,
        "methods": {name: {**task["methods"][name], **changed} for name, changed in changes.items()},
    }


DEMO: dict[str, Any] = {
    "tasks": ["digits"],
    "optional": [],
    "digits": _with(_DIGITS, 400, surrogate={"hidden": 64, "epochs": 8}, mlp={"hidden": 64, "epochs": 20}),
    "seeds": 1,
}
QUICK: dict[str, Any] = {
    "tasks": ["digits", "mnist"],
    "optional": ["mnist"],  # left out where their files are not on this machine
    "digits": _with(
        _DIGITS,
        None,
        surrogate={"epochs": 10},
        hybrid={"generations": 60},
        mlp={"epochs": 30},
        cnn={"epochs": 10},
        rnn={"epochs": 15},
    ),
    "mnist": _with(
        _MNIST, 10000, surrogate={"hidden": 256, "epochs": 6}, mlp={"hidden": 256, "epochs": 6}, cnn={"epochs": 2}
    ),
    "seeds": 1,
}
FULL: dict[str, Any] = {
    "tasks": ["digits", "mnist", "shd"],
    "optional": ["shd"],
    "digits": _DIGITS,
    "mnist": _MNIST,
    "shd": _SHD,
    "seeds": 5,
}
