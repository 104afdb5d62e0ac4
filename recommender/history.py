"""What was given before, with what response, and why it stopped: the findings that decide what comes next."""

from __future__ import annotations

from collections.abc import Iterable

from liverboard.corpus.knowledge import Knowledge
from liverboard.recommender.profile import PatientProfile, PriorTreatment

Derived = dict[str, tuple[bool | int | float | str | frozenset[str] | None, tuple[str, ...]]]

_WEEKS_A_MONTH = 365.25 / 12 / 7
_ICI = "immune_checkpoint_inhibitor"
_WITH_SYSTEMIC = frozenset({"tace_plus_lenvatinib", "tace_plus_systemic", "haic_plus_systemic"})
_TACE = frozenset(
    {"tace", "deb_tace", "tace_plus_lenvatinib", "tace_plus_systemic", "tace_plus_ablation", "tace_plus_rt"}
)
_LOCOREGIONAL_KINDS = frozenset({"embolisation", "infusion", "radiation", "ablation", "combination", "pathway"})
_NOT_A_LINE = frozenset({"adjuvant", "neoadjuvant"})


def history_findings(profile: PatientProfile, knowledge: Knowledge) -> Derived:
    """Findings about earlier treatment; all unknown when it is not spoken of, or names something unknown."""
    given = _by_id(profile.prior_treatments, knowledge)
    names = (
        "prior_regimens",
        "prior_classes",
        "progressed_on",
        "progressed_on_classes",
        "stopped_for_toxicity",
        "stopped_for_toxicity_classes",
        "ongoing_treatment",
        "last_systemic",
        "lines_of_systemic",
        "lines_progressed",
        "toxicity_kinds",
        "immune_toxicity_grade",
        "sorafenib_dose_mg_per_day",
        "tace_sessions",
        "tace_best_response",
        "locoregional_response",
        "systemic_response",
        "months_since_ici",
        "weeks_since_bevacizumab",
    )
    fields = ("prior_treatments",)
    if given is None or any(t.regimen not in knowledge.regimens for t in given):
        return {name: (None, fields) for name in names}
    systemic = [t for t in given if _is_systemic(t, knowledge)]
    tace = [t for t in given if t.regimen in _TACE]
    progressed = [t for t in given if _progressed(t)]
    outcome_unknown = any(t.stopped_for is None and t.best_response is None for t in systemic + tace)
    toxic = [t for t in given if t.stopped_for == "toxicity"]
    values = {
        "prior_regimens": frozenset(t.regimen for t in given),
        "prior_classes": _classes(given, knowledge),
        "progressed_on": None if outcome_unknown else frozenset(t.regimen for t in progressed),
        "progressed_on_classes": None if outcome_unknown else _classes(progressed, knowledge),
        "stopped_for_toxicity": frozenset(t.regimen for t in toxic),
        "stopped_for_toxicity_classes": _classes(toxic, knowledge),
        "ongoing_treatment": frozenset(t.regimen for t in given if t.stopped_for == "ongoing"),
        "last_systemic": _latest(systemic).regimen if systemic else None,
        "lines_of_systemic": len(systemic),
        "lines_progressed": sum(_progressed(t) for t in systemic),
        "toxicity_kinds": frozenset(t.toxicity.kind for t in given if t.toxicity),
        "immune_toxicity_grade": _immune_toxicity(given, knowledge),
        "sorafenib_dose_mg_per_day": max(
            (t.dose_mg_per_day for t in given if t.regimen == "sorafenib" and t.dose_mg_per_day is not None),
            default=None,
        ),
        "tace_sessions": None if any(t.sessions is None for t in tace) else sum(t.sessions or 0 for t in tace),
        "tace_best_response": _response(tace),
        "locoregional_response": _response([t for t in given if _kind(t, knowledge) in _LOCOREGIONAL_KINDS]),
        "systemic_response": _response(systemic),
        "months_since_ici": _months_since(t for t in given if _ICI in _classes([t], knowledge)),
        "weeks_since_bevacizumab": _weeks_since_bevacizumab(given, knowledge),
    }
    return {name: (values[name], fields) for name in names}


def _by_id(given: tuple[PriorTreatment, ...] | None, knowledge: Knowledge) -> tuple[PriorTreatment, ...] | None:
    """The treatments with their regimens by id, where a name or synonym was written."""
    if given is None:
        return None
    return tuple(t.model_copy(update={"regimen": knowledge.regimen_named(t.regimen) or t.regimen}) for t in given)


def _kind(treatment: PriorTreatment, knowledge: Knowledge) -> str | None:
    regimen = knowledge.regimens.get(treatment.regimen)
    return regimen.kind if regimen else None


def _is_systemic(treatment: PriorTreatment, knowledge: Knowledge) -> bool:
    return _kind(treatment, knowledge) == "systemic" or treatment.regimen in _WITH_SYSTEMIC


def _progressed(treatment: PriorTreatment) -> bool:
    return treatment.stopped_for == "progression" or (
        treatment.best_response == "PD" and treatment.stopped_for != "ongoing"
    )


def _classes(treatments: Iterable[PriorTreatment], knowledge: Knowledge) -> frozenset[str]:
    return frozenset(
        name for t in treatments if t.regimen in knowledge.regimens for name in knowledge.classes_of[t.regimen]
    )


def _latest(treatments: list[PriorTreatment]) -> PriorTreatment:
    """The one that ended last; without dates, the last that is named."""
    dated = [t for t in treatments if t.months_since is not None]
    if len(dated) == len(treatments):
        return min(reversed(treatments), key=lambda t: t.months_since or 0.0)
    return treatments[-1]


def _response(treatments: list[PriorTreatment]) -> str | None:
    if not treatments:
        return "not_given"
    last = _latest(treatments)
    if last.stopped_for == "progression" and last.best_response in (None, "NE"):
        return "PD"
    return last.best_response


def _immune_toxicity(treatments: Iterable[PriorTreatment], knowledge: Knowledge) -> int | None:
    """The worst grade of a toxicity that is named immune-mediated or was met on a checkpoint inhibitor."""
    grades = [
        t.toxicity.grade
        for t in treatments
        if t.toxicity and (t.toxicity.kind.lower().startswith("immune") or _is_immune_organ(t, knowledge))
    ]
    return None if None in grades else max((g for g in grades if g is not None), default=0)


def _is_immune_organ(treatment: PriorTreatment, knowledge: Knowledge) -> bool:
    kind = treatment.toxicity.kind.lower() if treatment.toxicity else ""
    organ = any(word in kind for word in ("hepatitis", "pneumonitis", "myocarditis", "colitis", "nephritis", "neuro"))
    return organ and _ICI in _classes([treatment], knowledge)


def _months_since(treatments: Iterable[PriorTreatment]) -> float | None:
    found = [0.0 if t.stopped_for == "ongoing" else t.months_since for t in treatments]
    return None if None in found else min((months for months in found if months is not None), default=None)


def _weeks_since_bevacizumab(treatments: Iterable[PriorTreatment], knowledge: Knowledge) -> float | None:
    with_it = (
        t
        for t in treatments
        if t.regimen in knowledge.regimens
        and any(c.startswith("bevacizumab") for c in knowledge.regimens[t.regimen].components)
    )
    months = _months_since(with_it)
    return None if months is None else round(months * _WEEKS_A_MONTH, 1)
