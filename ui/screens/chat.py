"""Questions about this patient and about the literature; every answer cites its passages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import streamlit as st

from liverboard.corpus.errors import InputError
from liverboard.indexer.search import Hit
from liverboard.ui.screens.common import answer_for, language, open_index, short_name, show_citation, words
from liverboard.ui.screens.intents import MOST_PASSAGES, Reply, language_of, reply
from liverboard.ui.session import phrases, profile_of, safe

LONGEST_QUESTION = 2000


def show() -> None:
    """The screen."""
    say = words()
    talk: list[dict[str, Any]] = st.session_state.setdefault("chat", [])
    if not talk:
        st.info(say.say("chat.empty"))
    for turn in talk:
        _turn(turn)
    asked = st.chat_input(say.say("chat.hint"), max_chars=LONGEST_QUESTION, key="question")
    if asked and asked.strip():
        turn = {"asked": asked, "reply": None}
        with st.chat_message("user"):
            st.markdown(safe(asked))
        with st.chat_message("assistant"):
            found = _reply(asked)
            st.write_stream(_streamed(found))
            _citations(found)
        talk.append({**turn, "reply": found})
    if talk and st.button(say.say("chat.clear"), key="clear_chat"):
        st.session_state["chat"] = []
        st.rerun()


def _turn(turn: Mapping[str, Any]) -> None:
    with st.chat_message("user"):
        st.markdown(safe(turn["asked"]))
    with st.chat_message("assistant"):
        st.markdown("\n\n".join(turn["reply"].paragraphs))
        _citations(turn["reply"])


def _reply(asked: str) -> Reply:
    spoken = language_of(asked, language())
    data = st.session_state.get("data")
    if data is not None:
        try:
            profile_of(data)
        except InputError:
            data = None

    def answer(patient: Mapping[str, Any]) -> dict[str, Any]:
        return answer_for(profile_of(patient)).as_dict(spoken)

    def search(query: str) -> Sequence[Hit]:
        return open_index().search(query, MOST_PASSAGES)

    return reply(asked, data, answer, search, phrases(spoken))


def _streamed(found: Reply) -> Iterator[str]:
    """A paragraph or a row at a time."""
    for paragraph in found.paragraphs:
        for row in paragraph.split("\n"):
            yield f"{row}\n"
        yield "\n"


def _citations(found: Reply) -> None:
    for place, citation in enumerate(found.citations, 1):
        with st.expander(f"[{place}] {safe(short_name(citation))}"):
            show_citation(citation)
