"""Checks and reads what users give to a score; every refusal names field, value and what is accepted."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from rapidfuzz import fuzz, process

from liverboard.corpus.conditions import Scalar
from liverboard.corpus.errors import InputError
from liverboard.corpus.formula_records import Formula, FormulaInput
from liverboard.recommender.formula_facts import is_number

_TRUTHS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_UNKNOWN = {"", "null", "unknown"}
_CLOSE = 40  # per cent of letters in common, below which a name is no likely slip


def checked(given: FormulaInput, value: Any) -> Scalar:
    """The value as the formula wants it.

    Raises
    ------
    InputError
        for the wrong type, a value outside the range, or one that is not listed
    """
    if given.type == "boolean":
        if isinstance(value, bool):
            return value
        raise InputError(given.name, f"{value!r} is neither true nor false.", "Give true or false.")
    if given.type == "enum":
        for allowed in given.values:
            if allowed == value and isinstance(allowed, bool) == isinstance(value, bool):
                return allowed
        options = ", ".join(map(str, given.values))
        raise InputError(given.name, f"{value!r} is not one of its values.", f"Give one of: {options}.")
    return _checked_number(given, value)


def _checked_number(given: FormulaInput, value: Any) -> int | float:
    kind = "a whole number" if given.type == "integer" else "a number"
    unit = f" ({given.unit})" if given.unit else ""
    if not is_number(value) or not math.isfinite(value) or (given.type == "integer" and value != int(value)):
        raise InputError(given.name, f"{value!r} is not {kind}.", f"Give {kind}{unit}.")
    if given.range is not None and not given.range[0] <= value <= given.range[1]:
        low, high = (_plain(bound) for bound in given.range)
        problem = f"{_plain(value)} is outside {low} to {high}."
        raise InputError(given.name, problem, f"Give {kind} from {low} to {high}{unit}.")
    return int(value) if given.type == "integer" else value


def _plain(value: float) -> str:
    return str(int(value)) if value == int(value) else str(value)


def parsed(given: FormulaInput, text: str) -> Any:
    """A value as typed on the command line; what cannot be read stays text, for `checked` to refuse.

    The values of an enum win over the words for unknown, which give `None`.
    """
    if given.type == "enum":
        for value in given.values:
            if str(value).casefold() == text.casefold():
                return value
    if text.casefold() in _UNKNOWN:
        return None
    if given.type == "boolean":
        return _TRUTHS.get(text.casefold(), text)
    if given.type == "enum":
        return text
    try:
        return int(text) if text.lstrip("+-").isdecimal() else float(text)
    except ValueError:
        return text


def unknown_input(formula: Formula, name: str) -> InputError:
    """The refusal of a name that is no input: another convention, or a slip of the pen."""
    for given in formula.inputs:
        if name in given.not_to_be_confused_with:
            return InputError(
                name,
                f"is not an input of {formula.id}, which takes {given.name}, another convention.",
                f"Give {given.name} as measured in {given.unit}: the two are not converted into each other.",
            )
    meant = nearest(name, [given.name for given in formula.inputs])
    return InputError(name, f"is not an input of {formula.id}.", f"{meant} {takes(formula)}".strip())


def takes(formula: Formula) -> str:
    """What a formula takes, in a sentence: each input with its unit or values."""
    inputs = (
        f"{given.name} ({given.unit or '|'.join(map(str, given.values)) or given.type})"
        for given in formula.inputs
    )
    return f"{formula.id} takes {', '.join(inputs)}."


def nearest(name: str, known: Iterable[str]) -> str:
    """A question that names the closest known name; empty when none is close."""
    best = process.extractOne(name, list(known), scorer=fuzz.ratio, score_cutoff=_CLOSE)
    return f"Did you mean {best[0]!r}?" if best else ""
