"""A patient with some facts changed: `labs.bilirubin_umol_l=45`, typed, converted and kept free of contradictions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from liverboard.corpus.errors import InputError
from liverboard.corpus.knowledge import Knowledge
from liverboard.recommender.intake import read_profile
from liverboard.recommender.profile import PatientProfile

_WITH_UNIT = re.compile(r"\s*([-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)(?:\s+(\S.*?)|([A-Za-zµμ%×].*?))\s*")
_LESIONS = "tumour.lesions"


def parse_changes(arguments: Iterable[str], knowledge: Knowledge) -> dict[str, Any]:
    """Changes as they are typed on a command line, by profile path.

    A value is YAML (`45`, `true`, `null` for unknown, `[lung, bone]`); a number may carry a unit (`2.6 mg/dL`); one
    member of a list may stand alone (`tumour.extrahepatic=lung`).

    Raises
    ------
    InputError
        No `=`, no path, or a value that is not YAML.
    """
    types = {f.profile: f.type for f in knowledge.findings.values() if f.profile}
    changes: dict[str, Any] = {}
    for argument in arguments:
        path, sign, text = argument.partition("=")
        path = path.strip()
        if not sign or not path:
            raise InputError(argument, "is not a change.", "Write it as PATH=VALUE, such as labs.bilirubin_umol_l=45.")
        if path in changes:
            raise InputError(path, "is changed more than once.", "Give it once.")
        changes[path] = _typed(path, text, types.get(path))
    if not changes:
        raise InputError("PATH=VALUE", "nothing is changed.", "Name a change, such as labs.bilirubin_umol_l=45.")
    return changes


def changed(profile: PatientProfile, changes: Mapping[str, Any], knowledge: Knowledge) -> PatientProfile:
    """The same patient with some fields set anew; `None` makes a field unknown.

    A new number or size of tumours is carried into the list of lesions, unless that is given too.

    Raises
    ------
    InputError
        A path that is not part of a profile, or a value that its field does not accept.
    """
    data = profile.model_dump(mode="json", exclude_none=True)
    for path, value in changes.items():
        _put(data, path, value)
    if _LESIONS not in changes:
        _carry_over(data, changes)
    return read_profile(data, findings=knowledge.findings)


def value_at(profile: PatientProfile, path: str) -> Any:
    """What a profile holds under a path; `None` where it holds nothing."""
    value: Any = profile
    for part in path.split("."):
        if isinstance(value, tuple) and part.isdigit():
            value = value[int(part)] if int(part) < len(value) else None
        else:
            value = getattr(value, part, None)
    if isinstance(value, tuple):
        return [item.model_dump(exclude_none=True) if hasattr(item, "model_dump") else item for item in value]
    return value.model_dump(exclude_none=True) if hasattr(value, "model_dump") else value


def _typed(path: str, text: str, kind: str | None) -> Any:
    quantity = _WITH_UNIT.fullmatch(text) if kind == "number" else None
    if quantity is not None:
        return {"value": float(quantity[1]), "unit": quantity[2] or quantity[3]}
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError as error:
        remedy = "Write a number, a word, true, false, null or [a, b]."
        raise InputError(path, f"{text!r} cannot be read.", remedy) from error
    return [value] if kind == "set" and isinstance(value, str) else value


def _put(data: dict[str, Any], path: str, value: Any) -> None:
    here: Any = data
    *parents, last = path.split(".")
    for part in parents:
        if isinstance(here, list):
            here = here[_place(here, part, path)]
        else:
            if here.get(part) is None:
                here[part] = {}
            here = here[part]
        if not isinstance(here, dict | list):
            raise InputError(path, f"{part} is a value, not a group of fields.", "Name the field itself.")
    if isinstance(here, list):
        here[_place(here, last, path)] = value
    else:
        here[last] = value


def _place(items: list[Any], part: str, path: str) -> int:
    if not part.isdigit() or int(part) >= len(items):
        remedy = f"The first entry is 0; there are {len(items)}."
        raise InputError(path, f"{part!r} is not an entry of the list.", remedy)
    return int(part)


def _carry_over(data: dict[str, Any], changes: Mapping[str, Any]) -> None:
    """Keep the list of lesions in step with a tumour number or size that was set anew."""
    tumour = data.get("tumour")
    lesions: list[dict[str, Any]] = (tumour.get("lesions") or []) if isinstance(tumour, dict) else []
    if not isinstance(tumour, dict) or not lesions:
        return
    largest, number = tumour.get("largest_cm"), tumour.get("number")
    if "tumour.number" in changes and isinstance(number, int) and number < len(lesions):
        lesions = sorted(lesions, key=lambda lesion: -lesion["diameter_cm"])[:number]
    if "tumour.largest_cm" in changes and isinstance(largest, int | float) and lesions:
        biggest = max(range(len(lesions)), key=lambda place: lesions[place]["diameter_cm"])
        lesions = [
            {**lesion, "diameter_cm": largest if place == biggest else min(lesion["diameter_cm"], largest)}
            for place, lesion in enumerate(lesions)
        ]
        if largest <= 0:
            lesions = []
    tumour["lesions"] = lesions
