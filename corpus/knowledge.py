"""The shipped knowledge as one frozen whole: sources, regimens, definitions, flags, vocabulary."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from liverboard.corpus.errors import CorpusError
from liverboard.corpus.load import SHIPPED, by_id, read_folder, read_records
from liverboard.corpus.records import (
    Component,
    Definition,
    Finding,
    FlagRule,
    Regimen,
    Region,
    Source,
    Statement,
    Subject,
)
from liverboard.corpus.risk_records import RiskEndpoint


@dataclass(frozen=True)
class Knowledge:
    """What is known. `load_knowledge` makes it; nothing changes it afterwards."""

    sources: Mapping[str, Source]
    regimens: Mapping[str, Regimen]
    components: Mapping[str, Component]
    findings: Mapping[str, Finding]
    definitions: Mapping[str, Definition]
    flags: tuple[FlagRule, ...]
    regions: Mapping[str, Region]
    endpoints: Mapping[str, RiskEndpoint]
    fingerprint: str

    @cached_property
    def statements(self) -> dict[str, tuple[Source, Statement]]:
        """Every statement by its full name, `source:statement`."""
        return {
            f"{source.id}:{statement.id}": (source, statement)
            for source in self.sources.values()
            for statement in source.statements
        }

    @cached_property
    def classes_of(self) -> dict[str, frozenset[str]]:
        """The classes of each regimen: its own and those of its components."""
        return {
            regimen.id: frozenset(regimen.classes).union(*(self.components[c].classes for c in regimen.components))
            for regimen in self.regimens.values()
        }

    def regimens_about(self, subject: Subject) -> frozenset[str]:
        """The regimens that a statement with this subject speaks of."""
        return frozenset(
            regimen.id
            for regimen in self.regimens.values()
            if regimen.id in subject.regimens
            or not set(subject.components).isdisjoint(regimen.components)
            or not self.classes_of[regimen.id].isdisjoint(subject.classes)
            or self.concerns_partner(regimen.id, subject)
        )

    def concerns_partner(self, regimen: str, subject: Subject) -> bool:
        """Whether a statement reaches a combination only through the drug that may stand beside it."""
        return not set(self.regimens[regimen].partner_classes).isdisjoint(subject.classes) and self.classes_of[
            regimen
        ].isdisjoint(subject.classes)

    @cached_property
    def regimens_of(self) -> dict[str, tuple[str, ...]]:
        """For each statement that has a subject, the regimens that it speaks of, in the order of their names."""
        return {
            name: tuple(sorted(self.regimens_about(statement.subject)))
            for name, (_, statement) in self.statements.items()
            if statement.subject is not None
        }

    @cached_property
    def _regimen_names(self) -> dict[str, str]:
        names: dict[str, str] = {}
        for regimen in self.regimens.values():
            for name in (regimen.id, regimen.name.en, regimen.name.zh, *regimen.synonyms):
                names.setdefault(_plain(name), regimen.id)
        return names

    def regimen_named(self, name: str) -> str | None:
        """The id of the regimen that a name, a synonym or an id means; `None` when none is known by it."""
        return self._regimen_names.get(_plain(name))

    def region_of(self, country: str | None) -> Region:
        """The guideline region of a country; `INT` when it is unknown or has none of its own."""
        for region in self.regions.values():
            if country is not None and (country == region.id or country in region.countries):
                return region
        return self.regions["INT"]


def _plain(name: str) -> str:
    return "".join(character for character in name.casefold() if character.isalnum())


def load_knowledge(folder: Path = SHIPPED) -> Knowledge:
    """Read all data files below `folder`; `CorpusError` names the first file that breaks its rules."""
    vocabulary = folder / "vocabulary"
    return Knowledge(
        sources=by_id(read_folder(Source, folder / "sources")),
        regimens=by_id(read_folder(Regimen, folder / "regimens")),
        components=by_id(read_records(Component, vocabulary / "components.yaml")),
        findings=by_id(read_records(Finding, vocabulary / "findings.yaml")),
        definitions=by_id(read_records(Definition, vocabulary / "definitions.yaml")),
        flags=tuple(
            flag for path in sorted((folder / "flags").glob("*.yaml")) for flag in read_records(FlagRule, path)
        ),
        regions=by_id(read_records(Region, vocabulary / "regions.yaml")),
        endpoints=by_id(read_folder(RiskEndpoint, folder / "risk_endpoints")),
        fingerprint=fingerprint(folder),
    )


def fingerprint(folder: Path = SHIPPED) -> str:
    """SHA-256 over the names and bytes of every data file below `folder`, in the order of their names."""
    digest = hashlib.sha256()
    paths = sorted(folder.rglob("*.yaml"))
    if not paths:
        raise CorpusError(f"no data files below {folder.name}")
    for path in paths:
        digest.update(path.relative_to(folder).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()
