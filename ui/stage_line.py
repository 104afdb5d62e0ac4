"""The first lines of an answer: stages, liver function and transplant criteria, with what confounds them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from liverboard.ui.blocks import Block, Line, Run, Table, line
from liverboard.ui.words import Words

_ROWS = {
    "stages": ("bclc", "cnlc", "tnm"),
    "liver": ("child_pugh", "albi", "meld3"),
    "criteria": ("milan", "ucsf", "up_to_7"),
}
_SCORES = {
    "bclc": "bclc_2022",
    "cnlc": "cnlc",
    "tnm": "tnm8",
    "child_pugh": "child_pugh_si",
    "albi": "albi",
    "meld3": "meld3",
    "milan": "milan",
    "ucsf": "ucsf",
    "up_to_7": "up_to_7",
}


def stage_blocks(document: Mapping[str, Any], words: Words) -> list[Block]:
    """Status, stages, liver function, criteria, notes, and the literal result where it differs."""
    stage = document["stage"]
    missing = {score["id"]: score for score in document["scores"]}
    status = document["status"]
    rows: list[tuple[Line, ...]] = [
        (
            line(Run(words.say("stage.status"), "dim")),
            line(Run(words.say(f"status.{status}"), "strong" if status == "ok" else "stop")),
        )
    ]
    for name, keys in _ROWS.items():
        rows.append((line(Run(words.say(f"stage.{name}"), "dim")), _row(stage, keys, missing, words)))
    for note in stage.get("notes", ()):
        rows.append((line(Run(words.say("stage.note"), "dim")), line(Run(note, "caution"))))
    literal = stage.get("literal")
    if literal:
        differing = [key for keys in _ROWS.values() for key in keys if literal.get(key) != stage.get(key)]
        rows.append((line(Run(words.say("stage.literal"), "dim")), _row(literal, differing, missing, words)))
    return [Table((), tuple(rows))]


def _row(stage: Mapping[str, Any], keys: Any, missing: Mapping[str, Any], words: Words) -> Line:
    runs: list[Run] = []
    for key in keys:
        name = words.say(f"stage.{key}")
        value = _value(key, stage.get(key), words)
        runs += [Run(" · ", "dim")] if runs else []
        runs.append(Run(f"{name} "))
        runs.append(Run(value, "strong") if value else Run(_unknown(missing.get(_SCORES[key]), words), "dim"))
    return tuple(runs)


def _value(key: str, value: Any, words: Words) -> str:
    if value is None:
        return ""
    if key == "child_pugh":
        known = value["class"] is not None
        return words.say("child_pugh_value", class_=value["class"], score=value["score"]) if known else ""
    if key == "albi":
        known = value["grade"] is not None
        return words.say("albi_value", grade=value["grade"], score=value["score"]) if known else ""
    if isinstance(value, bool):
        return words.say("within" if value else "beyond")
    return str(value)


def _unknown(score: Mapping[str, Any] | None, words: Words) -> str:
    """Unknown, and for want of what."""
    names = dict.fromkeys(words.input(score["id"], name) for name in score["missing"]) if score else ()
    return words.say("unknown_for", missing=words.list(names)) if names else words.say("unknown")
