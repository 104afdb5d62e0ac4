"""Passages: whole sentences within their section, and locators that lead back to the words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from liverboard.corpus.documents.read import read_document
from liverboard.corpus.documents.readable import readable
from liverboard.corpus.documents.records import Document
from liverboard.indexer.passages import WORD_CHARACTERS, passages_of_document, text_sha256

SENTENCE = "Patients with preserved liver function received sorafenib 400 mg twice daily until progression. "


def document(tmp_path: Path, name: str, text: str) -> Document:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return read_document(path)


def test_a_passage_holds_whole_sentences_of_one_section(tmp_path: Path) -> None:
    read = document(tmp_path, "a.md", f"# Title\n## One\n{SENTENCE * 20}\n## Two\n{SENTENCE * 3}\n")
    passages = passages_of_document(read)
    assert {passage.section for passage in passages} == {"One", "Two"}
    assert len(passages) == 4
    for passage in passages:
        assert passage.text.startswith("Patients")
        assert passage.text.endswith("progression.")
        assert len(passage.text) <= WORD_CHARACTERS


def test_chinese_is_cut_at_its_own_full_stops(tmp_path: Path) -> None:
    read = document(tmp_path, "a.txt", "肝功能良好的患者接受索拉非尼治疗直至疾病进展。" * 60)
    passages = passages_of_document(read)
    assert len(passages) > 2
    assert all(passage.text.endswith("。") for passage in passages)
    assert {passage.language for passage in passages} == {"zh"}


def test_text_without_a_stop_is_cut_all_the_same(tmp_path: Path) -> None:
    passages = passages_of_document(document(tmp_path, "a.txt", "x" * 5000))
    assert "".join(passage.text for passage in passages) == "x" * 5000


GUIDELINE = "documents/nhc_primary_liver_cancer_2026_zh.md"
PDQ = "documents/nci_pdq_adult_primary_liver_cancer_treatment.md"


@pytest.mark.parametrize("name", [GUIDELINE, PDQ])
def test_every_locator_of_a_real_document_reproduces_its_words(
        reference: Callable[[str], Path], name: str) -> None:
    path = reference(name)
    original = path.read_text(encoding="utf-8")
    read = read_document(path)
    passages = passages_of_document(read)
    assert len(passages) > 100
    assert len({passage.passage_id for passage in passages}) == len(passages)
    skipped = {offset for start, end in read.furniture for offset in range(start, end)}
    for passage in passages:
        span = range(passage.char_start, passage.char_end)
        raw = "".join(original[offset] for offset in span if offset not in skipped)
        assert passage.text == readable(raw, read.format)
        assert passage.sha256 == text_sha256(passage.text)
        assert f"characters {passage.char_start}-{passage.char_end}" in passage.locator


def test_the_national_guideline_has_chapters_pages_and_no_references(
        reference: Callable[[str], Path]) -> None:
    passages = passages_of_document(read_document(reference(GUIDELINE)))
    assert any("五、治疗 > （一）外科治疗 > 3.肝脏移植" in passage.locator for passage in passages)
    assert max(passage.page or 0 for passage in passages) > 100
    assert sum("[J]" in passage.text for passage in passages) <= 2
