"""How well plain-text referrals are read: field-level precision, recall and F1 against a file of vignettes.

A profile is flattened to pairs of path and value (a set or a list to its members; treatments to their regimen and its
attributes) and the pairs of what was read are compared with those of the gold profile, narrative by narrative.

Two figures are given. `stated` (the headline) counts the gold values within the narrative's reach, as
`referral_reach.yaml` defines it: the gold profiles hold facts that their narratives never state. What was read right
beyond that reach counts neither way; what was read and is not in the gold profile counts against the reader always.
`all` counts every gold value.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from liverboard.corpus.errors import InputError
from liverboard.corpus.knowledge import Knowledge
from liverboard.corpus.load import SHIPPED, read_yaml
from liverboard.corpus.units import to_unit
from liverboard.eval.vignettes import read_vignettes
from liverboard.recommender.referral import Referral, read_referral

LANGUAGES = ("en", "zh")
_LEFT_OUT = frozenset({"patient_id", "narrative", "risk_outputs"})
_RELATIVE = 0.005
_TIMES = ("months_since", "duration_months", "months_since_curative", "weeks_since_bleed")
_WORDS = {
    0: "no|none|未见|无|clear|complete|完全", 2: "two|couple|both|两|二|双", 3: "three|三", 4: "four|四",
    5: "five|五", 6: "six|六", 7: "seven|七", 8: "eight|八", 9: "nine|九", 10: "ten|十",
    11: "eleven|十一", 12: "twelve|dozen|十二",
}
_NOUN = (
    "(?:HCC|nodule|lesion|tumou?r|mass|foc|observation|metast|hepatocellular|cholangio|"
    "肝癌|结节|病灶|肿瘤|占位|灶|癌)"
)


@dataclass(frozen=True)
class Pair:
    """One flattened value. `slack`: how far a number may be off because the narrative rounds it."""

    path: str
    value: Any
    slack: float = 0.0


@dataclass(frozen=True)
class Comparison:
    """One narrative: gold pairs (and whether they are within reach), those found, and what was read beside them."""

    id: str
    language: str
    found: tuple[tuple[Pair, bool], ...]
    missed: tuple[tuple[Pair, bool], ...]
    wrong: tuple[Pair, ...]
    error: str | None


def run(path: Path, knowledge: Knowledge) -> dict[str, Any]:
    """Rows a field and totals, for each language, of a file of vignettes that have narratives."""
    vignettes = [v for v in read_vignettes(path) if v.get("narrative_en") or v.get("narrative_zh")]
    if not vignettes:
        raise InputError(str(path), "holds no narratives.", "Give vignettes with narrative_en or narrative_zh.")
    compared = [
        compare(v["id"], v["patient"], v[f"narrative_{lang}"], lang, knowledge)
        for v in vignettes for lang in LANGUAGES if v.get(f"narrative_{lang}")
    ]
    return {
        "rows": _rows(compared),
        "totals": {
            lang: {"stated": _figures(part, stated=True), "all": _figures(part, stated=False)}
            for lang in LANGUAGES if (part := [c for c in compared if c.language == lang])
        },
        "errors": [
            {"id": c.id, "language": c.language, "missed": [_shown(p) for p, near in c.missed if near],
             "wrong": [_shown(p) for p in c.wrong], "error": c.error}
            for c in compared if c.wrong or c.error or any(near for _, near in c.missed)
        ],
    }


def compare(name: str, gold: Mapping[str, Any], narrative: str, language: str, knowledge: Knowledge) -> Comparison:
    """One narrative's reading against its gold profile; a refusal counts as nothing read."""
    try:
        read: Referral | None = read_referral(narrative, knowledge)
        error = None
    except InputError as refused:
        read, error = None, str(refused)
    expected = list(flatten(gold, knowledge))
    open_ = [p for p in flatten(read.data, knowledge) if _is_read(p, read)] if read else []
    found: list[tuple[Pair, bool]] = []
    missed: list[tuple[Pair, bool]] = []
    for pair in expected:
        near = within_reach(pair, narrative)
        match = next((p for p in open_ if _agree(pair, p)), None)
        if match is None:
            missed.append((pair, near))
        else:
            open_.remove(match)
            found.append((pair, near))
    return Comparison(name, language, tuple(found), tuple(missed), tuple(open_), error)


def _is_read(pair: Pair, read: Referral) -> bool:
    """Whether a value was read at all: a tumour type that nothing names is `unknown` in the profile's form only."""
    return pair.path != "diagnosis.tumour_type" or any(s.field == pair.path for s in read.spans)


def flatten(data: Mapping[str, Any], knowledge: Knowledge) -> Iterator[Pair]:
    """The values of a profile by path, quantities in the unit of their field."""
    units = {f.profile: f for f in knowledge.findings.values() if f.profile}

    def walk(value: Any, path: str) -> Iterator[Pair]:
        if value is None or path in _LEFT_OUT:
            return
        if path == "tumour.lesions":
            yield from _lesions(value)
        elif path == "prior_treatments":
            yield from _treatments(value)
        elif isinstance(value, Mapping) and set(value) == {"value", "unit"}:
            yield _quantity(value, path, units[path])
        elif isinstance(value, Mapping):
            for key, inner in value.items():
                yield from walk(inner, f"{path}.{key}" if path else str(key))
        elif isinstance(value, Sequence) and not isinstance(value, str):
            if not value:
                yield Pair(path, "[]")
            for item in value:
                yield from _member(item, path)
        else:
            yield Pair(path, value)

    yield from walk(data, "")


def within_reach(pair: Pair, narrative: str) -> bool:
    """Whether the narrative speaks of this value, by the cues of `referral_reach.yaml`."""
    row = _reach().get(pair.path)
    if row is None:
        return True
    key = str(pair.value).lower() if isinstance(pair.value, bool) else str(pair.value)
    cue = row.get("values", {}).get(key, row.get("any"))
    if "values" in row and key not in row["values"] and "any" not in row:
        cue = None if pair.path not in ("comorbidities", "prior_treatments") else ""
    if cue is not None and not re.search(cue, narrative, re.IGNORECASE):
        return False
    if row.get("place"):
        return _names_place(str(pair.value), narrative)
    if row.get("count"):
        return _counts(pair.value, narrative)
    if row.get("segment"):
        return _names_segment(pair.value, narrative)
    return not row.get("number") or _holds_number(narrative, float(pair.value), row.get("factors", [1]))


def _rows(compared: Sequence[Comparison]) -> list[dict[str, Any]]:
    """One row a field and language: how many gold values are stated, and how they were read."""
    counts: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for c in compared:
        for pair, near in c.found:
            counts[pair.path, c.language].update(["gold", "right", *(["stated", "hit"] if near else [])])
        for pair, near in c.missed:
            counts[pair.path, c.language].update(["gold", *(["stated"] if near else [])])
        for pair in c.wrong:
            counts[pair.path, c.language].update(["wrong"])
    return [
        {"field": field, "language": language, "gold": n["gold"], "stated": n["stated"], "right": n["right"],
         "wrong": n["wrong"], **_scores(n["hit"], n["wrong"], n["stated"])}
        for (field, language), n in sorted(counts.items())
    ]


def _figures(compared: Sequence[Comparison], *, stated: bool) -> dict[str, Any]:
    hits = sum(near or not stated for c in compared for _, near in c.found)
    misses = sum(near or not stated for c in compared for _, near in c.missed)
    wrong = sum(len(c.wrong) for c in compared)
    return {"narratives": len(compared), "values": hits + misses, **_scores(hits, wrong, hits + misses)}


def _scores(hits: int, wrong: int, expected: int) -> dict[str, float | None]:
    precision = hits / (hits + wrong) if hits + wrong else None
    recall = hits / expected if expected else None
    f1 = 2 * hits / (2 * hits + wrong + expected - hits) if expected + wrong else None
    named = {"precision": precision, "recall": recall, "f1": f1}
    return {name: None if value is None else round(value, 4) for name, value in named.items()}


def _quantity(value: Mapping[str, Any], path: str, finding: Any) -> Pair:
    """A quantity in the unit of its field, with half a unit of its last written digit as slack."""
    number = float(value["value"])
    converted = to_unit(finding.id, number, str(value["unit"]), finding.unit, field=path)
    decimals = len(f"{number:g}".partition(".")[2])
    decimals = max(decimals, 1) if "dL" in str(value["unit"]) else decimals
    factor = converted / number if number else 1.0
    return Pair(path, converted, 0.0 if abs(factor - 1) < 1e-9 else 0.5 * 10**-decimals * factor)


def _member(item: Any, path: str) -> Iterator[Pair]:
    if isinstance(item, Mapping):
        yield Pair(path, str(item.get("drug")))
        if item.get("mg_per_day") is not None:
            yield Pair(f"{path}.mg_per_day", float(item["mg_per_day"]))
    else:
        yield Pair(path, item)


def _lesions(lesions: Sequence[Mapping[str, Any]]) -> Iterator[Pair]:
    """Diameters and places apart; a place is the set of segments or the lobe that its free text names."""
    for lesion in lesions:
        yield Pair("tumour.lesions.diameter_cm", float(lesion["diameter_cm"]))
        if lesion.get("segment"):
            yield Pair("tumour.lesions.segment", _segments(str(lesion["segment"])))


def _segments(text: str) -> str:
    found: set[int] = set()
    for first, last in re.findall(r"(\d)[ab]?(?:\s*[-~]\s*S?(\d))?", text):
        found.update(range(int(first), int(last or first) + 1))
    if found:
        return ",".join(map(str, sorted(found)))
    side = "right" if re.search(r"right|右", text) else "left" if re.search(r"left|左", text) else text
    return side.strip().lower()


def _treatments(treatments: Sequence[Mapping[str, Any]]) -> Iterator[Pair]:
    if not treatments:
        yield Pair("prior_treatments", "[]")
    for treatment in treatments:
        regimen = treatment["regimen"]
        yield Pair("prior_treatments.regimen", regimen)
        for key, value in treatment.items():
            if key == "toxicity" and value:
                for part, inner in value.items():
                    if inner is not None:
                        yield Pair(f"prior_treatments.toxicity.{part}", (regimen, inner))
            elif key != "regimen" and value is not None:
                yield Pair(f"prior_treatments.{key}", (regimen, value))


def _agree(gold: Pair, read: Pair) -> bool:
    if gold.path != read.path:
        return False
    a, b = gold.value, read.value
    if isinstance(a, tuple) and isinstance(b, tuple):
        if a[0] != b[0]:
            return False
        a, b = a[1], b[1]
    if isinstance(a, bool) or isinstance(b, bool) or not (isinstance(a, int | float) and isinstance(b, int | float)):
        return bool(a == b)
    share = 0.1 if gold.path.rpartition(".")[2] in _TIMES else _RELATIVE
    return abs(a - b) <= max(read.slack, share * abs(a), 1e-9) * 1.000001


@lru_cache(maxsize=1)
def _reach() -> dict[str, Any]:
    found: dict[str, Any] = read_yaml(Path(__file__).parent / "referral_reach.yaml")
    return found


@lru_cache(maxsize=1)
def _place_names() -> dict[str, list[str]]:
    found: dict[str, list[str]] = read_yaml(SHIPPED / "vocabulary" / "referral_places.yaml")["places"]
    return found


def _names_place(code: str, narrative: str) -> bool:
    return any(name in narrative for name in _place_names().get(code, []))


def _counts(value: Any, narrative: str) -> bool:
    """Whether the narrative says how many: a numeral before the noun, a size where there is one, as many sizes."""
    sizes = re.findall(r"\d+(?:\.\d+)?\s*(?:cm|mm)", narrative)
    if value == 1:
        return bool(sizes or re.search(r"single|solitary|\bone\b|单发|孤立|单个", narrative, re.IGNORECASE))
    numeral = rf"(?:(?<![\d.]){value}(?![\d.])|{_WORDS.get(int(value), str(value))})"
    more = rf"(?:(?:, |、| and |和)\d+(?:\.\d+)?){{{max(0, int(value) - 1)}}}"
    listed = re.search(rf"\d(?:\.\d+)?{more}\s*(?:cm|mm)", narrative) if value else None
    return bool(listed or re.search(rf"{numeral}[^.。;；，]{{0,24}}{_NOUN}", narrative, re.IGNORECASE))


def _names_segment(place: str, narrative: str) -> bool:
    digits = re.findall(r"\d", place)
    if not digits:
        return re.search(r"lobe|叶|[右左]肝", narrative) is not None
    named = r"(?:\bS|[Ss]egments?[^.;]{0,24}?[\s/-]|S\d[^，。；]{0,3})"
    return any(re.search(rf"{named}{digit}(?![\d.]\d)", narrative) for digit in digits)


def _holds_number(narrative: str, value: float, factors: Sequence[float]) -> bool:
    written = {float(n.replace(",", "")) for n in re.findall(r"\d{1,3}(?:,\d{3})+|\d+(?:\.\d+)?", narrative)}
    return any(abs(n - value * f) < 1e-6 for n in written for f in factors)


def _shown(pair: Pair) -> str:
    return f"{pair.path} = {pair.value}"
