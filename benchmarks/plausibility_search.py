"""How often the search finds what figure 2 of Izhikevich (2004) says, over seeds, from a cold start.

    python benchmarks/plausibility_search.py FILE.csv [--models A,B] [--cells +] [--seeds 11,12,13,14,15] [--budget N]

A cell of the figure is searched with one seed after the other until three searches have found the pattern, or three can
no longer do so. Each cell is added to the file when it is done, and not searched again if it is there.
"""

from __future__ import annotations

import argparse
import csv
import io
import time
from pathlib import Path

import brian2

import bioplast
from bioplast.atomic import write_text
from bioplast.plausibility import PATTERNS, Scale
from bioplast.plausibility.calibrate import calibrate
from bioplast.plausibility.impossible import argument
from bioplast.plausibility.published import ROWS, figure_2
from bioplast.plausibility.search import Objective, search

SIZE, ENOUGH = 128, 3
# Izhikevich's row is that of the form with which the author made figure 1.
MODELS = [name for name in ROWS if name != "izhikevich_2003"]
FIELDS = ("model", "pattern", "published", "impossible", "budget", "searches", "found", "evaluations", "best_loss")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--models", default=",".join(MODELS))
    parser.add_argument("--cells", default="+-?", help="which published verdicts, such as + or -?")
    parser.add_argument("--letters", default="".join(PATTERNS))
    parser.add_argument("--seeds", default="11,12,13,14,15")
    parser.add_argument("--budget", type=int, default=12_000)
    given = parser.parse_args()
    brian2.prefs.codegen.target = "numpy"
    done = list(csv.DictReader(given.file.read_text().splitlines())) if given.file.exists() else []
    seeds = [int(seed) for seed in given.seeds.split(",")]
    for name in given.models.split(","):
        scale: Scale | None = None
        for letter in given.letters:
            known = figure_2()[ROWS[name]].patterns[letter]
            if known not in given.cells or any((row["model"], row["pattern"]) == (name, letter) for row in done):
                continue
            row = dict.fromkeys(FIELDS, "") | {"model": name, "pattern": letter, "published": known}
            begin = time.perf_counter()
            if argument(name, letter) is not None:
                row["impossible"] = "yes"
            else:
                scale = calibrate(bioplast.load(name)) if scale is None else scale
                row |= searched(Objective(bioplast.load(name), PATTERNS[letter], scale, SIZE), seeds, given.budget)
            print(*row.values(), f"{time.perf_counter() - begin:.0f} s", flush=True)
            done.append(row)
            out = io.StringIO()
            writer = csv.DictWriter(out, FIELDS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(done)
            write_text(given.file, out.getvalue())


def searched(objective: Objective, seeds: list[int], budget: int) -> dict[str, object]:
    """Searches with one seed after the other, as long as they matter."""
    losses: list[float] = []
    total = 0
    for seed in seeds:
        shown = losses.count(0.0)
        if shown == ENOUGH or shown + len(seeds) - len(losses) < min(ENOUGH, len(seeds)):
            break
        objective.evaluations = 0
        found = search(objective, budget, seed)
        losses.append(found.loss)
        total += found.evaluations
    return {
        "budget": budget,
        "searches": len(losses),
        "found": losses.count(0.0),
        "evaluations": total,
        "best_loss": f"{min(losses):.3g}",
    }


if __name__ == "__main__":
    main()
