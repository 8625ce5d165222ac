"""A matrix over labels in colours, with a scale of them; the cell under the pointer is told."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Signal, Slot
from PySide6.QtWidgets import QFrame, QGraphicsRectItem

from timbrescope.core.relations import Group
from timbrescope.ui.theme import Theme
from timbrescope.ui.views.name_axis import NameAxis

_SCALE_WIDTH = 14
_CLOSEST_CELLS = 4


class MatrixView(pg.GraphicsLayoutWidget):
    """Rows and columns stand for the same labels; the wheel zooms, a drag moves.

    Args:
        theme: the colours.
        scale: the colours of the lowest to the highest value, evenly spaced.
        title: of the scale.
    """

    pointed = Signal(int, int)
    left = Signal()

    def __init__(self, theme: Theme, scale: Sequence[str], title: str) -> None:
        super().__init__()
        self.setFrameStyle(QFrame.Shape.NoFrame)
        self.setBackground(theme.window)
        self.setAccessibleName(title)
        self._theme = theme
        self._map = pg.ColorMap(np.linspace(0, 1, len(scale)), list(scale))
        self._size = 0
        self._axes = NameAxis("left"), NameAxis("top")
        self.plot = self.addPlot(axisItems=dict(zip(("left", "top"), self._axes, strict=True)))
        self.plot.hideButtons()
        self.plot.setMenuEnabled(False)
        self.plot.showAxes((True, True, False, False))
        self.box = self.plot.getViewBox()
        self.box.invertY()
        self.box.setDefaultPadding(0)
        self.box.setBackgroundColor(theme.line)  # seen where nothing is known
        self._image = pg.ImageItem(axisOrder="row-major")
        self.plot.addItem(self._image)
        self._lines: list[pg.InfiniteLine] = []
        self._mark = QGraphicsRectItem()
        self._mark.setPen(pg.mkPen(theme.text, width=2))
        self._mark.setZValue(20)
        self._mark.hide()
        self.plot.addItem(self._mark, ignoreBounds=True)
        self.scale_bar = pg.ColorBarItem(
            width=_SCALE_WIDTH, colorMap=self._map, interactive=False, colorMapMenu=False, label=title
        )
        self.scale_bar.axis.setPen(pg.mkPen(theme.line))
        self.scale_bar.axis.setTextPen(pg.mkPen(theme.muted))
        self.scale_bar.setMenuEnabled(False)
        self.addItem(self.scale_bar)
        self.scene().sigMouseMoved.connect(self._on_pointer)

    def show_matrix(
        self,
        values: NDArray[np.float64],
        levels: tuple[float, float],
        names: Sequence[str],
        colours: Sequence[str],
        groups: Sequence[Group],
    ) -> None:
        """Show values between two levels, shape (labels, labels), nan where nothing is known."""
        self._size = size = len(names)
        low, high = levels
        table = self._map.getLookupTable(nPts=256, alpha=True)
        index = np.clip(np.nan_to_num((values - low) / (high - low)) * 255, 0, 255)
        pixels = table[np.rint(index).astype(int)]
        pixels[np.isnan(values)] = 0
        self._image.setImage(pixels.astype(np.uint8), levels=(0, 255), rect=QRectF(0, 0, size, size))
        self.scale_bar.setLevels((low, high))
        for axis in self._axes:
            axis.set_names(names, colours, groups)
        for line in self._lines:
            self.plot.removeItem(line)
        borders = [group.start for group in groups if group.start]
        self._lines = [
            pg.InfiniteLine(border, angle=angle, pen=pg.mkPen(self._theme.muted))
            for border in borders
            for angle in (0, 90)
        ]
        for line in self._lines:
            self.plot.addItem(line, ignoreBounds=True)
        self.mark(None)
        closest = min(size, _CLOSEST_CELLS)
        self.box.setLimits(xMin=0, xMax=size, yMin=0, yMax=size, minXRange=closest, minYRange=closest)
        self.box.setRange(QRectF(0, 0, size, size), padding=0)

    def mark(self, cell: tuple[int, int] | None) -> None:
        """Frame the cell of a row and a column."""
        self._mark.setVisible(cell is not None)
        if cell is not None:
            row, column = cell
            self._mark.setRect(QRectF(column, row, 1, 1))

    def leaveEvent(self, event: Any) -> None:
        """Tell that nothing is pointed at."""
        super().leaveEvent(event)
        self.left.emit()

    @Slot(object)
    def _on_pointer(self, position: QPointF) -> None:
        point = self.box.mapSceneToView(position)
        row, column = int(np.floor(point.y())), int(np.floor(point.x()))
        inside = self.box.sceneBoundingRect().contains(position)
        if inside and 0 <= row < self._size and 0 <= column < self._size:
            self.mark((row, column))
            self.pointed.emit(row, column)
        else:
            self.left.emit()
