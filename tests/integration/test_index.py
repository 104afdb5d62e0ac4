"""An index is built, changed, searched and checked; what goes wrong leaves the last good one."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from liverboard.corpus.documents.read import read_documents
from liverboard.corpus.errors import CorpusError, IndexUnavailableError, InputError
from liverboard.corpus.records import Source
from liverboard.indexer import write
from liverboard.indexer.build import add_documents, build_index, refresh_corpus, remove_sources
from liverboard.indexer.embed import ShippedMiniLm
from liverboard.indexer.metadata import Filters
from liverboard.indexer.passages import text_sha256
from liverboard.indexer.search import Index, verify_index
from liverboard.indexer.store import default_directory, exists

DAY = "2026-01-02"


class Letters:
    """A small embedder that counts letters, and remembers what it was asked to embed."""

    name = "letters"
    fingerprint = "0" * 64
    dimension = 26
    english_only = True

    def __init__(self) -> None:
        self.embedded: list[str] = []

    def encode(self, texts: Sequence[str]) -> Any:
        self.embedded += texts
        return self.encode_queries(texts)

    def encode_queries(self, texts: Sequence[str]) -> Any:
        letters = "abcdefghijklmnopqrstuvwxyz"
        counts = np.array([[text.lower().count(a) + 0.01 for a in letters] for text in texts], np.float32)
        return counts / np.linalg.norm(counts, axis=1, keepdims=True)


@pytest.fixture
def letters(monkeypatch: pytest.MonkeyPatch) -> Letters:
    """The only embedder that these tests know, by its name."""
    embedder = Letters()
    monkeypatch.setattr("liverboard.indexer.build.embedder_named", lambda name: embedder)
    return embedder


def source(name: str, *claims: tuple[str, str, str], **more: Any) -> Source:
    return Source.model_validate({
        "id": name, "title": f"Trial {name}", "year": 2024, "kind": "rct", "read": "abstract",
        "read_at": "PubMed", "checked": dt.date(2026, 1, 1), "licence": "facts only",
        "ai_use": "facts only", **more,
        "statements": [{"id": key, "kind": "rule", "section": f"Table {n}", "claim": {"en": en, "zh": zh}}
                       for n, (key, en, zh) in enumerate(claims, 1)],
    })


SOURCES = [
    source("sharp",
           ("survival", "Sorafenib prolonged survival in advanced disease.", "索拉非尼延长晚期患者生存。"),
           ("dose", "The dose was 400 mg twice daily.", "剂量为400 mg每日两次。")),
    source("milan",
           ("criteria", "One tumour up to 5 cm may be transplanted.", "单个肿瘤不超过5 cm可行肝移植。"),
           status="superseded", year=1996),
]


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    path = tmp_path / "notes.md"
    path.write_text("# Notes\n## Thrombus\nPortal vein tumour thrombus was irradiated to 50 Gy.\n"
                    "## Ablation\nMicrowave ablation of 2 cm nodules.\n", encoding="utf-8")
    return path


@pytest.fixture
def built(tmp_path: Path, letters: Letters, notes: Path) -> Path:
    directory = tmp_path / "index"
    build_index(directory, SOURCES, read_documents([notes]), created=DAY, embedder=letters,
                knowledge_fingerprint="k1")
    letters.embedded.clear()
    return directory


def content(directory: Path) -> dict[str, str]:
    index = Index.open(directory)
    ids = [*index.statement_ids(), *(hit.passage.passage_id for hit in index.search("a e i o u", k=100))]
    return {name: passage.sha256 for name, passage in index.passages(ids).items()}


def test_a_statement_is_found_in_both_languages_with_its_place_in_the_source(built: Path) -> None:
    index = Index.open(built)
    for question in ("sorafenib survival", "索拉非尼 生存", "多吉美"):
        best = index.search(question, k=1)[0]
        assert best.passage.passage_id == "sharp:survival"
        assert best.passage.locator == "Table 1"
        assert 0 < best.score <= 1
    passage = index.passages(["sharp:survival"])["sharp:survival"]
    assert passage.text == "Sorafenib prolonged survival in advanced disease.\n索拉非尼延长晚期患者生存。"
    assert passage.sha256 == text_sha256(passage.text)


def test_a_chinese_question_finds_an_english_document(built: Path) -> None:
    best = Index.open(built).search("门静脉癌栓", k=1)[0]
    assert best.passage.text == "Portal vein tumour thrombus was irradiated to 50 Gy."
    assert best.passage.section == "Thrombus"


def test_the_locator_of_a_document_reproduces_its_words(built: Path, notes: Path) -> None:
    original = notes.read_text(encoding="utf-8")
    for hit in Index.open(built).search("ablation thrombus", filters=Filters(kinds=("document",))):
        assert original[hit.passage.char_start : hit.passage.char_end] == hit.passage.text


def test_the_index_knows_its_sources(built: Path) -> None:
    index = Index.open(built)
    assert index.statement_ids() == {"sharp:survival", "sharp:dose", "milan:criteria"}
    assert set(index.statement_passages()) == index.statement_ids()
    assert index.has_source("sharp")
    assert not index.has_source("imbrave150")
    assert (index.source_status("milan"), index.source_status("nobody")) == ("superseded", None)
    assert (index.created, index.embedder_name, index.knowledge_fingerprint) == (DAY, "letters", "k1")
    assert index.manifest.passages == 5


def test_filters_keep_the_scores(built: Path) -> None:
    index = Index.open(built)
    everything = {hit.passage.passage_id: hit.score for hit in index.search("tumour", k=10)}
    current = index.search("tumour", k=10, filters=Filters(statuses=("current",), year_from=2000))
    assert {hit.passage.source_id for hit in current} == {"sharp"}
    assert all(hit.score == everything[hit.passage.passage_id] for hit in current)
    assert index.search("tumour", filters=Filters(source_ids=("nobody",))) == []


def test_a_question_without_words_is_refused(built: Path) -> None:
    with pytest.raises(InputError, match="holds no word"):
        Index.open(built).search(" ?! ")
    with pytest.raises(InputError):
        Index.open(built).search("liver", k=0)


def test_adding_embeds_the_new_text_alone(built: Path, letters: Letters, tmp_path: Path) -> None:
    new = tmp_path / "new.txt"
    new.write_text("Lenvatinib was not inferior to sorafenib.")
    change = add_documents(built, read_documents([new]), created=DAY)
    assert len(change.added) == 1
    assert len(letters.embedded) == 1
    assert Index.open(built).search("lenvatinib inferior", k=1)[0].passage.source_id == change.added[0]
    again = add_documents(built, read_documents([new]), created=DAY)
    assert (again.added, again.unchanged) == ((), change.added)


def test_removing_takes_a_source_with_its_statements_and_embeds_nothing(
        built: Path, letters: Letters) -> None:
    change = remove_sources(built, ["sharp", "notes.md"], created=DAY)
    assert "sharp" in change.removed
    index = Index.open(built)
    assert index.statement_ids() == {"milan:criteria"}
    assert index.passages(["sharp:survival"]) == {}
    assert letters.embedded == []
    assert verify_index(built) == []


def test_removing_what_is_not_there_names_the_nearest(built: Path) -> None:
    with pytest.raises(InputError, match=r"'shrap'.*Did you mean 'sharp'"):
        remove_sources(built, ["shrap"], created=DAY)


def test_the_same_content_has_the_same_fingerprint_whatever_its_history(
        built: Path, letters: Letters, tmp_path: Path) -> None:
    before = Index.open(built)
    new = tmp_path / "new.txt"
    new.write_text("Something else.")
    change = add_documents(built, read_documents([new]), created="2027-05-05")
    assert change.manifest.fingerprint != before.fingerprint
    after = remove_sources(built, change.added, created="2028-05-05").manifest
    assert after.fingerprint == before.fingerprint
    assert after.files["vectors.faiss"] == before.manifest.files["vectors.faiss"]


def test_a_new_edition_of_the_corpus_keeps_the_documents(built: Path, letters: Letters) -> None:
    claim = ("survival", "Sorafenib prolonged survival by 2.8 months.", "索拉非尼延长生存2.8个月。")
    changed = source("sharp", claim)
    refresh_corpus(built, [changed], created=DAY, knowledge_fingerprint="k2")
    index = Index.open(built)
    assert index.statement_ids() == {"sharp:survival"}
    assert index.knowledge_fingerprint == "k2"
    assert sum(source.kind == "document" for source in index.sources.values()) == 1
    assert len(letters.embedded) == 1


def test_two_sources_of_one_id_are_refused(built: Path, letters: Letters) -> None:
    before = content(built)
    with pytest.raises(CorpusError, match="sharp"):
        build_index(built, [SOURCES[0], SOURCES[0]], created=DAY, embedder=letters)
    assert content(built) == before


def test_a_bad_document_leaves_the_index_as_it_was(built: Path, tmp_path: Path) -> None:
    before = content(built)
    good, bad = tmp_path / "good.txt", tmp_path / "bad.pdf"
    good.write_text("Good text.")
    bad.write_bytes(b"%PDF-1.7 cut")
    with pytest.raises(InputError, match=r"bad\.pdf"):
        add_documents(built, read_documents([good, bad]), created=DAY)
    assert content(built) == before


@pytest.mark.parametrize("stage", ["encode", "build_lexical", "_write_metadata", "_fingerprint"])
def test_a_failure_while_building_leaves_the_last_good_index(
        built: Path, letters: Letters, monkeypatch: pytest.MonkeyPatch, stage: str) -> None:
    def fail(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    before = content(built)
    monkeypatch.setattr(letters if stage == "encode" else write, stage, fail)
    other = source("other", ("x", "Something else altogether.", "完全不同。"))
    with pytest.raises(KeyboardInterrupt):
        build_index(built, [other], created=DAY, embedder=letters)
    monkeypatch.undo()
    assert [path.name for path in built.glob("staging-*")] == []
    assert verify_index(built) == []
    monkeypatch.setattr("liverboard.indexer.build.embedder_named", lambda name: letters)
    assert content(built) == before


def test_a_killed_build_leaves_the_last_good_index_and_the_next_one_clears_up(
        built: Path, letters: Letters) -> None:
    before = content(built)
    script = ("import os, pathlib, sys\nfrom liverboard.indexer import store\n"
              "with store.writing(pathlib.Path(sys.argv[1])) as staging:\n"
              "    (staging / 'vectors.faiss').write_bytes(b'half')\n    os.kill(os.getpid(), 9)\n")
    assert subprocess.run([sys.executable, "-c", script, str(built)], check=False).returncode == -9
    assert list(built.glob("staging-*"))
    assert content(built) == before
    build_index(built, SOURCES, created=DAY, embedder=letters)
    assert not list(built.glob("staging-*"))
    assert verify_index(built) == []


def test_who_is_reading_keeps_the_index_that_was_opened(built: Path, letters: Letters) -> None:
    index = Index.open(built)
    remove_sources(built, ["sharp"], created=DAY)
    assert index.search("sorafenib", k=1)[0].passage.source_id == "sharp"


@pytest.mark.parametrize("name", ["metadata.sqlite", "vectors.faiss", "lexical.npz", "lexical_tokens.json"])
def test_a_flipped_byte_is_detected(built: Path, name: str) -> None:
    assert verify_index(built) == []
    file = next(built.glob(f"generation-*/{name}"))
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    assert any(name in problem for problem in verify_index(built))


def test_a_shortened_or_missing_file_is_not_opened(built: Path) -> None:
    file = next(built.glob("generation-*/vectors.faiss"))
    file.write_bytes(file.read_bytes()[:-10])
    with pytest.raises(IndexUnavailableError, match=r"damaged.*liverboard index build"):
        Index.open(built)
    assert verify_index(built)
    file.unlink()
    with pytest.raises(IndexUnavailableError, match="missing"):
        Index.open(built)


def test_a_damaged_index_can_be_built_anew(built: Path, letters: Letters) -> None:
    for file in built.glob("generation-*/*"):
        file.write_bytes(b"rubbish")
    build_index(built, SOURCES, created=DAY, embedder=letters)
    assert verify_index(built) == []


def test_no_index_is_said_so(tmp_path: Path) -> None:
    assert not exists(tmp_path / "nowhere")
    with pytest.raises(IndexUnavailableError, match=r"no index in .*liverboard index build"):
        Index.open(tmp_path / "nowhere")


def test_another_embedder_is_refused_with_both_names(built: Path) -> None:
    with pytest.raises(IndexUnavailableError, match=r"built with the embedder letters.*all-MiniLM-L6-v2"):
        Index.open(built, embedder=ShippedMiniLm())


def test_the_environment_says_where_the_index_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LIVERBOARD_INDEX", str(tmp_path))
    assert default_directory() == tmp_path
    monkeypatch.delenv("LIVERBOARD_INDEX")
    assert default_directory().name == "index"


def test_reading_statements_imports_nothing_heavy(built: Path) -> None:
    script = ("import sys\nfrom liverboard.indexer.search import Index\nindex = Index.open(sys.argv[1])\n"
              "assert len(index.statement_passages()) == 3\n"
              "heavy = {'torch', 'sentence_transformers', 'faiss', 'jieba', 'bm25s'} & set(sys.modules)\n"
              "assert not heavy, heavy\n")
    done = subprocess.run([sys.executable, "-c", script, str(built)], capture_output=True, text=True,
                          check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_with_the_shipped_embedder_meaning_is_found_without_a_shared_word(tmp_path: Path) -> None:
    directory = tmp_path / "real"
    build_index(directory, SOURCES, created=DAY)
    question = "medicine for patients who cannot be operated on lives longer"
    best = Index.open(directory).search(question, k=1)[0]
    assert best.passage.source_id == "sharp"
    assert best.cosine is not None


def test_the_national_guideline_is_found_in_chinese_and_in_english(
        tmp_path: Path, letters: Letters, reference: Callable[[str], Path]) -> None:
    directory = tmp_path / "guideline"
    documents = read_documents([reference("documents/nhc_primary_liver_cancer_2026_zh.md"),
                                reference("documents/nci_pdq_adult_primary_liver_cancer_treatment.md")])
    build_index(directory, SOURCES, documents, created=DAY, embedder=letters)
    index = Index.open(directory)
    national = next(name for name, held in index.sources.items() if held.language == "zh")
    for question, says in [
        ("肝癌自发破裂的治疗", "破裂"), ("spontaneous rupture of hepatocellular carcinoma", "破裂"),
        ("肝动脉灌注化疗 FOLFOX", "HAIC"), ("hepatic arterial infusion chemotherapy FOLFOX", "HAIC"),
        ("卡瑞利珠单抗联合阿帕替尼", "卡瑞利珠"), ("camrelizumab plus rivoceranib", "卡瑞利珠"),
    ]:
        hits = [hit for hit in index.search(question, k=5) if hit.passage.source_id == national]
        assert hits, question
        assert any(says in hit.passage.text for hit in hits), question
        assert all(hit.passage.page for hit in hits)
