"""From statements to tiers in a made-up world: who sets a tier, who outranks whom, what must be indexed."""

from __future__ import annotations

from typing import Any

import pytest

BLEEDS = {"finding": "bleeding", "is": True}
SMALL = {"finding": "size_cm", "at_most": 3}


@pytest.fixture
def home(made_up: Any) -> Any:
    """A home guideline that puts the tablet first for everybody."""
    return made_up.source("home", made_up.advises("tablet"), body="HOME")


def kinds(assessment: Any, direction: str) -> list[str]:
    return [argument.kind for argument in assessment.arguments if argument.direction == direction]


# --- who sets the tier


def test_a_regimen_of_which_no_source_speaks_is_not_in_the_answer(made_up: Any, home: Any) -> None:
    assert set(made_up.tiers(made_up.patient(), home)) == {"tablet"}


def test_a_fallback_body_sets_the_tier_where_no_home_body_speaks(made_up: Any) -> None:
    near = made_up.source("near", made_up.advises("tablet"), body="NEAR")
    assert made_up.tiers(made_up.patient(), near) == {"tablet": "recommended"}


def test_a_fallback_body_does_not_lift_what_the_home_body_calls_an_option(made_up: Any) -> None:
    home = made_up.source(
        "home", made_up.advises("tablet", "option"), made_up.advises("surgery"), body="HOME"
    )
    near = made_up.source("near", made_up.advises("tablet"), body="NEAR")
    assert made_up.tiers(made_up.patient(), home, near)["tablet"] == "for_consideration"


def test_of_the_fallback_bodies_the_nearest_one_with_a_view_speaks(made_up: Any) -> None:
    near = made_up.source("near", made_up.advises("tablet", "option"), body="NEAR")
    after = made_up.source("after", made_up.advises("tablet"), made_up.advises("surgery"), body="NEXT")
    for order in ((near, after), (after, near)):
        tiers = made_up.tiers(made_up.patient(), *order)
        assert tiers == {"tablet": "for_consideration", "surgery": "recommended"}


def test_a_fallback_body_is_not_heard_where_the_home_body_keeps_the_regimen_for_others(made_up: Any) -> None:
    home = made_up.source(
        "home",
        made_up.advises("tablet", when=[SMALL]),
        made_up.advises("surgery", when=[BLEEDS]),
        body="HOME",
    )
    near = made_up.source("near", made_up.advises("tablet"), body="NEAR")
    treated = made_up.tiers(made_up.patient(size_cm=5, bleeding=True), home, near)
    assert treated == {"surgery": "recommended", "tablet": "not_recommended"}


def test_a_patient_for_whom_the_home_body_has_nothing_hears_the_fallback_bodies(made_up: Any) -> None:
    home = made_up.source(
        "home",
        made_up.advises("tablet", when=[SMALL]),
        made_up.advises("surgery", when=[BLEEDS]),
        body="HOME",
    )
    near = made_up.source("near", made_up.advises("tablet"), body="NEAR")
    untreated = made_up.tiers(made_up.patient(size_cm=5, bleeding=False), home, near)
    assert untreated == {"surgery": "not_recommended", "tablet": "recommended"}


def test_a_body_of_another_region_sets_no_tier(made_up: Any, home: Any) -> None:
    far = made_up.source(
        "far", made_up.advises("surgery"), made_up.advises_against("tablet", "absolute"), body="FAR"
    )
    found = made_up.assess(made_up.patient(), made_up.knowledge(home, far))
    assert {name: a.tier for name, a in found.items()} == {"tablet": "recommended"}
    assert kinds(found["tablet"], "caution") == ["other_region"]


def test_the_same_guidelines_lead_elsewhere_to_another_order(made_up: Any, home: Any) -> None:
    far = made_up.source("far", made_up.advises("surgery"), body="FAR")
    assert made_up.tiers(made_up.patient(region="YY"), home, far) == {"surgery": "recommended"}


def test_a_patient_of_unknown_region_is_treated_as_one_from_elsewhere(made_up: Any, home: Any) -> None:
    near = made_up.source("near", made_up.advises("surgery"), body="NEAR")
    for region in (None, "ZZ"):
        assert made_up.tiers(made_up.patient(region=region), home, near) == {"surgery": "recommended"}


def test_trials_alone_put_no_regimen_into_the_answer(made_up: Any) -> None:
    assert made_up.tiers(made_up.patient(), made_up.source("rct", made_up.trial("surgery"), kind="rct")) == {}


def test_a_source_that_has_fallen_says_nothing(made_up: Any) -> None:
    for status, tiers in (
        ("retracted", {}),
        ("superseded", {}),
        ("corrected", {"tablet": "recommended"}),
        ("expression_of_concern", {"tablet": "recommended"}),
    ):
        source = made_up.source("home", made_up.advises("tablet"), body="HOME", status=status)
        assert made_up.tiers(made_up.patient(), source) == tiers, status


def test_advice_for_other_patients_is_a_reason_against_with_its_citation(made_up: Any) -> None:
    home = made_up.source(
        "home", made_up.advises("tablet", when=[SMALL]), made_up.advises("surgery"), body="HOME"
    )
    found = made_up.assess(made_up.patient(size_cm=5), made_up.knowledge(home))["tablet"]
    assert (found.tier, found.score) == ("not_recommended", 0)
    (reason,) = found.arguments
    assert (reason.direction, reason.kind, reason.findings) == ("against", "outside_population", ("size_cm",))
    assert reason.statement is not None
    assert [leaf.test.finding for leaf in found.unmet] == ["size_cm"]


# --- whom a statement speaks of


@pytest.mark.parametrize("subject", [{"components": ["pill"]}, {"classes": ["pills_and_drips"]}])
def test_a_contraindication_reaches_every_regimen_that_holds_the_drug(subject: Any, made_up: Any) -> None:
    home = made_up.source("home", made_up.advises("tablet"), made_up.advises("infusion"), body="HOME")
    label = made_up.source("label", made_up.forbids("drug", subject=subject))
    tiers = made_up.tiers(made_up.patient(), home, label)
    assert tiers["tablet"] == "not_recommended"
    assert tiers["infusion"] == ("not_recommended" if "classes" in subject else "recommended")


def test_a_drug_that_the_tumour_progressed_on_is_not_given_again_but_its_sister_may_be(made_up: Any) -> None:
    home = made_up.source("home", made_up.advises("tablet"), made_up.advises("infusion"), body="HOME")
    again = made_up.forbids(
        "again",
        subject={"classes": ["pills_and_drips"]},
        when=[{"finding": "progressed_on", "includes": "self"}],
    )
    patient = made_up.patient(progressed_on=frozenset({"tablet"}))
    tiers = made_up.tiers(patient, home, made_up.source("label", again))
    assert tiers == {"tablet": "not_recommended", "infusion": "recommended"}


# --- second choices


def test_a_second_choice_waits_until_the_first_is_out_of_the_question(made_up: Any) -> None:
    instead = made_up.advises("ablation", if_unsuitable=["surgery"])
    home = made_up.source("home", made_up.advises("surgery"), instead, body="HOME")
    label = made_up.source("label", made_up.forbids("surgery", when=[BLEEDS]))
    assert made_up.tiers(made_up.patient(bleeding=False), home, label) == {"surgery": "recommended"}
    assert made_up.tiers(made_up.patient(bleeding=True), home, label) == {
        "surgery": "not_recommended",
        "ablation": "recommended",
    }


def test_two_regimens_that_wait_for_each_other_are_both_answered(made_up: Any) -> None:
    one = made_up.source("one", made_up.advises("ablation", if_unsuitable=["surgery"]), body="HOME")
    other = made_up.source("other", made_up.advises("surgery", if_unsuitable=["ablation"]), body="HOME")
    tiers = made_up.tiers(made_up.patient(), one, other)
    assert list(tiers.values()) == ["recommended"]
    assert made_up.tiers(made_up.patient(), other, one) == tiers


# --- wishes, regions, what is unknown


def test_a_wish_holds_a_regimen_back_and_is_said(made_up: Any) -> None:
    home = made_up.source("home", made_up.advises("surgery"), made_up.advises("tablet"), body="HOME")
    patient = made_up.patient(preferences=frozenset({"declines_surgery"}))
    found = made_up.assess(patient, made_up.knowledge(home))
    assert (found["surgery"].tier, found["tablet"].tier) == ("for_consideration", "recommended")
    assert kinds(found["surgery"], "caution") == ["preference"]


def test_a_patient_who_wants_comfort_only_is_recommended_no_anticancer_treatment(made_up: Any) -> None:
    home = made_up.source("home", *map(made_up.advises, ("surgery", "tablet", "comfort")), body="HOME")
    tiers = made_up.tiers(made_up.patient(preferences=frozenset({"comfort_only"})), home)
    assert tiers == {"surgery": "for_consideration", "tablet": "for_consideration", "comfort": "recommended"}


def test_a_regimen_that_cannot_be_had_in_the_region_is_held_back(made_up: Any) -> None:
    everywhere = [
        made_up.source(body.lower(), made_up.advises("infusion"), body=body)
        for body in ("HOME", "NEAR", "FAR")
    ]
    tiers = {
        region: made_up.tiers(made_up.patient(region=region), *everywhere)["infusion"]
        for region in ("XX", "YY", None)
    }
    assert tiers == {"XX": "recommended", "YY": "for_consideration", None: "recommended"}


def test_anticancer_treatment_is_not_recommended_outright_while_the_liver_is_unknown(made_up: Any) -> None:
    home = made_up.source("home", made_up.advises("tablet"), made_up.advises("comfort"), body="HOME")
    tiers = made_up.tiers(made_up.patient(child_pugh_class=None), home)
    assert tiers == {"tablet": "for_consideration", "comfort": "recommended"}


def test_what_would_settle_an_open_question_is_named(made_up: Any, home: Any) -> None:
    label = made_up.source("label", made_up.forbids("tablet", when=[BLEEDS], if_unknown="hold_back"))
    found = made_up.assess(made_up.patient(), made_up.knowledge(home, label))["tablet"]
    assert found.tier == "for_consideration"
    assert [leaf.test.finding for leaf in found.unknown] == ["bleeding"]


def test_a_special_test_that_was_never_done_opens_no_option(made_up: Any) -> None:
    marked = made_up.advises("tablet", when=[{"finding": "rare_marker", "is": True}])
    home = made_up.source("home", marked, made_up.advises("surgery"), body="HOME")
    assert "tablet" not in made_up.tiers(made_up.patient(), home)
    assert made_up.tiers(made_up.patient(rare_marker=True), home)["tablet"] == "recommended"


# --- order within a tier


def test_trials_order_regimens_within_a_tier_and_never_move_one_across(made_up: Any, home: Any) -> None:
    def score(*trials: Any) -> float:
        found = made_up.assess(made_up.patient(), made_up.knowledge(home, *trials))["tablet"]
        assert found.tier == "recommended"
        return float(found.score)

    def trial(direction: str, certainty: str = "high") -> Any:
        return made_up.source(
            f"{direction}_{certainty}", made_up.trial("tablet", direction, certainty), kind="rct"
        )

    assert score(trial("against")) < score() < score(trial("for"))
    rising = [score(trial("for", certainty)) for certainty in ("very_low", "low", "moderate", "high")]
    assert rising == sorted(set(rising))
    assert score(trial("for", "high"), trial("for", "low")) > score(trial("for", "high"))


def test_a_caution_lowers_the_score_and_keeps_the_tier(made_up: Any, home: Any) -> None:
    careful = made_up.source("label", made_up.forbids("tablet", "caution"))
    plain, warned = (
        made_up.assess(made_up.patient(), made_up.knowledge(*sources))["tablet"]
        for sources in ([home], [home, careful])
    )
    assert (warned.tier, warned.score < plain.score) == (plain.tier, True)
    assert kinds(warned, "caution") == ["contraindication"]


@pytest.mark.parametrize(("value", "direction"), [("high", 1), ("low", 0)])
def test_a_risk_output_moves_the_score_by_at_most_a_tenth_and_never_the_tier(
    value: str, direction: int, made_up: Any, home: Any
) -> None:
    endpoint = made_up.endpoint(
        "recurrence", "high", "tablet", 0.1, "home:recommendation_tablet_first_choice"
    )
    outputs = [
        {"model": m, "endpoint": "recurrence", "kind": "class", "value": value} for m in ("one", "two")
    ]
    plain = made_up.assess(made_up.patient(), made_up.knowledge(home))["tablet"]
    moved = made_up.assess(
        made_up.patient(risk_outputs=outputs), made_up.knowledge(home, endpoints=[endpoint])
    )["tablet"]
    assert moved.tier == plain.tier
    assert moved.score - plain.score == pytest.approx(0.1 * direction)


def test_a_risk_output_moves_nothing_once_the_statement_behind_it_has_left_the_index(
    made_up: Any, home: Any
) -> None:
    study = made_up.source("study", made_up.trial("tablet"), kind="cohort")
    endpoint = made_up.endpoint("recurrence", "high", "tablet", 0.1, "study:evidence_tablet_trial_for")
    world = made_up.knowledge(home, study, endpoints=[endpoint])
    output = {"model": "m", "endpoint": "recurrence", "kind": "class", "value": "high"}
    with_output, without = (
        made_up.assess(made_up.patient(risk_outputs=given), world, indexed=[home])["tablet"]
        for given in ([output], [])
    )
    assert with_output.score == without.score


# --- what the index no longer holds


def test_a_regimen_falls_with_the_only_source_that_supported_it(made_up: Any, home: Any) -> None:
    other = made_up.source("other", made_up.advises("surgery"), body="HOME")
    assert made_up.tiers(made_up.patient(), home, other, indexed=[other]) == {"surgery": "recommended"}


def test_a_forbidden_regimen_is_withheld_when_the_source_that_forbade_it_leaves_the_index(
    made_up: Any, home: Any
) -> None:
    label = made_up.source("label", made_up.forbids("tablet", when=[BLEEDS]))
    assert made_up.tiers(made_up.patient(bleeding=True), home, label) == {"tablet": "not_recommended"}
    assert made_up.tiers(made_up.patient(bleeding=True), home, label, indexed=[home]) == {}
    spared = made_up.tiers(made_up.patient(bleeding=False), home, label, indexed=[home])
    assert spared == {"tablet": "recommended"}
