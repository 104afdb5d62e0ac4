"""The answer: flags above all, three columns of regimens, what if, disagreements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from liverboard.corpus.errors import InputError
from liverboard.recommender.profile import PatientProfile
from liverboard.ui.blocks import capital
from liverboard.ui.render import render
from liverboard.ui.render_markdown import to_markdown
from liverboard.ui.screens import pictures
from liverboard.ui.screens.common import (
    answer_for,
    bound,
    language,
    note,
    present_profile,
    short_name,
    show_citation,
    show_flags,
    words,
)
from liverboard.ui.session import explained, profile_of, safe, tiers_of, value_at, web, with_values
from liverboard.ui.stage_line import stage_blocks

TIERS = ("recommended", "for_consideration", "not_recommended")
CARDS = 6  # of a column; the others by name
REASONS = 2  # on a closed card
Document = Mapping[str, Any]


def show() -> None:
    """The screen."""
    profile = present_profile()
    if profile is None:
        return
    say = words()
    base = answer_for(profile).as_dict(language())
    top = st.container()
    assumed = _what_if(profile)
    document = base if assumed is None else answer_for(assumed).as_dict(language())
    with top:
        show_flags(document["flags"])
        with st.expander(say.say("rec.summary"), expanded=True):
            st.markdown(to_markdown(stage_blocks(document, say)))
    if assumed is not None:
        _changes(base, document)
    _columns(document, base if assumed is not None else None)
    offered = [r for r in document["recommendations"] if r["tier"] != "not_recommended"]
    if offered:
        st.markdown(f"#### {say.say('rec.overview')}")
        st.altair_chart(pictures.parts_of_all(offered, say), width="stretch")
    _risks(document)
    _disagreements(document)
    st.download_button(
        say.say("rec.download"), data=render(document, "recommendation", "html", language()),
        file_name="liverboard.html", mime="text/html", key="download_answer",
    )
    note(" · ".join(f"{name} `{str(value)[:12]}`" for name, value in document["manifest"].items() if value))


def _what_if(profile: PatientProfile) -> PatientProfile | None:
    """The sliders; the patient as assumed, or `None` while nothing is assumed."""
    say = words()
    assumed: dict[str, Any] = st.session_state.setdefault("what_if", {})
    data = profile.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
    with st.expander(say.say("rec.what_if"), expanded=bool(assumed)):
        note(say.say("rec.what_if_note"))
        columns = st.columns(3)
        for place, (path, (low, high, step)) in enumerate(web()["sliders"].items()):
            with columns[place % 3]:
                _slider(path, low, high, step, value_at(data, path), assumed)
        if st.button(say.say("rec.reset"), key="reset", disabled=not assumed):
            st.session_state["what_if"] = {}
            st.rerun()
    if not assumed:
        return None
    try:
        return profile_of(with_values(data, assumed))
    except InputError as error:
        st.error(explained(error, say))
        return None


def _slider(path: str, low: float, high: float, step: float, own: Any, assumed: dict[str, Any]) -> None:
    """A slider where the value is known, a box where it is not: an unknown value has no place on a slider."""
    say = words()
    finding = say.finding(path)
    label = capital(say.label(path)) + say.parens(say.unit(finding.unit).strip() if finding else "")
    whole = isinstance(step, int)
    value = assumed.get(path, own)

    def put(chosen: Any) -> None:
        if chosen is None or chosen == own:
            assumed.pop(path, None)
        else:
            assumed[path] = chosen
        st.session_state["what_if"] = dict(assumed)

    kind = int if whole else float
    if value is None:
        st.number_input(
            label, value=None, step=kind(step), placeholder=say.say("patient.unknown"),
            **bound(f"if.{path}", lambda: None, put),
        )
        return
    fits = whole and float(value).is_integer() and (own is None or float(own).is_integer())
    kind, step = (int, step) if fits else (float, float(step) if not whole else 0.1)
    low, high = min(low, own if own is not None else low), max(high, own if own is not None else high)
    st.slider(label, kind(low), kind(high), step=kind(step), **bound(f"if.{path}", lambda: kind(value), put))


def _changes(base: Document, document: Document) -> None:
    """What is assumed, and which regimens change their tier."""
    say = words()
    told = [say.pair(say.label(p), say.value(p, v)) for p, v in st.session_state["what_if"].items()]
    was, now = tiers_of(base), tiers_of(document)
    rows = [
        "- " + safe(say.say("chat.arrow", name=capital(say.regimen(r)), was=say.tier(was[r]), now=say.tier(tier)))
        for r, tier in now.items()
        if r in was and was[r] != tier
    ]
    text = safe(say.say("rec.assumed", what=say.list(told, "semicolon")))
    st.info(f"**{text}**\n\n" + ("\n".join(rows) or say.say("rec.unchanged")))


def _columns(document: Document, base: Document | None) -> None:
    say = words()
    was = {r["regimen"]: r for r in base["recommendations"]} if base else {}
    for column, tier in zip(st.columns(3), TIERS, strict=True):
        with column:
            regimens = [r for r in document["recommendations"] if r["tier"] == tier]
            grave = [r for r in regimens if tier != "not_recommended" or _against(r)]
            st.markdown(f"#### {say.tier(tier)} ({len(grave)})")
            if not grave:
                note(say.say("rec.none"))
            for regimen in grave[:CARDS]:
                _card(regimen, was.get(regimen["regimen"]))
            if len(grave) > CARDS:
                with st.expander(say.say("more", n=len(grave) - CARDS)):
                    for regimen in grave[CARDS:]:
                        rank = "" if tier == "not_recommended" else f"{regimen['rank']}. "
                        _opener(regimen, rank + capital(regimen["name"]), "tertiary")
            others = [r for r in regimens if r not in grave]
            if others:
                with st.expander(say.say("rec.others", n=len(others))):
                    for regimen in others:
                        _opener(regimen, capital(regimen["name"]), "tertiary")


def _against(regimen: Document) -> bool:
    kinds = ("contraindication", "recommendation")
    return any(a["direction"] == "against" and a["kind"] in kinds for a in regimen["arguments"])


def _card(regimen: Document, was: Document | None) -> None:
    say = words()
    refused = regimen["tier"] == "not_recommended"
    with st.container(border=True):
        score = "" if refused else f" · {regimen['score']:.2f}"
        number = "" if refused else f"{regimen['rank']}. "
        st.markdown(f"**{number}{safe(capital(regimen['name']))}**{score}")
        if was is not None and was["tier"] != regimen["tier"]:
            moved = say.say("rec.now", tier=say.tier(regimen["tier"]), was=say.tier(was["tier"]))
            st.markdown(f":blue-badge[{safe(moved)}]")
        elif was is not None and not refused and was["rank"] != regimen["rank"]:
            st.markdown(f":blue-badge[{safe(say.say('rec.moved', rank=regimen['rank'], was=was['rank']))}]")
        wanted = "against" if refused else "for"
        chosen = [a for a in regimen["arguments"] if a["direction"] == wanted][: 1 if refused else REASONS]
        for argument in chosen:
            st.markdown(f"{safe(argument['text'])}{_names(argument)}")
        cautions = [a for a in regimen["arguments"] if a["direction"] != "for"]
        if cautions and not refused:
            st.markdown(f":orange[**{say.say('argument.caution')}**] {safe(cautions[0]['text'])}{_names(cautions[0])}")
        _opener(regimen, say.say("rec.details"), "secondary")


def _names(argument: Document) -> str:
    names = dict.fromkeys(safe(short_name(c)) for c in argument["citations"])
    return f" *({words().list(names)})*" if names else ""


def _opener(regimen: Document, label: str, kind: Any) -> None:
    if st.button(label, key=f"open.{regimen['regimen']}", type=kind, help=capital(regimen["name"])):
        _dialog(regimen)


def _dialog(regimen: Document) -> None:
    st.dialog(capital(regimen["name"]), width="large")(details)(regimen)


def details(regimen: Document) -> None:
    """Everything about one regimen: score parts, trials, reasons with their passages, criteria."""
    say = words()
    st.markdown(f"**{say.tier(regimen['tier'])}** · {say.say('rec.score')} {regimen['score']:.2f}")
    st.altair_chart(pictures.parts_of_one(regimen, say), width="stretch")
    st.markdown(f"##### {say.say('rec.reasons')}")
    for direction, colour in (("for", "green"), ("caution", "orange"), ("against", "red")):
        for argument in (a for a in regimen["arguments"] if a["direction"] == direction):
            label = f":{colour}[**{say.say(f'argument.{direction}')}**] {safe(argument['text'])}"
            if not argument["citations"]:
                st.markdown(label)
                continue
            with st.expander(f"{label} — *{say.list(safe(short_name(c)) for c in argument['citations'])}*"):
                for citation in argument["citations"]:
                    show_citation(citation)
                facts = [
                    say.pair(say.label(f["field"]), say.value(f["field"], f["value"]))
                    for f in argument["patient_facts"]
                ]
                if facts:
                    note(safe(say.pair(say.say("rests_on"), say.list(facts, "semicolon"))))
    st.markdown(f"##### {say.say('rec.criteria')}")
    _criteria(regimen["unmet"], "rec.unmet")
    _criteria(regimen["unknown"], "rec.unknown")
    if not regimen["unmet"] and not regimen["unknown"]:
        note(say.say("rec.met"))
    forest = pictures.forest(regimen, say)
    if forest is not None:
        st.markdown(f"##### {say.say('rec.forest')}")
        st.altair_chart(forest, width="stretch")


def _criteria(criteria: Sequence[Document], phrase: str) -> None:
    names = dict.fromkeys(str(criterion["label"]) for criterion in criteria)
    if names:
        st.markdown(f"- {safe(words().say(phrase, what=words().list(names)))}")


def _risks(document: Document) -> None:
    say = words()
    if not document["risk_outputs"]:
        return
    st.markdown(f"#### {say.say('rec.risks')}")
    for output in document["risk_outputs"]:
        with st.container(border=True):
            value = say.value("value", output["value"])
            stratum = say.parens(say.any(output["stratum"]) if output["stratum"] else "")
            name = capital(say.value("endpoint", output["endpoint"]))
            st.markdown(f"**{safe(name)}**: {safe(value + stratum)} · {safe(output['model'])}")
            st.markdown(safe(output["effect"]))


def _disagreements(document: Document) -> None:
    say = words()
    st.markdown(f"#### {say.say('rec.disagreements')}")
    if not document["disagreements"]:
        note(say.say("rec.no_disagreements"))
    for item in document["disagreements"]:
        with st.expander(safe(capital(item["question"]))):
            st.dataframe(
                [
                    {
                        say.say("column.guideline"): position["guideline"],
                        say.say("column.year"): str(position["year"] or ""),
                        say.say("column.region"): say.region(position["region"]) if position["region"] else "",
                        say.say("column.position"): position["position"],
                        say.say("rec.passage"): position["citation"]["quote"] if position["citation"] else "",
                    }
                    for position in item["positions"]
                ],
                hide_index=True, width="stretch",
            )
