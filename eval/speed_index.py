"""How fast an index is built, opened and searched, and how much memory that takes.

Each figure is taken in a process of its own, so that imports count where a user pays for them::

    python -m liverboard.eval.speed_index
"""

from __future__ import annotations

import datetime as dt
import itertools
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from liverboard.corpus.records import Source

_STARTED = time.perf_counter()
_QUESTIONS = ("second-line treatment after sorafenib in Child-Pugh A", "门静脉癌栓患者的一线治疗",
              "ablation of a solitary nodule of 2 cm", "肝移植 米兰标准")
_POPULATIONS = ("a solitary nodule up to 3 cm", "multinodular disease within the up-to-seven criteria",
                "portal vein tumour thrombus Vp3", "extrahepatic spread and ECOG 1", "Child-Pugh B7 cirrhosis",
                "recurrence after resection", "clinically significant portal hypertension", "tumour rupture",
                "an AFP above 400 ng/mL", "progression on sorafenib")
_REGIMENS = ("sorafenib", "lenvatinib", "atezolizumab plus bevacizumab", "TACE", "HAIC with FOLFOX",
             "resection", "thermal ablation", "SBRT", "transplantation", "radioembolisation")
_OUTCOMES = ("prolonged overall survival (HR 0.{0:02d})", "gave a response rate of {0} %",
             "did not reduce recurrence at {0} months", "was tolerated by {0} of 100 patients")


def run(statements: int = 1500) -> dict[str, Any]:
    """Build, open and search an index of made-up statements.

    Returns
    -------
    Seconds: `build_s` (whole process), `open_s`, `first_search_s` (from the start of the module, imports
    and loading of the embedder included, English), `first_search_zh_s`; `warm_search_ms` (mean over English
    and Chinese questions); peak memory in MB: `build_peak_mb`, `search_peak_mb`.
    """
    with tempfile.TemporaryDirectory() as folder:
        built = _in_process("build", folder, str(statements))
        english = _in_process("search", folder, _QUESTIONS[0])
        chinese = _in_process("search", folder, _QUESTIONS[1])
    return {
        "statements": statements, "build_s": built["process_s"], "open_s": english["open_s"],
        "first_search_s": english["first_s"], "first_search_zh_s": chinese["first_s"],
        "warm_search_ms": english["warm_ms"], "build_peak_mb": built["peak_mb"],
        "search_peak_mb": max(english["peak_mb"], chinese["peak_mb"]),
    }


def made_up_sources(statements: int) -> list[Source]:
    """Sources of ten statements each, all different, in both languages."""
    claims = list(itertools.islice(
        (f"In patients with {population}, {regimen} {outcome.format(number)}."
         for number in range(1, 100) for outcome in _OUTCOMES for population in _POPULATIONS
         for regimen in _REGIMENS), statements))
    return [_made_up_source(number, claims[start : start + 10])
            for number, start in enumerate(range(0, len(claims), 10))]


def _made_up_source(number: int, claims: list[str]) -> Source:
    return Source.model_validate({
        "id": f"source_{number}", "title": f"Study {number}", "year": 2020, "kind": "cohort",
        "read": "abstract", "read_at": "made up", "checked": dt.date(2026, 1, 1), "licence": "made up",
        "ai_use": "made up", "statements": [
            {"id": f"s{n}", "kind": "rule", "section": "Results",
             "claim": {"en": claim, "zh": f"研究{number}第{n}条：该组肝癌患者接受该方案治疗后的结果。"}}
            for n, claim in enumerate(claims)],
    })


def _in_process(task: str, *arguments: str) -> dict[str, Any]:
    started = time.perf_counter()
    done = subprocess.run([sys.executable, "-m", "liverboard.eval.speed_index", task, *arguments],
                          capture_output=True, text=True, check=True)
    seconds = time.perf_counter() - started
    result: dict[str, Any] = json.loads(done.stdout)
    return {"process_s": round(seconds, 2), **result}


def _build(folder: str, statements: str) -> dict[str, Any]:
    from liverboard.indexer.build import build_index

    build_index(Path(folder), made_up_sources(int(statements)), created="2026-01-01")
    return {}


def _search(folder: str, question: str) -> dict[str, Any]:
    from liverboard.indexer.search import Index

    started = time.perf_counter()
    index = Index.open(folder)
    opened = time.perf_counter()
    if not index.search(question):
        raise SystemExit("nothing was found")
    first = time.perf_counter()
    for other in _QUESTIONS:
        index.search(other)
    warm = time.perf_counter()
    for _ in range(10):
        for other in _QUESTIONS:
            index.search(other)
    each = (time.perf_counter() - warm) / (10 * len(_QUESTIONS))
    return {"open_s": round(opened - started, 4), "first_s": round(first - _STARTED, 2),
            "warm_ms": round(1000 * each, 1)}


def main() -> None:
    """Print the figures as JSON; with a task, do that task in this process and print its own."""
    if len(sys.argv) == 1:
        print(json.dumps(run(), indent=1))
        return
    result = {"build": _build, "search": _search}[sys.argv[1]](*sys.argv[2:])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({**result, "peak_mb": round(peak)}))


if __name__ == "__main__":
    main()
