"""Runs a file of vignettes through the recommender and says, row by row, where it agrees with what is expected."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from liverboard.corpus.errors import InputError
from liverboard.corpus.knowledge import Knowledge
from liverboard.recommender.intake import ImpossibleValueError, read_profile
from liverboard.recommender.pipeline import recommend
from liverboard.recommender.report import Index, offered_regimens


def read_vignettes(path: Path) -> list[dict[str, Any]]:
    """The vignettes of a file; `InputError` where it is absent or of another form."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(str(path), f"cannot be read ({error.strerror}).", "Give a file of vignettes.") from error
    except json.JSONDecodeError as error:
        raise InputError(str(path), f"is not JSON (line {error.lineno}).", "Give a file of vignettes.") from error
    if not isinstance(data, dict) or not isinstance(data.get("vignettes"), list):
        raise InputError(str(path), "holds no list `vignettes`.", "Give a file of vignettes.")
    found: list[dict[str, Any]] = data["vignettes"]
    return found


def answer(patient: Mapping[str, Any], knowledge: Knowledge, index: Index) -> dict[str, Any]:
    """The answer's document; an input that is refused has the status `invalid_input` and says why."""
    try:
        profile = read_profile(patient, findings=knowledge.findings)
    except InputError as error:
        codes = ["impossible_value", "unit_error_suspected"] if isinstance(error, ImpossibleValueError) else []
        return {
            "status": "invalid_input", "stage": {}, "recommendations": [], "error": str(error),
            "flags": [{"code": code} for code in codes],
        }
    return recommend(profile, knowledge=knowledge, index=index).as_dict()


def row(vignette: Mapping[str, Any], document: Mapping[str, Any], anticancer: Sequence[str]) -> dict[str, Any]:
    """One vignette's result. `None` means: not asked of this vignette."""
    expected = vignette["expected"]
    recommended = offered_regimens(document, "recommended")
    offered = offered_regimens(document)
    first = next((regimen for regimen in recommended if regimen in anticancer), None)
    accepted = offered if expected.get("partial") else recommended
    raised = {flag["code"] for flag in document["flags"]}
    statuses = expected.get("status_any_of") or [expected.get("status", "ok")]
    wrong = _wrong_stages(expected, document["stage"])
    return {
        "id": vignette["id"],
        "status": document["status"],
        "stage_ok": None if document["status"] == "invalid_input" else not wrong,
        "first_ok": first in expected["first_any_of"] if expected.get("first_any_of") else None,
        "must_ok": document["status"] == "invalid_input"
        or all(not set(group).isdisjoint(accepted) for group in expected.get("must_recommend") or ()),
        "unsafe": sorted(set(expected.get("must_not_recommend") or ()) & set(offered)),
        "overranked": sorted(set(expected.get("should_not_be_first") or ()) & set(recommended)),
        "missing_flags": sorted(set(expected.get("must_flag") or ()) - raised),
        "abstain_ok": document["status"] in statuses,
        "error": document.get("error"),
        "wrong_stages": wrong,
        "first": first,
        "recommended": recommended,
        "for_consideration": offered_regimens(document, "for_consideration"),
        "unmet_groups": [g for g in expected.get("must_recommend") or () if set(g).isdisjoint(accepted)],
    }


def totals(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Shares over the rows that were asked; `unsafe` counts vignettes with at least one unsafe regimen."""
    return {
        "vignettes": len(rows),
        "stage_ok": _share(rows, "stage_ok"),
        "first_ok": _share(rows, "first_ok"),
        "must_ok": _share(rows, "must_ok"),
        "abstain_ok": _share(rows, "abstain_ok"),
        "unsafe": sum(bool(r["unsafe"]) for r in rows),
        "overranked": sum(bool(r["overranked"]) for r in rows),
        "flags_complete": round(sum(not r["missing_flags"] for r in rows) / max(1, len(rows)), 4),
        "errors": sum(r["error"] is not None and r["status"] != "invalid_input" for r in rows),
    }


def run(path: Path, knowledge: Knowledge, index: Index) -> dict[str, Any]:
    """Rows and totals of a file of vignettes."""
    rows = list(_rows(read_vignettes(path), knowledge, index))
    return {"rows": rows, "totals": totals(rows)}


def _rows(vignettes: Sequence[Mapping[str, Any]], knowledge: Knowledge, index: Index) -> Iterator[dict[str, Any]]:
    anticancer = [regimen.id for regimen in knowledge.regimens.values() if regimen.anticancer]
    for vignette in vignettes:
        yield row(vignette, answer(vignette["patient"], knowledge, index), anticancer)


def _share(rows: Sequence[Mapping[str, Any]], key: str) -> float | None:
    asked = [r[key] for r in rows if r[key] is not None]
    return round(sum(asked) / len(asked), 4) if asked else None


def _wrong_stages(expected: Mapping[str, Any], stage: Mapping[str, Any]) -> list[str]:
    wrong = []
    for name in ("bclc", "cnlc"):
        if expected.get(name) is not None and stage.get(name) != expected[name]:
            wrong.append(f"{name} {stage.get(name)} for {expected[name]}")
    asked = expected.get("child_pugh")
    if asked is not None:
        found = stage.get("child_pugh") or {}
        points = found.get("score")
        text = f"{found.get('class')}{'' if points is None else int(points)}"
        if not text.startswith(asked):
            wrong.append(f"child_pugh {text} for {asked}")
    return wrong
