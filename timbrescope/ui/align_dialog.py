"""The dialog that takes lyrics and aligns them with what a model of phonemes hears."""

from collections.abc import Callable
from typing import Final

import numpy as np
from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLabel,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from timbrescope.core.lyrics import Alignment, Line, align_lyrics, read_phones
from timbrescope.core.timeline import ScoreSpec
from timbrescope.ui.threads import JobThread

LANGUAGES: Final = {
    "Cantonese": "yue", "Catalan": "ca", "Chinese (Mandarin)": "cmn", "Croatian": "hr", "Czech": "cs", "Danish": "da",
    "Dutch": "nl", "English (American)": "en-us", "English (British)": "en-gb", "Finnish": "fi", "French": "fr-fr",
    "German": "de", "Greek": "el", "Hebrew": "he", "Hindi": "hi", "Hungarian": "hu", "Italian": "it",
    "Japanese (kana)": "ja", "Korean": "ko", "Latin": "la", "Norwegian": "nb", "Polish": "pl",
    "Portuguese": "pt", "Portuguese (Brazil)": "pt-br", "Romanian": "ro", "Russian": "ru", "Spanish": "es",
    "Swedish": "sv", "Turkish": "tr", "Ukrainian": "uk", "Welsh": "cy",
}  # fmt: skip
PHONES: Final = "Phones in IPA"


class AlignDialog(QDialog):
    """Asks for the lyrics and works on them in a thread.

    Args:
        rows: the model's scores of the whole recording, shape (n, labels).
        spec: what they mean.
        parent: the window.
    """

    aligned = Signal(object)

    def __init__(self, rows: np.ndarray, spec: ScoreSpec, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Align lyrics")
        self._rows = rows
        self._spec = spec
        self._found: list[Alignment] = []
        self._job: JobThread | None = None
        self.language = QComboBox()
        self.language.setAccessibleName("Language")
        self.language.setToolTip("Of the lyrics; or write phones yourself")
        for name, code in LANGUAGES.items():
            self.language.addItem(name, code)
        self.language.addItem(PHONES, None)
        self.language.setCurrentIndex(self.language.findData("en-us"))
        self.text = QPlainTextEdit()
        self.text.setAccessibleName("Lyrics")
        self.text.setToolTip("What is sung in the whole recording, a line for each phrase")
        self.text.setPlaceholderText("What is sung in the whole recording, a line for each phrase")
        self.text.setMinimumSize(460, 220)
        self.message = QLabel()
        self.message.setWordWrap(True)
        self.message.setMinimumHeight(3 * self.message.fontMetrics().lineSpacing())  # its room is there from the start
        standard = QDialogButtonBox.StandardButton
        self.buttons = QDialogButtonBox(standard.Ok | standard.Cancel)
        self.buttons.button(standard.Ok).setText("Align")
        self.buttons.accepted.connect(self._align)
        self.buttons.rejected.connect(self.reject)
        form = QFormLayout()
        form.addRow("Language", self.language)
        layout = QVBoxLayout(self)
        layout.addLayout(form)
        layout.addWidget(self.text)
        layout.addWidget(self.message)
        layout.addWidget(self.buttons)
        self.language.currentIndexChanged.connect(self._show_example)

    @Slot()
    def _show_example(self) -> None:
        phones = self.language.currentData() is None
        self.text.setPlaceholderText(
            "l y n ə? | b l ø\nspaces between phones, | between words, ? behind what may be left out"
            if phones
            else "What is sung in the whole recording, a line for each phrase"
        )

    @Slot()
    def _align(self) -> None:
        text, language = self.text.toPlainText(), self.language.currentData()
        rows, spec, found = self._rows, self._spec, self._found

        def job(_progress: Callable[[str], None]) -> None:
            found.append(align_lyrics(lambda start, stop: rows[start:stop], len(rows), spec, _lines(text, language)))

        self.message.setText("Aligning…")
        self._enable(enabled=False)
        self._job = JobThread(job, self)
        self._job.failed.connect(self._on_failed)
        self._job.succeeded.connect(self._on_succeeded)
        self._job.start()

    @Slot(str)
    def _on_failed(self, sentence: str) -> None:
        self.message.setText(sentence)
        self._enable(enabled=True)

    @Slot()
    def _on_succeeded(self) -> None:
        self.aligned.emit(self._found[-1])
        self.accept()

    def _enable(self, *, enabled: bool) -> None:
        for part in (self.text, self.language, self.buttons.button(QDialogButtonBox.StandardButton.Ok)):
            part.setEnabled(enabled)

    def done(self, result: int) -> None:
        """Wait for the thread, which is quick, and close."""
        if self._job is not None:
            self._job.wait()
        super().done(result)


def _lines(text: str, language: str | None) -> tuple[Line, ...]:
    if language is None:
        return read_phones(text)
    from timbrescope.recognition.text_to_phones import lyrics_to_phones

    return lyrics_to_phones(text, language)
