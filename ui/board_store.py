"""The tumour board's cases and decisions: a local SQLite file that several sessions may use at once.

Nothing is ever overwritten: a later decision on a case stands beside the earlier ones, so two people who write at the
same time both keep what they wrote. The file's `user_version` says which migrations it has had.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
    event,
    insert,
    select,
    text,
    update,
)

_metadata = MetaData()
_cases = Table(
    "cases",
    _metadata,
    Column("id", Integer, primary_key=True),
    Column("meeting", String, nullable=False),
    Column("title", String, nullable=False),
    Column("added", String, nullable=False),
    Column("profile", Text, nullable=False),
    Column("answer_en", Text, nullable=False),
    Column("answer_zh", Text, nullable=False),
    Column("closed", Integer, nullable=False, server_default="0"),
)
_decisions = Table(
    "decisions",
    _metadata,
    Column("id", Integer, primary_key=True),
    Column("case_id", Integer, nullable=False),
    Column("regimen", String),
    Column("tier", String),
    Column("reason", Text, nullable=False),
    Column("dissent", Text, nullable=False),
    Column("recorded_by", String, nullable=False),
    Column("decided", String, nullable=False),
)

# Each step is run once, in order; a step that has been released is never changed.
_MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        "CREATE TABLE cases (id INTEGER PRIMARY KEY, meeting VARCHAR NOT NULL, title VARCHAR NOT NULL,"
        " added VARCHAR NOT NULL, profile TEXT NOT NULL, answer_en TEXT NOT NULL, answer_zh TEXT NOT NULL)",
        "CREATE TABLE decisions (id INTEGER PRIMARY KEY, case_id INTEGER NOT NULL REFERENCES cases(id),"
        " regimen VARCHAR, tier VARCHAR, reason TEXT NOT NULL, dissent TEXT NOT NULL,"
        " recorded_by VARCHAR NOT NULL, decided VARCHAR NOT NULL)",
    ),
    (
        "ALTER TABLE cases ADD COLUMN closed INTEGER NOT NULL DEFAULT 0",
        "CREATE INDEX decisions_of_case ON decisions (case_id)",
    ),
)


@dataclass(frozen=True)
class Case:
    """A case on the agenda, with the answer that was given when it was added, in both languages as it was printed."""

    id: int
    meeting: str
    title: str
    added: str
    profile: str
    answer_en: str
    answer_zh: str

    def answer(self, language: str) -> dict[str, Any]:
        """The stored answer in one language."""
        document: dict[str, Any] = json.loads(self.answer_zh if language == "zh" else self.answer_en)
        return document


@dataclass(frozen=True)
class Decision:
    """What the board decided. `regimen` is `None` for something outside the catalogue; `tier` is the advice's."""

    id: int
    case_id: int
    regimen: str | None
    tier: str | None
    reason: str
    dissent: str
    recorded_by: str
    decided: str

    @property
    def agrees(self) -> bool:
        """Whether the board chose what was recommended."""
        return self.tier == "recommended"


def default_file() -> Path:
    """Where the board's file is: `$LIVERBOARD_BOARD`, or else the user's data folder."""
    named = os.environ.get("LIVERBOARD_BOARD", "").strip()
    if named:
        return Path(named).expanduser()
    from platformdirs import user_data_path

    return user_data_path("liverboard") / "board.sqlite"


class BoardStore:
    """Cases and decisions in one file, which is made, or brought up to date, when it is opened."""

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600, exist_ok=True)
        self._engine: Engine = create_engine(f"sqlite:///{file}", connect_args={"timeout": 30})
        event.listen(self._engine, "connect", _prepare)
        self._migrate()

    def _migrate(self) -> None:
        with self._engine.connect() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")  # one of several openers migrates, the others wait
            done = int(connection.exec_driver_sql("PRAGMA user_version").scalar_one())
            for place, steps in enumerate(_MIGRATIONS[done:], done + 1):
                for step in steps:
                    connection.execute(text(step))
                connection.exec_driver_sql(f"PRAGMA user_version = {place}")
            connection.commit()

    @property
    def version(self) -> int:
        """How many migrations the file has had."""
        with self._engine.connect() as connection:
            return int(connection.exec_driver_sql("PRAGMA user_version").scalar_one())

    def add_case(self, meeting: str, title: str, added: str, profile: str, answers: Mapping[str, str]) -> int:
        """Put a case on the agenda; `answers` holds the answer as printed, by language."""
        row = {
            "meeting": meeting, "title": title, "added": added, "profile": profile,
            "answer_en": answers["en"], "answer_zh": answers["zh"],
        }
        with self._engine.begin() as connection:
            return _key(connection, insert(_cases).values(row))

    def close_case(self, case_id: int) -> None:
        """Take a case off the agenda; it and its decisions are kept."""
        with self._engine.begin() as connection:
            connection.execute(update(_cases).where(_cases.c.id == case_id).values(closed=1))

    def cases(self, meeting: str | None = None) -> list[Case]:
        """The agenda, in the order in which cases were added; of one meeting where it is named."""
        query = select(_cases).where(_cases.c.closed == 0).order_by(_cases.c.id)
        if meeting is not None:
            query = query.where(_cases.c.meeting == meeting)
        with self._engine.connect() as connection:
            rows = connection.execute(query).mappings().all()
        return [Case(**{name: row[name] for name in Case.__dataclass_fields__}) for row in rows]

    def record(
        self, case: Case, regimen: str | None, *, reason: str, dissent: str, recorded_by: str, decided: str
    ) -> int:
        """Keep a decision; the tier that the advice gave to the regimen is kept with it."""
        tiers = {item["regimen"]: item["tier"] for item in case.answer("en")["recommendations"]}
        row = {
            "case_id": case.id, "regimen": regimen, "tier": tiers.get(regimen or ""), "reason": reason,
            "dissent": dissent, "recorded_by": recorded_by, "decided": decided,
        }
        with self._engine.begin() as connection:
            return _key(connection, insert(_decisions).values(row))

    def decisions(self, case_id: int | None = None) -> list[Decision]:
        """Decisions, earliest first; of one case where it is named."""
        query = select(_decisions).order_by(_decisions.c.id)
        if case_id is not None:
            query = query.where(_decisions.c.case_id == case_id)
        with self._engine.connect() as connection:
            return [Decision(**row) for row in connection.execute(query).mappings()]

    def agreement(self) -> list[dict[str, Any]]:
        """Month by month, the share of cases whose latest decision chose what was recommended."""
        latest = {decision.case_id: decision for decision in self.decisions()}
        months: dict[str, list[bool]] = {}
        for decision in latest.values():
            months.setdefault(decision.decided[:7], []).append(decision.agrees)
        return [
            {"month": month, "share": sum(agreed) / len(agreed), "decisions": len(agreed)}
            for month, agreed in sorted(months.items())
        ]

    def close(self) -> None:
        """Let go of the file."""
        self._engine.dispose()


def _prepare(connection: Any, _: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")  # readers do not wait for a writer
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _key(connection: Connection, statement: Any) -> int:
    key = connection.execute(statement).inserted_primary_key
    assert key is not None
    return int(key[0])
