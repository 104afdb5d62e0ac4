"""What if: the same patient with some facts changed, both answers side by side and what made the difference."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from liverboard.corpus.records import Language
from liverboard.recommender.advice import NEARNESS, nearness
from liverboard.recommender.citations import cite
from liverboard.recommender.evidence import Judged
from liverboard.recommender.explore.changes import changed, value_at
from liverboard.recommender.explore.engine import Engine, leaders_of
from liverboard.recommender.explore.tests_of import criterion
from liverboard.recommender.profile import PatientProfile
from liverboard.recommender.rank import Ranked
from liverboard.recommender.report import OFFERED, Recommendation, stage_dict

_TIERS = ("recommended", "for_consideration", "not_recommended", None)


def what_if(
    profile: PatientProfile,
    changes: Mapping[str, Any],
    engine: Engine,
    language: Language = "en",
    as_of: str | None = None,
) -> dict[str, Any]:
    """Both answers compared.

    Parameters
    ----------
    changes
        Values by profile path, as `parse_changes` gives them; `None` makes a fact unknown.

    Returns
    -------
    dict
        `changes`, `also_changed` (fields carried along), `status`, `stage` and `first_choice` before and after,
        `regimens` whose tier (`moved`: up, down or unoffered) or place (rank) changed, with `why`, and `flags` raised
        and cleared.

    Raises
    ------
    InputError
        A path or a value that a profile does not accept.
    """
    other = changed(profile, changes, engine.knowledge)
    before, after = engine.answer(profile, as_of), engine.answer(other, as_of)
    stages = stage_dict(before.patient, language), stage_dict(after.patient, language)
    carried = {"tumour.lesions"} - set(changes)
    return {
        "patient_id": profile.patient_id,
        "changes": [
            {**_labelled(path, engine, language), "from": value_at(profile, path), "to": value_at(other, path)}
            for path in changes
        ],
        "also_changed": [
            {**_labelled(path, engine, language), "from": value_at(profile, path), "to": value_at(other, path)}
            for path in sorted(carried)
            if value_at(profile, path) != value_at(other, path)
        ],
        "status": {"before": before.status, "after": after.status},
        "stage": {
            "before": stages[0],
            "after": stages[1],
            "changed": [name for name in stages[1] if stages[0].get(name) != stages[1][name]],
        },
        "first_choice": {"before": _named(leaders_of(before), before, language),
                         "after": _named(leaders_of(after), after, language)},
        "regimens": _differing(before, after, language),
        "flags": _flags(before, after, language),
        "manifest": {"before": before.as_dict(language)["manifest"], "after": after.as_dict(language)["manifest"]},
    }


def _labelled(path: str, engine: Engine, language: Language) -> dict[str, Any]:
    finding = next((f for f in engine.knowledge.findings.values() if f.profile == path), None)
    return {
        "field": path,
        "label": finding.label.in_(language) if finding is not None else path,
        "unit": finding.unit if finding is not None else None,
    }


def _named(names: Iterable[str], found: Recommendation, language: Language) -> list[dict[str, str]]:
    return [{"regimen": n, "name": found.knowledge.regimens[n].name.in_(language)} for n in names]


def _flags(before: Recommendation, after: Recommendation, language: Language) -> dict[str, Any]:
    was, now = ({flag.code: flag for flag in found.flags} for found in (before, after))

    def said(codes: Iterable[str], flags: Mapping[str, Any]) -> list[dict[str, Any]]:
        return [
            {"code": c, "severity": flags[c].rule.severity, "message": flags[c].message.in_(language)} for c in codes
        ]

    return {
        "raised": said((code for code in now if code not in was), now),
        "cleared": said((code for code in was if code not in now), was),
    }


def _differing(before: Recommendation, after: Recommendation, language: Language) -> list[dict[str, Any]]:
    """The regimens whose tier changed, best first, then those that only moved among the offered."""
    was = {item.assessment.regimen: item for item in before.ranked}
    now = {item.assessment.regimen: item for item in after.ranked}
    rows = []
    for regimen in sorted({*was, *now}):
        old, new = was.get(regimen), now.get(regimen)
        tiers = [item.assessment.tier if item is not None else None for item in (old, new)]
        offered = any(tier in OFFERED for tier in tiers)
        scores = [item.assessment.score if item is not None else None for item in (old, new)]
        if tiers[0] == tiers[1] and not (offered and (scores[0] != scores[1] or _rank(old) != _rank(new))):
            continue
        moved = "rank" if tiers[0] == tiers[1] else _direction(*tiers) if offered else "unoffered"
        rows.append({
            "regimen": regimen,
            "name": after.knowledge.regimens[regimen].name.in_(language),
            "before": _place(old),
            "after": _place(new),
            "moved": moved,
            "why": _why(regimen, before, after, language, moved),
        })
    return sorted(rows, key=lambda row: (
        ("up", "down", "unoffered", "rank").index(row["moved"]) // 2,
        row["moved"] == "rank",
        min(_TIERS.index(row[side]["tier"]) for side in ("before", "after")),
        row["after"]["rank"] or len(now) + 1,
        row["regimen"],
    ))


def _rank(item: Ranked | None) -> int | None:
    return item.rank if item is not None else None


def _place(item: Ranked | None) -> dict[str, Any]:
    if item is None:
        return {"rank": None, "tier": None, "score": None, "held_back": []}
    found = item.assessment
    return {"rank": item.rank, "tier": found.tier, "score": found.score, "held_back": list(found.held_back)}


def _direction(before: str | None, after: str | None) -> str:
    return "up" if _TIERS.index(after) < _TIERS.index(before) else "down"


def _why(
    regimen: str, before: Recommendation, after: Recommendation, language: Language, moved: str
) -> list[dict[str, Any]]:
    """The statements about a regimen that came out otherwise, or whose condition on other regimens did.

    Those that pull the way the regimen moved stand first, nearest bodies before others, trials last.
    """
    was = {judged.name: judged for judged in before.evidence.by_regimen.get(regimen, ())}
    tiers = [{i.assessment.regimen: i.assessment.tier for i in found.ranked} for found in (before, after)]
    region = after.knowledge.region_of(after.patient.profile.region)
    found: list[tuple[tuple[Any, ...], dict[str, Any]]] = []
    for judged in after.evidence.by_regimen.get(regimen, ()):
        old = was.get(judged.name)
        if old is None:
            continue
        others = [
            name for name in (*judged.statement.if_unsuitable, *judged.statement.if_excluded)
            if tiers[0].get(name) != tiers[1].get(name)
        ]
        turned = _state(old) != _state(judged)
        if not turned and not (judged.verdict.holds and others):
            continue
        row = _statement(old, judged, before, after, language)
        if not turned:
            row["because_of"] = _named(others, after, language)
        lifts = (row["direction"] == "for") == (row["after"] == "applies")
        order = (
            row["kind"] == "evidence", turned and lifts is not (moved == "up"),
            NEARNESS.index(nearness(judged, region)), "unknown" in (row["before"], row["after"]), row["statement"],
        )
        found.append((order, row))
    return [row for _, row in sorted(found, key=lambda entry: entry[0])]


def _state(judged: Judged) -> str:
    """`applies`, `fails`, or `unknown`."""
    if judged.verdict.holds:
        return "applies"
    return "fails" if judged.verdict.value is False else "unknown"


def _statement(
    old: Judged, new: Judged, before: Recommendation, after: Recommendation, language: Language
) -> dict[str, Any]:
    """A statement before and after, with the tests that came out otherwise."""
    decided = {leaf.test: leaf for leaf in new.verdict.leaves}
    earlier = {leaf.test: leaf for leaf in old.verdict.leaves}
    turned = [
        leaf for test, leaf in {**earlier, **decided}.items()
        if test not in earlier or test not in decided or earlier[test].holds is not leaf.holds
    ]
    passage = after.evidence.passages.get(new.name)
    return {
        "statement": new.name,
        "kind": new.statement.kind,
        "direction": new.statement.direction,
        "body": new.source.body,
        "text": new.statement.claim.in_(language),
        "before": _state(old),
        "after": _state(new),
        "because_of": [],
        "criteria": [
            {
                **criterion(leaf, after.patient, after.knowledge, language),
                "from": criterion(leaf, before.patient, before.knowledge, language)["value"],
            }
            for leaf in turned
            if before.patient.findings[leaf.test.finding] != after.patient.findings[leaf.test.finding]
        ],
        "citations": [cite(new.source, new.statement, passage, language).model_dump()] if passage else [],
    }
