"""The patient comes in: pasted, uploaded or filled in; what was read is shown with the words it was read from."""

from __future__ import annotations

from typing import Any

import streamlit as st

from liverboard.corpus.errors import InputError
from liverboard.recommender.profile import PatientProfile
from liverboard.recommender.referral import Referral
from liverboard.ui import service, session
from liverboard.ui.blocks import capital
from liverboard.ui.render_markdown import to_markdown
from liverboard.ui.screens.common import answer_for, kept, language, note, words
from liverboard.ui.screens.form import show_form
from liverboard.ui.session import Read, explained, profile_of, safe
from liverboard.ui.stage_line import stage_blocks

INTAKES = ("paste", "upload", "form")
MISSING = 12  # shown at first


def show() -> None:
    """The screen."""
    say = words()
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.radio(
            say.say("patient.intake"), INTAKES, horizontal=True, format_func=lambda name: say.say(f"patient.{name}"),
            **kept("intake", "paste"),
        )
        match st.session_state["intake"]:
            case "paste":
                _paste()
            case "upload":
                _upload()
            case _:
                show_form()
        if st.session_state.get("data") is not None and st.button(say.say("patient.clear"), key="clear"):
            for name in ("data", "referral", "referral_text", "pasted", "what_if", "chat"):
                st.session_state.pop(name, None)
            st.rerun()
    with right:
        _at_once()


def take(read: Read) -> None:
    """Make what was read the patient of the session."""
    st.session_state.update(data=read.data, referral=read.referral, referral_text=read.text, what_if={}, chat=[])


def _paste() -> None:
    say = words()
    st.text_area(say.say("patient.text"), height=180, placeholder=say.say("patient.placeholder"), **kept("pasted", ""))
    if st.button(say.say("patient.read"), type="primary", key="read"):
        _try(lambda: session.read_pasted(st.session_state["pasted"]))
    _examples()
    referral = st.session_state.get("referral")
    if referral is not None:
        _what_was_read(referral, st.session_state["referral_text"])


def _upload() -> None:
    say = words()
    file = st.file_uploader(say.say("patient.file"), type=["json", "yaml", "yml", "txt"], key="upload")
    if file is not None and st.button(say.say("patient.use_file"), type="primary", key="use_file"):
        _try(lambda: session.read_upload(file.name, file.getvalue()))
    _examples()


def _examples() -> None:
    say = words()
    choice, button = st.columns([3, 2], vertical_alignment="bottom")
    name = choice.selectbox(say.say("patient.example"), session.examples(), key="example")
    if button.button(say.say("patient.load"), key="load"):
        _try(lambda: session.read_example(name))


def _try(reading: Any) -> None:
    try:
        read = reading()
        profile_of(read.data)
    except InputError as error:
        st.error(explained(error, words()))
    else:
        take(read)


def _what_was_read(referral: Referral, text: str) -> None:
    """The referral with the words that were read marked, then each value beside its words."""
    say = words()
    st.markdown(f"##### {say.say('patient.highlighted')}")
    with st.container(border=True):
        st.markdown(marked(text, [(value.start, value.end) for value in referral.spans]))
    if referral.spans:
        st.dataframe(
            [
                {
                    say.say("patient.field"): capital(say.label(value.field)),
                    say.say("patient.value"): _shown(value.field, value.value),
                    say.say("patient.read_from"): value.words,
                }
                for value in referral.spans
            ],
            hide_index=True, width="stretch",
        )
    if referral.contradictions:
        st.warning(safe(say.say("patient.contradiction", what=say.list(referral.contradictions, "semicolon"))))
    if referral.not_understood:
        st.warning(safe(say.say("patient.not_understood", what=say.list(referral.not_understood, "semicolon"))))


def marked(text: str, spans: list[tuple[int, int]]) -> str:
    """Text as safe Markdown with spans of it marked; spans that meet are marked together."""
    cuts: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if cuts and start <= cuts[-1][1]:
            cuts[-1] = (cuts[-1][0], max(end, cuts[-1][1]))
        else:
            cuts.append((start, end))
    parts, here = [], 0
    for start, end in cuts:
        parts += [_lines(text[here:start]), _lines(text[start:end], ":blue-background[{}]")]
        here = end
    return "".join([*parts, _lines(text[here:])])


def _lines(text: str, form: str = "{}") -> str:
    """Each line escaped on its own; the blanks at its ends are kept outside the marks."""
    written = []
    for row in text.split("\n"):
        bare = row.strip()
        lead, trail = row[: len(row) - len(row.lstrip())], row[len(row.rstrip()) :] if bare else ""
        written.append(" " * bool(lead) + (form.format(safe(bare)) if bare else "") + " " * bool(trail))
    return "  \n".join(written)


def _shown(field: str, value: Any) -> str:
    say = words()
    if isinstance(value, dict) and set(value) <= {"value", "unit"}:
        return f"{value['value']} {value.get('unit') or ''}".strip()
    return say.value(field, value)


def _at_once() -> None:
    """Stages and scores of what is known so far, and what to find out next."""
    say = words()
    st.markdown(f"#### {say.say('patient.at_once')}")
    data = st.session_state.get("data")
    if data is None:
        st.info(say.say("app.no_patient"))
        return
    try:
        profile = profile_of(data)
    except InputError as error:
        st.error(explained(error, say))
        return
    document = service.stage_document(profile, language())
    st.markdown(to_markdown(stage_blocks(document, say)))
    _scores(document)
    _missing(profile)
    if st.button(say.say("patient.to_recommendation"), type="primary", key="to_recommendation"):
        st.session_state["screen"] = "recommendation"
        st.rerun()


def _scores(document: dict[str, Any]) -> None:
    say = words()
    computed = [score for score in document["scores"] if score["value"] is not None or score["stratum"] is not None]
    with st.expander(say.say("patient.scores", n=len(computed))):
        st.dataframe(
            [
                {
                    say.say("patient.score"): score["name"],
                    say.say("patient.value"): "" if score["value"] is None else say.value("value", score["value"]),
                    say.say("patient.stratum"): ""
                    if score["stratum"] is None
                    else say.stratum(score["id"], score["stratum"]),
                    say.say("patient.source"): score["source"]["citation"],
                }
                for score in computed
            ],
            hide_index=True, width="stretch",
        )


def _missing(profile: PatientProfile) -> None:
    say = words()
    st.markdown(f"##### {say.say('patient.missing')}")
    missing = answer_for(profile).as_dict(language())["missing"]
    if not missing:
        note(say.say("patient.nothing_missing"))
        return
    rows = []
    for entry in missing[:MISSING]:
        count = len(entry["would_change"])
        why = say.say("patient.bears_on", n=count) if count else say.say("patient.asked")
        rows.append(f"- **{safe(capital(entry['why']))}** · {why}")
    if len(missing) > MISSING:
        rows.append(f"- {say.say('more', n=len(missing) - MISSING)}")
    st.markdown("\n".join(rows))
