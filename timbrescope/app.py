"""The window's composition root: settings, theme, window, and what happens to errors nobody foresaw."""

import logging
import os
import signal
import sys
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QApplication

from timbrescope import __version__, paths
from timbrescope.core.errors import TimbrescopeError
from timbrescope.logs import start_log
from timbrescope.settings import Settings
from timbrescope.ui.main_window import MainWindow
from timbrescope.ui.threads import sentence

log = logging.getLogger(__name__)


def open_window(path: Path | None) -> int:
    """Run the window, on a recording where one is given; return the exit code.

    Raises:
        TimbrescopeError: there is no screen.
    """
    _require_screen()
    QCoreApplication.setApplicationName("timbrescope")
    QCoreApplication.setApplicationVersion(__version__)
    application = QApplication(sys.argv[:1])
    window = MainWindow(Settings.load(paths.config()))
    window.show()
    catch_everything(window)
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):  # the last one only on Unix
        if (number := getattr(signal, name, None)) is not None:
            signal.signal(number, lambda *_: window.close_at_once())
    if path is not None:
        window.open_file(path)
    return application.exec()


def main() -> int:
    """Open the window on the first argument; the entry point without a console."""
    start_log()
    try:
        return open_window(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
    except TimbrescopeError as error:
        print(f"timbrescope: {error}", file=sys.stderr)
        return 2


def _require_screen() -> None:
    has_screen = any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"))
    if sys.platform.startswith("linux") and not has_screen:
        raise TimbrescopeError(
            "There is no screen to open the window on; 'timbrescope analyze FILE' works without one."
        )


def catch_everything(window: MainWindow) -> None:
    """Log an error nobody foresaw, show it once, and go on."""
    shown: set[str] = set()

    def show(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            window.close_at_once()
            return
        text = sentence(error.with_traceback(traceback))
        if text not in shown:
            shown.add(text)
            window.notice.show_notice(text)

    sys.excepthook = show


if __name__ == "__main__":
    sys.exit(main())
