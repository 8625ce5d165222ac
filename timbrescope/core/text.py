"""Text files of users: their encodings."""

import codecs


def decoded(data: bytes, fallback: str | None = None) -> str | None:
    """Return the text of a file in UTF-8 or UTF-16, with or without byte order mark; None where it is in neither.

    Args:
        data: the file's content.
        fallback: the encoding of a file that is in neither.
    """
    for encoding in (_unicode(data), fallback):
        if encoding is not None:
            try:
                return data.decode(encoding)
            except UnicodeDecodeError:
                continue
    return None


def one_newline(text: str) -> str:
    """Return a text, of whatever system, with the newline of Unix."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _unicode(data: bytes) -> str:
    """Return the Unicode encoding that the bytes look like."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if b"\0" in data:  # text has no zero bytes but in UTF-16, where most characters have one, the upper
        return "utf-16-be" if data[::2].count(0) > data[1::2].count(0) else "utf-16-le"
    return "utf-8-sig"
