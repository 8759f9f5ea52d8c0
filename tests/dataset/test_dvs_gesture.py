"""DVS128 Gesture: small AEDAT 3.1 files as IBM describes them, cut by their labels; and what does not fit."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from support.data_files import write_tar

from bioplast.dataset import dvs_gesture
from bioplast.errors import BioplastError

HEADER = b"#!AER-DAT3.1\r\n#Format: RAW\r\n#!END-HEADER\r\n"


def packet(events, overflow=0, kind=1, size=8) -> bytes:
    """Events (time, column, row, polarity, valid) with the header of their packet, the least significant byte first."""
    head = struct.pack("<HHIIIIII", kind, 1, size, 4, overflow, len(events), len(events), len(events))
    words = [(x << 17 | y << 2 | p << 1 | valid, time) for time, x, y, p, valid in events]
    return head + b"".join(struct.pack("<II", *word) for word in words)


FIRST = HEADER + packet([(90, 1, 1, 0, 1), (100, 127, 2, 1, 1), (150, 3, 127, 0, 1)])
# Of another kind of 8 bytes; then an invalid one, the end of a gesture, and one whose time began anew.
FIRST += packet([(160, 5, 5, 0, 1)], kind=0) + packet([(170, 6, 6, 0, 0), (200, 7, 7, 1, 1), (260, 8, 8, 1, 1)])
FIRST += packet([(5, 9, 9, 0, 1)], overflow=1)
LATE = 1 << 31
LABELS = f"class,startTime_usec,endTime_usec\n1,100,200\n11,200,300\n2,{LATE},{LATE + 10}\n"


def content(**changes: bytes) -> dict[str, bytes]:
    found = {
        "user01_led.aedat": FIRST,
        "user02_led.aedat": HEADER + packet([(time, 0, 0, 1, 1) for time in range(0, 360, 10)]),
        "user24_led.aedat": HEADER + packet([(20, 4, 5, 1, 1)]),
        "user01_led_labels.csv": LABELS.encode(),
        "user02_led_labels.csv": b"class,startTime_usec,endTime_usec\n"
        + b"".join(b"%d,%d,%d\n" % (3 + k % 2, 30 * k, 30 * k + 30) for k in range(12)),
        "user24_led_labels.csv": b"class,startTime_usec,endTime_usec\r\n5,10,30\r\n",
        "trials_to_train.txt": b"user01_led.aedat\n",
        "trials_to_test.txt": b"user24_led.aedat\r\n\r\n",
    }
    return {f"DvsGesture/{name}": member for name, member in (found | changes).items() if member}


def write(folder, **changes):
    return write_tar(folder / "DvsGesture.tar.gz", content(**{k.replace("__", "."): v for k, v in changes.items()}))


def test_gestures_are_cut_by_their_labels_and_begin_at_zero(tmp_path):
    write(tmp_path)
    found = dvs_gesture.load("train", folder=tmp_path)
    assert (found.labels.tolist(), found.shape) == ([0, 10, 1], (2, 128, 128))
    expected = [
        ([0, 50], [(1, 2, 127), (0, 127, 3)]),
        ([0, 60], [(1, 7, 7), (1, 8, 8)]),
        ([5], [(0, 9, 9)]),
    ]
    for sample, (microseconds, places) in enumerate(expected):
        times, neurons = found.events(sample)
        np.testing.assert_allclose(times, np.array(microseconds) * 1e-6, rtol=1e-12)
        assert [tuple(map(int, np.unravel_index(neuron, found.shape))) for neuron in neurons] == places
    test = dvs_gesture.load("test", folder=tmp_path)
    assert test.labels.tolist() == [4] and test.events(0)[0].tolist() == [pytest.approx(1e-5, rel=1e-12)]


def test_the_parts_are_those_of_the_lists(tmp_path):
    write(tmp_path, trials_to_train__txt=b"user02_led.aedat\n")
    parts = dvs_gesture.split(0, folder=tmp_path)
    assert [len(part) for part in parts.values()] == [10, 2, 1]
    assert all(len(parts["train"].events(k)[0]) == 3 for k in range(10))
    assert sorted(parts["validation"].labels) == [2, 3]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"user01_led__aedat": b""}, "has no user01_led.aedat"),
        ({"user01_led_labels__csv": b""}, "has no user01_led_labels.csv"),
        ({"trials_to_train__txt": b""}, "has no trials_to_train.txt, or an empty one"),
        ({"user01_led_labels__csv": b"class,start\n1,2\n"}, "without class, startTime_usec and endTime_usec"),
        ({"user01_led_labels__csv": LABELS.replace("11,", "12,").encode()}, "with class 12 from 200 to 300"),
        ({"user01_led_labels__csv": LABELS.replace("100,200", "200,100").encode()}, "with class 1 from 200 to 100"),
        ({"user01_led__aedat": b"#!AER-DAT2.0\r\n"}, "that is no AEDAT 3.1 file"),
        ({"user01_led__aedat": FIRST[:30]}, "cut short within its header"),
        ({"user01_led__aedat": FIRST[:-1]}, "is cut short within a packet"),
        ({"user01_led__aedat": FIRST + b"\x01\x00"}, "is cut short within the header of a packet"),
        ({"user01_led__aedat": HEADER + packet([(1, 1, 1, 1, 1)] * 3, size=4)}, "has polarity events of 4 bytes"),
        ({"user01_led__aedat": HEADER + packet([(1, 128, 1, 1, 1)])}, "an event beyond 128 x 128 pixels"),
    ],
)
def test_what_does_not_fit_is_named(tmp_path, changes, message):
    path = write(tmp_path, **changes)
    with pytest.raises(BioplastError, match=f"dvs-gesture: {path} .*{message}"):
        dvs_gesture.load("train", folder=tmp_path)


def test_it_has_to_be_fetched_by_hand(monkeypatch, tmp_path):
    monkeypatch.setenv("BIOPLAST_DATA", str(tmp_path))
    with pytest.raises(BioplastError, match=r"no DvsGesture\.tar\.gz \(it has to be fetched by hand\).*ibm\.com"):
        dvs_gesture.load("test")
