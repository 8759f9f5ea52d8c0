"""Words from files, and `bioplast complexity`: what a file holds is counted, and what is no word is one line."""

from __future__ import annotations

import datetime
import math
import pickle
import re
import subprocess
import sys

import neo
import numpy as np
import pytest
import quantities as pq
from hypothesis import given, settings
from hypothesis import strategies as st
from support.lempel_ziv import by_definition_1976, by_definition_1978

from bioplast.analysis import word_files
from bioplast.analysis.word_files import bin_width, complexities, read_words
from bioplast.cli import main
from bioplast.errors import BioplastError

WORD = "1001111011000010"  # 1.0.01.1110.1100.0010 in 1976, and 8 phrases in 1978


@settings(max_examples=50)
@given(words=st.lists(st.text("01", min_size=1, max_size=40), min_size=1, max_size=8), blank=st.sampled_from(" \t\f"))
def test_text_is_a_word_a_line_whatever_the_blanks(tmp_path_factory, words, blank):
    path = tmp_path_factory.mktemp("text") / "words"
    path.write_bytes(b"\xef\xbb\xbf" + "\r\n\n".join(blank.join(f" {word}") for word in words).encode())
    assert ["".join(map(str, word)) for _, word in read_words(path)] == words
    found = complexities(path)
    for row, word in zip(found, words, strict=True):
        assert (row.symbols, row.ones) == (len(word), word.count("1"))
        assert (row.lz76, row.lz78) == (by_definition_1976(word), by_definition_1978(word))
        if len(word) > 1:
            assert row.normalized == pytest.approx(row.lz76 * math.log2(len(word)) / len(word))
        assert math.isnan(row.entropy_rate)
    assert [row.name for row in found] == [f"line {2 * k + 1}" for k in range(len(words))]


def test_the_entropy_rate_is_that_of_bits_drawn_one_by_one(tmp_path):
    path, p = tmp_path / "drawn.npy", 0.2
    np.save(path, np.random.default_rng(1).random((20, 4096)) < p)
    h = -p * math.log2(p) - (1 - p) * math.log2(1 - p)
    rates = [row.entropy_rate for row in complexities(path)]
    # the information of a symbol has the variance p(1 - p) log2((1 - p)/p)^2; 16 blocks bias it by 8/(2 n ln 2)
    error = math.sqrt(p * (1 - p) * math.log2((1 - p) / p) ** 2 / (20 * 4096))
    assert np.mean(rates) == pytest.approx(h, abs=4 * error + 8 / (2 * 4096 * math.log(2)))
    np.save(path, np.zeros((1, 256), bool))
    assert complexities(path)[0].entropy_rate == 0
    np.save(path, np.zeros((1, 255), bool))
    assert math.isnan(complexities(path)[0].entropy_rate)


@pytest.mark.parametrize("kind", [bool, np.uint8, np.int64, float, np.float32])
def test_an_array_is_words_or_with_transpose_a_raster(tmp_path, kind):
    path, raster = tmp_path / "raster.npy", np.random.default_rng(2).random((60, 3)) < 0.3
    np.save(path, raster.astype(kind))
    found = read_words(path, transpose=True)
    assert [name for name, _ in found] == ["neuron 0", "neuron 1", "neuron 2"]
    np.testing.assert_array_equal([word for _, word in found], raster.T)
    np.testing.assert_array_equal([word for _, word in read_words(path)], raster)
    np.save(path, raster[:, 0].astype(kind))
    ((name, word),) = read_words(path)
    assert name == "word" and word.tolist() == raster[:, 0].tolist()


def trains():
    """In seconds from 0 to 0.1 s, with spikes on borders of bins of 10 ms and at the end."""
    return [np.array([0.0, 0.0151, 0.03, 0.0999]), np.array([0.019999, 0.1])], ["1101000001", "0100000000"]


def test_a_nix_file_gives_a_word_for_each_train(tmp_path):
    path, (times, expected) = tmp_path / "trains.nix", trains()
    block = neo.Block()
    for shift in (0, 1):
        segment = neo.Segment()
        for k, train in enumerate(times):
            train = (train + shift) * pq.s
            limits = {"t_start": shift * pq.s, "t_stop": (0.1 + shift) * pq.s}
            segment.spiketrains.append(neo.SpikeTrain(train.rescale("ms"), name=f"cell {k}", **limits))
        block.segments.append(segment)
    with neo.io.NixIO(str(path), "ow") as file:
        file.write_block(block)
    found = read_words(path, bin=10e-3)
    assert [name for name, _ in found] == [f"segment {s}, cell {k}" for s in (0, 1) for k in (0, 1)]
    assert ["".join(map(str, word)) for _, word in found] == 2 * expected
    assert [word.size for _, word in read_words(path)] == 4 * [100]  # 1 ms


def nwb(path, units, **columns):
    import pynwb

    file = pynwb.NWBFile("words", "words", datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC))
    for times in units:
        file.add_unit(spike_times=times, **columns)
    with pynwb.NWBHDF5IO(str(path), "w") as writer:
        writer.write(file)


def test_an_nwb_file_gives_a_word_for_each_unit_and_interval(tmp_path):
    path, (times, expected) = tmp_path / "units.nwb", trains()
    nwb(path, times, obs_intervals=[[0.0, 0.1]])
    assert ["".join(map(str, word)) for _, word in read_words(path, bin=10e-3)] == expected
    nwb(path, times, obs_intervals=[[0.0, 0.04], [0.06, 0.1]])
    found = read_words(path, bin=10e-3)
    assert [name for name, _ in found][:2] == ["unit 0, 0 to 0.04 s", "unit 0, 0.06 to 0.1 s"]
    assert ["".join(map(str, word)) for _, word in found] == ["1101", "0001", "0100", "0000"]
    nwb(path, times)  # from 0 to the last spike of all, which has a bin of its own
    assert ["".join(map(str, word)) for _, word in read_words(path, bin=10e-3)] == ["11010000010", "01000000001"]
    nwb(path, [[-0.02, 0.005], [0.0]])
    assert ["".join(map(str, word)) for _, word in read_words(path, bin=10e-3)] == ["101", "001"]


def test_the_command_prints_a_line_for_each_word(tmp_path, capsys):
    path = tmp_path / "words.txt"
    path.write_text(f"{WORD}\n{'0' * 300}\n")
    assert main(["complexity", str(path)]) == 0
    heads, first, second = capsys.readouterr().out.splitlines()
    assert heads.split("  ")[0] == "word" and "LZ76" in heads and "entropy rate, N = 4 (bits)" in heads
    assert first.split() == ["line", "1", "16", "8", "6", "8", "1.5000"]
    # 2 phrases in 1976; in 1978 they grow by a symbol each: 1 + 2 + ... + 24 = 300
    assert second.split() == ["line", "2", "300", "0", "2", "24", f"{2 * math.log2(300) / 300:.4f}", "0.0000"]
    block = tmp_path / "one.npy"
    np.save(block, np.array([1, 0, 1]))
    assert main(["complexity", str(block), "--block", "1"]) == 0
    assert capsys.readouterr().out.splitlines()[1].split() == ["word", "3", "2", "3", "3", f"{math.log2(3):.4f}"]


def test_the_command_says_why_there_is_no_entropy_rate(tmp_path, capsys):
    path = tmp_path / "words.txt"
    for length, printed in ((512, False), (511, True)):
        path.write_text("01" * 256 if length == 512 else "01" * 255 + "0")
        assert main(["complexity", str(path), "--block", "5"]) == 0
        last = capsys.readouterr().out.splitlines()[-1]
        assert last.startswith("no entropy rate: blocks of 5 need words of at least 512 symbols") == printed


def test_the_widths_of_bins():
    assert [bin_width(text) for text in ("1 ms", "0.5ms", " 2e1 us ", "1s")] == pytest.approx([1e-3, 5e-4, 2e-5, 1])
    for text in ("", "1", "ms", "0 ms", "-1 ms", "nan ms", "1.2.3 ms", "1 Hz", "1 ms 2", "1e999 s"):
        with pytest.raises(BioplastError, match="a positive time in s, ms or us is accepted"):
            bin_width(text)


def array(values, **options):
    return lambda path: np.save(path, values, **options)


def cut(path):
    np.save(path, np.zeros(1000, bool))
    path.write_bytes(path.read_bytes()[:500])


@pytest.mark.parametrize(
    ("name", "write", "options", "line"),
    [
        ("gone.txt", None, [], "gone.txt: no such file"),
        ("folder", lambda path: path.mkdir(), [], "a folder, not a file"),
        ("empty.txt", b"", [], "no word in it"),
        ("blank.txt", b" \n\t\n", [], "no word in it"),
        ("two.txt", b"0101\n01 2 1", [], "line 2: symbol 3 is '2': 0 and 1 are accepted"),
        ("utf8.txt", "01é".encode(), [], "line 1: symbol 3 is the byte 0xc3"),
        ("utf16.bits", "01".encode("utf-16"), [], "line 1: symbol 1 is the byte 0xff"),
        ("words.csv", b"0,1", [], "files that end in .txt, .bits, .dat, .npy, .nix, .nwb are accepted"),
        ("words.txt", WORD.encode(), ["--bin", "1 ms"], "a bin belongs to spike trains"),
        ("words.txt", WORD.encode(), ["--transpose"], "only arrays"),
        ("words.txt", WORD.encode(), ["--block", "0"], "a block of 0 symbols: a whole number from 1 to 24"),
        ("words.nix", b"", ["--bin", "5"], "a bin of '5': a positive time in s, ms or us is accepted"),
        ("two.npy", array([[1, 0], [0, 2]]), [], "symbol 1 of word 1 (from 0) is 2: 0 and 1 are accepted"),
        ("nan.npy", array([0, np.nan]), [], "symbol 1 (from 0) is nan"),
        ("text.npy", array(["0", "1"]), [], "an array of <U1"),
        ("none.npy", array(np.zeros((3, 0), bool)), [], "the array is empty"),
        ("cube.npy", array(np.zeros((2, 2, 2))), [], "shape (2, 2, 2): [symbols] or [words, symbols] is accepted"),
        ("line.npy", array([0, 1]), ["--transpose"], "shape (2,): [steps, neurons] is accepted"),
        ("objects.npy", array(np.array([[], 1], dtype=object), allow_pickle=True), [], "Python objects are not read"),
        ("pickle.npy", pickle.dumps(np.zeros(3)), [], "no whole NumPy array"),
        ("zip.npy", b"PK\x03\x04 and so on", [], "no whole NumPy array"),
        ("cut.npy", cut, [], "no whole NumPy array"),
        ("head.npy", b"\x93NUMPY\x01\x00v\x00{'descr'", [], "no whole NumPy array"),
        ("text.nix", WORD.encode(), [], "cannot be read as NIX"),
        ("text.nwb", WORD.encode(), [], "cannot be read as NWB"),
        ("none.nwb", lambda path: nwb(path, []), [], "no spike train in it"),
        ("long.nwb", lambda path: nwb(path, [[0.5]]), ["--bin", "0.001us"], "up to 100,000,000 are accepted"),
        ("bin.nwb", lambda path: nwb(path, [[0.5]], obs_intervals=[[0.0, 1.0]]), ["--bin", "2 s"],
         "unit 0: a bin of 2.0 s is longer than the duration of 1.0 s"),
        ("silent.nwb", lambda path: nwb(path, [[]]), [], "no unit has a spike"),
    ],
)  # fmt: skip
def test_what_is_no_word_is_one_line_and_status_2(tmp_path, capsys, name, write, options, line):
    path = tmp_path / name
    if isinstance(write, bytes):
        path.write_bytes(write)
    elif write is not None:
        write(path)
    assert main(["complexity", str(path), *options]) == 2
    printed = capsys.readouterr()
    assert line in printed.err and printed.err.startswith("bioplast: ") and printed.err.count("\n") == 1
    assert printed.out == ""


def test_a_pickle_is_never_loaded(tmp_path, capsys):
    class Sets:
        def __reduce__(self):
            return (open, (str(tmp_path / "loaded"), "w"))

    path = tmp_path / "words.npy"
    for write in (lambda: path.write_bytes(pickle.dumps(Sets())), lambda: np.save(path, np.array([Sets(), 1]))):
        write()
        assert main(["complexity", str(path)]) == 2
    assert not (tmp_path / "loaded").exists()
    capsys.readouterr()


def test_a_file_that_is_too_large_is_refused_before_it_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(word_files, "MOST", 100)
    np.save(tmp_path / "large.npy", np.zeros((2, 51), bool))
    (tmp_path / "large.txt").write_text("0" * 201)
    (tmp_path / "lines.txt").write_text("0" * 60 + "\n" + "1" * 41)
    (tmp_path / "full.txt").write_text("0" * 60 + "\n" + "1" * 40)
    nwb(tmp_path / "large.nwb", [[0.05], [0.03]], obs_intervals=[[0.0, 0.06]])
    for name in ("large.npy", "large.txt", "lines.txt", "large.nwb"):
        with pytest.raises(BioplastError, match=f"{name}: .* symbols or more: up to 100 are accepted"):
            read_words(tmp_path / name)
    assert len(read_words(tmp_path / "full.txt")) == 2


@pytest.mark.parametrize(("ending", "module"), [("nix", "nixio"), ("nwb", "pynwb")])
def test_what_reads_a_file_is_named_with_its_extra_if_it_is_missing(tmp_path, capsys, monkeypatch, ending, module):
    path = tmp_path / f"trains.{ending}"
    path.write_bytes(b"")
    monkeypatch.setitem(sys.modules, module, None)
    assert main(["complexity", str(path)]) == 2
    assert f"{module} is needed to read it and is not installed: pip install 'bioplast[{ending}]'" in (
        capsys.readouterr().err
    )


def test_words_of_text_do_not_wait_for_brian2_or_neo(tmp_path):
    (tmp_path / "words").write_text(WORD)
    script = (
        "import sys; from bioplast.cli import main; main(['complexity', sys.argv[1]]);"
        "sys.exit(bool({'brian2', 'neo', 'elephant', 'jax'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path / "words")], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[1].split()[2:] == ["16", "8", "6", "8", "1.5000"]


@pytest.mark.parametrize("symbol", [b"#", b"\x00", b"/", b"2", b"\xff"])
def test_a_symbol_of_any_value_is_named_without_a_warning(tmp_path, symbol, recwarn):
    path = tmp_path / "words.txt"
    path.write_bytes(b"01" + symbol + b"1\n")
    shown = repr(symbol.decode()) if symbol in b"#/2" else f"the byte 0x{symbol[0]:02x}"
    with pytest.raises(BioplastError, match=re.escape(f"line 1: symbol 3 is {shown}")):
        word_files.read_words(path)
    assert not recwarn.list
