"""Laws that hold for every patient, and a walk through the patient space that looks for where they break.

``python -m liverboard.eval.laws --examples 2000`` prints how often each law was tried and broken, and for each way of
breaking the smallest patient that was found. The tests of `tests/laws` try the same laws on fewer patients.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import Annotated, Any

import typer

from liverboard.corpus.load import read_yaml
from liverboard.corpus.units import to_unit
from liverboard.eval.answer_form import faults_of
from liverboard.eval.board import LEVEL, Board, level, tiers
from liverboard.eval.opening import open_or_build
from liverboard.eval.patient_space import ABSENT, Patient, a_patient, fields_of, get, put, with_
from liverboard.eval.rises import Change, rises
from liverboard.recommender.advice import nearness

_OTHER_UNITS = {
    "labs.bilirubin_umol_l": "mg/dL",
    "labs.albumin_g_l": "g/dL",
    "labs.creatinine_umol_l": "mg/dL",
    "labs.platelets_10e9_l": "/uL",
    "labs.haemoglobin_g_l": "g/dL",
    "labs.afp_ng_ml": "ug/L",
    "tumour.largest_cm": "mm",
}


@lru_cache(maxsize=1)
def trials() -> dict[str, Any]:
    """What the laws are tried with: `laws.yaml`."""
    found: dict[str, Any] = read_yaml(Path(__file__).with_name("laws.yaml"))
    return found


@dataclass(frozen=True)
class Broken:
    """A law broken: by which change, for which regimen, and how."""

    law: str
    change: Change
    regimen: str
    how: str


@dataclass(frozen=True)
class Law:
    """`says`: in one sentence. `changes`: what it is tried with. `broken`: regimens that break it, and how."""

    name: str
    says: str
    changes: Callable[[Board, Patient], list[Change]]
    broken: Callable[[Board, Change], Iterator[tuple[str, str]]]

    def breaches(self, board: Board, change: Change) -> list[Broken]:
        return [Broken(self.name, change, regimen, how) for regimen, how in self.broken(board, change)]


def _as_it_is(board: Board, patient: Patient) -> list[Change]:
    return [Change("as it is", patient, patient)]


def _in_form(board: Board, change: Change) -> Iterator[tuple[str, str]]:
    yield from faults_of(board.answer(change.before), board.index)


def _worse_liver(board: Board, patient: Patient) -> list[Change]:
    for path, causes in trials()["worse_liver_confounded_by"].items():
        value = get(patient, path)
        if any(cause in value if isinstance(value, list) else cause == value for cause in causes):
            return []
    if board.answer(patient).patient.findings["child_pugh_class"] is None:
        return []  # not knowing holds back; a worse value may settle the class, and then nothing is held back for that
    burdens = trials()["burdens_the_liver"]
    concerns = board.holding(burdens["classes"]) | {
        r.id for r in board.knowledge.regimens.values() if r.kind in burdens["kinds"]
    }
    return [
        Change(f"{path} {get(patient, path)} -> {worse}", patient, with_(patient, {path: worse}), frozenset(concerns))
        for path, values in trials()["worse_liver"].items() if get(patient, path) in values
        for worse in values[values.index(get(patient, path)) + 1:]
    ]


def meeting(patient: Patient, hazard: Mapping[str, Any]) -> tuple[Patient, Patient]:
    """A patient as a hazard presupposes, without it and with it."""
    before = with_(patient, {path: value for path, value in hazard["given"].items() if not _is_list(patient, path)})
    after = deepcopy(before)
    for path, value in hazard["adds"].items():
        grows = path in ("comorbidities", "medication", "allergies")
        put(after, path, sorted({*get(after, path), *value}, key=str) if grows else deepcopy(value))
    return before, after


def _is_list(patient: Patient, path: str) -> bool:
    """Whether a list that only grows is known already and stays as it is."""
    found = get(patient, path)
    return path in ("comorbidities", "medication", "allergies") and isinstance(found, list) and all(
        isinstance(item, str) for item in found
    )


def _contraindicated(board: Board, patient: Patient) -> list[Change]:
    return [
        Change(hazard["name"], *meeting(patient, hazard), board.holding(hazard["concerns"]))
        for hazard in trials()["hazards"]
    ]


def _source_leaves(board: Board, patient: Patient) -> list[Change]:
    supported: dict[str, set[str]] = {}
    for item in board.answer(patient).ranked:
        found = item.assessment
        if LEVEL[found.tier] and board.knowledge.regimens[found.regimen].anticancer:
            for a in found.arguments:
                if a.statement and (a.direction, a.kind) == ("for", "recommendation"):
                    supported.setdefault(a.statement.partition(":")[0], set()).add(found.regimen)
    return [Change(f"without {s}", patient, patient, frozenset(r), s) for s, r in sorted(supported.items())]


def _written_otherwise(board: Board, patient: Patient) -> list[Change]:
    turned = deepcopy(patient)
    for path in fields_of(patient):
        value = get(patient, path)
        if isinstance(value, list) and path != "prior_treatments":  # their order is their course
            put(turned, path, value[::-1])
    units = deepcopy(patient)
    by_path = {f.profile: f for f in board.knowledge.findings.values() if f.profile}
    for path, unit in _OTHER_UNITS.items():
        value = get(patient, path)
        if isinstance(value, int | float):
            finding = by_path[path]
            factor = to_unit(finding.id, 1.0, unit, finding.unit, field=path)
            put(units, path, {"value": value / factor, "unit": unit})
    backwards = dict(reversed(patient.items()))
    return [
        Change("lists in another order", patient, turned),
        Change("other units", patient, units),
        Change("fields in another order", patient, backwards),
        Change("in Chinese", patient, patient),
    ]


def _same_ranking(board: Board, change: Change) -> Iterator[tuple[str, str]]:
    language = "zh" if change.name == "in Chinese" else "en"
    before = board.answer(change.before).as_dict("en")
    after = board.answer(change.after).as_dict(language)  # type: ignore[arg-type]
    keys = ("rank", "regimen", "tier", "score", "tied")
    for was, now in zip(before["recommendations"], after["recommendations"], strict=False):
        if any(was[key] != now[key] for key in keys):
            yield now["regimen"], f"{[was[k] for k in keys]} -> {[now[k] for k in keys]}"
    for part in ("status", "stage"):
        if before[part] != after[part] and not (part == "stage" and language == "zh"):
            yield "-", f"{part}: {before[part]} -> {after[part]}"
    if [flag["code"] for flag in before["flags"]] != [flag["code"] for flag in after["flags"]]:
        yield "-", "other flags"
    if len(before["recommendations"]) != len(after["recommendations"]):
        yield "-", "other regimens"


def _filled_in(board: Board, patient: Patient) -> list[Change]:
    return [
        Change(f"{path} = {value}", patient, filled)
        for path, values in board.fields.items() if get(patient, path) is ABSENT
        for value in dict.fromkeys(v for v in values if isinstance(v, str | int | float))
        if (filled := with_(patient, {path: value}))
    ]


def _forbidden_then_offered(board: Board, change: Change) -> Iterator[tuple[str, str]]:
    before, after = board.answer(change.before), board.answer(change.after)
    if {c.id for c in before.patient.confounders} != {c.id for c in after.patient.confounders}:
        return  # the value that forbade has found another explanation
    region = board.knowledge.region_of(change.before.get("region"))
    for regimen, found in before.evidence.by_regimen.items():
        forbidding = [
            j.name for j in found
            if (j.statement.kind, j.statement.force) == ("contraindication", "absolute") and not j.of_partner
            and j.verdict.value is True and nearness(j, region) != "other"
        ]
        if forbidding and level(after, regimen):
            yield regimen, f"forbidden by {', '.join(forbidding)} -> {tiers(after)[regimen]}"


LAWS = (
    Law("form", "Any valid profile gets an answer in the contract's form.", _as_it_is, _in_form),
    Law("liver", "A worse liver never raises a regimen that burdens the liver.", _worse_liver, rises),
    Law("hazard", "A contraindication never raises a regimen that it concerns.", _contraindicated, rises),
    Law("source", "A source that leaves never strengthens what rested on it.", _source_leaves, rises),
    Law("writing", "Order, units and language change nothing.", _written_otherwise, _same_ranking),
    Law("unknown", "Filling an unknown never turns an absolute contraindication into an offer.", _filled_in,
        _forbidden_then_offered),
)  # fmt: skip


def sweep(board: Board, every: int = 1) -> Iterator[Change]:
    """Each hazard met by a patient of each stage in each region; `every`: only one in so many of them."""
    regions = [*dict.fromkeys(r for r in board.fields["region"])]
    trial = 0
    for hazard in trials()["hazards"]:
        forbidden = board.holding(hazard["forbids"])
        for stage, values in trials()["stages"].items():
            for region in regions:
                trial += 1
                if forbidden and trial % every == 0:
                    usual = deepcopy(trials()["usual"])
                    before, after = meeting(with_(usual, {**values, "region": region}), hazard)
                    yield Change(f"{hazard['name']}, {stage}, {region}", before, after, forbidden)


def offered_against_the_label(board: Board, change: Change) -> Iterator[tuple[str, str]]:
    """The regimens that a label forbids the second patient, and that are offered all the same."""
    found = tiers(board.answer(change.after))
    for regimen in sorted(change.concerns):
        if LEVEL[found.get(regimen, "not_recommended")]:
            yield regimen, found[regimen]


def smallest(board: Board, law: Law, broken: Broken) -> Broken:
    """The same breach with every field taken away that it does not need."""
    needed, found = True, broken
    while needed:
        needed = False
        for path in sorted(fields_of(found.change.before)):
            patient = with_(found.change.before, {path: ABSENT})
            if get(patient, "diagnosis.tumour_type") is None:
                continue
            again = next((
                b for change in law.changes(board, patient) if change.name == found.change.name
                for b in law.breaches(board, change) if b.regimen == found.regimen
            ), None)
            if again is not None and again.change.before != found.change.before:
                found, needed = again, True
    return found


def main(
    examples: Annotated[int, typer.Option(help="Patients to draw.")] = 200,
    seed: int = 0,
    law: Annotated[list[str] | None, typer.Option(help="Only these laws (the sweep is called sweep).")] = None,
    shown: Annotated[int, typer.Option(help="Ways of breaking a law of which an example is shown.")] = 10,
) -> None:
    """Draw patients, try every law on each with one change, print counts and the smallest counterexamples."""
    knowledge, index = open_or_build(None)
    board, random = Board(knowledge, index), Random(seed)
    tried: Counter[str] = Counter()
    told: Counter[str] = Counter()
    found: dict[tuple[str, str, str], Broken] = {}
    ways: Counter[tuple[str, str, str]] = Counter()
    by_name = {one.name: one for one in LAWS if not law or one.name in law}
    for _ in range(examples):
        patient = a_patient(knowledge, random)
        for one in by_name.values():
            changes = one.changes(board, patient)
            if changes:
                change = random.choice(changes)
                tried[one.name] += 1
                offered = {r for r, tier in tiers(board.answer(change.before)).items() if LEVEL[tier]}
                told[one.name] += not change.concerns or bool(offered & change.concerns)
                for breach in one.breaches(board, change):
                    way = (one.name, change.name.split(" ")[0] if one.name in ("liver", "unknown") else change.name,
                           breach.regimen)
                    ways[way] += 1
                    found.setdefault(way, breach)
    for name, one in by_name.items():
        mine = [way for way, _ in ways.most_common() if way[0] == name]
        typer.echo(
            f"{name}: {one.says} Tried {tried[name]} times ({told[name]} where a regimen of it was offered before), "
            f"broken {sum(ways[w] for w in mine)} times."
        )
        for way in mine[:shown]:
            small = smallest(board, one, found[way])
            typer.echo(f"  {ways[way]}x {small.change.name}: {small.regimen} {small.how}\n     {small.change.before}")
    if not law or "sweep" in law:
        swept = list(sweep(board))
        wrong = [(c.name, *b) for c in swept for b in offered_against_the_label(board, c)]
        typer.echo(f"sweep: No drug that a label forbids is offered. Tried {len(swept)} times, broken {len(wrong)}.")
        for line in wrong:
            typer.echo(f"  {' | '.join(line)}")


if __name__ == "__main__":
    typer.run(main)
