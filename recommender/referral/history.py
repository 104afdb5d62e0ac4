"""Earlier treatment: what was given, when, how often, with what result, and why it stopped."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from liverboard.corpus.knowledge import Knowledge
from liverboard.recommender.referral.context import Context
from liverboard.recommender.referral.mentions import Mention, given, mentions, pattern, words
from liverboard.recommender.referral.numbers import TIME, months, number
from liverboard.recommender.referral.records import Candidate
from liverboard.recommender.referral.text import Text

_LONGEST = 600  # months that the profile accepts; more is the age of somebody

Part = tuple[str, Any, int, int]
"""One attribute of a treatment: its name, value and place."""


def read_treatments(text: Text, context: Context, knowledge: Knowledge) -> Iterator[Candidate]:
    """Every regimen that was given, once each, with what is said of it; `[]` where the text says there was none."""
    found = [m for m in mentions(text, knowledge) if given(text, context, m)]
    everything = mentions(text, knowledge)
    seen: dict[str, Mention] = {}
    for mention in found:
        if mention.regimen not in seen:
            seen[mention.regimen] = mention
    for index, (regimen, mention) in enumerate(seen.items()):
        prefix = f"prior_treatments[{index}]"
        yield Candidate(f"{prefix}.regimen", regimen, mention.start, mention.end, 2)
        parts = list(_attributes(text, mention, [m for m in found if m.regimen == regimen], everything))
        for name, value, start, end in parts:
            yield Candidate(f"{prefix}.{name}", value, start, end, 2)
        yield from _since_curative(regimen, parts)
    if not found:
        for match in pattern("naive").finditer(text.folded):
            clause = text.clause(match.start())
            if not pattern("naive_unless").search(text.folded, clause.start, clause.end):
                yield Candidate("prior_treatments", [], match.start(), match.end(), 2)


def _since_curative(regimen: str, parts: list[Part]) -> Iterator[Candidate]:
    for name, value, start, end in parts:
        if regimen in words()["curative"] and name == "months_since":
            yield Candidate("recurrence.months_since_curative", value, start, end, 2)


def _attributes(text: Text, mention: Mention, same: list[Mention], every: list[Mention]) -> Iterator[Part]:
    start, end = _window(text, mention, every)
    yield from _times(text, mention, start, end)
    yield from _sessions(text, mention, same, start, end)
    yield from _dose(text, start, end, mention)
    lasted = (value for name, value, _, _ in _times(text, mention, start, end) if name == "duration_months")
    long_benefit = any(value >= words()["benefit_months"] for value in lasted)
    yield from _outcome(text, mention, start, max(end, _next_sentence(text, mention, every)), long_benefit)


def _window(text: Text, mention: Mention, every: list[Mention]) -> tuple[int, int]:
    """The sentence of a regimen, up to the regimens before and after it."""
    sentence = text.sentence(mention.start)
    earlier = [m.end for m in every if sentence.start < m.end <= mention.start]
    later = [m.start for m in every if mention.end <= m.start < sentence.end]
    start = _border(text.folded, max(earlier), mention.start) if earlier else sentence.start
    end = _border(text.folded, mention.end, min(later)) if later else sentence.end
    return start, end


def _border(folded: str, start: int, end: int) -> int:
    """Where, between two regimens, the words on the first end: the last comma or `and`."""
    found = list(re.finditer(r"[,;(]|\band\b|\bthen\b|及|后续|继之|序贯", folded[start:end]))
    return start + found[-1].start() if found else (start + end) // 2


def _next_sentence(text: Text, mention: Mention, every: list[Mention]) -> int:
    """The end of the text that may still speak of the outcome: to the next regimen, a few sentences at most."""
    i = text.sentence_index(mention.start)
    last = text.sentences[min(i + 6, len(text.sentences) - 1)].end
    later = [m.start for m in every if m.start >= mention.end]
    if not later or min(later) >= last:
        return last
    return _border(text.folded, mention.end, min(later))


def _times(text: Text, mention: Mention, start: int, end: int) -> Iterator[Part]:
    """How long ago a treatment was and how long it lasted, each where the words around a time say so."""
    found: dict[str, Part] = {}
    for match in TIME.finditer(text.folded, start, end):
        value = months(match)
        name = _meaning_of_time(text, mention, match, start)
        if value is not None and value <= _LONGEST and name is not None:
            found.setdefault(name, (name, value, match.start(), match.end()))
    if "months_since" not in found and (later := _later(text, mention)):
        found["months_since"] = later
    yield from found.values()


def _meaning_of_time(text: Text, mention: Mention, match: re.Match[str], start: int) -> str | None:
    """`months_since`, `duration_months`, or `None` for a time of something else."""
    after = text.folded[match.end() : match.end() + 22]
    before = text.folded[max(start, match.start() - 22) : match.start()]
    if re.match(r"[- ]?old\b|\s*(?:apart|intervals?)", after) or re.search(r"(?:间隔|\bevery|\beach|每)\s*$", before):
        return None
    if re.search(r"(?:戒酒|abstinent for|稳定|survival|age)\s*$", before):
        return None
    one_off = mention.regimen in words()["one_off"]
    leads, follows = match.end() <= mention.start, match.start() >= mention.end
    to_regimen = text.folded[match.end() : mention.start] if leads else ""
    from_regimen = text.folded[mention.end : match.start()] if follows else ""
    lasting = re.search(r"\b(?:for|stopped at|discontinued at)\s*(?:about |nearly |over )?$", before) is not None
    if not lasting:
        if re.match(r"\s*(?:ago|earlier|previously|before|later)\b|\s*前(?!后)|\s*(?:余|多)前", after):
            return "months_since"
        if leads and re.match(r"\s*(?:after|since|following|out from|post-?)\b.{0,12}$", to_regimen):
            return "months_since"
        if one_off and follows and re.search(r"后\s*$", before):
            return "months_since"
    if one_off:
        return None
    lasting = lasting or re.search(r"\b(?:after|over|within)\s*(?:about |nearly |over )?$", before) is not None
    lasting = lasting or re.match(r"\s*(?:of|on|course)\b", after) is not None
    lasting = lasting or (follows and re.match(r"\s*(?:后|余后|多后|停药|治疗|,|。|进展)", after) is not None)
    lasting = lasting or (follows and len(from_regimen) <= 3) or (leads and text.language == "zh")
    return "duration_months" if lasting else None


def _later(text: Text, mention: Mention) -> Part | None:
    """The time since a treatment that the sentence after it names: `Six months later MRI shows ...`."""
    i = text.sentence_index(mention.start)
    for sentence in text.sentences[i + 1 : i + 5]:
        head = text.folded[sentence.start : sentence.start + 40]
        match = TIME.search(head)
        if match and re.match(r"\s*later\b|\s*后(?:复查|MRI|CT|出现|影像)", head[match.end() :]):
            value = months(match)
            if value is not None and not head[: match.start()].strip():
                return "months_since", value, sentence.start + match.start(), sentence.start + match.end()
        last = pattern("after_last").search(text.folded, sentence.start, sentence.end)
        time = TIME.search(last["time"] or last["time2"]) if last else None
        if last is not None and time is not None and (value := months(time)) is not None:
            return "months_since", value, last.start(), last.end()
    return None


def _sessions(text: Text, mention: Mention, same: list[Mention], start: int, end: int) -> Iterator[Part]:
    if mention.regimen not in words()["in_sessions"]:
        return
    for match in pattern("sessions").finditer(text.folded[start : mention.start]):
        yield from _session(match, start)
        return
    for match in pattern("sessions").finditer(text.folded[mention.end : min(end, mention.end + 40)]):
        yield from _session(match, mention.end)
        return


def _session(match: re.Match[str], offset: int) -> Iterator[Part]:
    written = next((v for v in match.groupdict().values() if v), "")
    value = number(written)
    if value is not None and 0 < value <= 30:
        yield "sessions", int(value), offset + match.start(), offset + match.end()


def _dose(text: Text, start: int, end: int, mention: Mention) -> Iterator[Part]:
    match = pattern("dose").search(text.folded, mention.end, end)
    if match is None and not re.search(r"prednis|泼尼松", text.folded[start : mention.start]):
        match = pattern("dose").search(text.folded, start, mention.start)
    other = re.compile(r"prednis\w+\s*$|泼尼松龙?\s*$")
    if match is None or other.search(text.folded, max(0, match.start() - 16), match.start()):
        return
    single = match["mg"] or match["mg2"]
    value = float(single.replace(",", "")) if single else 2 * float(match["twice"])
    yield "dose_mg_per_day", value, match.start(), match.end()


def _outcome(text: Text, mention: Mention, start: int, end: int, long_benefit: bool) -> Iterator[Part]:
    """Best response, why it stopped, and toxicity."""
    folded = text.folded
    response = _response(folded, start, end)
    progress = next(
        (m for m in pattern("progression").finditer(folded, start, end)
         if not pattern("not_progression").search(folded, max(start, m.start() - 20), m.end())), None
    )
    toxic = _toxicity(folded, start, min(end, text.sentence(mention.start).end))
    stopped = pattern("toxicity_stop").search(folded, start, min(end, text.sentence(mention.start).end))
    one_off = mention.regimen in words()["one_off"]
    if response is not None:
        yield response
        if response[1] == "PD" and progress is None and not one_off and (toxic is None or stopped is None):
            yield "stopped_for", "progression", response[2], response[3]
    elif progress is not None and not long_benefit and not one_off and (toxic is None or stopped is None):
        yield "best_response", "PD", progress.start(), progress.end()
    ongoing = pattern("ongoing").search(folded, start, min(end, text.sentence(mention.start).end))
    if toxic is not None and stopped is not None and not one_off:
        yield "stopped_for", "toxicity", stopped.start(), stopped.end()
    elif progress is not None and not one_off:
        yield "stopped_for", "progression", progress.start(), progress.end()
    elif one_off:
        yield "stopped_for", "completed", mention.start, mention.end
    elif ongoing is not None:
        yield "stopped_for", "ongoing", ongoing.start(), ongoing.end()
    if toxic is not None:
        yield "toxicity", *toxic


def _response(folded: str, start: int, end: int) -> Part | None:
    for name in ("CR", "PR", "SD", "PD"):
        match = pattern("responses", name).search(folded, start, end)
        if match:
            return "best_response", name, match.start(), match.end()
    return None


def _toxicity(folded: str, start: int, end: int) -> tuple[dict[str, Any], int, int] | None:
    found = []
    for kind in words()["toxicities"]:
        for match in pattern("toxicities", kind).finditer(folded, start, end):
            before = folded[max(start, match.start() - 14) : match.start()]
            if not re.search(r"(?:without|no|无|未出现)\s*(?:\w+ )?$", before):
                found.append((kind, match.start(), match.end()))
                break
    if not found:
        return None
    grade = pattern("grade").search(folded, start, end)
    order = list(words()["toxicities"])
    kind, first, last = min(found, key=lambda f: (_apart(grade, f[1]), order.index(f[0])))
    value: dict[str, Any] = {"kind": kind}
    if grade is not None:
        degree = _degree(grade)
        if degree is not None:
            value["grade"] = degree
            first, last = min(first, grade.start()), max(last, grade.end())
    elif kind in words()["common_complaints"] and not pattern("toxicity_stop").search(folded, start, end):
        return None
    return value, first, last


def _apart(grade: re.Match[str] | None, place: int) -> int:
    return abs(place - grade.end()) if grade else 0


def _degree(match: re.Match[str]) -> int | None:
    written = next((v for v in match.groupdict().values() if v), "")
    roman = {"I": 1, "II": 2, "III": 3, "IV": 4}.get(written.upper())
    value = roman if roman is not None else number(written)
    return int(value) if value is not None else None
