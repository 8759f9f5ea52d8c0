"""Small data files in the real formats, written from the formats' descriptions, and a server that gives them."""

from __future__ import annotations

import gzip
import http.server
import io
import struct
import tarfile
import threading
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np


def idx(array: np.ndarray) -> bytes:
    """Bytes as IDX: zero, zero, type 8, the number of axes, their lengths, all the most significant byte first."""
    return struct.pack(f">4B{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.astype(np.uint8).tobytes()


def write_idx_images(folder: Path, train: int, test: int, seed: int = 0) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """The four files of a data set like MNIST, of 4 x 3 pixels, two of four classes twice as often; what they hold."""
    rng, written = np.random.default_rng(seed), {}
    folder.mkdir(parents=True, exist_ok=True)
    for part, name, samples in (("train", "train", train), ("test", "t10k", test)):
        images, labels = rng.integers(0, 256, (samples, 4, 3)), np.resize([0, 1, 1, 2, 3, 3], samples)
        (folder / f"{name}-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(images)))
        (folder / f"{name}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx(labels)))
        written[part] = images, labels
    return written


def n_mnist_event(column: int, row: int, polarity: int, microseconds: int) -> bytes:
    """Five bytes: column, row, a bit of polarity and 23 of the time."""
    return bytes((column, row)) + (polarity << 23 | microseconds).to_bytes(3, "big")


def write_zip(path: Path, members: Iterable[tuple[str, bytes]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return path


def write_tar(path: Path, members: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz", compresslevel=1) as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


@contextmanager
def server(answers: dict[str, bytes], promised: int = 0) -> Iterator[str]:
    """The address of a server on this machine that gives what is asked for by name.

    `promised` bytes more than there are to come are announced, so that every download breaks off.
    """

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = answers.get(self.path.removeprefix("/"))
            if content is None:
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Length", str(len(content) + promised))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args: object) -> None:
            """Nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{running.server_address[1]}/"
        finally:
            running.shutdown()
            thread.join()
