"""A network with merged weights on target cpp beside the one with several on jax: scores, predictions and spikes.

    BIOPLAST_DATA=FOLDER python -m benchmarks.merged [--images N] [--epochs E]

The dense network of protocol synergy on MNIST (784-512-10, arm mpsl) is trained for some epochs, its plastic weights
are frozen and merged into one for each synapse. On target jax, in double precision, both networks answer all test
images; the merged one then answers some of them on target cpp, too, one after the other.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from bioplast import learning
from bioplast.protocols.synergy import network, presets, training, weights
from bioplast.protocols.synergy.tasks import TASKS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--epochs", type=int, default=1)
    options = parser.parse_args()
    task = TASKS["mnist"]
    settings: dict[str, Any] = {
        **presets.FULL["mnist"]["networks"]["dense"],
        **{"arm": "mpsl", "coefficients": "learned", "samples": None, "epochs": options.epochs, "robust": 0},
    }
    with tempfile.TemporaryDirectory() as folder:
        settings["keep"] = str(Path(folder) / "merged.npz")
        found = training.carry_out(task, settings, 0, None)
        merged = weights.read(settings["keep"])
    accuracy, apart = found["accuracy"], found["merged"]
    print(f"trained: {accuracy['on']:.2%} of the test images, {accuracy['frozen']:.2%} with frozen weights")
    print(f"scores of {settings['merged']} test images on jax, merged and not: at most {apart:.1e} mV apart")

    images = task.split(0, None)["test"].images[: options.images]
    single = network.build(task.shape, task.classes, settings, 0, one=True)
    precise = network.compiled(single, {**settings, "dtype": "float64"})
    inputs = training.inputs_of(images)

    def of(out: Any) -> Any:
        return {"scores": training.scores(out), "spikes": out.raster("spikes")}

    expected = learning.predict(precise, inputs, of, values=merged)
    program = network.compiled(single, settings, "cpp")
    begin, same, alike, furthest, spikes = time.perf_counter(), 0, 0, 0.0, 0
    for number, image in enumerate(inputs["image"]):
        out = program(values=merged, inputs={"image": image})
        scores = out.states["potential"]["v"].mean(axis=0) * 1e3
        raster = out.raster("spikes")
        same += int(scores.argmax() == expected["scores"][number].argmax())
        alike += int(np.array_equal(raster, expected["spikes"][number] > 0.5))
        furthest = max(furthest, float(np.abs(scores - expected["scores"][number]).max()))
        spikes += int(raster.sum())
    print(
        f"{len(images)} test images, merged, on cpp and jax: {same} with the same prediction, {alike} with the same "
        f"spikes ({spikes} in all), scores at most {furthest:.1e} mV apart; {time.perf_counter() - begin:.0f} s"
    )


if __name__ == "__main__":
    main()
