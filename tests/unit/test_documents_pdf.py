"""PDFs are read page by page; a damaged, encrypted or scanned one is refused with its reason."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from pypdf import PdfWriter
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

from liverboard.corpus.documents.read import read_document
from liverboard.corpus.documents.readable import readable_span
from liverboard.corpus.errors import InputError
from liverboard.indexer.passages import passages_of_document


def pdf_writer(*pages: list[str]) -> PdfWriter:
    """A PDF of the given lines a page, with one built-in font."""
    writer = PdfWriter()
    for lines in pages:
        page = writer.add_blank_page(595, 842)
        font = DictionaryObject({NameObject(f"/{key}"): NameObject(f"/{value}") for key, value in (
            ("Type", "Font"), ("Subtype", "Type1"), ("BaseFont", "Helvetica"))})
        page[NameObject("/Resources")] = DictionaryObject(
            {NameObject("/Font"): DictionaryObject({NameObject("/F1"): font})})
        stream = DecodedStreamObject()
        stream.set_data(b"BT /F1 11 Tf 50 800 Td 14 TL " + b" ".join(
            b"(" + line.encode("latin-1") + b") Tj T*" for line in lines) + b" ET")
        page[NameObject("/Contents")] = writer._add_object(stream)
    return writer


def save(writer: PdfWriter, path: Path) -> Path:
    buffer = io.BytesIO()
    writer.write(buffer)
    path.write_bytes(buffer.getvalue())
    return path


@pytest.fixture
def guideline(tmp_path: Path) -> Path:
    filler = ["Patients with preserved liver function were asked about their treatment."] * 9
    pages = [["Journal of Livers", *filler, f"Sentence number {n} speaks of sorafenib in chemo-",
              f"embolisation and ends on page {n}. The next one begins",
              f"here and goes on for {n} lines", f"Page {n}"] for n in (1, 2, 3)]
    writer = pdf_writer(*pages)
    writer.add_metadata({"/Title": "A guideline of 2024"})
    return save(writer, tmp_path / "guideline.pdf")


def test_a_pdf_keeps_its_pages_and_skips_running_heads_and_feet(guideline: Path) -> None:
    document = read_document(guideline)
    assert (document.format, document.title, document.year) == ("pdf", "A guideline of 2024", 2024)
    assert [page.number for page in document.pages] == [1, 2, 3]
    text = readable_span(document, 0, len(document.text))
    assert "Journal of Livers" not in text
    assert "Page 2" not in text
    assert "in chemoembolisation and ends on page 2. The next one begins here and goes on for 2 lines" in text
    assert "for 2 lines Patients" in text
    for section in document.sections:
        assert document.text[section.char_start : section.char_end] == section.text


def test_the_locator_of_a_pdf_passage_names_its_page(guideline: Path) -> None:
    passages = passages_of_document(read_document(guideline))
    assert {passage.page for passage in passages} == {1, 2, 3}
    assert passages[0].locator.startswith("p. 1, characters ")
    crossing = next(passage for passage in passages if "page 1. The next one begins" in passage.text)
    assert "pp. 1-2" in crossing.locator or crossing.page == 1


def test_a_truncated_pdf_is_refused(guideline: Path) -> None:
    whole = guideline.read_bytes()
    for share in (0.3, 0.6, 0.95):
        guideline.write_bytes(whole[: int(len(whole) * share)])
        with pytest.raises(InputError, match="truncated"):
            read_document(guideline)


def test_a_pdf_damaged_within_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bad.pdf"
    path.write_bytes(b"%PDF-1.7\n" + b"\xde\xad\xbe\xef" * 500 + b"\nstartxref\n99999\n%%EOF\n")
    with pytest.raises(InputError, match="damaged"):
        read_document(path)


def test_an_encrypted_pdf_is_said_to_be_encrypted(tmp_path: Path) -> None:
    writer = pdf_writer(["Secret words"])
    writer.encrypt("password", algorithm="RC4-128")
    with pytest.raises(InputError, match="encrypted"):
        read_document(save(writer, tmp_path / "locked.pdf"))


def test_a_pdf_without_text_is_said_to_be_a_scan(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"scan.*OCR"):
        read_document(save(pdf_writer([], []), tmp_path / "scan.pdf"))


def test_a_refused_pdf_prints_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "bad.pdf"
    path.write_bytes(b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\nstartxref\n7\n%%EOF\n")
    with pytest.raises(InputError):
        read_document(path)
    assert capfd.readouterr() == ("", "")
