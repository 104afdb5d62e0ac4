"""The form of a published score or stage: `formulas/*.yaml`, one file each.

A formula is a list of named steps over named inputs. Each step has one of six shapes (`Step`);
conditions are those of `conditions`, where `finding` names an input or an earlier step. Nothing is
a string to evaluate. `recommender.formulas` computes what stands here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

from pydantic import Field, model_validator

from liverboard.corpus.conditions import Condition, Reference, Scalar, parts
from liverboard.corpus.records import Bilingual, Record

InputType = Literal["number", "integer", "boolean", "enum"]
Transform = Literal["identity", "ln", "log10"]


class Case(Record):
    """One row of an ordered table: what it gives when true. Without `when` it is the otherwise."""

    when: Condition | None = None
    gives: Scalar


class Band(Record):
    """One band of an ordered list, lowest first. Without a bound it is all that is left."""

    below: float | None = None
    at_most: float | None = None
    gives: Scalar

    @model_validator(mode="after")
    def _has_one_bound(self) -> Band:
        if self.below is not None and self.at_most is not None:
            raise ValueError("a band ends `below` or `at_most` a value, not both")
        return self


class Item(Record):
    """What one input adds to a sum of points: by `bands`, by `values`, or `gives` when a condition holds."""

    of: str | None = None
    bands: tuple[Band, ...] = ()
    values: dict[Scalar, int | float] = Field(default_factory=dict)
    when: Condition | None = None
    gives: int | float | None = None

    @model_validator(mode="after")
    def _has_one_form(self) -> Item:
        if (self.when is None) == (self.of is None) or (self.when is None) == (self.gives is not None):
            raise ValueError("an item is `when` + `gives`, or `of` + `bands` or `values`")
        if self.of is not None and bool(self.bands) == bool(self.values):
            raise ValueError("an item of an input has `bands` or `values`")
        if any(isinstance(band.gives, str) for band in self.bands):
            raise ValueError("points are numbers")
        return self


class Term(Record):
    """`coefficient * transform(of) ** power`; a true input counts 1, a false one 0."""

    coefficient: float
    of: str
    transform: Transform = "identity"
    power: int = 1


class Linear(Record):
    """A constant and weighted terms."""

    constant: float = 0.0
    terms: tuple[Term, ...] = Field(min_length=1)


class Operation(Record):
    """One node of an expression; exactly one operation. Its parts are numbers, names or operations.

    `add` and `multiply` take any number of parts, `largest` and `smallest` too; `subtract`, `divide`
    and `power` two. `if` chooses between `then` and `otherwise`.
    """

    add: tuple[Expression, ...] | None = None
    multiply: tuple[Expression, ...] | None = None
    largest: tuple[Expression, ...] | None = None
    smallest: tuple[Expression, ...] | None = None
    subtract: tuple[Expression, Expression] | None = None
    divide: tuple[Expression, Expression] | None = None
    power: tuple[Expression, Expression] | None = None
    ln: Expression | None = None
    log10: Expression | None = None
    exp: Expression | None = None
    sqrt: Expression | None = None
    condition: Condition | None = Field(None, alias="if")
    then: Expression | None = None
    otherwise: Expression | None = None

    @model_validator(mode="after")
    def _is_one_operation(self) -> Operation:
        said = self.model_fields_set - {"then", "otherwise"}
        if len(said) != 1:
            raise ValueError("an operation says exactly one thing")
        branches = self.then is not None and self.otherwise is not None
        if branches != ("condition" in said):
            raise ValueError("`if` needs `then` and `otherwise`, and nothing else has them")
        return self

    def operands(self) -> tuple[str, tuple[Expression, ...]]:
        """The operation's name and its parts, in order; for `if`, the two branches."""
        if self.condition is not None:
            return "if", tuple(branch for branch in (self.then, self.otherwise) if branch is not None)
        name = next(iter(self.model_fields_set))
        value = getattr(self, name)
        return name, value if isinstance(value, tuple) else (value,)


Expression = int | float | str | Operation
Operation.model_rebuild()


class Step(Record):
    """One named result, from the inputs and the steps before it, in one of six shapes.

    `points`: a sum of items. `choose`: the first case that is true. `of` + `bands`: the band that a
    number falls in. `of` + `values`: what a value maps to. `linear`: a weighted sum. `compute`: an
    expression. `round` to that many decimals (halves away from zero), then `limits`.
    """

    name: str = Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")
    unit: str | None = None
    points: tuple[Item, ...] = ()
    choose: tuple[Case, ...] = ()
    of: str | None = None
    bands: tuple[Band, ...] = ()
    values: dict[Scalar, Scalar] = Field(default_factory=dict)
    linear: Linear | None = None
    compute: Expression | None = None
    round: int | None = Field(None, ge=0, le=9)
    limits: tuple[float, float] | None = None
    decimals: int = Field(4, ge=0, le=9, description="shown with so many; later steps use the full value")

    @model_validator(mode="after")
    def _has_one_shape(self) -> Step:
        shapes = (self.points, self.choose, self.bands, self.values, self.linear, self.compute is not None)
        if sum(map(bool, shapes)) != 1:
            raise ValueError(f"step {self.name!r} has exactly one shape")
        if (self.of is not None) != bool(self.bands or self.values):
            raise ValueError(f"step {self.name!r}: `of` goes with `bands` or `values`")
        return self

    def labels(self) -> tuple[Scalar, ...]:
        """Everything that a table, bands or values can give; empty for a computed number."""
        cases, bands = [case.gives for case in self.choose], [band.gives for band in self.bands]
        return tuple(dict.fromkeys([*cases, *bands, *self.values.values()]))


class FormulaInput(Record):
    """One input under the name that users give it, and how a patient's findings fill it.

    `finding` is taken as it is, or `divide_by` / `multiply_by` a factor; `derive` is a condition on
    findings (for a boolean input); `choose` a table over findings. An input with none of these is
    never known of a patient. `range`: outside, the value is refused.
    `near`, `near_percent`: a move of the input by so much is within measurement error: this project's
    working convention, not the source's.
    """

    name: str = Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")
    type: InputType = "number"
    unit: str | None = None
    values: tuple[Scalar, ...] = ()
    range: tuple[float, float] | None = None
    meaning: Bilingual | None = None
    finding: str | None = None
    divide_by: float | None = None
    multiply_by: float | None = None
    derive: Condition | None = None
    choose: tuple[Case, ...] = ()
    near: float | None = Field(None, gt=0)
    near_percent: float | None = Field(None, gt=0)
    not_to_be_confused_with: tuple[str, ...] = Field((), description="its names in another convention")

    @model_validator(mode="after")
    def _is_whole(self) -> FormulaInput:
        if (self.type == "enum") != bool(self.values):
            raise ValueError(f"input {self.name!r}: an enum, and only an enum, lists its values")
        if self.type == "number" and self.range is None:
            raise ValueError(f"input {self.name!r}: a number needs its range")
        if sum((self.finding is not None, self.derive is not None, bool(self.choose))) > 1:
            raise ValueError(f"input {self.name!r}: filled from `finding`, `derive` or `choose`, one of them")
        return self

    def findings(self) -> frozenset[str]:
        """The patient findings that this input is filled from."""
        direct = {self.finding} if self.finding is not None else set()
        conditions = [self.derive, *(case.when for case in self.choose)]
        return frozenset(direct | set(tested(conditions)))


class Stratum(Record):
    """One group of patients and what became of it, where the source says so."""

    gives: Scalar = Field(alias="is")
    label: Bilingual | None = None
    outcome: Bilingual | None = None


class Citation(Record):
    """Where the formula was published; `pmid` and `doi` only where somebody saw them printed."""

    citation: str
    pmid: str | None = Field(None, pattern=r"^\d{6,9}$")
    doi: str | None = Field(None, pattern=r"^10\.\d{4,9}/\S+$")


class Vector(Record):
    """Inputs with the outputs that they must give, within an absolute tolerance."""

    inputs: dict[str, Scalar]
    expected: dict[str, Scalar]
    tolerance: float = 0.0


class Formula(Record):
    """One published score, stage or rule. The forms of its parts are the records above."""

    id: str = Field(pattern=r"^[a-z0-9_]+$")
    name: Bilingual
    group: str
    purpose: Bilingual
    population: Bilingual | None = Field(None, description="whom it was made for, where that is not plain")
    interpretation: Bilingual | None = Field(None, description="cut-offs that stand beside the score")
    applies_when: Condition | None = Field(None, description="else it says nothing of a patient")
    for_patients: bool = Field(True, description="false: another form of the same score serves patients")
    inputs: tuple[FormulaInput, ...] = Field(min_length=1)
    steps: tuple[Step, ...] = Field(min_length=1)
    outputs: tuple[str, ...] = Field(min_length=1)
    value: str
    stratum: str | None = None
    near_on: str | None = Field(None, description="the step that is watched near cut-offs; default: stratum")
    strata: tuple[Stratum, ...] = ()
    provides: dict[str, str] = Field(default_factory=dict, description="finding: the step that fills it")
    source: Citation
    verified_at: tuple[str, ...] = ()
    confidence: str
    notes: tuple[str, ...] = Field((), description="conflicts between sources, and the reading taken")
    vectors: tuple[Vector, ...] = ()

    @model_validator(mode="after")
    def _names_what_exists(self) -> Formula:
        known = {given.name for given in self.inputs}
        if len(known) != len(self.inputs):
            raise ValueError("two inputs have one name")
        for step in self.steps:
            missing = [name for name in names_in(step) if name not in known]
            if missing:
                raise ValueError(f"step {step.name!r} uses {missing[0]!r}, which is no input or earlier step")
            if step.name in known:
                raise ValueError(f"{step.name!r} is named twice")
            known.add(step.name)
        steps = {step.name: step for step in self.steps}
        for name in (*self.outputs, self.value, self.stratum, self.near_on, *self.provides.values()):
            if name is not None and name not in steps:
                raise ValueError(f"{name!r} is no step")
        labels = steps[self.stratum].labels() if self.stratum else ()
        for stratum in self.strata:
            if labels and stratum.gives not in labels:
                raise ValueError(f"no case gives the stratum {stratum.gives!r}")
        inputs = {given.name for given in self.inputs}
        for vector in self.vectors:
            strange = (set(vector.inputs) - inputs) | (set(vector.expected) - set(self.outputs))
            if strange:
                raise ValueError(f"a vector names {sorted(strange)[0]!r}")
        return self

    def findings(self) -> frozenset[str]:
        """Every patient finding that it reads."""
        return frozenset().union(*(given.findings() for given in self.inputs), tested([self.applies_when]))


def tested(conditions: Iterable[Condition | None]) -> Iterator[str]:
    """The names that conditions test."""
    for condition in conditions:
        for part in parts(condition) if condition is not None else ():
            if isinstance(part, Reference):
                raise ValueError(f"a formula cannot use the definition {part.definition!r}: spell it out")
            yield part.finding


def names_in(step: Step) -> Iterator[str]:
    """The inputs and steps that a step reads."""
    if step.of is not None:
        yield step.of
    yield from tested(case.when for case in step.choose)
    yield from tested(item.when for item in step.points)
    yield from (item.of for item in step.points if item.of is not None)
    if step.linear is not None:
        yield from (term.of for term in step.linear.terms)
    if step.compute is not None:
        yield from _names_in_expression(step.compute)


def _names_in_expression(expression: Expression) -> Iterator[str]:
    if isinstance(expression, str):
        yield expression
    elif isinstance(expression, Operation):
        yield from tested([expression.condition])
        for part in expression.operands()[1]:
            yield from _names_in_expression(part)
