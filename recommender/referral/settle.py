"""Settles the readings of a text against each other: one value a field, or a contradiction that is shown."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from liverboard.recommender.referral.records import Candidate, ReadValue
from liverboard.recommender.referral.text import Text

SETS = frozenset({
    "etiology", "comorbidities", "medication", "allergies", "preferences", "tumour.extrahepatic", "tumour.near",
})
LISTS = frozenset({"tumour.lesions"})
_FIRST = frozenset({"age_years", "region"})  # of several, the first named is the patient's
_HIGHEST = frozenset({  # the furthest extent counts; lesser words describe parts of it
    "tumour.vascular_invasion", "diagnosis.tumour_type", "recurrence.resected_size_cm", "diagnosis.basis",
    "diagnosis.disease_status", "tumour.portal_flow",
})


@dataclass(frozen=True)
class Settled:
    """Values by field with their words, what contradicts, and every stretch of text that was read.

    `unread`: stretches that speak of a field of which nothing could be read.
    """

    values: dict[str, Any]
    spans: tuple[ReadValue, ...]
    contradictions: tuple[str, ...]
    read: tuple[tuple[int, int], ...]
    unread: tuple[tuple[int, int], ...] = ()


def settle(text: Text, candidates: Iterable[Candidate]) -> Settled:
    """One value a field. Equal rank and different values: both are named and the field is left out."""
    by_field: dict[str, list[Candidate]] = {}
    for candidate in candidates:
        by_field.setdefault(candidate.field, []).append(candidate)
    values: dict[str, Any] = {}
    spans: list[ReadValue] = []
    contradictions: list[str] = []
    unread = {field: found for field, found in by_field.items() if field.startswith("?")}
    for field, found in by_field.items():
        if field in unread:
            continue
        if field in SETS:
            kept = list(_members(found))
            if kept or any(c.value == [] for c in found):
                values[field] = [c.value for c in kept]
                chosen = kept or [c for c in found if c.value == []][:1]
                spans += [_span(text, c) for c in chosen]
        elif field in LISTS:
            kept = _longest(found)
            values[field] = [c.value for c in kept]
            spans += [_span(text, c) for c in kept]
        else:
            one = _one(found, field)
            if one is None:
                contradictions.append(_contradiction(text, field, found))
            else:
                values[field] = one.value
                spans.append(_span(text, one))
    open_ = tuple((c.start, c.end) for field, found in unread.items() if field[1:] not in values for c in found)
    read = tuple((c.start, c.end) for field, found in by_field.items() if field not in unread for c in found)
    spans.sort(key=lambda s: (s.start, s.end, s.field))
    return Settled(values, tuple(spans), tuple(contradictions), read, open_)


def _members(found: list[Candidate]) -> Iterator[Candidate]:
    """The members of a set, each once; a member that a passage denies is left out unless another states it."""
    seen: set[str] = set()
    for candidate in sorted(found, key=lambda c: c.start):
        if candidate.value == [] or candidate.excluded:
            continue
        key = json.dumps(candidate.value, sort_keys=True, ensure_ascii=False)
        if key not in seen:
            seen.add(key)
            yield candidate


def _longest(found: list[Candidate]) -> list[Candidate]:
    """The members of a list in the order of the text; the same one said twice counts once."""
    kept: list[Candidate] = []
    for candidate in sorted(found, key=lambda c: c.start):
        size = candidate.value["diameter_cm"]
        same = [i for i, k in enumerate(kept) if k.value["diameter_cm"] == size and k.start != candidate.start]
        if not same:
            kept.append(candidate)
        elif len(candidate.value) > len(kept[same[0]].value):
            kept[same[0]] = candidate
    return kept


def _one(found: list[Candidate], field: str) -> Candidate | None:
    top = max(c.rank for c in found)
    best = sorted((c for c in found if c.rank == top), key=lambda c: c.start)
    if field in _FIRST or field in _HIGHEST or all(_same(c.value, best[0].value) for c in best):
        return best[0]
    return None


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, dict) and isinstance(b, dict) and a.get("unit") == b.get("unit"):
        return bool(a.get("value") == b.get("value"))
    if isinstance(a, dict) != isinstance(b, dict):
        return bool((a["value"] if isinstance(a, dict) else a) == (b["value"] if isinstance(b, dict) else b))
    return bool(a == b)


def _span(text: Text, candidate: Candidate) -> ReadValue:
    words, start, end = text.words(candidate.start, candidate.end)
    return ReadValue(candidate.field, candidate.value, words, start, end)


def _contradiction(text: Text, field: str, found: list[Candidate]) -> str:
    top = max(c.rank for c in found)
    words = dict.fromkeys(text.words(c.start, c.end)[0] for c in sorted(found, key=lambda c: c.start) if c.rank == top)
    return f"{field}: " + " / ".join(f"“{w}”" for w in words)
