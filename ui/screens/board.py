"""The tumour board: agenda, packet, decision, agreement over time, export."""

from __future__ import annotations

import json
from typing import Any

import streamlit as st

from liverboard.corpus.errors import InputError
from liverboard.ui import service
from liverboard.ui.blocks import capital
from liverboard.ui.board_store import Case
from liverboard.ui.export import FORMS, export, meeting_blocks, packet_blocks
from liverboard.ui.render_markdown import to_markdown
from liverboard.ui.screens import pictures
from liverboard.ui.screens.common import answer_for, board, kept, language, note, words
from liverboard.ui.session import canonical, phrases, profile_of, safe, tiers_of

OTHER = "other"


def show() -> None:
    """The screen."""
    say = words()
    _add()
    cases = board().cases()
    st.markdown(f"#### {say.say('board.agenda')}")
    if not cases:
        st.info(say.say("board.empty"))
        return
    _agenda(cases)
    by_id = {case.id: case for case in cases}
    if st.session_state.get("case") not in by_id:
        st.session_state["case"] = cases[-1].id
    st.selectbox(
        say.say("board.case"), list(by_id), format_func=lambda key: f"{by_id[key].title} · {by_id[key].meeting}",
        **kept("case"),
    )
    case = by_id[st.session_state["case"]]
    left, right = st.columns([3, 2], gap="large")
    with left, st.container(border=True):
        st.markdown(_smaller(to_markdown(packet_blocks(case, board().decisions(case.id), say))))
    with right:
        _record(case)
        _history(case)
        _export(case, cases)
    _agreement()


def _add() -> None:
    say, data = words(), st.session_state.get("data")
    with st.expander(say.say("board.add"), expanded=False):
        if data is None:
            note(say.say("board.needs_patient"))
            return
        with st.form("add_case"):
            meeting = st.text_input(say.say("board.meeting"), value=service.today(), max_chars=80)
            title = st.text_input(say.say("board.title"), value=str(data.get("patient_id") or "P-001"), max_chars=80)
            if st.form_submit_button(say.say("board.add")) and title.strip():
                try:
                    answer = answer_for(profile_of(data))
                except InputError:
                    st.error(say.say("app.no_patient"))
                    return
                printed = {"en": canonical(answer.as_dict("en")), "zh": canonical(answer.as_dict("zh"))}
                profile = profile_of(data).model_dump(mode="json", exclude_none=True, exclude_unset=True)
                kept_as = json.dumps(profile, ensure_ascii=False)
                st.session_state["case"] = board().add_case(
                    meeting.strip() or service.today(), title.strip(), service.today(), kept_as, printed
                )
                st.success(say.say("board.added"))


def _agenda(cases: list[Case]) -> None:
    say = words()
    rows = []
    for case in cases:
        document, decisions = case.answer(language()), board().decisions(case.id)
        first = next((r["name"] for r in document["recommendations"] if r["tier"] != "not_recommended"), "–")
        rows.append(
            {
                say.say("board.meeting").partition(" (")[0].partition("（")[0]: case.meeting,
                say.say("board.case"): case.title,
                "BCLC": document["stage"].get("bclc") or "–",
                "CNLC": document["stage"].get("cnlc") or "–",
                say.say("board.first_offered"): capital(first),
                say.say("board.decided"): _chosen(decisions[-1].regimen) if decisions else say.say("board.open"),
            }
        )
    st.dataframe(rows, hide_index=True, width="stretch")


def _chosen(regimen: str | None) -> str:
    return capital(words().regimen(regimen)) if regimen else words().say("board.other")


def _record(case: Case) -> None:
    say = words()
    tiers = tiers_of(case.answer(language()))
    st.markdown(f"##### {say.say('board.record')}")
    with st.form(f"decision.{case.id}"):
        chosen = st.selectbox(
            say.say("board.chosen"), [*tiers, OTHER],
            format_func=lambda r: say.say("board.other") if r == OTHER else f"{_chosen(r)} · {say.tier(tiers[r])}",
        )
        reason = st.text_area(say.say("board.reason"), max_chars=4000)
        dissent = st.text_area(say.say("board.dissent"), max_chars=4000)
        by = st.text_input(say.say("board.by"), max_chars=80)
        if not st.form_submit_button(say.say("board.save"), type="primary"):
            return
        if tiers.get(chosen) != "recommended" and not reason.strip():
            st.error(say.say("board.reason_needed"))
            return
        board().record(
            case, None if chosen == OTHER else chosen, reason=reason.strip(), dissent=dissent.strip(),
            recorded_by=by.strip(), decided=service.today(),
        )
    st.session_state["saved"] = case.id
    st.rerun()


def _history(case: Case) -> None:
    say = words()
    if st.session_state.pop("saved", None) == case.id:
        st.success(say.say("board.saved"))
    decisions = board().decisions(case.id)
    if not decisions:
        return
    st.markdown(f"##### {say.say('board.history')}")
    for decision in reversed(decisions):
        agreed = say.say("board.agrees" if decision.agrees else "board.departs")
        parts = [decision.decided, decision.recorded_by, agreed, decision.reason]
        if decision.dissent:
            parts.append(say.pair(say.say("board.dissent"), decision.dissent))
        st.markdown(f"- **{safe(_chosen(decision.regimen))}** · {safe(' · '.join(part for part in parts if part))}")


def _export(case: Case, cases: list[Case]) -> None:
    say = words()
    st.markdown(f"##### {say.say('board.export')}")
    options = ("en", "zh")
    chosen: Any = st.radio(
        say.say("board.export_language"), options, index=options.index(language()), horizontal=True,
        format_func=lambda code: {"en": "English", "zh": "中文"}[code], key=f"export_language.{language()}",
    )
    whole = [other for other in cases if other.meeting == case.meeting]
    for scope, chosen_cases in (("one", [case]), ("whole", whole)):
        note(say.say(f"board.{scope}"))
        for column, form in zip(st.columns(len(FORMS)), FORMS, strict=True):
            column.download_button(
                form.upper(), data=_file(chosen_cases, chosen, form), file_name=f"liverboard-{scope}-{case.id}.{form}",
                mime=FORMS[form], key=f"export.{scope}.{form}",
            )


def _file(cases: list[Case], chosen: Any, form: str) -> Any:
    """The file, written only when it is asked for."""
    pairs = [(case, board().decisions(case.id)) for case in cases]
    return lambda: export(meeting_blocks(pairs, phrases(chosen)), form)


def _agreement() -> None:
    say = words()
    st.markdown(f"#### {say.say('board.agreement')}")
    months = board().agreement()
    if not months:
        note(say.say("board.no_decisions"))
        return
    st.altair_chart(pictures.agreement(months, say.say("board.agreement_note")), width="stretch")


def _smaller(markdown: str) -> str:
    """Headings two steps lower, as a packet stands inside a screen."""
    rows = [f"###{row}" if row.startswith("#") else row for row in markdown.split("\n")]
    return "\n".join(rows)
