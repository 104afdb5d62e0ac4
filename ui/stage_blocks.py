"""The answer of `stage` as blocks: stages, scores by group, what is missing, and the patient as read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from liverboard.ui.answer_blocks import flag_items, unclear_items
from liverboard.ui.blocks import Block, Fold, Heading, Item, Items, Line, Paragraph, Run, Table, capital, line
from liverboard.ui.stage_line import stage_blocks
from liverboard.ui.words import Words, number

Document = Mapping[str, Any]


def staging_blocks(document: Document, words: Words, *, full: bool) -> list[Block]:
    """Stages and scores. The short form leaves out the score's source and the facts that are not so."""
    say, profile = words.say, document["profile"]
    known = [s for s in document["scores"] if s["applies"] and s["value"] is not None]
    waiting = [s for s in document["scores"] if s["applies"] and s["value"] is None]
    blocks: list[Block] = [Heading(1, line(f"LiverBoard · {say('title.stage')}"))]
    if profile.get("patient_id"):
        blocks.append(Paragraph(line(f"{say('patient_id')} ", Run(str(profile["patient_id"]), "strong"))))
    blocks += stage_blocks(document, words)
    if document["flags"]:
        blocks += [Heading(2, line(say("heading.flags"))), flag_items(document["flags"], words)]
    blocks += [Heading(2, line(say("heading.stage"))), _scores(known, words, full)]
    if waiting:
        wanted = tuple(
            Item(line(Run(capital(s["name"]), "strong"), say("colon"), _wanted(s, words))) for s in waiting
        )
        blocks += [Heading(3, line(say("heading.not_computed"))), Items(wanted)]
    others = [s["name"] for s in document["scores"] if not s["applies"]]
    if others:
        blocks += _others(others, words, full)
    if document["missing"]:
        asked = Items(tuple(Item(line(capital(entry["why"]))) for entry in document["missing"]))
        blocks += [Heading(2, line(say("heading.missing"))), asked]
    derived = _derived(document["findings"], words, full)
    if derived:
        blocks += [Heading(2, line(say("heading.derived"))), Table((), derived)]
    blocks += [Heading(2, line(say("heading.profile"))), Table((), tuple(_profile(profile, words)))]
    if document.get("not_understood"):
        unclear = unclear_items(document["not_understood"], words)
        blocks += [Heading(2, line(say("heading.not_understood"))), unclear]
    return [*blocks, Paragraph(()), Paragraph(line(Run(say("disclaimer"), "strong")))]


def _scores(scores: Sequence[Document], words: Words, full: bool) -> Table:
    """A table by group; the name of a group stands above its scores."""
    groups: dict[str, list[Document]] = {}
    for score in scores:
        formula = words.formula(score["id"])
        groups.setdefault(formula.group if formula else "general", []).append(score)
    columns = ["column.score", "column.value", "column.stratum", "column.meaning"]
    columns += ["column.citation"] if full else []
    rows: list[tuple[Line, ...]] = []
    for group, members in groups.items():
        rows.append((line(Run(words.say(f"group.{group}"), "strong")), *[()] * (len(columns) - 1)))
        for score in members:
            row = (
                line(capital(score["name"])),
                line(Run(_value(score, words), "strong")),
                line(_stratum(score, words)),
                line(_meaning(score, words)),
            )
            rows.append((*row, line(Run(_cited(score), "dim"))) if full else row)
    return Table(tuple(words.say(name) for name in columns), tuple(rows))


def _value(score: Document, words: Words) -> str:
    value = score["value"]
    if isinstance(value, bool) or not isinstance(value, int | float):
        return words.stratum(score["id"], value)
    single = score["unit"] == "points" and abs(value) == 1
    return number(value) + words.unit("point" if single else score["unit"])


def _stratum(score: Document, words: Words) -> str:
    """The stratum, unless it says the value again."""
    stratum = score["stratum"]
    return words.stratum(score["id"], stratum) if stratum is not None and stratum != score["value"] else ""


def _meaning(score: Document, words: Words) -> str:
    parts = [score["outcome"]] if score["outcome"] else []
    for near in score["near_cutoff"]:
        within = number(near["within"])
        change = words.list(
            words.say(f"near_cutoff.{side}", within=within, stratum=words.stratum(score["id"], near[side]))
            for side in ("lower", "upper")
            if near[side] is not None
        )
        measured = words.input(score["id"], near["input"])
        parts.append(words.say("near_cutoff", input=measured, change=change))
    return words.list(parts, "semicolon")


def _cited(score: Document) -> str:
    source = score["source"]
    parts = [source["citation"], f"PMID {source['pmid']}" if source.get("pmid") else ""]
    parts.append(f"doi:{source['doi']}" if source.get("doi") else "")
    return " · ".join(part for part in parts if part)


def _wanted(score: Document, words: Words) -> str:
    """What a score lacks, and what it could still be."""
    names = dict.fromkeys(words.input(score["id"], name) for name in score["missing"])
    missing = words.list(names, "semicolon") or words.say("unknown")
    formula = words.formula(score["id"])
    watched = (formula.stratum or formula.value) if formula else ""
    possible = score["possible"].get(watched, ())
    strata = [v for v in possible if isinstance(v, str)]
    values = words.list(words.stratum(score["id"], v) for v in strata)
    return missing + (words.parens(words.say("possible", values=values)) if values else "")


def _others(names: Sequence[str], words: Words, full: bool) -> list[Block]:
    title = words.say("heading.not_applicable")
    listed = Paragraph(line(Run(words.list(names), "dim")), indent=1)
    return [Fold(title, (listed,))] if full else [Heading(3, line(title)), listed]


def _derived(findings: Mapping[str, Any], words: Words, full: bool) -> tuple[tuple[Line, ...], ...]:
    """Facts that were worked out and are no score; the short form leaves out what is not so."""
    return tuple(
        (line(Run(capital(words.label(name)), "dim")), line(words.value(name, value)))
        for name, value in findings.items()
        if (found := words.finding(name)) is not None
        and found.profile is None
        and name not in words.computed
        and (full or value not in (False, [], 0))
    )


def _profile(profile: Mapping[str, Any], words: Words, path: str = "") -> Iterator[tuple[Line, ...]]:
    """A row for each field; the fields of a part stand with their part's."""
    for name, value in profile.items():
        field = f"{path}{name}"
        label = capital(words.label(field))
        if isinstance(value, Mapping) and words.finding(field) is None:
            yield from _profile(value, words, f"{field}.")
        elif isinstance(value, list) and any(isinstance(entry, Mapping) for entry in value):
            for place, entry in enumerate(value):
                yield line(Run(label if place == 0 else "", "dim")), line(_entry(entry, words))
        else:
            yield line(Run(label, "dim")), line(_text(field, value, words))


def _entry(entry: Any, words: Words) -> str:
    if not isinstance(entry, Mapping):
        return words.value("medication", entry)
    parts = []
    for name, value in entry.items():
        if isinstance(value, Mapping):
            known = {k: v for k, v in value.items() if v is not None}
            inside = words.list(_text(f"{name}.{k}", v, words, label=True) for k, v in known.items())
            parts.append(words.label(name) + words.parens(inside))
        elif value is not None:
            parts.append(_text(name, value, words, label=True))
    return words.list(parts)


_READ_AS = {  # fields inside entries, by the finding whose words their values have
    "drug": "medication",
    "best_response": "systemic_response",
    "toxicity.kind": "toxicity_kinds",
    "segment": "narrative",
}


def _text(field: str, value: Any, words: Words, *, label: bool = False) -> str:
    unit = " cm" if field == "diameter_cm" else ""
    shown = words.value(_READ_AS.get(field, field), value) + unit
    return words.pair(words.label(field), shown) if label else shown
