"""Calibration and decision curves as PNG or SVG; the same curves give the same bytes."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

from liverboard.recommender.models.train import Curves

_MODEL, _REFERENCE = "#1f5a7a", "#888888"


def draw_calibration(curves: Curves, title: str, path: Path) -> None:
    """Observed against predicted risk in groups of rising risk, with the spread of the predictions beneath."""
    figure, (above, below) = _figure(2, height_ratios=(4, 1))
    groups = curves.groups
    seen = [group["observed"] for group in groups]
    errors = [
        [max(group["observed"] - group["low"], 0) for group in groups],
        [max(group["high"] - group["observed"], 0) for group in groups],
    ]
    above.plot([0, 1], [0, 1], color=_REFERENCE, linewidth=1, linestyle="--", label="ideal")
    above.errorbar(
        [group["predicted"] for group in groups], seen, yerr=errors, color=_MODEL, marker="o", capsize=3,
        linewidth=1, label="fifths of the patients, 95% CI",
    )
    above.set(xlim=(0, 1), ylim=(0, 1), ylabel="observed risk")
    above.set_title(textwrap.fill(title, 60), fontsize=9)
    above.legend(frameon=False, fontsize=8, loc="upper left")
    below.hist(curves.risk, bins=40, range=(0, 1), color=_MODEL)
    below.set(xlim=(0, 1), xlabel="predicted risk", ylabel="patients")
    save(figure, path)


def draw_decision_curve(curves: Curves, title: str, path: Path) -> None:
    """Net benefit of acting on the model, on everyone and on no one, by the risk at which one would act."""
    figure, (axes,) = _figure(1)
    places = [row["threshold"] for row in curves.benefit]
    axes.plot(places, [row["model"] for row in curves.benefit], color=_MODEL, label="the model")
    axes.plot(places, [row["everyone"] for row in curves.benefit], color=_REFERENCE, linestyle="--", label="everyone")
    axes.axhline(0, color=_REFERENCE, linewidth=1, label="no one")
    top = max([row["model"] for row in curves.benefit] + [row["everyone"] for row in curves.benefit] + [0.05])
    axes.set(ylim=(-0.2 * top, 1.1 * top), xlabel="threshold of risk", ylabel="net benefit")
    axes.set_title(textwrap.fill(title, 60), fontsize=9)
    axes.legend(frameon=False, fontsize=8)
    save(figure, path)


def save(figure: Any, path: Path) -> None:
    """Write a figure in the format of the file's suffix, without a date or random names."""
    import matplotlib

    svg = path.suffix.lower() == ".svg"
    with matplotlib.rc_context({"svg.hashsalt": "liverboard"}):
        figure.savefig(path, dpi=150, metadata={"Date": None} if svg else {"Software": None})


def _figure(rows: int, height_ratios: tuple[int, ...] = (1,)) -> tuple[Any, list[Any]]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5, 4.5 if rows == 1 else 5.5), layout="constrained")
    FigureCanvasAgg(figure)
    return figure, list(figure.subplots(rows, 1, squeeze=False, height_ratios=height_ratios)[:, 0])
