"""The words of lesions: measurements, their noun, segments and places, as they stand in a text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from liverboard.corpus.load import SHIPPED, read_yaml
from liverboard.corpus.units import to_unit
from liverboard.recommender.referral.text import Span, Text, within_sentence

_N = r"\d+(?:\.\d+)?"
_UNIT = r"(?:cm|mm|厘米|毫米|公分|centimet(?:re|er)s?|millimet(?:re|er)s?)"
_SIZE = (
    rf"(?<![\d.^])(?P<from>(?:from|由|从)\s*)?(?P<numbers>{_N}(?:\s*{_UNIT})?"
    rf"(?:\s*(?:,\s*and\s|,|、|/|和|及|与|x|\*|-|~|->|and\s|to\s|增至|增大至|缩小至|缩至|升至)\s*{_N}(?:\s*{_UNIT}(?=\s*(?:x|\*|->|to\b|增|缩)))?){{0,11}})"
    rf"\s*-?(?P<unit>{_UNIT})(?![A-Za-z])"
)
_CM = {"cm": "cm", "厘米": "cm", "公分": "cm", "mm": "mm", "毫米": "mm"}
_BACK_TO_LIVER = re.compile(r"肝|\bliver\b|HCC|\band\b|伴|及")
_APART = re.compile(r"[,;:]|\bwith\b|\band\b|\bin\b|伴|及")
_ROMAN = {"I": "1", "II": "2", "III": "3", "IV": "4", "V": "5", "VI": "6", "VII": "7", "VIII": "8"}
_DISTANCE = re.compile(r"\s*(?:away )?(?:from|deep to|below|above|off)\b|\s*(?:处|以外|远)", re.IGNORECASE)
_DISTANCE_BEFORE = re.compile(r"(?:距(?:离)?|within|distance)[^,。;.\d]{0,14}$", re.IGNORECASE)


@dataclass(frozen=True)
class Size:
    """One measurement: the diameters of several lesions (`list`) or the dimensions of one; always cm."""

    diameters: tuple[float, ...]
    start: int
    end: int
    kind: str
    """`tumour`, `other`, `distance` or `treated`"""


@dataclass(frozen=True)
class Place:
    """One naming of segments or a lobe, in the form that the profile keeps (`S5/6`, `S5-7`, `right lobe`)."""

    names: tuple[str, ...]
    text: str
    start: int
    end: int


@lru_cache(maxsize=1)
def words() -> dict[str, Any]:
    """The content of `referral_tumour.yaml`."""
    found: dict[str, Any] = read_yaml(SHIPPED / "vocabulary" / "referral_tumour.yaml")
    return found


@cache
def pattern(name: str) -> re.Pattern[str]:
    """One pattern of `referral_tumour.yaml`; where it begins with a Latin letter it begins a word."""
    text = words()[name].replace("(?<en>", "(?P<en>").replace("(?<zh>", "(?P<zh>")
    text = text.replace("(?<roman>", "(?P<roman>").replace("(?<lobe>", "(?P<lobe>")
    return re.compile(
        rf"(?:(?<![A-Za-z])|(?![A-Za-z]))(?:{within_sentence(text)})(?:(?![A-Za-z])|(?<![A-Za-z]))", re.IGNORECASE
    )


@lru_cache(maxsize=1)
def _size_pattern() -> re.Pattern[str]:
    return re.compile(_SIZE, re.IGNORECASE)


@lru_cache(maxsize=1)
def _treated_patterns() -> tuple[re.Pattern[str], ...]:
    listed = (text.replace("{size}", "(?P<size>@)") for text in words()["treated"])
    return tuple(re.compile(within_sentence(text), re.IGNORECASE) for text in listed)


def sizes(text: Text) -> Iterator[Size]:
    """Every length in cm or mm, and of what it is one."""
    for match in _size_pattern().finditer(text.folded):
        values = _diameters(match)
        if values:
            yield Size(values, match.start("numbers"), match.end(), _kind(text, match.start("numbers"), match.end()))


def _diameters(match: re.Match[str]) -> tuple[float, ...]:
    unit = _CM.get(match["unit"].lower(), "cm" if match["unit"].lower().startswith("c") else "mm")
    parts = re.split(rf"({_N})", match["numbers"])
    numbers = [float(n) for n in parts[1::2]]
    signs = " ".join(parts[2:-1:2]).lower()
    if re.search(r"->|to\b|增|缩|升", signs):
        numbers = numbers[-1:]
    elif re.search(r"[x*~-]", signs):
        numbers = [max(numbers)]
    return tuple(to_unit("largest_cm", n, unit, "cm", field="tumour.largest_cm") for n in numbers if n > 0)


def _kind(text: Text, start: int, end: int) -> str:
    folded, sentence = text.folded, text.sentence(start)
    if _DISTANCE.match(folded, end) or _DISTANCE_BEFORE.search(folded, sentence.start, start):
        return "distance"
    if _treated(folded, sentence, start, end):
        return "treated"
    clause = text.clause(start)
    site = _last(pattern("elsewhere"), folded, clause.start, start)
    if site is not None and not _BACK_TO_LIVER.search(folded, site, start):
        return "other"
    return _nearest_noun(folded, sentence, start, end)


def _last(find: re.Pattern[str], folded: str, start: int, end: int) -> int | None:
    """Where the last match ends."""
    return max((m.end() for m in find.finditer(folded, start, end)), default=None)


def _treated(folded: str, sentence: Span, start: int, end: int) -> bool:
    """Whether the words around a measurement say that it is of what was removed or destroyed."""
    marked = folded[sentence.start : start] + "@" + folded[end : sentence.end]
    return any(p.search(marked) for p in _treated_patterns())


def _nearest_noun(folded: str, sentence: Span, start: int, end: int) -> str:
    """`tumour` or `other`, by the noun that stands closest; a comma or a `with` between counts as distance."""
    others = [m.span() for m in pattern("other").finditer(folded, sentence.start, sentence.end)]
    tumours = [
        m.span() for m in pattern("tumour").finditer(folded, sentence.start, sentence.end)
        if not any(a <= m.start() < b for a, b in others)
    ]
    before = [(b, name) for spans, name in ((others, "other"), (tumours, "tumour")) for _, b in spans if b <= start]
    if before and pattern("largest").search(folded, max(sentence.start, start - 14), start):
        return max(before)[1]
    if not tumours and not others:
        return "tumour" if pattern("segment").search(folded, sentence.start, sentence.end) else "other"
    best, kind = 10_000, "other"
    for spans, name in ((others, "other"), (tumours, "tumour")):
        for a, b in spans:
            between = folded[end:a] if a >= end else folded[b:start]
            cost = len(between) + 25 * len(_APART.findall(between)) + (4 if b <= start else 0)
            if cost < best:
                best, kind = cost, name
    return kind


def places(text: Text) -> Iterator[Place]:
    """Every naming of liver segments or lobes."""
    for match in pattern("segment").finditer(text.folded):
        if match["lobe"]:
            lobe = match["lobe"].lower().replace("-", " ")
            yield Place((lobe,), lobe, match.start(), match.end())
            continue
        written = match["en"] or match["zh"] or match["roman"]
        names, ranged = _segment_names(written)
        if names:
            joined = "-" if ranged else "/"
            yield Place(names, "S" + joined.join(n[1:] for n in names), match.start(), match.end())


def _segment(token: str) -> str:
    part = token[-1].lower() if token[-1] in "abAB" else ""
    number = token[: len(token) - len(part)].upper()
    return _ROMAN.get(number, number) + part


def _segment_names(written: str) -> tuple[tuple[str, ...], bool]:
    tokens = re.findall(r"VIII|VII|VI|IV[ab]?|V|III|II|I|[1-8][ab]?", written, re.IGNORECASE)
    names = tuple(f"S{_segment(t)}" for t in tokens)
    return names, bool(re.search(r"-|~|\bto\b", written)) and len(names) == 2
