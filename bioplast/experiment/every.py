"""Every protocol, each into a folder of its own, with an index that links their reports."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import BioplastError, Interrupted, ProtocolError
from ..progress import Progress
from ..version import package_versions
from .cluster import connected
from .folder import cannot_write
from .plan import PACKAGES, make_plan
from .report import write_index
from .runner import Run, run_planned

__all__ = ["Every", "run_every"]


@dataclass(frozen=True)
class Every:
    """What became of every protocol.

    Attributes
    ----------
    folder : Path
    runs : list of Run
        Those that are complete.
    failed : dict of Exception
        Those that are not, by the protocol's name.
    """

    folder: Path
    runs: list[Run] = field(default_factory=list)
    failed: dict[str, Exception] = field(default_factory=dict)


def run_every(
    names: Sequence[str],
    preset: str = "demo",
    seeds: int | None = None,
    targets: Sequence[str] | None = None,
    out: Path | str | None = None,
    resume: bool = False,
    workers: int = 1,
    progress: Progress = True,
    scheduler: str | None = None,
) -> Every:
    """Run protocols one after the other, each into ``OUT/NAME``; a broken one does not stop the others.

    Parameters are those of `bioplast.experiment.run`. `seeds` and `targets` apply to the protocols that have any.
    """
    from .find import load_protocol

    protocols = [load_protocol(name) for name in names]
    out = Path("results", f"all-{preset}") if out is None else Path(out)
    if (out / "run.json").exists():
        raise BioplastError(f"{out} is the folder of a single run: choose another --out")
    for protocol in protocols:
        protocol.settings(preset)
        trials = len(list((out / protocol.name / "trials").rglob("*.json")))
        if trials and not resume:
            raise BioplastError(
                f"{out / protocol.name} already holds finished trials: add --resume to keep them and do the rest, "
                "or choose another --out"
            )
    if scheduler is not None and workers > 1:
        raise BioplastError("--scheduler and --workers exclude each other: a cluster has its own workers")
    every = Every(out)
    with ExitStack() as stack:
        executor = None
        if scheduler is not None:
            executor = stack.enter_context(connected(scheduler, package_versions(list(PACKAGES)), progress is True))
        for name, protocol in zip(names, protocols, strict=True):
            try:
                own_seeds = seeds if "seeds" in protocol.settings(preset) else None
                own_targets = targets if protocol.targets else None
                own_out = out / protocol.name
                plan = make_plan(name, preset, own_seeds, own_targets, own_out, workers, scheduler=scheduler)
                every.runs.append(run_planned(plan, resume, executor, workers, progress))
            except Interrupted as error:
                command = ["bioplast", "run", "all", "--preset", preset]
                command += ["--seeds", str(seeds)] if seeds is not None else []
                for target in targets or ():
                    command += ["--target", target]
                command += ["--workers", str(workers)] if workers > 1 else []
                command += ["--scheduler", scheduler] if scheduler is not None else []
                command += ["--out", str(out), "--resume"]
                line = str(error).partition("; continue with")[0]
                raise Interrupted(f"{name}: {line}; continue with: {shlex.join(command)}") from None
            except (BioplastError, ProtocolError) as error:
                every.failed[name] = error
    with cannot_write(out / "report.html"):
        write_index(out, {name: str(error) for name, error in every.failed.items()})
    return every
