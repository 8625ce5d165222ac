"""The log: it holds what a user was spared from seeing."""

import logging
from logging.handlers import RotatingFileHandler

from timbrescope import paths

_MAX_BYTES = 1_000_000


def start_log() -> None:
    """Send warnings and errors of every part to the log file; without a place to write they are dropped."""
    file = paths.log_file()
    handler: logging.Handler
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(file, maxBytes=_MAX_BYTES, backupCount=2, encoding="utf-8")
    except OSError:
        handler = logging.NullHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    logging.captureWarnings(capture=True)
