"""What is indexed: one passage a statement of the corpus, and passages cut from the user's documents."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from liverboard.corpus.documents.outline import is_bibliography
from liverboard.corpus.documents.readable import guess_language, readable, readable_span
from liverboard.corpus.documents.records import Document, Section
from liverboard.corpus.records import Record, Source, SourceStatus

Kind = Literal["statement", "document"]

WORD_CHARACTERS = 800
"""Longest passage in characters of Latin script, about 180 word pieces; a Chinese character counts twice."""

# From the coarsest to the finest cut: paragraph, sentence (Chinese, then Latin), line, clause, word.
_CUTS = ["\n\n", r"(?<=[。！？])", r"(?<=[.!?])\s+(?=[A-Z\[(])", r"\n(?=[ \t]*(?:[-*•|]|\d+[.)]))",
         r"(?<=[；;])", "\n", r"(?<=[，,])", " ", ""]


class Passage(Record):
    """A stretch of text that can be found, quoted and checked.

    Attributes
    ----------
    passage_id : ``source:statement`` for a statement, ``source:p0001`` for a part of a document
    text : as a person reads it; what `sha256` hashes and what citations quote
    section : headings, outermost first, joined by " > "; for a statement where its source says so
    page : page on which it starts; None without pages
    char_start, char_end : span in the document's extracted text (for a statement, in `text` itself)
    language : ISO 639-1; "mul" for a statement, which says the same in English and Chinese
    status : of the source: current, superseded, retracted, ...; a user's document is "current"
    locator : section, page and span in one line for a person
    """

    passage_id: str
    source_id: str
    title: str
    text: str = Field(min_length=1)
    section: str = ""
    page: int | None = None
    char_start: int = Field(ge=0)
    char_end: int = Field(ge=0)
    language: str
    year: int | None = None
    status: SourceStatus = "current"
    kind: Kind
    sha256: str
    locator: str


def text_sha256(text: str) -> str:
    """The hash that a citation carries: SHA-256 of the passage's text in UTF-8, hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def passages_of_source(source: Source) -> list[Passage]:
    """One passage for each statement of a shipped source: its claim in English, then in Chinese."""
    passages = []
    for statement in source.statements:
        text = f"{statement.claim.en}\n{statement.claim.zh}"
        passages.append(Passage(
            passage_id=f"{source.id}:{statement.id}", source_id=source.id, title=source.title, text=text,
            section=statement.section, char_start=0, char_end=len(text), language="mul", year=source.year,
            status=source.status, kind="statement", sha256=text_sha256(text), locator=statement.section,
        ))
    return passages


def passages_of_document(document: Document) -> list[Passage]:
    """Cut a document into passages of whole sentences that never cross a section.

    Lists of references are left out. ``document.text[char_start:char_end]`` is the raw passage.
    """
    passages: list[Passage] = []
    for section in document.sections:
        for start, end in _pieces(document, section):
            text = readable_span(document, start, end)
            if sum(map(str.isalnum, text)) < 2 or is_bibliography(section.heading, text):
                continue
            path = [heading for heading in section.heading if heading != document.title]
            pages = document.page_at(start), document.page_at(max(start, end - 1))
            passages.append(Passage(
                passage_id=f"{document.id}:p{len(passages) + 1:04d}", source_id=document.id,
                title=document.title, text=text, section=" > ".join(path), page=pages[0], char_start=start,
                char_end=end, language=guess_language(text), year=document.year, kind="document",
                sha256=text_sha256(text), locator=_locator(path, pages, start, end),
            ))
    return passages


def _pieces(document: Document, section: Section) -> list[tuple[int, int]]:
    """Spans of the passages of one section, without the white space at their ends."""
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    splitter = RecursiveCharacterTextSplitter(
        separators=_CUTS, is_separator_regex=True, keep_separator="end", chunk_size=WORD_CHARACTERS,
        chunk_overlap=0, strip_whitespace=False,
        length_function=lambda raw: _weight(readable(raw, document.format)),
    )
    spans, start = [], section.char_start
    for piece in splitter.split_text(section.text):
        end = start + len(piece)
        lead = len(piece) - len(piece.lstrip())
        trail = len(piece) - len(piece.rstrip())
        if lead < len(piece):
            spans.append((start + lead, end - trail))
        start = end
    return spans


def _weight(text: str) -> int:
    return len(text) + sum(character >= "\u2e80" for character in text)


def _locator(path: Sequence[str], pages: tuple[int | None, int | None], start: int, end: int) -> str:
    first, last = pages
    page = [] if first is None else [f"p. {first}" if first == last else f"pp. {first}-{last}"]
    return ", ".join([*([" > ".join(path)] if path else []), *page, f"characters {start}-{end}"])
