"""The form: grouped as clinicians think; how a field is asked follows from what is known of its finding."""

from __future__ import annotations

from typing import Any

import streamlit as st

from liverboard.corpus.records import Finding
from liverboard.ui.blocks import capital
from liverboard.ui.screens.common import bound, note, words
from liverboard.ui.session import safe, value_at, web, with_values

NONE_KNOWN = "none known"
RESPONSES = ("CR", "PR", "SD", "PD", "NE")
STOPPED = ("progression", "toxicity", "completed", "ongoing")


def show_form() -> None:
    """Every group in a tab, two fields in a row."""
    say, groups = words(), web()["form"]
    for tab, (name, paths) in zip(st.tabs([say.say(f"group.{g}") for g in groups]), groups.items(), strict=True):
        with tab:
            columns = st.columns(2)
            for place, path in enumerate(paths):
                with columns[place % 2]:
                    _field(path)
            if name == "history":
                _earlier_treatments()


def _put(path: str, value: Any) -> None:
    st.session_state["data"] = with_values(st.session_state.get("data"), {path: value})


def _field(path: str) -> None:
    say = words()
    finding = say.finding(path)
    label = capital(say.label(path))
    if path == "region":
        _choice(path, label, web()["regions"])
    elif finding is None:
        return
    elif finding.type == "number":
        _number(path, label, finding)
    elif finding.type == "boolean":
        _choice(path, label, (True, False))
    elif finding.type in ("enum", "ordered"):
        _choice(path, label, finding.values)
    elif finding.type == "set":
        _several(path, label, finding)


def _number(path: str, label: str, finding: Finding) -> None:
    say, units = words(), web()["units"].get(path)
    whole = path in web()["whole_numbers"]

    def given() -> float | int | None:
        value = value_at(st.session_state.get("data"), path)
        number = value.get("value") if isinstance(value, dict) else value
        if number is None:
            return None
        return int(number) if whole else float(number)

    def unit() -> str | None:
        value = value_at(st.session_state.get("data"), path)
        if isinstance(value, dict):
            return value.get("unit")
        return st.session_state.get(f"unit.{path}") or (units[0] if units else None)

    def put(value: float | int | None) -> None:
        chosen = unit()
        plain = value is None or not units or chosen in (None, units[0])
        _put(path, value if plain else {"value": value, "unit": chosen})

    def put_unit(chosen: str) -> None:
        st.session_state[f"unit.{path}"] = chosen
        value = given()
        if value is not None:
            _put(path, value if units and chosen == units[0] else {"value": value, "unit": chosen})

    step: Any = 1 if whole else 0.1
    if not units:
        shown = label + say.parens(say.unit(finding.unit).strip())
        st.number_input(
            shown, value=None, step=step, format=None if whole else "%g", placeholder=say.say("patient.unknown"),
            **bound(f"f.{path}", given, put),
        )
        return
    number, choice = st.columns([3, 2], vertical_alignment="bottom")
    number.number_input(
        label, value=None, step=step, format="%g", placeholder=say.say("patient.unknown"),
        **bound(f"f.{path}", given, put),
    )
    chosen = unit()
    options = units if chosen in units else [*units, chosen]
    choice.selectbox(
        f"{label}: {say.say('patient.unit')}", options, label_visibility="collapsed",
        **bound(f"u.{path}", lambda: chosen, put_unit),
    )


def _choice(path: str, label: str, options: Any) -> None:
    say = words()
    present = value_at(st.session_state.get("data"), path)
    known = list(options) if present is None or present in options else [*options, present]
    st.selectbox(
        label, known, index=None, placeholder=say.say("patient.unknown"),
        format_func=lambda value: say.value(path, value),
        **bound(f"f.{path}", lambda: present, lambda value: _put(path, value)),
    )


def _several(path: str, label: str, finding: Finding) -> None:
    """A set: nothing chosen is unknown; that there is none is chosen by name."""
    say = words()
    present = value_at(st.session_state.get("data"), path)
    names = [v if isinstance(v, str) else str(v.get("drug")) for v in present or ()]
    has_none = "none" in finding.values
    options = [*([] if has_none else [NONE_KNOWN]), *dict.fromkeys([*finding.values, *names])]

    def shown() -> list[str]:
        if present is None:
            return []
        return names or ([] if has_none else [NONE_KNOWN])

    def put(chosen: list[str]) -> None:
        if not chosen:
            _put(path, None)
        else:
            rows = {v if isinstance(v, str) else v.get("drug"): v for v in present or ()}
            _put(path, [rows.get(name, name) for name in chosen if name != NONE_KNOWN])

    st.multiselect(
        label, options, placeholder=say.say("patient.unknown"),
        format_func=lambda v: say.say("patient.none_known") if v == NONE_KNOWN else say.value(path, v),
        **bound(f"f.{path}", shown, put),
    )


def _earlier_treatments() -> None:
    say = words()
    st.markdown(f"##### {say.say('patient.earlier')}")
    present = value_at(st.session_state.get("data"), "prior_treatments")
    if present is None:
        note(say.say("patient.no_earlier"))
    elif not present:
        note(say.say("patient.none_earlier"))
    for row in present or ():
        rest = [say.value(name, value) for name, value in row.items() if name != "regimen" and value is not None]
        st.markdown(f"- **{safe(say.regimen(row['regimen']))}** {safe(say.list(rest))}")
    with st.form("earlier", clear_on_submit=True):
        regimens = [r.id for r in say.knowledge.regimens.values() if r.anticancer]
        left, right = st.columns(2)
        unknown = say.say("patient.unknown")
        regimen = left.selectbox(
            say.say("patient.regimen"), regimens, index=None, format_func=say.regimen, placeholder=unknown
        )
        response = right.selectbox(say.say("patient.response"), RESPONSES, index=None, placeholder=unknown)
        stopped = left.selectbox(
            say.say("patient.stopped"), STOPPED, index=None, placeholder=unknown,
            format_func=lambda v: say.value("stopped_for", v),
        )
        months = right.number_input(say.say("patient.months"), value=None, min_value=0.0, step=1.0, format="%g")
        if st.form_submit_button(say.say("patient.add")) and regimen:
            row = {"regimen": regimen, "best_response": response, "stopped_for": stopped, "months_since": months}
            _put("prior_treatments", [*(present or ()), {k: v for k, v in row.items() if v is not None}])
            st.rerun()
    left, right = st.columns(2)
    if left.button(say.say("patient.had_none"), key="had_none", disabled=present == []):
        _put("prior_treatments", [])
        st.rerun()
    if right.button(say.say("patient.forget"), key="forget", disabled=present is None):
        _put("prior_treatments", None)
        st.rerun()
