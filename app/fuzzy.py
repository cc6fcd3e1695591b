"""Fuzzy matching for the palette: all letters in order, better when they begin words or stand together. Pure."""

from __future__ import annotations

import msgspec


class Hit(msgspec.Struct, frozen=True):
    """A match: ``score`` (more is better) and the positions of the matched characters."""

    score: int
    positions: tuple[int, ...]


def match(query: str, text: str) -> Hit | None:
    """Return how well ``query`` matches ``text``; every word of the query must, in any order. ``None`` = not."""
    score = 0
    positions: set[int] = set()
    folded = _folded(text)
    for word in _folded(query).split():
        hit = _word(word, folded, text)
        if hit is None:
            return None
        score += hit.score
        positions.update(hit.positions)
    return Hit(score - len(text) // 8, tuple(sorted(positions)))


def _folded(text: str) -> str:
    """Return the text in lower case, letter by letter: positions must stay what they are."""
    return "".join(lower if len(lower := letter.lower()) == 1 else letter for letter in text)


def _word(word: str, folded: str, text: str) -> Hit | None:
    at = _best_run(word, folded, text)
    if at is not None:
        bonus = 40 if _begins(text, at) else 20
        return Hit(bonus + 4 * len(word) - at // 8, tuple(range(at, at + len(word))))
    return _scattered(word, folded, text)


def _best_run(word: str, folded: str, text: str) -> int | None:
    found = folded.find(word)
    first = found
    while found >= 0:
        if _begins(text, found):
            return found
        found = folded.find(word, found + 1)
    return first if first >= 0 else None


def _scattered(word: str, folded: str, text: str) -> Hit | None:
    positions: list[int] = []
    score, begin = 0, 0
    for letter in word:
        starts = [i for i in range(begin, len(folded)) if folded[i] == letter and _begins(text, i)]
        at = (
            starts[0]
            if starts and (not positions or folded.find(letter, begin) != begin)
            else folded.find(letter, begin)
        )
        if at < 0:
            return None
        score += 6 if _begins(text, at) else 3 if positions and at == positions[-1] + 1 else -1
        positions.append(at)
        begin = at + 1
    return Hit(score, tuple(positions))


def _begins(text: str, at: int) -> bool:
    if at == 0:
        return True
    before = text[at - 1]
    return not before.isalnum() or (text[at].isupper() and before.islower())
