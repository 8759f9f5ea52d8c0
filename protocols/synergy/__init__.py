"""Multi-plasticity synergy: three ways of learning in one synapse, alone and together, with what each is worth.

The paper's equations are `rule`, with what had to be decided there. Decided here:

- An image is a constant input for T = 8 steps: a pixel sends its intensity in each. A recording of N-MNIST is eight
  frames of 40 ms, one for each step, in which a pixel sends 1 or nothing. Readout neurons integrate and do
  not spike; the loss is the cross entropy of their mean potentials.
- Dense layers are plastic, convolutions are not, as in the code of the predecessor (HGLL). There only the first of them
  is; here all are, since self-backpropagation spreads what changes behind a layer.
- Plastic weights are a sample's own while it is shown. Each batch begins with the mean of what the samples of the one
  before ended with, without a derivative. Test images are answered twice: with plasticity going on within each of them
  from the same weights ("accuracy"), and with weights that stay as they are ("accuracy_frozen").
- The arms "hebbian", "sbp" and "fixed" have hidden weights as drawn at random, to which the rule adds its own, or
  nothing; gradients train the readout alone.
- Of the training set 5,000 images choose the epoch. The test images are used once, when a trial is trained.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

from bioplast.errors import BioplastError, refuse_unknown
from bioplast.experiment import Figure, Protocol, Row, Trial

from . import summary
from .presets import DEMO, FULL, PAPER, QUICK
from .tasks import TASKS

SOURCE = (
    "Liu, Deng and Yu (2025), arXiv:2508.13673; predecessor: Wu et al. (2022), Nature Communications 13:65, "
    "doi:10.1038/s41467-021-27653-2"
)


def trials(settings: dict[str, Any], targets: list[str], seeds: list[int]) -> list[Trial]:
    from bioplast.program.targets import require

    from .network import ARMS

    require("jax")  # before anything is written
    refuse_unknown("task of synergy in this preset", settings["tasks"], [name for name in TASKS if name in settings])
    refuse_unknown("optional task of synergy", settings["optional"], list(TASKS))
    if "nmnist" in settings["tasks"] and settings["folder"]:
        for part in TASKS["nmnist"].files:
            if not (Path(settings["folder"]) / part.name).is_file():
                raise BioplastError(f"synergy: the folder {settings['folder']} has no {part.name} of N-MNIST")
    for name in settings["tasks"]:
        for which, network in settings[name]["networks"].items():
            arms, coefficients = zip(*(text.partition(":")[::2] for text in network["arms"]), strict=True)
            refuse_unknown(f"arm of synergy's {name}.networks.{which}", arms, ARMS)
            refuse_unknown("way of an arm's coefficients", coefficients, ["", "learned", "fixed", "frozen"])
    found = []
    for name in settings["tasks"]:
        if name in settings["optional"] and not TASKS[name].at_hand:
            warnings.warn(f"synergy: {summary.absent(name)}", RuntimeWarning, stacklevel=2)
            continue
        # seed by seed, so that a run that is stopped has all arms of some seeds
        for seed in seeds:
            for which, network in settings[name]["networks"].items():
                for text in network["arms"]:
                    arm, _, coefficients = text.partition(":")
                    own = {key: value for key, value in network.items() if key != "arms"}
                    own |= {"task": name, "samples": settings[name]["samples"]}
                    own |= {"folder": settings["folder"]} if name == "nmnist" and settings["folder"] else {}
                    own |= {"arm": arm, "coefficients": coefficients or "learned"}
                    own |= {
                        "keep": settings["keep"] and f"{settings['keep']}/{name}-{which}-{summary.key(text)}-{seed}.npz"
                    }
                    found.append(Trial(f"{name}/{which}/{summary.key(text)}/seed{seed}", own, seed))
    return found


def run(trial: Trial) -> dict[str, Any]:
    from .training import carry_out

    return carry_out(TASKS[trial.settings["task"]], trial.settings, int(trial.seed or 0), trial.scratch)


def summarise(results: dict[str, dict[str, Any]], settings: dict[str, Any]) -> list[Row]:
    return summary.rows(results, settings)


def figures(results: dict[str, dict[str, Any]], settings: dict[str, Any], folder: Path) -> list[Figure]:
    from . import pictures

    return pictures.drawn(results, settings, folder)


def tables(results: dict[str, dict[str, Any]], settings: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    return {
        "history.csv": [
            {"trial": key, "epoch": epoch, "loss": loss, "validation_accuracy": accuracy}
            for key, result in results.items()
            for epoch, (loss, accuracy) in enumerate(
                zip(result["history"]["loss"], result["history"]["validation_score"], strict=True), 1
            )
        ]
    }


def exported(settings: dict[str, Any]) -> tuple[Any, Any]:
    """A merged network: that of the file "weights", such as a run with "keep" leaves, or the first one, untrained."""
    from .training import exported as made
    from .weights import read

    weights = read(settings["weights"]) if settings["weights"] else None
    for name in settings["tasks"]:
        for network in settings[name]["networks"].values():
            found = made(TASKS[name], {**network, "arm": "mpsl"}, weights)
            if found is not None:
                return found
    raise BioplastError(f"{settings['weights']}: these are weights of no network of this preset")


synergy = Protocol(
    name="synergy",
    title="Multi-plasticity synergy: gradient, Hebbian and self-backpropagated weights in one synapse",
    source=SOURCE,
    description=(
        "Every plastic synapse has three weights, one trained by surrogate gradients, one Hebbian with decay, one by "
        "self-backpropagation, mixed by coefficients that are trained, too. Networks with one, two or all three of "
        "them are compared on images, dense and behind convolutions: accuracy, with plasticity going on and frozen; "
        "robustness to noise, to dark and bright pixels and to cropping; maps of the penultimate potentials with the "
        "numbers that such maps do not prove; the learned coefficients; and the network merged into one weight for "
        "each synapse."
    ),
    presets={"demo": DEMO, "quick": QUICK, "full": FULL, "paper": PAPER},
    trials=trials,
    run=run,
    summarise=summarise,
    figures=figures,
    tables=tables,
    network=exported,
)
