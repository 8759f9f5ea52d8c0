"""Training a network of spiking neurons with surrogate gradients, to classify handwritten digits."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
from brian2 import Network, SpikeGeneratorGroup, SpikeMonitor, StateMonitor, ms, mV, nA, volt

import bioplast
from bioplast import figure, stimulus
from bioplast.dataset import digits
from bioplast.experiment import Figure, Protocol, Row, Trial
from bioplast.figure import confusion, plots
from bioplast.models import exponential_current, exponential_synapse, lif

SOURCE = (
    "Neftci, Mostafa and Zenke (2019), IEEE Signal Process. Mag. 36(6):51, doi:10.1109/MSP.2019.2931595; digits: "
    + digits.SOURCE
)
DT, STEPS = 1 * ms, 40
CLASSES = digits.CLASSES


def split(seed: int, limit: int | None = None) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Pixels [samples, 64] and digits [samples] of the parts of `bioplast.dataset.digits.split`."""
    return {part: (images.reshape(-1, 64), labels) for part, (images, labels) in digits.split(seed, limit).items()}


def noisy(pixels: np.ndarray, copies: int, seed: int) -> np.ndarray:
    """Copies of the samples, the first as they are, the others with noise on each pixel."""
    rng = np.random.default_rng([seed, 1])
    others = [np.clip(pixels + rng.normal(0, 0.12, pixels.shape), 0, 1) for _ in range(copies - 1)]
    return np.concatenate([pixels, *others])


def spikes(pixels: np.ndarray) -> np.ndarray:
    """One spike for each pixel that is bright enough, the earlier the brighter, [samples, steps, pixels]."""
    return stimulus.raster(stimulus.latency(pixels, tau=20 * ms, threshold=0.2), DT, STEPS)


def network(hidden: int, seed: int) -> Network:
    """Pixels, a layer of spiking neurons, and a neuron for each digit whose potential is read."""
    rng = np.random.default_rng(seed)
    cell = lif + exponential_current
    source = SpikeGeneratorGroup(64, [], [] * ms, dt=DT, name="pixels")
    layer = cell.group(hidden, dt=DT, name="hidden", tau_ref=0 * ms)
    readout = cell.group(CLASSES, dt=DT, name="readout", v_th=1 * volt)
    first = exponential_synapse.connect(source, layer, name="afferents", dt=DT)
    second = exponential_synapse.connect(layer, readout, name="efferents", dt=DT)
    first.w = rng.normal(0.02, 0.15, len(first)) * nA
    second.w = rng.normal(0, 0.01, len(second)) * nA
    trace = StateMonitor(readout, "v", record=True, dt=DT, name="potential")
    return Network(source, layer, readout, first, second, SpikeMonitor(layer, name="spikes"), trace)


def exported(settings: dict[str, Any]) -> tuple[Network, Any]:
    """The network before training, and how long it runs."""
    return network(settings["hidden"], 0), STEPS * DT


def trials(settings: dict[str, Any], targets: list[str], seeds: list[int]) -> list[Trial]:
    from bioplast.program.targets import require

    require("jax")  # before anything is written
    shared = {key: settings[key] for key in ("hidden", "epochs", "patience", "samples", "copies", "compared")}
    return [Trial(f"seed{seed}", {**shared, "targets": targets}, seed) for seed in seeds]


def run(trial: Trial) -> dict[str, Any]:
    import optax

    from bioplast import learning

    settings, seed = trial.settings, int(trial.seed or 0)
    data = split(seed, settings["samples"])
    pixels, classes = data["train"]
    data["train"] = noisy(pixels, settings["copies"], seed), np.tile(classes, settings["copies"])
    given = {part: {"pixels": spikes(pixels)} for part, (pixels, _) in data.items()}
    labels = {part: classes for part, (_, classes) in data.items()}
    potential = learning.Mean("potential", "v", unit=1 * mV)
    live = network(settings["hidden"], seed)
    surrogate = {"hidden": bioplast.SuperSpike(beta=10, unit=10 * mV)}
    program = bioplast.compile(live, STEPS * DT, "jax", namespace={}, surrogate=surrogate, detach_reset=True)
    before = learning.predict(
        program,
        {"pixels": np.concatenate([given["test"]["pixels"], given["train"]["pixels"]])},
        lambda out: {"scores": potential(out), "counts": learning.Count("spikes")(out)},
    )
    tested = len(labels["test"])
    fitted = learning.fit(
        program,
        given["train"],
        labels["train"],
        train={
            "afferents.w": 0.1 * nA,
            "efferents.w": 0.1 * nA,
            "hidden.tau_m": learning.Trainable(10 * ms, low=2 * ms, high=200 * ms),
        },
        loss=lambda out, label: learning.cross_entropy(potential(out), label),
        optimiser=optax.adam(0.02),
        batch=64,
        epochs=settings["epochs"],
        validation=(given["validation"], labels["validation"]),
        score=lambda out, label: potential(out).argmax() == label,
        patience=settings["patience"],
        seed=seed,
        checkpoint=trial.scratch and trial.scratch / "training.npz",
    )
    program.write_back(fitted.values)
    after = learning.predict(program, given["test"], _recorded)
    shown = 0  # of the test samples
    return {
        "history": fitted.history,
        "best": fitted.best,
        "labels": labels["test"],
        "predicted": _classes(after),
        "untrained": before["scores"][:tested].argmax(axis=1),
        "mlp": _mlp(settings["hidden"], data, seed),
        "pixels": _linear(data["train"][0], labels["train"], data["test"][0]),
        "random_hidden": _linear(before["counts"][tested:], labels["train"], before["counts"][:tested]),
        "spikes_each": after["hidden"].sum() / tested / settings["hidden"],
        "tau_m_ms": fitted.values["hidden.tau_m"] * 1e3,
        "compared": {
            target: _compared(live, target, given["test"]["pixels"][: settings["compared"]], after)
            for target in settings["targets"]
        },
        "example": {
            "label": labels["test"][shown],
            "pixels": np.argwhere(given["test"]["pixels"][shown]),
            "hidden": np.argwhere(after["hidden"][shown]),
            "potential_mV": after["potential_mV"][shown],
        },
    }


def _recorded(out: Any) -> dict[str, Any]:
    """What predictions are compared by: the potentials of the readout neurons and the spikes of the hidden ones."""
    from bioplast import learning

    return {
        "potential_mV": learning.Trace("potential", "v", unit=1 * mV)(out),
        "hidden": learning.Raster("spikes")(out),
    }


def _classes(recorded: dict[str, np.ndarray]) -> np.ndarray:
    return recorded["potential_mV"].mean(axis=1).argmax(axis=1)


def _compared(live: Network, target: str, pixels: np.ndarray, expected: dict[str, np.ndarray]) -> dict[str, Any]:
    """The trained network on another target: how many predictions are the same, and spikes that are not."""
    from bioplast import learning

    program = bioplast.compile(live, STEPS * DT, target, namespace={})
    found = learning.predict(program, {"pixels": pixels}, _recorded)
    expected = {name: array[: len(pixels)] for name, array in expected.items()}
    potential = expected["potential_mV"]
    return {
        "samples": len(pixels),
        "equal": (_classes(found) == _classes(expected)).mean(),
        "spikes": found["hidden"].sum(),
        "spikes_apart": (found["hidden"] != expected["hidden"]).sum(),
        "deviation": np.abs(found["potential_mV"] - potential).max() / np.abs(potential).max(),
    }


def _mlp(hidden: int, data: dict[str, tuple[np.ndarray, np.ndarray]], seed: int) -> np.ndarray:
    """A multilayer perceptron of the same width on the same pixels, its epoch chosen by the same validation."""
    from sklearn.neural_network import MLPClassifier

    machine, best = MLPClassifier((hidden,), batch_size=64, random_state=seed), None
    highest = -1.0
    for _ in range(100):
        machine.partial_fit(*data["train"], classes=np.arange(CLASSES))
        score = machine.score(*data["validation"])
        if score > highest:
            highest, best = score, deepcopy(machine)
    return best.predict(data["test"][0])


def _linear(features: np.ndarray, labels: np.ndarray, of_test: np.ndarray) -> np.ndarray:
    """Logistic regression."""
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(max_iter=2000).fit(features, labels).predict(of_test)


def _accuracy(result: dict[str, Any], name: str) -> float:
    return float(np.mean(np.equal(result[name], result["labels"])))


def summarise(results: dict[str, dict[str, Any]], settings: dict[str, Any]) -> list[Row]:
    found = list(results.values())
    tested = f"{len(found[0]['labels'])} test samples"

    def row(id: str, name: str, source: str) -> Row:
        return Row.over_seeds(id, [_accuracy(result, name) for result in found], source=source)

    rows = [
        row("lif/surrogate/accuracy", "predicted", f"{settings['hidden']} hidden neurons, {tested}"),
        Row.over_seeds(
            "lif/surrogate/spikes", [r["spikes_each"] for r in found], source="of a hidden neuron, per sample"
        ),
    ]
    for target in found[0]["compared"]:
        runs = [result["compared"][target] for result in found]
        of = f"{runs[0]['samples']} test samples"
        rows += [
            Row.over_seeds(
                f"lif/{target}/equal", [run["equal"] for run in runs], source=f"predictions as on jax, of {of}"
            ),
            Row(
                f"lif/{target}/spikes_apart",
                sum(run["spikes_apart"] for run in runs),
                unit="spikes",
                source=f"not in the time step of jax, of {sum(run['spikes'] for run in runs)}",
            ),
            Row(
                f"lif/{target}/deviation",
                max(run["deviation"] for run in runs),
                source="largest of a readout potential from jax, relative to the largest potential; float64",
            ),
        ]
    classes = np.bincount(found[0]["labels"], minlength=CLASSES)
    return [
        *rows,
        row("mlp/accuracy", "mlp", f"multilayer perceptron of the same width on the pixels, {tested}"),
        row("baseline/pixels/accuracy", "pixels", "logistic regression on the pixels"),
        row("baseline/random-hidden/accuracy", "random_hidden", "logistic regression on spike counts before training"),
        row("baseline/untrained/accuracy", "untrained", "the network before training"),
        Row("baseline/chance/accuracy", classes.max() / classes.sum(), source="always the most frequent digit"),
    ]


def figures(results: dict[str, dict[str, Any]], settings: dict[str, Any], folder: Path) -> list[Figure]:
    first = next(iter(results.values()))
    example = first["example"]
    counts = np.zeros((CLASSES, CLASSES), dtype=int)
    for result in results.values():
        np.add.at(counts, (result["labels"], result["predicted"]), 1)
    names = [str(k) for k in range(CLASSES)]
    dt_s = float(DT)
    pixels, hidden = np.array(example["pixels"]).reshape(-1, 2), np.array(example["hidden"]).reshape(-1, 2)
    spikes = np.concatenate([pixels, hidden + np.array([0, 64])])
    potential = np.array(example["potential_mV"])
    pictures = {
        "learning": (
            plots.plots(_curves(results)),
            "Learning curves",
            "Loss of training and validation samples, and accuracy on the latter, after each epoch; a line for each "
            "seed. The values of the best epoch are kept.",
        ),
        "confusion": (
            confusion.confusion(counts, names, title="Digits of the test samples"),
            "Confusion",
            "How often each digit was taken for which, over all seeds.",
        ),
        "sample": (
            figure.raster(
                spikes[:, 0] * dt_s,
                spikes[:, 1],
                title=f"A test sample, the digit {example['label']}",
                neurons=64 + settings["hidden"],
                duration_s=STEPS * dt_s,
                groups=[("pixels", 64), ("hidden neurons", settings["hidden"])],
                bin_s=dt_s,
            ),
            "Raster of a sample",
            "A bright pixel spikes early. The hidden neurons answer after training.",
        ),
        "readout": (
            plots.plots(_example(np.arange(len(potential)) * dt_s * 1e3, potential, example["label"], first)),
            "Readout of the sample, and the time constants",
            "The digit whose neuron has the highest mean potential is the answer. Each hidden neuron has learned a "
            "membrane time constant of its own.",
        ),
    }
    return [
        Figure(figure.save(picture, folder / name, dpi=110).name, title, caption)
        for name, (picture, title, caption) in pictures.items()
    ]


def _curves(results: dict[str, dict[str, Any]]) -> list[plots.Plot]:
    losses, scores = [], []
    for k, result in enumerate(results.values()):
        history = result["history"]
        epochs = np.arange(1, len(history["loss"]) + 1)
        for colour, (key, name) in enumerate((("loss", "training"), ("validation_loss", "validation"))):
            losses.append(plots.Line(epochs, history[key], name if k == 0 else "", colour=colour))
        scores.append(plots.Line(epochs, np.multiply(history["validation_score"], 100), colour=1))
    return [
        plots.Plot("Loss", "epoch", "cross entropy", losses),
        plots.Plot("Accuracy", "epoch", "validation samples correct (%)", scores),
    ]


def _example(times_ms: np.ndarray, potential: np.ndarray, label: int, result: dict[str, Any]) -> list[plots.Plot]:
    others = [
        plots.Line(times_ms, course, "other digits" if k == (label == 0) else "", colour=0)
        for k, course in enumerate(potential.T)
        if k != label
    ]
    taus = np.sort(result["tau_m_ms"])
    rank = np.arange(1, len(taus) + 1)
    return [
        plots.Plot(
            "Readout neurons",
            "time (ms)",
            "membrane potential (mV)",
            [*others, plots.Line(times_ms, potential[:, label], f"digit {label}", colour=1)],
        ),
        plots.Plot(
            "Time constants",
            "hidden neuron, in their order",
            "tau_m (ms)",
            [
                plots.Line(rank, np.full(len(taus), 20.0), "before training", "dashed"),
                plots.Line(rank, taus, "after", "points"),
            ],
        ),
    ]


def tables(results: dict[str, dict[str, Any]], settings: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    return {
        "history.csv": [
            {
                "seed": key.removeprefix("seed"),
                "epoch": epoch + 1,
                **{n: result["history"][n][epoch] for n in result["history"]},
            }
            for key, result in results.items()
            for epoch in range(len(result["history"]["loss"]))
        ]
    }


_FULL = {
    "hidden": 200,
    "epochs": 12,
    "patience": 5,
    "samples": None,
    "copies": 4,
    "compared": None,
    "targets": ["cpp"],
}


surrogate_gradient = Protocol(
    name="surrogate-gradient",
    title="Digits by a spiking network trained with surrogate gradients",
    source=SOURCE,
    description=(
        "A hidden layer of leaky integrate-and-fire neurons and ten readout neurons that do not spike, written as an "
        "ordinary Brian2 network, learn to classify the 8 x 8 digits of scikit-learn: one spike for each pixel, the "
        "earlier the brighter. Target jax differentiates the very equations; weights and the membrane time constant "
        "of each hidden neuron are trained with Adam on the cross entropy of the mean readout potentials. Copies of "
        "the training samples have noise on their pixels, and the epoch is chosen on validation samples. The 360 test "
        "samples are touched once, at the end. The trained values go back into the Brian2 network, which then runs on "
        "other targets, and every prediction is compared."
    ),
    presets={
        "demo": {
            **_FULL,
            "hidden": 40,
            "epochs": 6,
            "samples": 320,
            "copies": 1,
            "compared": 10,
            "targets": ["numpy"],
            "seeds": 1,
        },
        "quick": {**_FULL, "epochs": 4, "seeds": 2},
        "full": {**_FULL, "seeds": 5},
    },
    trials=trials,
    run=run,
    summarise=summarise,
    figures=figures,
    tables=tables,
    network=exported,
    targets=("numpy", "cython", "cpp", "openmp", "cuda"),
)
