"""The statement extractor on questions about abstracts of trials: direction, evidence sentence, cost.

The file has one JSON object a line: abstract, intervention, comparator, outcome, label, evidence (quoted sentences).
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from liverboard.corpus.errors import InputError
from liverboard.indexer.extraction import DIRECTIONS, Direction, Question, answer
from liverboard.indexer.extraction.direction import WEIGHTS
from liverboard.indexer.extraction.text import sentences

LABELS: dict[str, Direction] = {
    "significantly decreased": "decreased",
    "no significant difference": "no_difference",
    "significantly increased": "increased",
}
Span = tuple[int, int]


@dataclass(frozen=True)
class Example:
    """A question about one abstract, with the answer of its annotators; `evidence` are the spans found verbatim."""

    document: str
    text: str
    question: Question
    label: Direction
    evidence: tuple[Span, ...]


def run(path: Path) -> dict[str, Any]:
    """Scores of the shipped extractor on a file, beside the majority class and a plain regular expression.

    Returns
    -------
    dict
        `extractor`, `regular_expression`, `majority_class`, each with accuracy, macro_f1 and per_class;
        `evidence_hit_rate` (the first sentence) and `evidence_hit_rate_at_3`, over the examples whose evidence stands
        in the abstract; `ms_per_abstract`. Where the shipped weights were trained on this very file,
        `trained_on_this_file` is true and `cross_validated` holds the figures to quote instead.
    """
    examples = read(path)
    gold = [e.label for e in examples]
    started = time.perf_counter()
    verdicts = [answer(e.question, e.text) for e in examples]
    seconds = time.perf_counter() - started
    said = [v.direction if v else "no_difference" for v in verdicts]
    located = [(v.sentences, e.evidence) for v, e in zip(verdicts, examples, strict=True) if v and e.evidence]
    first = [[hits((q.start, q.end), evidence) for q in quotes[:3]] for quotes, evidence in located]
    trained = json.loads(WEIGHTS.read_text(encoding="utf-8"))
    result: dict[str, Any] = {
        "examples": len(examples),
        "documents": len({e.document for e in examples}),
        "labels": dict(Counter(gold)),
        "extractor": scores(gold, said),
        "regular_expression": scores(gold, [plain_rule(e) for e in examples]),
        "majority_class": scores(gold, [Counter(gold).most_common(1)[0][0]] * len(gold)),
        "evidence_hit_rate": _share([f[0] for f in first]),
        "evidence_hit_rate_at_3": _share([any(f) for f in first]),
        "evidence_located": len(located),
        "ms_per_abstract": round(1000 * seconds / len(examples), 2),
        "trained_on_this_file": content_sha256(path) == trained["trained_on"],
    }
    if result["trained_on_this_file"]:
        result["cross_validated"] = trained["cross_validation"]
    return result


def read(path: Path) -> list[Example]:
    """The examples of a file, plain or gzipped; evidence that does not stand in the abstract is left out."""
    examples = []
    for number, line in enumerate(_content(path).decode("utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            question = Question(row["intervention"], row["comparator"], row["outcome"])
            spans = [locate(quote, row["abstract"]) for quote in row["evidence"]]
            examples.append(Example(str(row["pmcid"]), row["abstract"], question, LABELS[row["label"]],
                                    tuple(span for span in spans if span)))
        except (json.JSONDecodeError, KeyError, TypeError) as error:
            raise InputError("FILE", f"line {number} of {path.name} is not an example ({error}).",
                             "One JSON object a line: pmcid, abstract, intervention, comparator, outcome, label, "
                             "evidence.") from error
    if not examples:
        raise InputError("FILE", f"{path.name} holds no example.", "One JSON object a line.")
    return examples


def content_sha256(path: Path) -> str:
    """Hash of the lines themselves, however they are packed."""
    return hashlib.sha256(_content(path)).hexdigest()


def locate(quote: str, text: str) -> Span | None:
    """Where a quote stands in a text, white space aside."""
    match = re.search(r"\s+".join(map(re.escape, quote.split())), text) if quote.strip() else None
    return match.span() if match else None


def hits(found: Span, evidence: Sequence[Span]) -> bool:
    """Whether a sentence shares more than half of itself, or of the quote, with the evidence."""
    return any(
        min(end, found[1]) - max(start, found[0]) > 0.5 * min(end - start, found[1] - found[0])
        for start, end in evidence
    )


def scores(gold: Sequence[str], said: Sequence[str]) -> dict[str, Any]:
    """Accuracy, macro-F1, and precision, recall and F1 of each class."""
    per_class = {}
    for name in DIRECTIONS:
        right = sum(g == s == name for g, s in zip(gold, said, strict=True))
        precision = right / max(1, sum(s == name for s in said))
        recall = right / max(1, sum(g == name for g in gold))
        f1 = 2 * precision * recall / (precision + recall) if right else 0.0
        per_class[name] = {"precision": round(precision, 3), "recall": round(recall, 3), "f1": round(f1, 3),
                           "examples": sum(g == name for g in gold)}
    return {
        "accuracy": _share([g == s for g, s in zip(gold, said, strict=True)]),
        "macro_f1": round(sum(c["f1"] for c in per_class.values()) / len(per_class), 3),
        "per_class": per_class,
    }


def plain_rule(example: Example) -> Direction:
    """The baseline: the sentence with most words of the outcome, then four regular expressions."""
    wanted = set(re.findall(r"\w+", example.question.outcome.lower()))
    texts = [s.text.lower() for s in sentences(example.text)] or [""]
    text = max(reversed(texts), key=lambda t: len(wanted & set(re.findall(r"\w+", t))))
    if re.search(r"\bno (?:\w+ )?(?:significant |statistical )?difference|\bnot (?:\w+ )?(?:significant|differ)|"
                 r"similar|p ?> ?0|comparable", text):
        return "no_difference"
    if re.search(r"increas|higher|greater|more|longer|improv|better", text):
        return "increased"
    if re.search(r"decreas|lower|reduc|less|fewer|shorter", text):
        return "decreased"
    return "no_difference"


def _content(path: Path) -> bytes:
    try:
        raw = path.read_bytes()
        return gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw
    except OSError as error:
        raise InputError("FILE", f"{path.name} cannot be read ({error.strerror or error}).",
                         "A .jsonl or .jsonl.gz file.") from error


def _share(marks: Sequence[bool]) -> float:
    return round(sum(marks) / len(marks), 4) if marks else 0.0
