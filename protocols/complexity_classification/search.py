"""Hyper-parameters chosen on validation words, with the same number of evaluations in both spaces."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from bioplast.errors import RunError

from .classifiers import Thresholds, complexity, counts
from .networks import DEFAULTS, Constants, initial, outputs
from .rules import RATES, RULES
from .tasks import Part

__all__ = ["GAIN", "SPACES", "Chosen", "choose"]

SPACES = ("baseline", "extended")
NEURONS = (4, 8, 12, 16, 20, 24)
# The mean weight of an afferent before training, in units of what reaches the threshold.
GAIN = 1.5
# From and to, on a logarithmic scale: V above rest, s, s.
BOUNDS = {"threshold": (2e-3, 2e-2), "tau_m": (2e-3, 4e-2), "tau_syn": (3e-4, 1e-2)}
# What it costs, in accuracy, if the output has twice as many spikes as the word, or none: it is to repeat the word.
COST = 0.1


@dataclass(frozen=True)
class Chosen:
    """A network of the best hyper-parameters.

    Attributes
    ----------
    hyper : dict of float
        Number of neurons, learning rate and constants.
    values : dict of ndarray
        After training.
    score, accuracy : float
        On the validation words.
    tried : list of float
        The score of each evaluation; 0 where training failed.
    """

    hyper: dict[str, float]
    values: dict[str, np.ndarray]
    score: float
    accuracy: float
    tried: list[float]


def choose(
    cell: str, rule: str, space: str, train: Part, validation: Part, evaluations: int, effort: int, seed: int
) -> Chosen:
    """Search by optuna's TPE; the first evaluation is that of the models' own constants.

    Parameters
    ----------
    cell, rule : str
    space : "baseline" or "extended"
        The number of hidden neurons and the learning rate, or thresholds and time constants too.
    train, validation : Part
        Weights and thresholds on the complexity are learned with the first, and judged on the second.
    evaluations, effort : int
        How many points are tried, and how much each is trained.
    seed : int
    """
    import optuna

    low, high = RATES[rule]
    found: list[Chosen] = []
    tried: list[float] = []

    def evaluated(trial: Any) -> float:
        hyper: dict[str, float] = {
            "neurons": trial.suggest_categorical("neurons", NEURONS),
            "rate": trial.suggest_float("rate", low, high, log=True),
        }
        constants = DEFAULTS
        if space == "extended":
            constants = Constants(**{name: trial.suggest_float(name, *ends, log=True) for name, ends in BOUNDS.items()})
        values = initial(constants, int(hyper["neurons"]), GAIN, seed)
        try:
            learned = RULES[rule](
                cell, values, constants, train.words, hyper["rate"], space == "extended", effort, seed
            )
        except RunError:  # what was trained is not finite any more: as bad as can be, and never chosen
            tried.append(0.0)
            return 0.0
        of_train = outputs(cell, learned, train.words, 2 * seed)
        of_validation = outputs(cell, learned, validation.words, 2 * seed + 1)
        thresholds = Thresholds.fitted(complexity(of_train), train.classes)
        accuracy = thresholds.accuracy(complexity(of_validation), validation.classes)
        apart = np.abs(counts(of_validation) - counts(validation.words)).sum() / counts(validation.words).sum()
        score = accuracy - COST * min(float(apart), 1.0)
        tried.append(score)
        found.append(Chosen({**hyper, **asdict(constants)}, learned, score, accuracy, tried))
        return score

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=seed))
    first: dict[str, Any] = {"neurons": 8, "rate": float(np.sqrt(low * high))}
    study.enqueue_trial(first | (asdict(DEFAULTS) if space == "extended" else {}))
    study.optimize(evaluated, n_trials=evaluations)
    if not found:
        raise RunError(f"{cell}, {rule}, {space}: training failed in all of {evaluations} evaluations")
    return max(found, key=lambda one: one.score)
