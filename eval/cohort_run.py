"""Every real patient of two cohorts through the recommender: none may crash, each is staged or told what is missing."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from liverboard.corpus.errors import InputError
from liverboard.corpus.knowledge import Knowledge
from liverboard.eval.cohorts import sysucc_profiles, uci_profiles
from liverboard.recommender.intake import read_profile
from liverboard.recommender.pipeline import recommend
from liverboard.recommender.report import Index, offered_regimens

COHORTS = {"uci_hcc_survival.csv": uci_profiles, "sysucc_intermediate_hcc.csv": sysucc_profiles}


def run(folder: Path, knowledge: Knowledge, index: Index) -> dict[str, Any]:
    """For each cohort: patients, refused, staged, told what is missing, offered a treatment, seconds."""
    result: dict[str, Any] = {}
    for name, reader in COHORTS.items():
        path = folder / name
        if not path.is_file():
            raise InputError(str(path), "is not there.", "Give the folder that holds the cohorts.")
        result[name] = _cohort(reader(path), knowledge, index)
    return result


def _cohort(profiles: Iterator[dict[str, Any]], knowledge: Knowledge, index: Index) -> dict[str, Any]:
    started = time.perf_counter()
    counts: Counter[str] = Counter()
    stages: Counter[str] = Counter()
    refused: list[str] = []
    for data in profiles:
        counts["patients"] += 1
        try:
            profile = read_profile(data, findings=knowledge.findings)
        except InputError as error:
            counts["refused"] += 1
            refused.append(f"{data['patient_id']}: {error}")
            continue
        document = recommend(profile, knowledge=knowledge, index=index).as_dict()
        stage = document["stage"]["bclc"]
        stages[stage or "unknown"] += 1
        counts["staged"] += stage is not None or document["stage"]["cnlc"] is not None
        counts["told what is missing"] += bool(document["missing"])
        counts["neither"] += stage is None and document["stage"]["cnlc"] is None and not document["missing"]
        counts["offered a treatment"] += bool(offered_regimens(document))
        counts[f"status {document['status']}"] += 1
    return {
        **counts,
        "bclc": dict(sorted(stages.items())),
        "refused_patients": refused,
        "seconds": round(time.perf_counter() - started, 1),
    }
