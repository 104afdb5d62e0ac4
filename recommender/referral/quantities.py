"""Measured values: a name, a number, a unit. The unit stays as written; `read_profile` converts it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from liverboard.corpus.load import SHIPPED, read_yaml
from liverboard.recommender.referral.context import Context
from liverboard.recommender.referral.numbers import DIGITS, number
from liverboard.recommender.referral.records import Candidate
from liverboard.recommender.referral.text import Text, within_sentence

_POWER = re.compile(r"\s*(?:x|\*|·)\s*10\s*\^?\s*(\d{1,2})(?!\d)|[eE]\+?(\d{1,2})(?!\d)")
_TEN_THOUSAND = re.compile(r"\s*万")
_TREND = re.compile(r"\s*(?:->|to\b|升至|降至|增至|上升至|下降至)\s*")
_RANGE = re.compile(r"\s*(?:-|~|–|to)\s*\d")
_FROM = re.compile(r"\bfrom\s*$|[由从]\s*$", re.IGNORECASE)  # the number that follows is an earlier one
_NUMBER = re.compile(DIGITS)
_COPIES = "copies/mL"  # no fixed factor to IU/mL
_LOGARITHM = "log IU/mL"


@dataclass(frozen=True)
class Quantity:
    """How one measured value is written. `field` is `None` for names that only look like a value we read."""

    field: str | None
    name: re.Pattern[str] | None
    between: re.Pattern[str] | None
    units: tuple[tuple[re.Pattern[str], str], ...]
    bare: str | None
    si: str | None
    conventional: str | None
    forms: tuple[re.Pattern[str], ...]


@dataclass(frozen=True)
class Vocabulary:
    quantities: tuple[Quantity, ...]
    connector: re.Pattern[str]
    comparator: re.Pattern[str]
    si: re.Pattern[str]
    conventional: re.Pattern[str]
    per_microlitre_from: float


@dataclass(frozen=True)
class _Named:
    quantity: Quantity
    start: int
    end: int


@lru_cache(maxsize=1)
def vocabulary() -> Vocabulary:
    """The quantities of `referral_quantities.yaml`, compiled."""
    data = read_yaml(SHIPPED / "vocabulary" / "referral_quantities.yaml")
    return Vocabulary(
        quantities=tuple(_quantity(row, data["units"]) for row in data["quantities"]),
        connector=_compiled(data["connector"]),
        comparator=_compiled(rf"(?:{data['comparator']})\s*(?:or equal to )?"),
        si=_compiled(data["si_signs"]),
        conventional=_compiled(data["conventional_signs"]),
        per_microlitre_from=float(data["per_microlitre_from"]),
    )


def read_quantities(text: Text, context: Context) -> Iterator[Candidate]:
    """Every measured value whose number and unit can be told; historic values and bounds are left out."""
    known = vocabulary()
    system = _system(text, known)
    for named in _names(text, known):
        if named.quantity.field is not None:
            found = _value_after(text, named, known, system)
            if isinstance(found, int):
                yield Candidate(f"?{named.quantity.field}", None, named.start, found)
            elif found is not None and not _not_now(context, named.start):
                value, end = found
                rank = 3 if context.current(named.start) else 2
                rank = 4 if context.corrected(named.start) else rank
                yield Candidate(named.quantity.field, value, named.start, end, rank)
    for quantity in known.quantities:
        for form in quantity.forms:
            for match in form.finditer(text.folded):
                value = number(match["value"])
                if quantity.field is not None and value is not None and not _not_now(context, match.start()):
                    yield Candidate(quantity.field, value, match.start(), match.end(), 2)


def _not_now(context: Context, start: int) -> bool:
    return context.historic(start) or context.foreign(start, opinions=True)


def _names(text: Text, known: Vocabulary) -> list[_Named]:
    """The names in the order of the text; a name inside a longer one does not count."""
    found = [
        _Named(quantity, match.start(), match.end())
        for quantity in known.quantities if quantity.name is not None
        for match in quantity.name.finditer(text.folded)
    ]
    found.sort(key=lambda n: (n.start, -n.end))
    kept: list[_Named] = []
    for name in found:
        if not kept or name.start >= kept[-1].end:
            kept.append(name)
    return kept


def _value_after(text: Text, named: _Named, known: Vocabulary, system: str | None) -> tuple[Any, int] | int | None:
    """The value and where it ends; only the end where a number stands there that cannot be read; else `None`."""
    folded, quantity = text.folded, named.quantity
    place = named.end
    if quantity.between is not None and (match := quantity.between.match(folded, place)):
        place = match.end()
    match = known.connector.match(folded, place)
    place = match.end() if match else place
    if bound := known.comparator.match(folded, place):
        return bound.end() if _NUMBER.match(folded, bound.end()) else None
    first = _NUMBER.match(folded, place)
    if first is None:
        return None
    read = _number_and_unit(folded, first, quantity)
    trend = _TREND.match(folded, read[2])
    if trend and (second := _NUMBER.match(folded, trend.end())):
        read = _number_and_unit(folded, second, quantity)
    elif match and _FROM.search(match[0]):
        return None
    elif _RANGE.match(folded, read[2]):
        return read[2]
    value, unit, end = read
    if unit is None:
        unit = _bare_unit(quantity, system)
        if quantity.bare == "cells" and value >= known.per_microlitre_from:
            unit = "/uL"
        if unit is None:
            return end
    if unit == _LOGARITHM:
        return {"value": float(f"{10**value:.3g}"), "unit": "IU/mL"}, end
    if unit == _COPIES:
        return end
    return (value if unit == "" else {"value": value, "unit": unit}), end


def _number_and_unit(folded: str, match: re.Match[str], quantity: Quantity) -> tuple[float, str | None, int]:
    value = float(match[0].replace(",", ""))
    place = match.end()
    unit = _unit(folded, place, quantity)
    if unit is None and (power := _POWER.match(folded, place)):
        value *= 10.0 ** int(power[1] or power[2])
        place = power.end()
        unit = _unit(folded, place, quantity)
    elif unit is None and (power := _TEN_THOUSAND.match(folded, place)):
        value *= 10_000
        place = power.end()
        unit = _unit(folded, place, quantity)
    return (value, None, place) if unit is None else (value, *unit)


def _unit(folded: str, place: int, quantity: Quantity) -> tuple[str, int] | None:
    best: tuple[str, int] | None = None
    for pattern, name in quantity.units:
        match = pattern.match(folded, place)
        if match and (best is None or match.end() > best[1]):
            best = name, match.end()
    return best


def _bare_unit(quantity: Quantity, system: str | None) -> str | None:
    if quantity.bare == "any":
        return ""
    if quantity.bare == "cells":
        return "10^9/L"
    return {"si": quantity.si, "conventional": quantity.conventional}.get(system or "") if quantity.bare else None


def _system(text: Text, known: Vocabulary) -> str | None:
    """The unit system that the text uses, if it uses one alone."""
    si, conventional = bool(known.si.search(text.folded)), bool(known.conventional.search(text.folded))
    if si != conventional:
        return "si" if si else "conventional"
    return "si" if text.language == "zh" and not conventional else None


def _quantity(row: dict[str, Any], shared: dict[str, dict[str, str]]) -> Quantity:
    units = row["units"] if isinstance(row["units"], dict) else shared[row["units"]]
    return Quantity(
        field=row["field"],
        name=_compiled(rf"(?<![A-Za-z0-9])(?:{row['names']})(?![A-Za-z])") if row.get("names") else None,
        between=_compiled(row["between"]) if row.get("between") else None,
        units=tuple((_compiled(rf"\s*{pattern}(?![A-Za-z])"), name) for pattern, name in units.items()),
        bare=row.get("bare"),
        si=row.get("si"),
        conventional=row.get("conventional"),
        forms=tuple(_compiled(form) for form in row.get("forms", ())),
    )


def _compiled(text: str) -> re.Pattern[str]:
    return re.compile(within_sentence(text), re.IGNORECASE)
