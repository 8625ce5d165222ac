"""Minutes and seconds along the lower edge of a view over time."""

from typing import Final

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter

from timbrescope.core.clock import clock
from timbrescope.ui.theme import Theme

_STEPS: Final = (
    0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 18000, 36000,
)  # fmt: skip
_PIXELS_PER_LABEL: Final = 90
_MINOR: Final = 5  # small ticks for a large one
_LONG, _SHORT = 5, 3


def step_of(seconds: float, pixels: float) -> float:
    """Return the distance of the labels, in seconds, of an axis of so many seconds and pixels."""
    index = int(np.searchsorted(_STEPS, seconds * _PIXELS_PER_LABEL / max(pixels, 1.0)))
    return float(_STEPS[min(index, len(_STEPS) - 1)])


def draw_time_axis(painter: QPainter, box: QRectF, start: float, seconds: float, theme: Theme) -> None:
    """Draw ticks below the upper edge of a box, and the times at the large ones.

    Args:
        painter: of a widget.
        box: where; as wide as the view.
        start: the time at the left edge.
        seconds: how long the box is.
        theme: the colours.
    """
    if seconds <= 0:
        return
    major = step_of(seconds, box.width())
    minor = major / _MINOR
    height = painter.fontMetrics().height()
    line, words = QColor(theme.line), QColor(theme.muted)
    for number in range(int(np.ceil(start / minor)), int((start + seconds) / minor) + 1):
        x = round(box.left() + (number * minor - start) / seconds * box.width()) + 0.5
        labelled = number % _MINOR == 0
        painter.setPen(line)
        painter.drawLine(QPointF(x, box.top()), QPointF(x, box.top() + (_LONG if labelled else _SHORT)))
        text = QRectF(x - _PIXELS_PER_LABEL / 2, box.top() + _LONG - 1, _PIXELS_PER_LABEL, height)
        if labelled and text.left() + _PIXELS_PER_LABEL / 4 >= box.left() and text.right() <= box.right() + 20:
            painter.setPen(words)
            painter.drawText(
                text, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop, clock(number * minor, major)
            )
