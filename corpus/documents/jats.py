"""JATS XML, the format of PubMed Central and of publishers. No entity is expanded, no DTD is fetched."""

from __future__ import annotations

from typing import Any

from lxml import etree

from liverboard.corpus.documents.blocks import Blocks
from liverboard.corpus.documents.records import Parsed
from liverboard.corpus.errors import InputError

_PARAGRAPHS = {"p", "caption", "disp-formula", "preformat", "verse-line", "term", "attrib"}
_FLOATS = {"list", "table-wrap", "table-wrap-group", "fig", "fig-group", "boxed-text", "def-list",
           "disp-quote"}
_SKIPPED = {"ref-list", "fn-group", "table-wrap-foot", "media", "graphic", "tex-math", "object-id", "title",
            "label", "related-article", "contrib-group", "aff", "notes"}
_NOT_WORDS = {"tex-math", "graphic", "object-id"} | _FLOATS
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


def parse_jats(data: bytes, name: str) -> Parsed:
    """Read one JATS article: abstract and body by section; the list of references is left out.

    Parameters
    ----------
    data : bytes of the file
    name : of the file, for the error message

    Raises
    ------
    InputError
        The XML is not well-formed, or holds no `article`.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False,
                             huge_tree=False, remove_comments=True, remove_pis=True)
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise InputError(name, f"the XML is damaged or cut short ({error.msg}).",
                         "Give the whole file as the publisher or PubMed Central serves it.") from None
    article = root if _tag(root) == "article" else _first(root, "article")
    if article is None:
        raise InputError(name, f"this XML is not a JATS article (its root is <{_tag(root)}>).",
                         "Give JATS XML, as PubMed Central serves it, or PDF, HTML, Markdown or plain text.")
    front = _first(article, "article-meta")
    meta = front if front is not None else article
    blocks = Blocks()
    for abstract in _children(meta, "abstract"):
        blocks.heading(1, _words(_child(abstract, "title")) or "Abstract")
        _walk(abstract, blocks, 2)
        blocks.leave(1)
    body = _child(article, "body")
    if body is not None:
        _walk(body, blocks, 1)
    blocks.close()
    title = _words(_first(meta, "article-title")) or None
    return Parsed(
        text=blocks.text, sections=tuple(blocks.sections), title=title, year=_year(meta),
        doi=_identifier(meta, "doi"), pmid=_identifier(meta, "pmid"),
        language=(article.get(_XML_LANG) or "")[:2].lower() or None,
    )


def _walk(element: Any, blocks: Blocks, level: int) -> None:
    for child in element:
        tag = _tag(child)
        if tag == "sec":
            blocks.heading(level, _words(_child(child, "title")))
            _walk(child, blocks, level + 1)
            blocks.leave(level)
        elif tag == "tr":
            blocks.paragraph(" | ".join(_words(cell) for cell in child))
        elif tag in _PARAGRAPHS:
            blocks.paragraph(_words(child))
            for inner in child:
                if _tag(inner) in _FLOATS:
                    _walk(inner, blocks, level)
        elif tag not in _SKIPPED:
            _walk(child, blocks, level)


def _words(element: Any) -> str:
    """The text inside, without lists, tables and figures in it, TeX sources and unexpanded entities."""
    if element is None:
        return ""
    parts: list[str] = [element.text or ""]
    for child in element:
        if isinstance(child.tag, str) and _tag(child) not in _NOT_WORDS:
            parts.append(_words(child))
        parts.append(child.tail or "")
    return " ".join("".join(parts).split())


def _tag(element: Any) -> str:
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def _children(element: Any, name: str) -> list[Any]:
    return [child for child in element if _tag(child) == name]


def _child(element: Any, name: str) -> Any:
    return next(iter(_children(element, name)), None)


def _first(element: Any, name: str) -> Any:
    return next((child for child in element.iterdescendants() if _tag(child) == name), None)


def _identifier(meta: Any, kind: str) -> str | None:
    for element in _children(meta, "article-id"):
        if element.get("pub-id-type") == kind and element.text:
            return str(element.text).strip()
    return None


def _year(meta: Any) -> int | None:
    years = [_words(_child(date, "year")) for date in _children(meta, "pub-date")]
    return min((int(year) for year in years if year.isdigit()), default=None)
