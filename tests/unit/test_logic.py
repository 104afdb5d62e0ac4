"""Judging conditions: verdicts, reasons, named conditions, exceptions, what a fact more may change."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from liverboard.corpus.conditions import Condition, parts
from liverboard.corpus.records import Definition
from liverboard.recommender.findings import Findings
from liverboard.recommender.logic import Verdict, judge

FORM: TypeAdapter[Condition] = TypeAdapter(Condition)
SMALL, BLEEDS, MARKED = (
    {"finding": "size_cm", "at_most": 3},
    {"finding": "bleeding", "is": True},
    {"finding": "rare_marker", "is": True},
)


def judged(condition: Any, definitions: Any = None, vocabulary: Any = None, **facts: Any) -> Verdict:
    named = {
        name: Definition.model_validate({"id": name, "label": {"en": name, "zh": name}, "when": when})
        for name, when in (definitions or {}).items()
    }
    return judge(FORM.validate_python(condition), Findings(facts), named, vocabulary)


def named(leaves: Any) -> list[str]:
    return [leaf.test.finding for leaf in leaves]


# --- reasons


def test_a_false_verdict_names_only_the_criteria_that_the_patient_fails() -> None:
    verdict = judged([SMALL, BLEEDS], size_cm=5, bleeding=True)
    assert (verdict.value, named(verdict.unmet), named(verdict.leaves)) == (False, ["size_cm"], ["size_cm"])


def test_a_true_choice_names_only_the_criteria_that_made_it_true() -> None:
    verdict = judged({"any": [SMALL, BLEEDS]}, size_cm=2, bleeding=None)
    assert (verdict.value, named(verdict.met), named(verdict.unknown)) == (True, ["size_cm"], [])


def test_an_open_verdict_names_what_to_ask_for() -> None:
    verdict = judged([SMALL, BLEEDS], size_cm=2)
    assert (verdict.value, named(verdict.unknown), named(verdict.met)) == (None, ["bleeding"], ["size_cm"])


def test_under_a_not_a_true_test_is_a_criterion_that_the_patient_fails() -> None:
    verdict = judged({"not": BLEEDS}, bleeding=True)
    assert (verdict.value, named(verdict.unmet), named(verdict.met)) == (False, ["bleeding"], [])


def test_two_nots_cancel_out_in_verdict_and_in_reasons() -> None:
    verdict = judged({"not": {"not": BLEEDS}}, bleeding=True)
    assert (verdict.value, named(verdict.met), verdict.leaves[0].negated) == (True, ["bleeding"], False)


def test_several_bounds_on_one_finding_must_all_hold() -> None:
    between = {"finding": "size_cm", "above": 2, "at_most": 3}
    assert [judged(between, size_cm=size).value for size in (2, 2.1, 3, 3.1, None)] == [
        False,
        True,
        True,
        False,
        None,
    ]


def test_a_bound_that_also_asks_whether_the_value_is_known_is_false_of_an_unknown_value() -> None:
    known_and_small = {"finding": "size_cm", "known": True, "at_most": 3}
    assert [judged(known_and_small, size_cm=size).value for size in (2, 4, None)] == [True, False, False]


def test_false_and_zero_and_nothing_are_known_values() -> None:
    assert judged({"finding": "bleeding", "is": False}, bleeding=False).value is True
    assert judged({"finding": "size_cm", "is": 0}, size_cm=0).value is True
    assert judged({"finding": "size_cm", "known": True}, size_cm=0).value is True
    assert judged({"finding": "sites", "includes": "lung"}, sites=frozenset()).value is False


# --- named conditions


def test_a_named_condition_means_what_its_definition_says() -> None:
    definitions = {"fit": [SMALL, {"not": {"definition": "bleeder"}}], "bleeder": BLEEDS}
    assert judged({"definition": "fit"}, definitions, size_cm=2, bleeding=False).value is True
    assert judged({"not": {"definition": "fit"}}, definitions, size_cm=2, bleeding=False).value is False
    assert judged({"definition": "fit"}, definitions, size_cm=2).value is None


def test_the_reasons_of_a_named_condition_are_its_own_tests() -> None:
    verdict = judged({"not": {"definition": "bleeder"}}, {"bleeder": BLEEDS}, bleeding=True)
    assert named(verdict.unmet) == ["bleeding"]


def test_the_leaves_of_a_condition_are_listed_from_left_to_right() -> None:
    condition = FORM.validate_python([SMALL, {"any": [BLEEDS, {"not": MARKED}]}])
    assert [leaf.finding for leaf in parts(condition)] == ["size_cm", "bleeding", "rare_marker"]  # type: ignore[union-attr]


# --- exceptions that nobody mentioned


def test_an_exception_that_nobody_mentioned_does_not_open_the_rule(made_up: Any) -> None:
    vocabulary = made_up.knowledge().findings
    unless_marked = [SMALL, {"not": MARKED}]
    unmentioned = judged(unless_marked, vocabulary=vocabulary, size_cm=2)
    assert (unmentioned.value, unmentioned.holds, named(unmentioned.unknown)) == (None, True, ["rare_marker"])
    assert judged(unless_marked, vocabulary=vocabulary, size_cm=2, rare_marker=True).holds is False
    assert judged(unless_marked, vocabulary=vocabulary, rare_marker=False).holds is False


@pytest.mark.parametrize(
    "condition",
    [
        pytest.param([SMALL, {"not": BLEEDS}], id="an ordinary exception"),
        pytest.param([SMALL, MARKED], id="a special test that is asked for"),
        pytest.param([{"not": MARKED}, {"not": BLEEDS}], id="an ordinary exception beside a special one"),
        pytest.param([SMALL, {"not": {"not": MARKED}}], id="a special test under two nots"),
    ],
)
def test_everything_else_that_is_unknown_keeps_the_rule_open(condition: Any, made_up: Any) -> None:
    assert judged(condition, vocabulary=made_up.knowledge().findings, size_cm=2).holds is False


# --- the form


@pytest.mark.parametrize(
    "condition",
    [
        {"finding": "size_cm"},
        {"any": []},
        {"finding": "size_cm", "atmost": 3},
        {"some": []},
        "size_cm < 3",
        {},
    ],
)
def test_a_condition_of_another_form_is_refused(condition: Any) -> None:
    with pytest.raises(ValidationError):
        FORM.validate_python(condition)


# --- what more knowledge may change

NAMES = ("a", "b", "c")
TESTS = st.builds(
    lambda name, bound: {"finding": name, **bound},
    st.sampled_from(NAMES),
    st.sampled_from([{"at_least": 2}, {"at_most": 1}, {"above": 0, "below": 3}, {"is": 1}, {"in": [0, 3]}]),
)
CONDITIONS = st.recursive(
    TESTS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda parts: {"all": parts}),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"any": parts}),
        inner.map(lambda part: {"not": part}),
    ),
    max_leaves=8,
)
WHOLE = st.fixed_dictionaries({name: st.integers(0, 3) for name in NAMES})
FORGOTTEN = st.sets(st.sampled_from(NAMES))


@given(CONDITIONS, WHOLE, FORGOTTEN)
def test_a_fact_more_never_turns_a_decided_verdict_round(
    condition: Any, facts: dict[str, int], forgotten: set[str]
) -> None:
    before = judged(
        condition, **{name: value for name, value in facts.items() if name not in forgotten}
    ).value
    after = judged(condition, **facts).value
    assert after is not None
    assert before in (None, after)


@given(CONDITIONS, WHOLE, FORGOTTEN)
def test_nothing_is_asked_for_once_the_verdict_is_decided(
    condition: Any, facts: dict[str, int], forgotten: set[str]
) -> None:
    known = {name: value for name, value in facts.items() if name not in forgotten}
    verdict = judged(condition, **known)
    asked = set(named(verdict.unknown))
    assert (verdict.value is None) == bool(asked)
    assert asked <= forgotten


@given(CONDITIONS, WHOLE, FORGOTTEN)
def test_not_turns_every_reason_round_and_nothing_else(
    condition: Any, facts: dict[str, int], forgotten: set[str]
) -> None:
    known = {name: value for name, value in facts.items() if name not in forgotten}
    plain, turned = judged(condition, **known), judged({"not": condition}, **known)
    assert turned.value is (None if plain.value is None else not plain.value)
    assert named(turned.unmet) == named(plain.met)
    assert named(turned.met) == named(plain.unmet)


@given(st.lists(CONDITIONS, min_size=1, max_size=3), WHOLE, FORGOTTEN)
def test_all_and_any_are_two_sides_of_one_rule(
    conditions: list[Any], facts: dict[str, int], forgotten: set[str]
) -> None:
    known = {name: value for name, value in facts.items() if name not in forgotten}
    not_all = judged({"not": {"all": conditions}}, **known).value
    any_not = judged({"any": [{"not": part} for part in conditions]}, **known).value
    assert not_all is any_not


@given(CONDITIONS, CONDITIONS, WHOLE, FORGOTTEN)
def test_the_order_of_the_parts_decides_nothing(
    one: Any, other: Any, facts: dict[str, int], forgotten: set[str]
) -> None:
    known = {name: value for name, value in facts.items() if name not in forgotten}
    for form in ("all", "any"):
        there, back = judged({form: [one, other]}, **known), judged({form: [other, one]}, **known)
        assert there.value is back.value
        assert sorted(named(there.leaves)) == sorted(named(back.leaves))
