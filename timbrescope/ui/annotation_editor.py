"""What keys, menus and the mouse do with the annotation."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Slot
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QCompleter, QLineEdit, QMenu, QWidget

from timbrescope.core import phonemes, segments
from timbrescope.ui.annotation import Annotation
from timbrescope.ui.transport import Transport
from timbrescope.ui.viewport import Viewport
from timbrescope.ui.views.segment_lanes import SegmentLanes

_NEW_SECONDS = 0.1
_UNNAMED = "?"
_FIELD_WIDTH = 72


class AnnotationEditor(QObject):
    """Turns commands into edits of the selected segment, or of the one at the playhead where none is selected."""

    def __init__(
        self,
        annotation: Annotation,
        lanes: SegmentLanes,
        viewport: Viewport,
        transport: Transport,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._annotation = annotation
        self._lanes = lanes
        self._viewport = viewport
        self._transport = transport
        self._playing: tuple[float, float] | None = None
        self.field = LabelField(self, lanes)
        lanes.relabel_asked.connect(self.ask_for_label)
        lanes.menu_asked.connect(self._show_menu)

    @property
    def _index(self) -> int | None:
        if self._annotation.selected is not None:
            return self._annotation.selected
        return segments.index_at(self._annotation.segments, self._viewport.playhead)

    def step(self, by: int) -> None:
        """Select the next segment (1) or the one before (-1), and go there."""
        known = self._annotation.segments
        if not known:
            return
        if self._annotation.selected is None:
            starts = [number for number, one in enumerate(known) if one.start <= self._viewport.playhead]
            index = starts[-1] if starts else 0
        else:
            index = min(max(self._annotation.selected + by, 0), len(known) - 1)
        self._annotation.select(self._annotation.active, index)
        self._transport.seek(known[index].start)

    def split(self) -> None:
        """Cut the segment at the playhead, or in the middle where the playhead is elsewhere."""
        index = self._index
        if index is None:
            return
        known, now = self._annotation.segments, self._viewport.playhead
        whole = known[index]
        at = now if whole.start < now < whole.end else (whole.start + whole.end) / 2
        self._annotation.edit("Split", segments.split(known, index, at), index)

    def merge(self) -> None:
        """Join the segment with the next."""
        self._change("Merge", segments.merge)

    def delete(self) -> None:
        """Take the segment out."""
        index = self._index
        if index is not None:
            self._annotation.edit("Delete", segments.delete(self._annotation.segments, index), None)

    def insert(self) -> None:
        """Put a new segment into the gap at the playhead, or as long as the selected stretch of time, and name it."""
        if not self._annotation.is_open:
            return
        now, selection = self._viewport.playhead, self._viewport.selection
        start, end = selection or (now, min(now + _NEW_SECONDS, self._viewport.duration))
        known = segments.insert(self._annotation.segments, start, end, _UNNAMED)
        if known != self._annotation.segments:
            index = next(number for number, one in enumerate(known) if one.label == _UNNAMED and one.end > start)
            self._annotation.edit("Insert", known, index)
            self.ask_for_label()

    def put_edge(self, side: segments.Side) -> None:
        """Move the start or the end of the selected segment to the playhead."""
        index, now = self._annotation.selected, self._viewport.playhead
        if index is not None:
            moved = segments.move_edge(self._annotation.segments, index, side, now)
            self._annotation.edit("Move boundary", moved, index)

    def relabel(self, label: str) -> None:
        """Give the segment another label."""
        if label:
            self._change(f"Label {label}", lambda known, index: segments.relabel(known, index, label))

    def _change(self, text: str, change: Callable[[segments.Segments, int], segments.Segments]) -> None:
        index = self._index
        if index is not None:
            self._annotation.edit(text, change(self._annotation.segments, index), index)

    @Slot()
    def ask_for_label(self) -> None:
        """Let the user type a label where the segment is."""
        index = self._index
        if index is not None:
            self._annotation.select(self._annotation.active, index)
            self.field.ask(self._annotation.segments[index].label)

    def play(self) -> None:
        """Play the segment, once."""
        index = self._index
        if index is None:
            return
        one = self._annotation.segments[index]
        if self._transport.is_playing:
            self._transport.toggle()
        self._transport.seek(one.start)
        self._transport.toggle()
        self._playing = (one.start, one.end)

    def tick(self) -> None:
        """Stop where the segment that is played ends; whoever goes elsewhere hears on."""
        if self._playing is None:
            return
        start, end = self._playing
        now = self._viewport.playhead
        if not self._transport.is_playing or now < start - 0.05:
            self._playing = None
        elif now >= end:
            self._playing = None
            if now < end + 0.5:
                self._transport.toggle()

    @Slot()
    def _show_menu(self) -> None:
        menu = QMenu(self._lanes)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for key, group in phonemes.groups().items():
            below = menu.addMenu(group.name.capitalize())
            for one in phonemes.classes():
                if one.group == key:
                    action = below.addAction(one.symbol)
                    action.setToolTip(one.sounds)
                    action.triggered.connect(lambda _=False, symbol=one.symbol: self.relabel(symbol))
            below.setToolTipsVisible(True)
        menu.addSeparator()
        acts = (("Split", self.split), ("Merge with next", self.merge), ("Play", self.play), ("Delete", self.delete))
        for text, act in acts:
            menu.addAction(text, act)
        box = self._lanes.selected_box()
        corner = box.bottomLeft().toPoint() if box else QPoint()
        menu.popup(self._lanes.mapToGlobal(corner))


class LabelField(QLineEdit):
    """A field over the selected segment: Enter takes what was typed, Tab goes on to the next, Esc leaves it."""

    def __init__(self, editor: AnnotationEditor, lanes: QWidget) -> None:
        super().__init__(lanes)
        self._editor = editor
        self._lanes = lanes
        self.setAccessibleName("Label")
        self.setToolTip("A sound in IPA or X-SAMPA; Enter takes it, Tab goes on to the next, Esc leaves it")
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setCompleter(QCompleter(list(phonemes.symbols()), self))
        self.hide()

    def ask(self, label: str) -> None:
        """Show the field with a label to be changed."""
        box = self._editor_box()
        if box is None:
            return
        self.setText(label)
        self.setGeometry(*box)
        self.show()
        self.raise_()
        self.setFocus()
        self.selectAll()

    def _editor_box(self) -> tuple[int, int, int, int] | None:
        lanes = self._lanes
        box = lanes.selected_box() if isinstance(lanes, SegmentLanes) else None
        if box is None:
            return None
        left = min(max(0, round(box.center().x()) - _FIELD_WIDTH // 2), lanes.width() - _FIELD_WIDTH)
        return left, round(box.top()), _FIELD_WIDTH, round(box.height())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Take, go on or leave."""
        if event.key() == Qt.Key.Key_Escape:
            self.hide()
        elif event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self._take()
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        """With Tab take the label and ask for that of the next segment, with Shift for the one before."""
        keys = {Qt.Key.Key_Tab: 1, Qt.Key.Key_Backtab: -1}
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and event.key() in keys:
            self._take()
            self._editor.step(keys[Qt.Key(event.key())])
            self._editor.ask_for_label()
            return True
        return super().event(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Leave everything as it is where the user turns to something else."""
        super().focusOutEvent(event)
        popup = self.completer().popup()
        if popup is None or not popup.isVisible():
            self.hide()

    def _take(self) -> None:
        label = typed_label(self.text())
        self.hide()
        self._editor.relabel(label)


def typed_label(text: str) -> str:
    """Return a label as it was typed; X-SAMPA, which every keyboard has, becomes IPA."""
    label = " ".join(text.split())
    if label in phonemes.symbols():
        return label
    return next((one.symbol for one in phonemes.classes() if one.xsampa == label and label), label)
