"""Turns the steps of a formula into functions, once, so that a score costs microseconds.

Everything is three-valued (`formula_facts`): a table whose unknown conditions all lead to the same
result gives that result, and a sum of points with an unknown item is known to lie between two numbers.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any

from liverboard.corpus.formula_records import Band, Case, Expression, Item, Linear, Operation, Step
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


def compile_step(step: Step) -> Shape:
    """The step as a function of the facts."""
    shape: Shape
    if step.points:
        shape = _compile_points(step.points)
    elif step.choose:
        shape = compile_choose(step.choose)
    elif step.of is not None and step.bands:
        shape = _compile_lookup(step.of, _in_bands(step.bands))
    elif step.of is not None:
        shape = _compile_lookup(step.of, _in_values(step.values))
    elif step.linear is not None:
        shape = _compile_linear(step.linear)
    else:
        assert step.compute is not None  # the record has exactly one shape
        shape = _compile_expression(step.compute)
    return shape if step.round is None and step.limits is None else _finished(shape, step)


def _finished(shape: Shape, step: Step) -> Shape:
    decimals, limits = step.round, step.limits

    def finished(facts: Facts) -> Value:
        value = shape(facts)
        if not is_number(value):
            return None if is_open(value) else value
        if decimals is not None:
            value = round_half_away(value, decimals)
        if limits is not None:
            value = min(max(value, limits[0]), limits[1])
        return int(value) if decimals == 0 else value

    return finished


def round_half_away(value: float, decimals: int) -> float:
    """Rounded as people do: 2.5 to 3, -2.5 to -3."""
    scale = 10.0**decimals
    return math.copysign(math.floor(tidy(abs(value) * scale) + 0.5) / scale, value)


def compile_choose(cases: tuple[Case, ...]) -> Shape:
    """The first case that is true; if unknown cases come before it, what all of them agree on."""
    rows = [(compile_condition(case.when) if case.when is not None else None, case.gives) for case in cases]

    def choose(facts: Facts) -> Value:
        mark, options = len(facts.unknown), []
        for truth, gives in rows:
            result = True if truth is None else truth(facts)
            if result is not False and gives not in options:
                options.append(gives)
            if result:
                break
        else:
            return None  # no case is certain, and there is no otherwise
        if len(options) == 1:
            del facts.unknown[mark:]
        return _some(options)

    return choose


def _some(options: list[Any]) -> Value:
    return options[0] if len(options) == 1 else OneOf(tuple(options))


Lookup = Callable[[Any], list[Any]]  # everything that a possibly unknown value can give


def _in_bands(bands: tuple[Band, ...]) -> Lookup:
    def position(value: Any) -> int | None:
        value = tidy(value)
        for i, band in enumerate(bands):
            under_limit = band.below is not None and value < band.below
            within_limit = band.below is None and (band.at_most is None or value <= band.at_most)
            if under_limit or within_limit:
                return i
        return None

    def lookup(value: Any) -> list[Any]:
        if value is None:
            return [band.gives for band in bands]
        if isinstance(value, Between):
            first, last = position(value.low), position(value.high)
            return [] if first is None or last is None else [band.gives for band in bands[first : last + 1]]
        found = [position(v) for v in (value.options if isinstance(value, OneOf) else (value,))]
        return [bands[i].gives for i in found if i is not None]

    return lookup


def _in_values(values: Mapping[Any, Any]) -> Lookup:
    def lookup(value: Any) -> list[Any]:
        if value is None or isinstance(value, Between):
            return list(values.values())
        options = value.options if isinstance(value, OneOf) else (value,)
        return [values[option] for option in options if option in values]

    return lookup


def _compile_lookup(name: str, lookup: Lookup) -> Shape:
    def shape(facts: Facts) -> Value:
        mark = len(facts.unknown)
        options = list(dict.fromkeys(lookup(facts.read(name))))
        if len(options) == 1:
            del facts.unknown[mark:]
        return _some(options) if options else None

    return shape


def _compile_points(items: tuple[Item, ...]) -> Shape:
    compiled = [_compile_item(item) for item in items]

    def points(facts: Facts) -> Value:
        low: float = 0
        high: float = 0
        for item in compiled:
            options = item(facts)
            if not options:
                return None
            low, high = low + min(options), high + max(options)
        return low if low == high else Between(low, high)

    return points


def _compile_item(item: Item) -> Callable[[Facts], list[Any]]:
    if item.when is not None:
        truth, gives = compile_condition(item.when), item.gives

        def conditional(facts: Facts) -> list[Any]:
            result = truth(facts)
            return [0, gives] if result is None else [gives] if result else [0]

        return conditional
    assert item.of is not None  # the record has one form or the other
    name, lookup = item.of, _in_bands(item.bands) if item.bands else _in_values(item.values)

    def looked_up(facts: Facts) -> list[Any]:
        mark = len(facts.unknown)
        options = lookup(facts.read(name))
        if len(set(options)) == 1:
            del facts.unknown[mark:]
        return options

    return looked_up


_TRANSFORMS: dict[str, Callable[[float], float]] = {
    "identity": lambda x: x,
    "ln": math.log,
    "log10": math.log10,
}


def _compile_linear(linear: Linear) -> Shape:
    terms = [(t.coefficient, t.of, _TRANSFORMS[t.transform], t.power) for t in linear.terms]
    constant = linear.constant

    def total(facts: Facts) -> Value:
        parts = [(c, facts.read(name), transform, power) for c, name, transform, power in terms]
        if any(is_open(value) for _, value, _, _ in parts):
            return None
        return constant + sum(c * transform(value) ** power for c, value, transform, power in parts)

    return total


_OPERATIONS: dict[str, Callable[..., float]] = {
    "add": lambda *parts: sum(parts),
    "multiply": lambda *parts: reduce(operator.mul, parts),
    "largest": max,
    "smallest": min,
    "subtract": operator.sub,
    "divide": operator.truediv,
    "power": operator.pow,
    "ln": math.log,
    "log10": math.log10,
    "exp": math.exp,
    "sqrt": math.sqrt,
}


def _compile_expression(expression: Expression) -> Shape:
    if isinstance(expression, str):
        return lambda facts: facts.read(expression)
    if not isinstance(expression, Operation):
        return lambda facts: expression
    name, operands = expression.operands()
    parts = [_compile_expression(part) for part in operands]
    if expression.condition is not None:
        return _compile_if(compile_condition(expression.condition), *parts)
    apply = _OPERATIONS[name]

    def shape(facts: Facts) -> Value:
        values = [part(facts) for part in parts]
        return None if any(is_open(value) for value in values) else apply(*values)

    return shape


def _compile_if(truth: Truth, then: Shape, otherwise: Shape) -> Shape:
    def shape(facts: Facts) -> Value:
        mark = len(facts.unknown)
        result = truth(facts)
        if result is not None:
            return then(facts) if result else otherwise(facts)
        both = then(facts), otherwise(facts)
        if both[0] == both[1] and not is_open(both[0]):
            del facts.unknown[mark:]
            return both[0]
        return None

    return shape
