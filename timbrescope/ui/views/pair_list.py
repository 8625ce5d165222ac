"""The pairs of labels worth a look, in three lists below each other."""

from typing import Final

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QHeaderView, QTreeWidget, QTreeWidgetItem

from timbrescope.core.relations import Pair, Relations

_COUNT = 15
_PAIR: Final = Qt.ItemDataRole.UserRole


class PairList(QTreeWidget):
    """Most similar; most often together; similar but never together."""

    chosen = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Pairs of labels")
        self.setColumnCount(2)
        self.setHeaderHidden(True)
        self.setRootIsDecorated(False)
        self.setIndentation(12)
        self.header().setStretchLastSection(False)
        self.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.currentItemChanged.connect(self._choose)

    @property
    def pair(self) -> Pair | None:
        """The rows of the labels that are chosen."""
        item = self.currentItem()
        return None if item is None else item.data(0, _PAIR)

    def show_relations(self, relations: Relations | None) -> None:
        """List the pairs of another model."""
        self.clear()
        if relations is None:
            return

        def similar(i: int, j: int) -> str:
            return "" if relations.similarity is None else f"{relations.similarity[i, j]:.2f}"

        def counted(i: int, j: int) -> str:
            return f"{relations.together[i, j]} of {relations.together[i, i]}"

        for title, pairs, figure in (
            ("Most similar", relations.most_similar(_COUNT), similar),
            ("Most often together", relations.most_together(_COUNT), counted),
            ("Similar, but never together", relations.similar_but_apart(_COUNT), similar),
        ):
            head = QTreeWidgetItem([title])
            head.setToolTip(0, "Tags that mean the same are left out.")
            head.setFlags(Qt.ItemFlag.ItemIsEnabled)
            font = head.font(0)
            font.setBold(True)
            head.setFont(0, font)
            self.addTopLevelItem(head)
            head.setFirstColumnSpanned(True)
            for i, j in pairs:
                item = QTreeWidgetItem([f"{relations.labels[i]}, {relations.labels[j]}", figure(i, j)])
                item.setTextAlignment(1, Qt.AlignmentFlag.AlignRight)
                item.setToolTip(0, relations.words(i, j))
                item.setData(0, _PAIR, (i, j))
                head.addChild(item)
            if not pairs:
                nothing = QTreeWidgetItem(["none"])
                nothing.setDisabled(True)
                head.addChild(nothing)
        self.expandAll()

    @Slot()
    def _choose(self) -> None:
        self.chosen.emit(self.pair)
