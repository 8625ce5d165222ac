"""The names of labels along an edge of a matrix, in the colours of their groups; along the top they stand upright."""

from collections.abc import Sequence
from typing import Final, Literal

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from timbrescope.core.relations import Group

_SMALLEST, _LARGEST = 7, 13  # height of letters in pixels
_GAP: Final = 4
_BAND: Final = 17


class NameAxis(pg.AxisItem):
    """One name a cell; at the left the groups are named as well."""

    def __init__(self, side: Literal["left", "top"]) -> None:
        super().__init__(side)
        self._is_top = side == "top"
        self._names: tuple[str, ...] = ()
        self._colours: tuple[str, ...] = ()
        self._groups: tuple[Group, ...] = ()

    def set_names(self, names: Sequence[str], colours: Sequence[str], groups: Sequence[Group]) -> None:
        """Show other names, each in its colour."""
        self._names, self._colours = tuple(names), tuple(colours)
        self._groups = () if self._is_top else tuple(groups)
        metrics = QFontMetricsF(self._font(_LARGEST))
        longest = max((metrics.horizontalAdvance(name) for name in names), default=0.0)
        size = longest + 2 * _GAP + (_BAND if self._groups else 0)
        if self._is_top:
            self.setHeight(size)
        else:
            self.setWidth(size)
        self.update()

    def paint(self, painter: QPainter, _option: QStyleOptionGraphicsItem, _widget: QWidget | None) -> None:
        """Draw the names of the cells that can be seen, as large as the cells allow."""
        edge = self.size().height() if self._is_top else self.size().width()
        places = [self._place(index) for index in range(len(self._names) + 1)]
        length = self.size().width() if self._is_top else self.size().height()
        cell = (places[-1] - places[0]) / max(1, len(self._names))
        painter.setRenderHint(QPainter.RenderHint.TextAntialiasing)
        painter.setFont(self._font(min(_LARGEST, max(_SMALLEST, round(0.9 * cell)))))
        painter.setClipRect(QRectF(QPointF(), self.size()))
        every = max(1, -(-(_SMALLEST + 2) // max(1, int(cell))))  # where cells are lower than letters some go unnamed
        for index in range(0, len(self._names), every):
            middle = (places[index] + places[index + 1]) / 2
            if 0 <= middle <= length:
                painter.setPen(QColor(self._colours[index]))
                self._draw(painter, self._names[index], middle, edge)
        painter.setFont(self._font(_LARGEST - 1))
        for group in self._groups:
            start, stop = max(0.0, places[group.start]), min(length, places[group.stop])
            if stop > start:
                self._draw_group(painter, group, start, stop)

    def _draw(self, painter: QPainter, name: str, middle: float, edge: float) -> None:
        painter.save()
        if self._is_top:
            painter.translate(middle, edge)
            painter.rotate(-90)
            box, flag = QRectF(_GAP, -20, edge, 40), Qt.AlignmentFlag.AlignLeft
        else:
            box, flag = QRectF(0, middle - 20, edge - _GAP, 40), Qt.AlignmentFlag.AlignRight
        painter.drawText(box, flag | Qt.AlignmentFlag.AlignVCenter, name)
        painter.restore()

    def _draw_group(self, painter: QPainter, group: Group, start: float, stop: float) -> None:
        """Draw a line beside a group, with its name where there is room."""
        colour = QColor(self._colours[group.start])
        painter.setPen(QPen(colour, 2))
        painter.drawLine(QPointF(_BAND - 1, start + 1.5), QPointF(_BAND - 1, stop - 1.5))
        if painter.fontMetrics().horizontalAdvance(group.name) > stop - start:
            return
        painter.save()
        painter.translate(0, stop)
        painter.rotate(-90)
        painter.drawText(QRectF(0, 0, stop - start, _BAND - 3), Qt.AlignmentFlag.AlignCenter, group.name)
        painter.restore()

    def _place(self, index: int) -> float:
        """Return where the border before a cell lies along this axis, in its own coordinates."""
        view = self.linkedView()
        point = self.mapFromItem(view, view.mapFromView(QPointF(index, index)))
        return float(point.x() if self._is_top else point.y())

    @staticmethod
    def _font(pixels: int) -> QFont:
        font = QFont()
        font.setPixelSize(pixels)
        return font
