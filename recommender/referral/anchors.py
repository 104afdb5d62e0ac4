"""Patterns that are tried only where they can match: each knows words of which one must stand in the text.

Most of the vocabulary does not occur in most referrals; looking for a word is a hundred times cheaper than trying a
pattern at every place. The gate changes nothing of what is found.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from re import _constants as kinds  # type: ignore[attr-defined]  # the tree of a pattern has no public form
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

from liverboard.recommender.referral.text import within_sentence

_SHORT = 2  # literals below this length occur anywhere and are no gate


@dataclass(frozen=True)
class Branch:
    """One alternative with its anchors, in lower case; no anchors: it is always tried."""

    pattern: re.Pattern[str]
    anchors: tuple[str, ...]


@dataclass(frozen=True)
class Gated:
    """Alternatives, each tried only where one of its anchors stands in the text."""

    branches: tuple[Branch, ...]

    def finditer(self, text: str, lowered: str) -> Iterator[re.Match[str]]:
        """The leftmost matches in `text` that do not overlap; `lowered` is the same text in lower case."""
        found = [
            match
            for branch in self.branches
            if not branch.anchors or any(anchor in lowered for anchor in branch.anchors)
            for match in _at_words(branch.pattern, text)
        ]
        found.sort(key=lambda m: m.start())  # stable: of those that begin together, the first alternative
        end = 0
        for match in found:
            if match.start() >= end:
                end = match.end()
                yield match


def gated(text: str) -> Gated:
    """The alternatives of a pattern; where one begins or ends with a Latin letter, it begins or ends with the word."""
    ended = (f"(?:{within_sentence(part)})(?:(?![A-Za-z])|(?<![A-Za-z]))" for part in _alternatives(text))
    return Gated(tuple(_branch(re.compile(part, re.IGNORECASE)) for part in ended))


def _at_words(pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    """The matches that do not begin inside a Latin word; quicker to see afterwards than in the pattern."""
    place = 0
    while (match := pattern.search(text, place)) is not None:
        start = match.start()
        if start and _is_letter(text[start]) and _is_letter(text[start - 1]):
            place = start + 1
            continue
        yield match
        place = max(match.end(), start + 1)


def _is_letter(char: str) -> bool:
    return char.isascii() and char.isalpha()


def _branch(pattern: re.Pattern[str]) -> Branch:
    found = _of_sequence(parser.parse(pattern.pattern, pattern.flags & re.IGNORECASE))
    return Branch(pattern, tuple(sorted(found)) if found else ())


def _alternatives(text: str) -> Iterator[str]:
    """The text cut at the `|` that stand outside brackets."""
    depth, begin, in_class, i = 0, 0, False, 0
    while i < len(text):
        char = text[i]
        if char == "\\":
            i += 1
        elif in_class:
            in_class = char != "]"
        elif char == "[":
            in_class = True
        elif char in "()":
            depth += 1 if char == "(" else -1
        elif char == "|" and depth == 0:
            yield text[begin:i]
            begin = i + 1
        i += 1
    yield text[begin:]


def _of_sequence(items: Iterable[Any]) -> frozenset[str] | None:
    """The best of what the mandatory parts of a sequence offer: literals in a row, or the anchors of a group."""
    best: frozenset[str] | None = None
    run = ""
    for kind, value in items:
        if kind is kinds.LITERAL:
            run += chr(value)
            continue
        best, run = _better(best, _literal(run)), ""
        if kind is kinds.SUBPATTERN:
            best = _better(best, _of_sequence(value[-1]))
        elif kind is kinds.BRANCH:
            best = _better(best, _of_branches(value[1]))
        elif kind in (kinds.MAX_REPEAT, kinds.MIN_REPEAT) and value[0] > 0:
            best = _better(best, _of_sequence(value[2]))
    return _better(best, _literal(run))


def _of_branches(branches: Iterable[Any]) -> frozenset[str] | None:
    found: set[str] = set()
    for branch in branches:
        anchors = _of_sequence(branch)
        if anchors is None:
            return None
        found |= anchors
    return frozenset(found)


def _literal(run: str) -> frozenset[str] | None:
    word = run.lower()
    return frozenset({word}) if len(word.strip()) >= _SHORT or any(c > "\u2e80" for c in word) else None


def _better(a: frozenset[str] | None, b: frozenset[str] | None) -> frozenset[str] | None:
    if a is None or b is None:
        return b if a is None else a
    return max(a, b, key=lambda s: (min(len(w) for w in s), -len(s)))
