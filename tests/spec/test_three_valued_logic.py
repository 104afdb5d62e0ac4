"""Three values: true, false, unknown. These tables are the definition; the engine is read against them.

Unknown is never false: a fact that nobody wrote down neither opens an option nor closes one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import TypeAdapter

from liverboard.corpus.conditions import Condition
from liverboard.recommender.findings import Findings
from liverboard.recommender.logic import judge

FORM: TypeAdapter[Condition] = TypeAdapter(Condition)
VALUES = {"true": True, "false": False, "unknown": None}
TABLETS = {
    "tablet recommended": "recommended",
    "tablet considered": "for_consideration",
    "tablet not recommended": "not_recommended",
}


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def rows(table: str) -> Iterator[list[str]]:
    """The rows of a table as lists of cells; the first line names the columns."""
    _, *lines = [line for line in table.splitlines() if line.strip()]
    return (cells(line) for line in lines)


def grid(table: str) -> list[tuple[str, str, str]]:
    """A table with a heading on both sides as (row, column, cell)."""
    heading, *lines = [cells(line) for line in table.splitlines() if line.strip()]
    return [
        (line[0], column, cell) for line in lines for column, cell in zip(heading[1:], line[1:], strict=True)
    ]


def truth(condition: Any, **findings: Any) -> bool | None:
    return judge(FORM.validate_python(condition), Findings(findings), {}).value


def is_true(name: str) -> dict[str, Any]:
    return {"finding": name, "is": True}


# --- how conditions combine

ALL = """
| all     | true    | false | unknown |
| true    | true    | false | unknown |
| false   | false   | false | false   |
| unknown | unknown | false | unknown |
"""

ANY = """
| any     | true | false   | unknown |
| true    | true | true    | true    |
| false   | true | false   | unknown |
| unknown | true | unknown | unknown |
"""

NOT = """
| part    | not     |
| true    | false   |
| false   | true    |
| unknown | unknown |
"""


@pytest.mark.parametrize(("left", "right", "expected"), grid(ALL))
def test_all_is_false_as_soon_as_one_part_is_false(left: str, right: str, expected: str) -> None:
    found = truth({"all": [is_true("a"), is_true("b")]}, a=VALUES[left], b=VALUES[right])
    assert found is VALUES[expected]


@pytest.mark.parametrize(("left", "right", "expected"), grid(ANY))
def test_any_is_true_as_soon_as_one_part_is_true(left: str, right: str, expected: str) -> None:
    found = truth({"any": [is_true("a"), is_true("b")]}, a=VALUES[left], b=VALUES[right])
    assert found is VALUES[expected]


@pytest.mark.parametrize(("part", "expected"), rows(NOT))
def test_not_leaves_unknown_unknown(part: str, expected: str) -> None:
    assert truth({"not": is_true("a")}, a=VALUES[part]) is VALUES[expected]


def test_a_condition_of_no_parts_is_true_of_everybody() -> None:
    assert truth([]) is True


# --- what a test says of one finding (a dash is a finding that nobody wrote down)

NUMBERS = """
| test        | 2     | 3     | 4     | -       |
| at_least 3  | false | true  | true  | unknown |
| at_most 3   | true  | true  | false | unknown |
| above 3     | false | false | true  | unknown |
| below 3     | true  | false | false | unknown |
| is 3        | false | true  | false | unknown |
"""

WORDS = """
| test           | A     | B     | C     | -       |
| is B           | false | true  | false | unknown |
| in A,B         | true  | true  | false | unknown |
| known true     | true  | true  | true  | false   |
| known false    | false | false | false | true    |
"""

SETS = """
| test              | lung  | lung+bone | nothing | -       |
| includes bone     | false | true      | false   | unknown |
| includes_any bone,brain | false | true | false  | unknown |
| known true        | true  | true      | true    | false   |
"""


def operand(text: str) -> Any:
    if "," in text:
        return text.split(",")
    if text in ("true", "false"):
        return text == "true"
    return float(text) if text.isdigit() else text


def asked(test: str, value: Any) -> bool | None:
    operator, of = test.split()
    condition = {"finding": "it", operator: operand(of)}
    return truth(condition) if value is None else truth(condition, it=value)


@pytest.mark.parametrize(("test", "value", "expected"), grid(NUMBERS))
def test_a_bound_is_met_or_missed_or_open(test: str, value: str, expected: str) -> None:
    assert asked(test, None if value == "-" else float(value)) is VALUES[expected]


@pytest.mark.parametrize(("test", "value", "expected"), grid(WORDS))
def test_a_word_is_the_one_asked_for_or_another_or_unknown(test: str, value: str, expected: str) -> None:
    assert asked(test, None if value == "-" else value) is VALUES[expected]


@pytest.mark.parametrize(("test", "value", "expected"), grid(SETS))
def test_a_set_holds_a_member_or_does_not_or_was_never_taken(test: str, value: str, expected: str) -> None:
    members = {"-": None, "nothing": frozenset()}.get(value, frozenset(value.split("+")))
    assert asked(test, members) is VALUES[expected]


# --- what a verdict makes of a regimen
#
# The home guideline advises the tablet for patients who bleed, or for everybody unless they bleed.
# A column is what is known of the bleeding.

ADVICE = """
| advice       | true                | unknown            | false                  |
| first_choice | tablet recommended  | tablet considered  | tablet not recommended |
| preferred    | tablet recommended  | tablet considered  | tablet not recommended |
| option       | tablet considered   | tablet considered  | tablet not recommended |
"""

SAFETY = """
| contraindication    | true                   | unknown            | false              |
| absolute            | tablet not recommended | tablet recommended | tablet recommended |
| absolute, hold back | tablet not recommended | tablet considered  | tablet recommended |
| relative            | tablet considered      | tablet recommended | tablet recommended |
| relative, hold back | tablet considered      | tablet considered  | tablet recommended |
| caution             | tablet recommended     | tablet recommended | tablet recommended |
"""


@pytest.mark.parametrize(("position", "bleeding", "expected"), grid(ADVICE))
def test_advice_recommends_only_whom_it_is_known_to_speak_of(
    position: str, bleeding: str, expected: str, made_up: Any
) -> None:
    home = made_up.source(
        "home", made_up.advises("tablet", position, when=[is_true("bleeding")]), body="HOME"
    )
    tiers = made_up.tiers(made_up.patient(bleeding=VALUES[bleeding]), home)
    assert tiers["tablet"] == TABLETS[expected]


@pytest.mark.parametrize(("force", "bleeding", "expected"), grid(SAFETY))
def test_a_contraindication_outranks_advice_and_an_open_one_may_hold_it_back(
    force: str, bleeding: str, expected: str, made_up: Any
) -> None:
    force, _, hold = force.partition(", ")
    home = made_up.source("home", made_up.advises("tablet"), body="HOME")
    label = made_up.source(
        "label",
        made_up.forbids(
            "tablet", force, when=[is_true("bleeding")], if_unknown="hold_back" if hold else "note"
        ),
    )
    tiers = made_up.tiers(made_up.patient(bleeding=VALUES[bleeding]), home, label)
    assert tiers["tablet"] == TABLETS[expected]
