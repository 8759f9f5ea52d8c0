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
from importlib import resources
from pathlib import Path

import brian2

import bioplast
from bioplast.atomic import write_text
from bioplast.plausibility import PATTERNS, Scale
from bioplast.plausibility.calibrate import calibrate
from bioplast.plausibility.impossible import argument
from bioplast.plausibility.search import Objective, search

SIZE, ENOUGH = 128, 3
ROWS = {
    "integrate_and_fire": "integrate-and-fire",
    "adaptive_lif": "integrate-and-fire with adaptation",
    "integrate_and_fire_or_burst": "integrate-and-fire-or-burst",
    "resonate_and_fire": "resonate-and-fire",
    "quadratic_integrate_and_fire": "quadratic integrate-and-fire",
    "izhikevich_2004": "izhikevich 2003",
    "fitzhugh_nagumo": "fitzhugh-nagumo",
    "hindmarsh_rose": "hindmarsh-rose",
    "morris_lecar": "morris-lecar",
    "wilson": "wilson",
    "hodgkin_huxley": "hodgkin-huxley",
}
FIELDS = ("model", "pattern", "published", "impossible", "budget", "searches", "found", "evaluations", "best_loss")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--models", default=",".join(ROWS))
    parser.add_argument("--cells", default="+-?", help="which published verdicts, such as + or -?")
    parser.add_argument("--letters", default="".join(PATTERNS))
    parser.add_argument("--seeds", default="11,12,13,14,15")
    parser.add_argument("--budget", type=int, default=12_000)
    given = parser.parse_args()
    brian2.prefs.codegen.target = "numpy"
    text = (resources.files("bioplast.data") / "izhikevich_2004_features.csv").read_text()
    published = {row["model"]: row for row in csv.DictReader(text.splitlines())}
    done = list(csv.DictReader(given.file.read_text().splitlines())) if given.file.exists() else []
    seeds = [int(seed) for seed in given.seeds.split(",")]
    for name in given.models.split(","):
        scale: Scale | None = None
        for letter in given.letters:
            known = published[ROWS[name]][letter]
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
