"""Sources and passages in SQLite: what the vectors' ids stand for.

A generation of the index is written once, in one transaction, and never changed afterwards: readers open
it as immutable, without locks.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from liverboard.corpus.errors import IndexUnavailableError
from liverboard.corpus.records import Record, SourceStatus
from liverboard.indexer.passages import Kind, Passage

REBUILD = "Build it anew with `liverboard index build`."

_SCHEMA = """
CREATE TABLE sources (
    source_id TEXT PRIMARY KEY, kind TEXT NOT NULL, title TEXT NOT NULL, year INTEGER, status TEXT NOT NULL,
    language TEXT, doi TEXT, pmid TEXT, sha256 TEXT NOT NULL, file_name TEXT
) STRICT;
CREATE TABLE passages (
    embedding_id INTEGER PRIMARY KEY, passage_id TEXT NOT NULL UNIQUE,
    source_id TEXT NOT NULL REFERENCES sources,
    title TEXT NOT NULL, text TEXT NOT NULL, section TEXT NOT NULL, page INTEGER,
    char_start INTEGER NOT NULL, char_end INTEGER NOT NULL, language TEXT NOT NULL, year INTEGER,
    status TEXT NOT NULL, kind TEXT NOT NULL, sha256 TEXT NOT NULL, locator TEXT NOT NULL,
    embedded TEXT NOT NULL, tokens TEXT NOT NULL
) STRICT;
CREATE INDEX passages_of_source ON passages (source_id);
"""
_PASSAGE_FIELDS = tuple(Passage.model_fields)
_PASSAGE_COLUMNS = ", ".join(_PASSAGE_FIELDS)


class IndexedSource(Record):
    """A source as the index knows it.

    Attributes
    ----------
    kind : "statement" for a shipped source, "document" for a file of the user's
    sha256 : of the file's bytes, or of the shipped record
    file_name : of a user's document; None for a shipped source
    """

    source_id: str
    kind: Kind
    title: str
    year: int | None = None
    status: SourceStatus = "current"
    language: str | None = None
    doi: str | None = None
    pmid: str | None = None
    sha256: str
    file_name: str | None = None


class Filters(Record):
    """Which passages may be found; None is no restriction."""

    source_ids: tuple[str, ...] | None = None
    kinds: tuple[Kind, ...] | None = None
    languages: tuple[str, ...] | None = None
    statuses: tuple[SourceStatus, ...] | None = None
    year_from: int | None = None
    year_to: int | None = None


class Entry(Record):
    """A passage with what the index keeps beside it.

    Attributes
    ----------
    embedding_id : its id among the vectors
    embedded : SHA-256 of the text that was embedded, by which a vector is found again
    tokens : for lexical search
    """

    embedding_id: int
    passage: Passage
    embedded: str
    tokens: tuple[str, ...]


class Metadata:
    """Sources and passages of one generation.

    Parameters
    ----------
    path : of the SQLite file
    writable : for the builder alone, on a generation that nobody reads yet

    Raises
    ------
    IndexUnavailableError
        From every method: the file is missing or damaged.
    """

    def __init__(self, path: Path, writable: bool = False) -> None:
        self._path = path
        if not writable and not path.is_file():
            raise IndexUnavailableError(f"The index is incomplete: {path} is missing. {REBUILD}")
        self._connection = sqlite3.connect(
            str(path) if writable else f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=not writable,
            check_same_thread=False, isolation_level=None)
        self._connection.execute("PRAGMA foreign_keys = ON")

    def close(self) -> None:
        self._connection.close()

    # Writing

    def begin(self) -> None:
        """Make the tables and open the one transaction that a generation is written in."""
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.executescript(_SCHEMA)
        self._connection.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        """Close the transaction and fold the journal into the one file."""
        self._connection.execute("COMMIT")
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._connection.execute("PRAGMA journal_mode = DELETE")

    def put_source(self, source: IndexedSource) -> None:
        row = source.model_dump()
        sql = f"INSERT INTO sources ({', '.join(row)}) VALUES ({_marks(row)})"
        self._connection.execute(sql, tuple(row.values()))

    def put_passages(self, entries: Iterable[Entry]) -> None:
        columns = ("embedding_id", "embedded", "tokens", *_PASSAGE_FIELDS)
        rows = ((entry.embedding_id, entry.embedded, "\n".join(entry.tokens),
                 *(getattr(entry.passage, name) for name in _PASSAGE_FIELDS)) for entry in entries)
        self._connection.executemany(
            f"INSERT INTO passages ({', '.join(columns)}) VALUES ({_marks(columns)})", rows)

    # Reading

    def sources(self) -> list[IndexedSource]:
        names = ", ".join(IndexedSource.model_fields)
        return [IndexedSource(**dict(zip(IndexedSource.model_fields, row, strict=True)))
                for row in self._rows(f"SELECT {names} FROM sources ORDER BY source_id")]

    def passages(self, column: str, values: Sequence[Any]) -> dict[Any, Passage]:
        """Passages by `passage_id` or `embedding_id`; unknown values are left out."""
        if column not in ("passage_id", "embedding_id"):
            raise ValueError(f"no key: {column}")
        found: dict[Any, Passage] = {}
        for start in range(0, len(values), 500):
            batch = list(values[start : start + 500])
            sql = f"SELECT {column}, {_PASSAGE_COLUMNS} FROM passages WHERE {column} IN ({_marks(batch)})"
            for key, *row in self._rows(sql, batch):
                found[key] = _passage(row)
        return found

    def statements(self) -> dict[str, Passage]:
        """Every statement's passage by its id."""
        sql = f"SELECT {_PASSAGE_COLUMNS} FROM passages WHERE kind = 'statement' ORDER BY embedding_id"
        return {passage.passage_id: passage for passage in map(_passage, self._rows(sql))}

    def entries(self) -> Iterator[Entry]:
        """Every passage with what is kept beside it, by ascending embedding id."""
        sql = f"SELECT embedding_id, embedded, tokens, {_PASSAGE_COLUMNS} FROM passages ORDER BY embedding_id"
        for number, embedded, tokens, *row in self._rows(sql):
            yield Entry.model_construct(embedding_id=number, passage=_passage(row), embedded=embedded,
                                        tokens=tuple(tokens.split("\n")) if tokens else ())

    def ids_where(self, filters: Filters) -> list[int]:
        """Embedding ids of the passages that the filters let through, ascending."""
        clauses, values = ["1 = 1"], []
        for column, allowed in (("source_id", filters.source_ids), ("kind", filters.kinds),
                                ("language", filters.languages), ("status", filters.statuses)):
            if allowed is not None:
                clauses.append(f"{column} IN ({_marks(allowed)})")
                values += list(allowed)
        for comparison, year in ((">=", filters.year_from), ("<=", filters.year_to)):
            if year is not None:
                clauses.append(f"year {comparison} {int(year)}")
        sql = f"SELECT embedding_id FROM passages WHERE {' AND '.join(clauses)} ORDER BY embedding_id"
        return [row[0] for row in self._rows(sql, values)]

    def count(self) -> int:
        """Number of passages."""
        return int(self._rows("SELECT COUNT(*) FROM passages")[0][0])

    def damage(self) -> list[str]:
        """What SQLite finds wrong with the file; empty when it is sound."""
        return [row[0] for row in self._rows("PRAGMA integrity_check") if row[0] != "ok"]

    def _rows(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        rows: list[Any] = self._guard(lambda: self._connection.execute(sql, values).fetchall())
        return rows

    def _guard(self, action: Any) -> Any:
        try:
            return action()
        except sqlite3.DatabaseError as error:
            raise IndexUnavailableError(f"The index is damaged: {self._path} ({error}). {REBUILD}") from error


def _passage(row: Sequence[Any]) -> Passage:
    """A passage from its row, which was checked when it was written."""
    return Passage.model_construct(**dict(zip(_PASSAGE_FIELDS, row, strict=True)))


def _marks(values: Collection[Any]) -> str:
    return ", ".join("?" * len(values))
