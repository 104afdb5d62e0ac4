"""The models that training fits: penalised logistic and Cox regression on imputed, standardised columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from liverboard.recommender.models.card import InputColumn
from liverboard.recommender.models.link import link
from liverboard.recommender.models.measures import Flags, Numbers, Observed

Penalty = Literal["ridge", "lasso", "elastic_net"]
_COX_RIDGE = 0.01  # the path algorithm of the Cox model needs some share of lasso
_SHARE = {"ridge": 0.0, "lasso": 1.0, "elastic_net": 0.5}


@dataclass(frozen=True)
class Settings:
    """How a model is learnt and how its performance is estimated; the same settings give the same model.

    `outer_folds` by `inner_folds` is the nested cross-validation; `bootstrap` the repetitions of the whole procedure
    for the optimism; `resamples` those of the patients for intervals of figures.
    """

    penalty: Penalty = "ridge"
    outer_folds: int = 5
    inner_folds: int = 5
    bootstrap: int = 100
    resamples: int = 500
    seed: int = 1


def grid(observed: Observed) -> list[dict[str, Any]]:
    """The penalties that are tried, by half powers of ten."""
    if observed.time is None:
        return [{"C": float(10**power)} for power in np.arange(-3, 2.01, 0.5)]
    return [{"alphas": [float(10**power)]} for power in np.arange(-3, 0.01, 0.5)]


def pipeline(inputs: Sequence[InputColumn], observed: Observed, settings: Settings, *, baseline: bool = True) -> Any:
    """An unfitted pipeline: median imputation, log1p where the card says so, standardisation, regression."""
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import FunctionTransformer, StandardScaler

    def steps(log: bool) -> Any:
        middle = [("log1p", FunctionTransformer(np.log1p))] if log else []
        return Pipeline([("impute", SimpleImputer(strategy="median")), *middle, ("scale", StandardScaler())])

    logged = [i for i, column in enumerate(inputs) if column.transform == "log1p"]
    plain = [i for i, column in enumerate(inputs) if column.transform == "identity"]
    parts = [(name, steps(name == "log1p"), rows) for name, rows in (("log1p", logged), ("identity", plain)) if rows]
    return Pipeline([("columns", ColumnTransformer(parts)), ("model", _regression(observed, settings, baseline))])


def column_order(inputs: Sequence[InputColumn]) -> list[str]:
    """The names of the inputs in the order of the coefficients."""
    return [c.name for kind in ("log1p", "identity") for c in inputs if c.transform == kind]


def _regression(observed: Observed, settings: Settings, baseline: bool) -> Any:
    share = _SHARE[settings.penalty]
    if observed.time is None:
        from sklearn.linear_model import LogisticRegression

        solver = "saga" if share else "lbfgs"
        return LogisticRegression(l1_ratio=share, solver=solver, max_iter=10_000, random_state=settings.seed)
    from sksurv.linear_model import CoxnetSurvivalAnalysis

    return CoxnetSurvivalAnalysis(l1_ratio=share or _COX_RIDGE, alphas=[0.1], fit_baseline_model=baseline)


def tuned(inputs: Sequence[InputColumn], matrix: Numbers, observed: Observed, settings: Settings) -> Any:
    """A fitted pipeline whose penalty was chosen by cross-validated likelihood within these patients alone."""
    candidates = grid(observed)
    scores = np.zeros(len(candidates))
    for train_rows, test_rows in folds(observed.event, settings.inner_folds, settings.seed):
        columns, model = (step for _, step in pipeline(inputs, observed, settings, baseline=False).steps)
        prepared, target = columns.fit_transform(matrix[train_rows]), observed.pick(train_rows).target
        others, there = columns.transform(matrix[test_rows]), observed.pick(test_rows)
        for number, penalty in enumerate(candidates):
            scores[number] += _likelihood(model.set_params(**penalty).fit(prepared, target), others, there)
    best = {f"model__{name}": value for name, value in candidates[int(scores.argmax())].items()}
    return pipeline(inputs, observed, settings).set_params(**best).fit(matrix, observed.target)


def folds(event: Flags, number: int, seed: int) -> list[tuple[Any, Any]]:
    """Folds with the same share of events in each."""
    from sklearn.model_selection import StratifiedKFold

    splitter = StratifiedKFold(number, shuffle=True, random_state=seed)
    return list(splitter.split(np.zeros(len(event)), event))


def risk_of(estimator: Any, matrix: Numbers, horizon: float | None) -> Numbers:
    """The predicted probability of the event (by the horizon)."""
    if horizon is None:
        return np.asarray(estimator.predict_proba(matrix)[:, 1], dtype=float)
    return np.asarray([1 - float(curve(horizon)) for curve in estimator.predict_survival_function(matrix)])


def coefficients(final: Any, observed: Observed) -> Numbers:
    """Intercept and coefficients of a fitted regression on the scale of its link, for standardised columns."""
    width = int(np.asarray(final.coef_).size)
    at_mean = float(risk_of(final, np.zeros((1, width)), observed.horizon)[0])
    return np.concatenate([[link(observed.scale, at_mean)], np.asarray(final.coef_, dtype=float).ravel()])


def _likelihood(model: Any, prepared: Numbers, observed: Observed) -> float:
    """Mean log likelihood of a patient, or mean log partial likelihood of an event, among patients not fitted to."""
    if observed.time is None:
        risk = np.clip(risk_of(model, prepared, None), 1e-12, 1 - 1e-12)
        return float(np.where(observed.event, np.log(risk), np.log1p(-risk)).mean())
    order = np.argsort(-observed.time, kind="stable")
    eta = np.asarray(model.predict(prepared), dtype=float)[order]
    terms = eta - np.logaddexp.accumulate(eta)
    return float(terms[observed.event[order]].mean())
