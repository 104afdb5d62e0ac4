"""The command line: a thin frame of options around `service`; nothing is computed here.

Machine output goes to standard output alone; progress and errors go to standard error. Heavy imports happen inside
the commands that need them, so that `liverboard --help` answers at once.
"""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from liverboard.corpus.errors import CorpusError, IndexUnavailableError, InputError

if TYPE_CHECKING:
    from liverboard.ui import service

app = typer.Typer(
    name="liverboard",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Literature-grounded treatment recommendations for liver cancer: ranked, cited, reproducible.",
)
index_app = typer.Typer(no_args_is_help=True, help="Build, change and check the index.")
corpus_app = typer.Typer(no_args_is_help=True, help="The shipped knowledge.")
app.add_typer(index_app, name="index")
app.add_typer(corpus_app, name="corpus")


class Lang(StrEnum):
    en = "en"
    zh = "zh"


class Format(StrEnum):
    text = "text"
    json = "json"
    md = "md"
    html = "html"


class Plain(StrEnum):
    text = "text"
    json = "json"


Patients = Annotated[
    list[str],
    typer.Argument(metavar="PATIENT...", help="A .json or .yaml profile, a plain-text referral, or - for stdin."),
]
Patient = Annotated[
    str,
    typer.Argument(metavar="PATIENT", help="A .json or .yaml profile, a plain-text referral, or - for standard input."),
]
Language = Annotated[Lang, typer.Option("--lang", help="Language of the answer.")]
AnyFormat = Annotated[Format, typer.Option("--format", help="Form of the answer.")]
PlainFormat = Annotated[Plain, typer.Option("--format", help="Form of the answer.")]
IndexDir = Annotated[Path | None, typer.Option("--index", help="Folder of the index; the default one if not given.")]
Paths = Annotated[list[Path] | None, typer.Argument(metavar="[PATH...]", help="Documents, or folders of them.")]


@app.command()
def recommend(
    patient: Patients,
    lang: Language = Lang.en,
    format: AnyFormat = Format.text,
    index: IndexDir = None,
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="YYYY-MM-DD", help="Day that the answer is dated.")
    ] = None,
    sensitivity: Annotated[
        bool, typer.Option("--sensitivity", help="Also say how firm the first choice is (some 200 runs).")
    ] = False,
) -> None:
    """Ranked regimens for a patient, each with its reasons and their citations."""
    from liverboard.recommender.pipeline import recommend as answer
    from liverboard.ui import service

    day = _day(as_of)
    patients = _patients(patient, format)
    opened = service.open_index(index)
    for intake in patients:
        found = answer(intake.profile, knowledge=service.shipped_knowledge(), index=opened, as_of=day)
        document = {**found.as_dict(lang.value), **intake.as_dict()}
        if sensitivity:
            document["sensitivity"] = service.firmness(found, opened, lang.value)
        _print(document, "recommendation", format, lang, one_line=len(patients) > 1)


@app.command()
def explain(
    patient: Patient,
    regimen: Annotated[str, typer.Option("--regimen", help="A regimen: its id, its name or a synonym.")],
    lang: Language = Lang.en,
    format: AnyFormat = Format.text,
    index: IndexDir = None,
    sensitivity: Annotated[
        bool, typer.Option(help="Also change every fact alone, to see what would move it (some 200 runs).")
    ] = True,
) -> None:
    """Why a regimen stands where it stands for a patient, and which facts would move it."""
    from liverboard.recommender.explore import Engine
    from liverboard.recommender.explore import explain as explained
    from liverboard.recommender.explore.sensitivity import RUNS
    from liverboard.ui import service

    (intake,) = _patients([patient], format)
    engine = Engine(service.shipped_knowledge(), service.open_index(index), budget=RUNS)
    with service.progress("Changing one fact at a time"):
        document = explained(intake.profile, regimen, engine, lang.value, with_sensitivity=sensitivity)
    _print({**document, **intake.as_dict()}, "explanation", format, lang)


@app.command()
def whatif(
    patient: Patient,
    change: Annotated[
        list[str], typer.Argument(metavar="PATH=VALUE...", help='Such as labs.bilirubin_umol_l=45 or "...=2.6 mg/dL".')
    ],
    lang: Language = Lang.en,
    format: AnyFormat = Format.text,
    index: IndexDir = None,
) -> None:
    """What changes for a patient when some facts are changed: stages, tiers and ranks, and why."""
    from liverboard.recommender.explore import Engine, parse_changes, what_if
    from liverboard.ui import service

    (intake,) = _patients([patient], format)
    engine = Engine(service.shipped_knowledge(), service.open_index(index))
    changes = parse_changes(change, engine.knowledge)
    document = what_if(intake.profile, changes, engine, lang.value)
    _print({**document, **intake.as_dict()}, "whatif", format, lang)


@app.command()
def stage(patient: Patients, lang: Language = Lang.en, format: AnyFormat = Format.text) -> None:
    """Stages, scores and derived facts of a patient, and the profile as it was read."""
    from liverboard.ui import service

    patients = _patients(patient, format)
    for intake in patients:
        document = {**service.stage_document(intake.profile, lang.value), **intake.as_dict()}
        _print(document, "stage", format, lang, one_line=len(patients) > 1)


@app.command()
def search(
    query: Annotated[str, typer.Argument(help="What to look for, in English or Chinese.")],
    k: Annotated[int, typer.Option("-k", help="How many passages.")] = 10,
    format: PlainFormat = Plain.text,
    index: IndexDir = None,
    lang: Language = Lang.en,
) -> None:
    """Passages of the index, best first, with their scores and locators."""
    from liverboard.ui import service

    _print(service.search_document(query, k, index), "search", format, lang)


@app.command()
def score(
    id: Annotated[str, typer.Argument(metavar="ID", help="A score, such as albi.")],
    values: Annotated[list[str] | None, typer.Argument(metavar="NAME=VALUE...", help="Its inputs.")] = None,
    format: PlainFormat = Plain.json,
) -> None:
    """One published score from its own inputs."""
    from liverboard.recommender.formulas import score_from_arguments

    typer.echo(json.dumps(score_from_arguments(id, values or []), ensure_ascii=False))


@app.command()
def web(port: Annotated[int, typer.Option(help="Port on this machine.")] = 8501) -> None:
    """The web application, on this machine."""
    import subprocess

    options = {
        "server.port": str(port), "server.address": "localhost", "server.headless": "true",
        "server.fileWatcherType": "none", "server.maxUploadSize": "5", "browser.gatherUsageStats": "false",
        "client.toolbarMode": "minimal", "client.showErrorDetails": "none", "theme.base": "light",
        "theme.primaryColor": "#1f5f8b",
    }
    flags = [f"--{name}={value}" for name, value in options.items()]
    typer.echo(f"LiverBoard: http://localhost:{port}", err=True)
    page = str(Path(__file__).with_name("app.py"))
    try:
        status = subprocess.call([sys.executable, "-m", "streamlit", "run", page, *flags])
    except KeyboardInterrupt:
        status = 0
    raise typer.Exit(status)


@index_app.command()
def build(path: Paths = None, index: IndexDir = None, format: PlainFormat = Plain.text) -> None:
    """Build the index from the shipped corpus and any documents given."""
    from liverboard.ui import service

    _print(service.build(index, path or []), "index", format)


@index_app.command()
def add(path: Paths = None, index: IndexDir = None, format: PlainFormat = Plain.text) -> None:
    """Add documents without a rebuild."""
    from liverboard.ui import service

    _print(service.add(index, path or []), "index", format)


@index_app.command()
def remove(
    source: Annotated[
        list[str], typer.Argument(metavar="SOURCE...", help="Ids of sources, as `index info` lists them.")
    ],
    index: IndexDir = None,
    format: PlainFormat = Plain.text,
) -> None:
    """Remove sources without a rebuild; what rested on them falls."""
    from liverboard.ui import service

    _print(service.remove(index, source), "index", format)


@index_app.command()
def info(index: IndexDir = None, format: PlainFormat = Plain.text) -> None:
    """What the index holds and what it was built from."""
    from liverboard.ui import service

    _print(service.info(index), "index", format)


@index_app.command()
def verify(index: IndexDir = None, format: PlainFormat = Plain.text) -> None:
    """Check every file and passage of the index against its hash."""
    from liverboard.ui import service

    _print(service.verify(index), "index", format)


@corpus_app.command()
def check(format: PlainFormat = Plain.text) -> None:
    """Integrity of the shipped knowledge; exit status 1 where there is a problem."""
    from liverboard.corpus.check import check as checked
    from liverboard.ui import service

    found = checked(service.shipped_knowledge())
    _print(found, "corpus", format)
    if found["problems"]:
        raise typer.Exit(1)


def main() -> None:
    """Run the command line; every error of the user's is one sentence on standard error and an exit status."""
    for group in entry_points(group="liverboard.commands"):
        if group.name in sys.argv[1:2] or "--help" in sys.argv or len(sys.argv) == 1:
            app.add_typer(group.load(), name=group.name)
    try:
        app()
    except InputError as error:
        _fail(str(error), 2)
    except (IndexUnavailableError, CorpusError) as error:
        _fail(str(error), 3)
    except BrokenPipeError:
        sys.stderr.close()
        raise SystemExit(0) from None


def _patients(names: list[str], form: Format) -> list[service.Intake]:
    """The patients; where JSON was asked for, a refused one is also said as JSON on standard output."""
    from liverboard.recommender.intake import ImpossibleValueError
    from liverboard.ui import service

    try:
        return [service.read_patient(name) for name in names]
    except InputError as error:
        if form is Format.json:
            codes = (
                ["impossible_value", "unit_error_suspected"]
                if isinstance(error, ImpossibleValueError)
                else ["invalid_input"]
            )
            flags = [{"code": code, "severity": "stop", "message": str(error), "citations": []} for code in codes]
            typer.echo(
                json.dumps(
                    {"status": "invalid_input", "field": error.field, "flags": flags, "recommendations": []},
                    ensure_ascii=False,
                )
            )
        raise


def _day(text: str | None) -> str | None:
    import datetime as dt

    try:
        return dt.date.fromisoformat(text).isoformat() if text else None
    except ValueError as error:
        raise InputError("--as-of", f"{text!r} is not a day.", "Write it as YYYY-MM-DD.") from error


def _print(document: Any, kind: str, form: Format | Plain, lang: Lang = Lang.en, *, one_line: bool = False) -> None:
    if form.value == "json":
        typer.echo(json.dumps(document, ensure_ascii=False, indent=None if one_line else 2))
        return
    from liverboard.ui import render

    render.show(document, kind, form.value, lang.value)


def _fail(message: str, status: int) -> None:
    typer.echo(f"liverboard: {message}", err=True)
    raise SystemExit(status)


if __name__ == "__main__":
    main()
