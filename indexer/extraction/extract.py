"""Statements from a text that nobody has curated, by rules and the maintained lexicon."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from functools import cache

from liverboard.corpus.documents.records import Document
from liverboard.indexer.extraction import parts
from liverboard.indexer.extraction.align import Question
from liverboard.indexer.extraction.direction import answer_from_sentence
from liverboard.indexer.extraction.features import TELLING, find_cues
from liverboard.indexer.extraction.lexicon import patterns
from liverboard.indexer.extraction.numbers import intervals, measures, p_values
from liverboard.indexer.extraction.records import (
    DIRECTIONS,
    Direction,
    ExtractedStatement,
    Quote,
    ReadEffect,
    ReadInterval,
)
from liverboard.indexer.extraction.text import Sentence, sentences


def extract_document(document: Document) -> tuple[ExtractedStatement, ...]:
    """The statements of a document of the user's own; spans are those of its text."""
    return extract_text(document.text, document_id=document.id, sha256=document.sha256)


def extract_text(text: str, *, document_id: str, sha256: str | None = None) -> tuple[ExtractedStatement, ...]:
    """The results that a text reports, each part with its span.

    A result is an outcome in a sentence that also says what happened to it: in words, or with an effect measure or a
    p value. Nothing is invented: what is not found stays None.

    Parameters
    ----------
    document_id : kept in every statement
    sha256 : of the original bytes; None hashes the text itself
    """
    items = sentences(text)
    intervention, comparator = parts.arms(text, items)
    population, design, size = parts.population(text), parts.design(text), parts.sample_size(text)
    digest = sha256 or hashlib.sha256(text.encode()).hexdigest()
    found = []
    for item in _results(items):
        for outcome_id, outcome in _outcomes(text, item):
            direction, probability = _direction(text, item, outcome, intervention, comparator)
            found.append(ExtractedStatement(
                document_id=document_id, document_sha256=digest, population=population, intervention=intervention,
                comparator=comparator, outcome=outcome, outcome_id=outcome_id, effect=_effect(text, item, outcome),
                p=_p(text, item, outcome), sample_size=size, design=design,
                direction=direction, direction_probability=probability,
                evidence=parts.quote(text, item.start, item.end),
            ))
    return tuple(found)


def _results(items: tuple[Sentence, ...]) -> Iterator[Sentence]:
    """Sentences that report a result: by their section where there is one, and by their words."""
    elsewhere = set(patterns()["other_sections"])
    for item in items:
        if item.section not in elsewhere and (
            any(c.kind in TELLING for c in find_cues(item.text)) or p_values(item.text) or measures(item.text)
        ):
            yield item


def _outcomes(text: str, item: Sentence) -> Iterator[tuple[str | None, Quote]]:
    """The outcomes that a sentence names, each once; where none is listed, what stands before the verb."""
    taken: list[tuple[int, int]] = []
    for name, pattern in _listed():
        match = next((m for m in pattern.finditer(item.text)
                      if not any(a < m.end() and m.start() < b for a, b in taken)), None)
        if match:
            taken.append(match.span())
            yield name, parts.quote(text, item.start + match.start(), item.start + match.end())
    matches = (pattern.search(item.text) for pattern in _phrases())
    if not taken and (match := next((m for m in matches if m), None)):
        start, end = match.span("span")
        yield None, parts.quote(text, item.start + start, item.start + end)


def _direction(text: str, item: Sentence, outcome: Quote, intervention: Quote | None,
               comparator: Quote | None) -> tuple[Direction | None, float | None]:
    """None without an intervention: then nobody knows whose direction it is."""
    if intervention is None:
        return None, None
    question = Question(intervention.text, comparator.text if comparator else "", outcome.text)
    chances = answer_from_sentence(question, text, item)
    best = max(range(len(DIRECTIONS)), key=lambda i: chances[i])
    return DIRECTIONS[best], round(chances[best], 3)


def _effect(text: str, item: Sentence, outcome: Quote) -> ReadEffect | None:
    """The first effect measure after the outcome, unless the results of another stand between."""
    found = measures(item.text)
    place = outcome.start - item.start
    after = [m for m in found if m.start >= place]
    between = item.text[outcome.end - item.start : after[0].start] if after else ""
    if not after or p_values(between) or intervals(between):  # those belong to another outcome
        return None
    first = after[0]
    interval = None
    if first.interval:
        span = first.interval
        interval = ReadInterval(low=span.low, high=span.high,
                                quote=parts.quote(text, item.start + span.start, item.start + span.end))
    return ReadEffect(measure=first.name, value=first.value, interval=interval,
                      quote=parts.quote(text, item.start + first.start, item.start + first.end))


def _p(text: str, item: Sentence, outcome: Quote) -> Quote | None:
    """The first p value after the outcome, unless another outcome is named in between."""
    found = [p for p in p_values(item.text) if item.start + p.start >= outcome.end]
    if not found or any(outcome.end <= item.start + m.start() < item.start + found[0].start
                        for _, pattern in _listed() for m in pattern.finditer(item.text)):
        return None
    return parts.quote(text, item.start + found[0].start, item.start + found[0].end)


@cache
def _listed() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((name, re.compile(p, re.IGNORECASE)) for name, p in patterns()["outcomes"].items())


@cache
def _phrases() -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(pattern, re.IGNORECASE) for pattern in patterns()["outcome_phrases"])
