"""What must be said of a patient beside the ranking: rules kept as data, raised when their condition is true."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from liverboard.corpus.knowledge import Knowledge
from liverboard.corpus.records import Bilingual, FlagRule
from liverboard.recommender.disagreements import Disagreement
from liverboard.recommender.logic import judge
from liverboard.recommender.phrases import phrase
from liverboard.recommender.staging import Patient

SEVERITIES = ("stop", "warning", "info")
Status = Literal["ok", "insufficient_data", "out_of_scope"]


@dataclass(frozen=True)
class Flag:
    """A raised flag, in both languages, with the statements that it cites."""

    rule: FlagRule
    message: Bilingual

    @property
    def code(self) -> str:
        return self.rule.code


def raise_flags(
    patient: Patient, offered: Iterable[str], differing: Iterable[Disagreement], knowledge: Knowledge
) -> tuple[Flag, ...]:
    """The flags of a patient, gravest first, one a code (the gravest of a code is kept).

    `offered`: the regimens that are recommended or for consideration; rules about a treatment wait for it.
    """
    regimens = set(offered)
    findings = patient.findings.with_({"guidelines_differ_by_region": any(d.between_regions for d in differing)})
    named = regimens | {name for regimen in regimens for name in knowledge.classes_of[regimen]}
    raised = [
        Flag(rule, _filled(rule.message, patient))
        for rule in knowledge.flags
        if (not rule.offered or not named.isdisjoint(rule.offered))
        and judge(rule.when, findings, knowledge.definitions, knowledge.findings).holds
    ]
    raised.sort(key=lambda flag: SEVERITIES.index(flag.rule.severity))
    first: dict[str, Flag] = {}
    for flag in raised:
        first.setdefault(flag.code, flag)
    return tuple(first.values())


def status_of(flags: Iterable[Flag]) -> Status:
    """The answer's status: out of scope outranks too little data, which outranks an answer."""
    found = {flag.rule.status for flag in flags}
    if "out_of_scope" in found:
        return "out_of_scope"
    return "insufficient_data" if "insufficient_data" in found else "ok"


def _filled(message: Bilingual, patient: Patient) -> Bilingual:
    unknown = phrase("unknown")
    return Bilingual(
        en=_fill(message.en, patient.findings, unknown.en), zh=_fill(message.zh, patient.findings, unknown.zh)
    )


def _fill(text: str, findings: Mapping[str, object], unknown: str) -> str:
    def shown(match: re.Match[str]) -> str:
        value = findings.get(match[1])
        if value is None:
            return unknown
        return f"{value:g}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value)

    return re.sub(r"\{(\w+)\}", shown, text)
