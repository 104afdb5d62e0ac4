"""Three-valued evaluation of conditions: true, false, or unknown (`None`). Unknown is never false.

`judge` gives the verdict and the leaves it rests on, so that every decision can be explained and every gap named.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from liverboard.corpus.conditions import All, AnyOf, Condition, Not, Reference, Test
from liverboard.corpus.records import Definition, Finding
from liverboard.recommender.findings import Findings, Value


@dataclass(frozen=True)
class Leaf:
    """One test as it came out. `holds`: true, false or `None` for unknown; `negated`: it stands under a `not`."""

    test: Test
    holds: bool | None
    negated: bool = False

    @property
    def speaks_for(self) -> bool | None:
        """What the leaf contributes to the whole: its verdict, turned round where it stands under a `not`."""
        return None if self.holds is None else self.holds != self.negated


@dataclass(frozen=True)
class Verdict:
    """What came of a condition.

    `value`: true, false or unknown. `holds`: true, or open only for want of an exception that nobody mentioned
    ("unless the jaundice is obstructive"): an exception counts as absent when it is a special finding, one that a
    referral states when it is there; it stays in `unknown`, as what to make sure of. `leaves`: the tests that
    decided (all of them where nothing is decided).
    """

    value: bool | None
    barring_exceptions: bool | None
    leaves: tuple[Leaf, ...] = ()

    @property
    def holds(self) -> bool:
        return self.barring_exceptions is True

    @property
    def met(self) -> tuple[Leaf, ...]:
        return tuple(leaf for leaf in self.leaves if leaf.speaks_for is True)

    @property
    def unmet(self) -> tuple[Leaf, ...]:
        return tuple(leaf for leaf in self.leaves if leaf.speaks_for is False)

    @property
    def unknown(self) -> tuple[Leaf, ...]:
        return tuple(leaf for leaf in self.leaves if leaf.speaks_for is None)


def judge(
    condition: Condition,
    findings: Findings,
    definitions: Mapping[str, Definition],
    vocabulary: Mapping[str, Finding] | None = None,
    *,
    negated: bool = False,
) -> Verdict:
    """Evaluate a condition of a patient.

    `all` is false as soon as one part is false, unknown if no part is false and one is unknown; `any` the other way
    round; `not` leaves unknown unknown. `vocabulary` says which findings are special; without it no exception is
    ever taken as absent.
    """
    match condition:
        case Test():
            found = _holds(condition, findings)
            absent = found is None and negated and vocabulary is not None and vocabulary[condition.finding].special
            return Verdict(found, False if absent else found, (Leaf(condition, found, negated),))
        case Reference():
            return judge(definitions[condition.definition].when, findings, definitions, vocabulary, negated=negated)
        case Not():
            inner = judge(condition.negated, findings, definitions, vocabulary, negated=not negated)
            return Verdict(_not(inner.value), _not(inner.barring_exceptions), inner.leaves)
        case All():
            decisive, conditions = False, condition.all
        case AnyOf():
            decisive, conditions = True, condition.any
    verdicts = [judge(part, findings, definitions, vocabulary, negated=negated) for part in conditions]
    value = _joined([verdict.value for verdict in verdicts], decisive)
    kept = [verdict for verdict in verdicts if verdict.value is decisive] if value is decisive else verdicts
    return Verdict(
        value,
        _joined([verdict.barring_exceptions for verdict in verdicts], decisive),
        tuple(leaf for verdict in kept for leaf in verdict.leaves),
    )


def _joined(values: Sequence[bool | None], decisive: bool) -> bool | None:
    if decisive in values:
        return decisive
    return None if None in values else not decisive


def _not(value: bool | None) -> bool | None:
    return None if value is None else not value


def _holds(test: Test, findings: Findings) -> bool | None:
    value = findings[test.finding]
    if test.known is not None:
        if (value is not None) != test.known:
            return False
        if test.model_fields_set == {"finding", "known"}:
            return True
    if value is None:
        return None
    checks = _checks(test, value)
    return all(checks) if checks else None


def _checks(test: Test, value: Value) -> list[bool]:
    results: list[bool] = []
    if test.equals is not None:
        results.append(value == test.equals)
    if test.one_of is not None:
        results.append(value in test.one_of)
    if isinstance(value, frozenset):
        if test.includes is not None:
            results.append(test.includes in value)
        if test.includes_any is not None:
            results.append(not value.isdisjoint(test.includes_any))
    if isinstance(value, int | float) and not isinstance(value, bool):
        if test.at_least is not None:
            results.append(value >= test.at_least)
        if test.at_most is not None:
            results.append(value <= test.at_most)
        if test.above is not None:
            results.append(value > test.above)
        if test.below is not None:
            results.append(value < test.below)
    return results
