"""Published files: nothing is read whose checksum is wrong, and nothing half-written is ever read back."""

from __future__ import annotations

import errno
import gzip
import hashlib
import io
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from pooch import downloaders
from support.data_files import server

from bioplast.dataset.published import PublishedFile, locate, read
from bioplast.errors import BioplastError

CONTENT = b"what is published " * 5000
PACKED = gzip.compress(CONTENT, mtime=0)


def sha256(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def published(*hosts: str, content: bool = True) -> PublishedFile:
    urls = tuple(f"{host}file.gz" for host in hosts)
    page = "http://page.example"
    return PublishedFile("set", "file.gz", urls, sha256(PACKED), sha256(CONTENT) if content else None, page)


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    """A cache of the test's own, and no proxy between it and the server."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("BIOPLAST_DATA", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return tmp_path / "cache"


@pytest.fixture
def data(monkeypatch, tmp_path):
    """The folder of a data set in that of the environment."""
    monkeypatch.setenv("BIOPLAST_DATA", str(tmp_path / "data"))
    (tmp_path / "data" / "set").mkdir(parents=True)
    return tmp_path / "data" / "set"


def files_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def refusal(file: PublishedFile, **options) -> str:
    """The one line that a file is refused with."""
    with pytest.raises(BioplastError) as caught:
        read(file, progress=False, **options)
    line = str(caught.value)
    assert "\n" not in line and line.startswith("set: ")
    return line


def test_a_download_is_kept_and_not_fetched_again(cache):
    seen: list[float] = []
    with server({"file.gz": PACKED}) as host:
        file = published(host)
        content, path = read(file, progress=lambda done, seconds: seen.append(done))
    assert content == CONTENT and files_in(cache) == ["file.gz"]
    assert seen and seen == sorted(seen) and seen[-1] == 1
    assert read(file, progress=False) == (CONTENT, path)  # the server is gone


def test_the_second_address_is_tried_when_the_first_has_nothing():
    with server({}) as nothing, server({"file.gz": PACKED}) as host:
        assert read(published(nothing, host), progress=False)[0] == CONTENT


def test_without_a_network_one_line_says_where_to_put_which_file(cache):
    line = refusal(published("http://127.0.0.1:9/"))
    for part in ("no file.gz (http://127.0.0.1:9/file.gz: no connection)", "http://page.example", "FOLDER/set"):
        assert part in line
    assert "set BIOPLAST_DATA=FOLDER" in line and not files_in(cache)
    with server({}) as host:
        assert "status 404" in refusal(published(host))
    assert "fetched by hand" in refusal(published())


def test_with_a_folder_of_data_the_line_names_it(data):
    assert str(data) in refusal(published("http://127.0.0.1:9/"))


@pytest.mark.parametrize("promised", [0, 1000])
def test_an_interrupted_download_leaves_nothing(cache, promised):
    """Whether the server keeps its promise of the length or not, what came is not the file."""
    with server({"file.gz": PACKED[:-100]}, promised) as host:
        line = refusal(published(host))
        assert ("broke off" if promised else "another checksum") in line
    assert not files_in(cache)


def test_an_altered_download_leaves_nothing(cache):
    with server({"file.gz": PACKED[:50] + b"?" + PACKED[51:]}) as host:
        assert "another checksum" in refusal(published(host))
    assert not files_in(cache)


def test_a_cached_file_that_was_altered_is_fetched_again_or_refused(cache):
    with server({"file.gz": PACKED}) as host:
        file = published(host)
        path = locate(file, progress=False)
        path.write_bytes(PACKED[:30])
        assert read(file, progress=False)[0] == CONTENT
    path.write_bytes(PACKED[:30])
    assert "no connection" in refusal(file)


class FullDisk:
    """A file of which the disk has room for the first writing only."""

    def __init__(self, *arguments):
        self.file, self.written = io.open(*arguments), 0  # noqa: SIM115, UP020 - what it stands for is `open`

    def __getattr__(self, name):
        return getattr(self.file, name)

    def write(self, chunk):
        self.written += 1
        if self.written > 1:
            raise OSError(errno.ENOSPC, "No space left on device")
        return self.file.write(chunk)


def test_a_full_cache_disk_is_named_and_leaves_nothing(cache, monkeypatch):
    monkeypatch.setattr(downloaders, "open", FullDisk, raising=False)
    monkeypatch.setattr(downloaders.HTTPDownloader.__init__, "__defaults__", (False, 64))
    with server({"file.gz": PACKED}) as host:
        line = refusal(published(host))
    assert f"no space is left in {cache}" in line and "XDG_CACHE_HOME" in line
    assert not files_in(cache)


def test_a_cache_that_cannot_be_written_is_named(tmp_path, monkeypatch):
    (tmp_path / "taken").write_text("a file, where a folder should be")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "taken"))
    with server({"file.gz": PACKED}) as host:
        assert f"cannot write {tmp_path / 'taken'}" in refusal(published(host))


KILLED = """
import sys
from bioplast.dataset.published import PublishedFile, locate
file = PublishedFile("set", "file.gz", (sys.argv[1],), sys.argv[2])
locate(file, progress=lambda done, seconds: print("begun", flush=True) if done < 1 else None)
"""


def test_a_process_that_is_killed_while_it_downloads_leaves_nothing_to_be_read(cache):
    """The server keeps the rest to itself until the process is gone."""
    large = bytes(range(256)) * 4000
    with server({"file.gz": large}, promised=1000) as host:
        command = [sys.executable, "-c", KILLED, f"{host}file.gz", sha256(large)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            assert process.stdout.readline() == b"begun\n"
            process.send_signal(signal.SIGKILL)
    left = [path for path in cache.rglob("*") if path.is_file()]
    assert all(path.name != "file.gz" for path in left)
    with server({"file.gz": PACKED}) as host:
        assert read(published(host), progress=False)[0] == CONTENT


def test_a_file_of_the_environment_is_used_packed_in_another_way_or_not_at_all(data):
    file = published("http://127.0.0.1:9/")
    (data / "file.gz").write_bytes(gzip.compress(CONTENT, 1, mtime=time.time()))
    assert read(file) == (CONTENT, data / "file.gz")
    (data / "file.gz").unlink()
    (data / "file").write_bytes(CONTENT)
    assert read(file) == (CONTENT, data / "file")


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "is empty"),
        (PACKED[:-1], "is cut short"),
        (PACKED[:8], "is cut short"),
        (PACKED[:30] + b"\xff" + PACKED[31:], "is damaged"),
        (PACKED[:-8] + b"1234" + PACKED[-4:], "is damaged"),
        (CONTENT, "is no gzip file"),
        (gzip.compress(CONTENT[:-1]), "is not the published file, cut short or altered"),
        (gzip.compress(CONTENT.replace(b"is", b"was", 1)), "is not the published file"),
    ],
)
def test_a_file_of_the_environment_that_is_not_the_published_one_is_refused(data, content, what):
    (data / "file.gz").write_bytes(content)
    line = refusal(published())
    assert what in line and str(data / "file.gz") in line


def test_what_has_a_checksum_of_the_file_alone_is_checked_too(data):
    file = published(content=False)
    (data / "file.gz").write_bytes(PACKED)
    assert locate(file) == data / "file.gz"
    (data / "file.gz").write_bytes(PACKED[:-1])
    with pytest.raises(BioplastError, match="is not the published file"):
        locate(file)


def test_files_of_ones_own_are_read_whatever_they_hold(tmp_path):
    (tmp_path / "file.gz").write_bytes(gzip.compress(b"my own"))
    assert read(published(), tmp_path) == (b"my own", tmp_path / "file.gz")
    assert "has no file.gz" in refusal(published(), folder=Path(__file__).parent)
    assert "which is no folder" in refusal(published(), folder=tmp_path / "nowhere")


def test_an_environment_that_names_no_folder_is_refused(monkeypatch, tmp_path):
    monkeypatch.setenv("BIOPLAST_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(BioplastError, match=r"BIOPLAST_DATA is '.*nowhere', which is no folder"):
        read(published())


def test_a_folder_in_the_place_of_a_file_is_refused(data):
    (data / "file.gz").mkdir()
    assert "cannot be read" in refusal(published())
