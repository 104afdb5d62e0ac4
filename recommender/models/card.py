"""The model card: what a model file predicts, from which inputs in which units, learnt on whom, and how well it did.

A card is a YAML file that stands beside the model file. The plan of a training run is the same card without what
only the run can know (the file, the ranges, the performance), so that what has no unit is refused before it is learnt.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from liverboard.corpus.errors import InputError
from liverboard.recommender.intake import parse_text, read_text

Policy = Literal["refuse", "predict"]
Kind = Literal["probability", "score", "hazard_ratio"]
DAYS_PER = {"days": 1.0, "weeks": 7.0, "months": 365.25 / 12, "years": 365.25}
C = TypeVar("C", bound=BaseModel)


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class InputColumn(_Part):
    """One column that the model reads. A number without a dimension has the unit `1`.

    `minimum` and `maximum` are the range of the training data. `missing` and `out_of_range` say whether a value that
    is absent, or outside this range, is predicted all the same (`predict`) or refused.
    """

    name: str = Field(min_length=1)
    unit: str
    label: str | None = None
    transform: Literal["identity", "log1p"] = "identity"
    minimum: float | None = None
    maximum: float | None = None
    missing: Policy = "refuse"
    out_of_range: Policy = "refuse"

    @field_validator("unit")
    @classmethod
    def _says_something(cls, value: str) -> str:
        if not value.strip():
            raise ValueError("a unit is needed; write 1 for a number without a dimension")
        return value.strip()


class Outcome(_Part):
    """The columns that hold what happened; `occurred` is the value of `event` that means that it did."""

    event: str
    occurred: float = 1
    time: str | None = None
    time_unit: Literal["days", "weeks", "months", "years"] = "days"
    means: str


class Estimate(_Part):
    """A figure with its 95% interval, where one was computed."""

    value: float
    ci95: tuple[float, float] | None = None


class Validation(_Part):
    """How well the model did on one set of patients, and which kind of set that was."""

    kind: Literal["derivation", "internal", "external"]
    how: str
    n: int = Field(ge=0)
    events: int = Field(ge=0)
    figures: dict[str, Estimate]
    doi: str | None = None


class Training(_Part):
    """The data that the model was learnt from."""

    source: str
    n: int | None = Field(None, ge=0)
    events: int | None = Field(None, ge=0)
    period: str | None = None
    setting: str | None = None
    left_out: dict[str, int] = {}
    missing_values: dict[str, int] = {}
    hyperparameters: dict[str, float | str] = {}
    seed: int | None = None


class Recalibration(_Part):
    """`link(p) = intercept + slope * link(p of the model)`: logit, or complementary log-log for survival."""

    link: Literal["logit", "cloglog"]
    intercept: float = 0.0
    slope: float = 1.0


class ModelFile(_Part):
    """The model file, beside the card, with the format that its content must have."""

    name: str
    format: Literal["skops", "onnx"]
    sha256: str | None = Field(None, pattern=r"^[0-9a-f]{64}$")
    intervals: str | None = None


class Plan(_Part):
    """What a model is to predict, for whom and from what: the part of a card that a person writes."""

    model: str = Field(pattern=r"^[a-z0-9][a-z0-9_]*$")
    title: str
    endpoint: str
    kind: Kind = "probability"
    horizon_months: float | None = Field(None, gt=0)
    cutoff: float | None = None
    outcome: Outcome | None = None
    inputs: tuple[InputColumn, ...] = Field(min_length=1)
    population: str
    intended_use: str
    limits: tuple[str, ...] = ()
    training: Training
    licence: str
    doi: str | None = None
    reporting: dict[str, str] = {}

    @model_validator(mode="after")
    def _holds_together(self) -> Plan:
        names = [column.name for column in self.inputs]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"an input is listed twice: {', '.join(twice)}")
        if self.kind == "probability" and self.cutoff is not None and not 0 <= self.cutoff <= 1:
            raise ValueError("the cut-off of a probability lies within [0, 1]")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.inputs)


class Card(Plan):
    """The whole card of a model that can be run."""

    file: ModelFile
    recalibration: Recalibration | None = None
    validation: tuple[Validation, ...] = ()
    made: str | None = None
    software: dict[str, str] = {}

    @property
    def best_validation(self) -> Validation | None:
        """The strongest kind of validation that the card holds: external, else internal, else derivation."""
        order = ("external", "internal", "derivation")
        return min(self.validation, key=lambda found: order.index(found.kind), default=None)


def read_card(path: Path) -> Card:
    """The card in a YAML file.

    Raises
    ------
    InputError
        It is no card; the message names the field, such as `card.yaml: inputs.AFP.unit`.
    """
    return _read(Card, path)


def read_plan(path: Path) -> Plan:
    """The plan of a training run in a YAML file; faults are named as for a card."""
    return _read(Plan, path)


def write_card(card: Card, path: Path) -> None:
    """Write a card as YAML, in the order of its fields, without what is not known."""
    data = card.model_dump(mode="json", exclude_none=True, exclude_defaults=False)
    path.write_text(yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=110), encoding="utf-8")


def _read(model: type[C], path: Path) -> C:
    data = parse_text(read_text(path), name=path.name)
    if not isinstance(data, Mapping):
        raise InputError(path.name, "is not a model card.", "Write it as key: value pairs, starting with model:.")
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise _explained(error, data, path.name) from error


def _explained(error: ValidationError, data: Mapping[str, Any], name: str) -> InputError:
    first = error.errors()[0]
    where = [str(part) for part in first["loc"]]
    if where[:1] == ["inputs"] and len(where) > 1 and where[1].isdigit():
        listed = data["inputs"][int(where[1])]
        where[1] = str(listed.get("name", where[1])) if isinstance(listed, Mapping) else where[1]
    field = f"{name}: {'.'.join(where)}" if where else name
    if where[-1:] == ["unit"]:
        return InputError(
            field, "an input without a unit.", "Name the unit of the column, or write unit: '1' where it has none."
        )
    remedies = {"missing": "Add it.", "extra_forbidden": "Remove it, or mend its spelling."}
    return InputError(field, f"{first['msg']}.", remedies.get(first["type"], "Mend the card there."))
