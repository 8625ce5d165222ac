"""The menu of models: which of them listen, what is known of them, and fetching those that are not here yet."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QApplication, QMenu, QWidget

from timbrescope.core.errors import ModelError
from timbrescope.core.labels import rank
from timbrescope.recognition.checkpoint import read_spec
from timbrescope.recognition.store import ModelStore, StoredModel
from timbrescope.ui.model_card import ModelCard, report_of
from timbrescope.ui.notice_bar import NoticeBar
from timbrescope.ui.preferences import Preferences
from timbrescope.ui.theme import choose_theme
from timbrescope.ui.threads import JobThread


class ModelsMenu(QMenu):
    """One entry a model; ticking one that is not installed fetches it first. Each installed one has a card."""

    installed = Signal()

    def __init__(self, preferences: Preferences, notice: NoticeBar, parent: QWidget) -> None:
        super().__init__(parent)
        self._preferences = preferences
        self._notice = notice
        self._store = ModelStore()
        self._job: JobThread | None = None
        self.about = QMenu("&About this model", self)
        self.aboutToShow.connect(self._fill)

    def missing(self) -> list[str]:
        """Return those of the chosen models that are not installed and can be fetched."""
        available = {model.name for model in self._store.models() if not model.installed}
        return [name for name in self._preferences.settings.models if name in available]

    def offer_missing(self) -> None:
        """Offer to fetch those of the chosen models that are not here, if any."""
        if missing := self.missing():
            self._notice.show_notice(
                f"{' and '.join(missing)} is not installed, so what it would recognise is missing. It is fetched once "
                "(30 MB).",
                "Install",
                partial(self.install, missing),
            )

    def install(self, names: Sequence[str]) -> None:
        """Fetch models beside the window; ``installed`` or a notice tells how it went."""
        if self._job is not None and self._job.isRunning():
            return

        def job(say: Callable[[str], None]) -> None:
            for name in names:
                self._store.install(name, say)

        self._job = JobThread(job, self)
        self._job.progressed.connect(self._notice.show_notice)
        self._job.failed.connect(self._notice.show_notice)
        self._job.succeeded.connect(self._on_installed)
        self._job.start()

    @Slot()
    def _on_installed(self) -> None:
        self._notice.dismiss()
        self.installed.emit()

    def wait(self) -> None:
        """Wait for a fetch that is under way."""
        if self._job is not None:
            self._job.wait()

    @Slot()
    def _fill(self) -> None:
        self.clear()
        models = sorted(self._store.models(), key=lambda model: (not model.installed, rank(model.kind)))
        for model in models:
            action = self.addAction(model.title if model.installed else f"{model.title} (install)")
            action.setCheckable(model.installed)
            action.setChecked(model.installed and model.name in self._preferences.settings.models)
            action.triggered.connect(partial(self._toggle, model.name, model.installed))
        self.about.clear()
        for model in models:
            if model.installed:
                self.about.addAction(f"{model.title}…", partial(self.show_card, model))
        if not self.about.isEmpty():
            self.addSeparator()
            self.addMenu(self.about)

    def show_card(self, model: StoredModel) -> None:
        """Show what is known of an installed model."""
        if model.path is None:
            return
        try:
            spec = read_spec(model.path)
            card = ModelCard(model, spec, self.parentWidget())
            card.report_asked.connect(partial(self._show_report, report_of(model, spec), card))
        except ModelError as error:
            self._notice.show_notice(str(error))
            return
        card.exec()
        card.deleteLater()

    def _show_report(self, folder: Path | None, card: ModelCard) -> None:
        """Show the report of the training that a model has come from."""
        from timbrescope.ui.training.report_dialog import ReportDialog  # only where it is wanted

        application = QApplication.instance()
        if folder is None or not isinstance(application, QApplication):
            return
        try:
            report = ReportDialog(folder, choose_theme(self._preferences.settings.theme, application), card)
        except ModelError as error:
            self._notice.show_notice(str(error))
            return
        report.exec()
        report.deleteLater()

    def _toggle(self, name: str, installed: bool, _checked: bool = False) -> None:  # noqa: FBT001 (Qt's)
        before = self._preferences.settings.models
        others = tuple(model for model in before if model != name)
        self._preferences.put("models", others if installed and name in before else (*others, name))
        if not installed:
            self.install([name])
