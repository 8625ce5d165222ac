"""Plots as SVG that goes into a page: no script, no link, and ink in the colour of the page's text."""

import io
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib import style
from matplotlib.figure import Figure

from training.evaluation.results import Matrix, Number

_INK = "#010203"  # stands for the colour of the text, which the page decides
_LINES = ("#1f77b4", "#d9730d", "#2a9d5c", "#a64ca6")  # readable on white and on black
_STYLE: dict[str, Any] = {
    "svg.fonttype": "none",  # text stays text
    "svg.hashsalt": "timbrescope",  # equal plots are equal files
    "font.family": "sans-serif",
    "font.size": 9,
    "text.color": _INK,
    "axes.edgecolor": _INK,
    "axes.labelcolor": _INK,
    "xtick.color": _INK,
    "ytick.color": _INK,
}

Line = tuple[str, Sequence[Number], Sequence[Number]]
"""A name, and the places of its points."""


def draw_lines(lines: Sequence[Line], x_label: str, y_label: str, *, diagonal: bool = False, dots: bool = False) -> str:
    """Draw curves in the unit square.

    Args:
        lines: what to draw; points that cannot be told are gaps.
        x_label: of the horizontal axis.
        y_label: of the vertical axis.
        diagonal: whether the line of equal values is drawn for comparison.
        dots: whether points are marked.
    """
    with style.context(_STYLE):
        figure = Figure(figsize=(3.6, 3.2), layout="constrained")
        axes = figure.add_subplot()
        if diagonal:
            axes.plot([0, 1], [0, 1], color=_INK, alpha=0.4, linewidth=1, linestyle=":")
        for index, (name, x, y) in enumerate(lines):
            color, dashes = _LINES[index % len(_LINES)], ("-", "--", "-.")[index // len(_LINES) % 3]
            marker = "o" if dots else None
            axes.plot(_floats(x), _floats(y), color=color, linestyle=dashes, marker=marker, markersize=4, label=name)
        axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), xlabel=x_label, ylabel=y_label)
        axes.grid(color=_INK, alpha=0.12)
        axes.spines[["top", "right"]].set_visible(False)
        if len(lines) > 1:
            axes.legend(frameon=False)
        return _svg(figure)


def draw_matrix(values: Matrix, labels: Sequence[str]) -> str:
    """Draw a square matrix with a label for each row and column; darker is more, what cannot be told is empty."""
    numbers = np.array([_floats(row) for row in values])
    largest = np.nanmax(np.abs(numbers)) if np.isfinite(numbers).any() else 1.0
    lowest = -largest if np.nanmin(numbers, initial=0.0) < 0 else 0.0
    with style.context({**_STYLE, "font.size": 7}):
        side = 1.6 + 0.13 * len(labels)
        figure = Figure(figsize=(side + 0.6, side), layout="constrained")
        axes = figure.add_subplot()
        image = axes.imshow(numbers, cmap="PuOr" if lowest < 0 else "Blues", vmin=lowest, vmax=largest or 1.0)
        axes.set_xticks(range(len(labels)), labels, rotation=90)
        axes.set_yticks(range(len(labels)), labels)
        figure.colorbar(image, ax=axes, fraction=0.04)
        return _svg(figure)


def _floats(values: Sequence[Number]) -> list[float]:
    return [np.nan if value is None else value for value in values]


def _svg(figure: Figure) -> str:
    text = io.StringIO()
    figure.savefig(text, format="svg", transparent=True)
    svg = text.getvalue()
    svg = svg[svg.index("<svg") :]  # no XML declaration, which names a web address
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r' xmlns(:\w+)?="[^"]*"', "", svg)  # an HTML page knows them
    return svg.replace(_INK, "currentColor").replace("<svg", '<svg role="img"', 1)
