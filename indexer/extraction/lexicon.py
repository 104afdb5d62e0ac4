"""The extractor's words and patterns, read from `corpus/vocabulary/extraction*.yaml`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import Any

from liverboard.corpus.load import SHIPPED, read_yaml


@cache
def lexicon() -> dict[str, Any]:
    """How results are written: cues, abbreviations, headings, words of the arms."""
    data: dict[str, Any] = read_yaml(SHIPPED / "vocabulary" / "extraction.yaml")
    return data


@cache
def patterns() -> dict[str, Any]:
    """How numbers, designs and the parts of a question are written in abstracts."""
    data: dict[str, Any] = read_yaml(SHIPPED / "vocabulary" / "extraction_patterns.yaml")
    return data


@cache
def cues() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Class of cue and its pattern, in the order of the file."""
    return tuple((name, alternatives(words)) for name, words in lexicon()["cues"].items())


@cache
def word_set(*path: str) -> frozenset[str]:
    """A list of words of the lexicon, as a set."""
    found: Any = lexicon()
    for key in path:
        found = found[key]
    return frozenset(found)


@cache
def heading_patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Kind of section and the pattern of its headings."""
    return tuple(
        (kind, re.compile(rf"(?:{pattern})", re.IGNORECASE)) for kind, pattern in lexicon()["sections"].items()
    )


def alternatives(words: Iterable[str]) -> re.Pattern[str]:
    """One pattern for any of several; whole words in Latin script, anywhere in Chinese."""
    latin: list[str] = []
    other: list[str] = []
    for word in words:
        (other if re.search(r"[\u4e00-\u9fff]", word) else latin).append(word)
    parts = [rf"(?<![\w-])(?:{'|'.join(latin)})(?!\w)"] if latin else []
    return re.compile("|".join([*parts, *other]), re.IGNORECASE)
