"""One formula made ready, and its result: value, stratum, what is missing, what is near a cut-off."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import Field

from liverboard.corpus.conditions import Scalar
from liverboard.corpus.errors import InputError
from liverboard.corpus.formula_records import Citation, Formula, FormulaInput
from liverboard.corpus.records import Bilingual, Record
from liverboard.recommender.formula_facts import (
    Between,
    Facts,
    OneOf,
    Shape,
    Truth,
    Value,
    compile_condition,
    is_number,
    is_open,
    tidy,
)
from liverboard.recommender.formula_inputs import checked
from liverboard.recommender.formula_shapes import compile_choose, compile_step


class NearCutoff(Record):
    """A result that a change within measurement error would alter.

    `input` moved by `within` (in its unit) gives `lower` or `upper` instead of `here`; `None` where
    that side changes nothing.
    """

    input: str
    value: float
    within: float
    here: Scalar
    lower: Scalar | None = None
    upper: Scalar | None = None


class ScoreResult(Record):
    """One score of one patient.

    `value`: the main output, `None` when it cannot be told; `stratum`: the group it falls in, and `outcome`
    what became of that group. `outputs`: all outputs by name. `possible`: for an output that is not known,
    what it can still be (labels, or the lowest and highest points). `missing`: what would settle it: names
    of inputs, or of findings for a patient. `unusable`: inputs whose value the score does not accept, with
    the reason. `applies`: false when the score says nothing of this patient (then nothing is computed),
    `None` when that is not known; `population` says whom it was made for.
    """

    id: str
    name: Bilingual
    group: str
    value: Scalar | None = None
    unit: str | None = None
    stratum: Scalar | None = None
    outcome: Bilingual | None = None
    outputs: dict[str, Scalar | None] = Field(default_factory=dict)
    possible: dict[str, tuple[Scalar, ...]] = Field(default_factory=dict)
    inputs: dict[str, Scalar | None] = Field(default_factory=dict)
    missing: tuple[str, ...] = ()
    unusable: dict[str, str] = Field(default_factory=dict)
    near_cutoff: tuple[NearCutoff, ...] = ()
    applies: bool | None = True
    population: Bilingual | None = None
    interpretation: Bilingual | None = None
    source: Citation
    confidence: str


@dataclass(frozen=True)
class Score:
    """A formula with its functions. `make_score` makes it, once."""

    formula: Formula
    steps: Mapping[str, Shape]
    inputs: Mapping[str, FormulaInput]
    fill: Mapping[str, Shape]
    applies: Truth | None
    outcomes: Mapping[Scalar, Bilingual | None]


def make_score(formula: Formula) -> Score:
    """Compile a formula."""
    return Score(
        formula=formula,
        steps={step.name: compile_step(step) for step in formula.steps},
        inputs={given.name: given for given in formula.inputs},
        fill={given.name: _filler(given) for given in formula.inputs},
        applies=None if formula.applies_when is None else compile_condition(formula.applies_when),
        outcomes={stratum.gives: stratum.outcome for stratum in formula.strata},
    )


def evaluate(score: Score, steps: Facts) -> ScoreResult:
    """The result from facts that hold the score's inputs and steps."""
    formula = score.formula
    given = {name: steps.values[name] for name in score.inputs}
    steps.unknown.clear()
    outputs = {name: steps.read(name) for name in formula.outputs}
    missing = tuple(dict.fromkeys(steps.unknown))
    stratum = steps.read(formula.stratum) if formula.stratum else None
    return _result(
        score,
        inputs={name: None if is_open(value) else value for name, value in given.items()},
        missing=missing,
        value=shown(formula, formula.value, steps.read(formula.value)),
        outputs={name: shown(formula, name, value) for name, value in outputs.items()},
        possible={name: options for name, value in outputs.items() if (options := _possible(value))},
        stratum=None if is_open(stratum) else stratum,
        near_cutoff=_near_cutoffs(score, given, steps),
    )


def evaluate_patient(score: Score, facts: Facts) -> tuple[ScoreResult, Facts | None]:
    """The result from a patient's findings, and its steps; `None` where the score does not apply."""
    facts.unknown.clear()
    applies = True if score.applies is None else score.applies(facts)
    if not applies:
        waits_for = tuple(dict.fromkeys(facts.unknown)) if applies is None else ()
        return _result(score, inputs=dict.fromkeys(score.inputs), missing=waits_for, applies=applies), None
    values: dict[str, Value] = {}
    causes: dict[str, tuple[str, ...]] = {}
    unusable: dict[str, str] = {}
    for name, fill in score.fill.items():
        facts.unknown.clear()
        value = fill(facts)
        if is_open(value):
            causes[name] = tuple(facts.unknown) or (name,)
        else:
            try:
                value = checked(score.inputs[name], value)
            except InputError as error:
                unusable[name], value, causes[name] = error.problem, None, ()
        values[name] = value
    steps = Facts(values, score.steps, causes)
    result = evaluate(score, steps)
    return (result.model_copy(update={"unusable": unusable}) if unusable else result), steps


def _filler(given: FormulaInput) -> Shape:
    """The function that fills an input from a patient's findings."""
    if given.derive is not None:
        return compile_condition(given.derive)
    if given.choose:
        return compile_choose(given.choose)
    if given.finding is None:
        return lambda facts: None  # no finding fills it: it is never known of a patient
    name, divide, multiply = given.finding, given.divide_by or 1, given.multiply_by or 1

    def fill(facts: Facts) -> Value:
        value = facts.read(name)
        return tidy(value * multiply / divide) if is_number(value) and divide != multiply else value

    return fill


def _result(score: Score, **known: Any) -> ScoreResult:
    formula, stratum = score.formula, known.get("stratum")
    return ScoreResult(
        id=formula.id,
        name=formula.name,
        group=formula.group,
        unit=next(step.unit for step in formula.steps if step.name == formula.value),
        outcome=None if stratum is None else score.outcomes.get(stratum),
        population=formula.population,
        interpretation=formula.interpretation,
        source=formula.source,
        confidence=formula.confidence,
        **{"outputs": dict.fromkeys(formula.outputs), **known},
    )


def shown(formula: Formula, name: str, value: Value) -> Scalar | None:
    """A step's value as it is shown: to its decimals, `None` when not known."""
    if is_open(value):
        return None
    if isinstance(value, float):
        return round(value, next(step.decimals for step in formula.steps if step.name == name))
    plain: Scalar = value
    return plain


def _possible(value: Value) -> tuple[Scalar, ...]:
    """What an unknown value can still be; nothing for true or false, which says nothing."""
    match value:
        case OneOf() if not any(isinstance(option, bool) for option in value.options):
            return value.options
        case Between():
            return (value.low, value.high)
    return ()


def _near_cutoffs(score: Score, given: Mapping[str, Value], steps: Facts) -> tuple[NearCutoff, ...]:
    """Each input whose measurement error reaches into another result."""
    watched = score.formula.near_on or score.formula.stratum
    if watched is None or is_open(here := steps.read(watched)):
        return ()
    found = []
    for name, rule in score.inputs.items():
        value = given[name]
        if not is_number(value) or rule.range is None:
            continue
        within = rule.near or (rule.near_percent or 0) / 100 * value
        if not within:
            continue
        lower, upper = (
            _moved(score, given, name, min(max(target, rule.range[0]), rule.range[1]), watched)
            for target in (value - within, value + within)
        )
        lower, upper = None if lower == here else lower, None if upper == here else upper
        if lower is not None or upper is not None:
            found.append(
                NearCutoff(input=name, value=value, within=tidy(within), here=here, lower=lower, upper=upper)
            )
    return tuple(found)


def _moved(score: Score, given: Mapping[str, Value], name: str, target: float, watched: str) -> Scalar | None:
    value = Facts({**given, name: target}, score.steps).read(watched)
    return None if is_open(value) else value
