"""Who speaks for a regimen, and how loudly: the statements about it, sorted by what they do in the patient's region."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from liverboard.corpus.knowledge import Knowledge
from liverboard.corpus.records import Force, Regimen, Region
from liverboard.recommender.evidence import Judged, waits

NEARNESS = ("home", "fallback", "other")
_TOO_MANY = 3
_LOWER: dict[Force, Force] = {"absolute": "relative", "relative": "caution", "caution": "caution"}


@dataclass(frozen=True)
class Advice:
    """What the statements about one regimen come to for one patient.

    `near`: how near the bodies are whose advice counts (`None`: nobody advises it). `forwards`: their advice for the
    regimen; `open_forwards`: advice for it that waits for an ordinary fact, where none is certain. `forbidden` and
    `discouraged`: contraindications and advice against. `open_safety`: contraindications that cannot be judged.
    `outside`: advice for other patients. `elsewhere`: what bodies that do not count here say for and against.
    """

    near: str | None
    forwards: tuple[Judged, ...]
    open_forwards: tuple[Judged, ...]
    forbidden: tuple[Judged, ...]
    discouraged: tuple[Judged, ...]
    cautions: tuple[Judged, ...]
    open_safety: tuple[Judged, ...]
    outside: tuple[Judged, ...]
    elsewhere: tuple[Judged, ...]
    trials: tuple[Judged, ...]

    @property
    def too_many_limits(self) -> bool:
        """Whether relative limits have piled up: several sources, each on something else, speak against it."""
        limits = [j for j in self.discouraged if j.statement.kind == "contraindication"]
        subjects = {frozenset(touched(j)) for j in limits}
        return len({j.source.id for j in limits}) >= _TOO_MANY and len(subjects) >= _TOO_MANY

    @property
    def candidates(self) -> tuple[Judged, ...]:
        """The advice that the tier rests on: what is certain, else what is open."""
        return self.forwards or self.open_forwards


def hear(
    found: Sequence[Judged],
    regimen: Regimen,
    region: Region,
    tiers: Mapping[str, str],
    knowledge: Knowledge,
    *,
    ask_all: bool,
) -> Advice:
    """Sort the statements about a regimen.

    `tiers`: of the regimens assessed before it; conditional advice ("if resection is not possible") counts only where
    none of those that it names is recommended, or none is offered at all. `ask_all`: fallback bodies are heard even
    where a home body has a view of the regimen.
    """
    advice = [
        j for j in found
        if j.statement.kind == "recommendation"
        and not any(tiers.get(r) == "recommended" for r in j.statement.if_unsuitable)
        and not any(tiers.get(r, "not_recommended") != "not_recommended" for r in j.statement.if_excluded)
    ]
    certain = [j for j in advice if j.verdict.holds]
    waiting = [j for j in advice if waits(j.verdict, knowledge.findings)]
    speaking = _who_speaks(found, waiting, certain, regimen, region, ask_all)
    near = next((n for n in speaking if any(nearness(j, region) == n for j in certain)), None)
    supportive = not (regimen.anticancer or regimen.palliative)
    heard = _heard(certain, near, region, supportive=supportive)
    opened = None if near else next((n for n in speaking if any(nearness(j, region) == n for j in waiting)), None)
    limits: dict[Force, list[Judged]] = {"absolute": [], "relative": [], "caution": []}
    own = _own_limits(found, region)
    for judged in found:
        if judged.statement.kind == "contraindication" and judged.verdict.holds:
            limits[_force_here(judged, region, own)].append(judged)
    against = [j for j in heard if j.statement.direction == "against"]
    return Advice(
        near=near or opened,
        forwards=tuple(j for j in heard if j.statement.direction == "for"),
        open_forwards=tuple(
            j for j in waiting
            if regimen.anticancer and opened and nearness(j, region) == opened and j.statement.direction == "for"
        ),
        forbidden=(*limits["absolute"], *(j for j in against if j.statement.force == "absolute")),
        discouraged=(*limits["relative"], *(j for j in against if j.statement.force != "absolute")),
        cautions=tuple(limits["caution"]),
        open_safety=tuple(
            j for j in found
            if j.statement.kind == "contraindication" and not j.verdict.holds and waits(j.verdict, knowledge.findings)
        ),
        outside=tuple(j for j in advice if j.verdict.value is False and j.statement.direction == "for"),
        elsewhere=tuple(j for j in certain if j not in heard),
        trials=tuple(
            j for j in found
            if j.statement.kind == "evidence" and (j.verdict.holds or waits(j.verdict, knowledge.findings))
        ),
    )


def nearness(judged: Judged, region: Region) -> str:
    """How near the body of a statement is to the patient's region: home, fallback or other.

    A source without a body (a consensus on one situation, a case series) belongs to no region: it is a fallback.
    """
    body = judged.source.body
    return "home" if body in region.home else "fallback" if body in region.fallback or body is None else "other"


def touched(judged: Judged) -> tuple[str, ...]:
    """The findings that decided: those that hold for a true verdict, those that fail for a false one."""
    verdict = judged.verdict
    leaves = verdict.unmet if verdict.value is False else verdict.met
    return tuple(dict.fromkeys(leaf.test.finding for leaf in leaves))


def _who_speaks(
    found: Iterable[Judged],
    waiting: Iterable[Judged],
    certain: Iterable[Judged],
    regimen: Regimen,
    region: Region,
    ask_all: bool,
) -> tuple[str, ...]:
    """Home bodies first; fallbacks where home has no view; anybody on support and diagnosis, which know no region."""
    if not (regimen.anticancer or regimen.palliative):
        return NEARNESS
    has_a_view = any(
        j.source.body in region.home
        and not j.source.partial
        and j.statement.kind == "recommendation"
        and j.statement.direction == "for"
        for j in found
    )
    home_waits = any(nearness(j, region) == "home" for j in waiting) and not any(
        nearness(j, region) == "home" for j in certain
    )
    return ("home",) if home_waits or (has_a_view and not ask_all) else ("home", "fallback")


def _heard(certain: Sequence[Judged], near: str | None, region: Region, *, supportive: bool) -> list[Judged]:
    """The certain advice that counts: all home bodies together; of the fallbacks the nearest that has a view.

    What any fallback says against a regimen counts too. Sources without a body are about one situation; they stay.
    On support and diagnosis everybody who advises them is heard.
    """
    if supportive:
        return [j for j in certain if j.statement.direction == "for" or nearness(j, region) != "other"]
    advice = [j for j in certain if nearness(j, region) == near]
    speaking = [body for body in region.fallback if any(j.source.body == body for j in advice)]
    if near != "fallback" or not speaking:
        return advice
    return [j for j in advice if j.source.body in (None, speaking[0]) or j.statement.direction == "against"]


def _force_here(judged: Judged, region: Region, own_limits: frozenset[str]) -> Force:
    """The force of a contraindication for this region.

    Labels, trials and reviews belong to no body and keep their force everywhere. A limit that is relative for a body of
    another region is a caution here; one that is absolute for it stays so, unless the region's own bodies set a limit
    of their own on the same finding that lets this patient pass. A limit of a partner drug acts one step lower.
    """
    force = judged.statement.force or "caution"
    if judged.of_partner:
        return _LOWER[force]
    if nearness(judged, region) != "other":
        return force
    if force == "absolute":
        return "relative" if own_limits.intersection(touched(judged)) else "absolute"
    return "caution"


def _own_limits(found: Iterable[Judged], region: Region) -> frozenset[str]:
    """The findings on which the region's own bodies set limits for a regimen that this patient stays within."""
    limits = [j for j in found if j.statement.kind == "contraindication" and j.source.body in region.home]
    passed = {leaf.test.finding for j in limits if j.verdict.value is False for leaf in j.verdict.unmet}
    return frozenset(passed.difference(finding for j in limits if j.verdict.holds for finding in touched(j)))
