"""Whatever the sources say and whatever is known: properties of the assessment in any made-up world."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

BLEEDS = {"finding": "bleeding", "is": True}
SMALL = {"finding": "size_cm", "at_most": 3}
OFFERED = ("recommended", "for_consideration")
REGIMENS = ("surgery", "ablation", "tablet", "infusion", "comfort")
WHEN = st.sampled_from([[], [BLEEDS], [{"not": BLEEDS}], [SMALL], {"any": [SMALL, BLEEDS]}])
ADVICE = st.tuples(
    st.just("advises"),
    st.sampled_from(REGIMENS),
    st.sampled_from(("first_choice", "preferred", "option")),
    WHEN,
    st.sampled_from(("HOME", "NEAR", "NEXT", "FAR")),
)
AGAINST = st.tuples(
    st.sampled_from(("forbids", "advises_against")),
    st.sampled_from(REGIMENS),
    st.sampled_from(("absolute", "relative", "caution")),
    WHEN,
    st.sampled_from(("HOME", "NEAR", "NEXT", "FAR", None)),
)
TRIALS = st.tuples(
    st.just("trial"), st.sampled_from(REGIMENS), st.sampled_from(("for", "against")), WHEN, st.none()
)
WORLDS = st.lists(st.one_of(ADVICE, ADVICE, AGAINST, TRIALS), max_size=8)
FACTS = st.fixed_dictionaries(
    {"bleeding": st.sampled_from([True, False, None]), "size_cm": st.sampled_from([2, 5, None])}
)
LEVEL = {None: 0, "not_recommended": 0, "for_consideration": 1, "recommended": 2}


def sources(made_up: Any, world: list[Any]) -> list[Any]:
    """One source a statement, so that each may leave the index by itself."""
    return [
        made_up.source(f"s{number}", getattr(made_up, say)(regimen, how, when=when), body=body)
        for number, (say, regimen, how, when, body) in enumerate(world)
    ]


@given(world=WORLDS, facts=FACTS)
def test_every_tier_rests_on_a_reason_of_its_own_direction(
    made_up: Any, world: list[Any], facts: Any
) -> None:
    for found in made_up.assess(
        made_up.patient(**facts), made_up.knowledge(*sources(made_up, world))
    ).values():
        cited = {argument.direction for argument in found.arguments if argument.statement}
        needed = {"recommended": "for", "for_consideration": "for", "not_recommended": "against"}[found.tier]
        assert needed in cited, found.regimen
        assert 0 <= found.score <= 1


@given(world=WORLDS, facts=FACTS)
def test_the_order_in_which_sources_were_read_decides_nothing(
    made_up: Any, world: list[Any], facts: Any
) -> None:
    read = sources(made_up, world)
    there, back = (
        {
            name: (found.tier, found.score, frozenset(found.arguments))
            for name, found in made_up.assess(made_up.patient(**facts), made_up.knowledge(*order)).items()
        }
        for order in (read, read[::-1])
    )
    assert there == back


@given(world=WORLDS, facts=FACTS)
def test_without_trials_every_regimen_keeps_its_tier(made_up: Any, world: list[Any], facts: Any) -> None:
    patient, read = made_up.patient(**facts), sources(made_up, world)
    kept = [source for source, (say, *_) in zip(read, world, strict=True) if say != "trial"]
    assert made_up.tiers(patient, *read, indexed=kept) == made_up.tiers(patient, *read)


@given(world=WORLDS, facts=FACTS, when=WHEN)
def test_no_regimen_is_offered_when_the_contraindication_that_forbade_it_leaves_the_index(
    made_up: Any, world: list[Any], facts: Any, when: Any
) -> None:
    contested = [
        ("advises", "tablet", "first_choice", [], "HOME"),
        ("forbids", "tablet", "absolute", when, None),
        *world,
    ]
    patient, read = made_up.patient(**facts), sources(made_up, contested)
    found = made_up.assess(patient, made_up.knowledge(*read))["tablet"]
    forbidding = {
        argument.statement.partition(":")[0]
        for argument in found.arguments
        if argument.direction == "against" and argument.kind == "contraindication"
    }
    kept = [source for source in read if source.id not in forbidding]
    after = made_up.tiers(patient, *read, indexed=kept).get("tablet")
    forbidden = found.tier == "not_recommended" and read[1].id in forbidding
    assert not (forbidden and after in OFFERED)


@given(world=WORLDS, facts=FACTS)
def test_nothing_is_offered_that_no_source_in_the_index_supports(
    made_up: Any, world: list[Any], facts: Any
) -> None:
    patient, read = made_up.patient(**facts), sources(made_up, world)
    for regimen in REGIMENS:
        kept = [s for s, (say, of, *_) in zip(read, world, strict=True) if (say, of) != ("advises", regimen)]
        assert made_up.tiers(patient, *read, indexed=kept).get(regimen) not in OFFERED


@given(
    world=st.lists(st.one_of(ADVICE, AGAINST).filter(lambda said: said[-1] in ("HOME", None)), max_size=6),
    facts=FACTS,
)
def test_no_regimen_rises_when_advice_for_it_leaves_the_index(
    made_up: Any, world: list[Any], facts: Any
) -> None:
    patient, read = made_up.patient(**facts), sources(made_up, world)
    before = made_up.tiers(patient, *read)
    for gone, (say, regimen, *_) in zip(read, world, strict=True):
        if say == "advises":
            after = made_up.tiers(patient, *read, indexed=[source for source in read if source is not gone])
            assert LEVEL[after.get(regimen)] <= LEVEL[before.get(regimen)]
