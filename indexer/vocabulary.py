"""Bilingual terms: how a Chinese question finds English text, and the reverse.

`corpus/vocabulary/terms.yaml` lists concepts, each with its words in both languages::

    - {id: sorafenib, en: [sorafenib, Nexavar], zh: [索拉非尼, 多吉美]}
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import NamedTuple

import yaml
from pydantic import Field, TypeAdapter, ValidationError

from liverboard.corpus.documents.readable import CJK, readable
from liverboard.corpus.errors import CorpusError
from liverboard.corpus.records import Record

_RUN = re.compile(rf"[{CJK}]+|[^{CJK}]+")
_WORD = re.compile(r"\d+\.\d+|[^\W_]+(?:['-][^\W_]+)*")
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—−﹣－", "-") | dict.fromkeys("’‘", "'"))
_IS_CJK = re.compile(f"[{CJK}]")


class Concept(Record):
    """One thing with its names; the first of each language is the usual one."""

    id: str = Field(pattern=r"^[a-z0-9_]+$")
    en: tuple[str, ...] = ()
    zh: tuple[str, ...] = ()


class Part(NamedTuple):
    """A stretch of a text: its words, and the concept that they name (None: an ordinary word)."""

    text: str
    concept: Concept | None


def normalise(text: str) -> str:
    """One form for what is written in several: width, case, dashes, Roman numerals, broken words."""
    return unicodedata.normalize("NFKC", readable(text).translate(_DASHES)).lower()


def words(text: str) -> list[str]:
    """Words of normalised Latin text; a hyphenated word is one (`up-to-7`, `child-pugh`)."""
    return _WORD.findall(text)


def runs(text: str) -> Iterator[tuple[bool, str]]:
    """Stretches of normalised text by script: (is Chinese, stretch)."""
    for match in _RUN.finditer(text):
        yield bool(_IS_CJK.match(match.group())), match.group()


class Vocabulary:
    """Finds concepts in text, longest name first.

    Parameters
    ----------
    concepts : in order of precedence where two share a name
    segmentation : further Chinese words that the segmenter should keep whole
    """

    def __init__(self, concepts: Sequence[Concept] = (), segmentation: Sequence[str] = ()) -> None:
        self.concepts = tuple(concepts)
        self._english: dict[tuple[str, ...], Concept] = {}
        self._chinese: dict[str, Concept] = {}
        for concept in self.concepts:
            for term in concept.en:
                self._english.setdefault(tuple(_pieces(normalise(term))), concept)
            for term in concept.zh:
                self._chinese.setdefault(normalise(term), concept)
        whole = {word for word in self._chinese if not re.search(f"[^{CJK}]", word)}
        self.chinese_words = tuple(sorted(whole | set(segmentation)))
        self._longest_english = max(map(len, self._english), default=0)
        self._longest_chinese = max(map(len, self._chinese), default=0)
        content = repr([c.model_dump() for c in self.concepts]) + repr(self.chinese_words)
        self.sha256 = hashlib.sha256(content.encode()).hexdigest()

    def parts(self, text: str) -> list[Part]:
        """Split a text into concepts and ordinary words, in order."""
        found: list[Part] = []
        for is_chinese, run in runs(normalise(text)):
            found += self._chinese_parts(run) if is_chinese else self._latin_parts(run)
        return found

    def gloss(self, text: str) -> str:
        """What a text says, in English words: its concepts' English names and its Latin words, in order.

        Chinese words without an entry are left out. Empty when nothing is left.
        """
        kept = []
        for part in self.parts(text):
            if part.concept and part.concept.en:
                kept.append(part.concept.en[0])
            elif not _IS_CJK.search(part.text):
                kept.append(part.text)
        return " ".join(kept)

    def _latin_parts(self, run: str) -> Iterator[Part]:
        spoken = words(run)
        pieces = [(piece, n) for n, word in enumerate(spoken) for piece in _pieces(word)]
        at = 0
        while at < len(pieces):
            for length in range(min(self._longest_english, len(pieces) - at), 0, -1):
                end = at + length
                whole = end == len(pieces) or pieces[end][1] != pieces[end - 1][1]
                concept = self._english.get(tuple(p for p, _ in pieces[at:end])) if whole else None
                if concept:
                    yield Part(" ".join(spoken[pieces[at][1] : pieces[end - 1][1] + 1]), concept)
                    at = end
                    break
            else:
                number = pieces[at][1]
                yield Part(spoken[number], None)
                while at < len(pieces) and pieces[at][1] == number:
                    at += 1

    def _chinese_parts(self, run: str) -> Iterator[Part]:
        at = plain = 0
        while at < len(run):
            for length in range(min(self._longest_chinese, len(run) - at), 0, -1):
                concept = self._chinese.get(run[at : at + length])
                if concept:
                    if plain < at:
                        yield Part(run[plain:at], None)
                    yield Part(run[at : at + length], concept)
                    at = plain = at + length
                    break
            else:
                at += 1
        if plain < len(run):
            yield Part(run[plain:], None)


def read_vocabulary(folder: Traversable) -> Vocabulary:
    """Read `terms.yaml` and `terms_zh.txt` (one Chinese word a line) where they exist.

    Raises
    ------
    CorpusError
        A file is not in its form.
    """
    terms, extra = folder / "terms.yaml", folder / "terms_zh.txt"
    concepts: list[Concept] = []
    if terms.is_file():
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        try:
            concepts = TypeAdapter(list[Concept]).validate_python(
                yaml.load(terms.read_text(encoding="utf-8"), Loader=loader) or [])
        except (ValidationError, yaml.YAMLError) as error:
            raise CorpusError(f"{terms}: {error}") from error
    lines = extra.read_text(encoding="utf-8").splitlines() if extra.is_file() else []
    return Vocabulary(concepts, [line.split()[0] for line in lines if line.strip() and line[0] != "#"])


@cache
def shipped_vocabulary() -> Vocabulary:
    """The vocabulary that comes with the corpus; read once."""
    return read_vocabulary(files("liverboard.corpus") / "vocabulary")


def _pieces(word: str) -> list[str]:
    return [piece for piece in re.split(r"[\s-]+", " ".join(words(word))) if piece]
