"""The answer of `recommend` as blocks: what stands first is what must not be missed.

The short form, for the terminal, keeps the most telling reasons of each regimen and says how many more there
are; the full form keeps everything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from liverboard.ui.blocks import (
    Block,
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
)
from liverboard.ui.numbering import Numbering
from liverboard.ui.regimen_blocks import Form, offered_blocks, refused_blocks
from liverboard.ui.stage_line import stage_blocks
from liverboard.ui.words import Words

Document = Mapping[str, Any]

QUESTIONS = 6  # on which guidelines differ, in the short form
NAMES = 6  # of regimens after a missing fact, in the short form
_STANCES = ("first_choice", "preferred", "option", "outside", "against_relative", "against_absolute")
_HASH = 12  # characters of a fingerprint, in the short form


def answer_blocks(document: Document, words: Words, *, full: bool) -> list[Block]:
    """The answer, composed once its citations are numbered."""
    numbering = Numbering()
    for whole in (False, True):  # counts the citations: the short form first, so that both number alike
        _composed(document, Form(words, numbering, whole))
    numbering.start_again()
    return _composed(document, Form(words, numbering, full))


def flag_items(flags: Sequence[Document], words: Words, numbering: Numbering | None = None) -> Items:
    """The flags, in the order given (gravest first), with their citations where they are numbered."""
    return Items(
        tuple(
            Item(
                (Run(flag["message"]), *(numbering.marks(flag.get("citations", ())) if numbering else ())),
                marker=Run(words.say(f"severity.{flag['severity']}"), flag["severity"]),
            )
            for flag in flags
        )
    )


def unclear_items(texts: Sequence[str], words: Words) -> Items:
    """What of the patient was not understood, each under the name of its field."""
    items = []
    for text in texts:
        field, colon, what = text.partition(": ")
        items.append(Item(line(words.pair(words.label(field), what) if colon else text)))
    return Items(tuple(items))


def _composed(document: Document, form: Form) -> list[Block]:
    words = form.words
    flags, unclear = document["flags"], document.get("not_understood", ())
    by_tier: dict[str, list[Document]] = {"recommended": [], "for_consideration": [], "not_recommended": []}
    for regimen in document["recommendations"]:
        by_tier[regimen["tier"]].append(regimen)
    blocks: list[Block] = [
        Heading(1, line(f"LiverBoard · {words.say('title.recommendation')}")),
        *stage_blocks(document, words),
        *_part("heading.flags", [flag_items(flags, words, form.numbering)] if flags else [], words),
        *offered_blocks("recommended", by_tier["recommended"], form),
        *offered_blocks("for_consideration", by_tier["for_consideration"], form),
        *refused_blocks(by_tier["not_recommended"], form),
        *_part("heading.missing", _missing(document, form), words),
        *_part("heading.risks", _risks(document, words), words),
        *_part("heading.disagreements", _disagreements(document, form), words),
        *_part("heading.not_understood", [unclear_items(unclear, words)] if unclear else [], words),
    ]
    sources = form.numbering.sources(words)
    return [
        *blocks,
        *_part("heading.sources", [sources] if sources.items else [], words),
        *_end(document, form),
    ]


def _part(name: str, blocks: Sequence[Block], words: Words) -> list[Block]:
    return [Heading(2, line(words.say(name))), *blocks] if blocks else []


def _missing(document: Document, form: Form) -> list[Block]:
    words = form.words
    names = {r["regimen"]: r["name"] for r in document["recommendations"]}
    items = []
    for entry in document["missing"]:
        regimens = [names.get(r) or words.regimen(r) for r in entry["would_change"]]
        shown = regimens if form.full else regimens[:NAMES]
        hidden = len(regimens) - len(shown)
        listed = words.list([*shown, words.say("more", n=hidden)] if hidden else shown)
        why = words.say("decides", regimens=listed) if regimens else words.say("asks_only")
        items.append(Item(line(Run(capital(entry["why"]), "strong"), Run(words.parens(why), "dim"))))
    return [Items(tuple(items))] if items else []


def _risks(document: Document, words: Words) -> list[Block]:
    items = tuple(_risk(output, words) for output in document["risk_outputs"])
    return [Items(items)] if items else []


def _risk(output: Document, words: Words) -> Item:
    """A model's output, and under it whom the model is for, what it does here, and how it was validated."""
    given, stratum = output["value"], output["stratum"]
    value = words.any(given) if isinstance(given, str) else words.value("value", given)
    value += words.parens(words.any(stratum) if stratum and stratum != given else "")
    moved = words.list(dict.fromkeys(words.regimen(move["regimen"]) for move in output.get("moves", ())))
    effect = output["effect"] + (words.parens(words.say("moves", regimens=moved)) if moved else "")
    provenance = {k: v for k, v in (output["provenance"] or {}).items() if v is not None}
    validation = words.list(
        words.pair(words.say(f"provenance.{k}"), words.value(f"provenance.{k}", v))
        for k, v in provenance.items()
    )
    told = {
        **({"means": output["means"]} if output.get("means") else {}),
        "population": words.value("in_population", output["in_population"]),
        "effect": effect,
        "provenance": validation or words.say("no_provenance"),
        **({"without": words.regimen(output["without"])} if output.get("without") else {}),
    }
    return Item(
        line(
            Run(capital(words.value("endpoint", output["endpoint"])), "strong"),
            words.say("colon"),
            Run(value, "strong"),
            Run(f" · {output['model']}", "dim"),
        ),
        tuple(
            Item(line(words.pair(words.say(f"risk.{name}"), text)), marker=Run(""))
            for name, text in told.items()
        ),
    )


def _disagreements(document: Document, form: Form) -> list[Block]:
    items = document["disagreements"]
    if not items:
        return []
    if form.full:
        return [_every_position(items, form)]
    offered = {r["regimen"] for r in document["recommendations"] if r["tier"] != "not_recommended"}
    ordered = sorted(items, key=lambda item: item["regimen"] not in offered)
    blocks: list[Block] = [_positions_together(ordered[:QUESTIONS], form)]
    if len(ordered) > QUESTIONS:
        more = form.words.say("more_questions", n=len(ordered) - QUESTIONS)
        blocks.append(Paragraph(line(Run(more, "dim")), indent=1))
    return blocks


def _positions_together(items: Sequence[Document], form: Form) -> Table:
    """One row for each position on a question, with the bodies that hold it."""
    words = form.words
    rows: list[tuple[Line, ...]] = []
    for item in items:
        held: dict[str, list[Line]] = {}
        for position in sorted(item["positions"], key=lambda p: _STANCES.index(p["stance"])):
            body = f"{position['guideline']} {position['year'] or ''}".strip()
            held.setdefault(position["position"], []).append((Run(body), *_mark(position, form)))
        for place, (stance, bodies) in enumerate(held.items()):
            question = line(capital(item["question"]) if place == 0 else "")
            rows.append((question, line(stance), joined(bodies, words.say("comma"))))
    return Table(tuple(words.say(f"column.{n}") for n in ("question", "position", "guideline")), tuple(rows))


def _every_position(items: Sequence[Document], form: Form) -> Table:
    words = form.words
    rows = tuple(
        (
            line(capital(item["question"]) if place == 0 else ""),
            line(position["guideline"]),
            line(str(position["year"] or "")),
            line(words.region(position["region"]) if position["region"] else ""),
            (Run(position["position"]), *_mark(position, form)),
        )
        for item in items
        for place, position in enumerate(item["positions"])
    )
    columns = ("question", "guideline", "year", "region", "position")
    return Table(tuple(words.say(f"column.{name}") for name in columns), rows)


def _mark(position: Document, form: Form) -> Line:
    return form.numbering.marks([position["citation"]] if position["citation"] else [])


def _end(document: Document, form: Form) -> list[Block]:
    """What this is and is not, and the versions that it rests on."""
    words = form.words
    parts = []
    for name, value in document["manifest"].items():
        if value:
            short = value[:_HASH] if not form.full and name != "embedder" else value
            parts.append(f"{words.say(f'manifest.{name}')} {words.any(short)}")
    return [
        Paragraph(()),
        Paragraph(line(Run(words.say("disclaimer"), "strong"))),
        Paragraph(line(Run(" · ".join(parts), "dim"))),
    ]
