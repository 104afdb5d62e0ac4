"""The fixed phrases of an answer, in both languages, from `corpus/vocabulary/phrases.yaml`."""

from __future__ import annotations

from functools import lru_cache

from liverboard.corpus.load import SHIPPED, read_yaml
from liverboard.corpus.records import Bilingual, Language


@lru_cache(maxsize=1)
def _phrases() -> dict[str, Bilingual]:
    data: dict[str, dict[str, str]] = read_yaml(SHIPPED / "vocabulary" / "phrases.yaml")
    return {name: Bilingual.model_validate(texts) for name, texts in data.items()}


def phrase(name: str) -> Bilingual:
    """A phrase by its name; an unknown name is a bug (`KeyError`)."""
    return _phrases()[name]


def say(name: str, language: Language, /, **values: object) -> str:
    """A phrase in one language, with its `{slots}` filled."""
    return phrase(name).in_(language).format(**values)
