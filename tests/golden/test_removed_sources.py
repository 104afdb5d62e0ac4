"""A source less: what rested on it falls, what it forbade stays withheld, nothing that it supported rises."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from liverboard.corpus.errors import InputError
from liverboard.corpus.knowledge import Knowledge
from liverboard.eval.vignettes import read_vignettes
from liverboard.indexer.statements import StatementsInMemory
from liverboard.recommender.assess import Assessment, assess_regimens
from liverboard.recommender.evidence import gather_evidence
from liverboard.recommender.intake import read_profile
from liverboard.recommender.risk import estimate_risks
from liverboard.recommender.staging import Patient, stage

SOME, FEW = 2, 6  # one vignette in so many loses its first choice; loses its sources one at a time
LEVEL = {"not_recommended": 0, "for_consideration": 1, "recommended": 2}
Assessed = dict[str, Assessment]


class Board:
    """Assesses patients with some sources taken out of the index."""

    def __init__(self, knowledge: Knowledge) -> None:
        self.knowledge = knowledge

    def assess(self, patient: Patient, without: Iterable[str] = ()) -> Assessed:
        gone = set(without)
        index = StatementsInMemory(s for s in self.knowledge.sources.values() if s.id not in gone)
        evidence = gather_evidence(patient, self.knowledge, index)
        return assess_regimens(patient, estimate_risks(patient, self.knowledge), evidence, self.knowledge)

    def cited(self, found: Assessment, direction: str, kind: str, force: str | None = None) -> set[str]:
        """The sources that a regimen's arguments of one kind cite."""
        return {
            argument.statement.partition(":")[0]
            for argument in found.arguments
            if argument.statement
            and (argument.direction, argument.kind) == (direction, kind)
            and force in (None, self.knowledge.statements[argument.statement][1].force)
        }

    def advising(self, regimen: str) -> set[str]:
        """The sources that advise a regimen to anybody."""
        return {
            source.id
            for source, statement in self.knowledge.statements.values()
            if statement.subject is not None
            and (statement.kind, statement.direction) == ("recommendation", "for")
            and regimen in self.knowledge.regimens_about(statement.subject)
        }


@pytest.fixture(scope="module")
def board(knowledge: Knowledge) -> Board:
    return Board(knowledge)


@pytest.fixture(scope="module")
def patients(reference: Callable[[str], Path], board: Board) -> list[tuple[str, Patient, Assessed]]:
    """Every vignette's patient with the assessment by the whole index."""

    def read() -> Iterator[tuple[str, Patient, Assessed]]:
        for vignette in read_vignettes(reference("vignettes_dev.json")):
            try:
                profile = read_profile(vignette["patient"], findings=board.knowledge.findings)
            except InputError:
                continue
            patient = stage(profile, board.knowledge)
            yield vignette["id"], patient, board.assess(patient)

    return list(read())


def test_what_a_source_forbade_stays_withheld_when_the_source_leaves_the_index(
    board: Board, patients: list[tuple[str, Patient, Assessed]]
) -> None:
    forbidden = offered = 0
    loose = []
    for name, patient, before in patients:
        by_regimen = {
            regimen: sources
            for regimen, found in before.items()
            if found.tier == "not_recommended"
            and (sources := board.cited(found, "against", "contraindication", "absolute"))
        }
        after = board.assess(patient, without=set().union(*by_regimen.values()))
        loose += [(name, r) for r in by_regimen if r in after and after[r].tier != "not_recommended"]
        forbidden += len(by_regimen)
        offered += sum(found.tier != "not_recommended" for found in after.values())
    assert loose == []
    assert forbidden
    assert offered


def test_the_first_choice_falls_with_the_sources_that_advise_it(
    board: Board, patients: list[tuple[str, Patient, Assessed]]
) -> None:
    still, tried = [], 0
    for name, patient, before in patients[::SOME]:
        recommended = [found for found in before.values() if found.tier == "recommended"]
        if not recommended:
            continue
        first = max(recommended, key=lambda found: (found.score, found.regimen)).regimen
        after = board.assess(patient, without=board.advising(first))
        tried += 1
        if first in after and after[first].tier != "not_recommended":
            still.append((name, first))
    assert still == []
    assert tried


def test_no_treatment_rises_when_a_source_that_supported_it_leaves_the_index(
    board: Board, patients: list[tuple[str, Patient, Assessed]]
) -> None:
    risen, tried = [], 0
    for name, patient, before in patients[::FEW]:
        supported: dict[str, set[str]] = defaultdict(set)
        for regimen, found in before.items():
            if board.knowledge.regimens[regimen].anticancer and found.tier != "not_recommended":
                for source in board.cited(found, "for", "recommendation"):
                    supported[source].add(regimen)
        for source, regimens in supported.items():
            after = board.assess(patient, without=[source])
            tried += 1
            risen += [
                (name, source, regimen, after[regimen].tier)
                for regimen in sorted(regimens)
                if regimen in after and LEVEL[after[regimen].tier] > LEVEL[before[regimen].tier]
            ]
    assert risen == []
    assert tried


def test_every_reason_left_rests_on_a_source_that_is_left(
    board: Board, patients: list[tuple[str, Patient, Assessed]]
) -> None:
    for name, patient, before in patients[::FEW]:
        speaking = {
            argument.statement.partition(":")[0]
            for found in before.values()
            for argument in found.arguments
            if argument.statement
        }
        gone = set(sorted(speaking)[::2])
        for found in board.assess(patient, without=gone).values():
            left = {a.statement.partition(":")[0] for a in found.arguments if a.statement}
            assert left.isdisjoint(gone), (name, found.regimen)
