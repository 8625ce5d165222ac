"""Colours of the dark and the light window, and the icons drawn in them."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QByteArray, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication

from timbrescope import paths
from timbrescope.core import picture


@dataclass(frozen=True, slots=True)
class Theme:
    """The colours of a window, as #rrggbb.

    ``families`` holds one for each family of instruments. They were searched for under two conditions: a contrast of
    at least 3 to 1 against ``base`` (WCAG 2.1, criterion 1.4.11), and the largest distance between any two of them for
    people with usual sight, protanopia, deuteranopia and tritanopia (simulated after Machado et al. 2009).
    ``groups`` holds a quiet one for each group of tags, with the same contrast; headings name the groups as well.
    """

    name: str
    window: str
    panel: str
    base: str
    text: str
    muted: str
    line: str
    accent: str
    on_accent: str
    playhead: str
    waveform: str
    lane: tuple[str, ...]
    families: Mapping[str, str]
    groups: Mapping[str, str]
    warning: str
    good: str
    alarm: str

    def label_colour(self, family: str | None, group: str | None) -> str | None:
        """Return the colour of an instrument's family or of a tag's group; None for a label that has neither."""
        if family is not None:
            return self.families[family]
        return None if group is None else self.groups[group]


DARK = Theme(
    name="dark",
    window="#1b1e24",
    panel="#23272f",
    base="#121419",
    text="#e8eaee",
    muted="#9aa3b2",
    line="#3a404c",
    accent="#35b8ff",
    on_accent="#06202e",
    playhead="#ffffff",
    waveform="#5aa9d6",
    lane=("#121419", "#123a55", "#1f7fb8", "#5fd0f5", "#f4ffb8"),
    families={
        "guitars": "#f19265",
        "strings": "#dd2a07",
        "woodwinds": "#9df2d5",
        "brass": "#fddb1e",
        "keyboards": "#476bf9",
        "percussion": "#aaa2ed",
        "voice": "#a26094",
    },
    groups={
        "genre": "#6fa8d0",
        "instrument": "#c9ad78",
        "voice": "#c48fb0",
        "mood": "#7fb898",
        "era": "#9d98cf",
        "other": "#9aa3b2",
    },
    warning="#ffc261",
    good="#4fc37a",
    alarm="#ff5d55",
)
LIGHT = Theme(
    name="light",
    window="#f3f4f6",
    panel="#ffffff",
    base="#ffffff",
    text="#1a1d23",
    muted="#5a6373",
    line="#cdd2da",
    accent="#0b6fc2",
    on_accent="#ffffff",
    playhead="#e0112b",
    waveform="#3d83b8",
    lane=("#ffffff", "#d3e7f6", "#7db9e3", "#1f78bd", "#0a2c52"),
    families={
        "guitars": "#cb7e00",
        "strings": "#b64d2e",
        "woodwinds": "#539d84",
        "brass": "#5d3f00",
        "keyboards": "#063e8a",
        "percussion": "#a974d3",
        "voice": "#8c597f",
    },
    groups={
        "genre": "#3a76a3",
        "instrument": "#8f7030",
        "voice": "#99597f",
        "mood": "#3d8061",
        "era": "#6a64ab",
        "other": "#68717f",
    },
    warning="#9a5b00",
    good="#1c8a4b",
    alarm="#d01f2e",
)


def choose_theme(setting: str, application: QApplication) -> Theme:
    """Return the theme that the user chose, or the desktop's."""
    if setting == "system":
        return LIGHT if application.styleHints().colorScheme() == Qt.ColorScheme.Light else DARK
    return LIGHT if setting == "light" else DARK


def apply_theme(application: QApplication, theme: Theme) -> None:
    """Colour every widget of the application."""
    application.setStyle("Fusion")
    palette = QPalette()
    roles = {
        QPalette.ColorRole.Window: theme.window,
        QPalette.ColorRole.WindowText: theme.text,
        QPalette.ColorRole.Base: theme.base,
        QPalette.ColorRole.AlternateBase: theme.panel,
        QPalette.ColorRole.Text: theme.text,
        QPalette.ColorRole.PlaceholderText: theme.muted,
        QPalette.ColorRole.Button: theme.panel,
        QPalette.ColorRole.ButtonText: theme.text,
        QPalette.ColorRole.BrightText: theme.warning,
        QPalette.ColorRole.Highlight: theme.accent,
        QPalette.ColorRole.HighlightedText: theme.on_accent,
        QPalette.ColorRole.ToolTipBase: theme.panel,
        QPalette.ColorRole.ToolTipText: theme.text,
        QPalette.ColorRole.Link: theme.accent,
        QPalette.ColorRole.Mid: theme.line,
        QPalette.ColorRole.Dark: theme.line,
        QPalette.ColorRole.Light: theme.panel,
        QPalette.ColorRole.Midlight: theme.panel,
        QPalette.ColorRole.Shadow: theme.base,
        QPalette.ColorRole.Accent: theme.accent,
    }
    for role, colour in roles.items():
        palette.setColor(role, QColor(colour))
    for role in (QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText, QPalette.ColorRole.WindowText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(theme.muted))
    application.setPalette(palette)
    application.setStyleSheet(
        f"QToolTip {{ color: {theme.text}; background: {theme.panel}; border: 1px solid {theme.line}; padding: 3px; }}"
        f"QToolBar {{ border: 0; spacing: 4px; padding: 4px; }}"
        f"QSplitter::handle {{ background: {theme.window}; }}"
        f"QStatusBar::item {{ border: 0; }}"
        f"QLineEdit {{ border: 1px solid {theme.line}; border-radius: 3px; padding: 2px 4px; }}"
        f"QLineEdit:focus {{ border-color: {theme.accent}; }}" + _check_boxes(theme)
    )


def _check_boxes(theme: Theme) -> str:
    """Return the style of boxes to tick and of choices: Fusion's own outline cannot be seen on dark windows."""
    tick = (paths.resources() / "icons" / f"check-{theme.name}.svg").as_posix()
    box = "QCheckBox::indicator{0}, QAbstractItemView::indicator{0}, QGroupBox::indicator{0}"
    return (
        f"{box.format('')} {{ width: 13px; height: 13px; border: 1px solid {theme.muted}; border-radius: 3px;"
        f" background: {theme.base}; }}"
        f"{box.format(':checked')} {{ border-color: {theme.accent}; background: {theme.accent};"
        f' image: url("{tick}"); }}'
        f"{box.format(':disabled')} {{ border-color: {theme.line}; }}"
        f"{box.format(':checked:disabled')} {{ background: {theme.muted}; }}"
        f"QRadioButton::indicator {{ width: 13px; height: 13px; border: 1px solid {theme.muted}; border-radius: 7px;"
        f" background: {theme.base}; }}"
        f"QRadioButton::indicator:checked {{ width: 7px; height: 7px; border: 4px solid {theme.accent}; }}"
        f"QRadioButton::indicator:checked:disabled {{ border-color: {theme.muted}; }}"
        "QAbstractItemView::indicator { width: 10px; height: 10px; }"  # rows are as high as their text
    )


def icon(name: str, theme: Theme) -> QIcon:
    """Return an icon of resources/icons in the theme's text colour, muted where its action is disabled."""
    result = QIcon()
    drawing = (paths.resources() / "icons" / f"{name}.svg").read_text(encoding="utf-8")
    for mode, colour in ((QIcon.Mode.Normal, theme.text), (QIcon.Mode.Disabled, theme.line)):
        renderer = QSvgRenderer(QByteArray(drawing.replace("COLOUR", colour).encode()))
        for size in (20, 40):
            pixmap = QPixmap(QSize(size, size))
            pixmap.fill(Qt.GlobalColor.transparent)
            painter = QPainter(pixmap)
            renderer.render(painter)
            painter.end()
            result.addPixmap(pixmap, mode)
    return result


@cache
def _map_table(name: str) -> NDArray[np.uint8]:
    table = pg.colormap.get(name).getLookupTable(nPts=256)
    return np.asarray(table[:, :3], dtype=np.uint8)


def picture_colours(name: str, range_db: float, gain_db: float) -> NDArray[np.uint8]:
    """Return the colour of each of the picture's 256 levels, shape (256, 3).

    The brightest colour stands for ``-gain_db`` dB relative to full scale, the darkest for ``range_db`` below it.
    """
    decibels = picture.decibels(np.arange(256))
    fraction = (decibels + gain_db + range_db) / range_db
    return np.asarray(_map_table(name)[np.clip(np.rint(fraction * 255), 0, 255).astype(int)])


def lane_colours(theme: Theme, hue: str | None = None) -> NDArray[np.uint8]:
    """Return the colours of scores 0..1 in 256 steps, shape (256, 3): up to one colour where it is given."""
    colours = theme.lane if hue is None else (theme.base, hue)
    stops = np.linspace(0.0, 1.0, len(colours))
    table = pg.ColorMap(stops, [QColor(colour) for colour in colours]).getLookupTable(nPts=256)
    return np.asarray(table[:, :3], dtype=np.uint8)
