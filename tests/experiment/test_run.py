"""A run from beginning to end, and every way it can be asked for wrongly or go wrong."""

import errno
import json
import os
import threading
from concurrent.futures import Executor, Future, ThreadPoolExecutor

import pytest

import bioplast.program.targets
from bioplast import experiment, files
from bioplast.cli import main
from bioplast.errors import BioplastError, DefinitionError, ProtocolError, TargetUnavailable, UnknownName
from bioplast.experiment import Protocol, Row, Trial


def files_of(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def the_line(capsys):
    """The one line of complaint."""
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1, lines
    assert lines[0].startswith("bioplast: ")
    return lines[0]


def test_a_run_leaves_the_promised_files(toy, tmp_path):
    toy.set("pictures")
    done = experiment.run(toy.spec, out=tmp_path / "out", progress=False)
    assert files_of(tmp_path / "out") == {
        ".lock",
        "summary.json",
        "summary.csv",
        "run.json",
        "report.html",
        "values.csv",
        "figures/draws.png",
        "figures/draws.svg",
        *(f"trials/group/seed{seed}.json" for seed in range(4)),
    }
    assert done.report == tmp_path / "out" / "report.html"
    assert [row.id for row in done.rows] == ["normal/mean", "normal/count", "baseline/zero"]
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert (summary["protocol"], summary["preset"]) == ("toy", "demo")
    assert summary["rows"][0]["value"] == done.rows[0].value
    assert summary["rows"][0]["low"] < summary["rows"][0]["value"] < summary["rows"][0]["high"]


def test_the_record_says_what_the_run_was_made_with(toy, tmp_path):
    out = tmp_path / "out"
    experiment.run(toy.spec, preset="quick", seeds=2, out=out, progress=False)
    record = json.loads((out / "run.json").read_text())
    assert record["settings"] == {"size": 6, "seeds": 2}
    assert record["seeds"] == [0, 1]
    assert {"python", "numpy", "brian2", "bioplast", "compiler"} == set(record["versions"])
    assert record["machine"]["cores"] >= 1
    assert record["machine"]["processor"]
    assert record["started"] < record["finished"]
    assert set(record["timings"]["trials_s"]) == {"group/seed0", "group/seed1"}
    assert record["command"] == f"bioplast run {toy.spec} --preset quick --seeds 2 --out {out}"


def test_the_same_trials_give_the_same_bytes_wherever_they_run(toy, tmp_path):
    toy.set("pictures")
    with ThreadPoolExecutor(2) as threads:
        experiment.run(toy.spec, out=tmp_path / "a", progress=False)
        experiment.run(toy.spec, out=tmp_path / "b", progress=False, workers=2)
        experiment.run(toy.spec, out=tmp_path / "c", progress=False, executor=threads)
    assert os.getpid() in toy.processes()
    assert len(toy.processes()) >= 2  # the workers of b are others
    for name in ("summary.json", "summary.csv", "values.csv", "figures/draws.png", "figures/draws.svg"):
        contents = {(tmp_path / out / name).read_bytes() for out in "abc"}
        assert len(contents) == 1, name


class Backwards(Executor):
    """Carries nothing out before everything is submitted, and then the last first."""

    def __init__(self, number):
        self.jobs, self.number = [], number

    def submit(self, function, /, *arguments, **keywords):
        future = Future()
        self.jobs.append((future, function, arguments))
        if len(self.jobs) == self.number:
            threading.Thread(target=self.carry_out).start()
        return future

    def carry_out(self):
        for future, function, arguments in reversed(self.jobs):
            future.set_result(function(*arguments))


def test_the_summary_does_not_depend_on_which_trial_ends_first(toy, tmp_path):
    experiment.run(toy.spec, out=tmp_path / "a", progress=False)
    experiment.run(toy.spec, out=tmp_path / "b", progress=False, executor=Backwards(4))
    assert (tmp_path / "a/values.csv").read_bytes() == (tmp_path / "b/values.csv").read_bytes()
    assert (tmp_path / "a/summary.json").read_bytes() == (tmp_path / "b/summary.json").read_bytes()


def test_resuming_with_more_seeds_does_only_the_new_ones(toy, tmp_path):
    experiment.run(toy.spec, seeds=2, out=tmp_path / "a", progress=False)
    done = experiment.run(toy.spec, seeds=4, out=tmp_path / "a", progress=False, resume=True)
    assert set(toy.counts().values()) == {1}
    assert done.rows[1].value == 4
    experiment.run(toy.spec, seeds=4, out=tmp_path / "b", progress=False)
    assert (tmp_path / "a/summary.json").read_bytes() == (tmp_path / "b/summary.json").read_bytes()
    assert experiment.run(toy.spec, seeds=3, out=tmp_path / "a", progress=False, resume=True).rows[1].value == 3


def test_trials_of_other_code_are_kept_and_said(toy, tmp_path, capsys):
    """Such as a mistake that was mended after some trials; `version` has all done again."""

    def run(**given):
        capsys.readouterr()
        experiment.run(toy.spec, out=tmp_path / "a", progress=False, **given)
        return capsys.readouterr().err

    run(seeds=2)
    assert run(seeds=3, resume=True) == ""
    toy.edit("rng.normal(1, 0.2", "rng.normal(3, 0.2")
    said = (
        "toy: finished trials that are kept were made by other code than that of now; raise the protocol's `version` "
    )
    assert run(seeds=4, resume=True) == f"{said}to have all done again\n"
    assert toy.counts() == {f"group/seed{k}": 1 for k in range(4)}
    assert run(seeds=5, resume=True).startswith(said)  # they are still there


def test_a_damaged_trial_is_done_again(toy, tmp_path):
    out = tmp_path / "out"
    experiment.run(toy.spec, out=out, progress=False)
    before = (out / "summary.json").read_bytes()
    damaged = out / "trials/group/seed1.json"
    damaged.write_bytes(damaged.read_bytes()[:40])
    experiment.run(toy.spec, out=out, progress=False, resume=True)
    assert toy.counts() == {"group/seed0": 1, "group/seed1": 2, "group/seed2": 1, "group/seed3": 1}
    assert (out / "summary.json").read_bytes() == before


@pytest.mark.parametrize("executor", [None, "threads"])
def test_a_protocol_object_runs_as_well(tmp_path, executor):
    protocol = Protocol(
        "inline",
        "A title",
        "A source",
        "What it does.",
        {"demo": {}},
        trials=lambda settings, targets, seeds: [Trial("a"), Trial("b")],
        run=lambda trial: {"id": trial.id},
        summarise=lambda results, settings: [Row(id, 1) for id in results],
    )
    with ThreadPoolExecutor(1) as threads:
        done = experiment.run(protocol, out=tmp_path / "out", progress=False, executor=threads if executor else None)
    assert [row.id for row in done.rows] == ["a", "b"]


# Wrong arguments


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--preset", "quik"], "unknown preset of toy 'quik': did you mean 'quick'? accepted: demo, quick"),
        (["--preset", "full"], "unknown preset of toy 'full': accepted: demo, quick"),
        (["--seeds", "0"], "--seeds 0: at least 1 is needed"),
        (["--seeds", "-3"], "--seeds -3: at least 1 is needed"),
        (["--workers", "0"], "--workers 0: at least 1 is needed"),
        (["--seeds", "many"], "--seeds"),
        (["--target", "cpp"], "toy does not simulate on a target of choice: leave --target out"),
        (["--sede", "3"], "--sede"),
    ],
)
def test_wrong_arguments_end_with_a_line_and_leave_nothing(toy, tmp_path, capsys, arguments, line):
    out = tmp_path / "out"
    assert main(["run", toy.spec, *arguments, "--out", str(out)]) == 2
    assert line in the_line(capsys)
    assert not out.exists()


def test_an_unknown_protocol_is_told_with_what_is_near(toy, tmp_path, capsys):
    assert main(["run", f"{toy.file}:tyo", "--out", str(tmp_path / "out")]) == 2
    assert "'toy'" in the_line(capsys)
    assert main(["run", "no-such-protocol-at-all", "--out", str(tmp_path / "out")]) == 2
    assert "unknown protocol" in the_line(capsys)


@pytest.mark.parametrize(
    ("text", "line"),
    [("toy = ", "line 1"), ("import nothing_of_this_name", "nothing_of_this_name"), ("toy = 3", "not a Protocol")],
)
def test_a_broken_protocol_file_is_told_in_a_line(tmp_path, capsys, text, line):
    file = tmp_path / "broken.py"
    file.write_text(text)
    assert main(["run", f"{file}:toy", "--out", str(tmp_path / "out")]) == 2
    assert line in the_line(capsys)


def test_a_missing_protocol_file_is_told_in_a_line(tmp_path, capsys):
    assert main(["run", f"{tmp_path / 'missing.py'}:toy", "--out", str(tmp_path / "out")]) == 2
    assert "missing.py" in the_line(capsys)


def test_seeds_for_a_protocol_without_randomness(toy, tmp_path, capsys):
    toy.edit('"seeds": 4}, "quick"', '"x": 4}, "quick"')
    assert main(["run", toy.spec, "--seeds", "2", "--out", str(tmp_path / "out")]) == 2
    assert "draws nothing at random" in the_line(capsys)


# Targets


@pytest.fixture
def targets(toy, monkeypatch):
    toy.edit("    tables=tables,", '    tables=tables,\n    targets=("numpy", "cpp"),')
    works = {"numpy": None, "cpp": "no C++ compiler: apt install g++", "openmp": None}
    monkeypatch.setattr(bioplast.program.targets, "available", lambda: works)
    return works


def test_a_target_that_does_not_work_here_is_left_out_and_told(toy, targets, tmp_path, capsys):
    assert main(["run", toy.spec, "--out", str(tmp_path / "out")]) == 0
    assert "toy: target cpp left out: no C++ compiler: apt install g++" in capsys.readouterr().out
    assert {id.split("/")[0] for id in toy.counts()} == {"numpy"}
    page = (tmp_path / "out/report.html").read_text()
    assert "Targets left out" in page
    assert "no C++ compiler: apt install g++" in page
    assert json.loads((tmp_path / "out/run.json").read_text())["left_out"] == {"cpp": targets["cpp"]}


@pytest.mark.parametrize("arguments", [["--target", "cpp"], ["--target", "numpy,cpp"], ["--target", " cpp , numpy"]])
def test_a_target_that_was_asked_for_must_work(toy, targets, tmp_path, capsys, arguments):
    assert main(["run", toy.spec, *arguments, "--out", str(tmp_path / "out")]) == 2
    assert the_line(capsys) == "bioplast: target 'cpp': no C++ compiler: apt install g++"
    assert not toy.counts()


@pytest.mark.parametrize(
    ("target", "line"),
    [
        ("nmpy", "unknown target 'nmpy': did you mean 'numpy' or 'openmp'? accepted: cpp, numpy, openmp"),
        ("openmp", "unknown target of toy 'openmp': did you mean 'numpy'? accepted: cpp, numpy"),
    ],
)
def test_an_unknown_target_is_told_with_what_is_near(toy, targets, tmp_path, capsys, target, line):
    assert main(["run", toy.spec, "--target", target, "--out", str(tmp_path / "out")]) == 2
    assert the_line(capsys) == f"bioplast: {line}"


def test_targets_are_taken_several_times_or_with_commas(toy, targets, tmp_path):
    targets["cpp"] = None
    assert main(["run", toy.spec, "--target", "cpp", "--target", "numpy", "--out", str(tmp_path / "a")]) == 0
    assert main(["run", toy.spec, "--target", "cpp,numpy", "--out", str(tmp_path / "b")]) == 0
    assert (tmp_path / "a/summary.json").read_bytes() == (tmp_path / "b/summary.json").read_bytes()
    assert json.loads((tmp_path / "a/run.json").read_text())["targets"] == ["cpp", "numpy"]


def test_a_preset_may_name_fewer_targets(toy, targets, tmp_path):
    targets["cpp"] = None
    toy.edit('"demo": {"size": 5, "seeds": 4}', '"demo": {"size": 5, "seeds": 1, "targets": ["numpy"]}')
    experiment.run(toy.spec, out=tmp_path / "out", progress=False)
    assert list(toy.counts()) == ["numpy/seed0"]


def test_no_target_works(toy, targets, tmp_path):
    targets["numpy"] = "broken"
    with pytest.raises(TargetUnavailable, match="no target works here: numpy: broken; cpp: no C"):
        experiment.run(toy.spec, out=tmp_path / "out", progress=False)


# Folders


@pytest.mark.parametrize("inside", [False, True])
def test_a_folder_that_cannot_be_made(toy, tmp_path, capsys, inside):
    (tmp_path / "out").write_text("a file")
    out = tmp_path / "out" / "run" if inside else tmp_path / "out"
    assert main(["run", toy.spec, "--out", str(out)]) == 2
    assert f"cannot write {out}" in the_line(capsys)
    assert (tmp_path / "out").read_text() == "a file"


def test_a_folder_without_the_right_to_write(toy, capsys):
    # The kernel's own folder, which not even root can write into.
    assert main(["run", toy.spec, "--out", "/proc/bioplast"]) == 2
    assert "cannot write /proc/bioplast" in the_line(capsys)


def test_a_file_where_the_trials_belong(toy, tmp_path, capsys):
    out = tmp_path / "out"
    out.mkdir()
    (out / "run.json").write_text("{}")
    (out / "trials").write_text("a file")
    assert main(["run", toy.spec, "--out", str(out)]) == 2
    assert "cannot write" in the_line(capsys)
    assert (out / "trials").read_text() == "a file"


@pytest.mark.parametrize("resume", [[], ["--resume"]])
def test_a_folder_with_other_things_is_left_alone(toy, tmp_path, capsys, resume):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "summary.json").write_text("mine")
    assert main(["run", toy.spec, "--out", str(tmp_path / "out"), *resume]) == 2
    assert "holds files that are no run of bioplast (summary.json)" in the_line(capsys)
    assert (tmp_path / "out" / "summary.json").read_text() == "mine"
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["summary.json"]


def test_a_folder_with_finished_trials_is_not_overwritten(toy, tmp_path, capsys):
    out = tmp_path / "out"
    assert main(["run", toy.spec, "--out", str(out)]) == 0
    before = {name: (out / name).read_bytes() for name in files_of(out)}
    capsys.readouterr()
    assert main(["run", toy.spec, "--out", str(out)]) == 2
    line = the_line(capsys)
    assert "4 finished trials" in line
    assert "--resume" in line
    assert "another --out" in line
    assert {name: (out / name).read_bytes() for name in files_of(out)} == before


@pytest.mark.parametrize(
    ("arguments", "old", "new", "line"),
    [
        (["--preset", "quick"], "", "", "made with preset demo, this run has quick"),
        ([], '"size": 5', '"size": 7', "made with settings: size 5, this run has 7"),
        ([], '    name="toy",', '    version=2,\n    name="toy",', "made with protocol version 1, this run has 2"),
        ([], '    name="toy",', '    name="other",', "made with protocol toy, this run has other"),
    ],
)
def test_trials_of_another_run_are_not_taken_up(toy, tmp_path, capsys, arguments, old, new, line):
    out = tmp_path / "out"
    assert main(["run", toy.spec, "--out", str(out)]) == 0
    before = (out / "summary.json").read_bytes()
    capsys.readouterr()
    toy.edit(old, new) if old else None
    assert main(["run", toy.spec, *arguments, "--resume", "--out", str(out)]) == 2
    assert line in the_line(capsys)
    assert (out / "summary.json").read_bytes() == before
    assert set(toy.counts().values()) == {1}


def test_the_default_folder_is_named_after_protocol_and_preset(toy, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["run", f"{toy.file.relative_to(tmp_path)}:toy"]) == 0
    assert (tmp_path / "results" / "toy-demo" / "summary.json").exists()
    assert capsys.readouterr().out.endswith("report: results/toy-demo/report.html\n")


# A disk that is full


@pytest.mark.parametrize("workers", ["1", "2"])
@pytest.mark.parametrize("function", ["replace", "fsync"])
def test_a_full_disk_keeps_the_finished_trials(toy, tmp_path, capsys, monkeypatch, function, workers):
    out, real, calls = tmp_path / "out", getattr(os, function), []

    def full(*arguments):
        calls.append(arguments)
        if len(calls) > 3:  # run.json and two trials
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(files.os, function, full)
        assert main(["run", toy.spec, "--workers", workers, "--out", str(out)]) == 2
    line = the_line(capsys)
    assert "No space left on device" in line
    assert "2 of 4 trials are finished and kept; continue with: bioplast run" in line
    finished = {f"group/{path.stem}" for path in (out / "trials/group").glob("*.json")}
    assert len(finished) == 2
    assert not list(out.rglob("*.tmp"))
    assert main(["run", toy.spec, "--resume", "--out", str(out)]) == 0
    assert {toy.counts()[id] for id in finished} == {1}
    assert main(["run", toy.spec, "--out", str(tmp_path / "other")]) == 0
    assert (out / "summary.json").read_bytes() == (tmp_path / "other/summary.json").read_bytes()


@pytest.mark.parametrize("name", ["run.json", "summary.json", "summary.csv", "values.csv", "draws.png", "report.html"])
def test_a_disk_full_at_any_file_is_one_line(toy, tmp_path, capsys, monkeypatch, name):
    out, real = tmp_path / "out", os.replace
    if name == "draws.png":
        toy.set("pictures")

    def full(source, target):
        if os.path.basename(target) == name:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(files.os, "replace", full)
        assert main(["run", toy.spec, "--out", str(out)]) == 2
    assert "No space left on device" in the_line(capsys)
    assert main(["run", toy.spec, "--out", str(out), "--resume"]) == 0
    assert set(toy.counts().values()) == {1}
    assert (out / "report.html").exists()


def test_a_disk_full_inside_a_trial_is_the_users_to_mend(toy, tmp_path, capsys):
    toy.set("trouble1", "disk")
    assert main(["run", toy.spec, "--out", str(tmp_path / "out")]) == 2
    line = the_line(capsys)
    assert "trial group/seed1: OSError: [Errno 28] No space left on device" in line
    assert "3 of 4 trials are finished" in line


# Trials that fail


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_trial_that_raises_does_not_stop_the_others(toy, tmp_path, capsys, workers):
    out = tmp_path / "out"
    toy.set("trouble1", "bug")
    assert main(["run", toy.spec, "--workers", workers, "--out", str(out)]) == 1
    line = the_line(capsys)
    assert "trial group/seed1: ZeroDivisionError: division by zero" in line
    assert "3 of 4 trials are finished and kept; continue with: bioplast run" in line
    assert line.endswith(" --resume")
    assert "Traceback" in (out / "errors.txt").read_text()
    assert not (out / "summary.json").exists()
    toy.unset("trouble1")
    assert main(["run", toy.spec, "--out", str(out), "--resume"]) == 0
    assert toy.counts() == {"group/seed0": 1, "group/seed1": 2, "group/seed2": 1, "group/seed3": 1}
    assert not (out / "errors.txt").exists()


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_users_mistake_in_a_trial_is_one_line(toy, tmp_path, capsys, workers):
    toy.set("trouble0", "user")
    toy.set("trouble2", "user")
    assert main(["run", toy.spec, "--workers", workers, "--out", str(tmp_path / "out")]) == 2
    line = the_line(capsys)
    assert "2 of 4 trials failed, the first is trial group/seed0: tau is 3 mV: a time is needed" in line


@pytest.mark.parametrize(
    ("trouble", "line"), [("exit", "SystemExit: 0"), ("list", "TypeError: the protocol's run returned list")]
)
@pytest.mark.parametrize("workers", ["1", "2"])
def test_other_ways_to_fail(toy, tmp_path, capsys, trouble, line, workers):
    toy.set("trouble3", trouble)
    assert main(["run", toy.spec, "--workers", workers, "--out", str(tmp_path / "out")]) == 1
    assert f"trial group/seed3: {line}" in the_line(capsys)


def test_a_worker_that_dies_is_one_line_and_the_finished_trials_are_kept(toy, tmp_path, capsys):
    out = tmp_path / "out"
    toy.set("trouble3", "die")
    assert main(["run", toy.spec, "--workers", "2", "--out", str(out)]) == 1
    assert "a worker process ended abruptly" in the_line(capsys)
    toy.unset("trouble3")
    finished = [f"group/{path.stem}" for path in (out / "trials").rglob("*.json")]
    before = toy.counts()
    assert main(["run", toy.spec, "--resume", "--out", str(out)]) == 0
    assert all(toy.counts()[id] == before[id] for id in finished)


def test_a_summary_that_breaks_keeps_the_trials(toy, tmp_path, capsys):
    out = tmp_path / "out"
    toy.set("bad_summary")
    assert main(["run", toy.spec, "--out", str(out)]) == 1
    assert "toy: its summarise broke: KeyError: 'accuracy'" in the_line(capsys)
    toy.unset("bad_summary")
    assert main(["run", toy.spec, "--out", str(out), "--resume"]) == 0
    assert set(toy.counts().values()) == {1}


def test_the_python_interface_raises_what_the_command_line_prints(toy, tmp_path):
    toy.set("trouble0", "bug")
    with pytest.raises(ProtocolError, match="ZeroDivisionError"):
        experiment.run(toy.spec, out=tmp_path / "a", progress=False)
    toy.set("trouble0", "user")
    with pytest.raises(BioplastError, match="a time is needed"):
        experiment.run(toy.spec, out=tmp_path / "b", progress=False)
    with pytest.raises(UnknownName):
        experiment.run(toy.spec, preset="no", out=tmp_path / "c")


# What a protocol may be


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"name": "My protocol"}, "lower-case letters"),
        ({"presets": {}}, "'demo' is missing"),
        ({"presets": {"demo": {}, "fast": {}}}, "unknown preset in protocol p 'fast'"),
        ({"presets": {"demo": {"x": {1}}}}, "not a JSON value"),
    ],
)
def test_a_protocol_that_cannot_be(change, line):
    fields = {"name": "p", "title": "t", "source": "s", "description": "d", "presets": {"demo": {}}, **change}
    with pytest.raises((DefinitionError, UnknownName)) as caught:
        Protocol(**fields, trials=lambda *_: [], run=lambda _: {}, summarise=lambda *_: [])
    assert line in str(caught.value)


@pytest.mark.parametrize(("ids", "line"), [(["a", "a"], "occurs twice"), (["../a"], "use a path")])
def test_trials_and_rows_need_ids_of_their_own(tmp_path, ids, line):
    common = {
        "name": "p",
        "title": "t",
        "source": "s",
        "description": "d",
        "presets": {"demo": {}},
        "run": lambda _: {},
    }
    same_trials = Protocol(**common, trials=lambda *_: [Trial(id) for id in ids], summarise=lambda *_: [])
    same_rows = Protocol(**common, trials=lambda *_: [], summarise=lambda *_: [Row(id, 1) for id in ids])
    for protocol in (same_trials, same_rows):
        with pytest.raises(DefinitionError, match=line) as caught:
            experiment.run(protocol, out=tmp_path / "out", progress=False)
        assert isinstance(caught.value, BioplastError)
