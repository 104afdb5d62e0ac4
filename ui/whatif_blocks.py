"""The answer of `whatif` as blocks: both answers side by side, and what made the difference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from liverboard.ui.blocks import Block, Heading, Item, Items, Line, Run, Table, capital, line
from liverboard.ui.explore_blocks import Document, View, dim, leaders, numbered, test_in_words
from liverboard.ui.words import Words


def whatif_blocks(document: Document, words: Words, *, full: bool) -> list[Block]:
    """Both answers side by side, and what made the difference."""
    return numbered(lambda view: _whatif(document, view), words, full=full)


def _whatif(document: Document, view: View) -> list[Block]:
    words = view.words
    changes = [_changed(change, view) for change in document["changes"]]
    changes += [
        (*_changed(change, view), Run(words.parens(view.say("also_changed")), "dim"))
        for change in document["also_changed"]
    ]
    blocks: list[Block] = [
        Heading(1, line(f"LiverBoard · {view.say('title.whatif')}")),
        *view.part("heading.changed", [Items(tuple(Item(change) for change in changes))]),
        Heading(2, line(view.say("heading.stages"))),
        _sides(document, view),
    ]
    unoffered = [row for row in document["regimens"] if row["moved"] == "unoffered"]
    moved = [row for row in document["regimens"] if row["moved"] in ("up", "down")]
    ranks = [row for row in document["regimens"] if row["moved"] == "rank"]
    if view.full:
        moved, unoffered = [*moved, *unoffered], []
    told: list[Block] = [_moved(moved, view) if moved else dim(view.say("moved.none"))]
    told += [dim(view.say("moved.unoffered", regimens=view.names(unoffered)))] if unoffered else []
    blocks += view.part("heading.moved", told)
    blocks += view.part("heading.ranks", [_ranks(ranks, view)] if ranks else [])
    flags = [
        Item(line(Run(flag["message"])), marker=Run(view.say(f"flag.{side}"), flag["severity"]))
        for side in ("raised", "cleared")
        for flag in document["flags"][side]
    ]
    return [*blocks, *view.part("heading.flags_changed", [Items(tuple(flags))] if flags else [])]


def _changed(change: Document, view: View) -> Line:
    words = view.words
    label = words.label(change["field"])
    before, after = (words.value(change["field"], change[side]) for side in ("from", "to"))
    return line(Run(view.say("change", label=capital(label), before=before, after=after), "strong"))


def _sides(document: Document, view: View) -> Table:
    """Stages, status and first choice, before and after; of the stages, those that changed, or all in full."""
    words, stage = view.words, document["stage"]
    rows: list[tuple[Line, ...]] = []
    status = document["status"]
    if view.full or status["before"] != status["after"]:
        rows.append(_row(words.say("stage.status"), *(words.say(f"status.{status[s]}") for s in ("before", "after"))))
    for name in stage["after"] if view.full else stage["changed"]:
        if name in ("notes", "literal"):
            continue
        texts = [_stage(name, stage[side].get(name), words) for side in ("before", "after")]
        rows.append(_row(words.say(f"stage.{name}"), *texts))
    named = (leaders(document["first_choice"][side], view) for side in ("before", "after"))
    rows.append(_row(view.say("first.is"), *named))
    return Table(("", view.say("before"), view.say("after")), tuple(rows))


def _row(name: str, before: str, after: str) -> tuple[Line, ...]:
    return line(Run(name, "dim")), line(before), line(Run(after, "plain" if before == after else "strong"))


def _stage(name: str, value: Any, words: Words) -> str:
    if isinstance(value, Mapping):
        if any(part is None for part in value.values()):
            return words.say("unknown")
        if name == "child_pugh":
            return words.say("child_pugh_value", class_=value["class"], score=value["score"])
        return words.say("albi_value", grade=value["grade"], score=value["score"])
    if isinstance(value, bool):
        return words.say("within" if value else "beyond")
    return words.say("unknown") if value is None else str(value)


def _moved(rows: Sequence[Document], view: View) -> Items:
    """Each regimen that changed its tier, with the statements that made it do so."""
    return Items(
        tuple(
            Item(
                (Run(capital(row["name"]), "strong"), Run(view.words.say("colon")), view.tier(row["before"]["tier"]),
                 Run(" → "), view.tier(row["after"]["tier"])),
                _reasons(row, view),
            )
            for row in rows
        )
    )


def _reasons(row: Document, view: View) -> tuple[Item, ...]:
    guidelines = [why for why in row["why"] if why["kind"] != "evidence"]
    shown = row["why"] if view.full else guidelines[:2]
    if not shown:
        return (Item(line(Run(view.say("why.other"), "dim"))),)
    return tuple(Item(_reason(why, view)) for why in shown)


def _reason(why: Document, view: View) -> Line:
    words = view.words
    state = view.say("why.turned", before=view.say(f"state.{why['before']}"), after=view.say(f"state.{why['after']}"))
    note = view.say("why.because", regimens=view.names(why["because_of"])) if why["because_of"] else state
    tests = list(dict.fromkeys(test_in_words(test, view) for test in why["criteria"]))
    facts = words.list(view.few(tests), "semicolon")
    return (
        Run(f"{note}{words.say('colon')}", "dim"),
        Run(why["text"]),
        *view.numbering.marks(why["citations"]),
        *line(Run(words.parens(facts), "dim")),
    )


def _ranks(rows: Sequence[Document], view: View) -> Table:
    """Regimens that stay in their tier: place and score before and after."""
    told = [
        tuple(f"{row[s]['rank']} · {row[s]['score']:.2f}" for s in ("before", "after")) for row in rows
    ]
    cells = [_row(capital(row["name"]), *texts) for row, texts in zip(rows, told, strict=True)]
    return Table((view.words.say("column.regimen"), view.say("before"), view.say("after")), tuple(view.few(cells)))


