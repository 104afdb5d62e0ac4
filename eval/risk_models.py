"""Two models learnt from the real cohorts, to see that training and validation say honestly how well they do.

UCI (Coimbra): death within one year, logistic, 165 patients: internal validation only. SYSUCC: overall survival from
the first visit, Cox; also learnt from the earlier patients alone and tried on the later ones (same centre).
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from liverboard.corpus.errors import InputError
from liverboard.recommender.models.card import Validation, read_plan
from liverboard.recommender.models.fitting import Settings
from liverboard.recommender.models.predict import load_model
from liverboard.recommender.models.report import said, write_training
from liverboard.recommender.models.table import Table, read_table
from liverboard.recommender.models.train import Trained, train
from liverboard.recommender.models.validate import Measured, validate

PLANS = Path(__file__).parent / "risk_plans"
_EARLIER = 0.7  # share of the patients, by day of the first visit, that the temporal model is learnt from


def run(folder: Path, settings: Settings | None = None, out: Path | None = None) -> dict[str, Any]:
    """Train and validate on both cohorts of a folder; a row a validation, figures as `estimate (95% CI)`.

    Parameters
    ----------
    out : where models, cards, reports and pictures are written; nowhere that stays, if not given
    """
    uci, sysucc = folder / "uci_hcc_survival.csv", folder / "sysucc_intermediate_hcc.csv"
    for file in (uci, sysucc):
        if not file.is_file():
            raise InputError(str(file), "is not there.", "Give the folder of the two cohorts.")
    with tempfile.TemporaryDirectory() as scratch:
        place = out or Path(scratch)
        rows = _learn("uci_one_year_mortality", read_table(uci), settings or Settings(), place)
        visits = first_visits(read_table(sysucc))
        fewer = settings or Settings(bootstrap=30, resamples=200)
        rows += _learn("sysucc_overall_survival", visits, fewer, place)
        rows.append(_temporal(visits, fewer, place))
    return {"rows": rows}


def first_visits(table: Table) -> Table:
    """The first visit of each patient, earliest patients first."""
    first: dict[str, Any] = {}
    for row in table.rows:
        held = first.get(row["ID"])
        if held is None or row["Date"] < held["Date"]:
            first[row["ID"]] = row
    return replace(table, rows=tuple(sorted(first.values(), key=lambda row: (row["Date"], row["ID"]))))


def _learn(plan: str, table: Table, settings: Settings, out: Path) -> list[dict[str, Any]]:
    trained = train(read_plan(PLANS / f"{plan}.yaml"), table, settings)
    write_training(trained, out / plan, made=None)
    internal = next(found for found in trained.validation if found.kind == "internal")
    return [_row(plan, "nested cross-validation", internal), _corrected(plan, trained)]


def _temporal(visits: Table, settings: Settings, out: Path) -> dict[str, Any]:
    cut = int(_EARLIER * len(visits))
    earlier, later = replace(visits, rows=visits.rows[:cut]), replace(visits, rows=visits.rows[cut:])
    plan = read_plan(PLANS / "sysucc_overall_survival.yaml")
    write_training(train(plan, earlier, replace(settings, bootstrap=2)), out / "temporal", made=None)
    how = f"patients first seen from {later.rows[0]['Date']} on, same centre"
    measured = validate(
        load_model(out / "temporal" / "card.yaml"), later, how=how, kind="internal", resamples=settings.resamples
    )
    row = _row(plan.model, f"temporal: {how}", measured.validation)
    return {**row, "refused": _refused(measured)}


def _refused(measured: Measured) -> dict[str, int]:
    return {**measured.left_out, **measured.refused}


def _row(model: str, how: str, found: Validation) -> dict[str, Any]:
    return {"model": model, "how": how, "n": found.n, "events": found.events} | {
        name: said(estimate) for name, estimate in found.figures.items()
    }


def _corrected(model: str, trained: Trained) -> dict[str, Any]:
    row = {"model": model, "how": f"optimism-corrected, {trained.settings.bootstrap} bootstrap samples"}
    training = trained.plan.training
    figures = {o.figure: f"{o.corrected:.3f} (apparent {o.apparent:.3f})" for o in trained.optimism}
    return {**row, "n": training.n, "events": training.events, **figures}


def show(rows: Sequence[dict[str, Any]]) -> None:
    """Print the rows, one figure a line."""
    from rich.console import Console
    from rich.table import Table as Shown

    for row in rows:
        shown = Shown("figure", "estimate (95% CI)", title=f"{row['model']}: {row['how']}")
        for name, value in row.items():
            if name not in {"model", "how"}:
                shown.add_row(name, str(value))
        Console(width=110).print(shown)


if __name__ == "__main__":
    show(run(Path(sys.argv[1]))["rows"])
