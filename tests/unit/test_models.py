"""Model files run here: what is refused, what is predicted, and that training measures honestly on made-up patients."""

from __future__ import annotations

import gzip
import json
import math
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from liverboard.corpus.errors import InputError
from liverboard.recommender.models.card import Card, Plan, read_card, read_plan
from liverboard.recommender.models.link import link, unlink
from liverboard.recommender.models.predict import LoadedModel, load_model, predict
from liverboard.recommender.models.table import read_table
from liverboard.recommender.profile import RiskInput

pytest.importorskip("skops", reason="the `risk` group is not installed")
pytest.importorskip("sksurv", reason="the `risk` group is not installed")

from liverboard.recommender.models import report, store
from liverboard.recommender.models.fitting import Settings
from liverboard.recommender.models.train import Trained, train
from liverboard.recommender.models.validate import validate

FEW = Settings(outer_folds=3, inner_folds=3, bootstrap=3, resamples=25)
PLAN: dict[str, Any] = {
    "model": "made_up", "title": "A made-up model", "endpoint": "early_recurrence", "horizon_months": 24, "cutoff": 0.5,
    "outcome": {"event": "recurred", "means": "recurrence within 24 months"},
    "inputs": [
        {"name": "size", "unit": "cm"},
        {"name": "afp", "unit": "ng/mL", "transform": "log1p"},
        {"name": "original_firstorder_Entropy", "unit": "1"},
    ],
    "population": "Made-up patients", "intended_use": "Tests", "licence": "none", "training": {"source": "made up"},
}
COX = {**PLAN, "outcome": {"event": "recurred", "time": "days", "means": "recurrence"}}


def write(path: Path, data: Any) -> Path:
    path.write_text(yaml.safe_dump(data), encoding="utf-8")
    return path


def patients(path: Path, *, seed: int = 0, n: int = 150, shift: float = 0.0) -> Path:
    """Patients whose risk rises with size and AFP and does not depend on the texture feature."""
    rng = np.random.default_rng(seed)
    size, afp, entropy = rng.uniform(1, 9, n), rng.lognormal(4, 2, n), rng.normal(3, 1, n)
    eta = 0.5 * (size - 5) + 0.4 * (np.log1p(afp) - 4) + shift
    recurred = rng.random(n) < 1 / (1 + np.exp(-eta))
    days = np.where(recurred, rng.uniform(30, 900, n), rng.uniform(600, 1500, n)) / np.exp(0.1 * eta)
    lines = ["id,diagnostics_Versions_PyRadiomics,size,afp [ug/L],original_firstorder_Entropy,recurred,days"]
    rows = zip(size, afp, entropy, recurred, days, strict=True)
    for number, (s, a, e, r, d) in enumerate(rows):
        unknown = "?" if number == 7 else f"{a:.3f}"
        lines.append(f"P{number},v3.1.0,{s:.4f},{unknown},{e:.4f},{int(r)},{d:.1f}")
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module")
def logistic(home: Path) -> tuple[Trained, Path]:
    table = read_table(patients(home / "patients.csv"))
    trained = train(Plan.model_validate(PLAN), table, FEW)
    report.write_training(trained, home / "logistic", made=None)
    return trained, home / "logistic" / "card.yaml"


@pytest.fixture(scope="module")
def cox(home: Path) -> tuple[Trained, Path]:
    table = read_table(patients(home / "survival.csv"))
    trained = train(Plan.model_validate(COX), table, FEW)
    report.write_training(trained, home / "cox", made=None, picture="svg")
    return trained, home / "cox" / "card.yaml"


def one_row(path: Path, **values: Any) -> Path:
    row = {"size": 4, "afp": 100, "original_firstorder_Entropy": 3, **values}
    row = {name: value for name, value in row.items() if value is not None}
    path.write_text(",".join(row) + "\n" + ",".join(str(value) for value in row.values()), encoding="utf-8")
    return path


# the card


def test_a_card_whose_input_has_no_unit_is_refused_by_the_name_of_the_input(tmp_path: Path) -> None:
    for unit in ({}, {"unit": " "}):
        inputs = [{"name": "size", "unit": "cm"}, {"name": "afp", **unit}]
        with pytest.raises(InputError) as refused:
            read_plan(write(tmp_path / "plan.yaml", {**PLAN, "inputs": inputs}))
        assert refused.value.field == "plan.yaml: inputs.afp.unit"
        assert "unit" in refused.value.problem
        assert refused.value.remedy


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"endpoint": None}, "endpoint"), ({"cutoff": 1.4}, "plan.yaml"), ({"colour": "red"}, "colour"),
        ({"inputs": []}, "inputs"),
    ],
)
def test_a_card_that_breaks_a_rule_names_the_field(tmp_path: Path, change: dict[str, Any], field: str) -> None:
    with pytest.raises(InputError) as refused:
        read_plan(write(tmp_path / "plan.yaml", {**PLAN, **change}))
    assert field in refused.value.field
    assert refused.value.remedy


def test_what_is_no_mapping_is_no_card(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not a model card"):
        read_card(write(tmp_path / "card.yaml", ["a", "list"]))


# the file


@pytest.mark.parametrize("protocol", range(6))
def test_a_pickle_is_refused_by_its_content_and_never_run(tmp_path: Path, protocol: int) -> None:
    trap = tmp_path / "run"

    class Trap:
        def __reduce__(self) -> tuple[Any, ...]:
            return Path.touch, (trap,)

    raw = pickle.dumps(Trap(), protocol=protocol)
    (tmp_path / "bare.skops").write_bytes(raw)
    (tmp_path / "packed.onnx").write_bytes(gzip.compress(raw))
    with zipfile.ZipFile(tmp_path / "archive.skops", "w") as archive:
        archive.writestr("model/data.pkl", raw)
    for name in ("bare.skops", "packed.onnx", "archive.skops"):
        with pytest.raises(InputError, match="pickle") as refused:
            store.sniff(tmp_path / name)
        assert refused.value.field == name
    assert not trap.exists()


def test_a_file_that_is_neither_format_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_text("this is a text about a model, and no model", encoding="utf-8")
    with zipfile.ZipFile(tmp_path / "model.skops", "w") as archive:
        archive.writestr("readme.txt", "nothing")
    for name in ("model.onnx", "model.skops"):
        with pytest.raises(InputError) as refused:
            store.sniff(tmp_path / name)
        assert refused.value.field == name
    with pytest.raises(InputError, match="cannot be read"):
        store.sniff(tmp_path / "absent.skops")


def test_a_file_of_another_format_than_its_card_claims_is_refused(logistic: tuple[Trained, Path]) -> None:
    card = read_card(logistic[1])
    claimed = card.model_copy(update={"file": card.file.model_copy(update={"format": "onnx"})})
    with pytest.raises(InputError, match="is a skops file; its card says onnx"):
        store.load(claimed, logistic[1].parent)


def test_a_file_that_changed_since_its_card_was_written_is_refused(logistic: tuple[Trained, Path]) -> None:
    card = read_card(logistic[1])
    changed = card.model_copy(update={"file": card.file.model_copy(update={"sha256": "0" * 64})})
    with pytest.raises(InputError, match="sha256"):
        store.load(changed, logistic[1].parent)


def test_a_card_cannot_reach_a_file_outside_its_folder(logistic: tuple[Trained, Path]) -> None:
    card = read_card(logistic[1])
    outside = card.model_copy(update={"file": card.file.model_copy(update={"name": "../logistic/made_up.skops"})})
    with pytest.raises(InputError, match="outside"):
        store.load(outside, logistic[1].parent)


def test_a_skops_file_with_a_type_that_is_not_trusted_is_refused(tmp_path: Path) -> None:
    from sklearn.preprocessing import FunctionTransformer

    store.save(FunctionTransformer(write), tmp_path / "model.skops")
    with pytest.raises(InputError, match="not trusted"):
        store.open_skops(tmp_path / "model.skops")


# prediction


def test_a_prediction_is_ready_for_the_risk_outputs_of_a_profile(logistic: tuple[Trained, Path], home: Path) -> None:
    trained, card = logistic
    found = predict(load_model(card), read_table(home / "patients.csv"), id_column="id")
    given = RiskInput.model_validate(found[0].output)
    assert (found[0].patient, given.endpoint, given.horizon_months, given.cutoff) == ("P0", "early_recurrence", 24, 0.5)
    assert given.provenance is not None
    assert given.provenance.validation == "internal"
    assert given.provenance.auc == round(trained.validation[1].figures["auc"].value, 3)
    for one in found:
        low, high = one.output["ci95"]
        assert 0 <= low <= one.output["value"] <= high <= 1


def test_a_survival_model_gives_the_risk_by_its_horizon(cox: tuple[Trained, Path], home: Path) -> None:
    trained, card = cox
    table = read_table(home / "survival.csv")
    given = [one.output["value"] for one in predict(load_model(card), table)]
    matrix = np.asarray(table.inputs(trained.plan.inputs), dtype=float)
    days = 24 * 365.25 / 12
    curves = trained.estimator.predict_survival_function(matrix)
    assert given == pytest.approx([1 - float(curve(days)) for curve in curves], abs=1e-4)
    near, far = given[int(np.argmin(matrix[:, 0]))], given[int(np.argmax(matrix[:, 0]))]
    assert near < far


def test_a_unit_in_the_heading_is_converted_to_that_of_the_card(logistic: tuple[Trained, Path], tmp_path: Path) -> None:
    loaded = load_model(logistic[1])
    plain = predict(loaded, read_table(one_row(tmp_path / "cm.csv")))
    (tmp_path / "mm.csv").write_text("size [mm],afp,original_firstorder_Entropy\n40,100,3", encoding="utf-8")
    assert predict(loaded, read_table(tmp_path / "mm.csv"))[0].output == plain[0].output
    (tmp_path / "kg.csv").write_text("size [kg],afp,original_firstorder_Entropy\n40,100,3", encoding="utf-8")
    with pytest.raises(InputError, match="cannot be converted"):
        predict(loaded, read_table(tmp_path / "kg.csv"))


@pytest.mark.parametrize("absent", ["", None])
def test_a_missing_feature_is_named_and_refused(
    logistic: tuple[Trained, Path], tmp_path: Path, absent: str | None
) -> None:
    with pytest.raises(InputError, match="row 1: size is missing"):
        predict(load_model(logistic[1]), read_table(one_row(tmp_path / "one.csv", size=absent)))


def test_a_missing_feature_that_the_card_allows_is_predicted_and_named(
    logistic: tuple[Trained, Path], tmp_path: Path
) -> None:
    found = predict(load_model(logistic[1]), read_table(one_row(tmp_path / "one.csv", afp=None)))
    assert found[0].notes == ("afp is missing",)
    assert found[0].output is not None


def test_a_feature_outside_the_training_range_is_named_and_predicted_only_where_the_card_allows(
    logistic: tuple[Trained, Path], tmp_path: Path
) -> None:
    loaded = load_model(logistic[1])
    table = read_table(one_row(tmp_path / "one.csv", size=40))
    with pytest.raises(InputError, match=r"size = 40 cm is outside the training range \[1"):
        predict(loaded, table)
    kept = predict(loaded, table, keep_going=True)
    assert kept[0].output is None
    assert kept[0].problem is not None
    first, *others = loaded.card.inputs
    allowed = (first.model_copy(update={"out_of_range": "predict"}), *others)
    free = LoadedModel(loaded.card.model_copy(update={"inputs": allowed}), loaded.folder, loaded.model)
    found = predict(free, table)[0]
    assert found.output is not None
    assert "outside the training range" in found.notes[0]


def test_text_where_a_number_belongs_is_named(logistic: tuple[Trained, Path], tmp_path: Path) -> None:
    with pytest.raises(InputError, match="size, row 1: 'large' is not a number"):
        predict(load_model(logistic[1]), read_table(one_row(tmp_path / "one.csv", size="large")))


class Gives:
    """A model that gives one number whatever it is asked."""

    def __init__(self, value: float) -> None:
        self.value = value

    def values(self, inputs: list[list[float]], horizon_days: float | None) -> list[float]:
        return [self.value] * len(inputs)


@pytest.mark.parametrize("value", [-0.1, 1.2, math.nan])
def test_what_is_no_probability_is_refused(logistic: tuple[Trained, Path], tmp_path: Path, value: float) -> None:
    loaded = load_model(logistic[1])
    table = read_table(one_row(tmp_path / "one.csv"))
    with pytest.raises(InputError, match="the model gave"):
        predict(LoadedModel(loaded.card, loaded.folder, Gives(value)), table)


def test_recalibration_moves_a_probability_on_its_scale(logistic: tuple[Trained, Path], tmp_path: Path) -> None:
    loaded = load_model(logistic[1])
    again = {"link": "logit", "intercept": math.log(2), "slope": 1}
    card = Card.model_validate({**loaded.card.model_dump(), "recalibration": again})
    assert LoadedModel(card, loaded.folder, Gives(0.5)).values([[4, 100, 3]]) == pytest.approx([2 / 3])


@pytest.mark.parametrize("scale", ["logit", "cloglog"])
@pytest.mark.parametrize("probability", [0.001, 0.2, 0.5, 0.97])
def test_both_scales_lead_back_to_the_probability(scale: Any, probability: float) -> None:
    assert unlink(scale, link(scale, probability)) == pytest.approx(probability)


def test_an_onnx_file_gives_what_its_model_gives(logistic: tuple[Trained, Path], tmp_path: Path) -> None:
    convert = pytest.importorskip("skl2onnx", reason="the `dev` group is not installed")
    pytest.importorskip("onnxruntime", reason="the `risk` group is not installed")
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    rng = np.random.default_rng(0)
    matrix = rng.normal(size=(80, 3)).astype(np.float32)
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(matrix, matrix[:, 0] > 0)
    (tmp_path / "model.onnx").write_bytes(convert.to_onnx(model, matrix[:1]).SerializeToString())
    card = Card.model_validate({**PLAN, "file": {"name": "model.onnx", "format": "onnx"}})
    given = store.load(card, tmp_path).values(matrix[:5].tolist(), None)
    assert given == pytest.approx(model.predict_proba(matrix[:5])[:, 1].tolist(), abs=1e-4)
    fewer = card.model_copy(update={"inputs": card.inputs[:2]})
    with pytest.raises(InputError, match="takes 3 columns; its card lists 2"):
        store.load(fewer, tmp_path)


# training and validation


def test_training_finds_what_drives_the_outcome_and_not_the_noise(
    logistic: tuple[Trained, Path], cox: tuple[Trained, Path]
) -> None:
    for trained, _ in (logistic, cox):
        effects = dict(trained.effects)
        assert effects["size"] > 3 * abs(effects["original_firstorder_Entropy"])
        assert effects["afp"] > 0


def test_internal_figures_carry_intervals_and_do_not_flatter(logistic: tuple[Trained, Path]) -> None:
    derivation, internal = logistic[0].validation
    assert internal.figures["auc"].value < derivation.figures["auc"].value
    low, high = internal.figures["auc"].ci95 or (1, 0)
    assert low < internal.figures["auc"].value < high


def test_the_same_seed_gives_the_same_model(logistic: tuple[Trained, Path], home: Path) -> None:
    again = train(Plan.model_validate(PLAN), read_table(home / "patients.csv"), FEW)
    assert again.effects == logistic[0].effects
    assert again.validation == logistic[0].validation


def test_the_card_holds_the_ranges_and_counts_of_the_training_data(logistic: tuple[Trained, Path]) -> None:
    card = read_card(logistic[1])
    size, afp, _ = card.inputs
    assert 1 <= (size.minimum or 0) < (size.maximum or 0) <= 9
    assert (size.missing, afp.missing) == ("refuse", "predict")
    assert card.training.missing_values == {"afp": 1}
    assert card.training.n == 150


def test_training_leaves_report_pictures_and_a_checklist_that_says_what_is_open(
    logistic: tuple[Trained, Path], cox: tuple[Trained, Path]
) -> None:
    folder = logistic[1].parent
    assert (folder / "calibration.png").read_bytes().startswith(b"\x89PNG")
    assert (cox[1].parent / "decision_curve.svg").read_text(encoding="utf-8").lstrip().startswith("<?xml")
    checklist = (folder / "tripod_ai.md").read_text(encoding="utf-8")
    assert "| 10 | Sample size | 样本量 | 150 patients" in checklist
    assert "| 17 | Ethical approval | 伦理审批 | **for the authors to answer" in checklist
    assert "| 24 |" not in checklist
    assert "optimism" in (folder / "report.md").read_text(encoding="utf-8").lower()


def test_a_model_tried_on_sicker_patients_is_seen_to_predict_too_little(
    logistic: tuple[Trained, Path], tmp_path: Path
) -> None:
    table = read_table(patients(tmp_path / "sicker.csv", seed=5, n=300, shift=1.5))
    found = validate(load_model(logistic[1]), table, how="sicker patients", resamples=25)
    ratio = found.validation.figures["observed_to_expected"]
    assert ratio.ci95 is not None
    assert ratio.ci95[0] > 1
    assert found.recalibration.intercept > 0
    assert found.validation.n + sum(found.refused.values()) >= 300 > found.validation.n > 200
    report.write_validation(found, read_card(logistic[1]), tmp_path / "out")
    assert "not applied" in (tmp_path / "out" / "tripod_ai.md").read_text(encoding="utf-8")


def test_a_survival_model_is_measured_on_others_with_censoring(cox: tuple[Trained, Path], tmp_path: Path) -> None:
    table = read_table(patients(tmp_path / "others.csv", seed=9, n=200))
    found = validate(load_model(cox[1]), table, how="other patients", resamples=25)
    assert set(found.validation.figures) >= {"c_index", "auc", "observed_to_expected", "calibration_slope", "brier"}
    assert found.validation.figures["c_index"].value > 0.5
    assert found.recalibration.link == "cloglog"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"inputs": [*PLAN["inputs"], {"name": "weight", "unit": "kg"}]}, "weight: the column is absent"),
        ({"outcome": {"event": "died", "means": "death"}}, "died: the outcome column is absent"),
        ({"kind": "score"}, "training gives probabilities"),
        ({**COX, "horizon_months": 600}, "followed beyond it"),
        ({**COX, "horizon_months": None}, "needs a horizon"),
    ],
)
def test_a_plan_that_the_table_cannot_serve_is_refused(home: Path, change: dict[str, Any], said: str) -> None:
    table = read_table(patients(home / "again.csv"))
    with pytest.raises(InputError, match=said):
        train(Plan.model_validate({**PLAN, **change}), table, FEW)


def test_too_few_events_are_refused(tmp_path: Path) -> None:
    table = read_table(patients(tmp_path / "few.csv", n=12, shift=-9))
    with pytest.raises(InputError, match="patients with"):
        train(Plan.model_validate(PLAN), table, FEW)


def test_intervals_of_another_model_are_refused(logistic: tuple[Trained, Path], home: Path, tmp_path: Path) -> None:
    for file in logistic[1].parent.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "made_up.intervals.json").write_text(json.dumps({"z": 2, "covariance": [[1]]}), encoding="utf-8")
    with pytest.raises(InputError, match="another model"):
        predict(load_model(tmp_path / "card.yaml"), read_table(home / "patients.csv"))
