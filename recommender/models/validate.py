"""A model measured on another table: discrimination, calibration, net benefit, and what recalibration would be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from liverboard.corpus.errors import InputError
from liverboard.recommender.models.card import Recalibration, Validation
from liverboard.recommender.models.measures import Numbers, Observed, places, recalibrate, slope, with_intervals
from liverboard.recommender.models.predict import LoadedModel, judge_row
from liverboard.recommender.models.table import Table
from liverboard.recommender.models.train import Curves, curves_of, observe

_FEWEST = 10  # events, and patients without one, below which no figure means anything


@dataclass(frozen=True)
class Measured:
    """What was found on another table.

    `refused` counts the patients that the card does not let pass, by reason: they are in no figure. `noted` counts
    what was predicted all the same. `recalibration` is what would bring the model into line with these patients.
    """

    validation: Validation
    curves: Curves
    refused: dict[str, int]
    noted: dict[str, int]
    left_out: dict[str, int]
    recalibration: Recalibration


def validate(
    loaded: LoadedModel,
    table: Table,
    *,
    how: str,
    kind: Literal["internal", "external"] = "external",
    resamples: int = 500,
    seed: int = 1,
) -> Measured:
    """Measure a model on a table that holds its inputs and its outcome.

    Raises
    ------
    InputError
        The model gives no probabilities, the outcome is absent, or too few patients or events are left.
    """
    card = loaded.card
    if card.kind != "probability":
        raise InputError("kind", f"a {card.kind} has no calibration to measure.", "Only probabilities are validated.")
    observed, rows, left_out = observe(card, table)
    inputs = table.inputs(card.inputs)
    judged = [(row, *judge_row(card, inputs[row])) for row in rows]
    keep = np.asarray([place for place, (_, _, problems) in enumerate(judged) if not problems], dtype=np.int64)
    kept = observed.pick(keep)
    _refuse_too_few(kept)
    risk = np.asarray(loaded.values([inputs[judged[place][0]] for place in keep]))
    return Measured(
        validation=Validation(
            kind=kind, how=how, n=len(kept), events=int(kept.event.sum()),
            figures=with_intervals(kept, risk, resamples=resamples, seed=seed),
        ),
        curves=curves_of(kept, risk),
        refused=_counts([problems for _, _, problems in judged]),
        noted=_counts([judged[place][1] for place in keep]),
        left_out=left_out,
        recalibration=_recalibration(kept, risk),
    )


def _recalibration(observed: Observed, risk: Numbers) -> Recalibration:
    eta = places(observed.scale, risk)
    if observed.time is None:
        intercept, steepness = recalibrate(observed, eta)
        return Recalibration(link="logit", intercept=round(intercept, 4), slope=round(steepness, 4))
    steepness = slope(observed, eta)
    shift = _survival_shift(observed, steepness * eta)
    return Recalibration(link="cloglog", intercept=round(shift, 4), slope=round(steepness, 4))


def _survival_shift(observed: Observed, eta: Numbers) -> float:
    """The shift that brings the mean predicted risk to the Kaplan-Meier risk at the horizon."""
    from scipy.optimize import brentq

    target = observed.risk()[0]
    return float(brentq(lambda shift: float(np.mean(-np.expm1(-np.exp(np.minimum(eta + shift, 6))))) - target, -30, 30))


def _refuse_too_few(observed: Observed) -> None:
    events = int(observed.event.sum())
    if min(events, len(observed) - events) < _FEWEST:
        raise InputError(
            "table", f"{len(observed)} patients that can be predicted, {events} with the event: too few to measure.",
            f"At least {_FEWEST} patients with the event and {_FEWEST} without it are needed.",
        )
    if observed.time is not None and observed.horizon is not None and observed.time.max() <= observed.horizon:
        raise InputError("horizon_months", "nobody is followed beyond the horizon.", "Give longer follow-up.")


def _counts(said: list[tuple[str, ...]]) -> dict[str, int]:
    """How many patients each reason holds for; the value is left out of the reason, its column stays."""
    counts: dict[str, int] = {}
    for row in said:
        for text in row:
            reason = f"{text.split(' = ')[0]} is outside the training range" if " = " in text else text
            counts[reason] = counts.get(reason, 0) + 1
    return counts
