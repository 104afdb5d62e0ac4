"""Promises that hold for every answer, tried on every reference vignette, in both languages."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from liverboard.corpus.check import numbers
from liverboard.corpus.errors import InputError
from liverboard.corpus.knowledge import Knowledge
from liverboard.eval.vignettes import answer, read_vignettes, row, totals
from liverboard.indexer.passages import text_sha256
from liverboard.indexer.statements import StatementsInMemory
from liverboard.recommender.intake import read_profile
from liverboard.recommender.pipeline import recommend
from liverboard.recommender.report import offered_regimens

LANGUAGES = ("en", "zh")
NEEDED = {"recommended": "for", "for_consideration": "for", "not_recommended": "against"}


@dataclass(frozen=True)
class Answered:
    """A vignette whose patient could be read, with the answer in both languages."""

    id: str
    patient: dict[str, Any]
    documents: dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def vignettes(reference: Callable[[str], Path]) -> list[dict[str, Any]]:
    return read_vignettes(reference("vignettes_dev.json"))


@pytest.fixture(scope="module")
def answers(
    vignettes: list[dict[str, Any]], knowledge: Knowledge, index: StatementsInMemory
) -> list[Answered]:
    found = []
    for vignette in vignettes:
        try:
            profile = read_profile(vignette["patient"], findings=knowledge.findings)
        except InputError:
            continue
        answer = recommend(profile, knowledge=knowledge, index=index)
        documents = {language: answer.as_dict(language) for language in LANGUAGES}  # type: ignore[arg-type]
        found.append(Answered(vignette["id"], vignette["patient"], documents))
    assert found
    return found


@pytest.fixture(scope="module")
def rows(
    vignettes: list[dict[str, Any]], answers: list[Answered], knowledge: Knowledge, index: StatementsInMemory
) -> list[dict[str, Any]]:
    """The rows of `liverboard eval vignettes`, from the answers that are there already."""
    anticancer = [regimen.id for regimen in knowledge.regimens.values() if regimen.anticancer]
    english = {answered.id: answered.documents["en"] for answered in answers}
    return [
        row(v, english[v["id"]] if v["id"] in english else answer(v["patient"], knowledge, index), anticancer)
        for v in vignettes
    ]


def each(answers: Sequence[Answered]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every answer in every language, with a name for the message of a failure."""
    for answered in answers:
        for language, document in answered.documents.items():
            yield f"{answered.id} {language}", document


def arguments(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for item in document["recommendations"]:
        for argument in item["arguments"]:
            yield item["regimen"], argument


def citations(value: Any) -> Iterator[dict[str, Any]]:
    """Every citation anywhere in an answer."""
    if isinstance(value, dict):
        if "sha256" in value and "quote" in value:
            yield value
        for inner in value.values():
            yield from citations(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from citations(inner)


# --- agreement with the guidelines, as floors


def test_no_vignette_is_offered_what_it_must_not_have(rows: list[dict[str, Any]]) -> None:
    assert {r["id"]: r["unsafe"] for r in rows if r["unsafe"]} == {}


def test_every_vignette_is_staged_as_its_author_staged_it(rows: list[dict[str, Any]]) -> None:
    assert {r["id"]: r["wrong_stages"] for r in rows if r["stage_ok"] is False} == {}


def test_every_vignette_that_asks_for_abstention_gets_it_and_no_other(rows: list[dict[str, Any]]) -> None:
    assert {r["id"]: r["status"] for r in rows if not r["abstain_ok"]} == {}


def test_the_first_choice_is_right_as_often_as_promised(rows: list[dict[str, Any]]) -> None:
    share = totals(rows)["first_ok"]
    assert share is not None
    assert share >= 0.85, {r["id"]: r["first"] for r in rows if r["first_ok"] is False}


def test_an_input_that_is_refused_says_why(rows: list[dict[str, Any]]) -> None:
    assert [r["id"] for r in rows if (r["status"] == "invalid_input") != bool(r["error"])] == []


# --- every answer


def test_ranks_tiers_and_scores_are_in_order(answers: list[Answered]) -> None:
    tiers = list(NEEDED)
    for name, document in each(answers):
        items = document["recommendations"]
        assert [item["rank"] for item in items] == list(range(1, len(items) + 1)), name
        assert len({item["regimen"] for item in items}) == len(items), name
        order = [tiers.index(item["tier"]) for item in items]
        assert order == sorted(order), name
        assert all(0 <= item["score"] <= 1 for item in items), name


def test_every_tier_rests_on_a_cited_reason_of_its_direction(answers: list[Answered]) -> None:
    bare = [
        (name, item["regimen"], item["tier"])
        for name, document in each(answers)
        for item in document["recommendations"]
        if not any(a["direction"] == NEEDED[item["tier"]] and a["citations"] for a in item["arguments"])
    ]
    assert bare == []


def test_every_citation_resolves_to_a_passage_that_holds_the_quote(
    answers: list[Answered], index: StatementsInMemory
) -> None:
    passages, seen = index.statement_passages(), 0
    for name, document in each(answers):
        for citation in citations(document):
            passage = passages[citation["passage_id"]]
            assert passage.source_id == citation["source_id"], name
            assert text_sha256(passage.text) == citation["sha256"] == passage.sha256, name
            assert citation["quote"] in passage.text, name
            assert citation["status"] not in ("retracted", "superseded"), (name, citation["source_id"])
            seen += 1
    assert seen


def test_every_number_in_an_argument_stands_in_the_passage_it_cites(
    answers: list[Answered], index: StatementsInMemory
) -> None:
    passages = index.statement_passages()
    unsupported = [
        (name, regimen, argument["text"], sorted(stray))
        for name, document in each(answers)
        for regimen, argument in arguments(document)
        if (
            stray := set(numbers(argument["text"])).difference(
                *(numbers(passages[c["passage_id"]].text) for c in argument["citations"])
            )
        )
    ]
    assert unsupported == []


def test_an_answer_that_abstains_offers_no_anticancer_treatment_and_says_why(
    answers: list[Answered], knowledge: Knowledge
) -> None:
    abstained = [(name, d) for name, d in each(answers) if d["status"] != "ok"]
    assert abstained
    for name, document in abstained:
        offered = offered_regimens(document)
        assert [r for r in offered if knowledge.regimens[r].anticancer] == [], name
        assert document["flags"], name
        assert document["flags"][0]["severity"] == "stop", name


def test_what_is_missing_is_asked_for_by_a_field_of_the_profile(
    answers: list[Answered], knowledge: Knowledge
) -> None:
    paths = {finding.profile for finding in knowledge.findings.values()} | {
        "risk_outputs",
        "prior_treatments",
    }
    for name, document in each(answers):
        offered = set(offered_regimens(document))
        for gap in document["missing"]:
            assert gap["field"] in paths or gap["field"].startswith("tumour."), (name, gap["field"])
            waiting = {r for r in gap["would_change"] if knowledge.regimens[r].kind == "transplant"}
            decided = offered | (waiting if gap["field"] == "transplant_candidate" else set())
            assert set(gap["would_change"]) <= decided, (name, gap)


def test_a_transplant_is_offered_only_to_a_candidate_or_a_failing_liver(
    answers: list[Answered], knowledge: Knowledge
) -> None:
    asked = 0
    for name, document in each(answers):
        for gap in document["missing"]:
            transplants = {r for r in gap["would_change"] if knowledge.regimens[r].kind == "transplant"}
            asked += bool(transplants) and gap["field"] == "transplant_candidate"
            assert not transplants & set(offered_regimens(document)) or gap["field"] != "transplant_candidate", name
    assert asked


def test_both_languages_give_the_same_answer_in_their_own_words(answers: list[Answered]) -> None:
    def decided(document: dict[str, Any]) -> Any:
        return [
            (i["regimen"], i["tier"], i["score"], len(i["arguments"])) for i in document["recommendations"]
        ]

    for answered in answers:
        english, chinese = (answered.documents[language] for language in LANGUAGES)
        assert decided(english) == decided(chinese), answered.id
        assert [f["code"] for f in english["flags"]] == [f["code"] for f in chinese["flags"]], answered.id
        texts = [argument["text"] for _, argument in arguments(chinese)]
        texts += [flag["message"] for flag in chinese["flags"]]
        assert [t for t in texts if not any("\u4e00" <= c <= "\u9fff" for c in t)] == [], answered.id


# --- what must change nothing


def as_bytes(document: dict[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()


def test_the_same_patient_gives_the_same_bytes_again(answers: list[Answered], knowledge: Knowledge) -> None:
    fresh = StatementsInMemory(knowledge.sources.values())
    for answered in answers:
        profile = read_profile(answered.patient, findings=knowledge.findings)
        again = recommend(profile, knowledge=knowledge, index=fresh).as_dict("en")
        assert as_bytes(again) == as_bytes(answered.documents["en"]), answered.id


ELSEWHERE = """
import hashlib, json, sys
from liverboard.corpus.knowledge import load_knowledge
from liverboard.indexer.statements import StatementsInMemory
from liverboard.recommender.pipeline import recommend
from liverboard.recommender.intake import read_profile

knowledge = load_knowledge()
index = StatementsInMemory(knowledge.sources.values())
print(knowledge.fingerprint)
for patient in json.load(sys.stdin):
    profile = read_profile(patient, findings=knowledge.findings)
    document = recommend(profile, knowledge=knowledge, index=index).as_dict("zh")
    print(hashlib.sha256(json.dumps(document, ensure_ascii=False).encode()).hexdigest())
"""


def test_another_process_with_another_hash_seed_gives_the_same_bytes(
    answers: list[Answered], knowledge: Knowledge
) -> None:
    some = answers[::3]
    patients = json.dumps([answered.patient for answered in some])
    seed = "1" if os.environ.get("PYTHONHASHSEED") != "1" else "2"
    done = subprocess.run(
        [sys.executable, "-c", ELSEWHERE],
        input=patients,
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONIOENCODING": "utf-8"},
    )
    fingerprint, *there = done.stdout.split()
    assert fingerprint == knowledge.fingerprint, "a data file was edited while the tests ran"
    here = [hashlib.sha256(as_bytes(answered.documents["zh"])).hexdigest() for answered in some]
    assert [a.id for a, one, other in zip(some, here, there, strict=True) if one != other] == []


UNORDERED = ("etiology", "comorbidities", "medication", "allergies", "preferences")


def turned_round(patient: dict[str, Any]) -> dict[str, Any]:
    """The same patient with every list that means a set written in the other order, and the keys as well."""
    turned = {key: value[::-1] if key in UNORDERED and value else value for key, value in patient.items()}
    tumour = patient.get("tumour") or {}
    turned["tumour"] = {
        key: value[::-1] if key in ("lesions", "extrahepatic", "near") and value else value
        for key, value in tumour.items()
    }
    treatments = patient.get("prior_treatments")
    ends = [treatment.get("months_since") for treatment in treatments or ()]
    if (
        treatments and None not in ends and len(set(ends)) == len(ends)
    ):  # their dates, not their places, order them
        turned["prior_treatments"] = treatments[::-1]
    return dict(reversed(turned.items()))


def test_the_order_in_which_facts_are_written_changes_nothing(
    answers: list[Answered], knowledge: Knowledge, index: StatementsInMemory
) -> None:
    def without_the_record(document: dict[str, Any]) -> dict[str, Any]:
        manifest = {key: value for key, value in document["manifest"].items() if key != "patient_sha256"}
        return {**document, "manifest": manifest, "not_understood": sorted(document["not_understood"])}

    for answered in answers:
        profile = read_profile(turned_round(answered.patient), findings=knowledge.findings)
        again = recommend(profile, knowledge=knowledge, index=index).as_dict("en")
        assert without_the_record(again) == without_the_record(answered.documents["en"]), answered.id
