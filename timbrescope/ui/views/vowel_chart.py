"""The vowel chart as phoneticians draw it: the second formant grows to the left, the first one downwards."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from timbrescope.ui.theme import Theme
from timbrescope.ui.views.segment_item import group_colour

REFERENCE: Final = {
    "i": (240, 2400), "y": (235, 2100), "e": (390, 2300), "ø": (370, 1900), "ɛ": (610, 1900), "a": (850, 1610),
    "ɔ": (500, 700), "o": (360, 640), "u": (250, 595), "ɨ": (300, 1390), "ə": (500, 1500),
}  # fmt: skip
"""Formants in Hz of the cardinal vowels of a man (Catford 1988, A Practical Introduction to Phonetics); ɨ is his close
back unrounded vowel, ə a neutral tube of 17 cm. Other voices lie higher: they show where to look, not what is right."""
_F1: Final = (180.0, 1050.0)
_F2: Final = (500.0, 3000.0)
_MARGIN: Final = QRectF(30, 8, 10, 22)  # left, top, right, bottom
_TICKS: Final = ((300, 500, 800), (700, 1000, 1500, 2500))


def place(f1: float, f2: float, box: QRectF) -> QPointF:
    """Return where a pair of formants in Hz lies in a box; what lies outside is put on its edge."""
    x = np.log(_F2[1] / np.clip(f2, *_F2)) / np.log(_F2[1] / _F2[0])
    y = np.log(np.clip(f1, *_F1) / _F1[0]) / np.log(_F1[1] / _F1[0])
    return QPointF(box.left() + float(x) * box.width(), box.top() + float(y) * box.height())


def draw_chart(
    painter: QPainter, area: QRectF, theme: Theme, trail: NDArray[np.floating], colours: Sequence[str | None]
) -> None:
    """Paint the chart with a trail.

    Args:
        painter: paints in pixels.
        area: room for the chart and the names of its axes.
        theme: its colours.
        trail: first and second formant in Hz, oldest first, shape (n, 2); 0 where there is none.
        colours: of each point; None takes the accent's.
    """
    box = area.adjusted(_MARGIN.x(), _MARGIN.y(), -_MARGIN.width(), -_MARGIN.height())
    painter.fillRect(box, QColor(theme.base))
    painter.setPen(QPen(QColor(theme.line), 1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(box)
    _draw_axes(painter, box, theme)
    font = painter.font()
    larger = painter.font()
    larger.setPointSizeF(font.pointSizeF() * 1.25)
    painter.setFont(larger)
    for symbol, formants in REFERENCE.items():
        centre = place(*formants, box)
        colour = QColor(group_colour(symbol) or theme.text)
        painter.setPen(colour if theme.name == "dark" else colour.darker(150))
        painter.drawText(QRectF(centre.x() - 14, centre.y() - 12, 28, 24), Qt.AlignmentFlag.AlignCenter, symbol)
    painter.setFont(font)
    painter.setPen(Qt.PenStyle.NoPen)
    for number, ((f1, f2), colour_) in enumerate(zip(trail, colours, strict=True), 1):
        if f1 <= 0 or f2 <= 0:
            continue
        age = number / len(trail)
        fill = QColor(colour_ or theme.accent)
        fill.setAlphaF(0.15 + 0.6 * age**2)
        painter.setBrush(fill)
        painter.drawEllipse(place(f1, f2, box), 2.5 + 1.5 * age, 2.5 + 1.5 * age)
    if len(trail) and trail[-1].min() > 0:
        painter.setPen(QPen(QColor(theme.playhead), 2))
        painter.setBrush(QColor(colours[-1] or theme.accent))
        painter.drawEllipse(place(float(trail[-1, 0]), float(trail[-1, 1]), box), 7, 7)


def _draw_axes(painter: QPainter, box: QRectF, theme: Theme) -> None:
    font = painter.font()
    smaller = painter.font()
    smaller.setPointSizeF(font.pointSizeF() * 0.8)
    painter.setFont(smaller)
    grid, text = QPen(QColor(theme.line), 1, Qt.PenStyle.DotLine), QColor(theme.muted)
    for f1 in _TICKS[0]:
        y = place(f1, _F2[0], box).y()
        painter.setPen(grid)
        painter.drawLine(QPointF(box.left(), y), QPointF(box.right(), y))
        painter.setPen(text)
        label = QRectF(box.left() - 34, y - 8, 30, 16)
        painter.drawText(label, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, str(f1))
    for f2 in _TICKS[1]:
        x = place(_F1[0], f2, box).x()
        painter.setPen(grid)
        painter.drawLine(QPointF(x, box.top()), QPointF(x, box.bottom()))
        painter.setPen(text)
        painter.drawText(QRectF(x - 20, box.bottom() + 3, 40, 16), Qt.AlignmentFlag.AlignCenter, str(f2))
    painter.drawText(QRectF(box.left() + 4, box.top() + 2, 60, 16), Qt.AlignmentFlag.AlignLeft, "F1 ↓ Hz")
    last = QRectF(box.right() - 64, box.bottom() - 17, 60, 16)
    painter.drawText(last, Qt.AlignmentFlag.AlignRight, "← F2 Hz")
    painter.setFont(font)
