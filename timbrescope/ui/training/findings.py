"""What the check of recordings has found, each with what mends it: a button, or a reason to go on."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from timbrescope.core.errors import MendError
from timbrescope.core.mended import Mended, read_mended, write_mended
from timbrescope.ui.theme import Theme
from timbrescope.ui.training.words import finding_html

_PLACEHOLDER: Final = "What the check of the recordings finds appears here."
_NOTHING: Final = "Nothing is wrong with these recordings."
_BUTTONS: Final = {
    "leave-out": ("Leave out", "Use these recordings for nothing; they stay where they are"),
    "relabel": ("Leave out", "Use none of these recordings; they stay where they are"),
    "join-groups": ("Keep together", "Never learn from one copy and test on the other"),
}
_TAKE_BACK: Final = "Use all recordings again, as their folders have them"


class Findings(QScrollArea):
    """A list of findings; ``mended`` tells that a button has changed what is to be used, ``failed`` why it has not."""

    mended = Signal()
    failed = Signal(str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._data = Path()
        self._findings: Sequence[Mapping[str, Any]] | None = None
        self._inside = QWidget()
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._show()

    def show_findings(self, data: Path, findings: Sequence[Mapping[str, Any]] | None) -> None:
        """List the findings in labelled recordings; None where they are not known yet."""
        self._data, self._findings = data, findings
        self._show()

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        self._theme = theme
        self._show()

    def text(self) -> str:
        """Return all that is said, without marks."""
        return "\n".join(label.property("said") for label in self._inside.findChildren(QLabel))

    @property
    def mending(self) -> list[QPushButton]:
        """The buttons that mend something, from top to bottom."""
        return self._inside.findChildren(QPushButton)

    def _show(self) -> None:
        inside = QWidget()
        rows = QVBoxLayout(inside)
        if self._findings is None:
            rows.addWidget(_label(_PLACEHOLDER, _PLACEHOLDER))
        elif not self._findings:
            rows.addWidget(_label(_NOTHING, _NOTHING))
        for finding in self._findings or ():
            row = QHBoxLayout()
            row.addWidget(_label(finding_html(finding, self._theme), f"{finding['sentence']} {finding['advice']}"), 1)
            if finding.get("remedy") in _BUTTONS and finding.get("files"):
                row.addWidget(self._button(*_BUTTONS[finding["remedy"]], finding), 0, Qt.AlignmentFlag.AlignTop)
            rows.addLayout(row)
        if self._findings is not None and (said := self._done()):
            row = QHBoxLayout()
            row.addWidget(_label(said, said), 1)
            row.addWidget(self._button("Take back", _TAKE_BACK, None), 0, Qt.AlignmentFlag.AlignTop)
            rows.addLayout(row)
        rows.addStretch(1)
        self.setWidget(inside)
        self._inside = inside

    def _button(self, text: str, tip: str, finding: Mapping[str, Any] | None) -> QPushButton:
        button = QPushButton(text, autoDefault=False)
        button.setToolTip(tip)
        button.setAccessibleName(text if finding is None else f"{text}: {finding['sentence']}")
        button.clicked.connect(partial(self._mend, finding))
        return button

    def _done(self) -> str:
        """Return what was mended before, in a sentence; empty for nothing."""
        try:
            done = read_mended(self._data)
        except MendError as error:
            return str(error)
        parts = [f"leave out {len(done.left_out):,}"] if done.left_out else []
        parts += [f"keep {len(done.groups):,} together"] if done.groups else []
        return f"Of these recordings you {' and '.join(parts)}." if parts else ""

    def _mend(self, finding: Mapping[str, Any] | None, _checked: bool = False) -> None:  # noqa: FBT001 (Qt's)
        """Note what a finding asks for beside the recordings, or take back all that is noted there."""
        try:
            write_mended(self._data, Mended() if finding is None else with_remedy(read_mended(self._data), finding))
        except MendError as error:
            self.failed.emit(str(error))
            return
        self.mended.emit()


def with_remedy(before: Mended, finding: Mapping[str, Any]) -> Mended:
    """Return what is noted once a finding is mended."""
    if finding["remedy"] != "join-groups":
        return Mended(before.left_out | {Path(path).absolute() for path in finding["files"]}, before.groups)
    groups = dict(before.groups)
    for copies in finding["groups"]:
        paths = [Path(path).absolute() for path in copies]
        name = next(
            (groups[path] for path in paths if path in groups), f"same sound as {paths[0].parent.name}/{paths[0].name}"
        )
        groups |= dict.fromkeys(paths, name)
    return Mended(before.left_out, groups)


def _label(html: str, said: str) -> QLabel:
    label = QLabel(html, wordWrap=True)
    label.setProperty("said", said)
    label.setTextInteractionFlags(
        Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
    )
    return label
