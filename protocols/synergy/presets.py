"""The settings of each preset; none of them was chosen on test samples."""

from __future__ import annotations

from typing import Any

__all__ = ["DEMO", "FULL", "PAPER", "QUICK"]

# What the plastic layers begin with. eta is in mV, since weights are; HGLL begins with 0.001 and mixes with 0.1.
START: dict[str, float] = {
    "eta_mV": 0.001,
    "beta": 0.0,
    "tau_w_ms": 40.0,
    "lambda_f": 1.0,
    "lambda_p": 0.1,
    "lambda_1": 1.0,
    "lambda_2": 0.1,
    "lambda_3": 0.1,
}
COMMON: dict[str, Any] = {
    "steps": 8,
    "v_th_mV": 0.3,
    "tau_m_ms": 3.0,
    "start": START,
    "batch": 100,
    "rate": 0.002,
    "shift": 1,
    "mirror": False,
    "robust": 2000,
    "map": 0,
    "merged": 0,
}
# The rate was chosen on the validation images of Fashion-MNIST (seed 100, convolutional stbp, 4 epochs): 89.84 % with
# 0.002, 89.44 % with 0.004.
# An arm, or an arm and what becomes of its coefficients: "learned" unless said.
ALONE = ["hebbian", "sbp", "fixed"]
BASIC = ["stbp", "stbp-hebbian", "stbp-sbp", "mpsl"]
DENSE: dict[str, Any] = {**COMMON, "channels": [], "hidden": [512], "epochs": 5, "arms": [*BASIC, *ALONE]}
CONVOLUTIONAL: dict[str, Any] = {
    **COMMON,
    "channels": [16, 32],
    "hidden": [128],
    "epochs": 12,
    "arms": ["stbp", "mpsl"],
}
#: Of Fashion-MNIST: the paper's threshold, clothes turned over, and maps of four arms.
FASHION: dict[str, Any] = {"v_th_mV": 0.4, "mirror": True}

#: Of some hundred recordings of N-MNIST: the paper's threshold.
RECORDED: dict[str, Any] = {"v_th_mV": 0.4, "epochs": 40, "batch": 50, "robust": 0}

# Data sets that may be absent; a folder with the Train.zip and Test.zip of a part of N-MNIST; a folder for the merged
# weights of each trial; a file of such, to be exported.
FILES: dict[str, Any] = {"optional": [], "folder": "", "keep": "", "weights": ""}

DEMO: dict[str, Any] = {
    "tasks": ["digits"],
    **FILES,
    "digits": {
        "samples": 300,
        "networks": {
            "dense": {
                **DENSE, "hidden": [32], "epochs": 3, "batch": 32, "rate": 0.02, "shift": 0, "robust": 50, "map": 60,
                "arms": ["stbp", "mpsl"],
            },
        },
    },
    "seeds": 1,
}  # fmt: skip
QUICK: dict[str, Any] = {
    "tasks": ["digits"],
    **FILES,
    "digits": {
        "samples": None,
        "networks": {
            "dense": {
                **DENSE, "hidden": [64], "epochs": 8, "batch": 64, "rate": 0.01, "shift": 0, "robust": 360, "map": 200,
                "merged": 100, "arms": [*BASIC, "mpsl:fixed", "mpsl:frozen", *ALONE],
            },
            "convolutional": {
                **CONVOLUTIONAL, "channels": [8, 16], "hidden": [32], "epochs": 6, "batch": 64, "rate": 0.01,
                "shift": 0, "robust": 360, "arms": ["stbp", "mpsl"],
            },
        },
    },
    "seeds": 1,
}  # fmt: skip
FULL: dict[str, Any] = {
    "tasks": ["mnist", "fashion-mnist"],
    **FILES,
    "mnist": {
        "samples": None,
        "networks": {"dense": {**DENSE, "merged": 10000}, "convolutional": {**CONVOLUTIONAL, "merged": 10000}},
    },
    "fashion-mnist": {
        "samples": None,
        "networks": {
            "dense": {**DENSE, **FASHION, "map": 500, "arms": [*BASIC, "mpsl:fixed", "mpsl:frozen", *ALONE]},
            "convolutional": {**CONVOLUTIONAL, **FASHION, "map": 500},
        },
    },
    # --set tasks=nmnist; the whole data set is 1.2 GB, --set folder=FOLDER takes a part of it
    "nmnist": {
        "samples": None,
        "networks": {
            "dense": {**DENSE, **RECORDED, "merged": 100},
            "convolutional": {**CONVOLUTIONAL, **RECORDED, "merged": 100},
        },
    },
    "seeds": 3,
}
# The paper's widths, for a GPU: 128C3-AP2-256C3-AP2-512 behind 28 x 28 pixels, 100 epochs, 5 seeds.
_PAPER: dict[str, Any] = {**CONVOLUTIONAL, "channels": [128, 256, 256], "hidden": [512], "epochs": 100, "rate": 0.0005,
                          "robust": 10000, "arms": BASIC}  # fmt: skip
PAPER: dict[str, Any] = {
    "tasks": ["mnist", "fashion-mnist"],
    **FILES,
    "mnist": {"samples": None, "networks": {"convolutional": _PAPER}},
    "fashion-mnist": {"samples": None, "networks": {"convolutional": {**_PAPER, **FASHION, "map": 500}}},
    "seeds": 5,
}
