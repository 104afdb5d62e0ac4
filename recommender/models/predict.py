"""A model file run on a table: one risk output a patient, in the form of a profile's `risk_outputs`.

What the card does not allow is refused by name: a feature that is missing, or outside the range of the training data.
What it allows is predicted and said beside the output.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from liverboard.corpus.errors import InputError
from liverboard.recommender.models.card import DAYS_PER, Card, InputColumn, Plan, read_card
from liverboard.recommender.models.link import LinkName, link, unlink
from liverboard.recommender.models.store import Model, load, open_skops
from liverboard.recommender.models.table import Table
from liverboard.recommender.profile import RiskInput

_MOST_NAMED = 5


@dataclass(frozen=True)
class Prediction:
    """One patient's output, ready for `risk_outputs`; or, where it was refused, `problem` says why."""

    patient: str
    output: dict[str, Any] | None
    notes: tuple[str, ...] = ()
    problem: str | None = None


@dataclass(frozen=True)
class LoadedModel:
    """A card with its model file opened, and the intervals of its coefficients where it has them."""

    card: Card
    folder: Path
    model: Model

    @property
    def scale(self) -> LinkName:
        """The scale on which this model is linear: cloglog for survival, logit for a yes-or-no outcome."""
        if self.card.recalibration is not None:
            return self.card.recalibration.link
        return scale_of(self.card)

    def values(self, rows: Sequence[Sequence[float]]) -> list[float]:
        """The recalibrated probability (or the score) of every row of inputs.

        Raises
        ------
        InputError
            The model gave a number that is no probability although its card says so.
        """
        raw = self.model.values([list(row) for row in rows], horizon_days(self.card))
        for number, value in enumerate(raw, 1):
            self._check(value, number)
        again = self.card.recalibration
        if again is None or self.card.kind != "probability":
            return raw
        return [unlink(again.link, again.intercept + again.slope * link(again.link, value)) for value in raw]

    def _check(self, value: float, number: int) -> None:
        field = f"{self.card.file.name}, row {number}"
        if not math.isfinite(value):
            raise InputError(field, f"the model gave {value}.", "It cannot take unknown values: set missing: refuse.")
        if self.card.kind == "probability" and not 0 <= value <= 1:
            remedy = "Export probabilities, or write kind: score in the card."
            raise InputError(field, f"the model gave {value:.4g}, which is no probability.", remedy)
        if self.card.kind == "hazard_ratio" and value <= 0:
            raise InputError(field, f"the model gave {value:.4g}, which is no hazard ratio.", "Write kind: score.")


def load_model(card: Path) -> LoadedModel:
    """A model by the path of its card; `InputError` names what is wrong with card or file."""
    found = read_card(card)
    return LoadedModel(found, card.parent, load(found, card.parent))


def horizon_days(plan: Plan) -> float | None:
    """The horizon of a survival model in days; `None` where the outcome has no time."""
    if plan.horizon_months is None or plan.outcome is None or plan.outcome.time is None:
        return None
    return plan.horizon_months * DAYS_PER["months"]


def scale_of(plan: Plan) -> LinkName:
    """The link of the kind of model that a plan describes."""
    return "cloglog" if plan.outcome is not None and plan.outcome.time is not None else "logit"


def predict(
    loaded: LoadedModel, table: Table, *, id_column: str | None = None, keep_going: bool = False
) -> tuple[Prediction, ...]:
    """One output for every row of a table.

    Parameters
    ----------
    id_column : the column that names the patients; rows are numbered from 1 without it
    keep_going : give a refused row as a `Prediction` with its `problem` in place of an error

    Raises
    ------
    InputError
        A row lacks a feature, or holds one outside the training range, that the card does not let pass.
    """
    rows = table.inputs(loaded.card.inputs)
    labels = [table.label(number, id_column) for number in range(len(rows))]
    notes, problems = zip(*(judge_row(loaded.card, row) for row in rows), strict=True)
    if any(problems) and not keep_going:
        named = [f"{label}: {'; '.join(found)}" for label, found in zip(labels, problems, strict=True) if found]
        more = f" (and {len(named) - _MOST_NAMED} more rows)" if len(named) > _MOST_NAMED else ""
        raise InputError(
            table.name,
            " | ".join(named[:_MOST_NAMED]) + more + ".",
            "Complete or mend the values, let the card say `predict` for that input, or ask to keep going.",
        )
    able = [number for number, found in enumerate(problems) if not found]
    values = dict(zip(able, loaded.values([rows[number] for number in able]) if able else [], strict=True))
    intervals = dict(zip(able, _intervals(loaded, [rows[number] for number in able]), strict=True))
    return tuple(
        Prediction(label, _output(loaded.card, values[number], intervals[number]), notes[number])
        if number in values
        else Prediction(label, None, notes[number], "; ".join(problems[number]))
        for number, label in enumerate(labels)
    )


def judge_row(card: Card, row: Sequence[float]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What is to be said of a row, and what refuses it: missing features and those outside the training range."""
    notes: list[str] = []
    problems: list[str] = []
    for column, value in zip(card.inputs, row, strict=True):
        if math.isnan(value):
            (problems if column.missing == "refuse" else notes).append(f"{column.name} is missing")
        elif _outside(column, value):
            said = f"{column.name} = {value:g} {_unit(column)}is outside the training range {_range(column)}"
            (problems if column.out_of_range == "refuse" else notes).append(said)
    return tuple(notes), tuple(problems)


def _outside(column: InputColumn, value: float) -> bool:
    low, high = column.minimum, column.maximum
    return (low is not None and value < low) or (high is not None and value > high)


def _unit(column: InputColumn) -> str:
    return "" if column.unit == "1" else f"{column.unit} "


def _range(column: InputColumn) -> str:
    low = "-inf" if column.minimum is None else f"{column.minimum:g}"
    high = "inf" if column.maximum is None else f"{column.maximum:g}"
    return f"[{low}, {high}]"


def _output(card: Card, value: float, ci95: tuple[float, float] | None) -> dict[str, Any]:
    best = card.best_validation
    auc = best.figures.get("auc") or best.figures.get("c_index") if best else None
    output = {
        "model": card.model,
        "endpoint": card.endpoint,
        "kind": card.kind,
        "value": round(value, 4),
        "ci95": [round(end, 4) for end in ci95] if ci95 else None,
        "horizon_months": card.horizon_months,
        "cutoff": card.cutoff,
        "provenance": {
            "doi": (best.doi if best else None) or card.doi,
            "validation": best.kind if best else "none",
            "auc": round(auc.value, 3) if auc else None,
            "n": best.n if best else None,
        },
    }
    try:
        RiskInput.model_validate(output)
    except ValidationError as error:
        raise InputError(card.model, error.errors()[0]["msg"], "Correct kind and cut-off in the card.") from error
    return output


def _intervals(loaded: LoadedModel, rows: Sequence[Sequence[float]]) -> list[tuple[float, float] | None]:
    """95% intervals from the bootstrap covariance of the coefficients that training wrote beside the model."""
    card = loaded.card
    if not rows or card.file.intervals is None or card.file.format != "skops":
        return [None] * len(rows)
    import numpy as np

    path = loaded.folder / Path(card.file.intervals).name
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        spread = np.asarray(held["covariance"], dtype=float)
        z = float(held["z"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(path.name, "does not hold the intervals of this model.", "Remove file.intervals.") from error
    prepared = open_skops(loaded.folder / card.file.name)[:-1].transform(np.asarray(rows, dtype=float))
    if spread.shape != (prepared.shape[1] + 1,) * 2:
        raise InputError(path.name, "belongs to another model.", "Remove file.intervals.")
    design = np.column_stack([np.ones(len(rows)), prepared])
    errors = np.sqrt(np.maximum(np.einsum("ij,jk,ik->i", design, spread, design), 0))
    slope = abs(card.recalibration.slope) if card.recalibration else 1.0
    centres = [link(loaded.scale, value) for value in loaded.values(rows)]
    return [
        (unlink(loaded.scale, c - z * e), unlink(loaded.scale, c + z * e))
        for c, e in zip(centres, (errors * slope).tolist(), strict=True)
    ]
