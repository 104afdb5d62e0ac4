"""Plain text: sections from numbered headings, pages from printed page numbers."""

from __future__ import annotations

from liverboard.corpus.documents.outline import numbered_headings, printed_pages, sections_between
from liverboard.corpus.documents.readable import line_spans, readable
from liverboard.corpus.documents.records import Parsed


def parse_text(text: str) -> Parsed:
    """Read plain text. The title is the first line when that is short enough to be one."""
    pages, feet = printed_pages(text)
    first = next((line for a, b in line_spans(text) if (line := readable(text[a:b]))), "")
    return Parsed(text=text, sections=sections_between(text, numbered_headings(text), pages), pages=pages,
                  furniture=feet, title=first if 0 < len(first) <= 160 else None)
