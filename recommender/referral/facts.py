"""Facts that stand in words: the rows of `referral_facts.yaml`, each read in its context."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from liverboard.corpus.load import SHIPPED, read_yaml
from liverboard.recommender.referral.anchors import Gated, gated
from liverboard.recommender.referral.context import Context
from liverboard.recommender.referral.numbers import TIME, number, weeks
from liverboard.recommender.referral.records import Candidate
from liverboard.recommender.referral.text import Text, within_sentence

_ALONE = {"a single": 1.0, "an isolated": 1.0, "a solitary": 1.0, "solitary": 1.0, "isolated": 1.0,
          "单发": 1.0, "孤立性": 1.0, "孤立": 1.0, "单个": 1.0}


@dataclass(frozen=True)
class Rule:
    """One row: which words mean which value of which field, and what must or must not stand beside them."""

    field: str
    value: Any
    words: Gated
    rank: int
    denied: Any
    member: bool
    empties: bool
    requires_denial: bool
    plain: bool
    keeps_past: bool
    together: re.Pattern[str] | None
    anywhere: re.Pattern[str] | None
    unless: re.Pattern[str] | None
    only_without: str | None
    form: str | None
    at_least: tuple[float, float] | None
    first: bool
    lists_unread: bool


@lru_cache(maxsize=1)
def rules() -> tuple[Rule, ...]:
    """The rows of `referral_facts.yaml`, compiled."""
    data = read_yaml(SHIPPED / "vocabulary" / "referral_facts.yaml")
    terms: dict[str, str] = data["terms"]
    return tuple(_rule(row, terms) for row in (*data["facts"], *data["captures"]))


def read_facts(text: Text, context: Context) -> Iterator[Candidate]:
    """Every fact that the text states of the patient; a denied one is read only where denial is a value."""
    for rule in rules():
        for match in rule.words.finditer(text.folded, text.lowered):
            found = _read(rule, match, text, context)
            if found is not None:
                yield found
                if rule.first and not found.field.startswith("?"):
                    break


def _read(rule: Rule, match: re.Match[str], text: Text, context: Context) -> Candidate | None:
    start, end = match.start(), match.end()
    while start < end and text.folded[start].isspace():
        start += 1
    if start == end or not _fits(rule, start, end, text, context):
        return None
    if rule.form is not None:
        value = _captured(rule, match)
    elif rule.plain:
        value = rule.value
    else:
        denial = context.denial(start, end)
        negated = denial is not None or (rule.member and context.denies(match[0]))
        if rule.member:
            return Candidate(rule.field, rule.value, start, end, rule.rank, excluded=negated)
        value = rule.denied if negated != rule.requires_denial else rule.value
        if denial is not None:
            start, end = denial.start, denial.end
    if value is None:
        return Candidate(f"?{rule.field}", None, start, end) if rule.requires_denial and rule.lists_unread else None
    rank = rule.rank + 10 if context.corrected(match.start()) else rule.rank
    if rule.form is not None and context.current(start):
        rank += 1
    return Candidate(rule.field, value, start, end, rank)


def _fits(rule: Rule, start: int, end: int, text: Text, context: Context) -> bool:
    if context.foreign(start):
        return False
    if not rule.keeps_past and context.historic(start):
        return False
    clause, sentence = text.clause(start), text.sentence(start)
    if rule.unless and rule.unless.search(text.folded, clause.start, max(clause.end, min(end, sentence.end))):
        return False
    if rule.anywhere and not rule.anywhere.search(text.folded):
        return False
    return rule.together is None or rule.together.search(text.folded, sentence.start, sentence.end) is not None


def _captured(rule: Rule, match: re.Match[str]) -> Any:
    groups = match.groupdict()
    if rule.form == "weeks":
        words = next((v for k, v in groups.items() if k.startswith("time") and v), "")
        time = TIME.search(words)
        return weeks(time) if time else None
    if rule.form == "blood_pressure":
        high, low = float(groups["systolic"]), float(groups["diastolic"])
        limits = rule.at_least or (float("inf"), float("inf"))
        return rule.value if high >= limits[0] or low >= limits[1] else None
    written = next((v for k, v in groups.items() if k.startswith("value") and v), "")
    if rule.form == "child_pugh":
        return f"{written.upper()}{groups.get('points') or ''}"
    found = _ALONE.get(written.lower(), number(written))
    if found is None:
        return None
    if rule.form == "months":
        return round(found / 12, 2)
    return int(found) if rule.form in ("integer", "count") or found == int(found) else found


def compiled(text: str) -> re.Pattern[str]:
    """A pattern that, where it begins or ends with a Latin letter, begins or ends with the word."""
    return re.compile(
        rf"(?:(?<![A-Za-z])|(?![A-Za-z]))(?:{within_sentence(text)})(?:(?![A-Za-z])|(?<![A-Za-z]))", re.IGNORECASE
    )


def _rule(row: Mapping[str, Any], terms: Mapping[str, str]) -> Rule:
    words = row["words"]
    for name, pattern in terms.items():
        words = words.replace("{" + name + "}", pattern)
    limits = row.get("at_least")
    return Rule(
        field=row["field"],
        value=row.get("value"),
        words=gated(words),
        rank=row.get("rank", 2),
        denied=row.get("denied"),
        member=bool(row.get("set")) and "as" not in row,
        empties=bool(row.get("empties")),
        requires_denial=bool(row.get("requires_denial")),
        plain=bool(row.get("plain")),
        keeps_past=row.get("past", "keep") == "keep",
        together=compiled(row["with"]) if "with" in row else None,
        anywhere=compiled(row["anywhere"]) if "anywhere" in row else None,
        unless=compiled(row["unless"]) if "unless" in row else None,
        only_without=row.get("only_without"),
        form=row.get("as"),
        at_least=(float(limits[0]), float(limits[1])) if limits else None,
        first=bool(row.get("first")),
        lists_unread=bool(row.get("unread")),
    )
