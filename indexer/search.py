"""Reading an index: search, passages by id, and whether it is sound."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import Field

from liverboard.corpus.errors import IndexUnavailableError, InputError
from liverboard.corpus.records import Record, SourceStatus
from liverboard.indexer.build import matching_embedder
from liverboard.indexer.embed import Embedder
from liverboard.indexer.fusion import Retriever, Scores
from liverboard.indexer.lexical import LexicalIndex
from liverboard.indexer.metadata import REBUILD, Filters, IndexedSource, Metadata
from liverboard.indexer.passages import Passage, text_sha256
from liverboard.indexer.store import (
    METADATA,
    VECTORS,
    Manifest,
    current_generation,
    file_states,
    read_manifest,
)
from liverboard.indexer.tokens import Tokeniser
from liverboard.indexer.vectors import load_vectors
from liverboard.indexer.vocabulary import shipped_vocabulary

_DIGITS = 6


class Hit(Record):
    """A passage that answers a query.

    Attributes
    ----------
    score : in [0, 1], the weighted sum of `dense` and `lexical`
    dense, lexical : each in [0, 1], by min-max over the best of the whole index: they compare passages
        for one query, not queries with one another
    cosine, bm25 : as measured, for who needs an absolute scale; cosine is None for a question that the
        embedder cannot read
    """

    passage: Passage
    score: float = Field(ge=0, le=1)
    dense: float
    lexical: float
    cosine: float | None
    bm25: float


class Index:
    """An index, opened to be read. It keeps showing one generation, whatever is written meanwhile.

    Opening reads the manifest alone. Passages by id need neither vectors nor the embedder; both are
    loaded by the first search.
    """

    def __init__(self, generation: Path, manifest: Manifest, embedder: Embedder) -> None:
        self._generation = generation
        self._embedder = embedder
        self._metadata = Metadata(generation / METADATA)
        self.manifest = manifest

    @classmethod
    def open(cls, directory: str | Path, embedder: Embedder | None = None) -> Index:
        """Open the index in a directory.

        Parameters
        ----------
        embedder : None takes the one that the index was built with

        Raises
        ------
        IndexUnavailableError
            There is no index, it is damaged, or it was built with another embedder; says how to rebuild.
        """
        generation = current_generation(Path(directory))
        manifest = read_manifest(generation)
        return cls(generation, manifest, matching_embedder(manifest, embedder))

    @property
    def fingerprint(self) -> str:
        """Hash of the content: passages, their sources' status, embedder and vocabulary; not of time."""
        return self.manifest.fingerprint

    @property
    def embedder_name(self) -> str:
        return self.manifest.embedder

    @property
    def created(self) -> str:
        """When it was written, as its builder was told."""
        return self.manifest.created

    @property
    def knowledge_fingerprint(self) -> str | None:
        """Of the shipped corpus that it was built from; None when its builder was not told."""
        return self.manifest.knowledge_fingerprint

    @cached_property
    def sources(self) -> dict[str, IndexedSource]:
        """Every source by its id."""
        return {source.source_id: source for source in self._metadata.sources()}

    def has_source(self, source_id: str) -> bool:
        return source_id in self.sources

    def source_status(self, source_id: str) -> SourceStatus | None:
        """Status of a source; None when the index does not hold it."""
        source = self.sources.get(source_id)
        return source.status if source else None

    @cached_property
    def _statements(self) -> dict[str, Passage]:
        return self._metadata.statements()

    def statement_passages(self) -> Mapping[str, Passage]:
        """The passage of every statement by its id (``source:statement``); read once."""
        return self._statements

    def statement_ids(self) -> frozenset[str]:
        """Ids (``source:statement``) of every statement that the index holds."""
        return frozenset(self._statements)

    def passages(self, passage_ids: Iterable[str]) -> dict[str, Passage]:
        """Passages by id, in the order asked for; ids that the index does not hold are left out."""
        asked = list(dict.fromkeys(passage_ids))
        found = self._metadata.passages("passage_id", asked)
        return {name: found[name] for name in asked if name in found}

    def search(self, query: str, k: int = 10, filters: Filters | None = None) -> list[Hit]:
        """The `k` passages that fit a query best, best first.

        A Chinese question to an embedder that reads English only is matched through its words, their
        names in English, and the vector of its gloss in English (see `fusion.text_to_embed`); when
        none of its words is known, by BM25 alone.

        Raises
        ------
        InputError
            The query has no words, or `k` is below 1.
        IndexUnavailableError
            A file of the index or the embedder is damaged or missing.
        """
        return self.search_many([query], k, filters)[0]

    def search_many(
        self, queries: Sequence[str], k: int = 10, filters: Filters | None = None,
    ) -> list[list[Hit]]:
        """`search` for several queries, which are embedded together."""
        if k < 1:
            raise InputError("k", f"{k} results cannot be given.", "Ask for 1 or more.")
        for query in queries:
            if not any(character.isalnum() for character in query):
                raise InputError("query", f"{query!r} holds no word.",
                                 "Ask with words, in English or Chinese.")
        allowed = None
        if filters is not None and filters != Filters():
            allowed = np.searchsorted(self._retriever.lexical.ids, self._metadata.ids_where(filters))
        return [self._hits(scores, k, allowed) for scores in self._retriever.scores(queries)]

    def close(self) -> None:
        self._metadata.close()

    @cached_property
    def _retriever(self) -> Retriever:
        vectors = load_vectors(self._generation / VECTORS)
        lexical = LexicalIndex.load(self._generation)
        if vectors.size != len(lexical.ids):
            raise IndexUnavailableError(
                f"The index is damaged: its vectors and words do not agree. {REBUILD}")
        return Retriever(Tokeniser(shipped_vocabulary()), lexical, vectors, self._embedder)

    def _hits(self, scores: Scores, k: int, allowed: Any) -> list[Hit]:
        rows = scores.ranked(allowed)[:k].tolist()
        numbers = self._retriever.lexical.ids[rows].tolist()
        passages = self._metadata.passages("embedding_id", numbers)
        return [
            Hit.model_construct(
                passage=passages[number], score=_rounded(scores.fused[row]), dense=_rounded(scores.dense[row]),
                lexical=_rounded(scores.lexical[row]), bm25=_rounded(scores.bm25[row]),
                cosine=None if np.isnan(scores.cosine[row]) else _rounded(scores.cosine[row]))
            for row, number in zip(rows, numbers, strict=True)]


def spread(hits: Sequence[Hit], k: int, per_source: int = 2) -> list[Hit]:
    """The best `k` hits with at most `per_source` of one source, as long as others are left to show.

    Order is by score throughout; what was passed over comes back only to fill the list.
    """
    taken: Counter[str] = Counter()
    first: list[Hit] = []
    for hit in hits:
        taken[hit.passage.source_id] += 1
        if taken[hit.passage.source_id] <= per_source:
            first.append(hit)
    kept = first[:k] + [hit for hit in hits if hit not in first][: max(0, k - len(first))]
    return sorted(kept, key=lambda hit: -hit.score)


def verify_index(directory: str | Path) -> list[str]:
    """Check every byte of an index.

    Returns
    -------
    Problems, one sentence each; empty when the index is sound.

    Raises
    ------
    IndexUnavailableError
        There is no index at all.
    """
    generation = current_generation(Path(directory))
    try:
        manifest = read_manifest(generation)
        found = file_states(generation)
    except (IndexUnavailableError, OSError) as error:
        return [str(error)]
    problems = [f"{name} was changed after it was written." for name, state in manifest.files.items()
                if found.get(name) != state]
    try:
        store = Metadata(generation / METADATA)
        problems += [f"{METADATA}: {problem}" for problem in store.damage()]
        entries = list(store.entries())
        sources = {source.source_id for source in store.sources()}
        vectors = load_vectors(generation / VECTORS).size
        words = len(LexicalIndex.load(generation).ids)
    except IndexUnavailableError as error:
        return [*problems, str(error)]
    counts = {"passages": len(entries), "vectors": vectors, "lexical entries": words}
    problems += [f"There are {count} {name}, but the manifest counts {manifest.passages}."
                 for name, count in counts.items() if count != manifest.passages]
    if len(sources) != manifest.sources:
        problems.append(f"There are {len(sources)} sources, but the manifest counts {manifest.sources}.")
    for entry in entries:
        if text_sha256(entry.passage.text) != entry.passage.sha256:
            problems.append(f"The text of {entry.passage.passage_id} does not hash to its sha256.")
        if entry.passage.source_id not in sources:
            problems.append(f"{entry.passage.passage_id} belongs to no source.")
    return problems


def _rounded(value: Any) -> float:
    return round(float(value), _DIGITS)
