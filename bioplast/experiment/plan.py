"""What a run will do, settled and checked before anything is written."""

from __future__ import annotations

import inspect
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import BioplastError, TargetUnavailable, UnknownName
from ..version import package_versions
from .answers import ask, list_of
from .plain import check_ids, to_plain
from .protocol import Protocol, Trial
from .settings import changed
from .work import Work

__all__ = ["PACKAGES", "Plan", "make_plan"]

# The packages whose versions a trial's result depends on.
PACKAGES = ("bioplast", "brian2", "numpy")


@dataclass(frozen=True)
class Plan:
    """A protocol with its preset, seeds and targets chosen.

    Attributes
    ----------
    protocol : Protocol
    spec : str or None
        Where the registry finds the protocol, in any process; None for one that was defined in a notebook.
    preset : str
    settings : dict
        The preset's settings with the chosen ``seeds`` and ``targets``.
    targets : list of str
        Those that work here.
    left_out : dict
        Targets that do not work here, each with the line that says why.
    seeds : list of int
    trials : list of Trial
    out : Path
    command : str
        The command line that does the same.
    scheduler : str or None
        The address of the scheduler that the trials are sent to.
    """

    protocol: Protocol
    spec: str | None
    preset: str
    settings: dict[str, Any]
    targets: list[str]
    left_out: dict[str, str]
    seeds: list[int]
    trials: list[Trial]
    out: Path
    command: str
    stamp: dict[str, Any] = field(default_factory=dict)
    scheduler: str | None = None

    @property
    def resume_command(self) -> str:
        """The command line that continues the run."""
        return f"{self.command} --resume"

    @property
    def work(self) -> Work:
        """What is to be done."""
        return Work(self.protocol.name, self.trials, self.protocol.run, self.spec, self.stamp, self.resume_command)


def make_plan(
    protocol: Protocol | str,
    preset: str = "demo",
    seeds: int | None = None,
    targets: Sequence[str] | None = None,
    out: Path | str | None = None,
    workers: int = 1,
    changes: Mapping[str, Any] | None = None,
    scheduler: str | None = None,
) -> Plan:
    """Settle what a run will do; parameters and errors as for `bioplast.experiment.run`."""
    protocol, spec, given = _find(protocol)
    settings = changed(protocol.name, protocol.settings(preset), changes or {})
    if seeds is not None:
        _at_least_one("seeds", seeds)
        if "seeds" not in settings:
            raise BioplastError(f"{protocol.name} draws nothing at random: leave --seeds out")
        settings["seeds"] = seeds
    _at_least_one("workers", workers)
    if scheduler is not None and workers > 1:
        raise BioplastError("--scheduler and --workers exclude each other: a cluster has its own workers")
    chosen, left_out = _choose_targets(protocol, settings.get("targets"), targets)
    if protocol.targets:
        settings["targets"] = chosen
    seed_list = list(range(settings.get("seeds", 0)))
    trials = ask(
        protocol.name,
        "trials",
        lambda: protocol.trials(to_plain(settings), list(chosen), list(seed_list)),
        lambda answer: [Trial(t.id, to_plain(t.settings), t.seed) for t in list_of(Trial)(answer)],
    )
    check_ids(f"{protocol.name}: trial", [trial.id for trial in trials])
    out = Path("results", f"{protocol.name}-{preset}") if out is None else Path(out)
    command = ["bioplast", "run", given, "--preset", preset]
    command += ["--seeds", str(seeds)] if seeds is not None else []
    for target in targets or ():
        command += ["--target", target]
    for name, value in (changes or {}).items():
        command += ["--set", f"{name}={','.join(map(str, value)) if isinstance(value, list) else value}"]
    command += ["--workers", str(workers)] if workers > 1 else []
    command += ["--scheduler", scheduler] if scheduler is not None else []
    command += ["--out", str(out)]
    stamp = {
        "protocol": protocol.name,
        "protocol version": protocol.version,
        "preset": preset,
        "packages": package_versions(list(PACKAGES)),
    }
    line = shlex.join(command)
    return Plan(
        protocol, spec, preset, settings, chosen, left_out, seed_list, trials, out, line, stamp, scheduler=scheduler
    )


def _find(asked: Protocol | str) -> tuple[Protocol, str | None, str]:
    """The protocol, where any process finds it, and what the command line calls it."""
    if isinstance(asked, str):
        from .find import load_protocol

        return load_protocol(asked), _absolute(asked), asked
    spec = find_spec(asked)
    return asked, spec, spec or asked.name


def _at_least_one(name: str, number: Any) -> None:
    if isinstance(number, bool) or not hasattr(number, "__index__"):
        raise BioplastError(f"{name} {number!r}: a whole number is needed")
    if number < 1:
        raise BioplastError(f"--{name} {number}: at least 1 is needed")


def _choose_targets(
    protocol: Protocol, of_preset: Sequence[str] | None, asked: Sequence[str] | None
) -> tuple[list[str], dict[str, str]]:
    if not protocol.targets:
        if asked:
            raise BioplastError(f"{protocol.name} does not simulate on a target of choice: leave --target out")
        return [], {}
    from ..program.targets import available

    works = available()
    for target in asked or ():
        if target not in works:
            raise UnknownName("target", target, works)
        if target not in protocol.targets:
            raise UnknownName(f"target of {protocol.name}", target, protocol.targets)
        if works[target] is not None:
            raise TargetUnavailable(f"target {target!r}: {works[target]}")
    wanted = list(dict.fromkeys(asked or of_preset or protocol.targets))
    left_out = {target: line for target in wanted if (line := works.get(target, "not known here")) is not None}
    chosen = [target for target in wanted if target not in left_out]
    if not chosen:
        raise TargetUnavailable(
            f"{protocol.name}: no target works here: " + "; ".join(f"{name}: {line}" for name, line in left_out.items())
        )
    return chosen, left_out


def _absolute(spec: str) -> str:
    """The spec of a file with its full path, so that it means the same in every process."""
    path, colon, name = spec.rpartition(":") if ".py:" in spec else (spec, "", "")
    return f"{Path(path).resolve()}{colon}{name}" if path.endswith(".py") else spec


def find_spec(protocol: Protocol) -> str | None:
    """Where the registry finds a protocol object: its name, or the file and variable that hold it."""
    module = inspect.getmodule(protocol.run)
    if module is None:
        return None
    name = next((name for name, value in vars(module).items() if value is protocol), None)
    if name and module.__name__.startswith("bioplast.protocols."):
        return name
    file = getattr(module, "__file__", None)
    return f"{Path(file).resolve()}:{name}" if name and file and Path(file).is_file() else None
