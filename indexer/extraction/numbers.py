"""Numbers of a result as they are written: p values, intervals, ratios, sizes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from liverboard.indexer.extraction.lexicon import patterns


@dataclass(frozen=True)
class PValue:
    """A p value: as written, its relation (<, =, >), its number (None for "NS"), and whether it reaches 0.05."""

    text: str
    relation: str
    value: float | None
    start: int
    end: int

    @property
    def verdict(self) -> str:
        """"significant" or "not significant", at the level that `extraction_patterns.yaml` gives."""
        level = float(patterns()["significance_level"])
        if self.value is None:
            return "not significant"
        if self.relation in "<≤":
            return "significant" if self.value <= level else "not significant"
        if self.relation in ">≥":
            return "not significant" if self.value >= level else "significant"
        return "significant" if self.value < level else "not significant"


@dataclass(frozen=True)
class Interval:
    """A confidence interval: its bounds and where it stands."""

    low: float
    high: float
    start: int
    end: int


@dataclass(frozen=True)
class Measure:
    """An effect that was measured: hazard_ratio, odds_ratio, ..., its value, interval and span."""

    name: str
    value: float
    interval: Interval | None
    start: int
    end: int


@cache
def _compiled(name: str) -> re.Pattern[str]:
    return re.compile(patterns()[name], re.IGNORECASE)


@cache
def _measure(pattern: str) -> re.Pattern[str]:
    joint, number = patterns()["measure_joint"], patterns()["number"]
    return re.compile(rf"(?:{pattern})(?:{joint})(?P<value>{number})", re.IGNORECASE)


def p_values(text: str) -> list[PValue]:
    """The p values of a text in order."""
    found = []
    for match in _compiled("p_value").finditer(text):
        number = match["value"]
        relation = (match["relation"] or "=").replace("&lt;", "<").replace("&gt;", ">")
        value = to_number(number) if number else None
        if value is not None and value > 1:
            continue
        found.append(PValue(match[0], relation[0], value, match.start(), match.end()))
    return found


def intervals(text: str) -> list[Interval]:
    """The confidence intervals of a text in order; a pair whose bounds are not in order is left out."""
    found = []
    for match in _compiled("interval").finditer(text):
        low, high = to_number(match["low"]), to_number(match["high"])
        if low is not None and high is not None and low <= high:
            found.append(Interval(low, high, match.start(), match.end()))
    return found


def measures(text: str) -> list[Measure]:
    """The effect measures of a text with the interval that follows each before the next one."""
    matches: list[tuple[str, re.Match[str]]] = []
    for name, pattern in patterns()["measures"].items():
        matches += [(name, m) for m in _measure(pattern).finditer(text)]
    matches.sort(key=lambda pair: pair[1].start())
    spread = intervals(text)
    found = []
    for i, (name, match) in enumerate(matches):
        end = matches[i + 1][1].start() if i + 1 < len(matches) else len(text)
        value = to_number(match["value"])
        near = next((s for s in spread if match.start("value") <= s.start < min(end, match.end() + 60)), None)
        if value is not None:
            found.append(Measure(name, value, near, match.start(), match.end()))
    return found


def interval_verdict(text: str) -> str | None:
    """Whether the first interval of a text holds the value of no effect: 1 beside a ratio, else 0; None without one."""
    ratio = _compiled("ratio_word").search(text)
    spread = intervals(text)
    if not spread:
        return None
    null = 1.0 if ratio else 0.0
    if spread[0].low <= null <= spread[0].high:
        return "holds null"
    return "above" if spread[0].low > null else "below"


def to_number(text: str) -> float | None:
    """A number as written: decimal point, middle dot or decimal comma, thousands; None if it is none of these."""
    text = text.replace("\u2212", "-").replace("–", "-").replace("·", ".").replace("\u2009", "").replace(" ", "")
    text = re.sub(r",(?=\d{3}(?:\D|$))", "", text).replace(",", ".")
    try:
        return float(text)
    except ValueError:
        return None
