"""Recordings with the tags of a collection that somebody cares for, as the formats' own programs write them."""

from pathlib import Path
from typing import Any

from mutagen import FileType
from mutagen.aiff import AIFF
from mutagen.flac import FLAC, Picture
from mutagen.id3 import APIC, PRIV, TCON, TIT2, TXXX, UFID, Encoding
from mutagen.mp3 import MP3
from mutagen.mp4 import MP4, MP4Cover, MP4FreeForm
from mutagen.oggopus import OggOpus
from mutagen.oggvorbis import OggVorbis
from mutagen.wave import WAVE

from tests.encoded import encode, tone

KINDS: dict[str, type[FileType]] = {
    ".mp3": MP3, ".flac": FLAC, ".ogg": OggVorbis, ".opus": OggOpus, ".m4a": MP4, ".wav": WAVE, ".aiff": AIFF,
}  # fmt: skip
PICTURE = b"\xff\xd8\xff" + bytes(range(256)) * 40
UNKNOWN_FRAME = b"XYZW\x00\x00\x00\x05\x00\x00hello"


def plain(path: Path, seconds: float = 0.25) -> Path:
    """Write a tone; what the encoder leaves as tags stays."""
    return encode(path, tone(seconds, 48_000), 48_000)


def tagged(path: Path, seconds: float = 0.25, *, v2_version: int = 4) -> Path:
    """Write a short recording with a title, two genres, a picture and tags that no standard knows."""
    file = KINDS[path.suffix](plain(path, seconds))
    tags = _tags(file)
    if isinstance(file, MP3 | WAVE | AIFF):
        for frame in (
            TIT2(encoding=Encoding.UTF16, text="Für Elise"),
            TCON(encoding=Encoding.LATIN1, text=["17", "Something of its own"]),
            TXXX(encoding=Encoding.LATIN1, desc="catalogue", text=["WoO 59"]),
            UFID(owner="somebody", data=b"\x00\x01"),
            PRIV(owner="program", data=b"\xff\x00secret"),
            APIC(encoding=Encoding.LATIN1, mime="image/jpeg", type=3, desc="cover", data=PICTURE),
        ):
            tags.add(frame)
        tags.unknown_frames.append(UNKNOWN_FRAME)
        tags._unknown_v2_version = v2_version
        file.save(v2_version=v2_version, v23_sep=None)
        return path
    if isinstance(file, MP4):
        tags["\xa9nam"] = ["Für Elise"]
        tags["\xa9gen"] = ["Rock", "Something of its own"]
        tags["covr"] = [MP4Cover(PICTURE, imageformat=MP4Cover.FORMAT_JPEG)]
        tags["----:org.example:Catalogue"] = [MP4FreeForm(b"WoO 59")]
    else:
        tags["title"] = ["Für Elise"]
        tags["genre"] = ["Rock", "Something of its own"]
        tags["CATALOGUE"] = ["WoO 59", "second"]
        picture = Picture()
        picture.data, picture.type, picture.mime = PICTURE, 3, "image/jpeg"
        if isinstance(file, FLAC):
            file.add_picture(picture)
        else:
            tags["METADATA_BLOCK_PICTURE"] = [picture.write().hex()]
    file.save()
    return path


def _tags(file: FileType) -> Any:
    if file.tags is None:
        file.add_tags()
    return file.tags
