"""How many random latency patterns a tempotron learns, beside the published capacity."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from brian2 import Network, SpikeGeneratorGroup, SpikeMonitor, amp, ms

import bioplast
from bioplast import figure
from bioplast.experiment import Figure, Protocol, Row, Trial
from bioplast.figure import plots
from bioplast.models import exponential_current, exponential_synapse, lif

SOURCE = "Guetig and Sompolinsky (2006), Nat. Neurosci. 9:420, doi:10.1038/nn1643"
DT, STEPS = 0.1 * ms, 5000
PUBLISHED = 3.0  # patterns per synapse


def patterns(afferents: int, number: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """The step of each afferent's only spike [patterns, afferents], and whether a spike is wanted [patterns].

    Of one seed, fewer patterns are the first ones of more.
    """
    steps = np.random.default_rng([seed, afferents, 0]).integers(STEPS - 1, size=(number, afferents))
    return steps, np.random.default_rng([seed, afferents, 1]).random(number) < 0.5


def events(steps: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Patterns as inputs of a program: times in seconds and afferents."""
    return [(row * float(DT), np.arange(len(row))) for row in steps]


def network(afferents: int, seed: int, most: int | None = None) -> Network:
    """One neuron with so many afferents; `most` of them may exist, so that all sizes are one program."""
    source = SpikeGeneratorGroup(most or afferents, [], [] * ms, dt=DT, name="source")
    # an exponential current is integrated exactly only together with the membrane
    cell = (lif + exponential_current).replace(method="exact", tau_m=15 * ms, tau_syn=3.75 * ms)
    output = cell.group(1, dt=DT, name="output")
    synapses = exponential_synapse.connect(source, output, name="afferents", dt=DT, condition=f"i < {afferents}")
    synapses.w = 0 * amp
    return Network(source, output, synapses, SpikeMonitor(output, name="spikes"))


def initial(live: Network, tempotron: Any, spread: float, seed: int) -> dict[str, np.ndarray]:
    """Random weights, in units of what would reach the threshold alone."""
    kernel = tempotron.kernels()[0]
    size = len(live["afferents"])
    weights = np.random.default_rng([seed, size, 2]).normal(0, spread, size)
    return {"afferents.w": weights * kernel.threshold / kernel.peak}


def exported(settings: dict[str, Any]) -> tuple[Network, Any]:
    """The network before training, and how long it runs."""
    return network(max(settings["afferents"]), 0), STEPS * DT


def trials(settings: dict[str, Any], targets: list[str], seeds: list[int]) -> list[Trial]:
    shared = {key: settings[key] for key in ("rate", "fall", "momentum", "spread", "epochs", "compared")}
    shared |= {"targets": targets, "most": max(settings["afferents"])}
    return [
        Trial(f"N{size}/load{load}/seed{seed}", {**shared, "afferents": size, "load": load}, seed)
        for size in settings["afferents"]
        for load in settings["loads"]
        for seed in seeds
    ]


def run(trial: Trial) -> dict[str, Any]:
    from bioplast import learning

    settings, seed = trial.settings, int(trial.seed or 0)
    size = settings["afferents"]
    steps, wanted = patterns(size, round(settings["load"] * size), seed)
    given = {"source": events(steps)}
    live = network(size, seed, settings["most"])
    program = bioplast.compile(live, STEPS * DT, "numpy", namespace={})
    tempotron = learning.Tempotron(program, "afferents.w")
    start = initial(live, tempotron, settings["spread"], seed)
    untrained = tempotron.maxima(given, start).spikes[:, 0]
    fitted = tempotron.fit(
        given,
        wanted,
        rate=lambda epoch: settings["rate"] / size * settings["fall"] ** (epoch / settings["epochs"]),
        momentum=settings["momentum"],
        epochs=settings["epochs"],
        seed=seed,
        values=start,
    )
    program.write_back(fitted.values)
    highest = tempotron.maxima(given)
    shown = (
        [int(np.flatnonzero(wanted == spike)[0]) for spike in (True, False)] if 0 < wanted.sum() < len(wanted) else [0]
    )
    answers = {target: answered(live, target, steps[: settings["compared"]]) for target in settings["targets"]}
    return {
        "patterns": len(wanted),
        "right": fitted.right.mean(),
        "epochs": int(fitted.epochs[0]) if fitted.right.all() else None,
        "wrong": fitted.wrong[:, 0],
        "untrained": (untrained == wanted).mean(),
        "counts": counted(steps, wanted),
        "equal": {name: (found == highest.spikes[: len(found), 0]).mean() for name, found in answers.items()},
        "example": [example(tempotron, fitted.values["afferents.w"], steps[k], bool(wanted[k])) for k in shown],
    }


def counted(steps: np.ndarray, wanted: np.ndarray) -> float:
    """The share of patterns that a logistic regression on the spike counts gets right."""
    from sklearn.linear_model import LogisticRegression

    if wanted.all() or not wanted.any():
        return 1.0
    counts = np.array([np.bincount(np.arange(len(row)), minlength=len(row)) for row in steps])
    return float(LogisticRegression().fit(counts, wanted).score(counts, wanted))


def answered(live: Network, target: str, steps: np.ndarray) -> np.ndarray:
    """Whether the neuron spikes in answer to patterns, in runs on a target."""
    program = bioplast.compile(live, STEPS * DT, target, namespace={})
    return np.array([out.counts["spikes"][0] > 0 for out in program.batch(inputs={"source": events(steps)})])


def example(tempotron: Any, weights: np.ndarray, steps: np.ndarray, wanted: bool) -> dict[str, Any]:
    """The potential in the course of a pattern without a reset, in thresholds above rest, every millisecond."""
    kernel = tempotron.kernels()[0]
    times = np.arange(0, STEPS, 10)[:, None] * float(DT)
    return {"wanted": wanted, "potential": kernel(times - steps * float(DT)) @ weights / kernel.threshold}


def summarise(results: dict[str, dict[str, Any]], settings: dict[str, Any]) -> list[Row]:
    rows, baselines = [], []
    for size in settings["afferents"]:
        learned = {}
        for load in settings["loads"]:
            found = of(results, size, load)
            number = f"{found[0]['patterns']} patterns, at most {settings['epochs']} epochs"
            learned[load] = [result["epochs"] is not None for result in found]
            rows += [
                Row.over_seeds(f"N{size}/load{load}/right", [r["right"] for r in found], source=f"of {number}"),
                Row.over_seeds(
                    f"N{size}/load{load}/all", [float(all_) for all_ in learned[load]], source="runs that learned all"
                ),
            ]
            for name, source in (("untrained", "before training"), ("counts", "logistic regression on spike counts")):
                baselines.append(
                    Row.over_seeds(f"baseline/N{size}/load{load}/{name}", [r[name] for r in found], source=source)
                )
        rows.append(
            Row.over_seeds(
                f"N{size}/capacity",
                capacities(learned),
                unit="patterns per synapse",
                published=PUBLISHED,
                source=f"{SOURCE}; ours: the highest load up to which a seed learned all",
            )
        )
    for target in next(iter(results.values()))["equal"]:
        equal = [result["equal"][target] for result in results.values()]
        rows.append(Row(f"{target}/equal", float(np.mean(equal)), source="answers in a run that are those of the rule"))
    return [*rows, *baselines]


def of(results: dict[str, dict[str, Any]], size: int, load: float) -> list[dict[str, Any]]:
    """The results of one size and load, by seed."""
    return [result for key, result in results.items() if key.startswith(f"N{size}/load{load}/seed")]


def capacities(learned: dict[float, list[bool]]) -> list[float]:
    """Of each seed the highest load up to which it learned all patterns at every load; 0 without one."""
    loads = sorted(learned)
    found = []
    for answers in zip(*(learned[load] for load in loads), strict=True):
        known = [load for k, load in enumerate(loads) if all(answers[: k + 1])]
        found.append(max(known, default=0.0))
    return found


def figures(results: dict[str, dict[str, Any]], settings: dict[str, Any], folder: Path) -> list[Figure]:
    pictures = {
        "capacity": (
            plots.plots(_capacity(results, settings)),
            "Patterns learned against load",
            f"Share of patterns answered correctly after at most {settings['epochs']} epochs (mean over seeds, 95 % "
            "interval), and share of the seeds that learned all of them. Dashed: the published capacity, and what "
            "spike counts tell.",
        ),
        "learning": (
            plots.plots(_learning(results, settings)),
            "In the course of learning",
            f"Wrong answers in each epoch of the first seed with {max(settings['afferents'])} afferents, and the "
            "highest load that this seed learned: the potential in a pattern that is to be answered with a spike and "
            "in one that is not.",
        ),
    }
    return [
        Figure(figure.save(picture, folder / name, dpi=110).name, title, caption)
        for name, (picture, title, caption) in pictures.items()
    ]


def _capacity(results: dict[str, dict[str, Any]], settings: dict[str, Any]) -> list[plots.Plot]:
    from bioplast.experiment.interval import interval

    right, all_ = [], []
    loads = settings["loads"]
    for size in settings["afferents"]:
        means = [interval([result["right"] for result in of(results, size, load)]) for load in loads]
        # of fewer seeds the interval of a share reaches far beyond 100 %
        shown = len(of(results, size, loads[0])) >= 5
        errors = [0.0 if mean.high is None else 100 * (mean.high - mean.mean) for mean in means] if shown else None
        colour = settings["afferents"].index(size)
        right.append(plots.Line(loads, [100 * m.mean for m in means], f"N = {size}", "points", colour, errors))
        right.append(plots.Line(loads, [100 * m.mean for m in means], "", colour=colour))
        shares = [np.mean([result["epochs"] is not None for result in of(results, size, load)]) for load in loads]
        all_.append(plots.Line(loads, 100 * np.array(shares), f"N = {size}", colour=colour))
        all_.append(plots.Line(loads, 100 * np.array(shares), "", "points", colour))
    counts = [100 * np.mean([r["counts"] for s in settings["afferents"] for r in of(results, s, x)]) for x in loads]
    right.append(plots.Line(loads, counts, "spike counts", "dashed"))
    for lines, low in ((right, 50), (all_, 0)):
        lines.append(plots.Line([PUBLISHED] * 2, [low, 100], "published capacity", "dashed", 4))
    axis = "load (patterns per synapse)"
    return [
        plots.Plot("Patterns learned", axis, "right answers (%)", right),
        plots.Plot("Seeds that learned all", axis, "share of seeds (%)", all_),
    ]


def _learning(results: dict[str, dict[str, Any]], settings: dict[str, Any]) -> list[plots.Plot]:
    size = max(settings["afferents"])
    first = {load: of(results, size, load)[0] for load in settings["loads"]}
    curves = []
    for load in settings["loads"][:: -(-len(first) // 5)]:  # five at most can be told apart
        wrong = 100 * np.array(first[load]["wrong"])
        curves.append(plots.Line(np.arange(1, len(wrong) + 1), wrong, f"load {load}"))
    known = [load for load, result in first.items() if result["epochs"] is not None]
    load = max(known, default=min(first))
    lines = [
        plots.Line(np.arange(len(one["potential"])), one["potential"], "spike" if one["wanted"] else "no spike")
        for one in first[load]["example"]
    ]
    lines.append(plots.Line([0, STEPS // 10], [1, 1], "threshold", "dashed"))
    return [
        plots.Plot("Learning curves", "epoch", "wrong answers (%)", curves),
        plots.Plot(f"Two patterns, load {load}", "time (ms)", "potential (thresholds)", lines),
    ]


def tables(results: dict[str, dict[str, Any]], settings: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    return {
        "runs.csv": [
            {
                "run": key,
                "patterns": result["patterns"],
                "right": result["right"],
                "epochs": result["epochs"],
                "untrained": result["untrained"],
            }
            for key, result in results.items()
        ]
    }


_FULL = {
    "afferents": [100, 200, 500],
    "loads": [1.0, 1.5, 2.0, 2.5, 2.75, 3.0, 3.25, 3.5, 4.0],
    "rate": 0.2,  # divided by N
    "fall": 0.01,  # to this share of it in the last epoch
    "momentum": 0.99,
    "spread": 0.01,
    "epochs": 1000,
    "compared": 10,
    "targets": ["cpp"],
}


tempotron_capacity = Protocol(
    name="tempotron-capacity",
    title="How many random latency patterns a tempotron learns",
    source=SOURCE,
    description=(
        "Each of N afferents of one leaky integrate-and-fire neuron spikes once within 500 ms, at a random time; half "
        "of the patterns are to be answered with a spike. The weights learn from wrong answers by the tempotron rule "
        "with momentum, at a rate that falls from epoch to epoch, which is ours; the kernel is derived from the "
        "neuron's equations, and spikes after a threshold crossing do not count. Since all afferents spike once, spike "
        "counts tell nothing. What is learned is shown against the load, the number of patterns per synapse. The "
        "published capacity is that of large N and of as many epochs as it takes; ours is what is learned in the "
        "epochs given. The trained neuron then runs on other targets, and its answers are compared with the rule's."
    ),
    presets={
        "demo": {
            **_FULL,
            "afferents": [50],
            "loads": [1.0, 2.0],
            "epochs": 300,
            "compared": 2,
            "targets": ["numpy"],
            "seeds": 2,
        },
        "quick": {**_FULL, "afferents": [100, 200], "loads": [1.0, 2.0, 3.0, 4.0], "epochs": 500, "seeds": 3},
        "full": {**_FULL, "seeds": 10},
    },
    trials=trials,
    run=run,
    summarise=summarise,
    figures=figures,
    tables=tables,
    network=exported,
    targets=("numpy", "cython", "cpp", "openmp"),
)
