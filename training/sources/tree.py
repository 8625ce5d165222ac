"""The files in a folder and its sub-folders, in an order that does not depend on the file system."""

import unicodedata
from pathlib import Path

from timbrescope.audio.file import SUFFIXES
from training.errors import TrainingError


def is_sound(path: Path) -> bool:
    """Tell by the suffix whether the file should hold sound."""
    return path.suffix.lower() in SUFFIXES


def files_below(root: Path) -> tuple[list[Path], list[str]]:
    """Find all files below a folder, by name, and a sentence for each folder or sound file that is left out.

    Hidden files and folders are left out. A link to a folder elsewhere is followed; one to a folder inside ``root`` is
    not, because that folder's files have their own place, and no folder is entered twice: links in a ring do no harm.

    Raises:
        TrainingError: ``root`` is no folder.
    """
    if not root.is_dir():
        raise TrainingError(f"{root} is not a folder that exists; check its name.")
    files: list[Path] = []
    problems: list[str] = []
    top = root.resolve()
    entered = {top}
    waiting = [root]
    while waiting:
        folder = waiting.pop()
        try:
            entries = [(entry, entry.is_dir()) for entry in sorted(folder.iterdir())]
        except OSError as error:
            problems.append(f"{folder} was left out: it cannot be read ({error.strerror or error}).")
            continue
        for entry, holds_files in entries:
            reason = _reason_against(entry, holds_files=holds_files)
            if reason is not None:
                if holds_files or is_sound(entry):
                    problems.append(f"{entry} was left out: {reason}.")
            elif not holds_files:
                files.append(entry)
            elif entry.resolve() not in entered and not _links_inside(entry, top):
                entered.add(entry.resolve())
                waiting.append(entry)
    return sorted(files), sorted(problems)


def _reason_against(entry: Path, *, holds_files: bool) -> str | None:
    if entry.name.startswith("."):
        return "it is hidden"
    if not holds_files and not entry.is_file():
        return "it is a link that leads nowhere, or no file"
    return None


def _links_inside(folder: Path, top: Path) -> bool:
    return folder.is_symlink() and folder.resolve().is_relative_to(top)


def folder_name(folder: Path, root: Path) -> str:
    """Return the folder's path from ``root`` with slashes, composed characters on every system; "" for ``root``."""
    relative = folder.relative_to(root).as_posix()
    return "" if relative == "." else unicodedata.normalize("NFC", relative)
