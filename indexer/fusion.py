"""Lexical and dense scores, brought to one scale and added."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from liverboard.corpus.documents.readable import cjk_share
from liverboard.indexer.embed import Embedder
from liverboard.indexer.lexical import LexicalIndex
from liverboard.indexer.tokens import Tokeniser
from liverboard.indexer.vectors import VectorIndex

Floats = NDArray[np.float32]

DENSE_WEIGHT = 0.5
"""Weight of the dense part, for a question in a language that the embedder reads."""

GLOSS_WEIGHT = 0.3
"""The same for a question that the embedder reads as a gloss: word by word, without its grammar."""

POOL = 200
"""Best passages of each part that min-max runs over. Over all passages, the few that fit least would set the
scale: MedQuAD loses 0.04 of nDCG@10 so; SciFact, BioASQ and PubMedQA up to 0.003."""

EXHAUSTIVE_UP_TO = 50_000
"""Passages up to which every cosine is computed; beyond, the nearest `DEPTH` count and the rest are 0."""

DEPTH = 2_000

_CHINESE = 0.2
_DIGITS = 6


@dataclass(frozen=True)
class Scores:
    """Scores of one query for every passage, all of shape (passages,) in the order of `LexicalIndex.ids`.

    Attributes
    ----------
    fused, dense, lexical : in [0, 1]; the parts by min-max over the best `POOL` passages of the whole index
        (0 beyond), so that they mean the same whatever filter is applied afterwards
    cosine, bm25 : as they were measured; cosine is NaN where there is none
    """

    fused: Floats
    dense: Floats
    lexical: Floats
    cosine: Floats
    bm25: Floats

    def ranked(self, rows: NDArray[np.int64] | None = None) -> NDArray[np.int64]:
        """Rows (all if None) that match in any way, best first; beyond the pool by what was measured."""
        if rows is None:
            rows = np.arange(len(self.fused), dtype=np.int64)
        rows = rows[(self.bm25[rows] > 0) | ~np.isnan(self.cosine[rows])]
        beyond = min_max(self.cosine)[rows] + min_max(self.bm25)[rows]
        return rows[np.lexsort((rows, -beyond, -self.fused[rows]))]


@dataclass(frozen=True)
class Retriever:
    """Scores queries with one lexical and one vector index over the same passages."""

    tokeniser: Tokeniser
    lexical: LexicalIndex
    vectors: VectorIndex
    embedder: Embedder

    def scores(self, queries: Sequence[str]) -> Iterator[Scores]:
        """Score queries, which are embedded together."""
        spoken = [text_to_embed(query, self.embedder, self.tokeniser) for query in queries]
        asked = [n for n, text in enumerate(spoken) if text]
        cosines = dict(zip(asked, self._cosines([spoken[n] for n in asked]), strict=True))
        for n, query in enumerate(queries):
            bm25 = self.lexical.scores(self.tokeniser.terms(query))
            cosine = cosines.get(n)
            weight = 0.0 if cosine is None else DENSE_WEIGHT if spoken[n] == query else GLOSS_WEIGHT
            if cosine is None:
                cosine = np.full(len(bm25), np.nan, dtype=np.float32)
            dense, lexical = min_max(cosine, POOL), min_max(bm25, POOL)
            fused: Floats = np.round(weight * dense + (1 - weight) * lexical, _DIGITS).astype(np.float32)
            yield Scores(fused, dense, lexical, cosine, bm25)

    def _cosines(self, texts: Sequence[str]) -> Iterator[Floats]:
        if not texts:
            return
        ids = self.lexical.ids
        k = len(ids) if len(ids) <= EXHAUSTIVE_UP_TO else DEPTH
        found, found_ids = self.vectors.search(self.embedder.encode_queries(texts), k)
        for values, places in zip(found, found_ids, strict=True):
            row = np.full(len(ids), np.nan, dtype=np.float32)
            known = places >= 0
            row[np.searchsorted(ids, places[known])] = values[known]
            yield row


def min_max(values: Floats, pool: int | None = None) -> Floats:
    """Scaled to [0, 1] by the least and the greatest of the best `pool` values (of all if None).

    What lies below the pool is 0, and so is NaN. Equal values are 1, or 0 if not positive.
    """
    known = values[~np.isnan(values)]
    if not len(known):
        return np.zeros(len(values), dtype=np.float32)
    if pool is not None and len(known) > pool:
        known = np.partition(known, -pool)[-pool:]
    low, high = float(known.min()), float(known.max())
    if high <= low:
        return ((values >= low) & (values > 0)).astype(np.float32)
    scaled: Floats = np.nan_to_num((values - low) / (high - low), nan=0.0).clip(0, 1).astype(np.float32)
    return scaled


def text_to_embed(text: str, embedder: Embedder, tokeniser: Tokeniser) -> str:
    """What the embedder is given for a text.

    The text itself, unless the embedder reads English only and the text holds Chinese lines: then its
    English lines if it has any (a statement says everything in both languages), otherwise its gloss,
    which may be empty.
    """
    if not embedder.english_only:
        return text
    lines = text.splitlines()
    english = [line for line in lines if line.strip() and cjk_share(line) < _CHINESE]
    if len(english) == len(lines):
        return text
    return "\n".join(english) if english else tokeniser.vocabulary.gloss(text)
