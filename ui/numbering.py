"""The numbers of citations: one a source, with one a place below it where a source speaks from several."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from liverboard.ui.blocks import Item, Items, Line, Run, line
from liverboard.ui.words import Words

Citation = Mapping[str, Any]


class Numbering:
    """Gives citations their marks, in the order in which they are first met.

    The short and the full form of an answer number alike, because the short one is always counted first.
    """

    def __init__(self) -> None:
        self._places: dict[str, dict[str, Citation]] = {}
        self._used: dict[str, set[str]] = {}

    def mark(self, citation: Citation) -> Run:
        """The mark of one citation, such as `[3]` or `[3.2]`."""
        source, place = citation["source_id"], citation["locator"]
        places = self._places.setdefault(source, {})
        places.setdefault(place, citation)
        self._used.setdefault(source, set()).add(place)
        number = list(self._places).index(source) + 1
        below = f".{list(places).index(place) + 1}" if len(places) > 1 else ""
        return Run(f"[{number}{below}]", "mark", number)

    def marks(self, citations: Iterable[Citation]) -> Line:
        """The marks of several citations, with a blank before each."""
        runs: list[Run] = []
        for citation in citations:
            runs += [Run(" "), self.mark(citation)]
        return tuple(runs)

    def start_again(self) -> None:
        """Keep the numbers and forget which of them are in use."""
        self._used = {}

    def sources(self, words: Words) -> Items:
        """The numbered list of the sources in use, with where in them each mark leads."""
        items = []
        for number, (source, places) in enumerate(self._places.items(), 1):
            used = self._used.get(source)
            if used:
                items.append(_entry(number, list(places.items()), used, words))
        return Items(tuple(items))


def _entry(number: int, places: Sequence[tuple[str, Citation]], used: set[str], words: Words) -> Item:
    first = places[0][1]
    identity = [str(first["year"])] if first.get("year") else []
    identity += [f"PMID {first['pmid']}"] if first.get("pmid") else []
    identity += [f"doi:{first['doi']}"] if first.get("doi") else []
    identity += (
        [str(first["url"])] if first.get("url") and not (first.get("pmid") or first.get("doi")) else []
    )
    where = [
        (f"{number}.{place} " if len(places) > 1 else "") + words.locator(name)
        for place, (name, _) in enumerate(places, 1)
        if name in used
    ]
    body = words.body(first)
    own = first["source_id"] not in words.knowledge.sources
    return Item(
        line(
            words.title(first),
            f" · {body.rpartition(' ')[0] or body}"
            if body
            else f" · {words.say('organisation.own')}"
            if own
            else "",
            f" · {' · '.join(identity)}" if identity else "",
            " · ",
            Run(
                words.say(f"source_status.{first['status']}"),
                "dim" if first["status"] == "current" else "warning",
            ),
        ),
        (Item(line(Run(words.list(where, "semicolon"), "dim")), marker=Run("")),),
        marker=Run(f"[{number}]", "mark"),
        source=number,
    )
