"""Where each format of tags keeps genre, mood, instruments and comment, by mutagen."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, Protocol

from mutagen import File, FileType
from mutagen.aiff import AIFF
from mutagen.flac import FLAC
from mutagen.flac import Padding as FlacPadding
from mutagen.flac import VCFLACDict as FlacComments
from mutagen.id3 import COMM, TCON, TMOO, TXXX, Encoding, TextFrame
from mutagen.mp3 import MP3
from mutagen.mp4 import MP4, MP4FreeForm
from mutagen.oggflac import OggFLAC
from mutagen.oggopus import OggOpus
from mutagen.oggspeex import OggSpeex
from mutagen.oggvorbis import OggVorbis
from mutagen.wave import WAVE

_ID3 = (MP3, WAVE, AIFF)
_VORBIS = (FLAC, OggVorbis, OggOpus, OggFLAC, OggSpeex)
_KINDS: Final[tuple[type[FileType], ...]] = (*_ID3, *_VORBIS, MP4)

_VORBIS_NAMES: Final = {"genre": "GENRE", "mood": "MOOD", "instruments": "INSTRUMENT", "comment": "COMMENT"}
_MP4_FREE: Final = "----:com.apple.iTunes:"
_MP4_NAMES: Final = {
    "genre": "\xa9gen",
    "mood": f"{_MP4_FREE}MOOD",
    "instruments": f"{_MP4_FREE}INSTRUMENT",
    "comment": "\xa9cmt",
}
_ENCODING = re.compile(r"encoding=<Encoding\.\w+: \d>")


class TagFile(Protocol):
    """The tags of one file in memory; nothing is written before ``save``.

    Attributes:
        kind: mutagen's class for the file.
        format: for people, such as "ID3v2.3".
    """

    kind: type[FileType]
    format: str

    def get(self, field: str) -> tuple[str, ...]:
        """Return the values of a field as the file has them."""

    def shown(self, field: str) -> tuple[str, ...]:
        """Return the values of a field for people: ID3's numbers of genres by name."""

    def put(self, field: str, values: tuple[str, ...]) -> None:
        """Set the values of a field where the file has it already, else where the format has it; none removes it."""

    def rest(self) -> object:
        """Return everything else that must survive, to be compared."""

    def save(self, path: Path) -> None:
        """Write the tags into the file or a copy of it."""


def open_tags(path: Path, kind: type[FileType] | None = None) -> TagFile | None:
    """Read the tags of a file; None where its format is none that is written here.

    Args:
        path: the file.
        kind: its mutagen class where that is known already, for a copy under another name.

    Raises:
        Exception: whatever mutagen makes of a damaged file.
    """
    if kind is None:
        found = File(path, options=list(_KINDS))
        if found is None:
            return None
        kind = type(found)
    if issubclass(kind, MP4):
        return _Mp4File(path, kind)
    if issubclass(kind, _ID3):
        return _Id3File(path, kind)
    return _VorbisFile(path, kind)


class _Id3File:
    """MP3, WAV and AIFF; the version of the tag stays, so that frames that nobody knows stay too."""

    def __init__(self, path: Path, kind: type[FileType]) -> None:
        self.kind = kind
        self._file = kind(path, translate=False)
        self._tags = _tags_of(self._file)
        self._is_old = (2, 2) <= self._tags.version < (2, 4)  # ID3v2.2 can only be written as ID3v2.3
        self.format = "ID3v1" if self._tags.version < (2,) else f"ID3v2.{self._tags.version[1]}"

    def get(self, field: str) -> tuple[str, ...]:
        frame = self._tags.get(self._key(field))
        return tuple(text for text in map(str, frame.text) if text) if frame is not None else ()

    def shown(self, field: str) -> tuple[str, ...]:
        values = self.get(field)
        return tuple(TCON(encoding=Encoding.UTF8, text=list(values)).genres) if field == "genre" else values

    def put(self, field: str, values: tuple[str, ...]) -> None:
        key = self._key(field)
        if not values:
            self._tags.pop(key, None)
            return
        if key not in self._tags:
            self._tags.add(self._frame(field))
        frame = self._tags[key]
        frame.text = list(values)
        simple = all(value.isascii() for value in values)
        frame.encoding = Encoding.LATIN1 if simple else Encoding.UTF16 if self._is_old else Encoding.UTF8

    def rest(self) -> object:
        ours = {self._key(field) for field in _VORBIS_NAMES}
        frames = {
            key: _ENCODING.sub("", repr(frame))
            for key, frame in self._tags.items()
            if key not in ours and not (isinstance(frame, TextFrame) and not str(frame))  # empty ones are not written
        }
        return frames, sorted(self._tags.unknown_frames)

    def save(self, path: Path) -> None:
        if self._tags or self._tags.unknown_frames:
            # No separator: several values stand apart as in ID3v2.4, which is how the other programs do it.
            self._file.save(path, v2_version=3 if self._is_old else 4, v23_sep=None)
        else:
            self._file.delete(path)

    def _key(self, field: str) -> str:
        """Return the key of the frame that has a field, or that will have it."""
        if field == "genre":
            return "TCON"
        if field == "comment":
            return _like("COMM::", self._tags.keys(), start=True) or "COMM::eng"
        name = "TXXX:MOOD" if field == "mood" else "TXXX:INSTRUMENT"
        if field == "mood" and ("TMOO" in self._tags or not (self._is_old or _like(name, self._tags.keys()))):
            return "TMOO"  # which ID3v2.3 does not have
        return _like(name, self._tags.keys()) or name

    def _frame(self, field: str) -> TextFrame:
        key = self._key(field)
        if key == "TCON":
            return TCON()
        if key == "TMOO":
            return TMOO()
        return COMM(lang="eng", desc="") if key == "COMM::eng" else TXXX(desc=key.removeprefix("TXXX:"))


class _VorbisFile:
    """FLAC and Ogg, whose comments are pairs of a name and a text."""

    format = "Vorbis comments"

    def __init__(self, path: Path, kind: type[FileType]) -> None:
        self.kind = kind
        self._file = kind(path)
        self._tags = _tags_of(self._file)

    def get(self, field: str) -> tuple[str, ...]:
        return tuple(text for text in self._tags.get(_VORBIS_NAMES[field], []) if text)

    def shown(self, field: str) -> tuple[str, ...]:
        return self.get(field)

    def put(self, field: str, values: tuple[str, ...]) -> None:
        name = _like(_VORBIS_NAMES[field], (key for key, _ in self._tags)) or _VORBIS_NAMES[field]
        self._tags[name] = list(values)

    def rest(self) -> object:
        ours = {name.casefold() for name in _VORBIS_NAMES.values()}
        comments = [(name.casefold(), text) for name, text in self._tags if name.casefold() not in ours]
        blocks = self._file.metadata_blocks if isinstance(self._file, FLAC) else []
        return comments, [
            (block.code, bytes(block.write())) for block in blocks if not isinstance(block, FlacComments | FlacPadding)
        ]

    def save(self, path: Path) -> None:
        self._file.save(path)


class _Mp4File:
    """M4A and MP4: atoms of iTunes, and its free ones for what it has none for."""

    format = "MP4 atoms"

    def __init__(self, path: Path, kind: type[FileType]) -> None:
        self.kind = kind
        self._file = kind(path)
        self._tags = _tags_of(self._file)

    def get(self, field: str) -> tuple[str, ...]:
        values = self._tags.get(self._key(field), [])
        texts = (value.decode(errors="replace") if isinstance(value, bytes) else str(value) for value in values)
        return tuple(text for text in texts if text)

    def shown(self, field: str) -> tuple[str, ...]:
        return self.get(field)

    def put(self, field: str, values: tuple[str, ...]) -> None:
        key = self._key(field)
        if not values:
            self._tags.pop(key, None)
        elif key.startswith(_MP4_FREE):
            self._tags[key] = [MP4FreeForm(value.encode()) for value in values]
        else:
            self._tags[key] = list(values)

    def rest(self) -> object:
        ours = {self._key(field) for field in _MP4_NAMES}
        return {key: repr(value) for key, value in self._tags.items() if key not in ours}

    def save(self, path: Path) -> None:
        self._file.save(path)

    def _key(self, field: str) -> str:
        return _like(_MP4_NAMES[field], self._tags.keys()) or _MP4_NAMES[field]


def _tags_of(file: FileType) -> Any:
    """Return the tags of a file, which mutagen types by nothing, and make them where there are none."""
    if file.tags is None:
        file.add_tags()
    return file.tags


def _like(name: str, keys: Iterable[str], *, start: bool = False) -> str | None:
    """Return the first key that is, or starts with, a name, whatever the case of its letters."""
    for key in keys:
        if (key[: len(name)] if start else key).casefold() == name.casefold():
            return key
    return None
