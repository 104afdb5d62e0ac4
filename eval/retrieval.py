"""Retrieval on a folder in BEIR's form, with the tokeniser, the embedder and the fusion of the index."""

from __future__ import annotations

import csv
import gzip
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from liverboard.corpus.errors import InputError
from liverboard.indexer.embed import Embedder, default_embedder
from liverboard.indexer.fusion import Retriever, Scores
from liverboard.indexer.lexical import build_lexical
from liverboard.indexer.tokens import Tokeniser
from liverboard.indexer.vectors import new_vectors
from liverboard.indexer.vocabulary import shipped_vocabulary

DEPTH = 100
_FORM = "It needs corpus.jsonl or corpus.jsonl.gz, queries.jsonl and qrels.tsv, as BEIR has them."


def score_folder(folder: str | Path, embedder: Embedder | None = None, part: str = "fused") -> dict[str, Any]:
    """Index the corpus of a folder in memory, ask its queries and score the answers.

    Parameters
    ----------
    folder : in BEIR's form
    embedder : None is the shipped one
    part : what to rank by: "fused", or "lexical" or "dense" alone

    Returns
    -------
    `ndcg_at_10`, `recall_at_100` (means over queries with judgements), `ms_per_query`,
    `passages_per_second` (tokenising, embedding and indexing), `queries`, `passages`. An id that several
    rows share (MedQuAD has such) is found at the best of its rows, and asked once a row.

    Raises
    ------
    InputError
        The folder lacks a file or one is not in its form.
    """
    folder = Path(folder)
    embedder = embedder or default_embedder()
    try:
        passages = [(row["_id"], _text(row)) for row in _rows(folder, "corpus.jsonl")]
        judged = _judgements(folder)
        asked = [(row["_id"], row["text"]) for row in _rows(folder, "queries.jsonl")]
    except (KeyError, ValueError, EOFError, gzip.BadGzipFile) as error:
        raise InputError(str(folder), f"a file is not in BEIR's form ({error!r}).", _FORM) from None
    queries = [(name, text) for name, text in asked if name in judged]
    if not passages or not queries:
        raise InputError(str(folder), "there are no passages or no judged queries.", _FORM)

    embedder.encode(["warm"])  # loading the model is no part of the speed
    started = time.perf_counter()
    retriever = _index([text for _, text in passages], embedder)
    indexed = time.perf_counter()
    names = [name for name, _ in passages]
    run = {str(number): _best(next(retriever.scores([text])), part, names)
           for number, (_, text) in enumerate(queries)}
    answered = time.perf_counter()

    import ir_measures
    from ir_measures import R, nDCG

    wanted = {str(number): judged[name] for number, (name, _) in enumerate(queries)}
    measured = ir_measures.calc_aggregate([nDCG @ 10, R @ DEPTH], wanted, run)
    return {
        "ndcg_at_10": round(measured[nDCG @ 10], 4), "recall_at_100": round(measured[R @ DEPTH], 4),
        "ms_per_query": round(1000 * (answered - indexed) / len(queries), 2),
        "passages_per_second": round(len(passages) / (indexed - started), 1),
        "queries": len(queries), "passages": len(passages),
    }


def _index(texts: list[str], embedder: Embedder) -> Retriever:
    tokeniser = Tokeniser(shipped_vocabulary())
    ids = np.arange(len(texts), dtype=np.int64)
    lexical = build_lexical(ids.tolist(), [tokeniser.tokens(text) for text in texts])
    vectors = new_vectors(embedder.dimension)
    vectors.add(ids, embedder.encode(texts))
    return Retriever(tokeniser, lexical, vectors, embedder)


def _best(scores: Scores, part: str, names: list[str]) -> dict[str, float]:
    values = {"lexical": scores.bm25, "dense": scores.cosine}.get(part)
    rows = scores.ranked() if values is None else np.argsort(-values, kind="stable")
    best = list(dict.fromkeys(names[row] for row in rows[: 5 * DEPTH]))[:DEPTH]
    return {name: float(len(best) - rank) for rank, name in enumerate(best)}


def _text(row: dict[str, str]) -> str:
    return f"{row.get('title', '')} {row['text']}".strip()


def _rows(folder: Path, name: str) -> Iterator[dict[str, str]]:
    path, packed = folder / name, folder / f"{name}.gz"
    if not path.is_file() and not packed.is_file():
        raise InputError(str(folder), f"the folder has no {name}.", _FORM)
    with path.open("rb") if path.is_file() else gzip.open(packed, "rb") as lines:
        for line in lines:
            if line.strip():
                yield json.loads(line)


def _judgements(folder: Path) -> dict[str, dict[str, int]]:
    path = folder / "qrels.tsv"
    if not path.is_file():
        raise InputError(str(folder), "the folder has no qrels.tsv.", _FORM)
    judged: dict[str, dict[str, int]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.reader(file, delimiter="\t"):
            if len(row) >= 3 and row[2].strip().lstrip("-").isdigit():
                judged.setdefault(row[0], {})[row[1]] = int(row[2])
    return judged
