"""Tables of the audit: statements with filters, coverage by stage, whether a stored answer still stands."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from liverboard.corpus.knowledge import Knowledge
from liverboard.corpus.records import Language, Source, Statement
from liverboard.indexer.passages import text_sha256
from liverboard.indexer.search import Index
from liverboard.recommender.findings import Findings
from liverboard.recommender.intake import read_profile
from liverboard.recommender.logic import judge
from liverboard.recommender.pipeline import recommend
from liverboard.ui.session import canonical, citations_of, tiers_of

STUDIES = ("rct", "meta_analysis", "single_arm_trial", "cohort", "case_series")


@dataclass(frozen=True)
class Filter:
    """What a statement must be; what is empty or `None` asks for nothing."""

    text: str = ""
    regimens: Collection[str] = ()
    kinds: Collection[str] = ()
    certainties: Collection[str] = ()
    statuses: Collection[str] = ()
    years: tuple[int, int] | None = None


def statements(knowledge: Knowledge, index: Index, wanted: Filter) -> list[tuple[str, Source, Statement]]:
    """The statements of the index that fit, in the order of their names."""
    held = index.statement_ids()
    needle = wanted.text.casefold().split()
    return [
        (name, source, statement)
        for name, (source, statement) in sorted(knowledge.statements.items())
        if name in held
        and (not wanted.regimens or not set(wanted.regimens).isdisjoint(knowledge.regimens_of.get(name, ())))
        and (not wanted.kinds or source.kind in wanted.kinds)
        and (not wanted.certainties or statement.grade.certainty in wanted.certainties)
        and (not wanted.statuses or source.status in wanted.statuses)
        and (wanted.years is None or source.year is None or wanted.years[0] <= source.year <= wanted.years[1])
        and all(word in f"{statement.claim.en} {statement.claim.zh} {source.title}".casefold() for word in needle)
    ]


def coverage(knowledge: Knowledge, index: Index) -> list[dict[str, Any]]:
    """For each anticancer regimen and BCLC stage, how many statements for it could concern such a patient.

    A statement could concern a patient when its population is not false for active HCC of the stage: what else it
    asks for is unknown here, and unknown is never false.
    """
    cells = []
    held = index.statement_ids()
    stages = knowledge.findings["bclc"].values
    for stage in stages:
        findings = Findings({"tumour_type": "hcc", "disease_status": "active", "bclc": stage})
        counts: dict[str, list[int]] = {r.id: [0, 0, 0] for r in knowledge.regimens.values() if r.anticancer}
        for name, regimens in knowledge.regimens_of.items():
            source, statement = knowledge.statements[name]
            if name not in held or statement.direction != "for":
                continue
            if judge(statement.population, findings, knowledge.definitions, knowledge.findings).value is False:
                continue
            for regimen in set(regimens) & set(counts):
                counts[regimen][0] += 1
                counts[regimen][1] += source.kind in ("guideline", "consensus")
                counts[regimen][2] += source.kind in STUDIES
        cells += [
            {"regimen": r, "stage": stage, "statements": a, "guidelines": g, "trials": t}
            for r, (a, g, t) in counts.items()
        ]
    return cells


@dataclass(frozen=True)
class Verification:
    """Whether a stored answer stands. `problems`: a citation and what is wrong with it."""

    citations: int
    problems: tuple[tuple[str, str], ...]
    same: bool
    size: int
    manifest_changes: Mapping[str, tuple[Any, Any]]
    tier_changes: Mapping[str, tuple[str | None, str | None]]


def verify(stored: str, profile: str, language: Language, knowledge: Knowledge, index: Index) -> Verification:
    """Check every citation of a stored answer against the index, and give the answer again.

    Parameters
    ----------
    stored, profile : the answer and the patient as they were kept
    """
    document = json.loads(stored)
    citations = citations_of(document)
    patient = read_profile(json.loads(profile), findings=knowledge.findings)
    again = recommend(patient, knowledge=knowledge, index=index, as_of=document["manifest"]["created"])
    replayed = again.as_dict(language)
    was, now = document["manifest"], replayed["manifest"]
    before, after = tiers_of(document), tiers_of(replayed)
    return Verification(
        citations=len(citations),
        problems=tuple(_problems(citations, index)),
        same=canonical(replayed) == stored,
        size=len(stored.encode()),
        manifest_changes={k: (was.get(k), now.get(k)) for k in now if was.get(k) != now.get(k)},
        tier_changes={
            r: (before.get(r), after.get(r)) for r in {**before, **after} if before.get(r) != after.get(r)
        },
    )


def _problems(citations: Iterable[Mapping[str, Any]], index: Index) -> Iterable[tuple[str, str]]:
    passages = index.passages(citation["passage_id"] for citation in citations)
    for citation in citations:
        passage = passages.get(citation["passage_id"])
        if passage is None:
            yield citation["passage_id"], "missing"
        elif not text_sha256(passage.text) == passage.sha256 == citation["sha256"]:
            yield citation["passage_id"], "hash"
        elif citation["quote"] not in passage.text:
            yield citation["passage_id"], "quote"
