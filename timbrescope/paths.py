"""Where resources and the user's files lie; the only module that knows."""

import os
import sys
from pathlib import Path

import platformdirs

APPLICATION = "timbrescope"


def resources() -> Path:
    """Return the folder of bundled resources: in a wheel, in a frozen application or in a checkout.

    Raises:
        FileNotFoundError: the installation is incomplete.
    """
    package = Path(__file__).resolve().parent
    frozen = getattr(sys, "_MEIPASS", None)
    candidates = [package / "resources", package.parent / "resources"]
    if frozen is not None:
        candidates.insert(0, Path(frozen) / "resources")
    for candidate in candidates:
        if (candidate / "labels.json").is_file():
            return candidate
    raise FileNotFoundError(f"timbrescope's resources are missing beside {package}; install timbrescope again")


def data() -> Path:
    """Return the folder for installed models; ``TIMBRESCOPE_DATA`` moves it."""
    return Path(os.environ.get("TIMBRESCOPE_DATA") or platformdirs.user_data_dir(APPLICATION, appauthor=False))


def models() -> Path:
    """Return the folder of the models that the user has installed."""
    return data() / "models"


def trained() -> Path:
    """Return the folder for reports and states of trainings that the user has given no folder of their own."""
    return data() / "trained"


def tag_journal() -> Path:
    """Return the folder of what was written into recordings' tags, with the values from before."""
    return data() / "tag-journal"


def history() -> Path:
    """Return the file of what the user's own recordings scored."""
    return data() / "history.sqlite3"


def unsaved() -> Path:
    """Return the folder for sound that was listened to and is not saved yet."""
    return data() / "unsaved"


def takes() -> Path:
    """Return the folder for recordings where the user has chosen none."""
    return Path(platformdirs.user_music_dir()) / APPLICATION


def cache() -> Path:
    """Return the folder for what can be made again, such as spectra of recordings; ``TIMBRESCOPE_CACHE`` moves it."""
    return Path(os.environ.get("TIMBRESCOPE_CACHE") or platformdirs.user_cache_dir(APPLICATION, appauthor=False))


def config() -> Path:
    """Return the folder for settings and the list of recent files; ``TIMBRESCOPE_CONFIG`` moves it."""
    return Path(os.environ.get("TIMBRESCOPE_CONFIG") or platformdirs.user_config_dir(APPLICATION, appauthor=False))


def log_file() -> Path:
    """Return the log that holds what a user was spared from seeing."""
    return Path(os.environ.get("TIMBRESCOPE_LOG") or Path(platformdirs.user_log_dir(APPLICATION)) / "timbrescope.log")
