"""The statements of a set of sources as an index in memory: no vectors, no files, for measuring and for tests."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from functools import cached_property

from liverboard.corpus.records import Source
from liverboard.indexer.passages import Passage, passages_of_source


class StatementsInMemory:
    """Answers what the recommender asks of an index; it cannot be searched."""

    embedder_name = "none"
    created: str | None = None

    def __init__(self, sources: Iterable[Source]) -> None:
        self._passages = {p.passage_id: p for source in sources for p in passages_of_source(source)}

    def statement_passages(self) -> Mapping[str, Passage]:
        """The passages of all statements, by full statement name."""
        return self._passages

    @cached_property
    def fingerprint(self) -> str:
        """A hash over names and texts: equal for equal statements."""
        digest = hashlib.sha256()
        for name in sorted(self._passages):
            digest.update(f"{name}:{self._passages[name].sha256}\n".encode())
        return digest.hexdigest()
