"""From raw extracted text to text that can be read, quoted and searched.

Extraction leaves line breaks and spaces inside Chinese words, hyphens at line ends and the marks of
Markdown. `readable` takes them out; locators keep pointing at the raw text.
"""

from __future__ import annotations

import re

from liverboard.corpus.documents.records import Document, Format, Span

CJK = "\u2e80-\u2fdf\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_WIDE = CJK + "\u3001-\u303f\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65“”‘’"

_INVISIBLE = re.compile("[\u00ad\u200b-\u200d\u2060\ufeff]")
_BETWEEN_WIDE = re.compile(rf"(?<=[{_WIDE}])\s+(?=[{_WIDE}])")
_BEFORE_CLOSING = re.compile(r"\s+(?=[，。；：）、！？》】])")
_AFTER_OPENING = re.compile(r"(?<=[（《【，。；：、！？])\s+")
_LINE_END_HYPHEN = re.compile(r"(?<=[a-z]{3})-\n(?=[a-z]{3})")
_HYPHEN_BREAK = re.compile(r"(?<=\w-)\n(?=\w)")
_CJK_CHARACTER = re.compile(f"[{CJK}]")
_KANA = re.compile("[\u3040-\u30ff]")
_LETTER = re.compile(r"[^\W\d_]")

_MARKDOWN = (
    (re.compile(r"!\[([^\]]*)\]\([^)\s]*(?:\s+\"[^\"]*\")?\)"), r"\1"),
    (re.compile(r"\[((?:[^\[\]]|\[[^\[\]]*\])*)\]\([^)\s]*(?:\s+\"[^\"]*\")?\)"), r"\1"),
    (re.compile(r"</?[a-zA-Z][^<>\n]*>"), " "),
    (re.compile(r"(?m)^\s*\|?\s*:?-{3,}:?\s*(\|\s*:?-{3,}:?\s*)*\|?\s*$"), " "),
    (re.compile(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1"), r"\2"),
    (re.compile(r"(?<![\w*])\*(?=\S)([^*\n]+?)(?<=\S)\*(?![\w*])"), r"\1"),
    (re.compile(r"(?m)^\s{0,3}(#{1,6}\s+|>\s?)"), ""),
)


def readable(raw: str, format: Format = "text") -> str:
    """The raw text as a person would read it: whole words, single spaces, no markup.

    Parameters
    ----------
    raw : text as extracted
    format : of the document; marks of Markdown go only from Markdown, and words broken at the end of a
        line are joined only in PDF

    Returns
    -------
    One paragraph without line breaks; empty when nothing is left.
    """
    text = _INVISIBLE.sub("", raw).replace("\r\n", "\n").replace("\r", "\n")
    if format == "markdown":
        for pattern, replacement in _MARKDOWN:
            text = pattern.sub(replacement, text)
    if format == "pdf":
        text = _HYPHEN_BREAK.sub("", _LINE_END_HYPHEN.sub("", text))
    text = _BETWEEN_WIDE.sub("", text)
    text = _AFTER_OPENING.sub("", _BEFORE_CLOSING.sub("", text))
    return " ".join(text.split())


def readable_span(document: Document, start: int, end: int) -> str:
    """`readable` of ``document.text[start:end]``, without the page numbers and running heads in it."""
    kept, position = [], start
    for cut_start, cut_end in document.furniture:
        if cut_start >= end:
            break
        if cut_end > position:
            kept.append(document.text[position : max(position, cut_start)])
            position = min(cut_end, end)
    kept.append(document.text[position:end])
    return readable("".join(kept), document.format)


def cjk_share(text: str) -> float:
    """Share of the letters of `text` that are Chinese, Japanese or Korean characters, in [0, 1]."""
    letters = len(_LETTER.findall(text))
    return len(_CJK_CHARACTER.findall(text)) / letters if letters else 0.0


def guess_language(text: str) -> str:
    """`zh`, `ja` or `en`, by script alone: a third of the letters decides, as terms are often Latin."""
    sample = text[:20_000]
    if cjk_share(sample) < 0.3:
        return "en"
    return "ja" if len(_KANA.findall(sample)) > 0.1 * len(_CJK_CHARACTER.findall(sample)) else "zh"


def line_spans(text: str) -> list[Span]:
    """Span of every line of `text`, its line end included."""
    spans, start = [], 0
    for line in text.splitlines(keepends=True):
        spans.append((start, start + len(line)))
        start += len(line)
    return spans
