"""What a risk endpoint is made of: whom it is said of, what its strata do, which published models there are.

Every record is written as YAML in `risk_endpoints/`; `CURATION.md` says how one is added.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from liverboard.corpus.conditions import Condition
from liverboard.corpus.records import EVERYBODY, Bilingual, Record

Stratum = Literal["high", "low"]
Validation = Literal["none", "derivation", "internal", "external"]
VALIDATIONS: tuple[Validation, ...] = ("none", "derivation", "internal", "external")
Modality = Literal[
    "ct", "mri", "gadoxetate_mri", "ultrasound", "contrast_ultrasound", "imaging", "whole_slide", "clinical"
]


class EndpointEffect(Record):
    """What a stratum of an imported model's output does to regimens, and the statement that says so.

    `push` moves the score within a tier, at most 0.1 either way; it never sets a tier.
    """

    stratum: Stratum
    when: Condition = EVERYBODY
    regimens: tuple[str, ...] = Field(min_length=1)
    push: float = Field(ge=-0.1, le=0.1)
    text: Bilingual
    cites: tuple[str, ...] = Field(min_length=1)


class Performance(Record):
    """One figure that a published model reached, and on whom: those it was made from, others, or others elsewhere."""

    measure: Literal["auc", "c_index", "accuracy", "sensitivity", "specificity", "hazard_ratio"]
    value: float = Field(gt=0)
    ci95: tuple[float, float] | None = None
    validation: Validation
    n: int | None = Field(None, gt=0, description="patients or lesions behind the figure, where the text says so")
    of: Bilingual | None = Field(None, description="which of several outcomes or sets, where there are several")

    @model_validator(mode="after")
    def _is_possible(self) -> Performance:
        if self.measure != "hazard_ratio" and self.value > 1:
            raise ValueError(f"{self.measure} {self.value} lies above 1")
        if self.ci95 is not None and not self.ci95[0] <= self.value <= self.ci95[1]:
            raise ValueError(f"{self.measure} {self.value} lies outside its interval")
        return self


class PublishedModel(Record):
    """A published model of an endpoint: what it reads, how well it did on whom, and the statements that say so."""

    id: str = Field(pattern=r"^[a-z0-9_]+$")
    modality: tuple[Modality, ...] = Field(min_length=1)
    reads: Bilingual = Field(description="the imaging or tissue source: sequences, regions, slides")
    performance: tuple[Performance, ...] = Field(min_length=1)
    cites: tuple[str, ...] = Field(min_length=1)

    @property
    def validation(self) -> Validation:
        """The hardest test that the model was put to."""
        return max((found.validation for found in self.performance), key=VALIDATIONS.index)


class Clock(Record):
    """Where the time that an output looks ahead to can be seen to have passed: a finding in months, and for whom."""

    finding: str
    when: Condition = EVERYBODY


class RiskEndpoint(Record):
    """What an imported model may predict, of whom it can be said, which decision it informs and what it may do.

    `strata`: what `high` and `low` mean; `horizon_months`: how far its models look ahead when an output does not say;
    `models`: those published and checked here, for the board to compare with its own.
    """

    id: str = Field(pattern=r"^[a-z0-9_]+$")
    label: Bilingual
    aliases: tuple[str, ...] = Field((), description="other names that an output may give the endpoint")
    population: Condition = EVERYBODY
    decision: Bilingual | None = None
    strata: dict[Stratum, Bilingual] = Field(default_factory=dict)
    clock: Clock | None = None
    horizon_months: float | None = Field(None, gt=0)
    effects: tuple[EndpointEffect, ...] = ()
    models: tuple[PublishedModel, ...] = ()


class RiskLimit(Record):
    """A reason to trust an output less, as it is said; one that `silences` takes away everything the output does."""

    id: Literal["out_of_population", "past_horizon", "population_unknown", "not_external"]
    text: Bilingual
    silences: bool
