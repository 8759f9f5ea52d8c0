"""Images and spoken digits told apart by spiking networks, with gradients and without, beside those without spikes.

The report gives two numbers for MNIST: 94.05 % for its surrogate-gradient network, and about 90 % for a small
convolutional network trained by an evolution strategy alone. Its sizes and codes are not all in it. Decided here:

- A pixel that is brighter than a tenth of the maximum spikes once, after 20 ms times what it lacks of the maximum. A
  sample lasts 25 steps of 1 ms.
- Of MNIST's training set 5,000 images validate and 55,000 train. Learning rates and noise of the spiking networks were
  compared on validation samples of seed 0; the other settings are common ones, tried for a few epochs. The epoch is
  chosen on validation samples of each seed. Test samples are used once.
- What trains by descent, but for the perceptron, sees varied images, anew in each epoch: moved by up to a pixel along
  either axis, or, for the spiking network on the few pixels of scikit-learn's digits, with noise on the intensities.
- Evolution searches a space that it can: the hybrid gets MNIST in 7 x 7 mean intensities and few hidden neurons. With
  the same number of network evaluations larger populations on fewer samples came further (seed 0: 70 % of the
  validation samples with 256 on 512, 75 % with 512 on 128), and a final spread of 0.02 stopped it at 64 %.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np

from bioplast.errors import refuse_unknown
from bioplast.experiment import Figure, Protocol, Row, Trial

from . import pictures
from .methods import METHODS
from .presets import DEMO, FULL, QUICK
from .tasks import TASKS

REPORT = 'the report "Neuroinformatics - heterogeneous SNN"'
PUBLISHED = {("mnist", "surrogate"): 0.9405, ("mnist", "cnn-es"): 0.90}
SOURCE = f"{REPORT}; surrogate gradients: Neftci, Mostafa and Zenke (2019), doi:10.1109/MSP.2019.2931595"
TITLES = {
    "surrogate": "spiking network, surrogate gradients",
    "hybrid": "spiking network, hybrid evolution",
    "mlp": "multilayer perceptron",
    "cnn": "convolutional network",
    "rnn": "gated recurrent units",
    "cnn-es": "small convolutional network, evolution strategy alone",
}


def trials(settings: dict[str, Any], targets: list[str], seeds: list[int]) -> list[Trial]:
    from bioplast.program.targets import require

    require("jax")  # before anything is written
    known = [name for name in TASKS if name in settings]  # a preset has the settings of its own tasks alone
    refuse_unknown("task of images in this preset", settings["tasks"], known)
    for name in settings["tasks"]:
        refuse_unknown(f"method of images' {name}", settings[name]["methods"], METHODS)
    if any("cnn-es" in settings[name]["methods"] for name in settings["tasks"]):
        from bioplast.learning.strategies import strategy_of

        strategy_of("OpenAI-ES", 2, np.zeros(1))  # says how to get evosax
    found = []
    for name in settings["tasks"]:
        if name in settings["optional"] and not TASKS[name].at_hand:
            warnings.warn(f"images: {_absent(name)}", RuntimeWarning, stacklevel=2)
            continue
        of_task = settings[name]
        for method, own in of_task["methods"].items():
            shared = {"task": name, "method": method, "samples": of_task["samples"], **own}
            found += [Trial(f"{name}/{method}/seed{seed}", shared, seed) for seed in seeds]
    return found


def _absent(task: str) -> str:
    names = ", ".join(file.name for file in TASKS[task].files)
    return f"{task} is left out: {names} in FOLDER/{task} with BIOPLAST_DATA=FOLDER are needed"


def run(trial: Trial) -> dict[str, Any]:
    settings, seed = trial.settings, int(trial.seed or 0)
    task = TASKS[settings["task"]]
    parts = task.split(seed, settings["samples"])
    found = METHODS[settings["method"]](task, parts, settings, seed, trial.scratch)
    labels = parts["test"].labels
    for name in ("predicted", "untrained"):
        if name in found:
            found[name] = _counts(labels, found[name], task.classes)
    often = np.bincount(parts["train"].labels).argmax()
    return {**found, "majority": np.mean(labels == often), "trained_with": len(parts["train"].labels)}


def _counts(labels: np.ndarray, predicted: np.ndarray, classes: int) -> np.ndarray:
    """How many samples of each class are taken for which, [classes, classes]."""
    counts = np.zeros((classes, classes), dtype=int)
    np.add.at(counts, (labels, predicted), 1)
    return counts


def _accuracy(counts: Any) -> float:
    return float(np.trace(counts) / np.sum(counts))


def summarise(results: dict[str, dict[str, Any]], settings: dict[str, Any]) -> list[Row]:
    rows, baselines = [], []
    for name in settings["tasks"]:
        for method in settings[name]["methods"]:
            id = f"{name}/{method}/accuracy"
            found = of(results, name, method)
            if not found:
                rows.append(Row(id, None, source=_absent(name)))
                continue
            tested, trained = int(np.sum(found[0]["predicted"])), found[0]["trained_with"]
            what = f"{TITLES[method]}, {trained} training and {tested} test samples"
            published = PUBLISHED.get((name, method))
            rows.append(
                Row.over_seeds(
                    id,
                    [_accuracy(one["predicted"]) for one in found],
                    published=published,
                    source=f"{what}; {REPORT}" if published else what,
                )
            )
            if method == "surrogate":
                spikes = [one["spikes_each"] for one in found]
                rows.append(
                    Row.over_seeds(f"{name}/surrogate/spikes", spikes, source="of a hidden neuron, per test sample")
                )
                untrained = [_accuracy(one["untrained"]) for one in found]
                baselines.append(
                    Row.over_seeds(
                        f"baseline/{name}/untrained/accuracy", untrained, source="the spiking network before training"
                    )
                )
        some = of(results, name)
        if some:
            baselines.append(
                Row(
                    f"baseline/{name}/majority/accuracy",
                    some[0]["majority"],
                    source="always the most frequent class of the training samples",
                )
            )
    return [*rows, *baselines]


def of(results: dict[str, dict[str, Any]], task: str, method: str = "") -> list[dict[str, Any]]:
    """The results of a task, and of one method if it is named, in the order of the seeds."""
    return [
        result for key, result in results.items() if f"{key}/".startswith(f"{task}/{method}/" if method else f"{task}/")
    ]


def figures(results: dict[str, dict[str, Any]], settings: dict[str, Any], folder: Path) -> list[Figure]:
    return pictures.drawn(results, settings, folder, PUBLISHED)


def tables(results: dict[str, dict[str, Any]], settings: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    return {
        "history.csv": [
            {"trial": key, "step": step, "validation_accuracy": accuracy}
            for key, result in results.items()
            for step, accuracy in zip(*pictures.course(result), strict=True)
        ]
    }


images = Protocol(
    name="images",
    title="Images told apart by spiking networks, with gradients and without",
    source=SOURCE,
    description=(
        "The digits of scikit-learn and those of MNIST, as one spike for each bright pixel, the earlier the brighter, "
        "drive a hidden layer of leaky integrate-and-fire neurons and a readout neuron for each class, an ordinary "
        "Brian2 network. It is trained by surrogate gradients, weights and membrane time constants, or, with fewer "
        "neurons and pixels, by the hybrid evolutionary algorithm. Beside it stand a multilayer perceptron, a "
        "convolutional and a recurrent network, a small convolutional network trained by an evolution strategy alone, "
        "the network before training and the most frequent class. Spoken digits (SHD) are added when their files are "
        "there. Epochs are chosen on validation samples, the test samples are used once."
    ),
    presets={"demo": DEMO, "quick": QUICK, "full": FULL},
    trials=trials,
    run=run,
    summarise=summarise,
    figures=figures,
    tables=tables,
)
