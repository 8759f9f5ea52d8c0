"""Lempel-Ziv parsings against their definitions word by word; entropies against those of known processes."""

from __future__ import annotations

import math

import neo
import numpy as np
import pytest
import quantities as pq
from hypothesis import given, settings
from hypothesis import strategies as st
from support.lempel_ziv import by_definition_1976, by_definition_1978

from bioplast import analysis
from bioplast.analysis import elephant
from bioplast.analysis import lempel_ziv as kernels
from bioplast.errors import BioplastError


def bits(text):
    return np.array([int(c) for c in text])


@st.composite
def texts(draw):
    """A word with repetitions in it, and the size of its alphabet."""
    alphabet = draw(st.sampled_from([2, 2, 3, 4, 7, 300, 70_000]))
    symbols = st.integers(0, alphabet - 1)
    some = draw(st.lists(symbols, min_size=1, max_size=6))
    parts = draw(st.lists(st.one_of(st.lists(symbols, max_size=12), st.sampled_from([some, some * 3])), max_size=8))
    return np.array([*some, *(symbol for part in parts for symbol in part)]), alphabet


@settings(deadline=None, max_examples=300)
@given(texts())
def test_both_parsings_are_those_of_the_definitions(text):
    word, alphabet = text
    assert analysis.lz76(word, alphabet) == by_definition_1976(word)
    assert analysis.lz78(word, alphabet) == by_definition_1978(word)


@settings(deadline=None, max_examples=300)
@given(texts(), st.sampled_from([0, 1, 4, 1000]))
def test_every_way_to_the_parsing_of_1976_gives_the_same(text, patience):
    word = (text[0] % 2).astype(np.uint8)
    expected = by_definition_1976(word)
    assert kernels.lz76_by_index(word, patience) in (expected, -1 if patience < 1000 else expected)
    assert kernels.lz76_by_automaton(word) == expected
    assert kernels.lz76_any(word.astype(np.int32), 2) == expected


@settings(deadline=None, max_examples=200)
@given(texts())
def test_a_suffix_array_is_in_order(text):
    word, _ = text
    ranks = np.unique(word, return_inverse=True)[1].astype(np.int32)
    order = kernels.suffix_array(ranks, int(ranks.max()))
    assert order.tolist() == sorted(range(len(word)), key=lambda k: ranks[k:].tolist())


@pytest.mark.parametrize("alphabet", [2, 3, 5, 26])
def test_many_random_words_are_those_of_the_definition(alphabet):
    """2,500 words of each alphabet, 10,000 in all."""
    rng = np.random.default_rng(alphabet)
    for length in (1, 2, 7, 24, 61):
        words = rng.integers(0, alphabet, (500, length))
        assert analysis.lz76(words, alphabet).tolist() == [by_definition_1976(word) for word in words]
        assert analysis.lz78(words, alphabet).tolist() == [by_definition_1978(word) for word in words]


@pytest.mark.parametrize(
    ("text", "of_1976"),
    [
        ("0", 1),
        ("0000000000000000", 2),  # Kaspar and Schuster (1987): 2 for a constant word
        ("0101010101010101", 3),  # and 3 for a periodic one
        ("0001101001000101", 6),  # Lempel and Ziv (1976), section III: 0.001.10.100.1000.101
        ("1001111011000010", 6),
    ],
)
def test_published_examples(text, of_1976):
    assert analysis.lz76(bits(text)) == of_1976


def test_the_number_of_phrases_of_regular_words():
    """All that is equal after the first symbols is one phrase in 1976; in 1978 phrases grow by a symbol each."""
    for n in (10, 1000, 300_000):
        assert analysis.lz76(np.zeros(n, np.uint8)) == 2
        assert analysis.lz76(np.arange(n) % 5, 5) == 6
        phrases = math.isqrt(2 * n)
        exactly = next(k for k in range(max(phrases - 2, 1), phrases + 3) if k * (k + 1) // 2 >= n)
        assert analysis.lz78(np.zeros(n, np.uint8)) == exactly


@pytest.mark.parametrize(("p", "n"), [(0.5, 1 << 18), (0.05, 1 << 18), (0.5, 1 << 14)])
def test_long_words_are_parsed_alike_on_every_way(p, n):
    word = (np.random.default_rng(1).random(n) < p).astype(np.uint8)
    assert analysis.lz76(word) == kernels.lz76_by_automaton(word) == kernels.lz76_any(word.astype(np.int32), 2)


@pytest.mark.parametrize("alphabet", [2, 4])
def test_random_words_have_the_phrases_that_are_expected_of_them(alphabet):
    """The longest match of what begins at p with one of the p places before is the largest of p geometric numbers.

    Its mean is log_k(p) + gamma/ln(k) - 1/2, its standard deviation that of Gumbel's distribution. A phrase is one
    longer.
    """
    n, words = 100_000, 8
    p = np.arange(2, n)
    expected = (1 / (np.log(p) / math.log(alphabet) + np.euler_gamma / math.log(alphabet) + 0.5)).sum()
    deviation = math.pi / math.sqrt(6) / math.log(alphabet) * math.sqrt(expected) / (n / expected)
    found = analysis.lz76(np.random.default_rng(3).integers(0, alphabet, (words, n)), alphabet)
    # a percent for what the limit leaves out where p is small: 1/log(n) of 1/p
    assert found.mean() == pytest.approx(expected, abs=4 * deviation / math.sqrt(words) + 0.01 * expected)
    assert found.std() < 3 * deviation


def test_phrases_grow_by_the_logarithm_over_the_entropy():
    """Between n and 2n phrases have a length of log2(n)/h and a constant (Wyner and Ziv 1989)."""
    p, words = 0.1, 8
    h = -p * math.log2(p) - (1 - p) * math.log2(1 - p)
    rng = np.random.default_rng(4)

    def length(n):
        drawn = rng.random((words, 2 * n)) < p
        return words * n / (analysis.lz76(drawn).sum() - analysis.lz76(drawn[:, :n]).sum())

    # the variance of a length is that of the information of a symbol, 0.9 bits^2, times log2(n)/h^3
    variance = p * (1 - p) * math.log2((1 - p) / p) ** 2 * math.log2(10**4) / h**3
    phrases = words * 10**4 / (math.log2(10**4) / h)
    assert length(10**6) - length(10**4) == pytest.approx(math.log2(100) / h, abs=4 * math.sqrt(variance / phrases))


def test_normalization_is_by_the_alphabet_that_is_declared():
    word = bits("012012012012")
    assert analysis.lz76(word, 3, True) == pytest.approx(4 * math.log(12, 3) / 12)
    assert analysis.lz76(bits("2222"), 3, True) == pytest.approx(2 * math.log(4, 3) / 4)
    assert analysis.lz78(word, 4, True) == pytest.approx(7 * math.log(12, 4) / 12)
    assert math.isnan(analysis.lz76([0], normalize=True))
    assert np.isnan(analysis.lz78([[0], [1]], normalize=True)).all()


def test_a_batch_is_its_words_on_one_core_and_on_all(monkeypatch):
    words = np.random.default_rng(1).random((100, 1024)) < np.linspace(0.01, 0.5, 100)[:, None]
    one = [analysis.lz76(word) for word in words]
    for share in ("1", "2"):
        monkeypatch.setenv("BIOPLAST_CORES", share)
        assert analysis.lz76(words).tolist() == one
        assert analysis.lz78(words).tolist() == [analysis.lz78(word) for word in words]
    assert analysis.lz76(words.T[::3].T) == pytest.approx([analysis.lz76(word[::3]) for word in words])


@pytest.mark.parametrize("kind", [bool, np.int8, np.uint8, np.int16, np.uint32, np.int64, np.uint64, list])
def test_any_kind_of_whole_numbers_is_accepted(kind):
    text = "1001111011000010"
    word = [int(c) for c in text]
    assert analysis.lz76(word if kind is list else np.array(word, dtype=kind)) == 6


@pytest.mark.parametrize(
    "function", [analysis.lz76, analysis.lz78, lambda word, k=2: analysis.block_entropy(word, 1, k)]
)
@pytest.mark.parametrize(
    ("given", "line"),
    [
        (([],), r"a word is empty \(shape \(0,\)\)"),
        ((np.zeros((3, 0), int),), "a word is empty"),
        (([0.0, 1.0],), "a word of values of type float64: whole numbers from 0 to 1"),
        (([0, np.nan],), "a word of values of type float64"),
        (("0110",), "a word of text"),
        ((["0", "1"],), "a word of text"),
        (([None, 1],), "a word of values of type object"),
        ((3,), r"a word has shape \(\)"),
        ((np.zeros((2, 2, 2), int),), r"a word has shape \(2, 2, 2\)"),
        (([[0, 1], [0]],), "words of different lengths"),
        (([0, 1, 2],), "symbol 2 is 2: 0 to 1 are accepted"),
        (([0, -1],), "symbol 1 is -1"),
        (([[0, 1], [1, 7]], 4), "symbol 1 of word 1 is 7: 0 to 3 are accepted"),
        ((np.array([2**64 - 1], dtype=np.uint64),), "symbol 0 is"),
        (([0, 1], 1), "alphabet is 1"),
        (([0, 1], 2.0), r"alphabet is 2\.0: a whole number"),
        (([0, 1], True), "alphabet is True"),
    ],
)
def test_what_is_no_word_is_one_line(function, given, line):
    with pytest.raises(BioplastError, match=line) as error:
        function(*given)
    assert "\n" not in str(error.value)


# Entropies


@settings(deadline=None, max_examples=100)
@given(texts(), st.integers(1, 8))
def test_block_entropy_is_that_of_counted_blocks(text, length):
    word, alphabet = text
    length = min(length, len(word))
    blocks = [tuple(word[k : k + length]) for k in range(len(word) - length + 1)]
    shares = [blocks.count(block) / len(blocks) for block in set(blocks)]
    assert analysis.block_entropy(word, length, alphabet) == pytest.approx(
        -sum(p * math.log2(p) for p in shares), abs=1e-9
    )
    assert analysis.entropy_rate(word, length, alphabet) >= 0


def test_the_entropy_rate_of_a_markov_chain():
    """H = sum_a p_a H(next | a), from blocks of two on; with one symbol alone it is that of the rate."""
    rng = np.random.default_rng(5)
    up, down, n = 0.1, 0.3, 200_000
    draws, word = rng.random(n), np.zeros(n, dtype=int)
    for k in range(1, n):
        word[k] = draws[k] < (1 - down if word[k - 1] else up)
    h = lambda p: -p * math.log2(p) - (1 - p) * math.log2(1 - p)  # noqa: E731 - as in the formula
    p = up / (up + down)
    exact = (1 - p) * h(up) + p * h(down)
    # The estimate's standard deviation is that of the mean of -log2 P(next | now), at most log2(1/0.1) for each symbol,
    # with a correlation time of 1/(up + down).
    spread = math.log2(10) * math.sqrt(2 / (up + down) / n)
    assert analysis.entropy_rate(word, 1) == pytest.approx(h(p), abs=4 * spread)
    for length in (2, 3, 5):
        assert analysis.entropy_rate(word, length) == pytest.approx(exact, abs=4 * spread)


def test_permutation_entropy_of_known_signals():
    assert analysis.permutation_entropy(np.arange(10)) == 0
    assert analysis.permutation_entropy(np.zeros(10)) == 0
    # Bandt and Pompe (2002): 4, 7, 9, 10, 6, 11, 3 has the orders 012, 012, 120, 102, 201 of three
    signal = [4, 7, 9, 10, 6, 11, 3]
    assert analysis.permutation_entropy(signal, 2) == pytest.approx(
        -(4 / 6) * math.log2(4 / 6) - (2 / 6) * math.log2(2 / 6)
    )
    assert analysis.permutation_entropy(signal, 3) == pytest.approx(
        -2 * (2 / 5) * math.log2(2 / 5) - (1 / 5) * math.log2(1 / 5)
    )
    noise = np.random.default_rng(1).random((3, 100_000))
    # 720 orders: the estimate is too low by about 719/(2 n ln 2)
    assert analysis.permutation_entropy(noise, 6, normalize=True) == pytest.approx(
        np.ones(3), abs=2 * 719 / (2e5 * 6.5)
    )
    assert analysis.permutation_entropy(np.tile([0.0, 1.0], 50), delay=2) == 0


@settings(deadline=None, max_examples=100)
@given(st.lists(st.integers(0, 4), min_size=7, max_size=40), st.integers(2, 4), st.integers(1, 2))
def test_permutation_entropy_is_that_of_counted_orders(signal, order, delay):
    places = range(len(signal) - (order - 1) * delay)
    orders = [tuple(np.argsort(signal[k : k + (order - 1) * delay + 1 : delay], kind="stable")) for k in places]
    shares = [orders.count(each) / len(orders) for each in set(orders)]
    found = analysis.permutation_entropy(signal, order, delay)
    assert found == pytest.approx(-sum(p * math.log2(p) for p in shares), abs=1e-9)


@pytest.mark.parametrize(
    ("call", "line"),
    [
        (lambda: analysis.block_entropy([0, 1], 3), "length is 3: 1 to 2"),
        (lambda: analysis.block_entropy([0, 1], 1.5), r"length is 1\.5: a whole number"),
        (lambda: analysis.permutation_entropy([1, np.nan, 2]), "not finite"),
        (lambda: analysis.permutation_entropy(["a", "b", "c"]), "real numbers"),
        (lambda: analysis.permutation_entropy([1, 2]), "a signal of 2 samples: order and delay need at least 3"),
        (lambda: analysis.permutation_entropy([1, 2, 3], order=1), "order 1"),
        (lambda: analysis.permutation_entropy(np.zeros((2, 2, 2))), r"shape \(2, 2, 2\)"),
    ],
)
def test_what_does_not_fit_is_one_line(call, line):
    with pytest.raises(BioplastError, match=line):
        call()


# Words of spikes


def test_words_of_spikes_of_a_raster_and_of_a_recording_are_the_same():
    rng = np.random.default_rng(2)
    raster = rng.random((200, 4)) < 0.1
    steps, neurons = np.nonzero(raster)
    for width in (1, 4, 7):
        words = analysis.raster_words(raster, width)
        assert words.shape == (4, 200 // width)
        expected = [[raster[k * width : (k + 1) * width, i].any() for k in range(200 // width)] for i in range(4)]
        assert words.tolist() == expected
        found = analysis.words(steps * 1e-3 + 3, neurons, 4, 0.2, width * 1e-3, start=3)
        assert found.tolist() == words.tolist()
        trains = [
            neo.SpikeTrain(steps[neurons == i] + 3000, units="ms", t_start=3 * pq.s, t_stop=3.2 * pq.s)
            for i in range(4)
        ]
        assert elephant.words(trains, width * pq.ms).tolist() == words.tolist()
        assert analysis.lz76(words).tolist() == [by_definition_1976(word) for word in words]


@pytest.mark.parametrize(
    ("call", "line"),
    [
        (lambda: analysis.raster_words(np.zeros(3)), r"a raster is \[steps, neurons\]"),
        (lambda: analysis.raster_words(np.zeros((3, 2)), 4), "steps is 4: 1 to 3"),
        (lambda: analysis.raster_words([[np.nan, 1]]), "negative or NaN"),
        (lambda: elephant.words([], 1), "no spike train"),
        (
            lambda: elephant.words([neo.SpikeTrain([] * pq.s, t_stop=k) for k in (1, 2)], 1),
            "differ in t_start or t_stop",
        ),
        (lambda: elephant.words(neo.SpikeTrain([] * pq.s, t_stop=1), 2), "longer than the duration"),
    ],
)
def test_what_gives_no_words_is_one_line(call, line):
    with pytest.raises(BioplastError, match=line):
        call()
