"""The whole screen for what sounds now, to be read from the other end of the room."""

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QElapsedTimer, QPointF, QRectF, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QHideEvent, QKeyEvent, QPainter, QPaintEvent, QShowEvent
from PySide6.QtWidgets import QWidget

from timbrescope.core.clock import clock
from timbrescope.core.events import Event
from timbrescope.core.labels import INSTRUMENTS, rank
from timbrescope.ui.monitor import Monitor
from timbrescope.ui.session import Session
from timbrescope.ui.theme import DARK
from timbrescope.ui.viewport import Viewport
from timbrescope.ui.views.event_rows import mark_colour

LETTER_CM: Final = 2.5
"""Height of capitals that can be read from five metres: 1/200 of the distance."""
NAME_SHARE: Final = 0.11
"""Size of the names in heights of the screen, where that is larger: a name takes about a tenth of it."""

_REFRESH_MS: Final = 100
_BANNER_MS: Final = 6000
_HINT_MS: Final = 4000
_LINE: Final = 1.3  # distance of names in their size
_SMALL: Final = 0.04  # sizes in heights of the screen
_MARGIN: Final = 0.04
_BAR: Final = 0.02
_BLOCK: Final = 0.35  # width of the block of colour in sizes of the name
_MOST_COLUMNS: Final = 3
_QUIETEST_DB: Final = -60.0
_BLACK, _WHITE, _GREY, _RED = QColor("#000000"), QColor("#ffffff"), QColor("#aab2c0"), QColor("#ff3b30")


class StageView(QWidget):
    """Names of the instruments that sound, each beside its family's colour, in the order in which they entered.

    Above them stand the time and a light while a take is recorded, below them the tags and the level. ``play_asked``
    says that the space bar was pressed.

    Args:
        session: what is open.
        monitor: what happens now.
        viewport: the length of a recording.
    """

    play_asked = Signal()

    def __init__(self, session: Session, monitor: Monitor, viewport: Viewport) -> None:
        super().__init__(None, Qt.WindowType.Window)
        self._session = session
        self._monitor = monitor
        self._viewport = viewport
        self._instruments: list[Event] = []
        self._tags: list[Event] = []
        self._banner = ""
        self._since_banner = QElapsedTimer()
        self._since_shown = QElapsedTimer()
        self._clock = QTimer(self, interval=_REFRESH_MS)
        self._clock.timeout.connect(self.refresh)
        monitor.alerted.connect(self._show_alert)
        self.setWindowTitle("timbrescope")
        self.setAccessibleName("Stage view")
        self.setCursor(Qt.CursorShape.BlankCursor)

    def show_on(self, window: QWidget) -> None:
        """Fill the screen on which a window is."""
        self.setScreen(window.screen())
        self.setGeometry(window.screen().geometry())
        self.showFullScreen()
        self.activateWindow()

    @property
    def message(self) -> str:
        """What stands in place of names."""
        if self._instruments:
            return ""
        if self._monitor.is_running:
            return "Listening…"
        return "Paused" if self._session.file is not None else "Open a recording or listen to an input"

    @Slot()
    def refresh(self) -> None:
        """Look what sounds now."""
        kinds = {spec.name: spec.kind for spec in self._session.timeline.score_specs.values()}
        large = min(kinds.values(), key=rank, default=INSTRUMENTS)
        present = [event for event in self._monitor.present() if event.model in kinds]
        self._instruments = _each_once([event for event in present if kinds[event.model] == large])
        self._tags = _each_once([event for event in present if kinds[event.model] != large])
        self.setAccessibleDescription(", ".join(event.label for event in self._instruments) or self.message)
        self.update()

    @Slot(object)
    def _show_alert(self, event: Event) -> None:
        self._banner = f"{event.label} since {clock(event.start_seconds)}"
        self._since_banner.start()

    # Drawing

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw everything."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), _BLACK)
        height = float(self.height())
        margin, small = _MARGIN * height, _SMALL * height
        inner = QRectF(self.rect()).adjusted(margin, margin, -margin, -margin)
        head = QRectF(inner.left(), inner.top(), inner.width(), 1.2 * small)
        bar = QRectF(inner.left(), inner.bottom() - _BAR * height, inner.width(), _BAR * height)
        tags = QRectF(inner.left(), bar.top() - 2.0 * small, inner.width(), 1.4 * small)
        body = QRectF(inner.left(), head.bottom() + small, inner.width(), tags.top() - head.bottom() - 1.5 * small)
        self._draw_head(painter, head, small)
        self._draw_names(painter, body)
        self._draw_level(painter, bar)
        if self._banner and self._since_banner.elapsed() < _BANNER_MS:
            self._draw_banner(painter, tags, small)
        else:
            self._draw_tags(painter, tags, small)

    def _draw_head(self, painter: QPainter, box: QRectF, size: float) -> None:
        painter.setFont(_font(self.font(), size, bold=True))
        painter.setPen(_WHITE)
        seconds = clock(self._monitor.seconds)
        total = "" if self._monitor.is_live or not self._viewport.duration else f" / {clock(self._viewport.duration)}"
        painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, seconds + total)
        sitting = self._session.sitting
        take = None if sitting is None else sitting.take
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if take is not None:
            words = f"Recording {clock(take.seconds)}"
            painter.drawText(box, right, words)
            width = QFontMetricsF(painter.font()).horizontalAdvance(words)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(_RED)
            painter.drawEllipse(QPointF(box.right() - width - size, box.center().y()), 0.45 * size, 0.45 * size)
        elif self._since_shown.isValid() and self._since_shown.elapsed() < _HINT_MS:
            painter.setFont(_font(self.font(), 0.8 * size))
            painter.setPen(_GREY)
            painter.drawText(box, right, "Esc leaves")

    def _draw_names(self, painter: QPainter, box: QRectF) -> None:
        if self.message:
            painter.setFont(_font(self.font(), min(self._name_size(), 0.06 * box.width())))
            painter.setPen(_GREY)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, self.message)
            return
        names = [event.label for event in self._instruments]
        size, columns = fit_names(names, self._name_size(), box, self.font())
        rows = -(-len(names) // columns)
        width = box.width() / columns
        painter.setFont(_font(self.font(), size, bold=True))
        for number, event in enumerate(self._instruments):
            column, row = divmod(number, rows)
            line = QRectF(box.left() + column * width, box.top() + row * _LINE * size, width, _LINE * size)
            block = QRectF(line.left(), line.top() + 0.15 * size, _BLOCK * size, size)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(mark_colour(event, DARK)))
            painter.drawRoundedRect(block, 0.08 * size, 0.08 * size)
            painter.setPen(_WHITE)
            text = line.adjusted(2 * _BLOCK * size, 0, 0, 0)
            painter.drawText(text, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, event.label)

    def _name_size(self) -> float:
        """Return the size of names in pixels, so that they can be read from five metres."""
        metrics = QFontMetricsF(_font(self.font(), 100.0, bold=True))
        pixels_per_cm = self.screen().physicalDotsPerInchY() / 2.54
        return max(NAME_SHARE * self.height(), LETTER_CM * pixels_per_cm * 100.0 / metrics.capHeight())

    def _draw_tags(self, painter: QPainter, box: QRectF, size: float) -> None:
        painter.setFont(_font(self.font(), size))
        metrics = QFontMetricsF(painter.font())
        x = box.left()
        for event in self._tags:
            width = metrics.horizontalAdvance(event.label)
            if x + width > box.right():
                return
            painter.setPen(QColor(mark_colour(event, DARK)))
            painter.drawText(QRectF(x, box.top(), width + 1, box.height()), Qt.AlignmentFlag.AlignVCenter, event.label)
            x += width + size

    def _draw_level(self, painter: QPainter, box: QRectF) -> None:
        sound = self._session.timeline.sound_at(self._monitor.seconds)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(DARK.line))
        painter.drawRoundedRect(box, box.height() / 2, box.height() / 2)
        if not self._monitor.is_running:
            return
        filled = QRectF(box)
        filled.setWidth(box.width() * _share(sound.rms_db))
        painter.setBrush(QColor(DARK.accent))
        painter.drawRoundedRect(filled, box.height() / 2, box.height() / 2)
        if (peak := _share(sound.peak_db)) > 0:
            painter.fillRect(QRectF(box.left() + peak * (box.width() - 4), box.top(), 4, box.height()), _WHITE)

    def _draw_banner(self, painter: QPainter, box: QRectF, size: float) -> None:
        painter.setFont(_font(self.font(), size, bold=True))
        width = QFontMetricsF(painter.font()).horizontalAdvance(self._banner) + 2 * size
        place = QRectF(box.center().x() - width / 2, box.top() - 0.1 * size, width, box.height() + 0.2 * size)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(DARK.warning))
        painter.drawRoundedRect(place, 0.3 * size, 0.3 * size)
        painter.setPen(_BLACK)
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, self._banner)

    # Qt's events

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Leave with Escape or F11; the space bar plays."""
        if event.key() in {Qt.Key.Key_Escape, Qt.Key.Key_F11}:
            self.close()
        elif event.key() == Qt.Key.Key_Space:
            self.play_asked.emit()
        else:
            super().keyPressEvent(event)

    def showEvent(self, event: QShowEvent) -> None:
        """Begin to look."""
        super().showEvent(event)
        self._since_shown.start()
        self.refresh()
        self._clock.start()

    def hideEvent(self, event: QHideEvent) -> None:
        """Look no more."""
        super().hideEvent(event)
        self._clock.stop()


def fit_names(names: Sequence[str], wanted: float, box: QRectF, font: QFont) -> tuple[float, int]:
    """Return the size of names in pixels and the number of columns: as few as there is room for at the wanted size.

    Where even three columns do not help, the names become smaller.
    """
    best = 0.0, 1
    widest = max(QFontMetricsF(_font(font, 100.0, bold=True)).horizontalAdvance(name) for name in names) / 100.0
    for columns in range(1, _MOST_COLUMNS + 1):
        rows = -(-len(names) // columns)
        size = min(wanted, box.height() / (rows * _LINE), box.width() / columns / (widest + 3 * _BLOCK))
        if size > best[0]:
            best = size, columns
    return best


def _each_once(events: Sequence[Event]) -> list[Event]:
    return list({event.label: event for event in reversed(events)}.values())[::-1]


def _font(like: QFont, pixels: float, *, bold: bool = False) -> QFont:
    font = QFont(like)
    font.setPixelSize(max(1, round(pixels)))
    font.setBold(bold)
    return font


def _share(level_db: float) -> float:
    return min(max(1 - level_db / _QUIETEST_DB, 0.0), 1.0)
