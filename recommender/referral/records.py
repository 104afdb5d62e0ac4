"""What is read of a referral: the profile as a plain mapping, and for every value the words it was read from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class ReadValue:
    """One value that was read.

    Parameters
    ----------
    field : path in the profile (`labs.albumin_g_l`, `prior_treatments[0].sessions`)
    value : as read; a quantity with a unit is `{"value": 0.8, "unit": "mg/dL"}`
    words : the words of the referral that it was read from, unchanged
    start, end : where those words stand in the referral (characters, end excluded)
    """

    field: str
    value: Any
    words: str
    start: int
    end: int


@dataclass(frozen=True)
class Referral:
    """A referral as understood.

    Parameters
    ----------
    data : the profile in the contract's form, ready for `read_profile`; what the text does not say is absent
    spans : every value read, in the order of the text
    not_understood : clauses with medical content from which nothing was read
    contradictions : statements that exclude each other; their field is left out of `data`
    language : `zh` or `en`, by the characters of the text
    """

    data: Mapping[str, Any]
    spans: tuple[ReadValue, ...]
    not_understood: tuple[str, ...] = ()
    contradictions: tuple[str, ...] = ()
    language: str = "en"


@dataclass(frozen=True)
class Candidate:
    """One reading of one field, before the readings of a text are settled against each other.

    `rank` says how direct the words are: a higher rank stands, a lower one gives way without being a contradiction.
    A field that begins with `?` holds no value: its words speak of the field but could not be read.
    `start` and `end` count characters of the folded text. `values` of set fields gather; `excluded` takes one away.
    """

    field: str
    value: Any
    start: int
    end: int
    rank: int = 2
    excluded: bool = False
