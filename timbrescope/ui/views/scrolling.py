"""A picture over time that is drawn once and then only moved: each frame costs what its new columns cost."""

from collections.abc import Callable, Hashable

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QImage, QPainter

Pixels = NDArray[np.uint32]
Fill = Callable[[int, int], Pixels]
DrawOver = Callable[[QPainter, int, int], None]


def packed(colour: str) -> int:
    """Return a colour, #rrggbb, as a pixel."""
    return QColor(colour).rgb()


def packed_table(colours: NDArray[np.uint8]) -> NDArray[np.uint32]:
    """Return a table of colours, shape (n, 3), as pixels, shape (n,)."""
    red, green, blue = colours.astype(np.uint32).T
    return np.asarray(0xFF000000 | red << 16 | green << 8 | blue, np.uint32)


class ScrollingImage:
    """Columns of pixels numbered from the start of time, the visible ones of which are kept.

    Column ``p`` lies at ``p`` modulo the width of the image, so that what stays visible stays where it is.
    """

    def __init__(self) -> None:
        self._pixels: Pixels = np.zeros((1, 1), np.uint32)
        self._image = self._wrapped()
        self._key: Hashable = None
        self._first = self._stop = 0  # the columns that are drawn and settled
        self.columns_drawn = 0  # since the beginning

    def _wrapped(self) -> QImage:
        height, width = self._pixels.shape
        return QImage(self._pixels.data, width, height, 4 * width, QImage.Format.Format_RGB32)

    @property
    def visible(self) -> Pixels:
        """The columns from left to right, shape (height, width)."""
        return np.roll(self._pixels, -(self._first % self._pixels.shape[1]), axis=1)

    def show(
        self,
        first: int,
        size: tuple[int, int],
        settled: int,
        key: Hashable,
        fill: Fill,
        over: DrawOver | None = None,
    ) -> bool:
        """Make the columns from ``first`` on visible, and tell whether that changes anything.

        Args:
            first: number of the leftmost column.
            size: height and width.
            settled: number of the first column that may still change; what lies before is drawn once.
            key: what the columns depend on besides their number; where it differs from the last one, all are drawn.
            fill: returns the pixels of the columns from one up to another, shape (height, columns).
            over: draws over them, with the column of number 0 at the left edge; clipped to these columns.
        """
        _, width = size
        stop = first + width
        if size != self._pixels.shape or key != self._key or first >= self._stop or stop <= self._first:
            if size != self._pixels.shape:
                self._pixels = np.zeros(size, np.uint32)
                self._image = self._wrapped()
            self._key = key
            missing = [(first, stop)]
        else:
            missing = [(first, self._first), (self._stop, stop)]
            if first == self._first and self._stop == stop:
                return False
        for low, high in missing:
            if low < high:
                self._draw(low, high, fill, over)
        self._first, self._stop = first, max(first, min(stop, settled))
        return True

    def _draw(self, first: int, stop: int, fill: Fill, over: DrawOver | None) -> None:
        pixels = fill(first, stop)
        width = self._pixels.shape[1]
        self.columns_drawn += stop - first
        place = first % width
        before_edge = min(stop - first, width - place)
        self._pixels[:, place : place + before_edge] = pixels[:, :before_edge]
        self._pixels[:, : stop - first - before_edge] = pixels[:, before_edge:]
        if over is None:
            return
        self._image.setDevicePixelRatio(1.0)
        painter = QPainter(self._image)
        for low, high in ((first, first + before_edge), (first + before_edge, stop)):
            if low < high:
                painter.resetTransform()
                painter.setClipRect(QRectF(low % width, 0, high - low, self._pixels.shape[0]))
                painter.translate(low % width - low, 0)
                over(painter, low, high)
        painter.end()

    def draw(self, painter: QPainter, corner: QPointF, ratio: float) -> None:
        """Draw the visible columns to the right of a corner of a widget, pixel by pixel.

        Args:
            painter: of the widget.
            corner: the upper left one.
            ratio: pixels of the screen for one of the window.
        """
        height, width = self._pixels.shape
        place = self._first % width
        self._image.setDevicePixelRatio(ratio)
        painter.drawImage(corner, self._image, QRectF(place, 0, width - place, height))
        if place:
            corner = corner + QPointF((width - place) / ratio, 0)
            painter.drawImage(corner, self._image, QRectF(0, 0, place, height))
