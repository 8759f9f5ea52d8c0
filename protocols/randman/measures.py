"""What predictions of a test part are worth."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["MEASURES", "measured"]

MEASURES = ("accuracy", "precision", "recall", "f1")


def measured(labels: np.ndarray, predicted: np.ndarray, classes: int) -> dict[str, Any]:
    """Accuracy, precision, recall and F1, means over the classes, and the confusion matrix.

    A class that is never predicted has precision 0.
    """
    from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

    precision, recall, f1, _ = precision_recall_fscore_support(
        labels, predicted, labels=np.arange(classes), average="macro", zero_division=0
    )
    return {
        "accuracy": float(np.mean(labels == predicted)),
        "precision": float(precision),
        "recall": float(recall),
        "f1": float(f1),
        "confusion": confusion_matrix(labels, predicted, labels=np.arange(classes)),
    }
