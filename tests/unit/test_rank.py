"""The order of an answer: tier, then disease control before support, then the score, then the name."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liverboard.recommender.assess import TIERS, Assessment
from liverboard.recommender.rank import TIE, Ranked, rank

NAMES = ("surgery", "ablation", "tablet", "infusion", "comfort")


def assessed(regimen: str, tier: str = "recommended", score: float = 0.5) -> Assessment:
    return Assessment(regimen, tier, score, {}, ())  # type: ignore[arg-type]  # a tier by its name


def ranked(made_up: Any, *assessments: Assessment) -> tuple[Ranked, ...]:
    return rank({found.regimen: found for found in assessments}, made_up.knowledge())


def order(made_up: Any, *assessments: Assessment) -> list[str]:
    return [item.assessment.regimen for item in ranked(made_up, *assessments)]


def test_the_tier_comes_before_the_score(made_up: Any) -> None:
    found = order(
        made_up,
        assessed("surgery", "not_recommended", 0.9),
        assessed("tablet", "for_consideration", 0.7),
        assessed("ablation", "recommended", 0.2),
    )
    assert found == ["ablation", "tablet", "surgery"]


def test_within_a_tier_the_higher_score_comes_first(made_up: Any) -> None:
    assert order(made_up, assessed("surgery", score=0.4), assessed("tablet", score=0.6)) == [
        "tablet",
        "surgery",
    ]


def test_supportive_care_stands_after_the_treatment_of_its_tier(made_up: Any) -> None:
    found = order(
        made_up,
        assessed("comfort", score=0.9),
        assessed("tablet", score=0.1),
        assessed("surgery", "for_consideration", 0.9),
    )
    assert found == ["tablet", "comfort", "surgery"]


def test_equal_scores_stand_in_the_order_of_their_names(made_up: Any) -> None:
    assert order(made_up, assessed("tablet"), assessed("ablation"), assessed("surgery")) == [
        "ablation",
        "surgery",
        "tablet",
    ]


@pytest.mark.parametrize(
    ("second", "tied"),
    [
        pytest.param(assessed("tablet", score=0.5), True, id="the same score"),
        pytest.param(assessed("tablet", score=0.5 - TIE / 2), True, id="closer than can be told apart"),
        pytest.param(assessed("tablet", score=0.5 - TIE * 2), False, id="further apart"),
        pytest.param(assessed("tablet", "for_consideration", 0.5), False, id="another tier"),
        pytest.param(assessed("comfort", score=0.5), False, id="treatment and support are not compared"),
    ],
)
def test_what_cannot_be_told_apart_from_the_one_before_is_said_to_be_tied(
    second: Assessment, tied: bool, made_up: Any
) -> None:
    first, then = ranked(made_up, assessed("ablation", score=0.5), second)
    assert (first.tied, then.tied) == (False, tied)


def test_regimens_that_are_not_recommended_are_never_tied(made_up: Any) -> None:
    found = ranked(
        made_up, assessed("surgery", "not_recommended", 0), assessed("tablet", "not_recommended", 0)
    )
    assert [item.tied for item in found] == [False, False]


def test_an_answer_without_regimens_has_no_ranks(made_up: Any) -> None:
    assert ranked(made_up) == ()


@given(
    found=st.lists(
        st.builds(assessed, st.sampled_from(NAMES), st.sampled_from(TIERS), st.floats(0, 1)),
        unique_by=lambda a: a.regimen,
    ),
    chance=st.randoms(use_true_random=False),
)
def test_the_order_of_the_input_changes_nothing_and_nobody_is_lost(
    made_up: Any, found: list[Assessment], chance: Any
) -> None:
    there = ranked(made_up, *found)
    shuffled = found.copy()
    chance.shuffle(shuffled)
    assert ranked(made_up, *shuffled) == there
    assert [item.rank for item in there] == list(range(1, len(found) + 1))
    assert {item.assessment.regimen for item in there} == {a.regimen for a in found}
    tiers = [TIERS.index(item.assessment.tier) for item in there]
    assert tiers == sorted(tiers)
