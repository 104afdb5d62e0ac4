"""The risk panel: every output of a patient's models with its interval, its cut-off and how it was validated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from liverboard.corpus.errors import InputError

_BADGES = {"external": "#2e7d4f", "internal": "#b07d12", "derivation": "#a6542a", "none": "#8a8a8a"}


def draw_panel(outputs: Sequence[Mapping[str, Any]], path: Path, *, title: str = "") -> None:
    """Draw the probabilities of `risk_outputs` as a forest; outputs of another kind stand beneath, in words.

    Raises
    ------
    InputError
        There is no output to draw, or the file is neither PNG nor SVG.
    """
    if path.suffix.lower() not in {".png", ".svg"}:
        raise InputError(str(path), "is neither .png nor .svg.", "Name the picture *.png or *.svg.")
    if not outputs:
        raise InputError("risk_outputs", "there is none to draw.", "Add outputs of models to the profile.")
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    from liverboard.recommender.models.pictures import save

    drawn = [one for one in outputs if one["kind"] == "probability"]
    others = [one for one in outputs if one["kind"] != "probability"]
    figure = Figure(figsize=(8, 1.2 + 0.5 * len(outputs)), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    for place, one in enumerate([*drawn, *others]):
        _draw_row(axes, place, one)
    axes.set_yticks(range(len(outputs)), [_name(one) for one in [*drawn, *others]], fontsize=8)
    axes.set(xlim=(0, 1), ylim=(len(outputs) - 0.4, -0.6), xlabel="predicted probability", title=title)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
    figure.text(0.01, 0.01, "| own cut-off", fontsize=7, color="#b22222")
    save(figure, path)


def _draw_row(axes: Any, place: int, one: Mapping[str, Any]) -> None:
    level = (one.get("provenance") or {}).get("validation") or "none"
    badge = {"none": "not validated", "derivation": "derivation only"}.get(level, f"{level} validation")
    colour = _BADGES[level]
    axes.text(
        1.02, place, badge, transform=axes.get_yaxis_transform(), va="center", fontsize=7, color="white",
        bbox={"boxstyle": "round,pad=0.3", "facecolor": colour, "edgecolor": "none"},
    )
    if one["kind"] != "probability":
        axes.text(0.02, place, f"{one['kind'].replace('_', ' ')}: {one['value']}", va="center", fontsize=8)
        return
    value, interval = float(one["value"]), one.get("ci95")
    if interval:
        axes.plot(interval, [place, place], color=colour, linewidth=2)
    axes.plot([value], [place], marker="s", color=colour, markersize=7)
    if one.get("cutoff") is not None:
        axes.plot([one["cutoff"]] * 2, [place - 0.3, place + 0.3], color="#b22222", linewidth=1.5)
    shown = f"{value:.2f}" + (f" ({interval[0]:.2f}-{interval[1]:.2f})" if interval else "")
    axes.text(min(max(value, 0.1), 0.9), place - 0.22, shown, ha="center", va="bottom", fontsize=7)


def _name(one: Mapping[str, Any]) -> str:
    horizon = f", {one['horizon_months']:g} months" if one.get("horizon_months") else ""
    return f"{one['endpoint'].replace('_', ' ')}{horizon}\n{one['model']}"
