"""The kernels of `bioplast.analysis.complexity`, compiled by numba: both parsings of one word, in linear time.

A word is an array of labels from 0. Kernels let other Python threads run, so that a batch uses all cores.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np


def _compiled(function: Any) -> Any:
    """Compile a function when it is first called, and keep the machine code where there is a place for it."""
    try:
        return numba.njit(cache=True, nogil=True)(function)
    except RuntimeError:  # neither the folder of this file nor the user's cache can be written
        return numba.njit(nogil=True)(function)


@_compiled
def labels(word, alphabet, found):  # type: ignore[no-untyped-def]
    """Write the symbols of a word into `found`; the first place of one that is no label, or -1."""
    for i in range(word.size):
        if word[i] < 0 or word[i] >= alphabet:
            return i
        found[i] = word[i]
    return -1


@_compiled
def lz76_by_index(word, patience):  # type: ignore[no-untyped-def]
    """Number of phrases of the 1976 parsing of bits, or -1 if it took more than `patience` comparisons a symbol.

    All blocks of some log2(n) bits that have begun so far are kept in two ways: which prefixes they have, a bit for
    each node of a binary tree, and where they are, in lists. A match that is shorter than a block is read off the tree,
    and a longer one is the longest of a list. In a random word lists are short, and all of it is near the processor; in
    one that repeats itself they are long.
    """
    n = word.size
    length = 1
    while 1 << (length + 2) <= n:
        length += 1
    one = np.uint64(1)
    known = np.zeros((1 << (length + 1)) // 64 + 1, np.uint64)  # the root of the tree is node 1
    last = np.full(1 << length, -1, np.int32)
    earlier = np.empty(n, np.int32)
    patience *= n
    block = 0  # the one at `entered`, with zeros after the end: no match reaches there
    for i in range(length):
        block = block << 1 | (word[i] if i < n else 0)
    start, entered, count = 0, 0, 0
    while start < n:
        while entered < start:
            node = 1 << length | block
            while node and not (known[node >> 6] >> np.uint64(node & 63)) & one:
                known[node >> 6] |= one << np.uint64(node & 63)
                node >>= 1
            earlier[entered] = last[block]
            last[block] = entered
            ahead = entered + length
            block = (block << 1 & (1 << length) - 1) | (word[ahead] if ahead < n else 0)
            entered += 1
        node, longest = 1 << length | block, length
        while node > 1 and not (known[node >> 6] >> np.uint64(node & 63)) & one:
            node >>= 1
            longest -= 1
        if longest == length:
            other = last[block]
            while other >= 0:
                match = length
                while start + match < n and word[other + match] == word[start + match]:
                    match += 1
                longest = max(longest, match)
                patience -= 1 + match - length
                if patience < 0:
                    return -1
                other = earlier[other]
        start += min(longest, n - start) + 1
        count += 1
    return count


# How many comparisons a symbol are tried before another way is taken, and up to which length that is the automaton,
# which is faster than the suffix array as long as it is near the processor.
_PATIENCE = 4
_NEAR = 1 << 17


@_compiled
def lz76_of_bits(words, counts):  # type: ignore[no-untyped-def]
    """Number of phrases of the 1976 parsing of each row of bits; -1 where only the suffix array will do."""
    for k in range(len(words)):
        counts[k] = lz76_by_index(words[k], _PATIENCE)
        if counts[k] < 0 and words.shape[1] <= _NEAR:
            counts[k] = lz76_by_automaton(words[k])


@_compiled
def lz78_of(words, alphabet, counts):  # type: ignore[no-untyped-def]
    """Number of phrases of the 1978 parsing of each row, by the tree of its phrases.

    The edges are kept in a table by node and symbol, with open addressing, of which at most half is filled.
    """
    n = words.shape[1]
    size = 1
    while size < 2 * n + 2:
        size *= 2
    edges = np.empty(size, np.int64)
    ends = np.empty(size, np.int32)
    for k in range(len(words)):
        edges[:] = -1
        node, count, inside = 0, 0, False
        for i in range(n):
            edge = node * alphabet + words[k, i]
            mixed = np.uint64(edge) * np.uint64(0x9E3779B97F4A7C15)
            place = np.int64((mixed ^ (mixed >> np.uint64(29))) & np.uint64(size - 1))
            while edges[place] != edge and edges[place] != -1:
                place = (place + 1) & (size - 1)
            if edges[place] == edge:
                node, inside = ends[place], True
            else:
                count += 1
                edges[place], ends[place] = edge, count
                node, inside = 0, False
        counts[k] = count + inside


@_compiled
def lz76_by_automaton(word):  # type: ignore[no-untyped-def]
    """Number of phrases of the 1976 parsing of bits, by a suffix automaton that grows along the word.

    A phrase goes on as long as the automaton of all before its last symbol has a path for it. A state is a row: the
    states that 0 and 1 lead to (0: none, since nothing leads to the root), the suffix link, the longest length. Beside
    each other they are fetched from memory at once.
    """
    n = word.size
    states = np.empty((2 * n + 1, 4), np.int32)
    states[0, 0], states[0, 1], states[0, 2], states[0, 3] = 0, 0, -1, 0
    size, last = 1, 0
    at, count = 0, 0  # the state of the phrase so far
    for i in range(n):
        symbol = word[i]
        ahead = states[at, symbol]
        new, size = size, size + 1
        states[new, 0], states[new, 1], states[new, 2], states[new, 3] = 0, 0, 0, i + 1
        before = last
        while before != -1 and states[before, symbol] == 0:
            states[before, symbol] = new
            before = states[before, 2]
        if before != -1:
            target = states[before, symbol]
            longest = states[before, 3] + 1
            if states[target, 3] == longest:
                states[new, 2] = target
            else:
                clone, size = size, size + 1
                states[clone, 0], states[clone, 1] = states[target, 0], states[target, 1]
                states[clone, 2], states[clone, 3] = states[target, 2], longest
                while before != -1 and states[before, symbol] == target:
                    states[before, symbol] = clone
                    before = states[before, 2]
                states[target, 2] = clone
                states[new, 2] = clone
        last = new
        # If a clone took over the phrase in this step, it still leads where the original does when it is next asked.
        at = ahead
        if not ahead:
            count += 1
    return count + (at > 0)


def lz76_any(word: np.ndarray, alphabet: int) -> int:
    """Number of phrases of the 1976 parsing over any alphabet, by a suffix array; the word is of int32."""
    return int(_parse(word, suffix_array(word, alphabet - 1)))


def suffix_array(word: np.ndarray, highest: int) -> np.ndarray:
    """The suffixes of a word in order, by induced sorting (Nong, Zhang and Chan 2011), in linear time.

    Parameters
    ----------
    word : array of int32 [symbols]
        Labels from 0.
    highest : int
        The highest label.
    """
    if word.size < 2:
        return np.zeros(word.size, np.int32)
    rising, falling_at, rising_at, name, dips = _classified(word, highest)
    order = np.empty(word.size, np.int32)
    _induce(word, rising, falling_at, rising_at, dips, order)
    if dips.size:
        ranked, shorter, rank = _ranked(word, name, dips, order)
        if rank + 1 < dips.size:
            del name
            # from here and not from compiled code: numba breaks on a function that calls itself and was kept on disk
            ranked = dips[suffix_array(shorter, rank)]
        _induce(word, rising, falling_at, rising_at, ranked, order)
    return order


@_compiled
def _classified(word, highest):  # type: ignore[no-untyped-def]
    """Which suffixes rise, where those of each first symbol begin, and the dips: rising after a falling one."""
    n = word.size
    rising = np.zeros(n, np.bool_)  # whether a suffix comes before the one that begins a symbol later
    for i in range(n - 2, -1, -1):
        rising[i] = rising[i + 1] if word[i] == word[i + 1] else word[i] < word[i + 1]
    falling_at, rising_at = np.zeros(highest + 2, np.int32), np.zeros(highest + 2, np.int32)
    for i in range(n):
        if rising[i]:
            rising_at[word[i]] -= 1
        falling_at[word[i] + 1] += 1
    for symbol in range(highest + 1):
        falling_at[symbol + 1] += falling_at[symbol]
        rising_at[symbol] += falling_at[symbol + 1]
    name = np.full(n, -1, np.int32)
    number = 0
    for i in range(1, n):
        if rising[i] and not rising[i - 1]:
            name[i] = number
            number += 1
    dips = np.empty(number, np.int32)
    for i in range(1, n):
        if name[i] >= 0:
            dips[name[i]] = i
    return rising, falling_at, rising_at, name, dips


@_compiled
def _induce(word, rising, falling_at, rising_at, dips, order):  # type: ignore[no-untyped-def]
    """Sort all suffixes, given the order of the dips."""
    n = word.size
    order[:] = -1
    place = rising_at.copy()
    for dip in dips:
        order[place[word[dip]]] = dip
        place[word[dip]] += 1
    place[:] = falling_at
    order[place[word[n - 1]]] = n - 1
    place[word[n - 1]] += 1
    for k in range(n):
        suffix = order[k] - 1
        if suffix >= 0 and not rising[suffix]:
            order[place[word[suffix]]] = suffix
            place[word[suffix]] += 1
    place[:] = falling_at
    for k in range(n - 1, -1, -1):
        suffix = order[k] - 1
        if suffix >= 0 and rising[suffix]:
            place[word[suffix] + 1] -= 1
            order[place[word[suffix] + 1]] = suffix


@_compiled
def _ranked(word, name, dips, order):  # type: ignore[no-untyped-def]
    """The dips in the order of their parts up to the next dip; the word of their ranks, and its highest one."""
    n, number = word.size, dips.size
    ranked = np.empty(number, np.int32)
    k = 0
    for suffix in order:
        if name[suffix] >= 0:
            ranked[k] = suffix
            k += 1
    shorter = np.empty(number, np.int32)
    shorter[name[ranked[0]]] = 0
    rank = 0
    for k in range(1, number):
        a, b = ranked[k - 1], ranked[k]
        end_a = dips[name[a] + 1] if name[a] + 1 < number else n
        end_b = dips[name[b] + 1] if name[b] + 1 < number else n
        same = end_a - a == end_b - b
        if same:
            while a < end_a and word[a] == word[b]:
                a += 1
                b += 1
            same = a < n and b < n and word[a] == word[b]
        if not same:
            rank += 1
        shorter[name[ranked[k]]] = rank
    return ranked, shorter, rank


@_compiled
def _parse(word, order):  # type: ignore[no-untyped-def]
    """Number of phrases, given the order of suffixes.

    The longest earlier match of a suffix is with one of its two neighbours, in the order of suffixes, among those that
    begin earlier (Crochemore and Ilie 2008). Suffixes are taken out of a linked list of that order from the last one
    on, so that these are its neighbours when it is taken out. A comparison takes no longer than the phrase it gives.
    """
    n = word.size
    lower, upper = np.empty(n, np.int32), np.empty(n, np.int32)
    before = -1
    for suffix in order:
        lower[suffix] = before
        if before >= 0:
            upper[before] = suffix
        before = suffix
    upper[before] = -1
    for suffix in range(n - 1, -1, -1):
        low, high = lower[suffix], upper[suffix]
        if low >= 0:
            upper[low] = high
        if high >= 0:
            lower[high] = low
    start, count = 0, 0
    while start < n:
        longest = 0
        for k in range(2):
            other = upper[start] if k else lower[start]
            if other >= 0:
                length = 0
                while start + length < n and word[other + length] == word[start + length]:
                    length += 1
                longest = max(longest, length)
        start += longest + 1
        count += 1
    return count
