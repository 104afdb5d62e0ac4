"""The web application: a session of its screens, in both languages, on an index of the shipped corpus."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import liverboard.ui
from liverboard.corpus.errors import InputError
from liverboard.corpus.knowledge import Knowledge
from liverboard.indexer.build import build_index
from liverboard.indexer.search import Index
from liverboard.recommender.pipeline import recommend
from liverboard.ui import session
from liverboard.ui.board_store import BoardStore
from liverboard.ui.export import FORMS, export, packet_blocks
from liverboard.ui.screens import common
from liverboard.ui.screens.coverage import coverage, verify
from liverboard.ui.screens.intents import language_of, reply, understand
from liverboard.ui.screens.patient import marked
from liverboard.ui.session import canonical, phrases, profile_of

APP = Path(liverboard.ui.__file__).with_name("app.py")
SCREENS = ("patient", "recommendation", "chat", "board", "audit")
REFERRALS = {
    "en": "58-year-old man, HBV cirrhosis, HCC of 4.2 cm in S6, bilirubin 14 umol/L, ECOG 0. <b>x</b>",
    "zh": "男性，58岁，乙肝肝硬化，肝细胞癌，S6单发4.2cm，总胆红素14 umol/L，白蛋白41 g/L，ECOG 0分。<b>x</b>",
}


class Letters:
    """An embedder that counts letters: quick, and enough where what is found does not matter."""

    name = "letters"
    fingerprint = "0" * 64
    dimension = 26
    english_only = True

    def encode(self, texts: Sequence[str]) -> Any:
        letters = "abcdefghijklmnopqrstuvwxyz"
        counts = np.array([[text.lower().count(a) + 0.01 for a in letters] for text in texts], np.float32)
        return counts / np.linalg.norm(counts, axis=1, keepdims=True)

    encode_queries = encode


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory, knowledge: Knowledge) -> Path:
    """An index of the shipped corpus on disk."""
    place = tmp_path_factory.mktemp("web") / "index"
    build_index(
        place, knowledge.sources.values(), [], created="2026-01-02", embedder=Letters(),
        knowledge_fingerprint=knowledge.fingerprint,
    )
    return place


@pytest.fixture(scope="session")
def on_disk(folder: Path) -> Index:
    return Index.open(folder, Letters())


@pytest.fixture
def app(folder: Path, on_disk: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """The application at its first screen, with a board of its own."""
    monkeypatch.setenv("LIVERBOARD_INDEX", str(folder))
    monkeypatch.setenv("LIVERBOARD_BOARD", str(tmp_path / "board.sqlite"))
    monkeypatch.setattr(common, "_opened", lambda generation: on_disk)
    return AppTest.from_file(str(APP), default_timeout=120).run()


def go(app: AppTest, screen: str, language: str = "en") -> AppTest:
    app.radio(key="w.language").set_value(language).run()
    return app.radio(key=f"w.screen.{language}").set_value(screen).run()


def shown(app: AppTest) -> str:
    return "\n".join(str(part.value) for part in (*app.markdown, *app.info, *app.warning, *app.error, *app.success))


def with_example(app: AppTest) -> AppTest:
    app.selectbox(key="example").set_value("hcc_single_cn.yaml").run()
    return app.button(key="load").click().run()


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("screen", SCREENS)
def test_every_screen_opens_without_a_patient_and_says_what_to_do(app: AppTest, screen: str, language: str) -> None:
    go(app, screen, language)
    assert not app.exception
    assert not app.error
    assert phrases(language).say("app.footer")[:10] in shown(app)  # type: ignore[arg-type]


@pytest.mark.parametrize("screen", SCREENS)
def test_every_screen_opens_for_a_patient_and_keeps_the_patient_when_the_language_changes(
    app: AppTest, screen: str
) -> None:
    with_example(app)
    for language in ("zh", "en"):
        go(app, screen, language)
        assert not app.exception
        assert not app.error
        assert app.session_state["data"]["patient_id"] == "EXAMPLE-CN-1"
        assert app.session_state["screen"] == screen


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_pasted_referral_is_read_with_its_words_marked_and_its_markup_shown_as_text(
    app: AppTest, language: str
) -> None:
    go(app, "patient", language)
    app.text_area(key=f"w.pasted.{language}").set_value(REFERRALS[language]).run()
    app.button(key="read").click().run()
    assert app.session_state["data"]["diagnosis"]["tumour_type"] == "hcc"
    text = shown(app)
    assert ":blue-background[" in text
    assert "<b>" not in text
    assert "&lt;b>" in text


def test_an_impossible_value_gets_a_message_and_no_traceback(app: AppTest) -> None:
    app.text_area(key="w.pasted.en").set_value(
        '{"diagnosis": {"tumour_type": "hcc"}, "labs": {"albumin_g_l": 410}}'
    ).run()
    app.button(key="read").click().run()
    assert not app.exception
    assert any("410" in error.value for error in app.error)
    assert "data" not in app.session_state


def test_a_slider_ranks_anew_and_leaves_the_patient_as_it_is(app: AppTest) -> None:
    go(with_example(app), "recommendation")
    app.slider(key="if.labs.bilirubin_umol_l.en").set_value(100).run()
    assert not app.exception
    assert app.session_state["what_if"] == {"labs.bilirubin_umol_l": 100}
    assert app.session_state["data"]["labs"]["bilirubin_umol_l"] != 100
    assert "total bilirubin" in "\n".join(info.value for info in app.info)
    app.button(key="reset").click().run()
    assert app.session_state["what_if"] == {}


def test_a_field_of_the_form_changes_the_patient_and_an_emptied_one_is_unknown_again(app: AppTest) -> None:
    with_example(app)
    app.radio(key="w.intake.en").set_value("form").run()
    app.number_input(key="f.labs.inr.en").set_value(1.4).run()
    assert app.session_state["data"]["labs"]["inr"] == 1.4
    app.number_input(key="f.labs.inr.en").set_value(None).run()
    assert "inr" not in app.session_state["data"]["labs"]


def test_a_case_is_added_decided_and_verified(app: AppTest, tmp_path: Path) -> None:
    go(with_example(app), "board")
    next(button for button in app.button if button.label == "Add the present patient").click().run()
    assert not app.exception
    store = BoardStore(tmp_path / "board.sqlite")
    (case,) = store.cases()
    next(button for button in app.button if button.label == "Keep the decision").click().run()
    assert [decision.agrees for decision in store.decisions(case.id)] == [True]
    go(app, "audit").radio(key="w.audit_part.en").set_value("verify").run()
    app.button(key="verify").click().run()
    assert len(app.success) == 2, shown(app)


def test_a_question_is_answered_in_its_own_language(app: AppTest) -> None:
    go(with_example(app), "chat")
    app.chat_input(key="question").set_value("为什么不做TACE？").run()
    assert not app.exception
    assert "经动脉化疗栓塞" in shown(app)


# ---- without a screen


@pytest.fixture
def single(knowledge: Knowledge, on_disk: Index) -> dict[str, Any]:
    return session.read_example("hcc_single_cn.yaml").data


@pytest.mark.parametrize(
    ("text", "kind", "regimen", "path", "value"),
    [
        ("why not TACE?", "regimen", "tace", None, None),
        ("为什么不做肝移植", "regimen", "liver_transplant", None, None),
        ("what if bilirubin rises to 60?", "what_if", None, "labs.bilirubin_umol_l", 60),
        ("如果胆红素升到60？", "what_if", None, "labs.bilirubin_umol_l", 60),
        ("HAIC in portal vein tumour thrombus", "literature", None, None, None),
    ],
)
def test_a_question_is_understood(
    text: str, kind: str, regimen: str | None, path: str | None, value: Any, single: dict[str, Any]
) -> None:
    question = understand(text, single, phrases("en"))
    assert question.kind == kind
    assert regimen is None or regimen in question.regimens
    if path is not None:
        found = question.values[path]
        assert (found["value"] if isinstance(found, dict) else found) == value


def test_a_question_outside_the_corpus_is_told_so() -> None:
    words = phrases("en")
    found = reply("capital of France", None, lambda data: {}, lambda query: [], words)
    assert found.paragraphs == (words.say("chat.nothing"),)
    assert found.citations == ()


def test_the_language_of_a_question_is_that_of_its_letters() -> None:
    assert [language_of(text, "zh") for text in ("why TACE", "为什么TACE", "42")] == ["en", "zh", "zh"]


def test_marks_stand_only_round_the_words_that_were_read() -> None:
    assert marked("ECOG 0, x*y", [(0, 4), (3, 6)]) == ":blue-background[ECOG 0], x\\*y"


def test_text_of_a_user_is_never_a_link_a_picture_or_a_formula() -> None:
    assert session.safe("![a](http://x) <i> $x$ :red[b]") == (
        r"\!\[a\](http\://x) &lt;i> \$x\$ \:red\[b\]"
    )


def test_a_changed_diameter_takes_the_list_of_lesions_with_it() -> None:
    data = {"diagnosis": {"tumour_type": "hcc"}, "tumour": {"largest_cm": 3, "lesions": [{"diameter_cm": 3}]}}
    assert session.with_values(data, {"tumour.largest_cm": 5})["tumour"] == {"largest_cm": 5}
    assert data["tumour"]["largest_cm"] == 3


def test_an_upload_that_is_too_large_or_binary_is_refused_by_name() -> None:
    for content in (b"x" * (session.LARGEST_UPLOAD + 1), b"\xff\xfe\x00"):
        with pytest.raises(InputError, match=r"p\.json"):
            session.read_upload("p.json", content)


def stored(store: BoardStore, data: dict[str, Any], knowledge: Knowledge, index: Index) -> int:
    profile = profile_of(data)
    answer = recommend(profile, knowledge=knowledge, index=index)
    printed = {"en": canonical(answer.as_dict("en")), "zh": canonical(answer.as_dict("zh"))}
    return store.add_case("2026-01-05", "P-1 & <co>", "2026-01-02", profile.model_dump_json(exclude_none=True), printed)


def test_decisions_survive_a_restart_and_two_users_at_once(
    tmp_path: Path, single: dict[str, Any], knowledge: Knowledge, on_disk: Index
) -> None:
    file = tmp_path / "board.sqlite"
    first, second = BoardStore(file), BoardStore(file)
    stored(first, single, knowledge, on_disk)
    (case,) = second.cases()
    best = case.answer("en")["recommendations"][0]["regimen"]
    first.record(case, best, reason="", dissent="", recorded_by="A", decided="2026-01-05")
    second.record(case, None, reason="trial", dissent="B", recorded_by="B", decided="2026-01-06")
    first.close()
    second.close()
    again = BoardStore(file)
    assert [(d.recorded_by, d.agrees) for d in again.decisions(case.id)] == [("A", True), ("B", False)]
    assert again.agreement() == [{"month": "2026-01", "share": 0.0, "decisions": 1}]


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("form", list(FORMS))
def test_a_packet_is_exported_with_its_text(
    tmp_path: Path, form: str, language: Any, single: dict[str, Any], knowledge: Knowledge, on_disk: Index
) -> None:
    store = BoardStore(tmp_path / "board.sqlite")
    stored(store, single, knowledge, on_disk)
    (case,) = store.cases()
    content = export(packet_blocks(case, [], phrases(language)), form)
    text = read_back(content, form)
    offered = case.answer(language)["recommendations"][0]["name"]
    assert offered.casefold() in text.casefold()


def read_back(content: bytes, form: str) -> str:
    if form == "docx":
        from docx import Document

        return "\n".join(paragraph.text for paragraph in Document(io.BytesIO(content)).paragraphs)
    if form == "pdf":
        from pypdf import PdfReader

        return "".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)
    return content.decode()


def test_a_stored_answer_replays_byte_for_byte_and_a_forged_quote_is_found(
    tmp_path: Path, single: dict[str, Any], knowledge: Knowledge, on_disk: Index
) -> None:
    store = BoardStore(tmp_path / "board.sqlite")
    stored(store, single, knowledge, on_disk)
    (case,) = store.cases()
    sound = verify(case.answer_zh, case.profile, "zh", knowledge, on_disk)
    assert (sound.same, sound.problems) == (True, ())
    document = case.answer("zh")
    cited = next(a for r in document["recommendations"] for a in r["arguments"] if a["citations"])["citations"][0]
    cited["quote"] = "never said"
    forged = verify(canonical(document), case.profile, "zh", knowledge, on_disk)
    assert not forged.same
    assert forged.problems == ((cited["passage_id"], "quote"),)


def test_a_regimen_without_statements_is_a_gap_in_the_coverage(knowledge: Knowledge, on_disk: Index) -> None:
    cells = {(cell["regimen"], cell["stage"]): cell["statements"] for cell in coverage(knowledge, on_disk)}
    spoken_of = {regimen for regimens in knowledge.regimens_of.values() for regimen in regimens}
    silent = {r.id for r in knowledge.regimens.values() if r.anticancer} - spoken_of
    assert all(cells[regimen, "A"] == 0 for regimen in silent)
    assert cells["resection", "A"] > 0
