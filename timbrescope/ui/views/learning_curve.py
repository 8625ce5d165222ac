"""How a network learns: its losses and the metric that chooses the best epoch, over the epochs."""

from collections.abc import Mapping
from typing import Any, Final

import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame

from timbrescope.ui.theme import Theme

_LOSSES: Final = {"loss": "Loss, learnt", "validation_loss": "Loss, kept aside"}


class LearningCurve(pg.GraphicsLayoutWidget):
    """Two plots side by side, over the same epochs."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setFrameStyle(QFrame.Shape.NoFrame)
        self.setAccessibleName("Learning curve")
        self.setMinimumHeight(130)
        self.losses = self.addPlot(row=0, col=0, title="Loss")
        self.metric = self.addPlot(row=0, col=1, title="Metric")
        self._legend = self.losses.addLegend(offset=(-8, 4))
        self._values: dict[str, list[float]] = {}
        self._epochs: list[int] = []
        names = (*_LOSSES, "value")
        self._curves = {name: pg.PlotDataItem(name=_LOSSES.get(name)) for name in names}
        for name, curve in self._curves.items():
            (self.losses if name in _LOSSES else self.metric).addItem(curve)
        for plot in (self.losses, self.metric):
            plot.setMenuEnabled(False)
            plot.hideButtons()
            plot.setMouseEnabled(False, False)
            plot.setLabel("bottom", "Epoch")
        self.set_theme(theme)
        self.clear_epochs()

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        self.setBackground(theme.base)
        for plot in (self.losses, self.metric):
            for name in ("left", "bottom"):
                axis = plot.getAxis(name)
                axis.setPen(theme.line)
                axis.setTextPen(theme.muted)
            plot.titleLabel.setText(plot.titleLabel.text, color=theme.text)
        self._legend.setLabelTextColor(theme.text)
        styles = (
            (theme.accent, Qt.PenStyle.SolidLine),
            (theme.warning, Qt.PenStyle.DashLine),
            (theme.good, Qt.PenStyle.SolidLine),
        )
        for (colour, style), curve in zip(styles, self._curves.values(), strict=True):
            curve.setPen(pg.mkPen(colour, width=2, style=style))
            curve.setSymbol("o")
            curve.setSymbolSize(5)
            curve.setSymbolPen(None)
            curve.setSymbolBrush(colour)
        for _, label in self._legend.items:
            label.setText(label.text)

    def clear_epochs(self) -> None:
        """Forget what was drawn."""
        self._epochs = []
        self._values = {name: [] for name in self._curves}
        self._draw()

    def add_epoch(self, event: Mapping[str, Any]) -> None:
        """Draw one more epoch."""
        if self._epochs and event["epoch"] <= self._epochs[-1]:
            self.clear_epochs()  # another run
        self._epochs.append(event["epoch"])
        for name, values in self._values.items():
            value = event[name]
            values.append(float("nan") if value is None else float(value))
        self.metric.setTitle(f"{event['metric']}, kept aside")
        self._draw()

    def _draw(self) -> None:
        for name, curve in self._curves.items():
            curve.setData(self._epochs, self._values[name])
