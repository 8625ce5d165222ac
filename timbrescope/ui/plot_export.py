"""A plot as a file: a picture in pixels, or a drawing whose names stay text.

Qt draws both. pyqtgraph's own exporter of drawings cannot read the clip paths that Qt writes since 6.7.
"""

from typing import Final

import pyqtgraph as pg
from PySide6.QtCore import QBuffer, QByteArray, QRectF
from PySide6.QtGui import QImage, QImageWriter, QPainter
from PySide6.QtSvg import QSvgGenerator

PICTURES: Final = {"Picture (*.png)": ".png", "Drawing (*.svg)": ".svg"}
_SCALE = 2  # pixels of a picture for one on the screen, so that names stay sharp in print


def picture_of(view: pg.GraphicsView, suffix: str) -> bytes:
    """Return a view as the content of a PNG or SVG file."""
    content = QByteArray()
    buffer = QBuffer(content)
    buffer.open(QBuffer.OpenModeFlag.WriteOnly)
    if suffix == ".svg":
        drawing = QSvgGenerator()
        drawing.setOutputDevice(buffer)
        drawing.setResolution(view.logicalDpiX())  # axes were recorded for the screen's
        drawing.setSize(view.size())
        drawing.setViewBox(view.rect())
        drawing.setTitle(view.accessibleName())
        painter = QPainter(drawing)
        view.render(painter)
        painter.end()
    else:
        image = QImage(view.size() * _SCALE, QImage.Format.Format_RGB32)
        painter = QPainter(image)
        view.render(painter, QRectF(image.rect()), view.rect())
        painter.end()
        QImageWriter(buffer, b"png").write(image)
    return bytes(content.data())
