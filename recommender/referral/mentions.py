"""Where treatments and drugs are named in a text, and whether they were given, are planned, or neither."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from liverboard.corpus.knowledge import Knowledge
from liverboard.corpus.load import SHIPPED, read_yaml
from liverboard.recommender.referral.anchors import Gated, gated
from liverboard.recommender.referral.context import Context
from liverboard.recommender.referral.numbers import CHINESE, ENGLISH, TIME
from liverboard.recommender.referral.text import Text, within_sentence

_MOST = 200  # namings of treatments that are looked at: far beyond any referral, and it bounds the time
_SYSTEMIC = ("systemic", "combination")


@dataclass(frozen=True)
class Mention:
    """One naming of a regimen."""

    regimen: str
    start: int
    end: int


@lru_cache(maxsize=1)
def words() -> dict[str, Any]:
    """The content of `referral_treatments.yaml`."""
    found: dict[str, Any] = read_yaml(SHIPPED / "vocabulary" / "referral_treatments.yaml")
    return found


@cache
def pattern(*path: str) -> re.Pattern[str]:
    """One pattern of `referral_treatments.yaml`, by its path."""
    found: Any = words()
    for part in path:
        found = found[part]
    filled = found.replace("{english}", ENGLISH).replace("{chinese}", CHINESE).replace("{time}", _plain_time())
    return re.compile(within_sentence(filled), re.IGNORECASE)


def _plain_time() -> str:
    return re.sub(r"\?P<\w+>", "?:", TIME.pattern)


def mentions(text: Text, knowledge: Knowledge) -> list[Mention]:
    """Every regimen that the text names, in order; drugs joined by `plus` or `联合` are one regimen."""
    found = sorted(_single(text, knowledge), key=lambda m: (m.start, -(m.end - m.start)))
    kept: list[Mention] = []
    for mention in found:
        if not kept or mention.start >= kept[-1].end:
            kept.append(mention)
    return list(_joined(text, kept[:_MOST], knowledge))


def given(text: Text, context: Context, mention: Mention) -> bool:
    """Whether the words around a regimen say that the patient had it, and not that it is planned or refused."""
    if context.foreign(mention.start, opinions=True):
        return False
    sentence, clause = text.sentence(mention.start), text.clause(mention.start)
    if _elsewhere(text, mention):
        return False
    before, after = text.folded[sentence.start : mention.start], text.folded[mention.end : sentence.end]
    if text.language == "zh" or re.search(r"[\u4e00-\u9fff]", text.folded[max(0, mention.start - 4) : mention.end + 4]):
        near = text.folded[clause.start : mention.start]
        if pattern("planned", "zh_before").search(near) or pattern("planned", "zh_after").match(after):
            return pattern("given", "zh_strong").search(near) is not None and "拒" not in near
        return pattern("given", "zh_after").search(after) is not None or bool(
            near.strip() and pattern("given", "zh_before").search(near)
        )
    if pattern("planned", "after").search(after):
        return False
    planned, was = _last(pattern("planned", "before"), before), _last(pattern("given", "before"), before)
    if planned is None and was is None:
        return pattern("given", "after").search(after) is not None
    return was is not None and (planned is None or was > planned)


def _elsewhere(text: Text, mention: Mention) -> bool:
    """Whether a resection or ablation is of another organ."""
    if mention.regimen not in ("resection", "ablation_rfa_mwa", "ebrt_palliative"):
        return False
    clause, sentence = text.clause(mention.start), text.sentence(mention.start)
    before, after = text.folded[clause.start : mention.start], text.folded[mention.end : sentence.end]
    return pattern("elsewhere").search(before) is not None or pattern("elsewhere_after").match(after) is not None


def _last(find: re.Pattern[str], before: str) -> int | None:
    """Where the last cue before a regimen stands; cues further away than their reach do not count."""
    place = None
    start = max(0, len(before) - 80)
    while (match := find.search(before, start)) is not None:
        place = match.start()
        start = match.start() + 1
    return place


def _single(text: Text, knowledge: Knowledge) -> Iterator[Mention]:
    for regimen, find in _names(knowledge):
        for match in find.finditer(text.folded, text.lowered):
            yield Mention(regimen, match.start(), match.end())


_CACHE: dict[str, tuple[tuple[str, Gated], ...]] = {}


def _names(knowledge: Knowledge) -> tuple[tuple[str, Gated], ...]:
    """Patterns by regimen or, written `+drug`, by component; kept by the fingerprint of the knowledge."""
    if knowledge.fingerprint not in _CACHE:
        _CACHE.clear()
        _CACHE[knowledge.fingerprint] = tuple((name, gated(find)) for name, find in _compile_names(knowledge))
    return _CACHE[knowledge.fingerprint]


def _compile_names(knowledge: Knowledge) -> Iterator[tuple[str, str]]:
    own: Mapping[str, str | None] = words()["words"]
    skipped = {name.lower() for name in words()["skip_names"]}
    drugs = {n.lower() for c in knowledge.components.values() for n in (c.name.en, c.name.zh, *c.synonyms)}
    for regimen in knowledge.regimens.values():
        if regimen.id in own:
            if own[regimen.id]:
                yield regimen.id, str(own[regimen.id])
            continue
        parts = [words()["extra"][regimen.id]] if regimen.id in words()["extra"] else []
        listed = [n for n in (regimen.name.en, regimen.name.zh, *regimen.synonyms) if n.lower() not in skipped | drugs]
        if regimen.kind in (*_SYSTEMIC, "embolisation", "infusion", "radiation"):
            parts += [re.escape(n) for n in listed if len(n) > 3 or not n.isascii()]
        if parts:
            yield regimen.id, "|".join(parts)
    for component in knowledge.components.values():
        if set(component.classes) & {"transarterial", "liver_surgery", "percutaneous", "external_radiation"}:
            continue
        listed = [component.name.en.split(" (")[0], component.name.zh.split("（")[0], *component.synonyms]
        names = [re.escape(n) for n in listed if n.lower() not in skipped and len(n) > 2]
        if names:
            yield f"+{component.id}", "|".join(sorted(names, key=len, reverse=True))


def _joined(text: Text, found: list[Mention], knowledge: Knowledge) -> Iterator[Mention]:
    """Drugs that stand joined become the regimen that holds just them; one alone becomes its own regimen."""
    i = 0
    while i < len(found):
        group = [found[i]]
        while (
            i + len(group) < len(found)
            and pattern("joins").match(text.folded[group[-1].end : found[i + len(group)].start])
            and _regimen_of([*group, found[i + len(group)]], knowledge) is not None
        ):
            group.append(found[i + len(group)])
        regimen = _regimen_of(group, knowledge)
        if regimen is not None:
            yield Mention(regimen, group[0].start, group[-1].end)
        i += len(group)


_LOCAL = {"tace": "embolisation", "haic_folfox": "arterial_infusion", "deb_tace": "embolisation"}


def _regimen_of(group: list[Mention], knowledge: Knowledge) -> str | None:
    if len(group) == 1 and not group[0].regimen.startswith("+"):
        return group[0].regimen
    same: Mapping[str, str] = words()["same_as"]
    parts = set()
    for mention in group:
        name = mention.regimen.removeprefix("+")
        parts.add(same.get(name, _LOCAL.get(name, name)))
        if not mention.regimen.startswith("+") and name not in _LOCAL:
            return None
    locals_ = [m.regimen for m in group if m.regimen in _LOCAL]
    for regimen in knowledge.regimens.values():
        components = {same.get(c, c) for c in regimen.components}
        if regimen.kind in _SYSTEMIC and components == parts:
            return regimen.id
    if locals_ and len(parts) > 1:
        combined = "haic_plus_systemic" if "haic_folfox" in locals_ else "tace_plus_systemic"
        return combined if combined in knowledge.regimens else None
    return None
