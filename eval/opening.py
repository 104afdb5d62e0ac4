"""The knowledge and an index to measure with: a named folder, or the shipped statements in memory."""

from __future__ import annotations

from pathlib import Path

from liverboard.corpus.knowledge import Knowledge, load_knowledge
from liverboard.indexer.statements import StatementsInMemory
from liverboard.recommender.report import Index


def open_or_build(directory: Path | None) -> tuple[Knowledge, Index]:
    """The shipped knowledge, and the index at `directory` or one of the shipped statements in memory."""
    knowledge = load_knowledge()
    if directory is None:
        return knowledge, StatementsInMemory(knowledge.sources.values())
    from liverboard.indexer.search import Index as OnDisk

    return knowledge, OnDisk.open(directory)
