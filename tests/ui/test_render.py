"""What a reader sees: marks that lead to sources, Chinese that is Chinese, a patient's words as words."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

from liverboard.corpus.knowledge import Knowledge
from liverboard.indexer.statements import StatementsInMemory
from liverboard.recommender.intake import read_profile
from liverboard.recommender.pipeline import recommend
from liverboard.ui import service
from liverboard.ui.render import render, show
from liverboard.ui.words import Words

EXAMPLES = sorted((Path(service.__file__).parent / "examples").glob("*.yaml"))
LIVER = {
    "bilirubin_umol_l": 14,
    "albumin_g_l": 38,
    "inr": 1.1,
    "platelets_10e9_l": 150,
    "creatinine_umol_l": 92,
}
PATIENTS: dict[str, dict[str, Any]] = {
    "warfarin raises the INR": {
        "region": "JP",
        "age_years": 86,
        "ecog": 0,
        "diagnosis": {"tumour_type": "hcc", "disease_status": "active"},
        "labs": {**LIVER, "inr": 2.6},
        "ascites": "none",
        "encephalopathy": "none",
        "comorbidities": ["atrial_fibrillation"],
        "medication": ["warfarin"],
        "etiology": ["hcv"],
        "tumour": {"number": 1, "largest_cm": 2.3, "vascular_invasion": "none", "extrahepatic": []},
    },
    "terminal": {
        "region": "CN",
        "ecog": 3,
        "ecog_limited_by_cancer": True,
        "diagnosis": {"tumour_type": "hcc"},
        "labs": LIVER,
        "ascites": "moderate_severe",
        "encephalopathy": "grade1_2",
        "transplant_candidate": False,
        "tumour": {
            "number": 8,
            "largest_cm": 9,
            "vascular_invasion": "vp4",
            "extrahepatic": ["lung", "bone"],
        },
    },
    "not a hepatocellular carcinoma": {"region": "GB", "diagnosis": {"tumour_type": "icca"}, "labs": LIVER},
    "second line, bilirubin missing": {
        "region": "DE",
        "ecog": 1,
        "diagnosis": {"tumour_type": "hcc"},
        "labs": {"albumin_g_l": 36, "afp_ng_ml": 900},
        "tumour": {"number": 3, "largest_cm": 6, "vascular_invasion": "vp2", "extrahepatic": ["adrenal"]},
        "prior_treatments": [
            {
                "regimen": "atezolizumab_bevacizumab",
                "best_response": "PD",
                "months_since": 1,
                "stopped_for": "progression",
                "toxicity": {"kind": "immune_hepatitis", "grade": 3},
            }
        ],
    },
}
MARK = re.compile(r"\[(\d+)(?:\.(\d+))?\]")
# Names, abbreviations and units that Chinese physicians write as they are.
NOT_CHINESE_BUT_MEANT = re.compile(
    r"[a-z]?[A-Z][A-Z0-9]+(?:-[A-Z0-9]+)*|(?:up-to|CheckMate|SIR|IMbrave)\S*|\w*RNA|[IV]+[ab](?:-[IV]+[ab])?|Vp|MELD-Na"
    r"|LiverBoard|Child-Pugh|Gilbert|Baveno|Bolondi|Cockcroft-Gault|Duvoux|Metroticket|Okuda|Onodera|Wako"
    r"|cm|mm|mg|kg|dL|mL|mmol|mol|umol|ng|pg|kPa|mmHg|Gy|min|mAU|md|html|json"
)


@pytest.fixture(scope="module")
def answered(knowledge: Knowledge, index: StatementsInMemory) -> Callable[[Any, str], dict[str, Any]]:
    """The answer to a patient, or to the file of one, in a language; each is worked out once."""
    made: dict[tuple[str, str], dict[str, Any]] = {}

    def answer(data: Any, language: Any) -> dict[str, Any]:
        key = (repr(data), language)
        if key not in made:
            profile = service.read_patient(str(data)).profile if isinstance(data, Path) else _profile(data)
            made[key] = recommend(profile, knowledge=knowledge, index=index, as_of="2026-01-01").as_dict(
                language
            )
        return made[key]

    return answer


def _profile(data: dict[str, Any]) -> Any:
    return read_profile(data, findings=service.shipped_knowledge().findings)


def _before_sources(text: str, heading: str) -> tuple[str, str]:
    before, found, after = text.rpartition(heading)
    assert found
    return before, after


everybody = pytest.mark.parametrize("patient", PATIENTS.values(), ids=list(PATIENTS))


@everybody
@pytest.mark.parametrize(("form", "heading"), [("text", "── Sources"), ("md", "## Sources")])
def test_every_mark_leads_to_a_numbered_source(answered: Any, patient: Any, form: str, heading: str) -> None:
    reasons, sources = _before_sources(render(answered(patient, "en"), "recommendation", form, "en"), heading)
    marks = set(MARK.findall(reasons))
    assert marks
    listed = {number for number, place in MARK.findall(sources) if not place}
    assert {number for number, _ in marks} == listed, "a mark without a source, or a source without a mark"
    for number, place in marks:
        assert not place or re.search(rf"(?<![\d.]){number}\.{place}\s", sources)


@everybody
def test_every_flag_stands_above_the_regimens_with_its_marks(answered: Any, patient: Any) -> None:
    document = answered(patient, "en")
    lines = render(document, "recommendation", "md", "en").split("## Recommended")[0].splitlines()
    assert document["flags"]
    for flag in document["flags"]:
        start = flag["message"].split("<")[0][:30]
        shown = [row for row in lines if start in row]
        assert len(shown) == 1
        assert len(MARK.findall(shown[0])) == len(flag["citations"])


@everybody
def test_the_short_and_the_full_form_number_alike(answered: Any, patient: Any) -> None:
    document = answered(patient, "en")
    short = render(document, "recommendation", "text", "en", width=400)
    full = render(document, "recommendation", "md", "en")
    rows = [row for row in short.split("── Sources")[0].splitlines() if "•" in row and MARK.search(row)]
    for row in rows:
        mark = next(m.group() for m in MARK.finditer(row))
        before = row.split("• ")[1].split(f" {mark}")[0]
        assert f"{before} {mark}" in full.replace("\\", "") or "&lt;" in full


@everybody
def test_the_full_form_holds_every_argument(answered: Any, patient: Any) -> None:
    document = answered(patient, "zh")
    page = render(document, "recommendation", "html", "zh")
    for regimen in document["recommendations"]:
        assert regimen["name"] in page
        for argument in regimen["arguments"]:
            assert argument["text"].replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;") in page


@everybody
def test_a_regimen_says_how_many_reasons_it_keeps_back(answered: Any, patient: Any) -> None:
    document = answered(patient, "en")
    text = render(document, "recommendation", "text", "en", width=400)
    for regimen in document["recommendations"]:
        if regimen["tier"] == "not_recommended":
            continue
        block = text.split(f"\n{regimen['rank']}. ")[1].split("\n\n")[0]
        kept = re.search(r"\+(\d+) more", block)
        shown = sum("•" in row for row in block.splitlines())
        assert shown + (int(kept[1]) if kept else 0) == len(regimen["arguments"])


@everybody
@pytest.mark.parametrize("form", ["text", "md"])
def test_chinese_is_chinese_throughout(answered: Any, patient: Any, form: str) -> None:
    heading = "── 文献来源" if form == "text" else "## 文献来源"
    shown, _ = _before_sources(
        render(answered(patient, "zh"), "recommendation", form, "zh", width=80), heading
    )
    shown += render(service.stage_document(_profile(patient), "zh"), "stage", "text", "zh")
    words = re.findall(r"[A-Za-z][A-Za-z]+(?:-[A-Za-z0-9]+)*", re.sub(r"&\w+;", " ", shown))
    assert sorted({word for word in words if not NOT_CHINESE_BUT_MEANT.fullmatch(word)}) == []


def test_every_finding_and_every_value_it_can_have_is_said_in_chinese() -> None:
    words = Words(service.shipped_knowledge(), "zh")
    for finding in words.knowledge.findings.values():
        for said in (words.label(finding.id), *(words.value(finding.id, value) for value in finding.values)):
            latin = re.findall(r"[A-Za-z]{2,}(?:-[A-Za-z]+)*", said)
            assert "_" not in said
            assert not [w for w in latin if not NOT_CHINESE_BUT_MEANT.fullmatch(w)], f"{finding.id}: {said}"


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_line_is_wider_than_the_terminal(answered: Any, language: Any, width: int) -> None:
    for patient in PATIENTS.values():
        text = render(answered(patient, language), "recommendation", "text", language, width=width)
        text += render(
            service.stage_document(_profile(patient), language), "stage", "text", language, width=width
        )
        assert max(cell_len(row) for row in text.splitlines()) <= width


def test_without_a_terminal_there_is_no_control_code(
    answered: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    show(answered(PATIENTS["terminal"], "en"), "recommendation", "text", "en")
    shown = capsys.readouterr().out
    assert "\x1b" not in shown
    assert max(cell_len(row) for row in shown.splitlines()) <= 100


def test_a_confounded_stage_is_shown_beside_its_literal_result(answered: Any) -> None:
    text = render(answered(PATIENTS["warfarin raises the INR"], "zh"), "recommendation", "text", "zh")
    assert re.search(r"肝功能 +Child-Pugh A级", text)
    assert re.search(r"按字面数值 +Child-Pugh B级", text)


def test_a_patient_outside_the_scope_is_told_so_before_anything_else(answered: Any) -> None:
    document = answered(PATIENTS["not a hepatocellular carcinoma"], "en")
    text = render(document, "recommendation", "text", "en")
    assert "Outside the scope" in "\n".join(text.splitlines()[:3])
    assert text.index(" stop ") < text.index("── Recommended")


HOSTILE = "<script>alert(1)</script>"


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: set[str] = set()
        self.anchors: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            assert not name.startswith("on")
            if name == "href":
                self.links.add(str(value))
            if name == "id":
                self.anchors.add(str(value))


@pytest.mark.parametrize("kind", ["recommendation", "stage"])
def test_markup_in_a_patient_is_shown_and_never_acts(
    kind: str, knowledge: Knowledge, index: StatementsInMemory
) -> None:
    profile = _profile(
        {
            **PATIENTS["warfarin raises the INR"],
            "patient_id": HOSTILE,
            "narrative": f"seen today {HOSTILE}",
            "comorbidities": ["<img src=x onerror=alert(1)>"],
            "risk_outputs": [
                {"model": f"m{HOSTILE}", "endpoint": "<b>e</b>", "kind": "class", "value": "<i>high</i>"}
            ],
        }
    )
    document = (
        service.stage_document(profile, "en")
        if kind == "stage"
        else recommend(profile, knowledge=knowledge, index=index, as_of=None).as_dict("en")
    )
    page = render(document, kind, "html", "en")
    parsed = _Tags()
    parsed.feed(page)
    assert "&lt;script&gt;" in page
    assert "&lt;img src=x" in page
    assert not parsed.tags & {"script", "img", "i", "iframe", "link"}
    assert not re.search(r"<(?:script|img|i|iframe)\b", render(document, kind, "md", "en"))


@everybody
def test_every_link_of_the_page_stays_on_the_page(answered: Any, patient: Any) -> None:
    parsed = _Tags()
    parsed.feed(render(answered(patient, "zh"), "recommendation", "html", "zh"))
    assert parsed.links
    assert {link.removeprefix("#") for link in parsed.links} <= parsed.anchors


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_shipped_example_is_answered_and_shown(answered: Any, example: Path, language: Any) -> None:
    document = answered(example, language)
    assert document["status"] == "ok"
    first = document["recommendations"][0]["name"].lower()
    for form in ("text", "md", "html"):
        assert first in render(document, "recommendation", form, language).lower()


def test_search_results_and_problems_of_the_corpus_are_listed() -> None:
    found = {
        "rank": 1,
        "score": 0.8123,
        "source_id": "mine",
        "passage_id": "mine:3",
        "title": "A <b>note</b>",
        "text": "a\nb",
        "locator": "p. 3",
        "year": None,
        "status": "superseded",
    }
    text = render({"results": [found]}, "search", "text", "en")
    assert "1. A <b>note</b>" in text
    assert "SUPERSEDED" in text
    assert "0.812" in text
    assert "Nothing was found" in render({"results": []}, "search", "text", "en")
    checked = {"sources": 2, "statements": 5, "by_kind": {"evidence": 5}, "problems": ["x: broken"]}
    assert "x: broken" in render(checked, "corpus", "text", "en")
    assert "passages" in render({"passages": 12, "sources": ["a", "b"]}, "index", "text", "en")
