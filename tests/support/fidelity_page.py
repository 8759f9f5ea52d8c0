"""The page of the ledger of fidelity, data/fidelity.md, for people."""

from __future__ import annotations

# What a row is about: a model, or a network with constructs of Brian2. The page has a section for each kind of network.
MODEL = "model"
NETWORKS = {
    "construct": "Networks of one construct or few",
    "noise": "Networks that draw random numbers",
    "large": "Networks of many constructs",
    "random": "Random networks",
}


def as_markdown(rows: list[dict[str, str]]) -> str:
    """The table that people read: a section for each model, and one for each kind of network."""
    lines = [
        "# Fidelity",
        "",
        "How far each model is from its truth, and networks with each construct of Brian2 from Brian2's NumPy target.",
        "`make ledger` runs the comparisons again and writes this page and `fidelity.csv`, which also names the test",
        "of each row. Everything is computed in float64.",
        "",
        "## Models",
        "",
        "What each model was compared with, at which step, and how far the two are apart at most.",
    ]
    models = [row for row in rows if row["kind"] == MODEL]
    for model in sorted({row["name"] for row in models}):
        lines += ["", f"### {model}", ""]
        lines += heading("quantity", "against", "target", "dt (ms)", "duration (ms)", "deviation", "tolerance")
        for row in models:
            if row["name"] == model:
                unit = "" if row["unit"] == "1" else f" {row['unit']}"
                cells = [row[name] for name in ("quantity", "against", "target", "dt_ms", "duration_ms")]
                lines.append(line(*cells, f"{row['deviation']}{unit}", f"{row['tolerance']}{unit}"))
    networks = [row for row in rows if row["kind"] != MODEL]
    return "\n".join(lines + (networks_as_markdown(networks) if networks else [])) + "\n"


def networks_as_markdown(rows: list[dict[str, str]]) -> list[str]:
    """The lines on networks: a table of each kind, and which of them have which construct."""
    constructs: dict[str, list[str]] = {}
    for row in rows:
        for construct in row["covers"].split("; ") if row["kind"] in ("construct", "noise") else []:
            constructs.setdefault(construct, []).append(row["name"])
    half = len({name for names in constructs.values() for name in names}) / 2
    usual = sorted(construct for construct, names in constructs.items() if len(names) > half)
    lines = [
        "",
        "## Networks",
        "",
        "Each network runs on the target and on Brian2's NumPy target: every spike falls into the same step, and the",
        "deviation is that of the variable that is furthest off, recorded or at the end of the run, in units of that",
        "variable's largest magnitude. What a network has is read from its objects.",
    ]
    if usual:
        lines += [f"What more than half of the small ones have is not repeated: {', '.join(usual)}."]
    for kind, title in NETWORKS.items():
        lines += ["", f"### {title}", ""]
        lines += heading("network", "has", "target", "dt (ms)", "duration (ms)", "spikes", "deviation", "tolerance")
        for row in rows:
            if row["kind"] == kind:
                has = "; ".join(construct for construct in row["covers"].split("; ") if construct not in usual)
                cells = [row[name] for name in ("target", "dt_ms", "duration_ms", "spikes", "deviation", "tolerance")]
                lines.append(line(row["name"], has, *cells))
    lines += ["", "### Where each construct is", "", *heading("construct", "networks")]
    for construct, names in sorted(constructs.items(), key=lambda found: found[0].casefold()):
        shown, more = names[:6], len(names) - 6
        lines.append(line(construct, ", ".join(shown) + (f" and {more} more" if more > 0 else "")))
    return lines


def heading(*cells: str) -> list[str]:
    return [line(*cells), f"|{'---|' * len(cells)}"]


def line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"
