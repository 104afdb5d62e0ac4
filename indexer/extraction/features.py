"""What a sentence says about a question, as named numbers: for choosing the sentence and for the direction."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from liverboard.indexer.extraction.align import (
    COMPARATOR,
    INTERVENTION,
    OUTCOME,
    Names,
    Token,
    mark,
    overlap,
    stem,
    tokens,
)
from liverboard.indexer.extraction.lexicon import cues, word_set
from liverboard.indexer.extraction.numbers import interval_verdict, p_values, to_number
from liverboard.indexer.extraction.text import Sentence

_CLAUSE = re.compile(r"[;；:，。]|,\s|\b(?:but|whereas|while|although|however|though)\b|\band\b|\(")
_NUMBER = re.compile(r"\d")
_JOINS = re.compile(r"\b(?:in|with|for|by|among|following|under|of|after|during)\b")
_VERSUS = re.compile(
    r"\b(?:than|compar(?:ed|ison) (?:with|to)|versus|vs|relative to|but not|and not)\b|较|比|于", re.IGNORECASE)
_BETTER = re.compile(r"improv|better|superior|favou?r|benefit|改善|优于", re.IGNORECASE)
_WORSE = re.compile(r"wors|poor|inferior|deteriorat|劣于", re.IGNORECASE)
_VALUE = r"(?<![\w.,<>=≤≥/])(\d+(?:[.·]\d+)?)"
_PAIR = re.compile(
    _VALUE + r"[^\d.;]{0,12}(?:(?:±|\(|\+/-)[^);]{0,30}?[)\d])?[^\d;]{0,50}?"
    r"\b(?:vs|versus|v|compared (?:with|to)|than|and|against|to)\b[^\d;]{0,60}?" + _VALUE, re.IGNORECASE)


@dataclass(frozen=True)
class Cue:
    """A word that says what happened: its class, its words and its span in the sentence."""

    kind: str
    text: str
    start: int
    end: int


def find_cues(sentence: str) -> list[Cue]:
    """The cues of a sentence in order; a phrase of no difference swallows what stands inside it."""
    found: list[Cue] = []
    for kind, pattern in cues():
        found += [Cue(kind, m[0].lower(), m.start(), m.end()) for m in pattern.finditer(sentence)]
    same = [c for c in found if c.kind == "same"]
    kept = [c for c in found if c.kind == "same" or not any(s.start <= c.start < s.end for s in same)]
    return sorted(kept, key=lambda c: c.start)


def rank_features(item: Sentence, position: float, named: Names) -> dict[str, float]:
    """How a sentence looks as the one that reports the question's result."""
    text = item.text
    outcome, core = overlap(named.outcome, text), overlap(named.outcome_core, text)
    intervention, comparator = overlap(named.intervention, text), overlap(named.comparator, text)
    kinds = {c.kind for c in find_cues(text)}
    result = bool(kinds & {"up", "down", "same", "differ"})
    features = {
        "outcome": outcome, "core": core, "core_all": float(core == 1), "core_none": float(core == 0),
        "outcome_all": float(outcome == 1),
        "intervention": intervention, "comparator": comparator,
        "some_intervention": float(intervention > 0), "some_comparator": float(comparator > 0),
        "p": float(bool(p_values(text))), "numbers": float(bool(_NUMBER.search(text))),
        "interval": float(interval_verdict(text) is not None),
        "position": position, "last": float(position > 0.85), "core_result": core * result, "result": float(result),
        "length": min(len(text), 600) / 300, "question": float("aim" in text.lower() or "investigat" in text.lower()),
        "core_p": core * bool(p_values(text)),
    }
    features |= {f"cue={kind}": 1.0 for kind in kinds}
    features[f"section={item.section}"] = 1.0
    return features


def direction_features(sentence: str, named: Names) -> dict[str, float]:
    """What a sentence says of the direction: cues near the outcome, which arm they speak of, p, order of values."""
    words, marks = tokens(sentence), mark(sentence, named)
    found = find_cues(sentence)
    spots = [t.start for t, m in zip(words, marks, strict=True) if m == OUTCOME and t.stem in named.outcome_core]
    spots = spots or [t.start for t, m in zip(words, marks, strict=True) if m == OUTCOME]
    features: Counter[str] = Counter()
    left, right = _clause(sentence, spots)
    for name, begin, end in (("s", 0, len(sentence)), ("c", left, right)):
        inside = _masked(words, marks, begin, end)
        features.update({f"{name}:{gram}": 1.0 for gram in _grams(inside, 2 if name == "s" else 3)})
        kinds = {c.kind for c in found if begin <= c.start < end}
        features.update({f"{name}.cue={'+'.join(sorted(kinds & {'up', 'down', 'same'})) or 'none'}": 1.0})
    features.update(_of_nearest_cue(sentence, words, marks, found, spots))
    features.update(_of_significance(sentence, spots, left, right))
    features.update(_of_order(marks))
    features.update(_of_values(sentence, words, marks, spots))
    features.update(_of_worth(words, found, spots, named))
    return dict(features)


def _clause(sentence: str, spots: Sequence[int]) -> tuple[int, int]:
    """Where the clause that names the outcome begins and ends; the whole sentence where none does."""
    if not spots:
        return 0, len(sentence)
    borders = [0, *(m.start() for m in _CLAUSE.finditer(sentence)), len(sentence)]
    best = max(range(len(borders) - 1), key=lambda i: sum(borders[i] <= s < borders[i + 1] for s in spots))
    begin, end = borders[best], borders[best + 1]
    while best > 0 and not any(begin <= c.start < end for c in find_cues(sentence) if c.kind in TELLING):
        best -= 1
        begin = borders[best]
    return begin, end


TELLING = frozenset({"up", "down", "same", "differ"})


def _masked(words: Sequence[Token], marks: Sequence[str], begin: int, end: int) -> list[str]:
    out: list[str] = []
    stop = word_set("stop_words") - {"than", "between", "both", "after", "before", "from", "to", "with", "in"}
    for token, sign in zip(words, marks, strict=True):
        start, word = token.start, token.word
        if not begin <= start < end or word in stop:
            continue
        shown = f"<{sign}>" if sign else "<n>" if word[0].isdigit() else token.stem
        if not out or out[-1] != shown:
            out.append(shown)
    return out


def _grams(items: Sequence[str], longest: int) -> set[str]:
    return {" ".join(items[i : i + n]) for n in range(1, longest + 1) for i in range(len(items) - n + 1)}


def _of_nearest_cue(sentence: str, words: Sequence[Token], marks: Sequence[str], found: Sequence[Cue],
                     spots: Sequence[int]) -> dict[str, float]:
    telling = [c for c in found if c.kind in TELLING]
    features: dict[str, float] = {}
    if not telling:
        return {"nearest=none": 1.0}
    place = spots or [0]
    ordered = sorted(telling, key=lambda c: min(abs(c.start - s) for s in place))
    for rank, cue in enumerate(ordered[:2]):
        arm = _arm_of(cue, words, marks, sentence)
        before = "before" if cue.start < min(place, key=lambda s: abs(s - cue.start)) else "after"
        negated = any(c.kind == "negation" and 0 < cue.start - c.start < 30 for c in found)
        sign = f"{'not ' if negated else ''}{cue.kind}"
        name = "nearest" if rank == 0 else "second"
        ends = _arms_around(cue, words, marks)
        features[f"{name}={sign}&around={ends}"] = 1.0
        features |= {f"{name}={sign}": 1.0, f"{name}={sign}&arm={arm}": 1.0, f"{name}={cue.text}": 1.0,
                     f"{name}={sign}&{before}": 1.0, f"{name}={cue.text}&arm={arm}": 1.0}
        if {sign} <= {"up", "down"} and arm in "IC":
            points = (1 if sign == "up" else -1) * (1 if arm == "I" else -1)
            features[f"{name}.points"] = float(points)
        significant = any(c.kind == "significant" and abs(c.start - cue.start) < 40 for c in found)
        features[f"{name}={sign}&significant={significant}"] = 1.0
    return features


def _arm_of(cue: Cue, words: Sequence[Token], marks: Sequence[str], sentence: str) -> str:
    """The arm that a cue speaks of: "-" where no arm is named.

    What stands behind "than" or "compared with" is what the cue's arm is held against, never the arm itself. Of the
    others, the one that follows with a preposition ("lower in the I group") comes before the one that stands in front
    ("I reduced ...").
    """
    named = [(t.start, m.upper()) for t, m in zip(words, marks, strict=True)
             if m and m.upper() in "IC" and not cue.start <= t.start < cue.end]
    subjects = [(start, arm) for start, arm in named if not _is_reference(start, arm, named, sentence)]
    if not subjects:
        return "-" if not named else COMPARATOR if named[0][1] == INTERVENTION else INTERVENTION
    following = [(start, arm) for start, arm in subjects if start > cue.end]
    if following and _JOINS.search(sentence[cue.end : following[0][0]]) and following[0][0] - cue.end < NEAR:
        return following[0][1]
    preceding = [arm for start, arm in subjects if start < cue.start]
    return preceding[-1] if preceding else following[0][1]


NEAR = 90
"""How far behind a cue, in characters, an arm still belongs to it."""


def _is_reference(start: int, arm: str, named: Sequence[tuple[int, str]], sentence: str) -> bool:
    """Whether an arm stands behind a word of comparison with no other arm in between."""
    begin = max(0, start - NEAR // 2)
    versus = [m.end() for m in _VERSUS.finditer(sentence, begin, start)]
    return bool(versus) and not any(versus[-1] <= other < start and kind != arm for other, kind in named)


def _arms_around(cue: Cue, words: Sequence[Token], marks: Sequence[str]) -> str:
    """The arm named last before a cue and the one named first after it, "-" for none."""
    named = [(t.start, m.upper()) for t, m in zip(words, marks, strict=True) if m and m.upper() in "IC"]
    before = [m for s, m in named if s < cue.start]
    after = [m for s, m in named if s >= cue.end]
    return f"{before[-1] if before else '-'}{after[0] if after else '-'}"


def _of_significance(sentence: str, spots: Sequence[int], left: int, right: int) -> dict[str, float]:
    features: dict[str, float] = {}
    found = p_values(sentence)
    if found:
        anchor = max(spots) if spots else 0
        after = [p for p in found if p.start >= anchor]
        nearest = after[0] if after else found[-1]
        features[f"p={nearest.verdict}"] = 1.0
        features["p.all=" + "+".join(sorted({p.verdict for p in found}))] = 1.0
    else:
        features["p=none"] = 1.0
    verdict = interval_verdict(sentence[min(spots) if spots else 0 :]) or interval_verdict(sentence)
    if verdict:
        features[f"interval={verdict}"] = 1.0
    return features


def _of_values(sentence: str, words: Sequence[Token], marks: Sequence[str], spots: Sequence[int]) -> dict[str, float]:
    """Which of two values that stand side by side is larger, and whose value comes first."""
    anchor = min(spots) if spots else 0
    for match in (*_PAIR.finditer(sentence, anchor), *_PAIR.finditer(sentence)):
        first, second = to_number(match[1]), to_number(match[2])
        if first is None or second is None or first == second:
            continue
        sign = "larger" if first > second else "smaller"
        named = [(t.start, m.upper()) for t, m in zip(words, marks, strict=True) if m.upper() in "IC" and m]
        around = [m for s, m in named if match.start() - 40 <= s <= match.end(2) + 15]
        arm = (around or [m for _, m in named] or ["-"])[0]
        points = {"I": 1.0, "C": -1.0, "-": 0.5}[arm] * (1 if first > second else -1)
        return {f"values={sign}&first={arm}": 1.0, "values.points": points}
    return {"values=none": 1.0}


def _of_worth(words: Sequence[Token], found: Sequence[Cue], spots: Sequence[int], named: Names) -> dict[str, float]:
    """Words of better and worse, turned by whether the outcome is one that people want low."""
    low = {stem(w) for w in word_set("better_when_low")}
    worth = "low" if named.outcome & low else "high"
    features = {f"worth={worth}": 1.0}
    for cue in found:
        kind = "better" if _BETTER.match(cue.text) else "worse" if _WORSE.match(cue.text) else ""
        if kind and (not spots or min(abs(cue.start - s) for s in spots) < 120):
            features[f"worth={worth}&{kind}"] = 1.0
    return features


def _of_order(marks: Iterable[str]) -> dict[str, float]:
    arms = [m for m in marks if m in (INTERVENTION, COMPARATOR)]
    loose = [m.upper() for m in marks if m.upper() in (INTERVENTION, COMPARATOR)]
    return {f"first={arms[0] if arms else '-'}": 1.0, f"first.loose={loose[0] if loose else '-'}": 1.0,
            f"arms={''.join(sorted(set(loose))) or '-'}": 1.0}
