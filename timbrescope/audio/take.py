"""Files of takes that are whole after every second: FLAC, and WAV that becomes RF64 past 4 GiB."""

import os
import struct
from pathlib import Path
from typing import Protocol

import numpy as np
import soundfile
from numpy.typing import NDArray

SUFFIXES = (".flac", ".wav")
BYTES = 3  # of a sample: 24 bits hold what any converter delivers
WAV_HEADER_BYTES = 80
_RIFF_LIMIT = 2**32 - 1
_FULL_SCALE = 2**23


class Take(Protocol):
    """A sound file that grows."""

    def write(self, frames: NDArray[np.float32]) -> None:
        """Append frames, shape (n, channels).

        Raises:
            OSError: the disk is full or gone.
        """

    def flush(self) -> None:
        """Bring to the disk what has been written, so that neither a crash nor a power cut takes it.

        Raises:
            OSError: the disk is full or gone.
        """

    def close(self) -> None:
        """Finish the file as far as the disk allows it.

        Raises:
            OSError: the disk is full or gone.
        """


class WavTake:
    """PCM of 24 bits whose header is true after every flush.

    libsndfile would write the header at the end only, and would choose between WAV and RF64 at the start. Here the room
    for RF64's sizes is reserved as a chunk that others skip (EBU Tech 3306), and is used when the file passes 4 GiB.

    Args:
        path: a new file.
        rate: in Hz.
        channels: samples in each frame.
    """

    def __init__(self, path: Path, rate: int, channels: int) -> None:
        self._rate = rate
        self._channels = channels
        self._data_bytes = 0
        self._file = path.open("xb", buffering=0)
        try:
            self.flush()
        except OSError:
            self._file.close()
            raise

    def write(self, frames: NDArray[np.float32]) -> None:
        """Append frames, shape (n, channels)."""
        integers = np.clip(np.rint(frames.astype(np.float64) * _FULL_SCALE), -_FULL_SCALE, _FULL_SCALE - 1)
        data = np.ascontiguousarray(integers.astype("<i4")).view(np.uint8).reshape(-1, 4)[:, :BYTES].tobytes()
        self._file.seek(WAV_HEADER_BYTES + self._data_bytes)
        _write_all(self._file.fileno(), data)
        self._data_bytes += len(data)

    def flush(self) -> None:
        """Bring the sound to the disk and write the header for it."""
        os.fsync(self._file.fileno())
        self._file.seek(0)
        _write_all(self._file.fileno(), wav_header(self._rate, self._channels, self._data_bytes))
        self._file.seek(WAV_HEADER_BYTES + self._data_bytes)

    def close(self) -> None:
        """Finish the file."""
        try:
            if self._data_bytes % 2:  # chunks have an even length
                self._file.seek(WAV_HEADER_BYTES + self._data_bytes)
                _write_all(self._file.fileno(), b"\0")
            self.flush()
            os.fsync(self._file.fileno())
        finally:
            self._file.close()


class FlacTake:
    """FLAC of 24 bits.

    libsndfile passes each frame of 4096 samples on when it is full; only the length in the header comes at the end, and
    a FLAC file without it is one that players take for a stream.

    Args:
        path: a new file.
        rate: in Hz.
        channels: samples in each frame.
    """

    def __init__(self, path: Path, rate: int, channels: int) -> None:
        try:
            self._encoder = soundfile.SoundFile(path, "x", rate, channels, "PCM_24", format="FLAC")
        except soundfile.SoundFileError as error:
            raise OSError(str(error)) from error

    def write(self, frames: NDArray[np.float32]) -> None:
        """Append frames, shape (n, channels)."""
        try:
            self._encoder.write(frames)
        except (soundfile.SoundFileError, AssertionError) as error:  # it asserts that all has been written
            raise OSError(str(error) or "the disk is full") from error

    def flush(self) -> None:
        """Bring to the disk what the encoder has passed on."""
        self._encoder.flush()  # as fsync

    def close(self) -> None:
        """Encode what is left and write the length into the header."""
        try:
            self._encoder.close()
        except soundfile.SoundFileError as error:
            raise OSError(str(error)) from error


def new_take(path: Path, suffix: str, rate: int, channels: int) -> Take:
    """Return a new file of the format that one of ``SUFFIXES`` stands for.

    Raises:
        OSError: it cannot be made.
    """
    return FlacTake(path, rate, channels) if suffix.lower() == ".flac" else WavTake(path, rate, channels)


def wav_header(rate: int, channels: int, data_bytes: int) -> bytes:
    """Return the 80 bytes before the samples of a WAV file, or of an RF64 file where 32 bits are not enough."""
    block = channels * BYTES
    format_chunk = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, channels, rate, rate * block, block, 8 * BYTES)
    after_riff = WAV_HEADER_BYTES - 8 + data_bytes + data_bytes % 2
    if after_riff <= _RIFF_LIMIT:
        start, sizes, data_size = b"RIFF", struct.pack("<4sI28x", b"JUNK", 28), data_bytes
    else:
        start, data_size = b"RF64", _RIFF_LIMIT
        sizes = struct.pack("<4sIQQQI", b"ds64", 28, after_riff, data_bytes, data_bytes // block, 0)
        after_riff = _RIFF_LIMIT
    return (
        struct.pack("<4sI4s", start, after_riff, b"WAVE")
        + sizes
        + format_chunk
        + struct.pack("<4sI", b"data", data_size)
    )


def _write_all(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
