"""What is shown, before it is known where: headings, paragraphs, lists and tables of toned runs of text.

A document is composed into blocks once; the terminal, Markdown and HTML each write the same blocks.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Tone = Literal["plain", "strong", "dim", "mark", "stop", "warning", "info", "for", "caution", "against"]


@dataclass(frozen=True)
class Run:
    """A piece of text in one tone. `source`: the number in the list of sources that a mark leads to."""

    text: str
    tone: Tone = "plain"
    source: int | None = None


Line = tuple[Run, ...]


@dataclass(frozen=True)
class Heading:
    """A heading; `level` 1 is the document's own, 2 a part, 3 an entry, 4 a group within an entry."""

    level: int
    line: Line


@dataclass(frozen=True)
class Paragraph:
    """A paragraph; `indent` in steps."""

    line: Line
    indent: int = 0


@dataclass(frozen=True)
class Item:
    """An entry of a list, with what stands under it. `source`: its number, if it is a source's."""

    line: Line
    children: tuple[Item, ...] = ()
    marker: Run | None = None
    source: int | None = None


@dataclass(frozen=True)
class Items:
    """A list. An item without a marker has a bullet. `label`: what all of its items are, said once."""

    items: tuple[Item, ...]
    label: Run | None = None


@dataclass(frozen=True)
class Table:
    """Rows of cells. Without `columns` it is a list of names and values."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Line, ...], ...]


@dataclass(frozen=True)
class Fold:
    """A part that a reader may skip: closed at first where a form can close it."""

    title: str
    blocks: tuple[Block, ...]


Block = Heading | Paragraph | Items | Table | Fold


def line(*parts: str | Run) -> Line:
    """Runs from runs and plain strings; what is empty is left out."""
    runs = (Run(part) if isinstance(part, str) else part for part in parts)
    return tuple(run for run in runs if run.text)


def joined(lines: Iterable[Line], separator: str) -> Line:
    """Several lines as one, with a separator between them."""
    runs: list[Run] = []
    for part in lines:
        runs += [Run(separator), *part] if runs else part
    return tuple(runs)


def plain(of: Line) -> str:
    """The bare text of a line."""
    return "".join(run.text for run in of)


def capital(text: str) -> str:
    """With a capital letter at the start, as a line of its own has; a name such as mHAP-II stays as it is."""
    first = text.partition(" ")[0]
    return text[:1].upper() + text[1:] if first.isascii() and first.islower() else text
