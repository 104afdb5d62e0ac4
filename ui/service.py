"""What the command line and the web application both call: reading patients, opening the index, answering."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from liverboard.corpus.errors import IndexUnavailableError, InputError
from liverboard.corpus.knowledge import Knowledge, load_knowledge
from liverboard.recommender.intake import parse_text, read_profile, read_text
from liverboard.recommender.profile import PatientProfile

if TYPE_CHECKING:
    from liverboard.indexer.search import Index
    from liverboard.recommender.referral import Referral
    from liverboard.recommender.report import Recommendation

_PROFILE_FILES = frozenset({".json", ".yaml", ".yml"})
_REFERRAL_FILES = frozenset({".txt", ".text"})
_LONGEST_QUERY = 5000
_MOST_HITS = 2000
Progress = Callable[[int, int], None]


@lru_cache(maxsize=1)
def shipped_knowledge() -> Knowledge:
    """The shipped knowledge, read once a process."""
    return load_knowledge()


@dataclass(frozen=True)
class Intake:
    """A patient as read; `referral` says from which words, where the patient came as plain text."""

    profile: PatientProfile
    referral: Referral | None = None

    def as_dict(self) -> dict[str, Any]:
        """What to add to an answer: the words behind each value, and what was not understood."""
        if self.referral is None:
            return {}
        return {
            "referral": {
                "language": self.referral.language,
                "values": [vars(value) for value in self.referral.spans],
                "not_understood": list(self.referral.not_understood),
                "contradictions": list(self.referral.contradictions),
            }
        }


def read_patient(name: str) -> Intake:
    """A patient from a `.json` or `.yaml` profile, a plain-text referral, or either from standard input for `-`."""
    path = Path(name)
    text = sys.stdin.read() if name == "-" else read_text(path)
    shown = "standard input" if name == "-" else path.name
    suffix = "" if name == "-" else path.suffix.lower()
    if suffix in _REFERRAL_FILES:
        return _from_referral(text)
    try:
        data = parse_text(text, name=shown, json_only=suffix == ".json")
    except InputError:
        if suffix in _PROFILE_FILES or text.lstrip().startswith(("{", "[")):
            raise
        return _from_referral(text)
    if isinstance(data, str):
        return _from_referral(text)
    return Intake(read_profile(data, findings=shipped_knowledge().findings))


def _from_referral(text: str) -> Intake:
    from liverboard.recommender.referral import read_referral

    knowledge = shipped_knowledge()
    referral = read_referral(text, knowledge)
    return Intake(read_profile({**referral.data, "narrative": text}, findings=knowledge.findings), referral)


def open_index(directory: Path | None) -> Index:
    """The index at `directory`, or the default one; built where there is none, brought up to date where it is old.

    An index of the shipped corpus that was made by another edition is refreshed; the user's documents stay in it.

    Raises
    ------
    IndexUnavailableError
        It is damaged, or cannot be written where it has to be built.
    """
    from liverboard.indexer import store
    from liverboard.indexer.search import Index

    place = directory or store.default_directory()
    if not store.exists(place):
        build(place, [])
    elif Index.open(place).knowledge_fingerprint != shipped_knowledge().fingerprint:
        refresh(place)
    return Index.open(place)


def build(directory: Path | None, paths: Sequence[Path]) -> dict[str, Any]:
    """Build an index of the shipped corpus and of the documents given, in place of the one that is there."""
    from liverboard.corpus.documents.read import read_documents
    from liverboard.indexer.build import build_index

    knowledge = shipped_knowledge()
    documents = read_documents(paths)
    with progress("Building the index") as tell:
        build_index(
            _place(directory), knowledge.sources.values(), documents, created=today(),
            knowledge_fingerprint=knowledge.fingerprint, progress=tell,
        )
    return info(directory)


def refresh(directory: Path) -> None:
    """Bring the shipped part of an index up to the installed corpus; the user's documents stay."""
    from liverboard.indexer.build import refresh_corpus

    knowledge = shipped_knowledge()
    with progress("Bringing the index up to the installed corpus") as tell:
        refresh_corpus(
            directory, knowledge.sources.values(), created=today(), knowledge_fingerprint=knowledge.fingerprint,
            progress=tell,
        )


def add(directory: Path | None, paths: Sequence[Path]) -> dict[str, Any]:
    """Add documents to an index; those that are in it already are left as they are."""
    from liverboard.corpus.documents.read import read_documents
    from liverboard.indexer.build import add_documents

    if not paths:
        raise InputError("PATH", "no document is given.", "Name files, or folders of them.")
    documents = read_documents(paths)
    open_index(directory)
    with progress("Adding to the index") as tell:
        change = add_documents(_place(directory), documents, created=today(), progress=tell)
    return {**info(directory), "added": list(change.added), "unchanged": list(change.unchanged)}


def remove(directory: Path | None, sources: Sequence[str]) -> dict[str, Any]:
    """Take sources out of an index; what rested on them falls."""
    from liverboard.indexer.build import remove_sources

    open_index(directory)
    change = remove_sources(_place(directory), sources, created=today())
    return {**info(directory), "removed": list(change.removed)}


def info(directory: Path | None) -> dict[str, Any]:
    """What an index holds and what it was built from."""
    from liverboard.indexer import store
    from liverboard.indexer.search import Index

    opened = Index.open(_place(directory))
    manifest = store.read_manifest(store.current_generation(_place(directory)))
    documents = [source for source in opened.sources.values() if source.kind == "document"]
    return {
        "directory": str(_place(directory)),
        **manifest.model_dump(exclude={"files", "format"}),
        "documents": [
            {"source_id": d.source_id, "title": d.title, "file": d.file_name, "sha256": d.sha256} for d in documents
        ],
    }


def verify(directory: Path | None) -> dict[str, Any]:
    """Every file and passage of an index checked against its hash; an unsound index is an error.

    Raises
    ------
    IndexUnavailableError
        Something is damaged; names what, and how to rebuild.
    """
    from liverboard.indexer.search import verify_index

    problems = verify_index(_place(directory))
    if problems:
        raise IndexUnavailableError(f"{' '.join(problems)} Run `liverboard index build` to build it anew.")
    return {"directory": str(_place(directory)), "sound": True, "problems": []}


def search_document(query: str, k: int, directory: Path | None) -> dict[str, Any]:
    """The contract's search answer: passages, best first."""
    from liverboard.indexer.search import spread

    if len(query) > _LONGEST_QUERY:
        raise InputError("query", f"is {len(query)} characters long.", f"Ask in at most {_LONGEST_QUERY} characters.")
    hits = spread(open_index(directory).search(query, min(_MOST_HITS, max(k, 1) * 8) if k > 0 else k), k)
    return {
        "results": [
            {
                "rank": place,
                "score": hit.score,
                **hit.passage.model_dump(include={
                    "kind", "source_id", "passage_id", "title", "text", "locator", "year", "status", "sha256",
                }),
            }
            for place, hit in enumerate(hits, 1)
        ]
    }


def _place(directory: Path | None) -> Path:
    from liverboard.indexer.store import default_directory

    return directory or default_directory()


def today() -> str:
    """The day as ISO text. The only clock of the application stands here, at its edge."""
    import datetime as dt

    return dt.date.today().isoformat()


@contextmanager
def progress(title: str) -> Iterator[Progress]:
    """A progress bar on standard error, as a function of (done, total)."""
    from rich.console import Console
    from rich.progress import Progress as Bar

    with Bar(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=None)

        def tell(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        yield tell


def firmness(found: Recommendation, index: Index, language: Any) -> dict[str, Any]:
    """How far the first choice stands when facts change and laboratory values vary; some 200 further answers."""
    from liverboard.recommender.explore import Engine, sensitivity
    from liverboard.recommender.explore.sensitivity import RUNS

    return sensitivity(found, Engine(shipped_knowledge(), index, budget=RUNS), language)


def stage_document(profile: PatientProfile, language: Any) -> dict[str, Any]:
    """Stages, scores and derived facts of a patient, with the profile as it was read."""
    from liverboard.recommender.flags import raise_flags, status_of
    from liverboard.recommender.missing import missing
    from liverboard.recommender.report import score_dict, stage_dict
    from liverboard.recommender.staging import stage

    knowledge = shipped_knowledge()
    patient = stage(profile, knowledge)
    flags = raise_flags(patient, (), (), knowledge)
    return {
        "status": status_of(flags),
        "stage": stage_dict(patient, language),
        "scores": [score_dict(score, language) for score in patient.scores],
        "findings": {
            name: sorted(value) if isinstance(value, frozenset) else value
            for name, value in sorted(patient.findings.items()) if value is not None
        },
        "flags": [
            {"code": f.code, "severity": f.rule.severity, "message": f.message.in_(language)} for f in flags
        ],
        "missing": missing(patient, [], flags, knowledge, language),
        "not_understood": list(patient.findings.not_understood),
        "profile": profile.model_dump(mode="json", exclude_none=True, exclude_defaults=True),
    }
