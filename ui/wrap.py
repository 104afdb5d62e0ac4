"""Breaking lines in Chinese and in English: rich breaks at blanks only, and Chinese has none."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rich.cells import cell_len, chop_cells
from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.text import Text

_WIDE = "\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef\u3000-\u303f"
_CLOSING = "，。；：、）】》”’！？％"  # never first in a line
_OPENING = "（【《“‘"  # never last in a line
_UNIT = re.compile(rf"\s+|[{_OPENING}]*(?:[^\s{_WIDE}{_OPENING}{_CLOSING}]+|[{_WIDE}])[{_CLOSING}]*|\S")


def wrapped(text: Text, width: int) -> list[Text]:
    """The lines of `text`, each at most `width` columns wide, with its styles."""
    breaks = list(_breaks(text.plain, max(width, 8)))
    lines = list(text.divide(breaks)) if breaks else [text]
    for piece in lines:
        piece.rstrip()
    return lines


def _breaks(plain: str, width: int) -> Iterator[int]:
    """Offsets at which a new line starts."""
    used, at = 0, 0
    for unit in _UNIT.findall(plain):
        long = cell_len(unit)
        blank = unit.isspace()
        if used and used + long > width and not blank:
            yield at
            used = 0
        if long > width and not blank:
            for piece in chop_cells(unit, width)[:-1]:
                at += len(piece)
                yield at
            last = chop_cells(unit, width)[-1]
            at += len(last)
            used = cell_len(last)
            continue
        used += long
        at += len(unit)


class Wrapped:
    """A text that fits itself into the width it gets; `first` stands before it, further lines hang below."""

    def __init__(self, text: Text, first: Text | None = None, indent: int = 0) -> None:
        self.text = text
        self.first = first or Text()
        self.indent = indent

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        hang = self.indent + cell_len(self.first.plain)
        for number, piece in enumerate(wrapped(self.text, options.max_width - hang)):
            before = Text(" " * self.indent) + self.first if number == 0 else Text(" " * hang)
            row = before + piece
            row.no_wrap, row.overflow = True, "ignore"
            yield row

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        hang = self.indent + cell_len(self.first.plain)
        units = _UNIT.findall(self.text.plain)
        least = min(max((cell_len(unit) for unit in units), default=1), 14)
        most = cell_len(self.text.plain)
        return Measurement(min(hang + least, options.max_width), min(hang + most, options.max_width))
