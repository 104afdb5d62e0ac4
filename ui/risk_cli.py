"""`liverboard risk`: train, validate and run the hospital's own models, and draw what they say of a patient."""

from __future__ import annotations

import datetime as dt
import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.console import Console
from rich.table import Table as Shown

from liverboard.corpus.errors import InputError

app = typer.Typer(no_args_is_help=True, help="Train, validate and run risk models; draw their outputs.")


class Plain(StrEnum):
    text = "text"
    json = "json"


class Picture(StrEnum):
    png = "png"
    svg = "svg"


class Penalty(StrEnum):
    ridge = "ridge"
    lasso = "lasso"
    elastic_net = "elastic_net"


class Kind(StrEnum):
    external = "external"
    internal = "internal"


TableFile = Annotated[Path, typer.Argument(metavar="TABLE", help="A CSV table, one patient a row.")]
CardFile = Annotated[Path, typer.Argument(metavar="CARD", help="The card (YAML) beside the model file.")]
Out = Annotated[Path, typer.Option("--out", help="Folder for what is written.")]
Form = Annotated[Plain, typer.Option("--format", help="Form of the result.")]
Pictures = Annotated[Picture, typer.Option("--picture", help="Format of the pictures.")]


@app.command()
def train(
    table: TableFile,
    plan: Annotated[Path, typer.Argument(metavar="PLAN", help="A card without its file: outcome, inputs, units.")],
    out: Out,
    penalty: Annotated[Penalty, typer.Option(help="Kind of penalty.")] = Penalty.ridge,
    folds: Annotated[int, typer.Option(min=2, max=20, help="Outer and inner folds.")] = 5,
    bootstrap: Annotated[int, typer.Option(min=2, max=2000, help="Bootstrap samples for the optimism.")] = 100,
    resamples: Annotated[int, typer.Option(min=20, max=10_000, help="Resamples for intervals.")] = 500,
    seed: Annotated[int, typer.Option(help="Seed of every random choice.")] = 1,
    picture: Pictures = Picture.png,
    format: Form = Plain.text,
) -> None:
    """Fit a penalised logistic or Cox model; write model, card, report, pictures and TRIPOD+AI checklist."""
    _needs_the_risk_group()
    from liverboard.recommender.models import fitting, report
    from liverboard.recommender.models import train as training
    from liverboard.recommender.models.card import read_plan
    from liverboard.recommender.models.table import read_table
    from liverboard.ui.service import progress

    settings = fitting.Settings(penalty.value, folds, folds, bootstrap, resamples, seed)
    with progress("Training") as tell:
        trained = training.train(read_plan(plan), read_table(table), settings, tell)
    card = report.write_training(trained, out, made=dt.date.today().isoformat(), picture=_picture(picture))
    optimism = [
        {"figure": o.figure, "apparent": o.apparent, "optimism": o.optimism, "corrected": o.corrected}
        for o in trained.optimism
    ]
    document = {
        "model": card.model, "folder": str(out), "n": card.training.n, "events": card.training.events,
        "validation": [found.model_dump(mode="json") for found in card.validation], "optimism": optimism,
    }
    _print(document, format)


@app.command()
def validate(
    card: CardFile,
    table: TableFile,
    out: Out,
    how: Annotated[str, typer.Option("--how", help="Which patients these are, in one sentence.")],
    kind: Annotated[Kind, typer.Option(help="internal: the centre that the model comes from.")] = Kind.external,
    resamples: Annotated[int, typer.Option(min=20, max=10_000, help="Resamples for intervals.")] = 500,
    into_card: Annotated[bool, typer.Option("--into-card", help="Add the result to the card.")] = False,
    picture: Pictures = Picture.png,
    format: Form = Plain.text,
) -> None:
    """Measure a model on another table: discrimination and calibration with intervals, net benefit."""
    _needs_the_risk_group()
    from liverboard.recommender.models import report
    from liverboard.recommender.models import validate as validation
    from liverboard.recommender.models.card import write_card
    from liverboard.recommender.models.predict import load_model
    from liverboard.recommender.models.table import read_table

    loaded = load_model(card)
    found = validation.validate(loaded, read_table(table), how=how, kind=kind.value, resamples=resamples)
    report.write_validation(found, loaded.card, out, picture=_picture(picture))
    if into_card:
        held = (*loaded.card.validation, found.validation)
        write_card(loaded.card.model_copy(update={"validation": held}), card)
    document = {
        "model": loaded.card.model, "folder": str(out), "validation": [found.validation.model_dump(mode="json")],
        "refused": found.refused, "noted": found.noted, "left_out": found.left_out,
        "recalibration": found.recalibration.model_dump(),
    }
    _print(document, format)


@app.command()
def predict(
    card: CardFile,
    table: TableFile,
    id_column: Annotated[str | None, typer.Option("--id", help="Column that names the patients.")] = None,
    keep_going: Annotated[bool, typer.Option("--keep-going", help="List refused rows; do not stop at them.")] = False,
    format: Form = Plain.json,
) -> None:
    """Run a model on a table: one entry for `risk_outputs` of a profile, for every row."""
    _needs_the_risk_group()
    from liverboard.recommender.models.predict import load_model
    from liverboard.recommender.models.predict import predict as run
    from liverboard.recommender.models.table import read_table

    read = read_table(table)
    if id_column is not None and id_column not in read.columns:
        remedy = f"Columns: {', '.join(read.columns[:20])}."
        raise InputError("--id", f"{id_column!r} is no column of {table.name}.", remedy)
    found = run(load_model(card), read, id_column=id_column, keep_going=keep_going)
    if format is Plain.json:
        rows = [
            {
                "patient": p.patient, "risk_outputs": [p.output] if p.output else [],
                "notes": p.notes, "problem": p.problem,
            }
            for p in found
        ]
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=1))
        return
    shown = Shown("patient", "value", "95% CI", "notes")
    for p in found:
        interval = p.output["ci95"] if p.output else None
        value = f"{p.output['value']:.3f}" if p.output else "-"
        between = f"{interval[0]:.3f} to {interval[1]:.3f}" if interval else "-"
        shown.add_row(p.patient, value, between, "; ".join([*p.notes, *([p.problem] if p.problem else [])]))
    Console().print(shown)


@app.command()
def panel(
    patient: Annotated[str, typer.Argument(metavar="PATIENT", help="A profile that holds risk_outputs.")],
    out: Annotated[Path, typer.Option("--out", help="The picture: *.png or *.svg.")],
    title: Annotated[str, typer.Option(help="Title of the picture.")] = "",
) -> None:
    """Draw the outputs of a patient's models: a forest with intervals, cut-offs and validation badges."""
    _needs_the_risk_group()
    from liverboard.ui.risk_panel import draw_panel
    from liverboard.ui.service import read_patient

    outputs = [one.model_dump(mode="json") for one in read_patient(patient).profile.risk_outputs]
    draw_panel(outputs, out, title=title)
    typer.echo(str(out))


def _needs_the_risk_group() -> None:
    """Say how to install what these commands need, where it is not installed."""
    from importlib.util import find_spec

    absent = [name for name in ("sklearn", "sksurv", "skops", "onnxruntime", "matplotlib") if find_spec(name) is None]
    if absent:
        remedy = "Install the group: pip install -c constraints.txt '.[risk]'."
        raise InputError("liverboard risk", f"needs packages that are not installed: {', '.join(absent)}.", remedy)


def _picture(picture: Picture) -> Literal["png", "svg"]:
    return "svg" if picture is Picture.svg else "png"


def _print(document: dict[str, Any], form: Plain) -> None:
    if form is Plain.json:
        typer.echo(json.dumps(document, ensure_ascii=False, indent=1))
        return
    console = Console()
    for found in document["validation"]:
        shown = Shown("figure", "estimate", "95% CI", title=f"{found['kind']}: {found['how']}, n {found['n']}")
        for name, estimate in found["figures"].items():
            ends = estimate["ci95"]
            shown.add_row(name, f"{estimate['value']:.3f}", f"{ends[0]:.3f} to {ends[1]:.3f}" if ends else "-")
        console.print(shown)
    for row in document.get("optimism", []):
        console.print(f"{row['figure']}: apparent {row['apparent']:.3f}, optimism-corrected {row['corrected']:.3f}")
    for name in ("left_out", "refused", "noted", "recalibration"):
        if document.get(name):
            console.print(f"{name.replace('_', ' ')}: {json.dumps(document[name], ensure_ascii=False)}")
    console.print(f"Written to {document['folder']}")
