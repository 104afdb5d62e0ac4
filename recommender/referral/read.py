"""A plain-text referral, Chinese or English, read into the contract's profile by rules."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from liverboard.corpus.errors import InputError
from liverboard.corpus.knowledge import Knowledge
from liverboard.recommender.referral.context import Context, pattern
from liverboard.recommender.referral.facts import read_facts, rules
from liverboard.recommender.referral.history import read_treatments
from liverboard.recommender.referral.medication import read_medication, read_region
from liverboard.recommender.referral.quantities import read_quantities
from liverboard.recommender.referral.records import Candidate, ReadValue, Referral
from liverboard.recommender.referral.settle import Settled, settle
from liverboard.recommender.referral.text import Text, fold
from liverboard.recommender.referral.tumour import read_tumour

_EDGES = " ,，;；。."
_DIGIT = re.compile(r"\d")
MAX_CHARACTERS = 20_000
_PRESENT = frozenset({  # fields whose value, unless it denies, says that there is a tumour
    "tumour.number", "tumour.largest_cm", "tumour.lesions", "tumour.extrahepatic", "tumour.infiltrative",
    "tumour.liver_involvement_percent", "tumour.vascular_invasion",
})
_MARKS = re.compile(r"[\s.,;:。、!?()\[\]\"']+")


def read_referral(text: str, knowledge: Knowledge) -> Referral:
    """What a referral says of its patient.

    Parameters
    ----------
    text : the referral; Chinese, English or both
    knowledge : names of regimens and drugs

    Returns
    -------
    Referral
        `data` is ready for `read_profile`. What the text does not say is absent; nothing is assumed. A tumour type
        that is not named is `unknown`. Where two statements exclude each other the field is left out and both are
        named in `contradictions`.

    Raises
    ------
    InputError
        The text is empty, holds binary data, or is longer than any referral.
    """
    if not text.strip():
        raise InputError("referral", "is empty.", "Write the referral as plain text in Chinese or English.")
    if "\x00" in text:
        raise InputError("referral", "holds binary data.", "Give plain text.")
    if len(text) > MAX_CHARACTERS:
        raise InputError(
            "referral",
            f"has {len(text):,} characters.",
            f"Give the referral alone, {MAX_CHARACTERS:,} characters at most.",
        )
    folded = fold(text)
    context = Context(folded)
    found = [
        *read_facts(folded, context),
        *read_quantities(folded, context),
        *read_tumour(folded, context),
        *read_treatments(folded, context, knowledge),
        *read_medication(folded, context),
        *read_region(folded, context),
    ]
    settled = _consistent(folded, settle(folded, _merged(found)))
    values = settled.values
    values.setdefault("diagnosis.tumour_type", "unknown")
    return Referral(
        data=_nested(values),
        spans=settled.spans,
        not_understood=tuple(_not_understood(folded, settled)),
        contradictions=settled.contradictions,
        language=folded.language,
    )


def _merged(found: list[Candidate]) -> Iterator[Candidate]:
    """The candidates, less those that count only while another field is unread."""
    fields = {c.field for c in found}
    invasion = {c.value for c in found if c.field == "tumour.vascular_invasion"}
    conditional = {(r.field, r.value): r.only_without for r in rules() if r.only_without}
    for candidate in found:
        other = conditional.get((candidate.field, candidate.value)) if isinstance(candidate.value, str) else None
        if other is not None and other in fields and invasion - {"none"}:
            continue
        yield candidate


def _consistent(text: Text, settled: Settled) -> Settled:
    """What the disease status decides: after complete treatment nothing is left, and a tumour in place is active."""
    values, spans = settled.values, list(settled.spans)
    status = values.get("diagnosis.disease_status")
    if status == "no_evidence_of_disease":
        words = next(s for s in spans if s.field == "diagnosis.disease_status")
        size = next((s for s in spans if s.field == "tumour.largest_cm"), None)
        dropped = {"tumour.largest_cm", "tumour.lesions", "tumour.number", "tumour.near", "tumour.distribution"}
        spans = [s for s in spans if s.field not in dropped]
        for name in dropped:
            values.pop(name, None)
        values["tumour.number"] = 0
        spans.append(ReadValue("tumour.number", 0, words.words, words.start, words.end))
        if size is not None and "recurrence.resected_size_cm" not in values:
            values["recurrence.resected_size_cm"] = size.value
            spans.append(ReadValue("recurrence.resected_size_cm", size.value, size.words, size.start, size.end))
    elif status is None:
        shown = next((s for s in spans if s.field in _PRESENT and s.value not in (0, [], False, "none")), None)
        if shown is not None:
            values["diagnosis.disease_status"] = "active"
            spans.append(ReadValue("diagnosis.disease_status", "active", shown.words, shown.start, shown.end))
    _transplanted(values, spans)
    spans.sort(key=lambda s: (s.start, s.end, s.field))
    return replace(settled, values=values, spans=tuple(spans))


def _transplanted(values: dict[str, Any], spans: list[ReadValue]) -> None:
    """A liver transplantation among the earlier treatments makes its patient a recipient."""
    given = next((s for s in spans if s.field.endswith("].regimen") and s.value == "liver_transplant"), None)
    known = values.get("comorbidities") or []
    if given is not None and "prior_liver_transplant" not in known:
        values["comorbidities"] = [*known, "prior_liver_transplant"]
        spans.append(ReadValue("comorbidities", "prior_liver_transplant", given.words, given.start, given.end))


def _nested(values: dict[str, Any]) -> dict[str, Any]:
    """Paths to a mapping: `labs.inr` and `prior_treatments[0].regimen` in their places."""
    data: dict[str, Any] = {}
    for path, value in values.items():
        here: Any = data
        *parents, last = path.split(".")
        for part in parents:
            match = re.fullmatch(r"(\w+)\[(\d+)\]", part)
            if match is None:
                here = here.setdefault(part, {})
                continue
            rows = here.setdefault(match[1], [])
            while len(rows) <= int(match[2]):
                rows.append({})
            here = rows[int(match[2])]
        here[last] = value
    return data


def _not_understood(text: Text, settled: Settled) -> Iterator[str]:
    """Clauses that speak of something medical of which no word was read, or of a field that could not be read."""
    for clause in text.clauses:
        if any(clause.start <= start < clause.end for start, _ in settled.unread):
            yield text.words(clause.start, clause.end)[0].strip(_EDGES)
            continue
        if any(start < clause.end and clause.start < end for start, end in settled.read):
            continue
        words, _, _ = text.words(clause.start, clause.end)
        bare = _MARKS.sub(" ", words).strip()
        if len(bare) > 2 and (pattern("medical").search(text.folded, clause.start, clause.end) or _DIGIT.search(bare)):
            yield words.strip(_EDGES)
