"""The evidence audit: what the corpus says, where it says nothing, and whether a stored answer still stands."""

from __future__ import annotations

import csv
import io
import json
from typing import Any, get_args

import streamlit as st

from liverboard.corpus.records import Certainty, SourceKind, SourceStatus
from liverboard.recommender.citations import cite
from liverboard.ui.blocks import capital
from liverboard.ui.screens import pictures
from liverboard.ui.screens.common import board, kept, language, note, open_index, show_citation, words
from liverboard.ui.screens.coverage import Filter, Verification, coverage, statements, verify
from liverboard.ui.session import safe

PARTS = ("browse", "coverage", "verify")
SHOWN = 300  # rows on the screen; the files hold all


def show() -> None:
    """The screen."""
    say = words()
    st.radio(
        say.say("audit.part"), PARTS, horizontal=True, label_visibility="collapsed",
        format_func=lambda part: say.say(f"audit.{part}"), **kept("audit_part", "browse"),
    )
    match st.session_state["audit_part"]:
        case "browse":
            _browse()
        case "coverage":
            _coverage()
        case _:
            _verify()


def _filter() -> Filter:
    say = words()
    regimens = sorted(say.knowledge.regimens, key=say.regimen)
    years = [source.year for source in say.knowledge.sources.values() if source.year]
    span = (min(years, default=2000), max(years, default=2001))
    st.text_input(say.say("audit.search"), **kept("audit.text", ""))
    first, second, third = st.columns(3)
    first.multiselect(say.say("audit.regimen"), regimens, format_func=say.regimen, placeholder=say.say("audit.any"),
        **kept("audit.regimens", []))
    second.multiselect(
        say.say("audit.design"), get_args(SourceKind), format_func=lambda v: say.tag("kind", v),
        placeholder=say.say("audit.any"),
        **kept("audit.kinds", []),
    )
    third.multiselect(
        say.say("audit.certainty"), get_args(Certainty), format_func=lambda v: say.tag("certainty", v),
        placeholder=say.say("audit.any"),
        **kept("audit.certainties", []),
    )
    first.multiselect(
        say.say("audit.status"), get_args(SourceStatus), format_func=lambda v: say.say(f"source_status.{v}"),
        placeholder=say.say("audit.any"),
        **kept("audit.statuses", []),
    )
    second.slider(say.say("audit.years"), span[0], max(span[1], span[0] + 1), **kept("audit.years", span))
    held: Any = st.session_state
    return Filter(
        held["audit.text"], held["audit.regimens"], held["audit.kinds"], held["audit.certainties"],
        held["audit.statuses"], tuple(held["audit.years"]),
    )


def _browse() -> None:
    say, index = words(), open_index()
    found = statements(say.knowledge, index, _filter())
    note(say.say("audit.found", n=len(found), all=len(index.statement_ids())))
    if not found:
        st.info(say.say("audit.none"))
        return
    rows = [
        {
            say.say("audit.statement"): statement.claim.in_(language()),
            say.say("audit.kind"): say.tag("statement", statement.kind),
            say.say("audit.direction"): say.tag("direction", statement.direction or ""),
            say.say("audit.source"): source.title_zh if language() == "zh" and source.title_zh else source.title,
            say.say("audit.design"): say.tag("kind", source.kind),
            say.say("audit.years"): str(source.year or ""),
            say.say("audit.certainty"): say.tag("certainty", statement.grade.certainty),
            say.say("audit.status"): say.say(f"source_status.{source.status}"),
            "id": name,
        }
        for name, source, statement in found
    ]
    st.dataframe(rows[:SHOWN], hide_index=True, width="stretch", height=340)
    left, right = st.columns(2)
    left.download_button(say.say("audit.csv"), _csv(rows), "statements.csv", "text/csv", key="csv")
    right.download_button(
        say.say("audit.json"),
        json.dumps([{"source": s.id, **told.model_dump(mode="json")} for _, s, told in found], ensure_ascii=False),
        "statements.json", "application/json", key="json",
    )
    names = [name for name, _, _ in found]
    chosen = st.selectbox(say.say("audit.open"), names, index=None, key=f"audit.open.{language()}",
        placeholder=say.say("audit.choose"))
    if chosen is not None:
        _statement(chosen)


def _statement(name: str) -> None:
    say = words()
    source, statement = say.knowledge.statements[name]
    with st.container(border=True):
        show_citation(cite(source, statement, open_index().statement_passages()[name], language()).model_dump())
        regimens_of = say.knowledge.regimens_of
        speaks = sorted({r for s in source.statements for r in regimens_of.get(f"{source.id}:{s.id}", ())})
        shown = say.list(map(say.regimen, speaks)) or "–"
        note(safe(say.say("audit.withdrawn", n=len(source.statements), regimens=shown)))


def _csv(rows: list[dict[str, str]]) -> bytes:
    """With a byte-order mark, as spreadsheets need it for Chinese; no cell starts a formula."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, list(rows[0]))
    writer.writeheader()
    for row in rows:
        writer.writerow({k: f"'{v}" if v.startswith(("=", "+", "-", "@")) else v for k, v in row.items()})
    return buffer.getvalue().encode("utf-8-sig")


@st.cache_data(show_spinner=False, max_entries=2)
def _cells(fingerprint: str) -> list[dict[str, Any]]:
    return coverage(words().knowledge, open_index())


def _coverage() -> None:
    say = words()
    cells = _cells(open_index().fingerprint)
    note(say.say("audit.coverage_note"))
    st.altair_chart(pictures.coverage(cells, say), width="stretch")
    note(say.say("audit.gaps", n=sum(cell["statements"] == 0 for cell in cells)))


def _verify() -> None:
    say = words()
    cases = {case.id: case for case in board().cases()}
    if not cases:
        st.info(say.say("audit.no_stored"))
        return
    chosen = st.selectbox(
        say.say("audit.which"), list(cases), format_func=lambda key: f"{cases[key].title} · {cases[key].meeting}",
        key=f"audit.which.{language()}",
    )
    if st.button(say.say("audit.run"), type="primary", key="verify"):
        case = cases[chosen]
        stored = case.answer_zh if language() == "zh" else case.answer_en
        _verified(verify(stored, case.profile, language(), say.knowledge, open_index()))


def _verified(found: Verification) -> None:
    say = words()
    if found.problems:
        rows = [f"- `{name}`: {say.say(f'audit.problem.{what}')}" for name, what in found.problems]
        heading = say.say("audit.citations_unsound", bad=len(found.problems), n=found.citations)
        st.error("\n".join([heading, "", *rows]))
    else:
        st.success(say.say("audit.citations_sound", n=found.citations))
    if found.same:
        st.success(say.say("audit.same", n=f"{found.size:,}"))
        return
    st.warning(say.say("audit.changed"))
    changed = [say.say(f"manifest.{name}") for name in found.manifest_changes]
    if changed:
        st.markdown(safe(say.say("audit.because", what=say.list(changed))))
    for regimen, (was, now) in found.tier_changes.items():
        tiers = [say.tier(tier) if tier else "–" for tier in (was, now)]
        text = say.say("audit.tier_change", regimen=capital(say.regimen(regimen)), was=tiers[0], now=tiers[1])
        st.markdown(f"- {safe(text)}")
