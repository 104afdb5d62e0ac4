"""Which sentence reports a result, and in which direction: two small linear models over named features.

The weights are numbers in `direction_weights.json`, trained by `eval/extraction_training.py`; nothing is pickled.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from liverboard.indexer.extraction.align import Names, Question, names
from liverboard.indexer.extraction.features import direction_features, rank_features
from liverboard.indexer.extraction.records import DIRECTIONS, Quote, Verdict
from liverboard.indexer.extraction.text import Sentence, sentences

WEIGHTS = Path(__file__).with_name("direction_weights.json")
SENTENCES_READ = 3
"""How many of the most likely sentences the direction is read from, each weighted by how likely it is."""


@dataclass(frozen=True)
class Weights:
    """Both models.

    Attributes
    ----------
    rank, rank_bias : log odds of a sentence being the evidence, by feature
    direction : by feature, one weight for each of `DIRECTIONS`
    direction_bias : one for each of `DIRECTIONS`
    """

    rank: Mapping[str, float]
    rank_bias: float
    direction: Mapping[str, Sequence[float]]
    direction_bias: Sequence[float]


@cache
def shipped_weights() -> Weights:
    """The weights that the package ships; read once."""
    data = json.loads(WEIGHTS.read_text(encoding="utf-8"))
    return Weights(data["rank"], data["rank_bias"], data["direction"], data["direction_bias"])


def answer(question: Question, text: str, weights: Weights | None = None) -> Verdict | None:
    """What an abstract says to a question; None for a text without a sentence."""
    weights = weights or shipped_weights()
    items = sentences(text)
    if not items:
        return None
    named = names(question, text)
    scores = [rank_score(features, weights) for features in rankings(items, named)]
    order = sorted(range(len(items)), key=lambda i: -scores[i])
    features = pooled([direction_features(items[i].text, named) for i in order[:SENTENCES_READ]],
                      [scores[i] for i in order[:SENTENCES_READ]])
    chances = probabilities(features, weights)
    quotes = tuple(
        Quote(text=text[item.start : item.end], start=item.start, end=item.end) for item in (items[i] for i in order)
    )
    return Verdict(direction=DIRECTIONS[chances.index(max(chances))], probabilities=chances, sentences=quotes)


def answer_from_sentence(question: Question, text: str, item: Sentence) -> tuple[float, float, float]:
    """Probabilities of `DIRECTIONS` from one sentence of a text, which gives the short forms."""
    return probabilities(direction_features(item.text, names(question, text)), shipped_weights())


def rankings(items: Sequence[Sentence], named: Names) -> list[dict[str, float]]:
    """The features of every sentence of a text for choosing among them."""
    last = max(1, len(items) - 1)
    return [rank_features(item, place / last, named) for place, item in enumerate(items)]


def rank_score(features: Mapping[str, float], weights: Weights) -> float:
    """Log odds of a sentence being the evidence."""
    return weights.rank_bias + sum(weights.rank.get(name, 0.0) * value for name, value in features.items())


def pooled(features: Sequence[Mapping[str, float]], scores: Sequence[float]) -> dict[str, float]:
    """The features of several sentences as their average, weighted by the softmax of their scores."""
    top = max(scores)
    shares = [math.exp(score - top) for score in scores]
    total = sum(shares)
    out: Counter[str] = Counter()
    for share, each in zip(shares, features, strict=True):
        for name, value in each.items():
            out[name] += share / total * value  # type: ignore[assignment]  # a Counter of floats
    return dict(out)


def probabilities(features: Mapping[str, float], weights: Weights) -> tuple[float, float, float]:
    """Of decreased, no difference and increased, in this order."""
    sums = list(weights.direction_bias)
    for name, value in features.items():
        for place, weight in enumerate(weights.direction.get(name, ())):
            sums[place] += weight * value
    top = max(sums)
    shares = [math.exp(s - top) for s in sums]
    total = sum(shares)
    return shares[0] / total, shares[1] / total, shares[2] / total
