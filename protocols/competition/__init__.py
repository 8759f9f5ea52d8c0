"""Two populations compete for a decision about noisy evidence: the spiking network, and its reduction to two variables.

The constants of the reduced model are those of the authors' public program (github.com/xjwanglab/book, wong2006) but
for the stimulus, 20 Hz there and 30 Hz in other public programs and here; those of the network are those of Brian2's
example of Wang (2002). Rates are means of 50 ms, taken every 5 ms, as in public adaptations of the program of the
reduced model; they are read so from the spiking network too. That has 0.3 s before the stimulus and begins near its
spontaneous state, which is ours. The published alpha, beta and decision times are not at hand, so none stands beside
ours.

The spiking network takes any drive of its selective cells: `inputs={"stimuli": spikes}` of a compiled `wang.network()`.
The reduced model also reads out two classes of Randman, with weights that evolve: see `classes`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from brian2 import Network, second

from bioplast.errors import BioplastError
from bioplast.experiment import Figure, Protocol, Row, Trial

from . import classes, phase_plane, pictures, reduced, spiking, wang
from .decisions import THRESHOLD
from .psychometric import bootstrap, fit
from .results import Point, points

REDUCED = "Wong and Wang (2006), J. Neurosci. 26:1314, doi:10.1523/JNEUROSCI.3733-05.2006"
SPIKING = "Wang (2002), Neuron 36:955, doi:10.1016/S0896-6273(02)01092-9"
SOURCES = {"reduced": REDUCED, "spiking": SPIKING}
BOOTSTRAP, SETTLED = 500, 0.9  # samples, and the share of them that needs a threshold for an interval
# The abstract of Wong and Wang (2006): a saddle separates the basins of attraction of the two choices.
PUBLISHED_STATES = {"attractor": 2, "saddle": 1}


def exported(settings: dict[str, Any]) -> tuple[Network, Any]:
    """The spiking network, and how long it runs."""
    return wang.network(), (wang.ONSET + settings["spiking_duration"]) * second


def trials(settings: dict[str, Any], targets: list[str], seeds: list[int]) -> list[Trial]:
    if len(targets) != 1:
        raise BioplastError(f"competition runs on one target at a time, not on {' and '.join(targets)}")
    found = [Trial("states", {"mu_0": settings["mu_0"], "coherences": settings["planes"]})]
    for model, prefix in (("reduced", ""), ("spiking", "spiking_")):
        shared = {
            "model": model,
            "trials": settings[f"{prefix}trials"],
            "duration": settings[f"{prefix}duration"],
            "target": targets[0],
        }
        if model == "reduced":
            shared |= {"dt_ms": settings["dt_ms"], "mu_0": settings["mu_0"]}
        for coherence in settings[f"{prefix}coherences"]:
            for seed in seeds:
                own = {**shared, "coherence": coherence}
                if model == "spiking":
                    own["raster"] = seed == seeds[0]
                found.append(Trial(f"{model}/c{coherence:g}/seed{seed}", own, seed))
    how = dict(settings["classes"])
    for readout in how.pop("readouts"):
        found += [Trial(f"{classes.TASK}/{readout}/seed{seed}", {**how, "readout": readout}, seed) for seed in seeds]
    return found


def run(trial: Trial) -> dict[str, Any]:
    settings = dict(trial.settings)
    if "readout" in settings:
        return classes.trained(settings, int(trial.seed or 0))
    model = settings.pop("model", "")
    if not model:
        return {"planes": [_plane(mu, c) for mu, c in _planes(settings)]}
    if model == "reduced":
        settings["dt"] = settings.pop("dt_ms")
        return reduced.one(**settings, seed=int(trial.seed or 0))
    return spiking.one(**settings, seed=int(trial.seed or 0))


def _planes(settings: dict[str, Any]) -> list[tuple[float, float]]:
    """Stimulus (Hz) and coherence (%) of each phase plane; the first is before the stimulus."""
    return [(0.0, 0.0), *((settings["mu_0"], c) for c in settings["coherences"])]


def _plane(mu: float, coherence: float) -> dict[str, Any]:
    states = phase_plane.steady_states(mu, coherence / 100)
    return {
        "mu": mu,
        "coherence": coherence,
        "states": [{"gates": s.gates, "kind": s.kind, "eigenvalues": s.eigenvalues.real} for s in states],
    }


def summarise(results: dict[str, dict[str, Any]], settings: dict[str, Any]) -> list[Row]:
    rows, baselines = [], []
    for model, source in SOURCES.items():
        found = points(results, model)
        if not found:
            continue
        rows += _curve(model, found)
        for point in found:
            rows += _of_point(model, point)
            baselines.append(
                _share(
                    f"baseline/{model}/integrator/accuracy/{point.coherence:g}",
                    point.integrated,
                    point,
                    "perfect integrator of the same input until the network's decision",
                )
            )
        baselines.append(Row(f"baseline/{model}/chance/accuracy", 0.5, source=f"guessing; the network: {source}"))
    rows += _states(results["states"]["planes"])
    for readout in classes.READOUTS:
        evolved = classes.of(results, readout)
        if evolved:
            rows += _of_classes(readout, evolved)
            untrained = [one["untrained"] for one in evolved]
            id = f"baseline/{classes.TASK}/untrained-{readout}/accuracy"
            baselines.append(Row.over_seeds(id, untrained, source="before the evolution; guessing has a half"))
    return [*rows, *baselines]


def _of_classes(readout: str, evolved: list[dict[str, Any]]) -> list[Row]:
    """How many test samples of two Randman classes are told apart."""
    title, place = classes.TITLES[readout], f"{classes.TASK}/{readout}"
    rows = [Row.over_seeds(f"{place}/accuracy", [one["accuracy"] for one in evolved], source=title)]
    if "decided" in evolved[0]:
        source = f"test samples with a rate above {THRESHOLD:g} Hz in the end"
        rows.append(Row.over_seeds(f"{place}/decided", [one["decided"] for one in evolved], source=source))
    return rows


def _curve(model: str, found: list[Point]) -> list[Row]:
    """The fitted psychometric curve, with intervals by the bootstrap over trials."""
    data = [p.coherence for p in found], [p.right for p in found], [p.decided for p in found]
    fitted = fit(*data)
    drawn = bootstrap(*data, BOOTSTRAP, np.random.default_rng(0))
    settled = drawn[~np.isnan(drawn).any(axis=1)]
    known = len(settled) >= SETTLED * BOOTSTRAP
    rows = []
    for k, (name, unit) in enumerate((("alpha", "%"), ("beta", ""))):
        low, high = np.quantile(settled[:, k], (0.025, 0.975)) if known else (None, None)
        how = f"Weibull fit, 95 % by bootstrap over trials ({len(settled)} of {BOOTSTRAP} samples have a threshold)"
        source = f"{how}; the paper's own value is not verified"
        rows.append(Row(f"{model}/{name}", getattr(fitted, name, None), low, high, found[0].seeds, unit, source=source))
    return rows


def _of_point(model: str, point: Point) -> list[Row]:
    at = f"{point.coherence:g}"
    rows = [
        _share(f"{model}/accuracy/{at}", point.right, point, f"of {point.decided} decisions, 95 % (Wilson)"),
        Row(f"{model}/undecided/{at}", 1 - point.decided / point.trials, seeds=point.seeds, source="share of trials"),
    ]
    for name, times in (("decision-time", point.times_right), ("decision-time-error", point.times_wrong)):
        mean, low, high = point.mean(times)
        kind = "errors" if "error" in name else "right choices"
        source = f"{len(times)} {kind}, standard deviation {np.std(times):.0f} ms" if len(times) else f"no {kind}"
        rows.append(Row(f"{model}/{name}/{at}", mean, low, high, point.seeds, "ms", source=source))
    return rows


def _share(id: str, right: int, point: Point, source: str) -> Row:
    low, high = point.share_interval(right)
    return Row(id, right / point.decided if point.decided else None, low, high, point.seeds, source=source)


def _states(planes: list[dict[str, Any]]) -> list[Row]:
    rows = []
    for plane in planes:
        at = f"{plane['coherence']:g}" if plane["mu"] else "before"
        where = f"stimulus {plane['mu']:g} Hz, coherence {plane['coherence']:g} %"
        for kind in ("attractor", "saddle", "repeller"):
            number = sum(state["kind"] == kind for state in plane["states"])
            published = PUBLISHED_STATES.get(kind) if at == "0" else None
            source = f"{where}; abstract of {REDUCED}" if published else where
            tolerance = 0.0 if published else None
            rows.append(Row(f"reduced/{kind}s/{at}", number, published=published, tolerance=tolerance, source=source))
    return rows


def figures(results: dict[str, dict[str, Any]], settings: dict[str, Any], folder: Path) -> list[Figure]:
    return pictures.drawn(results, folder)


def tables(results: dict[str, dict[str, Any]], settings: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    return {
        "decisions.csv": [
            {
                "model": model,
                "coherence": point.coherence,
                "trials": point.trials,
                "decided": point.decided,
                "right": point.right,
                "integrator_right": point.integrated,
                "mean_ms_right": np.mean(point.times_right) if len(point.times_right) else None,
                "sd_ms_right": np.std(point.times_right) if len(point.times_right) else None,
                "mean_ms_wrong": np.mean(point.times_wrong) if len(point.times_wrong) else None,
                "sd_ms_wrong": np.std(point.times_wrong) if len(point.times_wrong) else None,
            }
            for model in SOURCES
            for point in points(results, model)
        ],
        "steady_states.csv": [
            {
                "mu": plane["mu"],
                "coherence": plane["coherence"],
                "S_1": state["gates"][0],
                "S_2": state["gates"][1],
                "kind": state["kind"],
                "eigenvalue_1": state["eigenvalues"][0],
                "eigenvalue_2": state["eigenvalues"][1],
            }
            for plane in results["states"]["planes"]
            for state in plane["states"]
        ],
    }


_COHERENCES = [0, 3.2, 6.4, 12.8, 25.6, 51.2]  # percent

_FULL: dict[str, Any] = {
    "coherences": _COHERENCES,
    "trials": 2000,  # of each seed
    "duration": 3.0,  # seconds of stimulus at most
    "dt_ms": 0.5,
    "mu_0": 30.0,
    "planes": [0, 6.4, 51.2, 100],  # coherences whose steady states are looked for
    "spiking_coherences": _COHERENCES,
    "spiking_trials": 6,
    "spiking_duration": 2.0,
    "classes": {
        "readouts": list(classes.READOUTS),
        "samples": 1000,  # of each class
        "hidden": 16,
        "population": 128,
        "batch": 64,
        "generations": 150,
    },
    "targets": ["cpp"],
}
_NO_CLASSES = {**_FULL["classes"], "readouts": []}

competition = Protocol(
    name="competition",
    title="Two populations compete for a decision about noisy evidence",
    source=f"{SPIKING}; reduced to two variables: {REDUCED}",
    description=(
        "Two populations of pyramidal cells excite themselves and inhibit each other through interneurons; each gets "
        "the evidence for its choice. The one whose rate reaches 15 Hz first decides. The network is simulated with "
        "2000 integrate-and-fire neurons and AMPA, GABA and NMDA receptors, and as the reduced model of two NMDA "
        "gates, thousands of trials at once. Shown are the psychometric curve with its Weibull fit, the decision times "
        "of right and wrong choices, and the phase plane of the reduced model with its steady states, whose stability "
        "follows from the eigenvalues of the Jacobian of the definition. A perfect integrator that gets the same input "
        "and answers when the network does stands beside it. The reduced model also reads out two Randman classes from "
        "the spikes of a hidden layer, all weights evolved; the readout by the highest potential stands beside it."
    ),
    presets={
        "demo": {
            **_FULL,
            "coherences": [0, 6.4, 12.8],
            "trials": 400,
            "duration": 1.5,
            "planes": [0],
            "spiking_coherences": [],
            "classes": _NO_CLASSES,
            "targets": ["numpy"],
            "seeds": 1,
        },
        "quick": {
            **_FULL,
            "trials": 1000,
            "planes": [0, 6.4],
            "spiking_coherences": [6.4, 25.6],
            "classes": {**_FULL["classes"], "samples": 250, "population": 64, "generations": 40},
            "seeds": 1,
        },
        "full": {**_FULL, "seeds": 5},
    },
    trials=trials,
    run=run,
    summarise=summarise,
    figures=figures,
    tables=tables,
    network=exported,
    targets=("numpy", "cython", "cpp", "openmp"),
)
