"""The hospital's own models: when an output speaks, why it is trusted less, and what the answer is without it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from liverboard.corpus.knowledge import Knowledge
from liverboard.corpus.risk_records import Performance, PublishedModel, RiskEndpoint
from liverboard.indexer.statements import StatementsInMemory
from liverboard.recommender.endpoints import endpoint_called
from liverboard.recommender.profile import PatientProfile
from liverboard.recommender.risk import RiskOutput, estimate_risks
from liverboard.recommender.without import first_choices_without

RULE = "home:recommendation_tablet_first_choice"
OUTPUT = {"model": "ours", "endpoint": "recurrence", "kind": "class", "value": "high"}
EXTERNAL = {"validation": "external", "auc": 0.8, "n": 300}


@pytest.fixture
def home(made_up: Any) -> Any:
    return made_up.source("home", made_up.advises("tablet"), made_up.advises("surgery"), body="HOME")


def endpoint(made_up: Any, **more: Any) -> RiskEndpoint:
    """`recurrence`: high pushes the tablet up; what else it is, is said by `more`."""
    made = made_up.endpoint("recurrence", "high", "tablet", 0.1, RULE).model_dump(by_alias=True)
    return RiskEndpoint.model_validate({**made, **more})


def read(made_up: Any, home: Any, made: RiskEndpoint, given: dict[str, Any], **facts: Any) -> RiskOutput:
    patient = made_up.patient(risk_outputs=[{**OUTPUT, **given}], **facts)
    return estimate_risks(patient, made_up.knowledge(home, endpoints=[made]))[0]


# --- population


SMALL = {"population": {"finding": "size_cm", "at_most": 3}}


@pytest.mark.parametrize(
    ("size", "inside", "limits", "moves"),
    [
        (2, True, (), True),
        (4, False, ("out_of_population",), False),
        (None, None, ("population_unknown",), True),
    ],
)
def test_an_output_out_of_its_population_is_shown_and_moves_nothing(
    size: float | None, inside: bool | None, limits: tuple[str, ...], moves: bool, made_up: Any, home: Any
) -> None:
    found = read(made_up, home, endpoint(made_up, **SMALL), {"provenance": EXTERNAL}, size_cm=size)
    assert (found.in_population, found.limits, bool(found.effects)) == (inside, limits, moves)
    assert (found.stratum, found.given.model) == ("high", "ours")


# --- validation


@pytest.mark.parametrize("provenance", [None, {}, {"validation": "none"}, {"validation": "derivation"},
                                        {"validation": "internal"}])
def test_an_output_without_external_validation_is_labelled_and_keeps_every_tier(
    provenance: dict[str, Any] | None, made_up: Any, home: Any
) -> None:
    made = endpoint(made_up)
    found = read(made_up, home, made, {"provenance": provenance})
    assert found.limits == ("not_external",)
    assert "Not externally validated" in found.effect_text.en
    assert "未经外部验证" in found.effect_text.zh
    world = made_up.knowledge(home, endpoints=[made])
    plain = made_up.assess(made_up.patient(), world)
    moved = made_up.assess(made_up.patient(risk_outputs=[{**OUTPUT, "provenance": provenance}]), world)
    assert {name: a.tier for name, a in moved.items()} == {name: a.tier for name, a in plain.items()}


def test_an_externally_validated_output_carries_no_such_label(made_up: Any, home: Any) -> None:
    found = read(made_up, home, endpoint(made_up), {"provenance": EXTERNAL})
    assert (found.limits, found.effect_text.en) == ((), "pushed")


# --- horizon


def dated(made_up: Any, horizon: float | None) -> RiskEndpoint:
    """An endpoint whose clock is the finding `size_cm`, for patients who do not bleed."""
    clock = {"finding": "size_cm", "when": {"finding": "bleeding", "is": False}}
    return endpoint(made_up, clock=clock, horizon_months=horizon)


@pytest.mark.parametrize(
    ("elapsed", "of_endpoint", "of_output", "past"),
    [
        (30, 24, None, True),
        (24, 24, None, False),
        (30, 24, 36, False),
        (30, 60, 24, True),
        (30, None, None, False),
        (None, 24, None, False),
    ],
)
def test_an_output_past_its_horizon_is_shown_and_moves_nothing(
    elapsed: float | None,
    of_endpoint: float | None,
    of_output: float | None,
    past: bool,
    made_up: Any,
    home: Any,
) -> None:
    given = {"provenance": EXTERNAL, "horizon_months": of_output}
    found = read(made_up, home, dated(made_up, of_endpoint), given, size_cm=elapsed, bleeding=False)
    assert ("past_horizon" in found.limits, bool(found.effects)) == (past, not past)


@pytest.mark.parametrize("bleeding", [True, None])
def test_the_clock_of_an_endpoint_runs_only_where_it_is_known_to_run(
    bleeding: bool | None, made_up: Any, home: Any
) -> None:
    found = read(made_up, home, dated(made_up, 24), {"provenance": EXTERNAL}, size_cm=30, bleeding=bleeding)
    assert found.limits == ()
    assert found.effects


# --- strata


def test_an_output_without_a_class_or_a_cut_off_moves_nothing_and_says_why_it_is_trusted_less(
    made_up: Any, home: Any
) -> None:
    found = read(made_up, home, endpoint(made_up), {"kind": "probability", "value": 0.9})
    assert (found.stratum, found.effects, found.limits) == (None, (), ("not_external",))
    assert "cut-off" in found.effect_text.en
    assert "Not externally validated" in found.effect_text.en


def test_the_other_stratum_moves_nothing(made_up: Any, home: Any) -> None:
    given = {"kind": "probability", "value": 0.4, "cutoff": 0.5, "provenance": EXTERNAL}
    assert read(made_up, home, endpoint(made_up), given).effects == ()


def test_what_a_stratum_means_is_said_where_the_catalogue_says_it(made_up: Any, home: Any) -> None:
    made = endpoint(made_up, strata={"high": {"en": "comes back", "zh": "复发"}})
    meant = read(made_up, home, made, {}).stratum_text
    assert meant is not None
    assert meant.en == "comes back"
    assert read(made_up, home, made, {"value": "low"}).stratum_text is None


# --- names


@pytest.mark.parametrize("name", ["pd_l1", "PD-L1", "pd l1", "ＰＤ－Ｌ１", "程序性死亡配体"])
def test_an_endpoint_is_found_by_any_of_its_names_however_spelt(name: str, made_up: Any, home: Any) -> None:
    made = RiskEndpoint.model_validate({
        **endpoint(made_up).model_dump(by_alias=True), "id": "pd_l1", "aliases": ("程序性死亡配体",)
    })
    assert endpoint_called(name, {"pd_l1": made}) is made
    assert read(made_up, home, made, {"endpoint": name}).endpoint is made


def test_an_endpoint_that_nobody_catalogued_is_shown_and_moves_nothing(made_up: Any, home: Any) -> None:
    found = read(made_up, home, endpoint(made_up), {"endpoint": "shoe_size"})
    assert (found.endpoint, found.effects, found.in_population) == (None, (), None)
    assert "not in the catalogue" in found.effect_text.en


# --- published models


def figure(validation: str, value: float = 0.8, **more: Any) -> Performance:
    return Performance.model_validate({"measure": "auc", "value": value, "validation": validation, **more})


def published(*figures: Performance) -> PublishedModel:
    return PublishedModel.model_validate({
        "id": "ours", "modality": ["ct"], "reads": {"en": "tumour", "zh": "肿瘤"}, "performance": figures,
        "cites": [RULE],
    })


def test_a_published_model_is_as_well_validated_as_its_hardest_test() -> None:
    assert published(figure("external"), figure("derivation")).validation == "external"
    assert published(figure("derivation"), figure("internal")).validation == "internal"


def test_an_output_of_a_published_model_is_shown_with_it(made_up: Any, home: Any) -> None:
    made = endpoint(made_up, models=[published(figure("internal")).model_dump()])
    known, unknown = (read(made_up, home, made, {"model": name}).published for name in ("ours", "theirs"))
    assert known is not None
    assert known.performance[0].value == 0.8
    assert unknown is None


@pytest.mark.parametrize(("value", "more"), [(1.2, {}), (0.8, {"ci95": (0.81, 0.9)}), (0, {})])
def test_an_impossible_figure_of_a_published_model_is_refused(value: float, more: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"above 1|outside its interval|greater than 0"):
        figure("internal", value, **more)


# --- what the answer would be without it


def asked(world: Knowledge, knowledge: Knowledge, *outputs: dict[str, Any]) -> tuple[str | None, ...]:
    """The first choices without each output; what reads a profile rests on the shipped vocabulary."""
    seen = replace(world, findings=knowledge.findings, definitions=knowledge.definitions)
    profile = PatientProfile.model_validate({
        "diagnosis": {"tumour_type": "hcc"}, "region": "XX", "risk_outputs": outputs
    })
    return first_choices_without(profile, seen, StatementsInMemory(world.sources.values()))


def test_the_first_choice_without_an_output_is_the_one_of_a_patient_who_never_had_it(
    made_up: Any, home: Any, knowledge: Knowledge
) -> None:
    """Surgery stands first by its name alone (equal scores); the output lifts the tablet above it."""
    world = made_up.knowledge(home, endpoints=[endpoint(made_up)])
    idle = {**OUTPUT, "model": "idle", "value": "low"}
    assert asked(world, knowledge, OUTPUT, idle) == ("surgery", "tablet")


def test_a_patient_without_outputs_has_nothing_to_be_without(
    made_up: Any, home: Any, knowledge: Knowledge
) -> None:
    assert asked(made_up.knowledge(home), knowledge) == ()


def test_nothing_to_offer_without_an_output_is_said_as_none(made_up: Any, knowledge: Knowledge) -> None:
    assert asked(made_up.knowledge(endpoints=[endpoint(made_up)]), knowledge, OUTPUT) == (None,)


def test_outputs_are_read_in_the_order_in_which_they_are_given(made_up: Any, home: Any) -> None:
    patient = made_up.patient(risk_outputs=[{**OUTPUT, "model": name} for name in ("b", "a", "c")])
    world = made_up.knowledge(home, endpoints=[endpoint(made_up)])
    assert [found.given.model for found in estimate_risks(patient, world)] == ["b", "a", "c"]
