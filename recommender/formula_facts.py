"""Values of which something may be unknown, and conditions on them in three values.

A value that is not known is `None`, or, where something can still be said of it, `OneOf` a few labels
or `Between` two numbers. What a result waited for is remembered in `Facts.unknown`.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

from liverboard.corpus.conditions import All, AnyOf, Condition, Not, Reference, Scalar, Test


@dataclass(frozen=True, slots=True)
class OneOf:
    """Not known, but one of these."""

    options: tuple[Scalar, ...]


@dataclass(frozen=True, slots=True)
class Between:
    """Not known, but within these bounds, both included."""

    low: float
    high: float


Value = Any  # Scalar | a set of them (findings) | None | OneOf | Between
_SIGNIFICANT_DECIMALS = 9  # comparisons ignore what binary fractions add behind


def is_open(value: Value) -> bool:
    """Whether a value is not (fully) known."""
    return value is None or isinstance(value, (OneOf, Between))


class Facts:
    """Values by name, computed when first read. `unknown` gathers the names that results waited for.

    Parameters
    ----------
    values : what is given
    steps : how the rest is computed
    causes : for a value that is unknown, what it waits for in turn; by default its own name
    """

    __slots__ = ("causes", "steps", "unknown", "values")

    def __init__(
        self,
        values: Mapping[str, Value],
        steps: Mapping[str, Shape] | None = None,
        causes: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        self.values = dict(values)
        self.steps = steps or {}
        self.causes = dict(causes or {})
        self.unknown: list[str] = []

    def read(self, name: str) -> Value:
        if name not in self.values and name in self.steps:
            mark = len(self.unknown)
            value = self.steps[name](self)
            self.causes[name] = tuple(self.unknown[mark:])
            del self.unknown[mark:]
            self.values[name] = value
        value = self.values.get(name)
        if is_open(value):
            self.unknown.extend(self.causes.get(name, (name,)))
        return value


Shape = Callable[[Facts], Value]
Truth = Callable[[Facts], bool | None]


def compile_condition(condition: Condition) -> Truth:
    """The condition as a function that gives true, false or `None`."""
    match condition:
        case All():
            return _joined([compile_condition(part) for part in condition.all], decisive=False)
        case AnyOf():
            return _joined([compile_condition(part) for part in condition.any], decisive=True)
        case Not():
            inner = compile_condition(condition.negated)

            def negation(facts: Facts) -> bool | None:
                result = inner(facts)
                return None if result is None else not result

            return negation
        case Test():
            return _compile_test(condition)
        case Reference():
            raise ValueError(f"a formula cannot use the definition {condition.definition!r}")


def _joined(parts: list[Truth], *, decisive: bool) -> Truth:
    """All (`decisive` false) or any (true): one decisive part settles it, whatever is unknown."""

    def joined(facts: Facts) -> bool | None:
        mark, result = len(facts.unknown), not decisive
        open_part = False
        for part in parts:
            truth = part(facts)
            if truth is decisive:
                del facts.unknown[mark:]
                return decisive
            open_part = open_part or truth is None
        return None if open_part else result

    return joined


def _compile_test(test: Test) -> Truth:
    checks: list[Callable[[Any], bool | None]] = []
    for bound, compare, reversed_end in (
        (test.at_least, operator.ge, True), (test.above, operator.gt, True),
        (test.at_most, operator.le, False), (test.below, operator.lt, False),
    ):
        if bound is not None:
            checks.append(_bound(bound, compare, low_end_decides=reversed_end))
    if test.equals is not None:
        checks.append(_member((test.equals,)))
    if test.one_of is not None:
        checks.append(_member(test.one_of))
    for wanted in ((test.includes,) if test.includes else None, test.includes_any):
        if wanted:
            checks.append(_meeting(frozenset(wanted)))
    name, known = test.finding, test.known

    def holds(facts: Facts) -> bool | None:
        mark = len(facts.unknown)
        value = facts.read(name)
        if known is not None and is_open(value) == known:
            result: bool | None = False
        elif value is None:
            result = None if checks else True
        else:
            options = value.options if isinstance(value, OneOf) else (value,)
            results = {_all(check(tidy(option)) for check in checks) for option in options}
            result = results.pop() if len(results) == 1 else None
        if result is not None:
            del facts.unknown[mark:]
        return result

    return holds


def _all(results: Iterable[bool | None]) -> bool | None:
    open_part = False
    for result in results:
        if result is False:
            return False
        open_part = open_part or result is None
    return None if open_part else True


def _bound(
    bound: float, compare: Callable[[Any, Any], bool], *, low_end_decides: bool
) -> Callable[[Any], bool | None]:
    def check(value: Any) -> bool | None:
        if isinstance(value, Between):
            worst, best = (value.low, value.high) if low_end_decides else (value.high, value.low)
            return True if compare(worst, bound) else None if compare(best, bound) else False
        return bool(compare(value, bound))

    return check


def _meeting(wanted: frozenset[str]) -> Callable[[Any], bool | None]:
    return lambda value: not wanted.isdisjoint(value)


def _member(wanted: tuple[Scalar, ...]) -> Callable[[Any], bool | None]:
    def check(value: Any) -> bool | None:
        if isinstance(value, Between):
            reachable = any(is_number(w) and value.low <= w <= value.high for w in wanted)
            return None if reachable else False
        return value in wanted

    return check


def is_number(value: Any) -> TypeGuard[int | float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def tidy(value: Any) -> Any:
    """A number without the dust of binary fractions: 34.2 / 17.1 is 2."""
    return round(value, _SIGNIFICANT_DECIMALS) if isinstance(value, float) else value
