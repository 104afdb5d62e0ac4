"""Markdown: sections from its headings, identity from a YAML front matter if there is one."""

from __future__ import annotations

import re
from typing import Any

import yaml

from liverboard.corpus.documents.outline import Heading, numbered_headings, printed_pages, sections_between
from liverboard.corpus.documents.readable import line_spans, readable
from liverboard.corpus.documents.records import Parsed

_FRONT_MATTER = re.compile(r"\A---[ \t]*\r?\n(.*?)\r?\n---[ \t]*(?:\r?\n|\Z)", re.DOTALL)
_ATX = re.compile(r"^ {0,3}(#{1,6})\s+(.*?)\s*#*\s*$")
_FENCE = re.compile(r"^ {0,3}(```|~~~)")


def parse_markdown(text: str) -> Parsed:
    """Read Markdown.

    Text extracted from elsewhere and saved as Markdown often has one heading or none: then numbered
    headings within it are used as well, below the marked ones.
    """
    front = _FRONT_MATTER.match(text)
    facts = _front_matter(front.group(1)) if front else {}
    headings = _marked_headings(text, front.end() if front else 0)
    title = facts.get("title") or next((h.words for h in headings if h.level == 1), None)
    if len(headings) <= 2:
        below = max((h.level for h in headings), default=0)
        headings += [h._replace(level=h.level + below) for h in numbered_headings(text)
                     if not any(h.span == marked.span for marked in headings)]
        headings.sort()
    pages, feet = printed_pages(text)
    furniture = ((front.span(), *feet) if front else feet)
    return Parsed(
        text=text, sections=_after(front.end() if front else 0, text, headings, pages), pages=pages,
        furniture=furniture, title=str(title) if title else None, year=_year(facts),
        doi=_string(facts.get("doi")), pmid=_string(facts.get("pmid")),
        language=_string(facts.get("language") or facts.get("lang")),
    )


def _after(offset: int, text: str, headings: list[Heading], pages: Any) -> Any:
    """Sections of the text behind its front matter."""
    sections = sections_between(text, headings, pages)
    if not offset or not sections or sections[0].char_start >= offset:
        return sections
    first = sections[0]
    rest = text[offset : first.char_end]
    if not rest.strip():
        return sections[1:]
    return (first.model_copy(update={"text": rest, "char_start": offset}), *sections[1:])


def _marked_headings(text: str, offset: int) -> list[Heading]:
    headings, fenced = [], False
    for start, end in line_spans(text):
        if start < offset:
            continue
        line = text[start:end].rstrip("\r\n")
        if _FENCE.match(line):
            fenced = not fenced
        match = None if fenced else _ATX.match(line)
        if match and (words := readable(match.group(2), "markdown")):
            headings.append(Heading((start, end), len(match.group(1)), words))
    return headings


def _front_matter(block: str) -> dict[str, Any]:
    try:
        facts = yaml.safe_load(block)
    except yaml.YAMLError:
        return {}
    return {str(key).lower(): value for key, value in facts.items()} if isinstance(facts, dict) else {}


def _string(value: Any) -> str | None:
    return str(value).strip() or None if value is not None else None


def _year(facts: dict[str, Any]) -> int | None:
    for key in ("year", "date", "published", "lastreviewed"):
        match = re.search(r"\b(19|20)\d{2}\b", str(facts.get(key, "")))
        if match:
            return int(match.group())
    return None
