"""Atomic files, stored trials and tables."""

import csv
import errno
import io
import json
import os
import subprocess
import sys

import numpy as np
import pytest
from brian2 import mV
from hypothesis import given
from hypothesis import strategies as st

from bioplast import files
from bioplast.errors import BioplastError, DefinitionError
from bioplast.experiment import Row, Trial
from bioplast.experiment.folder import RunFolder, table_text
from bioplast.experiment.plain import check_ids, to_plain, to_text

STAMP = {"protocol": "toy", "version": 1, "preset": "demo", "packages": {"numpy": "2.0"}}

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


@given(st.binary(max_size=300), st.binary(max_size=300))
def test_a_file_holds_what_was_written_last_and_nothing_is_left_beside_it(tmp_path_factory, first, second):
    folder = tmp_path_factory.mktemp("atomic")
    for content in (first, second):
        file = files.write_bytes(folder / "deep" / "file", content)
        assert file.read_bytes() == content
    assert os.listdir(folder / "deep") == ["file"]


@pytest.mark.parametrize("function", ["replace", "fsync"])
def test_a_full_disk_leaves_the_old_file_whole(tmp_path, monkeypatch, function):
    file = files.write_text(tmp_path / "file", "old")

    def full(*arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, function, full)
    with pytest.raises(OSError, match="No space left"):
        files.write_text(file, "new")
    assert file.read_text() == "old"
    assert os.listdir(tmp_path) == ["file"]


def test_a_write_that_the_kernel_refuses_in_the_middle_leaves_the_old_file_whole(tmp_path):
    """A limit on the size of files makes the kernel itself refuse, as a full disk does."""
    script = (
        "import resource, signal, sys; from bioplast import files;"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000));"
        "files.write_bytes(sys.argv[1], b'x' * 100_000)"
    )
    file = files.write_text(tmp_path / "file", "old")
    done = subprocess.run([sys.executable, "-c", script, str(file)], capture_output=True, text=True)
    assert done.returncode == 1
    assert "OSError" in done.stderr
    assert file.read_text() == "old"
    assert os.listdir(tmp_path) == ["file"]


def test_files_take_the_rights_that_the_user_gives(tmp_path):
    before = os.umask(0o027)
    try:
        file = files.write_text(tmp_path / "file", "text")
    finally:
        os.umask(before)
    assert file.stat().st_mode & 0o777 == 0o640


@given(plain)
def test_plain_values_survive_storage(value):
    assert to_plain(value) == value


def test_arrays_and_numpy_numbers_become_plain():
    value = {"a": np.arange(3), "b": (np.float64(0.1), np.int32(2), np.bool_(True)), 3: "key"}
    assert to_plain(value) == {"a": [0, 1, 2], "b": [0.1, 2, True], "3": "key"}


def test_what_is_no_json_value_is_refused():
    with pytest.raises(TypeError, match="divide by the unit"):
        to_text({"v": [1, 2] * mV})
    with pytest.raises(TypeError, match="set"):
        to_text({"v": {1, 2}})


@pytest.mark.parametrize("id", ["", "/a", "a/", "a//b", "..", "a/../b", ".hidden", "a b", "a.json", "a.json/b", "é", 3])
def test_ids_that_are_no_paths_are_refused(id):
    with pytest.raises(DefinitionError, match="use a path such as"):
        check_ids("trial", [id])


def test_ids_are_told_apart_without_case():
    check_ids("trial", ["cpp/A", "cpp/B", "numpy/A", "tau=1.5"])
    with pytest.raises(DefinitionError, match="twice"):
        check_ids("trial", ["cpp/A", "cpp/a"])


@given(
    st.lists(st.fixed_dictionaries({"id": st.text(st.characters(codec="utf-8"), max_size=8), "x": st.floats(-9, 9)}))
)
def test_a_table_reads_back(rows):
    read = list(csv.DictReader(io.StringIO(table_text(rows), newline="")))
    expected = [(row["id"].replace("\r\n", "\n").replace("\r", "\n"), row["x"]) for row in rows]
    assert [(row["id"], float(row["x"])) for row in read] == expected


@given(result=st.dictionaries(st.text(), plain, max_size=3), seconds=st.floats(0, 1e6))
def test_a_stored_trial_reads_back(tmp_path_factory, result, seconds):
    trial = Trial("cpp/A", {"size": 3, "pair": [1, 2]}, 5)
    with RunFolder.opened(tmp_path_factory.mktemp("run")) as folder:
        folder.store(trial, STAMP, to_text(result), seconds)
        done = folder.finished([trial], STAMP)
    assert done["cpp/A"].result == result
    assert done["cpp/A"].seconds == seconds


@pytest.fixture
def stored(tmp_path):
    trial = Trial("cpp/A", {"size": 3}, 5)
    with RunFolder.opened(tmp_path / "run") as folder:
        folder.store(trial, STAMP, '{"x":[1.5,2.5]}', 0.1)
        yield trial, folder


def test_every_way_to_cut_a_trial_short_makes_it_unfinished(stored):
    trial, folder = stored
    whole = folder.file(trial).read_bytes().rstrip()
    for length in range(len(whole)):
        folder.file(trial).write_bytes(whole[:length])
        assert folder.finished([trial], STAMP) == {}
    folder.file(trial).write_bytes(whole)
    assert list(folder.finished([trial], STAMP)) == ["cpp/A"]


@pytest.mark.parametrize("content", [b"\xff\xfe", b"[1]", b"3", b"null", b"{}", b'{"result": 1, "sha256": 2}'])
def test_other_content_makes_a_trial_unfinished(stored, content):
    trial, folder = stored
    folder.file(trial).write_bytes(content)
    assert folder.finished([trial], STAMP) == {}


def test_a_changed_number_makes_a_trial_unfinished(stored):
    trial, folder = stored
    folder.file(trial).write_text(folder.file(trial).read_text().replace("2.5", "2.6"))
    assert folder.finished([trial], STAMP) == {}


@pytest.mark.parametrize("key", ["trial", "seconds", "result", "sha256"])
@pytest.mark.parametrize("wrong", [None, 3, "text", [], {}])
def test_a_part_that_is_something_else_makes_a_trial_unfinished(stored, key, wrong):
    trial, folder = stored
    record = json.loads(folder.file(trial).read_text())
    folder.file(trial).write_text(json.dumps({**record, key: wrong}))
    assert folder.finished([trial], STAMP) == {}


@pytest.mark.parametrize(
    ("stamp", "trial", "line"),
    [
        ({"preset": "full"}, {}, "made with preset demo, this run has full"),
        ({"version": 2}, {}, "made with version 1, this run has 2"),
        ({"packages": {"numpy": "2.1"}}, {}, "made with numpy 2.0, this run has 2.1"),
        ({"protocol": "other"}, {}, "made with protocol toy, this run has other"),
        ({}, {"settings": {"size": 4}}, "made with settings: size 3, this run has 4"),
        ({}, {"settings": {"size": 3, "tau": 1}}, "made with settings: tau null, this run has 1"),
        ({}, {"seed": 6}, "made with seed 5, this run has 6"),
    ],
)
def test_a_trial_of_another_run_is_refused(stored, stamp, trial, line):
    own, folder = stored
    other = Trial(own.id, trial.get("settings", own.settings), trial.get("seed", own.seed))
    with pytest.raises(BioplastError) as caught:
        folder.finished([other], {**STAMP, **stamp})
    assert line in str(caught.value)
    assert "choose another --out" in str(caught.value)
    assert folder.file(own).exists()


def test_a_trial_that_is_not_in_the_plan_is_left_alone(stored):
    trial, folder = stored
    assert folder.finished([Trial("cpp/B")], STAMP) == {}
    assert folder.file(trial).exists()


def test_remains_of_a_killed_run_are_removed(tmp_path):
    (tmp_path / "trials" / "cpp").mkdir(parents=True)
    (tmp_path / "figures").mkdir()
    (tmp_path / "run.json").write_text("{}")
    remains = [
        tmp_path / ".summary.json.1.2.tmp",
        tmp_path / "trials/cpp/.A.json.1.2.tmp",
        tmp_path / "figures/.a.1.tmp",
    ]
    for file in remains:
        file.write_text("part")
    with RunFolder.opened(tmp_path):
        assert not any(file.exists() for file in remains)


def test_the_summary_has_exactly_the_promised_fields(tmp_path):
    rows = [Row("a", np.float64(1.5), 1.0, 2.0, 3, "mV", 1, "x"), Row("b", float("nan")), Row("c", True)]
    with RunFolder.opened(tmp_path) as folder:
        folder.write_summary("toy", "demo", rows)
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert list(summary) == ["protocol", "preset", "rows"]
    fields = ["id", "value", "low", "high", "seeds", "unit", "published", "source"]
    assert all(list(row) == fields for row in summary["rows"])
    assert [row["value"] for row in summary["rows"]] == [1.5, None, 1]
    with open(tmp_path / "summary.csv", newline="") as file:
        assert list(csv.reader(file))[:3] == [fields, ["a", "1.5", "1.0", "2.0", "3", "mV", "1", "x"], ["b", *[""] * 7]]


def test_a_row_takes_numbers_only():
    with pytest.raises(DefinitionError, match="'high'"):
        Row("a", "high")


def test_ctrl_c_is_held_back_and_not_lost():
    """Even when it reaches a thread that does not hold it back, as those of numerical libraries."""
    script = (
        "import signal, threading, time; from bioplast.files import interrupts_held\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "go, done = threading.Event(), []\n"
        "def other():\n"
        "    go.wait(); signal.pthread_kill(threading.get_ident(), signal.SIGINT)\n"
        "thread = threading.Thread(target=other); thread.start()\n"
        "try:\n"
        "    with interrupts_held():\n"
        "        go.set(); thread.join(); sum(range(100000)); done.append('whole')\n"
        "    done.append('after')\n"
        "except KeyboardInterrupt:\n"
        "    done.append('interrupted')\n"
        "print(done)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "['whole', 'interrupted']\n"
