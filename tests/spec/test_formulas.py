"""Every published score gives what its source says: at its vectors, at its cut-offs, with facts missing."""

from __future__ import annotations

import json
import os
import random
import re
from pathlib import Path
from typing import Any

import pytest

from liverboard.corpus.check import numbers
from liverboard.corpus.formula_records import Formula
from liverboard.corpus.load import SHIPPED, read_yaml
from liverboard.corpus.records import Bilingual
from liverboard.recommender import formulas

REGISTRY = formulas.shipped()
BESIDE = Path(__file__).parents[2].parent / "shared" / "reference"
REFERENCE = Path(os.environ.get("LIVERBOARD_REFERENCE", BESIDE))
VECTORS = [(f.id, i) for f in REGISTRY.formulas.values() for i in range(len(f.vectors))]


def agree(given: Any, expected: Any, tolerance: float) -> bool:
    if isinstance(expected, (bool, str)) or isinstance(given, (bool, str)) or given is None:
        return type(given) is type(expected) and given == expected
    return bool(abs(given - expected) <= tolerance + 1e-9)


def as_arguments(inputs: dict[str, Any]) -> list[str]:
    return [f"{name}={str(v).lower() if isinstance(v, bool) else v}" for name, v in inputs.items()]


def disagreements(
    formula_id: str, inputs: dict[str, Any], expected: dict[str, Any], tolerance: float
) -> list[str]:
    """Where `compute` or the command line differ from what is expected."""
    answers = {
        "compute": REGISTRY.compute(formula_id, inputs).outputs,
        "arguments": REGISTRY.score_from_arguments(formula_id, as_arguments(inputs)),
    }
    return [
        f"{formula_id} by {how}: {inputs} gave {name}={answer.get(name)!r}, not {value!r}"
        for how, answer in answers.items()
        for name, value in expected.items()
        if not agree(answer.get(name), value, tolerance)
    ]


@pytest.mark.parametrize(("formula_id", "number"), VECTORS, ids=lambda x: str(x))
def test_a_score_reproduces_the_vectors_in_its_file(formula_id: str, number: int) -> None:
    vector = REGISTRY.formulas[formula_id].vectors[number]
    assert disagreements(formula_id, dict(vector.inputs), dict(vector.expected), vector.tolerance) == []


@pytest.fixture(scope="module")
def reference() -> list[dict[str, Any]]:
    path = REFERENCE / "scores.json"
    if not path.exists():
        pytest.skip(f"the reference scores are not here ({path}); LIVERBOARD_REFERENCE names their folder")
    entries: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    return entries


def test_exactly_the_scores_cleared_for_use_are_shipped(reference: list[dict[str, Any]]) -> None:
    assert set(REGISTRY.formulas) == {entry["id"] for entry in reference if entry["deploy"]}


def test_inputs_carry_the_names_and_order_of_the_reference(reference: list[dict[str, Any]]) -> None:
    for entry in reference:
        if entry["deploy"] and entry["inputs"]:
            names = [given.name for given in REGISTRY.formulas[entry["id"]].inputs]
            assert names == [given["name"] for given in entry["inputs"]], entry["id"]


def test_all_vectors_of_the_reference_pass_and_no_output_is_renamed(reference: list[dict[str, Any]]) -> None:
    wrong = []
    for entry in (entry for entry in reference if entry["deploy"]):
        for vector in entry["vectors"]:
            wrong += disagreements(entry["id"], vector["inputs"], vector["expected"], vector["tolerance"])
            assert set(REGISTRY.formulas[entry["id"]].outputs) == set(vector["expected"]), entry["id"]
    assert wrong == []


# Child-Pugh: the middle band holds both its ends. MELD: dialysis counts as the capped creatinine; 6 to 40.
CUT_OFFS = """
child_pugh_si bili_umol=51.3 alb_gl=28 inr=2.3 ascites=none enceph=none -> score=8
child_pugh_si bili_umol=51.31 alb_gl=27.9 inr=2.31 ascites=none enceph=none -> score=11 class=C
child_pugh bili_mgdl=1 alb_gdl=4 inr=1 ascites=moderate_severe enceph=none -> score=7 class=B
child_pugh_pt bili_mgdl=1 alb_gdl=4 pt_prolong_s=6 ascites=none enceph=none -> score=6
meld bili_mgdl=1 cr_mgdl=1 inr=1 dialysis=yes -> meld=20
meld bili_mgdl=50 cr_mgdl=4 inr=8 dialysis=no -> meld=40
bclc_2022 ps=2 endstage_nontransplantable=no n=1 size_cm=1 pv_invasion=no extrahepatic=no -> stage=C
bclc_2022 ps=0 endstage_nontransplantable=no n=2 size_cm=3.1 pv_invasion=no extrahepatic=no -> stage=B
bclc_2022 ps=0 endstage_nontransplantable=yes n=1 size_cm=1 pv_invasion=no extrahepatic=no -> stage=D
cnlc ps=2 cp=C n=1 size_cm=1 vascular=no extrahepatic=no -> stage=IV
cnlc ps=0 cp=A n=5 size_cm=1 vascular=no extrahepatic=yes -> stage=IIIb
tnm8 n=3 size_cm=9 vasc_inv=yes major_branch=yes adjacent_or_perf=no N=yes M=yes -> T=T4 stage=IVB
tnm8 n=1 size_cm=9 vasc_inv=no major_branch=no adjacent_or_perf=no N=yes M=no -> T=T1b stage=IVA
jis cp=A single=no le2cm=no no_vi=no N=no M=no -> tnm=IVA
jis cp=A single=yes le2cm=yes no_vi=yes N=yes M=no -> tnm=IVA jis=3
milan n=1 largest=2 mvi=yes ehs=no -> within=no
ucsf n=2 largest=4.6 total=6 mvi=no ehs=no -> within=no
ucsf n=1 largest=6.6 total=6.6 mvi=no ehs=no -> within=no
metroticket2_criteria n=2 largest=3 afp=400 -> within=yes
metroticket2_criteria n=2 largest=3 afp=400.1 -> within=no
afp_model largest=6 n=1 afp=1000 -> score=3 risk=high
hangzhou ttd=8 grade_I_II=no afp=1 mvi=yes ehs=no -> within=no
lirads_v2018 size_mm=10 aphe=yes washout=no capsule=no growth=yes -> category=LR-5
lirads_v2018 size_mm=20 aphe=no washout=no capsule=yes growth=no -> category=LR-4
baveno7 lsm=20 plt=200 -> csph=grey_zone endoscopy_can_be_deferred=no
baveno7 lsm=10 plt=150 -> csph=ruled_out endoscopy_can_be_deferred=no
page_b age=69 male=yes plt=100 -> score=20 band=high
mpage_b age=40 male=no plt=200 alb_gl=35 -> score=8 band=low
reach_b age=35 male=no alt=15 hbeag=no dna_copies=1e+06 -> score=6
thri age=45 male=no etiology=other plt=200 -> score=106 band=low
retreat afp=99 mvi=no n_viable=1 largest_viable=9 -> score=4
hap alb_gl=35.9 bili_umol=17.1 afp=400.1 size=7.1 -> points=4 class=D
six_and_twelve largest=3 n=3 -> sum=6 stratum=1
albi_tae albi_grade=1 afp=200 largest=9.1 n=2 -> points=1 class=B
art ast_inc_gt25=no cp_increase=-1 no_response=no -> score=0 group=low
crafity afp=99.9 crp_mgdl=1 -> score=1 group=intermediate
bclc_b_bolondi cps=7 up7_in=yes ps=0 -> sub=B1
""".strip().splitlines()


@pytest.mark.parametrize("case", CUT_OFFS)
def test_a_score_reads_its_cut_offs_as_its_notes_say(case: str) -> None:
    (formula_id, *arguments), expected = (side.split() for side in case.split(" -> "))
    answer = REGISTRY.score_from_arguments(formula_id, arguments)
    told = {name: ("no", "yes")[v] if isinstance(v, bool) else str(v) for name, v in answer.items()}
    assert [f"{name}={told[name]}" for name in (pair.partition("=")[0] for pair in expected)] == expected


@pytest.mark.parametrize("formula", REGISTRY.formulas.values(), ids=lambda f: f.id)
def test_what_is_told_with_facts_missing_holds_once_they_are_known(formula: Formula) -> None:
    chance = random.Random(formula.id)
    for vector in formula.vectors:
        whole = REGISTRY.compute(formula.id, vector.inputs)
        assert whole.missing == ()
        for _ in range(20):
            kept = {name: value for name, value in vector.inputs.items() if chance.random() < 0.6}
            partial = REGISTRY.compute(formula.id, kept)
            for name, value in partial.outputs.items():
                assert value is None or value == whole.outputs[name], (kept, name)
                options = partial.possible.get(name)
                if options and isinstance(options[0], str):
                    assert whole.outputs[name] in options, (kept, name)
            assert set(partial.missing) <= {given.name for given in formula.inputs} - set(kept)


def test_every_finding_that_a_score_reads_is_in_the_vocabulary_or_given_by_a_score() -> None:
    known = {entry["id"] for entry in read_yaml(SHIPPED / "vocabulary" / "findings.yaml")}
    provided = {finding for formula in REGISTRY.formulas.values() for finding in formula.provides}
    read = {finding for formula in REGISTRY.formulas.values() for finding in formula.findings()}
    assert read - known - provided <= {"dialysis"}  # where it is not given, the comorbidities are read


def bilinguals(formula: Formula) -> list[Bilingual]:
    texts = [formula.name, formula.purpose, formula.population, formula.interpretation]
    texts += [text for stratum in formula.strata for text in (stratum.label, stratum.outcome)]
    texts += [given.meaning for given in formula.inputs]
    return [text for text in texts if text is not None]


@pytest.mark.parametrize("formula", REGISTRY.formulas.values(), ids=lambda f: f.id)
def test_the_texts_of_a_score_say_the_same_numbers_in_both_languages(formula: Formula) -> None:
    for text in bilinguals(formula):
        assert set(numbers(text.en)) == set(numbers(text.zh)) or not numbers(text.en), text
    assert not re.search(r"\[m\]", formula.model_dump_json()), "a figure that is only remembered"
