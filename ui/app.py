"""The web application: one frame of language and screens. `liverboard web` runs it on this machine only."""

from __future__ import annotations

import logging
import traceback

import streamlit as st

from liverboard.corpus.errors import IndexUnavailableError
from liverboard.ui.screens import audit, board, chat, patient, recommendation
from liverboard.ui.screens.common import kept, note, words
from liverboard.ui.session import safe

LANGUAGES = {"en": "English", "zh": "中文"}
SCREENS = {
    "patient": patient.show,
    "recommendation": recommendation.show,
    "chat": chat.show,
    "board": board.show,
    "audit": audit.show,
}


def main() -> None:
    """Draw the frame and the screen that was chosen."""
    st.set_page_config(page_title="LiverBoard", layout="wide", initial_sidebar_state="collapsed")
    st.html("<style>.stMainBlockContainer {padding-top: 2.5rem; padding-bottom: 2rem;}</style>")
    title, choice = st.columns([4, 1], vertical_alignment="bottom")
    with choice:
        st.radio(
            "Language / 语言", list(LANGUAGES), horizontal=True, format_func=lambda code: LANGUAGES[code],
            label_visibility="collapsed", key="w.language", on_change=_switch,
        )
    say = words()
    title.markdown(f"### {say.say('app.title')}")
    st.radio(
        say.say("app.screen"), list(SCREENS), horizontal=True, label_visibility="collapsed",
        format_func=lambda name: say.say(f"screen.{name}"), **kept("screen", "patient"),
    )
    st.divider()
    try:
        SCREENS[st.session_state["screen"]]()
    except IndexUnavailableError as error:
        st.error(safe(say.say("app.no_index", why=str(error))))
    except Exception as error:
        # Where, not what: the message of an error may hold a patient's data.
        logging.getLogger("liverboard").error("".join(traceback.format_tb(error.__traceback__)) + type(error).__name__)
        st.error(say.say("app.crashed", kind=type(error).__name__))
    st.divider()
    note(say.say("app.footer"))


def _switch() -> None:
    st.session_state["language"] = st.session_state["w.language"]


main()
