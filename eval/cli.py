"""`liverboard eval`: vignettes, cohorts, retrieval and speed, each printed as a table or as JSON."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

app = typer.Typer(no_args_is_help=True, help="Measure: vignettes, real cohorts, retrieval, speed.")


class Plain(StrEnum):
    text = "text"
    json = "json"


Form = Annotated[Plain, typer.Option("--format", help="Form of the result.")]
IndexDir = Annotated[
    Path | None, typer.Option("--index", help="Folder of the index; a fresh one in memory if not given.")
]


@app.command()
def vignettes(file: Path, index: IndexDir = None, format: Form = Plain.text) -> None:
    """Run a file of vignettes; one row a vignette, then totals."""
    from liverboard.eval.opening import open_or_build
    from liverboard.eval.vignettes import run

    knowledge, opened = open_or_build(index)
    result = run(file, knowledge, opened)
    if format is Plain.json:
        typer.echo(json.dumps(result, ensure_ascii=False, indent=1))
        return
    console = Console(width=None if Console().is_terminal else 200)
    table = Table(
        "id", "status", "stage", "first", "must", "unsafe", "ranked too high", "flags missing", "first choice"
    )
    for row in result["rows"]:
        table.add_row(
            row["id"],
            row["status"],
            _mark(row["stage_ok"]),
            _mark(row["first_ok"]),
            _mark(row["must_ok"]),
            " ".join(row["unsafe"]),
            " ".join(row["overranked"]),
            " ".join(row["missing_flags"]),
            row["first"] or "-",
        )
    console.print(table)
    console.print("  ".join(f"{name} {value}" for name, value in result["totals"].items()))


@app.command()
def cohorts(folder: Path, index: IndexDir = None, format: Form = Plain.text) -> None:
    """Stage and answer every real patient of the two cohorts in a folder."""
    from liverboard.eval.cohort_run import run
    from liverboard.eval.opening import open_or_build

    knowledge, opened = open_or_build(index)
    _show(run(folder, knowledge, opened), format)


@app.command()
def referral(file: Path, format: Form = Plain.text) -> None:
    """Read the narratives of a file of vignettes and compare field by field, in both languages."""
    from liverboard.corpus.knowledge import load_knowledge
    from liverboard.eval.referral import run

    _show(run(file, load_knowledge()), format)


@app.command()
def extraction(file: Path, format: Form = Plain.text) -> None:
    """Directions and evidence sentences of trials' abstracts, beside two baselines."""
    from liverboard.eval.extraction import run

    _show(run(file), format)


@app.command()
def retrieval(folder: Path, format: Form = Plain.text) -> None:
    """Index and score a BEIR-form folder: nDCG@10, recall@100, ms a query, passages a second."""
    from liverboard.eval.retrieval import score_folder

    _show(score_folder(folder), format)


@app.command()
def speed(format: Form = Plain.text) -> None:
    """Cold and warm `recommend`, and its peak memory, as whole processes."""
    from liverboard.eval.speed import run

    _show(run(), format)


def _mark(value: bool | None) -> str:
    return "-" if value is None else "yes" if value else "NO"


def _show(result: dict[str, Any], form: Plain) -> None:
    if form is Plain.json:
        typer.echo(json.dumps(result, ensure_ascii=False, indent=1))
        return
    table = Table("figure", "value")
    for name, value in result.items():
        table.add_row(name, json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value))
    Console().print(table)
