"""A model learnt from a table, and how far it is to be trusted: nested cross-validation and bootstrap optimism.

The penalty is chosen inside each training part, so that no patient helps to choose the model that is tried on him. The
optimism (Harrell) repeats the whole procedure, choice of penalty included, on resamples of the patients.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import numpy as np

from liverboard.corpus.errors import InputError
from liverboard.recommender.models.card import DAYS_PER, Estimate, InputColumn, Plan, Training, Validation
from liverboard.recommender.models.fitting import (
    Settings,
    coefficients,
    column_order,
    folds,
    risk_of,
    tuned,
)
from liverboard.recommender.models.measures import (
    Numbers,
    Observed,
    calibration_groups,
    discrimination,
    net_benefit,
    places,
    slope,
    with_intervals,
)
from liverboard.recommender.models.predict import horizon_days
from liverboard.recommender.models.table import Table

Tell = Callable[[int, int], None]
DEFAULT = Settings()
THRESHOLDS = np.arange(0.05, 0.96, 0.05)


@dataclass(frozen=True)
class Optimism:
    """One figure on the data it was learnt from, how much of it is flattery, and what is left."""

    figure: str
    apparent: float
    optimism: float

    @property
    def corrected(self) -> float:
        return self.apparent - self.optimism


@dataclass(frozen=True)
class Curves:
    """What the pictures show: calibration in groups, net benefit by threshold, and the predictions themselves."""

    groups: tuple[dict[str, float], ...]
    benefit: tuple[dict[str, float], ...]
    risk: tuple[float, ...]


@dataclass(frozen=True)
class Trained:
    """A fitted model, its plan completed by what the run knows, and what was measured.

    `plan` holds the ranges of the training data and the counts; `covariance` is that of intercept and coefficients
    over bootstrap resamples at the chosen penalty.
    """

    plan: Plan
    estimator: Any
    covariance: Numbers
    effects: tuple[tuple[str, float], ...]
    validation: tuple[Validation, ...]
    optimism: tuple[Optimism, ...]
    curves: Curves
    settings: Settings
    software: dict[str, str]


def train(plan: Plan, table: Table, settings: Settings = DEFAULT, tell: Tell = lambda done, total: None) -> Trained:
    """Fit the model of a plan and measure it.

    Parameters
    ----------
    plan : endpoint, inputs with units, outcome; `outcome.time` makes it a Cox model, which needs `horizon_months`
    table : one patient a row
    tell : told of progress as (done, total)

    Raises
    ------
    InputError
        A column is absent, constant or unknown throughout; too few events; a horizon beyond follow-up.
    """
    from threadpoolctl import threadpool_limits

    matrix, observed, left_out = _data(plan, table)
    _refuse_unfit(plan, matrix, observed, settings)
    with threadpool_limits(1):  # matrices this small are slower on several cores
        return _trained(plan, matrix, observed, left_out, settings, tell)


def _trained(
    plan: Plan, matrix: Numbers, observed: Observed, left_out: dict[str, int], settings: Settings, tell: Tell
) -> Trained:
    total = settings.outer_folds + settings.bootstrap
    risk = np.empty(len(matrix))
    for done, (train_rows, test_rows) in enumerate(folds(observed.event, settings.outer_folds, settings.seed), 1):
        fitted = tuned(plan.inputs, matrix[train_rows], observed.pick(train_rows), settings)
        risk[test_rows] = risk_of(fitted, matrix[test_rows], observed.horizon)
        tell(done, total)
    final = tuned(plan.inputs, matrix, observed, settings)
    apparent = risk_of(final, matrix, observed.horizon)
    optimism, covariance = _bootstrap(plan.inputs, matrix, observed, final, settings, tell)
    first = _quick(observed, apparent)
    n, events = len(matrix), int(observed.event.sum())
    how = f"nested cross-validation, {settings.outer_folds} by {settings.inner_folds} folds, pooled predictions"
    return Trained(
        plan=_completed(plan, matrix, observed, left_out, final, settings),
        estimator=final,
        covariance=covariance,
        effects=tuple(zip(column_order(plan.inputs), coefficients(final[-1], observed)[1:].tolist(), strict=True)),
        validation=(
            Validation(
                kind="derivation", how="the patients it was learnt from", n=n, events=events,
                figures={name: Estimate(value=round(value, 4)) for name, value in first.items()},
            ),
            Validation(
                kind="internal", how=how, n=n, events=events,
                figures=with_intervals(observed, risk, resamples=settings.resamples, seed=settings.seed),
            ),
        ),
        optimism=tuple(Optimism(name, first[name], optimism[name]) for name in optimism),
        curves=curves_of(observed, risk),
        settings=settings,
        software={name: version(name) for name in ("liverboard", "scikit-learn", "scikit-survival", "numpy")},
    )


def observe(plan: Plan, table: Table) -> tuple[Observed, list[int], dict[str, int]]:
    """What happened to the patients of a table, the rows that can be used, and how many were left out and why.

    Raises
    ------
    InputError
        The plan has no outcome, or the table lacks its columns.
    """
    outcome = plan.outcome
    if outcome is None:
        raise InputError("outcome", "the card names no outcome column.", "Add outcome: {event: COLUMN, means: ...}.")
    for name in filter(None, (outcome.event, outcome.time)):
        if name not in table.columns:
            raise InputError(f"{table.name}: {name}", "the outcome column is absent.", "Add it, or correct outcome.")
    event = np.asarray(table.column(outcome.event), dtype=float)
    known = ~np.isnan(event)
    left_out = {"outcome unknown": int((~known).sum())}
    if outcome.time is None:
        rows = np.flatnonzero(known)
        return Observed(event[rows] == outcome.occurred), rows.tolist(), _without_zero(left_out)
    horizon = horizon_days(plan)
    if horizon is None:
        raise InputError("horizon_months", "a survival model needs a horizon.", "Add horizon_months: 12, say.")
    time = np.asarray(table.column(outcome.time), dtype=float) * DAYS_PER[outcome.time_unit]
    followed = time > 0
    left_out["no follow-up time"] = int((known & ~followed).sum())
    rows = np.flatnonzero(known & followed)
    return Observed(event[rows] == outcome.occurred, time[rows], horizon), rows.tolist(), _without_zero(left_out)


def curves_of(observed: Observed, risk: Numbers) -> Curves:
    """Calibration in groups and net benefit of predictions."""
    highest = max(float(np.quantile(risk, 0.99)), 0.2)
    benefit = net_benefit(observed, risk, THRESHOLDS[highest > THRESHOLDS])
    return Curves(tuple(calibration_groups(observed, risk)), tuple(benefit), tuple(risk.tolist()))


def _data(plan: Plan, table: Table) -> tuple[Numbers, Observed, dict[str, int]]:
    observed, rows, left_out = observe(plan, table)
    for column in plan.inputs:
        if column.name not in table.columns:
            remedy = "Add it, or take it off the inputs."
            raise InputError(f"{table.name}: {column.name}", "the column is absent.", remedy)
    matrix = np.asarray(table.inputs(plan.inputs), dtype=float)
    return matrix[rows], observed, left_out


def _refuse_unfit(plan: Plan, matrix: Numbers, observed: Observed, settings: Settings) -> None:
    if plan.kind != "probability":
        raise InputError("kind", f"training gives probabilities, not {plan.kind}.", "Write kind: probability.")
    for column, values in zip(plan.inputs, matrix.T, strict=True):
        known = values[~np.isnan(values)]
        if len(known) == 0 or known.min() == known.max():
            raise InputError(f"inputs.{column.name}", "holds one value or none.", "Take it off the inputs.")
        if column.transform == "log1p" and known.min() < 0:
            raise InputError(f"inputs.{column.name}", "log1p of a negative value.", "Write transform: identity.")
    fewest = min(int(observed.event.sum()), int((~observed.event).sum()))
    if fewest < 2 * settings.outer_folds:
        remedy = "Give more patients, or choose fewer folds."
        raise InputError("outcome", f"only {fewest} patients with (or without) the event.", remedy)
    if observed.time is not None and observed.horizon is not None:
        beyond = int((observed.time > observed.horizon).sum())
        if beyond < 2 * settings.outer_folds:
            remedy = "Choose a nearer horizon."
            raise InputError("horizon_months", f"only {beyond} patients are followed beyond it.", remedy)


def _bootstrap(
    inputs: tuple[InputColumn, ...], matrix: Numbers, observed: Observed, final: Any, settings: Settings, tell: Tell
) -> tuple[dict[str, float], Numbers]:
    """The mean optimism of each figure, and the covariance of the coefficients at the chosen penalty."""
    from sklearn.base import clone

    rng = np.random.default_rng(settings.seed)
    prepared = final[:-1].transform(matrix)
    flattery: list[dict[str, float]] = []
    drawn: list[Numbers] = []
    for done in range(1, settings.bootstrap + 1):
        rows = rng.integers(0, len(matrix), len(matrix))
        again = observed.pick(rows)
        again_final = clone(final[-1]).fit(prepared[rows], again.target)
        drawn.append(coefficients(again_final, observed))
        fitted = tuned(inputs, matrix[rows], again, settings)
        there = _quick(again, risk_of(fitted, matrix[rows], observed.horizon))
        here = _quick(observed, risk_of(fitted, matrix, observed.horizon))
        flattery.append({name: there[name] - here[name] for name in there})
        tell(settings.outer_folds + done, settings.outer_folds + settings.bootstrap)
    means = {name: float(np.mean([one[name] for one in flattery])) for name in (flattery[0] if flattery else {})}
    width = len(inputs) + 1
    return means, np.cov(np.array(drawn).T) if len(drawn) > 1 else np.zeros((width, width))


def _quick(observed: Observed, risk: Numbers) -> dict[str, float]:
    return {**discrimination(observed, risk), "calibration_slope": slope(observed, places(observed.scale, risk))}


def _completed(
    plan: Plan, matrix: Numbers, observed: Observed, left_out: dict[str, int], final: Any, settings: Settings
) -> Plan:
    """The plan with the ranges, counts and penalty of this run; unknown values pass where training had some."""
    inputs = []
    unknown: dict[str, int] = {}
    for column, values in zip(plan.inputs, matrix.T, strict=True):
        absent = int(np.isnan(values).sum())
        if absent:
            unknown[column.name] = absent
        bounds = {"minimum": float(np.nanmin(values)), "maximum": float(np.nanmax(values))}
        given = column.model_dump(exclude_unset=True)
        inputs.append(InputColumn.model_validate({"missing": "predict" if absent else "refuse", **given, **bounds}))
    model = final[-1]
    chosen = {"C": float(model.C)} if observed.time is None else {"alpha": float(model.alphas[0])}
    training = plan.training.model_copy(
        update={
            "n": len(matrix), "events": int(observed.event.sum()), "left_out": left_out, "missing_values": unknown,
            "hyperparameters": {"penalty": settings.penalty, **chosen}, "seed": settings.seed,
        }
    )
    assert isinstance(training, Training)
    return plan.model_copy(update={"inputs": tuple(inputs), "training": training})


def _without_zero(counts: dict[str, int]) -> dict[str, int]:
    return {name: count for name, count in counts.items() if count}
