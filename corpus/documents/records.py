"""A document as it was read: its whole text, its sections and its pages, with exact character spans."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from liverboard.corpus.records import Record

Format = Literal["pdf", "jats", "html", "markdown", "text"]
Span = tuple[int, int]


class Section(Record):
    """A stretch of a document under one heading.

    Attributes
    ----------
    heading : headings from the outermost inwards; empty before the first heading
    page : page on which it starts, from 1; None when the format has no pages
    text : the text as extracted; always ``document.text[char_start:char_end]``
    char_start, char_end : span in the document's text
    """

    heading: tuple[str, ...] = ()
    page: int | None = None
    text: str
    char_start: int = Field(ge=0)
    char_end: int = Field(ge=0)


class Page(Record):
    """Where a page begins in the document's text, and the number it carries."""

    number: int
    char_start: int = Field(ge=0)


class Parsed(Record):
    """What a parser of one format hands back: text, structure, and what the document says of itself.

    Attributes
    ----------
    furniture : spans that a reader skips (page numbers, running heads); they stay in `text`
    """

    text: str
    sections: tuple[Section, ...]
    pages: tuple[Page, ...] = ()
    furniture: tuple[Span, ...] = ()
    title: str | None = None
    year: int | None = None
    doi: str | None = None
    pmid: str | None = None
    language: str | None = None


class Document(Parsed):
    """One document of the user's own: identity, hash of its bytes, and its text.

    Attributes
    ----------
    id : slug of the file's stem, then the first ten digits of the hash
    file_name : name of the file that was read, without its folder
    sha256 : of the original bytes
    year, doi, pmid : None when the document does not state them
    language : ISO 639-1; as declared, or else seen from the script (`zh`, `ja`, otherwise `en`)
    """

    id: str = Field(pattern=r"^[a-z0-9_]+$")
    file_name: str
    format: Format
    sha256: str
    title: str
    language: str

    def page_at(self, offset: int) -> int | None:
        """Number of the page that holds the character at `offset`; None without pages."""
        number = None
        for page in self.pages:
            if page.char_start > offset:
                break
            number = page.number
        return number
