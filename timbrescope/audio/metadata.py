"""Tags of recordings: read, written and put back without a bit of the sound, or another tag, being changed.

A file is tagged as a copy beside it, which takes its place only after it has been read again: the fields hold what was
wanted, everything else is there, and the sound decodes to the same samples. Before that the old values are kept in the
journal, so that nothing is lost wherever the work is cut off.
"""

import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from timbrescope import paths
from timbrescope.audio.file import AudioFile
from timbrescope.audio.tag_formats import TagFile, open_tags
from timbrescope.core import tag_journal
from timbrescope.core.errors import AudioError, TagError
from timbrescope.core.files import edited_when_done
from timbrescope.core.tag_journal import Entry
from timbrescope.core.tag_writing import FIELDS, Values


@dataclass(frozen=True, slots=True)
class Tags:
    """The tags of a recording as far as they are written here.

    Attributes:
        format: for people, such as "ID3v2.3".
        values: of each of ``FIELDS``, as the file has them.
        shown: the same for people, with the names of genres that the file numbers.
    """

    format: str
    values: Values
    shown: Values

    def differing(self, wanted: Values) -> dict[str, tuple[str, ...]]:
        """Return those of the wanted values that are not there yet."""
        return {
            field: values for field, values in wanted.items() if values not in (self.values[field], self.shown[field])
        }


def read_tags(path: Path) -> Tags:
    """Return the tags of a recording.

    Raises:
        AudioError: it is missing or may not be read.
        TagError: its format is none that is written here, or it is damaged.
    """
    file = _open(path)
    return Tags(file.format, _values(file), {field: file.shown(field) for field in FIELDS})


def write_tags(path: Path, values: Values, *, run: str) -> Entry | None:
    """Write values into the tags of a recording and keep the old ones in the journal.

    Args:
        path: the recording.
        values: of the fields to write; an empty tuple removes a field. Other fields stay.
        run: a name for all that is written together, for undoing it together.

    Returns:
        What the journal has of it; None where the tags hold the values already, and nothing is written.

    Raises:
        TagError: they cannot be written; the recording is as it was.
    """
    present = read_tags(path)
    new = present.differing(values)
    if not new:
        return None
    old = {field: present.values[field] for field in new}
    try:
        entry = tag_journal.record(path.resolve(), present.format, old, new, run)
    except OSError as error:
        raise TagError(
            f"{path.name} is left as it was, because its old values cannot be kept in {paths.tag_journal()} "
            f"({error.strerror or error}); make room there."
        ) from error
    try:
        _rewrite(path, new)
    except BaseException:
        entry.forget()
        raise
    return entry


def undo_last(path: Path, *, force: bool = False) -> Entry:
    """Put back the values from before the last write into a recording and return what the journal had of it.

    Args:
        path: the recording.
        force: also where other values have been written since, by whatever program.

    Raises:
        TagError: nothing was written, other values have been written since, or the old ones cannot be written.
    """
    where = path.resolve()
    for entry in reversed([entry for entry in tag_journal.entries() if entry.path == where]):
        present = read_tags(path).values
        if all(present[field] == values for field, values in entry.old.items()):
            entry.forget()  # the write was cut off before it took place, or somebody has undone it already
            continue
        if not force and any(present[field] != values for field, values in entry.new.items()):
            raise TagError(
                f"{path.name} holds other values than those that were written on {entry.time[:10]}; nothing is "
                "put back unless you force it."
            )
        _rewrite(path, entry.old)
        entry.forget()
        return entry
    raise TagError(f"{path.name} has no tags that timbrescope has written and could put back; nothing is changed.")


def sound_digest(path: Path) -> bytes:
    """Return the SHA-256 of the decoded samples, with their rate and number of channels.

    Raises:
        AudioError: nothing can be decoded.
    """
    file = AudioFile(path)
    digest = hashlib.sha256(f"{file.sample_rate} {file.channels}".encode())
    for samples in file.pcm():
        digest.update(samples.tobytes())
    return digest.digest()


def _rewrite(path: Path, values: Values) -> None:
    # A folder that may be written would let a protected file be replaced all the same.
    if not os.access(path, os.W_OK) or not path.stat().st_mode & 0o222:
        raise TagError(f"{path.name} is write-protected; allow writing it, or leave it out.")
    try:
        with edited_when_done(path) as part:
            _tag(path, part, values)
    except OSError as error:
        raise TagError(
            f"{path.name} cannot be tagged ({error.strerror or error}); it is as it was, check that {path.parent} may "
            "be written and has room."
        ) from error


def _tag(path: Path, part: Path, values: Values) -> None:
    """Tag the copy of a recording and compare the two."""
    before = _state(path)
    original = _open(path)
    with _explained(path, "written"):
        copy = _open_copy(part, original)
        for field, wanted in values.items():
            copy.put(field, wanted)
        copy.save(part)
        written = _open_copy(part, original)
        survives = written.rest() == original.rest() and _values(written) == {**_values(original), **values}
    if not survives:
        raise TagError(
            f"{path.name} is left as it was: its tags hold something that would not survive; use another program."
        )
    try:
        same = sound_digest(part) == sound_digest(path)
    except AudioError:
        same = False
    if not same:
        raise TagError(
            f"{path.name} is left as it was: with the new tags its sound would not decode to the same samples; "
            "the file is damaged, make it anew from its source."
        )
    if _state(path) != before:
        raise TagError(f"{path.name} was changed by another program meanwhile; nothing is written, try again.")


def _open_copy(part: Path, original: TagFile) -> TagFile:
    copy = open_tags(part, original.kind)
    if copy is None:
        raise ValueError("no tags can be opened")
    return copy


def _open(path: Path) -> TagFile:
    AudioFile(path)  # says in one sentence what is missing, empty, or no recording at all
    with _explained(path, "read"):
        file = open_tags(path)
    if file is None:
        raise TagError(
            f"{path.name} has a format whose tags are not written here; MP3, FLAC, Ogg, Opus, M4A, WAV and AIFF are."
        )
    return file


@contextmanager
def _explained(path: Path, done: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:  # whatever a damaged file does to mutagen: not only its own errors
        # mutagen wraps those of the disk.
        reason = next((one for one in (error, error.__context__) if isinstance(one, OSError)), None)
        if reason is not None:
            raise TagError(
                f"{path.name} has tags that cannot be {done} ({reason.strerror or reason}); check its disk."
            ) from error
        raise TagError(
            f"{path.name} has tags that cannot be {done} ({error}); the file is damaged, or not what its name says."
        ) from error


def _values(file: TagFile) -> Mapping[str, tuple[str, ...]]:
    return {field: file.get(field) for field in FIELDS}


def _state(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_mtime_ns, found.st_size
