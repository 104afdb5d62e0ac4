"""What tests share: the shipped knowledge and an index of it, the reference files, and made-up knowledge."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from liverboard.corpus.knowledge import Knowledge, load_knowledge
from liverboard.corpus.records import (
    Bilingual,
    Component,
    Definition,
    Finding,
    FlagRule,
    Regimen,
    Region,
    Source,
    Statement,
)
from liverboard.corpus.risk_records import EndpointEffect, RiskEndpoint
from liverboard.indexer.statements import StatementsInMemory
from liverboard.recommender.assess import Assessment, assess_regimens
from liverboard.recommender.evidence import gather_evidence
from liverboard.recommender.findings import Findings
from liverboard.recommender.profile import PatientProfile
from liverboard.recommender.risk import estimate_risks
from liverboard.recommender.staging import Patient

# No clock decides a test, and every run draws the same examples.
settings.register_profile("liverboard", deadline=None, derandomize=True)
settings.load_profile("liverboard")

BESIDE = Path(__file__).parents[1].parent / "shared" / "reference"


@pytest.fixture(scope="session")
def knowledge() -> Knowledge:
    """The shipped corpus."""
    return load_knowledge()


@pytest.fixture(scope="session")
def index(knowledge: Knowledge) -> StatementsInMemory:
    """All shipped statements, indexed in memory."""
    return StatementsInMemory(knowledge.sources.values())


@pytest.fixture(scope="session")
def reference() -> Callable[[str], Path]:
    """The path of a reference file by its name; the test is skipped, saying why, where the file is absent."""
    folder = Path(os.environ.get("LIVERBOARD_REFERENCE", BESIDE))

    def path(name: str) -> Path:
        found = folder / name
        if not found.exists():
            pytest.skip(
                f"{name} is not in {folder}; LIVERBOARD_REFERENCE names the folder of reference files"
            )
        return found

    return path


@pytest.fixture(scope="session")
def made_up() -> MadeUp:
    """A small world of made-up regimens, bodies and statements: engine tests need no shipped source."""
    return MadeUp()


def both(text: str) -> Bilingual:
    return Bilingual(en=text, zh=f"某{text}")


class MadeUp:
    """Builds knowledge a statement at a time, and asks the engine about made-up patients.

    Regimens: `surgery`, `ablation`, `tablet` and `infusion` (both of the class `pills_and_drips`), and
    `comfort`, which is supportive. Region `XX` listens to `HOME`, then to `NEAR`, then to `NEXT`.
    """

    FINDINGS = (
        Finding(id="size_cm", label=both("size"), type="number", profile="tumour.largest_cm"),
        Finding(id="bleeding", label=both("bleeding"), type="boolean", profile="tips"),
        Finding(id="child_pugh_class", label=both("liver function"), type="ordered", values=("A", "B", "C")),
        Finding(id="rare_marker", label=both("rare marker"), type="boolean", special=True),
        Finding(id="progressed_on", label=both("progressed on"), type="set"),
        Finding(id="preferences", label=both("wishes"), type="set", special=True),
        Finding(id="region", label=both("region"), type="text", profile="region"),
        Finding(id="guidelines_differ_by_region", label=both("differ"), type="boolean"),
    )
    COMPONENTS = (
        Component(id="pill", name=both("pill"), classes=("pills_and_drips",)),
        Component(id="drip", name=both("drip"), classes=("pills_and_drips",)),
    )
    REGIMENS = (
        Regimen(
            id="surgery",
            name=both("surgery"),
            kind="surgery",
            anticancer=True,
            declined_by=("declines_surgery",),
        ),
        Regimen(id="ablation", name=both("ablation"), kind="ablation", anticancer=True),
        Regimen(id="tablet", name=both("tablet"), kind="systemic", anticancer=True, components=("pill",)),
        Regimen(
            id="infusion",
            name=both("infusion"),
            kind="systemic",
            anticancer=True,
            components=("drip",),
            available_only_in=("XX",),
        ),
        Regimen(id="comfort", name=both("comfort"), kind="supportive", anticancer=False),
    )
    REGIONS = (
        Region(id="XX", label=both("here"), home=("HOME",), fallback=("NEAR", "NEXT")),
        Region(id="YY", label=both("far away"), home=("FAR",)),
        Region(id="INT", label=both("elsewhere"), home=("NEAR",)),
    )

    def patient(
        self, *, region: str | None = "XX", risk_outputs: Iterable[Any] = (), **facts: Any
    ) -> Patient:
        """A patient of whom these findings are known, and the liver function, and nothing else."""
        profile = PatientProfile.model_validate(
            {"diagnosis": {"tumour_type": "hcc"}, "region": region, "risk_outputs": tuple(risk_outputs)}
        )
        return Patient(profile, Findings({"child_pugh_class": "A", **facts}), (), {})

    def advises(
        self, regimen: str, position: str = "first_choice", *, when: Any = (), **more: Any
    ) -> Statement:
        """Advice for a regimen."""
        return self._statement(
            "recommendation", regimen, position, when, {"direction": "for", "position": position, **more}
        )

    def advises_against(
        self, regimen: str, force: str = "relative", *, when: Any = (), **more: Any
    ) -> Statement:
        return self._statement(
            "recommendation", regimen, f"not_{force}", when, {"direction": "against", "force": force, **more}
        )

    def forbids(self, regimen: str, force: str = "absolute", *, when: Any = (), **more: Any) -> Statement:
        """A contraindication; `force` relative or caution makes it a milder one."""
        return self._statement(
            "contraindication", regimen, force, when, {"direction": "against", "force": force, **more}
        )

    def trial(
        self, regimen: str, direction: str = "for", certainty: str = "high", *, when: Any = ()
    ) -> Statement:
        return self._statement(
            "evidence",
            regimen,
            f"trial_{direction}",
            when,
            {"direction": direction, "grade": {"certainty": certainty}},
        )

    def _statement(self, kind: str, regimen: str, name: str, when: Any, more: Mapping[str, Any]) -> Statement:
        given = dict(more)
        return Statement.model_validate(
            {
                "id": given.pop("id", f"{kind}_{regimen}_{name}"),
                "kind": kind,
                "section": "Table 1",
                "claim": {"en": f"{kind} {regimen} {name}", "zh": f"某{kind} {regimen} {name}"},
                "subject": given.pop("subject", {"regimens": [regimen]}),
                "population": list(when) if isinstance(when, list | tuple) else when,
                **given,
            }
        )

    def source(self, name: str, *statements: Statement, body: str | None = None, **more: Any) -> Source:
        return Source.model_validate(
            {
                "id": name,
                "title": name.upper(),
                "body": body,
                "year": 2025,
                "kind": "guideline",
                "read": "full_text",
                "read_at": "https://example.org",
                "checked": dt.date(2026, 1, 1),
                "licence": "made up",
                "ai_use": "made up",
                "statements": statements,
                **more,
            }
        )

    def knowledge(
        self,
        *sources: Source,
        flags: Iterable[FlagRule] = (),
        definitions: Mapping[str, Any] | None = None,
        endpoints: Iterable[RiskEndpoint] = (),
        regimens: Iterable[Regimen] = REGIMENS,
    ) -> Knowledge:
        named = [
            Definition.model_validate({"id": name, "label": both(name), "when": when})
            for name, when in (definitions or {}).items()
        ]
        return Knowledge(
            sources={source.id: source for source in sources},
            regimens={regimen.id: regimen for regimen in regimens},
            components={component.id: component for component in self.COMPONENTS},
            findings={finding.id: finding for finding in self.FINDINGS},
            definitions={definition.id: definition for definition in named},
            flags=tuple(flags),
            regions={region.id: region for region in self.REGIONS},
            endpoints={endpoint.id: endpoint for endpoint in endpoints},
            fingerprint="made up",
        )

    def endpoint(self, name: str, stratum: str, regimen: str, push: float, cites: str) -> RiskEndpoint:
        effect = EndpointEffect.model_validate(
            {
                "stratum": stratum,
                "regimens": (regimen,),
                "push": push,
                "text": both("pushed"),
                "cites": (cites,),
            }
        )
        return RiskEndpoint(id=name, label=both(name), effects=(effect,))

    def assess(
        self, patient: Patient, knowledge: Knowledge, *, indexed: Iterable[Source] | None = None
    ) -> dict[str, Assessment]:
        """What the engine makes of each regimen; `indexed`: the sources in the index, else all of them."""
        held = StatementsInMemory(knowledge.sources.values() if indexed is None else indexed)
        risks = estimate_risks(patient, knowledge)
        return assess_regimens(patient, risks, gather_evidence(patient, knowledge, held), knowledge)

    def tiers(
        self, patient: Patient, *sources: Source, indexed: Iterable[Source] | None = None
    ) -> dict[str, str]:
        """Regimen by regimen, the tier that these sources lead to."""
        found = self.assess(patient, self.knowledge(*sources), indexed=indexed)
        return {name: assessment.tier for name, assessment in found.items()}
