"""DVS128 Gesture: eleven gestures of the hand and arm, seen by an event camera of 128 x 128 pixels."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import numpy as np

from ..progress import Progress
from .aedat import NotAedat, parse
from .archive import members
from .parts import check_part, train_and_validation
from .published import Folder, PublishedFile, locate, unusable
from .recordings import Recordings

__all__ = ["CLASSES", "FILE", "NAMES", "SHAPE", "SOURCE", "load", "split"]

SOURCE = "Amir et al. (2017), Proc. CVPR, 7243, doi:10.1109/CVPR.2017.781, CC BY 4.0"
NAMES = (
    "hand clapping",
    "right hand wave",
    "left hand wave",
    "right arm clockwise",
    "right arm counter clockwise",
    "left arm clockwise",
    "left arm counter clockwise",
    "arm roll",
    "air drums",
    "air guitar",
    "other gestures",
)
CLASSES = len(NAMES)
# Polarity (0 darker, 1 brighter), row, column.
SHAPE = (2, 128, 128)
TICK = 1e-6

FILE = PublishedFile(
    "dvs-gesture",
    "DvsGesture.tar.gz",
    (),
    "md5:8a5c71fb11e24e5ca5b11866ca6c00a1",
    page="https://research.ibm.com/interactive/dvsgesture/",
)


def load(part: str = "train", *, folder: Folder = None, progress: Progress = True) -> Recordings:
    """Recordings of a part, trial by trial in the order of its list, gesture by gesture in that of its labels.

    Parameters
    ----------
    part : str
        ``"train"``, gestures of 23 subjects, or ``"test"``, those of 6 others.
    folder : path, optional
        With a ``DvsGesture.tar.gz`` of your own in the same layout, which is not compared with the published checksum.
        Without it the published one (3 GB) is looked for in ``dvs-gesture/`` of the folder that `BIOPLAST_DATA` names;
        it has to be fetched by hand.
    progress : bool or callable
        As the other data sets have it; there is no download.

    Returns
    -------
    Recordings
        Of 2 x 128 x 128 neurons: one for each polarity, row and column; time 0 is the published beginning of the
        gesture, and its published end the first moment that is left out. Labels are the place in `NAMES`.

    Raises
    ------
    BioplastError
        The file is missing, cut short, altered or of another format.

    References
    ----------
    Amir et al. (2017), A low power, fully event-based gesture recognition system, Proc. CVPR, 7243,
    doi:10.1109/CVPR.2017.781, CC BY 4.0
    """
    check_part(part)
    path = locate(FILE, folder, progress)
    texts = {
        Path(name).name: content.decode("utf-8", "replace")
        for name, content in members(path, FILE, re.compile(r".*(_labels\.csv|trials_to_\w+\.txt)").fullmatch)
    }
    trials = [line.strip() for line in texts.get(f"trials_to_{part}.txt", "").splitlines() if line.strip()]
    if not trials:
        raise unusable(path, f"has no trials_to_{part}.txt, or an empty one", FILE)
    gestures = {trial: _gestures(texts, trial, path) for trial in trials}
    found: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {}
    for name, content in members(path, FILE, lambda name: Path(name).name in gestures):
        trial = Path(name).name
        try:
            times, polarity, row, column = parse(content)
        except NotAedat as error:
            raise unusable(path, f"has a {trial} that {error}", FILE) from None
        if len(times) and max(row.max(), column.max()) >= SHAPE[1]:
            raise unusable(path, f"has a {trial} with an event beyond {SHAPE[1]} x {SHAPE[2]} pixels", FILE)
        neurons = ((polarity * SHAPE[1] + row) * SHAPE[2] + column).astype(np.uint16)
        found[trial] = []
        for _, start, end in gestures[trial]:
            inside = (times >= start) & (times < end)
            found[trial].append(((times[inside] - start).astype(np.uint32), neurons[inside]))
    if missing := [trial for trial in trials if trial not in found]:
        raise unusable(path, f"has no {missing[0]}", FILE)
    samples = [sample for trial in trials for sample in found[trial]]
    labels = [label for trial in trials for label, _, _ in gestures[trial]]
    return Recordings.of_lists([each[0] for each in samples], [each[1] for each in samples], labels, SHAPE, TICK)


def split(
    seed: int, limit: int | None = None, *, folder: Folder = None, progress: Progress = True
) -> dict[str, Recordings]:
    """The recordings for training, validation and test; every class has its share in the first two.

    Parameters
    ----------
    seed : int
        Governs which sixth of the published training set is for validation, and the order of the others. The same
        subjects are in both: expect less of the test.
    limit : int, optional
        How many samples to train with at most; all by default.
    folder, progress
        As `load` has them.

    Returns
    -------
    dict of Recordings
        ``"train"``, ``"validation"`` and ``"test"``, the published test set, which is the same for every seed.

    Raises
    ------
    BioplastError
        As `load`; or for a seed or limit that is no whole number of its range.
    """
    everything = load("train", folder=folder, progress=progress)
    train, validation = train_and_validation(everything.labels, seed, limit)
    return {
        "train": everything.take(train),
        "validation": everything.take(validation),
        "test": load("test", folder=folder, progress=progress),
    }


def _gestures(texts: dict[str, str], trial: str, path: Path) -> list[tuple[int, int, int]]:
    """Label, beginning and end in microseconds of every gesture of a trial."""
    name = f"{Path(trial).stem}_labels.csv"
    if name not in texts:
        raise unusable(path, f"has no {name}", FILE)
    found = []
    for row in csv.DictReader(io.StringIO(texts[name])):
        try:
            label, start, end = (int(row[key]) for key in ("class", "startTime_usec", "endTime_usec"))
        except (KeyError, TypeError, ValueError):
            raise unusable(path, f"has a {name} without class, startTime_usec and endTime_usec", FILE) from None
        if not (1 <= label <= CLASSES and 0 <= start < end < start + (1 << 32)):
            raise unusable(path, f"has a {name} with class {label} from {start} to {end}", FILE)
        found.append((label - 1, start, end))
    return found
