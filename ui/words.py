"""The words of the screen in one language: labels, values, units, names; nothing is decided here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from liverboard.corpus.formula_records import Formula
from liverboard.corpus.knowledge import Knowledge
from liverboard.corpus.load import read_yaml
from liverboard.corpus.records import Finding, Language
from liverboard.recommender.formulas import shipped
from liverboard.recommender.phrases import say as say_of_the_answer

ENDS = ("", " ", ",", "(")  # what may follow the words of a locator
_REGIMENS = frozenset(
    {
        "prior_regimens",
        "progressed_on",
        "stopped_for_toxicity",
        "ongoing_treatment",
        "last_systemic",
        "regimen",
    }
)


@lru_cache(maxsize=1)
def _data() -> dict[str, Any]:
    data: dict[str, Any] = read_yaml(Path(__file__).with_name("phrases.yaml"))
    return data


class Words:
    """How things are called in one language, from the knowledge and from `ui/phrases.yaml`.

    What has no name here is shown as it is written, with its underscores as blanks.
    """

    def __init__(self, knowledge: Knowledge, language: Language) -> None:
        self.language = language
        self.knowledge = knowledge
        self._by_path = {f.profile: f for f in knowledge.findings.values() if f.profile}

    def say(self, name: str, /, **values: object) -> str:
        """A phrase of the screen, else of the answer, its slots filled; an unknown name is a `KeyError`."""
        own = _data()["words"].get(name)
        if own is None:
            return say_of_the_answer(name, self.language, **values)
        return str(own[self.language]).format(**values)

    def pair(self, label: str, value: str) -> str:
        """`label: value`, or the label alone where there is no value."""
        return f"{label}{self.say('colon')}{value}" if value else label

    def parens(self, inside: str) -> str:
        """`(inside)` as the language writes it, with the blank before it where it needs one."""
        return self.say("parens", inside=inside) if inside else ""

    def list(self, parts: Iterable[str], by: str = "comma") -> str:
        """Parts with the language's own comma (`by="semicolon"` for longer ones) between them."""
        return self.say(by).join(parts)

    def finding(self, field: str) -> Finding | None:
        """The finding behind a profile path or a finding's own name."""
        return self.knowledge.findings.get(field) or self._by_path.get(field)

    def label(self, field: str) -> str:
        """What a profile path or a finding is called."""
        found = self.finding(field)
        if found is not None:
            return found.label.in_(self.language)
        own = _data()["fields"]
        for name in (field, field.rpartition(".")[2]):
            if name in own:
                return str(own[name][self.language])
        return _bare(field.rpartition(".")[2])

    def value(self, field: str, value: Any) -> str:
        """A value of a field, with its unit, in words."""
        found = self.finding(field)
        name = found.id if found else field.rpartition(".")[2]
        if value is None:
            return self.say("unknown")
        if isinstance(value, bool):
            return self.say("yes" if value else "no")
        if isinstance(value, list | tuple | set | frozenset):
            return self.list(self.value(field, v) for v in value) if value else self.any("none")
        if isinstance(value, Mapping):
            parts = (self.pair(self.label(k), self.value(k, v)) for k, v in value.items() if v is not None)
            return self.list(parts)
        if isinstance(value, int | float):
            return number(value) + self.unit(found.unit if found else None)
        if name in _REGIMENS and value != "self":
            return self.regimen(str(value))
        if name == "region":
            return self.region(str(value))
        return self._named(name, str(value), found)

    def any(self, value: str) -> str:
        """A value that means the same everywhere."""
        return self._named("any", value, None)

    def _named(self, name: str, value: str, finding: Finding | None) -> str:
        if finding is not None and value in finding.value_labels:
            return finding.value_labels[value].in_(self.language)
        endpoint = self.knowledge.endpoints.get(value) if name == "endpoint" else None
        if endpoint is not None:
            return endpoint.label.in_(self.language)
        tables = _data()["value_labels"]
        for table in (name, name.removesuffix("_classes"), "any"):
            if value in tables.get(table, {}):
                return str(tables[table][value][self.language])
        return _bare(value) if finding is not None and value.islower() else value

    @property
    def computed(self) -> frozenset[str]:
        """The findings that a score fills."""
        return frozenset(name for score in shipped().compiled.values() for name in score.formula.provides)

    def unit(self, unit: str | None) -> str:
        """A unit as it stands after a number, with the blank before it where it needs one."""
        if not unit:
            return ""
        known = _data()["units"].get(unit)
        shown = known[self.language] if known else unit
        joined = shown == "%" or (self.language == "zh" and not shown[0].isascii() and shown[0] not in "×µ")
        return shown if joined else f" {shown}"

    def regimen(self, name: str) -> str:
        """A regimen by its id."""
        found = self.knowledge.regimens.get(name)
        return found.name.in_(self.language) if found else _bare(name)

    def region(self, code: str) -> str:
        """A region by its code; a country without guidelines of its own keeps its code."""
        found = self.knowledge.regions.get(code)
        return found.label.in_(self.language) if found else code

    def formula(self, name: str) -> Formula | None:
        """The formula of a score."""
        found = shipped().compiled.get(name)
        return found.formula if found else None

    def stratum(self, score: str, value: Any) -> str:
        """A stratum of a score in words."""
        formula = self.formula(score)
        for stratum in formula.strata if formula else ():
            if stratum.gives == value and stratum.label is not None:
                return stratum.label.in_(self.language)
        key = str(value).lower() if isinstance(value, bool) else str(value)
        tables = _data()["strata"]
        for table in (score, "any"):
            if key in tables.get(table, {}):
                return str(tables[table][key][self.language])
        if isinstance(value, bool):
            criteria = formula is not None and formula.stratum == "within"
            return self.say(("within" if value else "beyond") if criteria else ("yes" if value else "no"))
        return number(value) if isinstance(value, int | float) else str(value)

    def input(self, score: str, name: str) -> str:
        """What an input of a score, or the finding that fills it, is called."""
        formula = self.formula(score)
        found = next((i for i in formula.inputs if i.name == name), None) if formula else None
        if found is not None and found.meaning is not None:
            return found.meaning.in_(self.language)
        filled = self.knowledge.findings.get(found.finding or "") if found is not None else None
        if filled is not None:
            return filled.label.in_(self.language)
        own = _data()["inputs"].get(name)
        return str(own[self.language]) if own else self.label(name)

    def title(self, citation: Mapping[str, Any]) -> str:
        """The title of a cited source, in Chinese where it is a Chinese document's own."""
        source = self.knowledge.sources.get(citation["source_id"])
        if self.language == "zh" and source is not None and source.title_zh:
            return source.title_zh
        return str(citation.get("title") or citation["source_id"])

    def body(self, citation: Mapping[str, Any]) -> str:
        """The guideline body and year of a citation; nothing for a source that is no body's."""
        source = self.knowledge.sources.get(citation["source_id"])
        return f"{source.body} {source.year or ''}".strip() if source is not None and source.body else ""

    def locator(self, text: str) -> str:
        """Where in a document; in Chinese, the Chinese half of a locator that has both, and plain words."""
        if self.language == "en":
            return text
        halves = [part.partition(" / ") for part in text.split("; ")]
        if any(slash and _has_chinese(left) for left, slash, _ in halves):
            return "；".join(left for left, _, _ in halves)
        words: dict[str, str] = _data()["locators"]
        for english, chinese in words.items():
            if english.startswith(" "):
                text = text.replace(english, chinese)
            elif text.startswith(english) and (
                english[-2:] == ", " or text[len(english) : len(english) + 1] in ENDS
            ):
                text = chinese + text[len(english) :]
                break
        for pattern, chinese in _data()["locator_patterns"].items():
            text = re.sub(pattern, chinese, text)
        return text


def number(value: float) -> str:
    """A number as a person writes it: no needless zeros, no exponent below ten million."""
    if isinstance(value, int) or float(value).is_integer():
        return str(int(value))
    return f"{value:.4g}" if abs(value) < 1000 else f"{value:.1f}"


def _bare(name: str) -> str:
    return name.replace("_", " ")


def _has_chinese(text: str) -> bool:
    return any("\u4e00" <= letter <= "\u9fff" for letter in text)
