"""The phrases of explanations and comparisons, in both languages, from `corpus/vocabulary/explore_phrases.yaml`."""

from __future__ import annotations

from functools import lru_cache

from liverboard.corpus.load import SHIPPED, read_yaml
from liverboard.corpus.records import Bilingual, Language


@lru_cache(maxsize=1)
def _phrases() -> dict[str, Bilingual]:
    data: dict[str, dict[str, str]] = read_yaml(SHIPPED / "vocabulary" / "explore_phrases.yaml")
    return {name: Bilingual.model_validate(texts) for name, texts in data.items()}


def say(name: str, language: Language, /, **values: object) -> str:
    """A phrase in one language, its `{slots}` filled; an unknown name is a bug (`KeyError`)."""
    return _phrases()[name].in_(language).format(**values)


def held(reason: str, language: Language) -> str:
    """What holds a regimen back, as a sentence; a reason that has none yet is shown by its name."""
    found = _phrases().get(f"held.{reason}")
    return found.in_(language) if found is not None else reason.replace("_", " ")
