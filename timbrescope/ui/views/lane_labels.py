"""What stands in front of the lanes: their names, and a tick in the colour of a family or a group."""

from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter

from timbrescope.ui.theme import Theme
from timbrescope.ui.views.lane_rows import Heading, Line

_TICK_WIDTH = 4
_GAP = 8


class LaneLabels(pg.AxisItem):
    """The names of the lanes; too long a name is shortened, the pointer shows it whole."""

    def __init__(self, theme: Theme) -> None:
        super().__init__("left")
        self.lines: list[Line] = []
        self.theme = theme
        self.setStyle(showValues=False, tickLength=0)

    def paint(self, painter: QPainter, _option: Any, _widget: Any) -> None:
        """Draw the names of the visible lanes and the titles of the visible groups."""
        view = self.linkedView()
        if view is None:
            return
        low, high = view.viewRange()[1]
        for index in range(max(0, int(low)), min(len(self.lines), int(np.ceil(high)))):
            top = self.mapFromScene(view.mapViewToScene(QPointF(0, index))).y()
            bottom = self.mapFromScene(view.mapViewToScene(QPointF(0, index + 1))).y()
            box = QRectF(4, top, self.width() - 4 - _TICK_WIDTH - _GAP, bottom - top)
            self._draw(painter, box, self.lines[index])

    def _draw(self, painter: QPainter, box: QRectF, line: Line) -> None:
        font = QFont(painter.font())
        font.setBold(isinstance(line, Heading))
        painter.setFont(font)
        painter.setPen(QColor(self.theme.text))
        text = line.title if isinstance(line, Heading) else line.label
        text = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(box.width()))
        painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)
        colour = None if isinstance(line, Heading) else self.theme.label_colour(line.family, line.group)
        if colour is not None:
            tick = QRectF(box.right() + _GAP / 2, box.top() + 2, _TICK_WIDTH, box.height() - 4)
            painter.fillRect(tick, QColor(colour))
