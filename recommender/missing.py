"""What to find out next, what for, and which regimens it would decide on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from liverboard.corpus.knowledge import Knowledge
from liverboard.corpus.records import Bilingual, Language
from liverboard.recommender.assess import Assessment
from liverboard.recommender.evidence import Evidence
from liverboard.recommender.fitness import candidacy_open
from liverboard.recommender.flags import Flag
from liverboard.recommender.staging import Patient


def transplants_waiting(
    patient: Patient, assessments: Sequence[Assessment], evidence: Evidence, knowledge: Knowledge
) -> tuple[str, ...]:
    """The kinds of transplantation that somebody advises, and that only the open candidacy keeps off the list."""
    if not candidacy_open(patient):
        return ()
    listed = {found.regimen for found in assessments}
    return tuple(
        regimen
        for regimen, judged in evidence.by_regimen.items()
        if regimen in knowledge.regimens
        and regimen not in listed
        and knowledge.regimens[regimen].kind == "transplant"
        and any(
            j.statement.kind == "recommendation" and j.statement.direction == "for" and j.verdict.value is not False
            for j in judged
        )
    )


def missing(
    patient: Patient,
    assessments: Sequence[Assessment],
    flags: Sequence[Flag],
    knowledge: Knowledge,
    language: Language,
    transplants: Sequence[str] = (),
) -> list[dict[str, Any]]:
    """What to find out next, what for, and which regimens it would decide on; the most telling first.

    `transplants`: transplantations that wait for somebody to say whether the patient is a candidate.
    """
    waiting: dict[str, set[str]] = defaultdict(set)
    labels: dict[str, Bilingual] = {}
    for found in assessments:
        if found.tier == "not_recommended":
            continue
        for leaf in found.unknown:
            for path, label in asked_fields(leaf.test.finding, patient, knowledge):
                waiting[path].add(found.regimen)
                labels[path] = label
    for regimen in transplants:
        candidacy = knowledge.findings["transplant_candidate"]
        waiting[candidacy.profile or candidacy.id].add(regimen)
        labels[candidacy.profile or candidacy.id] = candidacy.label
    asked = {path for flag in flags for path in flag.rule.asks}
    for path in asked:
        finding = next((f for f in knowledge.findings.values() if f.profile == path), None)
        if finding is not None and patient.findings[finding.id] is None:
            waiting[path] |= set()
            labels[path] = finding.label
    return [
        {
            "field": path,
            "why": labels[path].in_(language),
            "would_change": sorted(waiting[path]),
        }
        for path in sorted(waiting, key=lambda p: (p not in asked, -len(waiting[p]), p))
    ]


def asked_fields(name: str, patient: Patient, knowledge: Knowledge) -> list[tuple[str, Bilingual]]:
    """The profile fields to ask for when a finding is unknown; a derived one asks for what it is made of."""
    finding = knowledge.findings[name]
    if finding.profile is not None:
        return [(finding.profile, finding.label)]
    asked = []
    for origin in patient.findings.origin(name):
        if origin in knowledge.findings:
            below = knowledge.findings[origin]
            if below.profile is not None and patient.findings[origin] is None:
                asked.append((below.profile, below.label))
        else:
            asked.append((origin, finding.label))
    return asked
