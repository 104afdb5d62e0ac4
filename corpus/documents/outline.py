"""Headings, printed page numbers and sections of text that carries no markup of its own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from liverboard.corpus.documents.readable import line_spans, readable
from liverboard.corpus.documents.records import Page, Section, Span

_CHINESE_NUMBER = "[一二三四五六七八九十]{1,3}"
_HEADINGS: tuple[tuple[re.Pattern[str], int], ...] = (
    (re.compile(rf"^{_CHINESE_NUMBER}、[^。；，]{{2,30}}$"), 1),
    (re.compile(r"^附\s?录\s*\d{0,2}$|^参考文献$"), 1),
    (re.compile(rf"^[（(]{_CHINESE_NUMBER}[）)][^。；，]{{2,30}}$"), 2),
    (re.compile(r"^\d{1,2}\.\s?(?=[A-Z\u4e00-\u9fff])[^。；，]*[\u4e00-\u9fff]?[^。；，,.%]{1,28}$"), 3),
    (re.compile(r"^(?:Abstract|Introduction|Background|(?:Materials and )?Methods|Results|Discussion"
                r"|Conclusions?|References|ABSTRACT|INTRODUCTION|BACKGROUND|METHODS|RESULTS|DISCUSSION"
                r"|CONCLUSIONS?|REFERENCES)$"), 1),
    (re.compile(r"^\d{1,2}\.?\s+[A-Z][A-Za-z ,\-/()]{3,60}$"), 1),
    (re.compile(r"^\d{1,2}\.\d{1,2}\.?\s+[A-Z][A-Za-z ,\-/()]{3,60}$"), 2),
    (re.compile(r"^\d{1,2}\.\d{1,2}\.\d{1,2}\.?\s+[A-Z][A-Za-z ,\-/()]{3,60}$"), 3),
)
_REFERENCES = re.compile(r"(?i)^\W*(\d+\.?\s*)?(references|bibliography|works cited|参考文献|参考资料)\W*$")
_CITATION = re.compile(
    r"\[J\]|\bdoi:\s?10\.|\bPMID:?\s?\d"
    r"|\b(?:19|20)\d\d\s?[,;]\s?\d+\s?(?:\([^)]{1,12}\))?\s?:\s?[eS]?\d")
_CHARACTERS_A_CITATION = 220
_PAGE_NUMBER = re.compile(r"^\s*[-–—]?\s*(\d{1,4})\s*[-–—]?\s*$")
_MIN_PAGES, _MIN_CHARACTERS_A_PAGE = 3, 250


class Heading(NamedTuple):
    """A heading line: its span, how deep it is (1 outermost) and its words."""

    span: Span
    level: int
    words: str


def numbered_headings(text: str) -> list[Heading]:
    """Lines that look like numbered or customary headings, Chinese and English, in plain text."""
    found = []
    for start, end in line_spans(text):
        line = readable(text[start:end])
        if 2 <= len(line) <= 70 and not _PAGE_NUMBER.match(line):
            level = next((level for pattern, level in _HEADINGS if pattern.match(line)), None)
            if level:
                found.append(Heading((start, end), level, line))
    return found


def is_bibliography(heading: Sequence[str], text: str) -> bool:
    """Whether this is part of a list of references, which is read but not searched.

    Judged by the headings above it, or by how densely journal citations follow one another.
    """
    if any(_REFERENCES.match(words) for words in heading):
        return True
    marks = len(_CITATION.findall(text))
    return marks >= 2 and len(text) / marks < _CHARACTERS_A_CITATION


def printed_pages(text: str) -> tuple[tuple[Page, ...], tuple[Span, ...]]:
    """Pages of a plain text whose page numbers stand on lines of their own at the foot of each page.

    Returns
    -------
    pages, spans of the page-number lines. Both are empty unless numbers count up from 1 through the
    text, at least three of them, at the distance of pages.
    """
    feet: list[Span] = []
    for start, end in line_spans(text):
        match = _PAGE_NUMBER.match(text[start:end])
        if match and int(match.group(1)) == len(feet) + 1:
            feet.append((start, end))
    if len(feet) < _MIN_PAGES or (feet[-1][0] - feet[0][0]) / (len(feet) - 1) < _MIN_CHARACTERS_A_PAGE:
        return (), ()
    starts = [0, *(end for _, end in feet)]
    if not text[starts[-1]:].strip():
        starts.pop()
    return tuple(Page(number=n, char_start=at) for n, at in enumerate(starts, 1)), tuple(feet)


def sections_between(text: str, headings: Iterable[Heading], pages: Sequence[Page]) -> tuple[Section, ...]:
    """Cut the text at its headings; a heading line belongs to no section's text, only to its path."""
    sections: list[Section] = []
    path: list[tuple[int, str]] = []
    start = 0

    def close(end: int) -> None:
        if text[start:end].strip():
            page = max((p.number for p in pages if p.char_start <= start), default=None)
            sections.append(Section(heading=tuple(words for _, words in path), page=page,
                                    text=text[start:end], char_start=start, char_end=end))

    for heading in headings:
        close(heading.span[0])
        path = [(level, words) for level, words in path if level < heading.level]
        path.append((heading.level, heading.words))
        start = heading.span[1]
    close(len(text))
    return tuple(sections)
