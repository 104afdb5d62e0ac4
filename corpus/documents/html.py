"""HTML pages: the article's text without navigation, scripts and footers."""

from __future__ import annotations

import re

from bs4 import BeautifulSoup, Tag
from bs4.element import NavigableString, PageElement, PreformattedString

from liverboard.corpus.documents.blocks import Blocks
from liverboard.corpus.documents.records import Parsed

_DROPPED = ["script", "style", "noscript", "template", "nav", "footer", "aside", "form", "button", "svg",
            "iframe"]
_BLOCKS = {"p", "li", "tr", "blockquote", "pre", "dt", "dd", "figcaption", "caption", "address"}
_CONTAINERS = {"div", "section", "article", "main", "ul", "ol", "dl", "table", "thead", "tbody", "tfoot",
               "header", "figure", "details", "summary", "td", "th", "center", "body"} | _BLOCKS
_DATES = ("citation_publication_date", "citation_date", "citation_year", "dc.date", "article:published_time")
_MAIN_SHARE = 0.3
_HEADING = re.compile(r"^h([1-6])$")


def parse_html(text: str) -> Parsed:
    """Read HTML, however untidy. Identity comes from `citation_*` and similar meta elements."""
    soup = BeautifulSoup(text, "lxml")
    meta = {str(tag.get("name") or tag.get("property") or "").lower(): str(tag.get("content") or "")
            for tag in soup.find_all("meta")}
    language = soup.html.get("lang") if soup.html else None
    title = meta.get("citation_title") or meta.get("dc.title") or meta.get("og:title")
    if not title and soup.title:
        title = soup.title.get_text(" ")
    for tag in soup(_DROPPED):
        tag.decompose()
    main = soup.find("article") or soup.find("main")
    if main is None or len(main.get_text()) < _MAIN_SHARE * len(soup.get_text()):
        main = soup.body or soup
    blocks = Blocks()
    _walk(main, blocks)
    blocks.close()
    year = re.search(r"\b(19|20)\d{2}\b", " ".join(meta.get(key, "") for key in _DATES))
    return Parsed(
        text=blocks.text, sections=tuple(blocks.sections), title=" ".join((title or "").split()) or None,
        year=int(year.group()) if year else None, doi=meta.get("citation_doi") or None,
        pmid=meta.get("citation_pmid") or None,
        language=(str(language) if language else meta.get("citation_language", ""))[:2].lower() or None,
    )


def _walk(element: Tag, blocks: Blocks) -> None:
    loose: list[str] = []

    def settle() -> None:
        blocks.paragraph("".join(loose))
        loose.clear()

    for child in element.children:
        if not isinstance(child, Tag):
            loose.append(_string(child))
            continue
        heading = _HEADING.match(child.name)
        if heading:
            settle()
            blocks.heading(int(heading.group(1)), child.get_text(" "))
        elif child.name == "tr":
            settle()
            cells = child.find_all(["td", "th"], recursive=False)
            blocks.paragraph(" | ".join(_inline(cell) for cell in cells))
        elif child.name == "br":
            loose.append("\n")
        elif child.name in _CONTAINERS or child.find(list(_CONTAINERS)) is not None:
            settle()
            _walk(child, blocks)
        else:
            loose.append(_inline(child))
    settle()


def _inline(element: Tag) -> str:
    return " ".join("".join(_string(s) for s in element.descendants).split())


def _string(node: PageElement) -> str:
    """The text of a string node; nothing for comments, declarations and elements."""
    return str(node) if isinstance(node, NavigableString) and not isinstance(node, PreformattedString) else ""
