"""What the screens share: the state of the session, fields that keep their value, citations that open their passage."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import streamlit as st

from liverboard.corpus.errors import InputError
from liverboard.corpus.records import Language
from liverboard.indexer.search import Index
from liverboard.indexer.store import current_generation, default_directory, exists
from liverboard.recommender.pipeline import recommend
from liverboard.recommender.profile import PatientProfile
from liverboard.recommender.report import Recommendation
from liverboard.ui import service
from liverboard.ui.blocks import capital
from liverboard.ui.board_store import BoardStore, default_file
from liverboard.ui.session import Phrases, explained, phrases, profile_of, safe

KEPT_ANSWERS = 12
TITLE = 36  # characters of a title that stands for a source without body or author


def language() -> Language:
    """The language of the screen."""
    chosen: Language = st.session_state.setdefault("language", "en")
    return chosen


def words() -> Phrases:
    """The words of the screen."""
    return phrases(language())


def bound(name: str, get: Callable[[], Any], put: Callable[[Any], None]) -> dict[str, Any]:
    """`key` and `on_change` of a widget whose value lives elsewhere: neither language nor screen makes it forget."""
    key = f"{name}.{language()}"
    st.session_state[key] = get()
    return {"key": key, "on_change": lambda: put(st.session_state[key])}


def kept(name: str, default: Any = None) -> dict[str, Any]:
    """`bound` to a place of its own in the session."""
    st.session_state.setdefault(name, default)

    def put(value: Any) -> None:
        st.session_state[name] = value

    return bound(f"w.{name}", lambda: st.session_state[name], put)


@st.cache_resource(show_spinner=False, max_entries=2)
def _opened(generation: str) -> Index:
    return service.open_index(None)


def open_index() -> Index:
    """The default index, opened once for all sessions; built first where there is none."""
    place = default_directory()
    if not exists(place):
        with st.spinner(words().say("app.building")):
            service.open_index(None)
    return _opened(str(current_generation(place)))


def answer_for(profile: PatientProfile) -> Recommendation:
    """The answer for a patient; the last few are kept for the session."""
    index = open_index()
    answers: dict[tuple[str, str], Recommendation] = st.session_state.setdefault("answers", {})
    key = (profile.model_dump_json(), index.fingerprint)
    if key not in answers:
        while len(answers) >= KEPT_ANSWERS:
            answers.pop(next(iter(answers)))
        answers[key] = recommend(profile, knowledge=service.shipped_knowledge(), index=index)
    return answers[key]


def present_profile() -> PatientProfile | None:
    """The patient of the session; a message stands on the screen where there is none that can be used."""
    data = st.session_state.get("data")
    if data is None:
        st.info(words().say("app.no_patient"))
        return None
    try:
        return profile_of(data)
    except InputError as error:
        st.error(explained(error, words()))
        return None


@st.cache_resource(show_spinner=False)
def _store(file: str) -> BoardStore:
    return BoardStore(default_file())


def board() -> BoardStore:
    """The board's file, opened once for all sessions."""
    return _store(str(default_file()))


def note(text: str) -> None:
    """Small print that keeps the full contrast of text; `text` is Markdown, and one paragraph."""
    st.markdown(f":small[{text}]")


def show_flags(flags: Sequence[Mapping[str, Any]]) -> None:
    """The flags, gravest first as they come, each with its citations."""
    show = {"stop": st.error, "warning": st.warning, "info": st.info}
    infos = [flag for flag in flags if flag["severity"] == "info"]
    for flag in flags:
        if flag["severity"] != "info":
            severity = capital(words().say(f"severity.{flag['severity']}"))
            show[flag["severity"]](f"**{safe(severity)}** {safe(flag['message'])}{_tail(flag['citations'])}")
    if infos:
        st.info("\n".join(f"- {safe(flag['message'])}{_tail(flag['citations'])}" for flag in infos))


def _tail(citations: Iterable[Mapping[str, Any]]) -> str:
    cited = words().list(dict.fromkeys(safe(short_name(c)) for c in citations))
    return f" — *{cited}*" if cited else ""


def short_name(citation: Mapping[str, Any]) -> str:
    """A source in a few words: its body or first author, and its year."""
    source = words().knowledge.sources.get(citation["source_id"])
    name = (source.body or source.first_author) if source else None
    title = words().title(citation).strip("[]")
    return f"{name or (title if len(title) <= TITLE else title[:TITLE] + '…')} {citation['year'] or ''}".strip()


def show_citation(citation: Mapping[str, Any]) -> None:
    """The passage that a citation rests on, the quote marked in it, with everything needed to check it."""
    say = words()
    passage = open_index().passages([citation["passage_id"]]).get(citation["passage_id"])
    st.markdown(f"**{safe(say.title(citation))}**")
    if passage is None:
        st.warning(say.say("cite.no_passage"))
    else:
        before, quote, after = passage.text.partition(citation["quote"])
        parts = [safe(before), f":orange-background[{safe(quote)}]" if quote else "", safe(after)]
        st.markdown("\n\n".join(part for part in parts if part.strip()))
    status = say.say(f"source_status.{citation['status']}")
    facts = [
        say.pair(say.say("cite.locator"), say.locator(str(citation["locator"]))),
        say.pair(say.say("cite.year"), str(citation["year"] or "–")),
        say.pair(say.say("cite.status"), status),
    ]
    note(" · ".join(safe(fact) for fact in facts))
    links = []
    if citation.get("doi"):
        links.append(f"[doi:{safe(citation['doi'])}](https://doi.org/{_address(citation['doi'])})")
    if citation.get("pmid"):
        links.append(f"[PMID {safe(citation['pmid'])}](https://pubmed.ncbi.nlm.nih.gov/{_address(citation['pmid'])}/)")
    if str(citation.get("url") or "").startswith(("https://", "http://")):
        links.append(f"[{say.say('cite.link')}]({_address(citation['url'])})")
    note(" · ".join([*links, f"`{citation['passage_id']}`"]))
    note(f"sha256 `{citation['sha256']}`")


def _address(text: str) -> str:
    from urllib.parse import quote

    return quote(str(text), safe="/:?=&%#.,;-_~+@")
