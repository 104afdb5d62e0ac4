"""Questions understood by rules: why or why not a regimen, what if a value, and what the literature says."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from liverboard.corpus.errors import InputError
from liverboard.corpus.records import Language
from liverboard.indexer.search import Hit
from liverboard.recommender.citations import cite_passage
from liverboard.recommender.referral import read_referral
from liverboard.ui.blocks import capital
from liverboard.ui.session import Phrases, explained, profile_of, safe, tiers_of, value_at, web, with_values

MOST_REASONS = 6
MOST_PASSAGES = 5
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_REACH = 24  # characters between the name of a value and its number
_NOT_ASSUMED = ("diagnosis", "region", "prior_treatments", "narrative")
Document = Mapping[str, Any]
Answer = Callable[[Mapping[str, Any]], Document]
Search = Callable[[str], Sequence[Hit]]


@dataclass(frozen=True)
class Question:
    """What is asked. `values`: what the question assumes of the patient, by path."""

    kind: Literal["regimen", "what_if", "literature"]
    regimens: tuple[str, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Reply:
    """An answer as safe Markdown, a paragraph each; `[n]` in it is the n-th citation."""

    paragraphs: tuple[str, ...]
    citations: tuple[Document, ...] = ()


def language_of(text: str, default: Language) -> Language:
    """Chinese where a question holds Chinese, English where it holds Latin words alone, else that of the screen."""
    if re.search(r"[\u4e00-\u9fff]", text):
        return "zh"
    return "en" if re.search(r"[A-Za-z]{3}", text) else default


def understand(text: str, data: Mapping[str, Any] | None, words: Phrases) -> Question:
    """What a question asks; one that names neither a value nor a regimen in question is about the literature."""
    ask, folded = web()["ask"], text.casefold()
    regimens = named_regimens(folded, words)
    whether = any(cue in folded for cue in (*ask["why_not"], *ask["why"]))
    supposed = any(cue in folded for cue in ask["what_if"])
    values = _assumed(text, data, words) if data is not None and (supposed or (whether and regimens)) else {}
    if supposed and not (whether and regimens):
        return Question("what_if", regimens, values)
    if regimens and whether:
        return Question("regimen", regimens, values)
    return Question("literature", regimens)


def named_regimens(folded: str, words: Phrases) -> tuple[str, ...]:
    """The regimens that a text names, the longest name first where names overlap."""
    names: dict[str, str] = {}
    for regimen in words.knowledge.regimens.values():
        for name in (regimen.name.en, regimen.name.zh, *regimen.synonyms, regimen.id.replace("_", " ")):
            names.setdefault(name.casefold(), regimen.id)
    for identifier, spoken in web()["ask"]["spoken"].items():
        if identifier in words.knowledge.regimens:
            for name in spoken:
                names.setdefault(str(name).casefold(), identifier)
    found: dict[str, None] = {}
    for name in sorted(names, key=len, reverse=True):
        pattern = rf"(?<![a-z0-9]){re.escape(name)}(?![a-z0-9])" if name.isascii() else re.escape(name)
        if re.search(pattern, folded):
            found[names[name]] = None
            folded = re.sub(pattern, " ", folded)
    return tuple(found)


def _assumed(text: str, data: Mapping[str, Any] | None, words: Phrases) -> dict[str, Any]:
    """The values that a question names: read as a referral is read, then by the name and the number after it."""
    values: dict[str, Any] = {}
    for span in read_referral(text, words.knowledge).spans:
        if span.field.split(".")[0].split("[")[0] not in _NOT_ASSUMED and "[" not in span.field:
            values[span.field] = span.value
    folded = text.casefold()
    for path, names in web()["ask"]["fields"].items():
        if path in values:
            continue
        for name in names:
            at = _place(name, folded)
            number = _NUMBER.search(folded, at, at + _REACH) if at >= 0 else None
            if number is not None:
                value = float(number[0])
                values[path] = int(value) if value.is_integer() else value
                break
    return {path: value for path, value in values.items() if value_at(data, path) != value}


def _place(name: str, folded: str) -> int:
    """Where a name ends in a text; -1 where it does not stand."""
    name = name.casefold()
    found = re.search(rf"(?<![a-z]){re.escape(name)}" if name.isascii() else re.escape(name), folded)
    return found.end() if found else -1


def reply(text: str, data: Mapping[str, Any] | None, answer: Answer, search: Search, words: Phrases) -> Reply:
    """The answer to a question.

    Parameters
    ----------
    data : the patient, or `None`
    answer : gives the recommendation for a patient's data, in the language of `words`
    search : gives passages for a query, best first
    """
    question = understand(text, data, words)
    if question.kind == "literature":
        return _literature(text, search, words)
    if data is None:
        found = _literature(text, search, words)
        return Reply((words.say("chat.no_patient"), *found.paragraphs), found.citations)
    if question.kind == "what_if" and not question.values:
        return Reply((words.say("chat.need_value"),))
    try:
        assumed = with_values(data, question.values)
        profile_of(assumed)
    except InputError as error:
        return Reply((words.say("chat.impossible", why=explained(error, words)),))
    before = answer(data)
    after = answer(assumed) if question.values else before
    paragraphs: list[str] = []
    citations: list[Document] = []
    if question.values:
        told = [words.pair(words.label(p), _value(p, v, words)) for p, v in question.values.items()]
        paragraphs.append(safe(words.say("chat.taken", what=words.list(told, "semicolon"))))
    if question.kind == "what_if":
        paragraphs += _difference(before, after, words)
    for regimen in question.regimens:
        paragraphs += _standing(regimen, after, citations, words)
    return Reply(tuple(paragraphs), tuple(citations))


def _value(path: str, value: Any, words: Phrases) -> str:
    if isinstance(value, Mapping) and set(value) <= {"value", "unit"}:
        return f"{value['value']} {value.get('unit') or ''}".strip()
    return words.value(path, value)


def _standing(regimen: str, document: Document, citations: list[Document], words: Phrases) -> list[str]:
    """Where a regimen stands for the patient, and the reasons, the weightiest side first."""
    name = capital(words.regimen(regimen))
    found = next((r for r in document["recommendations"] if r["regimen"] == regimen), None)
    if found is None:
        why = words.say("chat.status", status=words.say(f"status.{document['status']}"))
        return [
            words.say("chat.not_considered", name=safe(name), why=safe(why)),
            *(f"- {safe(f['message'])}" for f in document["flags"] if f["severity"] == "stop"),
        ]
    order = ("against", "caution", "for") if found["tier"] != "recommended" else ("for", "caution", "against")
    rows = []
    for direction in order:
        for argument in [a for a in found["arguments"] if a["direction"] == direction][:MOST_REASONS]:
            marks = "".join(f" [{_numbered(c, citations)}]" for c in argument["citations"])
            rows.append(f"- **{words.say(f'argument.{direction}')}** {safe(argument['text'])}{marks}")
    phrase = "chat.refused" if found["tier"] == "not_recommended" else "chat.standing"
    heading = words.say(phrase, name=safe(name), tier=words.tier(found["tier"]), rank=found["rank"])
    unmet = list(dict.fromkeys(str(c["label"]) for c in found["unmet"]))
    if unmet:
        rows.append(f"- {safe(words.say('rec.unmet', what=words.list(unmet)))}")
    unknown = list(dict.fromkeys(str(c["label"]) for c in found["unknown"]))
    if unknown:
        rows.append(f"- {safe(words.say('rec.unknown', what=words.list(unknown)))}")
    return [heading, "\n".join(rows)]


def _numbered(citation: Document, citations: list[Document]) -> int:
    for place, known in enumerate(citations, 1):
        if known["passage_id"] == citation["passage_id"]:
            return place
    citations.append(citation)
    return len(citations)


def _difference(before: Document, after: Document, words: Phrases) -> list[str]:
    """What changes: the stage, the tiers, and what is offered first."""
    paragraphs = []
    stages = [f"BCLC {d['stage'].get('bclc') or '?'}, CNLC {d['stage'].get('cnlc') or '?'}" for d in (before, after)]
    if stages[0] != stages[1]:
        paragraphs.append(safe(words.say("chat.stage_change", before=stages[0], after=stages[1])))
    was, now = tiers_of(before), tiers_of(after)
    rows = []
    for regimen in {**was, **now}:
        tiers = [_tier(was.get(regimen), words), _tier(now.get(regimen), words)]
        offered = {was.get(regimen), now.get(regimen)} - {None, "not_recommended"}
        if tiers[0] != tiers[1] and offered:
            name = capital(words.regimen(regimen))
            rows.append(f"- {safe(words.say('chat.arrow', name=name, was=tiers[0], now=tiers[1]))}")
    paragraphs.append("\n".join(rows) if rows else words.say("chat.none"))
    first = [r["name"] for r in after["recommendations"] if r["tier"] != "not_recommended"][:3]
    if first:
        paragraphs.append(safe(words.say("chat.offered", what=words.list(map(capital, first)))))
    return paragraphs


def _tier(tier: str | None, words: Phrases) -> str:
    return words.tier(tier) if tier else "–"


def _literature(text: str, search: Search, words: Phrases) -> Reply:
    """The passages that are near enough to the question; that there are none is said."""
    if not any(character.isalnum() for character in text):
        return Reply((words.say("chat.nothing"),))
    limits = web()["near_enough"]
    near = [
        hit
        for hit in search(text)
        if (hit.cosine >= limits["cosine"] if hit.cosine is not None else hit.bm25 >= limits["bm25"])
    ][:MOST_PASSAGES]
    if not near:
        return Reply((words.say("chat.nothing"),))
    rows, citations = [], []
    for hit in near:
        passage = hit.passage
        known = words.knowledge.statements.get(passage.passage_id)
        quote = known[1].claim.in_(words.language) if known else passage.text
        citation = cite_passage(passage, quote).model_dump()
        if known:
            source = known[0]
            citation |= {"doi": source.doi, "pmid": source.pmid, "url": source.url or source.read_at}
        citations.append(citation)
        rows.append(f"- {safe(quote)} [{len(citations)}]")
    return Reply((words.say("chat.passages"), "\n".join(rows)), tuple(citations))
