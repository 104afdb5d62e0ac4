"""The referral's text in one plain form, with the way back to the original, cut into sentences and clauses."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻", "0123456789+-")
_SAME = {
    "µ": "u", "μ": "u", "×": "x", "✕": "x", "∗": "x", "–": "-", "—": "-", "−": "-", "‐": "-", "‑": "-", "～": "~",
    "∼": "~", "’": "'", "‘": "'", "“": '"', "”": '"', "→": "->", "，": ", ", "⩽": "≤", "⩾": "≥", "﹥": ">", "﹤": "<",
    "\u200b": "", "\u200c": "", "\u200d": "", "\ufeff": "", "\u00ad": "", "\t": " ", "\r": "\n", "\u3000": " ",
}
_ABBREVIATIONS = "".join(
    rf"(?<!\b{word})" for word in ("vs", "Dr", "Mr", "Ms", "Mrs", "seg", "Seg", "ca", "approx", "max", r"e\.g", r"i\.e")
)
_LONGEST = 600  # characters of a sentence
_IDENTIFIER = re.compile(r"\d{13,}")  # no measurement has so many digits
_SENTENCE_END = re.compile(rf"[。!?;\n]|{_ABBREVIATIONS}\.(?=\s|$|[\"')])")
_CLAUSE_END = re.compile(r",(?=\D|$)|,(?=\d{1,2}\D)|(?<!\d):(?=\s)")


@dataclass(frozen=True)
class Span:
    """A stretch of the folded text, end excluded."""

    start: int
    end: int


@dataclass(frozen=True)
class Text:
    """A referral in plain form.

    `folded` is the text with full-width signs, superscripts and look-alike characters replaced (10⁹ is `10^9`, µ is
    `u`); `at[i]` is the place in `original` of its i-th character.
    """

    original: str
    folded: str
    at: tuple[int, ...]

    def words(self, start: int, end: int) -> tuple[str, int, int]:
        """The original words of a stretch of the folded text, and where they stand."""
        first, last = self.at[start], self.at[max(start, end - 1)] + 1
        while first < last and self.original[first].isspace():
            first += 1
        while last > first and self.original[last - 1].isspace():
            last -= 1
        return self.original[first:last], first, last

    @cached_property
    def lowered(self) -> str:
        """The folded text in lower case, with the same places."""
        return "".join(c.lower() if len(c.lower()) == 1 else c for c in self.folded)

    @cached_property
    def sentences(self) -> tuple[Span, ...]:
        return tuple(_cut(self.folded, 0, len(self.folded), _SENTENCE_END))

    @cached_property
    def clauses(self) -> tuple[Span, ...]:
        return tuple(c for s in self.sentences for c in _cut(self.folded, s.start, s.end, _CLAUSE_END))

    @cached_property
    def _sentence_starts(self) -> list[int]:
        return [s.start for s in self.sentences]

    @cached_property
    def _clause_starts(self) -> list[int]:
        return [c.start for c in self.clauses]

    def sentence_index(self, position: int) -> int:
        """Which sentence a place of the folded text lies in."""
        return max(0, bisect_right(self._sentence_starts, position) - 1)

    def sentence(self, position: int) -> Span:
        return self.sentences[self.sentence_index(position)]

    def clause(self, position: int) -> Span:
        return self.clauses[max(0, bisect_right(self._clause_starts, position) - 1)]

    @cached_property
    def language(self) -> str:
        """`zh` where Chinese characters make up a fair part of the letters, else `en`."""
        chinese = sum("\u4e00" <= c <= "\u9fff" for c in self.original)
        latin = sum(c.isascii() and c.isalpha() for c in self.original)
        return "zh" if chinese * 4 > latin else "en"


def within_sentence(pattern: str) -> str:
    """A pattern whose `[^.;]` stops at the end of a sentence but not at the point of a decimal number."""
    return re.sub(r"\[\^\.([^\]]*)\]", r"(?:[^.\1]|(?<=\\d)\\.(?=\\d))", pattern)


def fold(text: str) -> Text:
    """The plain form of a text."""
    out: list[str] = []
    at: list[int] = []
    raised = False
    for i, char in enumerate(text):
        plain = char.translate(_SUPERSCRIPTS)
        if plain != char:
            piece = plain if raised else "^" + plain
            raised = True
        else:
            raised = False
            same = _SAME.get(char)
            piece = same if same is not None else char if char < "\x7f" else unicodedata.normalize("NFKC", char)
        out.append(piece)
        at.extend([i] * len(piece))
    folded = _IDENTIFIER.sub(lambda m: "#" * len(m[0]), "".join(out))
    return Text(original=text, folded=folded, at=tuple(at))


def _cut(text: str, start: int, end: int, boundary: re.Pattern[str]) -> Iterator[Span]:
    """The stretches between boundaries, each with its closing sign."""
    begin = start
    for match in boundary.finditer(text, start, end):
        if text[begin : match.end()].strip():
            yield from _pieces(begin, match.end())
            begin = match.end()
    if text[begin:end].strip():
        yield from _pieces(begin, end)


def _pieces(start: int, end: int) -> Iterator[Span]:
    """One stretch, or several where it is longer than any sentence: what is searched stays bounded."""
    for begin in range(start, end, _LONGEST):
        yield Span(begin, min(begin + _LONGEST, end))
