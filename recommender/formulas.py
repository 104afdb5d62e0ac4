"""Published scores and stages, computed from the data files under `corpus/formulas/`.

`compute` serves a caller who names a score's own inputs, `score_from_arguments` the command line,
`compute_for_patient` everything at once from a patient's findings. No clinical number stands here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from liverboard.corpus.conditions import Scalar
from liverboard.corpus.errors import CorpusError, InputError
from liverboard.corpus.formula_records import Formula
from liverboard.corpus.load import SHIPPED, by_id, read_folder
from liverboard.recommender.formula_facts import Facts, Value, is_open
from liverboard.recommender.formula_inputs import checked, nearest, parsed, takes, unknown_input
from liverboard.recommender.formula_scores import (
    NearCutoff,
    Score,
    ScoreResult,
    evaluate,
    evaluate_patient,
    make_score,
    shown,
)

__all__ = [
    "NearCutoff",
    "Registry",
    "ScoreResult",
    "compute",
    "compute_for_patient",
    "load",
    "score_from_arguments",
    "shipped",
]


@dataclass(frozen=True)
class Registry:
    """All formulas, ready to compute. `load` makes it; nothing changes it afterwards.

    `order`: the formulas that serve patients, each after those whose results it needs.
    """

    compiled: Mapping[str, Score]
    order: tuple[str, ...]

    @property
    def formulas(self) -> dict[str, Formula]:
        """The formulas by id, as their files hold them."""
        return {name: score.formula for name, score in self.compiled.items()}

    def compute(self, formula_id: str, inputs: Mapping[str, Scalar | None]) -> ScoreResult:
        """One score from its own inputs; an input that is absent or `None` is unknown.

        Raises
        ------
        InputError
            for an unknown score or input, a value of the wrong type, or one outside the accepted range
        """
        score = self._find(formula_id)
        for name in inputs:
            if name not in score.inputs:
                raise unknown_input(score.formula, name)
        values = {
            name: None if inputs.get(name) is None else checked(given, inputs[name])
            for name, given in score.inputs.items()
        }
        return evaluate(score, Facts(values, score.steps))

    def score_from_arguments(self, formula_id: str, arguments: Sequence[str]) -> dict[str, Any]:
        """The answer of `liverboard score ID NAME=VALUE ...`.

        Numbers, `true`/`false`/`yes`/`no` and the values of an enum are read; `unknown` leaves one open.
        The answer holds the outputs by name, `missing`, and `about` (stratum, outcome, source, ...).
        """
        score = self._find(formula_id)
        inputs: dict[str, Scalar | None] = {}
        for argument in arguments:
            name, sign, text = (part.strip() for part in argument.partition("="))
            if not sign:
                raise InputError(argument, "is not of the form NAME=VALUE.", takes(score.formula))
            if name not in score.inputs:
                raise unknown_input(score.formula, name)
            if name in inputs:
                raise InputError(name, "is given twice.", "Give it once.")
            inputs[name] = parsed(score.inputs[name], text)
        result = self.compute(formula_id, inputs)
        about = result.model_dump(mode="json", exclude={"outputs", "missing", "value", "unusable", "applies"})
        return {**result.outputs, "missing": list(result.missing), "about": about}

    def compute_for_patient(self, findings: Mapping[str, Value]) -> list[ScoreResult]:
        """Every score that serves patients; see `complete`."""
        return self.complete(findings)[0]

    def complete(self, findings: Mapping[str, Value]) -> tuple[list[ScoreResult], dict[str, Value]]:
        """Every score of a patient, and the findings that scores provide (stages, grades, criteria).

        A provided finding is rounded as it is shown, `None` when it cannot be told. To later scores it
        replaces one of the same name among `findings`, unless it is `None`. Nothing given is changed.
        """
        facts = Facts(findings)
        results: list[ScoreResult] = []
        provided: dict[str, Value] = {}
        for formula_id in self.order:
            score = self.compiled[formula_id]
            result, steps = evaluate_patient(score, facts)
            results.append(result)
            for finding, step in score.formula.provides.items():
                value = steps.read(step) if steps is not None else None
                provided[finding] = shown(score.formula, step, value)
                if is_open(value) and not is_open(facts.values.get(finding)):
                    continue
                facts.values[finding] = value
                facts.causes[finding] = result.missing or (finding,)
        return results, provided

    def _find(self, formula_id: str) -> Score:
        if formula_id not in self.compiled:
            raise InputError(formula_id, "is not the id of a score.", nearest(formula_id, self.compiled))
        return self.compiled[formula_id]


def load(folder: Path = SHIPPED / "formulas") -> Registry:
    """Read and compile all formulas of a folder; `CorpusError` names the file that breaks a rule."""
    formulas = by_id(read_folder(Formula, folder))
    return Registry(
        compiled={name: make_score(formula) for name, formula in formulas.items()},
        order=_in_order(formula for formula in formulas.values() if formula.for_patients),
    )


@lru_cache(maxsize=1)
def shipped() -> Registry:
    """The formulas that come with LiverBoard, read once."""
    return load()


def compute(formula_id: str, inputs: Mapping[str, Scalar | None]) -> ScoreResult:
    """`Registry.compute` with the shipped formulas."""
    return shipped().compute(formula_id, inputs)


def score_from_arguments(formula_id: str, arguments: Sequence[str]) -> dict[str, Any]:
    """`Registry.score_from_arguments` with the shipped formulas."""
    return shipped().score_from_arguments(formula_id, arguments)


def compute_for_patient(findings: Mapping[str, Value]) -> list[ScoreResult]:
    """`Registry.compute_for_patient` with the shipped formulas."""
    return shipped().compute_for_patient(findings)


def _in_order(formulas: Iterable[Formula]) -> tuple[str, ...]:
    """Each formula after those whose findings it uses; alphabetical otherwise."""
    waiting = {formula.id: formula for formula in formulas}
    providers: dict[str, str] = {}
    for formula in waiting.values():
        for finding in formula.provides:
            if finding in providers:
                raise CorpusError(f"{providers[finding]} and {formula.id} both provide {finding!r}")
            providers[finding] = formula.id
    needs = {
        formula.id: {providers[name] for name in formula.findings() if name in providers} - {formula.id}
        for formula in waiting.values()
    }
    ordered: list[str] = []
    while waiting:
        ready = sorted(name for name in waiting if not needs[name] & waiting.keys())
        if not ready:
            raise CorpusError(f"these formulas wait for each other: {', '.join(waiting)}")
        ordered += ready
        for name in ready:
            del waiting[name]
    return tuple(ordered)
