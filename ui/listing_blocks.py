"""The answers of `search`, `index` and `corpus` as blocks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from liverboard.ui.blocks import Block, Heading, Item, Items, Line, Paragraph, Run, Table, line
from liverboard.ui.words import Words, number

Document = Mapping[str, Any]


def search_blocks(document: Document, words: Words) -> list[Block]:
    """Passages, best first, each with where it stands."""
    blocks: list[Block] = [Heading(1, line(words.say("title.search")))]
    for found in document["results"]:
        place = [words.locator(str(found["locator"])), str(found["year"] or "")]
        place += (
            [words.say(f"source_status.{found['status']}")]
            if found.get("status") not in (None, "current")
            else []
        )
        place += [f"{words.say('search.score')} {found['score']:.3f}", found["passage_id"]]
        blocks += [
            Heading(3, line(f"{found['rank']}. {words.title(found)}")),
            Paragraph(line(Run(" · ".join(part for part in place if part), "dim")), indent=1),
            Paragraph(line(" ".join(str(found["text"]).split())), indent=1),
        ]
    return blocks if len(blocks) > 1 else [*blocks, Paragraph(line(words.say("nothing_found")))]


def index_blocks(document: Document, words: Words) -> list[Block]:
    """What an index says of itself: names and values; lists under their names."""
    return [Heading(1, line(words.say("title.index"))), *_pairs(document, words)]


def corpus_blocks(document: Document, words: Words) -> list[Block]:
    """Counts, then problems."""
    rest = {k: v for k, v in document.items() if k not in ("by_kind", "problems")}
    blocks = [Heading(1, line(words.say("title.corpus"))), *_pairs(rest, words)]
    if document.get("by_kind"):
        blocks += [Heading(2, line(words.say("by_kind"))), *_pairs(document["by_kind"], words)]
    problems = document.get("problems") or []
    if not problems:
        return [*blocks, Paragraph(line(words.say("no_problems")))]
    items = Items(
        tuple(Item(line(_said(problem, words)), marker=Run("×", "against")) for problem in problems)
    )
    return [*blocks, Heading(2, line(f"{words.say('problems')} ({len(problems)})")), items]


def _pairs(document: Document, words: Words) -> list[Block]:
    rows: list[tuple[Line, ...]] = []
    lists: list[Block] = []
    for name, value in document.items():
        label = name.replace("_", " ")
        if isinstance(value, list) and value:
            items = Items(tuple(Item(line(_said(entry, words))) for entry in value))
            lists += [Heading(2, line(f"{label} ({len(value)})")), items]
        elif isinstance(value, Mapping):
            lists += [Heading(2, line(label)), *_pairs(value, words)]
        else:
            rows.append((line(Run(label, "dim")), line(_said(value, words))))
    return [*([Table((), tuple(rows))] if rows else []), *lists]


def _said(value: Any, words: Words) -> str:
    if isinstance(value, bool):
        return words.say("yes" if value else "no")
    if isinstance(value, int | float):
        return number(value)
    if isinstance(value, Mapping):
        known = {str(k): v for k, v in value.items() if v not in (None, "")}
        return words.list((words.pair(k, _said(v, words)) for k, v in known.items()), "semicolon")
    if isinstance(value, list):
        return words.list(_said(v, words) for v in value) or words.any("none")
    return words.any("none") if value is None else str(value)
