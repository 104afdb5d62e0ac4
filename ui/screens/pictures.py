"""The pictures of an answer, from numbers that the answer and the corpus hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from liverboard.ui.blocks import capital
from liverboard.ui.session import Phrases

COLOURS = ["#1f5f8b", "#3a7d44", "#8a6d1f", "#7a3b69"]  # each at least 4.5:1 on white
_RATIOS = ("hazard_ratio", "odds_ratio", "risk_ratio")
_LONGEST = 34  # characters of a label
Document = Mapping[str, Any]


def parts_of_one(regimen: Document, words: Phrases) -> Any:
    """The parts of one regimen's score, a bar each."""
    rows = [{"part": _part(name, words), "value": value} for name, value in regimen["score_parts"].items()]
    chart = alt.Chart(_data(rows)).mark_bar(color=COLOURS[0])
    return chart.encode(
        x=alt.X("value:Q", title=None, scale=alt.Scale(domainMax=1)),
        y=alt.Y("part:N", title=None, sort=None, axis=alt.Axis(labelLimit=200, labelOverlap=False)),
        tooltip=["part:N", alt.Tooltip("value:Q", format=".2f")],
    ).properties(height=34 * len(rows) + 60, title=words.say("rec.parts"))


def parts_of_all(regimens: Sequence[Document], words: Phrases) -> Any:
    """The parts of the scores of several regimens, side by side in the order of their ranks."""
    rows = [
        {"regimen": _short(f"{r['rank']}. {capital(r['name'])}"), "part": _part(name, words), "value": value}
        for r in regimens
        for name, value in r["score_parts"].items()
    ]
    chart = alt.Chart(_data(rows)).mark_bar()
    return chart.encode(
        x=alt.X("value:Q", title=None),
        y=alt.Y("regimen:N", title=None, sort=None, axis=alt.Axis(labelLimit=220, labelOverlap=False)),
        yOffset=alt.YOffset("part:N", sort=None),
        color=alt.Color(
            "part:N", title=None, sort=None, scale=alt.Scale(range=COLOURS), legend=alt.Legend(orient="top")
        ),
        tooltip=["regimen:N", "part:N", alt.Tooltip("value:Q", format=".2f")],
    ).properties(height=44 * len(regimens) + 60)


def forest(regimen: Document, words: Phrases) -> Any:
    """Ratios with their intervals from the studies that the regimen's reasons cite; `None` where there are none."""
    rows = []
    cited = dict.fromkeys(c["passage_id"] for a in regimen["arguments"] for c in a["citations"])
    for name in cited:
        source, statement = words.knowledge.statements.get(name, (None, None))
        if source is None or statement is None:
            continue
        for effect in statement.effects:
            if effect.measure in _RATIOS and effect.value is not None and effect.ci95 is not None:
                low, high = effect.ci95
                study = f"{source.first_author or source.body or source.id} {source.year or ''}".strip()
                label = f"{study} · {effect.outcome.upper() if len(effect.outcome) < 5 else effect.outcome}"
                rows.append({"study": _short(label), "ratio": effect.value, "low": low, "high": high})
    if not rows:
        return None
    studies = alt.Y("study:N", title=None, sort=None, axis=alt.Axis(labelLimit=220, labelOverlap=False))
    base = alt.Chart(_data(rows)).encode(y=studies)
    scale, title = alt.Scale(type="log"), words.say("rec.forest_axis")
    whiskers = base.mark_rule(color=COLOURS[0], strokeWidth=2).encode(
        x=alt.X("low:Q", scale=scale, title=title), x2="high:Q"
    )
    points = base.mark_square(color=COLOURS[0], size=70).encode(
        x=alt.X("ratio:Q", scale=scale, title=title), tooltip=["study:N", "ratio:Q", "low:Q", "high:Q"]
    )
    line = alt.Chart(_data([{"x": 1}])).mark_rule(strokeDash=[4, 4], color="#555555")
    one = line.encode(x=alt.X("x:Q", scale=scale))
    return (one + whiskers + points).properties(height=26 * len({row["study"] for row in rows}) + 50)


def agreement(months: Sequence[Document], title: str) -> Any:
    """The share of decisions in agreement with the advice, month by month."""
    chart = alt.Chart(_data(list(months))).mark_line(point=True, color=COLOURS[0])
    return chart.encode(
        x=alt.X("month:O", title=None),
        y=alt.Y("share:Q", title=None, scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format="%")),
        tooltip=["month:O", alt.Tooltip("share:Q", format=".0%"), "decisions:Q"],
    ).properties(height=220, title=title)


def coverage(cells: Sequence[Document], words: Phrases) -> Any:
    """How many statements could speak for each regimen at each stage; the numbers in the tiles are the legend."""
    rows = [{**cell, "name": _short(capital(words.regimen(cell["regimen"])))} for cell in cells]
    base = alt.Chart(_data(rows)).encode(
        x=alt.X("stage:O", title=words.say("audit.coverage_stage"), axis=alt.Axis(orient="top", labelAngle=0)),
        y=alt.Y("name:N", title=None, sort="ascending", axis=alt.Axis(labelLimit=170, labelOverlap=False)),
        tooltip=["name:N", "stage:O", "statements:Q", "guidelines:Q", "trials:Q"],
    )
    tiles = base.mark_rect(stroke="white").encode(
        color=alt.Color(
            "statements:Q", scale=alt.Scale(scheme="blues", type="sqrt"), legend=None
        )
    )
    dark = max((row["statements"] for row in rows), default=0) / 3
    numbers = base.mark_text(fontSize=11).encode(
        text="statements:Q",
        color=alt.condition(f"datum.statements > {dark}", alt.value("white"), alt.value("#222222")),
    )
    return (tiles + numbers).properties(height=20 * len({row["name"] for row in rows}) + 60)


def _data(rows: Any) -> Any:
    return alt.InlineData(values=rows)


def _part(name: str, words: Phrases) -> str:
    return words.say(f"score_part.{name}")


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
