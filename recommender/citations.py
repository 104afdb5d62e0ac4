"""A citation: the passage of the index that a sentence rests on, with everything needed to check it."""

from __future__ import annotations

from liverboard.corpus.records import Language, Record, Source, SourceStatus, Statement
from liverboard.indexer.passages import Passage


class Citation(Record):
    """Where a sentence stands. `sha256` is that of the passage's text; `quote` the sentence inside it."""

    source_id: str
    passage_id: str
    title: str
    year: int | None
    pmid: str | None = None
    doi: str | None = None
    url: str | None = None
    locator: str
    quote: str
    sha256: str
    status: SourceStatus


def cite(source: Source, statement: Statement, passage: Passage, language: Language) -> Citation:
    """The citation of a statement, quoted in the language asked for; its passage holds both languages."""
    return Citation(
        source_id=source.id,
        passage_id=passage.passage_id,
        title=source.title,
        year=source.year,
        pmid=source.pmid,
        doi=source.doi,
        url=source.url or source.read_at,
        locator=passage.locator,
        quote=statement.claim.in_(language),
        sha256=passage.sha256,
        status=source.status,
    )


def cite_passage(passage: Passage, quote: str) -> Citation:
    """The citation of a passage from a document of the user's own."""
    return Citation(
        source_id=passage.source_id,
        passage_id=passage.passage_id,
        title=passage.title,
        year=passage.year,
        locator=passage.locator,
        quote=quote,
        sha256=passage.sha256,
        status=passage.status,
    )
