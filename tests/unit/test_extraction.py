"""Statements from documents that nobody has curated: what is read, from which words, and what is refused."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.language_models import BaseChatModel, GenericFakeChatModel
from langchain_core.messages import AIMessage
from pydantic import ValidationError

from liverboard.corpus.errors import InputError
from liverboard.eval.extraction import hits, locate, run, scores
from liverboard.indexer.extraction import DIRECTIONS, ExtractedStatement, Question, answer, extract_text
from liverboard.indexer.extraction.align import mark, names, short_forms
from liverboard.indexer.extraction.features import find_cues
from liverboard.indexer.extraction.model import extract_with_model, find_quote
from liverboard.indexer.extraction.numbers import intervals, measures, p_values
from liverboard.indexer.extraction.text import LONGEST, fold, sentences

ENGLISH = """TITLE:
Examplib in advanced hepatocellular carcinoma

METHODS:
In this phase 3, double-blind trial, we randomly assigned 602 patients with advanced hepatocellular carcinoma to receive
either examplib or placebo.

RESULTS:
Median overall survival was 10.7 months in the examplib group and 7.9 months in the placebo group (hazard ratio in the
examplib group, 0.69; 95% confidence interval, 0.55 to 0.87; P<0.001). There was no significant difference between the
two groups in the median time to symptomatic progression (4.1 months vs. 4.9 months; P=0.77). Progression-free survival
was longer with examplib than with placebo (HR 0.58, 95% CI 0.45-0.74; p<0.001), and the objective response rate was
higher (p = 0.03).
"""
CHINESE = (
    "目的：比较肝动脉灌注化疗与经动脉化疗栓塞治疗晚期肝细胞癌的疗效。方法：将120例晚期肝癌患者随机分为两组，试验组接受HAIC，"
    "对照组接受TACE。结果：HAIC组总生存期明显长于TACE组（HR=0.62，95%CI 0.45~0.85，P=0.003）。"
    "两组不良反应发生率差异无统计学意义（P>0.05）。"
)


def by_outcome(text: str) -> dict[str | None, ExtractedStatement]:
    return {s.outcome_id: s for s in extract_text(text, document_id="d1")}


def test_a_trial_is_read_with_its_arms_people_design_and_size() -> None:
    found = by_outcome(ENGLISH)["os"]
    assert found.intervention is not None
    assert found.intervention.text == "examplib"
    assert found.comparator is not None
    assert found.comparator.text == "placebo"
    assert found.population is not None
    assert found.population.text == "patients with advanced hepatocellular carcinoma"
    assert found.design is not None
    assert found.design.kind == "rct"
    assert found.sample_size is not None
    assert found.sample_size.value == 602


def test_effect_interval_and_p_belong_to_the_outcome_they_stand_beside() -> None:
    found = by_outcome(ENGLISH)
    survival, progression, response = found["os"], found["pfs"], found["orr"]
    assert survival.effect is not None
    assert survival.effect.interval is not None
    assert (survival.effect.measure, survival.effect.value) == ("hazard_ratio", 0.69)
    assert (survival.effect.interval.low, survival.effect.interval.high) == (0.55, 0.87)
    assert progression.effect is not None
    assert progression.effect.value == 0.58
    assert response.effect is None, "the hazard ratio of another outcome"
    assert response.p is not None
    assert response.p.text == "p = 0.03"


def test_the_direction_is_that_of_the_outcome_under_the_intervention() -> None:
    found = by_outcome(ENGLISH)
    assert {k: s.direction for k, s in found.items()} == {
        "os": "increased", "pfs": "increased", "orr": "increased", None: "no_difference"}


def test_a_chinese_abstract_is_read_by_the_same_rules() -> None:
    found = by_outcome(CHINESE)
    survival = found["os"]
    assert survival.effect is not None
    assert survival.effect.value == 0.62
    assert survival.direction == "increased"
    assert survival.intervention is not None
    assert survival.intervention.text == "肝动脉灌注化疗"
    assert survival.sample_size is not None
    assert survival.sample_size.value == 120
    assert found["adverse_events"].direction == "no_difference"


def test_a_statement_is_always_unreviewed_and_of_low_certainty() -> None:
    found = extract_text(ENGLISH, document_id="d1")
    assert {(s.kind, s.review, s.certainty) for s in found} == {("evidence_draft", "unreviewed", "low")}
    with pytest.raises(ValidationError):
        ExtractedStatement.model_validate(found[0].model_dump() | {"certainty": "high"})
    with pytest.raises(ValidationError):
        ExtractedStatement.model_validate(found[0].model_dump() | {"review": "accepted"})


def test_statements_survive_json() -> None:
    for statement in extract_text(ENGLISH, document_id="d1"):
        assert ExtractedStatement.model_validate_json(statement.model_dump_json()) == statement


def test_without_an_intervention_nobody_knows_whose_direction_it_is() -> None:
    (found,) = extract_text("RESULTS:\nOverall survival was longer (p=0.01).", document_id="d1")
    assert found.intervention is None
    assert found.direction is None


def test_aims_and_methods_report_no_result() -> None:
    assert extract_text("METHODS:\nWe asked whether overall survival is longer.", document_id="d1") == ()


@given(st.lists(st.sampled_from([*ENGLISH.split(" "), *CHINESE, "HR 0.5", "(95% CI 1-2)", "P<0.05", "\n", ". ",
                                 "\x00"]),
                max_size=60).map(" ".join))
def test_every_quote_stands_in_its_document_whatever_the_document(text: str) -> None:
    for statement in extract_text(text, document_id="d1"):
        for quote in statement.quotes():
            assert text[quote.start : quote.end] == quote.text
        assert statement.evidence.start <= statement.outcome.start
        assert statement.outcome.end <= statement.evidence.end


@given(st.text(max_size=300))
def test_sentences_are_spans_in_order_that_do_not_overlap(text: str) -> None:
    last = 0
    for item in sentences(text):
        assert fold(text[item.start : item.end]) == item.text
        assert last <= item.start < item.end
        last = item.end


@pytest.mark.parametrize("piece", ["1", " ", "HR ", "increase and ", "of a ", "95% CI 1-", "\n", "总生存期", "p<0.0",
                                   "(("])
def test_a_hostile_text_is_read_in_bounded_pieces(piece: str) -> None:
    text = "RESULTS:\n" + piece * 20_000
    assert all(s.end - s.start <= LONGEST for s in sentences(text))
    for statement in extract_text(text, document_id="d1"):
        assert all(text[q.start : q.end] == q.text for q in statement.quotes())


def test_sentences_do_not_end_at_abbreviations_or_decimals() -> None:
    text = "Pain was 3.1 vs. 4.2 (P = 0.03). Sleep, e.g. at night, did not differ."
    assert [s.text[:5] for s in sentences(text)] == ["Pain ", "Sleep"]


@pytest.mark.parametrize(("text", "verdict"), [
    ("p < 0.001", "significant"), ("P=0.049", "significant"), ("P value = 0.05", "not significant"),
    ("p>0.05", "not significant"), ("(p = NS)", "not significant"), ("P=0·02", "significant"),
    ("p &lt; 0.01", "significant"),
])
def test_p_values_are_read_as_printed(text: str, verdict: str) -> None:
    assert [p.verdict for p in p_values(text)] == [verdict]


@pytest.mark.parametrize("text", ["group 0.05", "stop 0.05", "p = 12"])
def test_other_numbers_are_no_p_values(text: str) -> None:
    assert p_values(text) == []


@pytest.mark.parametrize(("text", "bounds"), [
    ("95% CI 0.45-0.74", (0.45, 0.74)), ("(95% CI: 0.45 to 0.74)", (0.45, 0.74)),
    ("95% confidence interval [CI], -2.00 to 0.90", (-2.0, 0.9)), ("95%CI 0.45~0.85", (0.45, 0.85)),
    ("CI −1.5, −0.5", (-1.5, -0.5)),
])
def test_intervals_are_read_in_their_many_forms(text: str, bounds: tuple[float, float]) -> None:
    assert [(i.low, i.high) for i in intervals(text)] == [bounds]


def test_an_interval_with_its_bounds_reversed_is_not_read() -> None:
    assert intervals("95% CI 0.9 to 0.4") == []


def test_an_interval_belongs_to_the_measure_before_it() -> None:
    first, second = measures("HR 0.60 for death and OR 1.20 (95% CI 0.9-1.6) for response")
    assert (first.name, first.interval) == ("hazard_ratio", None)
    assert second.interval is not None


def test_a_phrase_of_no_difference_swallows_the_words_inside_it() -> None:
    assert [c.kind for c in find_cues("There was no significant difference")] == ["same"]
    assert "up" in {c.kind for c in find_cues("was significantly higher")}


def test_short_forms_are_learnt_from_the_text() -> None:
    text = "continuous lateral rotation (CLR) was compared"
    assert [short for short, _ in short_forms(text)] == ["clr"]
    named = names(Question("continuous lateral rotation", "routine turning", "sputum volume"), text)
    assert mark("sputum with CLR", named) == ["O", "", "I"]


def test_what_both_arms_share_names_neither() -> None:
    named = names(Question("sorafenib plus TACE", "TACE", "survival"), "")
    assert "tace" not in named.intervention | named.comparator


def test_the_sentence_that_names_outcome_and_arms_comes_first() -> None:
    question = Question("examplib", "placebo", "time to symptomatic progression")
    verdict = answer(question, ENGLISH)
    assert verdict is not None
    assert verdict.sentences[0].text.startswith("There was no significant")
    assert verdict.direction == "no_difference"
    assert sum(verdict.probabilities) == pytest.approx(1)


def test_exchanging_the_arms_turns_the_direction() -> None:
    text = "RESULTS:\nPain was significantly lower in the examplib group than in the standardol group (P<0.001)."
    one = answer(Question("examplib", "standardol", "pain"), text)
    other = answer(Question("standardol", "examplib", "pain"), text)
    assert one is not None
    assert other is not None
    assert (one.direction, other.direction) == ("decreased", "increased")


def test_a_text_without_a_sentence_has_no_answer() -> None:
    assert answer(Question("a", "b", "c"), " \n ") is None


class FakeChat(GenericFakeChatModel):
    """A chat model that answers with one prepared tool call."""

    def bind_tools(self, tools: Sequence[Any], **_: Any) -> Any:
        return self


def fake(results: Any) -> BaseChatModel:
    call = {"name": "ModelResults", "args": {"results": results}, "id": "1", "type": "tool_call"}
    messages: Iterator[AIMessage] = iter([AIMessage(content="", tool_calls=[call])])  # type: ignore[list-item]
    return FakeChat(messages=messages)


QUOTED = {
    "evidence": "Progression-free survival was longer with examplib than with placebo (HR 0.58, 95% CI 0.45-0.74; "
                "p<0.001), and the objective response rate was higher (p = 0.03).",
    "outcome": "Progression-free survival", "intervention": "examplib", "comparator": "placebo",
    "population": "patients with advanced hepatocellular carcinoma", "effect": "HR 0.58, 95% CI 0.45-0.74",
    "p": "p<0.001", "sample_size": "602 patients", "design": "randomly assigned", "direction": "increased",
}


def read_by_model(change: dict[str, Any]) -> tuple[ExtractedStatement, ...]:
    return extract_with_model(fake([QUOTED | change]), ENGLISH, document_id="d1", model_name="fake")


def test_what_a_model_quotes_is_kept_with_the_numbers_of_its_quotes() -> None:
    (found,) = read_by_model({})
    assert found.effect is not None
    assert found.effect.interval is not None
    assert (found.effect.value, found.effect.interval.high) == (0.58, 0.74)
    assert found.sample_size is not None
    assert (found.sample_size.value, found.outcome_id, found.read_by) == (602, "pfs", "fake")
    assert (found.review, found.certainty, found.direction) == ("unreviewed", "low", "increased")
    assert all(ENGLISH[q.start : q.end] == q.text for q in found.quotes())


@pytest.mark.parametrize(("field", "invented"), [
    ("effect", "HR 0.48, 95% CI 0.35-0.64"), ("effect", "hazard ratio in the examplib group, 0.69"), ("p", "p<0.01"),
    ("p", "P=0.77"), ("p", "placebo"), ("sample_size", "702 patients"), ("design", "cohort study"),
    ("design", "placebo"), ("population", "patients with cirrhosis"), ("comparator", "sorafenib"),
    ("direction", "cured"),
])
def test_a_field_that_its_span_does_not_bear_out_is_dropped(field: str, invented: str) -> None:
    (found,) = read_by_model({field: invented})
    assert getattr(found, field) is None
    assert found.outcome.text == "Progression-free survival"


@pytest.mark.parametrize(("field", "invented"), [
    ("evidence", "Examplib cures everybody."), ("evidence", ""), ("outcome", "quality of life"), ("outcome", " "),
])
def test_a_result_without_its_sentence_or_its_outcome_is_dropped_whole(field: str, invented: str) -> None:
    assert read_by_model({field: invented}) == ()


def test_a_direction_without_an_intervention_is_dropped() -> None:
    (found,) = read_by_model({"intervention": "sorafenib"})
    assert found.direction is None


@pytest.mark.parametrize("answer_of_model", ["nonsense", [{"outcome": "no evidence"}], None])
def test_an_answer_of_another_form_reads_nothing(answer_of_model: Any) -> None:
    assert extract_with_model(fake(answer_of_model), ENGLISH, document_id="d1", model_name="fake") == ()


def test_a_quote_is_whole_words() -> None:
    assert find_quote("602", "in 1602 people") is None
    found = find_quote("Two  words", "here two\nwords stand")
    assert found is not None
    assert found.text == "two\nwords"


def example(**change: Any) -> dict[str, Any]:
    row = {"pmcid": "1", "abstract": ENGLISH, "intervention": "examplib", "comparator": "placebo",
           "outcome": "overall survival", "label": "significantly increased",
           "evidence": ["Median overall survival was 10.7 months in the examplib group"]}
    return row | change


def test_the_measurement_reads_plain_and_packed_files_alike(tmp_path: Path) -> None:
    rows = [example(), example(outcome="time to symptomatic progression", label="no significant difference",
                               evidence=["not in the abstract"])]
    content = "\n".join(map(json.dumps, rows)).encode()
    (tmp_path / "a.jsonl").write_bytes(content)
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(content))
    plain, packed = run(tmp_path / "a.jsonl"), run(tmp_path / "a.jsonl.gz")
    assert plain["extractor"] == packed["extractor"]
    assert plain["extractor"]["accuracy"] == 1.0
    assert (plain["examples"], plain["evidence_located"], plain["evidence_hit_rate"]) == (2, 1, 1.0)
    assert plain["trained_on_this_file"] is False


@pytest.mark.parametrize("line", ["{", json.dumps({"pmcid": "1"}), json.dumps(example(label="cured")), ""])
def test_a_file_of_another_form_is_refused_by_name(tmp_path: Path, line: str) -> None:
    (tmp_path / "a.jsonl").write_text(line)
    with pytest.raises(InputError, match=r"a\.jsonl"):
        run(tmp_path / "a.jsonl")


def test_scores_are_those_of_the_textbook() -> None:
    gold = ["increased", "increased", "decreased", "no_difference"]
    result = scores(gold, ["increased", "decreased", "decreased", "no_difference"])
    assert result["accuracy"] == 0.75
    assert result["per_class"]["increased"] == {"precision": 1.0, "recall": 0.5, "f1": 0.667, "examples": 2}
    assert set(result["per_class"]) == set(DIRECTIONS)


def test_a_sentence_hits_when_it_shares_more_than_half_with_the_evidence() -> None:
    span = locate("b c", "a b\nc d")
    assert span == (2, 5)
    assert hits((0, 7), [span])
    assert not hits((4, 7), [span])
