"""`liverboard risk` from the command line: a plan and a table in, a model, predictions and pictures out."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import yaml
from typer.testing import CliRunner

from liverboard.corpus.errors import InputError
from liverboard.ui.risk_cli import app
from liverboard.ui.risk_panel import draw_panel

pytest.importorskip("sksurv", reason="the `risk` group is not installed")
pytest.importorskip("matplotlib", reason="the `risk` group is not installed")

OUTPUT = {
    "model": "mvi_ct", "endpoint": "microvascular_invasion", "kind": "probability", "value": 0.72, "ci95": [0.61, 0.82],
    "cutoff": 0.5, "horizon_months": None, "provenance": {"validation": "external", "auc": 0.77, "n": 304},
}


def run(*arguments: object) -> str:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def table(path: Path, seed: int) -> Path:
    rng = np.random.default_rng(seed)
    size = rng.uniform(1, 9, 120)
    event = rng.random(120) < size / 10
    rows = [f"P{i},{s:.3f},{int(e)}" for i, (s, e) in enumerate(zip(size, event, strict=True))]
    path.write_text("\n".join(["id,size,event", *rows]), encoding="utf-8")
    return path


def test_a_model_is_trained_validated_and_run_from_the_command_line(tmp_path: Path) -> None:
    plan = {
        "model": "by_size", "title": "By size", "endpoint": "early_recurrence", "population": "made up",
        "outcome": {"event": "event", "means": "recurrence"}, "intended_use": "tests", "licence": "none",
        "inputs": [{"name": "size", "unit": "cm", "out_of_range": "predict"}], "training": {"source": "made up"},
    }
    (tmp_path / "plan.yaml").write_text(yaml.safe_dump(plan), encoding="utf-8")
    here, there = table(tmp_path / "here.csv", 1), table(tmp_path / "there.csv", 2)
    few = ("--folds", 2, "--bootstrap", 2, "--resamples", 25, "--format", "json")
    trained = json.loads(run("train", here, tmp_path / "plan.yaml", "--out", tmp_path / "model", *few))
    assert [found["kind"] for found in trained["validation"]] == ["derivation", "internal"]
    card = tmp_path / "model" / "card.yaml"
    measured = json.loads(
        run("validate", card, there, "--out", tmp_path / "outside", "--how", "another table", "--into-card",
            "--resamples", 25, "--format", "json", "--picture", "svg")
    )  # fmt: skip
    assert measured["validation"][0]["n"] == 120
    assert (tmp_path / "outside" / "calibration.svg").is_file()
    predicted = json.loads(run("predict", card, there, "--id", "id"))
    assert [row["patient"] for row in predicted][:2] == ["P0", "P1"]
    assert predicted[0]["risk_outputs"][0]["provenance"]["validation"] == "external"


def test_a_column_that_is_not_there_cannot_name_the_patients(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="'mrn' is no column"):
        run("predict", tmp_path / "card.yaml", table(tmp_path / "t.csv", 1), "--id", "mrn")


@pytest.mark.parametrize("suffix", ["png", "svg"])
def test_the_panel_draws_what_a_profile_holds(tmp_path: Path, suffix: str) -> None:
    profile = {"diagnosis": {"tumour_type": "hcc"}, "risk_outputs": [OUTPUT]}
    (tmp_path / "patient.json").write_text(json.dumps(profile), encoding="utf-8")
    picture = tmp_path / f"panel.{suffix}"
    run("panel", tmp_path / "patient.json", "--out", picture)
    assert picture.read_bytes()[:5] in (b"\x89PNG\r", b"<?xml")


def test_the_panel_shows_outputs_of_every_kind_and_the_same_ones_in_the_same_bytes(tmp_path: Path) -> None:
    outputs = [
        OUTPUT,
        {**OUTPUT, "model": "no_interval", "ci95": None, "cutoff": None, "provenance": None, "horizon_months": 24},
        {**OUTPUT, "model": "hazard", "kind": "hazard_ratio", "value": 2.1, "ci95": None},
        {**OUTPUT, "model": "label", "kind": "class", "value": "high", "ci95": None, "cutoff": None},
    ]
    for suffix in ("png", "svg"):
        draw_panel(outputs, tmp_path / f"one.{suffix}")
        draw_panel(outputs, tmp_path / f"two.{suffix}")
        assert (tmp_path / f"one.{suffix}").read_bytes() == (tmp_path / f"two.{suffix}").read_bytes()


@pytest.mark.parametrize(
    ("outputs", "name", "said"), [([OUTPUT], "panel.pdf", "neither"), ([], "panel.png", "none to draw")]
)
def test_a_panel_that_cannot_be_drawn_says_why(
    tmp_path: Path, outputs: list[dict[str, object]], name: str, said: str
) -> None:
    with pytest.raises(InputError, match=said):
        draw_panel(outputs, tmp_path / name)
