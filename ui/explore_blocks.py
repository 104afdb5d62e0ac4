"""The answer of `explain`, and the sensitivity of an answer, as blocks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from liverboard.recommender.explore.phrases import say
from liverboard.ui.answer_blocks import flag_items
from liverboard.ui.blocks import Block, Heading, Item, Items, Line, Paragraph, Run, Table, capital, line
from liverboard.ui.numbering import Numbering
from liverboard.ui.words import Words

Document = Mapping[str, Any]
_SHOWN = 8  # entries of a list in the short form
_TONE_OF_TIER: Mapping[str | None, Any] = {
    "recommended": "for", "for_consideration": "caution", "not_recommended": "against",
}


def explanation_blocks(document: Document, words: Words, *, full: bool) -> list[Block]:
    """Why a regimen stands where it stands for this patient."""
    return numbered(lambda view: _explanation(document, view), words, full=full)


def with_sensitivity(blocks: Sequence[Block], document: Document, words: Words, *, full: bool) -> list[Block]:
    """The blocks of an answer, and before its sources how firm it is, where that was asked for."""
    if "sensitivity" not in document:
        return list(blocks)
    sources = Heading(2, line(words.say("heading.sources")))
    place = blocks.index(sources) if sources in blocks else len(blocks)
    firm = _sensitivity(document["sensitivity"], View(words, Numbering(), full))
    return [*blocks[:place], *firm, *blocks[place:]]


class View:
    """In which words, with which numbers, and whether with everything."""

    def __init__(self, words: Words, numbering: Numbering, full: bool) -> None:
        self.words, self.numbering, self.full = words, numbering, full

    def say(self, name: str, /, **values: object) -> str:
        return say(name, self.words.language, **values)

    def names(self, regimens: Iterable[Document]) -> str:
        return self.words.list(regimen["name"] for regimen in regimens)

    def few(self, entries: Sequence[Any]) -> Sequence[Any]:
        return entries if self.full else entries[:_SHOWN]

    def tier(self, tier: str | None) -> Run:
        text = self.words.say(f"tier.{tier}") if tier else self.say("place.absent")
        return Run(text, _TONE_OF_TIER.get(tier, "dim"))

    def part(self, name: str, blocks: Sequence[Block], level: int = 2) -> list[Block]:
        return [Heading(level, line(self.say(name))), *blocks] if blocks else []


def numbered(compose: Any, words: Words, *, full: bool) -> list[Block]:
    """Composed, with the list of the sources that were cited and what this is and is not."""
    view = View(words, Numbering(), full)
    blocks: list[Block] = compose(view)
    sources = view.numbering.sources(words)
    if sources.items:
        blocks += [Heading(2, line(words.say("heading.sources"))), sources]
    return [*blocks, Paragraph(()), Paragraph(line(Run(words.say("disclaimer"), "strong")))]


def _explanation(document: Document, view: View) -> list[Block]:
    words = view.words
    title = view.say("title.explanation", regimen=document["name"])
    blocks: list[Block] = [
        Heading(1, line(f"LiverBoard · {title}")),
        _place(document, view),
        *([Paragraph(line(Run(document["why_absent"], "warning")))] if document["why_absent"] else []),
    ]
    if document["tier"] in ("recommended", "for_consideration"):
        texts = [reason["text"] for reason in document["held_back"]] or [view.say("held.none")]
        blocks += view.part("heading.held", [Items(tuple(Item(line(text)) for text in texts))])
    if document["status"] != "ok" and document["flags"]:
        blocks.append(flag_items(document["flags"], words, view.numbering))
    arguments = tuple(
        Item(
            (Run(argument["text"]), *view.numbering.marks(argument["citations"])),
            marker=Run(words.say(f"argument.{argument['direction']}"), argument["direction"]),
        )
        for argument in view.few(document["arguments"])
    )
    blocks += view.part("heading.arguments", [Items(arguments)] if arguments else [])
    statements = [block for statement in document["statements"] for block in _statement(statement, view)]
    blocks += view.part("heading.statements", statements)
    if "single_facts" in document:
        for side in ("lifts", "sinks"):
            turns = document["single_facts"][side]
            items = _turns(turns, view, lambda turn: (view.tier(turn["tier"]),))
            blocks += view.part(f"heading.{side}", [items or dim(view.say(f"nothing_{side[:-1]}s"))])
        blocks += _sensitivity(document["sensitivity"], view)
    return blocks


def _place(document: Document, view: View) -> Table:
    words = view.words
    rows: list[tuple[Line, ...]] = [(line(Run(view.say("place.tier"), "dim")), (view.tier(document["tier"]),))]
    if document["tier"]:
        rank = view.say("place.rank_of", rank=document["rank"], of=document["of"])
        rows.append((line(Run(view.say("place.rank"), "dim")), line(rank)))
        weights = document["score_weights"]
        parts = [
            view.say("place.part", name=words.say(f"score_part.{name}"), value=value, weight=weights[name])
            if name in weights
            else view.say("place.part_added", name=words.say(f"score_part.{name}"), value=value)
            for name, value in document["score_parts"].items()
        ]
        told = line(Run(f"{document['score']:.2f}", "mark"), Run(words.parens(" + ".join(parts)), "dim"))
        rows.append((line(Run(view.say("place.score"), "dim")), told))
    if document["tied_with"]:
        rows.append((line(Run(view.say("place.tied"), "dim")), line(view.names(document["tied_with"]))))
    return Table((), tuple(rows))


def _statement(statement: Document, view: View) -> list[Block]:
    """A statement, whether it applies, and its criteria by how they come out."""
    words = view.words
    applies = {True: "yes", False: "no", None: "unknown"}[statement["applies"]]
    body = f"{statement['body'] or ''} {statement['year'] or ''}".strip()
    told: list[Item] = []
    for group, sign in (("failed", "against"), ("unknown", "caution"), ("met", "for")):
        found = statement["criteria"][group]
        marker = Run(view.say(f"criteria.{group}"), sign)  # type: ignore[arg-type]  # the three are tones
        if found:
            text = words.list((_criterion(part, view) for part in found), "semicolon")
            told.append(Item(line(text), marker=marker))
    for name in ("unsuitable", "excluded"):
        others = [f"{o['name']}{words.parens(view.tier(o['tier']).text)}" for o in statement[f"if_{name}"]]
        if others:
            text = view.say(f"depends.{name}", regimens=words.list(others))
            told.append(Item(line(Run(text, "dim")), marker=Run("")))
    tone = "against" if statement["direction"] == "against" else "for"
    head = (
        Run(f"{view.say('direction.against' if tone == 'against' else 'direction.for')} · ", tone),  # type: ignore[arg-type]
        Run(view.say(f"applies.{applies}"), "strong"),
        *line(Run(words.parens(body), "dim")),
        Run(words.say("colon")),
        Run(statement["text"]),
        *view.numbering.marks(statement["citations"]),
    )
    return [Items((Item(head, tuple(told)),))]


def _criterion(part: Document, view: View) -> str:
    """A part of a population: its name or its tests, with what the patient has."""
    tests = dict.fromkeys(test_in_words(test, view) for test in part["tests"])
    text = view.words.list(tests)
    return f"{part['label']}{view.words.parens(text)}" if part["label"] else text


def test_in_words(test: Document, view: View) -> str:
    """A test and what the patient has, which goes without saying where it is what was asked."""
    words = view.words
    asked = dict(test["asked"])
    negated = asked.pop("not", False)
    if negated and isinstance(asked.get("is"), bool):  # "not yes" is said as "no"
        asked["is"], negated = not asked["is"], False
    said = []
    for how, what in asked.items():
        values = what if isinstance(what, list | tuple) else [what]
        text = words.say("asked.or").join(words.value(test["field"], value) for value in values)
        said.append(words.say(f"asked.{how}", v=text))
    text = words.list(said)
    whole = f"{test['label']} {words.say('asked.not', v=text) if negated else text}"
    if test["holds"] is True and set(asked) == {"is"} and not negated:
        return whole
    return whole + words.parens(view.say("has", value=words.value(test["field"], test["value"])))


def dim(text: str) -> Block:
    """A line that stands back."""
    return Paragraph(line(Run(text, "dim")), indent=1)


def _turns(turns: Sequence[Document], view: View, outcome: Any) -> Items | None:
    """Changes with what becomes of them; values of one field that lead to the same stand together."""
    together: dict[tuple[Any, ...], list[Document]] = {}
    for turn in turns:
        key = (turn["field"], str(outcome(turn)), None if turn["relative"] is None else turn["to"])
        together.setdefault(key, []).append(turn)
    groups = list(together.values())
    items = tuple(Item((*_change(group, view), *outcome(group[0]))) for group in view.few(groups))
    hidden = len(groups) - len(items)
    more = (Item(line(Run(view.words.say("more", n=hidden), "dim")), marker=Run("")),) if hidden else ()
    return Items((*items, *more)) if items else None


def _change(group: Sequence[Document], view: View) -> Line:
    words, first = view.words, group[0]
    field = first["field"]
    after = words.say("asked.or").join(words.value(field, turn["to"]) for turn in group)
    text = view.say("change", label=capital(first["label"]), before=words.value(field, first["from"]), after=after)
    percent = words.parens(f"{first['relative']:+.0%}") if first.get("relative") is not None else ""
    return line(Run(text, "strong"), Run(percent, "dim"), words.say("colon"))


def _first(document: Document, view: View) -> Line:
    """What comes first after a change."""
    if not document["first_choice"]:
        status = view.words.say(f"status.{document['status']}")
        return line(view.say("first.none"), Run(view.words.parens(status), "dim"))
    told = line(view.say("first.now", regimens=view.names(document["first_choice"])))
    if document["status"] != "ok":
        told += line(Run(view.words.parens(view.words.say(f"status.{document['status']}")), "warning"))
    return told


def leaders(regimens: Sequence[Document], view: View) -> str:
    """The first choice by name, or that several cannot be told apart."""
    names = view.names(regimens)
    return view.say("first.tied", regimens=names) if len(regimens) > 1 else names or view.words.say(
        "none_recommended"
    )


def _sensitivity(document: Document, view: View) -> list[Block]:
    words = view.words
    named = capital(leaders(document["first_choice"], view))
    turns = _turns(document["smallest_changes"], view, lambda turn: _first(turn, view))
    blocks: list[Block] = [
        Heading(2, line(view.say("heading.sensitivity"))),
        Paragraph(line(Run(words.pair(view.say("first.is"), named), "strong"))),
        *view.part("heading.smallest", [turns or dim(view.say("no_turn"))], 3),
        *view.part("heading.stability", _stability(document["stability"], view), 3),
    ]
    if document["not_tried"]:
        untried = words.list(words.label(path) for path in document["not_tried"])
        blocks.append(dim(view.say("not_tried", runs=document["runs"], what=untried)))
    return blocks


def _stability(stability: Document, view: View) -> list[Block]:
    words, noise, missing = view.words, stability["noise"], stability["missing"]
    told: list[Item] = []
    if noise["samples"]:
        below = []
        if noise["instead"]:
            what = words.list(
                view.say("noise.times", name=entry["name"] or view.say("first.none"), n=entry["times"])
                for entry in noise["instead"]
            )
            below.append(Item(line(view.say("noise.instead", what=what)), marker=Run("")))
        varied = words.list(f"{entry['label']} {entry['cv_percent']:g}%" for entry in noise["varied"])
        below.append(Item(line(Run(view.say("noise.varied", what=varied), "dim")), marker=Run("")))
        if view.full:
            below += [_variation(entry, words) for entry in noise["varied"]]
        text = view.say("noise", survived=noise["survived"], samples=noise["samples"])
        told.append(Item(line(text), tuple(below)))
    else:
        told.append(Item(line(view.say("noise.none"))))
    if not missing["filled"]:
        return [Items((*told, Item(line(view.say("missing.none")))))]
    together: dict[tuple[str, str], list[Document]] = {}
    for entry in missing["broken_by"]:
        together.setdefault((entry["field"], str(_first(entry, view))), []).append(entry)
    broken = tuple(Item(_filled(group, view)) for group in view.few(list(together.values())))
    text = view.say("missing.filled", survived=missing["survived"], filled=missing["filled"])
    return [Items((*told, Item(line(text), broken)))]


def _filled(group: Sequence[Document], view: View) -> Line:
    """The values of an unknown fact with which the first choice does not stay, and what comes first then."""
    words, first = view.words, group[0]
    values = words.say("asked.or").join(words.value(first["field"], entry["value"]) for entry in group)
    fact = Run(f"{capital(first['label'])} {values}", "strong")
    return line(fact, words.say("colon")) + _first(first, view)


def _variation(entry: Document, words: Words) -> Item:
    """Where the variation of a laboratory value was read."""
    source = entry["source"]
    text = words.pair(entry["label"], f"{source['title']} · {entry['note']} · {source['read_at']}")
    return Item(line(Run(text, "dim")))
