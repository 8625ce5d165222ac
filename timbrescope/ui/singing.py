"""Singing: what a model of phonemes hears, the annotation that corrects it, pitch and vowels, put together."""

from functools import partial
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QFileDialog, QWidget

from timbrescope.audio.file import AudioFile
from timbrescope.core.errors import TimbrescopeError
from timbrescope.core.lyrics import Alignment
from timbrescope.core.segment_files import FORMATS, READABLE, SegmentFileError, phones, read_tiers, save_tiers
from timbrescope.core.segments import Tier
from timbrescope.ui.actions import SEPARATOR, Actions, Command
from timbrescope.ui.annotation_editor import AnnotationEditor
from timbrescope.ui.notice_bar import NoticeBar
from timbrescope.ui.preferences import Preferences
from timbrescope.ui.recording_page import RecordingPage
from timbrescope.ui.session import Session
from timbrescope.ui.transport import Transport
from timbrescope.ui.viewport import Viewport

_NEEDS_ANNOTATION: Final = (
    "annotation-save", "annotation-save-as", "annotation-close", "undo", "redo", "segment-next", "segment-previous",
    "segment-split", "segment-merge", "segment-label", "segment-delete", "segment-insert", "segment-play",
    "segment-start", "segment-end",
)  # fmt: skip


class Singing(QObject):
    """Opens, saves and aligns annotations, and passes commands on to what edits them."""

    def __init__(
        self,
        session: Session,
        viewport: Viewport,
        transport: Transport,
        page: RecordingPage,
        preferences: Preferences,
        notice: NoticeBar,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._session = session
        self._viewport = viewport
        self._heard = heard = page.heard
        self._side = page.side
        self._preferences = preferences
        self._notice = notice
        self._window = window
        self._actions: Actions | None = None
        self.annotation = annotation = page.annotation
        self.editor = AnnotationEditor(annotation, page.segments, viewport, transport, self)
        session.opening.connect(self._on_opening)
        session.opened.connect(self._on_opened)
        annotation.changed.connect(self.show_state)
        heard.changed.connect(self.show_state)

    def commands(self) -> list[Command | None]:
        """Return the commands of the menu."""
        edit, undo = self.editor, self.annotation.undo_stack
        return [
            Command("annotation-open", "&Open annotation…", self.ask_for_file, ("Ctrl+Shift+O",),
                    tip="Open labels in time: TextGrid, HTK, Audacity or a table"),
            Command("annotation-correct", "&Correct what is heard", self.take_over, ("Ctrl+K",),
                    tip="Make an annotation of the phonemes that the model hears"),
            Command("annotation-align", "&Align lyrics…", self.ask_for_lyrics, ("Ctrl+Shift+A",),
                    tip="Place the words and phones of lyrics in the recording"),
            Command("annotation-save", "&Save annotation", self.save, ("Ctrl+S",)),
            Command("annotation-save-as", "Save annotation &as…", self.save_as, ("Ctrl+Shift+S",)),
            Command("phonemes-export", "&Export phonemes…", self.export,
                    tip="Save what is heard, or the annotation, as TextGrid, HTK or Audacity labels"),
            Command("annotation-close", "Close annotation", self.close_annotation,
                    tip="Leave the annotation; what is not saved is lost"),
            SEPARATOR,
            Command("undo", "&Undo", undo.undo, ("Ctrl+Z",)),
            Command("redo", "&Redo", undo.redo, ("Ctrl+Shift+Z", "Ctrl+Y")),
            SEPARATOR,
            Command("segment-next", "&Next segment", partial(edit.step, 1), (".",)),
            Command("segment-previous", "&Previous segment", partial(edit.step, -1), (",",)),
            Command("segment-play", "P&lay segment", edit.play, ("P",)),
            Command("segment-label", "La&bel…", edit.ask_for_label, ("F2",), tip="Or double-click a segment"),
            Command("segment-start", "Start &here", partial(edit.put_edge, "start"), ("[",),
                    tip="Let the selected segment start at the playhead"),
            Command("segment-end", "End here", partial(edit.put_edge, "end"), ("]",),
                    tip="Let the selected segment end at the playhead"),
            Command("segment-split", "Spl&it", edit.split, ("S",), tip="Cut the segment at the playhead"),
            Command("segment-merge", "&Merge with next", edit.merge, ("J",)),
            Command("segment-insert", "Inser&t…", edit.insert, ("I",),
                    tip="Put a segment into the gap at the playhead, as long as the selection"),
            Command("segment-delete", "&Delete", edit.delete, ("Del",)),
        ]  # fmt: skip

    def take_actions(self, actions: Actions) -> None:
        """Switch these actions on and off from now on."""
        self._actions = actions
        self.show_state()

    @Slot()
    def show_voice(self) -> None:
        """Show the tab of the voice; follow one first where none is followed."""
        settings = self._preferences.settings
        if not settings.follows_voice({spec.kind for spec in self._session.timeline.score_specs.values()}):
            self._preferences.put("voice", "on")
        self._side.turn_to_voice()

    def tick(self) -> None:
        """Decode what is new and stop a segment that is played."""
        self._heard.tick()
        self.editor.tick()

    def slow_tick(self) -> None:
        """Keep unsaved work."""
        self.annotation.slow_tick(self._viewport.duration)

    def close(self) -> None:
        """Keep unsaved work for the next time."""
        self.annotation.autosave()

    # Files

    @Slot(object)
    def _on_opening(self, path: Path | None) -> None:
        if self.annotation.belong_to(path):
            self._notice.show_notice("Your unsaved annotation of this recording is here again; Ctrl+S saves it.")

    @Slot(object)
    def _on_opened(self, file: AudioFile) -> None:
        if self.annotation.recording is None:  # what was listened to has a file now
            self.annotation.recording = file.path
        self.show_state()

    @Slot()
    def ask_for_file(self) -> None:
        """Let the user choose an annotation."""
        patterns = " ".join(f"*{suffix}" for suffix in READABLE)
        folder = str(self._suggested(".TextGrid").parent)
        chosen, _ = QFileDialog.getOpenFileName(
            self._window, "Open annotation", folder, f"Labels in time ({patterns});;All files (*)"
        )
        if chosen:
            self.open_annotation(Path(chosen))

    def open_annotation(self, path: Path) -> None:
        """Show the tiers of a file and let them be corrected."""
        try:
            self.annotation.show(read_tiers(path), path)
        except SegmentFileError as error:
            self._notice.show_notice(str(error))

    @Slot()
    def take_over(self) -> None:
        """Make an annotation of what is heard."""
        if self._heard.segments:
            self.annotation.show((phones(tuple(self._heard.segments)),))

    @Slot()
    def save(self) -> None:
        """Save to the file that it came from, or ask where to."""
        path = self.annotation.path
        if path is None or path.suffix.lower() not in {suffix.lower() for suffix in FORMATS.values()}:
            self.save_as()
        elif self.annotation.is_open:
            self._save(path)

    @Slot()
    def save_as(self) -> None:
        """Ask where to and save; beside the recording it is found for training."""
        path = self._ask_where("Save annotation")
        if path is not None:
            self._save(path)

    def _save(self, path: Path) -> None:
        try:
            self.annotation.save(path, self._viewport.duration)
        except SegmentFileError as error:
            self._notice.show_notice(str(error))

    @Slot()
    def export(self) -> None:
        """Ask where to and write the annotation, or what is heard where there is none."""
        tiers: tuple[Tier, ...] = self.annotation.tiers or (phones(tuple(self._heard.segments)),)
        path = self._ask_where("Export phonemes")
        if path is not None:
            try:
                save_tiers(path, tiers, self._viewport.duration)
            except SegmentFileError as error:
                self._notice.show_notice(str(error))

    def _ask_where(self, title: str) -> Path | None:
        suffix = self.annotation.path.suffix if self.annotation.path else ".TextGrid"
        wanted = next((kind for kind, ending in FORMATS.items() if ending.lower() == suffix.lower()), None)
        chosen, kind = QFileDialog.getSaveFileName(
            self._window, title, str(self._suggested(suffix)), ";;".join(FORMATS), wanted or next(iter(FORMATS))
        )
        if not chosen:
            return None
        path = Path(chosen)
        known = {ending.lower() for ending in FORMATS.values()}
        return path if path.suffix.lower() in known else path.with_name(path.name + FORMATS[kind])

    def _suggested(self, suffix: str) -> Path:
        """Return the annotation's own file, or the one beside the recording."""
        if self.annotation.path is not None:
            return self.annotation.path
        return self._session.path.with_suffix(suffix) if self._session.path else Path.home() / f"phonemes{suffix}"

    @Slot()
    def close_annotation(self) -> None:
        """Leave the annotation."""
        self.annotation.close()

    # Lyrics

    @Slot()
    def ask_for_lyrics(self) -> None:
        """Show the dialog that aligns lyrics with the recording."""
        spec = self._heard.spec
        if spec is None:
            self._notice.show_notice("Lyrics are aligned with a model of phonemes; switch one on under Models first.")
            return
        if self._session.is_analysing:
            self._notice.show_notice("Lyrics can be aligned when the whole recording has been analysed; wait for that.")
            return
        from timbrescope.ui.align_dialog import AlignDialog

        track = self._session.timeline.scores[spec.name]
        dialog = AlignDialog(track.read(0, len(track)), spec, self._window)
        dialog.aligned.connect(self._on_aligned)
        dialog.exec()

    @Slot(object)
    def _on_aligned(self, alignment: Alignment) -> None:
        try:
            self.annotation.show((alignment.words, alignment.phones))
        except TimbrescopeError as error:
            self._notice.show_notice(str(error))
            return
        doubtful = [f"“{word.label}”" for word in alignment.doubtful()]
        if doubtful:
            names = ", ".join(doubtful[:5]) + (" …" if len(doubtful) > 5 else "")
            self._notice.show_notice(f"Aligned; the model is not sure of {names}: listen there.")

    @Slot()
    def show_state(self) -> None:
        """Switch on what can be done now."""
        if self._actions is None:
            return
        has_recording = self._session.file is not None
        for name in _NEEDS_ANNOTATION:
            self._actions[name].setEnabled(self.annotation.is_open)
        for name in ("annotation-open", "annotation-align"):
            self._actions[name].setEnabled(has_recording)
        for name in ("annotation-correct", "phonemes-export"):
            self._actions[name].setEnabled(bool(self._heard.segments))
        stack = self.annotation.undo_stack
        for name, possible, text in (
            ("undo", stack.canUndo(), stack.undoText()),
            ("redo", stack.canRedo(), stack.redoText()),
        ):
            self._actions[name].setEnabled(possible)
            self._actions[name].setText(f"&{name.capitalize()} {text.lower()}".rstrip())
