"""The answer of `recommend` as blocks: what stands first is what must not be missed.

The short form, for the terminal, keeps the most telling reasons of each regimen and says how many more there are; the full form
keeps everything.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from liverboard.ui.blocks import Block, Fold, Heading, Item, Items, Line, Paragraph, Run, Table, Tone, capital, joined, line
from liverboard.ui.numbering import Numbering
from liverboard.ui.stage_line import stage_blocks
from liverboard.ui.words import Words

Document = Mapping[str, Any]

REASONS = 6  # of an offered regimen in the short form
QUESTIONS = 6  # on which guidelines differ, in the short form
FEW = 4  # regimens that share a reason stand before it; more stand under it
NAMES = 6  # of regimens after a missing fact, in the short form
_DIRECTIONS: tuple[Tone, ...] = ("against", "caution", "for")
_PLAIN_FACTS = {("diagnosis.tumour_type", "hcc"), ("diagnosis.disease_status", "active")}
_STANCES = ("first_choice", "preferred", "option", "outside", "against_relative", "against_absolute")


def answer_blocks(document: Document, words: Words, *, full: bool) -> list[Block]:
    """The answer, composed once its citations are numbered."""
    numbering = Numbering()
    for form in (False, True):  # counts the citations: the short form first, so that both forms number alike
        _Answer(document, words, numbering, form).blocks()
    numbering.start_again()
    return _Answer(document, words, numbering, full).blocks()


class _Answer:
    def __init__(self, document: Document, words: Words, numbering: Numbering, full: bool) -> None:
        self.document = document
        self.words = words
        self.numbering = numbering
        self.full = full

    def blocks(self) -> list[Block]:
        say, document = self.words.say, self.document
        tiers = {
            tier: [r for r in document["recommendations"] if r["tier"] == tier]
            for tier in ("recommended", "for_consideration", "not_recommended")
        }
        blocks: list[Block] = [
            Heading(1, line(f"LiverBoard · {say('title.recommendation')}")),
            *stage_blocks(document, self.words),
            *self._part("heading.flags", self._flags()),
        ]
        offered = [*self._offered("recommended", tiers["recommended"])]
        offered += self._offered("for_consideration", tiers["for_consideration"])
        blocks += offered
        blocks += self._refused(tiers["not_recommended"])
        blocks += self._part("heading.missing", self._missing())
        blocks += self._part("heading.risks", self._risks())
        blocks += self._part("heading.disagreements", self._disagreements())
        unclear = [Item(line(self._unclear(text))) for text in document.get("not_understood", ())]
        blocks += self._part("heading.not_understood", [Items(tuple(unclear))] if unclear else [])
        sources = self.numbering.sources(self.words)
        blocks += self._part("heading.sources", [sources] if sources.items else [])
        return [*blocks, *self._end()]

    def _part(self, name: str, blocks: Sequence[Block]) -> list[Block]:
        return [Heading(2, line(self.words.say(name))), *blocks] if blocks else []

    def _flags(self) -> list[Block]:
        flags = self.document["flags"]
        return [flag_items(flags, self.words, self.numbering)] if flags else []

    # --- regimens that are offered

    def _offered(self, tier: str, regimens: Sequence[Document]) -> list[Block]:
        heading = Heading(2, line(self.words.say(f"tier.{tier}")))
        if not regimens:
            return [heading, Paragraph(line(self.words.say("none_recommended")))] if tier == "recommended" else []
        blocks: list[Block] = [heading]
        for regimen in regimens:
            blocks += self._regimen(regimen)
        return blocks

    def _regimen(self, regimen: Document) -> list[Block]:
        say = self.words.say
        parts = " · ".join(f"{say(f'score_part.{k}')} {v:.2f}" for k, v in regimen["score_parts"].items() if v or k != "risk")
        blocks: list[Block] = [
            Heading(3, line(f"{regimen['rank']}. {capital(regimen['name'])}", Run(f" · {regimen['score']:.2f}", "mark"))),
            Paragraph(line(Run(parts + (f" · {say('tied')}" if regimen.get("tied") else ""), "dim")), indent=1),
        ]
        shown = regimen["arguments"] if self.full else _telling(regimen["arguments"])
        for direction in reversed(_DIRECTIONS):
            group = [argument for argument in shown if argument["direction"] == direction]
            if group:
                apart = self.full or direction != "for"
                items = tuple(Item(self._argument(argument, facts=apart)) for argument in group)
                blocks.append(Items(items, Run(say(f"argument.{direction}"), direction)))
        blocks += self._hidden(regimen["arguments"], shown)
        facts = [fact for a in shown if a["direction"] == "for" for fact in a["patient_facts"]]
        if facts and not self.full and (known := self._facts(facts)):
            blocks.append(Paragraph(line(Run(self.words.pair(say("rests_on"), known), "dim")), indent=1))
        opened = self._open(regimen["unknown"])
        if opened:
            blocks.append(Paragraph(line(Run(say("open_criteria"), "strong"), say("colon"), opened), indent=1))
        return blocks

    def _argument(self, argument: Document, *, facts: bool = True) -> Line:
        words, citations = self.words, argument["citations"]
        kind = argument.get("kind")
        note = words.say(f"kind.{kind}") if kind in ("open", "other_region") else ""
        body = words.body(citations[0]) if citations and kind != "evidence" else ""
        known = self._facts(argument["patient_facts"]) if facts else ""
        return (
            Run(argument["text"]),
            *line(Run(f" {body}", "dim") if body else ""),
            *self.numbering.marks(citations),
            *line(Run(words.parens(note) if note else "", "dim"), Run(f" — {known}" if known else "", "dim")),
        )

    def _facts(self, facts: Iterable[Document]) -> str:
        """The facts in words, each once; the short form leaves out what is unknown or goes without saying."""
        told = [
            fact for fact in facts
            if self.full or (fact["value"] not in (None, []) and (fact["field"], str(fact["value"])) not in _PLAIN_FACTS)
        ]
        pairs = (self.words.pair(self.words.label(fact["field"]), self.words.value(fact["field"], fact["value"])) for fact in told)
        return self.words.list(dict.fromkeys(pairs), "semicolon")

    def _hidden(self, arguments: Sequence[Document], shown: Sequence[Document]) -> list[Block]:
        hidden = Counter(a["direction"] for a in arguments if not any(a is b for b in shown))
        if not hidden:
            return []
        what = self.words.list(
            self.words.say("count_of", n=hidden[d], name=self.words.say(f"direction.{d}"))
            for d in reversed(_DIRECTIONS) if hidden[d]
        )
        text = self.words.say("more_reasons", n=hidden.total(), what=what)
        return [Paragraph(line(Run(text, "dim")), indent=1)]

    def _open(self, criteria: Sequence[Document]) -> str:
        """The criteria that cannot be judged: their names in short, what is asked of each in full."""
        if not self.full:
            return self.words.list(dict.fromkeys(criterion["label"] for criterion in criteria))
        return self.words.list(dict.fromkeys(self._criterion(criterion) for criterion in criteria), "semicolon")

    def _criterion(self, criterion: Document) -> str:
        words, asked = self.words, dict(criterion["asked"])
        negated = asked.pop("not", False)
        parts = []
        for how, what in asked.items():
            values = what if isinstance(what, list | tuple) else [what]
            said = words.say("asked.or").join(words.value(criterion["field"], value) for value in values)
            parts.append(words.say(f"asked.{how}", v=said))
        text = words.list(parts)
        return criterion["label"] + words.parens(words.say("asked.not", v=text) if negated else text)

    # --- regimens that are not

    def _refused(self, regimens: Sequence[Document]) -> list[Block]:
        grave = [r for r in regimens if _reasons(r)]
        others = [r for r in regimens if not _reasons(r)]
        blocks: list[Block] = []
        if grave:
            detail = self._each(grave) if self.full else self._by_reason(grave)
            blocks += [Heading(3, line(self.words.say("contraindicated"))), *detail]
        if others:
            title = self.words.say("others", n=len(others))
            if self.full:
                blocks.append(Fold(title, tuple(self._each(others))))
            else:
                names = Paragraph(line(capital(self.words.list((r["name"] for r in others), "semicolon"))), indent=1)
                note = Paragraph(line(Run(self.words.say("others_note"), "dim")), indent=1)
                blocks += [Heading(3, line(title)), note, names]
        return self._part("tier.not_recommended", blocks)

    def _each(self, regimens: Sequence[Document]) -> list[Block]:
        """Each regimen with everything that speaks of it, what is against it first."""
        return [
            Items(tuple(
                Item(line(Run(capital(regimen["name"]), "strong")), tuple(
                    Item(self._argument(a), marker=Run(self.words.say(f"argument.{direction}"), direction))
                    for direction in _DIRECTIONS for a in regimen["arguments"] if a["direction"] == direction
                ))
                for regimen in regimens
            ))
        ]

    def _by_reason(self, regimens: Sequence[Document]) -> list[Block]:
        """The gravest reason of each regimen; regimens that share one stand together under it."""
        shared: dict[str, tuple[Document, list[str]]] = {}
        for regimen in regimens:
            reason = _reasons(regimen)[0]
            shared.setdefault(reason["text"], (reason, []))[1].append(regimen["name"])
        return [Items(tuple(
            self._shared(reason, capital(self.words.list(names)), many=len(names) > FEW) for reason, names in shared.values()
        ))]

    def _shared(self, reason: Document, names: str, *, many: bool) -> Item:
        cross, told = Run("×", "against"), self._argument(reason)
        if many:
            return Item(told, (Item(line(Run(names, "strong")), marker=Run("")),), cross)
        return Item((Run(names, "strong"), Run(self.words.say("colon")), *told), marker=cross)

    # --- what else there is to know

    def _missing(self) -> list[Block]:
        names = {r["regimen"]: r["name"] for r in self.document["recommendations"]}
        items = []
        for entry in self.document["missing"]:
            regimens = [names.get(r) or self.words.regimen(r) for r in entry["would_change"]]
            shown = regimens if self.full else regimens[:NAMES]
            text = self.words.list(shown) + (
                f"{self.words.say('comma')}{self.words.say('more', n=len(regimens) - len(shown))}" if len(shown) < len(regimens) else ""
            )
            why = self.words.say("decides", regimens=text) if regimens else self.words.say("asks_only")
            items.append(Item(line(Run(capital(entry["why"]), "strong"), Run(self.words.parens(why), "dim"))))
        return [Items(tuple(items))] if items else []

    def _risks(self) -> list[Block]:
        words, rows = self.words, []
        for output in self.document["risk_outputs"]:
            given = output["value"]
            value = words.any(given) if isinstance(given, str) else words.value("value", given)
            stratum = words.any(output["stratum"]) if output["stratum"] and output["stratum"] != given else ""
            provenance = {k: v for k, v in (output["provenance"] or {}).items() if v is not None}
            moved = [words.regimen(move["regimen"]) for move in output.get("moves", ())]
            effect = output["effect"] + (words.parens(words.say("moves", regimens=words.list(moved))) if moved else "")
            validation = words.list(
                words.pair(words.say(f"provenance.{k}"), words.value(f"provenance.{k}", v)) for k, v in provenance.items()
            )
            rows.append((
                line(output["model"]), line(words.value("endpoint", output["endpoint"])), line(value + words.parens(stratum)),
                line(words.value("in_population", output["in_population"])), line(effect),
                line(validation or words.say("no_provenance")),
            ))
        columns = ("model", "endpoint", "value", "population", "effect", "provenance")
        names = (words.say(f"column.{name}") for name in columns)
        return [Table(tuple(names), tuple(rows))] if rows else []

    def _disagreements(self) -> list[Block]:
        items = self.document["disagreements"]
        return self._all_positions(items) if self.full else self._positions_together(items)

    def _positions_together(self, items: Sequence[Document]) -> list[Block]:
        """One row for each position on a question, with the bodies that hold it."""
        offered = {r["regimen"] for r in self.document["recommendations"] if r["tier"] != "not_recommended"}
        ordered = sorted(items, key=lambda item: item["regimen"] not in offered)
        rows: list[tuple[Line, ...]] = []
        for item in ordered[:QUESTIONS]:
            held: dict[str, list[Line]] = {}
            for position in sorted(item["positions"], key=lambda p: _place(_STANCES, p["stance"])):
                marks = self.numbering.marks([position["citation"]] if position["citation"] else [])
                held.setdefault(position["position"], []).append((Run(f"{position['guideline']} {position['year'] or ''}".strip()), *marks))
            for number, (position, bodies) in enumerate(held.items()):
                question = capital(item["question"]) if number == 0 else ""
                rows.append((line(question), line(position), joined(bodies, self.words.say("comma"))))
        blocks: list[Block] = []
        if rows:
            columns = ("question", "position", "guideline")
            blocks.append(Table(tuple(self.words.say(f"column.{name}") for name in columns), tuple(rows)))
        if len(ordered) > QUESTIONS:
            blocks.append(Paragraph(line(Run(self.words.say("more_questions", n=len(ordered) - QUESTIONS), "dim")), indent=1))
        return blocks

    def _all_positions(self, items: Sequence[Document]) -> list[Block]:
        columns = ("question", "guideline", "year", "region", "position")
        rows = tuple(
            (
                line(capital(item["question"]) if number == 0 else ""), line(position["guideline"]), line(str(position["year"] or "")),
                line(self.words.region(position["region"]) if position["region"] else ""),
                (Run(position["position"]), *self.numbering.marks([position["citation"]] if position["citation"] else [])),
            )
            for item in items for number, position in enumerate(item["positions"])
        )
        return [Table(tuple(self.words.say(f"column.{name}") for name in columns), rows)] if rows else []

    def _unclear(self, text: str) -> str:
        field, colon, what = text.partition(": ")
        return self.words.pair(self.words.label(field), what) if colon else text

    def _end(self) -> list[Block]:
        words, manifest = self.words, self.document["manifest"]
        rests_on = " · ".join(
            f"{words.say(f'manifest.{k}')} {words.any(v) if v == 'none' else str(v) if self.full else str(v)[:12] if k != 'embedder' else v}"
            for k, v in manifest.items() if v
        )
        return [Paragraph(line(Run(words.say("disclaimer"), "strong"))), Paragraph(line(Run(rests_on, "dim")))]


def flag_items(flags: Sequence[Document], words: Words, numbering: Numbering | None = None) -> Items:
    """The flags, in the order given (gravest first), with their citations where they are numbered."""
    return Items(tuple(
        Item(
            (Run(flag["message"]), *(numbering.marks(flag.get("citations", ())) if numbering else ())),
            marker=Run(words.say(f"severity.{flag['severity']}"), flag["severity"]),
        )
        for flag in flags
    ))


def _reasons(regimen: Document) -> list[Document]:
    """What is against a regimen for this patient, gravest first as the answer has it: not that it was made for others."""
    return [
        argument for argument in regimen["arguments"]
        if argument["direction"] == "against" and argument["kind"] in ("contraindication", "recommendation")
    ]


def _telling(arguments: Sequence[Document]) -> list[Document]:
    """The most telling reasons: what speaks of safety, then what guidelines say, then trials; in their own order."""
    def pick(test: Any, most: int) -> list[int]:
        return [place for place, argument in enumerate(arguments) if test(argument)][:most]

    chosen = {
        *pick(_of_safety, 4),
        *pick(lambda a: a["direction"] == "for" and a["kind"] in ("recommendation", "open"), 2),
        *pick(lambda a: a["kind"] == "risk", 2),
        *pick(lambda a: a["kind"] == "evidence" and a["direction"] == "for", 1),
        *pick(lambda a: a["kind"] == "evidence" and a["direction"] == "against", 1),
        *pick(lambda a: a["kind"] == "other_region", 1),
    }
    order = ("recommendation", "open", "evidence", "contraindication", "other_region", "outside_population")
    rest = sorted(set(range(len(arguments))) - chosen, key=lambda i: (_place(order, arguments[i]["kind"]), i))
    chosen.update(rest[: max(0, REASONS - len(chosen))])
    return [arguments[place] for place in sorted(chosen)]


def _of_safety(argument: Document) -> bool:
    return argument["direction"] != "for" and argument["kind"] in ("contraindication", "recommendation", "preference", "availability")


def _place(order: Sequence[str], kind: str) -> int:
    return order.index(kind) if kind in order else len(order)
