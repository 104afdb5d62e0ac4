"""Whether an answer has the form of the contract: its tiers, its reasons, its citations."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from liverboard.recommender.report import Index, Recommendation

_TIERS = ("recommended", "for_consideration", "not_recommended")
_NEEDED = {"recommended": "for", "not_recommended": "against"}
_STATUS = ("ok", "insufficient_data", "out_of_scope")
_SEVERITY = ("info", "warning", "stop")


def faults_of(answer: Recommendation, index: Index) -> Iterator[tuple[str, str]]:
    """Each fault as the regimen (or `-`) and what is wrong with it."""
    document = json.loads(json.dumps(answer.as_dict("en"), ensure_ascii=False, allow_nan=False))
    offered = document["recommendations"]
    if document["status"] not in _STATUS:
        yield "-", f"status {document['status']}"
    if [item["rank"] for item in offered] != list(range(1, len(offered) + 1)):
        yield "-", "ranks do not count from 1"
    if len({item["regimen"] for item in offered}) != len(offered):
        yield "-", "a regimen twice"
    places = [_TIERS.index(item["tier"]) for item in offered]
    if places != sorted(places):
        yield "-", "tiers out of order"
    for item in offered:
        name, tier = item["regimen"], item["tier"]
        if not 0 <= item["score"] <= 1:
            yield name, f"score {item['score']}"
        cited = {a["direction"] for a in item["arguments"] if a["citations"]}
        if tier in _NEEDED and _NEEDED[tier] not in cited:
            yield name, f"{tier} without a cited argument {_NEEDED[tier]}"
        anticancer = answer.knowledge.regimens[name].anticancer
        if document["status"] != "ok" and tier != "not_recommended" and anticancer:
            yield name, f"{tier} in an answer of status {document['status']}"
        if any(not argument["text"].strip() for argument in item["arguments"]):
            yield name, "an argument without words"
    for flag in document["flags"]:
        if flag["severity"] not in _SEVERITY or not flag["message"].strip():
            yield "-", f"flag {flag['code']} without severity or message"
    if document["status"] != "ok" and not document["flags"]:
        yield "-", "no flag says why there is no answer"
    for citation in _citations(document):
        passage = index.statement_passages().get(citation["passage_id"])
        if passage is None:
            yield "-", f"citation of {citation['passage_id']}, which is not in the index"
        elif hashlib.sha256(passage.text.encode()).hexdigest() != citation["sha256"]:
            yield "-", f"citation of {citation['passage_id']} hashes to something else"
        elif citation["quote"] not in passage.text:
            yield "-", f"quote of {citation['passage_id']} is not in its passage"


def _citations(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for item in document["recommendations"]:
        for argument in item["arguments"]:
            yield from argument["citations"]
    for flag in document["flags"]:
        yield from flag["citations"]
    for item in document["disagreements"]:
        yield from (p["citation"] for p in item["positions"] if p["citation"])
