"""How long one recommendation takes and how much memory, as a user would feel it.

Cold: a whole `liverboard recommend` process on an index that is there. Warm: the second and later answers of one
process. Figures are medians; the machine and the size of the index stand beside them.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from liverboard.corpus.knowledge import load_knowledge
from liverboard.recommender.intake import read_profile
from liverboard.recommender.pipeline import recommend

RUNS = 5
PATIENT = {
    "patient_id": "SPEED-1", "region": "CN", "age_years": 58, "sex": "male",
    "diagnosis": {"tumour_type": "hcc", "basis": "imaging", "disease_status": "active"},
    "etiology": ["hbv"], "virology": {"hbsag": "positive", "on_antiviral": True}, "cirrhosis": True, "ecog": 0,
    "labs": {"bilirubin_umol_l": 14, "albumin_g_l": 41, "inr": 1.05, "platelets_10e9_l": 160,
             "creatinine_umol_l": 80, "afp_ng_ml": 420},
    "ascites": "none", "encephalopathy": "none",
    "tumour": {"number": 2, "largest_cm": 6.2, "vascular_invasion": "vp3", "extrahepatic": ["lung"]},
    "portal_hypertension": {"clinically_significant": False, "varices": "none"},
    "prior_treatments": [], "comorbidities": [],
}


def run() -> dict[str, Any]:
    """Cold and warm seconds and peak memory in MiB of `recommend`, and the seconds to build its index."""
    with tempfile.TemporaryDirectory() as folder:
        index, patient = Path(folder) / "index", Path(folder) / "patient.json"
        patient.write_text(json.dumps(PATIENT), encoding="utf-8")
        built = _timed("index", "build", "--index", str(index))
        cold = [_timed("recommend", str(patient), "--format", "json", "--index", str(index)) for _ in range(RUNS)]
        searched = _timed("search", "portal vein tumour thrombus", "--index", str(index))
        warm = _warm(index)
        from liverboard.indexer.search import Index

        opened = Index.open(index)
        return {
            "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
            "sources": len(opened.sources),
            "statements": len(opened.statement_ids()),
            "index build s": built["seconds"],
            "recommend cold s": statistics.median(r["seconds"] for r in cold),
            "recommend cold peak MiB": max(r["peak_mib"] for r in cold),
            "recommend warm s": warm,
            "search cold s": searched["seconds"],
            "search cold peak MiB": searched["peak_mib"],
        }


def _warm(index: Path) -> float:
    from liverboard.indexer.search import Index

    knowledge, opened = load_knowledge(), Index.open(index)
    profile = read_profile(PATIENT, findings=knowledge.findings)
    seconds = []
    for _ in range(RUNS + 1):
        started = time.perf_counter()
        recommend(profile, knowledge=knowledge, index=opened).as_dict()
        seconds.append(time.perf_counter() - started)
    return round(statistics.median(seconds[1:]), 3)


def _timed(*arguments: str) -> dict[str, float]:
    """Seconds and peak memory of one whole process of the command line."""
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "liverboard.ui.cli", *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        raise RuntimeError(f"liverboard {arguments[0]} ended with status {os.waitstatus_to_exitcode(status)}")
    unit = 1024 if platform.system() == "Darwin" else 1  # ru_maxrss: bytes there, KiB elsewhere
    return {"seconds": round(time.perf_counter() - started, 2), "peak_mib": round(usage.ru_maxrss / 1024 / unit, 0)}


