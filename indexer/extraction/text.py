"""Sentences of a text with their exact spans, and the section that each stands in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from liverboard.indexer.extraction.lexicon import heading_patterns, lexicon

_END = re.compile(
    r"[.!?](?=[\"')\]]*\s+[\"'(\[]?[A-Z0-9\u2265\u2264])|[。！？]"  # a full stop before a new sentence
    r"|\n[ \t]*\n\s*|(?<=[:：])[ \t]*\n"  # an empty line, the end of a heading
    r"|\n(?=[^\n.]{2,50}[:：][ \t]*\n)"  # the line before a heading
)
LONGEST = 1500
"""Characters of the longest sentence."""
_SPACE = re.compile(r"\s")
_HEADING_LINE = re.compile(r"^(?:ABSTRACT\.)?(?P<name>[^\n.:：]{2,50}?)\s*[:：]+\s*$")
_HEADING_RUN_IN = re.compile(
    r"^(?P<name>[A-Z][A-Za-z]+(?: (?:and |& )?[A-Za-z]+){0,3})\s*[:：]\s"
    r"|^[【\[]?(?P<zh>[\u4e00-\u9fff]{2,5})[】\]：:]"
)


@dataclass(frozen=True)
class Sentence:
    """A sentence, its span in the document, and the kind of section it is in ("" before any heading).

    `text` is ``fold(document[start:end])``: a line that breaks inside a sentence reads as a space.
    """

    text: str
    start: int
    end: int
    section: str = ""


def fold(text: str) -> str:
    """Every white-space character as one plain space: of the same length, so that spans hold."""
    return _SPACE.sub(" ", text)


def sentences(text: str) -> tuple[Sentence, ...]:
    """The sentences of a text in order, headings on lines of their own left out."""
    found: list[Sentence] = []
    section = ""
    for start, end in _spans(text):
        raw = text[start:end]
        if match := _HEADING_LINE.match(raw):
            section = _kind(match["name"]) or section
            continue
        if match := _HEADING_RUN_IN.match(raw):
            section = _kind(match["name"] or match["zh"]) or section
        found.append(Sentence(fold(raw), start, end, section))
    return tuple(found)


def _spans(text: str) -> list[tuple[int, int]]:
    cuts, start = [], 0
    for match in _END.finditer(text):
        if match[0] == "." and _is_abbreviation(text[max(start, match.start() - 12) : match.start()]):
            continue
        cuts.append((start, match.end()))
        start = match.end()
    cuts.append((start, len(text)))
    trimmed = []
    for begin, end in cuts:
        piece = text[begin:end]
        lead, trail = len(piece) - len(piece.lstrip()), len(piece) - len(piece.rstrip())
        if piece.strip():
            trimmed += _short_enough(text, begin + lead, end - trail)
    return trimmed


def _short_enough(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """What never ends (a table, a hostile text) is cut at white space where there is some: time stays bounded."""
    pieces = []
    while end - start > LONGEST:
        space = max(text.rfind(" ", start + 1, start + LONGEST), text.rfind("\n", start + 1, start + LONGEST))
        cut = space if space > start else start + LONGEST
        pieces.append((start, cut))
        start = cut + (len(text[cut:end]) - len(text[cut:end].lstrip()))
    return [*pieces, (start, end)] if start < end else pieces


def _is_abbreviation(before: str) -> bool:
    word = re.search(r"(?:^|[\s(\[])([A-Za-z.]+)$", before)
    return word is not None and word[1].lower() in _abbreviations()


@cache
def _abbreviations() -> frozenset[str]:
    return frozenset(lexicon()["abbreviations"])


def _kind(heading: str) -> str:
    for kind, pattern in heading_patterns():
        if pattern.fullmatch(heading.strip()) or (len(heading) < 40 and pattern.match(heading.strip())):
            return kind
    return ""
