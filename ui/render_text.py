"""Blocks in a terminal, or as plain text where there is none."""

from __future__ import annotations

import io
from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table as Grid
from rich.text import Text

from liverboard.ui.blocks import Block, Fold, Heading, Item, Items, Line, Paragraph, Run, Table, Tone
from liverboard.ui.wrap import Wrapped

STYLES: dict[Tone, str] = {
    "plain": "",
    "strong": "bold",
    "dim": "dim",
    "mark": "cyan",
    "stop": "bold red",
    "warning": "bold yellow",
    "info": "blue",
    "for": "green",
    "caution": "yellow",
    "against": "red",
}
_STEP = 3
_LABEL = 7  # columns of a list's label


def to_text(blocks: Sequence[Block], *, width: int, colour: bool) -> str:
    """The blocks as lines of at most `width` columns; without colour there is no control code among them."""
    file = io.StringIO()
    console = Console(
        file=file,
        width=width,
        force_terminal=colour,
        color_system="auto" if colour else None,
        no_color=None if colour else True,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
    )
    for block in blocks:
        for shown in _shown(block, width):
            console.print(shown)
    lines = file.getvalue().splitlines()
    return "\n".join(row.rstrip() for row in lines) + "\n"


def _shown(block: Block, width: int) -> list[RenderableType]:
    match block:
        case Heading(level=1):
            return [Wrapped(_text(block.line, "bold"))]
        case Heading(level=2):
            title = _text(block.line, "bold cyan")
            rule = " " + "─" * max(0, width - 4 - cell_len(title.plain))
            return [Text(), Text("── ", "cyan") + title + Text(rule, "cyan")]
        case Heading():
            return [Text(), Wrapped(_text(block.line, "bold"))]
        case Paragraph():
            return [Wrapped(_text(block.line), indent=_STEP * block.indent)]
        case Items():
            return _items(block.items, _STEP - 1, block.label)
        case Table(columns=()):
            return [_pairs(block)]
        case Table():
            return [_grid(block)]
        case Fold():
            inside = [part for inner in block.blocks for part in _shown(inner, width)]
            return [Text(), Text(block.title, "bold"), *inside]


def _text(of: Line, base: str = "") -> Text:
    text = Text(style=base)
    for run in of:
        text.append(run.text.replace("\n", " "), STYLES[run.tone] or None)
    return text


def _items(items: Sequence[Item], indent: int, label: Run | None = None) -> list[RenderableType]:
    """A list: markers of one width, so that what they mark stands in one column; a label before the first."""
    markers = [_text((item.marker,)) if item.marker else Text("•") for item in items]
    if label is not None:
        head = _text((label,))
        head.append(" " * (_LABEL - cell_len(head.plain)) + " •")
        markers[0] = head
    widest = max((cell_len(marker.plain) for marker in markers), default=0)
    shown: list[RenderableType] = []
    for item, marker in zip(items, markers, strict=True):
        first = Text(" " * (widest - cell_len(marker.plain))) + marker + Text(" " if widest else "")
        shown.append(Wrapped(_text(item.line), first, indent))
        shown += _items(item.children, indent + cell_len(first.plain))
    return shown


def _pairs(table: Table) -> RenderableType:
    grid = Grid.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column()
    for row in table.rows:
        grid.add_row(*(Wrapped(_text(cell)) for cell in row))
    return Padding(grid, (0, 0, 0, 0))


def _grid(table: Table) -> RenderableType:
    grid = Grid(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1), show_edge=False, header_style="bold")
    for column in table.columns:
        grid.add_column(column)
    for row in table.rows:
        grid.add_row(*(Wrapped(_text(cell)) for cell in row))
    return Group(Padding(grid, (0, 0, 0, 2)))
