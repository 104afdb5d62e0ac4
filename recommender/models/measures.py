"""Discrimination, calibration and net benefit of predicted probabilities, with bootstrap intervals.

Follow-up that ends before the horizon is taken into account: observed risk is that of Kaplan-Meier, errors are weighted
by the inverse probability of censoring (Graf 1999), and discrimination is Harrell's C and the AUC at the horizon.
Confidence intervals are percentiles of resamples of the patients.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from liverboard.recommender.models.card import Estimate
from liverboard.recommender.models.link import LinkName, link

Numbers = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Observed:
    """What happened: whether the event was seen, and after how many days; `time` is `None` for a yes-or-no outcome."""

    event: Flags
    time: Numbers | None = None
    horizon: float | None = None

    def __len__(self) -> int:
        return len(self.event)

    def pick(self, rows: npt.NDArray[np.int64]) -> Observed:
        return Observed(self.event[rows], None if self.time is None else self.time[rows], self.horizon)

    @property
    def scale(self) -> LinkName:
        return "logit" if self.time is None else "cloglog"

    @property
    def target(self) -> Any:
        """What scikit-learn or scikit-survival fits to."""
        if self.time is None:
            return self.event.astype(int)
        from sksurv.util import Surv

        return Surv.from_arrays(self.event, self.time)

    def risk(self) -> tuple[float, float, float]:
        """The observed probability of the event by the horizon, with its 95% interval (Wilson; log-log)."""
        if self.time is None:
            return _wilson(int(self.event.sum()), len(self.event))
        from sksurv.nonparametric import kaplan_meier_estimator

        if not self.event.any():
            return 0.0, 0.0, 1.0
        times, alive, band = kaplan_meier_estimator(self.event, self.time, conf_type="log-log")
        at = int(np.searchsorted(times, self.horizon or 0.0, side="right")) - 1
        if at < 0:
            return 0.0, 0.0, 1.0
        low, high = 1 - float(band[1][at]), 1 - float(band[0][at])
        return 1 - float(alive[at]), 0.0 if np.isnan(low) else low, 1.0 if np.isnan(high) else high


def places(scale: LinkName, risk: Numbers) -> Numbers:
    """Predicted probabilities on the scale of the linear predictor."""
    return np.asarray([link(scale, float(p)) for p in risk])


def discrimination(observed: Observed, risk: Numbers) -> dict[str, float]:
    """`auc` for a yes-or-no outcome; `c_index` (Harrell) and `auc` at the horizon for survival."""
    if observed.time is None:
        from sklearn.metrics import roc_auc_score

        return {"auc": float(roc_auc_score(observed.event, risk))}
    from sksurv.metrics import concordance_index_censored, cumulative_dynamic_auc

    at_horizon, _ = cumulative_dynamic_auc(observed.target, observed.target, risk, [observed.horizon])
    return {
        "c_index": float(concordance_index_censored(observed.event, observed.time, risk)[0]),
        "auc": float(at_horizon[0]),
    }


def calibration(observed: Observed, risk: Numbers) -> dict[str, float]:
    """Ratio of observed to expected, slope of the linear predictor, and Brier score (also against the mean risk).

    The ideal is 1 for ratio and slope. For a yes-or-no outcome `calibration_intercept` is the intercept that is left
    with the slope held at 1; its ideal is 0.
    """
    eta = places(observed.scale, risk)
    happened = observed.risk()[0]
    figures = {"observed_to_expected": happened / float(risk.mean()), "calibration_slope": slope(observed, eta)}
    if observed.time is None:
        figures["calibration_intercept"] = _intercept(observed.event.astype(float), eta)
    brier = brier_score(observed, risk)
    figures["brier"] = brier
    figures["scaled_brier"] = 1 - brier / brier_score(observed, np.full(len(risk), happened))
    return figures


def slope(observed: Observed, eta: Numbers) -> float:
    """The coefficient of the linear predictor, refitted without penalty: below 1 where predictions are too extreme."""
    column = eta.reshape(-1, 1)
    if observed.time is None:
        return recalibrate(observed, eta)[1]
    from sksurv.linear_model import CoxPHSurvivalAnalysis

    return float(CoxPHSurvivalAnalysis().fit(column, observed.target).coef_[0])


def recalibrate(observed: Observed, eta: Numbers) -> tuple[float, float]:
    """Intercept and slope that fit a logistic model to these patients."""
    from sklearn.linear_model import LogisticRegression

    fitted = LogisticRegression(C=np.inf).fit(eta.reshape(-1, 1), observed.event.astype(int))
    return float(fitted.intercept_[0]), float(fitted.coef_[0, 0])


def brier_score(observed: Observed, risk: Numbers) -> float:
    """Mean squared error of the predicted probability at the horizon."""
    if observed.time is None:
        return float(np.mean((risk - observed.event) ** 2))
    from sksurv.metrics import brier_score as weighted

    _, scores = weighted(observed.target, observed.target, (1 - risk).reshape(-1, 1), [observed.horizon])
    return float(scores[0])


def measure(observed: Observed, risk: Numbers) -> dict[str, float]:
    """Every figure of discrimination and calibration."""
    return {**discrimination(observed, risk), **calibration(observed, risk)}


def with_intervals(
    observed: Observed,
    risk: Numbers,
    *,
    resamples: int,
    seed: int,
    of: Callable[[Observed, Numbers], Mapping[str, float]] = measure,
) -> dict[str, Estimate]:
    """The figures with 95% percentile intervals over resamples of the patients."""
    rng = np.random.default_rng(seed)
    point = of(observed, risk)
    drawn: dict[str, list[float]] = {name: [] for name in point}
    for _ in range(resamples):
        rows = rng.integers(0, len(risk), len(risk))
        again = observed.pick(rows)
        if again.event.all() or not again.event.any():
            continue
        try:
            found = of(again, risk[rows])
        except (ValueError, ArithmeticError):  # a resample in which nobody is left at the horizon
            continue
        for name, value in found.items():
            drawn[name].append(value)
    return {
        name: Estimate(value=round(value, 4), ci95=_percentiles(drawn[name])) for name, value in point.items()
    }


def calibration_groups(observed: Observed, risk: Numbers, groups: int = 5) -> list[dict[str, float]]:
    """Mean predicted and observed risk in groups of rising predicted risk, with the interval of the observed one."""
    order = np.argsort(risk, kind="stable")
    rows = []
    for part in np.array_split(order, min(groups, len(order))):
        happened, low, high = observed.pick(part).risk()
        rows.append(
            {"n": len(part), "predicted": float(risk[part].mean()), "observed": happened, "low": low, "high": high}
        )
    return rows


def net_benefit(observed: Observed, risk: Numbers, thresholds: Numbers) -> list[dict[str, float]]:
    """Net benefit of acting on the model, on everyone and on no one, at each threshold of risk."""
    rows = []
    everyone = observed.risk()[0]
    for threshold in thresholds:
        odds = float(threshold / (1 - threshold))
        above = np.flatnonzero(risk >= threshold)
        share = len(above) / len(risk)
        happened = observed.pick(above).risk()[0] if len(above) else 0.0
        rows.append(
            {
                "threshold": float(threshold),
                "model": share * happened - share * (1 - happened) * odds,
                "everyone": everyone - (1 - everyone) * odds,
            }
        )
    return rows


def _intercept(event: Numbers, eta: Numbers) -> float:
    """The intercept that makes the mean prediction meet the share of events, with the slope held at 1."""
    from scipy.optimize import brentq

    return float(brentq(lambda shift: float(np.mean(1 / (1 + np.exp(-(eta + shift)))) - event.mean()), -30, 30))


def _percentiles(values: list[float]) -> tuple[float, float] | None:
    if len(values) < 20:
        return None
    low, high = np.percentile(values, [2.5, 97.5])
    return round(float(low), 4), round(float(high), 4)


def _wilson(events: int, n: int) -> tuple[float, float, float]:
    from scipy.stats import binomtest

    if n == 0:
        return 0.0, 0.0, 1.0
    interval = binomtest(events, n).proportion_ci(method="wilson")
    return events / n, float(interval.low), float(interval.high)
