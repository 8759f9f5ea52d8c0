"""The command line: ``bioplast list | show | run | assess | export | report | complexity | doctor | cache``.

A command is parsed first and carried out afterwards, in `main`, so that every error takes the same way out: one line
on the standard error and the exit status 2, 1 for what is no mistake of the user's, 130 for Ctrl-C.
"""

from __future__ import annotations

import errno
import gc
import io
import os
import sys
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .errors import BioplastError, ProtocolError, TargetUnavailable, UnknownName
from .version import __version__

if TYPE_CHECKING:
    from .experiment import Run

__all__ = ["main"]

# Nothing that imports Brian2 is imported above: `bioplast --help` answers at once.

Action = Callable[[], int | None]

app = typer.Typer(
    name="bioplast",
    help="Neurons, synapses and plasticity rules written once as equations, run and reproduced on Brian2.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(invoke_without_command=True)
def _begin(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Show the version and exit.")] = False,
) -> Action | None:
    if version:
        typer.echo(f"bioplast {__version__}")
        raise typer.Exit()
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        raise typer.Exit()
    return None


@app.command("list")
def list_command() -> Action:
    """List the models, grouped by kind, and the protocols."""
    return _list


@app.command()
def show(
    name: Annotated[str, typer.Argument(metavar="NAME|file.py:name", help="A model or a protocol.")],
    markdown: Annotated[bool, typer.Option("--markdown", help="As Markdown.")] = False,
    html: Annotated[bool, typer.Option("--html", help="As HTML.")] = False,
) -> Action:
    """Show a model's equations and parameters, or what a protocol does."""
    if markdown and html:
        raise typer.BadParameter("--markdown and --html exclude each other")
    return partial(_show, name, "markdown" if markdown else "html" if html else "text")


@app.command()
def run(
    protocol: Annotated[str, typer.Argument(metavar="PROTOCOL|all|file.py:name", help="Which protocol to run.")],
    preset: Annotated[str, typer.Option(help="demo (seconds), quick or full; some have paper, too.")] = "demo",
    seeds: Annotated[int | None, typer.Option(metavar="N", help="Over how many seeds.")] = None,
    target: Annotated[
        list[str] | None,
        typer.Option(metavar="T", help="Where to simulate: one or several, or separated by commas. Default: all."),
    ] = None,
    change: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="NAME=VALUE",
            help="Replace a setting of the preset, such as patterns=A,Q or, within a part, memory.generations=9.",
        ),
    ] = None,
    workers: Annotated[int, typer.Option(metavar="N", help="How many local worker processes.")] = 1,
    scheduler: Annotated[
        str | None, typer.Option(metavar="tcp://HOST:PORT", help="Send the trials to this scheduler of Dask.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="The run's folder. Default: results/PROTOCOL-PRESET.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Keep the folder's finished trials, do the rest.")] = False,
) -> Action:
    """Run a protocol and write its summary, figures and report."""
    targets = [name.strip() for text in target or () for name in text.split(",") if name.strip()] or None
    changes = dict(_name_and_value(text) for text in change or ())
    return partial(_run, protocol, preset, seeds, targets, out, resume, workers, scheduler, changes)


@app.command()
def assess(
    model: Annotated[str, typer.Argument(metavar="MODEL|file.py:name", help="A neuron, or a black box from a file.")],
    patterns: Annotated[
        str | None, typer.Option(metavar="A,B", help="Which of the twenty firing patterns. Default: all.")
    ] = None,
    budget: Annotated[
        int | None, typer.Option(metavar="N", help="How many candidates a search simulates at most.")
    ] = None,
    seed: Annotated[int, typer.Option(metavar="S", help="The same seed gives the same scorecard.")] = 1,
    starts: Annotated[int | None, typer.Option(metavar="N", help="How many searches for each pattern.")] = None,
    target: Annotated[str, typer.Option(metavar="T", help="Where neurons are simulated.")] = "cpp",
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Write the scorecard and its figures there.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Keep the folder's finished patterns, do the rest.")] = False,
) -> Action:
    """Find out which firing patterns a model shows, and with which parameters."""
    letters = None if patterns is None else [name.strip() for name in patterns.split(",") if name.strip()]
    if resume and out is None:
        raise typer.BadParameter("--resume needs --out DIR")
    chosen = {name: number for name, number in (("budget", budget), ("starts", starts)) if number is not None}
    return partial(_assess, model, letters, seed, target, out, resume, chosen)


def _name_and_value(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise typer.BadParameter(f"--set {text}: NAME=VALUE is accepted")
    return name.strip(), value


@app.command()
def export(
    name: Annotated[str, typer.Argument(metavar="PROTOCOL|MODEL|file.py:name", help="A protocol or a neuron.")],
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new or empty folder.")],
    preset: Annotated[
        str | None, typer.Option(help="Of a protocol: demo, quick, full, and of some paper.", show_default="demo")
    ] = None,
    change: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Replace a setting of the preset, such as patterns=C."),
    ] = None,
) -> Action:
    """Write a C++ project that builds and runs with make and g++ alone."""
    return partial(_export, name, folder, preset, dict(_name_and_value(text) for text in change or ()))


@app.command()
def report(folder: Annotated[Path, typer.Argument(metavar="DIR", help="A run's folder.")]) -> Action:
    """Rebuild a run's report and print its summary."""
    return partial(_report, folder)


@app.command()
def complexity(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="Bits as text, one word a line (.txt, .bits, .dat or no ending); an array [words, symbols] (.npy); "
            "spike trains (.nix, .nwb).",
        ),
    ],
    bin: Annotated[
        str | None, typer.Option("--bin", metavar="T", help="Of spike trains, such as '5 ms'.", show_default="1 ms")
    ] = None,
    transpose: Annotated[bool, typer.Option("--transpose", help="The array is [steps, neurons].")] = False,
    block: Annotated[int, typer.Option(metavar="N", help="The entropy rate is of blocks of N symbols.")] = 4,
) -> Action:
    """Print the Lempel-Ziv complexity of the binary words in a file."""
    return partial(_complexity, file, bin, transpose, block)


@app.command()
def doctor() -> Action:
    """Say what works on this machine, and how to get the rest."""
    return _doctor


@app.command()
def cache(clear: Annotated[bool, typer.Option("--clear", help="Remove all builds.")] = False) -> Action:
    """Show where compiled programs are kept and how much room they take, or remove them."""
    return partial(_cache, clear)


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out a command line.

    Parameters
    ----------
    arguments : sequence of str, optional
        By default those of the process.

    Returns
    -------
    int
        The exit status.
    """
    _open_streams()
    try:
        action = app(args=arguments, prog_name="bioplast", standalone_mode=False)
        status = (action() or 0) if callable(action) else int(action or 0)
        sys.stdout.flush()
        return status
    except BioplastError as error:
        return _complain(str(error), 2)
    except ProtocolError as error:
        return _complain(str(error), 1)
    except (KeyboardInterrupt, typer.Abort) as error:
        return _complain(str(error) or "interrupted", 130)
    except BrokenPipeError:
        _abandon_output()  # whoever read it has had enough
        return 1
    except Exception as error:
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            _abandon_output()
            return _complain(f"cannot write {error.filename or 'the output'}: {error.strerror}", 2)
        # Typer brings its usage errors from click or from a copy of it, depending on the version.
        if hasattr(error, "format_message"):
            return _complain(error.format_message(), 2)
        raise


def _open_streams() -> None:
    """Give Python a standard output and error that take any text, also where the caller has closed them."""
    for number, name in ((1, "stdout"), (2, "stderr")):
        stream = getattr(sys, name)
        if stream is None:
            # A file that is opened later must not get the number: what is printed would go into it.
            with suppress(OSError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), number)
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115 - open as long as the process is
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _abandon_output() -> None:
    """Keep Python from writing once more to an output that takes nothing, when it closes it."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _complain(line: str, status: int) -> int:
    print("bioplast:", " ".join(line.split()), file=sys.stderr)
    return status


def _list() -> None:
    from .definition.find import models
    from .experiment.find import protocols

    groups: dict[str, dict[str, str]] = {"neurons": {}, "receptors": {}, "synapses": {}}
    for name, model in models().entries.items():
        groups.setdefault(f"{model.kind.lower()}s", {})[name] = model.says["meaning"]
    groups["protocols"] = {
        name: f"{protocol.says['title']} ({', '.join(protocol.says['presets'])})"
        for name, protocol in protocols().entries.items()
    }
    width = max((len(name) for group in groups.values() for name in group), default=0)
    for kind, group in groups.items():
        if group:
            print(kind)
        for name, text in group.items():
            print(f"  {name:{width}}  {' '.join(text.split())}".rstrip())


def _show(name: str, style: str) -> None:
    collects = gc.isenabled()
    gc.disable()  # a seventh of the time to import Brian2 goes into looking for garbage, and it leaves none
    try:
        found = _model_or_protocol(name)
    finally:
        if collects:
            gc.enable()
    if hasattr(found, "to_markdown"):
        print({"text": found.__str__, "markdown": found.to_markdown, "html": found.to_html}[style]())
    else:
        from .experiment.describe import markdown, text
        from .experiment.html import protocol_html

        print({"text": text, "markdown": markdown, "html": protocol_html}[style](found))


def _model_or_protocol(name: str) -> Any:
    from . import registry
    from .definition.find import load, models

    if registry.key(name) in models():
        return load(name)
    from .experiment.find import load_protocol, protocols

    if ".py" not in name:
        if registry.key(name) not in protocols():
            raise UnknownName("model or protocol", name, [*models(), *protocols()])
        return load_protocol(name)
    try:
        return load(name)
    except BioplastError as error:
        try:
            return load_protocol(name)
        except BioplastError:
            raise error from None


def _run(
    name: str,
    preset: str,
    seeds: int | None,
    targets: list[str] | None,
    out: Path | None,
    resume: bool,
    workers: int,
    scheduler: str | None,
    changes: dict[str, str],
) -> int:
    from . import experiment
    from .experiment.find import protocols

    if name == "all":
        if changes:
            raise BioplastError("--set belongs to one protocol: name it instead of 'all'")
        names = list(protocols())
        every = experiment.run_every(names, preset, seeds, targets, out, resume, workers, scheduler=scheduler)
        for done in every.runs:
            _print_left_out(done)
        for protocol, error in every.failed.items():
            _complain(f"{protocol}: {error}", 2)
        print(f"report: {every.folder / 'report.html'}")
        # what this machine lacks is no failure of the others, unless it was asked for
        lacking = TargetUnavailable if every.runs and not targets else ()
        failed = [error for error in every.failed.values() if not isinstance(error, lacking)]
        return max((2 if isinstance(error, BioplastError) else 1 for error in failed), default=0)
    done = experiment.run(
        name, preset, seeds, targets, out, resume, workers=workers, changes=changes, scheduler=scheduler
    )
    _print_left_out(done)
    _print_summary(done.folder)
    print(f"report: {done.report}")
    return 0


def _assess(
    model: str,
    letters: list[str] | None,
    seed: int,
    target: str,
    out: Path | None,
    resume: bool,
    chosen: dict[str, Any],
) -> None:
    from .experiment.assessment import assess

    print(assess(model, letters, seed=seed, target=target, out=out, resume=resume, **chosen))
    if out is not None:
        print(f"scorecard: {out / 'scorecard.html'}")


def _export(name: str, folder: Path, preset: str | None, changes: dict[str, str]) -> None:
    import brian2

    from .experiment import Protocol
    from .experiment.answers import a_pair, ask
    from .experiment.settings import changed
    from .program.cpp.export import export

    found = _model_or_protocol(name)
    brian2.prefs.codegen.target = "numpy"  # nothing is run here, so nothing needs to be compiled
    if isinstance(found, Protocol):
        make = found.network
        if make is None:
            raise BioplastError(f"{found.name} has no network to export")
        settings = changed(found.name, found.settings(preset or "demo"), changes)
        network, duration = ask(found.name, "network", lambda: make(settings), a_pair)
        program, about = found.name, f"{found.title}. {found.source}"
    else:
        if found.kind != "neuron":
            raise BioplastError(f"{name} is a {found.kind}: a protocol or a neuron is accepted")
        if changes or preset is not None:
            raise BioplastError(f"{'--set' if changes else '--preset'} belongs to a protocol, {name} is a neuron")
        cell = found.group(1, name="neuron", **({"dt": found.dt} if found.dt is not None else {}))
        voltage = [v for v in ("v", *found.state_variables) if v in found.state_variables][:1]
        recorded = [brian2.StateMonitor(cell, voltage, record=True, name="trace")] if voltage else []
        spikes = [brian2.SpikeMonitor(cell, name="spikes")] if found.threshold else []
        network, duration = brian2.Network(cell, *recorded, *spikes), brian2.second
        program, about = found.name, f"One neuron of the model {found.name}. {found.source}"
    written = export(network, duration, folder, name=program.replace("-", "_"), about=about, namespace={})
    print(f"C++ project: {written} (cd there, make, ./{program.replace('-', '_')} --help)")


def _complexity(file: Path, bin: str | None, transpose: bool, block: int) -> None:
    from .analysis.word_files import bin_width, complexities, shortest

    width = None if bin is None else bin_width(bin)
    found = complexities(file, bin=width, transpose=transpose, block=block)
    heads = ("word", "symbols", "ones", "LZ76", "LZ78", "normalized LZ76", f"entropy rate, N = {block} (bits)")
    rows = [
        (
            word.name,
            *map(str, (word.symbols, word.ones, word.lz76, word.lz78)),
            *("" if number != number else f"{number:.4f}" for number in (word.normalized, word.entropy_rate)),
        )
        for word in found
    ]
    shown = [k for k in range(len(heads)) if k < 5 or any(row[k] for row in rows)]
    _print_table("", [heads[k] for k in shown], [[row[k] for k in shown] for row in rows], range(1, len(shown)))
    if len(heads) - 1 not in shown:
        print(f"no entropy rate: blocks of {block} need words of at least {shortest(block):,} symbols; see --block")


def _print_left_out(done: Run) -> None:
    for target, line in done.left_out.items():
        print(f"{done.protocol}: target {target} left out: {line}")


def _print_summary(folder: Path) -> None:
    from .experiment.agreement import row_cells
    from .experiment.report import read_run

    record, summary = read_run(folder)
    heads = ("", "ours", "95 % interval", "seeds", "unit", "published", "difference")
    cells = [row_cells(row) for row in summary["rows"]]
    columns = list(zip(*cells, strict=True)) or [() for _ in heads]
    shown = [k for k, column in enumerate(columns) if k < 2 or any(column)]
    right = [n for n, k in enumerate(shown) if k in (1, 2, 3, 5)]
    _print_table(
        record["protocol"]["title"], [heads[k] for k in shown], [[row[k] for k in shown] for row in cells], right
    )


def _print_table(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]], right: Collection[int]) -> None:
    """Print rows below their heads; the columns in `right` are numbers."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title or None, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for k, head in enumerate(heads):
        table.add_column(head, justify="right" if k in right else "left", overflow="fold", no_wrap=k > 0)
    for row in rows:
        table.add_row(*row)
    # In a file or a pipe a row is one line, however long.
    Console(highlight=False, markup=False, width=None if sys.stdout.isatty() else 300).print(table)


def _report(folder: Path) -> int:
    from .experiment.report import write_index

    runs = sorted(path.parent for path in folder.glob("*/run.json"))
    if not runs or (folder / "run.json").exists():
        print(_report_of_one(folder))
        return 0
    status = 0
    for path in runs:
        try:
            page = _report_of_one(path)
            if page.startswith("scorecard"):
                print(page)
        except BioplastError as error:  # the others have their reports all the same
            status = _complain(str(error), 2)
    print(f"report: {write_index(folder)}")
    return status


def _report_of_one(folder: Path) -> str:
    """Print the summary of a run and write its page; the line that says where that is."""
    from .experiment.report import write_report

    if (folder / "scorecard.html").exists():
        return f"scorecard: {folder / 'scorecard.html'}"
    page = write_report(folder)
    _print_summary(folder)
    return f"report: {page}"


def _doctor() -> None:
    from .doctor import examine

    print(examine().text(), end="")


def _cache(clear: bool) -> None:
    from .program.build import cache

    if clear:
        print(f"{_megabytes(cache.clear())} freed in {cache.folder()}")
    else:
        print(f"{cache.folder()}: {_megabytes(cache.size())} of at most {_megabytes(cache.limit())}")


def _megabytes(number: int) -> str:
    return f"{number / 1e6:.1f} MB"
