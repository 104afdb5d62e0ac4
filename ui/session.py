"""What a session of the web application holds, and the calls it makes; no screen and no Streamlit here.

A patient is kept as the plain mapping of the contract, so that a field that is not filled in stays unknown, and a
value that cannot be used is explained instead of lost.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from liverboard.corpus.errors import InputError
from liverboard.corpus.load import read_yaml
from liverboard.corpus.records import Language
from liverboard.recommender.intake import ImpossibleValueError, parse_text, read_profile
from liverboard.recommender.profile import PatientProfile
from liverboard.recommender.referral import Referral, read_referral
from liverboard.ui.blocks import Paragraph, Run
from liverboard.ui.render_markdown import to_markdown
from liverboard.ui.service import shipped_knowledge
from liverboard.ui.words import Words, number

EXAMPLES = Path(__file__).with_name("examples")
LARGEST_UPLOAD = 5_000_000  # bytes


@lru_cache(maxsize=1)
def web() -> dict[str, Any]:
    """Words, groups of the form, ranges of sliders: `phrases_web.yaml`."""
    data: dict[str, Any] = read_yaml(Path(__file__).with_name("phrases_web.yaml"))
    return data


class Phrases(Words):
    """The words of the screen, those of the web application among them."""

    def say(self, name: str, /, **values: object) -> str:
        own = web()["words"].get(name)
        return super().say(name, **values) if own is None else str(own[self.language]).format(**values)

    def tag(self, table: str, value: str) -> str:
        """A value of a source or a statement (its kind, certainty, direction) in words."""
        found = web()["labels"][table].get(value)
        return str(found[self.language]) if found else value

    def tier(self, tier: str) -> str:
        """The name of a tier."""
        return self.say(f"tier.{tier}")


def phrases(language: Language) -> Phrases:
    """The words in one language."""
    return Phrases(shipped_knowledge(), language)


def safe(text: object) -> str:
    """Text as Markdown that shows exactly this text: no markup, link, picture or formula in it acts."""
    shown = to_markdown([Paragraph((Run(str(text)),))]).strip("\n")
    for sign in "$:!":
        shown = shown.replace(sign, f"\\{sign}")
    return shown


@dataclass(frozen=True)
class Read:
    """A patient as it came in: the mapping, and the referral where it came as text."""

    data: dict[str, Any]
    referral: Referral | None = None
    text: str = ""


def read_pasted(text: str) -> Read:
    """A patient from pasted words; a pasted JSON or YAML profile is understood too.

    Raises
    ------
    InputError
        The text is empty, binary or too long, or a pasted profile has a fault.
    """
    if text.lstrip().startswith("{"):
        data = parse_text(text, name="profile", json_only=True)
        read_profile(data, findings=shipped_knowledge().findings)
        return Read(data)
    referral = read_referral(text, shipped_knowledge())
    return Read({**copy.deepcopy(dict(referral.data)), "narrative": text}, referral, text)


def read_upload(name: str, content: bytes) -> Read:
    """A patient from an uploaded file: `.json`, `.yaml`, `.yml`, or a referral as text.

    Raises
    ------
    InputError
        It is too large, not UTF-8 text, or not a profile.
    """
    if len(content) > LARGEST_UPLOAD:
        raise InputError(name, f"has {len(content):,} bytes.", f"Give at most {LARGEST_UPLOAD:,} bytes.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(name, "is not UTF-8 text (a binary file?).", "Save it as UTF-8 text.") from error
    suffix = Path(name).suffix.lower()
    if suffix not in (".json", ".yaml", ".yml"):
        return read_pasted(text)
    data = parse_text(text, name=name, json_only=suffix == ".json")
    read_profile(data, findings=shipped_knowledge().findings)
    return Read(data)


def examples() -> list[str]:
    """Names of the shipped example patients."""
    return sorted(path.name for path in EXAMPLES.glob("*.yaml"))


def read_example(name: str) -> Read:
    """One of the shipped example patients."""
    return read_upload(name, (EXAMPLES / name).read_bytes())


def profile_of(data: Mapping[str, Any]) -> PatientProfile:
    """The checked profile of a mapping; `InputError` names the field that cannot be used."""
    return read_profile(data, findings=shipped_knowledge().findings)


def value_at(data: Mapping[str, Any] | None, path: str) -> Any:
    """The value at a path such as `labs.inr`; `None` when it is not filled in."""
    here: Any = data
    for part in path.split("."):
        if not isinstance(here, Mapping):
            return None
        here = here.get(part)
    return here


def with_values(data: Mapping[str, Any] | None, values: Mapping[str, Any]) -> dict[str, Any]:
    """A copy with values set by their paths; `None` takes a value out.

    A value takes with it what says the same in another way (`replaces` in `phrases_web.yaml`): a list of lesions does
    not outlive a changed diameter.
    """
    changed: dict[str, Any] = copy.deepcopy(dict(data or {}))
    changed.setdefault("diagnosis", {}).setdefault("tumour_type", "unknown")
    for path, value in values.items():
        for name in (path, *web()["replaces"].get(path, ())):
            *parents, last = name.split(".")
            here = changed
            for part in parents:
                if not isinstance(here.get(part), dict):
                    here[part] = {}
                here = here[part]
            here.pop(last, None)
            if name == path and value is not None:
                here[last] = value
    return changed


def explained(error: InputError, words: Phrases) -> str:
    """An error of the input in the language of the screen, as safe Markdown."""
    if isinstance(error, ImpossibleValueError):
        found = words.finding(error.field)
        if found is not None and found.plausible is not None:
            low, high = (number(v) for v in found.plausible)
            unit = words.unit(found.unit)
            given = error.problem.split(" ", 1)[0]
            text = words.say(
                "app.impossible", field=words.label(error.field), value=given + unit, low=low, high=high + unit
            )
            return safe(text)
    return safe(words.say("app.unusable", why=str(error)))


def canonical(document: Mapping[str, Any]) -> str:
    """A document as the bytes that are stored and compared."""
    return json.dumps(document, ensure_ascii=False)


def citations_of(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every citation of an answer, each once."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    groups: list[Sequence[Any]] = [
        *(a["citations"] for r in document["recommendations"] for a in r["arguments"]),
        *(flag["citations"] for flag in document["flags"]),
        [p["citation"] for item in document["disagreements"] for p in item["positions"] if p["citation"]],
    ]
    for group in groups:
        for citation in group:
            found.setdefault((citation["passage_id"], citation["quote"]), citation)
    return list(found.values())


def tiers_of(document: Mapping[str, Any]) -> dict[str, str]:
    """Each regimen's tier."""
    return {item["regimen"]: item["tier"] for item in document["recommendations"]}
