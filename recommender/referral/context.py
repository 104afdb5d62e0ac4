"""Whether the words around a fact deny it, or make it somebody else's, another time's, a question or an opinion."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, cached_property, lru_cache
from typing import Any

from liverboard.corpus.load import SHIPPED, read_yaml
from liverboard.recommender.referral.text import Span, Text, within_sentence

_REACH = 90  # characters that a negation may stand before what it denies


@lru_cache(maxsize=1)
def _data() -> dict[str, Any]:
    found: dict[str, Any] = read_yaml(SHIPPED / "vocabulary" / "referral_context.yaml")
    return found


@cache
def pattern(*path: str) -> re.Pattern[str]:
    """One of the patterns of `referral_context.yaml`, by its path."""
    found: Any = _data()
    for part in path:
        found = found[part]
    return re.compile(within_sentence(found), re.IGNORECASE)


class Context:
    """The context of the stretches of one text."""

    def __init__(self, text: Text) -> None:
        self._text = text

    def negated(self, start: int, end: int) -> bool:
        """Whether a negation before or after reaches this stretch."""
        return self.denial(start, end) is not None

    def denial(self, start: int, end: int) -> Span | None:
        """This stretch together with the negation that reaches it, or `None`."""
        cue = self._denied_before(start, end)
        if cue is not None:
            return Span(cue, end)
        last = self._denied_after(start, end)
        return Span(start, last) if last is not None else None

    def denies(self, words: str) -> bool:
        """Whether the words hold a denial themselves: `肺部CT未见转移`."""
        return any(pattern("negation", "before", language).search(words) for language in ("en", "zh"))

    def foreign(self, start: int, *, opinions: bool = False) -> bool:
        """Whether this place is about a relative, a question or (unless `opinions`) somebody's opinion."""
        groups = (self._family, self._question) if opinions else (self._family, self._question, self._opinion)
        return any(span.start <= start < span.end for group in groups for span in group)

    def asked(self, start: int) -> bool:
        """Whether this place is part of a question or of what somebody has read or heard."""
        return any(span.start <= start < span.end for span in self._question)

    def historic(self, start: int) -> bool:
        """Whether the clause of this place says, before it, that it speaks of another time."""
        clause = self._text.clause(start)
        before = self._text.folded[clause.start : start]
        last = _last(pattern("historic"), before)
        return last is not None and not pattern("current").search(before, last)

    def current(self, start: int) -> bool:
        """Whether the clause of this place says, before it, that it speaks of now."""
        clause = self._text.clause(start)
        return pattern("current").search(self._text.folded, clause.start, start) is not None

    def corrected(self, start: int) -> bool:
        """Whether the sentence of this place says, before it, that it corrects what was said."""
        sentence = self._text.sentence(start)
        return pattern("correction").search(self._text.folded, sentence.start, start) is not None

    def _denied_before(self, start: int, end: int) -> int | None:
        """Where the negation begins that stands before."""
        folded, sentence = self._text.folded, self._text.sentence(start)
        begin = max(sentence.start, start - _REACH)
        for language in ("en", "zh"):
            cues = list(pattern("negation", "before", language).finditer(folded, begin, start))
            for cue in reversed(cues):
                between = folded[cue.end() : start]
                if pattern("negation", "ends", language).search(between):
                    break
                if pattern("graded").match(folded[start:end]) and re.search(r"(?:\band |、|及|和)\s*$", between):
                    break
                if "," not in between or self._list_goes_on(cue.end(), start, sentence.end, language):
                    return cue.start()
        return None

    def _list_goes_on(self, cue: int, start: int, end: int, language: str) -> bool:
        """Whether commas between a negation and a fact are those of a list that ends in `or`."""
        folded = self._text.folded
        chunks = folded[cue:end].split(",")
        position = cue
        for i, chunk in enumerate(chunks[:6]):
            if i and pattern("negation", "before", language).search(chunk):
                return False
            if len(chunk.split()) > 7 or pattern("negation", "ends", language).search(chunk.split(" or ")[0]):
                return False
            position += len(chunk) + 1
            if language == "en" and pattern("negation", "list_end", "en").search(chunk):
                return start < position
        return False

    def _denied_after(self, start: int, end: int) -> int | None:
        """Where the negation ends that stands after."""
        sentence = self._text.sentence(start)
        rest = self._text.folded[end : min(sentence.end, end + 60)]
        found = [m.end() for language in ("en", "zh") if (m := pattern("negation", "after", language).search(rest))]
        return end + max(found) if found else None

    @cached_property
    def _family(self) -> tuple[Span, ...]:
        return tuple(self._spans("family", to_sentence_end=False))

    @cached_property
    def _question(self) -> tuple[Span, ...]:
        return tuple(self._spans("question", to_sentence_end=True))

    @cached_property
    def _opinion(self) -> tuple[Span, ...]:
        return tuple(self._spans("opinion", to_sentence_end=True))

    def _spans(self, name: str, *, to_sentence_end: bool) -> Iterator[Span]:
        for match in pattern(name).finditer(self._text.folded):
            here = self._text.sentence(match.start()) if to_sentence_end else self._text.clause(match.start())
            yield Span(match.start(), here.end)


def _last(found: re.Pattern[str], text: str) -> int | None:
    place = None
    for match in found.finditer(text):
        place = match.start()
    return place
