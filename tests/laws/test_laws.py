"""Laws that hold for every patient of the space, tried on a few; `python -m liverboard.eval.laws` tries them on many.

The laws themselves, with what exactly each forbids, stand in `liverboard.eval.laws`; a failing test prints the
patient, the change and the regimen.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from liverboard.corpus.knowledge import Knowledge
from liverboard.eval.board import Board, level
from liverboard.eval.laws import LAWS, Broken, offered_against_the_label, sweep
from liverboard.eval.patient_space import Patient
from liverboard.indexer.statements import StatementsInMemory

from .strategies import patients

BY_NAME = {law.name: law for law in LAWS}
ONE_IN = 37  # of the patients of the hazard sweep; coprime to the numbers of regions and of stages, so that all occur


@pytest.fixture(scope="module")
def board(knowledge: Knowledge, index: StatementsInMemory) -> Board:
    return Board(knowledge, index)


def few(examples: int) -> settings:
    return settings(max_examples=examples, suppress_health_check=list(HealthCheck), print_blob=False)


def broken(board: Board, data: st.DataObject, law: str, patient: Patient) -> list[Broken]:
    """How one change, drawn from those that the law is tried with, breaks it."""
    changes = BY_NAME[law].changes(board, patient)
    assume(changes)
    return BY_NAME[law].breaches(board, data.draw(st.sampled_from(changes)))


@few(20)
@given(patient=patients(), data=st.data())
def test_any_valid_profile_gets_an_answer_in_the_form_of_the_contract(
    board: Board, patient: Patient, data: st.DataObject
) -> None:
    """JSON without gaps; tiers in order; recommended has a cited reason for it, not recommended one against it; every
    citation is a passage of the index with its hash; an answer of another status than ok offers nothing against cancer.
    """
    assert broken(board, data, "form", patient) == []


@few(20)
@given(patient=patients(with_an_answer=True), data=st.data())
def test_a_worse_liver_never_raises_a_regimen_that_burdens_the_liver(
    board: Board, patient: Patient, data: st.DataObject
) -> None:
    """Resection, arterial treatment, radiation of the liver and systemic treatment never come into a better tier when
    bilirubin, albumin, INR, ascites or encephalopathy worsen and nothing but the liver explains it.

    Three rises are justified: a regimen steps in for a better one that has fallen (`if_unsuitable`, `if_excluded`);
    one that is named as an option for just this worse liver comes up for consideration, no higher; and where nothing
    that the bodies of the patient's region recommended is left, what bodies of other regions advise comes up.
    """
    assert broken(board, data, "liver", patient) == []


@few(25)
@given(patient=patients(with_an_answer=True), data=st.data())
def test_a_contraindication_never_raises_a_regimen_that_it_concerns(
    board: Board, patient: Patient, data: st.DataObject
) -> None:
    """Comorbidity, pregnancy, bleeding, varices, renal failure, transplantation, immune toxicity and the rest of
    `laws.yaml`: what each concerns stays in its tier or falls, except for stepping in as above."""
    assert broken(board, data, "hazard", patient) == []


@few(12)
@given(patient=patients(with_an_answer=True), data=st.data())
def test_a_source_that_leaves_never_strengthens_what_rested_on_it(
    board: Board, patient: Patient, data: st.DataObject
) -> None:
    """A treatment that a source advised to this patient stands no higher without it, except for stepping in.

    Tried on few patients: where the nearest fallback body leaves, a next one that is bolder speaks in its place, which
    the longer run counts as a breach.
    """
    assert broken(board, data, "source", patient) == []


@few(12)
@given(patient=patients(with_an_answer=True), data=st.data())
def test_order_units_and_language_change_nothing(board: Board, patient: Patient, data: st.DataObject) -> None:
    """Ranks, tiers, scores, ties, flags, stages and status are the same, however the same patient is written."""
    assert broken(board, data, "writing", patient) == []


@few(20)
@given(patient=patients(), data=st.data())
def test_filling_an_unknown_never_turns_an_absolute_contraindication_into_an_offer(
    board: Board, patient: Patient, data: st.DataObject
) -> None:
    """What is certainly forbidden with little known stays forbidden with more known, unless what is learned explains
    the forbidding value away (warfarin and INR, Gilbert syndrome and bilirubin)."""
    assert broken(board, data, "unknown", patient) == []


def test_no_drug_is_offered_that_a_label_forbids(board: Board) -> None:
    """Every hazard, stage and region occurs; the longer run tries all their combinations."""
    found, offered = [], False
    for change in sweep(board, every=ONE_IN):
        found += [(change.name, *breach) for breach in offered_against_the_label(board, change)]
        offered = offered or any(level(board.answer(change.before), regimen) for regimen in change.concerns)
    assert found == []
    assert offered, "without the hazard nothing of it is offered either: the sweep shows nothing"
