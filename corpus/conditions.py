"""The form of a condition on a patient: data, never a string to evaluate.

Only the form lives here, so that the corpus can be checked without an engine;
`recommender.logic` evaluates it in three values (true, false, unknown).

In YAML::

    all: [{finding: child_pugh_points, at_most: 6}, {not: {finding: varices, is: high_risk}}]
    any: [{finding: extrahepatic, includes_any: [lung, bone]}, {definition: macrovascular_invasion}]

A bare list means `all`. An empty list is true of everybody.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

Scalar = bool | int | float | str


class _Node(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class All(_Node):
    """True when every part is true."""

    all: tuple[Condition, ...]


class AnyOf(_Node):
    """True when one part is true."""

    any: tuple[Condition, ...] = Field(min_length=1)


class Not(_Node):
    """True when its part is false."""

    negated: Condition = Field(alias="not")


class Reference(_Node):
    """A named condition of `vocabulary/definitions.yaml`."""

    definition: str


class Test(_Node):
    """One finding against one bound, value or member.

    Several bounds may stand together (`above` and `at_most`). `includes` and `includes_any` are for
    findings that are sets; `known` asks whether the finding is known at all and is never unknown itself.
    """

    __test__ = False  # not a pytest class

    finding: str
    equals: Scalar | None = Field(None, alias="is")
    one_of: tuple[Scalar, ...] | None = Field(None, alias="in")
    at_least: float | None = None
    at_most: float | None = None
    above: float | None = None
    below: float | None = None
    includes: str | None = None
    includes_any: tuple[str, ...] | None = None
    known: bool | None = None

    @model_validator(mode="after")
    def _has_an_operator(self) -> Test:
        if not self.model_fields_set - {"finding"}:
            raise ValueError(f"the test of {self.finding!r} says nothing about it")
        return self


def _from_list(value: Any) -> Any:
    return {"all": value} if isinstance(value, list) else value


Condition = Annotated[All | AnyOf | Not | Reference | Test, BeforeValidator(_from_list)]

for _model in (All, AnyOf, Not):
    _model.model_rebuild()


def parts(condition: Condition) -> Iterator[Test | Reference]:
    """Every leaf of a condition, left to right."""
    match condition:
        case All():
            for part in condition.all:
                yield from parts(part)
        case AnyOf():
            for part in condition.any:
                yield from parts(part)
        case Not():
            yield from parts(condition.negated)
        case _:
            yield condition
