"""Where an index lives, and how it changes: whole new generations, switched by one rename.

::

    DIRECTORY/CURRENT              name of the generation in use
    DIRECTORY/write.lock           one writer at a time
    DIRECTORY/generation-000001/   manifest.json metadata.sqlite vectors.faiss lexical.npz lexical_tokens.json

Whatever happens before `CURRENT` is renamed leaves the last good generation in use.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout
from pydantic import ValidationError

from liverboard.corpus.errors import IndexUnavailableError, InputError
from liverboard.corpus.records import Record
from liverboard.indexer.metadata import REBUILD

METADATA, VECTORS, MANIFEST = "metadata.sqlite", "vectors.faiss", "manifest.json"
LEXICAL = ("lexical.npz", "lexical_tokens.json")
FORMAT = 1
_CURRENT, _LOCK, _PREFIX, _STAGING = "CURRENT", "write.lock", "generation-", "staging-"
_KEPT = 2  # the generation in use, and the one before for who is still reading it


class FileState(Record):
    """Size in bytes and SHA-256 of one file of a generation."""

    bytes: int
    sha256: str


class Manifest(Record):
    """What an index was made from and with.

    Attributes
    ----------
    format : version of the form on disk
    software : version of LiverBoard that wrote it
    created : date or time, as the caller gave it
    embedder, embedder_sha256 : name and fingerprint
    tokeniser : fingerprint of the vocabulary that the tokens were made with
    knowledge_fingerprint : of the shipped corpus, as the caller gave it; None when not given
    fingerprint : hash of the content alone: the same passages and embedder give the same fingerprint
    """

    format: int = FORMAT
    software: str
    created: str
    embedder: str
    embedder_sha256: str
    dimension: int
    tokeniser: str
    knowledge_fingerprint: str | None = None
    fingerprint: str
    sources: int
    passages: int
    statements: int
    files: dict[str, FileState]


def default_directory() -> Path:
    """Where the index is when nobody says: $LIVERBOARD_INDEX, or else the user's data folder."""
    named = os.environ.get("LIVERBOARD_INDEX", "").strip()
    if named:
        return Path(named).expanduser()
    from platformdirs import user_data_path

    return user_data_path("liverboard") / "index"


def exists(directory: Path) -> bool:
    """Whether an index was ever completed there; says nothing of its soundness."""
    return (directory / _CURRENT).is_file()


def current_generation(directory: Path) -> Path:
    """Folder of the generation in use.

    Raises
    ------
    IndexUnavailableError
        There is no index, or its pointer leads nowhere.
    """
    try:
        name = (directory / _CURRENT).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise IndexUnavailableError(f"There is no index in {directory}. {REBUILD}") from None
    if not name.startswith(_PREFIX) or "/" in name or not (directory / name).is_dir():
        raise IndexUnavailableError(
            f"The index in {directory} is damaged: {_CURRENT} names no generation. {REBUILD}")
    return directory / name


def read_manifest(generation: Path) -> Manifest:
    """The manifest of a generation, with the sizes of its files checked against it.

    Raises
    ------
    IndexUnavailableError
        It is missing or damaged, was written in another form, or a file has another size.
    """
    path = generation / MANIFEST
    try:
        manifest = Manifest.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, ValidationError):
        raise IndexUnavailableError(f"The index is damaged: {path} cannot be read. {REBUILD}") from None
    if manifest.format != FORMAT:
        raise IndexUnavailableError(
            f"The index was written in form {manifest.format}; this version reads form {FORMAT}. {REBUILD}")
    for name, state in manifest.files.items():
        file = generation / name
        size = file.stat().st_size if file.is_file() else None
        if size != state.bytes:
            found = "is missing" if size is None else f"has {size} bytes instead of {state.bytes}"
            raise IndexUnavailableError(f"The index is damaged: {file} {found}. {REBUILD}")
    return manifest


def file_states(generation: Path) -> dict[str, FileState]:
    """Size and hash of every file that a manifest lists."""
    return {name: FileState(bytes=(generation / name).stat().st_size, sha256=_sha256(generation / name))
            for name in (METADATA, VECTORS, *LEXICAL)}


@contextmanager
def writing(directory: Path, timeout_seconds: float = 60) -> Iterator[Path]:
    """An empty folder to write the next generation in; it comes into use when the block ends well.

    Raises
    ------
    InputError
        The directory cannot be made or written.
    IndexUnavailableError
        Another process has been writing for longer than `timeout_seconds`.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        lock = FileLock(directory / _LOCK, timeout=timeout_seconds)
        lock.acquire()
    except Timeout:
        raise IndexUnavailableError(
            f"Another process is writing the index in {directory}; try again when it has ended.") from None
    except OSError as error:
        raise InputError("--index", f"{directory} cannot be written ({error.strerror}).",
                         "Name a folder that you may write.") from None
    try:
        for leftover in directory.glob(f"{_STAGING}*"):
            shutil.rmtree(leftover, ignore_errors=True)
        staging = directory / f"{_STAGING}{os.getpid()}"
        staging.mkdir()
        try:
            yield staging
            _switch(directory, staging)
        except BaseException:
            shutil.rmtree(staging, ignore_errors=True)
            raise
    finally:
        lock.release()


def _switch(directory: Path, staging: Path) -> None:
    """Bring a finished generation into use."""
    for file in staging.iterdir():
        _flush(file)
    _flush(staging)
    last = max((int(p.name.removeprefix(_PREFIX)) for p in directory.glob(f"{_PREFIX}*")), default=0)
    generation = directory / f"{_PREFIX}{last + 1:06d}"
    os.replace(staging, generation)
    pointer = directory / f"{_CURRENT}.new"
    pointer.write_text(generation.name + "\n", encoding="utf-8")
    _flush(pointer)
    os.replace(pointer, directory / _CURRENT)
    _flush(directory)
    for old in sorted(directory.glob(f"{_PREFIX}*"))[:-_KEPT]:
        shutil.rmtree(old, ignore_errors=True)


def _flush(path: Path) -> None:
    """Have the disk hold it before anything points to it."""
    if os.name == "nt" and path.is_dir():
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
