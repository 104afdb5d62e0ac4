"""The reasons of an assessment: one sentence each, the statement it rests on, and the facts that it touches."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from liverboard.corpus.records import Bilingual, Regimen, Region
from liverboard.recommender.advice import NEARNESS, Advice, nearness, touched
from liverboard.recommender.evidence import Judged
from liverboard.recommender.fitness import available, declined
from liverboard.recommender.phrases import phrase
from liverboard.recommender.risk import RiskEffect
from liverboard.recommender.staging import Patient

Direction = Literal["for", "against", "caution"]
_POSITIONS = ("first_choice", "preferred", "option", None)
_SHOWN_OUTSIDE = 2


@dataclass(frozen=True)
class Argument:
    """One reason, in both languages, with the statement it rests on and the findings it touches.

    `kind`: recommendation, contraindication, evidence, open (waits for a fact), outside_population, other_region,
    availability, preference or risk.
    """

    direction: Direction
    text: Bilingual
    statement: str | None
    findings: tuple[str, ...] = ()
    kind: str = "recommendation"


def arguments_of(
    regimen: Regimen, patient: Patient, advice: Advice, pushes: Iterable[RiskEffect], region: Region, *, indicated: bool
) -> tuple[Argument, ...]:
    """All reasons for and against a regimen, the weightiest first. `indicated`: it is advised for this patient."""
    reasons = [_from(j, "against") for j in (*advice.forbidden, *advice.discouraged)]
    reasons += [_from(j, "for") for j in _nearest_first(advice.forwards, region)]
    if not advice.forwards:
        reasons += [_from(j, "for", "open") for j in advice.open_forwards]
    if not indicated and not reasons:
        reasons += [_outside(j) for j in _nearest_first(advice.outside, region)[:_SHOWN_OUTSIDE]]
    reasons += [_from(j, "caution") for j in advice.cautions]
    reasons += _circumstances(regimen, patient)
    reasons += [
        _from(j, "for" if j.statement.direction == "for" else "caution", "other_region")
        for j in _nearest_first(advice.elsewhere, region)
    ]
    reasons += [_from(j, "for" if j.statement.direction == "for" else "against", "evidence") for j in advice.trials]
    reasons += [
        Argument("for" if effect.push > 0 else "caution", effect.text, effect.statement, (), "risk")
        for effect in pushes
    ]
    return tuple(dict.fromkeys(reasons))


def _circumstances(regimen: Regimen, patient: Patient) -> list[Argument]:
    """What the patient wishes, and what can be had where the patient is."""
    found = [
        Argument("caution", phrase(f"held_back.{wish}"), None, ("preferences",), "preference")
        for wish in sorted(declined(regimen, patient))
    ]
    if not available(regimen, patient.profile.region):
        here = regimen.availability.get(patient.profile.region or "")
        cited = here.cites[0] if here and here.cites else None
        found.append(Argument("caution", phrase("held_back.not_available"), cited, ("region",), "availability"))
    return found


def _nearest_first(found: Iterable[Judged], region: Region) -> list[Judged]:
    bodies = [*region.home, *region.fallback]
    return sorted(found, key=lambda j: (
        NEARNESS.index(nearness(j, region)),
        _POSITIONS.index(j.statement.position),
        bodies.index(j.source.body) if j.source.body in bodies else len(bodies),
        j.name,
    ))


def _from(judged: Judged, direction: Direction, kind: str | None = None) -> Argument:
    return Argument(direction, judged.statement.claim, judged.name, touched(judged), kind or judged.statement.kind)


def _outside(judged: Judged) -> Argument:
    frame, claim = phrase("outside_population"), judged.statement.claim
    text = Bilingual(en=frame.en.format(claim=claim.en), zh=frame.zh.format(claim=claim.zh))
    return Argument("against", text, judged.name, touched(judged), "outside_population")


def unmet_first(found: Sequence[Judged], region: Region, most: int) -> list[Judged]:
    """The advice for other patients that comes nearest to this one: home bodies first."""
    return _nearest_first(found, region)[:most]
