"""BM25 over tokens: scored by bm25s when the index is written, read back as three arrays."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from liverboard.corpus.errors import IndexUnavailableError
from liverboard.indexer.metadata import REBUILD
from liverboard.indexer.tokens import Term

ALTERNATIVE_WEIGHT = 0.9
"""Of what another name of the same concept counts, against the name that the query used."""

K1, B = 1.5, 0.75


@dataclass(frozen=True)
class LexicalIndex:
    """BM25 weights of every token in every passage, by token.

    Attributes
    ----------
    ids : (passages,) embedding ids, ascending
    vocabulary : number of each token's column
    weights, rows : (occurrences,) the BM25 weight, and the position in `ids` that it belongs to
    columns : (tokens + 1,) where each token's stretch of `weights` begins
    """

    ids: NDArray[np.int64]
    vocabulary: dict[str, int]
    weights: NDArray[np.float32]
    rows: NDArray[np.int32]
    columns: NDArray[np.int64]

    def scores(self, terms: Sequence[Term]) -> NDArray[np.float32]:
        """BM25 of every passage for a query, shape (passages,); 0 where nothing matches.

        A term counts once however it is said: as the best of its names.
        """
        total = np.zeros(len(self.ids), dtype=np.float32)
        for term in terms:
            best = self._sum(term.tokens)
            for alternative in term.alternatives:
                if all(token in self.vocabulary for token in alternative):
                    said = self._sum(alternative, all_of_them=True)
                    np.maximum(best, ALTERNATIVE_WEIGHT * said, out=best)
            total += best
        return total

    def _sum(self, tokens: Sequence[str], all_of_them: bool = False) -> NDArray[np.float32]:
        total = np.zeros(len(self.ids), dtype=np.float32)
        found = np.zeros(len(self.ids), dtype=np.int32)
        distinct = set(tokens)
        for token in sorted(distinct):
            column = self.vocabulary.get(token)
            if column is not None:
                stretch = slice(self.columns[column], self.columns[column + 1])
                total[self.rows[stretch]] += self.weights[stretch]
                found[self.rows[stretch]] += 1
        if all_of_them:
            total[found < len(distinct)] = 0
        return total

    def save(self, folder: Path) -> None:
        """Write `lexical.npz` and `lexical_tokens.json` into a folder."""
        with (folder / "lexical.npz").open("wb") as file:
            np.savez(file, ids=self.ids, weights=self.weights, rows=self.rows, columns=self.columns)
        (folder / "lexical_tokens.json").write_text(
            json.dumps(list(self.vocabulary), ensure_ascii=False), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> LexicalIndex:
        """Read what `save` wrote; IndexUnavailableError when a file is missing or damaged."""
        try:
            tokens = json.loads((folder / "lexical_tokens.json").read_text(encoding="utf-8"))
            with np.load(folder / "lexical.npz") as arrays:
                return cls(arrays["ids"], {token: n for n, token in enumerate(tokens)}, arrays["weights"],
                           arrays["rows"], arrays["columns"])
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise IndexUnavailableError(
                f"The index is damaged: its words in {folder} cannot be read ({error}). {REBUILD}") from error


def build_lexical(ids: Sequence[int], tokens: Sequence[Sequence[str]]) -> LexicalIndex:
    """Score the tokens of passages.

    Parameters
    ----------
    ids : embedding ids of the passages, ascending
    tokens : of each passage
    """
    import bm25s

    if not any(tokens):
        return LexicalIndex(np.asarray(ids, dtype=np.int64), {}, np.zeros(0, np.float32),
                            np.zeros(0, np.int32), np.zeros(1, np.int64))
    distinct = sorted({token for passage in tokens for token in passage})
    vocabulary = {token: n for n, token in enumerate(distinct)}
    numbered = [[vocabulary[token] for token in passage] for passage in tokens]
    engine = bm25s.BM25(method="lucene", k1=K1, b=B, backend="numpy")
    engine.index((numbered, vocabulary), show_progress=False)
    scores = engine.scores
    return LexicalIndex(
        np.asarray(ids, dtype=np.int64), vocabulary, np.asarray(scores["data"], dtype=np.float32),
        np.asarray(scores["indices"], dtype=np.int32), np.asarray(scores["indptr"], dtype=np.int64),
    )
