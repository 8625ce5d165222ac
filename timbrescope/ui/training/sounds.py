"""The window's part in finding one's way among sounds: the timbre map with the live sound on it, and the search."""

from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QDialog, QWidget

from timbrescope.ui.session import Session
from timbrescope.ui.theme import Theme
from timbrescope.ui.training.live_place import LivePlace
from timbrescope.ui.training.map_data import Projection
from timbrescope.ui.training.similar import SimilarDialog
from timbrescope.ui.training.timbre_map import TimbreMapDialog


class Sounds(QObject):
    """Shows both dialogs when they are asked for and keeps them until the window closes.

    ``open_asked`` carries a recording to open, ``relabelled`` a folder in which labels have changed.
    """

    open_asked = Signal(object)
    relabelled = Signal(object)

    def __init__(self, session: Session, theme: Theme, window: QWidget) -> None:
        super().__init__(window)
        self._session = session
        self._theme = theme
        self._window = window
        self._map: TimbreMapDialog | None = None
        self._similar: SimilarDialog | None = None
        self._live: LivePlace | None = None

    @property
    def map(self) -> TimbreMapDialog:
        """The dialog with the map."""
        if self._map is None:
            self._map = TimbreMapDialog(self._theme, self._window, volume=self._session.settings.volume / 100)
            self._map.open_asked.connect(self.open_asked)
            self._map.relabelled.connect(self.relabelled)
            for happening in (self._map.shown, self._map.finished, self._session.finished, self._session.failed):
                happening.connect(self._follow)
            self._session.opening.connect(self._follow)
        return self._map

    @property
    def similar(self) -> SimilarDialog:
        """The dialog that finds similar sounds."""
        if self._similar is None:
            self._similar = SimilarDialog(self._window, volume=self._session.settings.volume / 100)
            self._similar.open_asked.connect(self.open_asked)
        return self._similar

    def show_map(self, data: Path | None = None, model: str | None = None) -> None:
        """Show the map, of other recordings where some are given."""
        _show(self.map)
        if data is not None:
            self.map.set_folder(data, model)
        self._follow()

    def show_similar(self) -> None:
        """Show the search, at first for what sounds like the open recording."""
        _show(self.similar)
        if self._session.path is not None:
            self.similar.look_for(self._session.path)

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        self._theme = theme
        if self._map is not None:
            self._map.set_theme(theme)

    def end(self) -> None:
        """End what runs."""
        self._forget_live()
        for dialog in (self._map, self._similar):
            if dialog is not None:
                dialog.end()

    @Slot()
    def _follow(self) -> None:
        """Follow the live sound while there is some, and a map to be seen."""
        self._forget_live()
        sitting, dialog = self._session.sitting, self._map
        if sitting is None or dialog is None or dialog.map is None or not dialog.isVisible():
            return
        self._live = LivePlace(sitting.input, dialog.map.encoder, Projection(dialog.map), self)
        self._live.placed.connect(self._on_placed)
        self._live.silent.connect(self._on_silent)
        self._live.start()

    def _forget_live(self) -> None:
        if self._live is not None:
            self._live.end()
            self._live.deleteLater()
            self._live = None
        if self._map is not None:
            self._map.set_live(None)

    @Slot(float, float)
    def _on_placed(self, x: float, y: float) -> None:
        if self._map is not None and self._live is not None:
            self._map.set_live((x, y))

    @Slot()
    def _on_silent(self) -> None:
        if self._map is not None:
            self._map.set_live(None)


def _show(dialog: QDialog) -> None:
    dialog.show()
    dialog.raise_()
    dialog.activateWindow()
