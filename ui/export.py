"""The board's packet of a case as blocks, and blocks as Markdown, DOCX or PDF, in English or Chinese.

The PDF writes Chinese with a font that every PDF reader supplies (STSong-Light, an Adobe CID font); no font file is
needed. The DOCX names a Chinese font beside the Latin one.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape

from liverboard.ui.blocks import (
    Block,
    Fold,
    Heading,
    Item,
    Items,
    Line,
    Paragraph,
    Run,
    Table,
    capital,
    joined,
    line,
    plain,
)
from liverboard.ui.board_store import Case, Decision
from liverboard.ui.numbering import Numbering
from liverboard.ui.render_markdown import to_markdown
from liverboard.ui.session import Phrases
from liverboard.ui.stage_line import stage_blocks

FORMS = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "pdf": "application/pdf",
    "md": "text/markdown",
}
OPTIONS = 6  # with their reasons; the others by name
REASONS = 1  # for, and against or of caution, of each option
QUESTIONS = 4  # on which guidelines differ
_CHINESE = "STSong-Light"
_BEYOND_LATIN = re.compile(r"[^\x00-\xff]+")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_COLOURS = {"stop": "9B1C1C", "warning": "8A4B00", "against": "9B1C1C", "caution": "8A4B00", "for": "14532D"}


def packet_blocks(case: Case, decisions: Sequence[Decision], words: Phrases) -> list[Block]:
    """A case on about a page: patient, stage, flags, options with reasons, disagreements, questions, decision."""
    document, numbering = case.answer(words.language), Numbering()
    blocks: list[Block] = [
        Heading(1, line(f"{case.title} · {case.meeting}")),
        *stage_blocks(document, words),
    ]
    flags = [
        Item(
            (Run(f["message"]), *numbering.marks(f["citations"])),
            marker=Run(words.say(f"severity.{f['severity']}"), f["severity"]),
        )
        for f in document["flags"]
        if f["severity"] != "info"
    ]
    blocks += [Heading(2, line(words.say("heading.flags"))), Items(tuple(flags))] if flags else []
    blocks += [Heading(2, line(words.say("board.options"))), *_options(document, numbering, words)]
    if document["disagreements"]:
        rows = tuple(_position(item, numbering, words) for item in document["disagreements"][:QUESTIONS])
        blocks += [Heading(2, line(words.say("rec.disagreements"))), Items(rows)]
    if document["missing"]:
        asked = capital(words.list((entry["why"] for entry in document["missing"]), "semicolon"))
        blocks += [Heading(2, line(words.say("board.questions"))), Paragraph(line(asked))]
    blocks += [Heading(2, line(words.say("board.decided"))), *_decided(decisions, words)]
    sources = numbering.sources(words)
    blocks += [Heading(2, line(words.say("board.evidence"))), sources] if sources.items else []
    versions = " · ".join(f"{name} {str(value)[:12]}" for name, value in document["manifest"].items() if value)
    return [*blocks, Paragraph(line(Run(words.say("app.footer"), "strong"))), Paragraph(line(Run(versions, "dim")))]


def meeting_blocks(cases: Sequence[tuple[Case, Sequence[Decision]]], words: Phrases) -> list[Block]:
    """Several cases, one packet after another."""
    return [block for case, decisions in cases for block in packet_blocks(case, decisions, words)]


def export(blocks: Sequence[Block], form: str) -> bytes:
    """Blocks as a file: `md`, `docx` or `pdf`."""
    match form:
        case "md":
            return to_markdown(blocks).encode()
        case "docx":
            return _to_docx(blocks)
        case "pdf":
            return _to_pdf(blocks)
    raise ValueError(f"no such form: {form}")


def _options(document: Mapping[str, Any], numbering: Numbering, words: Phrases) -> list[Block]:
    offered = [r for r in document["recommendations"] if r["tier"] != "not_recommended"]
    items = []
    for regimen in offered[:OPTIONS]:
        reasons = []
        for directions in (("for",), ("caution", "against")):
            chosen = [a for a in regimen["arguments"] if a["direction"] in directions and a["citations"]][:REASONS]
            reasons += [
                Item(
                    (Run(a["text"]), *numbering.marks(a["citations"])),
                    marker=Run(words.say(f"argument.{a['direction']}"), a["direction"]),
                )
                for a in chosen
            ]
        title = line(
            Run(f"{regimen['rank']}. {capital(regimen['name'])}", "strong"),
            Run(f" · {words.tier(regimen['tier'])} · {regimen['score']:.2f}", "dim"),
        )
        items.append(Item(title, tuple(reasons)))
    if not items:
        return [Paragraph(line(words.say("board.no_options")))]
    blocks: list[Block] = [Items(tuple(items))]
    if offered[OPTIONS:]:
        names = words.list(regimen["name"] for regimen in offered[OPTIONS:])
        blocks.append(Paragraph(line(words.pair(words.say("board.also"), names))))
    return blocks


def _position(item: Mapping[str, Any], numbering: Numbering, words: Phrases) -> Item:
    held: dict[str, list[Line]] = {}
    for position in item["positions"]:
        marks = numbering.marks([position["citation"]]) if position["citation"] else ()
        body = f"{position['guideline']} {position['year'] or ''}".strip()
        held.setdefault(position["position"], []).append((Run(body), *marks))
    rows = tuple(
        Item((*line(Run(name, "strong"), words.say("colon")), *joined(bodies, words.say("comma"))))
        for name, bodies in held.items()
    )
    return Item(line(Run(capital(item["question"]), "strong")), rows)


def _decided(decisions: Sequence[Decision], words: Phrases) -> list[Block]:
    if not decisions:
        return [Paragraph(line(words.say("board.open")))]
    last = decisions[-1]
    chosen = words.regimen(last.regimen) if last.regimen else words.say("board.other")
    agreed = words.say("board.agrees" if last.agrees else "board.departs")
    rows = [(line(words.say("board.decided")), line(Run(capital(chosen), "strong"), words.parens(agreed)))]
    for name, value in (("reason", last.reason), ("dissent", last.dissent), ("by", last.recorded_by)):
        if value:
            rows.append((line(words.say(f"board.{name}")), line(value)))
    rows.append((line(words.say("board.date")), line(last.decided)))
    return [Table((), tuple(rows))]


def _to_docx(blocks: Sequence[Block]) -> bytes:
    from docx import Document
    from docx.oxml.ns import qn
    from docx.shared import Pt

    document: Any = Document()
    for name in ("Normal", "Heading 1", "Heading 2", "Heading 3", "Heading 4", "List Bullet", "List Bullet 2"):
        font = document.styles[name].font
        font.name = "Calibri"
        document.styles[name].element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), "SimSun")
    document.styles["Normal"].font.size = Pt(10)
    for place, block in enumerate(blocks):
        if place and isinstance(block, Heading) and block.level == 1:
            document.add_page_break()
        _docx_block(document, block)
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def _docx_block(document: Any, block: Block) -> None:
    match block:
        case Heading():
            document.add_heading(_clean(plain(block.line)), block.level)
        case Paragraph():
            _docx_line(document.add_paragraph(), block.line)
        case Items():
            _docx_items(document, block.items, 0)
        case Table():
            rows = [tuple(line(name) for name in block.columns)] if block.columns else []
            rows += block.rows
            if not rows:
                return
            table = document.add_table(len(rows), len(rows[0]), style="Table Grid")
            for cells, row in zip(table.rows, rows, strict=True):
                for cell, content in zip(cells.cells, row, strict=True):
                    _docx_line(cell.paragraphs[0], content)
        case Fold():
            document.add_heading(_clean(block.title), 4)
            for inner in block.blocks:
                _docx_block(document, inner)


def _docx_items(document: Any, items: Sequence[Item], depth: int) -> None:
    for item in items:
        paragraph = document.add_paragraph(style="List Bullet" if depth == 0 else "List Bullet 2")
        _docx_line(paragraph, _marked(item))
        _docx_items(document, item.children, min(depth + 1, 1))


def _docx_line(paragraph: Any, of: Line) -> None:
    from docx.shared import RGBColor

    for run in of:
        written = paragraph.add_run(_clean(run.text))
        written.bold = run.tone in ("strong", "stop", "warning", "for", "caution", "against")
        if run.tone in _COLOURS:
            written.font.color.rgb = RGBColor.from_string(_COLOURS[run.tone])


def _to_pdf(blocks: Sequence[Block]) -> bytes:
    from reportlab.lib import colors
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.lib.units import mm
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont
    from reportlab.platypus import PageBreak, SimpleDocTemplate
    from reportlab.platypus import Paragraph as Written
    from reportlab.platypus import Table as Grid

    pdfmetrics.registerFont(UnicodeCIDFont(_CHINESE))
    chinese = any("\u4e00" <= letter <= "\u9fff" for block in blocks for letter in _all_text(block))
    wrap = "CJK" if chinese else None
    body = ParagraphStyle("body", fontName="Helvetica", fontSize=8.5, leading=11.5, wordWrap=wrap, spaceAfter=2)
    sizes = {1: 15, 2: 11, 3: 9.5, 4: 9}
    heads = {
        level: ParagraphStyle(f"h{level}", parent=body, fontSize=size, leading=size + 4, spaceBefore=5, spaceAfter=3)
        for level, size in sizes.items()
    }
    story: list[Any] = []

    def items(found: Sequence[Item], depth: int) -> None:
        style = ParagraphStyle(f"i{depth}", parent=body, leftIndent=10 + 12 * depth, bulletIndent=12 * depth)
        for item in found:
            bulleted = item.source is None
            story.append(Written(_xml(_marked(item)), style, bulletText="•" if bulleted else None))
            items(item.children, depth + 1)

    def add(block: Block) -> None:
        match block:
            case Heading():
                if block.level == 1 and story:
                    story.append(PageBreak())
                story.append(Written(f"<b>{_xml(block.line)}</b>", heads[block.level]))
            case Paragraph():
                story.append(Written(_xml(block.line), body))
            case Items():
                items(block.items, 0)
            case Table():
                rows = [tuple(line(name) for name in block.columns)] if block.columns else []
                rows += block.rows
                if rows:
                    cells = [[Written(_xml(cell), body) for cell in row] for row in rows]
                    width = 174 * mm
                    first = 0.22 if not block.columns else 1 / len(rows[0])
                    rest = (1 - first) / max(1, len(rows[0]) - 1)
                    widths = [width * first, *[width * rest] * (len(rows[0]) - 1)]
                    grid = ("GRID", (0, 0), (-1, -1), 0.3, colors.lightgrey)
                    style: Any = [grid, ("VALIGN", (0, 0), (-1, -1), "TOP")]
                    story.append(Grid(cells, colWidths=widths, style=style))
            case Fold():
                story.append(Written(f"<b>{_font(escape(block.title))}</b>", heads[4]))
                for inner in block.blocks:
                    add(inner)

    for block in blocks:
        add(block)
    buffer = io.BytesIO()
    margins: dict[str, Any] = {f"{side}Margin": 18 * mm for side in ("left", "right", "top", "bottom")}
    title = plain(blocks[0].line) if blocks and isinstance(blocks[0], Heading) else "LiverBoard"
    SimpleDocTemplate(buffer, pagesize=A4, title=title, author="LiverBoard", invariant=1, **margins).build(story)
    return buffer.getvalue()


def _marked(item: Item) -> Line:
    """An item's line, its marker before it."""
    if item.marker is None or not item.marker.text:
        return item.line
    return (Run(f"{item.marker.text} ", item.marker.tone if item.marker.tone != "mark" else "plain"), *item.line)


def _xml(of: Line) -> str:
    """A line in the mark-up of reportlab, everything in it escaped."""
    parts = []
    for run in of:
        written = _font(escape(_clean(run.text)))
        if run.tone in ("strong", *_COLOURS):
            written = f"<b>{written}</b>"
        colour = _COLOURS.get(run.tone, "555555" if run.tone == "dim" else "")
        parts.append(f'<font color="#{colour}">{written}</font>' if colour else written)
    return "".join(parts)


def _font(text: str) -> str:
    return _BEYOND_LATIN.sub(lambda match: f'<font name="{_CHINESE}">{match[0]}</font>', text)


def _clean(text: str) -> str:
    """Without control characters, which no document may hold."""
    return _CONTROL.sub("", text)


def _all_text(block: Block) -> str:
    match block:
        case Heading() | Paragraph():
            return plain(block.line)
        case Items():
            return "".join(plain(item.line) for item in block.items)
        case Table():
            return "".join(plain(cell) for row in block.rows for cell in row)
        case Fold():
            return "".join(_all_text(inner) for inner in block.blocks)
