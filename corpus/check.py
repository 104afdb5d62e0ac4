"""Integrity of the shipped knowledge: form, identity, and that everything named exists.

Reports every problem at once, so that a curator need not mend them one at a time.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from liverboard.corpus.conditions import Condition, Reference, Test, parts
from liverboard.corpus.knowledge import Knowledge
from liverboard.corpus.records import Source, Statement, Subject

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


def check(knowledge: Knowledge) -> dict[str, Any]:
    """Counts and problems: `{sources, statements, by_kind, problems: [text, ...]}`; no problem is an empty list."""
    problems = [
        *_source_problems(knowledge),
        *_identity_problems(knowledge.sources.values()),
        *_definition_problems(knowledge),
        *_flag_problems(knowledge),
        *_regimen_problems(knowledge),
        *_endpoint_problems(knowledge),
    ]
    return {
        "sources": len(knowledge.sources),
        "statements": len(knowledge.statements),
        "by_kind": dict(sorted(Counter(source.kind for source in knowledge.sources.values()).items())),
        "statements_by_kind": dict(sorted(Counter(s.kind for _, s in knowledge.statements.values()).items())),
        "problems": problems,
    }


def numbers(text: str) -> Counter[str]:
    """The numbers of a text with how often each stands there; `5 600` and `5,600` are one number."""
    return Counter(token.replace(",", "").rstrip(".") for token in _NUMBER.findall(text))


def _source_problems(knowledge: Knowledge) -> Iterator[str]:
    for source in knowledge.sources.values():
        if source.superseded_by and source.superseded_by not in knowledge.sources:
            yield f"{source.id}: superseded by {source.superseded_by!r}, which is not a source"
        if not source.statements and source.kind != "scoring_system":
            yield f"{source.id}: has no statement"
        for name, count in Counter(statement.id for statement in source.statements).items():
            if count > 1:
                yield f"{source.id}: {count} statements are called {name!r}"
        for statement in source.statements:
            yield from _statement_problems(knowledge, source, statement)


def _statement_problems(knowledge: Knowledge, source: Source, statement: Statement) -> Iterator[str]:
    where = f"{source.id}:{statement.id}"
    yield from _condition_problems(knowledge, statement.population, where)
    if statement.subject is not None:
        yield from _subject_problems(knowledge, statement.subject, where)
    for regimen in (*statement.if_unsuitable, *statement.if_excluded):
        if regimen not in knowledge.regimens:
            yield f"{where}: waits for {regimen!r}, which is no regimen"
    english, chinese = set(numbers(statement.claim.en)), set(numbers(statement.claim.zh))
    if english != chinese:
        yield f"{where}: the claims differ in numbers: {sorted(english ^ chinese)}"
    if not re.search(r"[\u4e00-\u9fff]", statement.claim.zh):
        yield f"{where}: the Chinese claim has no Chinese"


def _subject_problems(knowledge: Knowledge, subject: Subject, where: str) -> Iterator[str]:
    classes = {name for names in knowledge.classes_of.values() for name in names}
    for kind, names, known in (
        ("regimen", subject.regimens, set(knowledge.regimens)),
        ("component", subject.components, set(knowledge.components)),
        ("class", subject.classes, classes),
    ):
        for name in names:
            if name not in known:
                yield f"{where}: no {kind} is called {name!r}"


def _condition_problems(knowledge: Knowledge, condition: Condition, where: str) -> Iterator[str]:
    for part in parts(condition):
        if isinstance(part, Reference):
            if part.definition not in knowledge.definitions:
                yield f"{where}: no definition is called {part.definition!r}"
        elif part.finding not in knowledge.findings:
            yield f"{where}: no finding is called {part.finding!r}"
        else:
            yield from _value_problems(knowledge, part, where)


def _value_problems(knowledge: Knowledge, test: Test, where: str) -> Iterator[str]:
    finding = knowledge.findings[test.finding]
    if finding.type == "set" and (test.equals is not None or test.one_of is not None):
        yield f"{where}: {test.finding} is a set: use includes or includes_any"
    if finding.type != "set" and (test.includes is not None or test.includes_any is not None):
        yield f"{where}: {test.finding} is not a set: use is or in"
    if finding.type == "boolean" and test.equals is not None and not isinstance(test.equals, bool):
        yield f"{where}: {test.finding} is true or false, not {test.equals!r}"
    if finding.type != "number" and any(b is not None for b in (test.at_least, test.at_most, test.above, test.below)):
        yield f"{where}: {test.finding} is no number and has no bounds"
    if "equals" in test.model_fields_set and test.equals is None:
        yield f"{where}: {test.finding} is compared with nothing; use known: false"
    if not finding.values:
        return
    named = [test.equals, *(test.one_of or ()), test.includes, *(test.includes_any or ())]
    for value in named:
        if value is not None and value not in (*finding.values, "self"):
            yield f"{where}: {test.finding} is never {value!r}"


def _identity_problems(sources: Iterable[Source]) -> Iterator[str]:
    for key in ("pmid", "doi"):
        seen: dict[str, str] = {}
        for source in sources:
            value = getattr(source, key)
            if value is None:
                continue
            if value.lower() in seen:
                yield f"{source.id}: {key} {value} is also that of {seen[value.lower()]}"
            seen[value.lower()] = source.id


def _definition_problems(knowledge: Knowledge) -> Iterator[str]:
    for definition in knowledge.definitions.values():
        where = f"definition {definition.id}"
        yield from _condition_problems(knowledge, definition.when, where)
        yield from _citation_problems(knowledge, definition.cites, where)
    for name in knowledge.definitions:
        if _reaches(knowledge, name, name, set()):
            yield f"definition {name}: refers to itself"


def _reaches(knowledge: Knowledge, start: str, goal: str, seen: set[str]) -> bool:
    for part in parts(knowledge.definitions[start].when):
        if isinstance(part, Reference) and part.definition in knowledge.definitions:
            if part.definition == goal:
                return True
            if part.definition not in seen:
                seen.add(part.definition)
                if _reaches(knowledge, part.definition, goal, seen):
                    return True
    return False


def _flag_problems(knowledge: Knowledge) -> Iterator[str]:
    for name, count in Counter(flag.id for flag in knowledge.flags).items():
        if count > 1:
            yield f"flag {name}: {count} flag rules have this id"
    for flag in knowledge.flags:
        where = f"flag {flag.id}"
        yield from _condition_problems(knowledge, flag.when, where)
        yield from _citation_problems(knowledge, flag.cites, where)


def _regimen_problems(knowledge: Knowledge) -> Iterator[str]:
    for regimen in knowledge.regimens.values():
        for component in regimen.components:
            if component not in knowledge.components:
                yield f"regimen {regimen.id}: no component is called {component!r}"
        for availability in regimen.availability.values():
            yield from _citation_problems(knowledge, availability.cites, f"regimen {regimen.id}")


def _endpoint_problems(knowledge: Knowledge) -> Iterator[str]:
    for endpoint in knowledge.endpoints.values():
        where = f"risk endpoint {endpoint.id}"
        yield from _condition_problems(knowledge, endpoint.population, where)
        if endpoint.clock is not None:
            yield from _condition_problems(knowledge, endpoint.clock.when, where)
            if endpoint.clock.finding not in knowledge.findings:
                yield f"{where}: no finding is called {endpoint.clock.finding!r}"
        for model in endpoint.models:
            yield from _citation_problems(knowledge, model.cites, f"{where}, model {model.id}")
        for effect in endpoint.effects:
            yield from _condition_problems(knowledge, effect.when, where)
            yield from _subject_problems(knowledge, Subject(regimens=effect.regimens), where)
            yield from _citation_problems(knowledge, effect.cites, where)


def _citation_problems(knowledge: Knowledge, cites: Iterable[str], where: str) -> Iterator[str]:
    for name in cites:
        if name not in knowledge.statements:
            yield f"{where}: cites {name!r}, which is no statement"


if __name__ == "__main__":  # while curating: python -m liverboard.corpus.check
    import json

    from liverboard.corpus.knowledge import load_knowledge

    print(json.dumps(check(load_knowledge()), ensure_ascii=False, indent=1))
