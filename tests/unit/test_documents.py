"""Each format is read with its structure, and each section points at its own text."""

from __future__ import annotations

from pathlib import Path

import pytest

from liverboard.corpus.documents.read import find_documents, read_document, read_documents
from liverboard.corpus.documents.readable import readable, readable_span
from liverboard.corpus.documents.records import Document
from liverboard.corpus.errors import InputError

JATS = """<?xml version="1.0"?>
<!DOCTYPE article PUBLIC "-//NLM//DTD JATS v1.2//EN" "JATS-archivearticle1.dtd">
<article xml:lang="en" xmlns:xlink="http://www.w3.org/1999/xlink"><front><article-meta>
<article-id pub-id-type="pmid">32402160</article-id>
<article-id pub-id-type="doi">10.1056/NEJMoa1915745</article-id><title-group>
<article-title>Atezolizumab plus Bevacizumab in <italic>Unresectable</italic> HCC</article-title>
</title-group>
<pub-date><year>2020</year></pub-date><abstract><p>Survival was longer.</p></abstract></article-meta></front>
<body><sec><title>Methods</title>
<p>We enrolled 501 patients:<list><list-item><p>Child-Pugh A</p></list-item></list>
by region.</p><sec><title>Statistics</title><p>Log-rank test.</p></sec></sec>
<sec><title>Results</title><table-wrap><caption><p>Survival</p></caption><table><tr><th>Arm</th><th>Months</th></tr>
<tr><td>A</td><td>19.2</td></tr></table></table-wrap></sec></body>
<back><ref-list><ref><mixed-citation>Somebody 2001</mixed-citation></ref></ref-list></back></article>"""

HTML = """<!doctype html><html lang="en"><head><title>x</title>
<meta name="citation_title" content="Ablation today"><meta name="citation_doi" content="10.1000/xyz">
<meta name="citation_publication_date" content="2023/05/01"></head>
<body><nav>Home | Login</nav><main><h1>Ablation today</h1><p>Radiofrequency <b>ablation</b> works.</p>
<h2>Margins</h2><ul><li>5 mm or more</li></ul><table><tr><td>RFA</td><td>2 cm</td></tr></table>
<script>alert(1)</script><!-- hidden --></main><footer>Imprint</footer></body></html>"""


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def assert_spans_hold(document: Document) -> None:
    for section in document.sections:
        assert document.text[section.char_start : section.char_end] == section.text


def headings(document: Document) -> list[tuple[str, ...]]:
    return [section.heading for section in document.sections]


def test_jats_keeps_sections_tables_and_identity_and_leaves_the_references_out(tmp_path: Path) -> None:
    document = read_document(write(tmp_path, "trial.xml", JATS))
    assert (document.format, document.pmid, document.doi, document.year, document.language) == (
        "jats", "32402160", "10.1056/NEJMoa1915745", 2020, "en")
    assert document.title == "Atezolizumab plus Bevacizumab in Unresectable HCC"
    assert headings(document) == [("Abstract",), ("Methods",), ("Methods", "Statistics"), ("Results",)]
    assert "We enrolled 501 patients: by region.\n\nChild-Pugh A" in document.sections[1].text
    assert "A | 19.2" in document.sections[3].text
    assert "Somebody" not in document.text
    assert_spans_hold(document)


def test_jats_expands_no_entity_and_reads_no_file(tmp_path: Path) -> None:
    secret = write(tmp_path, "secret", "launch code")
    hostile = (f'<?xml version="1.0"?><!DOCTYPE article [<!ENTITY x SYSTEM "{secret.as_uri()}">'
               '<!ENTITY a "boom"><!ENTITY b "&a;&a;&a;">]>'
               "<article><body><sec><title>T</title><p>before &x; &b; after</p></sec></body></article>")
    document = read_document(write(tmp_path, "hostile.xml", hostile))
    assert document.sections[0].text == "before after"


def test_html_keeps_the_article_and_drops_navigation_scripts_and_comments(tmp_path: Path) -> None:
    document = read_document(write(tmp_path, "page.html", HTML))
    assert (document.title, document.doi, document.year) == ("Ablation today", "10.1000/xyz", 2023)
    assert headings(document) == [("Ablation today",), ("Ablation today", "Margins")]
    assert document.sections[0].text == "Radiofrequency ablation works."
    assert document.sections[1].text == "5 mm or more\n\nRFA | 2 cm"
    for gone in ("Login", "alert", "hidden", "Imprint"):
        assert gone not in document.text
    assert_spans_hold(document)


def test_markdown_takes_its_identity_from_the_front_matter_and_nothing_in_a_code_fence_for_a_heading(
        tmp_path: Path) -> None:
    front = "---\ntitle: PDQ\nyear: 2025\ndoi: 10.1/x\n---\n"
    text = front + "# One\nfirst\n## Two\n```\n# no heading\n```\nsecond\n# Three\nx\n"
    document = read_document(write(tmp_path, "pdq.md", text))
    assert (document.title, document.year, document.doi) == ("PDQ", 2025, "10.1/x")
    assert headings(document) == [("One",), ("One", "Two"), ("Three",)]
    assert document.text == text
    assert_spans_hold(document)


def test_plain_chinese_text_has_its_numbered_headings_and_its_printed_pages(tmp_path: Path) -> None:
    body = "肝癌的治疗需要多学科参与。" * 30
    overview = f"一、概述\n{body}\n1\n{body}\n2\n"
    text = f"某某指南（2026 年版）\n{overview}二、治疗\n（一）外科治疗\n{body}\n3\n{body}\n"
    document = read_document(write(tmp_path, "指南.txt", text))
    assert (document.language, document.year, document.title) == ("zh", 2026, "某某指南（2026 年版）")
    assert headings(document) == [(), ("一、概述",), ("二、治疗", "（一）外科治疗")]
    assert [section.page for section in document.sections] == [1, 1, 3]
    assert [page.number for page in document.pages] == [1, 2, 3, 4]
    assert "\n" not in readable_span(document, 0, len(text))
    turn = document.pages[1].char_start
    assert "参与。肝癌" in readable_span(document, turn - 20, turn + 20)
    assert_spans_hold(document)


def test_words_broken_by_extraction_become_whole() -> None:
    assert readable("中 国 肝\n癌 的 HCC 占 80% 、ICC") == "中国肝癌的 HCC 占 80%、ICC"
    assert readable("chemo\u00adembolisation") == "chemoembolisation"
    assert readable("radio-\nfrequency and up-\nto-7", "pdf") == "radiofrequency and up-to-7"
    assert readable("see [BCLC](#cit/1) and **A <400 ng/mL**", "markdown") == "see BCLC and A <400 ng/mL"


def test_an_older_chinese_file_in_gb18030_is_read(tmp_path: Path) -> None:
    text = "肝细胞癌患者应在多学科团队中讨论治疗方案，包括肝切除、肝移植和消融治疗。" * 3
    assert read_document(write(tmp_path, "old.txt", text.encode("gb18030"))).text == text


def test_the_bytes_decide_where_the_extension_is_wrong(tmp_path: Path) -> None:
    assert read_document(write(tmp_path, "page.txt", HTML)).format == "html"
    assert read_document(write(tmp_path, "article.txt", JATS)).format == "jats"


def test_the_id_of_a_document_follows_its_name_and_its_bytes(tmp_path: Path) -> None:
    first = read_document(write(tmp_path, "My Notes.txt", "Sorafenib for advanced disease."))
    again = read_document(write(tmp_path, "My Notes.txt", "Sorafenib for advanced disease."))
    other = read_document(write(tmp_path, "My Notes.txt", "Lenvatinib for advanced disease."))
    assert first.id == again.id != other.id
    assert first.id == f"my_notes_{first.sha256[:10]}"
    assert read_document(write(tmp_path, "指南.txt", "肝癌指南")).id.startswith("document_")


def test_a_folder_gives_every_document_in_it_and_nothing_else(tmp_path: Path) -> None:
    write(tmp_path, "b.txt", "b text")
    write(tmp_path, "picture.png", b"\x89PNG")
    (tmp_path / "inner").mkdir()
    write(tmp_path / "inner", "a.md", "# a\ntext")
    assert [path.name for path in find_documents([tmp_path, tmp_path / "b.txt"])] == ["b.txt", "a.md"]
    assert [document.file_name for document in read_documents([tmp_path])] == ["b.txt", "a.md"]


@pytest.mark.parametrize(("name", "content", "says"), [
    ("empty.txt", b"", "empty"),
    ("blank.md", b" \n\n\t", "empty"),
    ("rules.md", b"---\n---\n***\n", "no text"),
    ("picture.txt", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(range(256)), "binary"),
    ("archive.md", b"PK\x03\x04\x14\x00\x00\x00" + bytes(200), "binary"),
    ("noise.txt", bytes((n * 89 + n // 7) % 255 + 1 for n in range(3000)), "binary"),
    ("letter.docx", b"PK\x03\x04", "'.docx'"),
    ("no_extension", b"words", "no extension"),
    ("cut.xml", JATS[:900].encode(), "damaged or cut short"),
    ("other.xml", b"<?xml version='1.0'?><note><to>you</to></note>", "not a JATS article"),
    ("words.pdf", b"these are only words", "not a PDF"),
])
def test_a_file_that_cannot_be_used_is_refused_by_name_with_a_remedy(
        tmp_path: Path, name: str, content: bytes, says: str) -> None:
    path = write(tmp_path, name, content)
    with pytest.raises(InputError) as refusal:
        read_document(path)
    assert refusal.value.field == name
    assert says in refusal.value.problem
    assert refusal.value.remedy


def test_a_path_that_leads_nowhere_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.txt", tmp_path):
        with pytest.raises(InputError, match=r"no such file|is a folder"):
            read_document(path)
    dangling = tmp_path / "dangling.txt"
    dangling.symlink_to(tmp_path / "nowhere")
    with pytest.raises(InputError):
        read_documents([dangling])
    with pytest.raises(InputError, match="holds no document"):
        find_documents([tmp_path])
