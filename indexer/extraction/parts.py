"""The parts of a study that stand once in a document: arms, population, design, number of participants."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache

from liverboard.indexer.extraction.lexicon import patterns
from liverboard.indexer.extraction.numbers import to_number
from liverboard.indexer.extraction.records import Quote, ReadDesign, ReadNumber
from liverboard.indexer.extraction.text import Sentence, fold

SENTENCES_FOR_ARMS = 40
LONGEST_FOR_ARMS = 600
"""Who was compared with what is looked for in so many sentences of at most so many characters."""


def quote(text: str, start: int, end: int) -> Quote:
    """The span as a quote, without the white space and brackets at its ends."""
    piece = text[start:end]
    start += len(piece) - len(piece.lstrip(" \n\t,;:"))
    end -= len(piece) - len(piece.rstrip(" \n\t,;:"))
    return Quote(text=text[start:end], start=start, end=end)


def design(text: str) -> ReadDesign | None:
    """The design that a document names first in the order of the patterns; None when it names none."""
    for kind, pattern in _table("designs"):
        if match := pattern.search(fold(text)):
            return ReadDesign(kind=kind, quote=quote(text, match.start(), match.end()))
    return None


def sample_size(text: str) -> ReadNumber | None:
    """The number of participants; None when none is stated."""
    for pattern in _list("sample_size"):
        for match in pattern.finditer(fold(text)):
            number = to_number(match["n"])
            if number is not None and number > 1:
                return ReadNumber(value=number, quote=quote(text, match.start(), match.end()))
    return None


def population(text: str) -> Quote | None:
    """Whom the study was about, in its own words."""
    for pattern in _list("population"):
        if match := pattern.search(fold(text)):
            start, end = match.span("span") if "span" in pattern.groupindex else match.span()
            return quote(text, start, end)
    return None


def arms(text: str, items: Sequence[Sentence]) -> tuple[Quote | None, Quote | None]:
    """Intervention and comparator, from the sentence that says who was compared with what."""
    for pattern in _list("arms"):
        for item in _before_results(items):
            match = pattern.search(item.text)
            if match:
                comparator = None if match["c"] is None else _arm(text, item, match, "c")
                intervention = _arm(text, item, match, "i")
                if intervention and (comparator is None or comparator.text.lower() != intervention.text.lower()):
                    return intervention, comparator
    return None, None


def _arm(text: str, item: Sentence, match: re.Match[str], name: str) -> Quote | None:
    start, end = (item.start + place for place in match.span(name))
    while lead := _lead().match(text[start:end]):
        start += lead.end()
    return quote(text, start, end) if text[start:end].strip(" \n\t,;:") else None


def _before_results(items: Sequence[Sentence]) -> Iterator[Sentence]:
    """Sentences of title, aim and methods first, then the others."""
    results = set(patterns()["result_sections"])
    first = [item for item in items if item.section not in results]
    rest = [item for item in items if item.section in results]
    yield from (item for item in (first + rest)[:SENTENCES_FOR_ARMS] if len(item.text) <= LONGEST_FOR_ARMS)


@cache
def _lead() -> re.Pattern[str]:
    return re.compile(patterns()["arm_lead"], re.IGNORECASE)


@cache
def _table(name: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((key, re.compile(pattern, re.IGNORECASE)) for key, pattern in patterns()[name].items())


@cache
def _list(name: str) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(pattern, re.IGNORECASE) for pattern in patterns()[name])
