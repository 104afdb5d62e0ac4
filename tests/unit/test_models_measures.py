"""Figures of discrimination and calibration against hand-worked patients."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("sksurv", reason="the `risk` group is not installed")

from liverboard.recommender.models.measures import Observed, calibration_groups, measure, net_benefit

RISK = np.array([0.1, 0.2, 0.3, 0.4, 0.6, 0.7, 0.8, 0.9])


def test_a_perfect_order_has_an_auc_of_one_and_a_reversed_one_of_zero() -> None:
    event = RISK > 0.5
    assert measure(Observed(event), RISK)["auc"] == 1
    assert measure(Observed(~event), RISK)["auc"] == 0


def test_the_ratio_of_observed_to_expected_counts_the_patients() -> None:
    event = np.array([False, False, True, False, True, True, False, True])
    found = measure(Observed(event), RISK)
    assert found["observed_to_expected"] == pytest.approx(4 / RISK.sum())
    assert found["brier"] == pytest.approx(float(((RISK - event) ** 2).mean()))


def test_patients_drawn_from_their_predictions_are_calibrated() -> None:
    rng = np.random.default_rng(3)
    risk = rng.uniform(0.05, 0.95, 4000)
    found = measure(Observed(rng.random(4000) < risk), risk)
    assert found["calibration_slope"] == pytest.approx(1, abs=0.1)
    assert found["calibration_intercept"] == pytest.approx(0, abs=0.15)


def test_predictions_that_are_too_extreme_have_a_slope_below_one() -> None:
    rng = np.random.default_rng(3)
    risk = rng.uniform(0.2, 0.8, 3000)
    extreme = 1 / (1 + ((1 - risk) / risk) ** 2)
    found = measure(Observed(rng.random(3000) < risk), extreme)
    assert found["calibration_slope"] == pytest.approx(0.5, abs=0.1)


def test_censored_patients_count_until_they_leave() -> None:
    observed = Observed(np.array([True, False, True, False]), np.array([10.0, 20.0, 30.0, 400.0]), 365.0)
    assert observed.risk()[0] == pytest.approx(1 - 3 / 4 * 1 / 2)


def test_net_benefit_weighs_false_alarms_by_the_odds_of_the_threshold() -> None:
    event = np.array([False, False, True, False, True, True, False, True])
    row = net_benefit(Observed(event), RISK, np.array([0.5]))[0]
    assert row["model"] == pytest.approx(3 / 8 - 1 / 8)
    assert row["everyone"] == pytest.approx(0)


def test_groups_hold_every_patient_once_in_rising_risk() -> None:
    groups = calibration_groups(Observed(RISK > 0.5), RISK, groups=4)
    assert sum(group["n"] for group in groups) == len(RISK)
    assert [group["predicted"] for group in groups] == sorted(group["predicted"] for group in groups)
    assert all(group["low"] <= group["observed"] <= group["high"] for group in groups)
