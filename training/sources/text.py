"""Text files of users: their encodings and their numbers."""

import math
from pathlib import Path

from timbrescope.core.text import decoded, one_newline
from training.errors import TrainingError


def read_text(path: Path, fallback: str | None = None) -> str:
    """Return the text of a file in UTF-8 or UTF-16, with or without byte order mark.

    Args:
        path: the file.
        fallback: the encoding of a file that is neither.

    Raises:
        TrainingError: the file cannot be opened or is in none of the encodings.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise TrainingError(f"{path} cannot be read ({error.strerror or error}); check its name and rights.") from error
    text = decoded(data, fallback)
    if text is not None:
        return text
    raise TrainingError(f"{path} is not text in UTF-8 or UTF-16; save it as UTF-8.")


def read_lines(path: Path, fallback: str | None = None) -> list[str]:
    """Return the lines of a file, of whatever system, as ``read_text`` reads them."""
    return one_newline(read_text(path, fallback)).split("\n")


def read_number(text: str) -> float:
    """Return a finite number with a decimal point or a decimal comma.

    Raises:
        ValueError: the text is no such number.
    """
    number = float(text.strip().replace(",", "."))
    if not math.isfinite(number):
        raise ValueError(text)
    return number
