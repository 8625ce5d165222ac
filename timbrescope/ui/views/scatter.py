"""Points on a plane: point at them, hear them, catch them with a lasso."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, Qt, Signal, Slot
from PySide6.QtGui import QColor, QKeyEvent, QPainterPath, QPolygonF
from PySide6.QtWidgets import QFrame, QGraphicsPathItem

from timbrescope.ui.theme import Theme

SYMBOLS: Final = ("o", "s", "t", "d", "star", "p", "t1")
CROSS: Final = "x"
_CROSS_MORE: Final = 4  # pixels, as its arms are thin
_REACH: Final = 12.0  # pixels within which a point is meant
_SIZES: Final = ((500, 10), (3000, 8))  # up to so many points are so many pixels wide
_SMALLEST: Final = 6
_DIRECTIONS: Final = {
    Qt.Key.Key_Left: (-1.0, 0.0),
    Qt.Key.Key_Right: (1.0, 0.0),
    Qt.Key.Key_Up: (0.0, 1.0),
    Qt.Key.Key_Down: (0.0, -1.0),
}
_ASIDE: Final = 2.0  # a step to the side is as long as two ahead

Places = NDArray[np.float32]


class _Box(pg.ViewBox):
    """Draws a lasso with the left button; the wheel zooms, the other buttons move the picture."""

    lassoed = Signal(object, bool)  # a QPolygonF, and whether it is to be added

    def __init__(self) -> None:
        super().__init__(enableMenu=False, lockAspect=1.0)
        self.moves = False
        self._corners: list[QPointF] = []
        self.path = QGraphicsPathItem()
        self.addItem(self.path, ignoreBounds=True)

    def mouseDragEvent(self, ev: Any, axis: int | None = None) -> None:
        """Draw, or move."""
        if ev.button() != Qt.MouseButton.LeftButton or self.moves:
            super().mouseDragEvent(ev, axis)
            return
        ev.accept()
        if ev.isStart():
            self._corners = [self.mapToView(ev.buttonDownPos())]
        self._corners.append(self.mapToView(ev.pos()))
        polygon = QPolygonF(self._corners)
        path = QPainterPath()
        if ev.isFinish():
            self.lassoed.emit(polygon, bool(ev.modifiers() & Qt.KeyboardModifier.ShiftModifier))
        else:
            path.addPolygon(polygon)
        self.path.setPath(path)


class Scatter(pg.PlotWidget):
    """Ten thousand points and more, each with a colour and a shape.

    ``chosen`` carries the number of a point that was clicked, ``opened`` of one that was clicked twice, ``pointed`` of
    the one under the mouse, -1 for none; ``caught`` the numbers of those in a lasso and whether they are added.
    """

    chosen = Signal(int)
    opened = Signal(int)
    pointed = Signal(int)
    caught = Signal(object, bool)

    def __init__(self, theme: Theme) -> None:
        self.box = _Box()
        super().__init__(viewBox=self.box)
        self.setFrameStyle(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMenuEnabled(False)
        self.hideButtons()
        for axis in ("left", "bottom"):
            self.hideAxis(axis)
        self.places: Places = np.zeros((0, 2), np.float32)
        self.current = -1
        self._selected = np.zeros(0, np.int64)
        self._under = -1
        self.dots = pg.ScatterPlotItem(pxMode=True)
        self.rings = pg.ScatterPlotItem(pxMode=True, brush=None)
        self.mark = pg.ScatterPlotItem(pxMode=True, brush=None, size=20)
        self.live = pg.ScatterPlotItem(pxMode=True, size=18)
        for layer, item in enumerate((self.dots, self.rings, self.mark, self.live)):
            item.setZValue(layer)
            self.addItem(item)
        self.box.lassoed.connect(self._on_lasso)
        self.scene().sigMouseClicked.connect(self._on_click)
        self.scene().sigMouseMoved.connect(self._on_move)
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        """Take other colours; those of the points are set with ``set_looks``."""
        self.setBackground(theme.base)
        self.rings.setPen(pg.mkPen(theme.text, width=2))
        self.mark.setPen(pg.mkPen(theme.accent, width=3))
        self.live.setPen(pg.mkPen(theme.base, width=2))
        self.live.setBrush(pg.mkBrush(theme.playhead))
        fill = QColor(theme.accent)
        self.box.path.setPen(pg.mkPen(fill, width=2))
        fill.setAlpha(40)
        self.box.path.setBrush(fill)

    def set_points(self, places: Places) -> None:
        """Show other points, shape (n, 2); they have no looks yet."""
        self.places = places
        self._size = next((size for most, size in _SIZES if len(places) <= most), _SMALLEST)
        self.current = self._under = -1
        self.dots.clear()
        self.mark.clear()
        self.live.clear()
        self.select(np.zeros(0, np.int64))
        if len(places):
            (left, low), (right, high) = places.min(axis=0).tolist(), places.max(axis=0).tolist()
            self.box.setRange(xRange=(left, right), yRange=(low, high), padding=0.05)

    def set_looks(self, colours: Sequence[str], symbols: Sequence[str]) -> None:
        """Give each point a colour and a symbol."""
        brushes = {colour: pg.mkBrush(colour) for colour in set(colours)}
        self.dots.setData(
            pos=self.places,
            brush=[brushes[colour] for colour in colours],
            symbol=list(symbols),
            size=[self._size + _CROSS_MORE * (symbol == CROSS) for symbol in symbols],
            pen=None,
        )

    @property
    def selected(self) -> NDArray[np.int64]:
        """The numbers of the points that are caught, in order."""
        return self._selected

    def select(self, numbers: NDArray[np.int64]) -> None:
        """Put rings around some points."""
        self._selected = np.unique(numbers)
        self.rings.setData(pos=self.places[self._selected], size=self._size + 5 if len(self.places) else 0)

    def set_current(self, number: int) -> None:
        """Mark the point that is heard; -1 marks none."""
        self.current = number
        self.mark.setData(pos=self.places[[number]] if number >= 0 else np.zeros((0, 2)))

    def set_live(self, place: tuple[float, float] | None) -> None:
        """Show where the live sound is."""
        self.live.setData(pos=np.zeros((0, 2)) if place is None else np.array([place]))

    def number_at(self, position: QPointF) -> int:
        """Return the nearest point to a position in the scene; -1 where none is near."""
        if not len(self.places):
            return -1
        here = self.box.mapSceneToView(position)
        width, height = self.box.viewPixelSize()
        distances = np.hypot((self.places[:, 0] - here.x()) / width, (self.places[:, 1] - here.y()) / height)
        number = int(distances.argmin())
        return number if distances[number] <= _REACH else -1

    @Slot(object)
    def _on_click(self, event: Any) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        number = self.number_at(event.scenePos())
        if number >= 0:
            self.set_current(number)
            (self.opened if event.double() else self.chosen).emit(number)
        elif not event.double():
            self.caught.emit(np.zeros(0, np.int64), False)

    @Slot(object)
    def _on_move(self, position: QPointF) -> None:
        number = self.number_at(position)
        if number != self._under:
            self._under = number
            self.pointed.emit(number)

    @Slot(object, bool)
    def _on_lasso(self, polygon: QPolygonF, added: bool) -> None:  # noqa: FBT001 (a Qt slot)
        around = polygon.boundingRect()
        x, y = self.places.T
        near = (x >= around.left()) & (x <= around.right()) & (y >= around.top()) & (y <= around.bottom())
        inside = [
            number
            for number in np.flatnonzero(near).tolist()
            if polygon.containsPoint(QPointF(float(x[number]), float(y[number])), Qt.FillRule.WindingFill)
        ]
        self.caught.emit(np.array(inside, np.int64), added)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go from point to point with the arrows; Space plays, Enter opens, Ctrl+A catches all, Escape none."""
        key = Qt.Key(event.key())
        if key in _DIRECTIONS and len(self.places):
            self._step(*_DIRECTIONS[key])
        elif key == Qt.Key.Key_Space and self.current >= 0:
            self.chosen.emit(self.current)
        elif key in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and self.current >= 0:
            self.opened.emit(self.current)
        elif key == Qt.Key.Key_A and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.caught.emit(np.arange(len(self.places)), False)
        elif key == Qt.Key.Key_Escape and len(self._selected):
            self.caught.emit(np.zeros(0, np.int64), False)
        else:
            super().keyPressEvent(event)

    def _step(self, right: float, up: float) -> None:
        """Go to the nearest point in a direction; at first to the one in the middle."""
        if self.current < 0:
            ahead = np.linalg.norm(self.places, axis=1)
        else:
            away = self.places - self.places[self.current]
            forward, aside = away @ np.array([right, up]), away @ np.array([up, right])
            ahead = np.where(forward > 0, forward + _ASIDE * np.abs(aside), np.inf)
        number = int(ahead.argmin())
        if np.isfinite(ahead[number]):
            self.set_current(number)
            self.pointed.emit(number)
            self.chosen.emit(number)
