"""The catalogue of endpoints for a hospital's own models keeps its rules, and says what its sources say."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

import pytest

from liverboard.corpus.check import numbers
from liverboard.corpus.conditions import Condition, Reference, parts
from liverboard.corpus.knowledge import Knowledge
from liverboard.corpus.load import SHIPPED, by_id, read_records
from liverboard.corpus.records import Bilingual
from liverboard.corpus.risk_records import PublishedModel, RiskEndpoint, RiskLimit
from liverboard.recommender.endpoints import endpoint_called, plain_name

# Every kind of model that the field's reviews describe, by the endpoint that it predicts.
KINDS = (
    "liver_disease_stage", "benign_or_malignant", "hcc_development", "hcc_or_chcc_cca", "hcc_or_metastasis",
    "histological_grade", "microvascular_invasion", "ck19", "gpc3", "ablation_or_resection_benefit", "tace_response",
    "spread_or_invasion_after_tace", "tace_or_haic_benefit", "targeted_after_tace_benefit", "ablation_response",
    "y90_response", "pd1_expression", "pd_l1_expression", "ici_response", "pathological_complete_response",
    "early_recurrence_after_ablation", "early_recurrence_after_resection", "early_recurrence_after_transplant",
    "overall_survival", "progression_free_survival", "body_composition_sirt", "proliferative_hcc",
)


def endpoints(knowledge: Knowledge) -> Iterator[RiskEndpoint]:
    return iter(knowledge.endpoints.values())


def models(knowledge: Knowledge) -> Iterator[tuple[RiskEndpoint, PublishedModel]]:
    return ((endpoint, model) for endpoint in endpoints(knowledge) for model in endpoint.models)


def texts(endpoint: RiskEndpoint) -> Iterator[Bilingual]:
    yield endpoint.label
    yield from endpoint.strata.values()
    yield from (effect.text for effect in endpoint.effects)
    yield from (model.reads for model in endpoint.models)
    if endpoint.decision is not None:
        yield endpoint.decision


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_model_has_an_endpoint_that_says_what_it_decides(kind: str, knowledge: Knowledge) -> None:
    endpoint = knowledge.endpoints[kind]
    assert endpoint.decision is not None
    assert endpoint.aliases


def test_no_two_endpoints_answer_to_one_name(knowledge: Knowledge) -> None:
    names = Counter(
        name
        for endpoint in endpoints(knowledge)
        for name in {plain_name(known) for known in (endpoint.id, *endpoint.aliases)}
    )
    assert [name for name, count in names.items() if count > 1] == []
    assert "" not in names


@pytest.mark.parametrize(
    ("name", "endpoint"),
    [
        ("mvi", "microvascular_invasion"),
        ("MVI", "microvascular_invasion"),
        ("微血管侵犯", "microvascular_invasion"),
        ("PD-L1", "pd_l1_expression"),
        ("PD-1", "pd1_expression"),
        ("PFS", "progression_free_survival"),
    ],
)
def test_the_usual_names_find_their_endpoint(name: str, endpoint: str, knowledge: Knowledge) -> None:
    found = endpoint_called(name, knowledge.endpoints)
    assert found is not None
    assert found.id == endpoint


def test_every_text_of_the_catalogue_is_in_both_languages_with_the_same_numbers(knowledge: Knowledge) -> None:
    wrong = [
        (endpoint.id, text.en)
        for endpoint in endpoints(knowledge)
        for text in texts(endpoint)
        if set(numbers(text.en)) != set(numbers(text.zh)) or not re.search(r"[\u4e00-\u9fff]", text.zh)
    ]
    assert wrong == []


def test_strata_are_explained_in_pairs_and_every_acting_stratum_is(knowledge: Knowledge) -> None:
    for endpoint in endpoints(knowledge):
        assert set(endpoint.strata) in ({"high", "low"}, set()), endpoint.id
        assert {effect.stratum for effect in endpoint.effects} <= set(endpoint.strata), endpoint.id


# --- published models


def test_every_published_model_is_named_once_under_an_endpoint(knowledge: Knowledge) -> None:
    for endpoint in endpoints(knowledge):
        assert len({model.id for model in endpoint.models}) == len(endpoint.models), endpoint.id


def test_every_published_model_cites_statements_of_the_corpus(knowledge: Knowledge) -> None:
    missing = [
        (endpoint.id, name)
        for endpoint, model in models(knowledge)
        for name in model.cites
        if name not in knowledge.statements
    ]
    assert missing == []


def printed(value: float, texts: set[str]) -> bool:
    """Whether a text prints a figure, as it is or in percent."""
    return any(abs(float(text) - exact) < 1e-9 for text in texts for exact in (value, 100 * value))


def test_every_figure_of_a_published_model_stands_in_a_statement_that_it_cites(knowledge: Knowledge) -> None:
    unsupported = []
    for endpoint, model in models(knowledge):
        said = {n for name in model.cites for n in numbers(knowledge.statements[name][1].claim.en)}
        unsupported += [
            (endpoint.id, model.id, value)
            for figure in model.performance
            for value in (figure.value, *(figure.ci95 or ()))
            if not printed(value, said)
        ]
    assert unsupported == []


def test_a_study_called_external_says_so_or_names_other_patients(knowledge: Knowledge) -> None:
    """An external figure needs a claim that speaks of another place or of external patients."""
    words = re.compile(r"extern|other hospital|another (hospital|centre)|testing centre", re.IGNORECASE)
    doubtful = [
        (endpoint.id, model.id)
        for endpoint, model in models(knowledge)
        if model.validation == "external"
        and not any(words.search(knowledge.statements[name][1].claim.en) for name in model.cites)
    ]
    assert doubtful == []


# --- what an endpoint does


def named(condition: Condition) -> set[str]:
    return {part.definition if isinstance(part, Reference) else part.finding for part in parts(condition)}


def test_what_a_rule_does_rests_on_a_source_in_force(knowledge: Knowledge) -> None:
    fallen = [
        (endpoint.id, name)
        for endpoint in endpoints(knowledge)
        for effect in endpoint.effects
        for name in effect.cites
        if knowledge.statements[name][0].status not in ("current", "corrected")
    ]
    assert fallen == []


def test_a_rule_that_cites_advice_speaks_of_a_regimen_that_the_advice_speaks_of(knowledge: Knowledge) -> None:
    """The first statement of a rule, where it is about regimens, is about one of those that the rule moves."""
    beside = [
        (endpoint.id, effect.cites[0])
        for endpoint in endpoints(knowledge)
        for effect in endpoint.effects
        if (about := knowledge.regimens_of.get(effect.cites[0])) and not set(about) & set(effect.regimens)
        and effect.push > 0
    ]
    assert beside == []


def test_every_clock_counts_months(knowledge: Knowledge) -> None:
    for endpoint in endpoints(knowledge):
        if endpoint.clock is not None:
            assert knowledge.findings[endpoint.clock.finding].unit == "month", endpoint.id
            assert named(endpoint.clock.when) <= set(knowledge.definitions) | set(knowledge.findings)


def test_the_limits_of_trust_are_all_there_and_only_two_silence() -> None:
    limits = by_id(read_records(RiskLimit, SHIPPED / "vocabulary" / "risk_limits.yaml"))
    assert {name for name, limit in limits.items() if limit.silences} == {"out_of_population", "past_horizon"}
    assert set(limits) == {"out_of_population", "past_horizon", "population_unknown", "not_external"}
