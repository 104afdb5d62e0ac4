"""One fact changed at a time, as little as possible: where an answer turns."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from liverboard.corpus.errors import InputError
from liverboard.corpus.records import Finding
from liverboard.recommender.explore.changes import changed, value_at
from liverboard.recommender.explore.engine import BudgetSpentError, Engine, Outcome
from liverboard.recommender.profile import PatientProfile

Question = Callable[[Outcome], Any]
_OUTWARD = (1.25, 2.0)  # how far a number is moved before the end of its plausible range, as a factor
_FINE = 0.02  # where an answer turns is found to this share of the value


@dataclass(frozen=True)
class Turn:
    """The smallest change of one fact, in one direction, that changes an answer. `before`: `None` for unknown."""

    finding: Finding
    before: Any
    after: Any
    outcome: Outcome

    @property
    def relative(self) -> float | None:
        """How far a number moved, as a share of what it was."""
        if isinstance(self.before, bool) or not isinstance(self.before, int | float) or not self.before:
            return None
        return (float(self.after) - self.before) / abs(self.before)


@dataclass(frozen=True)
class Filled:
    """An unknown fact filled with a value at the end of what it can be."""

    finding: Finding
    value: Any
    outcome: Outcome


@dataclass(frozen=True)
class Sweep:
    """What came of changing every fact alone.

    `turns`: for each question, where its answer turns. `filled`: unknown ordinary facts at their ends. `not_tried`:
    paths for which no run was left.
    """

    turns: tuple[tuple[Turn, ...], ...]
    filled: tuple[Filled, ...]
    tried: tuple[str, ...]
    not_tried: tuple[str, ...]


def sweep(
    profile: PatientProfile, engine: Engine, findings: Iterable[Finding], questions: Sequence[Question]
) -> Sweep:
    """Change each finding alone and see where each question is answered differently.

    Numbers that are known go outward in both directions over their plausible range, and a turn between two probes is
    bisected: the nearest crossing that the probes see. Words and truth values take every other value. Unknown special
    findings take only words and truth values: a number nobody asked for is not invented.
    """
    walk = _Walk(profile, engine, questions, engine.ask(profile))
    turns: list[list[Turn]] = [[] for _ in questions]
    filled: list[Filled] = []
    tried: list[str] = []
    not_tried: list[str] = []
    for finding in sorted(findings, key=lambda f: _turn_of(f, profile)):
        assert finding.profile is not None
        try:
            for place, found in enumerate(walk.turns(finding)):
                turns[place] += found
            if value_at(profile, finding.profile) is None and not finding.special:
                filled += walk.filled(finding)
            tried.append(finding.profile)
        except BudgetSpentError:
            not_tried.append(finding.profile)
    return Sweep(tuple(tuple(found) for found in turns), tuple(filled), tuple(tried), tuple(not_tried))


def _turn_of(finding: Finding, profile: PatientProfile) -> int:
    """What is known is changed before what is unknown is filled; numbers before words."""
    known = value_at(profile, finding.profile or "") is not None
    return (0 if finding.type == "number" else 1) if known else (3 if finding.special else 2)


@dataclass(frozen=True)
class _Walk:
    profile: PatientProfile
    engine: Engine
    questions: Sequence[Question]
    base: Outcome

    def turns(self, finding: Finding) -> list[list[Turn]]:
        """For each question, the turns of one finding."""
        value = value_at(self.profile, finding.profile or "")
        if finding.type == "number":
            if value is None or finding.plausible is None:
                return [[] for _ in self.questions]
            sides = [_probes(value, finding.plausible, up=up) for up in (False, True)]
            return [
                [turn for side in sides if (turn := self._crossing(finding, value, side, question)) is not None]
                for question in self.questions
            ]
        found: list[list[Turn]] = [[] for _ in self.questions]
        for other in _others(finding, value):
            outcome = self._with(finding, other)
            for place, question in enumerate(self.questions):
                if outcome is not None and question(outcome) != question(self.base):
                    found[place].append(Turn(finding, value, other, outcome))
        return found

    def filled(self, finding: Finding) -> list[Filled]:
        """An unknown finding at its ends: both for a number or a degree, each for a word."""
        ends: Sequence[Any] = finding.plausible or () if finding.type == "number" else _others(finding, None)
        if finding.type == "ordered":
            ends = (ends[0], ends[-1])
        outcomes = [(end, self._with(finding, end)) for end in ends]
        return [Filled(finding, end, outcome) for end, outcome in outcomes if outcome is not None]

    def _with(self, finding: Finding, value: Any) -> Outcome | None:
        """What comes of one changed fact; `None` where the record would contradict itself or cannot be."""
        assert finding.profile is not None
        try:
            outcome = self.engine.ask(changed(self.profile, {finding.profile: value}, self.engine.knowledge))
        except InputError:
            return None
        return None if outcome.contradictions - self.base.contradictions else outcome

    def _crossing(
        self, finding: Finding, value: float, probes: Sequence[float], question: Question
    ) -> Turn | None:
        """The first probe that answers differently, brought as near to the value as can be told."""
        same = value
        for probe in probes:
            outcome = self._with(finding, probe)
            if outcome is None:
                continue
            if question(outcome) != question(self.base):
                return self._nearest(finding, value, same, Turn(finding, value, probe, outcome), question)
            same = probe
        return None

    def _nearest(self, finding: Finding, value: float, same: float, turn: Turn, question: Question) -> Turn:
        step = _step(value)
        while abs(turn.after - same) > max(step, _FINE * abs(turn.after)) * 1.001:
            middle = _snapped((turn.after + same) / 2, step, value)
            if middle in (turn.after, same):
                break
            outcome = self._with(finding, middle)
            if outcome is not None and question(outcome) != question(self.base):
                turn = Turn(finding, value, middle, outcome)
            else:
                same = middle
        return turn


def _others(finding: Finding, value: Any) -> tuple[Any, ...]:
    values: tuple[Any, ...] = (False, True) if finding.type == "boolean" else finding.values
    return tuple(other for other in values if other != value)


def _probes(value: float, plausible: tuple[float, float], *, up: bool) -> list[float]:
    """Values to try, nearest first, to the end of the plausible range."""
    step = _step(value)
    end = plausible[1] if up else plausible[0]
    factors = _OUTWARD if up else tuple(1 / factor for factor in _OUTWARD)
    wanted = [_snapped(value * factor, step, value) for factor in factors]
    if isinstance(value, int):
        wanted.insert(0, value + (1 if up else -1))
    outward = [p for p in wanted if (value < p < end if up else end < p < value)]
    last = int(end) if isinstance(value, int) else end
    return [*sorted(set(outward), reverse=not up), *([last] if last != value else [])]


def _step(value: float) -> float:
    """The grain of a value: 1 for 45 or 160, 0.1 for 3.2, 0.01 for 1.05; whole numbers stay whole."""
    if isinstance(value, int):
        return 1
    return 10.0 ** math.floor(math.log10(abs(value) / 20)) if value else 0.1


def _snapped(number: float, step: float, like: float) -> float:
    places = max(0, -math.floor(math.log10(step)))
    rounded = round(round(number / step) * step, places)
    return int(rounded) if isinstance(like, int) else rounded
