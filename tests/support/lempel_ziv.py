"""Both parsings of Lempel and Ziv, word by word as they are defined."""

from __future__ import annotations


def occurs(part, text):
    return any(text[k : k + len(part)] == part for k in range(len(text) - len(part) + 1))


def by_definition_1976(word):
    """The next phrase is the shortest that does not occur in what comes before its last symbol."""
    word, start, count = list(word), 0, 0
    while start < len(word):
        length = 1
        while start + length <= len(word) and occurs(word[start : start + length], word[: start + length - 1]):
            length += 1
        start, count = start + length, count + 1
    return count


def by_definition_1978(word):
    """The next phrase is the shortest that is no phrase yet."""
    known, phrase, count = set(), (), 0
    for symbol in word:
        phrase = (*phrase, symbol)
        if phrase not in known:
            known.add(phrase)
            phrase, count = (), count + 1
    return count + bool(phrase)
