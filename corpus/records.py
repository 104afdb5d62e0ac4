"""What the corpus is made of. Every record is frozen and serialisable; every one is written as YAML.

The forms are explained, with examples, in `CURATION.md`.
"""

from __future__ import annotations

import datetime as dt
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from liverboard.corpus.conditions import All, Condition

EVERYBODY = All(all=())

Language = Literal["en", "zh"]
Direction = Literal["for", "against"]
SourceKind = Literal[
    "guideline",
    "consensus",
    "rct",
    "meta_analysis",
    "single_arm_trial",
    "cohort",
    "case_series",
    "label",
    "review",
    "scoring_system",
    "public_summary",
]
ReadFrom = Literal["full_text", "abstract", "label", "summary_page", "bibliography"]
SourceStatus = Literal["current", "superseded", "retracted", "corrected", "expression_of_concern"]
Certainty = Literal["high", "moderate", "low", "very_low", "not_graded"]
Strength = Literal["strong", "weak", "not_graded"]
Position = Literal["first_choice", "preferred", "option"]
Force = Literal["absolute", "relative", "caution"]


class Record(BaseModel):
    """A frozen record that refuses keys it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Bilingual(Record):
    """The same text in English and in Chinese, with the same numbers in both."""

    en: str = Field(min_length=1)
    zh: str = Field(min_length=1)

    def in_(self, language: Language) -> str:
        return self.zh if language == "zh" else self.en


class Grade(Record):
    """Strength and certainty as the source prints them (`printed`), mapped to one scale beside it."""

    printed: str | None = None
    strength: Strength = "not_graded"
    certainty: Certainty = "not_graded"


class Effect(Record):
    """One measured result. `value` with `ci95` for a ratio; `arms` for what each arm reached.

    `outcome`: os, pfs, rfs, efs, dfs, ttp, orr, local_control, survival_rate, adverse_events, ...
    `measure`: hazard_ratio, odds_ratio, risk_ratio, median_months, percent, difference, ...
    `at_months`: the time point of a survival rate.
    """

    outcome: str
    measure: str
    value: float | None = None
    ci95: tuple[float, float] | None = None
    p: str | None = None
    arms: dict[str, float] = Field(default_factory=dict)
    at_months: float | None = None
    significant: bool | None = None


class Subject(Record):
    """What a statement is about: regimens by id, or every regimen that holds a component or a class."""

    regimens: tuple[str, ...] = ()
    components: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _names_something(self) -> Subject:
        if not (self.regimens or self.components or self.classes):
            raise ValueError("a subject names at least one regimen, component or class")
        return self


class Statement(Record):
    """One thing a source says, about whom, and how surely.

    `recommendation`: what a guideline advises; `for` needs a `position`, `against` a `force`.
    `contraindication`: who must not (absolute), should rather not (relative) or needs care (caution).
    `evidence`: what a study found; orders regimens within a tier, never sets the tier.
    `rule`: a definition, a threshold or a supportive measure that flags, definitions and scores cite.
    """

    id: str = Field(pattern=r"^[a-z0-9_]+$")
    kind: Literal["recommendation", "contraindication", "evidence", "rule"]
    section: str = Field(min_length=1, description="where in the document: section, table, page")
    claim: Bilingual
    subject: Subject | None = None
    population: Condition = EVERYBODY
    direction: Direction | None = None
    position: Position | None = None
    force: Force | None = None
    if_unsuitable: tuple[str, ...] = Field(
        (), description="counts only when none of these regimens is recommended to this patient"
    )
    if_excluded: tuple[str, ...] = Field(
        (), description="counts only when none of these regimens is offered to this patient at all"
    )
    if_unknown: Literal["note", "hold_back"] = Field(
        "note",
        description="what an unknown population of a contraindication does: is said, or holds back to consideration",
    )
    grade: Grade = Grade()
    effects: tuple[Effect, ...] = ()
    n: int | None = Field(None, description="participants analysed")
    comparator: str | None = None

    @model_validator(mode="after")
    def _is_whole(self) -> Statement:
        if self.kind != "rule" and (self.subject is None or self.direction is None):
            raise ValueError(f"{self.id}: a {self.kind} needs a subject and a direction")
        if self.kind == "recommendation" and self.direction == "for" and self.position is None:
            raise ValueError(f"{self.id}: a recommendation for a regimen needs a position")
        if self.kind == "contraindication" and (self.direction != "against" or self.force is None):
            raise ValueError(f"{self.id}: a contraindication is against, with a force")
        if self.kind == "recommendation" and self.direction == "against" and self.force is None:
            raise ValueError(f"{self.id}: a recommendation against a regimen needs a force")
        return self


class Source(Record):
    """One document: what it is, who read what of it and when, and the statements taken from it."""

    id: str = Field(pattern=r"^[a-z0-9_]+$")
    title: str
    title_zh: str | None = None
    first_author: str | None = None
    organisation: str | None = None
    body: str | None = Field(None, description="short name of the guideline body, as `regions.yaml` lists it")
    journal: str | None = None
    year: int | None = Field(
        None, ge=1950, le=2100, description="of publication; None where the text read does not say"
    )
    pmid: str | None = Field(None, pattern=r"^\d{6,9}$")
    pmcid: str | None = Field(None, pattern=r"^PMC\d+$")
    doi: str | None = Field(None, pattern=r"^10\.\d{4,9}/\S+$")
    nct: str | None = Field(None, pattern=r"^NCT\d{8}$")
    url: str | None = None
    kind: SourceKind
    region: str | None = Field(None, description="ISO 3166-1 alpha-2, EU or INT")
    read: ReadFrom
    read_at: str = Field(description="address of the public text that was read")
    checked: dt.date
    licence: str
    ai_use: str = Field(description="whether the licence allows machine reading, or facts only")
    partial: bool = Field(
        False, description="only parts could be read: what is not recorded of it is not its silence")
    status: SourceStatus = "current"
    superseded_by: str | None = None
    note: str | None = None
    statements: tuple[Statement, ...] = ()


class Component(Record):
    """A drug or a procedure inside regimens, and the classes that it brings along."""

    id: str
    name: Bilingual
    classes: tuple[str, ...] = ()
    synonyms: tuple[str, ...] = ()


class Availability(Record):
    """Whether a regimen may be had in a region for this disease, and the statement that says so."""

    approved: bool
    cites: tuple[str, ...] = ()


class Regimen(Record):
    """One entry of the catalogue. What speaks for or against it stands in the sources, not here."""

    id: str
    name: Bilingual
    kind: Literal[
        "surgery",
        "transplant",
        "ablation",
        "embolisation",
        "infusion",
        "radiation",
        "systemic",
        "combination",
        "adjuvant",
        "neoadjuvant",
        "pathway",
        "supportive",
        "diagnostic",
    ]
    anticancer: bool
    palliative: bool = Field(False, description="eases symptoms, does not control the disease; ranked after what does")
    components: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    partner_classes: tuple[str, ...] = Field(
        (),
        description="classes its partner drug may bring; their limits act one step lower: another partner may do",
    )
    synonyms: tuple[str, ...] = ()
    available_only_in: tuple[str, ...] = Field((), description="regions; empty: no restriction known")
    availability: dict[str, Availability] = Field(default_factory=dict)
    declined_by: tuple[str, ...] = Field((), description="preferences that speak against it")


class Finding(Record):
    """One thing that can be known of a patient. `profile`: the path that it is read from, if read at all."""

    id: str
    label: Bilingual
    type: Literal["number", "enum", "ordered", "boolean", "set", "text"]
    unit: str | None = None
    values: tuple[str, ...] = ()
    value_labels: dict[str, Bilingual] = Field(default_factory=dict)
    profile: str | None = None
    plausible: tuple[float, float] | None = Field(None, description="outside: no living patient has it")
    loinc: str | None = None
    special: bool = Field(False, description="a special test: not knowing it opens no option, it is only asked for")


class Definition(Record):
    """A named condition, with the statements that define it so (`cites`: source:statement)."""

    id: str
    label: Bilingual
    when: Condition
    cites: tuple[str, ...] = ()


class FlagRule(Record):
    """What must be said of a patient: raised when its condition is true.

    `message` may name findings in braces. `offered`: raised only if one of these is recommended or for consideration.
    `status`: the answer's status when raised. `asks`: profile fields that would settle it.
    """

    code: str
    id: str = Field(pattern=r"^[a-z0-9_]+$")
    severity: Literal["info", "warning", "stop"]
    when: Condition
    message: Bilingual
    cites: tuple[str, ...] = ()
    offered: tuple[str, ...] = Field((), description="raised only when one of these regimens or classes is offered")
    status: Literal["insufficient_data", "out_of_scope"] | None = None
    asks: tuple[str, ...] = ()


class Region(Record):
    """Which guideline bodies speak first for a region, and which when those are silent."""

    id: str
    label: Bilingual
    countries: tuple[str, ...] = ()
    home: tuple[str, ...]
    fallback: tuple[str, ...] = ()
