"""What stands in front of the lanes and above them: their names, and what the colours of a group mean."""

from html import escape
from typing import Final

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QStaticText, QTextOption

from timbrescope.ui.theme import Theme
from timbrescope.ui.views.lane_rows import Heading, Line

_TICK_WIDTH: Final = 4
_GAP: Final = 8


def draw_label(painter: QPainter, box: QRectF, line: Line, theme: Theme) -> None:
    """Draw the name of a lane, or the title of a group, at the right of a box, and a tick in its colour behind it.

    Too long a name is shortened; the pointer shows it whole.
    """
    font = QFont(painter.font())
    font.setBold(isinstance(line, Heading))
    painter.setFont(font)
    painter.setPen(QColor(theme.text))
    inner = box.adjusted(4, 0, -_TICK_WIDTH - _GAP, 0)
    text = line.title if isinstance(line, Heading) else line.label
    text = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(inner.width()))
    painter.drawText(inner, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)
    colour = None if isinstance(line, Heading) else theme.label_colour(line.family, line.group)
    if colour is not None:
        tick = QRectF(inner.right() + _GAP / 2, box.top() + 2, _TICK_WIDTH, box.height() - 4)
        painter.fillRect(tick, QColor(colour))


def heading_text(heading: Heading, theme: Theme) -> QStaticText:
    """Return the line above a group, laid out: which model it is, and what the colours mean."""
    parts = [f'<span style="color:{theme.muted}">{escape(heading.recogniser)}</span>']
    if heading.group is None:
        parts += [
            f'<span style="color:{theme.families[family]}">■</span>&nbsp;'
            f'<span style="color:{theme.text}">{family}</span>'
            for family in heading.families
        ]
    text = QStaticText("&nbsp;&nbsp;&nbsp; ".join(parts))
    text.setTextFormat(Qt.TextFormat.RichText)
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.NoWrap)
    text.setTextOption(option)
    return text
