"""Reads the shipped data files into records; every error names the file."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import ValidationError

from liverboard.corpus.errors import CorpusError
from liverboard.corpus.records import Record

SHIPPED = Path(__file__).parent
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
R = TypeVar("R", bound=Record)


def read_yaml(path: Path) -> Any:
    """The content of one YAML file; `CorpusError` names the file and the line of a syntax error."""
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)
    except yaml.YAMLError as error:
        raise CorpusError(f"{path.name}: not YAML: {error}") from error


def read_record(model: type[R], path: Path) -> R:
    """One record from a file that holds one."""
    return _validated(model, read_yaml(path), path.name)


def read_records(model: type[R], path: Path) -> list[R]:
    """The records of a file that holds a list of them."""
    return [_validated(model, item, f"{path.name}, entry {i}") for i, item in enumerate(read_yaml(path) or [], 1)]


def read_folder(model: type[R], folder: Path) -> list[R]:
    """One record a file, in the order of the file names."""
    return [read_record(model, path) for path in sorted(folder.glob("*.yaml"))]


def by_id(records: Iterable[R]) -> dict[str, R]:
    """Records by their `id`; a second record of one id is an error."""
    found: dict[str, R] = {}
    for record in records:
        key: str = record.id  # type: ignore[attr-defined]  # every record that is kept by id has one
        if key in found:
            raise CorpusError(f"two records are called {key!r}")
        found[key] = record
    return found


def _validated(model: type[R], data: Any, where: str) -> R:
    try:
        return model.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        path = ".".join(str(part) for part in first["loc"] if part not in ("All", "AnyOf", "Not", "Test", "Reference"))
        more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
        raise CorpusError(f"{where}: {path}: {first['msg']}{more}") from error
