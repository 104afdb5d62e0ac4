"""What a training or a validation run leaves behind: model file, card, report, pictures and TRIPOD+AI checklist.

The checklist states what was done because it was done here; the rest is taken from `reporting` in the plan, or said to
be for the authors to answer.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from liverboard.corpus.load import read_yaml
from liverboard.recommender.models import store
from liverboard.recommender.models.card import Card, Estimate, ModelFile, Plan, Validation, write_card
from liverboard.recommender.models.pictures import draw_calibration, draw_decision_curve
from liverboard.recommender.models.train import Curves, Trained
from liverboard.recommender.models.validate import Measured

Picture = Literal["png", "svg"]
_CHECKLIST = Path(__file__).parent / "tripod_ai.yaml"
_Z95 = 1.959964
_OPEN = {"en": "for the authors to answer", "zh": "由作者填写"}


def write_training(trained: Trained, folder: Path, *, made: str | None, picture: Picture = "png") -> Card:
    """Write model, card, intervals, report, pictures and checklist into a folder; the card that was written."""
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{trained.plan.model}.skops"
    digest = store.save(trained.estimator, folder / name)
    intervals = f"{trained.plan.model}.intervals.json"
    spread = {"z": _Z95, "covariance": [[float(f"{v:.6g}") for v in row] for row in trained.covariance.tolist()]}
    (folder / intervals).write_text(json.dumps(spread), encoding="utf-8")
    card = Card.model_validate(
        {
            **trained.plan.model_dump(),
            "file": ModelFile(name=name, format="skops", sha256=digest, intervals=intervals),
            "validation": trained.validation,
            "made": made,
            "software": trained.software,
        }
    )
    write_card(card, folder / "card.yaml")
    _draw(trained.curves, card.title, folder, picture)
    (folder / "report.md").write_text(_training_report(trained, card, picture), encoding="utf-8")
    (folder / "tripod_ai.md").write_text(checklist(card, development_answers(trained, card), "D"), encoding="utf-8")
    return card


def write_validation(measured: Measured, card: Card, folder: Path, *, picture: Picture = "png") -> None:
    """Write report, pictures and checklist of a validation into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    _draw(measured.curves, card.title, folder, picture)
    found, again = measured.validation, measured.recalibration
    lines = [
        f"# {card.title}: {found.kind} validation", "", found.how, "",
        f"{found.n} patients, {found.events} with the event ({_event(card)}).", "",
        *_counts("Left out", measured.left_out), *_counts("Refused by the card, in no figure", measured.refused),
        *_counts("Predicted, with a note", measured.noted), "", *figures_table(found), "",
        f"Recalibration that would fit these patients ({again.link}): intercept {again.intercept:+.3f}, "
        f"slope {again.slope:.3f}. It was not applied.", "",
        f"![calibration](calibration.{picture}) ![decision curve](decision_curve.{picture})", "",
    ]
    (folder / "report.md").write_text("\n".join(lines), encoding="utf-8")
    answers = validation_answers(measured, card)
    (folder / "tripod_ai.md").write_text(checklist(card, answers, "E"), encoding="utf-8")


def figures_table(found: Validation) -> list[str]:
    """The figures of a validation as a Markdown table."""
    rows = [f"| {name} | {said(estimate)} |" for name, estimate in found.figures.items()]
    return ["| figure | estimate (95% CI) |", "|---|---|", *rows]


def said(estimate: Estimate) -> str:
    """A figure in words: `0.79 (0.72 to 0.85)`."""
    interval = f" ({estimate.ci95[0]:.3f} to {estimate.ci95[1]:.3f})" if estimate.ci95 else ""
    return f"{estimate.value:.3f}{interval}"


def checklist(card: Card, answers: Mapping[str, str], part: Literal["D", "E"]) -> str:
    """The TRIPOD+AI checklist in both languages, filled in where this software or the plan knows the answer."""
    lines = [
        f"# TRIPOD+AI: {card.title}", "",
        "Collins and others, BMJ 2024;385:e078378. Items in our own words.", "",
        "| item | asks | 内容 | answer |", "|---|---|---|---|",
    ]
    for item in read_yaml(_CHECKLIST):
        if part not in item["for"]:
            continue
        known = card.reporting.get(item["item"]) or answers.get(item.get("filled", ""))
        answer = known or f"**{_OPEN['en']} {_OPEN['zh']}**"
        lines.append(f"| {item['item']} | {item['en']} | {item['zh']} | {answer.replace('|', '/')} |")
    return "\n".join([*lines, ""])


def development_answers(trained: Trained, card: Card) -> dict[str, str]:
    """What a training run knows about its own reporting."""
    settings, training = trained.settings, card.training
    internal = next(found for found in trained.validation if found.kind == "internal")
    cox = card.outcome is not None and card.outcome.time is not None
    return {
        **_shared_answers(card),
        "aim": "development, with internal validation",
        "period": training.period or "",
        "size": f"{training.n} patients, {training.events} events, {len(card.inputs)} inputs "
        f"({(training.events or 0) / len(card.inputs):.1f} events an input)",
        "missing": f"median of the training part; unknown values: {_listed(training.missing_values) or 'none'}",
        "division": f"{settings.outer_folds} outer and {settings.inner_folds} inner folds, stratified by the event; "
        f"{settings.bootstrap} bootstrap samples; seed {settings.seed}",
        "form": "; ".join(f"{c.name}: {'linear' if c.transform == 'identity' else c.transform}" for c in card.inputs)
        + "; all standardised",
        "method": f"{'Cox' if cox else 'logistic'} regression, penalty {settings.penalty}, its strength chosen by "
        f"cross-validated likelihood ({_listed(training.hyperparameters)}); nested cross-validation",
        "measures": "discrimination, calibration (observed to expected, slope, groups), Brier score, net benefit",
        "imbalance": "nothing was resampled or weighted",
        "output": f"probability of {_event(card)}; cut-off {card.cutoff if card.cutoff is not None else 'none'}",
        "differences": "none: cross-validation within one set of patients",
        "flow": f"left out: {_listed(training.left_out) or 'none'}; {training.n} analysed",
        "ranges": "; ".join(f"{c.name} {c.minimum:g} to {c.maximum:g} {c.unit}" for c in card.inputs),
        "model": f"{card.file.name} (skops, sha256 {card.file.sha256}); coefficients in report.md",
        "performance": "; ".join(f"{name} {said(e)}" for name, e in internal.figures.items()),
        "poor": "refused by name, or predicted with a note, as the card says of each input",
    }


def validation_answers(measured: Measured, card: Card) -> dict[str, str]:
    """What a validation run knows about its own reporting."""
    found, again = measured.validation, measured.recalibration
    return {
        **_shared_answers(card),
        "aim": f"evaluation ({found.kind})", "source": found.how, "setting": "", "population": "", "limits": "",
        "size": f"{found.n} patients, {found.events} events",
        "missing": f"as the card says of each input; refused: {_listed(measured.refused) or 'none'}",
        "measures": "discrimination, calibration (observed to expected, slope, groups), Brier score, net benefit",
        "updating": f"not applied; would be intercept {again.intercept:+.3f}, slope {again.slope:.3f} ({again.link})",
        "computing": f"{card.file.name} (sha256 {card.file.sha256}) run as it is",
        "imbalance": "nothing was resampled or weighted",
        "flow": f"left out: {_listed(measured.left_out) or 'none'}; refused: {_listed(measured.refused) or 'none'}; "
        f"{found.n} analysed",
        "compared": f"outside the range of development: {_listed(measured.noted) or 'none that was predicted'}",
        "performance": "; ".join(f"{name} {said(e)}" for name, e in found.figures.items()),
    }


def _shared_answers(card: Plan) -> dict[str, str]:
    return {
        "title": card.title,
        "use": f"{card.population}. {card.intended_use}",
        "source": card.training.source,
        "setting": card.training.setting or "",
        "population": card.population,
        "preparation": "numbers converted to the units of the card; nothing else was changed",
        "outcome": _event(card),
        "inputs": "; ".join(f"{c.name} [{c.unit}]" for c in card.inputs),
        "code": "this software, at the versions that the card names",
        "limits": " ".join(card.limits),
    }


def _training_report(trained: Trained, card: Card, picture: Picture) -> str:
    training = card.training
    lines = [
        f"# {card.title}", "", f"{card.population}. {card.intended_use}.", "",
        f"{training.n} patients, {training.events} with the event ({_event(card)}). Source: {training.source}.", "",
        *_counts("Left out", training.left_out), *_counts("Unknown values, imputed", training.missing_values), "",
    ]
    for found in trained.validation:
        lines += [f"## {found.kind}: {found.how}", "", *figures_table(found), ""]
    lines += [
        f"## Optimism, {trained.settings.bootstrap} bootstrap samples of the whole procedure", "",
        "| figure | apparent | optimism | corrected |", "|---|---|---|---|",
        *(f"| {o.figure} | {o.apparent:.3f} | {o.optimism:.3f} | {o.corrected:.3f} |" for o in trained.optimism), "",
        "## Coefficients, per standard deviation", "", "| input | coefficient |", "|---|---|",
        *(f"| {name} | {value:+.3f} |" for name, value in trained.effects), "",
        "Intervals of single predictions cover the uncertainty of the coefficients at the chosen penalty, not that of "
        "the choice of model.", "",
        f"![calibration](calibration.{picture}) ![decision curve](decision_curve.{picture})", "",
        "Both pictures show predictions for patients that the model had not seen.", "", "## Limits", "",
        *(f"* {limit}" for limit in card.limits), "",
    ]
    return "\n".join(lines)


def _draw(curves: Curves, title: str, folder: Path, picture: Picture) -> None:
    draw_calibration(curves, title, folder / f"calibration.{picture}")
    draw_decision_curve(curves, title, folder / f"decision_curve.{picture}")


def _event(card: Plan) -> str:
    means = card.outcome.means if card.outcome else card.endpoint
    if card.horizon_months is None or "within" in means:
        return means
    return f"{means} within {card.horizon_months:g} months"


def _counts(title: str, counts: Mapping[str, int]) -> list[str]:
    return [f"{title}: {_listed(counts)}.", ""] if counts else []


def _listed(counts: Mapping[str, object]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items())
