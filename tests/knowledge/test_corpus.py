"""The shipped corpus keeps its own rules, and the check that says so can find what breaks them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from liverboard.corpus.check import check, numbers
from liverboard.corpus.errors import CorpusError
from liverboard.corpus.knowledge import Knowledge, fingerprint
from liverboard.corpus.records import FlagRule
from liverboard.recommender.intake import read_profile
from liverboard.recommender.profile import Labs

REPOSITORY = Path(__file__).parents[2]
ROOMS = ("corpus", "indexer", "recommender", "ui", "eval")
RAISED_BY_THE_PROFILE_READER = {"impossible_value", "unit_error_suspected"}


# --- what is shipped


def test_the_corpus_has_no_problems(knowledge: Knowledge) -> None:
    assert check(knowledge)["problems"] == []


def test_the_counts_of_the_check_are_those_of_the_corpus(knowledge: Knowledge) -> None:
    counted = check(knowledge)
    assert counted["sources"] == len(knowledge.sources) == sum(counted["by_kind"].values())
    assert counted["statements"] == sum(len(source.statements) for source in knowledge.sources.values())


def test_trials_and_meta_analyses_are_as_many_as_promised(knowledge: Knowledge) -> None:
    kinds = [source.kind for source in knowledge.sources.values()]
    assert kinds.count("rct") + kinds.count("meta_analysis") >= 80


@pytest.mark.parametrize("body", ["BCLC", "NHC", "EASL", "AASLD", "NCCN", "JSH", "KLCA", "ESMO", "ASCO"])
def test_every_promised_guideline_body_has_a_guideline_that_is_in_force(
    body: str, knowledge: Knowledge
) -> None:
    in_force = [
        source.id
        for source in knowledge.sources.values()
        if (source.body, source.kind, source.status) == (body, "guideline", "current") and source.statements
    ]
    assert in_force


def test_every_body_that_a_region_listens_to_has_a_source(knowledge: Knowledge) -> None:
    heard = {body for region in knowledge.regions.values() for body in (*region.home, *region.fallback)}
    assert heard - {source.body for source in knowledge.sources.values()} == set()


def test_flags_say_the_same_numbers_and_the_same_values_in_both_languages(knowledge: Knowledge) -> None:
    slots = re.compile(r"\{(\w+)\}")
    for flag in knowledge.flags:
        english, chinese = flag.message.en, flag.message.zh
        assert set(numbers(english)) == set(numbers(chinese)), flag.id
        assert set(slots.findall(english)) == set(slots.findall(chinese)), flag.id
        assert set(slots.findall(english)) <= set(knowledge.findings), flag.id


def test_rules_about_a_treatment_name_a_regimen_or_a_class_of_the_catalogue(knowledge: Knowledge) -> None:
    known = set(knowledge.regimens).union(*knowledge.classes_of.values())
    assert {flag.id: set(flag.offered) - known for flag in knowledge.flags if set(flag.offered) - known} == {}


def test_every_value_of_a_finding_can_be_written_in_a_profile(knowledge: Knowledge) -> None:
    asked = [f for f in knowledge.findings.values() if f.profile and f.values]
    assert asked
    for finding in asked:
        assert finding.profile is not None
        for value in finding.values:
            profile = read_profile(
                with_value(finding.profile, [value] if finding.type == "set" else value),
                findings=knowledge.findings,
            )
            found: Any = profile
            for part in finding.profile.split("."):
                found = getattr(found, part)
            assert found == ((value,) if finding.type == "set" else value), finding.id


def with_value(path: str, value: Any) -> dict[str, Any]:
    """A patient with HCC and this value at this path of the profile."""
    *parents, last = path.split(".")
    data: dict[str, Any] = {"diagnosis": {"tumour_type": "hcc"}}
    inner = data
    for parent in parents:
        inner = inner.setdefault(parent, {})
    inner[last] = value
    return data


def test_every_laboratory_value_of_a_profile_has_a_finding_with_bounds(knowledge: Knowledge) -> None:
    bounded = {finding.profile for finding in knowledge.findings.values() if finding.plausible}
    assert {f"labs.{name}" for name in Labs.model_fields} - bounded == set()


def test_the_fingerprint_changes_with_a_word_or_a_name_of_a_data_file_and_with_nothing_else(
    tmp_path: Path,
) -> None:
    file = tmp_path / "one.yaml"
    file.write_text("a: 1\n", encoding="utf-8")
    first = fingerprint(tmp_path)
    (tmp_path / "CURATION.md").write_text("how to", encoding="utf-8")
    assert fingerprint(tmp_path) == first
    file.write_text("a: 2\n", encoding="utf-8")
    changed = fingerprint(tmp_path)
    file.rename(tmp_path / "two.yaml")
    assert len({first, changed, fingerprint(tmp_path)}) == 3


def test_a_folder_without_data_is_no_corpus(tmp_path: Path) -> None:
    with pytest.raises(CorpusError):
        fingerprint(tmp_path)


# --- the fixed lists


def test_every_regimen_that_the_contract_names_is_in_the_catalogue(
    knowledge: Knowledge, reference: Callable[[str], Path]
) -> None:
    lines = reference("regimen_ids.txt").read_text(encoding="utf-8").splitlines()
    named = {line.strip() for line in lines if line.strip() and not line.startswith("#")}
    assert named
    assert named - set(knowledge.regimens) == set()


def test_every_flag_code_that_the_contract_names_has_a_rule(
    knowledge: Knowledge, reference: Callable[[str], Path]
) -> None:
    codes = set(
        re.findall(r"^\| `(\w+)` \|", reference("flag_codes.md").read_text(encoding="utf-8"), re.MULTILINE)
    )
    assert codes >= RAISED_BY_THE_PROFILE_READER
    assert codes - {flag.code for flag in knowledge.flags} == RAISED_BY_THE_PROFILE_READER


def test_the_packages_that_are_built_are_the_folders_that_are_packages() -> None:
    tool = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    folders = {
        ".".join(("liverboard", *init.parent.relative_to(REPOSITORY).parts))
        for room in ROOMS
        for init in (REPOSITORY / room).rglob("__init__.py")
    }
    assert set(tool["packages"]) == folders
    placed = tool["package-dir"]
    assert set(placed) >= {f"liverboard.{room}" for room in ROOMS}
    assert placed == {name: "/".join(name.split(".")[1:]) for name in placed}


# --- the check itself


def problems(made_up: Any, *statements: Any, **more: Any) -> list[str]:
    source = (
        made_up.source("home", *statements) if statements else made_up.source("home", kind="scoring_system")
    )
    found: list[str] = check(made_up.knowledge(source, **more))["problems"]
    return found


def broken(made_up: Any) -> Iterator[tuple[str, list[str]]]:
    """One broken rule after the other: what the problem must name, and the problems found."""
    advises = made_up.advises
    test = {"finding": "size_cm", "at_most": 3}
    yield "'pray'", problems(made_up, advises("pray"))
    yield "'potion'", problems(made_up, advises("x", subject={"components": ["potion"]}))
    yield "'potions'", problems(made_up, advises("x", subject={"classes": ["potions"]}))
    yield "'pray'", problems(made_up, advises("tablet", if_unsuitable=["pray"]))
    yield "'mood'", problems(made_up, advises("tablet", when=[{"finding": "mood", "is": "good"}]))
    yield "'nobody'", problems(made_up, advises("tablet", when=[{"definition": "nobody"}]))
    yield "never 'D'", problems(made_up, advises("tablet", when=[{"finding": "child_pugh_class", "is": "D"}]))
    yield (
        "is a set",
        problems(made_up, advises("tablet", when=[{"finding": "progressed_on", "is": "tablet"}])),
    )
    yield "not a set", problems(made_up, advises("tablet", when=[{"finding": "bleeding", "includes": "x"}]))
    yield "true or false", problems(made_up, advises("tablet", when=[{"finding": "bleeding", "is": "yes"}]))
    yield (
        "differ in numbers",
        problems(made_up, advises("tablet", claim={"en": "within 3 cm", "zh": "不超过5 cm"})),
    )
    yield "no Chinese", problems(made_up, advises("tablet", claim={"en": "always", "zh": "always"}))
    yield "2 statements", problems(made_up, advises("tablet"), advises("tablet"))
    yield (
        "refers to itself",
        problems(made_up, definitions={"a": [{"not": {"definition": "a"}}]}),
    )
    yield "'mood'", problems(made_up, definitions={"a": [{"finding": "mood", "is": 1}]})
    for flag in ({"when": {"definition": "nobody"}}, {"when": [test], "cites": ["nobody"]}):
        rule = {"id": "f", "code": "f", "severity": "info", "message": {"en": "f", "zh": "某f"}, **flag}
        yield "'nobody'", problems(made_up, flags=[FlagRule.model_validate(rule)])
    yield (
        "cites 'nobody'",
        problems(made_up, endpoints=[made_up.endpoint("e", "high", "tablet", 0.1, "nobody")]),
    )
    yield (
        "'pray'",
        problems(
            made_up,
            advises("tablet"),
            endpoints=[made_up.endpoint("e", "high", "pray", 0.1, "home:recommendation_tablet_first_choice")],
        ),
    )


def test_a_made_up_corpus_without_fault_has_no_problems(made_up: Any) -> None:
    sound = made_up.advises("tablet", when=[{"finding": "size_cm", "at_most": 3}, {"definition": "fit"}])
    assert problems(made_up, sound, definitions={"fit": [{"finding": "bleeding", "is": False}]}) == []


def test_every_broken_rule_is_reported_with_what_breaks_it(made_up: Any) -> None:
    for named, found in broken(made_up):
        assert len(found) == 1, (named, found)
        assert named in found[0]


def test_a_source_with_nothing_to_say_and_one_superseded_by_nobody_are_problems(made_up: Any) -> None:
    silent = made_up.source("silent")
    gone = made_up.source("gone", made_up.advises("tablet"), superseded_by="nobody")
    found = check(made_up.knowledge(silent, gone))["problems"]
    assert [problem.split(":")[0] for problem in found] == ["silent", "gone"]


@pytest.mark.parametrize("key", [{"pmid": "12345678"}, {"doi": "10.1000/xyz"}])
def test_two_sources_are_never_one_document(key: dict[str, str], made_up: Any) -> None:
    one, other = (made_up.source(name, made_up.advises("tablet"), **key) for name in ("one", "other"))
    (problem,) = check(made_up.knowledge(one, other))["problems"]
    assert problem.startswith("other: ")
    assert "one" in problem


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("HR 0.66 (95% CI 0.52-0.85)", {"0.66", "95", "0.52", "0.85"}),
        ("5,600 patients", {"5600"}),
        ("in 2025.", {"2025"}),
    ],
)
def test_numbers_are_read_as_they_are_meant(text: str, found: set[str]) -> None:
    assert set(numbers(text)) == found
