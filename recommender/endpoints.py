"""The endpoint that an output means, however its model spells it."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

from liverboard.corpus.risk_records import RiskEndpoint


def endpoint_called(name: str, endpoints: Mapping[str, RiskEndpoint]) -> RiskEndpoint | None:
    """The endpoint of a name or of one of its other names, however they are spelt; `None` where no endpoint has it."""
    asked = plain_name(name)
    return next((found for found in endpoints.values() if asked in map(plain_name, (found.id, *found.aliases))), None)


def plain_name(name: str) -> str:
    """A name without case, width, spaces and signs: `PD-L1`, `pd_l1` and `ＰＤＬ１` are one."""
    return "".join(c for c in unicodedata.normalize("NFKC", name).casefold() if c.isalnum())
