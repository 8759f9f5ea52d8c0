"""The lines of the fidelity ledger, data/fidelity.csv, that are about the models of a page."""

from __future__ import annotations

import csv
from functools import cache
from importlib import resources

from bioplast.definition import Definition


@cache
def _ledger() -> list[dict[str, str]]:
    with (resources.files("bioplast.data") / "fidelity.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def lines_of(definitions: tuple[Definition, ...]) -> list[dict[str, str]]:
    """What the ledger says of these models, a dict for each line."""
    names = {definition.name.replace("_", "-") for definition in definitions}
    return [
        {
            "model": line["name"],
            "quantity": line["quantity"],
            "against": line["against"],
            "target": line["target"],
            "dt (ms)": line["dt_ms"],
            "deviation": f"{line['deviation']} {line['unit']}",
            "tolerance": f"{line['tolerance']} {line['unit']}",
        }
        for line in _ledger()
        if line["kind"] == "model" and line["name"].replace("_", "-") in names
    ]
