"""LIF, Izhikevich, AdEx and Hodgkin-Huxley beside NEST: the same cells and steps of current, spike times compared.

Writes data/fidelity_nest.csv, one row per model and time step, and fails if a deviation is above its tolerance. Needs
NEST: `pip install nest-simulator`. NEST stamps a spike with the end of its step and Brian2 with the start: both are
counted from the start here.

    python benchmarks/nest_agreement.py [--out data/fidelity_nest.csv]
"""

from __future__ import annotations

import argparse
import csv
import sys
from pathlib import Path
from typing import Any

import brian2
import nest
import numpy as np
from brian2 import Network, SpikeMonitor, StateMonitor, TimedArray, cm, ms, mV, nS, pA, pF, uA

from bioplast.models import adex, hodgkin_huxley, izhikevich_2003, lif

ROOT = Path(__file__).resolve().parent.parent
SEGMENT = 100.0  # ms
# The steps of current, a segment each: pA for LIF and AdEx, mV/ms for Izhikevich, uA/cm^2 for Hodgkin-Huxley.
STEPS = {
    "lif": np.array([0.0, 150.0, 300.0, 50.0, 500.0]),
    "izhikevich_2003": np.array([0.0, 10.0, 5.0, 20.0, 0.0]),
    "adex": np.array([0.0, 800.0, 1200.0, 0.0, 1000.0]),
    "hodgkin_huxley": np.array([0.0, 10.0, 0.0, 20.0, 7.0]),
}


def in_nest(model: str, parameters: dict[str, Any], currents: np.ndarray, resolution: float) -> dict[str, np.ndarray]:
    """Spike times (ms, the start of their step), and the potential (mV) at each step with its times."""
    nest.ResetKernel()
    nest.verbosity = nest.VerbosityLevel.ERROR
    nest.set(resolution=resolution)
    cell = nest.Create(model, params=parameters)
    recorder = nest.Create("spike_recorder")
    meter = nest.Create("multimeter", params={"record_from": ["V_m"], "interval": resolution})
    nest.Connect(cell, recorder)
    nest.Connect(meter, cell)
    for current in currents:
        cell.I_e = current
        nest.Simulate(SEGMENT)
    events = meter.get("events")
    spikes = np.asarray(recorder.get("events", "times")) - resolution
    return {"spikes": spikes, "times": np.asarray(events["times"]), "v": np.asarray(events["V_m"])}


def in_brian(neuron: Any, unit: Any, currents: np.ndarray, step: float, **values: Any) -> dict[str, np.ndarray]:
    """The same of one of our cells."""
    brian2.prefs.codegen.target = "numpy"
    drive = TimedArray(currents * unit, dt=SEGMENT * ms)
    cell = neuron.group(1, dt=step * ms, I="drive(t)", namespace={"drive": drive}, **values)
    spikes, trace = SpikeMonitor(cell), StateMonitor(cell, "v", record=True, dt=step * ms)
    Network(cell, spikes, trace).run(len(currents) * SEGMENT * ms)
    return {"spikes": np.asarray(spikes.t / ms), "times": np.asarray(trace.t / ms), "v": np.asarray(trace.v[0] / mV)}


def upward_crossings(run: dict[str, np.ndarray], level: float) -> np.ndarray:
    """When the potential passes `level` upwards (ms), interpolated."""
    v, times = run["v"], run["times"]
    k = np.flatnonzero((v[1:] > level) & (v[:-1] <= level))
    return times[k] + (level - v[k]) / (v[k + 1] - v[k]) * (times[k + 1] - times[k])


def comparisons() -> list[dict[str, Any]]:
    """A row per model and step: what was compared, how far the spikes are apart at most, and what is accepted."""
    rows = []

    def add(name: str, theirs: str, method: str, step: float, found: Any, expected: Any, tolerance: float) -> None:
        same = len(found) == len(expected) > 0
        apart = float(np.abs(np.asarray(found) - np.asarray(expected)).max()) if same else float("nan")
        rows.append(
            {
                "model": name,
                "nest_model": theirs,
                "nest_version": nest.__version__,
                "compared": "spike times" if name != "hodgkin_huxley" else "upward crossings of 0 mV",
                "method": method,
                "step_ms": step,
                "duration_ms": SEGMENT * len(STEPS[name]),
                "spikes": len(found),
                "nest_spikes": len(expected),
                "largest_deviation_ms": f"{apart:.3g}",
                "tolerance_ms": tolerance,
                "agrees": bool(same and apart <= tolerance),
            }
        )

    # Both integrate the leaky membrane exactly: nothing but rounding may differ. The refractory period of 5 ms counts
    # from the start of the spike's step in Brian2, from its end in NEST.
    membrane = dict(tau_m=20.0, C_m=200.0, E_L=-60.0, V_m=-60.0, V_th=-50.0, V_reset=-60.0, t_ref=5.0 - 0.1)
    ours = in_brian(lif, pA, STEPS["lif"], 0.1)
    add("lif", "iaf_psc_delta", "exact", 0.1, ours["spikes"],
        in_nest("iaf_psc_delta", membrane, STEPS["lif"], 0.1)["spikes"], 1e-9)  # fmt: skip

    # consistent_integration is the simultaneous Euler step, ours too: nothing but rounding may differ.
    simple = dict(a=0.02, b=0.2, c=-65.0, d=8.0, V_th=30.0, V_m=-65.0, U_m=-13.0, consistent_integration=True)
    for step in (0.5, 0.1):
        ours = in_brian(izhikevich_2003, mV / ms, STEPS["izhikevich_2003"], step)
        add("izhikevich_2003", "izhikevich", "euler", step, ours["spikes"],
            in_nest("izhikevich", simple, STEPS["izhikevich_2003"], step)["spikes"], 1e-9)  # fmt: skip

    # NEST's steps are adaptive; ours is a fixed Euler step, so the deviation falls with it.
    exponential = dict(C_m=281.0, g_L=30.0, E_L=-70.6, V_m=-70.6, V_th=-50.4, Delta_T=2.0, a=4.0, tau_w=144.0)
    exponential |= dict(b=80.5, V_reset=-70.6, V_peak=20.0, w=0.0, t_ref=0.0, gsl_error_tol=1e-9)
    values = dict(C=281 * pF, g_L=30 * nS)
    expected = in_nest("aeif_cond_alpha", exponential, STEPS["adex"], 0.001)["spikes"]
    for step, tolerance in ((0.02, 1), (0.005, 0.25)):
        ours = in_brian(adex, pA, STEPS["adex"], step, **values)
        add("adex", "aeif_cond_alpha", "euler", step, ours["spikes"], expected, tolerance)

    # NEST's cell has 100 pF, which is 1 uF/cm^2 on 1e-4 cm^2: 1 uA/cm^2 is 100 pA, and 1 mS/cm^2 is 100 nS.
    axon = dict(C_m=100.0, g_Na=12000.0, g_K=3600.0, g_L=30.0, E_Na=50.0, E_K=-77.0, E_L=-54.387, V_m=-65.0)
    # Its gates start in their steady state at V_m, as ours do.
    expected = upward_crossings(in_nest("hh_psc_alpha", axon, 100 * STEPS["hodgkin_huxley"], 0.01), 0.0)
    # The model's own method is of first order, so the deviation falls with the step; Runge-Kutta shows the equations.
    for method, step, tolerance in (
        ("exponential_euler", 0.01, 1),
        ("exponential_euler", 0.0025, 0.25),
        ("rk4", 0.01, 0.005),
    ):
        ours = in_brian(hodgkin_huxley.replace(method=method), uA / cm**2, STEPS["hodgkin_huxley"], step)
        add("hodgkin_huxley", "hh_psc_alpha", method, step, upward_crossings(ours, 0.0), expected, tolerance)
    return rows


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=ROOT / "data" / "fidelity_nest.csv")
    arguments = parser.parse_args()
    rows = comparisons()
    with arguments.out.open("w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    for row in rows:
        print(*row.values(), sep="  ")
    return 0 if all(row["agrees"] for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
