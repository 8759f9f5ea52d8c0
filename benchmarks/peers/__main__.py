"""The command line: what is compared, and where the table and the figure go."""

from __future__ import annotations

import argparse
import importlib.util
import os
import sys
import tempfile
from pathlib import Path

from bioplast.experiment import provenance
from bioplast.files import write_text
from bioplast.version import package_version

from . import __doc__ as told
from .task import Task, swept

_NEEDED = ("jax", "optax", "torch", "snntorch", "norse", "spikingjelly", "sparx")
_NAMED = ("torch", "snntorch", "norse", "spikingjelly", "sparxml", "jax", "flax", "brian2", "numpy")
#: Sweeps that take a compiled library along: of another density it needs no other program, of another size it does.
_COMPILED = ("hidden", "density")


def main() -> None:
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        return print(
            f"benchmarks.peers left out, without {', '.join(missing)}: "
            f"{os.path.relpath(sys.executable)} -m pip install -e '.[peers]', then with --no-deps "
            "sparxml==0.1.1 and dewml==0.1.0 (Python 3.12 or newer)"
        )
    # these need what may be missing
    from . import figure, report
    from .compare import DisagreementError, Row, again, compare
    from .compiling import compile_times
    from .worker import CONTESTANTS

    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.peers", description=told, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=15, help="turns of each library at the base task; half in sweeps")
    parser.add_argument("--only", choices=["base"], help="leave the sweeps out")
    parser.add_argument("--libraries", nargs="+", choices=list(CONTESTANTS), default=list(CONTESTANTS), metavar="NAME")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--task", type=int, nargs=5, metavar=("INPUTS", "HIDDEN", "OUTPUTS", "STEPS", "BATCH"))
    parser.add_argument("--out", type=Path, default=Path("data/peers"))
    options = parser.parse_args()
    base = Task(*options.task) if options.task else Task()
    names = list(dict.fromkeys(["bioplast", *options.libraries]))
    sweeps = {} if options.only else swept(base)
    load = os.getloadavg()[0]

    rows: list[Row] = []
    header = _header(options.device, load)

    def write() -> None:
        options.out.mkdir(parents=True, exist_ok=True)
        report.write_csv(rows, options.out / "peers.csv")
        write_text(options.out / "peers.md", report.markdown(rows, base, header))
        figure.draw(rows, base, sweeps, options.out / "peers.png")

    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        try:
            rows += compare(base, names, options.rounds, options.device, folder)
            _tell(rows, base)
            write()
            second = again(base, "bioplast", options.device, folder)
            header.append(
                f"First two steps of bioplast in a second process, with what the first left on disk: {second:.1f} s."
            )
            cold, warm = compile_times(base, options.device, folder)
            header.append(
                f"Compile time of bioplast: {cold:.2f} s with empty caches, {warm:.2f} s with what is on disk then."
            )
            for word, title in (("train", "training step"), ("forward", "forward pass")):
                best = report.fastest(rows, base, word)
                if best is not None:
                    times = report.ratio(rows, best, word)
                    header.append(f"Fastest peer, {title}: {best.library}, {times:.2f} times the time of bioplast.")
            write()
            best = report.fastest([r for r in rows if r.library.endswith("compiled")], base, "train")
            for axis, tasks in sweeps.items():
                # torch compiles for minutes: only the fastest of those goes on, and not along each line
                further = best.library if best is not None and axis in _COMPILED else None
                taking = [name for name in names if name == further or not name.endswith("compiled")]
                for task in (task for task in tasks if task != base):
                    rows += compare(task, taking, (options.rounds + 1) // 2, options.device, folder)
                    _tell(rows, task)
                    write()  # what is measured is not lost with what follows
        except DisagreementError as error:
            sys.exit(str(error))
    print("\n".join(header), f"{options.out}/peers.csv, .md, .png, .svg", sep="\n")


def _header(device: str, load: float) -> list[str]:
    machine = provenance.machine()
    versions = ", ".join(f"{name} {package_version(name)}" for name in _NAMED)
    return [
        f"{machine['processor']}, {machine['cores']} cores, {device}; load before {load:.1f}; {versions}.",
        "The outputs of all are equal to the last spike.",
    ]


def _tell(rows: list, task: Task) -> None:
    print(f"\n{task}")
    for row in (r for r in rows if r.task == task):
        times = [f"{word} {1e3 * t:8.1f} ms" for word in ("train", "forward") if (t := getattr(row, word))]
        print(f"  {row.library:24}", *times, row.note, f"  first two {row.first or 0:.1f} s", sep="  ", flush=True)


if __name__ == "__main__":
    main()
