"""Graphs of the package nir for the tests of NIR files, each written by that package itself."""

from __future__ import annotations

import nir
import numpy as np


def full(value, *shape):
    return np.broadcast_to(np.asarray(value, dtype=float), shape).copy()


def lif(*shape, tau=10e-3, r=1.0, v_leak=0.0, v_threshold=1.0, v_reset=0.0):
    values = {"tau": tau, "r": r, "v_leak": v_leak, "v_threshold": v_threshold, "v_reset": v_reset}
    return nir.LIF(**{name: full(value, *shape) for name, value in values.items()})


def cuba(*shape, tau_mem=10e-3, tau_syn=5e-3, r=1.0, v_leak=0.0, v_threshold=1.0, v_reset=0.0, w_in=1.0):
    values = {"tau_mem": tau_mem, "tau_syn": tau_syn, "r": r, "v_leak": v_leak, "v_threshold": v_threshold}
    values |= {"v_reset": v_reset, "w_in": w_in}
    return nir.CubaLIF(**{name: full(value, *shape) for name, value in values.items()})


def graph(nodes, *edges, inputs=2, outputs=None, metadata=None):
    """A graph between nodes "input" and, if their number is given, "output"."""
    ends = {"input": nir.Input({"input": np.atleast_1d(inputs)})}
    if outputs is not None:
        ends["output"] = nir.Output({"output": np.atleast_1d(outputs)})
    return nir.NIRGraph({**ends, **nodes}, list(edges), metadata=metadata or {})


def written(path, made):
    nir.write(str(path), made)
    return path


def every_kind():
    """All neurons at once: some equal time constants, a reset below rest, loops, and signals without spikes."""
    rng = np.random.default_rng(7)
    cells = cuba(4, tau_mem=8e-3, v_threshold=0.05, v_reset=-0.1, w_in=1.5)
    cells.tau_syn = np.array([8e-3, 12e-3, 8e-3 * (1 + 1e-9), 20e-3])
    first = lif(5, r=3.0, v_leak=-0.2, v_threshold=0.3, v_reset=-0.4)
    first.tau = np.linspace(5e-3, 20e-3, 5)
    li = {"tau": full(6e-3, 3), "r": full(2, 3), "v_leak": full(0.1, 3)}
    nodes = {
        "fc": nir.Affine(rng.normal(1, 1, (5, 2)), rng.normal(0, 0.1, 5)),
        "first": first,
        "rec": nir.Linear(rng.normal(0, 0.5, (5, 5))),
        "in_cuba": nir.Linear(rng.normal(0.5, 1, (4, 5))),
        "cuba": cells,
        "in_if": nir.Linear(rng.normal(0.5, 0.5, (3, 4))),
        "perfect": nir.IF(full(400, 3), full(1, 3), full(0.25, 3)),
        "leaky": nir.LI(**li),
        "weights": nir.Linear(rng.normal(0, 3, (3, 3))),
        "scale": nir.Scale(np.array([1.0, 2.0, 0.5])),
        "unit": nir.Threshold(np.array([0.05, 0.2, 0.1])),
        "sum": nir.I(full(100, 3)),
        "filtered": nir.CubaLI(full(4e-3, 3), full(9e-3, 3), full(1, 3), full(0, 3), full(2, 3)),
    }
    edges = [
        ("input", "fc"), ("fc", "first"), ("first", "rec"), ("rec", "first"), ("first", "in_cuba"),
        ("in_cuba", "cuba"), ("cuba", "in_if"), ("in_if", "perfect"), ("perfect", "leaky"), ("leaky", "weights"),
        ("weights", "scale"), ("scale", "unit"), ("unit", "sum"), ("leaky", "filtered"), ("perfect", "filtered"),
        ("sum", "output"),
    ]  # fmt: skip
    return graph(nodes, *edges, outputs=3, metadata={"dt": 5e-4})
