"""Reading a profile: quantities converted, impossible values refused, every fault a sentence about a field."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, get_args

import yaml
from pydantic import BaseModel, ValidationError

from liverboard.corpus.errors import InputError
from liverboard.corpus.load import SHIPPED, by_id, read_records
from liverboard.corpus.records import Finding
from liverboard.corpus.units import to_unit
from liverboard.recommender.profile import PatientProfile


def read_profile(data: Any, *, findings: Mapping[str, Finding] | None = None) -> PatientProfile:
    """A profile from a mapping as JSON or YAML gives it; quantities with a unit are converted.

    Raises
    ------
    InputError
        Not a mapping; an unknown key (the nearest known one is named); a value outside what is accepted; a
        quantity that no living patient has; a unit that cannot be converted.
    """
    if not isinstance(data, Mapping):
        raise InputError(
            "profile",
            f"is a {_kind(data)}, not a mapping of fields.",
            "Write one patient as key: value pairs, starting with diagnosis: {tumour_type: hcc}.",
        )
    known = findings or _shipped_findings()
    by_path = {finding.profile: finding for finding in known.values() if finding.profile}
    cleaned = _with_units(data, by_path)
    _refuse_impossible(cleaned, by_path)
    try:
        profile = PatientProfile.model_validate(cleaned)
    except ValidationError as error:
        raise _explained(error) from error
    return profile


def read_profile_file(path: Path) -> PatientProfile:
    """A profile from a `.json`, `.yaml` or `.yml` file; every fault is an `InputError` that names the file."""
    return read_profile(parse_text(read_text(path), name=path.name, json_only=path.suffix.lower() == ".json"))


def read_text(path: Path) -> str:
    """The text of a file, or an `InputError`: missing, a folder, empty, or not text."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise InputError(str(path), f"cannot be read ({error.strerror}).", "Give the path of a file.") from error
    if not raw.strip():
        raise InputError(str(path), "is empty.", "Write one patient as JSON, YAML or plain text.")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(str(path), "is not UTF-8 text (a binary file?).", "Save it as UTF-8 text.") from error
    if "\x00" in text:
        raise InputError(str(path), "holds binary data.", "Give JSON, YAML or plain text.")
    return text


def parse_text(text: str, *, name: str, json_only: bool = False) -> Any:
    """The data of a JSON or YAML text."""
    try:
        return json.loads(text) if json_only else yaml.safe_load(text)
    except (json.JSONDecodeError, yaml.YAMLError, RecursionError) as error:
        line = getattr(error, "lineno", None) or getattr(getattr(error, "problem_mark", None), "line", None)
        where = f" near line {line}" if line is not None else ""
        raise InputError(
            name, f"is not valid {'JSON' if json_only else 'YAML'}{where}.", "Mend the syntax there."
        ) from error


def _shipped_findings() -> Mapping[str, Finding]:
    return by_id(read_records(Finding, SHIPPED / "vocabulary" / "findings.yaml"))


def _with_units(data: Mapping[str, Any], by_path: Mapping[str, Finding], prefix: str = "") -> dict[str, Any]:
    """The same data with every `{value, unit}` replaced by a number in the unit of its field."""
    result: dict[str, Any] = {}
    for key, value in data.items():
        path = f"{prefix}{key}"
        finding = by_path.get(path)
        if isinstance(value, Mapping) and finding is not None and finding.type == "number":
            result[str(key)] = _quantity(value, finding, path)
        elif isinstance(value, Mapping):
            result[str(key)] = _with_units(value, by_path, f"{path}.")
        else:
            result[str(key)] = value
    return result


def _quantity(value: Mapping[str, Any], finding: Finding, path: str) -> float:
    extra = set(value) - {"value", "unit"}
    number = value.get("value")
    if extra or not isinstance(number, int | float) or isinstance(number, bool):
        raise InputError(
            path, f"{dict(value)!r} is not a quantity.", 'Write a number, or {"value": 0.8, "unit": "mg/dL"}.'
        )
    unit = value.get("unit")
    if unit is None:
        raise InputError(
            path, "a quantity without a unit.", f"Name its unit, or write the bare number in {finding.unit}."
        )
    return to_unit(finding.id, float(number), str(unit), finding.unit, field=path)


def _refuse_impossible(data: Mapping[str, Any], by_path: Mapping[str, Finding], prefix: str = "") -> None:
    for key, value in data.items():
        path = f"{prefix}{key}"
        if isinstance(value, Mapping):
            _refuse_impossible(value, by_path, f"{path}.")
            continue
        finding = by_path.get(path)
        if finding is None or finding.type != "number" or value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise InputError(path, f"{_short(value)} is not a number.", f"Write a number{_in_unit(finding)}.")
        if finding.plausible is None:
            continue
        low, high = finding.plausible
        if not low <= value <= high:
            raise ImpossibleValueError(path, float(value), finding)


def _in_unit(finding: Finding) -> str:
    return f" in {finding.unit}, or a value with its unit" if finding.unit else ""


class ImpossibleValueError(InputError):
    """A value that no living patient has. `suggestion`: what was probably meant, or `None`."""

    def __init__(self, path: str, value: float, finding: Finding) -> None:
        assert finding.plausible is not None
        low, high = finding.plausible
        unit = f" {finding.unit}" if finding.unit else ""
        self.suggestion = next((value / d for d in (10, 100, 1000) if value > high and low <= value / d <= high), None)
        remedy = f"Accepted: {low:g} to {high:g}{unit}."
        if self.suggestion is not None:
            remedy += f" A slip of the decimal point or another unit is likely: {self.suggestion:g}{unit}?"
        super().__init__(path, f"{value:g}{unit} is impossible.", remedy)


def _explained(error: ValidationError) -> InputError:
    """The first fault of a validation as a sentence about a field, its value and what is accepted."""
    first = error.errors()[0]
    path = ".".join(str(part) for part in first["loc"] if not str(part).startswith(("literal[", "tuple[")))
    match first["type"]:
        case "extra_forbidden":
            return _unknown_key(first["loc"])
        case "missing":
            return InputError(path, "is required.", "Give it; `unknown` is accepted where it is a value.")
        case "literal_error":
            return InputError(path, f"{first['input']!r} is not accepted.", f"Accepted: {first['ctx']['expected']}.")
        case _:
            return InputError(path, f"{_short(first['input'])} is not accepted: {first['msg']}.", "")


def _unknown_key(loc: Iterable[int | str]) -> InputError:
    from rapidfuzz import process

    *parents, key = loc
    model: Any = PatientProfile
    for part in parents:
        if isinstance(part, int):
            continue
        field = getattr(model, "model_fields", {}).get(part)
        if field is not None:
            model = _model_in(field.annotation) or model
    known = list(getattr(model, "model_fields", {}))
    path = ".".join(str(part) for part in (*parents, key))
    nearest = process.extractOne(str(key), known, score_cutoff=50)
    remedy = f"Did you mean {nearest[0]!r}?" if nearest else f"Known here: {', '.join(known)}."
    return InputError(path, "is not a known key.", remedy)


def _model_in(annotation: Any) -> Any:
    """The model inside a field's annotation (`Tumour`, `tuple[Lesion, ...] | None`), if there is one."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _model_in(part))), None)


def _kind(value: Any) -> str:
    return {list: "list", str: "text", type(None): "nothing"}.get(type(value), type(value).__name__)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
