"""The two scales on which probabilities are recalibrated and their intervals are symmetric: logit and cloglog."""

from __future__ import annotations

import math
from typing import Literal

LinkName = Literal["logit", "cloglog"]
_EDGE = 1e-9  # a probability of exactly 0 or 1 has no finite place on either scale


def link(name: LinkName, probability: float) -> float:
    """Where a probability lies: its logit, or the log of its cumulative hazard."""
    p = min(max(probability, _EDGE), 1 - _EDGE)
    return math.log(p / (1 - p)) if name == "logit" else math.log(-math.log1p(-p))


def unlink(name: LinkName, place: float) -> float:
    """The probability that lies there."""
    bounded = min(max(place, -500.0), 500.0)
    return 1 / (1 + math.exp(-bounded)) if name == "logit" else -math.expm1(-math.exp(min(bounded, 6.0)))
