"""Drugs that are taken now, and the country of the place where the patient is treated."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from liverboard.corpus.load import SHIPPED, read_yaml
from liverboard.recommender.referral.anchors import Gated, gated
from liverboard.recommender.referral.context import Context
from liverboard.recommender.referral.mentions import pattern, words
from liverboard.recommender.referral.records import Candidate
from liverboard.recommender.referral.text import Text


@lru_cache(maxsize=1)
def _drugs() -> tuple[tuple[str, bool, Gated], ...]:
    data = words()["drugs"]
    plain = [(name, False, gated(text)) for name, text in data["words"].items()]
    return (*plain, *((name, True, gated(text)) for name, text in data["dosed"].items()))


def read_medication(text: Text, context: Context) -> Iterator[Candidate]:
    """Drugs taken now that conditions ask for, by their group; corticosteroids with their dose."""
    taken: list[tuple[int, int]] = []
    for name, dosed, find in _drugs():
        for match in find.finditer(text.folded, text.lowered):
            clause = text.clause(match.start())
            before = text.folded[clause.start : match.start()]
            if any(a < match.end() and match.start() < b for a, b in taken) and name == "antiplatelet":
                continue
            if context.foreign(match.start(), opinions=True) or pattern("drugs", "stopped").search(before[-24:]):
                continue
            denied = context.negated(match.start(), match.end())
            after_drug = re.match(r"\s*前", text.folded[match.end() :])
            if pattern("drugs", "stopped_after").search(text.folded[match.end() : text.sentence(match.start()).end]):
                continue
            if after_drug or re.search(r"\bbefore\s*$", before):
                continue
            taken.append(match.span())
            value: Any = name
            end = match.end()
            if dosed:
                dose = re.search(r"(\d+(?:\.\d+)?)\s*mg", text.folded[match.end() : match.end() + 14])
                value = {"drug": name, **({"mg_per_day": float(dose[1])} if dose else {})}
                end = match.end() + dose.end() if dose else end
            yield Candidate("medication", value, match.start(), end, 2, excluded=denied)


@lru_cache(maxsize=1)
def _places() -> tuple[Gated, re.Pattern[str], re.Pattern[str], re.Pattern[str], dict[str, str]]:
    data = read_yaml(SHIPPED / "vocabulary" / "referral_places.yaml")
    codes = {name.lower(): str(code) for code, names in data["places"].items() for name in names}
    listed = "|".join(re.escape(name) for name in sorted(codes, key=len, reverse=True))
    return (
        gated(listed),
        re.compile(data["locative"]["en"], re.IGNORECASE),
        re.compile(data["locative"]["zh"]),
        re.compile(data["not_after"], re.IGNORECASE),
        codes,
    )


def read_region(text: Text, context: Context) -> Iterator[Candidate]:
    """The country of a place that the text names as a place."""
    names, english, chinese, never, codes = _places()
    for match in names.finditer(text.folded, text.lowered):
        before = text.folded[max(0, match.start() - 40) : match.start()]
        after = text.folded[match.end() : match.end() + 20]
        locative = english if match[0].isascii() else chinese
        if locative.search(before) and not never.match(after) and not context.foreign(match.start()):
            yield Candidate("region", codes[match[0].lower()], match.start(), match.end(), 2)
