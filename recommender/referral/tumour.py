"""How many tumours, how large, where: number, diameters, segments and what they touch."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from liverboard.corpus.load import SHIPPED, read_yaml
from liverboard.recommender.referral.anchors import Gated, gated
from liverboard.recommender.referral.context import Context
from liverboard.recommender.referral.lesions import Place, Size, pattern, places, sizes, words
from liverboard.recommender.referral.numbers import CHINESE, ENGLISH, number
from liverboard.recommender.referral.records import Candidate
from liverboard.recommender.referral.text import Text

_MEASURE = r"\d+(?:\.\d+)?\s*-?(?:cm|mm|厘米|毫米|公分)"
_GAP_EN = (
    r"(?:\s+(?!(?:of|with|and|in|for|the|to|from|by|has|had|is|at|after|ago)\b)"
    rf"(?:{_MEASURE}|[\w./+'-]+),?){{0,6}}?"
)
_MORE = re.compile(r"\b(?:another|further|additional|plus|other)\s*$|另(?:见|有|外)?$", re.IGNORECASE)
_WAS_TREATED = re.compile(
    r"(?:resection|hepatectomy|ablation|removal|RFA|MWA|SBRT|TACE|radiotherapy|emboli[sz]ation|transplant\w*) "
    r"(?:of|for|to)\s*(?:his |her |the )?$|(?:切除|消融)(?:了)?$",
    re.IGNORECASE,
)
_THEN_TREATED = re.compile(
    r"(?:\s*\w+){0,2}\s+(?:was|were|had been) (?:resected|ablated|removed)|(?:行)?(?:微波|射频)?(?:切除|消融)(?:术)?后",
    re.IGNORECASE,
)
_GAP_ZH = r"(?:(?!转移|次|年|月|周|天|分|级|期|型|段|%|支)[^,。;:\d、]){0,10}?"


@lru_cache(maxsize=1)
def _counts() -> tuple[Gated, ...]:
    noun = words()["tumour"]
    english = (
        rf"(?<![\w.,/-])(?P<n>\d{{1,2}}(?![\d.]|\s*(?:cm|mm|%))|{ENGLISH}|(?:a|an))(?P<gap>{_GAP_EN})"
        rf"\s+(?P<noun>(?:{noun}\s+)?{noun})(?![A-Za-z])"
    )
    chinese = (
        rf"(?<![\dA-Za-z.第])(?P<n>\d{{1,2}}|{CHINESE})(?P<more>余)?\s*(?P<cl>个|枚|处|颗|灶|只)"
        rf"(?P<gap>{_GAP_ZH}(?:{_MEASURE})?{_GAP_ZH})(?P<noun>{noun})"
    )
    after = (
        rf"(?P<noun>{noun})(?:数目|个数|数)?\s*(?:共|约|:|为)?\s*(?P<n>\d{{1,2}}|{CHINESE})(?P<more>余)?\s*(?P<cl>个|枚|处|颗)(?!月|周)"
    )
    return tuple(gated(p) for p in (english, chinese, after))


def read_tumour(text: Text, context: Context) -> Iterator[Candidate]:
    """Number, sizes, lesions and neighbours of the liver tumours that are there now."""
    measured = [s for s in sizes(text) if not context.foreign(s.start, opinions=True)]
    present = [s for s in measured if s.kind == "tumour" and not _past(text, context, s)]
    yield from _number(text, context, present)
    yield from _sizes(text, present)
    yield from _lesions(text, context, present, any(s.kind == "treated" for s in measured))
    yield from _near(text, context)
    for size in measured:
        if size.kind == "treated":
            yield Candidate("recurrence.resected_size_cm", max(size.diameters), size.start, size.end, 2)


def _past(text: Text, context: Context, size: Size) -> bool:
    before = text.folded[text.clause(size.start).start : size.start]
    found = re.search(r"\b(?:previous(?:ly)?|formerly|was once|initial(?:ly)?)\b|既往|原(?:为|有)|初始", before)
    return found is not None and re.search(r"\b(?:has|have|now|shows?)\b|现|目前", before[found.end() :]) is None


def _number(text: Text, context: Context, present: list[Size]) -> Iterator[Candidate]:
    others = [m.span() for m in pattern("other").finditer(text.folded)]
    for find in _counts():
        for match in find.finditer(text.folded, text.lowered):
            count = _count(text, context, match, others)
            if count is not None:
                yield count
    for match in pattern("single").finditer(text.folded):
        away = context.foreign(match.start(), opinions=True) or context.negated(match.start(), match.end())
        if not away and _beside_tumour(text, match, others):
            yield Candidate("tumour.number", 1, match.start(), match.end(), 6)
    for match in pattern("none_found").finditer(text.folded):
        yield Candidate("tumour.number", 0, match.start(), match.end(), 7)
    spoken = [d for s in present for d in s.diameters]
    if len(present) > 1 and len(set(spoken)) == len(spoken) and not any(_is_largest(text, s) for s in present):
        yield Candidate("tumour.number", len(spoken), present[0].start, present[-1].end, 3)
    for size in present:
        clause = text.clause(size.start)
        around = text.folded[clause.start : max(clause.end, size.end)]
        if len(size.diameters) > 1:
            yield Candidate("tumour.number", len(size.diameters), size.start, size.end, 3)
        elif not _many(around) and not pattern("largest").search(around) and _singular(text, size):
            yield Candidate("tumour.number", 1, size.start, size.end, 1)


def _count(text: Text, context: Context, match: re.Match[str], others: list[tuple[int, int]]) -> Candidate | None:
    groups = match.groupdict()
    noun_at = match.start("noun")
    gap = groups.get("gap") or ""
    if any(a < match.end() and noun_at < b for a, b in others) or context.foreign(match.start(), opinions=True):
        return None
    if context.negated(match.start(), match.end()) or pattern("other").search(gap) or _treated_words(gap):
        return None
    value = number(match["n"])
    plural = re.search(rf"\b{words()['plural']}$", match["noun"], re.IGNORECASE) is not None
    if value is None or value > 100 or re.search(r"(?:cell|metastat|transplant|history)", gap, re.IGNORECASE):
        return None
    article = match["n"].lower() in ("a", "an")
    if article and (plural or pattern("many").search(gap)):
        return None
    if not article and groups.get("cl") is None and value > 1 and not plural:
        return None
    if _treated_before(text, match.start()) or _treated_after(text, match.end()):
        return None
    rank = 2 if article else 6
    if pattern("new").search(text.folded, max(0, match.start() - 4), match.end()):
        rank = 2
    lead = text.folded[max(0, match.start() - 14) : match.start()]
    if re.search(r"\bsatellite\b|卫星", gap) or _MORE.search(lead) or "子" in match["noun"]:
        return None
    end = match.end("n") if article else match.end()
    return Candidate("tumour.number", int(value), match.start(), max(end, match.end()), rank)


def _treated_words(gap: str) -> bool:
    return re.search(r"\b(?:resected|ablated|previous|treated)\b", gap, re.IGNORECASE) is not None


def _treated_before(text: Text, start: int) -> bool:
    """Whether what is counted here is what was resected or ablated: `resection of a 6 cm HCC`."""
    return _WAS_TREATED.search(text.folded[text.sentence(start).start : start]) is not None


def _treated_after(text: Text, end: int) -> bool:
    return _THEN_TREATED.match(text.folded[end : text.sentence(end).end]) is not None


def _beside_tumour(text: Text, match: re.Match[str], others: list[tuple[int, int]]) -> bool:
    clause = text.clause(match.start())
    rest = text.folded[match.end() : min(clause.end, match.end() + 60)]
    noun = pattern("tumour").search(rest)
    if any(match.start() <= a < match.end() + 30 and (noun is None or a < match.end() + noun.end()) for a, _ in others):
        return False
    return noun is not None or re.match(rf"\s*(?:S\d段?)?\s*{_MEASURE}", rest) is not None


def _singular(text: Text, size: Size) -> bool:
    """Whether one diameter speaks of one tumour: no plural noun close by."""
    sentence = text.sentence(size.start)
    near = text.folded[max(sentence.start, size.start - 40) : min(sentence.end, size.end + 40)]
    return re.search(rf"\b{words()['plural']}\b", near, re.IGNORECASE) is None


def _many(around: str) -> bool:
    """Whether a clause speaks of many tumours; many metastases are another matter."""
    for match in pattern("many").finditer(around):
        other = pattern("other").search(around, match.end(), match.end() + 12)
        if other is None or pattern("tumour").search(around, match.end(), other.start()):
            return True
    return False


def _sizes(text: Text, present: list[Size]) -> Iterator[Candidate]:
    if not present:
        return
    named = [s for s in present if _is_largest(text, s)]
    chosen = max(named or present, key=lambda s: (max(s.diameters), -s.start))
    yield Candidate("tumour.largest_cm", max(chosen.diameters), chosen.start, chosen.end, 3)


def _is_largest(text: Text, size: Size) -> bool:
    before = text.folded[max(text.sentence(size.start).start, size.start - 24) : size.start]
    return pattern("largest").search(before) is not None


def _lesions(text: Text, context: Context, present: list[Size], treated: bool) -> Iterator[Candidate]:
    """Each lesion with its diameter and, where it can be told, its segment."""
    named = [p for p in places(text) if not context.foreign(p.start, opinions=True)]
    if any(p.names[0].startswith("S") for p in named):
        named = [p for p in named if p.names[0].startswith("S")]
    diameters = [(d, s) for s in present for d in s.diameters]
    spots: list[str | None] = [None] * len(diameters)
    singles = [(name, p) for p in named for name in (p.names if _listed(text, p) else (p.text,))]
    if len(diameters) == 1 and singles:
        size = diameters[0][1]
        close = [p for p in named if text.sentence_index(p.start) == text.sentence_index(size.start)] 
        if not close and not treated:
            close = named[:1]
        if close:
            spots = [_qualified(text, min(close, key=lambda p: abs(p.start - size.start)))]
    elif len(diameters) > 1:
        names = [n for p in named for n in p.names]
        whole = [p.text for p in named]
        for found in (names, whole):
            if len(found) == len(diameters):
                spots = list(found)
                break
    for (diameter, size), spot in zip(diameters, spots, strict=True):
        lesion: dict[str, Any] = {"diameter_cm": diameter}
        if spot:
            lesion["segment"] = spot
        yield Candidate("tumour.lesions", lesion, size.start, size.end, 2)


def _listed(text: Text, place: Place) -> bool:
    return len(place.names) > 1 and re.search(r",|、|\band\b", text.folded[place.start : place.end]) is not None


def _qualified(text: Text, place: Place) -> str:
    """The segment with the word that places the lesion in it: `S8 deep`."""
    clause = text.clause(place.start)
    near = text.folded[max(clause.start, place.start - 14) : min(clause.end, place.end + 8)]
    match = pattern("qualifiers").search(near)
    return f"{place.text} {match[0]}" if match and match[0].lower() not in place.text else place.text


@lru_cache(maxsize=1)
def _near_patterns() -> tuple[tuple[str, Gated], ...]:
    organs: dict[str, list[str]] = read_yaml(SHIPPED / "vocabulary" / "sites.yaml")["near"]
    found = []
    for name, names in organs.items():
        more: list[str] = words()["organs"].get(name, [])
        listed = "|".join(re.escape(n) for n in sorted([*names, *more], key=len, reverse=True))
        english = rf"\b{words()['near']['en']}(?:{listed})(?![A-Za-z])"
        chinese = rf"{words()['near']['zh']}(?:{listed})"
        alone = words()["near"]["alone"].get(name)
        joined = "|".join(f"(?:{p})" for p in (english, chinese, alone) if p)
        found.append((name, gated(joined)))
    return tuple(found)


def _near(text: Text, context: Context) -> Iterator[Candidate]:
    for name, find in _near_patterns():
        for match in find.finditer(text.folded, text.lowered):
            if not context.foreign(match.start()):
                denied = context.negated(match.start(), match.end())
                yield Candidate("tumour.near", name, match.start(), match.end(), 2, excluded=denied)
