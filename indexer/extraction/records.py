"""What the extractor hands back: statements that nobody has reviewed, each part with the span it was read from."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from liverboard.corpus.records import Record

Direction = Literal["decreased", "no_difference", "increased"]
DIRECTIONS: tuple[Direction, ...] = ("decreased", "no_difference", "increased")


class Quote(Record):
    """Words of a document: always ``document_text[start:end]``."""

    text: str = Field(min_length=1)
    start: int = Field(ge=0)
    end: int = Field(ge=0)


class ReadNumber(Record):
    """A number and the words it was read from."""

    value: float
    quote: Quote


class ReadInterval(Record):
    """A confidence interval as printed (usually 95 %) and the words it was read from."""

    low: float
    high: float
    quote: Quote


class ReadEffect(Record):
    """An effect that was measured.

    Attributes
    ----------
    measure : hazard_ratio, odds_ratio, risk_ratio, mean_difference or risk_difference
    interval : None when none stands beside it
    """

    measure: str
    value: float
    quote: Quote
    interval: ReadInterval | None = None


class ReadDesign(Record):
    """The design in the words of `SourceKind`, and the words it was read from."""

    kind: str
    quote: Quote


class ExtractedStatement(Record):
    """One result of a document that nobody has curated. It never sets a tier.

    Attributes
    ----------
    kind, review, certainty : fixed: a draft of evidence, unreviewed, of low certainty, until a person accepts it
    direction : of the outcome, under the intervention against the comparator; None when it was not read
    direction_probability : of the direction by the linear model; None when a language model read it
    evidence : the sentence that reports the result
    outcome_id : name of the outcome in `extraction_patterns.yaml`; None when it is not listed there
    p : the p value as printed
    sample_size : participants, as the document first states them
    read_by : "rules", or the name of the language model
    """

    kind: Literal["evidence_draft"] = "evidence_draft"
    review: Literal["unreviewed"] = "unreviewed"
    certainty: Literal["low"] = "low"
    document_id: str
    document_sha256: str
    population: Quote | None = None
    intervention: Quote | None = None
    comparator: Quote | None = None
    outcome: Quote
    outcome_id: str | None = None
    effect: ReadEffect | None = None
    p: Quote | None = None
    sample_size: ReadNumber | None = None
    design: ReadDesign | None = None
    direction: Direction | None = None
    direction_probability: float | None = Field(None, ge=0, le=1)
    evidence: Quote
    read_by: str = "rules"

    def quotes(self) -> tuple[Quote, ...]:
        """Every span of this statement."""
        interval = self.effect.interval if self.effect else None
        parts = (self.population, self.intervention, self.comparator, self.outcome,
                 self.effect.quote if self.effect else None, interval.quote if interval else None, self.p,
                 self.sample_size.quote if self.sample_size else None, self.design.quote if self.design else None,
                 self.evidence)
        return tuple(part for part in parts if part is not None)


class Verdict(Record):
    """What an abstract says to a question.

    Attributes
    ----------
    direction : the most probable one
    probabilities : in the order of `DIRECTIONS`
    sentences : spans, the most likely evidence first
    """

    direction: Direction
    probabilities: tuple[float, float, float]
    sentences: tuple[Quote, ...]
