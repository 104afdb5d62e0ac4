"""Regimens as blocks: what is offered, with its reasons; what is not, by what is against it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from liverboard.ui.blocks import Block, Fold, Heading, Item, Items, Line, Paragraph, Run, Tone, capital, line
from liverboard.ui.numbering import Numbering
from liverboard.ui.words import Words

Document = Mapping[str, Any]

REASONS = 6  # of an offered regimen in the short form
FEW = 4  # regimens that share a reason stand before it; more stand under it
_DIRECTIONS: tuple[Tone, ...] = ("for", "caution", "against")
_WITHOUT_SAYING = {("diagnosis.tumour_type", "hcc"), ("diagnosis.disease_status", "active")}
_LESS_TELLING = (
    "recommendation",
    "open",
    "evidence",
    "contraindication",
    "other_region",
    "outside_population",
)


@dataclass(frozen=True)
class Form:
    """How an answer is being composed: in which words, with which numbers, and whether with everything."""

    words: Words
    numbering: Numbering
    full: bool


def offered_blocks(tier: str, regimens: Sequence[Document], form: Form) -> list[Block]:
    """A tier that is offered: each regimen with its score, reasons, facts and what is to be checked."""
    heading = Heading(2, line(form.words.say(f"tier.{tier}")))
    if not regimens:
        none = Paragraph(line(form.words.say("none_recommended")))
        return [heading, none] if tier == "recommended" else []
    return [heading, *(block for regimen in regimens for block in _regimen(regimen, form))]


def refused_blocks(regimens: Sequence[Document], form: Form) -> list[Block]:
    """What is not recommended: contraindicated or advised against, then for other patients only."""
    words = form.words
    grave = [r for r in regimens if _reasons(r)]
    others = [r for r in regimens if not _reasons(r)]
    blocks: list[Block] = [Heading(2, line(words.say("tier.not_recommended")))] if regimens else []
    if grave:
        heading = Heading(3, line(words.say("contraindicated")))
        blocks += [heading, _each(grave, form) if form.full else _by_reason(grave, form)]
    if others:
        title = words.say("others", n=len(others))
        if form.full:
            blocks.append(Fold(title, (_each(others, form),)))
        else:
            names = capital(words.list((r["name"] for r in others), "semicolon"))
            note = Paragraph(line(Run(words.say("others_note"), "dim")), indent=1)
            blocks += [Heading(3, line(title)), note, Paragraph(line(names), indent=1)]
    return blocks


def _regimen(regimen: Document, form: Form) -> list[Block]:
    words, arguments = form.words, regimen["arguments"]
    parts = [
        f"{words.say(f'score_part.{name}')} {value:.2f}"
        for name, value in regimen["score_parts"].items()
        if value or name != "risk"
    ]
    parts += [words.say("tied")] if regimen.get("tied") else []
    blocks: list[Block] = [
        Heading(
            3,
            line(f"{regimen['rank']}. {capital(regimen['name'])}", Run(f" · {regimen['score']:.2f}", "mark")),
        ),
        Paragraph(line(Run(" · ".join(parts), "dim")), indent=1),
    ]
    shown = arguments if form.full else _telling(arguments)
    for direction in _DIRECTIONS:
        with_facts = (
            form.full or direction != "for"
        )  # in short, the facts behind what is for it stand together
        items = tuple(
            Item(_argument(a, form, facts=with_facts)) for a in shown if a["direction"] == direction
        )
        if items:
            blocks.append(Items(items, Run(words.say(f"argument.{direction}"), direction)))
    blocks += _hidden(arguments, shown, words)
    facts = [fact for a in shown if a["direction"] == "for" for fact in a["patient_facts"]]
    if not form.full and (known := _facts(facts, form)):
        blocks.append(Paragraph(line(Run(words.pair(words.say("rests_on"), known), "dim")), indent=1))
    opened = _open(regimen["unknown"], form)
    if opened:
        what = line(Run(words.say("open_criteria"), "strong"), words.say("colon"), opened)
        blocks.append(Paragraph(what, indent=1))
    return blocks


def _argument(argument: Document, form: Form, *, facts: bool = True) -> Line:
    """A reason: its sentence, whose it is, its citations, and the facts of the patient behind it."""
    words, citations, kind = form.words, argument["citations"], argument.get("kind")
    body = words.body(citations[0]) if citations and kind != "evidence" else ""
    note = words.say(f"kind.{kind}") if kind in ("open", "other_region") else ""
    known = _facts(argument["patient_facts"], form) if facts else ""
    return (
        Run(argument["text"]),
        *line(Run(f" {body}" if body else "", "dim")),
        *form.numbering.marks(citations),
        *line(Run(words.parens(note), "dim"), Run(f" — {known}" if known else "", "dim")),
    )


def _facts(facts: Iterable[Document], form: Form) -> str:
    """The facts in words, each once; the short form leaves out what is unknown or goes without saying."""
    words, told = form.words, {}
    for fact in facts:
        field, value = fact["field"], fact["value"]
        if form.full or (value not in (None, []) and (field, str(value)) not in _WITHOUT_SAYING):
            told[words.pair(words.label(field), words.value(field, value))] = True
    return words.list(told, "semicolon")


def _hidden(arguments: Sequence[Document], shown: Sequence[Document], words: Words) -> list[Block]:
    """How many reasons the short form keeps back, and on which side."""
    hidden = Counter(a["direction"] for a in arguments if not any(a is b for b in shown))
    if not hidden:
        return []
    what = words.list(
        words.say("count_of", n=hidden[direction], name=words.say(f"direction.{direction}"))
        for direction in _DIRECTIONS
        if hidden[direction]
    )
    return [Paragraph(line(Run(words.say("more_reasons", n=hidden.total(), what=what), "dim")), indent=1)]


def _open(criteria: Sequence[Document], form: Form) -> str:
    """The criteria that cannot be judged: their names in short, what is asked of each in full."""
    if form.full:
        return form.words.list(dict.fromkeys(_criterion(c, form.words) for c in criteria), "semicolon")
    return form.words.list(dict.fromkeys(criterion["label"] for criterion in criteria))


def _criterion(criterion: Document, words: Words) -> str:
    asked = dict(criterion["asked"])
    negated = asked.pop("not", False)
    if negated and isinstance(asked.get("is"), bool):  # "not yes" is said as "no"
        asked["is"], negated = not asked["is"], False
    parts = []
    for how, what in asked.items():
        values = what if isinstance(what, list | tuple) else [what]
        said = words.say("asked.or").join(words.value(criterion["field"], value) for value in values)
        parts.append(words.say(f"asked.{how}", v=said))
    text = words.list(parts)
    label: str = criterion["label"]
    return label + words.parens(words.say("asked.not", v=text) if negated else text)


def _each(regimens: Sequence[Document], form: Form) -> Items:
    """Each regimen with everything that speaks of it, what is against it first."""
    return Items(
        tuple(
            Item(
                line(Run(capital(regimen["name"]), "strong")),
                tuple(
                    Item(_argument(a, form), marker=Run(form.words.say(f"argument.{direction}"), direction))
                    for direction in reversed(_DIRECTIONS)
                    for a in regimen["arguments"]
                    if a["direction"] == direction
                ),
            )
            for regimen in regimens
        )
    )


def _by_reason(regimens: Sequence[Document], form: Form) -> Items:
    """The gravest reason of each regimen; regimens that share one stand together with it."""
    shared: dict[str, tuple[Document, list[str]]] = {}
    for regimen in regimens:
        reason = _reasons(regimen)[0]
        shared.setdefault(reason["text"], (reason, []))[1].append(regimen["name"])
    return Items(tuple(_shared(reason, names, form) for reason, names in shared.values()))


def _shared(reason: Document, names: Sequence[str], form: Form) -> Item:
    cross, told = Run("×", "against"), _argument(reason, form)
    regimens = Run(capital(form.words.list(names)), "strong")
    if len(names) > FEW:
        return Item(told, (Item((regimens,), marker=Run("")),), cross)
    return Item((regimens, Run(form.words.say("colon")), *told), marker=cross)


def _reasons(regimen: Document) -> list[Document]:
    """What is against a regimen for this patient, gravest first; not that it is for others."""
    return [
        argument
        for argument in regimen["arguments"]
        if argument["direction"] == "against" and argument["kind"] in ("contraindication", "recommendation")
    ]


def _telling(arguments: Sequence[Document]) -> list[Document]:
    """The most telling reasons, in their own order: of safety, of guidelines, then of trials."""

    def pick(test: Callable[[Document], bool], most: int) -> list[int]:
        return [place for place, argument in enumerate(arguments) if test(argument)][:most]

    chosen = {
        *pick(_of_safety, 4),
        *pick(lambda a: a["direction"] == "for" and a["kind"] in ("recommendation", "open"), 2),
        *pick(lambda a: a["kind"] == "risk", 2),
        *pick(lambda a: a["direction"] == "for" and a["kind"] == "evidence", 1),
        *pick(lambda a: a["direction"] == "against" and a["kind"] == "evidence", 1),
        *pick(lambda a: a["kind"] == "other_region", 1),
    }
    rest = [place for place in range(len(arguments)) if place not in chosen]
    rest.sort(key=lambda place: _rank(arguments[place]["kind"]))
    chosen.update(rest[: max(0, REASONS - len(chosen))])
    return [arguments[place] for place in sorted(chosen)]


def _of_safety(argument: Document) -> bool:
    safety = ("contraindication", "recommendation", "preference", "availability")
    return argument["direction"] != "for" and argument["kind"] in safety


def _rank(kind: str) -> int:
    return _LESS_TELLING.index(kind) if kind in _LESS_TELLING else len(_LESS_TELLING)
