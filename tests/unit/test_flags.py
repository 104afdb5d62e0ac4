"""What must be said of a patient beside the ranking, and what it makes of the answer's status."""

from __future__ import annotations

from typing import Any

import pytest

from liverboard.corpus.records import FlagRule
from liverboard.recommender.flags import Flag, raise_flags, status_of

BLEEDS = {"finding": "bleeding", "is": True}


def rule(name: str, **more: Any) -> FlagRule:
    """A rule that is true of everybody and says its name, unless told otherwise."""
    return FlagRule.model_validate(
        {
            "id": name,
            "code": name,
            "severity": "warning",
            "when": [],
            "message": {"en": name, "zh": f"某{name}"},
            **more,
        }
    )


def raised(made_up: Any, *rules: FlagRule, offered: tuple[str, ...] = (), **facts: Any) -> tuple[Flag, ...]:
    return raise_flags(made_up.patient(**facts), offered, (), made_up.knowledge(flags=rules))


def codes(made_up: Any, *rules: FlagRule, **more: Any) -> list[str]:
    return [flag.code for flag in raised(made_up, *rules, **more)]


@pytest.mark.parametrize(("bleeding", "said"), [(True, ["bleeds"]), (False, []), (None, [])])
def test_a_flag_is_raised_when_its_condition_is_true_and_not_when_it_is_open(
    bleeding: bool | None, said: list[str], made_up: Any
) -> None:
    assert codes(made_up, rule("bleeds", when=[BLEEDS]), bleeding=bleeding) == said


def test_a_flag_may_ask_for_what_is_unknown(made_up: Any) -> None:
    ask = rule("ask", when={"finding": "bleeding", "known": False})
    assert codes(made_up, ask) == ["ask"]
    assert codes(made_up, ask, bleeding=False) == []


def test_an_exception_that_nobody_mentioned_does_not_silence_a_flag(made_up: Any) -> None:
    unless = rule("unless", when=[{"not": {"finding": "rare_marker", "is": True}}])
    assert codes(made_up, unless) == ["unless"]
    assert codes(made_up, unless, rare_marker=True) == []


def test_the_gravest_flag_comes_first(made_up: Any) -> None:
    rules = [rule("note", severity="info"), rule("warn"), rule("halt", severity="stop")]
    assert codes(made_up, *rules) == ["halt", "warn", "note"]


def test_of_several_rules_with_one_code_the_gravest_is_said_once(made_up: Any) -> None:
    mild, grave = rule("mild", code="x", severity="info"), rule("grave", code="x", severity="stop")
    (flag,) = raised(made_up, mild, grave)
    assert (flag.code, flag.rule.id) == ("x", "grave")


@pytest.mark.parametrize(
    ("offered", "said"),
    [
        ((), []),
        (("tablet",), ["tablet_rule", "class_rule"]),
        (("infusion",), ["class_rule"]),
        (("surgery",), []),
    ],
)
def test_a_rule_about_a_treatment_waits_until_it_is_offered(
    offered: tuple[str, ...], said: list[str], made_up: Any
) -> None:
    rules = [rule("tablet_rule", offered=["tablet"]), rule("class_rule", offered=["pills_and_drips"])]
    assert codes(made_up, *rules, offered=offered) == said


def test_a_message_names_the_values_of_the_patient_in_both_languages(made_up: Any) -> None:
    says = rule("size", message={"en": "It measures {size_cm} cm.", "zh": "大小为{size_cm} cm。"})
    (flag,) = raised(made_up, says, size_cm=5.0)
    assert (flag.message.en, flag.message.zh) == ("It measures 5 cm.", "大小为5 cm。")
    (fine,) = raised(made_up, says, size_cm=3.25)
    assert fine.message.en == "It measures 3.25 cm."


@pytest.mark.parametrize(
    ("statuses", "status"),
    [
        ([], "ok"),
        ([None, None], "ok"),
        ([None, "insufficient_data"], "insufficient_data"),
        (["insufficient_data", "out_of_scope"], "out_of_scope"),
        (["out_of_scope", "insufficient_data", None], "out_of_scope"),
    ],
)
def test_out_of_scope_outranks_too_little_data_which_outranks_an_answer(
    statuses: list[str | None], status: str, made_up: Any
) -> None:
    rules = [rule(f"r{number}", status=wanted) for number, wanted in enumerate(statuses)]
    assert status_of(raised(made_up, *rules)) == status


def test_a_rule_that_is_not_raised_does_not_touch_the_status(made_up: Any) -> None:
    assert (
        status_of(raised(made_up, rule("halt", status="out_of_scope", when=[BLEEDS]), bleeding=False)) == "ok"
    )
