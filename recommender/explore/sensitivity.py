"""How firm a first choice is: the smallest changes that turn it, and how often it survives noise and gaps."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from liverboard.corpus.errors import InputError
from liverboard.corpus.load import SHIPPED, by_id, read_records
from liverboard.corpus.records import Bilingual, Finding, Language, Record
from liverboard.recommender.explore.changes import changed, value_at
from liverboard.recommender.explore.engine import Engine, Outcome, leaders_of, outcome_of
from liverboard.recommender.explore.reach import facts_in_reach
from liverboard.recommender.explore.sweep import Question, Sweep, Turn, sweep
from liverboard.recommender.profile import PatientProfile
from liverboard.recommender.report import Recommendation

RUNS = 160  # of the engine, for the changes of single facts
SAMPLES = 40  # patients with noisy laboratory values
SEED = 1
Told = Callable[[int, int], None]


class VariationSource(Record):
    """Where a figure of variation was read."""

    title: str
    read_at: str


class Variation(Record):
    """How much a laboratory value moves in one person by itself, in percent (coefficients of variation)."""

    id: str
    within_subject: float
    analytical: float = 0.0
    source: VariationSource
    note: Bilingual

    @property
    def share(self) -> float:
        """Both variations together, as a share of the value."""
        return math.hypot(self.within_subject, self.analytical) / 100


@lru_cache(maxsize=1)
def variations() -> dict[str, Variation]:
    """The variation of each laboratory value that has a published one."""
    return by_id(read_records(Variation, SHIPPED / "vocabulary" / "laboratory_variation.yaml"))


def sensitivity(found: Recommendation, engine: Engine, language: Language = "en") -> dict[str, Any]:
    """The `sensitivity` of an answer: `first_choice`, `smallest_changes`, `stability`, and what was asked for it."""
    return sensitivity_of(found, swept(found, engine), engine, language)


def swept(found: Recommendation, engine: Engine, *questions: Question) -> Sweep:
    """Each fact in reach changed alone; the first question is whether the first choice stays, `questions` the rest."""
    base = outcome_of(found)
    return sweep(
        found.patient.profile, engine, facts_in_reach(found), (lambda outcome: outcome.keeps(base), *questions)
    )


def sensitivity_of(found: Recommendation, done: Sweep, engine: Engine, language: Language) -> dict[str, Any]:
    """The same, from a sweep that was made already."""
    base = outcome_of(found)
    names = {name: regimen.name.in_(language) for name, regimen in found.knowledge.regimens.items()}
    leaders = leaders_of(found)
    sweep_runs = engine.runs
    return {
        "first_choice": [{"regimen": name, "name": names[name]} for name in leaders],
        "tied": len(leaders) > 1,
        "smallest_changes": [
            {**turn_dict(turn, language), **_now_first(turn.outcome, names)} for turn in nearest_first(done.turns[0])
        ],
        "stability": {
            "noise": _noise(found, base, engine, language),
            "missing": _missing(done, base, names, language),
        },
        "tried": list(done.tried),
        "not_tried": list(done.not_tried),
        "runs": sweep_runs,
    }


def nearest_first(turns: tuple[Turn, ...]) -> list[Turn]:
    """Numbers by how far they move, then other facts that are known, then facts that are not."""
    return sorted(
        turns,
        key=lambda t: (
            2 if t.before is None else int(t.relative is None), abs(t.relative or 0.0), t.finding.id, str(t.after)
        ),
    )


def turn_dict(turn: Turn, language: Language) -> dict[str, Any]:
    """A change as data: the field, from what to what, and how far."""
    moved = None if turn.relative is None else round(turn.after - turn.before, 6)
    return {
        "field": turn.finding.profile,
        "label": turn.finding.label.in_(language),
        "from": turn.before,
        "to": turn.after,
        "unit": turn.finding.unit,
        "change": moved,
        "relative": None if turn.relative is None else round(turn.relative, 4),
    }


def _now_first(outcome: Outcome, names: dict[str, str]) -> dict[str, Any]:
    return {
        "status": outcome.status,
        "first_choice": [{"regimen": name, "name": names[name]} for name in outcome.leaders],
    }


def _noise(found: Recommendation, base: Outcome, engine: Engine, language: Language) -> dict[str, Any]:
    """How often the first choice survives values that move as they do in one person by themselves.

    Each value is drawn from a log-normal distribution around what was measured, kept within its plausible range; the
    draws are the same for the same patient on every run.
    """
    profile, knowledge = found.patient.profile, found.knowledge
    varied: list[tuple[Finding, float, Variation]] = []
    for name, variation in sorted(variations().items()):
        finding = knowledge.findings.get(name)
        value = value_at(profile, finding.profile) if finding is not None and finding.profile else None
        if finding is not None and value:
            varied.append((finding, value, variation))
    names = {name: regimen.name.in_(language) for name, regimen in knowledge.regimens.items()}
    outcomes = _sampled(profile, varied, engine) if varied else []
    survived = sum(outcome.keeps(base) for outcome in outcomes)
    instead = Counter(
        outcome.leaders[0] if outcome.leaders else None for outcome in outcomes if not outcome.keeps(base)
    )
    return {
        "samples": len(outcomes),
        "survived": survived,
        "share": round(survived / len(outcomes), 3) if outcomes else None,
        "seed": SEED,
        "instead": [
            {"regimen": name, "name": names[name] if name else None, "times": times}
            for name, times in sorted(instead.items(), key=lambda item: (-item[1], item[0] or ""))
        ],
        "varied": [
            {
                "field": finding.profile,
                "label": finding.label.in_(language),
                "cv_percent": round(variation.share * 100, 1),
                "source": variation.source.model_dump(),
                "note": variation.note.in_(language),
            }
            for finding, _, variation in varied
        ],
    }


def _sampled(
    profile: PatientProfile, varied: list[tuple[Finding, float, Variation]], engine: Engine
) -> list[Outcome]:
    draw = random.Random(SEED)
    freely = Engine(engine.knowledge, engine.index)
    outcomes = []
    for _ in range(SAMPLES):
        values: dict[str, float] = {}
        for finding, value, variation in varied:
            assert finding.profile is not None
            spread = math.sqrt(math.log1p(variation.share**2))
            moved = float(f"{value * math.exp(draw.gauss(0.0, spread)):.4g}")
            low, high = finding.plausible or (moved, moved)
            values[finding.profile] = min(max(moved, low), high)
        try:
            outcomes.append(freely.ask(changed(profile, values, engine.knowledge)))
        except InputError:  # pragma: no cover - a plausible value is always accepted
            continue
    return outcomes


def _missing(done: Sweep, base: Outcome, names: dict[str, str], language: Language) -> dict[str, Any]:
    """How often the first choice survives an unknown fact at an end of what it can be, one at a time."""
    broken = [filled for filled in done.filled if not filled.outcome.keeps(base)]
    survived = len(done.filled) - len(broken)
    return {
        "filled": len(done.filled),
        "survived": survived,
        "share": round(survived / len(done.filled), 3) if done.filled else None,
        "broken_by": [
            {
                "field": filled.finding.profile,
                "label": filled.finding.label.in_(language),
                "value": filled.value,
                "unit": filled.finding.unit,
                **_now_first(filled.outcome, names),
            }
            for filled in broken
        ],
    }
