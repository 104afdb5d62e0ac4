"""Trains the extractor's two linear models, cross-validated by document, and writes `direction_weights.json`.

``python -m liverboard.eval.extraction_training FILE`` prints the figures of every fold. All questions of one abstract
stay in one fold; the final weights come from the whole file, the figures never do. Needs scikit-learn.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from liverboard.eval.extraction import Example, content_sha256, hits, read, scores
from liverboard.indexer.extraction import DIRECTIONS, Question
from liverboard.indexer.extraction.align import names
from liverboard.indexer.extraction.direction import (
    SENTENCES_READ,
    WEIGHTS,
    Weights,
    pooled,
    probabilities,
    rank_score,
    rankings,
)
from liverboard.indexer.extraction.features import direction_features
from liverboard.indexer.extraction.text import sentences

FOLDS = 5
SEEDS = (0, 1, 2)
DIRECTION_C = 0.07          # inverse strength of the regularisation, chosen by cross-validation
RANK_C = 1.0
SEEN_AT_LEAST = 5           # a feature that fewer training abstracts hold is left out
GOLD_WEIGHT = 0.5           # of the annotators' own sentences beside the sentences that the ranker chose
EXCHANGED_WEIGHT = 0.25     # of each example with its arms exchanged and its direction turned
DIGITS = 3
SMALLEST_WEIGHT = 0.02      # what is smaller for every direction is not written


@dataclass(frozen=True)
class Prepared:
    """One example as features: of each sentence for the choice and for the direction, and which are evidence."""

    example: Example
    rank: Sequence[Mapping[str, float]]
    direction: Sequence[Mapping[str, float]]
    exchanged: Sequence[Mapping[str, float]]
    evidence: Sequence[bool]


def prepare(example: Example) -> Prepared:
    """The features of every sentence of an example."""
    named = names(example.question, example.text)
    items = sentences(example.text)
    asked = example.question
    other = names(Question(asked.comparator, asked.intervention, asked.outcome), example.text)
    return Prepared(example, rankings(items, named), [direction_features(i.text, named) for i in items],
                    [direction_features(i.text, other) for i in items],
                    [hits((i.start, i.end), example.evidence) for i in items])


def train(items: Sequence[Prepared]) -> Weights:
    """Both models from examples."""
    located = [item for item in items if any(item.evidence)]
    rank, rank_bias = _fit([f for item in located for f in item.rank],
                           [int(e) for item in located for e in item.evidence], RANK_C, None)
    first = Weights({name: w[0] for name, w in rank.items()}, rank_bias[0], {}, [0.0, 0.0, 0.0])
    features: list[Mapping[str, float]] = []
    labels: list[int] = []
    shares: list[float] = []
    for item in items:
        label = DIRECTIONS.index(item.example.label)
        features.append(_read(item, first))
        labels.append(label)
        shares.append(1.0)
        if EXCHANGED_WEIGHT:
            features.append(_read(item, first, exchanged=True))
            labels.append(len(DIRECTIONS) - 1 - label)
            shares.append(EXCHANGED_WEIGHT)
        gold = [f for f, e in zip(item.direction, item.evidence, strict=True) if e]
        if gold:
            features.append(pooled(gold, [0.0] * len(gold)))
            labels.append(label)
            shares.append(GOLD_WEIGHT)
    weights, bias = _fit(features, labels, DIRECTION_C, shares)
    return Weights(first.rank, first.rank_bias, weights, bias)


def cross_validate(items: Sequence[Prepared], seed: int) -> tuple[list[dict[str, Any]], list[str]]:
    """The figures of each fold, and what was said of each example when it was held out."""
    from sklearn.model_selection import StratifiedGroupKFold

    gold = [item.example.label for item in items]
    groups = [item.example.document for item in items]
    said = ["" for _ in items]
    folds = []
    splitter = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed)
    for number, (inside, outside) in enumerate(splitter.split(items, gold, groups), 1):
        weights = train([items[i] for i in inside])
        first = []
        for i in outside:
            chances = probabilities(_read(items[i], weights), weights)
            said[i] = DIRECTIONS[chances.index(max(chances))]
            order = _order(items[i], weights)[:3]
            if any(items[i].example.evidence):
                first.append([items[i].evidence[k] for k in order])
        result = scores([gold[i] for i in outside], [said[i] for i in outside])
        folds.append({"fold": number, "examples": len(outside), "accuracy": result["accuracy"],
                      "macro_f1": result["macro_f1"],
                      "evidence_hit_rate": round(float(np.mean([f[0] for f in first])), 3),
                      "evidence_hit_rate_at_3": round(float(np.mean([any(f) for f in first])), 3)})
    return folds, said


def main(path: Path) -> None:
    """Cross-validate, print, train on everything, write the weights."""
    items = [prepare(example) for example in read(path)]
    gold = [item.example.label for item in items]
    runs = []
    for seed in SEEDS:
        folds, said = cross_validate(items, seed)
        runs.append({"seed": seed, "folds": folds, **scores(gold, said)})
        print(json.dumps(runs[-1]))
    every = [fold for run in runs for fold in run["folds"]]
    summary = {"folds": FOLDS, "grouped_by": "document", "seeds": list(SEEDS)}
    summary |= {key: round(float(np.mean([fold[key] for fold in every])), 3)
                for key in ("accuracy", "macro_f1", "evidence_hit_rate", "evidence_hit_rate_at_3")}
    summary["accuracy_of_folds"] = [fold["accuracy"] for fold in every]
    summary["per_class"] = runs[0]["per_class"]
    print(json.dumps(summary))
    weights = train(items)
    WEIGHTS.write_text(json.dumps({
        "trained_on": content_sha256(path), "examples": len(items), "cross_validation": summary,
        "rank_bias": round(weights.rank_bias, DIGITS), "rank": _rounded(weights.rank),
        "direction_bias": [round(b, DIGITS) for b in weights.direction_bias],
        "direction": {name: [round(v, DIGITS) for v in values] for name, values in sorted(weights.direction.items())
                      if max(map(abs, values)) >= SMALLEST_WEIGHT},
    }, ensure_ascii=False, separators=(",", ":")).replace("],", "],\n") + "\n", encoding="utf-8")


def _order(item: Prepared, weights: Weights) -> list[int]:
    values = [rank_score(f, weights) for f in item.rank]
    return sorted(range(len(values)), key=lambda i: -values[i])


def _read(item: Prepared, weights: Weights, exchanged: bool = False) -> dict[str, float]:
    order = _order(item, weights)[:SENTENCES_READ]
    features = item.exchanged if exchanged else item.direction
    return pooled([features[i] for i in order], [rank_score(item.rank[i], weights) for i in order])


def _fit(features: Sequence[Mapping[str, float]], labels: Sequence[int], inverse_strength: float,
         shares: Sequence[float] | None) -> tuple[dict[str, list[float]], list[float]]:
    from sklearn.feature_extraction import DictVectorizer
    from sklearn.linear_model import LogisticRegression

    seen = Counter(name for each in features for name in each)
    kept = [{name: v for name, v in each.items() if seen[name] >= SEEN_AT_LEAST} for each in features]
    table = DictVectorizer()
    model = LogisticRegression(C=inverse_strength, max_iter=1000, tol=1e-3)
    model.fit(table.fit_transform(kept), labels, sample_weight=shares)
    return ({name: [float(v) for v in model.coef_[:, i]] for i, name in enumerate(table.feature_names_)},
            [float(b) for b in model.intercept_])


def _rounded(weights: Mapping[str, float]) -> dict[str, float]:
    return {name: round(value, DIGITS) for name, value in sorted(weights.items())}


if __name__ == "__main__":
    main(Path(sys.argv[1]))
