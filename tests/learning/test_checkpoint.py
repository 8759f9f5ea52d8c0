"""A checkpoint that is another file, or damaged anywhere, is refused; what it holds is never taken wrongly."""

from __future__ import annotations

import io

import jax
import numpy as np
import pytest

from bioplast.errors import BioplastError
from bioplast.learning import checkpoint

STAMP = {"seed": 1}
STATE = {"history": np.arange(3.0), "trained": {"w": np.ones((2, 2), dtype=np.float32)}}


def load(path):
    return checkpoint.load(path, STAMP, STATE)


def test_every_byte_of_a_checkpoint_may_be_damaged(tmp_path):
    path = tmp_path / "training.npz"
    checkpoint.save(path, STAMP, STATE)
    content = path.read_bytes()
    refused = 0
    for place in range(len(content)):
        for flipped in (0x01, 0xFF):
            path.write_bytes(content[:place] + bytes([content[place] ^ flipped]) + content[place + 1 :])
            try:
                found = load(path)
            except BioplastError as error:
                assert "is no checkpoint of bioplast.learning" in str(error) or "another" in str(error)
                refused += 1
            else:  # a date, say, that nothing depends on
                jax.tree.map(np.testing.assert_array_equal, found, STATE)
    assert refused > len(content)


def archive(**arrays):
    content = io.BytesIO()
    np.savez(content, **arrays)
    return content.getvalue()


def array():
    content = io.BytesIO()
    np.save(content, np.ones(3))
    return content.getvalue()


def stamped(text):
    return np.frombuffer(text, dtype=np.uint8)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"some text",
        array(),
        archive(a=1),
        archive(stamp=np.float64(3), leaf0=1),
        archive(stamp=stamped(b"[1]")),
        archive(stamp=stamped(b'{"seed": 1}'), leaf0=np.ones(3)),
        archive(stamp=stamped(b'{"seed": 1}'), leaf0=np.ones(3), leaf1=np.ones(2)),
    ],
)
def test_another_file_is_refused(tmp_path, content):
    path = tmp_path / "training.npz"
    path.write_bytes(content)
    with pytest.raises(BioplastError, match=r"is no checkpoint of bioplast\.learning: remove it or choose another"):
        load(path)


def test_a_large_array_that_claims_to_be_shorter_is_refused(tmp_path):
    path = tmp_path / "training.npz"
    state = {**STATE, "history": np.arange(30_000.0)}
    checkpoint.save(path, STAMP, state)
    content = path.read_bytes()
    assert content.count(b"(30000,)") == 1
    path.write_bytes(content.replace(b"(30000,)", b"(20000,)"))
    with pytest.raises(BioplastError, match=r"is no checkpoint of bioplast\.learning"):
        checkpoint.load(path, STAMP, state)


def test_no_file_is_no_checkpoint(tmp_path):
    assert load(tmp_path / "none.npz") is None
