"""Text files of users: their encodings and their numbers."""

import codecs
import math
from pathlib import Path

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
    for encoding in (_unicode(data), fallback):
        if encoding is not None:
            try:
                return data.decode(encoding)
            except UnicodeDecodeError:
                continue
    raise TrainingError(f"{path} is not text in UTF-8 or UTF-16; save it as UTF-8.")


def read_lines(path: Path, fallback: str | None = None) -> list[str]:
    """Return the lines of a file, of whatever system, as ``read_text`` reads them."""
    return read_text(path, fallback).replace("\r\n", "\n").replace("\r", "\n").split("\n")


def read_number(text: str) -> float:
    """Return a finite number with a decimal point or a decimal comma.

    Raises:
        ValueError: the text is no such number.
    """
    number = float(text.strip().replace(",", "."))
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def _unicode(data: bytes) -> str:
    """Return the Unicode encoding that the bytes look like."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if b"\0" in data:  # text has no zero bytes but in UTF-16, where most characters have one, the upper
        return "utf-16-be" if data[::2].count(0) > data[1::2].count(0) else "utf-16-le"
    return "utf-8-sig"
