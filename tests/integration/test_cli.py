"""The command line as its users meet it: what it prints where, how it ends, and what it says of bad input."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from liverboard.indexer.build import build_index
from liverboard.indexer.embed import default_embedder
from liverboard.ui import cli, service

PATIENT = {
    "patient_id": "CLI-1", "region": "CN", "age_years": 58, "sex": "male",
    "diagnosis": {"tumour_type": "hcc", "basis": "imaging", "disease_status": "active"},
    "etiology": ["hbv"], "virology": {"hbsag": "positive", "on_antiviral": True}, "cirrhosis": True, "ecog": 0,
    "labs": {"bilirubin_umol_l": 14, "albumin_g_l": 41, "inr": 1.05, "platelets_10e9_l": 160,
             "creatinine_umol_l": 80, "afp_ng_ml": 420},
    "ascites": "none", "encephalopathy": "none",
    "tumour": {"number": 1, "largest_cm": 3.2, "vascular_invasion": "none", "extrahepatic": []},
    "portal_hypertension": {"clinically_significant": False, "varices": "none"},
    "prior_treatments": [], "comorbidities": [],
}


class NoMeaning:
    """Stands in for the shipped embedder where no meaning is asked for: the same name, vectors without sense."""

    name, fingerprint, dimension, english_only = (
        default_embedder().name, default_embedder().fingerprint, 384, True,
    )

    def encode(self, texts: list[str]) -> Any:
        rows = np.array([[len(text), *([1.0] * 383)] for text in texts], dtype=np.float32)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    encode_queries = encode


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("cli") / "index"
    knowledge = service.shipped_knowledge()
    build_index(
        directory, knowledge.sources.values(), created="2026-01-01", embedder=NoMeaning(),
        knowledge_fingerprint=knowledge.fingerprint,
    )
    return directory


@pytest.fixture
def run(
    index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    monkeypatch.setenv("LIVERBOARD_INDEX", str(index))
    monkeypatch.chdir(tmp_path)

    def called(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["liverboard", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capsys.readouterr()
        return int(ended.value.code or 0), out, err

    return called


@pytest.fixture
def patient(tmp_path: Path) -> Callable[..., str]:
    def written(changes: dict[str, Any] | None = None, name: str = "patient.json") -> str:
        path = tmp_path / name
        path.write_text(json.dumps({**PATIENT, **(changes or {})}), encoding="utf-8")
        return str(path)

    return written


def test_an_answer_is_the_document_of_the_contract_on_standard_output_alone(run: Any, patient: Any) -> None:
    status, out, err = run("recommend", patient(), "--format", "json")
    document = json.loads(out)
    assert (status, err) == (0, "")
    assert {"status", "stage", "scores", "risk_outputs", "recommendations", "disagreements", "flags", "missing",
            "manifest"} <= document.keys()
    assert document["status"] == "ok"
    assert {"software", "knowledge", "index", "embedder", "created", "patient_sha256"} <= document["manifest"].keys()


def test_several_patients_give_one_document_a_line(run: Any, patient: Any) -> None:
    second = patient({"patient_id": "CLI-2", "region": "US"}, "second.json")
    status, out, _ = run("recommend", patient(), second, "--format", "json")
    lines = out.strip().splitlines()
    assert status == 0
    assert [json.loads(line)["patient_id"] for line in lines] == ["CLI-1", "CLI-2"]


def test_stage_tells_stages_scores_and_the_patient_as_read(run: Any, patient: Any) -> None:
    _, out, _ = run("stage", patient(), "--format", "json")
    document = json.loads(out)
    assert (document["stage"]["bclc"], document["stage"]["cnlc"], document["stage"]["tnm"]) == ("A", "Ia", "IB")
    assert document["profile"]["labs"]["bilirubin_umol_l"] == 14


@pytest.mark.parametrize("form", ["text", "md", "html"])
def test_a_chinese_answer_speaks_chinese(run: Any, patient: Any, form: str) -> None:
    status, out, _ = run("recommend", patient(), "--lang", "zh", "--format", form)
    assert status == 0
    assert "推荐" in out
    assert "Recommended" not in out


def test_a_referral_in_plain_words_is_a_patient_too(run: Any, tmp_path: Path) -> None:
    letter = tmp_path / "letter.txt"
    letter.write_text("男，58岁，HBsAg阳性。肝S6段3.2 cm肝细胞癌。总胆红素14 μmol/L，白蛋白41 g/L。", encoding="utf-8")
    status, out, _ = run("stage", str(letter), "--format", "json")
    document = json.loads(out)
    assert status == 0
    assert document["profile"]["labs"]["albumin_g_l"] == 41
    read = document["referral"]["values"]
    assert any(value["field"] == "labs.albumin_g_l" and "41" in value["words"] for value in read)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"labs": {"bilirubin_umol_l": -3}}, "labs.bilirubin_umol_l"),
        ({"labs": {"albumin_g_l": 400}}, "labs.albumin_g_l"),
        ({"labs": {"bilirubn_umol_l": 14}}, "bilirubin_umol_l"),
        ({"labs": {"bilirubin_umol_l": {"value": 1, "unit": "furlong"}}}, "labs.bilirubin_umol_l"),
        ({"ecog": "bed-bound"}, "ecog"),
    ],
)
def test_what_cannot_be_used_is_refused_by_name(run: Any, patient: Any, changes: dict[str, Any], named: str) -> None:
    status, out, err = run("recommend", patient(changes))
    assert status == 2
    assert out == ""
    assert named in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("name", "content"),
    [("list.json", b"[1, 2]"), ("empty.yaml", b"  \n"), ("binary.txt", b"\x00\x01\xff"), ("broken.json", b'{"a": ')],
)
def test_a_file_that_is_no_patient_is_refused(run: Any, tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    status, out, err = run("recommend", str(tmp_path / name))
    assert (status, out) == (2, "")
    assert "Traceback" not in err
    assert err.strip()


@pytest.mark.parametrize(
    ("name", "content"),
    [("cut.pdf", b"%PDF-1.7\n1 0 obj"), ("empty.md", b""), ("binary.txt", bytes(range(256)) * 4), ("odd.xyz", b"text")],
)
def test_a_document_that_cannot_be_read_leaves_the_index_as_it_was(
    run: Any, tmp_path: Path, name: str, content: bytes
) -> None:
    before = json.loads(run("index", "info", "--format", "json")[1])
    (tmp_path / name).write_bytes(content)
    status, _, err = run("index", "add", str(tmp_path / name))
    after = json.loads(run("index", "info", "--format", "json")[1])
    assert status == 2
    assert name in err
    assert after == before


def test_a_damaged_index_is_said_to_be_damaged(
    run: Any, index: Path, tmp_path: Path, patient: Any
) -> None:
    import shutil

    copy = tmp_path / "copy"
    shutil.copytree(index, copy)
    metadata = next(copy.rglob("*.sqlite*"))
    metadata.write_bytes(metadata.read_bytes()[:-1000])
    status, out, err = run("index", "verify", "--index", str(copy))
    assert (status, out) == (3, "")
    assert "liverboard index build" in err
    assert run("recommend", patient(), "--index", str(copy))[0] == 3


def test_a_score_answers_with_the_keys_of_its_vectors(run: Any) -> None:
    status, out, _ = run("score", "albi", "bili_umol=17.1", "alb_gl=40")
    document = json.loads(out)
    assert status == 0
    assert {"score", "grade"} <= document.keys()


def test_the_corpus_is_sound(run: Any) -> None:
    status, out, _ = run("corpus", "check", "--format", "json")
    document = json.loads(out)
    assert status == 0
    assert document["problems"] == []
    assert {"sources", "statements", "by_kind"} <= document.keys()


def test_an_impossible_day_is_refused(run: Any, patient: Any) -> None:
    status, _, err = run("recommend", patient(), "--as-of", "2026-13-01")
    assert status == 2
    assert "--as-of" in err
