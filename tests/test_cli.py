"""The command line: its ways out, and what list, show and cache print."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import bioplast
from bioplast import cli, load, registry
from bioplast.cli import main
from bioplast.definition.find import models
from bioplast.experiment.find import protocols
from bioplast.program.build import cache

CHECKOUT = Path(__file__).resolve().parents[1]

PROTOCOL = """
from bioplast.experiment import Protocol, Row, Trial
stones = Protocol(
    name="stones",
    title="Counting <stones>",
    source="Archimedes (-216), Psammites",
    description="Counts.",
    presets={"demo": {"n": 1}, "full": {"n": 9}},
    trials=lambda settings, targets, seeds: [Trial("a")],
    run=lambda trial: {},
    summarise=lambda results, settings: [],
    targets=("numpy",),
)
"""

NEURON = """
from brian2 import ms
from bioplast import Neuron, Parameter
leak = Neuron("dv/dt = -v/tau : 1", threshold="v > 1", reset="v = 0",
              parameters={"tau": Parameter(10*ms, low=1*ms, high=100*ms, meaning="membrane time constant")},
              meaning="leaky membrane", source="Lapicque (1907)")
wrong = 3
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(PROTOCOL + NEURON)
    return path


def python(*arguments, **options):
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, cwd=CHECKOUT, **options)


def one_line(text):
    assert text.startswith("bioplast: ")
    assert text.count("\n") == 1
    return text


def test_the_module_and_the_function_are_the_same(capsys):
    assert python("-m", "bioplast", "--version").stdout == f"bioplast {bioplast.__version__}\n"
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"bioplast {bioplast.__version__}\n"


@pytest.mark.parametrize("arguments", ["[]", "['--help']", "['run', '--help']", "['--version']", "['rnu']"])
def test_help_does_not_wait_for_brian2(arguments):
    script = (
        f"import sys; from bioplast.cli import main; main({arguments});"
        "sys.exit(bool({'brian2', 'numpy', 'matplotlib'} & set(sys.modules)))"
    )
    assert python("-c", script).returncode == 0


def test_help_names_every_command(capsys):
    assert main(["--help"]) == 0
    text = capsys.readouterr().out
    for command in ("list", "show", "run", "assess", "report", "complexity", "doctor", "cache"):
        assert f"\n  {command} " in text
    assert main([]) == 0
    assert capsys.readouterr().out == text
    assert main(["run", "--help"]) == 0
    text = capsys.readouterr().out
    for option in ("--preset", "--seeds", "--target", "--workers", "--out", "--resume"):
        assert option in text


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["rnu"], "rnu"),
        (["run"], "PROTOCOL"),
        (["run", "a", "b"], "b"),
        (["--verzion"], "--verzion"),
        (["run", "a", "--workers", "two"], "--workers"),
        (["show", "x", "--markdown", "--html"], "exclude each other"),
        (["report"], "DIR"),
    ],
)
def test_a_wrong_command_line_is_one_line_and_status_2(capsys, arguments, word):
    assert main(arguments) == 2
    assert word in one_line(capsys.readouterr().err)


def test_the_process_ends_with_the_same_status_and_without_a_traceback(tmp_path):
    done = python("-m", "bioplast", "report", str(tmp_path / "nothing"))
    assert done.returncode == 2
    assert one_line(done.stderr) == f"bioplast: no folder {tmp_path / 'nothing'}\n"
    assert done.stdout == ""


def test_show_a_model_from_a_file(file, capsys):
    assert main(["show", f"{file}:leak"]) == 0
    text = capsys.readouterr().out
    assert text == f"{load(f'{file}:leak')}\n"
    for word in ("dv/dt", "tau", "membrane time constant", "Lapicque (1907)"):
        assert word in text
    assert main(["show", f"{file}:leak", "--markdown"]) == 0
    assert "| tau |" in capsys.readouterr().out
    assert main(["show", f"{file}:leak", "--html"]) == 0
    assert "<td>tau</td>" in capsys.readouterr().out


def test_show_a_protocol_from_a_file(file, capsys):
    for style, words in (
        ([], ["stones (protocol)", "Counting <stones>", 'preset full: {"n": 9}', "targets: numpy", "Archimedes"]),
        (["--markdown"], ["**stones (protocol)**", '`{"n": 9}`', "- targets: numpy"]),
        (["--html"], ["<b>stones (protocol)</b>", "Counting &lt;stones&gt;"]),
    ):
        assert main(["show", f"{file}:stones", *style]) == 0
        text = capsys.readouterr().out
        assert all(word in text for word in words)


@pytest.mark.parametrize(
    ("spec", "word"),
    [
        ("no-such-model-at-all", "unknown model or protocol 'no-such-model-at-all'"),
        ("{file}:lead", "'leak'"),
        ("{file}:wrong", "wrong is a int"),
        ("{file}x.py:leak", "no such file"),
        ("{file}", "say which"),
    ],
)
def test_show_something_that_is_not_there(file, capsys, spec, word):
    assert main(["show", spec.format(file=file)]) == 2
    assert word in one_line(capsys.readouterr().err)


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ("-v/tau : 1", "-v : 1", "mine.py"),  # units that do not match
        ("dv/dt = -v/tau : 1", "di/dt = -i/tau : 1", "'i'"),  # a reserved name
        ('"tau": Parameter', '"tua": Parameter', "tau"),  # an unknown parameter
        ("leak = Neuron(", "leak = Neuron((", "line"),
        ("from brian2 import ms", "raise SystemExit", "mine.py"),
    ],
)
def test_a_broken_model_file_is_one_line(file, capsys, old, new, word):
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))
    assert main(["show", f"{file}:leak"]) == 2
    assert word in one_line(capsys.readouterr().err)


def test_list_groups_models_by_kind_and_protocols_with_presets(tmp_path, capsys, monkeypatch):
    (tmp_path / "my_models").mkdir()
    (tmp_path / "my_models" / "__init__.py").touch()
    (tmp_path / "my_models" / "leak.py").write_text(NEURON)
    (tmp_path / "my_models" / "stones.py").write_text(PROTOCOL)
    monkeypatch.syspath_prepend(tmp_path)
    shelves = [registry.Shelf("my_models", every().wanted) for every in (models, protocols)]
    monkeypatch.setattr("bioplast.definition.find.models", lambda: shelves[0])
    monkeypatch.setattr("bioplast.experiment.find.protocols", lambda: shelves[1])
    assert main(["list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines == [
        "neurons",
        "  leak    leaky membrane",
        "protocols",
        "  stones  Counting <stones> (demo, full)",
    ]


def test_list_names_all_that_the_registry_has(capsys):
    assert main(["list"]) == 0
    text = capsys.readouterr().out
    for name in (*models(), *protocols()):
        assert f"\n  {name} " in text
    for model in models().values():
        assert f" {model.meaning}\n" in text


def test_list_and_show_import_nothing_that_they_do_not_need():
    def imported(script):
        done = python("-c", f"import sys; {script}; print(*sorted({{name.partition('.')[0] for name in sys.modules}}))")
        return set(done.stdout.splitlines()[-1].split())

    command = "from bioplast.cli import main; main(['{}'])".format
    heavy = {"elephant", "neo", "jax", "sklearn", "optax", "cma", "pandas"}
    assert not imported(command("list")) & {*heavy, "brian2", "numpy", "matplotlib"}
    # Brian2 itself imports Matplotlib.
    shown = imported(command("show', 'lif"))
    assert "brian2" in shown
    assert not (shown - imported("import brian2")) & {*heavy, "matplotlib"}


def test_the_cache_is_shown_and_cleared(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("BIOPLAST_CACHE", str(tmp_path / "cache"))
    (cache.builds() / "a").mkdir()
    (cache.builds() / "a" / "main").write_bytes(b"x" * 2_000_000)
    assert main(["cache"]) == 0
    assert capsys.readouterr().out == f"{tmp_path / 'cache'}: 2.0 MB of at most 1073.7 MB\n"
    assert main(["cache", "--clear"]) == 0
    assert capsys.readouterr().out == f"2.0 MB freed in {tmp_path / 'cache'}\n"
    assert cache.size() == 0


def test_an_output_that_takes_no_more_is_one_line():
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "bioplast", "--help"], stdout=full, stderr=subprocess.PIPE, text=True, cwd=CHECKOUT
        )
    assert done.returncode == 2
    assert one_line(done.stderr) == "bioplast: cannot write the output: No space left on device\n"


def test_a_reader_that_leaves_is_no_error():
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "bioplast", "--help"], stdout=writer, stderr=subprocess.PIPE, text=True, cwd=CHECKOUT
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (1, "")


@pytest.mark.parametrize("command", ["--help", "list", "doctor", "cache"])
def test_a_closed_output_is_no_error(tmp_path, command):
    script = f"exec {sys.executable} -m bioplast {command} >&-"
    environment = {**os.environ, "BIOPLAST_CACHE": str(tmp_path)}
    done = subprocess.run(["sh", "-c", script], stderr=subprocess.PIPE, text=True, cwd=CHECKOUT, env=environment)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_closed_error_output_leaves_the_status():
    done = subprocess.run(["sh", "-c", f"exec {sys.executable} -m bioplast rnu >&- 2>&-"], cwd=CHECKOUT)
    assert done.returncode == 2


def test_a_terminal_that_lacks_a_character_gets_its_code():
    done = python("-m", "bioplast", "show", "ünbekannt", env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert done.returncode == 2
    assert "'\\xfcnbekannt'" in one_line(done.stderr)


def test_a_file_with_a_name_that_is_too_long_is_one_line(capsys):
    assert main(["show", f"{'a' * 5000}.py:b"]) == 2
    line = one_line(capsys.readouterr().err)
    assert "File name too long" in line and len(line) < 200


def test_a_preset_belongs_to_a_protocol(tmp_path, capsys):
    assert main(["export", "lif", str(tmp_path / "lif"), "--preset", "quick"]) == 2
    assert one_line(capsys.readouterr().err) == "bioplast: --preset belongs to a protocol, lif is a neuron\n"
    assert not (tmp_path / "lif").exists()


def test_ctrl_c_in_any_command_is_one_line_and_130(monkeypatch, capsys):
    def interrupted():
        signal.raise_signal(signal.SIGINT)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        monkeypatch.setattr(cli, "_doctor", interrupted)
        assert main(["doctor"]) == 130
    finally:
        signal.signal(signal.SIGINT, before)
    assert one_line(capsys.readouterr().err) == "bioplast: interrupted\n"


def test_a_bug_is_not_hidden(monkeypatch):
    def broken():
        raise ZeroDivisionError

    monkeypatch.setattr(cli, "_doctor", broken)
    with pytest.raises(ZeroDivisionError):
        main(["doctor"])
