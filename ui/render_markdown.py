"""Blocks as Markdown. What came from a patient or a document is escaped: it can be read and never acts."""

from __future__ import annotations

import re
from collections.abc import Sequence

from liverboard.ui.blocks import Block, Fold, Heading, Item, Items, Line, Paragraph, Run, Table

_SPECIAL = re.compile(r"([\\`*_\[\]|~])")


def to_markdown(blocks: Sequence[Block]) -> str:
    """The blocks as one Markdown text."""
    return "\n\n".join(part for block in blocks if (part := _written(block))) + "\n"


def _written(block: Block) -> str:
    match block:
        case Heading():
            return f"{'#' * block.level} {_bare(block.line)}"
        case Paragraph():
            return _line(block.line)
        case Items():
            label = f"{_run(Run(block.label.text, 'strong'))}\n\n" if block.label else ""
            return label + "\n".join(_items(block.items, 0))
        case Table(columns=()):
            return "\n".join(f"- **{_bare(name)}** {_line(value)}" for name, value in block.rows)
        case Table():
            head = [
                f"| {' | '.join(_escaped(name) for name in block.columns)} |",
                "|" + " --- |" * len(block.columns),
            ]
            return "\n".join(
                [*head, *(f"| {' | '.join(_line(cell) for cell in row)} |" for row in block.rows)]
            )
        case Fold():
            return "\n\n".join(
                [f"#### {_escaped(block.title)}", *(_written(inner) for inner in block.blocks)]
            )


def _items(items: Sequence[Item], depth: int) -> list[str]:
    rows = []
    for item in items:
        marker = f"**{_run(item.marker).strip('*')}** " if item.marker and item.marker.text else ""
        rows.append(f"{'  ' * depth}- {marker}{_line(item.line)}")
        rows += _items(item.children, depth + 1)
    return rows


def _line(of: Line) -> str:
    return "".join(_run(run) for run in of).strip()


def _bare(of: Line) -> str:
    return "".join(_escaped(run.text) for run in of)


def _run(run: Run) -> str:
    text = run.text if run.tone == "mark" else _escaped(run.text)
    if run.tone not in ("strong", "stop", "warning") or not text.strip():
        return text
    before, after = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
    return f"{before}**{text.strip()}**{after}"


def _escaped(text: str) -> str:
    """Text that Markdown shows as it is; also no HTML comes through."""
    text = text.replace("&", "&amp;").replace("<", "&lt;")
    text = _SPECIAL.sub(r"\\\1", " ".join(text.split("\n")))
    return re.sub(r"^(\s*)([#+>-]|\d+[.)])(\s)", r"\1\\\2\3", text) if text[:1] in "#+->" else text
