"""Takes that a crash or a power cut has left unfinished."""

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import soundfile

from timbrescope.audio.take import BYTES, SUFFIXES, WAV_HEADER_BYTES, wav_header
from timbrescope.core.errors import AudioError

PART = ".part"
_TAIL_BYTES = 2**20  # of a FLAC file, in which its last whole frame is looked for; a frame has at most some 100 kB


def unfinished_takes(folder: Path) -> list[Path]:
    """Return the takes in a folder that nobody is writing any more and nobody has finished, the oldest first."""
    try:
        found = [path for suffix in SUFFIXES for path in folder.glob(f"*{suffix}{PART}") if not is_in_use(path)]
        return sorted(found, key=lambda path: path.stat().st_mtime)
    except OSError:
        return []  # a folder that cannot be read holds nothing that could be mended


def recover(path: Path) -> Path:
    """Mend what a kill has left of a take and give it its name, or a free one like it; return that.

    Only the header is written and what breaks off at the end is cut off, so that it takes no time and no room.

    Raises:
        AudioError: there is no sound in it, or it is still being written, or the disk refuses.
    """
    if is_in_use(path):
        raise AudioError(f"{path.name} is still being recorded; stop that first.")
    try:
        with path.open("rb") as file:
            head = file.read(4)
        if head == b"fLaC":
            _mend_flac(path)
        elif head in (b"RIFF", b"RF64"):
            _mend_wav(path)
        else:
            raise AudioError(f"{path.name} holds no sound yet; delete it.")
        return finish(path)
    except OSError as error:
        raise AudioError(f"{path.name} cannot be mended ({error.strerror}); check its disk and folder.") from error


def finish(part: Path) -> Path:
    """Give a finished take its name, or a free one like it where there is one of that name; return that.

    Raises:
        OSError: the folder refuses.
    """
    wanted = part.with_suffix("")
    target = free_name(wanted, part)
    part.rename(target)
    return target


def free_name(wanted: Path, part: Path | None = None) -> Path:
    """Return a path like that at which there is no take, finished or not, but for one of its own: take-2.flac ..."""
    candidate, number = wanted, 1
    while candidate.exists() or (part_of(candidate) != part and part_of(candidate).exists()):
        number += 1
        candidate = wanted.with_stem(f"{wanted.stem}-{number}")
    return candidate


def part_of(path: Path) -> Path:
    """Return the name that a take has until it is finished."""
    return path.with_name(path.name + PART)


@contextlib.contextmanager
def claimed(path: Path) -> Iterator[None]:
    """Let ``is_in_use`` be true of a file for a while, also for other processes, and not after a kill."""
    if sys.platform == "win32":  # there an open file cannot be renamed
        yield
        return
    import fcntl

    with path.open("rb") as file:
        with contextlib.suppress(OSError):  # some network folders have no locks
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        yield


def is_in_use(path: Path) -> bool:
    """Tell whether a take is being written."""
    try:
        if sys.platform == "win32":
            path.rename(path)
            return False
        import fcntl

        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return True
    except OSError:
        return False
    return False


def _mend_wav(path: Path) -> None:
    """Write a header that fits what is there."""
    with path.open("rb+") as file:
        head = file.read(WAV_HEADER_BYTES)
        if len(head) < WAV_HEADER_BYTES or head[48:52] != b"fmt ":
            raise AudioError(f"{path.name} holds no sound yet; delete it.")
        channels, rate = int.from_bytes(head[58:60], "little"), int.from_bytes(head[60:64], "little")
        size = file.seek(0, os.SEEK_END) - WAV_HEADER_BYTES
        size -= size % (channels * BYTES)
        file.truncate(WAV_HEADER_BYTES + size)
        if size % 2:
            file.seek(0, os.SEEK_END)
            file.write(b"\0")
        file.seek(0)
        file.write(wav_header(rate, channels, size))
        file.flush()
        os.fsync(file.fileno())
    if not size:
        raise AudioError(f"{path.name} holds no sound yet; delete it.")


def _mend_flac(path: Path) -> None:
    """Cut off what follows the last whole frame and write the number of samples into the header (RFC 9639, 8.2)."""
    with path.open("rb+") as file:
        size = file.seek(0, os.SEEK_END)
        start = max(0, size - _TAIL_BYTES)
        file.seek(8)
        block = int.from_bytes(file.read(2), "big")  # samples in each frame but the last
        file.seek(start)
        found = _last_frame(file.read(), block)
        if found is None:
            raise AudioError(f"{path.name} holds no sound yet; delete it.")
        end, samples = found
        file.truncate(start + end)
        file.seek(
            8 + 13
        )  # behind the marker, the header of the block, and 13 bytes of it: 4 bits of size, 36 of length
        before = file.read(1)[0]
        file.seek(8 + 13)
        file.write(bytes([(before & 0xF0) | (samples >> 32)]) + (samples & 0xFFFFFFFF).to_bytes(4, "big") + bytes(16))
        file.flush()
        os.fsync(file.fileno())
    if soundfile.info(str(path)).frames != samples:
        raise AudioError(f"{path.name} cannot be mended; its sound up to the damage opens under the name as it is.")


def _last_frame(data: bytes, block: int) -> tuple[int, int] | None:
    """Return where the last whole FLAC frame in some bytes ends, and how many samples there are up to its end."""
    ends = [len(data)]
    place = data.rfind(b"\xff\xf8")  # a frame of a stream with blocks of one size
    while place >= 0:
        samples = _samples_to_end(data[place : place + 16], block)
        if samples is not None:
            for end in ends:
                if _crc(data[place:end], 0x8005, 16) == 0:  # its last two bytes make it so
                    return end, samples
            ends = [place, *ends[:7]]  # what looks like a header may be none
        place = data.rfind(b"\xff\xf8", 0, place + 1)
    return None


def _samples_to_end(data: bytes, block: int) -> int | None:
    """Return the number of samples up to the end of a frame, None where its header is none (RFC 9639, 9.1)."""
    if len(data) < 16:
        return None
    block_code = data[2] >> 4
    first = data[4]
    extra = 0 if first < 0x80 else 8 - (first ^ 0xFF).bit_length() - 1  # bytes that follow, as in UTF-8
    if extra < 0 or extra > 6:
        return None
    number = first & (0x7F if not extra else 0x3F >> extra)
    for byte in data[5 : 5 + extra]:
        number = number << 6 | byte & 0x3F
    place = 5 + extra
    if block_code == 6:
        count, place = data[place] + 1, place + 1
    elif block_code == 7:
        count, place = int.from_bytes(data[place : place + 2], "big") + 1, place + 2
    elif block_code:
        count = 192 if block_code == 1 else 576 << (block_code - 2) if block_code < 6 else 256 << (block_code - 8)
    else:
        return None
    place += {12: 1, 13: 2, 14: 2}.get(data[2] & 0x0F, 0)  # the rate
    if _crc(data[: place + 1], 0x07, 8):
        return None
    return number * block + count


def _crc(data: bytes, polynomial: int, bits: int) -> int:
    """Return the check sum of some bytes, 0 where its own is the end of them."""
    table = [_crc_of(byte, polynomial, bits) for byte in range(256)]
    mask, value = (1 << bits) - 1, 0
    for byte in data:
        value = (value << 8) & mask ^ table[(value >> (bits - 8)) ^ byte]
    return value


def _crc_of(byte: int, polynomial: int, bits: int) -> int:
    value = byte << (bits - 8)
    for _ in range(8):
        value = (value << 1) ^ (polynomial if value >> (bits - 1) else 0)
        value &= (1 << bits) - 1
    return value
